"""Functions that are not what a gradient method needs: random, or with steps."""

from __future__ import annotations

import math

import numpy as np

from .case import Case
from .elsewhere import unfinished
from .flat import overshot
from .halving import Span, halved, sudden
from .kinks import decayed
from .verdict import Verdict
from .words import number, place

# changes of f over halves, after which its slope is asked, unless one place has most of the change: where f has fallen
# to its last digit an eighth of the way has all of it, of x^4 four tenths
SMOOTH, SPREAD = 4, 0.9
FAR = 10.0  # times the scale of x: that far fun is asked whether it depends on x
NEAR = 4  # looks, up to a tenth of how far x may be expected to move: what is flat over less is the bottom of a bowl


def wandering(case: Case) -> Verdict | None:
    """fun is random: the run came as far as its noise allows, or is still on its way."""
    if not case.random or case.reason.code in ("diverged", "nonfinite"):
        return None
    f, sigma = case.trail.f, case.noise
    quarter = max(len(f) // 4, 1)
    late, early = f[-quarter:], f[-2 * quarter : -quarter] if f.size > 1 else f
    spread = max(float(np.std(late)), sigma)
    gain = float(early.mean() - late.mean())
    evidence = {"noise": sigma, "average": case.sign * float(late.mean()), "gain": gain}
    noisy = f"fun is random: one value is uncertain by about {number(sigma)}"
    if gain > 4 * spread / math.sqrt(quarter) and case.reason.code.startswith("budget"):
        sentence = (
            f"{noisy}. Its average still {case.falls}, by {number(gain)} over the last {quarter} steps: the "
            f"run was too short. {case.reason.sentence}"
        )
        return Verdict("budget.noise", sentence, False, evidence, decayed(case, 4 * len(f)))
    if float(f[0] - f.min()) <= 4 * spread and (nothing := _noise_alone(case, spread)):
        return nothing
    drop, c = case.remaining[0], case.curvature
    if case.reason.converged and (c is None or c.smallest > -c.error):
        drop = min(drop, case.firm[0])  # curvatures that drown in the noise are no evidence against the test
    if drop <= 3 * sigma:
        sentence = (
            f"Solved down to the noise: {noisy}, and what is left to gain is about {number(drop)}. More "
            "steps will not help; averaging 16 values a point lowers the floor about 4 times."
        )
        return Verdict("converged.noise", sentence, True, evidence | {"drop": drop})
    cure = "let the learning rate decay to zero, or average" if math.isfinite(case.lr) else "average"
    sentence = (
        f"{noisy}, and the run wanders at that level: f averages {case.shown(float(late.mean()))} over the "
        f"last {quarter} steps, and before that {case.shown(float(early.mean()))}. To come closer, {cure} "
        "more samples a point."
    )
    return Verdict("stalled.noise", sentence, False, evidence, decayed(case, len(f)))


def _noise_alone(case: Case, spread: float) -> Verdict | None:
    """The run has gained nothing, and nothing but noise is seen from one side of x to the other."""
    far = FAR * math.sqrt(case.n) * np.maximum(case.scale, case.come) * case.skewed
    values = [case.value(by) for by in (far, -far, far / FAR, -far / FAR)]
    if not all(abs(value - case.f) <= 4 * spread for value in values):  # nor where it is NaN
        return None
    sentence = (
        f"fun is random, and nothing else is seen of it: one value is uncertain by about {number(spread)}, and as far "
        f"as {number(float(np.linalg.norm(far)))} away they differ by no more. Does fun use its argument?"
    )
    return Verdict("stalled.constant", sentence, False, {"values": len(values)}, case.advise("make fun depend on x"))


def staircase(case: Case) -> Verdict | None:
    """f is constant around the point but not farther away: a staircase; or constant everywhere."""
    if case.slope or case.f != case.best.f or case.n > case.probes.left:
        return None
    looks = _outwards(case)
    if looks[0][1] != case.f and looks[1][1] != case.f:
        return None
    changed = next(((by, f) for by, f in looks if f != case.f and math.isfinite(f)), None)
    if changed is None:
        return _constant(case, len(looks))
    way, value = changed

    def far(span: Span, changes: list[float]) -> bool:
        if len(changes) == SMOOTH and changes[-1] < SPREAD * changes[0]:
            return _sloping(case, span, way, changes[-1])
        width = span.high - span.low
        return (width <= 1e-2 and sudden(changes)) or width <= 1e-4 or case.probes.left <= 1

    span, changes = halved(lambda t: case.value(t * way), Span(0.0, 1.0, case.f, value), far)
    low, high, f_low, f_high = span
    steps = len(changes) > SMOOTH and changes[SMOOTH - 1] < SPREAD * changes[0]  # many: no slope was found there
    if not (steps or sudden(changes)) or abs(f_high - f_low) <= 2 * case.noise:  # the last digit of f is no step
        if case.much(case.f - value):
            return unfinished(case, way, value)
        return (_around(case, np.abs(way / case.skewed)) if len(looks) > NEAR else None) or overshot(case)
    if _sloping(case, span, way, f_high - f_low):
        return _levelled(case, high * way, f_high)
    at = case.x + (low + high) / 2 * way
    sentence = (
        f"f is a staircase: exactly {case.shown(case.f)} all around, so its gradient is 0, but it jumps by "
        f"{number(abs(f_high - f_low))} near {place(at)}. Gradients can't see steps; replace rounding or "
        "counting by something smooth."
    )
    evidence = {"x": at.tolist(), "leap": f_high - f_low}
    return Verdict("stalled.steps", sentence, False, evidence, case.advise("smooth f: gradients can't see steps"))


def _outwards(case: Case) -> list[tuple[np.ndarray, float]]:
    """Steps to either side, ever farther until f changes, and the values there; two at least."""
    looks: list[tuple[np.ndarray, float]] = []
    for t, sign in ((t, sign) for t in (1e-3, 0.1, 1.0, 10.0) for sign in (1.0, -1.0)):
        d = np.abs(case.skewed) if t == 1 else case.skewed  # what wakes up along neither may along the other
        by = sign * t * (case.scale * math.sqrt(case.n)) * d
        looks.append((by, case.value(by)))
        if len(looks) > 1 and looks[-1][1] != case.f and math.isfinite(looks[-1][1]):
            break
    return looks


def _constant(case: Case, values: int) -> Verdict | None:
    """f did not change at so many places around: unless it depends on x elsewhere, or x is tiny, it never does."""
    if (case.trail.f != case.f).any() or case.value(case.skewed) != case.f:
        return None
    sentence = (
        f"f is {case.shown(case.f)} wherever it was tried: it does not depend on x at all. Does fun use its argument?"
    )
    return Verdict("stalled.constant", sentence, False, {"values": values}, case.advise("make fun depend on x"))


def _around(case: Case, reach: np.ndarray) -> Verdict | None:
    """f is flat here and smooth where it changes: whether it is lower as far away along one of the numbers."""
    for i in range(min(case.n, (case.probes.left - 1) // 2)):
        for by in (reach * np.eye(1, case.n, i)[0], -reach * np.eye(1, case.n, i)[0]):
            f = case.value(by)
            if case.much(case.f - f):
                return unfinished(case, by, f)
    return None


def _sloping(case: Case, span: Span, way: np.ndarray, leap: float) -> bool:
    """Whether the slope at the far end of a span explains the `leap` of f over it: f is smooth there."""
    by, x = (span.low - span.high) * way, (case.x + span.high * way).astype(case.x.dtype)
    g = case.probes.gradient(x)
    if g is not None:
        return abs(float(g @ by)) > 0.1 * abs(leap)
    near = case.probes.value((x - by / 16).astype(case.x.dtype))  # away from the leap
    return 16 * abs(near - span.right) > 0.1 * abs(leap)


def _levelled(case: Case, by: np.ndarray, f: float) -> Verdict:
    """f is smooth, but so flat here that its last digit does not change."""
    if f < case.f:
        return unfinished(case, by, f)
    sentence = (
        f"f is exactly {case.shown(case.f)} all around, though it bends near {place(case.x + by)}: it has levelled "
        f"off to the last digit. It seems to have no {case.minimum}, only a limit."
    )
    advice = case.advise("bound x, or add a penalty: there is nothing to arrive at")
    return Verdict("stalled.levelling", sentence, False, {"slope": 0.0, "limit": case.sign * case.f}, advice)
