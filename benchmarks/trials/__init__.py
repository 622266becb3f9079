"""Runs whose outcome is known from how they are made: failures of every cause, and healthy runs.

Each generator takes ``(rng, family)`` and gives a `Trial`. Family "tune" is for finding faults and setting thresholds;
"judge" has other functions in each generator, so that what is measured there was not tuned on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SUCCESS = ("converged.",)


@dataclass
class Trial:
    """A run whose outcome is known beforehand.

    Attributes
    ----------
    fun, x0, call
        What `minimize` gets.
    codes : tuple of str
        Which codes name it right; one that ends with a dot stands for all that start so.
    lowest : float
        The value of the minimum.
    words : tuple of str
        What the sentence has to hold, too.
    evidence : str
        A key that the evidence has to have, with a value that is not empty.
    fixable : bool
        Whether a call of `minimize` can solve it.
    tolerance : float
        Share of f(x0) - lowest that may be left at a solved point.
    slack : float
        What noise or rounding hides.
    clean : callable
        `fun` without noise.
    """

    fun: Any
    x0: Any
    codes: tuple[str, ...]
    lowest: float = -math.inf
    call: dict = field(default_factory=dict)
    words: tuple[str, ...] = ()
    evidence: str = ""
    fixable: bool = True
    tolerance: float = 1e-4
    slack: float = 0.0
    clean: Any = None

    @property
    def healthy(self) -> bool:
        return self.codes is SUCCESS

    def solved(self, x: Any) -> bool:
        """Whether next to nothing is left to gain at x."""
        f = self.clean or self.fun
        gap, first = float(f(x)) - self.lowest, float(f(np.asarray(self.x0, float))) - self.lowest
        return gap <= max(self.tolerance * first, self.slack, 1e-12 * abs(self.lowest))

    def named(self, result: Any) -> bool:
        """Whether the verdict is the right one."""
        coded = any(result.code == c or (c.endswith(".") and result.code.startswith(c)) for c in self.codes)
        said = all(word in result.why for word in self.words)
        return coded and said and (not self.evidence or bool(result.evidence.get(self.evidence)))


def rotation(rng: np.random.Generator, n: int) -> np.ndarray:
    """A random orthogonal matrix, shape (n, n)."""
    return np.linalg.qr(rng.standard_normal((n, n)))[0]
