"""Wrappers that change the iterates of a method: weight decay, and averages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..objective.oracle import Oracle
from ..objective.point import Point
from ..schedules import counts, fractions, nonnegative, validate
from ..stop import Criterion
from .method import Method
from .wrappers import Wrapper


@dataclass(frozen=True)
class WeightDecay(Wrapper):
    """Decoupled weight decay, x - lr * decay * x beside the step: Loshchilov & Hutter (2019), scaled as in torch."""

    decay: float

    def __post_init__(self) -> None:
        super().__post_init__()
        nonnegative(self, "decay")

    def shown(self, x: np.ndarray, g: np.ndarray, t: float) -> tuple[np.ndarray, np.ndarray]:
        return x, g

    def step(self, point: Point, memory: Any, t: float, oracle: Oracle) -> tuple[Point, Any, float]:
        view, memory, lr = self.aim(point, memory, t, oracle)
        return oracle(view.x - lr * self.decay * point.x), memory, lr


@dataclass(frozen=True)
class Lookahead(Wrapper):
    """Every few steps back to a share of the way: Zhang et al. (2019), Algorithm 1; the inner memory is kept."""

    every: int = 5
    share: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        counts(self, "every")
        fractions(self, "share")

    def convergence(self, dtype: np.dtype) -> Criterion:
        return Method.convergence(self, dtype)  # the inner method's may ask it about its memory

    def init(self, point: Point) -> Any:
        return self.method.init(point), point.x

    def step(self, point: Point, memory: Any, t: float, oracle: Oracle) -> tuple[Point, Any, float]:
        inner, slow = memory
        view, inner, lr = self.aim(point, inner, t, oracle)
        if t % self.every:
            return view.true, (inner, slow), lr
        slow = slow + self.share * (view.x - slow)
        return oracle(slow), (inner, slow), lr


class Averaging(Wrapper):
    """A wrapper whose points are averages of the places that the inner method visits.

    A step is evaluated at two places, where the inner method is and at the average, unless they are one.
    """

    def weight(self, t: float) -> float:
        """How much of the average after step `t` is the last place."""
        raise NotImplementedError

    def convergence(self, dtype: np.dtype) -> Criterion:
        return Method.convergence(self, dtype)  # see Lookahead

    def init(self, point: Point) -> Any:
        return self.method.init(point), point

    def step(self, point: Point, memory: Any, t: float, oracle: Oracle) -> tuple[Point, Any, float]:
        inner, last = memory
        last, inner, lr = self.method.step(last, inner, t, oracle)
        weight = self.weight(t)
        mean = last if weight == 1 else oracle(point.x + weight * (last.x - point.x))
        return mean, (inner, last), lr


@dataclass(frozen=True)
class Averaged(Averaging):
    """The exponential average of the places, its bias corrected: Kingma & Ba (2015), Section 7.2."""

    decay: float = 0.99

    def __post_init__(self) -> None:
        super().__post_init__()
        validate(self, "a number in [0, 1)", lambda decay: 0 <= decay < 1, "decay")

    def weight(self, t: float) -> float:
        return (1 - self.decay) / (1 - self.decay**t)


@dataclass(frozen=True)
class PolyakAveraged(Averaging):
    """The mean of the places after step `start`: Polyak & Juditsky (1992)."""

    start: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        nonnegative(self, "start")

    def weight(self, t: float) -> float:
        return 1 / max(t - self.start, 1)
