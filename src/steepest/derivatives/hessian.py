"""Second derivatives, as differences of the most exact gradient, with their errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from ..objective.params import Parameters
from .line import sizes
from .people import Estimate, Known

TOP = 1 / 16  # first step in units of scale; four steps by factors of 4, extrapolated, reach down to 1/1024
AGAIN = 3  # how often to begin again with steps that are 256 times smaller
GOOD = 1e-6  # relative error that needs no second try


def hessian_vector_product(
    f: Callable[..., Any], x: Any, v: Any, args: tuple[Any, ...] = (), jac: Any = None, rng: Any = None
) -> Estimate:
    """The product of the Hessian matrix with a vector, from 8 gradients, without the matrix.

    Central differences of the gradient along `v`, extrapolated (Richardson 1911).

    Parameters
    ----------
    f, x, args, jac, rng
        As for `gradient`.
    v : as x
        The vector.

    Returns
    -------
    Estimate
        Shaped like `x`.

    Examples
    --------
    >>> import numpy as np
    >>> hessian_vector_product(lambda x: x[0] ** 2 * x[1], [1.0, 3.0], [1.0, 1.0]).value.round(9)
    array([8., 2.])
    """
    known = Known(f, x, args, jac, rng)
    value, error = _along(known, Parameters(v, "v").start.astype(known.x.dtype))
    return known.estimate(value, error, "differences of gradients; ")


def hessian(f: Callable[..., Any], x: Any, args: tuple[Any, ...] = (), jac: Any = None, rng: Any = None) -> Estimate:
    """The Hessian matrix: a product with each unit vector, made symmetric.

    Parameters
    ----------
    f, x, args, jac, rng
        As for `gradient`.

    Returns
    -------
    Estimate
        Shape (n, n), in the order of the flat x.

    Examples
    --------
    >>> import numpy as np
    >>> hessian(lambda x: x[0] ** 2 * x[1], [1.0, 3.0]).value.round(9) + 0.0
    array([[6., 2.],
           [2., 0.]])
    """
    known = Known(f, x, args, jac, rng)
    columns = [_along(known, unit) for unit in np.eye(known.x.size, dtype=known.x.dtype)]
    value, error = np.array([c for c, _ in columns]), np.array([e for _, e in columns])
    better = error <= error.T  # both triangles are measured: the better number of each pair counts
    value, error = np.where(better, value, value.T), np.minimum(error, error.T)
    return Estimate(value, error, known.objective.nfev, "differences of gradients; " + known.derivative.report)


def _along(known: Known, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The change of the gradient along v and its error, each of shape (n,)."""
    x = known.x
    moving = v != 0
    if not moving.any():
        return np.zeros_like(x), np.zeros(x.size)
    scale = sizes(x)
    h = TOP * float((scale[moving] / np.abs(v[moving])).min())
    best, least = np.zeros(x.size), np.full(x.size, math.inf)
    for _ in range(AGAIN):
        steps = h * 4.0 ** -np.arange(4)
        for value, error in _ladder(known, v, steps):
            better = error < least
            best[better], least[better] = value[better], error[better]
        if (least <= GOOD * np.abs(best).max()).all():
            break
        h /= 256
    return best.astype(x.dtype), least


def _ladder(known: Known, v: np.ndarray, steps: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Central differences at each step, extrapolated once and twice, each with the bound on its error."""
    x = known.x
    with np.errstate(all="ignore"):
        sides = [(x + h * v, x - h * v) for h in steps.astype(x.dtype)]
        pairs = [(known.gradient(right), known.gradient(left)) for right, left in sides]
        # in each coordinate the move is rounded to what x can hold; the largest is rounded the least
        at = int(np.argmax(np.abs(v)))
        spans = [float(right[at] - left[at]) / float(v[at]) for right, left in sides]
        rough = [(a[0] - b[0]) / span for (a, b), span in zip(pairs, spans, strict=True)]
        blur = [(a[1] + b[1]) / abs(span) for (a, b), span in zip(pairs, spans, strict=True)]
        once = [b + (b - a) / 15 for a, b in pairwise(rough)]
        twice = [b + (b - a) / 255 for a, b in pairwise(once)]
        found = [(r, np.abs(r - b) + e) for r, b, e in zip(once, rough[1:], blur[1:], strict=True)]
        found += [(r, np.abs(r - b) + 1.2 * e) for r, b, e in zip(twice, once[1:], blur[2:], strict=True)]
    return [(value, np.where(np.isfinite(error), error, math.inf)) for value, error in found]
