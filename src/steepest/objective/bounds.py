"""Bounds as callers write them, for each number of x0."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import ArgumentError
from .params import Parameters, laid_out

Bounds = tuple[np.ndarray, np.ndarray]  # (low, high), each of shape (n,); infinite where there is none


def faces(bounds: Any, parameters: Parameters) -> Bounds | None:
    """`bounds` as the arrays (low, high), or None where there are none.

    Parameters
    ----------
    bounds : None, pair (low, high) with None for no bound, sequence of n such pairs, dict, or scipy.optimize.Bounds
    parameters : Parameters
        Of what.
    """
    if bounds is None:
        return None
    start = parameters.start
    n = start.size
    if isinstance(bounds, Mapping):
        bounds = laid_out(bounds, parameters.restore(start), "bounds")
    try:
        if hasattr(bounds, "lb"):
            low, high = np.broadcast_to(bounds.lb, n), np.broadcast_to(bounds.ub, n)
        else:
            single = len(bounds) == 2 and np.ndim(bounds[0]) == np.ndim(bounds[1]) == 0
            pairs = [[_face(a, -math.inf), _face(b, math.inf)] for a, b in ([bounds] * n if single else bounds)]
            low, high = np.array(pairs, float).reshape(-1, 2).T
    except (TypeError, ValueError, KeyError):
        low = high = np.empty(0)
    if low.size != n:
        raise ArgumentError(
            f"bounds={bounds!r}: expected {n} pairs (low, high), one for each number in x0, or one for all."
        )
    for i in np.flatnonzero(~((low <= high) & (low < math.inf) & (high > -math.inf)))[:1]:
        raise ArgumentError(f"bounds[{i}]=({low[i]:g}, {high[i]:g}): expected low <= high, with numbers between them.")
    return low, high


def _face(value: Any, otherwise: float) -> float:
    return otherwise if value is None else float(value)
