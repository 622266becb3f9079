"""A rule in other coordinates, for parameters whose units differ or that work against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..objective.oracle import Oracle
from ..objective.point import Point
from .lift import Rule
from .wrappers import Wrapper


@dataclass(frozen=True)
class Preconditioned(Wrapper):
    """A rule that steps in u, where x = basis @ u.

    A rule like Adam moves all coordinates about as far, and each by itself. That is right for u if its gradients, which
    are basis.T @ g, are of one size and not correlated. In units that follow x, steps then are the same.

    Parameters
    ----------
    method : Rule
    basis : ndarray, shape (n, n) or (n,)
        One row of numbers is the diagonal.
    """

    method: Rule
    basis: np.ndarray

    def __repr__(self) -> str:
        return f"Preconditioned({self.method!r}, basis of shape {self.basis.shape})"

    @cached_property
    def _inverse(self) -> np.ndarray:
        return 1 / self.basis if self.basis.ndim == 1 else np.linalg.inv(self.basis)

    def inner(self, x: np.ndarray) -> np.ndarray:
        """The coordinates u of a place."""
        return applied(self._inverse, x)

    def outer(self, u: np.ndarray) -> np.ndarray:
        """The place with the coordinates u."""
        return applied(self.basis, u)

    def shown(self, x: np.ndarray, g: np.ndarray, t: float) -> tuple[np.ndarray, np.ndarray]:
        return self.inner(x), applied(self.basis.T, g)

    def step(self, point: Point, memory: Any, t: float, oracle: Oracle) -> tuple[Point, Any, float]:
        slots, length = memory
        u, slots, lr = self.method.land(self.inner(point.x), applied(self.basis.T, point.g), slots, t)
        return oracle(self.outer(u)), (slots, length), lr


def applied(matrix: np.ndarray, x: np.ndarray) -> np.ndarray:
    """matrix @ x, where one row of numbers is a diagonal."""
    return matrix * x if matrix.ndim == 1 else matrix @ x


def whitening(gradients: Sequence[np.ndarray]) -> np.ndarray:
    """The basis, shape (n, n), in which gradients of batches scatter alike and independently, of determinant 1.

    Their covariance is that of single rows, the empirical Fisher information, by their number: the metric of Amari
    (1998), "Natural gradient works efficiently in learning". What does not scatter is stretched as the rest on average.
    """
    G = np.array(gradients, float)
    G /= np.abs(G).max() or 1.0  # squares of what is large are infinite
    G -= G.mean(axis=0)
    size = G.std(axis=0)
    known = size > 0
    size[~known] = np.exp(np.log(size[known]).mean()) if known.any() else 1.0
    _, w, V = np.linalg.svd(G / size, full_matrices=False)
    # a cube root: gradients by differences are right to two thirds of the digits
    w = np.where(w > np.finfo(gradients[0].dtype).eps ** (1 / 3) * w[0], w, w[0] or 1.0)
    basis = V.T / w / size[:, None]
    return (basis * np.exp(np.mean(np.log(size) + np.log(w)))).astype(gradients[0].dtype)


def inverse_size(gradients: Sequence[np.ndarray]) -> np.ndarray:
    """The powers of 2 next to the inverse root mean squares of gradients, their geometric mean near 1; 1 where all
    are 0. The diagonal of a basis that rounds nothing."""
    with np.errstate(over="ignore", divide="ignore"):
        size = np.log2(np.sqrt(np.mean(np.square(gradients, dtype=float), axis=0)))
    known = np.isfinite(size)
    size = np.where(known, size - size[known].mean() if known.any() else 0.0, 0.0)
    return np.exp2(-np.round(size)).astype(gradients[0].dtype)
