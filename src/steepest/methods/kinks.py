"""Kinks: whether the gradient is discontinuous where steps have become small, so that a `Bundle` must go on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..derivatives.line import Site
from ..derivatives.noise import estimate_noise
from ..objective.oracle import Oracle
from ..objective.point import Point
from .bundle import HALF, Bundle
from .reach import reach
from .units import Guard

FEW = 50  # coordinates, at most: a bundle has up to 4 n + 10 planes
# Shares of the largest slope in the run. A slope above the first at its end is that of a kink, unless the condition
# number is 1e10; coordinates with slopes below the second are scaled by that share.
STEEP, FAINT = 1e-2, 1e-3
BESIDE = 1e-3  # of the size of x, where noise is measured; lines there are 6e-9 of that
TINY = float(np.finfo(float).tiny) / np.finfo(float).eps  # a gain below it has no digits
CLEARER = 1e-3  # of the noise on longer lines: where it is less on short ones, the rest is kinks or ripples
REACHES = (1e-2, 0.1, 1.0)  # of the size of x, the distances along -g at which f may rise again
# ... and the width of the last interval of the bisection, the share of it over which differences are made, and the
# change of slope that the median of the last halvings must keep: at a kink it stays, of a parabola a half is left
CLOSE, NEAR, KEPT, LAST = 1e-6, 2.0**-6, 0.7, 5
AROUND = range(-3, 5)  # widths from the last interval's low end, where the slope is measured again at last
AGAIN = 0.4  # of the change, that is seen between two of these: half, where one difference is across the kink
SEEN = 10.0  # noise levels: by how much two values differ, at least, where slopes are told apart


def steep(point: Point, guard: Guard) -> Any:
    """Whether a component of the gradient is not small beside its largest value, with few coordinates; of one run or of
    many."""
    return (np.abs(point.g) > STEEP * _sizes(point, guard)).any(axis=0) & (len(point.x) <= FEW)


def suspected(point: Point, guard: Guard, oracle: Oracle) -> bool:
    """The same for one run without bounds, whose value is not above that at its start."""
    return type(oracle) is Oracle and guard.start >= point.f and bool(steep(point, guard))


@np.errstate(all="ignore")  # what is not finite is no kink
def bundle_at(point: Point, guard: Guard, oracle: Oracle) -> Bundle | None:
    """A bundle that begins at the point; None where the gradient is continuous, or is made by noise or ripples."""
    if not suspected(point, guard, oracle):
        return None
    sizes = _sizes(point, guard).astype(float)
    # a run that begins at a kink has gained nothing yet: what the slope foretells over a step as long as x
    fall = guard.start - point.f or reach(point, point.g) * float(point.g @ point.g)
    if not TINY < fall < math.inf:
        return None
    noise = _noise(point, fall, sizes, oracle)
    if noise is None:
        return None
    bundle = Bundle.of(point, 1 / sizes, fall, noise, oracle)
    slope = bundle.slopes[0]
    return bundle if bundle.rise(point, slope, oracle) > HALF and _jumps(point, slope, bundle, oracle) else None


def _sizes(point: Point, guard: Guard) -> np.ndarray:
    """The largest |g_i| in the run, shape (n,); at least `FAINT` times the largest of all."""
    peak = guard.at(point).peak
    return np.maximum(peak, FAINT * peak.max(axis=0))


def _noise(point: Point, fall: float, sizes: np.ndarray, oracle: Oracle) -> float | None:
    """The noise of values. Where gradients are differences it is measured anew, on lines so short that they seldom meet
    a kink, which looks like noise; None where it is no less on them."""
    noise = oracle.derivative.noise(point.f)
    if point.error is None:
        return noise
    rng = np.random.default_rng(0)  # so that equal runs are equal
    beside = point.x + rng.normal(size=sizes.size) * math.sqrt(BESIDE) * fall / sizes
    x = beside.astype(point.x.dtype)
    f = oracle.objective(x)
    if not math.isfinite(f):
        return None
    level = estimate_noise(Site(oracle.objective, x, f, BESIDE * fall / sizes, rng=rng)).level
    return None if getattr(oracle.derivative, "rough", False) and not level < CLEARER * noise else level


def _jumps(point: Point, slope: np.ndarray, bundle: Bundle, oracle: Oracle) -> bool:
    """Whether the derivative along -slope is discontinuous where it changes its sign, by bisection."""
    way = -bundle.fall / (float(np.linalg.norm(slope)) or 1.0) * slope * bundle.unit

    def derivative(t: float, width: float) -> float:
        places = point.x + np.outer([t + NEAR * width, t - NEAR * width], way)
        ahead, behind = oracle.objective.batch(places.astype(point.x.dtype))
        return float(ahead - behind) / (2 * NEAR * width)

    found = next(((far, rise) for far in REACHES if (rise := derivative(far, far)) > 0), None)
    if found is None:
        return False
    far, right = found
    # behind the point it is measured, too: a slope by differences may be that of a place beside
    low, left, width = -far, derivative(-far, far), 2 * far
    changes = [right - left]
    while width > CLOSE and NEAR * width * changes[-1] > SEEN * bundle.noise:
        width /= 2
        middle = derivative(low + width, width)
        if middle > 0:
            right = middle
        else:
            low, left = low + width, middle
        changes.append(right - left)
    if not left < 0 or len(changes) <= LAST:
        return False
    if not np.median(np.divide(changes[-LAST:], changes[-LAST - 1 : -1])) > KEPT:
        return False
    # an end that has not moved has its slope from a wide interval, which may be that of a bend, or beyond the kink
    slopes = [derivative(low + k * width, width) for k in AROUND]
    return bool(np.diff(slopes).max() > AGAIN * changes[-1])
