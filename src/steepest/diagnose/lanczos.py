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
    made, error = 0, 0.0
    while made < m and (image := apply(basis[made])) is not None:
        images[made], made = image[0], made + 1
        error = max(error, float(image[1].max()))
        Q = basis[:made]
        rest = image[0] - Q.T @ (Q @ image[0])
        rest -= Q.T @ (Q @ rest)  # once more: rounding (Kahan's "twice is enough", Parlett 1980)
        size = float(np.linalg.norm(rest))
        if size <= 1e-10 * float(np.linalg.norm(image[0])):
            break
        if made < m:
            basis[made] = rest / size
    if not made:
        return None
    Q, T = basis[:made], basis[:made] @ images[:made].T
    values, vectors = np.linalg.eigh((T + T.T) / 2)
    return values, Q.T @ vectors, max(error, float(np.linalg.norm(T - T.T)) / 2)
