"""Proximal steps: minimise a smooth f plus a term that is no function of gradients, a set or a penalty."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..objective.oracle import Derivative, Objective, Oracle
from ..objective.point import Point, norm
from ..schedules import positive
from ..sets import Everywhere, Term
from .hyper import rate_at
from .method import Method

HALVINGS = 100  # 2**-100: below any useful rate
MEMORY = 10  # values that a new one is compared with: Grippo, Lampariello & Lucidi (1986)
SUFFICIENT = 1e-4  # share of the foreseen decrease that is enough: the same


class Composed(Point):
    """A point of f + term: its value that of the sum, its gradient the gradient mapping (see `Composite`).

    Attributes
    ----------
    smooth : Point
        The same place with value and gradient of f alone.
    """

    __slots__ = ("smooth",)

    def __init__(self, smooth: Point, oracle: Composite):
        super().__init__(smooth.x, smooth.f + oracle.term.value(smooth.x), oracle=oracle)
        self.smooth = smooth

    @property
    def g(self) -> np.ndarray:
        if self._g is None:
            assert isinstance(self.oracle, Composite)
            self._g, self._error = self.oracle.mapping(self.smooth)
        return self._g


class Composite(Oracle):
    """The oracle of f + term.

    The gradient of its points is the gradient mapping ``(x - prox(x - s g, s)) / s`` (Nesterov 2013, Section 2),
    for any s zero where, and only where, the sum has its solution. Every rule steps along it, its point is then
    moved to the nearest of the set; and tests for convergence mean what they say.

    s is 1 / the curvature of f along its first step, so it carries the units of a rate; a gradient step of rate
    lr <= s ends between x and the projected step of rate s. With s near 0, where the mapping is the part of g
    that does not push out of the set, gradient descent by 1/L went round in circles in 5 of the 16 quadratics of
    `tests/test_sets.py`: a ball is the more curved the harder g pushes against it.

    Parameters
    ----------
    objective, derivative
        Of f, as for `Oracle`.
    term : Term
        A set or a penalty.
    """

    def __init__(self, objective: Objective, derivative: Derivative, term: Term):
        super().__init__(objective, derivative)
        self.term = term
        self._rate: float | None = None

    def __call__(self, x: np.ndarray) -> Point:
        x = self.term.into(x)
        return self.meet(x, self.objective(x))

    def meet(self, x: np.ndarray, f: float) -> Point:
        point = Composed(Point(x, f, oracle=self), self)
        self.visited(point)
        return point

    def mapping(self, smooth: Point) -> tuple[np.ndarray, np.ndarray | None]:
        """The gradient mapping at a point of f, and the bound on its error: proximal steps never enlarge one."""
        s = self.rate(smooth)
        least = (smooth.x - self.term.prox(smooth.x - s * smooth.g, s)) / s
        error = smooth.error
        bound = None if error is None else np.full_like(error, norm(error))
        return least.astype(smooth.x.dtype, copy=False), bound

    def gain(self, point: Point) -> float:
        """What a proximal step of rate s brings: Beck & Teboulle (2009), lemma 2.3."""
        assert isinstance(point, Composed)
        size = norm(point.g)
        return self.rate(point.smooth) * size * size / 2

    def rate(self, smooth: Point) -> float:
        """The s of the mapping, measured at the first point that is asked about."""
        if self._rate is None:
            self._rate = first_rate(smooth, self)
        return self._rate


def parts(point: Point, oracle: Oracle | None) -> tuple[Point, Term]:
    """The point of f alone, and the term."""
    smooth = point.smooth if isinstance(point, Composed) else point
    return smooth, oracle.term if isinstance(oracle, Composite) else Everywhere()


def first_rate(point: Point, oracle: Oracle) -> float:
    """1 / curvature of f along the first step, from one more point near by; for a straight f, |x| / |g|."""
    smooth, term = parts(point, oracle)
    x, g = smooth.x, smooth.g
    rate = (norm(x) or 1.0) / (norm(g) or 1.0)
    s = float(np.cbrt(np.finfo(x.dtype).eps)) * rate
    near, _ = parts(oracle(term.prox(x - s * g, s)), oracle)
    moved, change = norm(near.x - x), norm(near.g - g)
    return moved / change if moved > 0 and change > 0 else rate


class Proximal(Method):
    """A method made for f + term, by the gradient of f and proximal steps; without a term it goes by f alone."""

    @property
    def name(self) -> str:  # type: ignore[override]
        return type(self).__name__

    @staticmethod
    def rate(point: Point) -> float:
        """The rate to begin with."""
        assert point.oracle is not None
        if isinstance(point, Composed) and isinstance(point.oracle, Composite):
            return point.oracle.rate(point.smooth)
        return first_rate(point, point.oracle)


@dataclass(frozen=True)
class ISTA(Proximal):
    """The proximal gradient step of a constant rate: Beck & Teboulle (2009), eq. 1.4.

    It converges for a rate up to 1/L, L the largest curvature of f.
    """

    lr: float | Callable[[float], float] = 0.01

    def __post_init__(self) -> None:
        if not callable(self.lr):
            positive(self, "lr")

    @classmethod
    def lines(cls) -> list[tuple[str, str]]:
        return [("step", "prox - x")]

    def init(self, point: Point) -> None:
        return None

    def step(self, point: Point, memory: None, t: float, oracle: Oracle) -> tuple[Point, None, float]:
        lr = rate_at(self.name, self.lr, t)
        smooth, term = parts(point, oracle)
        return oracle(term.prox(smooth.x - lr * smooth.g, lr)), None, lr


class Momentum(NamedTuple):
    """The rate, Nesterov's number, and the extrapolated point where the next gradient is taken."""

    lr: float
    t: float
    y: Point


@dataclass(frozen=True)
class FISTA(Proximal):
    """Accelerated proximal gradient with backtracking: Beck & Teboulle (2009), Section 4.

    Begun anew when momentum points uphill (O'Donoghue & Candès 2015, Section 3.2). For a convex f. A step takes
    two gradients: one where momentum leads, and one at its end, which tells whether that is a solution.
    """

    @classmethod
    def lines(cls) -> list[tuple[str, str]]:
        return [
            ("k_next", "(1 + sqrt(1 + 4 * k**2)) / 2"),
            ("y", "p + (k - 1) / k_next * (p - x)"),
            ("step", "p - x"),
        ]

    def init(self, point: Point) -> Momentum:
        return Momentum(self.rate(point), 1.0, point)

    def step(self, point: Point, memory: Momentum, t: float, oracle: Oracle) -> tuple[Point, Momentum, float]:
        lr, k, y = memory
        at, term = parts(y, oracle)
        slack = 2 * oracle.derivative.noise(at.f)
        for _ in range(HALVINGS):
            new = oracle(term.prox(at.x - lr * at.g, lr))
            move = new.x - at.x
            model = at.f + float(at.g.dot(move)) + float(move.dot(move)) / (2 * lr)
            if parts(new, oracle)[0].f <= model + slack:
                break
            lr /= 2
        else:
            return point, memory, 0.0
        way = new.x - point.x
        if float(move.dot(way)) < 0:
            return new, Momentum(lr, 1.0, new), lr
        following = (1 + math.sqrt(1 + 4 * k * k)) / 2
        share = (k - 1) / following
        ahead = oracle(new.x + share * way) if share > 0 else new
        return new, Momentum(lr, following, ahead), lr


class Spectral(NamedTuple):
    """The next rate to try, and the last values."""

    lr: float
    values: tuple[float, ...]


@dataclass(frozen=True)
class SpaRSA(Proximal):
    """Proximal gradient with Barzilai-Borwein rates: Wright, Nowak & Figueiredo (2009), Section II; in a set it is
    the spectral projected gradient of Birgin, Martínez & Raydan (2000), Algorithm 2.1.

    One gradient a step, and no number to choose. Values may rise as long as they stay below the highest of the
    last 10.
    """

    @classmethod
    def lines(cls) -> list[tuple[str, str]]:
        return [("lr", "s * s / (s * y)"), ("step", "prox - x")]

    def init(self, point: Point) -> Spectral:
        return Spectral(self.rate(point), (point.f,))

    def step(self, point: Point, memory: Spectral, t: float, oracle: Oracle) -> tuple[Point, Spectral, float]:
        lr, values = memory
        smooth, term = parts(point, oracle)
        ceiling = max(values) + 2 * oracle.derivative.noise(point.f)
        for _ in range(HALVINGS):
            new = oracle(term.prox(smooth.x - lr * smooth.g, lr))
            s = new.x - smooth.x
            square = float(s.dot(s))
            if new.f <= ceiling - SUFFICIENT * square / (2 * lr):
                break
            lr /= 2
        else:
            return point, memory, 0.0
        curved = float(s.dot(parts(new, oracle)[0].g - smooth.g))
        following = square / curved if curved > 0 else 2 * lr
        return new, Spectral(following, (*values, new.f)[-MEMORY:]), lr
