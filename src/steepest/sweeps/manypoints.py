"""A function of one point as a function of many, where it is one: tried out, and proved."""

from __future__ import annotations

import math
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
    objective, derivative = oracle.objective, oracle.derivative
    if not isinstance(derivative, Proved) or derivative.name not in (USER, "autograd"):
        return None
    mine = derivative.name == USER
    few = x0.size <= FEW and x0.dtype == float
    # one program, for a point and for many
    if few and mine and isinstance(fun, Formula) and jac == fun.gradient:
        return Many(_batch(from_formula(fun)), derivative, single, from_formula(fun))
    raw = _pair(fun, jac if mine else None, objective.args)

    def batch(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        f, g = raw(x[0] if number else x)
        f, g = np.array(f, float), np.array(g, x.dtype, order="C")
        if f.shape != x.shape[1:] or g.size != x.size:
            raise ObjectiveError(f"fun and jac returned shapes {f.shape} and {g.shape} for x of shape {x.shape}: "
                                 f"expected {x.shape[1:]} and {x.shape}, as at the start.")  # fmt: skip
        return f, g.reshape(x.shape)

    same = 1e3 * float(np.finfo(x0.dtype).eps)  # relatively
    draw = np.random.default_rng(0)
    columns = 3 if x0.size != 3 else 4  # not as many as coordinates: rows and columns must not be confused
    probes = x0[:, None] * (1 + 0.01 * draw.normal(size=(x0.size, columns))) + 0.001 * draw.normal(size=columns)
    probes = probes.astype(x0.dtype)
    try:
        with np.errstate(all="ignore"):
            singles = np.array([objective(column) for column in probes.T])
            gradients = [derivative.gradient(x, value)[0] for x, value in zip(probes.T, singles, strict=True)]
            if few and (meaning := _meaning(fun, jac if mine else None, objective.args, x0.size, number)):
                followed = _batch(meaning)
                if _differ(followed(probes), singles, gradients) <= same:
                    return Many(followed, derivative, single, meaning)
            differ = _differ(batch(probes), singles, gradients)
    except Exception:
        return None  # not written for many points: a single call is made for each
    return Many(batch, derivative, single, None) if differ <= same else None


@cached(64)
def _program(meaning: tuple[Expression, ...]) -> Program:
    return Program(coordinates(len(meaning) - 1), meaning)


def _batch(meaning: tuple[Expression, ...]) -> Batch:
    """What the expressions tell of many points."""
    program = _program(meaning)

    def batch(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        f, *g = (np.broadcast_to(value, x.shape[1:]) for value in program.arrays(x))
        return np.array(f), np.array(g)

    return batch


def _meaning(fun: Any, jac: Any, args: tuple[Any, ...], n: int, number: bool) -> tuple[Expression, ...] | None:
    """What the caller's function and gradient compute, of Numba's the Python that they are made of."""

    def python(function: Any) -> Callable[[Any], Any]:
        function = getattr(function, "py_func", function)
        return lambda x: function(x[0] if number else x, *args)

    return from_function(python(fun), n, python(jac) if callable(jac) else None)


def _differ(told: tuple[np.ndarray, np.ndarray], singles: np.ndarray, gradients: list[np.ndarray]) -> float:
    """By how much, relatively, values and gradients of many points differ from those of single ones."""
    worst = 0.0
    for many, one in zip(told, (singles, np.array(gradients).T), strict=True):
        apart = ~((many == one) | (np.isnan(many) & np.isnan(one)))
        worst = max(worst, float(np.max(np.abs(many / one - 1), initial=0.0, where=apart)))
    return worst if not math.isnan(worst) else math.inf


def _pair(fun: Any, jac: Any, args: tuple[Any, ...]) -> Callable[[Any], tuple[Any, Any]]:
    """x -> (value, gradient), by as few calls as can be; without a gradient of the caller's by autograd."""
    if jac is None:
        follow = autograd(lambda x: np.sum(fun(x, *args)))
        return lambda x: (fun(x, *args), follow(x)[1])
    if jac is True:
        return lambda x: fun(x, *args)
    if jac == getattr(fun, "gradient", None) and hasattr(fun, "value_and_gradient"):
        return lambda x: fun.value_and_gradient(x, *args)
    return lambda x: (fun(x, *args), jac(x, *args))
