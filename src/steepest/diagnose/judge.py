"""The judge: asks the causes in turn, and answers with the first that fits."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..history import History
from ..method import Method
from ..oracle import Oracle
from ..point import Point
from ..stop import Reason
from .broken import outside
from .case import Case
from .registry import CAUSES
from .verdict import Verdict


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
        The last point that the loop yielded.
    given : dict
        The keyword arguments of the call, so that advice can take them back.
    """
    if oracle is None or last is None or not len(history):
        return Verdict(reason.code, reason.sentence, reason.converged)
    if oracle.best is None:
        sentence = f"f is {last.f} at the start {last.x}: start where it is finite."
        return Verdict("nonfinite.start", sentence, False)
    case = Case(reason, history, oracle, method, last, given or {})
    ended = outside(case)
    verdict = ended or next((found for cause in CAUSES if (found := cause(case))), None)
    if verdict is None:
        verdict = Verdict(reason.code if not reason.converged else "stalled.unsolved", reason.sentence)
    return verdict


def diagnose(f, result):
    raise NotImplementedError
