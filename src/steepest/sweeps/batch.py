"""Many runs of one rule at once: coordinate-first, one fused step for all of them, finished runs taken out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..engine.kernels import cached, function_text, kernel
from ..engine.machine import Code
from ..engine.traced import from_rule
from ..errors import MissingExtraError
from ..expression import Expression, invariants, symbol
from ..loops.thresholds import Batch, Moment, Thresholds, history
from ..methods.lift import Rule
from ..stop import Criterion, Either, Steps, parts

INTERRUPTED = "interrupted"  # the code of a run that has not ended


@dataclass
class Outcome:
    """How each of the runs ended.

    Attributes
    ----------
    x : ndarray, shape (n, runs)
        The best finite point that each one saw; the last one, if values of fun can't tell it from that.
    fun : ndarray, shape (runs,)
        The value there; NaN where there is none.
    steps : ndarray of int, shape (runs,)
    code : ndarray of str, shape (runs,)
        Why it stopped.
    """

    x: np.ndarray
    fun: np.ndarray
    steps: np.ndarray
    code: np.ndarray

    def put(self, runs: np.ndarray, other: Outcome) -> None:
        """Enter how these runs ended."""
        self.x[:, runs], self.fun[runs] = other.x, other.fun
        self.steps[runs], self.code[runs] = other.steps, other.code


@dataclass(frozen=True)
class Task:
    """Many runs to be made.

    Attributes
    ----------
    batch : callable
        Values and gradients, of shapes (runs,) and (n, runs), at x of shape (n, runs), in arrays of their own.
    noise : callable
        The uncertainty of values of fun near f, shape (runs,).
    rule : type
        That of the method; of a direction, `values` are none.
    values : mapping
        Each hyperparameter: a number, or an array of shape (runs,).
    starts : ndarray, shape (n, runs)
    criterion : Criterion
        One that is `batchable`.
    """

    batch: Batch
    noise: Callable[[Any], Any]
    rule: type[Any]
    values: Mapping[str, Any]
    starts: np.ndarray
    criterion: Criterion

    @property
    def limit(self) -> float:
        """The greatest number of steps."""
        return min((test.n for test in parts(self.criterion, Either) if isinstance(test, Steps)), default=math.inf)

    @cached_property
    def varied(self) -> tuple[str, ...]:
        """The hyperparameters that differ between the runs."""
        return tuple(name for name in self.rule.defaults if np.ndim(self.values[name]))

    def of(self, runs: np.ndarray) -> Task:
        """The same for some of the runs."""
        values = {name: value[runs] if np.ndim(value) else value for name, value in self.values.items()}
        return replace(self, values=values, starts=self.starts.take(runs, 1))

    def unfinished(self) -> Outcome:
        """Where no run has ended yet: what stays so was interrupted."""
        runs = self.starts.shape[1]
        codes = np.full(runs, INTERRUPTED, object)
        return Outcome(self.starts.copy(), np.full(runs, math.nan), np.zeros(runs, int), codes)

    def ended(
        self,
        steps: Any,
        code: np.ndarray,
        last: tuple[np.ndarray, np.ndarray],
        best: tuple[np.ndarray, np.ndarray],
    ) -> Outcome:
        """The end of runs, from the last place and the best one, each (x, f); f of the best is inf if there is none."""
        (x, f), (better, lowest) = last, best
        there = np.isfinite(lowest)
        settled = there & (f <= lowest + self.noise(np.where(there, lowest, 0)))
        found = np.where(there, np.where(settled, f, lowest), math.nan)
        return Outcome(np.where(settled, x, better), found, np.broadcast_to(steps, f.shape).astype(int), code)


def run_batch(task: Task) -> Outcome:
    """Make all runs to their ends, or to where Ctrl-C finds them."""
    out, limit = task.unfinished(), task.limit
    t, x, going = 0, task.starts, np.arange(task.starts.shape[1])
    lowest, best = np.full(going.size, math.inf), x.copy()
    slots = [np.zeros_like(x) for _ in task.rule.slots]
    step = _step(task)
    with np.errstate(all="ignore"):
        now = before = first = Moment.at(x, task.batch)
        limits = Thresholds.of(task.criterion, first.g_norm)
        held = going, t, now, (best, lowest)
        try:
            while True:
                better = (now.f < lowest) & (now.f > -math.inf)
                np.copyto(lowest, now.f, where=better)
                np.copyto(best, now.x, where=better)
                codes: dict[int, str] = {}
                for k in limits.beyond(now, before).tolist():
                    if reason := task.criterion(history(k, t, now, before, first)):
                        codes[k] = reason.code
                if t >= limit:
                    codes = {k: codes.get(k, "budget.steps") for k in range(going.size)}
                if codes:
                    ended, code = [*codes], np.array([*codes.values()], object)
                    last = now.x[:, ended], now.f[ended]
                    out.put(going[ended], task.ended(t, code, last, (best[:, ended], lowest[ended])))
                    if len(ended) == going.size:
                        return out
                    rest = np.delete(np.arange(going.size), ended)
                    going, lowest, best = going[rest], lowest[rest], best.take(rest, 1)
                    now, first, limits = now.of(rest), first.of(rest), limits.of_runs(rest)
                    slots = [slot.take(rest, 1) for slot in slots]
                    step = _step(task.of(going))
                t += 1
                x = now.x.copy()
                step(float(t), x, now.g, slots)
                before, now = now, Moment.at(x, task.batch)
                held = going, t, now, (best, lowest)
        except KeyboardInterrupt:
            going, t, now, (best, lowest) = held
            left = out.code[going] == INTERRUPTED
            last, code = (now.x[:, left], now.f[left]), out.code[going[left]]
            out.put(going[left], task.ended(t, code, last, (best[:, left], lowest[left])))
            return out


def _step(task: Task) -> Callable[..., None]:
    """``step(t, x, g, slots)`` for x of the shape of the starts: x and slots change in place."""
    rule, values, dtype, shape = task.rule, task.values, task.starts.dtype, task.starts.shape
    nodes = [node for node in invariants(from_rule(rule), {"x", "g", *rule.slots}) if node.symbols & {*task.varied}]
    try:
        move = kernel(rule, dtype, tuple(nodes))
    except MissingExtraError:
        return _plain_step(rule, values)
    work_out = _worked_out(rule, task.varied, tuple(nodes))
    hyper = np.array([math.nan if name in task.varied else values[name] for name in rule.defaults])
    same = np.array([values[name] for name in rule.defaults if name not in task.varied], float)
    differing = [np.ascontiguousarray(values[name], float) for name in task.varied]

    def rows(t: float) -> list[np.ndarray]:
        """What would be computed once a step, were it the same for all runs."""
        found = [np.empty(shape[1]) for _ in nodes]
        work_out(t, t, same, *differing, *found)
        return [np.ascontiguousarray(np.broadcast_to(row, shape), dtype).reshape(-1) for row in found]

    fixed = None if any("t" in node.symbols for node in nodes) else rows(1.0) if nodes else []

    def step(t: float, x: np.ndarray, g: np.ndarray, slots: list[np.ndarray]) -> None:
        move(t, t, hyper, x.reshape(-1), g, *slots, *(rows(t) if fixed is None else fixed))

    return step


@cached()
def _worked_out(rule: type[Rule], varied: tuple[str, ...], nodes: tuple[Expression, ...]) -> Callable[..., None]:
    """The parts of a rule that differ between the runs: C's power gives the bits of Python's, NumPy's does not."""
    same = [symbol(name) for name in rule.defaults if name not in varied]
    outputs = [(None, node) for node in nodes]
    return Code(function_text(np.dtype(float), [*map(symbol, varied)], outputs, same)).function("call")


def _plain_step(rule: type[Rule], values: Mapping[str, Any]) -> Callable[..., None]:
    """The same by NumPy alone."""

    def step(t: float, x: np.ndarray, g: np.ndarray, slots: list[np.ndarray]) -> None:
        numbers = [v.astype(x.dtype) if isinstance(v, np.ndarray) else v for v in values.values()]
        result = rule._array(*[x] * rule.takes_x, g, *slots, *[t] * rule.takes_t, *numbers)
        moved, *slots[:] = result if rule.slots else (result,)
        x += moved

    return step
