"""Training: epoch after epoch, batch after batch, with the best parameters kept and a row of numbers for each epoch."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import log
from ..data import CHUNK, Batch
from ..errors import counted
from ..history import Record
from ..loops.loop import Iterate
from ..objective.point import Point, distance, norm
from ..run import Run
from ..stop import Criterion, Reason, Stuck
from .choice import Choice
from .means import mean_loss
from .minibatch import MiniBatch
from .sparse import Whole
from .table import Best, Row, Sums

if TYPE_CHECKING:
    from .recipe import Recipe

PATIENT = 0.25  # of its steps a rate that a race chose may be no better than the best before
HOPELESS = 1e6  # an epoch whose loss is so many times that of the start and of the first epoch ends the run


class Training:
    """One run over data, driven to its end.

    Parameters
    ----------
    run : Run
        Keeps history and clock.
    oracle : MiniBatch or Whole
        Tells the loss of a batch and its gradient.
    recipe : Recipe
        Makes the method, for its task and its plan.
    choice : Choice or None
        What a race has chosen.
    listen : callable or None
        Called with this object after each epoch; True stops the run.
    """

    def __init__(
        self,
        run: Run,
        oracle: MiniBatch | Whole,
        recipe: Recipe,
        choice: Choice | None = None,
        listen: Callable[[Training], bool] | None = None,
    ):
        self.run, self.oracle, self.recipe, self.choice, self.listen = run, oracle, recipe, choice, listen
        self.plan, self.task = recipe.plan, recipe.task
        self.source, self.held = self.task.source, self.task.held
        self.method, self.deliver, self.engine = recipe.prepared(choice)
        self.t = self.epoch = self.batch = 0  # steps; epochs that are done; steps in the one that is not
        self.point: Point = oracle(self.task.start)
        self.memory: Any = None
        self.lr = self.step = math.nan
        self.table: list[Row] = []
        self.sums = Sums()
        self.best: Best | None = None
        self.first = math.nan  # the loss before the first step: of the validation data, or of the first batch
        self.stale = 0  # epochs since the best one
        self.spent = 0.0  # seconds of this epoch in steps
        self._keep: Callable[[Training], None] = lambda training: None

    @property
    def began(self) -> int:
        """Steps that were made before the method began."""
        return 0 if self.choice is None else self.choice.began

    @property
    def x(self) -> np.ndarray:
        """The parameters as they are now."""
        return self.deliver(self.point.x, self.memory) if self.t else self.point.x

    @property
    def seconds_left(self) -> float:
        """How long the rest of the budget takes at the pace so far; NaN where nobody knows."""
        spent = time.perf_counter() - self.run.began
        done = max(self.t / self.plan.steps, spent / self.plan.maxtime)
        return spent * (1 / done - 1) if done > 0 else math.nan

    def validation(self, x: np.ndarray) -> float:
        """The loss of the validation data at `x`; NaN without."""
        if self.held is None:
            return math.nan
        loss = mean_loss(self.oracle.objective, self.held, x)
        return loss + self.oracle.term.value(x) if isinstance(self.oracle, Whole) else loss

    def follow(self, keep: Callable[[Training], None] | None = None) -> Reason:
        """Train until there is a reason to stop; after each step, or many in machine code, `keep` may save the run."""
        self._keep = keep or self._keep
        if self.t == 0:
            self.oracle.hold(next(self.plan.batches(0)))
            self.first = self._start()
            self.best = Best(self.point.x, self.first, 0)
            if self.choice is not None:
                self._go_on(self.choice, self.best)
            self.memory = self.method.init(self.oracle(self.point.x))
        log.begun(self.method, self.point.x, f"{self.first:.6g}", self.oracle)
        natural = self.method.convergence(self.point.x.dtype)
        stop = natural | Stuck(natural) if self.plan.steady else None
        reason = self._ended()  # a run that goes on may have been stopped where it was at an end, or lost
        while True:
            if self.choice is not None and self.source.again and self._lost(reason):
                if reason and reason.code == "nonfinite":
                    del self.table[-1]  # of a part of the epoch
                self._go_back(self.choice)
            elif reason:
                return reason
            reason = self._epoch(stop)

    def _go_on(self, choice: Choice, best: Best) -> None:
        """From where a race has led: no worse a place, but only validation may call it better than later epochs."""
        self.point = self.oracle(choice.warm_start)
        score = best.score if self.held is None else self.validation(choice.warm_start)
        if score <= best.score:
            self.best = Best(choice.warm_start, score, 0)

    def _go_back(self, choice: Choice) -> None:
        """To the best parameters, to go on with a tenth of the rate."""
        assert self.best is not None
        self.choice = choice.lowered(self.t)
        self.method, self.deliver, self.engine = self.recipe.prepared(self.choice)
        self.point, self.stale = self.oracle(self.best.x), 0
        self.memory = self.method.init(self.point)

    def _lost(self, reason: Reason | None) -> bool:
        """Whether the run has diverged, or is worse than halfway back to the start since a quarter of the steps."""
        assert self.best is not None
        left = self.plan.steps - self.t
        if left < 1:
            return False
        if reason and reason.code == "nonfinite":  # by the rate, if this batch has finite numbers at the best place
            f, g = self.oracle.pair(self.best.x)
            return math.isfinite(f + norm(g))
        if reason:
            return reason.code == "diverged"
        if self.batch or not self.table:  # not at the end of an epoch
            return False
        halfway = (self.first + self.best.score) / 2
        waited = self.stale * self.t / self.epoch
        return waited >= PATIENT * (self.t - self.began + left) and self.table[-1].loss > halfway

    def _start(self) -> float:
        """The score of the start over many rows: one batch can be low by luck, and no epoch would ever be better."""
        oracle, source, plan, x = self.oracle, self.source, self.plan, self.point.x
        if self.held is not None:
            return self.validation(x)
        if plan.steady:
            return oracle.value(x)
        if source.again:
            return mean_loss(oracle.objective, source, x, CHUNK, plan.seed)
        sums = Sums()
        for group in plan.first():
            oracle.hold(group)
            sums.add(oracle.value(x), oracle.rows)
        return sums.mean

    def _epoch(self, stop: Criterion | None) -> Reason | None:
        """One epoch, or what is left of it."""
        began = time.perf_counter()
        for reason in self._made(stop):
            self.spent += time.perf_counter() - began
            self._keep(self)
            began = time.perf_counter()
            if reason:
                self._close(self.epoch + self.batch / self.plan.pace)
                return reason
        self.epoch += 1
        self.batch = 0
        return self._close(self.epoch)

    def _made(self, stop: Criterion | None) -> Iterator[Reason | None]:
        """The steps of the epoch, one by one or many at a time: after each a reason to stop, or None."""
        plan = self.plan
        if self.engine is None:
            for group in itertools.islice(plan.batches(self.epoch), self.batch, None):
                yield self.one(group, stop)
        else:
            for piece in plan.pieces(self.epoch, self.batch):
                yield from self.engine(self, piece)

    def one(self, group: list[Batch], stop: Criterion | None = None) -> Reason | None:
        """One step on one batch; the place it starts from goes on record, as that batch sees it."""
        oracle, history = self.oracle, self.run.history
        if oracle.hold(group) or self.t == 0:
            self.point = oracle(self.point.x)
        point = self.point
        new, self.memory, lr = self.method.step(point, self.memory, self.t - self.began + 1.0, oracle)
        f, g = oracle.f, oracle.g
        # a test for convergence looks at the place itself, not at those that it is an average of
        if f is None or g is None or stop is not None or point.known_g is not None:
            f, g = point.f, point.g
        seconds = time.perf_counter() - self.run.began
        record = self.t, f, norm(g), self.step, self.lr, oracle.objective.nfev, seconds
        history.append(tuple.__new__(Record, record), point.x)  # Record(...) takes twice as long
        self.step, self.lr = distance(new.x, point.x), lr
        self.t += 1
        self.batch += 1
        self.point = new
        self.sums.add(f, oracle.rows)
        if reason := self._broken(f):
            return reason
        if stop is not None:
            history.now = Iterate(self.t, new, self.memory, lr)
            if reason := stop(history):
                return reason
        return self._spent(seconds)

    def many(
        self,
        table: np.ndarray,
        places: np.ndarray,
        rows: np.ndarray,
        x: np.ndarray,
        memory: Any,
        *last: float,
    ) -> Reason | None:
        """Steps that were made elsewhere: their records and places, the rows of each batch, where they
        ended, and the length and the rate of the last one."""
        self.run.history.extend(table, places)
        self.sums.extend(table[:, 1], rows)
        self.t += len(table)
        self.batch += len(table)
        self.point, self.memory, (self.step, self.lr) = self.oracle(x), memory, last
        return self._broken(float(table[-1, 1])) or self._spent(float(table[-1, -1]))

    def _broken(self, f: float) -> Reason | None:
        """Whether the last step led to, or came from, what is no number; `f` is the loss where it began."""
        if math.isfinite(f + self.step):
            return None
        what = "the gradient is not finite"
        if not math.isfinite(f):
            what = f"the loss of batch {self.batch} is {f}"
        return Reason("nonfinite", f"Not finite at step {self.t} (epoch {self.epoch + 1}): {what}.")

    def _spent(self, seconds: float) -> Reason | None:
        """Whether the budget of steps or time is used up."""
        if self.t >= self.plan.maxiter:
            epochs, most = self.plan.epochs, self.plan.maxiter
            limit = f"epochs={epochs:g}" if epochs * self.plan.pace <= most else f"maxiter={most:g}"
            return Reason("budget.steps", f"Trained {counted(self.t, 'step')} ({limit}).")
        if seconds >= self.plan.maxtime:
            return Reason("budget.time", f"Trained {seconds:.3g} s (maxtime={self.plan.maxtime:g}).")
        return None

    def _close(self, epoch: float) -> Reason | None:
        """The end of an epoch: its row, the best parameters, the callback, and reasons to stop."""
        if not self.sums.batches:
            return None
        loss, error, x = self.sums.mean, self.sums.error, self.x
        rate = self.sums.rows / self.spent if self.spent else math.nan
        finite = bool(np.isfinite(x).all())
        validation = self.validation(x) if finite else math.nan
        seconds = time.perf_counter() - self.run.began
        self.table.append(Row(epoch, loss, validation, self.lr, seconds, rate))
        log.epoch(self.table[-1])
        self.sums, self.spent = Sums(), 0.0
        score = loss if self.held is None else validation
        # A mean of batches scatters: an epoch that is not worse for certain counts as better, being trained longer.
        assert self.best is not None
        rounding = 8 * float(np.finfo(x.dtype).eps) * abs(self.best.score)
        slack = 2 * min(error, self.best.error) + rounding if self.held is None else 0.0
        self.stale += 1
        if finite and (score < self.best.score or not math.isfinite(self.best.score)):
            self.stale = 0
        if finite and score <= self.best.score + slack:
            self.best = Best(x, min(score, self.best.score), len(self.table), error)
        if self.listen is not None and self.listen(self):
            return Reason("callback", f"The callback stopped the run after epoch {self.epoch}.")
        return self._ended()

    def _ended(self) -> Reason | None:
        """Whether the epochs that are done are enough."""
        assert self.best is not None
        if self.stale >= self.plan.patience:
            held = self.held is not None
            what = "validation loss" if held else "mean loss of an epoch's batches"
            return Reason(
                "converged.validation" if held else "budget.patience",
                f"No better {what} than {self.best.score:.6g} (epoch {self.best.epoch}) in "
                f"{counted(self.stale, 'epoch')} (patience={self.plan.patience:g}).",
            )
        if self.table and self.table[-1].loss > HOPELESS * max(abs(self.first), abs(self.table[0].loss)):
            return Reason("diverged", f"Diverged: the loss rose to {self.table[-1].loss:.4g} in epoch {self.epoch}.")
        if self.epoch >= self.plan.epochs:
            return Reason("budget.epochs", f"Trained {counted(self.epoch, 'epoch')}.")
        return None
