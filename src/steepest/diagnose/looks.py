"""Looks where no curvature is seen: a test for convergence was met, yet f may be lower not far away."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from ..objective.oracle import Box
from .case import Case
from .verdict import Verdict
from .words import along, number

# Measured: with CLOSE, BEYOND, FORESEEN three times, FADED ten times smaller or larger, LINEAR at 2.5 or 8, SMOOTHLY at
# 5, the same of 70 trials on plateaus, saddles, limits and healthy runs are named right.
CLOSE = 1e-3  # of each coordinate's scale: at a minimum f rises there on both sides
NOWHERE = 1e-6  # of |f|: what a run has gained that was stuck at once
WIDE = 0.1  # the same, where ripples are high
HARDLY = 1e-2  # the same: a run that came no farther may have been stopped by a ripple
FARTHER = 2.0  # times as far as it was looked at, a parabola is believed
CERTAIN = 3.0  # times its error, from which a slope by differences is there
LINEAR = 4.0  # times what a slope foretells, up to which a fall is its doing, however far away
DOUBTED = 3  # coordinates that are looked at again, at most
RESERVE = 2  # looks that are left to others
DECADES = (CLOSE, 1.0, 1e9, 1e12, 1e6, 1e15)  # times the scale, along coordinates that f has not reacted to
COARSE = 10.0  # times |f| and all that the run has gained: a change of f over the step of a difference that is doubted
REACHES = (10.0, 1.0)  # times how far each coordinate came, along those on which f is flat
STRIDE = 0.1  # by how much, in logarithms, at most one coordinate is changed
HALF = 0.5  # of a coordinate that must lie in the flat directions for a look along it
INWARD = (0.01, 0.1)  # of the scale, off all bounds at once
FADED = 1e-2  # of what the run has gained, below which a curvature does not explain that it came to rest
BEYOND = 0.1  # of the way along an axis, at which f is lower beyond an inflection
# times less f falls at a quarter of the distance: a parabola 16 times, x^3 64 times; ripples any other number
SMOOTHLY = 10
FORESEEN = 100  # a fall so many times larger than slope and curvature foresee is no slope but a plateau's end


class Look(NamedTuple):
    """A place `by` away from the point, and the largest fall of f there that counts."""

    by: np.ndarray
    most: float = math.inf


def rough(case: Case) -> Verdict | None:
    """A test was met where gradient and curvature see a minimum; but close by f is lower, on either side."""
    if case.probes.left <= RESERVE or not _claimed(case) or (case.bends.values < -case.bends.errors).any():
        return None
    scale = case.scale
    if case.gains[0] <= NOWHERE * abs(case.f):  # the run tells no scale
        scale = np.maximum(scale, _size(case))
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
    return sloping(case) if _met(case) and _suspect(case) else None


def sloping(case: Case) -> Verdict | None:
    """f slopes on a larger scale than gradient and curvature see, all coordinates at once."""
    suspect = _suspect(case)
    scale = np.maximum(case.scale, _size(case)) if suspect else case.scale
    d = _askew(case, scale)
    if case.probes.left <= RESERVE:
        return None
    found = _sloped(case, CLOSE * d, case.value(CLOSE * d))
    return found or (suspect and (_downhill(case, WIDE * d) or _downhill(case, -WIDE * d))) or None


def _suspect(case: Case) -> bool:
    """Whether values scatter, or the run was stuck at once and tells no scale."""
    return getattr(case.oracle.derivative, "rough", False) or bool((case.come < HARDLY * _size(case)).all())


def _askew(case: Case, scale: np.ndarray) -> np.ndarray:
    """A step of at most `scale` along all free coordinates at once, in no special direction."""
    return scale * case.free * case.skewed / np.abs(case.skewed).max()


def _size(case: Case) -> np.ndarray:
    """The scale of each coordinate that the start tells."""
    return np.where(case.start == 0, 1.0, np.abs(case.start))


def _met(case: Case) -> bool:
    return case.reason.converged and case.term is None


def creeping(case: Case) -> Verdict | None:
    """A test was met, but the way made in the last half of the run leads on down."""
    if case.n == 1 or not _met(case) or not len(case.trail.ways):
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
    if not case.much(promise) or (known and not _quiet(case)):
        return None
    fall = case.f - case.value(t * d)
    if not (case.much(fall) and fall >= promise / 2):
        return None
    if known or (fall > 2 * promise and min(right, left) < 0):  # it bends down, as x^3 does
        return unfinished(case, t * d, case.f - fall)
    return rippled(case, t * d, fall) if fall <= 2 * promise else None


def lower(case: Case) -> Verdict | None:
    """A test was met, but where no curvature is seen f is lower by more than may be left."""
    if not _claimed(case):
        return None
    return _first(case, _winding, reserve=0) or _first(case, _sloping, _flat, _inflected, reserve=RESERVE + 1)


def unread(case: Case) -> Verdict | None:
    """A test was met, but along some coordinates the differences of the run have not read the slope of f."""
    derivative, error = case.oracle.derivative, case.point.error
    diagonal = derivative.diagonal()
    if not case.reason.converged or case.term is not None or error is None or diagonal is None:
        return None
    size = abs(case.f) + abs(case.gains[0])
    coarse = getattr(derivative, "coarse", None)  # where they are the library's own
    # a run that began where f is 0 and stayed there tells no size that its steps could be compared with
    far = np.zeros(case.n, bool) if coarse is None or size == 0 else case.free & coarse(case.f, COARSE * size)
    if any(_misread(case, i, diagonal[i], size) for i in np.flatnonzero(far)[:DOUBTED].tolist()):
        return _measure_otherwise(case, far)
    unseen = case.free & (np.isnan(diagonal) | np.isinf(error))
    certain = np.abs(case.g) > CERTAIN * error
    slopes = (_fall(case, case.g[i], np.eye(1, case.n, i)[0]) for i in np.flatnonzero(unseen & certain).tolist())
    by = np.where(unseen & ~certain, case.scale, 0.0) * np.where(np.arange(case.n) % 2, -1.0, 1.0)
    hidden = (Look(sign * far * by) for far in DECADES for sign in (1.0, -1.0) if by.any())
    return _first(case, lambda _: slopes, lambda _: hidden)


def cornered(case: Case) -> Verdict | None:
    """A test was met at bounds without a slope, as where a product of x_i is 0: off all of them f falls."""
    if not _met(case) or not isinstance(case.oracle, Box) or case.free.all():
        return None
    up, down = case.oracle.high - case.x, case.x - case.oracle.low
    inward = np.where(up > down, np.minimum(up, case.scale), -np.minimum(down, case.scale)) * ~case.free
    near, far = (case.f - case.value(t * inward) for t in INWARD)
    return unfinished(case, INWARD[1] * inward, case.f - far) if case.much(near) and near < far else None


def _first(case: Case, *looks: Callable[[Case], Iterator[Look]], reserve: int = RESERVE) -> Verdict | None:
    """What the first look says that finds f lower by too much."""
    for by, most in (look for group in looks for look in group(case)):
        if case.probes.left <= reserve:
            break
        f = case.value(by)
        if case.f - f <= most and case.much(case.f - f):
            return unfinished(case, by, f)
    return None


def _misread(case: Case, i: int, curvature: float, size: float) -> bool:
    """Whether f, much closer than the differences along x_i looked, is not the same parabola, or falls on one side."""
    if case.probes.left < 2:
        return False  # nobody has looked
    t = CLOSE * math.sqrt(2 * size / abs(curvature))
    x = case.x + t * np.array([[1.0], [-1.0]]) * np.eye(1, case.n, i)
    rises = [case.probes.value(y.astype(case.x.dtype)) - case.f for y in x]
    return not (min(rises) > 0 and sum(rises) < 2 * abs(curvature) * t * t)


def _measure_otherwise(case: Case, far: np.ndarray) -> Verdict:
    listed = ", ".join(map(case.called, np.flatnonzero(far)[:5]))
    sentence = (
        f"{case.reason.sentence} But over the steps of the differences along {listed} f changes by more than in "
        "the whole run: what they tell is no slope at this place. Measure x in units in which its numbers are "
        "alike, start from numbers that are not 0, or pass a gradient."
    )
    advice = case.advise("measure x in units in which its numbers are alike")
    return Verdict("stalled.scale", sentence, False, {"coordinates": np.flatnonzero(far).tolist()}, advice)


def _claimed(case: Case) -> bool:
    """Whether the run says that it is solved, and what curvature is seen does not contradict."""
    return _met(case) and _quiet(case)


def _quiet(case: Case) -> bool:
    """Whether slope and curvature say that little is left."""
    return case.curvature is not None and not case.much(case.firm[0])


def _sloping(case: Case) -> Iterator[Look]:
    """Along the axes with a slope, but no curvature that is seen."""
    for k in np.flatnonzero(~case.bends.firm & (case.newton.slopes != 0)):
        yield _fall(case, case.newton.slopes[k], case.bends.axes[:, k])


def _fall(case: Case, slope: float, axis: np.ndarray) -> Look:
    """As far down as a slope takes to fall by twice what may be left: where f is a parabola, it is lower by `enough`
    there if that or more is left, and else it is not."""
    return Look(-2 * case.enough / slope * axis, LINEAR * case.enough)


def _winding(case: Case) -> Iterator[Look]:
    """Along the flattest axis by factors: x0*x1 and x0*exp(x1) are constant along ways that are straight for the
    logarithms only."""
    axis = case.bends.axes[:, 0]
    with np.errstate(all="ignore"):
        share = axis / case.x
        share *= STRIDE / np.abs(share).max()
    if not case.bends.firm[0] and (np.abs(share) > CLOSE * STRIDE).sum() > 1:  # False where it is NaN
        ways = [case.x * np.expm1(sign * share) for sign in (1.0, -1.0)]
        yield from (Look(by) for by in sorted(ways, key=lambda by: float(case.g @ by)))


def _flat(case: Case) -> Iterator[Look]:
    """Where f does not surely curve up: back to where it came from, then along each coordinate, downhill if there is
    a slope."""
    bends = case.bends
    axes = bends.axes[:, ~bends.firm]
    if not axes.size:
        return
    if not (case.curvature and case.curvature.complete):
        ways = axes.T
    else:  # the part of each coordinate, and of the way back, that is flat
        size = np.linalg.norm(bends.axes, axis=1)  # its rows are orthogonal
        flat = (axes / size[:, None]) @ (axes / size[:, None]).T
        back = size * (flat @ ((case.start - case.x) / size))
        yield Look(back)
        ways = (size[:, None] * flat)[:, np.diag(flat) > HALF].T
    reach = np.maximum(case.scale, case.come)
    for far in REACHES:
        for way in ways:
            moving = np.abs(way) > CLOSE * np.abs(way).max()
            by = far * way * float((reach[moving] / np.abs(way[moving])).min())
            slope = float(case.g @ by)
            yield from (Look(sign * by) for sign in (1.0, -1.0) if sign * slope <= 0)


def _inflected(case: Case) -> Iterator[Look]:
    """Along axes that curve up too little to have stopped the run: a bend as that of x^3 is passed through."""
    for value, axis in zip(case.bends.values, case.bends.axes.T, strict=True):
        moving = np.abs(axis) > CLOSE * np.abs(axis).max()
        way = float((case.come[moving] / np.abs(axis[moving])).min()) * axis
        if 0 < value * float(way @ axis / (axis @ axis)) ** 2 < FADED * case.gains[0]:
            yield from (Look(sign * BEYOND * way) for sign in (1.0, -1.0))


def unfinished(case: Case, by: np.ndarray, f: float, foreseen: float | None = None) -> Verdict:
    """f is lower `by` away, where its value is `f`: the end of a plateau, or of a slope that nothing bends."""
    slope = abs(float(case.g @ by)) if foreseen is None else foreseen
    if case.point.error is not None and np.isinf(case.point.error[by != 0]).any():
        slope = math.inf  # as far as is known
    distance, fall = float(np.linalg.norm(by)), case.f - f
    met = f"{case.reason.sentence} But" if case.reason.converged else "No end:"
    there = f"{number(distance)} away f is {'lower' if case.sign > 0 else 'higher'} by {number(fall)}"
    advice = case.default(x0=case.moved(by))
    if fall > FORESEEN * slope:
        sentence = (
            f"{met} this is a plateau: the slope here is only {number(case.slope)}, while {there}. Start there, or "
            "rescale f."
        )
        evidence = {"slope": case.slope, "distance": distance, "drop": fall}
        return Verdict("stalled.plateau", sentence, False, evidence, advice)
    sentence = (
        f"{met} f still {case.falls} along {along(by)}, of which no curvature was seen: {there}. Start there, or "
        "measure x in units in which its numbers are alike."
    )
    evidence = {"direction": by.tolist(), "distance": distance, "drop": fall}
    return Verdict("stalled.slope", sentence, False, evidence, advice)


def rippled(case: Case, by: np.ndarray, fall: float) -> Verdict:
    distance = float(np.linalg.norm(by))
    met = f"{case.reason.sentence} But only" if case.reason.converged else "Only"
    sentence = (
        f"{met} {number(distance)} away f is {'lower' if case.sign > 0 else 'higher'} by "
        f"{number(fall)}, of which neither gradient nor curvature know: f is rough, it ripples on a smaller scale. "
        "Smooth it, or take differences over longer steps."
    )
    evidence = {"distance": distance, "drop": fall}
    advice = case.default("f is rough", x0=case.moved(by))
    return Verdict("stalled.rough", sentence, False, evidence, advice)
