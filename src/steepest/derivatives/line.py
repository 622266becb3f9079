"""Where noise is measured: a point, and a short line from it along all coordinates, of equally spaced values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..objective.bounds import Bounds

POINTS = 7  # 4 of them fail in up to 18 % of cases (measured on Rosenbrock, n = 10)
NARROW = 2.0**-30  # of the scale, a step along the line


def sizes(x: np.ndarray) -> np.ndarray:
    """The scale of each coordinate where nothing else tells it: |x_i|, or 1 at 0; shape (n,)."""
    return np.where(x == 0, 1.0, np.abs(x)).astype(float)


@dataclass(frozen=True, eq=False)
class Site:
    """A point at which noise is measured.

    Parameters
    ----------
    value : callable
        x -> float; with a method ``batch`` (as `Objective` has) it is asked about all points at once.
    x : ndarray, shape (n,)
    f : float
        The value at `x`.
    scale : ndarray, shape (n,)
        The scale of each coordinate, which does not move where that is 0.
    bounds : (low, high)
        Nothing is evaluated outside.
    rng : int or numpy.random.Generator
        Chooses the signs of the line's direction.
    """

    value: Callable[[np.ndarray], float]
    x: np.ndarray
    f: float
    scale: np.ndarray
    bounds: Bounds | None = None
    rng: Any = None


class Line:
    """A line from the point of a `Site`, in a direction with random signs."""

    def __init__(self, site: Site):
        value, x = site.value, site.x
        self.batch = getattr(value, "batch", None) or (lambda points: [value(point) for point in points])
        self.x, self.bounds = x, site.bounds
        self.scale = site.scale
        sign = np.random.default_rng(site.rng).choice([-1.0, 1.0], x.size)
        self.sign = np.where(x == 0, 1.0, sign)  # domains end at 0

    def step(self, width: float, steps: float = POINTS) -> np.ndarray:
        """One of so many steps, shape (n,), `width` times the scale: powers of 2, whose multiples are exact."""
        x, sign = self.x, self.sign
        with np.errstate(divide="ignore"):  # of a coordinate that does not move
            step = width * np.exp2(np.floor(np.log2(self.scale.astype(float))))
        if self.bounds is not None:
            up, down = self.bounds[1] - x, x - self.bounds[0]
            sign = np.where(np.where(sign > 0, up, down) < steps * step, np.where(up > down, 1.0, -1.0), sign)
            step = np.where(np.maximum(up, down) < steps * step, 0.0, step)
        return sign * step

    def values(self, step: np.ndarray, count: int, again: bool = False) -> np.ndarray:
        """The values at x + step, x + 2 step, ..., x + count step, and `again` at x."""
        points = (self.x + np.arange(1, count + 1)[:, None] * step).astype(self.x.dtype)
        with np.errstate(all="ignore"):  # the points are ours: outside the domain NaN is an answer
            return np.asarray(self.batch(np.vstack([points, self.x]) if again else points), float)

    @np.errstate(all="ignore")
    def terms(self, column: np.ndarray, step: np.ndarray) -> float:
        """The size of terms that cancel in f, where the values `column` on the line are linear to the last bit; else 0.

        The steps have few binary digits, so that on such a line linear terms are computed exactly and their rounding is
        not seen. Their size is taken to be |slope times x|.
        """
        if np.diff(column, 2).any() or not (self.x != 0).all():  # True where it is NaN
            return 0.0
        moved = step != 0
        return float(np.abs(column[1] - column[0]) / np.abs(step / self.x)[moved].min(initial=np.inf))
