"""Jumps of f itself: a run that was stopped by one, and what is said of them."""

from __future__ import annotations

import numpy as np

from .case import Case
from .verdict import Verdict
from .words import number, place

BESIDE = 1e-8  # of x: so near
CLOSER = (1 / 16, 1 / 256)  # shares of that, over which f changes by as much, where it jumps
SAME = 0.1  # of it, within


def beside(case: Case) -> Verdict | None:
    """The run came to rest, but f jumps right beside: differences across it tell no slope, and it passes for noise."""
    error, rested = case.point.error, case.reason.converged or case.reason.code == "stalled"
    if not rested or error is None or case.random or case.term is not None:
        return None
    size = np.where(case.x == 0, case.scale, np.abs(case.x))
    most = abs(case.f) + abs(case.gains[0]) or np.finfo(float).max  # a start where f is 0 tells no size
    unknown = (error * size > most).any()  # as where a difference goes across the jump
    if not (unknown or getattr(case.derivative, "rough", False)):
        return None
    d = BESIDE * size * case.skewed / np.abs(case.skewed).max()
    for by in (d, -d):
        leap = case.value(by) - case.f
        if case.much(abs(leap)) and all(_same(case.value(t * by) - case.f, leap) for t in CLOSER):
            return jump(case, case.x + by, leap)
    return None


def _same(leap: float, other: float) -> bool:
    return abs(leap - other) < SAME * abs(other)


def jump(case: Case, at: np.ndarray, leap: float) -> Verdict:
    """f is not continuous: it changes by `leap` at a place."""
    sentence = (
        f"f jumps by {number(abs(leap))} near {place(at)}: it is not continuous there, and its gradient "
        "does not know. A where, an if or a rounding in f?"
    )
    evidence = {"x": at.tolist(), "leap": leap}
    return Verdict("stalled.jump", sentence, False, evidence, case.advise("remove the jump from f"))
