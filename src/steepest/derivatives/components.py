"""The components of a gradient, measured one by one, or found by halving where they are many."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..objective.oracle import Objective
from ..objective.params import Parameters
from ..objective.point import Point
from .ladder import Accurate
from .slopes import FINE, REST, Place, scale_of, step_of

ALL = 50  # up to here every component is measured; above, the wrong ones are found by halving
BLOCKS = 64  # to begin with: 1 % in one of 100 000 components can't be seen among all the others
MOST = 10  # wrong components that are looked for


@dataclass(frozen=True)
class Components:
    """Measured components of a gradient.

    Attributes
    ----------
    index : ndarray of int, shape (k,)
        Which were measured.
    measured, error : ndarray, shape (k,)
        Their values, and the bounds on their errors.
    wrong : ndarray of int
        Those of `index` that are claimed wrongly.
    """

    index: np.ndarray
    measured: np.ndarray
    error: np.ndarray
    wrong: np.ndarray


def compare(objective: Objective, point: Point, rng: np.random.Generator) -> Components:
    """The components of the gradient at a point that were measured, with errors, and which of them are wrong."""
    g, n = point.g, point.x.size
    index = np.arange(n) if n <= ALL else np.array(sorted(_halve(objective, point, rng)), int)
    measured, error = measure(objective, point, index, rng)
    with np.errstate(all="ignore"):
        off = np.abs(g[index] - measured) > REST * error + FINE * np.abs(measured)
    return Components(index, measured, error, index[off | ~np.isfinite(g[index])])


def measure(
    objective: Objective, point: Point, index: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The components `index` of the gradient at a point by `Accurate` differences, and their errors."""
    if not index.size:
        return np.empty(0), np.empty(0)

    def part(z: np.ndarray) -> float:
        y = point.x.copy()
        y[index] = z
        return objective(y)

    start = point.x[index]
    differences = Accurate(Objective(part, Parameters(start)), start, rng=rng)
    measured, error = differences.gradient(start, point.f)
    return measured.astype(float), error


def _halve(objective: Objective, point: Point, rng: np.random.Generator) -> list[int]:
    """Up to `MOST` components that are wrong: blocks whose slope is right are left out."""
    x, f, g = point.x, point.f, point.g
    level = float(np.finfo(x.dtype).eps) * abs(f)
    place = Place(objective.batch, x, f, np.where(np.isfinite(g), g, 0.0), scale_of(x, f, g),
                  np.full(x.size, math.inf), np.zeros(x.size))  # fmt: skip
    d = place.direction(level, rng, along=True)
    found = np.flatnonzero(~np.isfinite(g))[:MOST].tolist()
    blocks = np.array_split(np.arange(x.size), min(BLOCKS, -(-x.size // 500)))
    while blocks and len(found) < MOST:
        block = blocks.pop()
        only = np.zeros(x.size)
        only[block] = d[block]
        with np.errstate(all="ignore"):
            wrong = place.slope(only, step_of(x)).under(level).wrong
        if not wrong:
            continue
        if block.size == 1:
            found.append(int(block[0]))
        else:
            blocks += [block[block.size // 2 :], block[: block.size // 2]]
    return found
