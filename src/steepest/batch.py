"""Many runs of one rule at once: coordinate-first, one fused step for all of them, finished runs taken out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from .errors import MissingExtraError
from .expression import Program, invariants, symbol
from .history import History, Record
from .kernels import kernel, traced
from .lift import Rule
from .point import distance, norm
from .stop import (
    Change,
    Criterion,
    Diverged,
    Either,
    GradientDrop,
    GradientNorm,
    NonFinite,
    StepLength,
    Steps,
    Target,
    parts,
)

Batch = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
Values = Mapping[str, float | np.ndarray]


@dataclass
class Outcome:
    """How each of the runs ended.

    Attributes
    ----------
    x : ndarray, shape (n, runs)
        The best finite point that each one saw.
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


@dataclass
class Moment:
    """All runs at one step: places of shape (n, runs); what criteria read of a record, of shape (runs,)."""

    x: np.ndarray
    f: np.ndarray
    g: np.ndarray
    g_norm: np.ndarray

    @classmethod
    def at(cls, x: np.ndarray, batch: Batch) -> Moment:
        seen = x.view()
        seen.flags.writeable = False
        f, g = batch(seen)
        return cls(x, f, g, np.sqrt(np.einsum("ij,ij->j", g, g)))

    def of(self, runs: np.ndarray) -> Moment:
        """The same for some of the runs."""
        return Moment(self.x.take(runs, 1), self.f[runs], self.g.take(runs, 1), self.g_norm[runs])

    def record(self, k: int, t: int, before: Moment) -> Record:
        """One of the runs, as it stands in the history of a single run."""
        step = distance(self.x[:, k], before.x[:, k]) if t else math.nan
        return Record(t, float(self.f[k]), norm(self.g[:, k]), step, math.nan, t + 1, 0.0)


@dataclass
class Limits:
    """Within these no criterion stops a run; beyond them it may, and is asked. Each a number, or of shape (runs,)."""

    g_low: Any = 0.0
    g_high: Any = math.inf
    f_low: Any = -math.inf
    step: float = -math.inf
    change: float = -math.inf

    # Norms of many columns at once round otherwise than that of one, which is what a criterion is asked about.
    SLACK: ClassVar[float] = 1e-9

    @classmethod
    def of(cls, criterion: Criterion, g_norm: np.ndarray) -> Limits:
        """Those of a criterion that is `batchable`, where the gradients at the start have these norms."""
        limits = cls()
        for test in parts(criterion, Either):
            match test:
                case GradientNorm(tol):
                    limits.g_low = np.maximum(limits.g_low, tol * (1 + cls.SLACK))
                case GradientDrop(factor):
                    limits.g_low = np.maximum(limits.g_low, factor * g_norm * (1 + cls.SLACK))
                case Diverged(factor):
                    limits.g_high = np.minimum(limits.g_high, factor * g_norm * (1 - cls.SLACK))
                case Target(value):
                    limits.f_low = max(limits.f_low, value)
                case StepLength(tol):
                    limits.step = max(limits.step, tol * (1 + cls.SLACK))
                case Change(tol):
                    limits.change = max(limits.change, tol * (1 + cls.SLACK))
        return limits

    def of_runs(self, runs: np.ndarray) -> Limits:
        """The same for some of the runs."""
        return replace(self, g_low=self.g_low[runs] if np.ndim(self.g_low) else self.g_low,
                       g_high=self.g_high[runs] if np.ndim(self.g_high) else self.g_high)  # fmt: skip

    def beyond(self, now: Moment, before: Moment) -> np.ndarray:
        """Indices of the runs that must be asked; NaN is beyond everything."""
        within = (
            (now.g_norm > self.g_low) & (now.g_norm < self.g_high) & (now.f > self.f_low) & (now.f < math.inf)
        )
        if self.step >= 0:
            within &= np.linalg.norm(now.x - before.x, axis=0) > self.step
        if self.change >= 0:
            within &= abs(before.f - now.f) > self.change * np.maximum(abs(now.f), abs(before.f))
        return np.flatnonzero(~within)


KNOWN = (NonFinite, GradientNorm, GradientDrop, StepLength, Change, Target, Diverged, Steps)


def batchable(criterion: Criterion) -> bool:
    """Whether many runs at once can be watched by this criterion."""
    return all(type(test) in KNOWN for test in parts(criterion, Either))


def run_batch(
    batch: Batch, rule: type[Rule], values: Values, starts: np.ndarray, criterion: Criterion
) -> Outcome:
    """Run all of them to their ends.

    Parameters
    ----------
    batch : callable
        Values and gradients, of shapes (runs,) and (n, runs), at x of shape (n, runs), in arrays of their own.
    rule : type
    values : mapping
        Each hyperparameter: a number, or an array of shape (runs,).
    starts : ndarray, shape (n, runs)
    criterion : Criterion
        One that is `batchable`.
    """
    limit = min((test.n for test in parts(criterion, Either) if isinstance(test, Steps)), default=math.inf)
    runs = starts.shape[1]
    out = Outcome(
        starts.copy(), np.full(runs, math.nan), np.zeros(runs, int), np.full(runs, "budget.steps", object)
    )
    alive, t = np.arange(runs), 0
    lowest, best = np.full(runs, math.inf), starts.copy()
    slots = [np.zeros_like(starts) for _ in rule.slots]
    step = _step(rule, values, starts)
    with np.errstate(all="ignore"):
        now = before = first = Moment.at(starts, batch)
        limits = Limits.of(criterion, first.g_norm)
        while True:
            better = (now.f < lowest) & (now.f > -math.inf)
            np.copyto(lowest, now.f, where=better)
            np.copyto(best, now.x, where=better)
            ended = []
            for k in limits.beyond(now, before).tolist():
                if reason := criterion(_history(k, t, now, before, first)):
                    out.code[alive[k]] = reason.code
                    ended.append(k)
            if t >= limit:
                ended = [*range(alive.size)]
            if ended:
                at = alive[ended]
                seen = lowest[ended] < math.inf
                out.steps[at], out.x[:, at], out.fun[at[seen]] = t, best[:, ended], lowest[ended][seen]
                if len(ended) == alive.size:
                    return out
                going = np.delete(np.arange(alive.size), ended)
                alive, lowest, best = alive[going], lowest[going], best.take(going, 1)
                now, first, limits = now.of(going), first.of(going), limits.of_runs(going)
                slots = [slot.take(going, 1) for slot in slots]
                step = _step(rule, {name: v[alive] if np.ndim(v) else v for name, v in values.items()}, now.x)
            t += 1
            x = now.x.copy()
            step(float(t), x, now.g, slots)
            before, now = now, Moment.at(x, batch)


def _history(k: int, t: int, now: Moment, before: Moment, first: Moment) -> History:
    """What a criterion reads of the history of one run."""
    history = History()
    history.first, history.last = first.record(k, 0, first), now.record(k, t, before)
    history.previous = before.record(k, t - 1, before)
    return history


def _step(rule: type[Rule], values: Values, x: np.ndarray) -> Callable[..., None]:
    """``step(t, x, g, slots)`` for x of this shape: x and slots change in place."""
    varied = {name for name, value in values.items() if np.ndim(value)}
    nodes = invariants(traced(rule), {"x", "g", *rule.slots})
    nodes = [node for node in nodes if not node.symbols.isdisjoint(varied)]
    try:
        move = kernel(rule, x.dtype, tuple(nodes))  # type: ignore[arg-type]
    except MissingExtraError:
        return _plain_step(rule, values)
    program = Program([*map(symbol, ("t", *rule.defaults))], nodes)
    hyper = np.array([math.nan if name in varied else values[name] for name in rule.defaults])
    shape = x.shape

    def rows(t: float) -> list[np.ndarray]:
        """What would be computed once a step, were it the same for all runs."""
        found = program.arrays((t, *values.values()))
        return [np.ascontiguousarray(np.broadcast_to(row, shape), x.dtype).reshape(-1) for row in found]

    fixed = None if any("t" in node.symbols for node in nodes) else rows(1.0)

    def step(t: float, x: np.ndarray, g: np.ndarray, slots: list[np.ndarray]) -> None:
        move(t, hyper, x.reshape(-1), g, *slots, *(rows(t) if fixed is None else fixed))

    return step


def _plain_step(rule: type[Rule], values: Values) -> Callable[..., None]:
    """The same by NumPy alone."""

    def step(t: float, x: np.ndarray, g: np.ndarray, slots: list[np.ndarray]) -> None:
        numbers = [v.astype(x.dtype) if isinstance(v, np.ndarray) else v for v in values.values()]
        result = rule._array(*[x] * rule.takes_x, g, *slots, *[t] * rule.takes_t, *numbers)
        moved, *slots[:] = result if rule.slots else (result,)
        x += moved

    return step
