"""The slope of a function along a direction, with its error."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .ladder import climb
from .line import Site, sizes
from .noise import Noise, estimate_noise


class Directional(NamedTuple):
    """A directional derivative.

    Attributes
    ----------
    slope, error : float
        The derivative, and a bound on its error; 0 and inf where it is unknown.
    curvature : float
        The second derivative along the direction.
    evaluations : int
        What it cost.
    """

    slope: float
    error: float
    curvature: float
    evaluations: int


def directional(
    value: Callable[[np.ndarray], float],
    x: np.ndarray,
    d: np.ndarray,
    scale: np.ndarray | None = None,
    noise: Noise | None = None,
) -> Directional:
    """The derivative of `value` at `x` along `d`, by extrapolated central differences (see `climb`).

    Parameters
    ----------
    value : callable
        x -> float.
    x, d : ndarray, shape (n,)
        Where, and along which direction (of any length).
    scale : ndarray, shape (n,)
        The scale of each coordinate; left out, |x_i|, or 1 at 0.
    noise : Noise
        The noise of `value`, where it is known; else it is measured if something is not clean.

    Examples
    --------
    >>> import numpy as np
    >>> found = directional(lambda x: x[0] * x[1] ** 2, np.array([2.0, 3.0]), np.array([1.0, -1.0]))
    >>> round(found.slope, 9), round(found.curvature, 6), found.evaluations
    (-3.0, -8.0, 7)
    """
    calls = 0

    def counted(y: np.ndarray) -> float:
        nonlocal calls
        calls += 1
        return float(value(y))

    def ask(index: np.ndarray, moves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        points = (x + moves.ravel()[:, None] * d).astype(x.dtype)
        # the step that was actually made, in the metric of d: rounding moves each coordinate a little off the line
        actual = ((points.astype(float) - x) @ weight).reshape(moves.shape)
        return np.array([counted(point) for point in points]).reshape(moves.shape), actual

    scale = sizes(x) if scale is None else scale
    moving = d != 0
    if not moving.any():
        return Directional(0.0, 0.0, 0.0, 0)
    # no coordinate moves by more than its scale
    reach = float((scale[moving] / np.abs(d[moving])).min())
    ratio = d[moving] / scale[moving]
    weight = np.zeros(x.size)
    weight[moving] = ratio / scale[moving] / (ratio @ ratio)
    f = counted(x)
    if not math.isfinite(f):
        return Directional(0.0, math.inf, math.nan, calls)
    found = climb(
        ask, f, float(np.finfo(x.dtype).eps), np.array([reach]), np.array([math.inf]),
        lambda: noise if noise is not None else estimate_noise(Site(counted, x, f, scale, rng=0)),
    )  # fmt: skip
    return Directional(float(found.slope[0]), float(found.error[0]), float(found.curvature[0]), calls)
