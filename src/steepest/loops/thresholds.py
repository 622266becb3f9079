"""The thresholds of criteria: within them none stops a run, so that they need be asked only beyond."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..history import History, Record
from ..objective.point import distance, norm
from ..stop import (
    Change,
    Criterion,
    Diverged,
    Either,
    GradientDrop,
    GradientNorm,
    NonFinite,
    StepLength,
    Steps,
    Stuck,
    Target,
    parts,
)

# (t, f, g_norm, step, lr) -> whether no criterion stops a run there
Within = Callable[[float, float, float, float, float], bool]
Batch = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


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
class Thresholds:
    """Within these no criterion stops a run; beyond them it may, and is asked. Each a number, or of shape (runs,)."""

    g_low: Any = 0.0
    g_high: Any = math.inf
    f_low: Any = -math.inf
    step: float = -math.inf
    change: float = -math.inf

    # Norms of many columns at once round otherwise than that of one, which is what a criterion is asked about.
    SLACK: ClassVar[float] = 1e-9

    @classmethod
    def of(cls, criterion: Criterion, g_norm: Any) -> Thresholds:
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

    def of_runs(self, runs: np.ndarray) -> Thresholds:
        """The same for some of the runs."""
        return replace(self, g_low=self.g_low[runs] if np.ndim(self.g_low) else self.g_low,
                       g_high=self.g_high[runs] if np.ndim(self.g_high) else self.g_high)  # fmt: skip

    def beyond(self, now: Moment, before: Moment) -> np.ndarray:
        """Indices of the runs that must be asked; NaN is beyond everything."""
        within = (now.g_norm > self.g_low) & (now.g_norm < self.g_high) & (now.f > self.f_low) & (now.f < math.inf)
        if self.step >= 0:
            within &= np.linalg.norm(now.x - before.x, axis=0) > self.step
        if self.change >= 0:
            within &= abs(before.f - now.f) > self.change * np.maximum(abs(now.f), abs(before.f))
        return np.flatnonzero(~within)


# Stuck looks at rates that are 0: runs of a batch, whose rates are positive numbers, never have them.
KNOWN = (NonFinite, GradientNorm, GradientDrop, StepLength, Change, Target, Diverged, Steps, Stuck)


def batchable(criterion: Criterion) -> bool:
    """Whether this criterion is one of thresholds, so that many runs can go by it at once."""
    return all(type(test) in KNOWN for test in parts(criterion, Either))


class Margins(NamedTuple):
    """The thresholds of a single run."""

    g_low: float
    g_high: float
    f_low: float
    step: float
    t: float

    def within(self) -> Within:
        """Whether a step ends within them, as a function that is quick to call."""
        low, high, lowest, shortest, most = self

        def within(t: float, f: float, g_norm: float, step: float, lr: float) -> bool:
            return low < g_norm < high and lowest < f < math.inf and step > shortest and t < most and lr != 0.0

        return within


def never(t: float, f: float, g_norm: float, step: float, lr: float) -> bool:
    """Always ask the criterion."""
    return False


def margins(criterion: Criterion, g_norm: float) -> Margins | None:
    """Those of a criterion, where the gradient at the start has this norm; None if it must always be asked."""
    if not batchable(criterion):
        return None
    limits = Thresholds.of(criterion, g_norm)
    if limits.change >= 0:
        return None  # it compares two values of f
    most = min((test.n for test in parts(criterion, Either) if isinstance(test, Steps)), default=math.inf)
    return Margins(float(limits.g_low), float(limits.g_high), limits.f_low, limits.step, most)


def history(k: int, t: int, now: Moment, before: Moment, first: Moment) -> History:
    """What a criterion reads of the history of one run."""
    history = History()
    history.first, history.last = first.record(k, 0, first), now.record(k, t, before)
    history.previous = before.record(k, t - 1, before)
    return history
