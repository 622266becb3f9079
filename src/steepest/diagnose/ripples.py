"""Ripples: f may slope on a larger scale than the one on which a gradient, or differences, see a minimum."""

from __future__ import annotations

import math

import numpy as np

from ..derivatives.line import sizes
from .case import Case
from .elsewhere import rippled, unfinished
from .looks import CLOSE, RESERVE, claims_minimum, converged, little_left
from .verdict import Verdict

NOWHERE = 1e-6  # of |f|: what a run has gained that was stuck at once
WIDE = 0.1  # of each coordinate's scale, where ripples are high
HARDLY = 1e-2  # of the size of each coordinate at the start: a ripple may have stopped a run that came no farther
FARTHER = 2.0  # times as far as it was looked at, a parabola is believed
# times less f falls at a quarter of the distance: a parabola 16 times, x^3 64 times; ripples any other number
SMOOTHLY = 10


def rough(case: Case) -> Verdict | None:
    """A test was met where gradient and curvature see a minimum; but close by f is lower, on either side."""
    if case.probes.left <= RESERVE or not claims_minimum(case) or case.bends.concave.any():
        return None
    scale = case.scale
    if case.gains[0] <= NOWHERE * abs(case.f):  # the run tells no scale
        scale = np.maximum(scale, sizes(case.start))
    d = CLOSE * _askew(case, scale)
    for by in (d, -d):
        fall = case.f - case.value(by)
        slope = abs(float(case.g @ by))
        if fall > 2 * slope and case.much(fall):  # where f curves up it is at most the slope's
            closer = case.f - case.value(by / 4)
            if 0 < closer < fall / SMOOTHLY:
                return unfinished(case, by, case.f - fall)
            return rippled(case, by, fall)
    return None


def stuck(case: Case) -> Verdict | None:
    """A test was met, in noise or next to the start: f may slope on a larger scale."""
    falls = case.curvature is not None and case.bends.concave.any()  # which wants looks of its own, see `saddle`
    return sloping(case) if converged(case) and _suspect(case) and not falls else None


def sloping(case: Case) -> Verdict | None:
    """f slopes on a larger scale than gradient and curvature see, all coordinates at once."""
    suspect = _suspect(case)
    scale = np.maximum(case.scale, sizes(case.start)) if suspect else case.scale
    d = _askew(case, scale)
    if case.probes.left <= RESERVE:
        return None
    found = _sloped(case, CLOSE * d, case.value(CLOSE * d))
    return found or (suspect and (_downhill(case, WIDE * d) or _downhill(case, -WIDE * d))) or None


def _suspect(case: Case) -> bool:
    """Whether values scatter, or the run was stuck at once and tells no scale."""
    return getattr(case.oracle.derivative, "rough", False) or bool((case.come < HARDLY * sizes(case.start)).all())


def _askew(case: Case, scale: np.ndarray) -> np.ndarray:
    """A step of at most `scale` along all free coordinates at once, in no special direction."""
    return scale * case.free * case.skewed / np.abs(case.skewed).max()


def creeping(case: Case) -> Verdict | None:
    """A test was met, but the way made in the last half of the run leads on down."""
    if case.n == 1 or not converged(case) or not len(case.trail.ways):
        return None
    return _downhill(case, case.trail.ways[0] * case.free)


def _downhill(case: Case, d: np.ndarray) -> Verdict | None:
    """See `_sloped`; where f is lower at `d`."""
    f = case.value(d) if case.probes.left > RESERVE else math.nan
    return _sloped(case, d, f) if case.much(case.f - f) else None


def _sloped(case: Case, d: np.ndarray, f: float) -> Verdict | None:
    """The parabola through f here and on either side is least elsewhere, by more than may be left, and so is f there.

    At a minimum of a smooth f that parabola is least here; the values of another valley are not on a parabola. `f` is
    the value at `d`.
    """
    right, left = f - case.f, case.value(-d) - case.f
    odd, even = (right - left) / 2, (right + left) / 2
    if not abs(odd) > -even:  # a saddle, or outside the domain
        return None
    t = -math.copysign(min(abs(odd) / (2 * even), FARTHER) if even > 0 else FARTHER, odd)
    promise = -(odd + even * t) * t
    low, high = case.change(d)
    known = 0 < low / 2 < abs(odd) < 2 * high
    if not case.much(promise) or (known and not little_left(case)):
        return None
    fall = case.f - case.value(t * d)
    if not (case.much(fall) and fall >= promise / 2):
        return None
    if known or (fall > 2 * promise and min(right, left) < 0):  # it bends down, as x^3 does
        return unfinished(case, t * d, case.f - fall)
    return rippled(case, t * d, fall) if fall <= 2 * promise else None
