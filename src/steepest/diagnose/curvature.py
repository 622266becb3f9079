"""The curvature of any function at any point, as the user asks for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..derivatives.choice import choose
from ..derivatives.own import Paired
from ..errors import ArgumentError
from ..objective.oracle import Objective, Oracle
from ..objective.params import Parameters
from .measure import Spot, gradient_error, measure
from .probes import Probes
from .spectrum import Curvature


def curvature(f: Callable[..., Any], x: Any, args: tuple[Any, ...] = (), jac: Any = None, rng: Any = 0) -> Curvature:
    """The curvatures of `f` at `x`: largest, smallest, condition number, negative directions.

    For n <= 50 the Hessian by n differences of gradients, above 30 steps of Lanczos (1950) with full
    orthogonalisation; the result then says below what no curvature lies.

    Parameters
    ----------
    f : callable
        ``f(x, *args) -> float``.
    x : float, array_like, or dict / list / tuple of arrays
        Where.
    args : tuple
        Further arguments of `f`.
    jac : callable, True, str, or None
        As in `minimize`.
    rng : int or numpy.random.Generator
        For the start of Lanczos.

    Returns
    -------
    Curvature

    Raises
    ------
    ArgumentError
        When `f` is not finite at `x`.

    Examples
    --------
    >>> c = curvature(lambda x: x[0] ** 2 + 50 * x[1] ** 2, [3.0, 2.0])
    >>> round(c.largest, 3), round(c.smallest, 3), round(c.condition, 3)
    (100.0, 2.0, 50.0)
    """
    parameters = Parameters(x, "x")
    objective = (Paired if jac is True else Objective)(f, parameters, args)
    start = parameters.start
    f0 = objective(start)
    if not math.isfinite(f0):
        raise ArgumentError(f"x={x!r}: f is {f0:g} there; expected a point where it is finite.")
    derivative = choose(objective, start, f0, jac, None, rng)
    g, error = derivative.gradient(start, f0)
    n = start.size
    probes = Probes(Oracle(objective, derivative), 2 * n + 10 if error is None else n * (n + 1), error is None)
    scale = np.where(start == 0, 1.0, np.abs(start)).astype(float)
    spot = Spot(probes, start, f0, g.astype(float), scale, derivative.noise(f0), error=gradient_error(error))
    found = measure(spot, np.ones(n, bool), np.zeros((0, n)), np.zeros((0, n)), rng)
    if found is None:
        raise ArgumentError(f"x={x!r}: f can't be evaluated around there; expected a point inside its domain.")
    return replace(found, n=n, evaluations=probes.spent)
