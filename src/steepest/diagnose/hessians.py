"""Curvatures at many places at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..loops.thresholds import Batch
from .measure import FULL, LANCZOS

MOST = 2**25  # numbers that the directions of all runs may have together: 256 MB


@dataclass
class Hessians:
    """Curvatures at many places.

    Attributes
    ----------
    f : ndarray, shape (runs,)
    g : ndarray, shape (n, runs)
    values : ndarray, shape (runs, k)
        Eigenvalues, or Ritz values, in increasing order; NaN where f is not finite.
    vectors : ndarray, shape (runs, n, k)
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
        """By forward differences of gradients: n + 1 batches, or LANCZOS + 1 where n is large."""
        n, runs = x.shape
        unit = math.sqrt(np.finfo(x.dtype).eps)
        f, g = batch(x)
        if n > FULL:
            return _lanczos(x, f, g.astype(float), batch, unit)
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

    def along(self, v: np.ndarray) -> np.ndarray:
        """The curvature in the directions v, shape (runs, n)."""
        return (self.values * (self.vectors * v[:, :, None]).sum(axis=1) ** 2).sum(axis=1)

    @property
    def newton(self) -> np.ndarray:
        """Newton's step, shape (n, runs); infinite where some direction is flat or falls."""
        step = np.einsum("kij,kj->ik", self.vectors, np.einsum("kij,ik->kj", self.vectors, self.g) / self.values)
        return np.where(self.smallest > self.error, step, math.inf)

    @property
    def left(self) -> np.ndarray:
        """Newton's estimate of how far f can still fall; infinite where that is."""
        return np.where(self.smallest > self.error, (self.g * self.newton).sum(axis=0) / 2, math.inf)


def _lanczos(x: np.ndarray, f: np.ndarray, g: np.ndarray, batch: Batch, unit: float) -> Hessians:
    """Some steps of Lanczos (1950) with full orthogonalisation for all runs at once, as `curvature` makes for one."""
    n, runs = x.shape
    steps = min(LANCZOS, max(MOST // (n * runs), 2))
    start = np.random.default_rng(0).standard_normal((n, 1))
    q = start / np.linalg.norm(start) + g / np.maximum(np.linalg.norm(g, axis=0), np.finfo(float).tiny)
    Q, W = (np.empty((steps, n, runs)) for _ in range(2))
    size = np.abs(x).max(axis=0)
    for k in range(steps):
        Q[k] = q / np.linalg.norm(q, axis=0)
        moved = (x + unit * np.where(size == 0, 1.0, size) / np.abs(Q[k]).max(axis=0) * Q[k]).astype(x.dtype)
        actual = ((moved.astype(float) - x) * Q[k]).sum(axis=0)
        W[k] = q = (batch(moved)[1] - g) / actual
        for _ in range(2):
            q = q - np.einsum("jir,jr->ir", Q[: k + 1], np.einsum("jir,ir->jr", Q[: k + 1], q))
    T = np.einsum("jir,kir->rjk", Q, W)
    transposed = T.transpose(0, 2, 1)
    finite = np.isfinite(T).all(axis=(1, 2))
    error = np.abs(T - transposed).max(axis=(1, 2)) + unit * np.abs(T).max(axis=(1, 2))
    values, small = np.full((runs, steps), math.nan), np.full((runs, steps, steps), math.nan)
    values[finite], small[finite] = np.linalg.eigh((T + transposed)[finite] / 2)
    return Hessians(f, g, values, np.einsum("jir,rjk->rik", Q, small), error)
