"""Ends at which differences saw nothing: no slope is not a slope of zero."""

from __future__ import annotations

import math

import numpy as np

from .broken import sunk
from .case import Case
from .verdict import Verdict
from .words import place


def unseen(case: Case) -> Verdict | None:
    """Differences found nothing to hold on to: the gradient is not zero, but unknown."""
    error = case.last.error
    if not case.reason.converged or error is None or case.g.any() or np.isfinite(error).any() or sunk(case):
        return None
    if not math.isfinite(case.noise):
        sentence = f"f is {case.shown(case.f)} at {place(case.x)}, where its values overflow: no slope can be had."
        return Verdict("nonfinite.overflow", sentence, False, {"f": case.sign * case.f}, case.default())
    looks = [sign * t * case.scale for t in (1e-3, 1e-6) for sign in (1.0, -1.0)]
    if any(math.isfinite(case.value(by)) for by in looks):
        return None
    sentence = (
        f"The gradient at {place(case.x)} is unknown: f = {case.shown(case.f)} there, but all around it is not finite, "
        "or raises an error."
    )
    return Verdict("nonfinite.gradient", sentence, False, {"x": case.x.tolist()})
