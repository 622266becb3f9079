"""The judge: asks the causes in turn, and answers with the first that fits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..history import History
from ..methods.method import Method
from ..objective.oracle import Oracle
from ..objective.point import Point
from ..stop import Reason
from .case import Case
from .registry import CAUSES, SMOOTH
from .verdict import Advice, Verdict


def judge(
    reason: Reason,
    history: History,
    oracle: Oracle | None,
    method: Method,
    last: Point | None,
    given: dict[str, Any] | None = None,
) -> Verdict:
    """Why a run ended as it did; at most 10 + 2n further calls of fun or of its gradient.

    Parameters
    ----------
    reason : Reason
        What ended it.
    history : History
        Its columns and places.
    oracle : Oracle or None
        Whose function may be asked; None where not even the first value came.
    method : Method
        What made the steps.
    last : Point or None
        The last point in the history.
    given : dict
        The keyword arguments of the call, so that advice can take them back.
    """
    if oracle is None or last is None or not len(history):
        what = {"budget.evaluations": "maxfun", "budget.time": "maxtime"}.get(reason.code)
        more = Advice({what: None}, f"without {what}") if what and given and given.get(what) else None
        return Verdict(reason.code, reason.sentence, reason.converged, {}, more)
    if oracle.best is None:
        sentence = f"f is {last.f} at the start: begin where it is finite."
        return Verdict("nonfinite.start", sentence)
    with np.errstate(all="ignore"):  # runs end at infinities; here they are evidence
        return _judge(Case(reason, history, oracle, method, last, given or {}))


def _judge(case: Case) -> Verdict:
    causes = CAUSES if case.term is None else [cause for cause in CAUSES if cause not in SMOOTH]
    verdict = next((found for cause in causes if (found := cause(case))), None)
    if verdict is None:
        verdict = Verdict(*case.reason)
    for remark, evidence in (_warned(case), _idle(case, verdict)):
        if remark:
            sentence = f"{verdict.sentence} {remark}"
            verdict = replace(verdict, sentence=sentence, evidence=verdict.evidence | evidence)
    return verdict


def _warned(case: Case) -> tuple[str, dict[str, Any]]:
    """What was found wrong with the caller's gradient, and mended."""
    warning = getattr(case.oracle.derivative, "warning", "")
    return (f"{warning[0].upper()}{warning[1:]}." if warning else ""), {"gradient": warning}


def _idle(case: Case, verdict: Verdict) -> tuple[str, dict[str, Any]]:
    """Coordinates that f does not depend on here: they never moved, and moving them changes nothing."""
    if case.n == 1 or verdict.code.startswith(("error", "interrupted", "stalled.constant", "stalled.steps")):
        return "", {}
    still = (case.g == 0) & (case.x == case.history._x[0]) & case.free
    if not still.any() or still.all() or case.probes.value(case.x + 0.1 * np.where(still, case.scale, 0.0)) != case.f:
        return "", {}
    idle = np.flatnonzero(still)
    listed = ", ".join(map(case.called, idle[:5])) + (f" and {idle.size - 5} more" if idle.size > 5 else "")
    return f"Around here f does not depend on {listed}: left as they were.", {"idle": idle.tolist()}
