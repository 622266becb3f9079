"""Directions: BFGS and L-BFGS, each with a strong Wolfe search along what it proposes (see also conjugate.py).

Each tells where to go, ``init(point) -> memory`` and ``update(point, memory) -> (direction, memory)``, of one run or
of many side by side (see `columns`, `abreast`); the one `Descent.step` goes there. Nothing depends on the units of f,
and with second derivatives along the coordinates (differences bring them for free) not on those of the x_i either.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..objective.oracle import Oracle
from ..objective.point import Point, norm
from ..schedules import counts, validate
from ..stop import Criterion
from .columns import diagonal, dot, times
from .continuation import Continuation
from .kinks import bundle_at, suspected
from .method import Method
from .polish import Polish, suits
from .reach import reach
from .searches import C1, along, strong_wolfe, values_first
from .settled import NOTHING, SLOW, Directed, Settled, blind
from .units import MANY, OVERLOOKED, Seen, curvatures, doubtful, guessed, mixed, opened, overlooked

NEAR = 10.0  # a run is about to end when its next step promises so many times what can be seen
SETBACKS = 3  # failed searches in a row, each with a gradient or a memory made anew
CERTAIN = 3.0  # a curvature counts from so many deviations of its noise on: Shi, Xie, Byrd & Nocedal (2022)
TINY = float(np.finfo(float).tiny)  # products below have lost their digits


class Descent(Directed):
    """What all directions share: how a step is made. Each memory has `first`, the first length to try, and `seen`."""

    name: str
    c2: float

    def __post_init__(self) -> None:
        validate(self, f"a number between {C1} and 1", lambda value: C1 < value < 1, "c2")

    def convergence(self, dtype: np.dtype) -> Criterion:
        """The next step promises less than can be seen."""
        return Settled(self)

    def init(self, point: Point) -> Any:
        """What is known before the first step."""
        return self.begin(point, Seen(point.f, np.abs(point.g)), *scale(point))

    def begin(self, point: Point, seen: Seen, initial: np.ndarray, first: Any) -> Any:
        """A memory that knows the diagonal metric `initial` of shape (n,) only, and the first length."""
        raise NotImplementedError

    def step(self, point: Point, memory: Any, t: float, oracle: Oracle) -> tuple[Point, Any, float]:
        """Search along the direction; values within the noise of fun count as equal.

        When a search fails, the gradient is proved or calibrated anew, and the search is repeated from an
        empty memory; once in a run also when it gains nothing that was promised. After that, or where the
        gradient is zero, it stays at `point`, and the length is 0.0.
        """
        if isinstance(memory, Continuation):
            return memory.step(point, oracle)
        for setback in range(SETBACKS):
            a = 0.0
            if not point.g.any() and (setback > 0 or not blind(point, memory.seen.start - point.f)):
                break
            with np.errstate(all="ignore"):  # products may overflow; then the slope is no number below 0
                direction, memory = self.update(point, memory)
                slope = float(point.g.dot(direction))
            if -math.inf < slope < 0:
                noise = oracle.derivative.noise(point.f)
                find = strong_wolfe if point.error is None else values_first  # slopes by differences are dear
                search = find(point.f, slope, memory.first, noise, c2=self.c2)
                new, a = along(search, point, direction, oracle)
                idle = point.f - new.f <= noise < -slope * memory.first / (2 * NEAR)
                if a > 0 and (memory.seen.idle or not idle):
                    return *self.reconsidered(new, memory, point.f), a
            if oracle.derivative.refresh(point.x, point.f, noise=a == 0) or not point.g.any():
                point = oracle.meet(point.x, point.f)
            elif setback > 0:
                break
            seen = memory.seen._replace(idle=memory.seen.idle or a > 0)
            memory = self.begin(point, seen, *scale(point))
        if bundle := bundle_at(point, memory.seen, oracle):
            return bundle.step(point, oracle)
        if point.g.any() and suits(point, oracle):
            return Polish.of(point, oracle).step(point, oracle)
        return point, memory, 0.0

    def reconsidered(self, point: Point, memory: Any, before: float) -> tuple[Point, Any]:
        """Point and memory, where the run goes on; where it is about to end, what a second look makes of them.

        A metric may have overlooked a coordinate, and under noise neither it nor the gradient can be trusted: they
        are measured again, and with them the noise, which may have fallen with f.
        """
        oracle = point.oracle
        assert oracle is not None
        memory = memory._replace(seen=memory.seen.at(point))
        derivative, fall = oracle.derivative, memory.seen.start - point.f
        if before - point.f > SLOW * fall:
            return point, memory
        seen = memory.seen
        if seen.kinks > 0 and suspected(point, seen, oracle):
            if bundle := bundle_at(point, seen, oracle):
                return point, bundle
            seen = seen._replace(kinks=seen.kinks - 1)
            memory = memory._replace(seen=seen)
        if getattr(derivative, "rough", False) and self.promise(point, memory) <= 2 * derivative.noise(point.f):
            if suits(point, oracle):
                return point, Polish.of(point, oracle)
            if seen.left > 0:
                derivative.refresh(point.x, point.f)
                point = oracle.meet(point.x, point.f)
                return point, self.begin(point, seen._replace(left=seen.left - 1), *scale(point))
        if seen.left == 0 or derivative.diagonal() is not None:
            return point, memory
        least = max(NOTHING * fall, 2 * derivative.noise(point.f))
        promise = self.promise(point, memory)
        if promise > NEAR * least or not doubtful(point, seen).size:
            return point, memory
        seen = seen._replace(left=seen.left - 1)
        if overlooked(point, seen, max(least, OVERLOOKED * promise)):
            return point, self.begin(point, seen, *scale(point, True))
        return point, memory._replace(seen=seen)


def scale(point: Point, unlike: bool = False) -> tuple[np.ndarray, float]:
    """The diagonal H of shape (n,) to begin with, and the first length along -H g.

    H is 1/|f''| along each coordinate, where these are known, and then length 1 is Newton's, but -H g may be
    at most twice as long as x; otherwise H is 1, and the first step as long as x. On the tuning half of
    Andrei's collection that beat steps of length 1, shorter ones, and those that would bring f to 0. Where
    units are mixed H = 1 would be blind: second derivatives are then guessed from x and g, and measured where these
    mislead, or everywhere where the coordinates were found to be `unlike`, up to MANY. At x = 0 see `opened`.
    """
    x, g = point.x, point.g  # differences know the second derivatives once the gradient was asked for
    assert point.oracle is not None
    curvature = point.oracle.derivative.diagonal()
    guess = curvature is None and not unlike
    if guess and (told := opened(point)) is not None:
        return told
    if curvature is None:
        curvature, sure = guessed(point)
        if guess and not mixed(x, g, curvature[sure]):
            return np.ones_like(x), reach(point, g)
        which = np.flatnonzero(~sure | unlike)
        if which.size <= MANY:
            curvature[which] = curvatures(point, which)
    with np.errstate(all="ignore"):
        H = 1 / np.abs(curvature)
        for instead in (np.abs(x / g), 1.0):  # where f is linear: a step as long as x_i
            H = np.where(np.isfinite(H) & (H > 0), H, instead)
        length = reach(point, H * g, H)
    if not guess:
        length = min(1.0, 2 * length) if x.any() else 1.0
    return H.astype(x.dtype), length


class Pair(NamedTuple):
    """A step s, the change y of the gradient along it, both of shape (n,), and s'y, which is positive."""

    s: np.ndarray
    y: np.ndarray
    sy: Any


def pair(point: Point, last: Point) -> Pair | None:
    """What two points teach: None unless s'y is positive, and more than the noise of gradients. Where some of many
    runs learn nothing, their s'y is NaN."""
    s, y = point.x - last.x, point.g - last.g
    sy = dot(s, y)
    taught = (sy > TINY) & (dot(s, s) > TINY) & (dot(y, y) > TINY) & (sy < math.inf)
    if s.ndim > 1:
        return Pair(s, y, np.where(taught, sy, math.nan)) if taught.any() else None
    if not taught:
        return None
    if point.error is not None and last.error is not None:
        moved = s != 0
        with np.errstate(over="ignore"):  # an unknown component has an infinite error
            doubt = norm(np.hypot(point.error, last.error)[moved] * s[moved])
        if sy < CERTAIN * doubt:
            return None
    return Pair(s, y, sy)


def factor(known: Pair, initial: np.ndarray) -> Any:
    """By what the initial metric must be multiplied to agree with a pair: Nocedal & Wright (2006), eq. 7.20."""
    return known.sy / (dot(known.y, initial * known.y) + TINY)


def free(direction: np.ndarray, g: np.ndarray) -> np.ndarray:
    """`direction` without the coordinates along which the slope is 0: at a bound, or unknown. A metric that
    mixes coordinates would move them, whatever fun does there (Bertsekas 1982)."""
    return np.where(g == 0, np.zeros_like(g), direction)


class Dense(NamedTuple):
    """H = gamma A + B: what is left of the `initial` metric, and what was learned."""

    last: Point
    first: float
    seen: Seen
    initial: np.ndarray
    gamma: float
    A: np.ndarray
    B: np.ndarray


@dataclass(frozen=True)
class BFGS(Descent, Method):
    """BFGS: Nocedal & Wright (2006), eq. 6.17, with the initial metric scaled at each step, as in L-BFGS.

    The update is linear in H, so what the initial metric has left in it is kept apart, as A, and its factor
    gamma follows the latest curvature (eq. 7.20). Scaled only once, as in eq. 6.20, it needs 1.5 times as
    many evaluations (Andrei's collection, tuning half, n = 10 and 50, exact gradients). `c2` says how much
    flatter each search must end than it began, between 0.0001 and 1.

    Examples
    --------
    >>> import steepest as st
    >>> st.minimize(lambda x: (x[0] - 1) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2, [-1.2, 1.0], method="bfgs").x.round(6)
    array([1., 1.])
    """

    c2: float = 0.9
    name = "BFGS"

    @classmethod
    def lines(cls) -> list[tuple[str, str]]:
        return [
            ("s", "x - x_old"),
            ("y", "g - g_old"),
            ("V", "I - y*s_T/(s_T*y)"),
            ("A", "V_T*A*V"),
            ("B", "V_T*B*V + s*s_T/(s_T*y)"),
            ("gamma", "s_T*y/(y_T*H_0*y)"),
            ("step", "-a*(gamma*A + B)*g"),
        ]

    def begin(self, point: Point, seen: Seen, initial: np.ndarray, first: Any) -> Dense:
        A = diagonal(initial)
        return Dense(point, first, seen, initial, 1.0, A, np.zeros_like(A))

    def update(self, point: Point, memory: Dense) -> tuple[np.ndarray, Dense]:
        if known := pair(point, memory.last):
            A, B = sandwiched(memory.A, known), sandwiched(memory.B, known)
            B += known.s[:, None] * (known.s / known.sy)
            memory = Dense(point, 1.0, memory.seen, memory.initial, factor(known, memory.initial), A, B)
        else:
            memory = memory._replace(last=point)
        direction = -(memory.gamma * times(memory.A, point.g) + times(memory.B, point.g))
        return free(direction, point.g), memory


def sandwiched(M: np.ndarray, known: Pair) -> np.ndarray:
    """V' M V with V = I - y s'/s'y, for symmetric M of shape (n, n)."""
    s, y, sy = known
    w = times(M, y) / sy
    w = (w - s * (dot(y, w) / (2 * sy)))[:, None] * s
    return M - w - w.swapaxes(0, 1)


class Limited(NamedTuple):
    """The latest pairs, oldest first."""

    last: Point
    first: float
    seen: Seen
    initial: np.ndarray
    pairs: tuple[Pair, ...]


@dataclass(frozen=True)
class LBFGS(Descent, Method):
    """L-BFGS: Nocedal & Wright (2006), algorithms 7.4 and 7.5: BFGS with the latest pairs only.

    `memory` says how many; `c2` how much flatter each search must end than it began, between 0.0001 and 1.
    """

    memory: int = 10
    c2: float = 0.9
    name = "LBFGS"
    lines = BFGS.lines

    def __post_init__(self) -> None:
        super().__post_init__()
        counts(self, "memory")

    def begin(self, point: Point, seen: Seen, initial: np.ndarray, first: Any) -> Limited:
        return Limited(point, first, seen, initial, ())

    def update(self, point: Point, memory: Limited) -> tuple[np.ndarray, Limited]:
        if known := pair(point, memory.last):
            memory = Limited(point, 1.0, memory.seen, memory.initial, (*memory.pairs, known)[-self.memory :])
        else:
            memory = memory._replace(last=point)
        return free(-two_loops(memory, point.g), point.g), memory


def two_loops(memory: Limited, g: np.ndarray) -> np.ndarray:
    """H g: Nocedal & Wright (2006), algorithm 7.4."""
    q, alphas = g, []
    for s, y, sy in reversed(memory.pairs):
        alphas.append(dot(s, q) / sy)
        q = q - alphas[-1] * y
    q = memory.initial * q
    if memory.pairs:
        q = q * factor(memory.pairs[-1], memory.initial)
    for (s, y, sy), alpha in zip(memory.pairs, reversed(alphas), strict=True):
        q = q + (alpha - dot(y, q) / sy) * s
    return q
