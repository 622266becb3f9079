"""The scales of the columns of a table, and whether they need to be changed."""

from __future__ import annotations

from typing import Any

import numpy as np

# Columns are scaled where their standard deviations differ by more than this from one another or from 1, or where
# a mean is farther from 0 than this many of them: a condition number of 10 costs gradient descent nothing much.
SPREAD = 3.0


def tame(mean: np.ndarray, deviation: np.ndarray) -> bool:
    """Whether columns may stay as they are."""
    far = np.abs(mean) >= SPREAD * deviation
    return not ((deviation >= SPREAD) | (deviation <= 1 / SPREAD) | far).any()


def scales(X: Any, weights: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column; of one that is 0 throughout, 1. A sparse matrix is not shifted, which
    would fill it: its means are 0, its deviations from 0."""
    share = np.full(X.shape[0], 1 / X.shape[0]) if weights is None else weights / weights.sum()
    if hasattr(X, "tocsr"):
        mean = np.zeros(X.shape[1])
        deviation = np.sqrt(X.multiply(X).T @ share)
    else:
        mean = share @ X
        deviation = np.sqrt(share @ np.square(X - mean))
        constant = deviation <= 1e-12 * np.abs(mean)
        # shifted by its own value such a column is 0: an intercept and its coefficient can't be told apart
        mean, deviation = np.where(constant, X[np.argmax(share)], mean), np.where(constant, 0.0, deviation)
    return mean, np.where((deviation == 0) & (mean == 0), 1.0, deviation)
