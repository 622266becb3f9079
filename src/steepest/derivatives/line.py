"""A short line from x along all coordinates, on which values of fun are equally spaced to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

POINTS = 7  # 4 of them fail in up to 18 % of cases (measured on Rosenbrock, n = 10)
NARROW = 2.0**-30  # of the scale, a step along the line


class Line:
    """The line from `x`.

    Parameters
    ----------
    value : callable
        x -> float; with a method ``batch`` (as `Objective` has) it is asked about all points at once.
    x : ndarray, shape (n,)
    scale : ndarray, shape (n,)
        The scale of each coordinate, which does not move where that is 0; left out, |x_i|, or 1 at 0.
    bounds : (low, high)
        Nothing is evaluated outside.
    rng : int or numpy.random.Generator
        Chooses the signs of the direction.
    """

    def __init__(
        self,
        value: Callable[[np.ndarray], float],
        x: np.ndarray,
        scale: np.ndarray | None,
        bounds: tuple[np.ndarray, np.ndarray] | None,
        rng: Any,
    ):
        self.batch = getattr(value, "batch", None) or (lambda points: [value(point) for point in points])
        self.x, self.bounds = x, bounds
        self.scale = np.where(x == 0, 1.0, np.abs(x)) if scale is None else scale
        self.sign = np.where(x == 0, 1.0, np.random.default_rng(rng).choice([-1.0, 1.0], x.size))  # domains end at 0

    def step(self, width: float, steps: float = POINTS) -> np.ndarray:
        """One of so many steps, `width` times the scale: powers of 2, whose multiples are exact."""
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
        """How large the terms of a sum are that may cancel in f, where f is straight on the line to the last bit.

        Such a line hides the rounding of the terms, since its steps are short numbers. They are about as large as
        slope times x: f changes by them where x changes by all of itself. 0 where that can't be told.
        """
        if np.diff(column, 2).any() or not (self.x != 0).all():  # True where it is NaN
            return 0.0
        moved = step != 0
        return float(np.abs(column[1] - column[0]) / np.abs(step / self.x)[moved].min(initial=np.inf))
