"""Points that are solved as far as the numbers allow, although no test was met."""

from __future__ import annotations

import math

import numpy as np

from ..errors import counted
from .case import Case
from .ripples import sloping
from .stationary import SMALL, confirmed, solved
from .verdict import Verdict
from .words import number


def floor(case: Case) -> Verdict | None:
    """No test was met, but the point is solved as far as the numbers allow."""
    c = case.curvature
    if case.reason.converged or c is None or not case.bends.firm.all():
        return None
    unit = float(np.finfo(case.x.dtype).eps)
    if not (c.complete or case.exact) and case.slope > math.sqrt(unit) * case.trail.g[0]:
        return None  # too few directions were seen to tell without the gradient's help
    drop, distance = case.remaining
    gain = case.trail.f[0] - case.f
    way = float(np.linalg.norm(case.x - case.start))
    if case.rounded(case.newton.step):
        sentence = (
            f"Solved to the last digit of x: the {case.minimum} is {number(distance)} away, which is below its "
            f"rounding.{confirmed(case)} More steps will not help."
        )
        evidence = {"left": drop, "noise": case.noise, "gradient": case.slope}
        return Verdict("converged.precision", sentence, True, evidence)
    exhausted = drop <= 2 * case.noise
    if not exhausted and not (drop <= unit * gain and distance <= math.sqrt(unit) * way):
        return None
    evidence = {"left": drop, "noise": case.noise, "gradient": case.slope}
    if not exhausted:
        sentence = (
            f"Solved, although no test was met in {counted(case.last_step, 'step')}{confirmed(case, ': ')} What is "
            f"left to gain is about {number(drop)}, {number(drop / gain)} of what the run has gained."
        )
        return Verdict("converged.precision", sentence, True, evidence)
    if case.noise <= 16 * unit * abs(case.f):
        sentence = (
            f"Solved to the last digit: what is left to gain, about {number(drop)}, is below the rounding "
            f"of f = {case.shown(case.f)}, {number(case.noise)}. More steps will not help."
        )
        return Verdict("converged.precision", sentence, True, evidence)
    if found := sloping(case):
        return found
    sentence = (
        f"Solved down to the noise: f can't be resolved below {number(case.noise)}, and what is left to "
        f"gain is about {number(drop)}. More steps will not help; a more exact f would."
    )
    return Verdict("converged.noise", sentence, True, evidence)


def searched(case: Case) -> Verdict | None:
    """A search found nothing lower where next to nothing is left: f is rounded by more than its last digit."""
    c = case.curvature
    if case.reason.code != "stalled" or c is None or not (case.bends.values > 0).all() or not solved(case):
        return None
    if not c.complete and case.slope > SMALL * case.trail.g[0]:
        return None
    drop, _ = case.remaining
    sentence = (
        f"Solved as far as f tells: no search finds anything lower than {case.shown(case.f)}, and what is left to gain "
        f"is about {number(drop)}, of {number(case.gains[0])} that the run has gained.{confirmed(case)}"
    )
    evidence = {"left": drop, "noise": case.noise, "gradient": case.slope}
    return Verdict("converged.precision", sentence, True, evidence)
