"""Line searches: generators that ask for lengths and know nothing else; and `along`, which drives them.

A search yields a length `a`, is sent a `Trial` of it, and so on; it returns the length it accepts, one of
those it yielded, or 0.0 when it found none. Arrays, oracles and counting are the business of who drives it, so
a search is tested on scalar functions.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import NamedTuple, Protocol

import numpy as np

from ..objective.oracle import Oracle
from ..objective.point import Point

C1 = 1e-4  # sufficient decrease: Nocedal & Wright (2006), section 3.1
C2 = 0.9  # curvature, for quasi-Newton directions: the same
TRIALS = 20  # at one half each, the least, this is a factor 1e6
SHORT = 0.003  # of the way: over so little of it no slope changes by what it was at first, but beside a kink
# How far to go on: in units of the last interval, and of the bracket; Moré & Thuente (1994) have 4 and 0.66. With
# 9 a search takes 0.98 times the evaluations that it takes with 4 (benchmarks/line_searches.py).
LONGER, FARTHER = 9.0, 0.66
# By values alone: how many lengths are tried; the least ratio of one to the last; the largest, where f is convex, and
# the ratio where it is not, so that the parabola has no minimum (with 10, x cos(pi x) is left for 5.02 from x = 0.5).
# With 1.4 for CLOSE, 5 or 30 for LEAP, 3 or 6 trials, runs take up to 3 % more evaluations (tuning half)
VALUES, CLOSE, LEAP, DOWNWARD = 4, 1.25, 10.0, 3.0


class Trial(Protocol):
    """What is found at one length along a direction."""

    @property
    def phi(self) -> float:
        """The value."""
        ...

    @property
    def slope(self) -> float:
        """The derivative along the direction; to read it may cost a gradient."""
        ...


Search = Generator[float, Trial, float]


class Known(NamedTuple):
    """A length, the value there, and the slope where it is known (else NaN)."""

    a: float
    phi: float
    slope: float


def backtracking(
    phi0: float,
    slope0: float,
    first: float = 1.0,
    noise: float = 0.0,
    reference: float | None = None,
    c1: float = C1,
) -> Search:
    """Shorten the step until phi(a) <= reference + c1 a slope0 + 2 noise.

    Armijo (1966); nonmonotone where `reference` is the largest of several values before: Grippo, Lampariello
    & Lucidi (1986). The next length is where the quadratic through what is known is least, within 0.1 to 0.5
    of the last (Nocedal & Wright 2006, section 3.5). It never asks for a slope. Where phi is not finite the step
    is shortened to a tenth.

    Parameters
    ----------
    phi0, slope0 : float
        The value and the (negative) slope at 0.
    first : float
        The first length.
    noise : float
        The uncertainty of one value, in units of phi: two values that agree within it count as equal
        (Berahas, Byrd & Nocedal 2019).
    reference : float, optional
        The value to get below; `phi0` where it is left out.
    c1 : float
        In (0, 1).

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> search = backtracking(phi0=1.0, slope0=-2.0, first=8.0)  # of phi(a) = (1 - a)^2
    >>> next(search)
    8.0
    >>> search.send(SimpleNamespace(phi=49.0))
    1.0
    >>> try:
    ...     search.send(SimpleNamespace(phi=0.0))
    ... except StopIteration as end:
    ...     end.value
    1.0
    """
    ceiling = (phi0 if reference is None else reference) + 2 * noise
    start, a = Known(0.0, phi0, slope0), first
    for _ in range(TRIALS):
        phi = (yield a).phi
        if phi <= ceiling + c1 * a * slope0:
            return a
        a *= _clip(vertex(start, Known(a, phi, math.nan)), 0.1, 0.5)
    return 0.0


def strong_wolfe(
    phi0: float,
    slope0: float,
    first: float = 1.0,
    noise: float = 0.0,
    c1: float = C1,
    c2: float = C2,
) -> Search:
    """Find a length with phi(a) <= phi0 + c1 a slope0 + 2 noise and abs(slope(a)) <= c2 abs(slope0).

    Bracketing and sectioning: Nocedal & Wright (2006), algorithms 3.5 and 3.6, with the cubic interpolation
    and the safeguards of Moré & Thuente (1994). A slope is asked for only where the value is low enough,
    since slopes may be dear. Where phi or its slope is not finite the step is shortened to a tenth. When the
    values differ by noise alone, or the trials run out, the lowest length of sufficient decrease is returned.

    Beside a kink no length has so small a slope; there one of sufficient decrease from which on phi rises is accepted
    (the weak condition). With it BFGS finds minima with kinks: Lewis & Overton (2013), "Nonsmooth
    optimization via quasi-Newton methods", Math. Program. 141.

    Parameters
    ----------
    phi0, slope0, first, noise, c1
        As in `backtracking`.
    c2 : float
        In (c1, 1): how much flatter the function must have become.
    """
    low, high = Known(0.0, phi0, slope0), None  # the lowest so far, and the other end of the bracket
    # the latest of sufficient decrease with a negative slope, and with a positive one: with a kink between them slopes
    # differ by as much as the steepest so far
    falling, rising, steepest = low, Known(0.0, phi0, -math.inf), -slope0
    a = first
    for _ in range(TRIALS):
        trial = yield a
        phi = trial.phi
        if phi == -math.inf:
            return a  # there is nothing below
        enough = phi <= phi0 + c1 * a * slope0 + 2 * noise
        lower = enough and (low.a == 0 or phi < low.phi)
        slope = trial.slope if lower or (enough and abs(a - falling.a) <= SHORT * a) else math.nan
        if lower and (abs(slope) <= -c2 * slope0 or abs(phi0 - phi) <= 2 * noise):
            return a
        known = lower and math.isfinite(slope)
        now = Known(a, math.inf if lower and not known else phi, slope)
        if math.isfinite(slope):
            steepest = max(steepest, abs(slope))
            falling, rising = (falling, now) if slope > 0 else (now, rising)
            if rising.slope - falling.slope >= steepest and abs(rising.a - falling.a) <= SHORT * rising.a:
                return rising.a
        towards = 1.0 if high is None else high.a - low.a
        if known and slope * towards <= 0:  # the minimum lies farther on
            a, low = extrapolated(low, now, high), now
        else:
            low, high = (now, low) if known else (low, now)
            a = interpolated(low, high)
        if a == low.a or (high is not None and a == high.a):
            break  # there are no numbers in between
    return rising.a or low.a


def extrapolated(low: Known, now: Known, high: Known | None) -> float:
    """The next length beyond `now`, which is lower than `low` and falls on: within the bracket, if there is one."""
    longest = LONGER * (now.a - low.a) if high is None else FARTHER * (high.a - now.a)
    step = (vertex(low, now) - 1) * (now.a - low.a)
    return now.a + _clip(step / longest, 0.1, 1.0) * longest


def interpolated(low: Known, high: Known) -> float:
    """The next length within a bracket: at least 0.1 of it from the lower end; 0.01 from 0, since a first length may be
    far too long, and 0.001 where both slopes are known."""
    nearest = 0.01 if low.a == 0 else 0.1 if math.isnan(high.slope) else 0.001
    return low.a + _clip(vertex(low, high), nearest, 0.9) * (high.a - low.a)


def values_first(
    phi0: float,
    slope0: float,
    first: float = 1.0,
    noise: float = 0.0,
    c1: float = C1,
    c2: float = C2,
) -> Search:
    """The same as `strong_wolfe`, for slopes that cost many values: no slope is asked for before values alone have
    led to near the least one.

    The next length is where the parabola through the value and slope at 0 and the latest value is least, while that is
    another by a quarter and values keep falling by more than noise. Where a slope costs n values, BFGS takes 0.85 times
    the evaluations at n = 10 and 0.90 times at n = 2 (tuning half of Andrei's collection).
    """
    start, best, low, a = Known(0.0, phi0, slope0), first, math.inf, first
    for _ in range(VALUES):
        phi = (yield a).phi
        if not phi < min(low, phi0 + c1 * a * slope0) - 2 * noise:
            break
        best, low, share = a, phi, vertex(start, Known(a, phi, math.nan))
        if 1 / CLOSE < share < CLOSE:
            break
        a *= DOWNWARD if math.isnan(share) else min(share, LEAP)
    return (yield from strong_wolfe(phi0, slope0, best, noise, c1, c2))


def vertex(p: Known, q: Known) -> float:
    """The minimiser of the parabola through both values and the slope at p, or of the cubic if that at q is known, too;
    0 at p, 1 at q. NaN if there is none, 0.1 if q is not finite."""
    if not math.isfinite(q.phi):
        return 0.1
    width, rise = q.a - p.a, q.phi - p.phi
    left, right = p.slope * width, q.slope * width
    scale = max(abs(rise), abs(left)) or 1.0
    rise, left, right = rise / scale, left / scale, right / scale
    if math.isnan(right):
        return -left / (2 * (rise - left)) if rise > left else math.nan
    square, cube = 3 * rise - 2 * left - right, left + right - 2 * rise
    root = square * square - 3 * cube * left
    bottom = square + math.sqrt(root) if root >= 0 else 0.0
    return -left / bottom if bottom > 0 else math.nan


def _clip(a: float, low: float, high: float) -> float:
    """`a` within [low, high]; NaN becomes `high`."""
    return min(max(a, low), high) if a == a else high


class PointTrial:
    """A trial at a point of a line, in n dimensions."""

    __slots__ = ("direction", "point")

    def __init__(self, point: Point, direction: np.ndarray):
        self.point, self.direction = point, direction

    @property
    def phi(self) -> float:
        """The value there."""
        return self.point.f

    @property
    def slope(self) -> float:
        """The slope along the direction; asks for the gradient."""
        return float(self.point.g.dot(self.direction))


def along(search: Search, point: Point, direction: np.ndarray, oracle: Oracle) -> tuple[Point, float]:
    """Run a search along a line: the new point and its length; `point` and 0.0 where it fails.

    Nothing is evaluated twice: the accepted point is the one that was tried. A trial whose x overflows counts
    as not finite without being evaluated, and one that no longer differs from `point` ends the search.
    """
    points = {0.0: point}
    a = next(search)
    try:
        while True:
            with np.errstate(over="ignore", invalid="ignore"):
                x = point.x + a * direction
            if (x == point.x).all():
                return point, 0.0
            if a not in points:
                points[a] = oracle(x) if np.isfinite(x).all() else Point(x, math.inf)
            a = search.send(PointTrial(points[a], direction))
    except StopIteration as end:
        return points[end.value], end.value
