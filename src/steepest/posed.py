"""What a call poses: where it starts, and the oracle that is asked."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .derivatives import choose
from .derivatives.unproved import Unproved
from .errors import ArgumentError
from .methods.proximal import Composite
from .oracle import Box, Derivative, Objective, Oracle, faces
from .params import Parameters
from .point import Point
from .sets import Term


def beginning(
    parameters: Parameters, bounds: Any, what: Term | None = None
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray] | None]:
    """The start as a vector, moved inside the bounds or the set, and the bounds as (low, high)."""
    start = parameters.start
    if not np.isfinite(start).all():
        raise ArgumentError(
            f"x0 holds {start[~np.isfinite(start)][0]}: expected finite numbers to start from."
        )
    if what is not None:
        if bounds is not None:
            raise ArgumentError(
                "bounds and project or prox are given: expected one of them (a set Box, say)."
            )
        start = what.into(start)
    box = faces(bounds, start.size)
    return (start, None) if box is None else (np.clip(start, *box).astype(start.dtype), box)


def first_point(
    objective: Objective,
    parameters: Parameters,
    start: np.ndarray,
    jac: Any,
    box: tuple[np.ndarray, np.ndarray] | None,
    rng: Any,
    what: Term | None = None,
    stochastic: bool = False,
) -> tuple[Oracle, Point]:
    """The oracle, whose gradient was proved at the start unless it is noisy, and the point there."""
    f0 = objective(start)
    objective.begun = Point(start, f0) if math.isfinite(f0) else None
    oracle = asked(objective, parameters, start, f0, jac, box, rng, what, stochastic)
    return oracle, oracle.meet(start, f0)


def asked(
    objective: Objective,
    parameters: Parameters,
    start: np.ndarray,
    f0: float | None,
    jac: Any,
    box: tuple[np.ndarray, np.ndarray] | None,
    rng: Any,
    what: Term | None,
    stochastic: bool = False,
) -> Oracle:
    """The oracle; without the value at the start its gradient is not proved there."""
    if jac in (None, "auto"):  # a formula, a problem of the zoo, or a spline brings its own
        jac = getattr(objective.fun, "gradient", None)
    derivative: Derivative
    if stochastic:
        derivative = Unproved(objective, parameters, jac)
    else:
        derivative = choose(objective, parameters, start, f0, jac, box, rng)
    if what is not None:
        return Composite(objective, derivative, what)
    return Oracle(objective, derivative) if box is None else Box(objective, derivative, *box)
