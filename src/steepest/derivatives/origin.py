"""The scale of coordinates that are 0 at the start, from how f changes along one line."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from .line import Site
from .noise import Noise
from .rounding import estimate_rounding

LINES = 3  # tried, each shortened to where f is straight
FAINT = 1e13  # noise levels: a smaller change over the scale means a scale that is too small, or a constant added to f
RUNGS = 0.3 * 1e3 ** np.arange(4)  # of the scale, the distances at which the curvature of f is looked for
BENT = 16.0  # noise levels by which a value must differ from the linear model to show curvature


def noise_and_scale(site: Site, unscaled: np.ndarray) -> tuple[Noise | None, np.ndarray]:
    """The noise as `estimate_rounding` finds it, and the scale with which it did, shape (n,).

    While f is curved on the line, the scale of the coordinates that are `unscaled` is reduced to where it is straight.
    """
    for _ in range(LINES):
        noise, reach = estimate_rounding(site)
        if noise is not None or not unscaled.any() or math.isnan(reach):
            break
        site = replace(site, scale=np.where(unscaled, reach * site.scale, site.scale))
    return noise, site.scale


@np.errstate(all="ignore")
def size_and_scale(site: Site, unscaled: np.ndarray, noise: Noise) -> tuple[float, np.ndarray]:
    """How much f changes when x moves by its scale, in units of f, and that scale, shape (n,).

    The change is that of the linear model along the line of the noise, so that a constant added to f does not count.
    Where it is small against the noise and all coordinates are `unscaled`, their scale may be far larger: f is
    evaluated ever farther out on the line until it is curved, and the scale is where the slope has doubled or gone.
    """
    scale, x, f0, bounds = site.scale, site.x, site.f, site.bounds
    if noise.line is None or not noise.line.any() or not math.isfinite(noise.rise):
        return noise.value, scale
    share = float((np.abs(noise.line) / scale).max())
    slope = max(abs(noise.rise), noise.level) / share or noise.value
    if not (unscaled.all() and noise.relative and slope < FAINT * noise.level):
        return slope, scale
    near, secant = 1.0, noise.rise
    for far in RUNGS / share:
        there = x + far * noise.line
        if bounds is not None and not ((bounds[0] <= there) & (there <= bounds[1])).all():
            break
        f = float(site.value(there.astype(x.dtype)))
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
