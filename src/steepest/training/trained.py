"""What a training run hands out: its result, and what callbacks see after each epoch."""

from __future__ import annotations

import inspect
import itertools
import logging
import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..data import CHUNK, Arrays
from ..diagnose.explain import explain
from ..diagnose.training import Trained, judge
from ..diagnose.verdict import Verdict
from ..errors import ArgumentError
from ..losses import Logistic, Softmax
from ..methods.method import Method
from ..methods.rules import GD, Momentum, Nesterov
from ..objective.negative import function
from ..objective.oracle import Objective
from ..result import Result
from ..run import Run, agreed, told
from ..stop import Reason
from .further import further
from .linear import Model
from .plan import columns
from .trainable import innermost
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
                return agreed(callback(x))
            row = training.table[-1]
            now = Result(row._asdict(), x=x, fun=row.loss, nit=training.t, seconds_left=training.seconds_left)
            return agreed(callback(intermediate_result=now))
        except StopIteration:
            return True

    return listen


def explained(training: Training, model: Model | None, k: int) -> str:
    """How step `k` was made."""
    if training.began:
        raise ArgumentError(f"the rate was lowered at step {training.began}: the steps are not those of one method.")
    text = explain(training.method, training.run.history, training.gradient, k)
    units = "\n  (x and g are of the columns as they were scaled inside)" if model and model.scaled else ""
    return text + units


def summary(
    run: Run,
    training: Training | None,
    reason: Reason,
    objective: Objective,
    method: Method,
    evidence: dict[str, Any],
    model: Model | None,
    diagnose: bool,
) -> Result:
    """Everything so far, with the best parameters, in the caller's shapes and units."""
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
    inner = parameters.restore(x.copy())
    jac = parameters.restore(np.full_like(x, math.nan) if g is None else g)
    seen = run.history.seen(model.places) if model and model.scaled and len(run.history) else run.history
    verdict = Verdict(*reason, reason.converged)
    if diagnose and training and best:
        try:
            verdict = judge(looked_at(training, reason, best.x, run, model))
        except (Exception, KeyboardInterrupt):  # a diagnosis must not lose what the run has found
            logger.warning("the diagnosis failed", exc_info=True)
    return Result(
        x=model.outer(inner) if model else inner,
        fun=fun,
        jac=model.gradient(jac, inner) if model else jac,
        **told(reason, replace(verdict, evidence=evidence | verdict.evidence)),
        nit=training.t if training else 0,
        nfev=nfev,
        njev=njev,
        diagnosis_nfev=objective.nfev - nfev,
        seconds=time.perf_counter() - run.began,
        gradient=training.oracle.derivative.report if training else "none yet",
        method=repr(method),
        engine="compiled epoch" if training and training.engine else method.engine(x),
        epochs=columns(training.table if training else []),
        best_epoch=best.epoch if best else 0,
        history=seen,
    )


def looked_at(training: Training, reason: Reason, x: np.ndarray, run: Run, model: Model | None) -> Trained:
    """What the verdict on a run looks at."""
    plan, source, method = training.plan, training.source, training.method
    hyper = getattr(innermost(method), "hyper", {})
    lr, beta = hyper.get("lr"), hyper.get("beta", 0.0)
    adaptive = not isinstance(innermost(method), GD | Momentum | Nesterov)
    groups = list(itertools.islice(plan.batches(source, 0), 8)) if source.again else []
    oracle = training.oracle

    def gradient(group: Any) -> Callable[[np.ndarray], np.ndarray]:
        def g(x: np.ndarray) -> np.ndarray:
            oracle.hold(group)
            return oracle.pair(x)[1]

        return g

    def loss(x: np.ndarray) -> float:
        """Over the first batches: at two places the same rows, so that their scatter plays no part."""
        values = [(oracle.hold(group), oracle.value(x))[1] for group in groups]
        return float(np.mean(values)) if values else math.nan

    table, same = None, ""
    chosen = training.chosen
    if isinstance(source, Arrays):
        arrays = source.arrays
        several = len(arrays) > 1
        if several and isinstance(arrays[0], np.ndarray) and arrays[0].ndim == 2 and source.change is None:
            rows = arrays[0][:CHUNK]
            table = source.names[0], rows.mean(axis=0, dtype=float), rows.std(axis=0, dtype=float)
        if several and isinstance(y := arrays[1], np.ndarray) and y.ndim == 1 and len(y) > 1 and (y == y[0]).all():
            same = f"All {len(y)} targets {source.names[1]} are {y[0]:g}"
    x0, best = run.parameters.start, training.best
    told = training.validate is not None or not source.again
    start, end = (training.first, best.score) if told and best else (loss(x0), loss(x))
    if chosen is not None and np.ndim(chosen.basis) == 2 and end < start:
        table = None  # in coordinates where gradients are white, columns are in scale
    return Trained(
        reason, columns(training.table), start, end, training.t, lr if isinstance(lr, float) else math.nan,
        math.nan if adaptive else 1 / (1 - beta), x0, x, [gradient(group) for group in groups],
        plan.size * plan.accumulate, table, same, best.epoch if best else 0, plan.steady(source),
        model is not None and isinstance(model.loss, Logistic | Softmax) and not model.penalised,
        lr is not None and chosen is None, lambda: further(training, x, model), chosen.setbacks if chosen else (),
    )  # fmt: skip
