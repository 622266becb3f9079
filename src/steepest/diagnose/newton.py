"""Newton's step from a point, and what it promises."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from .bends import Bends


class Newton:
    """Newton's step along each axis of the bends.

    Parameters
    ----------
    bends : Bends
    g : ndarray, shape (n,)
    error : ndarray of shape (n,), or None
        Bound on the error of `g`, which is taken off the slopes.
    """

    def __init__(self, bends: Bends, g: np.ndarray, error: np.ndarray | None):
        self.bends, self.g, self.error = bends, g, error

    @cached_property
    def slopes(self) -> np.ndarray:
        """Those along the axes, shape (k,), without what may be the error of the gradient."""
        slopes = self.bends.axes.T @ self.g
        if self.error is not None:
            error = np.abs(self.bends.axes).T @ np.nan_to_num(self.error, posinf=0.0)
            slopes = np.sign(slopes) * np.maximum(np.abs(slopes) - error, 0.0)
        return slopes

    @cached_property
    def steps(self) -> np.ndarray:
        """One for each axis, shape (n, k); infinite or NaN where f does not curve up."""
        with np.errstate(all="ignore"):
            lengths = np.where(self.slopes == 0, 0.0, -self.slopes / np.maximum(self.bends.values, 0.0))
            return self.bends.axes * lengths

    @property
    def step(self) -> np.ndarray:
        """To the minimum along those axes where f surely curves up, shape (n,)."""
        return self.steps[:, self.bends.firm].sum(axis=1)

    def _left(self, counted: np.ndarray) -> tuple[float, float]:
        """What is left along the axes that are `counted`: drop of f, and distance."""
        steps, slopes, values = self.steps[:, counted], self.slopes[counted], self.bends.values[counted]
        with np.errstate(all="ignore"):
            drop = float(np.where(slopes == 0, 0.0, slopes**2 / np.maximum(values, 0.0)).sum()) / 2
            way = float(np.linalg.norm(steps.sum(axis=1)))
        return drop, way if math.isfinite(way) else math.inf

    @cached_property
    def remaining(self) -> tuple[float, float]:
        """What is left: drop of f, and distance; infinite where it can't be told."""
        if self.bends.concave.any():
            return math.inf, math.inf
        return self._left(np.ones(self.bends.values.size, bool))

    @cached_property
    def firm(self) -> tuple[float, float]:
        """`remaining`, along those axes alone where f surely curves up; the drop with the least of the others."""
        drop, distance = self._left(self.bends.firm)
        with np.errstate(all="ignore"):
            others = self.slopes**2 / (np.abs(self.bends.values) + self.bends.errors)
        return drop + float(np.nan_to_num(others[~self.bends.firm]).sum()) / 2, distance
