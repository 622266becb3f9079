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
    """Mean and standard deviation of each column; of a constant one 0 and 1. A sparse matrix is not shifted, which
    would fill it: its means are 0, its deviations from 0."""
    share = np.full(X.shape[0], 1 / X.shape[0]) if weights is None else weights / weights.sum()
    if hasattr(X, "tocsr"):
        mean = np.zeros(X.shape[1])
        deviation = np.sqrt(X.multiply(X).T @ share)
    else:
        mean = share @ X
        deviation = np.sqrt(share @ np.square(X - mean))
    constant = deviation <= 1e-12 * np.abs(mean)
    return np.where(constant, 0.0, mean), np.where(constant | (deviation == 0), 1.0, deviation)
