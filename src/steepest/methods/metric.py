"""The diagonal metric that directions begin with, and the length of the first step."""

from __future__ import annotations

import numpy as np

from ..objective.point import Point
from .reach import reach
from .units import MANY, curvatures, guessed_curvatures, metric_from_secant, mixed_units


def initial_metric(point: Point, unlike: bool = False) -> tuple[np.ndarray, float]:
    """The diagonal H of shape (n,) to begin with, and the first length along -H g.

    H is 1/|f''| along each coordinate, where these are known; the length is then 1, as in Newton's method, unless the
    step is more than twice as long as x. Otherwise H is 1, and the first step as long as x: on the tuning half of
    Andrei's collection that beat steps of length 1, shorter ones, and those to where the linear model is 0. In mixed
    units second derivatives are guessed from x and g, and measured where the guess can't be trusted; with `unlike`,
    after H = 1 has overlooked a coordinate, all are measured, if they are at most `MANY`. At x = 0 see
    `metric_from_secant`.
    """
    x, g = point.x, point.g  # differences know the second derivatives once the gradient was asked for
    assert point.oracle is not None
    curvature = point.oracle.derivative.diagonal()
    guess = curvature is None and not unlike
    if guess and (start := metric_from_secant(point)) is not None:
        return start
    if curvature is None:
        curvature, sure = guessed_curvatures(point)
        if guess and not mixed_units(x, g, curvature[sure]):
            return np.ones_like(x), reach(point, g)
        which = np.flatnonzero(~sure | unlike)
        if which.size <= MANY:
            curvature[which] = curvatures(point, which)
    with np.errstate(all="ignore"):
        H = 1 / np.abs(curvature)
        for instead in (np.abs(x / g), 1.0):  # where f is linear: a step as long as x_i
            H = np.where(np.isfinite(H) & (H > 0), H, instead)
        length = reach(point, H * g, H)
    if not guess:
        length = min(1.0, 2 * length) if x.any() else 1.0
    return H.astype(x.dtype), length
