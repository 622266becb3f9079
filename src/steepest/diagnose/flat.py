"""Flat ground: whether a run that ended there had come down to it, or was thrown on to it."""

from __future__ import annotations

import math

import numpy as np

from .case import Case
from .elsewhere import unfinished
from .verdict import Verdict
from .words import number

# times its own size at the start: a coordinate that is so large was not on its way to a minimum (Misra1b, Rat42 and
# Rat43 of NIST: 2e3 to 3e11 times)
AFAR = 1e3
SHORT = 0.1  # of the way so far: such a last step has not thrown a run anywhere
HALVINGS = 5  # of the way back, towards where it begins to rise


def thrown(case: Case) -> Verdict | None:
    """A test was met where f does not react to x, all around or along coordinates that have run away."""
    c = case.curvature
    if not case.reason.converged or case.term is not None or c is None or not c.complete:
        return None
    unseen = np.isinf(case.bends.errors)
    if unseen.all() and not case.g.any():
        return overshot(case)
    bend = (c.vectors**2 @ c.values) * case.x**2
    still = (np.abs(case.g * case.x) + np.abs(bend) <= 10 * case.noise) | case.bends.axes[:, unseen].any(axis=1)
    away = still & case.free & (case.start != 0) & (np.abs(case.x) > AFAR * np.abs(case.start))
    return _run_away(case, np.flatnonzero(away)) if away.any() else None


def _run_away(case: Case, away: np.ndarray) -> Verdict:
    i = int(away[0])
    sentence = (
        f"{case.reason.sentence} But f does not react to {case.called(i)} any more, which has run from "
        f"{number(case.start[i])} to {number(case.x[i])}: it has levelled off there to the last digit. It seems to "
        f"have no {case.minimum}, only a limit."
    )
    evidence = {"slope": case.slope, "limit": case.sign * case.f}
    advice = case.advise("bound x, or start elsewhere: there is nothing to arrive at")
    return Verdict("stalled.levelling", sentence, False, evidence, advice)


def overshot(case: Case) -> Verdict | None:
    """f is flat all around: from the bottom of a wide basin it only rises on the way back to where it came from; beside
    a plateau something lower is on that way, or nothing but the plateau is seen."""
    higher = np.flatnonzero(case.trail.f > case.f)
    if not higher.size or len(case.trail.f) != len(case.trail.places):
        return None
    back = (case.trail.places[higher[-1]] - case.x).astype(float)
    if (np.abs(back) < SHORT * case.come).all():
        return None
    level, rising = 0.0, 1.0  # shares of the way back
    for _ in range(HALVINGS):
        middle = (level + rising) / 2
        f = case.value(middle * back)
        if case.much(case.f - f):
            return unfinished(case, middle * back, f)
        if math.isnan(f) or case.much(f - case.f):
            rising = middle
        else:
            level = middle
    return _level(case, float(np.linalg.norm(back))) if rising == 1.0 else None


def _level(case: Case, way: float) -> Verdict:
    sentence = (
        f"{case.reason.sentence} But this is a plateau: f is exactly {case.shown(case.f)} all around, also most "
        f"of the way back to where it came from, {number(way)} away. Start nearer to a {case.minimum}, or rescale f."
    )
    evidence = {"slope": 0.0, "distance": way}
    return Verdict("stalled.plateau", sentence, False, evidence, case.default())
