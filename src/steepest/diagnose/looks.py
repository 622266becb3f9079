"""Looks where no curvature is seen: a test for convergence was met, yet f may be lower not far away."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from .case import Case
from .verdict import Verdict
from .words import along, number

CLOSE = 1e-3  # of each coordinate's scale: at a minimum f rises there on both sides
NOWHERE = 1e-6  # of |f|: what a run has gained that was stuck at once
CERTAIN = 3.0  # times its error, from which a slope by differences is there
LINEAR = 4.0  # times what a slope foretells, up to which a fall is its doing, however far away
DOUBTED = 3  # coordinates that are looked at again, at most
RESERVE = 2  # looks that are left to others
DECADES = (CLOSE, 1.0, 1e9, 1e12, 1e6, 1e15)  # times the scale, along coordinates that f has not reacted to
COARSE = 10.0  # times |f| and all that the run has gained: a change of f over the step of a difference that is doubted
REACHES = (10.0, 1.0)  # times how far each coordinate came, along those on which f is flat
HALF = 0.5  # of a coordinate that must lie in the flat directions for a look along it
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
    if not _claimed(case) or (case.bends.values < -case.bends.errors).any():
        return None
    scale = case.scale
    if case.gains[0] <= NOWHERE * abs(case.f):  # the run tells no scale
        scale = np.maximum(scale, np.where(case.start == 0, 1.0, np.abs(case.start)))
    d = CLOSE * scale * case.free * case.skewed / np.abs(case.skewed).max()
    for by in (d, -d):
        fall = case.f - case.value(by)
        slope = abs(float(case.g @ by))
        if fall > 2 * slope and case.much(fall):  # where f curves up it is at most the slope's
            closer = case.f - case.value(by / 4)
            if 0 < closer < fall / SMOOTHLY:
                return unfinished(case, by, case.f - fall)
            return _rough(case, by, fall)
    return None


def lower(case: Case) -> Verdict | None:
    """A test was met, but where no curvature is seen f is lower by more than may be left."""
    return _first(case, _sloping, _flat, _inflected) if _claimed(case) else None


def unread(case: Case) -> Verdict | None:
    """A test was met, but along some coordinates the differences of the run have not read the slope of f."""
    derivative, error = case.oracle.derivative, case.point.error
    diagonal = derivative.diagonal()
    if not case.reason.converged or case.term is not None or error is None or diagonal is None:
        return None
    size = abs(case.f) + abs(case.gains[0])
    coarse = getattr(derivative, "coarse", None)  # where they are the library's own
    far = np.zeros(case.n, bool) if coarse is None else case.free & coarse(case.f, COARSE * size)
    if any(_misread(case, i, diagonal[i], size) for i in np.flatnonzero(far)[:DOUBTED].tolist()):
        return _measure_otherwise(case, far)
    unseen = case.free & (np.isnan(diagonal) | np.isinf(error))
    certain = np.abs(case.g) > CERTAIN * error
    slopes = (
        _fall(case, case.g[i], np.eye(1, case.n, i)[0]) for i in np.flatnonzero(unseen & certain).tolist()
    )
    by = np.where(unseen & ~certain, case.scale, 0.0) * np.where(np.arange(case.n) % 2, -1.0, 1.0)
    hidden = (Look(sign * far * by) for far in DECADES for sign in (1.0, -1.0) if by.any())
    return _first(case, lambda _: slopes, lambda _: hidden)


def _first(case: Case, *looks: Callable[[Case], Iterator[Look]]) -> Verdict | None:
    """What the first look says that finds f lower by too much."""
    for by, most in (look for group in looks for look in group(case)):
        if case.probes.left <= RESERVE:
            break
        f = case.value(by)
        if case.f - f <= most and case.much(case.f - f):
            return unfinished(case, by, f)
    return None


def _misread(case: Case, i: int, curvature: float, size: float) -> bool:
    """Whether f, much closer than the differences along x_i looked, is not the same parabola, or falls on one side."""
    t = CLOSE * math.sqrt(2 * size / abs(curvature))
    x = case.x + t * np.array([[1.0], [-1.0]]) * np.eye(1, case.n, i)
    rises = [case.probes.value(y.astype(case.x.dtype)) - case.f for y in x]
    return not (min(rises) > 0 and sum(rises) < 2 * abs(curvature) * t * t)


def _measure_otherwise(case: Case, far: np.ndarray) -> Verdict:
    listed = ", ".join(f"x[{i}]" for i in np.flatnonzero(far)[:5])
    sentence = (
        f"{case.reason.sentence} But over the steps of the differences along {listed} f changes by more than in "
        "the whole run: what they tell is no slope at this place. Measure x in units in which its numbers are "
        "alike, start from numbers that are not 0, or pass a gradient."
    )
    advice = case.advise("measure x in units in which its numbers are alike")
    return Verdict("stalled.scale", sentence, False, {"coordinates": np.flatnonzero(far).tolist()}, advice)


def _claimed(case: Case) -> bool:
    """Whether the run says that it is solved, and what curvature is seen does not contradict."""
    if not case.reason.converged or case.term is not None or case.curvature is None:
        return False
    return not case.much(case.firm[0])


def _sloping(case: Case) -> Iterator[Look]:
    """Along the axes with a slope, but no curvature that is seen."""
    for k in np.flatnonzero(~case.bends.firm & (case.newton.slopes != 0)):
        yield _fall(case, case.newton.slopes[k], case.bends.axes[:, k])


def _fall(case: Case, slope: float, axis: np.ndarray) -> Look:
    """As far down as a slope takes to fall by twice what may be left: where f is a parabola, it is lower by `enough`
    there if that or more is left, and else it is not."""
    return Look(-2 * case.enough / slope * axis, LINEAR * case.enough)


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


def _rough(case: Case, by: np.ndarray, fall: float) -> Verdict:
    distance = float(np.linalg.norm(by))
    sentence = (
        f"{case.reason.sentence} But only {number(distance)} away f is {'lower' if case.sign > 0 else 'higher'} by "
        f"{number(fall)}, of which neither gradient nor curvature know: f is rough, it ripples on a smaller scale. "
        "Smooth it, or take differences over longer steps."
    )
    evidence = {"distance": distance, "drop": fall}
    advice = case.default("f is rough", x0=case.moved(by))
    return Verdict("stalled.rough", sentence, False, evidence, advice)
