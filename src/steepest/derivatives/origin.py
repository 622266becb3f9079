"""Where x_i = 0 tells no scale, f tells one: a few values on one line, from the narrowest outwards."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .noise import Noise
from .rounding import estimate_rounding

LOOKS = 3  # at ever shorter lines, each shorter by what f bends
FAINT = 1e13  # noise levels: f changes by less over its scale only in larger units, or beside a level
RUNGS = 0.3 * 1e3 ** np.arange(4)  # of the scale: where f is asked whether it bends
BENT = 16.0  # noise levels: how much values must differ from a straight line


def noise_and_scale(
    value: Callable[[np.ndarray], float],
    x: np.ndarray,
    scale: np.ndarray,
    lost: np.ndarray,
    f0: float,
    bounds: tuple[np.ndarray, np.ndarray] | None,
    rng: Any,
) -> tuple[Noise | None, np.ndarray]:
    """The noise, as of `estimate_rounding`, and the `scale`, shape (n,), with that of the coordinates that are `lost`
    made so much smaller that f is straight on the line."""
    for _ in range(LOOKS):
        noise, reach = estimate_rounding(value, x, scale, f0, bounds, rng)
        if noise is not None or not lost.any() or math.isnan(reach):
            break
        scale = np.where(lost, reach * scale, scale)
    return noise, scale


@np.errstate(all="ignore")
def size_and_scale(
    value: Callable[[np.ndarray], float],
    x: np.ndarray,
    scale: np.ndarray,
    lost: np.ndarray,
    f0: float,
    noise: Noise,
    bounds: tuple[np.ndarray, np.ndarray] | None,
) -> tuple[float, np.ndarray]:
    """By how much f changes over its scale, as far as its slope tells, and that scale, shape (n,).

    A level that is added to f counts nothing. Where f rises by little over the line of the noise, it has a level, or
    all coordinates are `lost` in larger units: f is followed along this line until it bends.
    """
    if noise.line is None or not noise.line.any() or not math.isfinite(noise.rise):
        return noise.value, scale
    share = float((np.abs(noise.line) / scale).max())
    slope = max(abs(noise.rise), noise.level) / share or noise.value
    if lost.all() and noise.relative and slope < FAINT * noise.level:
        near, secant = 1.0, noise.rise
        for far in RUNGS / share:
            there = x + far * noise.line
            if bounds is not None and not ((bounds[0] <= there) & (there <= bounds[1])).all():
                break
            f = float(value(there.astype(x.dtype)))
            turn = (f - f0) / far - secant
            if not math.isfinite(turn):
                break
            if abs(turn) > BENT * noise.at(f) / near:
                curvature = 2 * turn / (far - near)
                slope = abs(secant - curvature * near / 2)
                reach = slope / abs(curvature)
                return slope * reach, reach * share * scale
            near, secant = far, (f - f0) / far
    return slope, scale
