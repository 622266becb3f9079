"""The diagonal metric that directions begin with, and the length of the first step."""

from __future__ import annotations

import math

import numpy as np

from ..objective.point import Point
from .reach import newton, reach
from .searches import LEAP, Known, vertex
from .units import MANY, MIXED, curvatures, guessed_curvatures, metric_from_secant, mixed_units, spread

FORETOLD = 1.5  # a metric does where f is least within such a factor of its length; 1.1 and 2 cost the same
FEW = 3  # numbers, of which a slope costs too few values for a trial to pay: at n = 2 runs took 1.02 times as many
UNIT = 20  # binary digits: so much apart, the sizes of the x_i tell units


def initial_metric(point: Point, unlike: bool = False) -> tuple[np.ndarray, float]:
    """The diagonal H of shape (n,) to begin with, and the first length along -H g.

    H is 1/|f''| along each coordinate, where these are known, and then length 1 is Newton's, but -H g may be
    at most twice as long as x; otherwise H is 1, and the first step as long as x. On the tuning half of
    Andrei's collection that beat steps of length 1, shorter ones, and those that would bring f to 0. Where
    units are mixed H = 1 would be blind: second derivatives are then guessed from x and g, and measured where these
    mislead, or everywhere where the coordinates were found to be `unlike`, up to MANY. At x = 0 see
    `metric_from_secant`. Whether 1 suits better than the second derivatives of differences, `chosen` finds out.
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
    H = H.astype(x.dtype)
    if guess:
        return H, length
    length = min(1.0, 2 * length) if x.any() else 1.0
    return (H, length) if unlike else chosen(point, H, length)


def chosen(point: Point, H: np.ndarray, length: float) -> tuple[np.ndarray, float]:
    """Of the metrics H, made of second derivatives along the coordinates, and 1 the one that leads farther down.

    Where the axes of f are others than those of x, H tells little, and hides that few different curvatures need few
    steps. So one value is spent along -H g and, where f is least at another length than H foretells, one along -g;
    by differences a slope costs n of them. 1 is meant in units that are powers of 2^20, those that |x_i| are nearest
    to; where sizes or second derivatives beside these tell other units, it is not tried. On the half of Andrei's
    collection on which nothing was tuned, n = 5 to 50, runs take 1.00 to 1.04 times the evaluations from the given
    starts, 0.95 to 1 from starts nearby, 0.93 to 0.98 where the problems are turned.
    """
    x, g, oracle = point.x, point.g, point.oracle
    assert oracle is not None
    if x.size <= FEW or H.min() == H.max() or getattr(oracle.derivative, "rough", False):
        return H, length
    with np.errstate(all="ignore"):  # x may be on its way to infinity
        units = np.where(x == 0, 1.0, np.exp2(UNIT * np.round(np.log2(np.abs(x)) / UNIT))).astype(H.dtype)
        one = units * units
        if spread(np.abs(x / units)[x != 0]) > MIXED or spread(H / one) > MIXED**2:
            return H, length
        ahead, down = -H * g, -one * g
        first = newton(point, down, oracle)
        if x.any():
            first = min(first, 2 * reach(point, down, one))
    least, fall, begin = foreseen(point, ahead, length)
    if 1 / FORETOLD < least < FORETOLD:
        return H, length
    _, deeper, other = foreseen(point, down, first)
    return (one, other) if deeper > fall else (H, begin)


def foreseen(point: Point, direction: np.ndarray, a: float) -> tuple[float, float, float]:
    """At which length along `direction` f is least, and by how much it falls there, by the parabola through value and
    slope at `point` and the value at the length `a`; and where a search begins: at `a`, if that is lower."""
    assert point.oracle is not None
    with np.errstate(all="ignore"):
        x, slope = point.x + a * direction, float(point.g.dot(direction))
    f = point.oracle(x).f if np.isfinite(x).all() else math.inf
    share = vertex(Known(0.0, point.f, slope), Known(a, f, math.nan))
    if not share < LEAP:
        return math.inf, point.f - f, a
    share = max(share, 0.1)
    return share * a, -slope * share * a / 2, a if f < point.f else share * a
