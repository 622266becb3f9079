"""Automatic gradients of plain NumPy code, by autograd's reverse accumulation.

Autograd's boxes take part in NumPy's ufuncs but not in its other functions, which therefore either fail
(`np.linalg.solve`) or take a vector apart number by number: `np.dot(x, x)` with n = 10 000 took 1.2 s, and
0.1 ms since `_tracked` boxes answer NumPy's array-function protocol (NEP 18).
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..objective.oracle import real

# Numbers that np.asarray may take apart. Minimising scipy's rosen of 20, 100 takes 0.5, 9 s by autograd then, and 0.06,
# 0.5 s by differences, to the same accuracy.
MOST = 20

Function = Callable[[Any], Any]
Primitive = Callable[[np.ndarray], tuple[float | None, np.ndarray]]


def autograd(function: Function) -> Primitive:
    """The function x -> (value, gradient) by reverse accumulation (Linnainmaa 1976).

    Parameters
    ----------
    function : callable
        Of one flat array, written with NumPy (``import numpy`` or ``autograd.numpy``).

    Returns
    -------
    callable
        Raises whatever autograd raises where it can't follow `function`; what it gives back where it can
        has still to be proved: code that changes an array in place through a second name is followed wrongly.

    Examples
    --------
    >>> value, g = autograd(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    >>> value, g
    (5.0, array([2., 4.]))
    """

    def primitive(x: np.ndarray) -> tuple[float, np.ndarray]:
        from autograd.core import make_vjp

        # fun's own warnings at x were given when its value was computed; here are only those of the tracing
        with _tracking(), np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pull, value = make_vjp(function, x.copy())
            g = pull(np.ones_like(value))
        return real(value), np.array(g, x.dtype).reshape(x.shape)

    return primitive


@contextmanager
def _tracking() -> Iterator[None]:
    """While it lasts, autograd wraps arrays in boxes that NumPy's functions know how to handle."""
    from autograd.tracer import Box

    before, box = dict(Box.type_mappings), _tracked()
    Box.type_mappings.update(dict.fromkeys([np.ndarray, float, np.float64, np.float32], box))
    try:
        yield
    finally:
        Box.type_mappings.update(before)


@functools.cache
def _tracked() -> type:
    """The class of those boxes; made on first use because autograd is imported on first use."""
    import autograd.numpy
    from autograd.tracer import Box

    class Tracked(autograd.numpy.numpy_boxes.ArrayBox):
        """autograd's box, with NumPy's functions besides its ufuncs."""

        __slots__ = ()

        def __array_function__(
            self, function: Function, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
        ) -> Any:
            home: Any = autograd.numpy
            for part in function.__module__.split(".")[1:]:
                home = getattr(home, part, None)
            traced = getattr(home, function.__name__, function)
            return NotImplemented if traced is function else traced(*args, **kwargs)

        def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
            if dtype not in (None, object) or self.size > MOST:
                raise TypeError("np.asarray in fun takes x apart number by number; leave it out")
            parts = np.empty(self.shape, object)
            for index in np.ndindex(self.shape):
                parts[index] = self[index] if index else self
            return parts

        def copy(self) -> Any:
            return self + 0.0

        def dot(self, other: Any) -> Any:
            return autograd.numpy.dot(self, other)

    Box.types.add(Tracked)
    Box.type_mappings[Tracked] = Tracked
    return Tracked
