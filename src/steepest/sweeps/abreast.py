"""Many runs of a direction method abreast: one update makes a step of all, one call of fun a trial of all searches.

Whatever is no ordinary step, the end above all, each run makes alone, by the ordinary loop, from where it stands.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..loops.loop import Iterate, descend
from ..loops.thresholds import KNOWN, Batch, Moment, Thresholds
from ..methods.columns import dot, each, one, some
from ..methods.conjugate import ConjugateGradient, HagerZhang
from ..methods.descent import NEAR
from ..methods.directions import BFGS, LBFGS
from ..methods.kinks import steep
from ..methods.method import Method
from ..methods.metric import initial_metric
from ..methods.reach import thrown
from ..methods.searches import Known, Search, strong_wolfe
from ..methods.settled import NOTHING, SLOW, Settled, negligible
from ..methods.units import KINKS, PROBES, Guard, slope_shares
from ..objective.oracle import Oracle
from ..objective.params import Parameters
from ..objective.point import Point
from ..run import Run
from ..stop import Criterion, Either, parts
from .batch import INTERRUPTED, Outcome, Task

METHODS = (BFGS, LBFGS, ConjugateGradient, HagerZhang)
FEW = 3  # runs that go as quickly one by one
MOST = 64  # coordinates; at 50 runs of BFGS go twice as fast abreast, at 200 half as fast
ROOM = 2**18  # numbers in the matrices of runs that go abreast: 2 MB


class Rank(NamedTuple):
    """Runs that have made the same number of steps, a column for each; or one of them by itself.

    Attributes
    ----------
    run : ndarray of int, shape (runs,)
        Which of the task's runs these are.
    point : Point
        Where they are: x and g of shape (n, runs), f of shape (runs,).
    memory : object
        Of the method.
    before : ndarray, shape (runs,)
        The value before the last step.
    best : Point
        The lowest that each of them saw.
    """

    run: Any
    point: Any
    memory: Any
    before: Any
    best: Any


def suits(method: Method, criterion: Criterion, points: np.ndarray) -> bool:
    """Whether runs of the method from points of shape (runs, n), ended by this criterion, gain by going abreast."""
    runs, n = points.shape
    known = all(type(test) in (*KNOWN, Settled) for test in parts(criterion, Either))
    return known and type(method) in METHODS and points.dtype == np.float64 and runs > FEW and n <= MOST


def guarded(batch: Batch) -> Batch:
    """Where a call of many points raises, finite values without gradients: whose point it was, each run finds alone."""

    def ask(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        try:
            return batch(np.ascontiguousarray(x))
        except Exception:
            return np.zeros(x.shape[1]), np.full_like(x, math.nan)

    return ask


@dataclass
class Abreast:
    """The runs of a task.

    Attributes
    ----------
    method : Method
        One of METHODS.
    task : Task
        Its batch is `guarded`.
    oracle : callable
        That of a single run which begins at x, shape (n,).
    """

    method: Any
    task: Task
    oracle: Callable[[np.ndarray], Oracle]

    def __post_init__(self) -> None:
        self.out = self.task.unfinished()
        self.first = Moment.at(self.task.starts, self.task.batch)
        self.thresholds = Thresholds.of(self.task.criterion, self.first.g_norm)

    def outcome(self) -> Outcome:
        """Make all runs to their ends, or to where Ctrl-C finds them."""
        fine = np.isfinite(self.first.f) & np.isfinite(self.first.g).all(axis=0)
        with np.errstate(all="ignore"), suppress(KeyboardInterrupt):
            for k in np.flatnonzero(~fine).tolist():
                self._finish(k)
            runs, most = np.flatnonzero(fine), ROOM // len(self.task.starts) ** 2
            for begin in range(0, runs.size, most):
                self._march(runs[begin : begin + most])
        return self.out

    def _march(self, runs: np.ndarray) -> None:
        """Go abreast until few are left."""
        rank, t = self._begun(runs), 0
        try:
            while rank.run.size:
                few = rank.run.size <= FEW or t >= self.task.limit
                ahead, stays = (rank, np.full(rank.run.size, False)) if few else self._step(rank)
                for k in np.flatnonzero(~stays).tolist():
                    self._finish(int(rank.run[k]), t, one(rank, k))
                rank, t = some(ahead, stays), t + 1
        except KeyboardInterrupt:
            out = self.out
            left = some(rank, (out.code[rank.run] == INTERRUPTED) & np.isnan(out.fun[rank.run]))
            out.x[:, left.run], out.fun[left.run], out.steps[left.run] = left.best.x, left.best.f, t
            raise

    def _begun(self, runs: np.ndarray) -> Rank:
        """Runs at their starts."""
        x, g = (np.asfortranarray(of[:, runs]) for of in (self.first.x, self.first.g))
        f: Any = self.first.f[runs]
        oracle = self.oracle(self.first.x[:, 0].copy())
        metrics = [initial_metric(Point(x[:, k], float(f[k]), g[:, k], None, oracle)) for k in range(runs.size)]
        H, first = (np.moveaxis(np.array(of), 0, -1) for of in zip(*metrics, strict=True))
        point = Point(x, f, g)
        guard = Guard._make((f, np.abs(g), *(np.full(f.size, of) for of in (PROBES, KINKS, False))))
        return Rank(runs, point, self.method.begin(point, guard, H, first), np.full(f.size, math.inf), point)

    def _step(self, rank: Rank) -> tuple[Rank, np.ndarray]:
        """Where a step leads, and which of the runs make it."""
        point, noise = rank.point, self.task.noise(rank.point.f)
        direction, memory = self.method.update(point, rank.memory)
        slope = dot(point.g, direction)
        going = np.flatnonzero((slope > -math.inf) & (slope < 0) & ~self._ending(rank, noise))
        begin = (of[going].tolist() for of in (point.f, slope, np.broadcast_to(memory.first, slope.shape), noise))
        searches = map(partial(strong_wolfe, c2=self.method.c2), *begin)
        new, best, found = self._searched(dict(zip(going.tolist(), searches, strict=True)), rank, direction)
        stays = found & (point.f - new.f > 2 * noise) & (new.f > -math.inf) & new.g.any(axis=0)
        stays &= ~thrown(point, new, dot(point.g, point.x - new.x), noise)
        now, before = (Moment(at.x, at.f, at.g, np.linalg.norm(at.g, axis=0)) for at in (new, point))
        stays[self.thresholds.of_runs(rank.run).beyond(now, before)] = False
        return Rank(rank.run, new, memory._replace(guard=memory.guard.at(new)), point.f, best), stays

    def _searched(self, searches: dict[int, Search], rank: Rank, direction: np.ndarray) -> tuple[Any, Any, np.ndarray]:
        """Where searches lead, the lowest that they saw, and which runs accept their last trial, no odd one.

        Odd is a trial out of reach, one where nothing moves, and a finite value without a gradient.
        """
        new, best = (each(at, lambda array: array.copy("K")) for at in (rank.point, rank.best))
        found, lengths = np.full(new.f.size, False), {k: next(search) for k, search in searches.items()}
        while lengths:
            which = np.array([*lengths])
            start, line = some((rank.point.x, direction), which)
            x = start + np.array([*lengths.values()]) * line
            f, g = self.task.batch(x)
            g = np.asfortranarray(g)
            lower = (f < best.f[which]) & (f > -math.inf)
            best.x[:, which[lower]], best.f[which[lower]] = x[:, lower], f[lower]
            odd = ~np.isfinite(x).all(axis=0) | (x == start).all(axis=0)
            odd |= np.isfinite(f) & ~np.isfinite(g).all(axis=0)
            trials = zip(*(of.tolist() for of in (which, f, dot(g, line), odd)), strict=True)
            for j, (k, phi, slope, strange) in enumerate(trials):
                a = lengths.pop(k)
                try:
                    if not strange:
                        lengths[k] = searches[k].send(Known(a, phi, slope))
                except StopIteration as end:
                    if end.value == a:  # else it is an earlier one, or none
                        new.x[:, k], new.f[k], new.g[:, k], found[k] = x[:, j], phi, g[:, j], True
        return new, best, found

    def _ending(self, rank: Rank, noise: np.ndarray) -> np.ndarray:
        """Which of the runs may be near their ends: what is to be done there, each does alone."""
        ending, fall = np.full(noise.size, False), rank.memory.guard.start - rank.point.f
        slow = np.flatnonzero(rank.before - rank.point.f <= SLOW * fall)
        if slow.size:
            point, memory, fall, noise = some((rank.point, rank.memory, fall, noise), slow)
            promise = self.method.promise(point, memory)
            looks = steep(point, memory.guard)
            looks |= ~(promise > NEAR * np.maximum(NOTHING * fall, 2 * noise)) & slope_shares(point, memory.guard).any(
                axis=0
            )
            ending[slow] = (
                looks | negligible(promise, fall, np.abs(point.f)) | ~(promise > 2 * noise) | (promise == math.inf)
            )
        return ending

    def _finish(self, k: int, t: int = 0, at: Rank | None = None) -> None:
        """Make one run to its end alone, from step t on.

        Raises
        ------
        KeyboardInterrupt
            When it was interrupted; what was found is kept.
        """
        out, x0 = self.out, self.task.starts[:, k].copy()
        oracle, run = self.oracle(x0), Run(Parameters(x0))
        try:
            if at is not None and t:
                run.history.append(self.first.record(k, 0, self.first), x0)
                run.history.last = run.history.last._replace(t=t - 1, f=at.before)
                oracle.meet(at.best.x, at.best.f)
                here = Point(at.point.x, at.point.f, at.point.g, None, oracle)
                here, memory = self.method.reconsidered(here, at.memory, at.before)
                now: Point | Iterate = Iterate(t, here, memory, math.nan)
            else:
                now = oracle(x0)
            reason = run.follow(descend(oracle, now, self.method), oracle, self.task.criterion, None)
        except (Exception, KeyboardInterrupt) as error:
            reason = run.mishap(error, oracle.nfev)
        if (best := run.best(oracle)) is not None:
            out.x[:, k], out.fun[k] = best.x, best.f
        out.steps[k], out.code[k] = max(run.history.last.t, 0), reason.code
        if reason.code == INTERRUPTED:
            raise KeyboardInterrupt
