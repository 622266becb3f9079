"""Around a step along a direction: whether it leads down, how far the first one goes, and whether it went too far."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..objective.oracle import Oracle
from ..objective.point import Point, norm

CLEAR = 100.0  # so many times the noise a value must bend off for its curvature to be known to 2 %
# Of what slopes foretold, and of these: where f has fallen by less, and all of them are less, a step has led on to a
# plateau. At the minimum of x^k f has fallen by 1/k of it, 0.05 for k = 20.
FLAT, STILL = 0.05, 1e-9


def reach(point: Point, direction: np.ndarray, H: Any = 1.0) -> float:
    """The length of a step as long as x, measured by the diagonal metric H; at x = 0 of the step that would
    bring the linear model to f = 0. So it scales with the units of x and f."""
    size, step = norm(point.x / np.sqrt(H)), norm(direction / np.sqrt(H))
    top, bottom = (size, step) if size > 0 else (abs(point.f), abs(float(point.g.dot(direction))))
    length = top / bottom if bottom > 0 else 0.0
    if 0 < length < math.inf:
        return length
    return 1 / step if step > 0 else 1.0


def newton(point: Point, direction: np.ndarray, oracle: Oracle) -> float:
    """The length at which the slope along `direction` would vanish if the curvature stayed what it is at `point`:
    1/L along -g. The curvature costs one value, unless differences have brought it; where the noise of values hides
    it, one gradient more."""
    slope = float(point.g.dot(direction))
    curvatures = oracle.derivative.diagonal()
    if curvatures is not None:
        curvature = float(np.abs(curvatures).dot(direction**2))
    else:
        h = float(np.finfo(point.x.dtype).eps) ** (1 / 4) * reach(point, direction)
        near = oracle(point.x + h * direction)
        bend = near.f - point.f - h * slope
        if not abs(bend) > CLEAR * oracle.derivative.noise(point.f):
            bend = h / 2 * float((near.g - point.g).dot(direction))
        curvature = 2 * abs(bend) / h**2
    length = -slope / curvature if curvature > 0 else math.inf
    return length if 0 < length < math.inf else reach(point, direction)


def thrown(point: Point, new: Point, foreseen: Any, noise: Any) -> Any:
    """Whether a step from `point`, of which the slope has foreseen some fall, has led on to a plateau: all slopes are
    gone, yet f has hardly fallen; of one run or of many."""
    fall = point.f - new.f
    hardly = (2 * noise < fall) & (fall < FLAT * foreseen)
    return hardly & (np.abs(new.g) <= STILL * np.abs(point.g)).all(axis=0) if np.any(hardly) else hardly


class Downhill:
    """A length policy that goes along -g, by a step as long, where a direction does not lead downhill; nowhere where
    that does not, either."""

    def advance(
        self, point: Point, direction: np.ndarray, state: Any, t: float, oracle: Oracle
    ) -> tuple[Point, float, Any]:
        """As of `lengths.Length`."""
        slope = float(point.g.dot(direction))
        if not slope < 0:
            size = norm(point.g)
            direction = point.g * (-norm(direction) / size if size > 0 else 0.0)
            slope = float(point.g.dot(direction))
        return self.down(point, direction, slope, state, oracle) if slope < 0 else (point, 0.0, state)

    def down(
        self, point: Point, direction: np.ndarray, slope: float, state: Any, oracle: Oracle
    ) -> tuple[Point, float, Any]:
        """The new point, the length, and the new state, for a direction along which the slope is negative."""
        raise NotImplementedError
