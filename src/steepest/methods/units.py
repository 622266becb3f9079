"""Units: whether those of the x_i differ, what that tells of second derivatives, and which one a metric overlooks."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..objective.point import Point

MIXED, VERY = 1e2, 1e5  # x tells units well, slopes at x = 0 only roughly
APART = 1e6  # second derivatives, of units that differ a thousandfold; 1e4 takes 3 % more where they do not, n = 10
CHANCE = 1e4  # times n: so different in size n random numbers are once in some thousand draws
UNLIKELY = 1e-4  # a share so much smaller than others may be of a number that has a long way to go
ROUNDED = 1e3  # times eps of the steepest: a slope that may be rounding
DROPPED = 1e-6  # a component of the gradient that has fallen so far has been dealt with
OVERLOOKED = 1e2  # the metric misses a coordinate that alone promises so many times what it foretells
MANY = 200  # coordinates that are probed, at most: where the dense methods end
FEW, CHEAP = 20, 0.1  # coordinates, and share of the gradients so far, that one look for overlooked ones may cost
PROBES = 5  # looks for overlooked coordinates in one run, each of which costs gradients
KINKS = 2  # looks for kinks, likewise
SHARE = 1e-4  # of x_i, by which it is moved to see how its slope changes
WALKS = 12  # of a move, by a factor FAR or between two, until the slope is seen to change
FAR = 1e4


class Guard(NamedTuple):
    """What the safeguards of a run remember.

    Attributes
    ----------
    start : float
        The value at the start.
    peak : ndarray, shape (n,)
        The largest slope |g_i| of each coordinate so far.
    probes, kinks : int
        How many times it may still be looked for overlooked coordinates, and for kinks.
    idle : bool
        Whether a search has gained nothing of what was promised.
    """

    start: float
    peak: np.ndarray
    probes: int = PROBES
    kinks: int = KINKS
    idle: bool = False

    def at(self, point: Point) -> Guard:
        """With the slopes of one more point."""
        return self._replace(peak=np.maximum(self.peak, np.abs(point.g)))


def guessed_curvatures(point: Point) -> tuple[np.ndarray, np.ndarray]:
    """Second derivatives as x and g tell them, whatever the units, and where they can be believed; each of shape (n,).

    A number is about as large as its way to the minimum, which makes its second derivative |g_i/x_i|; and each has as
    much to bring as others, which makes it m/x_i^2, m the largest |x_i g_i|. Both tell the unit, the first from two
    numbers, whose accidents cancel in part; but it leads -x_i far, to where f is least or has a saddle by its symmetry.
    So three parts of the one are taken, and one of the other: random starts in mixed units, with x counted from another
    place, take 1.27, 1.9 times the evaluations of plain units at n = 10, 50, with the second alone 1.7, 2.9. Where x_i
    is 0, its way is the one on which its slope brings as much as the others.
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
    """The diagonal metric H, shape (n,), and the first length at x = 0, which tells no units: from the secant (s, y)
    that the proof of the gradient has left. None elsewhere, and where it has left none.

    Where the y_i/s_i differ as units make them differ, they are taken for second derivatives; else H is 1, and
    the length s's/s'y of Barzilai & Borwein (1988), which knows nothing of a level that is added to f.
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
    """Whether the numbers in x, apart from zeros, are of different sizes because of their units, or guessed second
    derivatives of very different ones.

    Of many random numbers one is small. Only a unit k times as large makes a slope k times as small: log |g| falls by 1
    where log |x| grows by 1, and not at all where sizes are by chance; the line of least squares tells which.
    """
    apart = spread(np.abs(x[x != 0]))
    if apart <= MIXED:
        return spread(curvature) > VERY**2
    if apart > CHANCE * x.size:
        return True
    size, slope = (np.log(np.abs(each[(x != 0) & (g != 0)])) for each in (x, g))
    return bool(size.size and np.sum((size - size.mean()) * (slope + size / 2)) < 0)


def spread(sizes: np.ndarray) -> float:
    """How many times as large as the smallest of them the largest is; 1 where one is 0."""
    return float(sizes.max()) / float(sizes.min()) if sizes.size and sizes.min() > 0 else 1.0


def overlooked(point: Point, guard: Guard, limit: float) -> bool:
    """Whether a coordinate alone promises to bring f down by more than `limit`.

    A coordinate in units much smaller than those of the others hardly moves, and its metric does not foretell what
    a step along its small slope could bring. Yet that slope stays as large as it was, whatever the units; so
    such coordinates are probed. With the second derivative c_i one promises g_i^2/(2 |c_i|), and all together no
    less than that where f is convex.
    """
    which = suspects(point, guard)
    with np.errstate(all="ignore"):
        alone = point.g[which] ** 2 / (2 * np.abs(curvatures(point, which)))
    return bool((alone[np.isfinite(alone)] > limit).any())


def suspects(point: Point, guard: Guard) -> np.ndarray:
    """The coordinates whose slopes have not fallen, the worst first; of many so few that a look is cheap."""
    assert point.oracle is not None
    share, most = slope_shares(point, guard), max(FEW, min(MANY, int(CHEAP * point.oracle.njev)))
    return np.argsort(-share)[: min(most, int((share > 0).sum()))]


def slope_shares(point: Point, guard: Guard) -> np.ndarray:
    """The slopes as shares of the largest ones seen; 0 for those that have been dealt with."""
    share = np.abs(point.g) / np.maximum(guard.peak, np.finfo(point.g.dtype).tiny)
    return np.where(share > DROPPED, share, 0.0)


def curvatures(point: Point, which: np.ndarray) -> np.ndarray:
    """Second derivatives along the coordinates `which`, to one or two digits: one gradient each, rarely more;
    NaN where none is found."""
    with np.errstate(all="ignore"):
        return np.array([_curvature(point, int(i)) for i in which])


def _curvature(point: Point, i: int) -> float:
    """How the slope along x_i changes, over a move small against x_i, or one that leaves the slope about what it is."""
    assert point.oracle is not None
    at, slope = float(point.x[i]), float(point.g[i])
    least = 1e3 * float(np.finfo(point.x.dtype).eps) * abs(slope)  # a change that is seen
    h = near = SHARE * abs(at) or SHARE
    low, high = 0.0, math.inf  # moves too short to be seen, and too long
    side = 1.0
    for _ in range(WALKS):
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
