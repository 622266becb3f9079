"""A training run from its race to its result, and what callbacks see after each epoch."""

from __future__ import annotations

import itertools
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ..derivatives import Paired
from ..diagnose.explain import explain
from ..diagnose.training import judge
from ..diagnose.verdict import Verdict
from ..errors import ArgumentError
from ..objective.negative import function
from ..objective.oracle import Objective
from ..result import Result
from ..run import Run, agreed, asks_for_result, outcome
from ..stop import Reason
from .evidence import case_of
from .kept import Keeper, problem
from .means import gradient, mean_loss, mean_pair
from .minibatch import MiniBatch
from .race import race
from .recipe import Recipe
from .sparse import Whole
from .table import columns
from .training import Training

logger = logging.getLogger("steepest")


def listener(callback: Callable[..., Any]) -> Callable[[Training], bool]:
    """`callback` in the form that its signature asks for; tells whether it wants to stop."""
    function(callback, "callback")
    named = asks_for_result(callback)

    def listen(training: Training) -> bool:
        x = training.task.outer(training.x.copy())
        try:
            if not named:
                return agreed(callback(x))
            row = training.table[-1]
            now = Result(row._asdict(), x=x, fun=row.loss, nit=training.t, seconds_left=training.seconds_left)
            return agreed(callback(intermediate_result=now))
        except StopIteration:
            return True

    return listen


def explained(training: Training, k: int) -> str:
    """How step `k` was made."""
    if training.began:
        raise ArgumentError(f"the rate was lowered at step {training.began}: the steps are not those of one method.")
    text = explain(training.method, training.run.history, partial(gradient_of_step, training), k)
    return text + "\n  (x and g are of the columns as they were scaled inside)" * training.task.scaled


def gradient_of_step(training: Training, t: int, x: np.ndarray, f: float = math.nan) -> np.ndarray:
    """The gradient at `x` on the batch of step `t` (1, 2, ...).

    Raises
    ------
    ArgumentError
        Where that batch is gone.
    """
    plan, source = training.plan, training.source
    if not source.again:
        raise ArgumentError("the data could be read once: the batch of that step is gone.")
    epoch, batch = divmod(t - 1, plan.pace)
    group = next(itertools.islice(plan.batches(int(epoch)), int(batch), None))
    return gradient(training.oracle, group, x)


def final(training: Training, x: np.ndarray) -> tuple[float, np.ndarray | None]:
    """The mean loss over the training data at `x`, in one more pass, and its gradient where that costs no more; of a
    stream that can be read once, the mean of its batches as they came."""
    point, oracle, source, best = training.point, training.oracle, training.source, training.best
    if training.plan.steady and isinstance(oracle, MiniBatch):
        known = np.array_equal(point.x, x) and point.known_g is not None
        return (point.f, point.g) if known else oracle.pair(x)
    if not source.again:
        return training.table[best.epoch - 1].loss if best and best.epoch else training.first, None
    if not isinstance(oracle.objective, Paired) or getattr(oracle.derivative, "instead", None) is not None:
        return mean_loss(oracle.objective, source, x), None
    f, g = mean_pair(oracle.objective, source, x)
    if isinstance(oracle, Whole):
        f, g = f + oracle.term.value(x), g + oracle.l1 * np.sign(x)
    return f, g


@dataclass
class Fit:
    """One call of `fit`, as far as it has come.

    Attributes
    ----------
    recipe : Recipe
    run : Run
    objective : Objective
        The loss, counted.
    oracle, training
        None until they are made.
    """

    recipe: Recipe
    run: Run
    objective: Objective
    oracle: MiniBatch | Whole | None = None
    training: Training | None = None

    def train(self, listen: Callable[[Training], bool] | None, checkpoint: Any) -> Reason:
        """Race, train, and say why it ended."""
        recipe = self.recipe
        self.oracle = oracle = recipe.task.oracle(self.objective, recipe.plan, recipe.proximal)
        keeper = None if checkpoint is None else Keeper(checkpoint, problem(recipe))
        choice = (keeper and keeper.choice) or race(recipe, oracle)
        self.training = Training(self.run, oracle, recipe, choice, listen)
        return self.training.follow() if keeper is None else keeper.follow(self.training)

    def result(self, reason: Reason, diagnose: bool) -> Result:
        """Everything so far, with the best parameters, in the caller's shapes and units."""
        recipe, objective, oracle, training = self.recipe, self.objective, self.oracle, self.training
        task, nfev = recipe.task, objective.nfev
        x, fun, g = self._best(reason)
        njev = oracle.njev if oracle else 0
        verdict = self._verdict(reason, x) if diagnose else Verdict(*reason, reason.converged)
        evidence = recipe.evidence(training.choice if training else None) | verdict.evidence
        method = training.method if training else recipe.wrapped(recipe.said)
        return Result(
            x=task.outer(x.copy()),
            fun=fun,
            jac=task.gradient(np.full_like(x, math.nan) if g is None else g, x),
            **outcome(reason, replace(verdict, evidence=evidence)),
            nit=training.t if training else 0,
            nfev=nfev,
            njev=njev,
            diagnosis_nfev=objective.nfev - nfev,
            seconds=time.perf_counter() - self.run.began,
            gradient=oracle.derivative.report if oracle else "none yet",
            method=repr(method),
            engine="compiled epoch" if training and training.engine else method.engine(x),
            epochs=columns(training.table if training else []),
            best_epoch=training.best.epoch if training and training.best else 0,
            history=task.rescaled(self.run.history),
        )

    def _best(self, reason: Reason) -> tuple[np.ndarray, float, np.ndarray | None]:
        """The best parameters, the loss there, and its gradient where it is known."""
        training = self.training
        if training is None or training.best is None:
            return self.recipe.task.start, math.nan, None
        x = training.best.x
        if not reason.code.startswith(("error", "interrupted", "budget.time")):
            try:
                return x, *final(training, x)
            except (Exception, KeyboardInterrupt):  # what was found must not be lost
                logger.warning("the final loss could not be computed", exc_info=True)
        return x, training.best.score, None

    def _verdict(self, reason: Reason, x: np.ndarray) -> Verdict:
        """The diagnosis; the bare reason where there is nothing to look at, or where the loss fails in it."""
        if self.training is not None and self.training.best is not None:
            try:
                return judge(case_of(self.training, reason, x))
            except (Exception, KeyboardInterrupt):  # a diagnosis must not lose what the run has found
                logger.warning("the diagnosis failed", exc_info=True)
        return Verdict(*reason, reason.converged)
