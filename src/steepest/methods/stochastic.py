"""Descent by noisy gradients over a known number of calls, without a rate to tune: the default of ``stochastic=True``.

It finds how far the minimum is, to a few powers of ten, then takes Adam's steps with the rate of DoG, decayed to
zero. Both are free of units: x in millimetres or kilometres, f in cents or millions give the same run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ..objective.oracle import Oracle
from ..objective.point import Point
from ..schedules import counts, positive
from .hyper import rate_at
from .parameterfree import ParameterFree, Rate, over

# Measured on the 21 shapes x 7 noises of `tuning` in benchmarks/stochastic.py.
WINDOW, QUANTILE, LOOSE = 30, 0.8, 3.0  # gradients are clipped at 3 times the 80 % quantile of the last 30
SAMPLES = 3  # finite calls at each distance that is tried, before twice as many that are not
FACTOR, BACK = 10.0, 0.01  # distances grow tenfold; the descent begins with a hundredth of what was too far
FIRST, LAST = 1e-8, 1e12  # the distances tried, times the largest |x0|
ASIDE = 1e-4  # where the first gradient is zero the search begins so far aside, times the largest |x0|


@dataclass(frozen=True)
class Reach:
    """How far to go from x0, by noisy values and gradients at ever greater distances along the mean direction.

    Attributes
    ----------
    distance : float
        The largest way of a coordinate, in units of x.
    values : tuple of float
        Those at x0.
    gradients : tuple of ndarray
        Those at x0 and at the distances that were not too far: for them x is still x0.
    direction : ndarray, shape (n,)
        The direction from x0; its largest component is 1 or -1.
    samples : tuple of (float, ndarray)
        Values and gradients at this distance.
    """

    distance: float
    values: tuple[float, ...] = ()
    gradients: tuple[np.ndarray, ...] = ()
    direction: np.ndarray | None = None
    samples: tuple[tuple[float, np.ndarray], ...] = ()

    def sampled(self, f: float, g: np.ndarray) -> Reach | None:
        """With one more value and gradient, f being NaN if it was not finite; None when this distance is too far."""
        if self.direction is None:
            if math.isnan(f):
                return self
            after = replace(self, values=(*self.values, f), gradients=(*self.gradients, g))
            return after if len(after.values) < 2 * SAMPLES else after.aimed()
        after = replace(self, samples=(*self.samples, (f, g)))
        lost = sum(math.isnan(f) for f, _ in after.samples)
        if len(after.samples) - lost < SAMPLES and lost < 2 * SAMPLES:
            return after
        if lost == 2 * SAMPLES or after.too_far():
            return None
        gradients = (*self.gradients, *(g for f, g in after.samples if not math.isnan(f)))
        return replace(self, distance=FACTOR * self.distance, gradients=gradients, samples=()).aimed()

    def aimed(self) -> Reach:
        """With the direction of the mean gradient, each component in units of its spread."""
        g = np.array(self.gradients)
        direction = -over(g.mean(0), np.sqrt((g * g).mean(0)))
        if not direction.any():  # a saddle or a flat place: any direction is as good
            direction = random_direction(direction.size)
        return replace(self, direction=direction / np.abs(direction).max())

    def too_far(self) -> bool:
        """Whether the slope has clearly fallen by half, or the value clearly does not fall as the slope promises."""
        assert self.direction is not None
        finite = [(f, g) for f, g in self.samples if not math.isnan(f)]
        values = np.array([f for f, _ in finite])
        before = np.array(self.gradients) @ self.direction
        here = np.array([g for _, g in finite]) @ self.direction
        slope, change = before.mean(), here.mean() - before.mean()
        variance = np.concatenate([before - slope, here - here.mean()]).var(ddof=2)
        # of the variance of one slope in that of the difference of means
        share = 1 / len(before) + 1 / len(here)
        if change > 0.5 * abs(slope) and change > 3 * math.sqrt(variance * share):
            return True
        error = float(np.std(self.values, ddof=1)) * math.sqrt(1 / len(self.values) + 1 / len(values))
        rise = float(values.mean() - np.median(self.values))
        return not rise <= 3 * error - 0.1 * abs(slope) * self.distance


@dataclass(frozen=True)
class Walk:
    """Where the descent is.

    Attributes
    ----------
    x0, finite : ndarray, shape (n,)
        Where it began, and the last place where value and gradient were finite.
    recent : ndarray, shape (up to 30, n)
        The sizes of the last gradients.
    reach : Reach or None
        The search for the distance, until it is found.
    distance : float
        The largest way of a coordinate so far, in units of x.
    m, v : ndarray, shape (n,)
        Adam's moments.
    began : float
        The step after which the descent began.
    """

    x0: np.ndarray
    finite: np.ndarray
    recent: np.ndarray
    reach: Reach | None
    distance: float
    m: np.ndarray
    v: np.ndarray
    began: float = 0.0


@dataclass(frozen=True)
class DoGAdam(ParameterFree):
    """Adam with the rate of DoG, for noisy gradients and a known budget: after Kingma & Ba (2015) and Ivgi, Hinder &
    Carmon (2023).

    Here `abs` of a vector is its largest component, and t counts from the end of a search for the distance: samples
    from x0 along the mean direction, each three times and ten times as far as the last, until slope or value say
    that it is too far. DoG begins with a hundredth of that. Gradients are clipped at three times the 80 % quantile
    of the last 30, component by component (outliers and heavy tails), and the rate falls to zero over `budget` steps;
    without that noise never settles. After a value that is not finite it goes half way back. All constants are
    measured, not from the papers.

    Examples
    --------
    >>> import numpy as np, steepest as st
    >>> rng = np.random.default_rng(0)
    >>> def noisy(x):  # in units of kilometres and cents, say
    ...     return 1e-4 * (x - 3e6) @ (x - 3e6), 2e-4 * (x - 3e6) + 20 * rng.standard_normal(2)
    >>> r = st.minimize(noisy, [0.0, 1e6], jac=True, stochastic=True, maxiter=1000)
    >>> (r.x / 3e6).round(1)
    array([1., 1.])
    """

    lr: Rate = 0.7
    beta1: float = 0.9
    beta2: float = 0.99
    budget: int = 1000
    _lines = (
        ("m", "beta1 * m + (1 - beta1) * g"),
        ("v", "beta2 * v + (1 - beta2) * g**2"),
        ("d", "maximum(d, abs(x - x0))"),
        ("rate", "lr * d / sqrt(t) * (1 - t / budget)"),
        ("step", "-rate * m / (1 - beta1**t) / sqrt(v / (1 - beta2**t))"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        counts(self, "budget")
        if not callable(self.lr):
            positive(self, "lr")

    def init(self, point: Point) -> Walk:
        zero = np.zeros_like(point.x)
        return Walk(point.x, point.x, np.empty((0, zero.size)), Reach(FIRST * size(point.x)), 0.0, zero, zero)

    def step(self, point: Point, memory: Walk, t: float, oracle: Oracle) -> tuple[Point, Walk, float]:
        with np.errstate(all="ignore"):
            x, memory, lr = self._next(point, memory, t)
        return oracle(x.astype(point.x.dtype)), memory, lr

    def _next(self, point: Point, walk: Walk, t: float) -> tuple[np.ndarray, Walk, float]:
        """The next place to evaluate, after `point`."""
        if t == 1 and not point.g.any():  # a saddle holds what is on it
            aside = walk.x0 + ASIDE * size(walk.x0) * random_direction(walk.x0.size)
            return aside, replace(walk, x0=aside, finite=aside), 0.0
        fine = math.isfinite(point.f) and bool(np.isfinite(point.g).all())
        if not fine and walk.reach is None:
            return (point.x + walk.finite) / 2, replace(walk, m=walk.m / 2), 0.0
        g, recent = clipped(point.g if fine else np.zeros_like(point.g), walk.recent)
        walk = replace(walk, finite=point.x, recent=recent)
        if walk.reach is None:
            return self._descent(point.x, g, walk, t - walk.began)
        reach = walk.reach.sampled(point.f if fine else math.nan, g)
        if reach is None or reach.distance > LAST * max(float(np.abs(walk.x0).max()), 1.0) or 2 * t > self.budget:
            back = replace(walk, reach=None, distance=BACK * walk.reach.distance, began=t)
            return walk.x0, replace(back, finite=walk.x0), 0.0
        away = 0.0 if reach.direction is None else reach.distance * reach.direction
        return walk.x0 + away, replace(walk, reach=reach), reach.distance

    def _descent(self, x: np.ndarray, g: np.ndarray, walk: Walk, t: float) -> tuple[np.ndarray, Walk, float]:
        m = self.beta1 * walk.m + (1 - self.beta1) * g
        v = self.beta2 * walk.v + (1 - self.beta2) * g * g
        d = max(walk.distance, float(np.abs(x - walk.x0).max()))
        lr = rate_at(self.name, self.lr, t)
        rate = lr * d / math.sqrt(t) * max(1 - t / (self.budget - walk.began), 0.0)
        step = -rate * over(m / (1 - self.beta1**t), np.sqrt(v / (1 - self.beta2**t)))
        return x + step, replace(walk, distance=d, m=m, v=v), rate


def size(x: np.ndarray) -> float:
    """The unit in which distances are tried: the largest |x|, 1 where all are zero."""
    return float(np.abs(x).max()) or 1.0


def random_direction(n: int) -> np.ndarray:
    """The same one in every run, its largest component 1 or -1."""
    direction = np.random.default_rng(0).standard_normal(n)
    return direction / np.abs(direction).max()


def clipped(g: np.ndarray, recent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradient, its components no larger than is usual, and the sizes of the last ones with this one.

    Components that mostly are zero (sparse gradients) are left as they are.
    """
    recent = np.concatenate([recent[-WINDOW + 1 :], np.abs(g)[None]])
    usual = np.sort(recent, axis=0)[int(QUANTILE * (len(recent) - 1))]
    limit = np.where(usual > 0, LOOSE * usual, math.inf)
    return g.clip(-limit, limit), recent
