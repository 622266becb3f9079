"""Derivatives for people: a value, the bound on its error, what it cost and how it was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import counted
from ..objective.oracle import Derivative, Objective
from ..objective.params import Parameters
from .choice import choose
from .own import Paired


@dataclass(frozen=True)
class Estimate:
    """A derivative with what is known about it; it can be used like the array `value`.

    Attributes
    ----------
    value, error : as x
        The derivative, and the bound on the error of each of its numbers.
    evaluations : int
        Calls of the function.
    how : str
        How it was found, in one sentence.
    """

    value: Any
    error: Any
    evaluations: int
    how: str

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.value, dtype)

    def __float__(self) -> float:
        return float(self.value)

    def __getitem__(self, key: Any) -> Any:
        return self.value[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.value)

    def __len__(self) -> int:
        return len(self.value)

    def __str__(self) -> str:
        return f"{self.value} ± {_largest(self.error):.1g}"

    def __repr__(self) -> str:
        return f"{self} ({self.how}; {counted(self.evaluations, 'evaluation')})"


def _largest(tree: Any) -> float:
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list | tuple):
        return max(_largest(part) for part in tree)
    return float(np.max(tree))


def gradient(f: Callable[..., Any], x: Any, args: tuple[Any, ...] = (), jac: Any = None, rng: Any = None) -> Estimate:
    """The gradient of a function, by the most exact way that there is.

    By autograd where it can follow `f` (proved against differences, as always), else by differences on a
    ladder of steps (`Accurate`), which need only values and give 10 digits or more of a smooth function.

    Parameters
    ----------
    f : callable
        ``f(x, *args) -> float``.
    x : float, array_like, or dict / list / tuple of arrays
        Where; never changed.
    args : tuple
        Further arguments of `f`.
    jac : callable, True, str, or None
        To have another way, see `steepest.minimize`.
    rng : int or numpy.random.Generator
        Draws the directions of the proof.

    Returns
    -------
    Estimate
        Shaped like `x`.

    Examples
    --------
    >>> import numpy as np
    >>> g = gradient(lambda x: np.sum(x**2), [3.0, 4.0])
    >>> print(g.value, g.error.max() < 1e-13)
    [6. 8.] True
    >>> import math
    >>> g = gradient(lambda x: math.sin(x) * 2, 0.0)  # nothing that autograd can follow
    >>> abs(float(g) - 2) <= g.error < 1e-9
    np.True_
    """
    known = Known(f, x, args, jac, rng)
    g, error = known.gradient(known.x)
    return known.estimate(g, error)


def derivative(f: Callable[..., Any], x: Any, args: tuple[Any, ...] = (), jac: Any = None, rng: Any = None) -> Estimate:
    """The derivative of a function of one number, at one or at many; takes what `gradient` takes.

    Parameters
    ----------
    f : callable
        ``f(x, *args) -> float`` for a number x.
    x : float or array_like
        Where; of an array, each number by itself.

    Returns
    -------
    Estimate
        Shaped like `x`.

    Examples
    --------
    >>> import numpy as np
    >>> float(derivative(np.sin, 0.0)), derivative(np.exp, [0.0, 1.0]).value.round(6)
    (1.0, array([1.      , 2.718282]))
    """
    if np.ndim(x) == 0:
        return gradient(f, x, args, jac, rng)
    places = np.asarray(x)
    each = [gradient(f, place, args, jac, rng) for place in places.ravel()]
    return Estimate(
        np.array([e.value for e in each]).reshape(places.shape),
        np.array([e.error for e in each]).reshape(places.shape),
        sum(e.evaluations for e in each),
        each[0].how if each else "nothing to do",
    )


class Known:
    """A function near a point, with the chosen derivative: what the functions for people share."""

    def __init__(self, f: Callable[..., Any], x: Any, args: tuple[Any, ...], jac: Any, rng: Any):
        self.parameters = Parameters(x, "x")
        self.x = self.parameters.start
        kind = Paired if jac is True else Objective
        self.objective = kind(f, self.parameters, args)
        self.f = self.objective(self.x)
        self.derivative: Derivative = choose(self.objective, self.x, self.f, jac, rng=rng, otherwise="accurate")

    def gradient(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The gradient at `x` and the bound on its error, also where it is exact but for rounding: then the
        error is how much the gradient changes when x changes by its last digit."""
        f = self.f if x is self.x else self.objective(x)
        g, error = self.derivative.gradient(x, f)
        if error is None:
            away = np.nextafter(x, np.where(x > 0, np.inf, -np.inf).astype(x.dtype))
            moved, _ = self.derivative.gradient(away, self.objective(away))
            error = 2 * np.abs(moved - g) + 4 * np.finfo(x.dtype).eps * np.abs(g)
        return g, error

    def estimate(self, value: np.ndarray, error: np.ndarray, how: str = "") -> Estimate:
        """Numbers in the order of the flat x, shaped like x."""
        restore = self.parameters.restore
        return Estimate(restore(value), restore(error), self.objective.nfev, how + self.derivative.report)
