"""Elsewhere f is lower, by more than may be left: what that says of the end of a run, and where to start again."""

from __future__ import annotations

import math

import numpy as np

from .case import Case
from .verdict import Verdict
from .words import along, number

FORESEEN = 100  # a fall so many times larger than slope and curvature foresee is no slope but a plateau's end


def unfinished(case: Case, by: np.ndarray, f: float, foreseen: float | None = None) -> Verdict:
    """f is lower `by` away, where its value is `f`: the end of a plateau, or of a slope that nothing bends."""
    slope = abs(float(case.g @ by)) if foreseen is None else foreseen
    if case.point.error is not None and np.isinf(case.point.error[by != 0]).any():
        slope = math.inf  # as far as is known
    distance, fall = float(np.linalg.norm(by)), case.f - f
    opening = f"{case.reason.sentence} But" if case.reason.converged else "No end:"
    there = f"{number(distance)} away f is {'lower' if case.sign > 0 else 'higher'} by {number(fall)}"
    advice = case.default(x0=case.moved(by))
    if fall > FORESEEN * slope:
        sentence = (
            f"{opening} this is a plateau: the slope here is only {number(case.slope)}, while {there}. Start there, or "
            "rescale f."
        )
        evidence = {"slope": case.slope, "distance": distance, "drop": fall}
        return Verdict("stalled.plateau", sentence, False, evidence, advice)
    sentence = (
        f"{opening} f still {case.falls} along {along(by)}, of which no curvature was seen: {there}. Start there, or "
        "measure x in units in which its numbers are alike."
    )
    evidence = {"direction": by.tolist(), "distance": distance, "drop": fall}
    return Verdict("stalled.slope", sentence, False, evidence, advice)


def rippled(case: Case, by: np.ndarray, fall: float) -> Verdict:
    """f is lower by `fall` there, though gradient and curvature foresee nothing of it: it is rough."""
    distance = float(np.linalg.norm(by))
    opening = f"{case.reason.sentence} But only" if case.reason.converged else "Only"
    sentence = (
        f"{opening} {number(distance)} away f is {'lower' if case.sign > 0 else 'higher'} by "
        f"{number(fall)}, of which neither gradient nor curvature know: f is rough, it ripples on a smaller scale. "
        "Smooth it, or take differences over longer steps."
    )
    evidence = {"distance": distance, "drop": fall}
    advice = case.default("f is rough", x0=case.moved(by))
    return Verdict("stalled.rough", sentence, False, evidence, advice)


def beside_an_edge(case: Case) -> Verdict:
    """A slope, so near to where f is not defined that nothing can be proved."""
    sentence = (
        f"{case.reason.sentence} But f is not finite everywhere around, and has a slope of {number(case.slope)}: what "
        "is lowest beside an edge is found where the edge is told."
    )
    advice = case.advise("keep x where f is defined, by bounds=[(low, high), ...] or project=")
    return Verdict("nonfinite.domain", sentence, False, {"gradient": case.slope}, advice)
