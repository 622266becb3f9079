"""Length policies for the slot `lr`: how far to go along a direction, decided by looking at points.

A policy has ``init(point, oracle) -> state`` and ``advance(point, direction, state, t, oracle) -> (new point,
lr, state)``, with ``new point = oracle(point.x + lr * direction)``. For gradient descent the direction is -g,
and lr is the learning rate of the papers; lengths along another direction (of Adam, say) are in units of that
step.

Where a direction does not lead downhill (momentum may not), all but AdGD and ReduceOnPlateau go along -g
instead, by a step as long: a search along a rising line finds nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..oracle import Oracle
from ..point import Point, norm
from ..schedules import counts, fractions, positive, validate
from .searches import C1, C2, along, backtracking, strong_wolfe

DOUBLE, LONGER = 2.0, 10.0  # how much longer than the last length a search begins
MEMORY = 10  # so many values a nonmonotone search looks back on: Raydan (1997)


class Length(Protocol):
    """How far to go along a direction."""

    def init(self, point: Point, oracle: Oracle) -> Any:
        """What is carried from step to step, before the first one."""
        ...

    def advance(
        self, point: Point, direction: np.ndarray, state: Any, t: float, oracle: Oracle
    ) -> tuple[Point, float, Any]:
        """Step `t` along `direction`: the new point, the length, and the new state."""
        ...


def reach(point: Point, direction: np.ndarray, H: Any = 1.0) -> float:
    """The length of a step as long as x, measured by the diagonal metric H; at x = 0 of the step that would
    bring the linear model to f = 0. So it scales with the units of x and f."""
    size, step = norm(point.x / np.sqrt(H)), norm(direction / np.sqrt(H))
    top, bottom = (size, step) if size > 0 else (abs(point.f), abs(float(point.g.dot(direction))))
    length = top / bottom if bottom > 0 else 0.0
    if 0 < length < math.inf:
        return length
    return 1 / step if step > 0 else 1.0


def newton(point: Point, direction: np.ndarray, oracle: Oracle) -> float:
    """The length at which the slope along `direction` would vanish if the curvature stayed what it is at
    `point`: 1/L along -g. The curvature costs one gradient, unless differences have brought it."""
    slope = float(point.g.dot(direction))
    curvatures = oracle.derivative.diagonal()
    if curvatures is not None:
        curvature = float(np.abs(curvatures).dot(direction**2))
    else:
        h = float(np.finfo(point.x.dtype).eps) ** (1 / 3) * reach(point, direction)
        curvature = abs(float((oracle(point.x + h * direction).g - point.g).dot(direction))) / h
    length = -slope / curvature if curvature > 0 else math.inf
    return length if length < math.inf else reach(point, direction)


def downhill(point: Point, direction: np.ndarray) -> tuple[np.ndarray, float]:
    """`direction` and the slope along it; where that is not negative, -g as long as `direction`."""
    slope = float(point.g.dot(direction))
    if slope < 0:
        return direction, slope
    size = norm(point.g)
    direction = point.g * (-norm(direction) / size if size > 0 else 0.0)
    return direction, float(point.g.dot(direction))


class Spectral(NamedTuple):
    """What BarzilaiBorwein carries: the last point, its length, and the last values."""

    last: Point
    lr: float
    values: tuple[float, ...]


@dataclass(frozen=True)
class BarzilaiBorwein:
    """The length that solves the secant equation, with a nonmonotone Armijo search over 10 values.

    lr = s's/s'y along -g: Barzilai & Borwein (1988), made global by Raydan (1997); where the other
    solution of theirs, s'y/y'y, is below `short` times this one it is taken instead: Zhou, Gao & Dai (2006).
    Along other directions lr = -lr_old s'g_old/s'y, which is the same along -g. The first length is 1/L. This
    is ``lr="auto"``.

    Parameters
    ----------
    short : float
        In [0, 1]. 0 is the method of 1988; 0.5, from the paper of 2006, takes as many gradients on quadratics
        and 0.6 to 0.9 times as many on a badly scaled logistic regression (benchmarks/lengths.py).

    Examples
    --------
    >>> import steepest as st
    >>> gd = st.GD(lr=BarzilaiBorwein())
    >>> st.minimize(lambda x: (x[0] - 1) ** 2 + 100 * x[1] ** 2, [3.0, 2.0], method=gd).x.round(6)
    array([1., 0.])
    """

    short: float = 0.5

    def __post_init__(self) -> None:
        validate(self, "a number between 0 and 1", lambda value: 0 <= value <= 1, "short")

    def init(self, point: Point, oracle: Oracle) -> Spectral:
        return Spectral(point, math.nan, ())

    def advance(
        self, point: Point, direction: np.ndarray, state: Spectral, t: float, oracle: Oracle
    ) -> tuple[Point, float, Spectral]:
        direction, slope = downhill(point, direction)
        if not slope < 0:
            return point, 0.0, state
        first = self._secant(point, state) if state.lr > 0 else newton(point, direction, oracle)
        values = (*state.values, point.f)[-MEMORY:]
        search = backtracking(point.f, slope, first, oracle.derivative.noise(point.f), max(values))
        new, lr = along(search, point, direction, oracle)
        return new, lr, Spectral(point, lr, values)

    def _secant(self, point: Point, state: Spectral) -> float:
        s, y = point.x - state.last.x, point.g - state.last.g
        sy = float(s.dot(y))
        if not sy > 0:
            return LONGER * state.lr  # f bends down, and has no minimum that the secant could see
        share = sy / norm(s) * (sy / norm(s)) / norm(y) / norm(y)  # s'y/y'y over s's/s'y
        return -state.lr * float(s.dot(state.last.g)) / sy * (share if share < self.short else 1.0)


class Adaptive(NamedTuple):
    """What AdGD carries: the last point, its length, and how that compares with the one before."""

    last: Point
    lr: float
    theta: float


@dataclass(frozen=True)
class AdGD:
    """lr = min(sqrt(2/3 + theta) lr_old, lr_old/sqrt(max(2 lr_old^2 L^2 - 1, 0))), L = |y|/|s|: no value is
    asked.

    Malitsky & Mishchenko (2024), "Adaptive proximal gradient method for convex optimization", Algorithm 2
    (AdGD2), theta = lr_old/lr_older, 1/3 at first; the first length is 1/L by one more gradient, where theirs
    is any small number. Along another direction than -g lengths are those of -g, and the step is made as long
    as that.
    """

    def init(self, point: Point, oracle: Oracle) -> Adaptive:
        return Adaptive(point, math.nan, 1 / 3)

    def advance(
        self, point: Point, direction: np.ndarray, state: Adaptive, t: float, oracle: Oracle
    ) -> tuple[Point, float, Adaptive]:
        size, step = norm(point.g), norm(direction)
        if size == 0 or step == 0:
            return point, 0.0, state
        lr = self._length(point, state) if state.lr > 0 else newton(point, -point.g, oracle)
        theta = lr / state.lr if state.lr > 0 else state.theta
        length = lr * size / step
        return oracle(point.x + length * direction), length, Adaptive(point, lr, theta)

    def _length(self, point: Point, state: Adaptive) -> float:
        change, moved = norm(point.g - state.last.g), norm(point.x - state.last.x)
        longest = math.sqrt(2 / 3 + state.theta) * state.lr
        bend = 2 * (state.lr * change / moved) ** 2 - 1 if moved > 0 else 0.0
        return min(longest, state.lr / math.sqrt(bend)) if bend > 0 else longest


@dataclass(frozen=True)
class Polyak:
    """lr = (f - f_star)/|g|^2: Polyak (1969). Along another direction, to where the linear model is f_star.

    Parameters
    ----------
    f_star : float
        The least value; too low a one makes steps too long.
    """

    f_star: float

    def __post_init__(self) -> None:
        validate(self, "a finite number, the least value of fun", lambda value: True, "f_star")

    def init(self, point: Point, oracle: Oracle) -> None:
        return None

    def advance(
        self, point: Point, direction: np.ndarray, state: None, t: float, oracle: Oracle
    ) -> tuple[Point, float, None]:
        direction, slope = downhill(point, direction)
        if not slope < 0:
            return point, 0.0, None
        lr = max(point.f - self.f_star, 0.0) / -slope
        return oracle(point.x + lr * direction), lr, None


@dataclass(frozen=True)
class Armijo:
    """Backtracking from twice the last length: Armijo (1966). The first length is 1/L.

    Parameters
    ----------
    c1 : float
        Sufficient decrease, in (0, 1).
    """

    c1: float = C1

    def __post_init__(self) -> None:
        validate(self, "a number between 0 and 1", lambda value: 0 < value < 1, "c1")

    def init(self, point: Point, oracle: Oracle) -> float:
        return math.nan

    def advance(
        self, point: Point, direction: np.ndarray, state: float, t: float, oracle: Oracle
    ) -> tuple[Point, float, float]:
        direction, slope = downhill(point, direction)
        if not slope < 0:
            return point, 0.0, state
        first = DOUBLE * state if state > 0 else newton(point, direction, oracle)
        search = backtracking(point.f, slope, first, oracle.derivative.noise(point.f), c1=self.c1)
        new, lr = along(search, point, direction, oracle)
        return new, lr, lr


@dataclass(frozen=True)
class Wolfe:
    """A strong Wolfe search that begins where the slope foresees the decrease of the last step: Nocedal &
    Wright (2006), section 3.5, "initial step length". The first length is 1/L.

    Parameters
    ----------
    c2 : float
        How much flatter each search must end than it began, between 0.0001 and 1.
    """

    c2: float = C2

    def __post_init__(self) -> None:
        validate(self, f"a number between {C1} and 1", lambda value: C1 < value < 1, "c2")

    def init(self, point: Point, oracle: Oracle) -> float:
        return math.nan

    def advance(
        self, point: Point, direction: np.ndarray, state: float, t: float, oracle: Oracle
    ) -> tuple[Point, float, float]:
        direction, slope = downhill(point, direction)
        if not slope < 0:
            return point, 0.0, state
        first = state / slope if state < 0 else newton(point, direction, oracle)
        search = strong_wolfe(point.f, slope, first, oracle.derivative.noise(point.f), c2=self.c2)
        new, lr = along(search, point, direction, oracle)
        return new, lr, lr * slope


class Plateau(NamedTuple):
    """What ReduceOnPlateau carries: the best value, steps since it was bettered, and the length."""

    best: float
    bad: int
    lr: float


@dataclass(frozen=True)
class ReduceOnPlateau:
    """Multiply the length by `factor` after more than `patience` steps without a better value.

    As torch ReduceLROnPlateau with ``threshold_mode="rel"``, with abs(best) for its best, so that it means
    the same below zero.

    Parameters
    ----------
    lr : float
        The length to begin with.
    factor : float
        In (0, 1].
    patience : int
        In steps.
    threshold : float
        A value is better if it is below best - threshold abs(best).
    """

    lr: float = 0.1
    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4

    def __post_init__(self) -> None:
        positive(self, "lr")
        fractions(self, "factor")
        counts(self, "patience")
        validate(self, "a number that is at least 0", lambda value: value >= 0, "threshold")

    def init(self, point: Point, oracle: Oracle) -> Plateau:
        return Plateau(math.inf, 0, self.lr)

    def advance(
        self, point: Point, direction: np.ndarray, state: Plateau, t: float, oracle: Oracle
    ) -> tuple[Point, float, Plateau]:
        best, bad, lr = state
        if best == math.inf or point.f < best - self.threshold * abs(best):
            best, bad = point.f, 0
        else:
            bad += 1
        if bad > self.patience:
            bad, lr = 0, lr * self.factor
        return oracle(point.x + lr * direction), lr, Plateau(best, bad, lr)


AUTO = BarzilaiBorwein()  # lr="auto"
LENGTHS = (BarzilaiBorwein, AdGD, Polyak, Armijo, Wolfe, ReduceOnPlateau)
