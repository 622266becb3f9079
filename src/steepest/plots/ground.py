"""The ground that paths go over: values of f on a line or a grid, as many as can be had in a second."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..objective.landscape import Landscape
from .palette import Theme

SECONDS = 1.0  # that the values of a picture may take
FINEST, COARSEST = 101, 15  # points along each side of a grid
LEVELS = 16
SLIM = 0.01  # of the longest side: what is slimmer would be a line on its scale, and gets one of its own
MOST = 1e307  # farther out sides of pictures overflow


def box_of(points: np.ndarray, ratio: float | None = None) -> np.ndarray:
    """The part of space to show, shape (d, 2): all the points with a margin, none of its sides of no length.

    A slim side, of coordinates in other units, is shown on a scale of its own.

    Parameters
    ----------
    points : ndarray, shape (k, d)
    ratio : float
        Height to width of the axes. Sides that are at all alike are made so, for scales that are equal.
    """
    points = np.clip(points, -MOST, MOST)
    low, high = points.min(axis=0), points.max(axis=0)
    width = high - low
    longest = float(width.max()) or float(np.abs(points).max()) or 1.0
    least = 0.15 * longest if len(width) > 1 else longest
    width = np.where((width > 0) & (width < SLIM * longest), width, np.maximum(width, least))
    width = width * (1.3 if len(width) > 1 else 1.6)
    if ratio is not None and 0.15 <= width[1] / width[0] <= 6:
        width = np.maximum(width, [width[1] / ratio, width[0] * ratio])
    middle = (low + high) / 2
    return np.stack([middle - width / 2, middle + width / 2], axis=1)


def within(box: np.ndarray, landscape: Landscape | None) -> np.ndarray:
    """The box without what lies far outside of the bounds of f."""
    if landscape is None or landscape.box is None or len(landscape.box[0]) != len(box):
        return box
    margin = 0.04 * (box[:, 1] - box[:, 0])
    low, high = landscape.box
    return np.stack([np.maximum(box[:, 0], low - margin), np.minimum(box[:, 1], high + margin)], axis=1)


def left_out(landscape: Landscape | None, what: str) -> str:
    """Why `what`, a map, a curve or lines, is not drawn."""
    why = "f is too slow (points= insists)" if landscape else "loaded result or mini-batches, f is not known"
    return f"{why}: the {what} left out"


def resolution(landscape: Landscape, x: np.ndarray, sides: int) -> int:
    """Points along each of so many sides; 0 where even a coarse picture would take too long."""
    took = min(landscape.seconds(x) for _ in range(2))
    points = int((SECONDS / max(took, 1e-9)) ** (1 / sides))
    return 0 if points < COARSEST else min(points, FINEST if sides > 1 else 4 * FINEST)


def height_map(
    ax: Any, theme: Theme, across: np.ndarray, up: np.ndarray, heights: np.ndarray, lowest: float = math.nan
) -> bool:
    """Level lines on a ramp of lightness, low is dark, with more levels near the lowest value; False if f is flat.

    Parameters
    ----------
    across, up : ndarray, shape (k,)
    heights : ndarray, shape (k, k)
        What is not finite stays blank.
    lowest : float
        No level is below it; NaN if it is not known.
    """
    from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap

    known = heights[np.isfinite(heights)]
    if known.size < 4:
        return False
    # shares of the area, finer at the low end: every picture has lines, however f is scaled
    levels = np.quantile(known, np.linspace(0, 1, LEVELS) ** 1.6)
    if math.isfinite(lowest):
        levels[0] = min(levels[0], lowest)
    levels = np.unique(levels)
    if levels.size < 3 or levels[-1] - levels[0] <= 1e-12 * abs(levels[-1]):
        return False
    ramp = LinearSegmentedColormap.from_list("heights", [theme.low, theme.high])
    masked = np.ma.masked_invalid(heights)
    ax.contourf(across, up, masked, levels, cmap=ramp, norm=BoundaryNorm(levels, ramp.N), zorder=0)
    ax.contour(across, up, masked, levels, colors=theme.faint, linewidths=0.5, linestyles="solid", zorder=0.5)
    return True
