"""Looks where no curvature is seen: a test for convergence was met, yet f may be lower not far away."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from ..objective.oracle import Box
from .broken import BESIDE
from .case import Case
from .elsewhere import beside_an_edge, unfinished
from .verdict import Verdict

# Measured: with CLOSE, BEYOND, FORESEEN three times, FADED ten times smaller or larger, LINEAR at 2.5 or 8, and
# SMOOTHLY (see ripples) at 5, the same of 70 trials on plateaus, saddles, limits and healthy runs are named right.
CLOSE = 1e-3  # of each coordinate's scale: at a minimum f rises there on both sides
CERTAIN = 3.0  # times its error, from which a slope by differences is there
LINEAR = 4.0  # times what a slope foretells, up to which a fall is its doing, however far away
DOUBTED = 3  # coordinates that are looked at again, at most
RESERVE = 2  # looks that are left to others
DECADES = (CLOSE, 1.0, 1e9, 1e12, 1e6, 1e15)  # times the scale, along coordinates that f has not reacted to
AWAKE = 0.03  # times x_i, where what has saturated for large x_i reacts again: exp(-37) is nothing beside 1
COARSE = 10.0  # times |f| and all that the run has gained: a change of f over the step of a difference that is doubted
REACHES = (10.0, 1.0)  # times how far each coordinate came, along those on which f is flat
STRIDE = 0.1  # by how much, in logarithms, at most one coordinate is changed
HALF = 0.5  # of a coordinate that must lie in the flat directions for a look along it
INWARD = (0.01, 0.1)  # of the scale, off all bounds at once
FADED = 1e-2  # of what the run has gained, below which a curvature does not explain that it came to rest
BEYOND = 0.1  # of the way along an axis, at which f is lower beyond an inflection


class Look(NamedTuple):
    """A place `by` away from the point, and the largest fall of f there that counts."""

    by: np.ndarray
    most: float = math.inf


def converged(case: Case) -> bool:
    """Whether a test for convergence was met, without a set or a penalty beside f."""
    return case.reason.converged and case.term is None


def lower(case: Case) -> Verdict | None:
    """A test was met, but where no curvature is seen f is lower by more than may be left."""
    if not claims_minimum(case):
        return None
    return _first(case, _winding, reserve=0) or _first(case, _flat, _inflected, reserve=RESERVE + 1)


def edged(case: Case) -> Verdict | None:
    """A test was met where no curvature can be had, since f is not finite close by; of a single slope it may be solved
    at the edge, and beside bounds nobody looks beyond them."""
    error = case.point.error
    if not converged(case) or case.curvature is not None or error is None or isinstance(case.oracle, Box):
        return None
    if np.count_nonzero(np.abs(case.g) > error) < 2 or case.probes.left < 2:
        return None
    near = BESIDE * case.scale * case.skewed
    return None if math.isfinite(case.value(near) + case.value(-near)) else beside_an_edge(case)


def slanted(case: Case) -> Verdict | None:
    """A test was met, but along axes of which no curvature is seen f has slopes, as along the wall of a barrier."""
    for by, most in _sloping(case) if claims_minimum(case) else ():
        f = case.value(by)
        if 0 < case.f - f <= most and case.much(case.f - f):
            return unfinished(case, by, f)
        near = (np.abs(by) < CLOSE * case.come).all() and np.count_nonzero(by) > 1  # by one of them f may be solved
        if near and not math.isfinite(f) and case.probes.left > 0 and not isinstance(case.oracle, Box):
            return beside_an_edge(case)
    return None


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
    # what the error of a slope may hide: beyond noise it is more than all that was gained but for a fall from high up
    hides = COARSE * (abs(case.f) + abs(case.gains[1]))
    drowned = case.free & np.isfinite(error) & (error**2 > 2 * hides * np.abs(diagonal)) & (np.abs(case.g) < error)
    if hides > 0 and drowned.any() and not case.random:
        return _measure_otherwise(case, drowned)
    unseen = case.free & (np.isnan(diagonal) | np.isinf(error))
    certain = np.abs(case.g) > CERTAIN * error
    slopes = (_fall(case, case.g[i], np.eye(1, case.n, i)[0]) for i in np.flatnonzero(unseen & certain).tolist())
    silent = np.where(unseen & ~certain, 1.0, 0.0)
    by = silent * case.scale * np.where(np.arange(case.n) % 2, -1.0, 1.0)
    nearer = [Look((AWAKE - 1) * silent * case.x)] if (silent * case.x).any() else []
    hidden = (Look(sign * far * by) for far in DECADES for sign in (1.0, -1.0) if by.any())
    return _first(case, lambda _: iter(nearer), reserve=0) or _first(case, lambda _: slopes, lambda _: hidden)


def cornered(case: Case) -> Verdict | None:
    """A test was met at bounds without a slope, as where a product of x_i is 0: off all of them f falls."""
    if not converged(case) or not isinstance(case.oracle, Box) or case.free.all():
        return None
    up, down = case.oracle.high - case.x, case.x - case.oracle.low
    inward = np.where(up > down, np.minimum(up, case.scale), -np.minimum(down, case.scale)) * ~case.free
    near, far = (case.f - case.value(t * inward) for t in INWARD)
    return unfinished(case, INWARD[1] * inward, case.f - far) if case.much(near) and near < far else None


def _first(case: Case, *looks: Callable[[Case], Iterator[Look]], reserve: int = RESERVE) -> Verdict | None:
    """The verdict of the first look at which f is lower by more than may be left."""
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
        "most of the run: what they tell is no slope at this place. Measure x in units in which its numbers are "
        "alike, start from numbers that are not 0, or pass a gradient."
    )
    advice = case.advise("measure x in units in which its numbers are alike")
    return Verdict("stalled.scale", sentence, False, {"coordinates": np.flatnonzero(far).tolist()}, advice)


def claims_minimum(case: Case) -> bool:
    """Whether the run says that it is solved, and what curvature is seen does not contradict."""
    return converged(case) and little_left(case)


def little_left(case: Case) -> bool:
    """Whether slope and curvature say that little is left."""
    return case.curvature is not None and not case.much(case.firm[0])


def _sloping(case: Case) -> Iterator[Look]:
    """Along the axes with a slope, but no curvature that is seen; first where the slope brings most."""
    slopes, bends = case.newton.slopes, case.bends
    which = np.flatnonzero(~bends.firm & (slopes != 0))
    brings = slopes[which] ** 2 / (np.abs(bends.values) + bends.errors)[which]
    for k in which[np.argsort(-brings)][:DOUBTED]:
        yield _fall(case, case.newton.slopes[k], case.bends.axes[:, k])


def _fall(case: Case, slope: float, axis: np.ndarray) -> Look:
    """So far down a slope that a straight f falls by twice what may be left: a parabola is lower by `enough` there if
    that or more is left, and only then."""
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
