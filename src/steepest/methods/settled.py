"""When a quasi-Newton run is done: the decrease that its next step promises is too small to be seen; free of units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..history import History
from ..objective.oracle import Box
from ..objective.point import Point
from ..stop import Criterion, Reason
from .columns import dot
from .continuation import Continuation

# A step promises g'Hg/2. Below this share of the decrease so far there is nothing left to gain (numerics.md 1).
NOTHING = 1e-15
# ... and no more than the last digits of f.
DIGITS = 1e-12
# The promise is looked at only once a step has brought less than this share of the decrease so far.
SLOW = 1e-8
# A search that fails where the promise is below this share is limited by the rounding of f or of the gradient.
FLOOR = 1e-9
# So many steps that promise much and lower f by no more than its noise end a run, as at a kink, where slopes are not a
# model of f. Not tuned; such runs went on to the limit of steps.
IDLE = 10


class Directed:
    """A method with a direction, the quadratic model of which foresees the decrease of the next step."""

    def update(self, point: Point, memory: Any) -> tuple[np.ndarray, Any]:
        """The direction from `point`, shape (n,), and the memory that has learned from it."""
        raise NotImplementedError

    def promise(self, point: Point, memory: Any) -> float:
        """The decrease g'Hg/2 that the quadratic model foresees for the next step."""
        with np.errstate(all="ignore"):  # an overflow is an answer, too
            direction, _ = self.update(point, memory)
            return -0.5 * dot(point.g, direction)

    def clear(self, point: Point, memory: Any, promise: float) -> bool:
        """Whether values are random or rough, but the gradient is above its error: the step promises more than it would
        if the gradient were half of its error bound."""
        rough = point.oracle is not None and getattr(point.oracle.derivative, "rough", False)
        if isinstance(memory, Continuation) or not rough or point.error is None or not np.isfinite(point.error).all():
            return False
        blur = Point(point.x, point.f, point.error / 2, point.error, point.oracle)  # a bound of two deviations
        _, memory = self.update(point, memory)
        return promise > self.promise(blur, memory)


@dataclass(frozen=True)
class Settled(Criterion):
    """The next step promises less than can be seen: less than 1e-15 of the decrease so far, or than the noise of fun.

    Where a search fails altogether (length 0), the run is settled too if the promise is small, and stalled else, as
    it is where 10 steps have lowered fun by no more than its noise.
    """

    method: Directed

    def __call__(self, history: History) -> Reason | None:
        now, last = history.now, history.last
        if now is None or now.point.oracle is None:
            return None
        fall, failed = history.first.f - last.f, last.lr == 0.0
        if (failed or not blind(now.point, fall)) and not now.point.g.any() and not self._promise(now) > 0:
            return Reason("converged.gradient", f"Converged: the gradient is zero{_where(now.point)}.")
        if not failed and (last.t == 0 or not history.previous.f - last.f <= SLOW * fall):
            return None
        promise, noise = self._promise(now), now.point.oracle.derivative.noise(last.f)
        if promise > 0 and (gain := now.point.oracle.gain(now.point)) > FLOOR * fall:
            promise = max(promise, gain)  # in a set a direction may see less than a proximal step
        if 0 < promise < math.inf:
            if promise <= 2 * noise and self.method.clear(now.point, now.memory, promise) and not _idle(history, noise):
                return None
            return _converged(promise, noise, history) or _stalled(promise, noise, history)
        if not failed:
            return None  # the next step begins with a metric anew
        if isinstance(now.memory, Continuation):
            return now.memory.reason()
        return Reason(
            "stalled.scale",
            f"Stalled: products of gradient and step overflow or vanish (gradient norm {last.g_norm:.3g}); "
            "measure f or x in other units, so that both are nearer to 1.",
        )

    def _promise(self, now: Any) -> float:
        """The decrease that the next step is foreseen to bring, by whatever makes it."""
        if isinstance(now.memory, Continuation):
            return now.memory.promise(now.point)
        return self.method.promise(now.point, now.memory)


def _converged(promise: float, noise: float, history: History) -> Reason | None:
    """Whether what the next step promises is too little to be seen."""
    last, fall = history.last, history.first.f - history.last.f
    if negligible(promise, fall, abs(last.f)):
        return Reason(
            "converged.promise",
            f"Converged: the next step promises to change f by {promise:.2g} only, less than {NOTHING:.0e} of the "
            f"change so far ({fall:.3g}).",
        )
    if promise <= 2 * noise:
        return Reason(
            "converged.floor",
            f"Converged as far as fun can tell: the next step promises to change f by {promise:.2g}, and values of "
            f"fun are uncertain by {noise:.2g}.",
        )
    if last.lr == 0.0 and promise <= FLOOR * (late := min(fall, _late(history))):
        return Reason(
            "converged.floor",
            f"Converged as far as the gradient can tell: the step that promises to change f by {promise:.2g}, less "
            f"than {FLOOR:.0e} of its change over most of the run ({late:.3g}), leads to nothing lower.",
        )
    return None


def _idle(history: History, noise: float) -> bool:
    """Whether the last steps have lowered f by no more than its noise."""
    still = history.previous.f - history.last.f <= 2 * noise and len(history) > IDLE
    return still and history.sign * history["f"][-1 - IDLE] - history.last.f <= 2 * noise


def _stalled(promise: float, noise: float, history: History) -> Reason | None:
    """Whether the decrease that steps promise does not come."""
    last = history.last
    if 2 * noise < promise / 4 and _idle(history, noise):
        return Reason(
            "stalled",
            f"Stalled: {IDLE} steps changed f by no more than it is uncertain by ({noise:.2g}), though the next "
            f"one promises to change it by {promise:.2g} (gradient norm {last.g_norm:.3g}).",
        )
    if last.lr == 0.0:
        return Reason(
            "stalled",
            f"Stalled: no better point was found along the direction, though it promises to change f by "
            f"{promise:.2g} (gradient norm {last.g_norm:.3g}).",
        )
    return None


def negligible(promise: Any, fall: Any, size: Any) -> Any:
    """Whether a promise is negligible beside the decrease so far, `fall`, and |f| = `size`; of one run or of many."""
    # from a start that is very high a small share is still much; unless f itself is going to 0
    return (promise <= NOTHING * fall) & ((promise <= DIGITS * size) | (promise >= 0.1 * size))


def blind(point: Point, fall: float) -> bool:
    """Whether a gradient of 0 is unreliable: differences found no change of f along some coordinates, or along all
    though f has fallen and its noise is rounding, so that the point may lie on a stair."""
    if point.error is None:
        return False
    unknown, derivative = np.isinf(point.error), point.oracle and point.oracle.derivative
    return bool(unknown.any() and (not unknown.all() or (fall > 0 and not getattr(derivative, "rough", False))))


def _late(history: History) -> float:
    """What a run has gained without its highest quarter: a fall from high up is no measure of what may be left."""
    return float(np.nanquantile(history.sign * history["f"], 0.75)) - history.last.f


def _where(point: Point) -> str:
    """In which directions a gradient that vanishes at `point` does so."""
    box = point.oracle
    held = isinstance(box, Box) and bool(((point.x <= box.low) | (point.x >= box.high)).any())
    return " in all directions that the bounds leave free" if held else ""
