"""The oracle: fun and its gradient as one thing that can be asked about a point, counted and checked."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import numpy as np

from ..errors import Exhausted, ObjectiveError, SteepestError, counted
from .foreign import Library, library_of
from .parallel import Processes, employed, evaluate
from .params import Parameters
from .point import Point


class Objective:
    """The user's function as a counted, checked function of one flat vector.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args) -> float`` in the caller's shape of x.
    parameters : Parameters
        The border between that shape and flat vectors.
    args : tuple
        Further arguments of `fun`.
    maxfun : float
        Hard cap on the number of calls, never exceeded.
    deadline : float
        `time.perf_counter` value after which no further call is begun.
    vectorized : bool
        Whether `fun` takes many points at once: x of shape (n, k) -> (k,).
    workers : None, int, executor, or map-like
        Who evaluates several points at once, such as those of a difference gradient (see `parallel.evaluate`).
    skip : bool
        Whether `fun` is nan where it raises an exception; they are counted in `skipped`, the last one is `failure`.

    Attributes
    ----------
    batches : bool
        Whether `args` are a batch of training data, which others follow.

    Raises
    ------
    Exhausted
        Before a call that would exceed `maxfun` or begin after `deadline`.
    ObjectiveError
        When `fun` gives back something that is no real number.
    """

    batches = False

    def __init__(
        self,
        fun: Callable[..., Any],
        parameters: Parameters,
        args: tuple[Any, ...] = (),
        maxfun: float = math.inf,
        deadline: float = math.inf,
        vectorized: bool = False,
        workers: Any = None,
        skip: bool = False,
    ):
        self.fun, self.parameters = fun, parameters
        self.restore, self.fresh = parameters.restore, parameters.fresh
        self.args = args if isinstance(args, tuple) else (args,)  # as scipy does
        self.maxfun, self.deadline = maxfun, deadline
        self.vectorized, self.workers = vectorized, employed(workers)
        self.nfev = self.skipped = 0
        self.failure: Exception | None = None
        # whose number fun gave last, where it was not NumPy's or Python's, and its precision
        self.library: Library | None = None
        self.dtype: Any = None
        self._caught = Exception if skip else ()
        self.begun: Point | None = None  # where the run begins, for those that get no further

    def raw(self, x: Any) -> Any:
        """What `fun` gives back at `x`, as it is; `x` may be any flat array-like that slices and reshapes."""
        self._spend(1)
        return self.fun(self.restore(x), *self.args)

    def _spend(self, calls: int) -> None:
        if self.nfev + calls > self.maxfun:
            raise Exhausted(f"maxfun={self.maxfun:g} is used up ({counted(self.nfev, 'evaluation')})", "evaluations")
        if self.deadline < math.inf and time.perf_counter() >= self.deadline:
            raise Exhausted("the time is used up (maxtime)", "time")
        self.nfev += calls

    def __call__(self, x: np.ndarray) -> float:
        """The value at `x`, shape (n,), as a float; `fun` gets a copy, so it can't corrupt `x`."""
        try:
            if self.nfev >= self.maxfun or self.deadline < math.inf:
                self._spend(1)
            else:  # what a call of it would cost is saved
                self.nfev += 1
            value = self.fun(self.fresh(x), *self.args)
            if isinstance(value, float):
                return float(value)
            self.library, self.dtype = library_of(value), getattr(value, "dtype", None)
            return real(value)
        except self._caught as error:
            return self.without(error)

    def without(self, error: Exception) -> float:
        """What stands for a value when `fun` raised this, which is no error of ours."""
        if isinstance(error, SteepestError):
            raise error
        self.failure, self.skipped = error, self.skipped + 1
        return math.nan

    def batch(self, xs: np.ndarray) -> np.ndarray:
        """The values at the rows of `xs`, shape (k, n); returns shape (k,)."""
        if self.vectorized:
            self._spend(len(xs))
            values = unmasked(self.fun(xs.T.copy(), *self.args))
            if values.shape != (len(xs),):
                raise ObjectiveError(
                    f"fun returned shape {values.shape} for x of shape {xs.T.shape}: with vectorized=True "
                    f"({len(xs)},) is expected, one value for each column."
                )
            return values.astype(float)
        if self.workers is None:
            return np.array([self(x) for x in xs])
        self._spend(len(xs))
        call = partial(_call, self.fun, self.args, self._caught)  # pickles, if fun does
        answers = evaluate(call, [self.restore(x.copy()) for x in xs], self.workers)
        return np.array([self.without(v) if isinstance(v, Exception) else self.number(v) for v in answers])

    def number(self, answer: Any) -> float:
        """The value in what `fun` gave back."""
        return real(answer)

    def end(self) -> None:
        """End the processes of this run, if there are any."""
        if isinstance(self.workers, Processes):
            self.workers.end()


def _call(fun: Callable[..., Any], args: tuple[Any, ...], caught: Any, x: Any) -> Any:
    try:
        return fun(x, *args)
    except caught as error:
        return error


def unmasked(value: Any) -> np.ndarray:
    """What a function gave back as an array, NaN where it is masked."""
    array = np.asarray(value)
    if type(value) is not np.ndarray and isinstance(value, np.ndarray) and np.ma.is_masked(value):
        return np.where(np.ma.getmaskarray(value), np.nan, array)
    return array


def real(value: Any) -> float:
    """What a function gave back as a float, or an error that says what it was instead."""
    if isinstance(value, float):  # np.float64 is one, too
        return float(value)
    if value is None:
        raise ObjectiveError("fun returned None: expected a number. Is a `return` missing?")
    if isinstance(value, tuple | list) and len(value) == 2 and np.ndim(value[0]) == 0 and np.ndim(value[1]):
        raise ObjectiveError("fun returned a pair: expected a number. Of (value, gradient), say so by jac=True.")
    library = library_of(value)
    array = unmasked(library.numpy(value) if library else value)
    if array.size != 1:
        raise ObjectiveError(
            f"fun returned an array of shape {array.shape}: expected one number. Is a sum or a mean missing?"
        )
    if array.dtype.kind not in "fiubO":
        raise ObjectiveError(f"fun returned {value!r} ({array.dtype}): expected a real number.")
    try:
        return float(array.reshape(-1)[0])
    except (TypeError, ValueError) as error:
        raise ObjectiveError(f"fun returned {value!r}: expected a real number.") from error


class Derivative(Protocol):
    """How a gradient is obtained (see `steepest.derivatives`)."""

    @property
    def name(self) -> str:
        """Such as "user", "autograd", "2-point"."""
        ...

    @property
    def report(self) -> str:
        """One sentence for the result: what is used, how far it was proved, what that cost."""
        ...

    def gradient(self, x: np.ndarray, f: float) -> tuple[np.ndarray, np.ndarray | None]:
        """The gradient at `x`, where the value is `f`, and a bound on its error, each of shape (n,); the
        bound is None where the gradient is exact to rounding."""
        ...

    def noise(self, f: float) -> float:
        """The uncertainty of one value of `fun` near `f`, one standard deviation, in units of f."""
        ...

    def diagonal(self) -> np.ndarray | None:
        """Second derivatives along each coordinate, shape (n,), where they came for free; else None."""
        ...

    def refresh(self, x: np.ndarray, f: float, noise: bool = True) -> bool:
        """Called when a search along the gradient failed: prove or calibrate anew, the `noise` of fun too. True if
        it changed."""
        ...


class Oracle:
    """Who is asked about points: ``oracle(x) -> Point``. Wrappers of it count, clip or add noise.

    Parameters
    ----------
    objective : Objective
        Tells values.
    derivative : Derivative
        Tells gradients.
    """

    def __init__(self, objective: Objective, derivative: Derivative):
        self.objective, self.derivative = objective, derivative
        self.njev = 0
        self.best: Point | None = None  # of all that were asked about and had a finite value
        self._lowest = math.inf

    def __call__(self, x: np.ndarray) -> Point:
        """The point at `x`: its value now, its gradient when asked for."""
        return self.meet(x, self.objective(x))

    def meet(self, x: np.ndarray, f: float) -> Point:
        """The point at `x`, where the value is known to be `f`."""
        point = Point(x, f, None, None, self)
        self.visited(point)
        return point

    @property
    def bare(self) -> Oracle:
        """The oracle itself, where this is one as a wrapped method sees it."""
        return self

    def gain(self, point: Point) -> float:
        """The decrease that is there to be had at a point at least, as far as this oracle knows."""
        return 0.0

    def dress(self, point: Point) -> Point:
        """A point of the bare oracle as one of this one."""
        return point

    def recalled(self, x: np.ndarray, f: Any, g: np.ndarray | None, error: np.ndarray | None) -> Point:
        """A point that an earlier run has met."""
        return Point(x, f, g, error, self)

    def visited(self, point: Point) -> None:
        """Keep the point if it is the best one so far."""
        if -math.inf < point.f < self._lowest:
            self.best, self._lowest = point, point.f

    def gradient(self, x: np.ndarray, f: float) -> tuple[np.ndarray, np.ndarray | None]:
        """The gradient at `x` and the bound on its error."""
        self.njev += 1
        return self.derivative.gradient(x, f)

    @property
    def nfev(self) -> int:
        """Calls of fun so far, those for differences included."""
        return self.objective.nfev


class Box(Oracle):
    """An oracle within bounds: points are projected onto the box, and of the gradient those components
    that pull out of it at its faces are zero (the projected gradient; Bertsekas 1976).

    Parameters
    ----------
    low, high : ndarray, shape (n,)
        The faces; infinite where there is none.
    """

    def __init__(self, objective: Objective, derivative: Derivative, low: np.ndarray, high: np.ndarray):
        super().__init__(objective, derivative)
        self.low, self.high, self.fixed = low, high, low == high

    def __call__(self, x: np.ndarray) -> Point:
        return super().__call__(np.clip(x, self.low, self.high))

    def gradient(self, x: np.ndarray, f: float) -> tuple[np.ndarray, np.ndarray | None]:
        g, error = super().gradient(x, f)
        outward = ((x <= self.low) & (g > 0)) | ((x >= self.high) & (g < 0))
        if error is not None:  # of a coordinate that can't move the gradient is 0, whatever fun does
            error = np.where(self.fixed, 0.0, error)
        return np.where(outward | self.fixed, np.zeros_like(g), g), error
