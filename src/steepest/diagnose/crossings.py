"""Crossings: the step, or the way down a slope, over which something turned a run back."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..objective.oracle import Box
from .case import Case

HALVINGS = 6  # of a way, until the change over it is judged; the shortest part is ten times a difference for a slope
TURNED = 0.3  # cosine with the step from which a gradient counts as turning it back
NEARBY = (1e-5, 1e-3, 1e-1)  # shares of the way so far at which a kink is looked for


class Crossing(NamedTuple):
    """Two places on either side of something, the way between in words, and their gradients where these are known."""

    a: np.ndarray
    b: np.ndarray
    way: str
    ga: np.ndarray | None = None
    gb: np.ndarray | None = None

    @property
    def length(self) -> float:
        """Of the way."""
        return float(np.linalg.norm(self.b - self.a))

    @property
    def direction(self) -> np.ndarray:
        """Of length 1."""
        return (self.b - self.a) / self.length

    def at(self, t: float) -> np.ndarray:
        """The place at the distance `t` from a."""
        return self.a + t * self.direction

    def value(self, case: Case, t: float) -> float:
        """f there."""
        return case.probes.value(self.at(t).astype(case.x.dtype))

    def slope(self, case: Case, t: float) -> float:
        """The slope of f along the way there."""
        return slope_along(case, self.at(t), self.direction, self.length)

    def slopes(self, case: Case) -> tuple[float, float]:
        """Those at both ends."""
        u, length = self.direction, self.length
        left = slope_along(case, self.a, u, length) if self.ga is None else float(self.ga @ u)
        right = slope_along(case, self.b, u, length) if self.gb is None else float(self.gb @ u)
        return left, right


def turned_back(case: Case) -> Crossing | None:
    """The last step that was turned back at once; of a heavy ball the one over which its gradient changed most."""
    x, moves = case.trail.x, case.trail.moves
    if len(moves) < 2 or not case.slope:
        return None
    g = _gradients(case)

    def step(k: int) -> Crossing:
        return Crossing(x[k], x[k + 1], "the last step", g[k], g[k + 1])

    last = float(moves[-1] @ case.g) / (float(np.linalg.norm(moves[-1])) * case.slope or math.inf)
    if last > TURNED:
        return step(len(moves) - 1)
    turned = np.flatnonzero(case.trail.cosines[-6:] < -TURNED)
    if turned.size:
        return step(int(turned[-1]) + len(moves) - 1 - len(case.trail.cosines[-6:]))
    known = [k for k in range(len(moves)) if g[k] is not None and g[k + 1] is not None and moves[k].any()]
    slopes = {k: [float(end @ moves[k]) / float(np.linalg.norm(moves[k])) for end in g[k : k + 2]] for k in known}
    over = {k: right - left for k, (left, right) in slopes.items() if left < 0 < right}  # not kinks met in passing
    k = max(over, key=over.__getitem__, default=0)
    largest = max((float(np.linalg.norm(g[k])) for k in known), default=math.inf)
    return step(k) if over and over[k] > TURNED * largest else None


def _gradients(case: Case) -> list[Any]:
    """The gradients at the last places, as far as the moves of a fixed rate tell them; None elsewhere."""
    moves, found = case.trail.moves, [None] * len(case.trail.moves)
    beta = {"GD": 0.0, "Momentum": getattr(case.method, "hyper", {}).get("beta")}.get(type(case.method).__name__)
    bounded = case.term is not None or isinstance(case.oracle, Box)
    if not bounded and isinstance(beta, float) and case.lr > 0 and (case.trail.lr[-len(moves) :] == case.lr).all():
        before = np.vstack([np.full((1, case.n), 0.0 if beta == 0 else math.nan), moves[:-1]])
        pulls = (beta * before - moves) / case.lr
        found = [pull if np.isfinite(pull).all() else None for pull in pulls]
    return [*found, case.g]


def hidden(case: Case) -> Crossing | None:
    """A way down the slope on which f turns up at once, where a search found nothing lower."""
    if case.reason.code != "stalled" or not case.slope:
        return None
    u = -case.g / case.slope
    for share in NEARBY:
        b = case.x + share * float(np.linalg.norm(case.x - case.start)) * u
        if slope_along(case, b, u, float(np.linalg.norm(b - case.x))) > TURNED * case.slope:
            return Crossing(case.x.astype(float), b, "the gradient", case.g)
    return None


def slope_along(case: Case, x: np.ndarray, u: np.ndarray, length: float) -> float:
    """The slope of f along `u` at `x`."""
    if case.exact:
        g = case.probes.gradient(x.astype(case.x.dtype))
        return math.nan if g is None else float(g @ u)
    h = length / 2 ** (HALVINGS + 4)
    right, left = (case.probes.value((x + t * u).astype(case.x.dtype)) for t in (h, -h))
    return (right - left) / (2 * h)
