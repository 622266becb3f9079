"""The oracle of training: it holds a batch, and whatever a step asks is asked of that batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..data import Batch
from ..objective.oracle import Derivative, Objective, Oracle
from ..objective.point import Point


class Place(Point):
    """A place that is evaluated when somebody looks, on the batch that is held then.

    A rule asks for its next point and does not look at it: that point meets the next batch. A line search
    looks at once, and so compares places on one batch.
    """

    __slots__ = ("_f",)
    oracle: MiniBatch
    _f: float | None

    def __init__(self, x: np.ndarray, oracle: MiniBatch):
        self.x, self.oracle, self._f, self._g, self._error = x, oracle, None, None, None

    @property
    def f(self) -> float:  # type: ignore[override]
        """The mean loss of the batch."""
        if self._f is None:
            self._f = self.oracle.value(self.x)
        return self._f

    @property
    def known_f(self) -> float | None:
        return self._f

    @property
    def g(self) -> np.ndarray:
        """Its gradient, shape (n,)."""
        if self._g is None:
            self._f, self._g = self.oracle.pair(self.x)
        return self._g

    @property
    def error(self) -> None:
        return None


class MiniBatch(Oracle):
    """The mean loss of the batch that is held, and its gradient.

    Parameters
    ----------
    objective : Objective
        ``loss(params, *batch)``; its arguments are the batch.
    derivative : Derivative
        Its gradient.
    """

    def __init__(self, objective: Objective, derivative: Derivative):
        super().__init__(objective, derivative)
        self.held: Sequence[Batch] = ()
        self.rows = 0  # in what is held
        self.f: float | None = None  # and g: at the place that the step asked about first
        self.g: np.ndarray | None = None
        self._pair = getattr(derivative, "pair", None) or self._two

    def hold(self, batches: Sequence[Batch]) -> bool:
        """From now on the loss is the mean over the rows of these batches; False if they are held already."""
        self.f = self.g = None
        self.objective.args = batches[0]  # for whoever asks the objective itself, a proof of the gradient say
        if len(self.held) == 1 == len(batches) and self.held[0] is batches[0]:
            return False
        self.held, self.rows = batches, sum([batch[0].shape[0] for batch in batches])
        return True

    def __call__(self, x: np.ndarray) -> Place:
        return Place(x, self)

    def meet(self, x: np.ndarray, f: float) -> Place:
        return self.recalled(x, f)

    def recalled(self, x: np.ndarray, f: Any, g: np.ndarray | None = None, error: Any = None) -> Place:
        place = Place(x, self)
        place._f, place._g = f, g
        return place

    def value(self, x: np.ndarray) -> float:
        """The mean loss at `x`."""
        f = 0.0
        for batch in self.held:
            self.objective.args = batch
            f += batch[0].shape[0] / self.rows * self.objective(x)
        return f

    def pair(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """The mean loss at `x`, and its gradient."""
        self.njev += len(self.held)
        if len(self.held) == 1:
            self.objective.args = self.held[0]
            f, g = self._pair(x)
        else:
            f, g = 0.0, np.zeros_like(x)
            for batch in self.held:
                self.objective.args = batch
                value, part = self._pair(x)
                share = batch[0].shape[0] / self.rows
                f += share * value
                g += share * part
        if self.f is None:
            self.f, self.g = f, g
        return f, g

    def _two(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        f = self.objective(x)
        return f, self.derivative.gradient(x, f)[0]
