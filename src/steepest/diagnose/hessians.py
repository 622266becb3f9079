"""Curvatures at many places at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..watch import Batch


@dataclass
class Hessians:
    """Curvatures at many places.

    Attributes
    ----------
    f : ndarray, shape (runs,)
    g : ndarray, shape (n, runs)
    values : ndarray, shape (runs, n)
        Eigenvalues in increasing order; NaN where f is not finite.
    vectors : ndarray, shape (runs, n, n)
    error : ndarray, shape (runs,)
        Bound on the error of the eigenvalues.
    """

    f: np.ndarray
    g: np.ndarray
    values: np.ndarray
    vectors: np.ndarray
    error: np.ndarray

    @classmethod
    def at(cls, x: np.ndarray, batch: Batch) -> Hessians:
        """By forward differences of gradients: n + 1 batches."""
        n, runs = x.shape
        unit = math.sqrt(np.finfo(x.dtype).eps)
        f, g = batch(x)
        product, size = np.empty((runs, n, n)), np.maximum(np.abs(x), np.abs(x).max(axis=0))
        for i in range(n):
            moved = x.copy()
            moved[i] += unit * np.where(size[i] == 0, 1.0, size[i])
            product[:, :, i] = ((batch(moved)[1] - g) / (moved[i] - x[i])).T
        transposed = product.transpose(0, 2, 1)
        error = np.abs(product - transposed).max(axis=(1, 2)) + unit * np.abs(product).max(axis=(1, 2))
        finite = np.isfinite(product).all(axis=(1, 2))
        product[~finite] = math.nan
        values, vectors = np.full((runs, n), math.nan), np.full((runs, n, n), math.nan)
        values[finite], vectors[finite] = np.linalg.eigh((product + transposed)[finite] / 2)
        return cls(f, g.astype(float), values, vectors, error)

    @property
    def largest(self) -> np.ndarray:
        return np.abs(self.values).max(axis=1)

    @property
    def smallest(self) -> np.ndarray:
        return self.values[:, 0]

    @property
    def newton(self) -> np.ndarray:
        """Newton's step, shape (n, runs); infinite where some direction is flat or falls."""
        step = np.einsum(
            "kij,kj->ik", self.vectors, np.einsum("kij,ik->kj", self.vectors, self.g) / self.values
        )
        return np.where(self.smallest > self.error, step, math.inf)

    @property
    def left(self) -> np.ndarray:
        """Newton's estimate of how far f can still fall; infinite where that is."""
        return np.where(self.smallest > self.error, (self.g * self.newton).sum(axis=0) / 2, math.inf)
