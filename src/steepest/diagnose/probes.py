"""Further looks at the function after a run, within a budget and the bounds; NaN where there is nothing to be had."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..errors import Exhausted
from ..objective.oracle import Oracle


class Probes:
    """Values and gradients for the diagnosis.

    They bypass the oracle, so that neither its best point nor its counts change.

    Parameters
    ----------
    oracle : Oracle
        Whose function and derivative are asked.
    budget : int
        How many calls of fun or of its gradient may be made.
    exact : bool
        Whether a gradient is exact to rounding, and costs one call.

    Attributes
    ----------
    spent : int
        Calls so far.
    cut : bool
        Whether maxfun or maxtime ended the looks.
    """

    def __init__(self, oracle: Oracle, budget: int, exact: bool):
        self.oracle, self.budget, self.exact = oracle, budget, exact
        self.spent, self.cut = 0, False
        self.term = getattr(oracle, "term", None)  # a set or a penalty
        self.low, self.high = getattr(oracle, "low", -math.inf), getattr(oracle, "high", math.inf)

    @property
    def left(self) -> int:
        """Calls that may still be made."""
        return self.budget - self.spent

    def value(self, x: np.ndarray) -> float:
        """f at `x`, with the penalty if there is one; NaN outside the bounds or the set (see `smooth`)."""
        if self.term is None:
            return self.smooth(x)
        inside = np.allclose(self.term.into(x), x, rtol=1e-9, atol=1e-12 * float(np.abs(x).max()))
        return self.smooth(x) + self.term.value(x) if inside else math.nan

    def smooth(self, x: np.ndarray) -> float:
        """f alone at `x`; NaN outside the bounds, when the budget is spent, and where fun fails."""
        if not self._allowed(x) or not np.isfinite(x).all():
            return math.nan
        with self._call():
            return self.oracle.objective(x)
        return math.nan

    def overflows(self, x: np.ndarray) -> bool:
        """Whether numbers overflow in fun at `x`: what is infinite there is too large, and no edge."""
        if self.left < 1:
            return False
        with self._call(over="raise"):
            try:
                self.oracle.objective(x)
            except (FloatingPointError, OverflowError):
                return True
        return False

    def gradient(self, x: np.ndarray) -> np.ndarray | None:
        """The gradient at `x` where it is exact and finite, else None."""
        if not self.exact or not self._allowed(x):
            return None
        with self._call():
            # the value is not needed, and NaN as a value tells the derivative that it is not known
            g = self.oracle.derivative.gradient(x, math.nan)[0]
            return g.astype(float) if np.isfinite(g).all() else None
        return None

    def _allowed(self, x: np.ndarray) -> bool:
        """Whether the budget and the bounds allow a call there."""
        return self.left >= 1 and not ((x < self.low).any() or (x > self.high).any())

    @contextmanager
    def _call(self, **errors: Any) -> Iterator[None]:
        """One call, whose failures are no concern: outside its domain fun may raise as well as give NaN."""
        self.spent += 1
        try:
            with np.errstate(**{"all": "ignore", **errors}), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        except Exhausted:
            self.spent, self.cut = self.budget, True
        except Exception:
            pass
