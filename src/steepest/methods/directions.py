"""Directions: BFGS and L-BFGS (see also conjugate.py), whose steps `Descent` makes by a search along them.

Each has ``begin(...) -> memory`` and ``update(point, memory) -> (direction, memory)``, for one run or for many side by
side (see `columns`, `abreast`). Nothing depends on the units of f, and with second derivatives along the coordinates
(differences bring them for free) not on those of the x_i either.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..objective.point import Point, norm
from ..schedules import counts
from .columns import diagonal, dot, times
from .descent import Descent
from .method import Method
from .units import Guard

CERTAIN = 3.0  # a curvature counts from so many deviations of its noise on: Shi, Xie, Byrd & Nocedal (2022)
TINY = float(np.finfo(float).tiny)  # products below have lost their digits


class Pair(NamedTuple):
    """A step s, the change y of the gradient along it, both of shape (n,), and s'y, which is positive."""

    s: np.ndarray
    y: np.ndarray
    sy: Any


def pair(point: Point, last: Point) -> Pair | None:
    """The pair of two points; None unless s'y is positive, and exceeds the noise of the gradients. Of many runs, s'y is
    NaN in those that have none."""
    s, y = point.x - last.x, point.g - last.g
    sy = dot(s, y)
    usable = (sy > TINY) & (dot(s, s) > TINY) & (dot(y, y) > TINY) & (sy < math.inf)
    if s.ndim > 1:
        return Pair(s, y, np.where(usable, sy, math.nan)) if usable.any() else None
    if not usable:
        return None
    if point.error is not None and last.error is not None:
        moved = s != 0
        with np.errstate(over="ignore"):  # an unknown component has an infinite error
            doubt = norm(np.hypot(point.error, last.error)[moved] * s[moved])
        if sy < CERTAIN * doubt:
            return None
    return Pair(s, y, sy)


def factor(known: Pair, initial: np.ndarray) -> Any:
    """gamma = s'y/y'Hy, which scales the initial metric H to agree with a pair: Nocedal & Wright (2006), eq. 7.20."""
    return known.sy / (dot(known.y, initial * known.y) + TINY)


def free(direction: np.ndarray, g: np.ndarray) -> np.ndarray:
    """`direction` without the coordinates along which the slope is 0: at a bound, or unknown. A metric that
    mixes coordinates would move them, whatever fun does there (Bertsekas 1982)."""
    return np.where(g == 0, np.zeros_like(g), direction)


class Dense(NamedTuple):
    """H = gamma A + B: A is what is left of the `initial` metric, B what the pairs have added."""

    last: Point
    first: float
    guard: Guard
    initial: np.ndarray
    gamma: float
    A: np.ndarray
    B: np.ndarray


@dataclass(frozen=True)
class BFGS(Descent, Method):
    """BFGS: Nocedal & Wright (2006), eq. 6.17, with the initial metric scaled at each step, as in L-BFGS.

    The update is linear in H, so what the initial metric has left in it is kept apart, as A, and its factor
    gamma follows the latest curvature (eq. 7.20). Scaled only once, as in eq. 6.20, it needs 1.5 times as
    many evaluations (Andrei's collection, tuning half, n = 10 and 50, exact gradients). `c2` says how much
    flatter each search must end than it began, between 0.0001 and 1.

    Examples
    --------
    >>> import steepest as st
    >>> st.minimize(lambda x: (x[0] - 1) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2, [-1.2, 1.0], method="bfgs").x.round(6)
    array([1., 1.])
    """

    c2: float = 0.9
    name = "BFGS"

    @classmethod
    def lines(cls) -> list[tuple[str, str]]:
        return [
            ("s", "x - x_old"),
            ("y", "g - g_old"),
            ("V", "I - y*s_T/(s_T*y)"),
            ("A", "V_T*A*V"),
            ("B", "V_T*B*V + s*s_T/(s_T*y)"),
            ("gamma", "s_T*y/(y_T*H_0*y)"),
            ("step", "-a*(gamma*A + B)*g"),
        ]

    def begin(self, point: Point, guard: Guard, initial: np.ndarray, first: Any) -> Dense:
        A = diagonal(initial)
        return Dense(point, first, guard, initial, 1.0, A, np.zeros_like(A))

    def update(self, point: Point, memory: Dense) -> tuple[np.ndarray, Dense]:
        if known := pair(point, memory.last):
            A, B = sandwiched(memory.A, known), sandwiched(memory.B, known)
            B += known.s[:, None] * (known.s / known.sy)
            memory = Dense(point, 1.0, memory.guard, memory.initial, factor(known, memory.initial), A, B)
        else:
            memory = memory._replace(last=point)
        direction = -(memory.gamma * times(memory.A, point.g) + times(memory.B, point.g))
        return free(direction, point.g), memory


def sandwiched(M: np.ndarray, known: Pair) -> np.ndarray:
    """V' M V with V = I - y s'/s'y, for symmetric M of shape (n, n)."""
    s, y, sy = known
    w = times(M, y) / sy
    w = (w - s * (dot(y, w) / (2 * sy)))[:, None] * s
    return M - w - w.swapaxes(0, 1)


class Limited(NamedTuple):
    """The latest pairs, oldest first."""

    last: Point
    first: float
    guard: Guard
    initial: np.ndarray
    pairs: tuple[Pair, ...]


@dataclass(frozen=True)
class LBFGS(Descent, Method):
    """L-BFGS: Nocedal & Wright (2006), algorithms 7.4 and 7.5: BFGS with the latest pairs only.

    `memory` says how many; `c2` how much flatter each search must end than it began, between 0.0001 and 1.
    """

    memory: int = 10
    c2: float = 0.9
    name = "LBFGS"
    lines = BFGS.lines

    def __post_init__(self) -> None:
        super().__post_init__()
        counts(self, "memory")

    def begin(self, point: Point, guard: Guard, initial: np.ndarray, first: Any) -> Limited:
        return Limited(point, first, guard, initial, ())

    def update(self, point: Point, memory: Limited) -> tuple[np.ndarray, Limited]:
        if known := pair(point, memory.last):
            memory = Limited(point, 1.0, memory.guard, memory.initial, (*memory.pairs, known)[-self.memory :])
        else:
            memory = memory._replace(last=point)
        return free(-two_loops(memory, point.g), point.g), memory


def two_loops(memory: Limited, g: np.ndarray) -> np.ndarray:
    """H g: Nocedal & Wright (2006), algorithm 7.4."""
    q, alphas = g, []
    for s, y, sy in reversed(memory.pairs):
        alphas.append(dot(s, q) / sy)
        q = q - alphas[-1] * y
    q = memory.initial * q
    if memory.pairs:
        q = q * factor(memory.pairs[-1], memory.initial)
    for (s, y, sy), alpha in zip(memory.pairs, reversed(alphas), strict=True):
        q = q + (alpha - dot(y, q) / sy) * s
    return q
