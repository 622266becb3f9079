"""Continuation: another model of f goes on with the run of a direction, where its own steps lead no farther."""

from __future__ import annotations

from ..objective.oracle import Oracle
from ..objective.point import Point
from ..stop import Reason


class Continuation:
    """A run from there on: what the model knows, kept as the memory of the method; frozen, a dataclass."""

    def step(self, point: Point, oracle: Oracle) -> tuple[Point, Continuation, float]:
        """The next point, what is known there, and the length of the step; 0.0 once it is over."""
        raise NotImplementedError

    def promise(self, point: Point) -> float:
        """The decrease of f that the model foresees for the next step; infinite as long as it can't tell."""
        raise NotImplementedError

    def reason(self) -> Reason:
        """Why the run ends when the continuation is over and its promise is not a positive, finite number."""
        raise NotImplementedError
