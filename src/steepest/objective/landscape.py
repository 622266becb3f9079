"""The caller's function once more, after a run: for pictures, so neither counted nor limited."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from .oracle import Objective

PROVED = 12  # values of a call with many points are compared with so many single ones


class Landscape:
    """A function of flat vectors in the caller's own sign, with what is known about it.

    Parameters
    ----------
    objective : Objective
        Without limits of its own.
    sign : float
        -1.0 where the objective is the negative of what the caller maximises.
    term : Term or None
        The set or penalty of the run; outside of a set there is nothing to see.
    box : (low, high) or None
        The bounds of the run; the function is never called outside of them.

    Attributes
    ----------
    minima : list of ndarray, shape (n,)
        Where the lowest value is known to be, for problems of the zoo.
    minimum : float or None
        That value.
    """

    def __init__(self, objective: Objective, sign: float, term: Any, box: tuple[np.ndarray, np.ndarray] | None):
        self.objective, self.sign, self.term, self.box = objective, sign, term, box
        known = objective.fun if sign > 0 and term is None else None
        self.minima: list[np.ndarray] = [np.asarray(x, float) for x in getattr(known, "minima", ())]
        self.minimum: float | None = getattr(known, "minimum", None)

    def __call__(self, x: np.ndarray) -> float:
        """The value at `x`, shape (n,); NaN where there is none: outside, or where the function fails."""
        if self.box is not None and ((x < self.box[0]) | (x > self.box[1])).any():
            return np.nan
        try:
            if self.term is None:
                return self.sign * self.objective(x)
            inside = np.allclose(self.term.into(x), x, 0, 1e-9 * (1 + np.abs(x).max()))
            return self.sign * (self.objective(x) + self.term.value(x)) if inside else np.nan
        except Exception:  # a picture must not fail where a run would
            return np.nan

    def at(self, places: np.ndarray) -> np.ndarray:
        """The values at `places`, shape (..., n): in one call, where the function turns out to take many points."""
        rows = places.reshape(-1, places.shape[-1])
        with np.errstate(all="ignore"):
            values = self._at_once(rows)
            if values is None:
                values = np.array([self(row) for row in rows])
        return values.reshape(places.shape[:-1])

    def _at_once(self, rows: np.ndarray) -> np.ndarray | None:
        """The values by one call with x of shape (n, k), if they equal those of single calls at some rows."""
        x = self.objective.restore(rows[0])
        if self.term is not None or np.ndim(x) > 1 or not isinstance(x, np.ndarray | np.floating):
            return None
        low, high = self.box or (-np.inf, np.inf)
        inside = np.all((rows >= low) & (rows <= high), axis=1)
        asked = rows[inside].T.copy()
        values = np.full(len(rows), np.nan)
        try:
            found = np.asarray(self.objective.fun(asked if np.ndim(x) else asked[0], *self.objective.args))
            if found.shape != asked.shape[1:]:
                return None
            values[inside] = self.sign * found.astype(float)
            some = np.linspace(0, len(rows) - 1, PROVED).astype(int)
            singles = np.array([self(row) for row in rows[some]])
            return values if np.allclose(values[some], singles, 1e-9, 0, equal_nan=True) else None
        except Exception:  # not written for many points
            return None

    def seconds(self, x: np.ndarray) -> float:
        """How long a call takes."""
        began = time.perf_counter()
        self(x)
        return time.perf_counter() - began
