"""Kinks that a run meets: whether slopes jump where its steps have become small, so that a `Bundle` must go on."""

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
# Shares of the largest slope seen: above the first, at the end of a run, a slope is no rest of a curvature below 1e10
# times the smallest, but jumps; coordinates whose slopes were below the second are measured by it.
STEEP, FAINT = 1e-2, 1e-3
BESIDE = 1e-3  # of the size of x, where noise is measured; lines there are 6e-9 of that
TINY = float(np.finfo(float).tiny) / np.finfo(float).eps  # a gain below it has no digits
CLEARER = 1e-3  # of the noise of fun on longer lines: it is none, but kinks or ripples
REACHES = (1e-2, 0.1, 1.0)  # of the size of x, how far it is looked for where f rises again down a slope
# ... and how close a kink is held, by halves; of each the length of a difference; and of a change what most of the
# last halves leave at a kink: of a parabola a half
CLOSE, NEAR, KEPT, LAST = 1e-6, 2.0**-6, 0.7, 5


def steep(point: Point, guard: Guard) -> Any:
    """Whether a slope is about as large as ever, with few coordinates; of one run or of many."""
    return (np.abs(point.g) > STEEP * _sizes(point, guard)).any(axis=0) & (len(point.x) <= FEW)


def suspected(point: Point, guard: Guard, oracle: Oracle) -> bool:
    """Whether a slope is about as large as ever, with few coordinates and without bounds."""
    return type(oracle) is Oracle and guard.start >= point.f and bool(steep(point, guard))


@np.errstate(all="ignore")  # what is not finite is no kink
def bundle_at(point: Point, guard: Guard, oracle: Oracle) -> Bundle | None:
    """A bundle that begins at the point; None where slopes do not jump, but bend, or are made by noise or ripples."""
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
    """The largest slope along each coordinate; at least a share of the largest one of all."""
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
    """Whether the slope, where it turns from falling to rising on the way down, does so at once."""
    size = float(np.linalg.norm(slope)) or 1.0
    way = -bundle.fall / size * slope * bundle.unit

    def derivative(t: float, width: float) -> float:
        places = point.x + np.outer([t + NEAR * width, t - NEAR * width], way)
        ahead, behind = oracle.objective.batch(places.astype(point.x.dtype))
        return float(ahead - behind) / (2 * NEAR * width)

    found = next(((far, rise) for far in REACHES if (rise := derivative(far, far)) > 0), None)
    if found is None:
        return False
    low, left, (width, right) = 0.0, -bundle.fall * size, found
    changes = [right - left]
    while width > CLOSE:
        width /= 2
        middle = derivative(low + width, width)
        if middle > 0:
            right = middle
        else:
            low, left = low + width, middle
        changes.append(right - left)
    return bool(np.median(np.divide(changes[-LAST:], changes[-LAST - 1 : -1])) > KEPT)
