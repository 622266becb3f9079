"""Spectrum: the eigenvalues of the Hessian at a point, their directions and how exact they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .bends import Bends
from .words import along, number


@dataclass(frozen=True)
class Curvature:
    """The curvatures of a function at a point.

    Attributes
    ----------
    values : ndarray, shape (k,)
        Eigenvalues of the Hessian, or estimates (Ritz values), in increasing order.
    vectors : ndarray, shape (n, k)
        Their directions, of length 1.
    error : float
        Bound on the error of a measured curvature; what is smaller counts as zero.
    complete : bool
        Whether all n directions (those that bounds leave free) were seen.
    n : int
        How many directions there are.
    bends : Bends
        The same free of units.
    evaluations : int
        What it cost.

    Examples
    --------
    >>> import steepest as st
    >>> print(st.curvature(lambda x: x[0] ** 2 - x[1] ** 2, [0.0, 0.0]))
    curvature from -2 along (0, 1) to 2 along (1, 0): 1 negative of 2 directions; ...
    """

    values: np.ndarray
    vectors: np.ndarray
    error: float
    complete: bool
    n: int
    bends: Bends
    evaluations: int = 0

    @property
    def largest(self) -> float:
        """L, the largest curvature in size: gradient descent is stable below the rate 2/L."""
        return float(np.abs(self.values).max(initial=0.0))

    @property
    def smallest(self) -> float:
        """mu, the smallest curvature; negative at a saddle."""
        return float(self.values[0])

    @property
    def condition(self) -> float:
        """L/mu; infinite where mu is not above its error. A lower bound where not all directions were seen."""
        return self.largest / self.smallest if self.smallest > self.error else math.inf

    @property
    def negative(self) -> np.ndarray:
        """Directions along which f curves down, shape (n, k)."""
        return self.vectors[:, self.values < -self.error]

    @property
    def lowest(self) -> float:
        """No curvature is below this: the smallest minus its error where all directions were seen, else minus the
        bound of Kuczynski & Wozniakowski (1992) for Lanczos from a random start, 2.6 L (ln n/(m - 1))^2."""
        if self.complete:
            return self.smallest - self.error
        steps = max(self.values.size - 1, 1)
        return self.smallest - max(self.error, 2.6 * self.largest * (math.log(self.n) / steps) ** 2)

    def __repr__(self) -> str:
        ends = [f"{number(self.values[k])} along {along(self.vectors[:, k])}" for k in (0, -1)]
        seen = f"{self.negative.shape[1]} negative of {self.values.size} directions"
        if not self.complete:
            seen += f" seen, of {self.n}; none below {number(self.lowest)}"
        return f"curvature from {ends[0]} to {ends[1]}: {seen}; condition {number(self.condition)}"
