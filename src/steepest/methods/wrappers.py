"""The protocol of methods around methods, and how the inner method sees the function through them.

A wrapper is a method, so wrappers nest: ``ClipNorm(WeightDecay(Adam(lr=0.01), decay=0.1), limit=1.0)``. Changed
gradients are seen by the inner method alone: the points of the run, and so its tests for convergence, its history and
its result, hold those of f.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..objective.oracle import Oracle
from ..objective.point import Point
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
