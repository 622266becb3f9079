"""Bundle: where slopes jump, planes through nearby slopes tell which way f still falls, and that it can't; few x_i."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..derivatives.noise import estimate_noise
from ..objective.oracle import Oracle
from ..objective.point import Point
from ..stop import Reason
from .units import Seen

FEW = 50  # coordinates, at most: a model has up to 4 n + 10 planes
# Shares of the largest slope seen: above the first, at the end of a run, a slope is no rest of a curvature below 1e10
# times the smallest, but jumps; coordinates whose slopes were below the second are measured by it.
STEEP, FAINT = 1e-2, 1e-3
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
BESIDE = 1e-3  # of the size of x, where noise is measured; lines there are 6e-9 of that
REACHES = (1e-2, 0.1, 1.0)  # of the size of x, how far it is looked for where f rises again down a slope
# ... and how close a kink is held, by halves; of each the length of a difference; and of a change what most of the
# last halves leave at a kink: of a parabola a half
CLOSE, NEAR, KEPT, LAST = 1e-6, 2.0**-6, 0.7, 5
ALIKE = 1e-13  # of their size, by which slopes differ at least, so that no two planes are the same
CLEARER = 1e-3  # of the noise of fun on longer lines: it is none, but kinks or ripples


class Bundle(NamedTuple):
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
    over : bool
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
    over: bool = False

    @property
    def sure(self) -> bool:
        """Whether next to nothing can be left."""
        return self.left <= SURE * self.fall

    @property
    def steepest(self) -> np.ndarray:
        """The steepest slope by z that the latest step counts, shape (n,)."""
        return self.slopes[int(np.argmax((self.slopes**2).sum(axis=1) * (self.weights > 0)))]

    def reason(self) -> Reason:
        """Why a run ends with it."""
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


def suits(point: Point, seen: Seen, oracle: Oracle) -> bool:
    """Whether a slope is about as large as ever, with few coordinates and without bounds."""
    return type(oracle) is Oracle and seen.start > point.f and bool(steep(point, seen))


def steep(point: Point, seen: Seen) -> Any:
    """Whether a slope is about as large as ever, with few coordinates; of one run or of many."""
    return (np.abs(point.g) > STEEP * _sizes(point, seen)).any(axis=0) & (len(point.x) <= FEW)


def looked(point: Point, memory: Any, oracle: Oracle) -> Any:
    """What a look for a kink makes of the memory of a direction, once a run is slow; it may look a few times."""
    seen = memory.seen
    if seen.kinks == 0 or not suits(point, seen, oracle):
        return memory
    return planes(point, seen, oracle) or memory._replace(seen=seen._replace(kinks=seen.kinks - 1))


@np.errstate(all="ignore")  # what is not finite is no kink
def planes(point: Point, seen: Seen, oracle: Oracle) -> Bundle | None:
    """One plane, that at the point; None where slopes do not jump, but bend, or are made by noise or ripples."""
    if not suits(point, seen, oracle):
        return None
    n, fall, sizes = point.x.size, seen.start - point.f, _sizes(point, seen).astype(float)
    noise = oracle.derivative.noise(point.f)
    if point.error is not None:  # on lines so short that kinks, which look like noise, are not met
        beside = point.x + np.random.default_rng(0).normal(size=n) * math.sqrt(BESIDE) * fall / sizes
        f = oracle.objective(beside.astype(point.x.dtype))
        if not math.isfinite(f):
            return None
        found = estimate_noise(oracle.objective, beside.astype(point.x.dtype), BESIDE * fall / sizes, f)
        if getattr(oracle.derivative, "rough", False) and not found.level < CLEARER * noise:
            return None
        noise = found.level
    nothing = np.empty((0, n))
    memory = Bundle(1 / sizes, fall, noise, nothing, nothing, np.empty(0), np.empty(0), FIRST * fall)
    memory = _with(memory, *_plane(point, point, memory, oracle))._replace(weights=np.ones(1))
    slope = memory.slopes[0]
    sharp = _rises(point, slope, memory, oracle) > HALF and _jumps(point, slope, memory, oracle)
    return memory if sharp else None


def _sizes(point: Point, seen: Seen) -> np.ndarray:
    peak = seen.at(point).peak
    return np.maximum(peak, FAINT * peak.max(axis=0))


@np.errstate(all="ignore")  # what is not finite is no plane
def bundled(point: Point, memory: Bundle, oracle: Oracle) -> tuple[Point, Bundle, float]:
    """Add planes until they lead to a lower point, or tell that there is none; length 0.0 when that is over.

    The proximal bundle method: Kiwiel (1990), "Proximity control in bundle methods for convex nondifferentiable
    minimization", Math. Programming 46, with locality measures for functions that are not convex.
    """
    n = point.x.size
    noise = _noise(point, memory)
    while memory.nulls < NULLS * (n + 1) and memory.rounds < ROUNDS * (n + 1):
        errors = _doubts(memory)
        weights = balance(math.sqrt(memory.length) * memory.slopes, errors, memory.weights)
        slope, error = weights @ memory.slopes, float(weights @ errors)
        size = float(np.linalg.norm(slope))
        left, foreseen = error + size * memory.fall * math.sqrt(n), error + memory.length * size**2
        memory = memory._replace(weights=weights, left=min(left, memory.left))
        if left <= max(10 * noise, DONE * memory.fall):
            break
        if foreseen <= 4 * noise:
            memory = memory._replace(length=10 * memory.length, nulls=memory.nulls + n + 1)
            continue
        step = -memory.length * slope
        trial = oracle((point.x + memory.unit * step).astype(point.x.dtype))
        lower = trial.f <= point.f - LEAST * foreseen
        place, g, error = _plane(trial, trial if lower else point, memory, oracle)
        if not math.isfinite(error):
            rounds, nulls = memory.rounds + 1, memory.nulls + 1
            memory = memory._replace(length=SHORTER * memory.length, rounds=rounds, nulls=nulls)
        elif lower:
            longer = LONGER if trial.f <= point.f - HALF * foreseen else 1.0
            errors = memory.errors + (trial.f - point.f) - memory.slopes @ step
            memory = memory._replace(errors=errors, places=memory.places - step, nulls=0, length=longer * memory.length)
            found = trial if point.error is None else _told(trial, g / memory.unit, noise, memory)
            return found, _with(memory, place, g, error), memory.length
        else:
            doubt = max(abs(error), LOCAL / memory.fall * float(place @ place))
            blind = g @ step - doubt < -HALF * foreseen or (doubt > STALE * foreseen and memory.nulls % 3 == 2)
            short = blind and foreseen > CLEAR * float(np.linalg.norm(place - step))
            length = SHORTER * memory.length if short else memory.length
            memory = _with(memory, place, g, error)._replace(nulls=memory.nulls + 1, length=length)
    up = memory.steepest
    if memory.sure and not (_rises(point, up, memory, oracle) > HALF and _rises(point, -up, memory, oracle) >= 0):
        memory = memory._replace(left=math.inf)
    return point, memory._replace(over=True), 0.0


def _rises(point: Point, slope: np.ndarray, memory: Bundle, oracle: Oracle) -> float:
    """By how much f rises, as a share of what a slope says, over a step up that is not short: ripples do not."""
    size = float(np.linalg.norm(slope)) or 1.0
    step = FIRST * memory.fall / size * slope * memory.unit
    rise = oracle.objective((point.x + step).astype(point.x.dtype)) - point.f
    return rise / (FIRST * memory.fall * size)


def _jumps(point: Point, slope: np.ndarray, memory: Bundle, oracle: Oracle) -> bool:
    """Whether the slope, where it turns from falling to rising on the way down, does so at once."""
    size = float(np.linalg.norm(slope)) or 1.0
    way = -memory.fall / size * slope * memory.unit

    def by(t: float, width: float) -> float:
        places = point.x + np.outer([t + NEAR * width, t - NEAR * width], way)
        ahead, behind = oracle.objective.batch(places.astype(point.x.dtype))
        return float(ahead - behind) / (2 * NEAR * width)

    found = next(((far, rise) for far in REACHES if (rise := by(far, far)) > 0), None)
    if found is None:
        return False
    low, left, (width, right) = 0.0, -memory.fall * size, found
    changes = [right - left]
    while width > CLOSE:
        width /= 2
        middle = by(low + width, width)
        if middle > 0:
            right = middle
        else:
            low, left = low + width, middle
        changes.append(right - left)
    return bool(np.median(np.divide(changes[-LAST:], changes[-LAST - 1 : -1])) > KEPT)


def _noise(point: Point, memory: Bundle) -> float:
    unit = 4 * float(np.finfo(point.x.dtype).eps)
    return max(memory.noise, unit * max(abs(point.f), memory.fall))


def _doubts(memory: Bundle) -> np.ndarray:
    """By how much each plane misses f, or may where f bends."""
    return np.maximum(np.abs(memory.errors), LOCAL / memory.fall * (memory.places**2).sum(axis=1))


def _with(memory: Bundle, place: np.ndarray, slope: np.ndarray, error: float) -> Bundle:
    """With one plane more; the worst of those that the last step did not need give way."""
    n, k = place.size, memory.errors.size
    kept = np.arange(k)
    if k >= 4 * n + 10:
        kept = np.sort(np.lexsort((_doubts(memory), memory.weights == 0))[: 3 * n + 8])
    return memory._replace(
        slopes=np.vstack([memory.slopes[kept], slope]), places=np.vstack([memory.places[kept], place]),
        errors=np.append(memory.errors[kept], error), weights=np.append(memory.weights[kept], 0.0),
        rounds=memory.rounds + 1,
    )  # fmt: skip


def _plane(at: Point, point: Point, memory: Bundle, oracle: Oracle) -> tuple[np.ndarray, np.ndarray, float]:
    """Where f is touched at, or close to, `at`, the slope there, both by z, and by how much that misses f at `point`.

    Differences that meet a kink tell no slope: theirs are short, are made beside the place, where kinks were driven
    together by what was tried before, and must foretell one more value.
    """
    if point.error is None:
        x, f, g = at.x, at.f, at.g.astype(float)
    else:
        x, f, g = _beside(at, memory, oracle)
    place = (x.astype(float) - point.x) / memory.unit
    slope = g * memory.unit
    return place, slope, point.f - f + float(slope @ place)


def _beside(at: Point, memory: Bundle, oracle: Oracle) -> tuple[np.ndarray, float, np.ndarray]:
    n, dtype = at.x.size, at.x.dtype
    noise, rng = _noise(at, memory), np.random.default_rng(memory.rounds)
    h = np.maximum(SHORT * math.sqrt(noise * memory.fall) * memory.unit, 1e4 * np.finfo(dtype).eps * np.abs(at.x) / 2)
    for k in range(TRIES):
        x = (at.x + CLEAR * n * 4**k * h * rng.normal(size=n)).astype(dtype)
        others = (x + np.vstack([np.diag(h), h * rng.choice([-1.0, 1.0], n)])).astype(dtype)
        f, *values, other = oracle.objective.batch(np.vstack([x, others]))
        made = others.astype(float) - x
        g = (np.array(values) - f) / np.diag(made)
        if abs(other - f - g @ made[-1]) <= 10 * n * noise + 0.01 * float(np.abs(g) @ np.abs(made[-1])):
            break
    return x, f, g


def _told(trial: Point, g: np.ndarray, noise: float, memory: Bundle) -> Point:
    """The point with the slope beside it, which saves the differences."""
    dtype = trial.x.dtype
    error = math.sqrt(noise / memory.fall) / SHORT / memory.unit
    return Point(trial.x, trial.f, g.astype(dtype), error.astype(dtype), trial.oracle)


def balance(slopes: np.ndarray, errors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weights w >= 0 of sum 1 for which |w'slopes|^2/2 + w'errors is least, shape (k,), beginning with `weights`.

    An active set, as for least squares by Lawson & Hanson (1974), chapter 23.
    """
    k = errors.size
    Q = slopes @ slopes.T
    size = float(np.trace(Q)) / k or 1.0
    Q, errors = Q / size + ALIKE * np.eye(k), errors / size
    active = np.flatnonzero(weights).tolist()
    w = np.where(weights > 0, weights, 0.0)
    for _ in range(5 * k + 20):
        while True:
            m = len(active)
            both = np.ones((m + 1, m + 1))
            both[:m, :m], both[m, m] = Q[np.ix_(active, active)], 0.0
            best = np.linalg.solve(both, np.append(-errors[active], 1.0))[:m]
            if best.min() > 0 or m == 1:
                w = np.zeros(k)
                w[active] = best
                break
            far = np.where(best <= 0, w[active] / np.maximum(w[active] - best, 1e-300), math.inf)
            first = int(np.argmin(far))
            w[active] += far[first] * (best - w[active])
            w[active.pop(first)] = 0.0
        gradient = Q @ w + errors
        level = float(gradient @ w)
        new = int(np.argmin(gradient))
        if new in active or gradient[new] >= level - 1e-12 * abs(level):
            break
        active.append(new)
    return w / w.sum()
