"""Bends: curvatures free of units, along axes on which each row of the Hessian has a largest entry of 1."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SWEEPS = 8  # of the scaling; a positive definite matrix is scaled by its diagonal, and needs none


class Bends(NamedTuple):
    """Curvatures along axes that need not be orthogonal; units of x_i change neither them nor what they promise.

    Attributes
    ----------
    values : ndarray, shape (k,)
        Curvatures in increasing order; those of a positive definite Hessian add up to k.
    axes : ndarray, shape (n, k)
        Where they are measured: f at ``x + axes @ z`` is f + z'axes'g + sum(values z^2)/2.
    errors : ndarray, shape (k,)
        How wrong each value may be; infinite for coordinates whose curvature is not seen at all.
    """

    values: np.ndarray
    axes: np.ndarray
    errors: np.ndarray

    @property
    def firm(self) -> np.ndarray:
        """Whether f surely curves up along each axis."""
        return self.values > self.errors

    @property
    def concave(self) -> np.ndarray:
        """Whether f surely curves down along each axis."""
        return self.values < -self.errors


def bends(H: np.ndarray, error: np.ndarray, basis: np.ndarray) -> Bends:
    """The bends of a Hessian.

    Parameters
    ----------
    H, error : ndarray, shape (k, k)
        The Hessian within `basis`, and a bound on the error of each entry.
    basis : ndarray, shape (n, k)

    Notes
    -----
    Rows and columns are scaled alike (Ruiz 2001, "A scaling algorithm to equilibrate both rows and columns norms in
    matrices", RAL-TR-2001-034). A positive definite matrix gets a diagonal of 1, as by Jacobi's scaling, which
    is within a factor k of the best (van der Sluis 1969); errors are those of first order, z'Ez.
    """
    visible = (np.abs(H) > error).any(axis=1)
    S, E = H[np.ix_(visible, visible)], error[np.ix_(visible, visible)]
    own, errors = np.abs(np.diag(S)), np.diag(E)
    d = np.where(own > errors, own, np.abs(S).max(axis=1, initial=0.0)) ** -0.5
    for _ in range(SWEEPS if len(S) else 0):
        d /= np.sqrt((d[:, None] * np.abs(S) * d).max(axis=1))
    values, z = np.linalg.eigh(d[:, None] * S * d)
    errors = np.einsum("ij,ik,kj->j", np.abs(z), d[:, None] * E * d, np.abs(z))
    lost = int((~visible).sum())
    values, errors = np.append(values, np.zeros(lost)), np.append(errors, np.full(lost, np.inf))
    axes = np.hstack([basis[:, visible] @ (d[:, None] * z), basis[:, ~visible]])
    order = np.argsort(values, kind="stable")
    return Bends(values[order], axes[:, order], errors[order])
