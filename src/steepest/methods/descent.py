"""Descent: a search along the direction of a method; what is done where it fails, and before a run ends."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..objective.oracle import Oracle
from ..objective.point import Point
from ..schedules import validate
from ..stop import Criterion
from .continuation import Continuation
from .kinks import bundle_at, suspected
from .metric import initial_metric
from .polish import Polish, suits
from .reach import thrown
from .searches import C1, along, strong_wolfe, values_first
from .settled import NOTHING, SLOW, Directed, Settled, blind
from .units import OVERLOOKED, PROBES, Guard, overlooked, suspects

NEAR = 10.0  # a run is about to end when its next step promises so many times what can be seen
SETBACKS = 3  # failed searches in a row, each with a gradient or a memory made anew


class Descent(Directed):
    """What all directions share. Each memory has `first`, the first length that a search tries, and its `guard`."""

    name: str
    c2: float

    def __post_init__(self) -> None:
        validate(self, f"a number between {C1} and 1", lambda value: C1 < value < 1, "c2")

    def convergence(self, dtype: np.dtype) -> Criterion:
        """The next step promises less than can be seen."""
        return Settled(self)

    def init(self, point: Point) -> Any:
        """What is known before the first step."""
        return self.begin(point, Guard(point.f, np.abs(point.g)), *initial_metric(point))

    def begin(self, point: Point, guard: Guard, initial: np.ndarray, first: Any) -> Any:
        """A memory that knows the diagonal metric `initial` of shape (n,) only, and the first length."""
        raise NotImplementedError

    def step(self, point: Point, memory: Any, t: float, oracle: Oracle) -> tuple[Point, Any, float]:
        """Search along the direction; values within the noise of fun count as equal.

        When a search fails, the gradient is proved or calibrated anew, and the search is repeated from an
        empty memory; once in a run also when it gains nothing that was promised. After that, or where the
        gradient is zero, another model of f goes on, if one can; else the run stays at `point`, and the length is 0.0.
        """
        if isinstance(memory, Continuation):
            return memory.step(point, oracle)
        for setback in range(SETBACKS):
            a = 0.0
            if not point.g.any() and (setback > 0 or not blind(point, memory.guard.start - point.f)):
                break
            with np.errstate(all="ignore"):  # products may overflow; then the slope is no number below 0
                direction, memory = self.update(point, memory)
                slope = float(point.g.dot(direction))
            if -math.inf < slope < 0:
                noise = oracle.derivative.noise(point.f)
                find = strong_wolfe if point.error is None else values_first  # slopes by differences are dear
                new, a = along(find(point.f, slope, memory.first, noise, c2=self.c2), point, direction, oracle)
                while thrown(point, new, -slope * a, noise):  # back, by as much as where f is not finite
                    new, a = along(find(point.f, slope, a / 10, noise, c2=self.c2), point, direction, oracle)
                idle = point.f - new.f <= noise < -slope * memory.first / (2 * NEAR)
                if a > 0 and (memory.guard.idle or not idle):
                    return *self.reconsidered(new, memory, point.f), a
            if oracle.derivative.refresh(point.x, point.f, noise=a == 0) or not point.g.any():
                point = oracle.meet(point.x, point.f)
            elif setback > 0:
                break
            guard = memory.guard._replace(idle=memory.guard.idle or a > 0)
            memory = self.begin(point, guard, *initial_metric(point))
        if bundle := bundle_at(point, memory.guard, oracle):
            return bundle.step(point, oracle)
        if point.g.any() and suits(point, oracle):
            return Polish.of(point, oracle).step(point, oracle)
        return point, memory, 0.0

    def reconsidered(self, point: Point, memory: Any, before: float) -> tuple[Point, Any]:
        """The point, whose step has come down from the value `before`, and the memory to go on with.

        Where steps have become small, it is asked why: slopes may jump, the gradient may drown in noise, which may
        have fallen with f, or the metric may have overlooked a coordinate.
        """
        oracle, guard = point.oracle, memory.guard.at(point)
        assert oracle is not None
        memory = memory._replace(guard=guard)
        if before - point.f > SLOW * (guard.start - point.f):
            return point, memory
        if guard.kinks > 0 and suspected(point, guard, oracle):
            if bundle := bundle_at(point, guard, oracle):
                return point, bundle
            guard = guard._replace(kinks=guard.kinks - 1)
            memory = memory._replace(guard=guard)
        derivative = oracle.derivative
        rough, noise = getattr(derivative, "rough", False), derivative.noise(point.f)
        if rough and (promise := self.promise(point, memory)) <= 2 * noise:
            if suits(point, oracle):
                return point, Polish.of(point, oracle)
            if guard.probes == PROBES or (guard.probes > 0 and not self.clear(point, memory, promise)):
                derivative.refresh(point.x, point.f)
                point, guard = oracle.meet(point.x, point.f), guard._replace(probes=guard.probes - 1)
                return point, self.begin(point, guard, *initial_metric(point))
        return point, memory if derivative.diagonal() is not None else self._probed(point, memory, oracle)

    def _probed(self, point: Point, memory: Any, oracle: Oracle) -> Any:
        """The memory; where a run is about to end, one with a new metric if this one has overlooked a coordinate."""
        guard, fall = memory.guard, memory.guard.start - point.f
        least = max(NOTHING * fall, 2 * oracle.derivative.noise(point.f))
        if guard.probes == 0 or (promise := self.promise(point, memory)) > NEAR * least:
            return memory
        if not suspects(point, guard).size:
            return memory
        guard = guard._replace(probes=guard.probes - 1)
        if overlooked(point, guard, max(least, OVERLOOKED * promise)):
            return self.begin(point, guard, *initial_metric(point, unlike=True))
        return memory._replace(guard=guard)
