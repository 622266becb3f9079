"""Wrappers that show a method other gradients: clipped, noisy, or means of several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..objective.oracle import Oracle
from ..objective.point import Point, norm
from ..schedules import counts, nonnegative, positive, validate
from .wrappers import Wrapper


class GradientWrapper(Wrapper):
    """A wrapper that shows the inner method other gradients."""

    def change(self, g: np.ndarray, t: float) -> np.ndarray:
        """The gradient that the inner method sees at step `t` in place of `g`."""
        raise NotImplementedError

    def shown(self, x: np.ndarray, g: np.ndarray, t: float) -> tuple[np.ndarray, np.ndarray]:
        return x, self.change(g, t)

    def step(self, point: Point, memory: Any, t: float, oracle: Oracle) -> tuple[Point, Any, float]:
        view, memory, lr = self.aim(point, memory, t, oracle, lambda g: self.change(g, t))
        return view.true, memory, lr


@dataclass(frozen=True)
class ClipNorm(GradientWrapper):
    """Gradients no longer than `limit`: Pascanu, Mikolov & Bengio (2013), Algorithm 1.

    Examples
    --------
    >>> import steepest as st
    >>> cliff = lambda x: x[0] ** 4
    >>> st.minimize(cliff, [10.0], method=ClipNorm(st.GD(lr=0.1), limit=5.0), gtol=1e-3).success
    True
    """

    limit: float

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self, "limit")

    def change(self, g: np.ndarray, t: float) -> np.ndarray:
        size = norm(g)
        return g * (self.limit / size) if size > self.limit else g


@dataclass(frozen=True)
class ClipValue(GradientWrapper):
    """Each component of the gradient within [-limit, limit]: Graves (2013), Section 2.1."""

    limit: float

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self, "limit")

    def change(self, g: np.ndarray, t: float) -> np.ndarray:
        return g.clip(-self.limit, self.limit)


@dataclass(frozen=True)
class GradientNoise(GradientWrapper):
    """Normal noise of variance scale / t**0.55 on the gradient: Neelakantan et al. (2015), eq. 1.

    The noise of step t depends on `rng`, a whole number, and t alone: a run that is stopped and continued is
    the same as one that is not.
    """

    scale: float
    rng: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        nonnegative(self, "scale")
        validate(self, "a whole number, at least 0", lambda seed: seed >= 0 and seed == int(seed), "rng")

    def change(self, g: np.ndarray, t: float) -> np.ndarray:
        noise = np.random.default_rng([int(self.rng), int(t)]).standard_normal(g.size)
        return g + ((self.scale / t**0.55) ** 0.5 * noise).astype(g.dtype)


@dataclass(frozen=True)
class Accumulate(Wrapper):
    """One step by the mean of `every` gradients at the same place, where the oracle draws each anew.

    For noisy gradients; those of a deterministic function are all alike, and only their cost is `every`-fold.
    """

    every: int

    def __post_init__(self) -> None:
        super().__post_init__()
        counts(self, "every")

    def step(self, point: Point, memory: Any, t: float, oracle: Oracle) -> tuple[Point, Any, float]:
        def mean(g: np.ndarray) -> np.ndarray:
            return sum((oracle(point.x).g for _ in range(int(self.every) - 1)), g) / self.every

        view, memory, lr = self.aim(point, memory, t, oracle, mean)
        return view.true, memory, lr
