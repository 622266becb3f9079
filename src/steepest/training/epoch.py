"""Linear models trained in machine code: all batches of a piece of data in one call."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from ..data import Batch
from ..engine.blocks import BYTES
from ..engine.kernels import readable
from ..engine.machine import Code
from ..errors import MissingExtraError
from ..history import COLUMNS
from ..losses import LOSSES, Linear, Softmax
from ..methods.hyper import scheduled
from ..methods.lift import Rule
from ..methods.method import Method
from ..methods.orthant import Orthant
from ..objective.point import distance
from ..stop import Reason
from .batchloop import epoch_text
from .linear import Model
from .plan import Plan
from .training import Training

# Steps from which compiling (0.1 s) costs less than it saves (20 us a step at least, benchmarks/training.py). Only the
# plan decides, never a clock: sums in another order have other last bits, and the same call must give the same.
WORTHWHILE = 5000
PLACES = 1 << 23  # bytes of the places that a call writes down

logger = logging.getLogger("steepest")


class Epoch:
    """Makes all steps on a piece of data in one call of machine code.

    Parameters
    ----------
    method : Rule or Orthant
        A rule whose hyperparameters are numbers or schedules, or `Orthant` around one.
    model : Model
    plan : Plan
    loop : callable
        See `batchloop.epoch_text`.
    """

    def __init__(self, method: Rule | Orthant, model: Model, plan: Plan, loop: Callable[..., int]):
        self.method, self.model, self.plan, self.loop = method, model, plan, loop
        self.rule: Any = method.method if isinstance(method, Orthant) else method
        self.features, self.classes = model.shape
        self.n = (self.features + 1) * self.classes
        lanes = BYTES // model.dtype.itemsize
        stride = math.ceil((self.features + 1) / lanes) * lanes
        self.table = np.zeros((plan.size, stride), model.dtype)
        self.table[:, self.features] = 1.0  # what the intercept is multiplied by
        self.wide = np.zeros((self.classes, stride), model.dtype)
        self.scores = np.zeros((plan.size, self.classes), model.dtype)
        self.ones = np.ones(0, model.dtype)

    @classmethod
    def of(cls, method: Method, model: Model | None, plan: Plan) -> Epoch | None:
        """For a run that can be compiled, and is long enough; else None."""
        rule = method.method if isinstance(method, Orthant) else method
        if model is None or type(model.loss) not in LOSSES.values() or not model.dense:
            return None
        numbers = isinstance(rule, Rule) and rule.free and not any(map(np.ndim, rule.hyper.values()))
        if not numbers or model.dtype not in (np.float32, np.float64) or not readable():
            return None
        if plan.accumulate > 1 or plan.steady or plan.steps < WORTHWHILE:
            return None
        kind: Any = type(rule)
        try:
            loop = compiled(kind, model.bare, model.dtype, model.penalised, isinstance(method, Orthant))
        except MissingExtraError:
            return None
        assert isinstance(method, Rule | Orthant)
        return cls(method, model, plan, loop)

    def __call__(self, training: Training, piece: Batch) -> Iterator[Reason | None]:
        """Train on the batches of a piece; now and then a reason to stop, or None."""
        rows, size, at = piece[0].shape[0], self.plan.size, 0
        ready = self._ready(piece)
        most = max(PLACES // (self.n * self.model.dtype.itemsize), 1)
        while at < rows:
            wanted = int(min(math.ceil((rows - at) / size), most, self.plan.maxiter - training.t))
            made, reason = self._steps(training, ready, at, wanted) if ready else (0, None)
            at += made * size
            if made < wanted and reason is None:  # a step that only NumPy can tell of
                reason = training.one([tuple(array[at : at + size] for array in piece)])
                at += size
            yield reason

    def _ready(self, piece: Batch) -> list[np.ndarray] | None:
        """X, y and weights as the loop reads them; None where they are not what it was made for."""
        X, y, *weights = piece
        if not isinstance(X, np.ndarray) or X.shape[1:] != (self.features,) or y.shape != X.shape[:1]:
            return None
        if isinstance(self.model.loss, Softmax) and y.size and y.max() >= self.classes:
            return None
        if not weights and self.ones.size < len(y):
            self.ones = np.ones(len(y), self.model.dtype)
        arrays = X, y, weights[0] if weights else self.ones
        return [np.ascontiguousarray(array, self.model.dtype) for array in arrays]

    def _steps(self, training: Training, ready: list[np.ndarray], at: int, wanted: int) -> tuple[int, Reason | None]:
        """Make so many steps from row `at` on, or as many as have a finite loss; how many, and a reason to stop."""
        began, t, x = time.perf_counter(), training.t, training.point.x.copy()
        inner, *mean = training.memory if isinstance(self.method, Orthant) else (training.memory,)
        slots = [np.array(slot, x.dtype) for slot in inner[0]]
        penalties = [*self.model.penalties, *(m.copy() for m in mean)] if self.model.penalised else []
        penalties += [np.empty(0)] * (self.model.penalised and not mean)
        X, y, weights = (array[at:] for array in ready)
        steps = np.arange(t + 1.0, t + wanted + 1.0)
        hyper = self._hyper(steps - training.began)
        records, places = np.empty((wanted, 3)), np.empty((wanted, self.n), x.dtype)
        sizes = np.array([len(X), self.plan.size, self.features, self.classes, self.wide.shape[1], wanted, self.n])
        made = self.loop(sizes, hyper, X, y, weights, x, np.empty_like(x), self.table, self.wide, self.scores,
                         records, places, *slots, *penalties)  # fmt: skip
        if not made:
            return 0, None
        lr = hyper[:made, 1 + list(self.rule.hyper).index("lr")] if "lr" in self.rule.hyper else [math.nan] * made
        counts = np.full(made, self.plan.size)
        counts[-1] = min(self.plan.size, len(X) - (made - 1) * self.plan.size)
        seconds = np.linspace(began, time.perf_counter(), made + 1)[1:] - training.run.began
        f, (g_norm, step) = records[:made, 0], np.sqrt(records[:made, 1:]).T
        if not math.isfinite(step[-1]):  # its square
            step[-1] = distance(x, places[made - 1])
        objective = training.oracle.objective
        table = np.empty((made, len(COLUMNS)))
        table.T[:] = (
            steps[:made] - 1, f, g_norm, [training.step, *step[:-1]], [training.lr, *lr[:-1]],
            objective.nfev + np.arange(1, made + 1), seconds,
        )  # fmt: skip
        objective.nfev += made
        training.oracle.njev += made
        memory: Any = tuple(slots), None
        if mean:
            memory = memory, penalties[-1]
        return made, training.many(table, places[:made], counts, x, memory, float(step[-1]), float(lr[-1]))

    def _hyper(self, steps: np.ndarray) -> np.ndarray:
        """t, the hyperparameters, and the share of a batch in the mean gradient, for each step."""
        values = self.rule.at(1.0)
        hyper = np.empty((len(steps), 2 + len(values)))
        hyper[:, 0] = steps
        for k, (name, value) in enumerate(values.items(), 1):
            schedule = self.rule.schedules.get(name)
            hyper[:, k] = (
                value if schedule is None else [scheduled(self.rule.name, name, schedule, t) for t in steps.tolist()]
            )
        hyper[:, -1] = [self.method.part(t) for t in steps.tolist()] if isinstance(self.method, Orthant) else 0.0
        return hyper


@lru_cache(64)
def compiled(rule: type[Rule], loss: Linear, dtype: np.dtype, penalised: bool, sparse: bool) -> Callable[..., int]:
    """The loop for a rule and a loss.

    Raises
    ------
    MissingExtraError
        When llvmlite, which comes with Numba, is not installed.
    """
    return Code(epoch_text(rule, loss, dtype, penalised, sparse)).function("steps")
