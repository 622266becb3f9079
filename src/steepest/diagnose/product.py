"""Product: the Hessian times a vector, from the gradients at two places."""

from __future__ import annotations

import math

import numpy as np

from .probes import Probes


class Product:
    """H v by a difference of gradients: (g(x + t v) - g(x))/t."""

    def __init__(
        self,
        probes: Probes,
        x: np.ndarray,
        g: np.ndarray,
        scale: np.ndarray,
        free: np.ndarray,
        most: float = math.inf,
    ):
        self.probes, self.x, self.g, self.scale, self.free, self.most = probes, x, g, scale, free, most
        # u^0.4 balances rounding u/t with truncation t where neither is known
        self.share = float(np.finfo(x.dtype).eps) ** 0.4
        self.least = float(np.finfo(x.dtype).eps) ** 0.5  # share of L below which third derivatives may hide
        self.rounding = 4 * float(np.finfo(x.dtype).eps)

    def __call__(self, v: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """H v and what rounding may make of it, each of shape (n,); None where gradients can't be had."""
        if not np.isfinite(v).all() or not v.any():
            return None
        moving = np.abs(v) > 1e-3 * np.abs(v).max()
        t = self.share * float((self.scale[moving] / np.abs(v[moving])).min())
        near = self.share * float((np.abs(self.x[moving]) / np.abs(v[moving])).min())
        # the other side where a bound or the edge of the domain is near; closer where f runs away
        for signed in (t, -t, near):
            moved = (self.x + signed * v).astype(self.x.dtype)
            g = self.probes.gradient(moved)
            if g is not None and (abs(float((g - self.g) @ v) * signed) <= self.most or signed == near):
                actual = float((moved.astype(float) - self.x) @ v) / float(v @ v) or signed
                error = self.rounding * (np.abs(g) + np.abs(self.g)) / abs(actual)
                return np.where(self.free, g - self.g, 0.0) / actual, error
        return None
