"""Case: all that is known about a finished run, and what a few further looks at the function add."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..derivatives.own import USER
from ..history import History
from ..methods.method import Method
from ..objective.oracle import Box, Oracle
from ..objective.point import Point
from ..stop import Reason
from .bends import Bends
from .call import Call
from .judged import judged
from .measure import Spot, by_a_long_step, gradient_error, measure
from .newton import Newton
from .probes import Probes
from .spectrum import Curvature
from .symmetry import ridges
from .trail import Trail
from .verdict import Verdict

if TYPE_CHECKING:
    from .rate import Rate

GAIN = 1e-5  # share of what the run has gained, or of |f|, that may be left at a solved point
DIGITS, SHARE = 1e-12, 1e-9  # of |f| and of all that was gained: the last digits of both
ROUNDS = 100  # roundings of that, which are no matter: a gradient that fell to sqrt(eps) leaves eps L/mu
# of the numbers x_i: each x + step is rounded once, and so are the two differences it is made of
SPACINGS = 4
GOLDEN = (math.sqrt(5) - 1) / 2


class Case(Call):
    """What the causes are judged by.

    Parameters
    ----------
    reason : Reason
        What ended the run.
    history : History
        Its columns and places.
    oracle : Oracle
        Whose function and derivative may be asked for more.
    method : Method
        What made the steps.
    given : dict
        The keyword arguments of the call, for advice that builds on them.

    Attributes
    ----------
    point : Point
        The last place with a finite value, or the best one where none is known.
    probes : Probes
        Further looks, at most 10 + 2n.
    """

    def __init__(self, reason: Reason, history: History, oracle: Oracle, method: Method, last: Point, given: dict):
        self.reason, self.history, self.oracle, self.method = reason, history, oracle, method
        self.given = given
        self.last, self.best = last, oracle.best or last
        self.trail = Trail(history)
        self.n = last.x.size
        spent = reason.code in ("budget.evaluations", "budget.time")
        calls = oracle.objective.nfev
        self.exact = last.error is None  # by values, where a polish left the gradient for later
        self.probes = Probes(oracle, 0 if spent else 10 + 2 * self.n, self.exact)
        self.probes.spent = oracle.objective.nfev - calls
        self.away, self.point = judged(self, spent)

    # --- the point -----------------------------------------------------------------------------------------

    @property
    def x(self) -> np.ndarray:
        return self.point.x

    @property
    def f(self) -> float:
        return self.point.f

    def moved(self, by: np.ndarray) -> np.ndarray:
        """The place `by` away from the point, in its precision."""
        return (self.x + by).astype(self.x.dtype)

    def value(self, by: np.ndarray) -> float:
        """f there (see `Probes`)."""
        return self.probes.value(self.moved(by))

    @cached_property
    def g(self) -> np.ndarray:
        return np.asarray(self.point.g, dtype=float)

    @cached_property
    def slope(self) -> float:
        """The norm of the gradient."""
        return float(np.linalg.norm(self.g))

    def change(self, by: np.ndarray) -> tuple[float, float]:
        """The least and the largest change of f over `by`, up or down, that the gradient and its error allow."""
        slope = abs(float(self.g @ by))
        error = 0.0 if self.point.error is None else float(self.point.error[by != 0] @ np.abs(by[by != 0]))
        return max(slope - error, 0.0), slope + error

    @property
    def settled(self) -> bool:
        """Whether the gradient, or the last steps, are down to rounding: what still moves is not the method's doing."""
        small = self.slope <= float(np.sqrt(np.finfo(self.x.dtype).eps)) * 1e-2 * self.trail.g[0]
        return small or bool(len(self.trail.moves) and self.rounded(np.abs(self.trail.moves).max(axis=0)))

    def rounded(self, by: np.ndarray) -> bool:
        """Whether the numbers of x are not exact enough to tell x from x + by."""
        size = np.maximum(np.abs(self.x), np.abs(self.start)).astype(float)
        return bool((np.abs(by) <= SPACINGS * float(np.finfo(self.x.dtype).eps) * size).all())

    @cached_property
    def start(self) -> np.ndarray:
        return np.asarray(self.history._x[0], dtype=float)

    @cached_property
    def scale(self) -> np.ndarray:
        """How far each coordinate may be expected to move: |x_i|, at least a share of how far it came."""
        x = self.x.astype(float)
        come = 1e-3 * np.maximum(np.abs(self.start), np.abs(x - self.start))
        scale = np.maximum(np.abs(x), come)
        return np.where(scale == 0, 1.0, scale)

    @property
    def term(self) -> Any:
        """The set or the penalty beside f; None without one."""
        return self.probes.term

    @cached_property
    def free(self) -> np.ndarray:
        """The coordinates that are not held by a bound."""
        if not isinstance(self.oracle, Box):
            return np.ones(self.n, bool)
        return ~(((self.x <= self.oracle.low) | (self.x >= self.oracle.high)) & (self.g == 0))

    @cached_property
    def repeat(self) -> float:
        """How much the value at the same place changed when asked again."""
        again = self.probes.value(self.x)
        return abs(again - self.f) if math.isfinite(again) else 0.0

    @cached_property
    def noise(self) -> float:
        """The uncertainty of one value."""
        unit = float(np.finfo(self.x.dtype).eps)
        return max(self.oracle.derivative.noise(self.f), self.repeat, unit * abs(self.f))

    @cached_property
    def gains(self) -> tuple[float, float]:
        """What the run has gained, and what without the highest quarter: a fall from high up is no measure."""
        f = self.trail.f[np.isfinite(self.trail.f)]
        gain, late = (float(before) - self.f for before in (f[0], np.quantile(f, 0.75)))
        return gain, min(gain, late)

    @cached_property
    def enough(self) -> float:
        """How much of f may be left at a point that is solved, whatever f is."""
        gain, late = self.gains
        unit = float(np.finfo(self.x.dtype).eps)
        last = min(DIGITS * abs(self.f), SHARE * gain)  # a run that crawls on at its end has gained little of late
        return max(10 * self.noise, ROUNDS * unit * gain, GAIN * min(late, abs(self.f)), last)

    def much(self, drop: float) -> bool:
        """Whether f may not fall by so much at a solved point; a share of |f| may, unless f itself goes to 0."""
        return drop > self.enough and (drop > GAIN * self.gains[1] or drop < 0.1 * abs(self.f))

    @cached_property
    def come(self) -> np.ndarray:
        """How far from here each coordinate was at most, where places were kept."""
        return self.trail.farthest(self.x)

    @cached_property
    def random(self) -> bool:
        """Whether fun gives different values at the same place, now or where differences were measured."""
        measured = getattr(self.derivative, "measured", None)
        return self.repeat > 0 or bool(measured and measured.stochastic)

    @property
    def derivative(self) -> Any:
        """What the gradient comes from; the differences where the caller's was wrong."""
        return getattr(self.oracle.derivative, "instead", None) or self.oracle.derivative

    @property
    def own(self) -> bool:
        """Whether somebody wrote the gradient: it was proved where it was first asked, and may be wrong here."""
        return getattr(self.derivative, "name", "") == USER

    @cached_property
    def skewed(self) -> np.ndarray:
        """A direction with no two numbers alike: along (1, -1) x0^2 - x1^2 is constant."""
        d = np.where(np.arange(self.n) % 2, -1.0, 1.0) * (1 + GOLDEN * np.arange(self.n) % 1)
        return d / np.linalg.norm(d)

    @cached_property
    def curvature(self) -> Curvature | None:
        """The curvatures at the point."""
        fresh = self.trail.unexplored(self.x)
        moves = np.vstack([self.trail.moves[-1:], self.trail.ways])
        moves = moves[np.isfinite(moves).all(axis=1)]
        smooth = getattr(self.point, "smooth", self.point)  # of f alone: a penalty may have kinks
        g = np.asarray(smooth.g, dtype=float)
        diagonal = None if self.exact or self.random else self.oracle.derivative.diagonal()
        if diagonal is not None and self.reason.converged and self.term is None:
            fresh = np.vstack([ridges(self, diagonal), fresh])
        gain, scale = self._surroundings(diagonal)
        error = gradient_error(self.point.error)
        spot = Spot(self.probes, self.x, smooth.f, g, scale, self.noise, gain, diagonal, error)
        found = measure(spot, self.free, fresh, moves)
        if found is not None and not self.exact and self.reason.code.startswith("budget"):
            self.flattest = by_a_long_step(spot, found)
        return found

    def _surroundings(self, diagonal: np.ndarray | None) -> tuple[float, np.ndarray]:
        """By how much f changes and how far x may move where curvatures are measured: what the run gained, and `scale`;
        at a converged point with a known `diagonal` what it gained of late, and as far as f rises by that."""
        if diagonal is None or not self.reason.converged:
            return abs(self.gains[0]) or math.inf, self.scale
        gain = max(self.gains[1], 1e3 * self.noise)
        with np.errstate(all="ignore"):
            rise = np.sqrt(2 * gain / np.abs(diagonal))
        most = np.maximum(np.abs(self.x), self.come)
        return gain, np.where(np.isfinite(rise), np.minimum(rise, most), self.scale)

    flattest: float = math.inf  # the curvature along the flattest direction seen
    slight: Verdict | None = None  # a saddle down which f falls by so little that other causes are asked first

    @cached_property
    def steepest(self) -> float:
        """A curvature that none exceeds, as far as that is known; NaN where it is not."""
        c = self.curvature
        if c is None or c.complete or self.exact:
            return math.nan if c is None else c.largest
        # of the directions only a few were seen: the trace bounds the largest
        diagonal = self.oracle.derivative.diagonal()
        return math.nan if diagonal is None else max(float(np.abs(diagonal).sum()), c.largest)

    @property
    def bends(self) -> Bends:
        """The curvatures free of units, where they are known."""
        assert self.curvature is not None
        return self.curvature.bends

    @cached_property
    def newton(self) -> Newton:
        """Newton's step, where curvatures are known; after a test was met without what may be error."""
        return Newton(self.bends, self.g, self.point.error if self.reason.converged else None)

    @property
    def remaining(self) -> tuple[float, float]:
        """What Newton's step still promises: drop of f, and distance; infinite where it can't be told."""
        return (math.inf, math.inf) if self.curvature is None else self.newton.remaining

    @property
    def firm(self) -> tuple[float, float]:
        """The same, along those axes alone where f surely curves up."""
        return (0.0, 0.0) if self.curvature is None else self.newton.firm

    @property
    def left(self) -> tuple[float, float]:
        """`remaining`; where a test was met and that can't be told, `firm`: `looks` goes along the other axes."""
        known = math.isfinite(self.remaining[0]) or not self.reason.converged
        return self.remaining if known else self.firm

    # --- the rate ------------------------------------------------------------------------------------------

    @property
    def lr(self) -> float:
        """The learning rate of the last step; NaN where the method has none of its own choosing."""
        value = getattr(self.method, "hyper", {}).get("lr")
        return float(self.trail.lr[-1]) if callable(value) or isinstance(value, float) else math.nan

    @cached_property
    def rate(self) -> Rate:
        """The learning rate beside what the curvature allows."""
        from .rate import Rate

        return Rate(self)
