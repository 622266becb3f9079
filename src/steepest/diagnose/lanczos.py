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
    basis, images, error = [start / np.linalg.norm(start)], [], 0.0
    for _ in range(m):
        image = apply(basis[-1])
        if image is None:
            break
        images.append(image[0])
        error = max(error, float(image[1].max()))
        Q = np.array(basis)
        rest = image[0] - Q.T @ (Q @ image[0])
        rest -= Q.T @ (Q @ rest)  # once more: rounding (Kahan's "twice is enough", Parlett 1980)
        size = float(np.linalg.norm(rest))
        if size <= 1e-10 * float(np.linalg.norm(image[0])) or len(images) == m:
            break
        basis.append(rest / size)
    if not images:
        return None
    Q, T = np.array(basis[: len(images)]), np.array(basis[: len(images)]) @ np.array(images).T
    values, vectors = np.linalg.eigh((T + T.T) / 2)
    return values, Q.T @ vectors, max(error, float(np.linalg.norm(T - T.T)) / 2)
