"""What a training run hands out: its result, and what callbacks see after each epoch."""

from __future__ import annotations

import inspect
import logging
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .method import Method
from .negative import function
from .oracle import Objective
from .plan import columns
from .result import STATUS, Result
from .run import Run
from .stop import Reason
from .training import Training

logger = logging.getLogger("steepest")


def listener(callback: Callable[..., Any], run: Run, out: Callable[[Any], Any]) -> Callable[[Training], bool]:
    """`callback` in the form that its signature asks for; tells whether it wants to stop."""
    function(callback, "callback")
    try:
        named = set(inspect.signature(callback).parameters) == {"intermediate_result"}
    except (TypeError, ValueError):
        named = False

    def listen(training: Training) -> bool:
        x = out(run.parameters.restore(training.x.copy()))
        try:
            if not named:
                return callback(x) is True
            row = training.table[-1]
            now = Result(row._asdict(), x=x, fun=row.loss, nit=training.t, seconds_left=training.seconds_left)
            return callback(intermediate_result=now) is True
        except StopIteration:
            return True

    return listen


def summary(
    run: Run,
    training: Training | None,
    reason: Reason,
    objective: Objective,
    method: Method,
    evidence: dict[str, Any],
    out: Callable[[Any], Any],
) -> Result:
    """Everything so far, with the best parameters, in the caller's shapes."""
    parameters = run.parameters
    nfev, x, fun, g = objective.nfev, parameters.start, math.nan, None
    best = training.best if training else None
    if training and best:
        x, fun = best.x, best.score
        if not reason.code.startswith(("error", "interrupted", "budget.time")):
            try:
                fun, g = training.final(x)
            except (Exception, KeyboardInterrupt):  # what was found must not be lost
                logger.warning("the final loss could not be computed", exc_info=True)
    njev = training.oracle.njev if training else 0
    return Result(
        x=out(parameters.restore(x.copy())),
        fun=fun,
        jac=parameters.restore(np.full_like(x, math.nan) if g is None else g),
        success=reason.converged,
        status=STATUS[reason.code.partition(".")[0]],
        message=reason.sentence,
        code=reason.code,
        evidence=evidence,
        advice=None,
        stopped=list(reason),
        nit=training.t if training else 0,
        nfev=nfev,
        njev=njev,
        diagnosis_nfev=objective.nfev - nfev,
        seconds=time.perf_counter() - run.began,
        gradient=training.oracle.derivative.report if training else "none yet",
        method=repr(method),
        engine=method.engine(x),
        epochs=columns(training.table if training else []),
        best_epoch=best.epoch if best else 0,
        history=run.history,
    )
