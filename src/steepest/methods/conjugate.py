"""Directions of conjugate gradients: each remembers the last direction only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..objective.point import Point
from .columns import dot, larger, where
from .descent import Descent
from .directions import TINY, free
from .method import Method
from .units import Guard

ETA = 0.4  # Hager & Zhang (2013), "The limited memory conjugate gradient method"


class Conjugate(NamedTuple):
    """The last direction, zero before the first step, and the diagonal metric `initial`."""

    last: Point
    first: float
    guard: Guard
    initial: np.ndarray
    direction: np.ndarray


class Conjugation(Descent):
    """What conjugate gradients share: direction = -H g + beta direction_old, with a diagonal metric H.

    A search begins where the slope foresees the last decrease (Nocedal & Wright 2006, section 3.5).
    """

    def beta(self, g: np.ndarray, y: np.ndarray, memory: Conjugate) -> Any:
        """How much of the old direction remains; y, the change of g, has a positive slope along it."""
        raise NotImplementedError

    def begin(self, point: Point, guard: Guard, initial: np.ndarray, first: Any) -> Conjugate:
        return Conjugate(point, first, guard, initial, np.zeros_like(point.x))

    def update(self, point: Point, memory: Conjugate) -> tuple[np.ndarray, Conjugate]:
        g, d, H, last = point.g, memory.direction, memory.initial, memory.last
        direction, first = -H * g, memory.first
        y = g - last.g
        bends = (dot(d, y) > TINY) & (dot(d, d / H) > TINY) & (dot(last.g, H * last.g) > TINY)
        if d.ndim > 1 or bends:
            mixed = direction + self.beta(g, y, memory) * d
            direction = where(bends & (dot(mixed, g) < 0), mixed, direction)
            slope = dot(direction, g)
            # TINY changes no slope that is taken, and spares the others a quotient by 0
            first = where(bends & (slope < 0), dot(point.x - last.x, last.g) / (slope - TINY), first)
        direction = free(direction, g)
        return direction, Conjugate(point, first, memory.guard, H, direction)

    def promise(self, point: Point, memory: Conjugate) -> float:
        """The decrease that the slope foresees over the first length of the next search: H is never updated, and g'Hg/2
        alone may be far off."""
        promise = super().promise(point, memory)
        return promise * self.update(point, memory)[1].first if memory.direction.any() else promise


@dataclass(frozen=True)
class ConjugateGradient(Conjugation, Method):
    """Conjugate gradients with beta of Polak & Ribière, not below 0 (PR+): Gilbert & Nocedal (1992).

    `c2` says how much flatter each search must end than it began, between 0.0001 and 1.
    """

    c2: float = 0.3
    name = "ConjugateGradient"

    @classmethod
    def lines(cls) -> list[tuple[str, str]]:
        return [
            ("y", "g - g_old"),
            ("beta", "maximum(y_T*H_0*g/(g_old_T*H_0*g_old), 0)"),
            ("d", "-H_0*g + beta*d"),
            ("step", "a*d"),
        ]

    def beta(self, g: np.ndarray, y: np.ndarray, memory: Conjugate) -> float:
        H, g_old = memory.initial, memory.last.g
        return larger(dot(y, H * g) / dot(g_old, H * g_old), 0.0)


@dataclass(frozen=True)
class HagerZhang(Conjugation, Method):
    """Conjugate gradients: Hager & Zhang (2005), with the lower bound of theirs (2013), which has no units.

    `c2` says how much flatter each search must end than it began, between 0.0001 and 1.
    """

    c2: float = 0.3
    name = "HagerZhang"

    @classmethod
    def lines(cls) -> list[tuple[str, str]]:
        return [
            ("y", "g - g_old"),
            ("beta", "(y_T*H_0*g - 2*(y_T*H_0*y)*(d_T*g)/(d_T*y))/(d_T*y)"),
            ("beta_least", f"{ETA}*(d_T*g_old)/(d_T*(d/H_0))"),
            ("d", "-H_0*g + maximum(beta, beta_least)*d"),
            ("step", "a*d"),
        ]

    def beta(self, g: np.ndarray, y: np.ndarray, memory: Conjugate) -> float:
        H, d = memory.initial, memory.direction
        dy = dot(d, y)
        beta = (dot(y, H * g) - 2 * dot(y, H * y) * dot(d, g) / dy) / dy
        return larger(beta, ETA * dot(d, memory.last.g) / dot(d, d / H))
