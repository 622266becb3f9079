"""Methods that find their own rate, from how far they went and how long the gradients were.

What they share is a scalar of the whole vector, the distance; so they are no elementwise rules. In `lines`,
`abs` of a vector is its Euclidean norm, a product of two their inner product, and `d` the distance. `lr`
multiplies the rate that they find; 1.0 is the papers' choice, a schedule that falls is their advice for noisy
gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..objective.oracle import Oracle
from ..objective.point import Point, distance, norm
from ..schedules import nonnegative, positive, validate
from .hyper import rate_at
from .method import Method

Rate = float | Callable[[float], float]


class ParameterFree(Method):
    """A method with a rate of its own, times `lr`."""

    lr: Rate
    _lines: ClassVar[tuple[tuple[str, str], ...]]

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if name.startswith("beta"):
                validate(self, "a number in [0, 1)", lambda beta: 0 <= beta < 1, name)
            elif name == "eps":
                nonnegative(self, name)
            elif not callable(value):
                positive(self, name)

    @property
    def name(self) -> str:  # type: ignore[override]
        return type(self).__name__

    @classmethod
    def lines(cls) -> list[tuple[str, str]]:
        return list(cls._lines)

    def move(self, x: np.ndarray, g: np.ndarray, memory: Any, lr: float, t: float) -> tuple[np.ndarray, Any, float]:
        """The step from `x`, the new memory, and the rate found, times `lr`."""
        raise NotImplementedError

    def step(self, point: Point, memory: Any, t: float, oracle: Oracle) -> tuple[Point, Any, float]:
        lr = rate_at(self.name, self.lr, t)
        with np.errstate(all="ignore"):
            step, memory, lr = self.move(point.x, point.g, memory, lr, t)
        return oracle(point.x + step), memory, lr


class Far(NamedTuple):
    """Where it began, the distance to there at most, and the (weighted) sum of squared gradients."""

    x0: np.ndarray
    distance: float
    total: float


@dataclass(frozen=True)
class FromTheStart(ParameterFree):
    """Rates from the largest distance to the start, which is taken to be `distance` times (1 + |x0|) at first, the
    advice of the authors of `DoG`; it carries the unit of x."""

    lr: Rate = 1.0
    distance: float = 1e-6

    def init(self, point: Point) -> Far:
        return Far(point.x, self.distance * (1 + norm(point.x)), 0.0)


@dataclass(frozen=True)
class DoG(FromTheStart):
    """Distance over gradients: Ivgi, Hinder & Carmon (2023), without its averaging (`PolyakAveraged`).

    The first distance is `distance` times (1 + |x0|), the authors' advice; it carries the unit of x.

    Examples
    --------
    >>> import steepest as st
    >>> st.minimize(lambda x: (x[0] - 3) ** 2 + x[1] ** 2, [0.0, 1.0], method=DoG(), maxiter=1000).x.round(3) + 0.0
    array([3., 0.])
    """

    _lines = (
        ("d", "maximum(d, abs(x - x0))"),
        ("total", "total + abs(g)**2"),
        ("step", "-lr * d / sqrt(total) * g"),
    )

    def move(self, x: np.ndarray, g: np.ndarray, memory: Far, lr: float, t: float) -> tuple[np.ndarray, Far, float]:
        d = max(memory.distance, distance(x, memory.x0))
        total = memory.total + square(norm(g))
        lr *= ratio(d, math.sqrt(total))
        return -lr * g, Far(memory.x0, d, total), lr


@dataclass(frozen=True)
class DoWG(FromTheStart):
    """Distance over weighted gradients: Khaled, Mishchenko & Jin (2023), Algorithm 1.

    The first distance is `distance` times (1 + |x0|), as in `DoG`; it carries the unit of x.
    """

    _lines = (
        ("d", "maximum(d, abs(x - x0))"),
        ("total", "total + d**2 * abs(g)**2"),
        ("step", "-lr * d**2 / sqrt(total) * g"),
    )

    def move(self, x: np.ndarray, g: np.ndarray, memory: Far, lr: float, t: float) -> tuple[np.ndarray, Far, float]:
        d = max(memory.distance, distance(x, memory.x0))
        total = memory.total + square(d * norm(g))
        lr *= ratio(square(d), math.sqrt(total))
        return -lr * g, Far(memory.x0, d, total), lr


class Adapted(NamedTuple):
    """The distance so far, the averages s of the gradients and r of their products, from which the next estimate
    of it is made, and Adam's moments."""

    distance: float
    s: np.ndarray
    r: float
    m: np.ndarray
    v: np.ndarray


@dataclass(frozen=True)
class DAdaptGD(ParameterFree):
    """Gradient descent by D-adaptation: Defazio & Mishchenko (2023), Algorithm 2.

    The bound G on the gradients, which the paper takes as known, is the norm of the first one, as in the
    authors' code. `distance` is the first estimate of the distance to the solution, in units of x: too small
    is right, for a convex f the estimate only grows and never exceeds it.
    """

    lr: Rate = 1.0
    distance: float = 1e-6
    _lines = (
        ("total", "where(t > 1, total, abs(g)**2) + abs(g)**2"),
        ("rate", "lr * d / sqrt(total)"),
        ("s", "s + rate * g"),
        ("r", "r + rate**2 * abs(g)**2"),
        ("d", "maximum(d, (abs(s)**2 - r) / (2 * abs(s)))"),
        ("step", "-rate * g"),
    )

    def init(self, point: Point) -> tuple[float, float, np.ndarray, float]:
        return self.distance, square(norm(point.g)), np.zeros_like(point.x), 0.0

    def move(self, x: np.ndarray, g: np.ndarray, memory: Any, lr: float, t: float) -> tuple[np.ndarray, Any, float]:
        d, total, s, r = memory
        total = total + square(norm(g))
        rate = lr * ratio(d, math.sqrt(total))
        s = s + rate * g
        r = r + square(rate * norm(g))
        d = max(d, ratio(square(norm(s)) - r, 2 * norm(s)))
        return -rate * g, (d, total, s, r), rate


@dataclass(frozen=True)
class DAdaptAdam(ParameterFree):
    """Adam by D-adaptation: Defazio & Mishchenko (2023), Algorithm 5; the gradients summed are weighed by the
    moments before this step, as in the authors' code and in optax.

    Without Adam's bias correction, as in the paper: optax multiplies lr by it.
    `distance` is the first estimate, too small on purpose, of the largest way of a coordinate, in units of x.
    """

    lr: Rate = 1.0
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    distance: float = 1e-6
    _lines = (
        ("rate", "lr * d"),
        ("r", "sqrt(beta2) * r + (1 - sqrt(beta2)) * rate * g * s / (sqrt(v) + eps)"),
        ("s", "sqrt(beta2) * s + (1 - sqrt(beta2)) * rate * g"),
        ("m", "beta1 * m + (1 - beta1) * rate * g"),
        ("v", "beta2 * v + (1 - beta2) * g**2"),
        ("d", "maximum(d, r / ((1 - sqrt(beta2)) * abs(s)))"),
        ("step", "-m / (sqrt(v) + eps)"),
    )

    def init(self, point: Point) -> Adapted:
        zero = np.zeros_like(point.x)
        return Adapted(self.distance, zero, 0.0, zero, zero)

    def move(
        self, x: np.ndarray, g: np.ndarray, memory: Adapted, lr: float, t: float
    ) -> tuple[np.ndarray, Adapted, float]:
        d, s, r, m, v = memory
        beta3 = math.sqrt(self.beta2)
        lr *= d
        r = beta3 * r + (1 - beta3) * lr * float(g.dot(over(s, np.sqrt(v) + self.eps)))
        s = beta3 * s + (1 - beta3) * lr * g
        m = self.beta1 * m + (1 - self.beta1) * lr * g
        v = self.beta2 * v + (1 - self.beta2) * g**2
        d = max(d, ratio(r, (1 - beta3) * float(np.abs(s).sum())))
        return -over(m, np.sqrt(v) + self.eps), Adapted(d, s, r, m, v), lr


@dataclass(frozen=True)
class Prodigy(ParameterFree):
    """Adam with a distance that grows quickly: Mishchenko & Defazio (2024), Algorithm 4.

    Without Adam's bias correction, as the authors' code: optax multiplies lr by it.
    `distance` is the first estimate, too small on purpose, of the largest way of a coordinate, in units of x.
    """

    lr: Rate = 1.0
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    distance: float = 1e-6
    _lines = (
        ("r", "sqrt(beta2) * r + (1 - sqrt(beta2)) * lr * d**2 * g * (x0 - x)"),
        ("s", "sqrt(beta2) * s + (1 - sqrt(beta2)) * lr * d**2 * g"),
        ("m", "beta1 * m + (1 - beta1) * d * g"),
        ("v", "beta2 * v + (1 - beta2) * d**2 * g**2"),
        ("step", "-lr * d * m / (sqrt(v) + d * eps)"),
        ("d", "maximum(d, r / abs(s))"),
    )

    def init(self, point: Point) -> tuple[Adapted, np.ndarray]:
        zero = np.zeros_like(point.x)
        return Adapted(self.distance, zero, 0.0, zero, zero), point.x

    def move(self, x: np.ndarray, g: np.ndarray, memory: Any, lr: float, t: float) -> tuple[np.ndarray, Any, float]:
        (d, s, r, m, v), x0 = memory
        beta3 = math.sqrt(self.beta2)
        weight = (1 - beta3) * lr * (d / self.distance) ** 2  # of d**2: in float32 that could vanish
        r = beta3 * r + weight * float(g.dot(x0 - x))
        s = beta3 * s + weight * g
        m = self.beta1 * m + (1 - self.beta1) * d * g
        v = self.beta2 * v + (1 - self.beta2) * (d * g) ** 2
        step = -lr * d * over(m, np.sqrt(v) + d * self.eps)
        return step, (Adapted(max(d, ratio(r, float(np.abs(s).sum()))), s, r, m, v), x0), lr * d


def square(a: float) -> float:
    """a * a: where that overflows it is inf, while ``a**2`` raises."""
    return a * a


def ratio(a: float, b: float) -> float:
    """a / b, and 0 where both vanish: without a gradient there is no step."""
    return a / b if b else 0.0


def over(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b, and 0 where both vanish, element by element."""
    return np.divide(a, b, out=np.zeros_like(a), where=b != 0)
