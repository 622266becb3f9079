"""The noise of functions computed in float64, from three values on a short line."""

from __future__ import annotations

import math

import numpy as np

from .grid import printed, spacing
from .line import NARROW, Line, Site
from .noise import ROOTS, Noise

CLEAN = 4.0  # units in the last place, up to which noise is taken for rounding; 1 and 64 cost the same
HIDDEN = 2.0**12  # noise levels: where f changes by less on the line, it is made so many times longer


@np.errstate(all="ignore")
def estimate_rounding(site: Site) -> tuple[Noise | None, float]:
    """The noise where it is the rounding of float64 alone, else None; and the share of the scale over which the slope
    changes by as much as itself: 1 where the noise was found, NaN where that is unknown.

    On so short a line second differences of a smooth f are nothing but noise; where they are larger, but equal, they
    are curvature. Where the change of f on the line is lost in rounding, as in 1e8 + cosh(x), the slope is taken from
    one value `HIDDEN` times as far out, or two.
    """
    x, f0, value = site.x, site.f, site.value
    width, line = 2 * NARROW, Line(site)
    step = line.step(width, 3 * HIDDEN)
    column = np.append(f0, line.values(step, 3))
    change, bend, unit = np.diff(column), np.diff(column, 2), 2.0**-52 * float(np.abs(column).max())
    sigma = ROOTS[1] * math.sqrt(float(np.mean(bend * bend)))
    if not sigma <= CLEAN * unit:  # True where it is NaN
        alike = abs(bend[1] - bend[0]) < 0.3 * np.abs(bend).max()
        return None, width * float(np.abs(change).max() / np.abs(bend).max()) if alike else math.nan
    largest = max(unit / 2.0**-52, line.terms(column, step))
    level, way, rise, asked = max(sigma, 2.0**-54 * largest), 3 * step, float(column[-1] - f0), 3
    if (short := abs(rise)) < HIDDEN * level:
        way, asked = HIDDEN * way, 4
        column = np.append(column, value((x + way).astype(x.dtype)))
        rise = float(column[-1] - f0)
        if not 0 < abs(rise) <= 2 * HIDDEN * (short + 2 * unit):  # a line across the way down, or on a stair
            half, asked = float(value((x + way / 2).astype(x.dtype))) - f0, 5
            if not abs(half - rise / 4) < abs(rise) / 8:
                return None, math.nan
    if (column.astype(np.float32) == column).all() or spacing(column[:4]) or printed(column):
        return None, math.nan
    return Noise(level, False, True, largest, asked, way, rise), 1.0
