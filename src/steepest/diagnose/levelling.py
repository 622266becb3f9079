"""Levelling: f falls ever more slowly towards a limit at infinity, and no step of a run arrives there."""

from __future__ import annotations

import numpy as np

from .case import Case
from .stationary import SMALL, STAYED, ahead, solved
from .verdict import Verdict
from .words import along, number

SOME = 1e-3  # of the way so far, that a Newton step must be for asking whether it ends there
BEYOND = 10  # times Newton's step: where that is right, the slope there is 9 times the one here, and uphill
LIMITS = 3  # axes along which that is asked, at most


def levelling(case: Case) -> Verdict | None:
    """f falls ever more slowly towards a value that it never reaches."""
    if not len(case.trail.moves) or case.slope > 10 * SMALL * case.trail.g[0] or case.trail.turns:
        return None
    c = case.curvature
    way = float(np.linalg.norm(case.x - case.start))
    if c is None or not way:
        return None
    beyond = _beyond(case)
    if beyond is None and solved(case):
        return None
    if not c.smallest < 0.1 * case.trail.g[0] / way:  # curved as much as on the way here: no levelling
        return None
    d = case.trail.moves[-1] if beyond is None else beyond
    d = d * (way / max(float(np.linalg.norm(d)), 1e-300))
    drops = [case.f - case.value(10.0**k * d) for k in (0, 1, 2)]
    if beyond is not None:
        drops = [drop for drop in drops if drop <= case.enough] or [0.0]  # elsewhere may be other valleys
    elif not (drops[0] > 2 * case.noise and drops[0] <= drops[1] * (1 + 1e-12) <= drops[2] * (1 + 1e-9)):
        return None
    further, most = number(10.0 ** (len(drops) - 1) * way), max(drops[-1], 0.0)
    sentence = (
        f"f {case.falls} ever more slowly along {along(d)}: the slope is down to {number(case.slope)}, and "
        f"even {further} further on it is only {number(most)} {'lower' if case.sign > 0 else 'higher'}. It seems to "
        f"have no {case.minimum}, only a limit near {case.shown(case.f - most)}."
    )
    evidence = {"slope": case.slope, "limit": case.sign * (case.f - most)}
    advice = case.advise("bound x, or add a penalty: there is nothing to arrive at")
    return Verdict("stalled.levelling", sentence, False, evidence, advice)


def _beyond(case: Case) -> np.ndarray | None:
    """Newton's step along an axis on which f still falls far beyond the place where that sees its minimum."""
    with np.errstate(all="ignore"):
        shares = np.where(case.newton.steps == 0, 0.0, np.abs(case.newton.steps) / case.come[:, None])
    shares = np.where(case.bends.firm, np.nan_to_num(shares, posinf=0.0), 0.0)
    long = shares.max(axis=0)
    for k in np.argsort(-long)[: min(LIMITS, int((long > SOME).sum()))]:
        step = case.newton.steps[:, k]
        if not (ahead(case)[k] > SOME or _came(case, int(shares[:, k].argmax()))):
            continue
        x = case.moved(BEYOND * step)
        if case.exact:
            g = case.probes.gradient(x)
            if g is not None and float(g @ step) < 0:
                return step
        elif case.probes.value(x) < case.f - 2 * case.noise:
            return step
    return None


def _came(case: Case, i: int) -> bool:
    """Whether x_i has come a way that counts (see `ahead`), although the curvature here foretells no such rise of f
    back over it: that of exp(-x) fades."""
    back = (case.start - case.x) * np.eye(1, case.n, i)[0]
    return case.value(back) - case.f > max(10 * case.noise, STAYED**2 * abs(case.gains[0]))
