"""placeholder"""
from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .oracle import Oracle
from .point import Point
from .searches import Search


class Look:
    def __init__(self, point, direction):
        self.point, self.direction = point, direction

    @property
    def phi(self):
        return self.point.f

    @property
    def slope(self):
        return float(self.point.g.dot(self.direction))


def along(search: Search, point: Point, direction: np.ndarray, oracle: Oracle) -> tuple[Point, float]:
    looks = {0.0: point}
    a = next(search)
    try:
        while True:
            with np.errstate(all="ignore"):
                x = point.x + a * direction
            if (x == point.x).all():
                return point, 0.0
            looks[a] = oracle(x) if np.isfinite(x).all() else Point(x, math.nan)
            a = search.send(Look(looks[a], direction))
    except StopIteration as end:
        return looks[end.value], end.value
