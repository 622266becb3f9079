"""Functions that are not what a gradient method needs: random, or with steps; and gradients that are not theirs."""

from __future__ import annotations

import math

import numpy as np

from .case import Case
from .kinks import decayed, differences, sudden
from .looks import unfinished
from .verdict import Verdict
from .words import along, number, place

LEFT = 1e-9  # of the largest gradient of the run: a slope below that accuses nobody
GOLDEN = (math.sqrt(5) - 1) / 2
WRONG = 1e-2  # relative error of a slope from which a gradient is called wrong


def wandering(case: Case) -> Verdict | None:
    """fun is random: the run came as far as its noise allows, or is still on its way."""
    if not case.random:
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


def wrong_gradient(case: Case) -> Verdict | None:
    """The gradient is not that of f where the run ended."""
    d = _doubtful(case)
    if d is None:
        return None
    claimed = float(case.g @ d)
    unit = float(np.finfo(case.x.dtype).eps)
    moving = np.abs(d) > 1e-3
    if not moving.any():  # a direction that overflowed
        return None
    reach = float((case.scale[moving] / np.abs(d[moving])).min())
    noise = max(case.noise, unit * float(np.abs(case.trail.f[case.trail.finite][-20:]).max()))
    # the smallest steps that still show the slope to four digits: f may bend sharply
    h = unit**0.2 * reach
    if claimed:
        h = max(min(1e5 * noise / abs(claimed), h), 2.0**14 * unit * reach)
    measured, error = _central(case, d, h, noise)
    # near a minimum the parts of a gradient cancel: what is left of it is rounding, and nobody's fault
    rounding = LEFT * float(np.nanmax(case.trail.g))
    if not abs(measured - claimed) > 10 * error + WRONG * abs(claimed) + rounding:
        return None
    again, doubt = _central(case, d, h / 4, noise)
    error = max(error, doubt) + abs(again - measured)
    if not abs(again - claimed) > 10 * error + WRONG * abs(claimed) or not math.isfinite(error):
        return None
    ratio = f"{number(claimed / again)} times as much" if again else "infinitely many times as much"
    sentence = (
        f"Your gradient disagrees with f at {place(case.x)}: along {along(d)} it claims the slope "
        f"{number(claimed)}, measured is {number(again)} ({ratio}). steepest.check_gradient shows which "
        "component is wrong."
    )
    evidence = {"claimed": claimed, "measured": again, "error": error}
    return Verdict("stalled.gradient", sentence, False, evidence, differences(case))


def _doubtful(case: Case) -> np.ndarray | None:
    """A direction in which the gradient is worth a check: its own, or one in which it claims that f is flat."""
    if not case.exact or case.probes.left < 2 or not case.slope < math.inf:
        return None
    if case.slope == 0:
        d = np.where(case.free, np.where(np.arange(case.n) % 2, -1.0, 1.0), 0.0)
        return d / np.linalg.norm(d) if d.any() else None
    if not case.reason.converged:
        return case.g / case.slope
    c = case.curvature
    flat = None if c is None or not c.complete else np.flatnonzero(np.abs(c.values) <= c.error)
    if flat is None or c is None or not flat.size:
        return None
    return c.vectors[:, flat].sum(axis=1) / math.sqrt(flat.size)


def _central(case: Case, d: np.ndarray, h: float, noise: float) -> tuple[float, float]:
    """The slope of f along `d` by a central difference, and a bound on its error."""
    points = [case.moved(t * d) for t in (h, -h)]
    right, left = map(case.probes.value, points)
    measured = (right - left) / float((points[0].astype(float) - points[1]) @ d)
    # half the angle between the slopes on either side, in case of a kink, and rounding
    return measured, abs(right - 2 * case.f + left) / (2 * h) + 4 * noise / h


def staircase(case: Case) -> Verdict | None:
    """f is constant around the point but not farther away: a staircase; or constant everywhere."""
    if case.slope or case.f != case.best.f or case.n > case.probes.left:
        return None
    d = np.where(np.arange(case.n) % 2, -1.0, 1.0) * (1 + GOLDEN * np.arange(case.n) % 1)
    d /= np.linalg.norm(d)  # no two numbers alike: along (1, -1) x0^2 - x1^2 is constant
    reach = case.scale * math.sqrt(case.n)
    known: list[tuple[float, float, float]] = []
    for t, sign in ((t, sign) for t in (1e-3, 0.1, 1.0, 10.0) for sign in (1.0, -1.0)):
        f = case.value(sign * t * reach * d)
        known.append((f, sign, t))
        if len(known) > 1 and f != case.f and math.isfinite(f):
            break
    if known[0][0] != case.f and known[1][0] != case.f:
        return None
    changed = [look for look in known if look[0] != case.f and math.isfinite(look[0])]
    if not changed:
        if case.value(d) != case.f:
            return None  # it depends on x, but x is tiny
        sentence = (
            f"f is {case.shown(case.f)} wherever it was tried: it does not depend on x at all. Does fun use "
            "its argument?"
        )
        return Verdict(
            "stalled.constant", sentence, False, {"values": len(known)}, case.advise("make fun depend on x")
        )
    value, sign, t = changed[0]
    low, high, f_low, f_high = 0.0, t, case.f, value
    changes = [abs(f_high - f_low)]
    while case.probes.left > 1 and (high - low > 1e-2 * t or not sudden(changes)) and high - low > 1e-4 * t:
        middle = (low + high) / 2
        f = case.value(sign * middle * reach * d)
        if abs(f - f_low) > abs(f_high - f):
            high, f_high = middle, f
        else:
            low, f_low = middle, f
        changes.append(abs(f_high - f_low))
    way = sign * reach * d
    if not sudden(changes) or abs(f_high - f_low) <= 2 * case.noise:  # the last digit of f is no step
        return unfinished(case, t * way, value) if case.much(case.f - value) else None
    if _sloping(case, case.x + high * way, (low - high) * way, f_high, f_high - f_low):
        return _levelled(case, high * way, f_high)
    at = case.x + (low + high) / 2 * way
    sentence = (
        f"f is a staircase: exactly {case.shown(case.f)} all around, so its gradient is 0, but it jumps by "
        f"{number(abs(f_high - f_low))} near {place(at)}. Gradients can't see steps; replace rounding or "
        "counting by something smooth."
    )
    evidence = {"x": at.tolist(), "leap": f_high - f_low}
    return Verdict(
        "stalled.steps", sentence, False, evidence, case.advise("smooth f: gradients can't see steps")
    )


def _sloping(case: Case, x: np.ndarray, by: np.ndarray, f: float, leap: float) -> bool:
    """Whether the slope at `x`, where f is known, explains its `leap` over `by`: f is smooth there."""
    x = x.astype(case.x.dtype)
    g = case.probes.gradient(x)
    if g is not None:
        return abs(float(g @ by)) > 0.1 * abs(leap)
    near = case.probes.value((x - by / 16).astype(case.x.dtype))  # away from the leap
    return 16 * abs(near - f) > 0.1 * abs(leap)


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
