"""Sums of squares, and the descent made for them: Levenberg-Marquardt."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..errors import ArgumentError, ObjectiveError
from ..objective.negative import function
from ..objective.oracle import Oracle
from ..objective.point import Point
from ..schedules import positive
from ..stop import Criterion
from .method import Method
from .settled import Directed, Settled

TRIALS = 60  # radii tried in one step, each half of the one before: the last is below the rounding of x
ENOUGH = 1e-4  # a step counts if it brings this share of what it promised: Moré (1978), section 7
NEWTON = 20  # iterations for mu; they come from below, and 2 or 3 do
CLOSE = 1.1  # ... and may leave a step longer than the radius by this factor: Moré (1978), section 5


class LeastSquares:
    """The sum of the squares of residuals, with its gradient: a function for `minimize`.

    Parameters
    ----------
    residuals : callable
        ``residuals(x) -> (m,)``: what should become small, one number for each observation.
    jac : callable
        ``jac(x) -> (m, n)``: the derivatives of the residuals by the n numbers in x.

    Examples
    --------
    >>> import numpy as np
    >>> import steepest as st
    >>> t, y = np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 4.5])
    >>> line = st.LeastSquares(lambda x: x[0] + x[1] * t - y, lambda x: np.array([np.ones(3), t]).T)
    >>> st.minimize(line, [0.0, 0.0], method=st.LevenbergMarquardt()).x.round(6)
    array([0.75, 1.75])
    """

    def __init__(self, residuals: Callable[[Any], Any], jac: Callable[[Any], Any] | None = None):
        if jac is None:
            raise ArgumentError(
                "jac is missing: expected a function x -> (m, n), the derivatives of the residuals. Without it, "
                "minimize the sum of their squares: lambda x: (residuals(x) ** 2).sum()."
            )
        self.residuals, self.jac = function(residuals, "residuals"), function(jac, "jac")

    def __call__(self, x: Any) -> float:
        """r'r."""
        with np.errstate(all="ignore"):  # too large to square: infinite, and the next step is shorter
            r = self._column(x)
            return float(r @ r)

    def _column(self, x: Any) -> Any:
        """The residuals at `x`, shape (m,)."""
        r = self.residuals(x)
        r = np.asarray(r) if isinstance(r, list | tuple) else r
        if np.ndim(r) != 1:
            raise ObjectiveError(f"residuals returned shape {np.shape(r)}: expected (m,), one for each observation.")
        return r

    def linear(self, x: Any) -> tuple[np.ndarray, np.ndarray]:
        """The residuals r at `x`, shape (m,), and their derivatives J, shape (m, n).

        Raises
        ------
        ObjectiveError
            When J is not of that shape.
        """
        with np.errstate(all="ignore"):
            r, J = np.asarray(self._column(x)), np.asarray(self.jac(x))
        if J.ndim != 2 or len(J) != len(r):
            raise ObjectiveError(f"jac returned shape {J.shape}: expected ({len(r)}, n), a row for each residual.")
        return r, J

    def gradient(self, x: Any) -> np.ndarray:
        """2 J'r, shape (n,)."""
        r, J = self.linear(x)
        with np.errstate(all="ignore"):
            return 2 * (r @ J)


class Trust(NamedTuple):
    """How far the linear model is trusted, and the largest norm seen of each column of J, its units."""

    radius: float
    D: np.ndarray


@dataclass(frozen=True)
class LevenbergMarquardt(Directed, Method):
    """Levenberg-Marquardt: Moré (1978), algorithm 7.1.

    A step minimises the linear model of the residuals within a radius, measured in units of D, the columns of
    J: nothing depends on the units of x. For a `LeastSquares` function alone. `factor` is the first radius over
    the length of x0 in these units. Unlike there, a failed step halves the radius, without interpolation.

    Examples
    --------
    >>> import steepest as st
    >>> st.LevenbergMarquardt()
    LevenbergMarquardt(factor=1.0)
    """

    factor: float = 1.0
    name = "LevenbergMarquardt"

    def __post_init__(self) -> None:
        positive(self, "factor")

    @classmethod
    def lines(cls) -> list[tuple[str, str]]:
        return [("D", "maximum(D, |J|)"), ("step", "-(J_T*J + mu*D**2)**(-1)*J_T*r")]

    def convergence(self, dtype: np.dtype) -> Criterion:
        """The undamped step promises less than can be seen."""
        return Settled(self)

    def init(self, point: Point) -> Trust:
        if not math.isfinite(point.f):  # where the run begins, and ends
            return Trust(0.0, np.zeros_like(point.x))
        *_, D = linear(point, np.zeros_like(point.x))
        return Trust(self.factor * (float(np.linalg.norm(D * point.x)) or 1.0), D)

    def update(self, point: Point, memory: Trust) -> tuple[np.ndarray, Trust]:
        """The undamped (Gauss-Newton) step, and the memory that knows the columns of J here."""
        r, J, D = linear(point, memory.D)
        return within(math.inf, r, J, D), memory._replace(D=D)

    def step(self, point: Point, memory: Trust, t: float, oracle: Oracle) -> tuple[Point, Trust, float]:
        r, J, D = linear(point, memory.D)
        radius = memory.radius
        for _ in range(TRIALS):
            step = within(radius, r, J, D)
            length, rest = float(np.linalg.norm(D * step)), r + J @ step
            promised = float((r - rest) @ (r + rest))  # r'r - rest'rest without its cancellation
            if not promised > 0:
                break
            new = oracle(point.x + step)
            gain = (point.f - new.f) / promised
            if gain >= 0.75 or (gain > 0.25 and length < radius):
                radius = 2 * length
            elif not gain > 0.25:
                radius = length / 2
            if gain > ENOUGH:
                return new, Trust(radius, D), 1.0
        return point, Trust(radius, D), 0.0


def linear(point: Point, D: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Residuals and derivatives at a point, without the coordinates that are held at a bound, and the new D."""
    assert point.oracle is not None
    objective = point.oracle.objective
    if not isinstance(objective.fun, LeastSquares):
        raise ArgumentError(
            "method=LevenbergMarquardt() is for sums of squares: expected fun=LeastSquares(residuals, jac)."
        )
    r, J = objective.fun.linear(objective.restore(point.x.copy()))
    if not (np.isfinite(r).all() and np.isfinite(J).all()):
        raise ObjectiveError("residuals or jac returned numbers that are not finite where the sum of squares is.")
    return r, np.where(point.g == 0, 0.0, J), np.maximum(D, np.linalg.norm(J, axis=0))


def within(radius: float, r: np.ndarray, J: np.ndarray, D: np.ndarray) -> np.ndarray:
    """The step that minimises |r + J step| among those with |D step| <= radius.

    Its multiplier mu is found by Newton's method on 1/radius - 1/|D step|, nearly linear in mu: Moré (1978),
    section 5; written with the singular values, in which everything is explicit.
    """
    D = np.where(D > 0, D, 1.0)
    U, s, V = np.linalg.svd(J / D, full_matrices=False)
    kept = s > max(J.shape) * np.finfo(float).eps * s[0]
    s, c, V, mu = s[kept], (s * (r @ U))[kept], V[kept], 0.0
    for _ in range(NEWTON):
        step = c / (s**2 + mu)
        length = float(np.linalg.norm(step))
        if length <= CLOSE * radius:
            break
        slope = float(step @ (step / (s**2 + mu))) / length
        mu += (length / radius - 1) * length / slope
    return -(step @ V) / D
