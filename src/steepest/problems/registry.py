"""What a problem is, and the register of all of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from ..errors import ArgumentError, counted

TAGS = {
    "1-D": "a function of one number",
    "2-D": "of two numbers: can be drawn",
    "3-D": "of three numbers",
    "4-D": "of four numbers",
    "n-D": "of as many numbers as asked for",
    "convex": "no chord lies below it: every local minimum is a global one",
    "non-convex": "not convex",
    "quadratic": "a polynomial of degree 2",
    "least squares": "a sum of squares of residuals",
    "ill-conditioned": "curvatures that differ by 1000 and more: a narrow valley, or unlike units",
    "multimodal": "several local minima",
    "saddle": "a point of zero gradient that is no minimum lies in the way",
    "plateau": "wide regions where the gradient is nearly or exactly zero",
    "singular": "the Hessian at the minimum is singular: convergence is slow",
    "kink": "the gradient jumps, often at the minimum itself",
    "discontinuous": "the value itself jumps",
    "domain edge": "undefined beyond an edge",
    "needs bounds": "goes lower outside the bounds",
    "no minimum": "falls for ever: without limit, or towards a value that it never reaches",
}


@dataclass(frozen=True, eq=False)
class Problem:
    """A function with its exact gradient, and what is known about it.

    What is claimed (`minimum`, `minima`) is claimed within `bounds`; the tag "needs bounds" marks the
    functions that go lower outside.

    Attributes
    ----------
    f, g : callable
        The formula and its gradient, for x of shape (n,) or (n, ...); call the problem instead.
    formula : str
        The formula to read.
    start : ndarray, shape (n,)
        The usual start, or one that shows what is hard. Read-only, as are the points below.
    bounds : tuple of (low, high)
        The domain, a pair for each coordinate.
    minima : tuple of ndarray, shape (n,)
        All points where the value is `minimum`, except on plateaus, which have infinitely many.
    minimum : float or None
        The lowest value; None where there is none (tag "no minimum").
    source : str
        Author and year.
    tags : tuple of str
        Keys of `TAGS`.
    traps : tuple of ndarray, shape (n,)
        Local minima that are higher: known ones, not necessarily all.
    hard : str
        What is hard about it, or what it teaches, in a sentence.
    name : str

    Examples
    --------
    >>> from steepest import problems
    >>> p = problems.get("himmelblau")
    >>> float(p(p.start)), p.gradient(p.start)
    (170.0, array([-14., -22.]))
    >>> p([[3, 0], [2, 0]])  # a point in each column
    array([  0., 170.])
    """

    f: Callable[[Any], Any]
    g: Callable[[Any], Any]
    formula: str
    start: Any
    bounds: Any
    minima: Any
    minimum: float | None
    source: str
    tags: tuple[str, ...]
    traps: Any = ()
    hard: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        known = {
            "start": _frozen(self.start),
            "bounds": tuple((float(low), float(high)) for low, high in self.bounds),
            "minima": tuple(map(_frozen, self.minima)),
            "traps": tuple(map(_frozen, self.traps)),
            "minimum": None if self.minimum is None else float(self.minimum),
        }
        for name, value in known.items():
            object.__setattr__(self, name, value)

    @property
    def n(self) -> int:
        """How many coordinates it has."""
        return self.start.size

    def __call__(self, x: Any) -> Any:
        """The value at `x`, shape (n,), or the values at its columns, shape (n, runs) -> (runs,).

        Raises
        ------
        ArgumentError
            When `x` does not have n coordinates.
        """
        return self.f(self._checked(x))

    def gradient(self, x: Any) -> np.ndarray:
        """The exact gradient at `x`, of x's shape; at a kink, that of one of the sides, or zero.

        Raises
        ------
        ArgumentError
            When `x` does not have n coordinates.
        """
        return self.g(self._checked(x))

    def _checked(self, x: Any) -> Any:
        # What acts as an array (autograd's boxes) passes as it is; of numbers and integers, floats are made.
        if not hasattr(x, "shape") or getattr(x.dtype, "kind", "f") in "iub":
            x = np.asarray(x, dtype=float)
        if x.shape[:1] != (self.n,):
            expected = f"({self.n},), or ({self.n}, runs) with a point in each column"
            raise ArgumentError(f"x has shape {x.shape}: {self.name} takes shape {expected}.")
        return x

    def __reduce__(self) -> tuple[Any, ...]:
        return get, (self.name, self.n)  # formulas inside recipes can't be pickled, their names can

    def __repr__(self) -> str:
        return f"problems.get({self.name!r}, n={self.n})"


def _frozen(point: Any) -> np.ndarray:
    array = np.array(point, dtype=float)
    array.setflags(write=False)
    return array


Recipe = Callable[..., Problem]
_RECIPES: dict[str, Recipe] = {}


def entry(recipe: Recipe) -> Recipe:
    """Put a recipe into the register, under its own name.

    Parameters
    ----------
    recipe : callable
        ``recipe() -> Problem`` of fixed dimension, or ``recipe(n: int = 2) -> Problem`` of any. Its docstring
        becomes `Problem.hard`.
    """
    _RECIPES[recipe.__name__] = recipe
    return recipe


def get(name: str, n: int | None = None) -> Problem:
    """The problem of that name.

    Parameters
    ----------
    name : str
        As in `catalogue`; case, hyphens and blanks do not matter.
    n : int, optional
        How many coordinates, for those that scale; the default is 2.

    Raises
    ------
    ArgumentError
        When there is none of that name, or not with `n` coordinates.

    Examples
    --------
    >>> from steepest import problems
    >>> problems.get("rosenbrok")
    Traceback (most recent call last):
    steepest.errors.ArgumentError: name='rosenbrok' is unknown. Did you mean 'rosenbrock'? ...
    """
    key = name.lower().replace("-", "_").replace(" ", "_")
    if key not in _RECIPES:
        near = get_close_matches(key, _RECIPES, cutoff=0.5)
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise ArgumentError(f"name={name!r} is unknown.{hint} There are {', '.join(sorted(_RECIPES))}.")
    recipe = _RECIPES[key]
    scales = bool(inspect.signature(recipe).parameters)
    if n is not None and (not isinstance(n, int | np.integer) or isinstance(n, bool) or n < 1):
        raise ArgumentError(f"n={n!r}: expected a whole number, at least 1.")
    problem = recipe(int(n)) if n is not None and scales else recipe()
    if n not in (None, problem.n):
        raise ArgumentError(f"n={n!r}: {key} is a function of {counted(problem.n, 'number')}; leave n out.")
    dimension = "n-D" if scales else f"{problem.n}-D"
    hard = " ".join((recipe.__doc__ or "").split())
    return replace(problem, name=key, hard=hard, tags=(dimension, *problem.tags))


def catalogue() -> list[Problem]:
    """All problems, sorted by name, those that scale with n = 2."""
    return [get(name) for name in sorted(_RECIPES)]
