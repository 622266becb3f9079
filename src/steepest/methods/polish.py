"""Polish: a trust region with quadratic models by regression, for small n, where noise hides the gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ..derivatives.line import sizes
from ..objective.oracle import Oracle
from ..objective.point import Point
from ..stop import Reason
from .continuation import Continuation

FEW = 10  # coordinates, at most: a parabola has (n+1)(n+2)/2 coefficients
REPEATS = 5  # of the first value, since its noise may be far from that at the start of the run
SPARE = 1.5  # values for each coefficient
REACH = math.sqrt(60)  # the first radius: where f is 30 deviations of its noise above its least value
# Above so many deviations of the noise the residual shrinks the radius, below so many it may grow
ROUGH, SMOOTH = 4.0, 2.0
SHRINK, GROW, SHORTEST = 0.6, 1.6, 0.3
ALIKE = 8.0  # by which the metric grows where all values are equal
FALL, SWELL = 0.5, 1.2  # by which the estimate of the noise may change from one model to the next
FLATTEST = 1e8  # the condition number of the metric at most, in units of x_i
AROUND = 2.5  # radii: values farther away are left out of the regression
# Of the first ones so many are old, at most; with half, 4 sigma and not 1 are left on Rosenbrock, n = 5, noise 1e-2 |f|
KEPT = 2 / 3
SEEN = 0.3  # of the model's own deviation: the least decrease that counts
MISSES = 3  # so many models in a row that foresee no decrease end it


class Parabola(NamedTuple):
    """The model c + g'z + z'Bz/2 of k values.

    Attributes
    ----------
    g, B : ndarray, shape (n,), (n, n)
        Its gradient and second derivatives.
    residual : float
        The standard deviation of the values from it.
    share : float
        sqrt(coefficients / k): so many times the deviation of a value is that of a fitted value.
    """

    g: np.ndarray
    B: np.ndarray
    residual: float
    share: float


@dataclass(frozen=True, eq=False)
class Polish(Continuation):
    """The values that a parabola is fitted to, and its trust region.

    Models are functions of z, with x = point.x + ball @ z, ball = radius sqrt(noise) metric, and |z| <= 1. In the
    `metric` second derivatives of f are about 1, so that f changes by radius^2 noise/2 from the centre to |z| = 1.
    """

    metric: np.ndarray  # (n, n), of unit curvature
    places: np.ndarray  # (k, n)
    values: np.ndarray  # (k,)
    noise: float
    random: bool  # whether equal places give other values
    radius: float = REACH
    decrease: float = math.inf  # that the last model foresees
    misses: int = 0
    rounds: int = 0

    @classmethod
    def of(cls, point: Point, oracle: Oracle) -> Polish:
        """Before the first model: the noise, measured anew, and a diagonal metric of second derivatives."""
        noise = float(np.std(oracle.objective.batch(np.tile(point.x, (REPEATS, 1))), ddof=1))
        if not (random := noise > 0):  # it does not scatter, or is not finite
            noise = oracle.derivative.noise(point.f)
        curvature, size = oracle.derivative.diagonal(), sizes(point.x).astype(point.x.dtype)
        furthest = size / (REACH * math.sqrt(noise))  # a step as long as x_i, at most
        with np.errstate(all="ignore"):
            length = 1 / np.sqrt(np.abs(np.full_like(size, np.nan) if curvature is None else curvature))
        length = np.where(length < furthest, length, 0.1 * furthest)
        return cls(np.diag(length), np.empty((0, size.size)), np.empty(0), noise, random)

    def promise(self, point: Point) -> float:
        """The decrease that the last model foresees; until the end more than the noise, so that no test is met."""
        assert point.oracle is not None
        return self.decrease if self.misses >= MISSES else 4 * point.oracle.derivative.noise(point.f)

    def reason(self) -> Reason:
        """All values were alike, so that no parabola could be fitted."""
        return Reason("stalled.steps", "Stalled: around here values are alike, as on a stair: no way down is seen.")

    def step(self, point: Point, oracle: Oracle) -> tuple[Point, Polish, float]:
        """Fit a parabola to values around `point` and go to its minimiser in the ball; length 0.0 when that is over.

        Regression models in noise: Conn, Scheinberg & Vicente (2009), "Introduction to Derivative-Free Optimization",
        chapter 4.
        """
        ball = self.radius * math.sqrt(self.noise) * self.metric
        if self.misses >= MISSES or not usable(ball):
            return point, replace(self, misses=MISSES), 0.0
        places, values = self._measured(point, ball, oracle)
        z = np.linalg.solve(ball, (places - point.x).T).T
        near = np.isfinite(values) & (np.linalg.norm(z, axis=1) <= AROUND)
        after = replace(self, places=places, values=values, rounds=self.rounds + 1)
        if near.sum() <= coefficients(point.x.size):
            return point, replace(after, radius=SHRINK * self.radius, misses=self.misses + 1), self.radius
        model = parabola(z[near], values[near])
        if model.residual == 0:  # stairs: all values are the same
            return point, replace(after, metric=ALIKE * self.metric, misses=self.misses + 1), self.radius
        step = within(model.g, model.B)
        new = with_slopes(oracle(point.x + ball @ step), ball, model, step)
        accepted = new.f <= point.f + 3 * self.noise
        after = after._adapted(model, step, accepted)
        most = min(SWELL * self.noise, oracle.derivative.noise(point.f))  # noise may fall with f
        noise = max(min(model.residual, most), FALL * self.noise)
        after = replace(after, metric=self._metric(ball, model), noise=noise)
        return (new if accepted else point), after, self.radius

    def _adapted(self, model: Parabola, step: np.ndarray, accepted: bool) -> Polish:
        """With the radius for the next model, and what this one foresaw."""
        radius, doubt = self.radius, model.residual * model.share
        decrease = -float(model.g @ step + step @ model.B @ step / 2)
        missed = decrease < SEEN * max(doubt, self.noise * model.share)
        # a rejected step was too long, which is no miss; but where none is shorter, or values do not scatter,
        # so that an edge of f may be the reason, it is
        missed |= not accepted and (radius == SHORTEST or not self.random)
        if model.residual > ROUGH * self.noise or not accepted:
            radius = max(SHRINK * radius, SHORTEST)
        elif model.residual < SMOOTH * self.noise and step @ step > 0.9:
            radius = GROW * radius
        return replace(self, radius=radius, decrease=decrease, misses=self.misses + 1 if missed else 0)

    def _metric(self, ball: np.ndarray, model: Parabola) -> np.ndarray:
        """The metric, shape (n, n), in which the second derivatives of the model are 1 or -1."""
        curvature, axes = np.linalg.eigh(model.B)
        least = max(2 * max(model.residual, self.noise), 1e-4 * float(np.abs(curvature).max()))
        metric = ball @ axes / np.sqrt(np.maximum(np.abs(curvature), least))
        return metric if usable(metric) else self.metric

    def _measured(self, point: Point, ball: np.ndarray, oracle: Oracle) -> tuple[np.ndarray, np.ndarray]:
        """Places (k, n) and values (k,) for the regression: the nearest old ones, and new ones in the ball, along axes
        and at random; at least a third are new, and more after a model that foresaw no decrease."""
        n, wanted = point.x.size, math.ceil(SPARE * coefficients(point.x.size))
        z = np.linalg.solve(ball, (self.places - point.x).T).T
        far = np.linalg.norm(z, axis=1)
        old = np.argsort(far)[: min(int(KEPT * wanted), int((far <= AROUND).sum()))]
        wanted *= 1 + self.misses
        rng = np.random.default_rng(self.rounds)  # so that equal runs are equal
        axes = np.linalg.qr(rng.normal(size=(n, n)))[0]
        anywhere = rng.normal(size=(wanted, n))
        anywhere /= np.linalg.norm(anywhere, axis=1)[:, None] / rng.uniform(0.5, 1, wanted)[:, None]
        new = np.vstack([axes, -axes, anywhere])[: wanted - old.size]
        places = (point.x + new @ ball.T).astype(point.x.dtype)
        with np.errstate(all="ignore"):
            values = np.asarray(oracle.objective.batch(places), float)
        return np.vstack([self.places[old], places]), np.concatenate([self.values[old], values])


def coefficients(n: int) -> int:
    """How many coefficients a parabola in n dimensions has."""
    return (n + 1) * (n + 2) // 2


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


def with_slopes(point: Point, ball: np.ndarray, model: Parabola, step: np.ndarray) -> Point:
    """The point at z = `step` with the gradient of the model there as its own, which saves the differences."""
    back = np.linalg.inv(ball).T
    error = model.residual * model.share * np.linalg.norm(back, axis=1)
    dtype = point.x.dtype
    g = back @ (model.g + model.B @ step)
    return Point(point.x, point.f, g.astype(dtype), error.astype(dtype), point.oracle)


def parabola(z: np.ndarray, values: np.ndarray) -> Parabola:
    """The parabola of least squares for `values` (k,) at `z` (k, n)."""
    n = z.shape[1]
    i, j = np.triu_indices(n)
    columns = np.column_stack([np.ones(len(z)), z, z[:, i] * z[:, j]])
    lowest = float(values.min())
    c, *_ = np.linalg.lstsq(columns, values - lowest, rcond=None)
    B = np.zeros((n, n))
    B[i, j] = c[1 + n :]
    miss = values - lowest - columns @ c
    deviation = math.sqrt(float(miss @ miss) / max(len(z) - c.size, 1))
    return Parabola(c[1 : 1 + n], B + B.T, deviation, math.sqrt(c.size / len(z)))


def within(g: np.ndarray, B: np.ndarray) -> np.ndarray:
    """The minimiser of g'z + z'Bz/2 for |z| <= 1, shape (n,) (Moré & Sorensen 1983, by eigenvalues; n is small)."""
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
