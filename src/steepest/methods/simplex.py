"""The quadratic program of a bundle method: the shares of its planes in the next step."""

from __future__ import annotations

import math

import numpy as np

DISTINCT = 1e-13  # of the mean squared slope, added to the diagonal of Q: equal planes leave it regular


def balance(slopes: np.ndarray, errors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weights w >= 0 of sum 1 for which |w'slopes|^2/2 + w'errors is least, shape (k,), beginning with `weights`.

    An active set, as for least squares by Lawson & Hanson (1974), chapter 23.
    """
    k = errors.size
    Q = slopes @ slopes.T
    size = float(np.trace(Q)) / k or 1.0
    Q, errors = Q / size + DISTINCT * np.eye(k), errors / size
    active = np.flatnonzero(weights).tolist()
    w = np.where(weights > 0, weights, 0.0)
    for _ in range(5 * k + 20):
        while True:
            best = _on_face(Q, errors, active)
            if best.min() > 0 or len(active) == 1:
                w = np.zeros(k)
                w[active] = best
                break
            # towards the best of this face, as far as the first weight that would become negative
            far = np.where(best <= 0, w[active] / np.maximum(w[active] - best, 1e-300), math.inf)
            first = int(np.argmin(far))
            w[active] += far[first] * (best - w[active])
            w[active.pop(first)] = 0.0
        gradient = Q @ w + errors
        level = float(gradient @ w)
        new = int(np.argmin(gradient))
        if new in active or gradient[new] >= level - 1e-12 * abs(level):
            break
        active.append(new)
    return w / w.sum()


def _on_face(Q: np.ndarray, errors: np.ndarray, active: list[int]) -> np.ndarray:
    """The best weights of sum 1, of any sign, where all but the `active` ones are 0."""
    m = len(active)
    kkt = np.ones((m + 1, m + 1))
    kkt[:m, :m], kkt[m, m] = Q[np.ix_(active, active)], 0.0
    return np.linalg.solve(kkt, np.append(-errors[active], 1.0))[:m]
