"""The point at which a run is judged."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..derivatives.line import sizes
from ..objective.point import Point

if TYPE_CHECKING:
    from .case import Case


def judged(case: Case, spent: bool) -> tuple[bool, Point]:
    """Whether a run left for infinity, and its last point; then the best one, or the start if that lies on the way."""
    f, g = case.trail.f, case.trail.g
    finite = math.isfinite(case.last.f) and np.isfinite(case.last.g).all()
    rounded = 10 * case.oracle.derivative.noise(float(f[0]))  # from a saddle or a flat place both may grow by that
    away = not finite or (f[-1] - f[0] > rounded and g[-1] > 100 * g[0])
    if not away or (spent and case.best.known_g is None):
        return away, case.last
    point = case.best
    far = np.linalg.norm(point.x - case.start) > 10 * max(float(np.linalg.norm(case.start)), 1.0)
    if far and not spent and case.term is None:
        point = Point(case.history._x[0], float(f[0]), None, None, case.oracle)
    return away, point if case.exact or point.known_g is not None else _differentiated(case, point)


def _differentiated(case: Case, point: Point) -> Point:
    """The point with its gradient by plain forward differences: n values, where measured steps cost more."""
    share = float(np.sqrt(np.finfo(point.x.dtype).eps))
    h = share * sizes(point.x)
    moved = (point.x + np.diag(h)).astype(point.x.dtype)
    g = np.array([case.probes.value(y) - point.f for y in moved]) / (np.diag(moved).astype(float) - point.x)
    return Point(point.x, point.f, g.astype(point.x.dtype), np.abs(share * g))
