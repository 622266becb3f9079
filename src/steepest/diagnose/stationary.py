"""Points where the gradient vanishes, or seems to: minimum, saddle, maximum, plateau, the floor of the numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .case import ROUNDS, Case
from .elsewhere import FORESEEN, unfinished
from .verdict import SETTLED, Verdict
from .words import along, number, place

SMALL = 1e-3  # share of the first gradient below which a run may be at a stationary point, though it did not say so
LENIENT = 100  # times the tolerance: a step is a share of the distance, about lr L of it
STAYED = 1e-6  # share of that way, by which f rises by 1e-12 of what was gained: no more than is left when solved
NEAR = 0.05  # share of the way so far that may be left, where f still reacts to it
PUSHES = 6  # down a saddle, each 16 times as far
FAINT = 1e-6  # share of |f| that a slope foretells over the whole reach, from which it is looked for in half powers
DECADES = 4  # powers of 10 in the distance at which a plateau's end is looked for


def solved(case: Case, left: tuple[float, float] | None = None) -> bool:
    """Whether next to nothing is left to gain, by Newton's estimate at the point if none is given."""
    drop, distance = case.remaining if left is None else left
    if case.best.f < case.f - max(1e-3 * (case.trail.f[0] - case.best.f), 100 * case.noise):
        return False  # what is given back is another point, which nobody has looked at
    if drop <= 10 * case.noise:
        return True
    if case.asked:
        gain = float(np.nanmax(case.trail.f[:1])) - case.f
        return drop <= SETTLED * gain and _promised(case, drop, distance)
    return not case.much(drop) and (drop <= 100 * case.noise or not (ahead(case) > NEAR)[case.bends.firm].any())


def ahead(case: Case) -> np.ndarray:
    """How far Newton's step along each axis leads, as a share of the way that the coordinates have come, shape (k,).

    Of a coordinate that was where it belongs from the start, that way is rounding: a share of the way over which f
    would rise by what the run has gained stands for it.
    """
    c = case.curvature
    bend = np.zeros(case.n) if c is None else c.vectors**2 @ np.abs(c.values)
    with np.errstate(all="ignore"):
        span = np.sqrt(2 * abs(case.gains[0]) / bend)
        way = np.maximum(case.come, np.where(np.isfinite(span), STAYED * span, 0.0))
        shares = np.abs(case.newton.steps) / way[:, None]
    return np.where(case.newton.steps == 0, 0.0, shares).max(axis=0)


def _promised(case: Case, drop: float, distance: float) -> bool:
    """Whether what is left agrees with the tolerance that was asked for: short steps alone prove nothing."""
    if case.reason.code == "converged.step":
        return distance <= LENIENT * case.tolerance("xtol")
    if case.reason.code == "converged.change":
        return drop <= LENIENT * case.tolerance("ftol") * abs(case.f) + 10 * case.noise
    return True


def saddle(case: Case) -> Verdict | None:
    """A stationary point from which f falls along some direction: a saddle, or a maximum."""
    c = case.curvature
    if c is None or not _quiet(case):
        return None
    concave = case.bends.concave
    if not concave.any():
        return None
    down = case.bends.axes[:, concave]
    # down all slopes at once: each direction left out would be the next saddle
    v = down @ np.where(down.T @ case.g > 0, -1.0, 1.0)
    size = float(np.linalg.norm(v))
    v, bend = v / size, float(case.bends.values[concave].sum()) / size**2
    pushed = _push(case, v, bend) or _push(case, -v, bend)
    if pushed is None:
        return None
    t, f, v = pushed
    foreseen = abs(float(case.g @ v)) * t - bend * t * t / 2
    if case.f - f > FORESEEN * foreseen:
        return unfinished(case, t * v, f, foreseen)
    x = case.moved(t * v)
    evidence = {
        "curvature": case.sign * bend, "direction": v.tolist(), "step": t, "drop": case.f - f,
        "largest": case.sign * float(c.values[-1]),
    }  # fmt: skip
    top = c.complete and bool(concave.all())
    met = f"{case.reason.sentence} But " if case.reason.converged else ""
    what = "maximum" if case.sign > 0 else "minimum"
    head = f"this is a {what}" if top else f"this is a saddle, no {case.minimum}"
    if not met and case.slope <= SMALL**2 * case.trail.g[0]:
        head = head.capitalize()
    elif not met:
        head = f"Held up near a {what if top else 'saddle'}"
    sentence = (
        f"{met}{head}: curvature {number(case.sign * bend)} along {along(v)}. Continuing {number(t)} that "
        f"way {'lowers' if case.sign > 0 else 'raises'} f by {number(case.f - f)}."
    )
    verdict = Verdict("stalled.maximum" if top else "stalled.saddle", sentence, False, evidence, case.default(x0=x))
    if not case.reason.converged or case.much(case.f - f) or case.probes.left < 1:  # no look is left to go on
        return verdict
    if case.f - f > max(10 * case.noise, ROUNDS * float(np.finfo(case.x.dtype).eps) * case.gains[0]):
        case.slight = verdict  # else it is solved to the last digit
    return None


def slight(case: Case) -> Verdict | None:
    """A saddle that is no plateau: f falls by little along a straight line, and may along a valley by any amount.

    Wood's function beside 1e8 falls by 3e-4 on the tangent of a valley that leads 7.9 down.
    """
    return case.slight


def plateau(case: Case) -> Verdict | None:
    """The slope is tiny here, yet f is much lower not far away."""
    c = case.curvature
    firm = c is not None and case.bends.firm.all()
    if firm and (solved(case) or not _vanishing(case)):
        return None
    if case.reason.converged and c is not None and c.complete and not (firm or case.much(case.firm[0])):
        return None  # see `looks.lower`
    reach = max(float(np.linalg.norm(case.scale)), float(np.linalg.norm(case.x - case.start)))
    if case.slope > 0:
        d = -case.g / case.slope
        tries = [(d, 10.0**k) for k in range(-1, DECADES - 1)]
        if case.slope * reach <= FAINT * abs(case.f):  # what wakes up again may fall asleep on the other side
            tries += [(d, 10.0 ** (k - 0.5)) for k in range(DECADES - 1)]
    elif c is not None and abs(c.smallest) <= c.error:
        tries = [(sign * c.vectors[:, 0], 10.0**k) for k in (-1, 0, 1) for sign in (1.0, -1.0)]
    else:
        return None
    best = None
    for d, t in tries:
        f = case.value(t * reach * d)
        drop, foreseen = case.f - f, case.slope * t * reach
        if drop > FORESEEN * foreseen + 100 * case.noise and (best is None or f < best[0]):
            best = (f, t * reach, case.x + t * reach * d)
    if best is None:
        return None
    f, _, x = best
    return unfinished(case, x - case.x, f)


def lower_known(case: Case) -> Verdict | None:
    """A minimum, but a lower value is known: of the catalogue, or seen on the way."""
    if not case.reason.converged:
        return None
    if case.best.f < case.f - max(1e-3 * (case.trail.f[0] - case.best.f), 100 * case.noise):
        sentence = (
            f"{case.reason.sentence} But that is at {place(case.x)}, where f = {case.shown(case.f)}; on the "
            f"way it was {case.shown(case.best.f)} at {place(case.best.x)}, which is given back. Go on from "
            "there with smaller steps."
        )
        evidence = {"lower": case.sign * case.best.f}
        return Verdict("stalled.passed", sentence, False, evidence, case.default(x0=case.best.x))
    fun = getattr(case.oracle.objective, "fun", None)
    lowest: Any = getattr(fun, "minimum", None)
    minima: Any = getattr(fun, "minima", ())
    if lowest is None or case.sign < 0 or not solved(case):
        return None
    if case.f - lowest <= max(1e-6 * abs(lowest), 1e-3 * (case.trail.f[0] - case.f), 100 * case.noise):
        return None
    where = f" at {place(np.asarray(minima[0]))}" if len(minima) else ""
    sentence = (
        f"{case.reason.sentence} A local {case.minimum} only{_bent(case)}: f = {case.shown(case.f)} here, "
        f"but {case.shown(lowest)} is known{where}. Try other starts."
    )
    evidence = {"f": case.f, "known": lowest}
    advice = case.advise("or another start", x0=np.asarray(minima[0], float)) if len(minima) else None
    return Verdict("converged.local", sentence, True, evidence, advice)


def composed(case: Case) -> Verdict | None:
    """A test was met beside a set or a penalty, where the curvature of f alone does not tell a minimum."""
    if not case.reason.converged or case.term is None or math.isfinite(case.remaining[0]):
        return None
    sentence = f"{case.reason.sentence} No proximal step leads further."
    return Verdict(case.reason.code, sentence, True, {"f": case.sign * case.f, "gradient": case.slope})


def minimum(case: Case) -> Verdict | None:
    """A test for convergence was met, at a point where next to nothing is left to gain."""
    if not case.reason.converged:
        return None
    c = case.curvature
    evidence = {"f": case.sign * case.f, "gradient": case.slope}
    if c is None and case.probes.cut:
        missing = f"But maxfun or maxtime left nothing to prove it with: allow {10 + 2 * case.n} more."
        sentence = f"{case.reason.sentence} {missing}"
        return Verdict("budget.unproved", sentence, False, evidence, case.advise(maxfun=None, maxtime=None))
    if c is None:  # nothing can be seen around: the test stands for itself
        return Verdict(case.reason.code, case.reason.sentence, True, evidence)
    if not solved(case, case.left):
        return None
    drop, _ = case.left
    evidence |= {"smallest": case.sign * c.smallest, "largest": case.sign * c.largest, "left": drop}
    rest = f" About {number(drop)} is left to gain in f." if case.asked and drop > 0 else ""
    return Verdict(case.reason.code, f"{case.reason.sentence}{confirmed(case)}{rest}", True, evidence)


def loose(case: Case) -> Verdict | None:
    """A test for convergence was met, but far from the minimum."""
    if not case.reason.converged:
        return None
    drop, distance = case.left
    left = (
        f"f can still fall by about {number(drop)}, {number(distance)} away"
        if math.isfinite(drop)
        else f"nothing shows that it is a {case.minimum}"
    )
    evidence = {"left": drop, "distance": distance}
    if case.asked or "method" in case.given:
        cure, advice = "Leave the tests to the library, which have no units.", case.default()
    else:  # they are the library's own, and go by what the method has learned of f on its way
        cure, advice = "Begin anew from there.", case.default(x0=case.x)
    sentence = f"{case.reason.sentence} But {left}: the test is too loose for this f. {cure}"
    return Verdict("stalled.tolerance", sentence, False, evidence, advice)


def _quiet(case: Case) -> bool:
    """Whether the gradient is small enough to speak of a stationary point."""
    return case.reason.converged or case.slope <= SMALL * case.trail.g[0] or case.slope == 0


def _vanishing(case: Case) -> bool:
    return case.reason.converged or (len(case.trail.f) > 2 and abs(case.trail.f[0] - case.f) <= 1e-3 * abs(case.f))


def _push(case: Case, v: np.ndarray, curvature: float) -> tuple[float, float, np.ndarray] | None:
    """How far along `v` f falls: step and value; None where it does not, beyond its noise."""
    t = max(math.sqrt(20 * case.noise / -curvature), 1e-3 / float((np.abs(v) / case.scale).max()))
    best = None
    for _ in range(PUSHES):
        f = case.value(t * v)
        if not f < (best[1] if best else case.f - 3 * case.noise):
            break
        best = (t, f, v)
        t *= 16
    return best


def _bent(case: Case) -> str:
    c = case.curvature
    return "" if c is None else f" (smallest curvature {number(case.sign * c.smallest)})"


def confirmed(case: Case, start: str = " ") -> str:
    """That it is a minimum, and how that is known."""
    c = case.curvature
    if c is None:
        return "" if start == " " else "."
    a = f"{start}{'A' if start == ' ' else 'a'} {case.minimum}: "
    if c.complete and c.smallest > c.error:
        if c.values.size == 1:
            return f"{a}curvature {number(case.sign * c.smallest)}."
        return f"{a}smallest curvature {number(case.sign * c.smallest)}, condition {number(c.condition)}."
    if c.complete and case.bends.firm.all():
        condition = case.bends.values[-1] / case.bends.values[0]
        return f"{a}f curves up along all axes (condition {number(condition)}, with x measured in fitting units)."
    if c.complete:
        shape = "curves down by less than f is rounded" if c.negative.size else "is flat (curvature 0)"
        return f"{a}nothing lower was found, also not along {along(c.vectors[:, 0])}, where f {shape}."
    if c.smallest <= c.error and case.bends.firm.all():
        condition = case.bends.values[-1] / case.bends.values[0]
        return (
            f"{a}f curves up in {c.values.size} directions of {c.n} that were seen (condition {number(condition)}, "
            "with x measured in fitting units)."
        )
    seen = f"{number(case.sign * c.smallest)}, in {c.values.size} directions of {c.n}"
    if not case.exact:  # nor are these directions such as show the ends of a spectrum
        return f"{a}as far as was looked: smallest curvature {seen}.".replace(": as far", " as far")
    return f"{a}smallest curvature seen {seen}; none is below {number(case.sign * c.lowest)}."
