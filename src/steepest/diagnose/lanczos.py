"""Lanczos' method (1950): the ends of the spectrum of an operator from few products with it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Apply = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray] | None]


def lanczos(apply: Apply, start: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray, float] | None:
    """Ritz values of a symmetric operator in increasing order, their vectors, and a bound on their error.

    Parameters
    ----------
    apply : callable
        v -> the product and a bound on its error, each of shape (n,); None where it can't be had.
    start : ndarray, shape (n,)
    m : int
        How many products are made at most.
    """
    basis, images = np.empty((2, max(m, 1), start.size))
    basis[0] = start / np.linalg.norm(start)
    k, error = 0, 0.0
    while k < m and (image := apply(basis[k])) is not None:
        images[k], k = image[0], k + 1
        error = max(error, float(image[1].max()))
        Q = basis[:k]
        rest = image[0] - Q.T @ (Q @ image[0])
        rest -= Q.T @ (Q @ rest)  # once more: rounding (Kahan's "twice is enough", Parlett 1980)
        size = float(np.linalg.norm(rest))
        if size <= 1e-10 * float(np.linalg.norm(image[0])):
            break
        if k < m:
            basis[k] = rest / size
    if not k:
        return None
    Q, T = basis[:k], basis[:k] @ images[:k].T
    values, vectors = np.linalg.eigh((T + T.T) / 2)
    return values, Q.T @ vectors, max(error, float(np.linalg.norm(T - T.T)) / 2)
