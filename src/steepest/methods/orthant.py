"""Exact zeros under an l1 penalty in mini-batch runs: steps that stay in an orthant, and end at its faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..expression import OPERATIONS
from ..objective.oracle import Oracle
from ..objective.point import Point
from .wrappers import Wrapper

absolute, sign, where = OPERATIONS["abs"], OPERATIONS["sign"], OPERATIONS["where"]


def side(x: Any, mean: Any, l1: Any) -> Any:
    """The sign of x for the step to come; 0 where a coordinate at 0 is to stay there."""
    return where(absolute(x) > 0, sign(x), where(absolute(mean) > l1, -sign(mean), 0 * mean))


def lead(x: Any, g: Any, mean: Any, l1: Any, share: Any) -> tuple[Any, Any]:
    """The gradient that a step follows, and the new mean of the smooth part's.

    `g` is that of the batch, with the subgradient 0 of ``|x|`` at 0; `share` what a batch counts in the mean.
    """
    smooth = g - l1 * sign(x)
    mean = mean + share * (smooth - mean)
    to = side(x, mean, l1)
    return where(l1 > 0, where(absolute(to) > 0, smooth + l1 * to, 0 * g), g), mean


def project(old: Any, new: Any, mean: Any, l1: Any) -> Any:
    """Where a step from `old` to `new` ends: at 0 where it would leave the orthant."""
    return where(l1 > 0, where(new * side(old, mean, l1) > 0, new, 0 * new), new)


@dataclass(frozen=True)
class Orthant(Wrapper):
    """A method in mini-batch runs with an l1 penalty: coordinates become exactly 0.

    A step follows the pseudo-gradient, and a coordinate that would change its sign ends at 0 (Andrew & Gao 2007,
    Section 3.2). It leaves 0 where the *mean* gradient there is larger than the penalty (Xiao 2010, eq. 10), not that
    of a batch, whose scatter would move it again and again; of the last pass over the data, roughly. Where the
    steps end does not depend on how the method scales them, as it would with proximal steps of one rate.

    Parameters
    ----------
    method : Method
    l1 : ndarray, shape (n,)
        The penalty of each coordinate; 0 where there is none.
    share : float
        Of a batch in a pass over the data, at most 1; 0 where that is not known: all batches so far count alike.
    """

    l1: np.ndarray
    share: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.share <= 1:
            raise ArgumentError(f"Orthant: share={self.share!r}; expected a number in [0, 1].")

    def __repr__(self) -> str:
        return repr(self.method)

    def part(self, t: float) -> float:
        """What batch `t` counts in the mean: of the first ones all count alike."""
        return max(1 / t, self.share)

    def init(self, point: Point) -> Any:
        return self.method.init(point), np.zeros_like(point.x)

    def step(self, point: Point, memory: Any, t: float, oracle: Oracle) -> tuple[Point, Any, float]:
        inner, mean = memory
        g, mean = lead(point.x, point.g, mean, self.l1, self.part(t))
        view, inner, lr = self.aim(point, inner, t, oracle, lambda _: g)
        return oracle(project(point.x, view.x, mean, self.l1)), (inner, mean), lr
