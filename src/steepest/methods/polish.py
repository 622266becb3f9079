"""Polish: quadratic regression on many values, for few x_i, where noise is larger than what a gradient can show."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ..objective.oracle import Oracle
from ..objective.point import Point
from ..stop import Reason
from .continuation import Continuation

FEW = 10  # coordinates, at most: a parabola has (n+1)(n+2)/2 coefficients
REPEATS = 5  # of the first value, since its noise may be far from that at the start of the run
SPARE = 1.5  # values for each coefficient
REACH = math.sqrt(60)  # the first radius: where f is 30 deviations of its noise above its least value
# residuals, in deviations of the noise: the radius shrinks above, and may grow below
ROUGH, SMOOTH = 4.0, 2.0
SHRINK, GROW, SHORTEST = 0.6, 1.6, 0.3
ALIKE = 8.0  # by which the ball grows where all values are the same
FALL, SWELL = 0.5, 1.2  # ... and by how much the noise may seem to change from one parabola to the next
FLATTEST = 1e8  # how much longer than wide the ball may become, in units of x_i
AROUND = 2.5  # radii: how far away a value may be that a parabola is fitted to
# Of the first ones so many are old, at most; with half, 4 sigma and not 1 are left on Rosenbrock, n = 5, noise 1e-2 |f|
KEPT = 2 / 3
SEEN = 0.3  # of the parabola's own deviation: what it must promise for a step to count
MISSES = 3  # so many parabolas in a row that promise nothing end it


@dataclass(frozen=True, eq=False)
class Polish(Continuation):
    """The values that a parabola is fitted to, and its trust region.

    In the `metric` the curvature of f is about 1: over a step sqrt(noise) radius metric @ z with |z| = 1 f rises by
    radius^2 noise/2.
    """

    metric: np.ndarray  # (n, n), of unit curvature
    places: np.ndarray  # (k, n)
    values: np.ndarray  # (k,)
    noise: float
    random: bool  # whether equal places give other values
    radius: float = REACH
    decrease: float = math.inf  # that the last parabola foresees
    misses: int = 0
    rounds: int = 0

    @classmethod
    def of(cls, point: Point, oracle: Oracle) -> Polish:
        """Before the first parabola: the noise, measured anew, and a metric of second derivatives along coordinates."""
        noise = float(np.std(oracle.objective.batch(np.tile(point.x, (REPEATS, 1))), ddof=1))
        if not (random := noise > 0):  # it does not scatter, or is not finite
            noise = oracle.derivative.noise(point.f)
        curvature, size = oracle.derivative.diagonal(), np.where(point.x == 0, 1.0, np.abs(point.x))
        furthest = size / (REACH * math.sqrt(noise))  # a step as long as x_i, at most
        with np.errstate(all="ignore"):
            length = 1 / np.sqrt(np.abs(np.full_like(size, np.nan) if curvature is None else curvature))
        length = np.where(length < furthest, length, 0.1 * furthest)
        return cls(np.diag(length), np.empty((0, size.size)), np.empty(0), noise, random)

    def promise(self, point: Point) -> float:
        """The decrease that the last parabola foresees; until the end more than the noise, so that no test is met."""
        assert point.oracle is not None
        return self.decrease if self.misses >= MISSES else 4 * point.oracle.derivative.noise(point.f)

    def reason(self) -> Reason:
        """All values were alike, so that no parabola could be fitted."""
        return Reason("stalled.steps", "Stalled: around here values are alike, as on a stair: no way down is seen.")

    def step(self, point: Point, oracle: Oracle) -> tuple[Point, Polish, float]:
        """Fit a parabola around `point` and go to its least value within the radius; length 0.0 when that is over.

        The nearest of the old values are used again, at least a third are new, and all that are asked for because
        nothing was seen. Regression models in noise: Conn, Scheinberg & Vicente (2009), "Introduction to
        Derivative-Free Optimization", chapter 4.
        """
        noise, radius, n = self.noise, self.radius, point.x.size
        ball = radius * math.sqrt(noise) * self.metric
        if self.misses >= MISSES or not usable(ball):
            return point, replace(self, misses=MISSES), 0.0
        coefficients = (n + 1) * (n + 2) // 2
        places, values = self._measured(point, ball, math.ceil(SPARE * coefficients), oracle)
        z = np.linalg.solve(ball, (places - point.x).T).T
        near = np.isfinite(values) & (np.linalg.norm(z, axis=1) <= AROUND)
        after = replace(self, places=places, values=values, rounds=self.rounds + 1)
        if near.sum() <= coefficients:
            return point, replace(after, radius=SHRINK * radius, misses=self.misses + 1), radius
        g, B, residual = parabola(z[near], values[near])
        if residual == 0:  # stairs: all values are the same
            return point, replace(after, metric=ALIKE * self.metric, misses=self.misses + 1), radius
        step = within(g, B)
        decrease = -float(g @ step + step @ B @ step / 2)
        doubt = residual * math.sqrt(coefficients / near.sum())
        new = with_slopes(oracle(point.x + ball @ step), ball, g + B @ step, doubt)
        accepted = new.f <= point.f + 3 * noise
        missed = decrease < SEEN * max(doubt, noise * math.sqrt(coefficients / near.sum()))
        # a step too long does not tell whether there is more to gain, unless an edge cuts all steps short
        missed |= not accepted and (radius == SHORTEST or not self.random)
        if residual > ROUGH * noise or not accepted:
            after = replace(after, radius=max(SHRINK * radius, SHORTEST))
        elif residual < SMOOTH * noise and step @ step > 0.9:
            after = replace(after, radius=GROW * radius)
        most = min(SWELL * noise, oracle.derivative.noise(point.f))
        after = replace(
            after,
            metric=self._metric(ball, B, residual),
            noise=max(min(residual, most), FALL * noise),  # it may follow f
            decrease=decrease,
            misses=self.misses + 1 if missed else 0,
        )
        return (new if accepted else point), after, radius

    def _metric(self, ball: np.ndarray, B: np.ndarray, residual: float) -> np.ndarray:
        """The metric in which the parabola with second derivatives `B` in the ball has unit curvature."""
        curvature, axes = np.linalg.eigh(B)
        least = max(2 * max(residual, self.noise), 1e-4 * float(np.abs(curvature).max()))
        metric = ball @ axes / np.sqrt(np.maximum(np.abs(curvature), least))
        return metric if usable(metric) else self.metric

    def _measured(self, point: Point, ball: np.ndarray, wanted: int, oracle: Oracle) -> tuple[np.ndarray, np.ndarray]:
        """Places and values to fit: the nearest old ones, and new ones in the ball, along random axes and anywhere."""
        n = point.x.size
        z = np.linalg.solve(ball, (self.places - point.x).T).T
        far = np.linalg.norm(z, axis=1)
        old = np.argsort(far)[: min(int(KEPT * wanted), int((far <= AROUND).sum()))]
        wanted *= 1 + self.misses  # more where nothing was seen
        rng = np.random.default_rng(self.rounds)  # so that equal runs are equal
        axes = np.linalg.qr(rng.normal(size=(n, n)))[0]
        anywhere = rng.normal(size=(wanted, n))
        anywhere /= np.linalg.norm(anywhere, axis=1)[:, None] / rng.uniform(0.5, 1, wanted)[:, None]
        new = np.vstack([axes, -axes, anywhere])[: wanted - old.size]
        places = (point.x + new @ ball.T).astype(point.x.dtype)
        with np.errstate(all="ignore"):
            values = np.asarray(oracle.objective.batch(places), float)
        return np.vstack([self.places[old], places]), np.concatenate([self.values[old], values])


def suits(point: Point, oracle: Oracle) -> bool:
    """Whether there is noise above rounding, no bound, and few coordinates."""
    return type(oracle) is Oracle and point.x.size <= FEW and getattr(oracle.derivative, "rough", False)


@np.errstate(over="ignore")
def usable(metric: np.ndarray) -> bool:
    """Whether a metric is finite, and so well conditioned that it can be inverted, whatever the units of x_i."""
    width = np.linalg.norm(metric, axis=1)
    if not (np.isfinite(width) & (width > 0)).all():
        return False
    return bool(np.linalg.cond(metric / width[:, None]) < FLATTEST)


def with_slopes(point: Point, ball: np.ndarray, slopes: np.ndarray, doubt: float) -> Point:
    """The point with the slopes of the parabola as its gradient, which saves the differences."""
    back = np.linalg.inv(ball).T
    error = doubt * np.linalg.norm(back, axis=1)
    dtype = point.x.dtype
    return Point(point.x, point.f, (back @ slopes).astype(dtype), error.astype(dtype), point.oracle)


def parabola(z: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """g (n,) and B (n, n) of the c + g'z + z'Bz/2 that is nearest to `values` (k,) at `z` (k, n), and the deviation."""
    n = z.shape[1]
    i, j = np.triu_indices(n)
    columns = np.column_stack([np.ones(len(z)), z, z[:, i] * z[:, j]])
    lowest = float(values.min())
    c, *_ = np.linalg.lstsq(columns, values - lowest, rcond=None)
    B = np.zeros((n, n))
    B[i, j] = c[1 + n :]
    miss = values - lowest - columns @ c
    deviation = math.sqrt(float(miss @ miss) / max(len(z) - c.size, 1))
    return c[1 : 1 + n], B + B.T, deviation


def within(g: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Where g'z + z'Bz/2 is least for |z| <= 1 (Moré & Sorensen 1983, by eigenvalues; n is small)."""
    curvature, axes = np.linalg.eigh(B)
    slopes = axes.T @ g
    size = float(np.linalg.norm(slopes))
    if size == 0:
        return np.zeros_like(g)
    low, high = max(0.0, -float(curvature[0])), max(0.0, -float(curvature[0])) + size
    if curvature[0] > 0 and np.linalg.norm(slopes / curvature) <= 1:
        return -axes @ (slopes / curvature)
    for _ in range(60):
        middle = (low + high) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            longer = np.linalg.norm(slopes / (curvature + middle)) > 1
        low, high = (middle, high) if longer else (low, middle)
    return -axes @ (slopes / (curvature + high))
