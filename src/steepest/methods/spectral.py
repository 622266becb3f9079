"""The spectral step lengths: those of Barzilai & Borwein (1988), and what two of them foresee together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..objective.oracle import Oracle
from ..objective.point import Point, norm
from ..schedules import validate
from .reach import Downhill, newton
from .searches import along, backtracking

LONGER = 10.0  # how much longer than the last length a search begins where f bends down
MEMORY = 10  # so many values a nonmonotone search looks back on: Raydan (1997)


class Secant(NamedTuple):
    """The two lengths of Barzilai & Borwein (1988): s's/s'y and s'y/y'y."""

    long: float
    short: float


class Spectral(NamedTuple):
    """What BarzilaiBorwein carries: the last point, its length, its secant (None: f bent down), and the last values."""

    last: Point
    lr: float
    secant: Secant | None
    values: tuple[float, ...]


@dataclass(frozen=True)
class BarzilaiBorwein(Downhill):
    """The length that solves the secant equation, with a nonmonotone Armijo search over 10 values.

    lr = s's/s'y along -g: Barzilai & Borwein (1988), made global by Raydan (1997). Where their other solution,
    s'y/y'y, is below `short` times this one (Zhou, Gao & Dai 2006), lr is the least of that, of that of the step
    before, and of one over the larger curvature that both foresee: Huang, Dai, Liu & Zhang (2021), "Equipping the
    Barzilai-Borwein method with the two dimensional quadratic termination property", SIAM J. Optim. 31. Their
    threshold changes from step to step; this one stays. Along other directions lr = -lr_old s'g_old/s'y, which is
    s's/s'y in their metric. The first length is 1/L. This is ``lr="auto"``.

    Parameters
    ----------
    short : float
        In [0, 1]. 0 is the method of 1988; 0.5 takes half as many gradients on quadratics, as does any number from
        0.2 to 0.9.

    Examples
    --------
    >>> import steepest as st
    >>> gd = st.GD(lr=BarzilaiBorwein())
    >>> st.minimize(lambda x: (x[0] - 1) ** 2 + 100 * x[1] ** 2, [3.0, 2.0], method=gd).x.round(6) + 0.0
    array([1., 0.])
    """

    short: float = 0.5

    def __post_init__(self) -> None:
        validate(self, "a number between 0 and 1", lambda value: 0 <= value <= 1, "short")

    def init(self, point: Point, oracle: Oracle) -> Spectral:
        return Spectral(point, math.nan, None, ())

    def down(
        self, point: Point, direction: np.ndarray, slope: float, state: Spectral, oracle: Oracle
    ) -> tuple[Point, float, Spectral]:
        s, y = point.x - state.last.x, point.g - state.last.g
        now = secant(s, y)
        if not state.lr > 0:
            first = newton(point, direction, oracle)
        elif now is None:
            first = LONGER * state.lr  # there is no minimum that the secant could see
        elif (direction == -point.g).all():
            first = self._length(now, state.secant)
        else:
            first = -state.lr * float(s.dot(state.last.g)) / float(s.dot(y))
        values = (*state.values, point.f)[-MEMORY:]
        search = backtracking(point.f, slope, first, oracle.derivative.noise(point.f), max(values))
        new, lr = along(search, point, direction, oracle)
        return new, lr, Spectral(point, lr, now, values)

    def _length(self, now: Secant, old: Secant | None) -> float:
        if not now.short < self.short * now.long:
            return now.long
        return min(now.short, old.short, foreseen(now, old)) if old else now.short


def secant(s: np.ndarray, y: np.ndarray) -> Secant | None:
    """The lengths after a step `s` that changed the gradient by `y`; None where the curvature is not positive."""
    sy, size, change = float(s.dot(y)), norm(s), norm(y)
    return Secant(size / (sy / size), sy / change / change) if sy > 0 else None


def foreseen(now: Secant, old: Secant) -> float:
    """One over the larger curvature of the quadratic of two numbers with these secants; infinite if there is none.

    There 1/short = trace - determinant * long for every secant. Here it is in units of `now.short`.
    """
    long, long_old, short_old = (length / now.short for length in (now.long, *old))
    determinant = (1 / short_old - 1) / (long - long_old) if long != long_old else 0.0
    trace = 1 + determinant * long
    square = trace * trace - 4 * determinant
    double = trace + math.sqrt(square) if square >= 0 else 0.0
    return now.short * 2 / double if 0 < double < math.inf else math.inf
