"""What the history tells for free: the last steps, whether they turn back, grow, repeat."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from ..history import History

TAIL = 20  # steps that are looked at
WAYS = 5
PERIODS = range(2, 9)
NEVER = 1e-12  # share of the square of the longest way: along it nothing but the errors of gradients was gone
MANY = 500  # coordinates or places, up to which all directions of a run are compared


class Trail:
    """The last finite part of a history.

    Parameters
    ----------
    history : History
    """

    def __init__(self, history: History):
        # the caller's sign is for showing: here f is what was minimised
        self.f = history.sign * history["f"]
        self.g, self.step, self.lr, self.t = (history[name] for name in ("g_norm", "step", "lr", "t"))
        self.finite = np.isfinite(self.f) & np.isfinite(self.g)
        steps = history.x_steps
        tail = len(steps) > 1 and steps[1] - steps[0] == 1  # thinned places are no steps
        self.opening = np.array(history._x[:3] if tail else history._x[:1], dtype=float)
        self.places = history._x.array
        self.x = np.array(history._x[-TAIL - 1 :] if tail else history._x[-1:], dtype=float)

    @cached_property
    def moves(self) -> np.ndarray:
        """The last steps, shape (k, n), the latest last."""
        return np.diff(self.x, axis=0) if len(self.x) > 1 else np.zeros((0, self.x.shape[-1]))

    def farthest(self, x: np.ndarray) -> np.ndarray:
        """How far each coordinate was from `x` at most, shape (n,)."""
        return np.maximum(self.places.max(axis=0) - x, x - self.places.min(axis=0)).astype(float)

    def unexplored(self, x: np.ndarray) -> np.ndarray:
        """The directions in which the run has not gone from `x`, or that in which it has gone least, shape (k, n), each
        coordinate measured by how far it came: where symmetry kept a run on a ridge, f falls to either side. None
        beyond MANY coordinates."""
        if x.size > MANY:
            return np.zeros((0, x.size))
        come = self.farthest(x)
        come = np.where(come > 0, come, 1.0)
        gone = (self.places[:: 1 + len(self.places) // MANY] - x) / come
        far, ways = np.linalg.eigh(gone.T @ gone)
        never = far <= NEVER * far[-1]
        never[0] = True
        return come * ways.T[never]

    @np.errstate(all="ignore")
    def together(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far from `x` each coordinate was at most, shape (n,), and the cosines between the ways of any two on
        their way to it, shape (n, n); NaN where one did not move, and beyond MANY coordinates none."""
        come = self.farthest(x)
        if x.size > MANY:
            return come, np.zeros((x.size, x.size))
        gone = (self.places - x) / come
        products = gone.T @ gone
        size = np.sqrt(np.diag(products))
        return come, products / np.outer(size, size)

    @cached_property
    def ways(self) -> np.ndarray:
        """The ways made in the last half of the run, in the quarter before, ..., shape (k, n): with the last step
        they span what fell slowly, where steps that follow each other are all but parallel."""
        places = self.places[self._halvings()].astype(float)
        return places[:-1] - places[1:]

    def _halvings(self) -> list[int]:
        count = len(self.places)
        return [count - 1, *(count >> k for k in range(1, count.bit_length())), 0][:WAYS]

    @cached_property
    def cosines(self) -> np.ndarray:
        """Cosines of the angles between steps that follow each other."""
        a, b = self.moves[:-1], self.moves[1:]
        with np.errstate(all="ignore"):
            sizes = (np.abs(each).max(axis=1, keepdims=True, initial=0.0) for each in (a, b))
            largest = np.maximum(*sizes)
            a, b = a / largest, b / largest
            return (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))

    def secant(self, places: np.ndarray, lr: float) -> float:
        """The largest curvature between places of gradient descent, from its steps alone: s'y/s's with y = g+ - g and
        s = -lr g."""
        moves = np.diff(places, axis=0)
        if len(moves) < 2 or not math.isfinite(lr):
            return -math.inf
        a, b = moves[:-1], moves[1:]
        with np.errstate(all="ignore"):
            square = (a * a).sum(axis=1)
            # steps are differences of places, so they are rounded: count what is left of q at worst
            rounding = 4 * float(np.finfo(self.places.dtype).eps) * np.abs(places).max() / np.sqrt(square)
            q = (1 - (a * b).sum(axis=1) / square - rounding) / lr
        q = q[np.isfinite(q)]
        return float(q.max()) if q.size else -math.inf

    @property
    def turns(self) -> bool:
        """Whether the last steps mostly turn back on each other."""
        return self.cosines.size > 0 and bool(np.median(self.cosines[-6:]) < -0.3)

    @property
    def straight(self) -> bool:
        """Whether the last steps go the same way."""
        return self.cosines.size > 0 and bool(np.median(self.cosines[-6:]) > 0.9)

    @cached_property
    def rho(self) -> float:
        """The factor by which the gradient shrinks (or grows) in a step, over the last ones; NaN unknown."""
        return self._rho(len(self.g))

    @cached_property
    def rho_before(self) -> float:
        """The same, half the run ago."""
        return self._rho(len(self.g) // 2)

    def _rho(self, end: int) -> float:
        g = self.g[:end]
        g = g[np.isfinite(g)][-TAIL - 1 :]
        if g.size < 2 or not g[0] > 0 or not g[-1] > 0:
            return math.nan
        return float((g[-1] / g[0]) ** (1 / (g.size - 1)))

    @cached_property
    def growth(self) -> float:
        """The factor by which f's distance from its lowest value changes in a step, over the last few."""
        f = self.f[np.isfinite(self.f)]
        tail = f[-4:] - min(float(f.min()), 0.0 if f.min() > 0 else float(f.min()))
        if tail.size < 2 or not (tail > 0).all():
            return math.nan
        return float((tail[-1] / tail[0]) ** (1 / (tail.size - 1))) if (np.diff(tail) > 0).all() else math.nan

    @cached_property
    def period(self) -> int:
        """The number of places that the last steps jump between; 0 where they don't repeat."""
        x = self.x
        for p in PERIODS:
            if len(x) < p + 3:
                break
            back = np.linalg.norm(x[-3:] - x[-3 - p : -p], axis=1)
            if (back <= 1e-3 * np.linalg.norm(x[-3:] - x[-4:-1], axis=1)).all() and back.size and self.step[-1] > 0:
                return p
        return 0
