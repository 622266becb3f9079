"""Where x may be, and what is added to f: convex sets with their nearest points, penalties with their
proximal steps.

A set is called with a point and gives the nearest one of its own. To both belong ``value(x)``, what is added
to f (0 in a set), and ``prox(x, lr)``, the point p that minimises ``value(p) + |p - x|**2 / (2 * lr)`` (in a
set the nearest one). All speak of the flat vector of the numbers in x0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from .errors import ArgumentError
from .objective.params import floats
from .objective.point import norm
from .schedules import positive


class Term(Protocol):
    """What is added to a smooth f."""

    def value(self, x: np.ndarray) -> float:
        """What is added to f at `x`, shape (n,)."""
        ...

    def prox(self, x: np.ndarray, lr: float) -> np.ndarray:
        """The minimiser p of value(p) + |p - x|**2 / (2 * lr), shape (n,)."""
        ...

    def into(self, x: np.ndarray) -> np.ndarray:
        """`x`, or the nearest point where anything may be evaluated, shape (n,)."""
        ...


class Set:
    """A closed convex set: called with a point of shape (n,), it gives the nearest one of its own."""

    sizes: ClassVar[tuple[str, ...]] = ()  # which fields may have a number for each of x

    def __call__(self, x: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def value(self, x: np.ndarray) -> float:
        """Nothing is added to f."""
        return 0.0

    def prox(self, x: np.ndarray, lr: float) -> np.ndarray:
        """The nearest point, however long the step."""
        return self(x)

    def into(self, x: np.ndarray) -> np.ndarray:
        """The nearest point."""
        return self(x)


@dataclass(frozen=True)
class Everywhere(Set):
    """No restriction."""

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return x


@dataclass(frozen=True, eq=False)
class Box(Set):
    """Each coordinate between `low` and `high`, numbers or arrays of shape (n,); for intervals `bounds` of
    `minimize` is better: differences, too, are then taken inside.

    Examples
    --------
    >>> import numpy as np
    >>> Box(0, 1)(np.array([-1.0, 0.5, 3.0]))
    array([0. , 0.5, 1. ])
    """

    sizes = ("low", "high")
    low: Any = -math.inf
    high: Any = math.inf

    def __post_init__(self) -> None:
        if not np.all(floats(self.low, "low") <= floats(self.high, "high")):
            raise ArgumentError(f"Box: low={self.low!r}, high={self.high!r}; expected low <= high.")

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return np.clip(x, self.low, self.high).astype(x.dtype, copy=False)


@dataclass(frozen=True)
class NonNegative(Set):
    """Each coordinate at least 0."""

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return x.clip(min=0)


@dataclass(frozen=True, eq=False)
class Ball(Set):
    """The Euclidean ball of a radius, around 0 or `center`, an array of shape (n,).

    Examples
    --------
    >>> import numpy as np
    >>> Ball(1.0)(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    """

    sizes = ("center",)
    radius: float
    center: Any = 0.0

    def __post_init__(self) -> None:
        positive(self, "radius")
        floats(self.center, "center")

    def __call__(self, x: np.ndarray) -> np.ndarray:
        center = np.asarray(self.center, dtype=x.dtype)
        far = norm(away := x - center)
        return x if far <= self.radius else center + away * (self.radius / far)


@dataclass(frozen=True)
class Simplex(Set):
    """Coordinates that are at least 0 and add up to `total`: Duchi et al. (2008), Figure 1.

    Examples
    --------
    >>> import numpy as np
    >>> Simplex()(np.array([0.5, 1.0, -2.0]))
    array([0.25, 0.75, 0.  ])
    """

    total: float = 1.0

    def __post_init__(self) -> None:
        positive(self, "total")

    def __call__(self, x: np.ndarray) -> np.ndarray:
        if not np.isfinite(x).all():
            return np.full_like(x, math.nan)
        x = x - x.max()  # the nearest point is the same, and what is far away does not lose its digits
        falling = np.sort(x)[::-1]
        shifts = (np.cumsum(falling) - self.total) / np.arange(1, x.size + 1)
        shift = shifts[np.flatnonzero(falling > shifts)[-1]]
        return (x - shift).clip(min=0).astype(x.dtype, copy=False)


@dataclass(frozen=True)
class L1Ball(Set):
    """Points whose absolute values add up to `radius` at most: Duchi et al. (2008), Section 4."""

    radius: float

    def __post_init__(self) -> None:
        positive(self, "radius")

    def __call__(self, x: np.ndarray) -> np.ndarray:
        size = np.abs(x)
        return x if size.sum() <= self.radius else np.sign(x) * Simplex(self.radius)(size)


@dataclass(frozen=True, eq=False)
class Affine(Set):
    """The solutions of A x = b, with A of shape (m, n), b of shape (m,): x - A^+ (A x - b) is the nearest.

    Raises
    ------
    ArgumentError
        When there is none.

    Examples
    --------
    >>> import numpy as np
    >>> Affine([[1.0, 1.0]], [1.0])(np.array([1.0, 2.0])).round(9)
    array([0., 1.])
    """

    sizes = ("A",)
    A: Any
    b: Any

    def __post_init__(self) -> None:
        A, b = floats(self.A, "A"), floats(self.b, "b")
        if A.ndim != 2 or b.shape != A.shape[:1]:
            raise ArgumentError(f"Affine: A has shape {A.shape}, b {b.shape}; expected (m, n) and (m,).")
        inverse = np.linalg.pinv(A)
        if not np.allclose(A @ (inverse @ b), b):
            raise ArgumentError("Affine: no x satisfies A x = b; expected equations that don't contradict.")
        for name, value in {"A": A, "b": b, "_inverse": inverse}.items():
            object.__setattr__(self, name, value)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return (x - self._inverse @ (self.A @ x - self.b)).astype(x.dtype, copy=False)  # type: ignore[attr-defined]


@dataclass(frozen=True, eq=False)
class Nearest(Set):
    """A set that a function describes: ``project(x)`` is the nearest point to x."""

    project: Callable[[np.ndarray], Any]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        nearest = np.asarray(self.project(x.copy()))
        if nearest.shape != x.shape:
            raise ArgumentError(f"project gave back shape {nearest.shape}: expected {x.shape}, that of x.")
        return nearest.astype(x.dtype, copy=False)


@dataclass(frozen=True, eq=False)
class L1:
    """The penalty strength * sum(abs(x)), which makes coordinates exactly 0: Tibshirani (1996).

    Its proximal step is the soft threshold: Beck & Teboulle (2009), eq. 1.5.

    Parameters
    ----------
    strength : float or array_like, shape (n,)
        At least 0, in units of f per unit of x; an array weighs each coordinate.

    Examples
    --------
    >>> import numpy as np
    >>> L1(0.5).prox(np.array([3.0, -0.2, -2.0]), lr=2.0)
    array([ 2., -0., -1.])
    """

    sizes = ("strength",)
    strength: Any

    def __post_init__(self) -> None:
        weights = floats(self.strength, "strength")
        if not (np.isfinite(weights).all() and (weights >= 0).all()):
            raise ArgumentError(f"L1: strength={self.strength!r}; expected finite numbers, at least 0.")

    def value(self, x: np.ndarray) -> float:
        """strength * sum(abs(x))."""
        return float((np.asarray(self.strength) * np.abs(x)).sum())

    def prox(self, x: np.ndarray, lr: float) -> np.ndarray:
        """Each coordinate nearer to 0 by lr * strength, but not beyond."""
        short = np.maximum(np.abs(x) - lr * np.asarray(self.strength), 0)
        return np.copysign(short, x).astype(x.dtype, copy=False)

    def into(self, x: np.ndarray) -> np.ndarray:
        """`x`: it may be anywhere."""
        return x


def fitting(term: Term, n: int) -> Term:
    """`term`, whose arrays fit `n` numbers.

    Raises
    ------
    ArgumentError
        When one does not.
    """
    for name in getattr(term, "sizes", ()):
        if (shape := np.shape(getattr(term, name)))[-1:] not in ((), (n,)):
            raise ArgumentError(f"{type(term).__name__}: {name} has shape {shape}, but x0 has {n} numbers.")
    return term


def term(project: Any, prox: Any) -> Term | None:
    """What the arguments `project` and `prox` of `minimize` mean; None where neither is given.

    Raises
    ------
    ArgumentError
        When they can't be understood, or both are given.
    """
    if project is not None and prox is not None:
        raise ArgumentError(f"project={project!r} and prox={prox!r} are given: expected one of them.")
    if prox is not None:
        if not (hasattr(prox, "prox") and hasattr(prox, "value")):
            raise ArgumentError(f"prox={prox!r}: expected a penalty such as L1(0.1).")
        return prox
    if project is None or isinstance(project, Set):
        return project
    if not callable(project):
        raise ArgumentError(f"project={project!r}: expected a set such as Ball(1.0), or a function x -> nearest point.")
    return Nearest(project)
