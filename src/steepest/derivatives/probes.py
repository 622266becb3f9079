"""Values of fun where single coordinates are moved, and the formula that makes derivatives of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import SteepestError
from ..objective.bounds import Bounds
from ..objective.oracle import Objective

# Bytes of points in one batch: beyond 128 kB allocators ask the system for fresh pages each time.
MEMORY = 120_000
ROWS = 16  # but never fewer points: workers share them


class Probes:
    """Asks an objective about points beside x, many at once, never outside the bounds.

    Parameters
    ----------
    objective : Objective
        Its ``batch`` is asked, once for as many points as 120 kB hold (16 at least).
    bounds : (low, high), optional
        Arrays of shape (n,).
    """

    def __init__(self, objective: Objective, bounds: Bounds | None = None):
        self.objective, self.bounds = objective, bounds

    def room(self, x: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far each coordinate in `index` may move down and up."""
        if self.bounds is None:
            endless = np.full(index.size, np.inf)
            return endless, endless
        return (x - self.bounds[0])[index].astype(float), (self.bounds[1] - x)[index].astype(float)

    def __call__(self, x: np.ndarray, index: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The values where coordinate ``index[j]`` is moved by ``steps[i, j]``, and the moves as rounded, each of shape
        (m, k).

        Points are rounded to the precision of x; dividing by the move that was really made removes the
        largest error of a careless difference. Where `fun` raises an arithmetic error or is infinite, the
        value is NaN.
        """
        at = x[index]
        moved = (at + steps).astype(x.dtype, copy=False)
        if self.bounds is not None:
            moved = np.clip(moved, self.bounds[0][index], self.bounds[1][index]).astype(x.dtype, copy=False)
        actual = moved - at if x.dtype == np.float64 else moved.astype(float) - at.astype(float)
        m, k = steps.shape
        width = max(ROWS, MEMORY // (x.itemsize * x.size)) // m
        if k <= width:
            return self._ask(x, index, moved), actual
        parts = [self._ask(x, index[i : i + width], moved[:, i : i + width]) for i in range(0, k, width)]
        return np.concatenate(parts, axis=1), actual

    def _ask(self, x: np.ndarray, index: np.ndarray, to: np.ndarray) -> np.ndarray:
        points = np.empty((*to.shape, x.size), x.dtype)
        points[:] = x
        points[:, np.arange(index.size), index] = to
        points = points.reshape(-1, x.size)
        with np.errstate(all="ignore"):  # the points are ours: outside the domain NaN is an answer
            try:
                values = self.objective.batch(points)
            except (ArithmeticError, ValueError) as error:
                if isinstance(error, SteepestError):
                    raise
                values = np.array([self._alone(point) for point in points])
        values = np.asarray(values, float).reshape(to.shape)
        return np.where(np.isfinite(values), values, np.nan)  # infinite is outside the domain: no slope leads there

    def _alone(self, point: np.ndarray) -> float:
        try:
            return self.objective(point)
        except (ArithmeticError, ValueError) as error:
            if isinstance(error, SteepestError):
                raise
            return np.nan


class Differences:
    """Gradients from values of fun alone: what all ways of getting them begin with.

    Parameters
    ----------
    objective : Objective
        Asked and counted.
    x0 : ndarray, shape (n,)
        Where the run starts.
    bounds : (low, high), optional
        Nothing is evaluated outside.
    rng : int or numpy.random.Generator
        Draws directions.
    """

    def __init__(
        self,
        objective: Objective,
        x0: np.ndarray,
        bounds: Bounds | None = None,
        rng: Any = None,
    ):
        self.objective, self.probes = objective, Probes(objective, bounds)
        self.unit, self.rng = float(np.finfo(x0.dtype).eps), np.random.default_rng(rng)
        self.begin(x0)

    def begin(self, x0: np.ndarray) -> None:
        """What else is known before the first gradient."""


def three_point(f: float, values: np.ndarray, moves: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slope and curvature of the parabola through x, x + a and x + b, and how much noise the slope gathers.

    With the secants s_a = (f_a - f)/a and s_b, half of the curvature is c = (s_b - s_a)/(b - a), the slope
    s_a - a c (Newton's divided differences). a = h, b = -h is the central difference, a = h, b = 2h the
    one-sided (-3 f + 4 f(x+h) - f(x+2h))/2h. An error e of each value moves the slope by e times the third
    array (1/h and 4/h), and truncation by |f'''| |a b|/6.
    """
    near, far = (values - f) / moves
    a, b = moves
    span = b - a
    half = (far - near) / span
    return near - a * half, 2 * half, 2 * np.maximum(np.abs(b / a), np.abs(a / b)) / np.abs(span)
