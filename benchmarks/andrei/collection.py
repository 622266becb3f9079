"""What a problem of the collection is, and the table of all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Function = Callable[[Any], Any]
Start = Sequence[float] | Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Problem:
    """A function of any number of coordinates and its standard start.

    Attributes
    ----------
    number : int
        Its number in Andrei (2008).
    name : str
    fun : callable
        ``fun(x) -> float``, x of shape (n,): plain NumPy, so that autograd tells the exact gradient.
    start : sequence or callable
        The numbers that repeat along the standard start, or a function of i = 1, ..., n.
    smallest : int
        The fewest coordinates that the definition allows, or at which it is not another problem again.
    block : int
        n must be a multiple of this.
    minimum : float, callable or None
        The least value, where there is a closed form; a callable is given i = 1, ..., n.
    """

    number: int
    name: str
    fun: Function
    start: Start
    smallest: int = 2
    block: int = 1
    minimum: float | Callable[[np.ndarray], float] | None = None

    def size(self, n: int) -> int:
        """The least allowed number of coordinates that is not below `n`."""
        return -(-max(n, self.smallest) // self.block) * self.block

    def x0(self, n: int) -> np.ndarray:
        """The standard start with `size(n)` coordinates."""
        i = np.arange(1.0, self.size(n) + 1)
        return self.start(i) if callable(self.start) else np.resize(np.array(self.start, float), i.size)

    def least(self, n: int) -> float | None:
        """The least value with `size(n)` coordinates, where there is a closed form."""
        i = np.arange(1.0, self.size(n) + 1)
        return float(self.minimum(i)) if callable(self.minimum) else self.minimum

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """The exact gradient at `x`, by autograd."""
        from autograd import grad

        return grad(self.fun)(x)


PROBLEMS: list[Problem] = []


def problem(number: int, name: str, start: Start, **rest: Any) -> Callable[[Function], Function]:
    """Put the decorated function into the table."""

    def register(fun: Function) -> Function:
        PROBLEMS.append(Problem(number, name, fun, start, **rest))
        return fun

    return register


def counted(x: Any) -> np.ndarray:
    """i = 1, ..., n for the coordinates of `x`."""
    return np.arange(1.0, x.size + 1)


def pairs(x: Any) -> tuple[Any, Any]:
    """x_{2i-1} and x_{2i}, shape (n/2,) each."""
    return x[0::2], x[1::2]


def partial_sums(x: Any) -> Any:
    """x_1 + ... + x_i, shape (n,); autograd follows this through plain NumPy, but not `np.cumsum`."""
    return np.tri(x.size) @ x


def half(name: str) -> list[Problem]:
    """Every other problem in the order of the paper: ``"tune"`` from the 1st on, ``"report"`` from the 2nd.

    A function is in the same half at every n, so that nothing is tuned on what is reported.
    """
    return sorted(PROBLEMS, key=lambda p: p.number)[{"tune": 0, "report": 1}[name] :: 2]
