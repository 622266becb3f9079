"""Units of the x_i: second derivatives guessed from x and g where they differ, and coordinates a metric overlooks."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..objective.point import Point

# Ratios of the largest unit to the smallest from which they are mixed: as |x_i|, and as second derivatives show it
MIXED, VERY = 1e2, 1e5
APART = 1e6  # the ratio of second derivatives in mixed units; 1e4 takes 3 % more where they are not mixed, n = 10
CHANCE = 1e4  # times n: the largest of n random numbers over the smallest exceeds it once in some thousand draws
UNLIKELY = 1e-4  # of the largest |x_i g_i|: a smaller one may be of a coordinate that is far from its minimum
ROUNDED = 1e3  # times eps of the largest |g_i|: a smaller one may be rounding
DROPPED = 1e-6  # of its largest value: a component of the gradient below that is taken to be minimised
OVERLOOKED = 1e2  # times the decrease that the metric foresees: a coordinate that alone can bring that is overlooked
MANY = 200  # coordinates that are probed, at most: where the dense methods end
FEW, CHEAP = 20, 0.1  # coordinates, or this share of the gradients so far: how many are probed at once
PROBES = 5  # searches for overlooked coordinates in one run, each of which costs gradients
KINKS = 2  # searches for kinks in one run
SHARE = 1e-4  # of x_i, the first step of a second derivative
TRIALS = 12  # steps until the slope changes measurably, each FAR times the last or between two
FAR = 1e4


class Guard(NamedTuple):
    """The state of the safeguards of a run.

    Attributes
    ----------
    start : float
        The value at the start.
    peak : ndarray, shape (n,)
        The largest slope |g_i| of each coordinate so far.
    probes, kinks : int
        How many more searches there may be for overlooked coordinates, and for kinks.
    idle : bool
        Whether a line search has lowered f by nothing but noise, though its slope foresaw more.
    """

    start: float
    peak: np.ndarray
    probes: int = PROBES
    kinks: int = KINKS
    idle: bool = False

    def at(self, point: Point) -> Guard:
        """The guard with the slopes of one more point."""
        return self._replace(peak=np.maximum(self.peak, np.abs(point.g)))


def guessed_curvatures(point: Point) -> tuple[np.ndarray, np.ndarray]:
    """Second derivatives guessed from x and g, in any units, and where they can be trusted; each of shape (n,).

    With s_i = |x_i g_i| and its largest value m, the guess is m^(1/4) s_i^(3/4)/x_i^2, the geometric mean of two with
    weights 3 and 1: |g_i/x_i|, if x_i is as far from its minimum as from 0, and m/x_i^2, if a step as long as x_i
    changes f by as much along all coordinates. Both have the right unit. The first uses two numbers, whose deviations
    cancel in part; but with it alone the first step leads to x = 0, where f may have a minimum or saddle by symmetry.
    Random starts in mixed units, with the origin of x moved, take 1.27, 1.9 times the evaluations of plain units at
    n = 10, 50, with the second alone 1.7, 2.9. Where x_i = 0, the guess is g_i^2/m.
    """
    x, g = np.abs(point.x), np.abs(point.g)
    share = x * g
    most = float(share.max()) or 1.0
    rounded = ROUNDED * float(np.finfo(g.dtype).eps)
    with np.errstate(all="ignore"):
        level = np.clip(share / most, UNLIKELY, 1.0) ** 0.75 * most
        curvature = np.where(x == 0, g * (g / most), level / x / x)
    misled = (share > rounded * most) & (share < UNLIKELY * most)
    return curvature, np.where(x == 0, g > rounded * g.max(), ~misled)


def metric_from_secant(point: Point) -> tuple[np.ndarray, float] | None:
    """The diagonal metric H, shape (n,), and the first length at x = 0, where x shows no units: from the step s and the
    change y of the gradient in the proof of the gradient. None elsewhere, or where there is no such pair.

    If the y_i/s_i differ by more than `APART`, they are taken for second derivatives; else H is 1, and the length is
    s's/s'y of Barzilai & Borwein (1988), on which a constant added to f has no effect.
    """
    secant = getattr(point.oracle and point.oracle.derivative, "secant", None)
    if secant is None or point.x.any():
        return None
    s, y = secant
    with np.errstate(all="ignore"):
        curvature, length = np.abs(y / s), float(np.divide(s @ s, abs(s @ y)))  # 0 where f is straight: infinite
    known = np.isfinite(curvature) & (curvature > 0)
    rounded = ROUNDED * float(np.finfo(point.g.dtype).eps) * float(np.abs(point.g).max())
    if not known.any() or not 0 < length < math.inf or np.abs(y).max() <= rounded:  # as where f is made of planes
        return None
    if spread(curvature[known]) <= APART:
        return np.ones_like(point.x), length
    return 1 / np.where(known, curvature, curvature[known].max()).astype(point.x.dtype), 1.0


def mixed_units(x: np.ndarray, g: np.ndarray, curvature: np.ndarray) -> bool:
    """Whether the nonzero x_i differ in size because of their units; or, where they do not differ, the guessed second
    derivatives.

    Of many random numbers one is small. But in a unit k times as small, x_i is k times as large and g_i k times as
    small: the slope of log |g| over log |x| is -1 if units are the reason, 0 if it is chance. Units are mixed if that
    of the line of least squares is below -1/2.
    """
    apart = spread(np.abs(x[x != 0]))
    if apart <= MIXED:
        return spread(curvature) > VERY**2
    if apart > CHANCE * x.size:
        return True
    size, slope = (np.log(np.abs(each[(x != 0) & (g != 0)])) for each in (x, g))
    return bool(size.size and np.sum((size - size.mean()) * (slope + size / 2)) < 0)


def spread(sizes: np.ndarray) -> float:
    """The ratio of the largest to the smallest of positive numbers; 1 where one is 0, or none is given."""
    return float(sizes.max()) / float(sizes.min()) if sizes.size and sizes.min() > 0 else 1.0


def overlooked(point: Point, guard: Guard, limit: float) -> bool:
    """Whether Newton's step along one coordinate alone is foreseen to lower f by more than `limit`.

    Where the metric is far too small along a coordinate, since its slope is small in these units, it hardly moves, and
    the metric does not foresee that decrease. Such a coordinate is one whose slope stays as large as it was, whatever
    the units. With its second derivative c_i, f can fall by g_i^2/(2 |c_i|).
    """
    which = suspects(point, guard)
    with np.errstate(all="ignore"):
        alone = point.g[which] ** 2 / (2 * np.abs(curvatures(point, which)))
    return bool((alone[np.isfinite(alone)] > limit).any())


def suspects(point: Point, guard: Guard) -> np.ndarray:
    """Indices of coordinates whose slopes have not fallen, the worst first; so few that probing them is cheap."""
    assert point.oracle is not None
    share, most = slope_shares(point, guard), max(FEW, min(MANY, int(CHEAP * point.oracle.njev)))
    return np.argsort(-share)[: min(most, int((share > 0).sum()))]


def slope_shares(point: Point, guard: Guard) -> np.ndarray:
    """|g_i| as a share of its largest value in the run, shape (n,); 0 below `DROPPED`."""
    share = np.abs(point.g) / np.maximum(guard.peak, np.finfo(point.g.dtype).tiny)
    return np.where(share > DROPPED, share, 0.0)


def curvatures(point: Point, which: np.ndarray) -> np.ndarray:
    """Second derivatives along the coordinates `which`, to one or two digits: one gradient each, rarely more;
    NaN where none is found."""
    with np.errstate(all="ignore"):
        return np.array([_curvature(point, int(i)) for i in which])


def _curvature(point: Point, i: int) -> float:
    """The second derivative along x_i, by a difference of slopes over a step that is short beside x_i, or changes the
    slope by at most a tenth."""
    assert point.oracle is not None
    at, slope = float(point.x[i]), float(point.g[i])
    least = 1e3 * float(np.finfo(point.x.dtype).eps) * abs(slope)  # the least change that is not rounding
    h = near = SHARE * abs(at) or SHARE
    low, high = 0.0, math.inf  # steps that are too short, and too long
    side = 1.0
    for _ in range(TRIALS):
        x = point.x.copy()
        x[i] += side * h
        there = point.oracle(x)
        moved = float(there.x[i]) - at  # bounds may have stopped it
        change = float(there.g[i]) - slope if math.isfinite(there.f) else math.nan
        if not math.isfinite(change):
            high, h, side = h, h / FAR, -side
        elif moved == 0 or abs(change) <= least:
            low, h = h, max(h * FAR, SHARE)
        elif abs(change) > 0.1 * abs(slope) > 0 and (at == 0 or h > near):
            high, h = h, SHARE * abs(slope / change) * h
        else:
            return change / moved
        if not low < h < high:
            h = math.sqrt(low) * math.sqrt(high)
    return math.nan
