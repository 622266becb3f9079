"""A function of one point as a function of many, where it is one: tried out, and proved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .derivatives.automatic import autograd
from .derivatives.choice import choose
from .derivatives.own import Paired
from .derivatives.proved import USER
from .errors import ObjectiveError
from .oracle import Objective
from .params import Parameters
from .watch import Batch


def many_points(
    fun: Any, x0: np.ndarray, number: bool, args: Any, jac: Any, rng: Any
) -> tuple[Batch, Callable[[Any], Any]] | None:
    """Values and gradients of many points at once, and the noise of the values; None where `fun` can't do that.

    The gradient is proved as in a single run, and both against single calls, near `x0`.
    """
    if jac in (None, "auto"):
        jac = getattr(fun, "gradient", None)
    parameters = Parameters(x0[0] if number else x0)
    objective = (Paired if jac is True else Objective)(fun, parameters, args)
    derivative = choose(objective, parameters, x0, objective(x0), jac, None, rng)
    raw: Callable[[Any], tuple[Any, Any]]
    if derivative.name == "autograd":
        follow = autograd(lambda x: np.sum(fun(x, *objective.args)))
        raw = lambda x: (fun(x, *objective.args), follow(x)[1])  # noqa: E731
    elif derivative.name != USER:
        return None
    elif jac is True:
        raw = lambda x: fun(x, *objective.args)  # noqa: E731
    elif jac == getattr(fun, "gradient", None) and hasattr(fun, "value_and_gradient"):
        raw = lambda x: fun.value_and_gradient(x, *objective.args)  # noqa: E731
    else:
        raw = lambda x: (fun(x, *objective.args), jac(x, *objective.args))  # noqa: E731

    def batch(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        f, g = raw(x[0] if number else x)
        f, g = np.array(f, float), np.array(g, x.dtype, order="C")
        if f.shape != x.shape[1:] or g.size != x.size:
            raise ObjectiveError(f"fun and jac returned shapes {f.shape} and {g.shape} for x of shape {x.shape}: "
                                 f"expected {x.shape[1:]} and {x.shape}, as at the start.")  # fmt: skip
        return f, g.reshape(x.shape)

    draw = np.random.default_rng(0)
    columns = 3 if x0.size != 3 else 4  # not as many as coordinates: rows and columns must not be confused
    probes = x0[:, None] * (1 + 0.01 * draw.normal(size=(x0.size, columns))) + 0.001 * draw.normal(
        size=columns
    )
    probes = probes.astype(x0.dtype)
    try:
        with np.errstate(all="ignore"):
            f, g = batch(probes)
            singles = [objective(column) for column in probes.T]
            gradients = [derivative.gradient(x, value)[0] for x, value in zip(probes.T, singles, strict=True)]
    except Exception:
        return None  # not written for many points: a single call is made for each
    bound = 1e3 * float(np.finfo(x0.dtype).eps)
    same = np.allclose(f, singles, bound, 0, True) and np.allclose(g.T, gradients, bound, 0, True)
    return (batch, derivative.noise) if same else None
