"""What a call poses: where it starts, and the oracle that is asked."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .derivatives import choose
from .derivatives.unproved import Unproved
from .errors import ArgumentError
from .methods.proximal import Composite
from .objective.oracle import Box, Derivative, Objective, Oracle, faces
from .objective.params import Parameters
from .objective.point import Point
from .sets import Term


@dataclass(frozen=True)
class Posed:
    """Where to start, within which limits, and how to get gradients.

    Attributes
    ----------
    parameters : Parameters
    start : ndarray, shape (n,)
        Inside the bounds or the set.
    box : (low, high) or None
        The bounds.
    term : Term or None
        What is added to the function: a set or a penalty.
    jac, rng, stochastic
        As of `minimize`.
    """

    parameters: Parameters
    start: np.ndarray
    box: tuple[np.ndarray, np.ndarray] | None
    term: Term | None
    jac: Any
    rng: Any
    stochastic: bool

    @classmethod
    def of(
        cls,
        parameters: Parameters,
        bounds: Any,
        term: Term | None = None,
        *,
        jac: Any,
        rng: Any,
        stochastic: bool = False,
    ) -> Posed:
        """The problem, its start moved inside.

        Raises
        ------
        ArgumentError
            When the start is not finite, bounds and a term are given, or `jac` is an array.
        """
        start = parameters.start
        if not (jac is None or callable(jac) or isinstance(jac, str | bool)):
            raise ArgumentError(f"jac={jac!r}: expected a function x -> gradient, True, or a name such as '2-point'.")
        if not np.isfinite(start).all():
            raise ArgumentError(f"x0 holds {start[~np.isfinite(start)][0]}: expected finite numbers to start from.")
        if term is not None:
            if bounds is not None:
                raise ArgumentError("bounds and project or prox are given: expected one of them (a set Box, say).")
            start = term.into(start)
        if (box := faces(bounds, parameters)) is not None:
            start = np.clip(start, *box).astype(start.dtype)
        return cls(parameters, start, box, term, jac, rng, stochastic)

    def first(self, objective: Objective) -> tuple[Oracle, Point]:
        """The oracle, whose gradient was proved at the start unless it is noisy, and the point there."""
        posed, f0 = self.begun(objective)
        objective.begun = Point(posed.start, f0) if math.isfinite(f0) else None
        oracle = posed.oracle(objective, f0)
        return oracle, oracle.meet(posed.start, f0)

    def begun(self, objective: Objective) -> tuple[Posed, float]:
        """The same, in float32 where fun makes NumPy's float64 into that, as JAX does by itself; the value there."""
        f0 = objective(self.start)
        parameters, start = self.parameters, self.start
        if parameters.library is None and objective.library is not None and objective.dtype == np.float32:
            parameters.start = start = start.astype(np.float32)
        return replace(self, start=start), f0

    def oracle(self, objective: Objective, f0: float | None = None) -> Oracle:
        """The oracle; without the value at the start its gradient is not proved there."""
        jac = self.jac
        if jac in (None, "auto"):  # a formula, a problem of the zoo, or a spline brings its own
            jac = getattr(objective.fun, "gradient", None)
        derivative: Derivative
        if self.stochastic:
            derivative = Unproved(objective, jac)
        else:
            derivative = choose(objective, self.start, f0, jac, self.box, self.rng)
        if self.term is not None:
            return Composite(objective, derivative, self.term)
        return Oracle(objective, derivative) if self.box is None else Box(objective, derivative, *self.box)
