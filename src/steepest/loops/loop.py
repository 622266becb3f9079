"""The one loop: a generator of the points that a method visits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ..methods.method import Method
from ..objective.oracle import Oracle
from ..objective.point import Point


class Iterate(NamedTuple):
    """Where the loop is: all that is needed to go on from here.

    Attributes
    ----------
    t : int
        How many steps were made.
    point : Point
        The place, its value and its gradient.
    memory : object
        What the method carries.
    lr : float
        The length (rate) of the step that led here; NaN at the start.
    """

    t: int
    point: Point
    memory: Any
    lr: float


def descend(
    oracle: Oracle,
    start: Point | Iterate,
    method: Method,
    ahead: Callable[[Iterate], Iterate | None] | None = None,
) -> Iterator[Iterate]:
    """Yield where `method` goes, beginning with the start itself; endless, the consumer stops.

    Parameters
    ----------
    oracle : Oracle
        Asked about points.
    start : Point or Iterate
        Where to begin, or where to go on from (the run is then the same as if it had not been stopped).
    method : Method
        Steps from point to point.
    ahead : callable, optional
        ``ahead(now)`` may make many steps in one go, of which only the last one is yielded.
    """
    now = start if isinstance(start, Iterate) else Iterate(0, start, method.init(start), math.nan)
    while True:
        yield now
        if ahead is not None and (later := ahead(now)) is not None:
            now = later
            continue
        point, memory, lr = method.step(now.point, now.memory, now.t + 1.0, oracle)
        now = tuple.__new__(Iterate, (now.t + 1, point, memory, lr))  # Iterate(...) takes twice as long
