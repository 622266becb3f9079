"""What a call poses: a function, where it starts, and the oracle that is asked."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .derivatives import Paired, choose
from .derivatives.unproved import Unproved
from .errors import ArgumentError
from .loops.loop import Iterate
from .loops.resume import Keeper
from .methods.proximal import Composite
from .objective.bounds import faces
from .objective.negative import Negative, function
from .objective.oracle import Box, Derivative, Objective, Oracle
from .objective.params import Parameters
from .objective.point import Point
from .run import Run
from .sets import Term, fitting


@dataclass(frozen=True)
class Posed:
    """What to minimise, where to start, within which limits, and how to get gradients.

    Attributes
    ----------
    fun, args
        As of `minimize`.
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

    fun: Callable[..., Any]
    args: Any
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
        fun: Any,
        x0: Any,
        args: Any,
        jac: Any,
        bounds: Any,
        term: Term | None = None,
        *,
        rng: Any,
        stochastic: bool = False,
    ) -> Posed:
        """The problem, its start moved inside.

        Raises
        ------
        ArgumentError
            When `fun` is no function, the start is not finite, bounds and a term are given, or `jac` is an array.
        """
        parameters = Parameters(x0)
        start = parameters.start
        if not (jac is None or callable(jac) or isinstance(jac, str | bool)):
            raise ArgumentError(f"jac={jac!r}: expected a function x -> gradient, True, or a name such as '2-point'.")
        if not np.isfinite(start).all():
            raise ArgumentError(f"x0 holds {start[~np.isfinite(start)][0]}: expected finite numbers to start from.")
        if term is not None:
            if bounds is not None:
                raise ArgumentError("bounds and project or prox are given: expected one of them (a set Box, say).")
            start = fitting(term, start.size).into(start)
        if (box := faces(bounds, parameters)) is not None:
            start = np.clip(start, *box).astype(start.dtype)
        return cls(function(fun, "fun"), args, parameters, start, box, term, jac, rng, stochastic)

    @property
    def sign(self) -> float:
        """-1.0 where the negative of what the caller maximises is minimised."""
        return self.fun.sign if isinstance(self.fun, Negative) else 1.0

    def objective(self, *how: Any) -> Objective:
        """The function, counted and checked; `how` it is limited and called, see `Objective`."""
        return (Paired if self.jac is True else Objective)(self.fun, self.parameters, self.args, *how)

    def first(self, objective: Objective) -> tuple[Oracle, Point]:
        """The oracle, whose gradient was proved at the start unless it is noisy, and the point there."""
        posed, f0 = self.begun(objective)
        objective.begun = Point(posed.start, f0) if math.isfinite(f0) else None
        oracle = posed.oracle(objective, f0)
        return oracle, oracle.meet(posed.start, f0)

    def resumed(self, objective: Objective, run: Run, keeper: Keeper) -> tuple[Oracle, Iterate]:
        """The oracle as it was, and where the run that was kept goes on."""
        abroad = keeper.abroad and self.parameters.library is None
        posed = self.begun(objective)[0] if abroad else self
        oracle = posed.oracle(objective)
        now = run.resume(*keeper.put_back(objective, oracle))
        objective.deadline = run.deadline
        return oracle, now

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
