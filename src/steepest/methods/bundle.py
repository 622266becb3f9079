"""The proximal bundle method: where slopes jump, the direction comes from cutting planes at points nearby."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ..objective.oracle import Oracle
from ..objective.point import Point
from ..stop import Reason
from .continuation import Continuation
from .simplex import balance

DONE, SURE = 1e-9, 1e-6  # of what the run has gained, that may be left at the end, and for a claim that it is solved
FIRST = 1e-3  # of the size of x, the first length
# Steps without a gain in a row, and all in all, for each coordinate and one more
NULLS, ROUNDS = 10, 50
LEAST, HALF = 0.1, 0.5  # of the fall foreseen: a step counts, and may be longer; Kiwiel (1990)
LONGER, SHORTER = 3.0, 0.2
STALE = 10.0  # times the fall foreseen by which a plane may miss f at the point
LOCAL = 0.1  # how much curvature, in the units of the run, is no proof against a plane
SHORT = 0.03  # of the length at which noise and slope are alike: a difference so short seldom meets a kink
CLEAR = 10.0  # steps of a difference for each coordinate, as far as the place of a slope is moved off a kink
TRIES = 4


@dataclass(frozen=True, eq=False)
class Bundle(Continuation):
    """Planes that touch f near the point: f(x + z unit) is about max(f - error_i + slope_i'z).

    Attributes
    ----------
    unit : ndarray, shape (n,)
        By how much each x_i moves when z_i, which has the units of f, does by 1.
    fall : float
        What the run had gained when the bundle began: the size of f and of z.
    noise : float
        How uncertain a value is.
    slopes, places, errors, weights : ndarray, shape (k, n), (k, n), (k,), (k,)
        The slopes by z, where the planes touch f as seen from the point, by how much they miss f at the point, and
        their shares in the latest step.
    length : float
        The step is this times the mean slope, back.
    left : float
        By how much f can fall, as far as the planes tell; the least so far.
    rounds, nulls : int
        How many planes were added, and how many since the last gain.
    """

    unit: np.ndarray
    fall: float
    noise: float
    slopes: np.ndarray
    places: np.ndarray
    errors: np.ndarray
    weights: np.ndarray
    length: float
    left: float = math.inf
    rounds: int = 0
    nulls: int = 0

    @classmethod
    def of(cls, point: Point, unit: np.ndarray, fall: float, noise: float, oracle: Oracle) -> Bundle:
        """One plane, that at the point."""
        none = np.empty((0, point.x.size))
        bundle = cls(unit, fall, noise, none, none, np.empty(0), np.empty(0), FIRST * fall)
        return replace(bundle._with(*bundle._plane(point, point, oracle)), weights=np.ones(1))

    @property
    def sure(self) -> bool:
        """Whether next to nothing can be left."""
        return self.left <= SURE * self.fall

    @property
    def steepest(self) -> np.ndarray:
        """The steepest slope by z that the latest step counts, shape (n,)."""
        return self.slopes[int(np.argmax((self.slopes**2).sum(axis=1) * (self.weights > 0)))]

    def promise(self, point: Point) -> float:
        return math.inf  # planes are no model of a step: until they are done, they may lead anywhere

    def reason(self) -> Reason:
        if self.sure:
            return Reason(
                "converged.kink",
                f"Converged: slopes jump here, and those of {np.count_nonzero(self.weights)} places around balance; by "
                f"them f can change by no more than {self.left:.2g}.",
            )
        return Reason(
            "stalled",
            f"Stalled: slopes jump here, and {self.rounds} planes through those around find nothing lower, though they "
            f"do not tell that less than {self.left:.2g} is left.",
        )

    @np.errstate(all="ignore")  # what is not finite is no plane
    def step(self, point: Point, oracle: Oracle) -> tuple[Point, Bundle, float]:
        """Add planes until they lead to a lower point, or tell that there is none; length 0.0 when that is over.

        The proximal bundle method: Kiwiel (1990), "Proximity control in bundle methods for convex nondifferentiable
        minimization", Math. Programming 46, with locality measures for functions that are not convex.
        """
        bundle, n, noise = self, point.x.size, self._resolution(point)
        while bundle.nulls < NULLS * (n + 1) and bundle.rounds < ROUNDS * (n + 1):
            bundle, slope, left, foreseen = bundle._balanced()
            if left <= max(10 * noise, DONE * bundle.fall):
                break
            if foreseen <= 4 * noise:
                bundle = replace(bundle, length=10 * bundle.length, nulls=bundle.nulls + n + 1)
                continue
            step = -bundle.length * slope
            trial = oracle((point.x + bundle.unit * step).astype(point.x.dtype))
            lower = trial.f <= point.f - LEAST * foreseen
            plane = _, g, error = bundle._plane(trial, trial if lower else point, oracle)
            if not math.isfinite(error):
                length = SHORTER * bundle.length
                bundle = replace(bundle, length=length, rounds=bundle.rounds + 1, nulls=bundle.nulls + 1)
            elif lower:
                longer = LONGER if trial.f <= point.f - HALF * foreseen else 1.0
                bundle = bundle._seen_from(trial.f - point.f, step, longer * bundle.length)
                found = trial if point.error is None else bundle._with_slope(trial, g, noise)
                return found, bundle._with(*plane), bundle.length
            else:
                shorter = bundle._misled(*plane, step, foreseen)
                length = SHORTER * bundle.length if shorter else bundle.length
                bundle = replace(bundle._with(*plane), nulls=bundle.nulls + 1, length=length)
        up = bundle.steepest
        if bundle.sure and not (bundle.rise(point, up, oracle) > HALF and bundle.rise(point, -up, oracle) >= 0):
            bundle = replace(bundle, left=math.inf)
        return point, bundle, 0.0

    def _balanced(self) -> tuple[Bundle, np.ndarray, float, float]:
        """With the weights of the quadratic program; also the mean slope (n,), the decrease of f that the planes leave
        possible for |z_i| <= `fall`, and the decrease that the step foresees."""
        errors = self._localities()
        weights = balance(math.sqrt(self.length) * self.slopes, errors, self.weights)
        slope, error = weights @ self.slopes, float(weights @ errors)
        size = float(np.linalg.norm(slope))
        left, foreseen = error + size * self.fall * math.sqrt(slope.size), error + self.length * size**2
        return replace(self, weights=weights, left=min(left, self.left)), slope, left, foreseen

    def _misled(self, place: np.ndarray, slope: np.ndarray, error: float, step: np.ndarray, foreseen: float) -> bool:
        """Whether the next step must be shorter, since the plane at the end of the rejected one is useless: it still
        foresees half of the decrease there, or is too far away to count."""
        doubt = max(abs(error), LOCAL / self.fall * float(place @ place))
        useless = slope @ step - doubt < -HALF * foreseen or (doubt > STALE * foreseen and self.nulls % 3 == 2)
        return bool(useless and foreseen > CLEAR * float(np.linalg.norm(place - step)))

    def rise(self, point: Point, slope: np.ndarray, oracle: Oracle) -> float:
        """The change of f over a step up the slope, as a share of what the slope foresees; the step, of the length
        `FIRST` times `fall`, is so long that ripples average out."""
        size = float(np.linalg.norm(slope)) or 1.0
        step = FIRST * self.fall / size * slope * self.unit
        rise = oracle.objective((point.x + step).astype(point.x.dtype)) - point.f
        return rise / (FIRST * self.fall * size)

    def _resolution(self, point: Point) -> float:
        """The least difference of values that counts: noise, or rounding."""
        unit = 4 * float(np.finfo(point.x.dtype).eps)
        return max(self.noise, unit * max(abs(point.f), self.fall))

    def _localities(self) -> np.ndarray:
        """By how much each plane misses f at the point, or may where f bends: Kiwiel's locality measures."""
        return np.maximum(np.abs(self.errors), LOCAL / self.fall * (self.places**2).sum(axis=1))

    def _seen_from(self, change: float, step: np.ndarray, length: float) -> Bundle:
        """The same planes as seen from the point that the `step` led to, where f is another by `change`."""
        errors = self.errors + change - self.slopes @ step
        return replace(self, errors=errors, places=self.places - step, nulls=0, length=length)

    def _with(self, place: np.ndarray, slope: np.ndarray, error: float) -> Bundle:
        """With one plane more; the worst of those that the last step did not need give way."""
        n, k = place.size, self.errors.size
        kept = np.arange(k)
        if k >= 4 * n + 10:
            kept = np.sort(np.lexsort((self._localities(), self.weights == 0))[: 3 * n + 8])
        return replace(
            self, slopes=np.vstack([self.slopes[kept], slope]), places=np.vstack([self.places[kept], place]),
            errors=np.append(self.errors[kept], error), weights=np.append(self.weights[kept], 0.0),
            rounds=self.rounds + 1,
        )  # fmt: skip

    def _plane(self, at: Point, point: Point, oracle: Oracle) -> tuple[np.ndarray, np.ndarray, float]:
        """Where f is touched at, or close to, `at`, the slope there, both by z, and by how much that misses f at
        `point`."""
        x, f, g = (at.x, at.f, at.g.astype(float)) if point.error is None else self._beside(at, oracle)
        place = (x.astype(float) - point.x) / self.unit
        slope = g * self.unit
        return place, slope, point.f - f + float(slope @ place)

    def _beside(self, at: Point, oracle: Oracle) -> tuple[np.ndarray, float, np.ndarray]:
        """A place beside `at`, with the value and the gradient by differences there.

        Differences across a kink tell no slope. So these are short, made off the place itself, to which earlier steps
        have driven the kinks together, and must foretell one more value.
        """
        n, dtype = at.x.size, at.x.dtype
        noise, rng = self._resolution(at), np.random.default_rng(self.rounds)
        h = np.maximum(SHORT * math.sqrt(noise * self.fall) * self.unit, 1e4 * np.finfo(dtype).eps * np.abs(at.x) / 2)
        for k in range(TRIES):
            x = (at.x + CLEAR * n * 4**k * h * rng.normal(size=n)).astype(dtype)
            others = (x + np.vstack([np.diag(h), h * rng.choice([-1.0, 1.0], n)])).astype(dtype)
            f, *values, other = oracle.objective.batch(np.vstack([x, others]))
            steps = others.astype(float) - x
            g = (np.array(values) - f) / np.diag(steps)
            if abs(other - f - g @ steps[-1]) <= 10 * n * noise + 0.01 * float(np.abs(g) @ np.abs(steps[-1])):
                break
        return x, f, g

    def _with_slope(self, trial: Point, slope: np.ndarray, noise: float) -> Point:
        """The trial with the slope by z that was measured beside it as its gradient, which saves the differences."""
        dtype = trial.x.dtype
        error = math.sqrt(noise / self.fall) / SHORT / self.unit
        return Point(trial.x, trial.f, (slope / self.unit).astype(dtype), error.astype(dtype), trial.oracle)
