"""Point: a place, the value there, and the gradient when someone asks for it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .foreign import library_of

if TYPE_CHECKING:
    from .oracle import Oracle


class Point:
    """A place that was evaluated: the one noun that travels between oracle, method and loop.

    Parameters
    ----------
    x : ndarray, shape (n,)
        Where. Never changed after the point is made.
    f : float
        The value there; may be NaN or infinite.
    g : ndarray, shape (n,), optional
        The gradient there. Left out, it is asked of `oracle` the first time it is read, so that a rejected
        trial of a line search costs one value and no gradient.
    error : ndarray, shape (n,), optional
        Bound on the error of each component of `g`; None when it is exact to rounding.
    oracle : Oracle, optional
        Who can tell the gradient.
    """

    __slots__ = ("_error", "_g", "f", "oracle", "x")

    def __init__(
        self,
        x: np.ndarray,
        f: float,
        g: np.ndarray | None = None,
        error: np.ndarray | None = None,
        oracle: Oracle | None = None,
    ):
        self.x, self.f, self._g, self._error, self.oracle = x, f, g, error, oracle

    @property
    def g(self) -> np.ndarray:
        """The gradient, shape (n,)."""
        if self._g is None:
            assert self.oracle is not None
            self._g, self._error = self.oracle.gradient(self.x, self.f)
        return self._g

    @property
    def bare(self) -> Point:
        """The point itself, where this is one as a wrapped method sees it."""
        return self

    @property
    def known_f(self) -> float | None:
        """The value if someone has asked for it, else None."""
        return self.f

    @property
    def known_g(self) -> np.ndarray | None:
        """The gradient if someone has asked for it, else None."""
        return self._g

    @property
    def error(self) -> np.ndarray | None:
        """Bound on the error of each component of the gradient, or None when it is exact to rounding."""
        _ = self.g
        return self._error

    def __repr__(self) -> str:
        return f"Point(x={self.x}, f={self.f:.6g})"


FEW = 8  # up to so many numbers Python's own hypot and dist are quicker than NumPy


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """The Euclidean distance of two places."""
    return math.dist(a.tolist(), b.tolist()) if type(a) is np.ndarray and a.size <= FEW else norm(a - b)


def norm(v: np.ndarray) -> float:
    """The Euclidean norm, also where the squares would overflow or vanish."""
    if type(v) is not np.ndarray and (library := library_of(v)) is not None:
        return library.norm(v)
    if v.size <= FEW:
        return math.hypot(*v.tolist())
    square = float(v.dot(v))
    if 1e-30 < square < 1e30:
        return math.sqrt(square)
    largest = float(np.abs(v).max())
    if largest == 0 or not math.isfinite(largest):
        return largest
    scaled = v / v.dtype.type(largest)
    return largest * math.sqrt(float(scaled.dot(scaled)))
