"""A function of one point as a function of many, where it is one: tried out, and proved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..derivatives.automatic import autograd
from ..derivatives.choice import choose
from ..derivatives.own import USER, Paired
from ..derivatives.proved import Proved
from ..engine.kernels import cached
from ..engine.traced import coordinates, from_formula, from_function
from ..errors import ObjectiveError
from ..expression import Expression, Program
from ..formula import Formula
from ..loops.thresholds import Batch
from ..objective.oracle import Objective, Oracle
from ..objective.params import Parameters
from .lanes import FEW


class Many(NamedTuple):
    """A function of many points.

    Attributes
    ----------
    batch : callable
        Values and gradients, of shapes (runs,) and (n, runs), at x of shape (n, runs), in arrays of their own.
    derivative : Proved
        How single points get their gradients.
    oracle : callable
        That of a single run from x, shape (n,), with a gradient that need not be proved once more.
    meaning : tuple of Expression, or None
        The value and the gradient as expressions, where they could be found and compute the same bits.
    """

    batch: Batch
    derivative: Proved
    oracle: Callable[[np.ndarray], Oracle]
    meaning: tuple[Expression, ...] | None


def many_points(fun: Any, x0: np.ndarray, number: bool, args: Any, jac: Any, rng: Any) -> Many | None:
    """The function as one of many points at once; None where `fun` can't do that.

    The gradient is proved as in a single run, and all of it against single calls, near `x0`.
    """
    if jac in (None, "auto"):
        jac = getattr(fun, "gradient", None)

    def single(x: np.ndarray, proved: bool = False) -> Oracle:
        parameters = Parameters(x[0] if number else x)
        objective = (Paired if jac is True else Objective)(fun, parameters, args)
        return Oracle(objective, choose(objective, x, objective(x) if proved else None, jac, None, rng))

    oracle = single(x0, proved=True)
    args, derivative = oracle.objective.args, oracle.derivative
    if not isinstance(derivative, Proved) or derivative.name not in (USER, "autograd"):
        return None
    own = jac if derivative.name == USER else None
    compiles = x0.size <= FEW and x0.dtype == float
    # one program, for a point and for many
    if compiles and isinstance(fun, Formula) and own == fun.gradient:
        return Many(_batch(from_formula(fun)), derivative, single, from_formula(fun))
    batch = _checked(_pair(fun, own, args), number)
    try:
        with np.errstate(all="ignore"):
            samples = Samples.near(x0, oracle)
            meaning = _meaning(fun, own, args, x0.size, number) if compiles else None
            if meaning and samples.agree(traced := _batch(meaning)):
                return Many(traced, derivative, single, meaning)
            agree = samples.agree(batch)
    except Exception:
        return None  # not written for many points: a single call is made for each
    return Many(batch, derivative, single, None) if agree else None


class Samples(NamedTuple):
    """A few points, shape (n, k), with their values, shape (k,), and gradients, shape (n, k), by single calls."""

    x: np.ndarray
    f: np.ndarray
    g: np.ndarray

    @classmethod
    def near(cls, x0: np.ndarray, oracle: Oracle) -> Samples:
        """Random points around a place."""
        draw = np.random.default_rng(0)
        k = 3 if x0.size != 3 else 4  # not as many as coordinates: rows and columns must not be confused
        x = x0[:, None] * (1 + 0.01 * draw.normal(size=(x0.size, k))) + 0.001 * draw.normal(size=k)
        x = x.astype(x0.dtype)
        f = np.array([oracle.objective(point) for point in x.T])
        g = [oracle.derivative.gradient(point, value)[0] for point, value in zip(x.T, f, strict=True)]
        return cls(x, f, np.array(g).T)

    def agree(self, batch: Batch) -> bool:
        """Whether a function of many points computes the same, up to rounding."""
        tolerance = 1e3 * float(np.finfo(self.x.dtype).eps)
        for many, single in zip(batch(self.x), (self.f, self.g), strict=True):
            same = (many == single) | (np.isnan(many) & np.isnan(single))
            if not (same | (np.abs(many / single - 1) <= tolerance)).all():
                return False
        return True


def _checked(pair: Callable[[Any], tuple[Any, Any]], number: bool) -> Batch:
    """Values and gradients in arrays of their own, once their shapes are proved."""

    def batch(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        f, g = pair(x[0] if number else x)
        f, g = np.array(f, float), np.array(g, x.dtype, order="C")
        if f.shape != x.shape[1:] or g.size != x.size:
            raise ObjectiveError(f"fun and jac returned shapes {f.shape} and {g.shape} for x of shape {x.shape}: "
                                 f"expected {x.shape[1:]} and {x.shape}, as at the start.")  # fmt: skip
        return f, g.reshape(x.shape)

    return batch


@cached(64)
def _program(meaning: tuple[Expression, ...]) -> Program:
    return Program(coordinates(len(meaning) - 1), meaning)


def _batch(meaning: tuple[Expression, ...]) -> Batch:
    """The values of the expressions at many points."""
    program = _program(meaning)

    def batch(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        f, *g = (np.broadcast_to(value, x.shape[1:]) for value in program.arrays(x))
        return np.array(f), np.array(g)

    return batch


def _meaning(fun: Any, jac: Any, args: tuple[Any, ...], n: int, number: bool) -> tuple[Expression, ...] | None:
    """The caller's function and gradient as expressions; of functions compiled by Numba the Python is traced."""

    def python(function: Any) -> Callable[[Any], Any]:
        function = getattr(function, "py_func", function)
        return lambda x: function(x[0] if number else x, *args)

    return from_function(python(fun), n, python(jac) if callable(jac) else None)


def _pair(fun: Any, jac: Any, args: tuple[Any, ...]) -> Callable[[Any], tuple[Any, Any]]:
    """x -> (value, gradient), by as few calls as can be; without a gradient of the caller's by autograd."""
    if jac is None:
        differentiated = autograd(lambda x: np.sum(fun(x, *args)))
        return lambda x: (fun(x, *args), differentiated(x)[1])
    if jac is True:
        return lambda x: fun(x, *args)
    if jac == getattr(fun, "gradient", None) and hasattr(fun, "value_and_gradient"):
        return lambda x: fun.value_and_gradient(x, *args)
    return lambda x: (fun(x, *args), jac(x, *args))
