"""The coordinates that rules are raced in: the parameters, or others in which gradients are alike."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ..diagnose.batches import SPREAD
from ..methods.preconditioned import inverse_size, whitening
from .means import gradient
from .minibatch import MiniBatch
from .recipe import Recipe
from .sparse import Whole

TASTES = 8  # batches whose gradients tell the units of the coordinates, where the columns' say that they differ
SCATTER = 2  # gradients for each parameter: eigenvalues are then 0.09 to 2.9 times the true (Marchenko & Pastur 1967)
MOST = 100  # parameters: the products with a matrix of so many rows take 9 us of a step, of twice as many 70


def out_of_scale(table: Any) -> bool:
    """Whether the columns of a table are in units that differ, from each other or from 1, which an intercept goes with.

    Their largest numbers tell: a column that is seldom other than 0 is small on average in any unit.
    """
    if not isinstance(table, np.ndarray) or table.ndim != 2 or table.dtype.kind != "f":
        return False
    sizes = np.abs(table).max(axis=0)
    sizes = np.append(sizes[sizes > 0], 1.0)
    return bool(sizes.max() > SPREAD * sizes.min())


def bases_for(recipe: Recipe, oracle: MiniBatch | Whole, table: Any, budget: float) -> list[np.ndarray | None]:
    """Coordinates to race in, None for the parameters, from `budget` gradients of the first batches at most.

    Where the parameters may be those of a linear model, as many as the columns of a table or one more, those in which
    gradients are white, too: its curvature hardly turns on the way. They alone, if the columns' sizes say that units
    differ: short lanes would not tell what that costs in the end. Of more columns whose units differ, those in which
    gradients are of one size, too. (Among networks gradients alone say little: those of 8 networks differed 200 to
    30 000 times within each, and stretched by them two of the networks were trained 30 to 300 times worse. White at the
    start, those of a layer of 16 hid that it was trained 50 times worse.)
    """
    source, x = recipe.task.source, recipe.task.start
    if recipe.task.model is not None:  # its columns are scaled
        return [None]

    def gradients(count: int) -> list[np.ndarray]:
        return [gradient(oracle, group, x) for group in itertools.islice(recipe.plan.first(), count)]

    enough = SCATTER * x.size
    linear = getattr(table, "ndim", 0) == 2 and x.size <= min(table.shape[1] + 1, MOST)
    if linear and source.again and enough <= budget:
        found = gradients(enough)
        if np.isfinite(found).all():
            white = whitening(found)
            return [white] if out_of_scale(table) else [None, white]
    return [None, inverse_size(gradients(TASTES))] if budget >= TASTES and out_of_scale(table) else [None]
