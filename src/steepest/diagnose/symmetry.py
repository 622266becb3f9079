"""Symmetries that kept a run on a ridge: coordinates that moved alike, and whether f curves down between them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .measure import CLEAR

if TYPE_CHECKING:
    from .case import Case

ALIKE = 1e-12  # by how much the square of a cosine differs from 1 where two coordinates moved alike to 1e-6
SAME = 0.1  # share by which second derivatives may differ that a symmetry makes equal


def ridges(case: Case, diagonal: np.ndarray) -> np.ndarray:
    """Directions across symmetries of the run along which f curves down, shape (k, n), where not all curvatures can be
    seen.

    Of two coordinates that a symmetry exchanges, no step of the run moves one against the other, and second derivatives
    along coordinates do not tell how f bends that way: a value for each set of coordinates that moved alike does.
    """
    if case.n * (case.n + 3) // 2 <= case.probes.left:
        return np.zeros((0, case.n))
    ways = [way for way in _between(case, diagonal) if _curves_down(case, way, diagonal)]
    return np.array(ways).reshape(-1, case.n)


def _between(case: Case, diagonal: np.ndarray) -> list[np.ndarray]:
    """For each set of coordinates that moved and curve alike, the way of every other one of them against the rest."""
    come, cosines = case.trail.together(case.x)
    bend = np.nan_to_num(diagonal) * come**2
    pairs = (cosines**2 > 1 - ALIKE) & (bend > 0) & (np.abs(bend[:, None] - bend) < SAME * bend)
    ways, seen = [], np.zeros(case.n, bool)
    for row, sign in zip(pairs, np.sign(cosines), strict=True):
        alike = np.flatnonzero(row & ~seen)
        alike = alike[: alike.size // 2 * 2]
        seen |= row
        if alike.size:
            way = np.zeros(case.n)
            way[alike] = sign[alike] * come[alike] * np.where(np.arange(alike.size) % 2, -1.0, 1.0)
            ways.append(way)
    return ways


def _curves_down(case: Case, way: np.ndarray, diagonal: np.ndarray) -> bool:
    """Whether f falls along it by more than its slope allows."""
    by = way * math.sqrt(4 * CLEAR * case.noise / float(np.nan_to_num(diagonal) @ way**2))
    return case.f - case.value(by) > case.change(by)[1] + 4 * case.noise
