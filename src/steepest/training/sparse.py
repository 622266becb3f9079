"""Training on all rows at once with an l1 penalty: a smooth loss, and a term with proximal steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..data import Batch
from ..methods.proximal import Composite
from ..objective.oracle import Derivative, Objective
from ..objective.point import Point
from ..sets import L1


class Whole(Composite):
    """The mean loss over all rows, as a training run asks for it (see `MiniBatch`), plus l1 of each coordinate.

    Parameters
    ----------
    objective, derivative
        Of the smooth part.
    l1 : ndarray, shape (n,)
    """

    f = g = None  # every point knows its own

    def __init__(self, objective: Objective, derivative: Derivative, l1: np.ndarray):
        super().__init__(objective, derivative, L1(l1))
        self.l1, self.rows = l1, 0

    def hold(self, batches: Sequence[Batch]) -> bool:
        """From now on the loss is over these rows; False if they are held already."""
        fresh = not self.rows
        ((self.objective.args),) = batches
        self.rows = self.objective.args[0].shape[0]
        return fresh

    def value(self, x: np.ndarray) -> float:
        """The mean loss at `x`, with the penalty."""
        return self.objective(x) + self.term.value(x)

    def pair(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """The same, and the gradient mapping (see `Composite`)."""
        point: Point = self(x)
        return point.f, point.g
