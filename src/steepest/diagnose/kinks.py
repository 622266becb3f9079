"""Kinks and jumps: where the slope of f, or f itself, changes at once."""

from __future__ import annotations

import math

import numpy as np

from ..methods.bundle import Bundle
from ..methods.rules import Adam
from ..schedules import Polynomial
from .case import GAIN, Case
from .crossings import HALVINGS, Crossing, hidden, turned_back
from .elsewhere import rippled
from .faults import differences
from .halving import Span, halved, sudden
from .jumps import jump
from .verdict import Advice, Verdict
from .words import along, number, place, rounded

# Measured: with TURNED (see crossings) half or twice as large, GREW half as large, SHARE, FORESEEN three times smaller
# or larger, KEPT (see halving) at 0.55 or 0.85, the same of 54 trials on kinks, jumps and long steps are named right.
SHARE = 0.1  # of the whole change, after six halvings: of a smooth one 1/64 is left; several kinks share it
FORESEEN = 100.0  # times the change of f in all: a curvature that foresees more over the same way is doubted
# shares of the height of a corner by which f misses it where it is round: by less where branches bend, by a half where
# it is a parabola, by more where there are several kinks
ROUND = (0.05, 0.55)
SEEN = 1e3  # times the noise of f, or the spacing of x: where a parabola is one beyond doubt
STEEP = 0.1  # of the first slope: no smooth function has so much of it left at its minimum
GREW = 4.0  # times the change of the slope: it can't be so much larger in a part of the way
BESIDE = 1e-5  # of the way so far, over which slopes beside a kink are shown
PATIENT = 5000  # steps of a rate that falls to zero: they leave about 1e-4 of the start at a kink


def balanced(case: Case) -> Verdict | None:
    """A bundle method ended the run: its planes prove a minimum with a kink, or they do not (see `methods.bundle`)."""
    planes = getattr(case.history.now, "memory", None)
    if not isinstance(planes, Bundle):
        solved = case.reason.code == "converged.kink"  # of a run that was saved
        return Verdict(case.reason.code, case.reason.sentence, True, {"x": case.x.tolist()}) if solved else None
    evidence = {"x": case.x.tolist(), "left": planes.left}
    high = GAIN * abs(case.f) < planes.left < 0.1 * abs(case.f)  # from so high that a millionth of that is much
    if case.reason.code != "converged.kink" or high:
        sentence = f"{case.reason.sentence} {_crossed(case)}"
        return Verdict("stalled.kink", sentence, False, evidence, decayed(case, PATIENT))
    v = planes.steepest / planes.unit
    v = v / float(np.linalg.norm(v))
    t = BESIDE * float(np.linalg.norm(case.x - case.start))
    slopes = [(case.f - case.value(-t * v)) / t, (case.value(t * v) - case.f) / t]
    sentence = (
        f"{case.reason.sentence} Along {along(v)} the slope jumps from {number(slopes[0])} to {number(slopes[1])}: a "
        f"{case.minimum} with a kink."
    )
    return Verdict("converged.kink", sentence, True, evidence | {"slopes": slopes, "direction": v.tolist()})


def kink(case: Case) -> Verdict | None:
    """The last steps jump to and fro over a kink, over a jump of f, or over a fault of the gradient."""
    if case.reason.converged or case.away or case.settled or case.probes.left < 10:
        return None
    crossing = turned_back(case) or hidden(case)
    if crossing is None:
        return None
    length, (left, right) = crossing.length, crossing.slopes(case)
    if not abs(right - left) > max(1e-6 * (abs(left) + abs(right)), 100 * case.noise / length):
        return None

    def far(span: Span, changes: list[float]) -> bool:
        smooth = len(changes) == 4 and changes[3] < 0.3 * changes[0]  # to an eighth, with x^4 to a third
        return smooth or len(changes) > HALVINGS or case.probes.left <= (5 if case.exact else 4)

    span, changes = halved(lambda t: crossing.slope(case, t), Span(0.0, length, left, right), far)
    if not (sudden(changes) or (len(changes) > HALVINGS and changes[-1] > SHARE * changes[0])):
        return None
    # a difference across a jump grows as its step shrinks
    leap = changes[-1] * length / 2 ** (HALVINGS + 3) if not case.exact and changes[-1] > GREW * changes[0] else 0.0
    return _sharp(case, crossing, span, leap)


def _sharp(case: Case, crossing: Crossing, span: Span, leap: float) -> Verdict | None:
    """What it is that changes at once over a short span: f itself, by a `leap`, the slope of f, or what the gradient
    claims of it."""
    low, high, left, right = span
    width, at = high - low, crossing.at((low + high) / 2)
    ends = [crossing.value(case, t) for t in (low, high)]
    if leap:
        return jump(case, at, leap)
    if abs(ends[1] - ends[0]) > 10 * max(abs(left), abs(right)) * width + 10 * _doubt(case, left, right):
        return jump(case, at, ends[1] - ends[0])
    measured = [left, right]
    if case.exact:  # does f itself bend as its slopes say?
        around = [crossing.value(case, t) for t in (low - width, high + width)]
        measured = [(ends[0] - around[0]) / width, (around[1] - ends[1]) / width]
    clear = abs(right - left) * width > 2 * _doubt(case, left, right)
    if clear and abs(measured[1] - measured[0]) < 0.5 * abs(right - left):
        return _claimed(case, at, crossing.way, [left, right], measured)
    # not of a kink that is met in passing, nor where f is round
    if not left < 0 < right or _round(case, crossing, span, ends):
        return None
    return _jumps(case, at, crossing.way, [left, right], crossing.length)


def _claimed(case: Case, at: np.ndarray, way: str, claimed: list[float], measured: list[float]) -> Verdict:
    """f does not bend where the gradient says that its slope jumps."""
    sentence = (
        f"Your gradient disagrees with f near {place(at)}: along {way} it claims the slopes "
        f"{number(claimed[0])} and then {number(claimed[1])}, measured are {number(measured[0])} and "
        f"{number(measured[1])}. steepest.check_gradient shows what is wrong."
    )
    evidence = {"x": at.tolist(), "claimed": claimed, "measured": measured}
    return Verdict("stalled.gradient", sentence, False, evidence, differences(case))


def _jumps(case: Case, at: np.ndarray, way: str, slopes: list[float], length: float) -> Verdict:
    """The slope of f jumps; where it turns to its opposite in one dimension, that is the minimum."""
    f, (left, right) = case.trail.f, slopes
    evidence = {"x": at.tolist(), "slopes": slopes}
    gap = max(abs(left), abs(right)) * length
    if case.n == 1 and left < 0 < right and gap <= GAIN * (f[0] - case.f):
        sentence = (
            f"Solved: the {case.minimum} is a kink near {place(at)}, where the slope of f jumps from "
            f"{number(left)} to {number(right)}; f can't be lower by more than {number(gap)} there."
        )
        return Verdict("converged.kink", sentence, True, evidence | {"left": gap})
    sentence = (
        f"f has a kink near {place(at)}: its slope along {way} jumps there from {number(left)} to "
        f"{number(right)}. {_crossed(case)}"
    )
    return Verdict("stalled.kink", sentence, False, evidence, decayed(case, max(len(f), 1000)))


def kinked(case: Case) -> Verdict | None:
    """A test was met at a kink: what looks like an enormous curvature is a slope that changes at once."""
    c = case.curvature
    f = case.trail.f
    still = math.isnan(case.lr) and not f[len(f) // 2] - f[-1] > 1e-6 * (f[0] - f[-1])
    ended = case.reason.converged or case.reason.code == "stalled" or (case.reason.code == "budget.steps" and still)
    if not ended or case.term is not None or c is None or case.probes.left < 6:
        return None
    v = c.vectors[:, -1]
    way = _way(case, v)
    sharp = c.values[-1] * way**2 > FORESEEN * (case.trail.f[0] - case.f)
    if not sharp:
        if not (case.reason.converged and case.slope > STEEP * case.trail.g[0]):
            return None
        v = case.g / case.slope  # the kink may be beside the point, where the slope is what it was
        way = _way(case, v)
    if not way:
        return None
    t = 1e-2 * way
    wide = [case.value(s * t * v) - case.f for s in (1, -1)]
    close = [case.value(s * t / 16 * v) - case.f for s in (1, -1)]
    if sharp and case.reason.converged and case.much(-min(wide)):
        return rippled(case, (t if wide[0] < wide[1] else -t) * v, -min(wide))
    # beside a kink f rises 16 times as much at 16 times the distance, in a smooth valley 256 times
    if not (min(close) > 100 * case.noise and sum(wide) < 64 * sum(close)) or _smooth(case, v, t / 16, sum(close)):
        return None
    slopes = [-16 * close[1] / t, 16 * close[0] / t]
    head = (
        f"{case.reason.sentence} f has a kink there: along {along(v)} its slope jumps from {number(slopes[0])} to "
        f"{number(slopes[1])}"
    )
    evidence = {"x": case.x.tolist(), "slopes": slopes, "direction": v.tolist()}
    along_it = case.g - float(case.g @ v) * v  # the slope that the kink does not explain
    ways = [*np.eye(case.n)[: max(case.probes.left // 2 - 3, 0)], *_recent(case)]
    tries = [-along_it / float(np.linalg.norm(along_it))] if along_it.any() else []
    for d in [*tries, *(sign * way for way in ways for sign in (1.0, -1.0))]:
        if case.value(t / 16 * d) < case.f - 3 * case.noise:
            sentence = f"{head}. But it is no {case.minimum}: along {along(d)} f still {case.falls}."
            return Verdict("stalled.kink", sentence, False, evidence, decayed(case, PATIENT))
    if not case.reason.converged:
        sentence = f"{head}. {_crossed(case)}"
        return Verdict("stalled.kink", sentence, False, evidence, decayed(case, PATIENT))
    sentence = f"{head}, and it {case.climbs} in every direction that was tried: a {case.minimum} with a kink."
    return Verdict("converged.kink", sentence, True, evidence)


def _way(case: Case, v: np.ndarray) -> float:
    """How far x has come along `v`: what x_i far from v has come is no measure along it."""
    return float(np.linalg.norm(v * (case.x - case.start)))


def _smooth(case: Case, v: np.ndarray, way: float, rise: float) -> bool:
    """Whether f, which rises by `rise` over this way along `v` to both sides, rises by less than its share over the
    shortest steps that show it: however sharp, it is no kink."""
    spacing = float(np.finfo(case.x.dtype).eps * np.abs(case.x).max())
    t = max(math.sqrt(SEEN * case.noise / rise) * way, SEEN * spacing)
    return sum(case.value(s * t * v) - case.f for s in (1, -1)) < 0.25 * rise * t / way


def _crossed(case: Case) -> str:
    """What a kink does to the method."""
    if math.isfinite(case.lr):
        return "Steps of a fixed rate zigzag across it for ever; let the rate decay to zero, or smooth f."
    return (
        "A slope tells nothing of what lies beyond a kink, so searches along it end there; take steps whose rate "
        "decays to zero, or smooth f."
    )


def _recent(case: Case) -> list[np.ndarray]:
    """The directions of the last steps."""
    moves = case.trail.moves[-2:]
    lengths = np.linalg.norm(moves, axis=1)
    return [move / length for move, length in zip(moves, lengths, strict=True) if 0 < length < math.inf]


def _round(case: Case, crossing: Crossing, span: Span, ends: list[float]) -> bool:
    """Whether f, of these values at the `ends` of a span, is round there, however steep beside it: the tangents meet
    below f, at a kink on it."""
    low, high, left, right = span
    width = high - low
    way = (ends[1] - ends[0] - right * width) / (left - right)
    if not 0 < way < width:
        return False
    corner = ends[0] + left * way
    height = abs(right - left) * width / 4
    doubt = _doubt(case, left, right)
    missed = abs(crossing.value(case, low + way) - corner)
    return ROUND[0] * height + doubt < missed < ROUND[1] * height


def _doubt(case: Case, left: float, right: float) -> float:
    """How far values are wrong: places are rounded, and with the slope there their values."""
    spacing = float(np.finfo(case.x.dtype).eps * np.abs(case.x).max())
    return 10 * (case.noise + spacing * max(abs(left), abs(right)))


def decayed(case: Case, steps: int) -> Advice:
    """The same method with its rate falling to zero, which it needs to come to rest."""
    lr = case.lr
    if not math.isfinite(lr) and case.random:
        return case.advise("average several values of fun at each point")
    if not math.isfinite(lr):
        size = max(float(np.abs(case.start).max()), float(np.abs(case.x - case.start).max()), 1e-300)
        return case.default(method=Adam(lr=Polynomial(rounded(size / 10), PATIENT)), maxiter=PATIENT)
    method = case.method.with_hyper(lr=Polynomial(lr, steps))  # type: ignore[attr-defined]
    return case.advise(method=method, lr=None, maxiter=steps)
