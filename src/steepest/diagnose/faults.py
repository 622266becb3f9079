"""Faults of a gradient: it is not that of f where a run ended."""

from __future__ import annotations

import math

import numpy as np

from .case import Case
from .verdict import Advice, Verdict
from .words import along, number, place

LEFT = 1e-9  # of the largest gradient of the run: a slope below that accuses nobody
WRONG = 1e-2  # relative error of a slope from which a gradient is called wrong


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
    return disagreeing(case, d, claimed, again, error)


def disagreeing(case: Case, d: np.ndarray, claimed: float, measured: float, error: float) -> Verdict:
    """Along `d` the slope is not what the gradient claims."""
    ratio = f"{number(claimed / measured)} times as much" if measured else "infinitely many times as much"
    met = f"{case.reason.sentence} But your" if case.reason.converged else "Your"
    sentence = (
        f"{met} gradient disagrees with f at {place(case.x)}: along {along(d)} it claims the slope "
        f"{number(claimed)}, measured is {number(measured)} ({ratio}). steepest.check_gradient shows which "
        "component is wrong."
    )
    evidence = {"claimed": claimed, "measured": measured, "error": error}
    return Verdict("stalled.gradient", sentence, False, evidence, differences(case))


def differences(case: Case) -> Advice:
    """Differences in place of a wrong gradient, and the steps that it has wasted."""
    return case.advise("differences instead", jac="fd", **{name: None for name in ("maxiter",) if name in case.given})


def _doubtful(case: Case) -> np.ndarray | None:
    """A direction in which the gradient is worth a check: its own, or one in which it claims that f is flat."""
    if not case.exact or case.probes.left < 2 or not case.slope < math.inf:
        return None
    if case.slope == 0:
        d = np.where(case.free, case.skewed, 0.0)
        return d / np.linalg.norm(d) if d.any() else None
    if not case.reason.converged:
        return case.g / case.slope
    if case.own:
        d = case.skewed * case.scale * case.free
        return d / np.linalg.norm(d) if d.any() else None
    c = case.curvature
    flat = None if c is None or not c.complete else np.flatnonzero(np.abs(c.values) <= c.error)
    if flat is None or c is None or not flat.size:
        return None
    return c.vectors[:, flat].sum(axis=1) / math.sqrt(flat.size)


def _central(case: Case, d: np.ndarray, h: float, noise: float) -> tuple[float, float]:
    """The slope of f along `d` by a central difference, and a bound on its error."""
    points = [case.moved(t * d) for t in (h, -h)]
    right, left = map(case.probes.value, points)
    if right == left == case.f:  # within the rounding of what fun adds up to so little, it tells no slope
        return 0.0, math.inf
    measured = (right - left) / float((points[0].astype(float) - points[1]) @ d)
    # half the angle between the slopes on either side, in case of a kink, and rounding
    return measured, abs(right - 2 * case.f + left) / (2 * h) + 4 * noise / h
