"""sweep: one method with many values of its hyperparameters, or from many starts, as one batched run."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from .batch import Batch, batchable, run_batch
from .derivatives.automatic import autograd
from .derivatives.choice import choose
from .derivatives.proved import USER
from .errors import ArgumentError, MissingExtraError, ObjectiveError
from .lift import Rule
from .limits import Limits
from .method import Method
from .methods import find
from .minimize import minimize
from .oracle import Objective
from .parallel import evaluate
from .params import Parameters, floats
from .stop import Criterion


@dataclass(frozen=True, repr=False)
class Sweep:
    """What came of many runs; the arrays have the shape of the grid.

    Attributes
    ----------
    varied : dict
        What differs between the runs: hyperparameters, ``"start"`` (its index), ``"method"``; by name.
    x : ndarray, shape (..., n)
        The best finite point that each run saw.
    fun : ndarray
        The value there; NaN where no value was finite.
    steps : ndarray of int
        Made until it stopped.
    code : ndarray of str
        Why it stopped, such as ``converged.gradient``, ``budget.steps`` or ``diverged``.
    engine : str
        ``"batch"``, or ``"one by one"`` where the function or the method can't be batched.
    seconds : float
        Wall time.
    """

    varied: dict[str, np.ndarray]
    x: np.ndarray
    fun: np.ndarray
    steps: np.ndarray
    code: np.ndarray
    engine: str
    seconds: float

    @property
    def converged(self) -> np.ndarray:
        """Which runs met a criterion that means success."""
        return np.char.startswith(self.code.astype(str), ("converged", "target"))

    @property
    def best(self) -> dict[str, Any]:
        """The run with the lowest value: what was varied, x, fun, steps, code.

        Raises
        ------
        ArgumentError
            When no run saw a finite value.
        """
        if not np.isfinite(self.fun).any():
            raise ArgumentError("no run saw a finite value: begin elsewhere, or with smaller rates.")
        k = np.unravel_index(np.nanargmin(self.fun), self.fun.shape)
        row = {name: column[k].item() if column[k].ndim == 0 else column[k] for name, column in self._columns()}
        return row | {"x": self.x[k]}

    def _columns(self) -> list[tuple[str, np.ndarray]]:
        return [*self.varied.items(), ("fun", self.fun), ("steps", self.steps), ("code", self.code)]

    def to_dict(self) -> dict[str, list[Any]]:
        """Flat columns, a row for each run: what was varied, fun, steps, code."""
        return {name: column.reshape(-1).tolist() for name, column in self._columns()}

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The arrays by name, in the shape of the grid: the stability map."""
        return {**dict(self._columns()), "x": self.x}

    def to_dataframe(self) -> Any:
        """The flat columns as a `pandas.DataFrame`."""
        try:
            import pandas
        except ImportError as error:
            raise MissingExtraError("pandas", "table", "a data frame") from error
        return pandas.DataFrame(self.to_dict())

    def __repr__(self) -> str:
        codes, counts = np.unique(self.code.astype(str), return_counts=True)
        ends = ", ".join(f"{count} {code}" for code, count in zip(codes, counts, strict=True))
        lines = [f"{self.fun.size} runs in {self.seconds:.3g} s ({self.engine}): {ends}"]
        if np.isfinite(self.fun).any():
            best = self.best
            values = ", ".join(f"{name}={best[name]:.6g}" if isinstance(best[name], float) else f"{name}={best[name]}"
                               for name in self.varied)  # fmt: skip
            lines.append(f"best: fun = {best['fun']:.10g} after {best['steps']} steps, with {values}")
        return "\n".join(lines)


def sweep(
    fun: Callable[..., Any],
    x0: Any,
    method: str | Method | type[Method] | Sequence[Any],
    args: tuple[Any, ...] = (),
    jac: Any = None,
    *,
    stop: Criterion | None = None,
    workers: Any = None,
    rng: Any = None,
    bounds: Any = None,
    **limits: float,
) -> Sweep:
    """Run a method with many values of its hyperparameters, from many starts, or several methods.

    Each run is the one that `minimize` makes with the same values. Where `fun` and its gradient take many
    points at once (x of shape (n, runs); this is tried out, and proved against single calls), all runs are
    one batch, in which a step costs little more than in a single run.

    Parameters
    ----------
    fun : callable
        As for `minimize`; x0 is a number or a vector here.
    x0 : float or array_like, shape (n,) or (..., n)
        Where to start; axes before the last one are many starts.
    method : Method, its name, or a sequence of these
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
    >>> from steepest.rules import GD
    >>> s = sweep(lambda x: x[0] ** 2 + 10 * x[1] ** 2, [3.0, 2.0], GD(lr=np.array([0.01, 0.09, 0.11])))
    >>> s.code.tolist(), s.best["lr"], s.engine
    (['converged.gradient', 'converged.gradient', 'diverged'], 0.09, 'batch')
    """
    began = time.perf_counter()
    if not isinstance(method, str | Method | type):
        parts = [sweep(fun, x0, each, args, jac, stop=stop, workers=workers, rng=rng, bounds=bounds, **limits)
                 for each in method]  # fmt: skip
        return _stacked(parts, [str(each) for each in method], time.perf_counter() - began)
    starts = floats(x0, "x0")
    number, starts = starts.ndim == 0, np.atleast_1d(starts)
    chosen = find(method, starts.shape[-1])
    arrays = chosen.arrays if isinstance(chosen, Rule) else {}
    try:
        shape = np.broadcast_shapes(starts.shape[:-1], *(array.shape for array in arrays.values()))
    except ValueError:
        shapes = ", ".join([f"{name} {a.shape}" for name, a in arrays.items()] + [f"starts {starts.shape[:-1]}"])
        raise ArgumentError(f"the shapes of what is varied do not broadcast: {shapes}.") from None
    varied = {name: np.broadcast_to(array, shape) for name, array in arrays.items()}
    if starts.ndim > 1:
        index = np.arange(math.prod(starts.shape[:-1])).reshape(starts.shape[:-1])
        varied["start"] = np.broadcast_to(index, shape)
    points = np.broadcast_to(starts, (*shape, starts.shape[-1])).reshape(-1, starts.shape[-1])
    values = {name: array.reshape(-1) for name, array in varied.items() if name in arrays}
    given = {"args": args, "jac": jac, "stop": stop, "rng": rng, "bounds": bounds, **limits}
    columns = _at_once(fun, points, number, chosen, values, **given)
    engine = "one by one" if columns is None else "batch"
    if columns is None:
        columns = _one_by_one(fun, points, number, chosen, values, workers, given)
    x, found, steps, code = columns
    return Sweep(varied, x.reshape(*shape, -1), found.reshape(shape), steps.reshape(shape), code.reshape(shape),
                 engine, time.perf_counter() - began)  # fmt: skip


Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _at_once(
    fun: Any, points: np.ndarray, number: bool, method: Method, values: dict[str, np.ndarray], args: Any, jac: Any,
    stop: Criterion | None, rng: Any, bounds: Any, **limits: float,
) -> Columns | None:  # fmt: skip
    """All runs as one batch; None where that can't be."""
    known = Limits.of(None, limits, {})
    criterion = known.criterion(stop or method.convergence(points.dtype))
    if not isinstance(method, Rule) or hasattr(method.hyper.get("lr"), "advance") or method.schedules:
        return None
    if bounds is not None or math.isfinite(known.maxfun) or math.isfinite(known.maxtime) or not batchable(criterion):
        return None
    batch = _batch(fun, points[0], number, args, jac, rng)
    if batch is None:
        return None
    out = run_batch(batch, type(method), method.hyper | values, np.ascontiguousarray(points.T), criterion)
    return out.x.T, out.fun, out.steps, out.code
