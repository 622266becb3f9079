"""Runs that something outside the mathematics ended, or that left the numbers: errors, edges, infinity."""

from __future__ import annotations

import math

import numpy as np

from .case import Case
from .verdict import Verdict
from .words import along, number, place

HUGE = 1e100  # a value above this before infinity is an overflow, not an edge
BISECTIONS = 11
BESIDE = 1e-6  # of the scale of x: so near to the edge of its domain f may be solved up to it
DECADES = 6  # powers of 10 over which a fall without limit is followed


def outside(case: Case) -> Verdict | None:
    """An error, an interrupt or the callback ended the run, or the target was reached."""
    code, sentence = case.reason
    if code.startswith("target"):
        return Verdict(code, sentence, True, {"f": case.sign * case.f})
    if code in ("error", "interrupted", "callback"):
        best = case.best
        where = f" The best point so far: f = {case.shown(best.f)} at {place(best.x)}."
        go_on = case.advise("goes on from the best point", x0=best.x) if code == "interrupted" else None
        return Verdict(code, sentence + where, False, {"f": case.sign * best.f}, go_on)
    return None


def edge(case: Case) -> Verdict | None:
    """A step led to where f, or its gradient, is not defined."""
    if case.reason.code != "nonfinite" or len(case.trail.x) < 2 or _blown_up(case):
        return None
    bad, good = case.trail.x[-1], case.trail.x[-2]
    if not np.isfinite(bad - good).all():
        return None
    if math.isfinite(case.last.f):
        sentence = (
            f"The gradient is not finite at {place(bad)}, where f = {case.shown(case.last.f)}: 0/0, or a "
            "vertical slope?"
        )
        return Verdict("nonfinite.gradient", sentence, False, {"x": bad.tolist()}, case.advise("differences", jac="fd"))
    if math.isinf(case.last.f) and case.probes.overflows(bad.astype(case.x.dtype)):
        return None
    what = "NaN" if math.isnan(case.last.f) else "infinite"
    inside, beyond, value = 0.0, 1.0, math.nan
    for _ in range(BISECTIONS):
        middle = (inside + beyond) / 2 if inside else beyond / 16  # the step may have led far beyond
        f = case.probes.value((good + middle * (bad - good)).astype(case.x.dtype))
        inside, beyond, value = (middle, beyond, f) if math.isfinite(f) else (inside, middle, value)
    near, far = good + inside * (bad - good), good + beyond * (bad - good)
    if abs(value) > HUGE or case.probes.overflows(far.astype(case.x.dtype)):
        return None
    led = f"step {case.last_step} led from {place(good)} to {place(bad)}"
    guilty = _guilty(case, near, bad)
    if guilty is not None:
        return _beyond(case, guilty, near, far, f"f is {what}", led)
    sentence = f"f is {what} at {place(far)} and beyond: {led}. The default method steps back from such places."
    return Verdict("nonfinite.domain", sentence, False, {"edge": far.tolist()}, case.default())


def walled(case: Case) -> Verdict | None:
    """The run came to rest, or creeps, where the slope leads out of the domain of f."""
    fall = case.g * case.scale
    ended = case.reason.converged or case.reason.code in ("stalled", "budget.steps")
    if not ended or case.term is not None or case.probes.left < 1 or not case.much(float(np.linalg.norm(fall))):
        return None
    ahead = case.x - BESIDE * case.scale * fall / np.linalg.norm(fall)
    ahead = np.clip(ahead, case.probes.low, case.probes.high).astype(case.x.dtype)
    if math.isfinite(case.probes.value(ahead)) or case.probes.cut:
        return None
    near, far = case.x.astype(float), ahead.astype(float)
    guilty = _guilty(case, near, far)
    if case.reason.converged and (guilty is None or not case.much(float(np.linalg.norm(np.delete(fall, guilty))))):
        return None  # lowest along the edge, as far as that can be told
    if guilty is not None:
        led = f"the slope at {place(near)}, where the run ended, leads out of there"
        return _beyond(case, guilty, near, far, "f is not defined", led)
    sentence = (
        f"f is not defined just beyond {place(near)}, where the run ended, down its slope. What is lowest along an "
        "edge is found where the edge is told."
    )
    advice = case.advise("keep x where f is defined, by bounds=[(low, high), ...] or project=")
    return Verdict("nonfinite.domain", sentence, False, {"edge": far.tolist()}, advice)


def _beyond(case: Case, guilty: int, near: np.ndarray, far: np.ndarray, what: str, led: str) -> Verdict:
    """One coordinate alone leads out of the domain of f, the edge of which is between two places."""
    at = _roundest(near[guilty], far[guilty])
    below = far[guilty] < near[guilty]
    bounds: list[tuple[float | None, float | None]] = [(None, None)] * case.n
    limit = at + 1e-6 * (near[guilty] - at) if near[guilty] != at else at
    bounds[guilty] = (limit, None) if below else (None, limit)
    sentence = (
        f"{what} for {case.called(guilty)} {'<' if below else '>'} {number(at)}: {led}. Pass bounds that keep inside, "
        "and leave the step to the library."
    )
    evidence = {"coordinate": guilty, "edge": at, "side": "below" if below else "above"}
    return Verdict("nonfinite.domain", sentence, False, evidence, case.default(bounds=bounds))


def endless(case: Case) -> Verdict | None:
    """f falls without limit."""
    if not (fell := sunk(case)):
        # or, as steady, to where numbers overflow: an edge or a growing f is named before
        open_ended = case.reason.code.startswith(("budget", "nonfinite", "stalled"))
        running = open_ended and case.slope > 0.1 * case.trail.g[0]
        if not running or case.trail.turns or not len(case.trail.moves) or case.best.f >= case.trail.f[0]:
            return None
    moves = case.trail.moves[np.isfinite(case.trail.moves).all(axis=1) & case.trail.moves.any(axis=1)]
    d = moves[-1] if len(moves) else -case.g
    if not d.any():
        return None
    d = d / np.abs(d).max()  # the squares of what it fell through may overflow
    d /= np.linalg.norm(d)
    reach = max(float(np.linalg.norm(case.x - case.start)), float(np.linalg.norm(case.scale)))
    if not fell:
        drops: list[float] = []
        for decade in range(DECADES):
            x = (case.x + 10.0**decade * reach * d).astype(case.x.dtype)
            drop = case.f - case.probes.value(x)
            if not math.isfinite(drop) and (len(drops) > 1 or case.probes.overflows(x)):
                break  # so far away that fun overflows
            # a logarithm falls by 1.3 times more in the next decade, what levels off by 1.0
            if not drop > (1.2 * drops[-1] if drops else 0.0):
                return None
            drops.append(drop)
    sentence = (
        f"f {case.falls} without limit along {along(d)}: it is {case.shown(case.best.f)} now, and still "
        "going. Is its sign right, or are bounds missing?"
    )
    advice = case.advise("is the sign of f right? If so, pass bounds=[(low, high), ...]")
    return Verdict("unbounded", sentence, False, {"direction": d.tolist()}, advice)


def sunk(case: Case) -> bool:
    """Whether f has fallen as far as a fall without end does."""
    return case.reason.code == "unbounded" or case.best.f < -HUGE * max(abs(float(case.trail.f[0])), 1.0)


def overflow(case: Case) -> Verdict | None:
    """f is infinite or NaN, and nothing better explains it."""
    if not case.reason.code.startswith("nonfinite"):
        return None
    sentence = f"{case.reason.sentence} The steps were too long: f was {case.shown(case.f)} before."
    return Verdict("nonfinite.overflow", sentence, False, {"f": case.sign * case.f}, case.default())


def _blown_up(case: Case) -> bool:
    """Whether f and its gradient grew beyond all bounds before, or f rose to where its neighbours overflow."""
    if case.trail.f[-2] < case.last.f < math.inf:
        return True
    finite = case.trail.finite
    f, g = case.trail.f[finite], case.trail.g[finite]
    return f.size > 2 and (abs(f[-1]) > HUGE or (g[-1] > 1e4 * g[0] and f[-1] > f[0]))


def _guilty(case: Case, near: np.ndarray, bad: np.ndarray) -> int | None:
    """The one coordinate that alone leads out of the domain, if there is one."""
    moved = np.flatnonzero(bad != near)
    if moved.size == 1:
        return int(moved[0])
    if moved.size > case.probes.left:
        return None
    found = []
    for i in moved:
        trial = near.copy()
        trial[i] = bad[i]
        if not math.isfinite(case.probes.value(trial.astype(case.x.dtype))):
            found.append(int(i))
    return found[0] if len(found) == 1 else None


def _roundest(a: float, b: float) -> float:
    """The number with the fewest digits between a and b."""
    low, high = min(a, b), max(a, b)
    if low <= 0 <= high:
        return 0.0
    unit = 10.0 ** math.ceil(math.log10(max(abs(low), abs(high))))
    while True:
        candidate = math.ceil(low / unit) * unit
        if candidate <= high:
            return candidate
        unit /= 10
