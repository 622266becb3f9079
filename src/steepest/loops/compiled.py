"""The whole loop in machine code: many steps in one call; a formula and Numba's functions are part of it, others are
called from it."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from ..derivatives import Proved
from ..derivatives.own import USER
from ..engine.kernels import exact, readable
from ..engine.machine import Code
from ..engine.native import Native
from ..engine.steps import What, steps_text
from ..errors import MissingExtraError
from ..formula import Formula
from ..history import COLUMNS, History
from ..methods.lift import FLOAT64, Rule
from ..objective.oracle import Oracle
from ..objective.point import Point
from ..stop import Criterion
from .loop import Iterate
from .thresholds import Margins, margins

TINY, HUGE = 1e-145, 1e145  # norms whose squares keep all their digits

# The loop is written out for all coordinates; above, what it costs beside fun no longer matters.
MOST = 64
# Steps in a call: at first few, then as many as take some milliseconds, so that Ctrl-C and maxtime are heeded.
FIRST, LONGEST, SECONDS = 16, 1 << 13, 5e-3
# Steps in Python, of all runs together, after which compiling (60 to 100 ms) has cost no more than they did (5 us each,
# benchmarks/overhead.py).
WORTHWHILE = 15_000

logger = logging.getLogger("steepest")


class LoopCode:
    """The machine code of a loop, made once that pays."""

    def __init__(self, rule: type[Rule], what: What, n: int):
        self._made_of = rule, what, n
        self._code: Callable[..., None] | None = None
        self._asked, self._open = 0, True

    def ready(self) -> Callable[..., None] | None:
        """The code; None while Python's steps, one for each time that it was asked, have cost less than compiling."""
        if self._open:
            self._asked += 1
            if self._asked <= WORTHWHILE:
                return None
            self._open, self._code = False, _made(*self._made_of)
        return self._code


_loops: dict[tuple[type[Rule], What, int], LoopCode] = {}


def _loop(*key: Any) -> LoopCode:
    if key not in _loops:
        while len(_loops) >= 64:  # functions come and go
            _loops.pop(next(iter(_loops)))
        _loops[key] = LoopCode(*key)
    return _loops[key]


def _made(rule: type[Rule], what: What, n: int) -> Callable[..., None] | None:
    if not readable():
        return None
    try:
        return Code(steps_text(rule, what, n)).function("steps")
    except MissingExtraError:
        return None
    except Exception as error:  # of Numba's compiler: functions that do not take a vector, or give none back
        if isinstance(what, Native):
            logger.info("the loop is not compiled: %s", error)
            return None
        raise


class CompiledLoop:
    """Who makes many steps at once where nothing else than the record is wanted of them.

    Parameters
    ----------
    rule : Rule
        With numbers as hyperparameters.
    what : Formula, Native or None
        The objective's function; None where it has to be called.
    oracle : Oracle
    derivative : Proved
        The oracle's.
    n : int
        How many numbers x has.
    history : History
        Where the steps are written down.
    criterion : Criterion
        One that has margins, within which it need not be asked.
    began : float
        `time.perf_counter` value.

    Attributes
    ----------
    begun : int or None
        The step from which on machine code ran.
    engine : str
        What it is called in the result.
    """

    def __init__(self, rule: Rule, what: What, oracle: Oracle, derivative: Proved, n: int, history: History,
                 criterion: Criterion, began: float):  # fmt: skip
        self.rule, self.what, self.oracle, self.objective = rule, what, oracle, oracle.objective
        self.history, self.criterion, self.began = history, criterion, began
        self.begun: int | None = None
        self.engine = "compiled steps" if what is None else "compiled loop"
        self._loop, self._chunk = _loop(type(rule), what, n), FIRST
        self._rows, self._g = np.empty((0, len(COLUMNS))), np.empty((0, n))
        answer = math.nan, np.zeros(n)
        self._derivative = derivative
        self._called = (np.empty(n), answer, derivative.pair) if what is None else ()

    @classmethod
    def of(cls, rule: Any, fun: Any, jac: Any, oracle: Oracle, start: np.ndarray, *rest: Any) -> CompiledLoop | None:
        """For a run that can be compiled; else None."""
        objective, derivative = oracle.objective, oracle.derivative
        if not isinstance(rule, Rule) or not rule.plain or not exact(type(rule)) or start.size > MOST:
            return None
        if start.dtype is not FLOAT64 or not isinstance(derivative, Proved) or derivative.name != USER:
            return None
        what: What = fun if isinstance(fun, Formula) and jac in (None, "auto", fun.gradient) else None
        if what is None and getattr(objective.restore(start), "shape", ()) == start.shape:
            what = Native.of(fun, jac)
        what = None if objective.args else what
        return cls(rule, what, oracle, derivative, start.size, *rest)

    def __call__(self, now: Iterate) -> Iterate | None:
        """A later iterate, about which the criterion is to be asked; those between are in the history already.

        None where the next step has to be made in Python.
        """
        limits = self._limits
        if limits is None or (loop := self._loop.ready()) is None or self._derivative.instead is not None:
            return None
        objective, t, n, began = self.objective, now.t, now.point.x.size, time.perf_counter()
        if began >= objective.deadline:
            return None
        last = int(min(limits.t, t + objective.maxfun - objective.nfev, t + self._chunk))
        if last <= t:
            return None
        if len(self._rows) < last - t:  # kept for the next chunk: new memory costs as much as the steps
            self._rows, self._g = np.empty((self._chunk, len(COLUMNS))), np.empty((self._chunk, n))
        squares = [
            max(limits.g_low, TINY) ** 2,
            min(limits.g_high, HUGE) ** 2,
            limits.f_low,
            max(limits.step, TINY) ** 2,
        ]
        hyper = self.rule.at(1.0)
        lr = hyper.get("lr", math.nan)
        numbers = np.array([0, t, last, objective.nfev - t, *squares, lr, *hyper.values()])
        state = np.concatenate([now.point.x, now.point.g, *map(np.asarray, now.memory[0])])
        x = np.empty((last - t, n))
        try:
            loop(numbers, state, self._rows, x, self._g, *self._called)
        except BaseException:  # of fun, or Ctrl-C
            self._enter(t, began, numbers, state, x, True)
            raise
        return self._enter(t, began, numbers, state, x, False)

    @cached_property
    def _limits(self) -> Margins | None:
        """Within these the criterion need not be asked; None where it always must."""
        return margins(self.criterion, self.history.first.g_norm)

    def _enter(
        self, t: int, began: float, numbers: np.ndarray, state: np.ndarray, x: np.ndarray, broken: bool
    ) -> Iterate | None:
        """Steps that were made become history; the last one comes back, to be entered by who follows the run."""
        steps, ended, n = int(numbers[0]), time.perf_counter(), x.shape[1]
        if not steps:
            return None
        rows, g, oracle = self._rows[:steps], self._g, self.oracle
        rows[:, -1] = np.linspace(began - self.began, ended - self.began, steps + 1)[1:]
        if known := steps if broken else steps - 1:
            self.history.extend(rows[:known], x[:known])
            k = int(rows[:known, 1].argmin())
            oracle.visited(Point(x[k].copy(), float(rows[k, 1]), g[k].copy(), None, oracle))
        f, gradient = float(rows[-1, 1]), g[steps - 1].copy()
        # one that is not finite has to be asked for again: it may have to be refused
        point = Point(x[steps - 1].copy(), f, gradient if np.isfinite(gradient).all() else None, None, oracle)
        oracle.visited(point)
        oracle.njev += steps if point.known_g is not None else steps - 1
        if self.what is not None:
            self.objective.nfev += steps
        if self.begun is None:
            self.begun = t
        if ended - began < SECONDS:
            self._chunk = min(2 * self._chunk, LONGEST)
        slots = tuple(state[2 * n :].reshape(-1, n))
        now = self.history.now = Iterate(t + steps, point, (slots, None), float(rows[-1, 4]))
        return now
