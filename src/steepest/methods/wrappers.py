"""Methods around methods: clipped, noisy or averaged gradients, weight decay, and averages of the places.

A wrapper is a method, so wrappers nest: ``ClipNorm(WeightDecay(Adam(lr=0.01), decay=0.1), limit=1.0)``. Those
that change gradients show them changed to the inner method alone: the points of the run, and so its tests for
convergence, its history and its result, tell the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..objective.oracle import Oracle
from ..objective.point import Point, norm
from ..schedules import counts, fractions, nonnegative, positive, validate
from ..stop import Criterion
from .method import Method

Change = Callable[[np.ndarray], np.ndarray]


class View(Point):
    """A place as the inner method sees it: evaluated when first looked at, its gradient changed.

    A rule asks for its next point and does not look at it; so nothing is spent on a place that the wrapper
    then moves elsewhere.
    """

    __slots__ = ("_true",)
    oracle: Through

    def __init__(self, x: np.ndarray, oracle: Through, true: Point | None = None):
        self.x, self.oracle, self._g, self._true = x, oracle, None, true

    @property
    def true(self) -> Point:
        """The point itself."""
        if self._true is None:
            self._true = self.oracle.inner(self.x)
        return self._true

    @property
    def bare(self) -> Point:
        return self.true.bare

    @property
    def f(self) -> float:  # type: ignore[override]
        return self.true.f

    @property
    def g(self) -> np.ndarray:
        if self._g is None:
            self._g = self.oracle.change(self.true.g)
        return self._g

    @property
    def error(self) -> np.ndarray | None:
        return self.true.error


class Through(Oracle):
    """The oracle as the inner method sees it: it answers with views."""

    def __init__(self, inner: Oracle, change: Change):
        super().__init__(inner.objective, inner.derivative)
        self.inner, self.change = inner, change

    def __call__(self, x: np.ndarray) -> View:
        return View(x, self)

    def meet(self, x: np.ndarray, f: float) -> View:
        return self.see(self.inner.meet(x, f))

    @property
    def bare(self) -> Oracle:
        return self.inner.bare

    def dress(self, point: Point) -> View:
        return self.see(self.inner.dress(point))

    def see(self, point: Point) -> View:
        """A point that is there already, as the inner method sees it."""
        return View(point.x, self, point)


@dataclass(frozen=True)
class Wrapper(Method):
    """A method around `method`; what it does not change is the inner method's."""

    method: Method

    def __post_init__(self) -> None:
        if not isinstance(self.method, Method):
            raise ArgumentError(
                f"{type(self).__name__}: method={self.method!r}; expected a method, such as Adam(lr=0.01)."
            )

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"{type(self).__name__}({self.method.name})"

    def lines(self) -> list[tuple[str, str]]:  # type: ignore[override]  # it has a formula only around a method
        return self.method.lines()

    def init(self, point: Point) -> Any:
        return self.method.init(point)

    def convergence(self, dtype: np.dtype) -> Criterion:
        return self.method.convergence(dtype)

    def engine(self, x: np.ndarray) -> str:
        return self.method.engine(x)

    def shown(self, x: np.ndarray, g: np.ndarray, t: float) -> tuple[np.ndarray, np.ndarray]:
        """A place of the run and its gradient as the inner method sees them at step `t`.

        Raises
        ------
        ArgumentError
            Where it sees other places.
        """
        raise ArgumentError(f"{self!r}: the steps within are made at places that the history does not hold.")

    def aim(
        self, point: Point, memory: Any, t: float, oracle: Oracle, change: Change = np.asarray
    ) -> tuple[View, Any, float]:
        """The inner method's step, its end not evaluated unless the method looked at it."""
        through = Through(oracle, change)
        view, memory, lr = self.method.step(through.see(point), memory, t, through)
        assert isinstance(view, View)
        return view, memory, lr


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
