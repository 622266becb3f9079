"""A rule on stretched coordinates, for parameters whose units differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..oracle import Oracle
from ..point import Point
from .lift import Rule
from .wrappers import Wrapper


@dataclass(frozen=True)
class Stretched(Wrapper):
    """A rule that steps in u, where x = scale * u; scales that are powers of 2 round nothing.

    A rule like Adam moves all coordinates about as far. That is right for u if the scale is the inverse size of
    the gradient: a column of data in units 1000 times as small has gradients 1000 times as large, and its coefficient
    has to move 1000 times less far. In units that follow x, steps then are the same.

    Parameters
    ----------
    method : Rule
    scale : ndarray, shape (n,)
    """

    method: Rule
    scale: np.ndarray

    def __repr__(self) -> str:
        return f"Stretched({self.method!r}, scale={self.scale.min():.2g} to {self.scale.max():.2g})"

    def step(self, point: Point, memory: Any, t: float, oracle: Oracle) -> tuple[Point, Any, float]:
        slots, length = memory
        u, slots, lr = self.method.land(point.x / self.scale, self.scale * point.g, slots, t)
        return oracle(self.scale * u), (slots, length), lr


def inverse_size(gradients: Sequence[np.ndarray]) -> np.ndarray:
    """The powers of 2 next to the inverse root mean squares of gradients, their geometric mean near 1; 1 where all
    are 0."""
    with np.errstate(over="ignore", divide="ignore"):
        size = np.log2(np.sqrt(np.mean(np.square(gradients, dtype=float), axis=0)))
    known = np.isfinite(size)
    size = np.where(known, size - size[known].mean() if known.any() else 0.0, 0.0)
    return np.exp2(-np.round(size)).astype(gradients[0].dtype)
