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

from ..objective.oracle import Oracle
from ..objective.point import Point, norm
from ..schedules import counts, fractions, positive, validate
from .reach import Downhill, newton
from .searches import C1, C2, along, backtracking, strong_wolfe
from .spectral import BarzilaiBorwein

DOUBLE = 2.0  # how much longer than the last length a search begins


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


class Adaptive(NamedTuple):
    """What AdGD carries: the last point, its length, and how that compares with the one before."""

    last: Point
    lr: float
    theta: float


@dataclass(frozen=True)
class AdGD:
    """lr = min(sqrt(2/3 + theta) lr_old, lr_old/sqrt(max(2 lr_old^2 L^2 - 1, 0))), L = |y|/|s|: no value is
    asked after the first step.

    Malitsky & Mishchenko (2024), "Adaptive proximal gradient method for convex optimization", Algorithm 2
    (AdGD2), theta = lr_old/lr_older, 1/3 at first; the first length is 1/L by one more value, where theirs
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
class Polyak(Downhill):
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

    def down(
        self, point: Point, direction: np.ndarray, slope: float, state: None, oracle: Oracle
    ) -> tuple[Point, float, None]:
        lr = max(point.f - self.f_star, 0.0) / -slope
        return oracle(point.x + lr * direction), lr, None


@dataclass(frozen=True)
class Armijo(Downhill):
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

    def down(
        self, point: Point, direction: np.ndarray, slope: float, state: float, oracle: Oracle
    ) -> tuple[Point, float, float]:
        first = DOUBLE * state if state > 0 else newton(point, direction, oracle)
        search = backtracking(point.f, slope, first, oracle.derivative.noise(point.f), c1=self.c1)
        new, lr = along(search, point, direction, oracle)
        return new, lr, lr


@dataclass(frozen=True)
class Wolfe(Downhill):
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

    def down(
        self, point: Point, direction: np.ndarray, slope: float, state: float, oracle: Oracle
    ) -> tuple[Point, float, float]:
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
