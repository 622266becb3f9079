"""The grid on which the values of a function lie, where they are counts, were printed, or come from a table."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

PRINTED = 12  # digits: one of 10 000 random values has no more
CLEARLY = 64.0 * 2.0**-52  # of the largest value: a larger change is not rounding
CHANCE = 1e-6  # the probability that random values are multiples of one number, up to which a grid is seen


def spacing(column: np.ndarray) -> float:
    """The spacing of the grid on which equally spaced values lie, shape (k,); 0.0 where none is seen."""
    if not np.isfinite(column).all() or not np.ptp(column) > 0:
        return 0.0
    return stairs(column) or printed(column)


def doubt(column: np.ndarray) -> float:
    """The largest difference of values, shape (k,), that is taken for their rounding."""
    return CLEARLY * float(np.abs(column).max())


def stairs(column: np.ndarray) -> float:
    """The height of the steps that equally spaced values make; 0.0 where they make none.

    Where some neighbouring values are equal, it is the root mean square of the jumps between the others. Elsewhere it
    is the greatest common divisor of the jumps, by Euclid's algorithm: m different jumps are by chance multiples of a
    number M times smaller than the largest with probability M (2 M doubt/largest)^(m - 1). Monotonic or convex values
    may be those of a smooth function; then differences of higher order are examined, or the result is 0.0.
    """
    jumps, least = np.diff(column), doubt(column)
    heights = np.sort(np.abs(jumps[jumps != 0]))
    if not heights.size or heights[0] <= least:
        return 0.0
    if heights.size < jumps.size:
        bends = np.diff(jumps)
        return float(np.sqrt(np.mean(heights**2))) if heights.size > 1 and bends.min() < 0 < bends.max() else 0.0
    while jumps.size and not jumps.min() < -least < least < jumps.max():
        jumps = np.diff(jumps)
    if not jumps.size:
        return 0.0
    step, largest = heights[0], heights[-1]
    for height in heights:
        while height > least:
            rest = height % step
            height, step = step, min(rest, step - rest)
            if step <= least:
                height, step = 0.0, height
    different, most = 1 + np.count_nonzero(np.diff(heights) > least), largest / step
    return float(step) if most * (2 * most * least / largest) ** (different - 1) < CHANCE else 0.0


def printed(values: np.ndarray) -> float:
    """The power of ten of which all values are multiples, where they have as few decimals as numbers that were printed;
    0.0 where they have more."""
    decimals = [Decimal(repr(float(value))).normalize().as_tuple() for value in values[values != 0]]
    if max(len(each.digits) for each in decimals) > PRINTED:
        return 0.0
    return 10.0 ** min(int(each.exponent) for each in decimals)
