"""What a stranger is, and the table of all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Limits = tuple[float | np.ndarray, float | np.ndarray]


@dataclass(frozen=True)
class Stranger:
    """A function of a fixed number of coordinates and its start.

    Attributes
    ----------
    name : str
    kind : {"smooth", "data", "kinks", "bounds"}
    fun : callable
        ``fun(x) -> float`` in plain NumPy, so that autograd tells the exact gradient.
    start : ndarray, shape (n,)
    least : float or None
        The lowest value, as published; six digits are asked for. None: nobody published it.
    bounds : (low, high) or None
        Numbers or arrays of shape (n,).
    """

    name: str
    kind: str
    fun: Callable[[Any], Any]
    start: np.ndarray
    least: float | None = None
    bounds: Limits | None = None

    # the words that `peers` and `profiles` use of a problem; it has one size only

    def size(self, n: int) -> int:
        """The number of its coordinates, whatever `n` is."""
        return self.start.size

    def x0(self, n: int) -> np.ndarray:
        """A fresh start."""
        return self.start.copy()

    def inside(self) -> np.ndarray:
        """The start, moved into the bounds."""
        return np.clip(self.start, *(self.bounds or (-np.inf, np.inf)))

    def box(self) -> list[tuple[float, float]] | None:
        """The bounds as pairs."""
        if self.bounds is None:
            return None
        low, high = (np.broadcast_to(side, self.start.shape).tolist() for side in self.bounds)
        return list(zip(low, high, strict=True))

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """The exact gradient at `x`, by autograd."""
        from autograd import grad

        return grad(self.fun)(x)


STRANGERS: list[Stranger] = []


def problem(
    kind: str, name: str, start: Sequence[float] | np.ndarray, least: float | None = None, bounds: Limits | None = None
) -> Callable[[Any], Any]:
    """Put the decorated function into the table."""

    def register(fun: Any) -> Any:
        STRANGERS.append(Stranger(name, kind, fun, np.array(start, float), least, bounds))
        return fun

    return register


def squares(residuals: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The sum of squares of what `residuals` gives: an array, or a list of numbers."""

    def fun(x: Any) -> Any:
        r = residuals(x)
        return sum(one**2 for one in r) if isinstance(r, list) else (r**2).sum()

    return fun


def numbers(text: str) -> np.ndarray:
    """The numbers in `text`."""
    return np.array(text.split(), float)


def half(name: str) -> list[Stranger]:
    """Every other problem of each kind: ``"tune"`` from the 1st on, to find faults; ``"report"`` from the 2nd."""
    kinds = dict.fromkeys(one.kind for one in STRANGERS)
    first = {"tune": 0, "report": 1}[name]
    return [one for kind in kinds for one in [s for s in STRANGERS if s.kind == kind][first::2]]
