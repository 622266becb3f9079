"""sweep: one method with many values of its hyperparameters, or from many starts, as one batched run."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..diagnose import Verdict
from ..errors import ArgumentError, MissingExtraError
from ..limits import Limits
from ..loops.thresholds import batchable
from ..methods.lift import Rule
from ..methods.method import Method
from ..methods.registry import find
from ..minimize import minimize
from ..objective.parallel import until_interrupted
from ..objective.params import floats
from ..stop import Criterion
from .abreast import Abreast, guarded, suits
from .batch import INTERRUPTED, Outcome, Task, run_batch
from .lanes import FEW, run_lanes
from .manypoints import Many, many_points
from .swept import Sweep
from .verdicts import Ends, judge_many, local

LEAST = 1000  # steps of runs that are made once more, to find out why they ended so, however short the sweep


def sweep(
    fun: Callable[..., Any],
    x0: Any,
    method: str | Method | type[Method] | Sequence[Any] | None,
    args: tuple[Any, ...] = (),
    jac: Any = None,
    *,
    stop: Criterion | None = None,
    workers: Any = None,
    rng: Any = None,
    bounds: Any = None,
    diagnose: bool = True,
    **limits: float,
) -> Sweep:
    """Run a method with many values of its hyperparameters, from many starts, or several methods.

    Each run is the one that `minimize` makes with the same values. Where `fun` and its gradient take many
    points at once (x of shape (n, runs); this is tried out, and proved against single calls), all runs are
    one batch, in which a step costs little more than in a single run. A formula of at most 8 numbers is compiled
    with the steps, and so is any function that is written in NumPy's words, with its gradient or without one: they are
    called once with symbols, and what comes of it must agree with calls at points near `x0` up to rounding. Arithmetic
    gives the same bits; ``exp``, powers and automatic gradients may differ in the last ones.
    Ctrl-C loses nothing: the runs that had not ended are called ``interrupted``, with the best that they saw.

    Parameters
    ----------
    fun : callable
        As for `minimize`; x0 is a number or a vector here.
    x0 : float or array_like, shape (n,) or (..., n)
        Where to start; axes before the last one are many starts.
    method : Method, its name, None for what `minimize` chooses, or a sequence of these
        Hyperparameters may be arrays, which broadcast with each other and with the starts by NumPy's rules:
        ``Adam(lr=rates[:, None], beta1=betas)`` is a grid.
    args : tuple
        Further arguments of `fun` and `jac`.
    jac : callable, True or str
        As for `minimize`.
    stop : Criterion
        Replaces the method's own test for convergence.
    workers : None, int, executor, or map-like
        Who makes the runs where they can't be one batch (see `minimize`).
    rng : int or numpy.random.Generator
        For the directions in which gradients are proved.
    bounds : sequence of (low, high)
        As for `minimize`.
    diagnose : bool
        Whether to say of each run why it ended so. Of a batch the ends are judged, by 2n + 4 further calls (64
        where n > 50) for all runs together; those whose ends do not tell (a cycle, a kink, an edge) are made once
        more alone, in as many steps in all as the longest run made, so that verdicts cost no multiple of the sweep.
    **limits
        maxiter, maxfun, maxtime, gtol, xtol, ftol, target: of each run.

    Returns
    -------
    Sweep
        Arrays in the shape of the grid; several methods are its first axis.

    Raises
    ------
    ArgumentError
        When an argument can't be right.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import GD
    >>> s = sweep(lambda x: x[0] ** 2 + 10 * x[1] ** 2, [3.0, 2.0], GD(lr=np.array([0.01, 0.09, 0.11])))
    >>> s.code.tolist(), s.best["lr"]
    (['converged.gradient', 'converged.gradient', 'diverged.rate'], 0.09)
    """
    began = time.perf_counter()
    given = {"args": args, "jac": jac, "stop": stop, "rng": rng, "bounds": bounds, "diagnose": diagnose, **limits}
    if isinstance(method, Sequence) and not isinstance(method, str):
        return _several(fun, x0, method, workers, given)
    starts = floats(x0, "x0")
    number, starts = starts.ndim == 0, np.atleast_1d(starts)
    chosen = find(method, starts.shape[-1])
    hyper = chosen.hyper if isinstance(chosen, Rule) else {}
    arrays = {name: value for name, value in hyper.items() if isinstance(value, np.ndarray)}
    shape = _shape(starts, arrays)
    varied = {name: np.broadcast_to(array, shape) for name, array in arrays.items()}
    values = {name: array.reshape(-1) for name, array in varied.items()}
    if starts.ndim > 1:
        index = np.arange(math.prod(starts.shape[:-1])).reshape(starts.shape[:-1])
        varied["start"] = np.broadcast_to(index, shape)
    points = np.broadcast_to(starts, (*shape, starts.shape[-1])).reshape(-1, starts.shape[-1])
    runs = _Runs(fun, points, number, chosen, values, given)
    engine, columns = runs.together() or ("one by one", _columns(runs.alone(slice(None), workers), diagnose))
    x, found, steps, code, ends = columns
    if isinstance(ends, Ends):
        runs.rejudge(ends, steps)
    return _compared(Sweep(varied, x.reshape(*shape, -1), found.reshape(shape), steps.reshape(shape),
                           code.reshape(shape), engine, time.perf_counter() - began, ends))  # fmt: skip


def _several(fun: Any, x0: Any, methods: Sequence[Any], workers: Any, given: dict[str, Any]) -> Sweep:
    """A sweep for each of several methods, until Ctrl-C."""
    if not methods:
        raise ArgumentError("method=[]: expected at least one method, or its name.")
    began = time.perf_counter()
    parts: list[Sweep] = []
    for method in methods:
        parts.append(sweep(fun, x0, method, workers=workers, **given))
        if (parts[-1].code == INTERRUPTED).any():
            break
    return _stacked(parts, [_label(method) for method in methods[: len(parts)]], time.perf_counter() - began)


Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, Sequence[Verdict]]
Row = tuple[np.ndarray, float, int, Verdict]
NOT_RUN = Verdict(INTERRUPTED, "Interrupted before anything was known of this run.")


def _shape(starts: np.ndarray, arrays: dict[str, np.ndarray]) -> tuple[int, ...]:
    """The grid that starts and hyperparameters span."""
    shapes = {name: array.shape for name, array in arrays.items()} | {"starts": starts.shape[:-1]}
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ArgumentError(f"the shapes of what is varied do not broadcast: {listed}.") from None


class _Runs(NamedTuple):
    """The runs of one method: from `points`, shape (runs, n), each with its part of `values`."""

    fun: Any
    points: np.ndarray
    number: bool  # whether x is one number to fun
    method: Method
    values: dict[str, np.ndarray]
    given: dict[str, Any]  # for minimize

    def together(self) -> tuple[str, Columns] | None:
        """All of them as one batch, and what computed it; None where that can't be."""
        method, points, given = self.method, self.points, dict(self.given)
        args, jac, stop, rng, bounds, diagnose = map(given.pop, ("args", "jac", "stop", "rng", "bounds", "diagnose"))
        limits = Limits.of(None, given, {})
        criterion = limits.criterion(stop or method.convergence(points.dtype))
        ruled = isinstance(method, Rule) and not hasattr(method.hyper.get("lr"), "advance") and not method.schedules
        # no long doubles, nor bytes in the other order
        ruled = ruled and batchable(criterion) and points.dtype in (np.float32, np.float64)
        if not (ruled or suits(method, criterion, points)):
            return None
        if bounds is not None or math.isfinite(limits.maxfun) or math.isfinite(limits.maxtime):
            return None
        many = many_points(self.fun, points[0], self.number, args, jac, rng)
        if many is None or not (ruled or many.derivative.measured is None):
            return None  # where fun is noisy, a search measures anew
        starts = np.ascontiguousarray(points.T)
        hyper = method.hyper | self.values if isinstance(method, Rule) else {}
        batch = many.batch if ruled else guarded(many.batch)
        task = Task(batch, many.derivative.noise, type(method), hyper, starts, criterion)
        engine, out = self._outcome(task, many)
        if not diagnose or (out.code == INTERRUPTED).any():
            return engine, (out.x.T, out.fun, out.steps, out.code, ())
        ends = judge_many(task, out)
        return engine, (out.x.T, out.fun, out.steps, ends.code, ends)

    def _outcome(self, task: Task, many: Many) -> tuple[str, Outcome]:
        """What computed the runs of a batch, and how they ended."""
        if not isinstance(self.method, Rule):
            return "batch", Abreast(self.method, task, many.oracle).outcome()
        if self.points.shape[1] <= FEW and self.points.dtype == np.float64:
            with suppress(MissingExtraError):
                return "compiled" if many.meaning else "batch", run_lanes(task, many.meaning)
        return "batch", run_batch(task)

    def rejudge(self, ends: Ends, steps: np.ndarray) -> None:
        """Make runs of unclear verdicts once more alone, in as many steps in all as the longest run made."""
        most = max(steps.max(), LEAST) if isinstance(self.method, Rule) else math.inf
        few = ends.unclear[np.cumsum(steps[ends.unclear]) <= most]
        for k, row in zip(few.tolist(), self.alone(few), strict=True):
            ends[k] = row[-1]

    def alone(self, which: Any, workers: Any = None) -> list[Row]:
        """Some of them, each by `minimize`."""
        columns = {name: column[which] for name, column in self.values.items()}
        runs = [(self.method.with_hyper(**{name: column[k] for name, column in columns.items()})
                 if isinstance(self.method, Rule) else self.method, x[0] if self.number else x)
                for k, x in enumerate(self.points[which])]  # fmt: skip
        one = partial(_alone, self.fun, self.given)
        rows = until_interrupted(one, runs, workers, lambda row: row[-1].code == INTERRUPTED)
        return [row or (np.atleast_1d(x), math.nan, 0, NOT_RUN) for row, (_, x) in zip(rows, runs, strict=True)]


def _columns(rows: list[Row], diagnosed: bool) -> Columns:
    """What came of single runs, by columns."""
    x, found, steps, ends = zip(*rows, strict=True)
    codes = np.array([verdict.code for verdict in ends], object)
    return np.array(x), np.array(found), np.array(steps), codes, ends if diagnosed else ()


def _alone(fun: Any, given: dict[str, Any], run: tuple[Method, Any]) -> Row:
    method, x0 = run
    result = minimize(fun, x0, method=method, on_error="stop", **given)
    verdict = Verdict(result.code, result.why, result.success, result.evidence, result.advice)
    return np.atleast_1d(result.x), result.fun, result.nit, verdict


def _stacked(sweeps: list[Sweep], names: list[str], seconds: float) -> Sweep:
    """Sweeps of several methods as one, along a new first axis."""
    shapes = {each.fun.shape for each in sweeps}
    if len(shapes) != 1:
        raise ArgumentError(f"the grids of the methods have shapes {sorted(shapes)}: expected equal ones.")
    (shape,) = shapes
    hyper = dict.fromkeys(name for each in sweeps for name in each.varied)
    nothing = np.full(shape, math.nan)  # where a method does not have what another one varies
    varied = {name: np.stack([each.varied.get(name, nothing) for each in sweeps]) for name in hyper}
    kinds = np.array(names, object).reshape(-1, *[1] * len(shape))
    together = {key: np.stack([getattr(each, key) for each in sweeps]) for key in ("x", "fun", "steps", "code")}
    engine = " and ".join(dict.fromkeys(each.engine for each in sweeps))
    return _compared(
        Sweep(
            {"method": np.broadcast_to(kinds, (len(sweeps), *shape)), **varied},
            **together,
            engine=engine,
            seconds=seconds,
            ends=[verdict for each in sweeps for verdict in each.ends],
        )
    )


def _compared(swept: Sweep) -> Sweep:
    """The same, where minima are called local if another run has found a lower one."""
    x, f, code = swept.x.reshape(swept.fun.size, -1), swept.fun.reshape(-1), swept.code.copy()
    ends = swept.ends if isinstance(swept.ends, Ends) else list(swept.ends)
    for k, verdict in (local(x, f, ends) if len(ends) else {}).items():
        code.reshape(-1)[k] = verdict.code
        ends[k] = verdict
    return replace(swept, code=code, ends=ends)


def _label(method: Any) -> str:
    return method if isinstance(method, str) else getattr(method, "name", repr(method))
