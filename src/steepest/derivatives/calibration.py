"""The best step for the difference along each coordinate, found by comparing differences at h and 4h."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .noise import Noise
from .probes import three_point

Ask = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

WALKS = 20  # by a factor 4 at least: twelve orders of magnitude either way
ENOUGH = 1e-8  # relative error of a slope that ends the walk; 1e-6 leaves 10 times scipy's error at n = 1000
TINY = 1e-4  # of the noise: what the error of a slope may let f miss at its minimum, error^2/|f''|; this ends it, too
FARTHEST = 2.0**60  # how far a coordinate may be moved in search of a reaction
SEEN = 2.0  # a change of f counts from so many noise levels on
BOTH = np.array([[1.0], [-1.0]])
SLOPE, BLUR, CURVATURE, CHANGE, FIRST, SECOND, STEP = range(7)  # the rows of an array of three-point differences


@dataclass
class Steps:
    """What is known about each of n coordinates; every attribute is an array of shape (n,).

    Attributes
    ----------
    h : ndarray
        The best step of the three-point formula for the noise at which it was found.
    slope, error : ndarray
        The derivative there, and a bound on its error; 0 and inf where `flat`.
    curvature, blur : ndarray
        The second derivative, and the noise in it.
    side : ndarray of int
        0: central; 1, -1: only points above, below x are used.
    flat : ndarray of bool
        f showed no change beyond its noise at any step, or stairs, so that the slope is unknown.
    """

    h: np.ndarray
    slope: np.ndarray
    error: np.ndarray
    curvature: np.ndarray
    blur: np.ndarray
    side: np.ndarray
    flat: np.ndarray

    def put(self, index: np.ndarray, new: Steps) -> None:
        """Replace what is known about the coordinates `index`."""
        for name, array in vars(self).items():
            array[index] = getattr(new, name)

    def take(self, index: np.ndarray) -> Steps:
        """What is known about the coordinates `index`."""
        return Steps(**{name: array[index] for name, array in vars(self).items()})


def moves(h: np.ndarray, side: np.ndarray) -> np.ndarray:
    """The two moves of the three-point formula with step h: (h, -h), or (h, 2h) to one side; shape (2, k)."""
    if not side.any():
        return BOTH * h
    return np.array([np.where(side == 0, h, side * h), np.where(side == 0, -h, 2 * side * h)])


def fit(h: np.ndarray, side: np.ndarray, down: np.ndarray, up: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Steps and sides with which the three-point formula stays within the room on either side."""
    room = np.where(side > 0, up, np.where(side < 0, down, np.minimum(up, down)))
    fits = np.where(side == 0, h, 2 * h) <= room
    side = np.where(fits, side, np.where(up >= down, 1, -1))
    return np.where(fits, h, np.minimum(h, np.maximum(up, down) / 2)), side


@dataclass(frozen=True)
class Ground:
    """The point at which k coordinates are differenced.

    Attributes
    ----------
    ask : callable
        (coordinates, moves of shape (2, m)) -> the values and the moves as rounded, each of shape (2, m).
    f, noise
        The value at x, and the noise of values.
    down, up : ndarray, shape (k,)
        The room on either side.
    """

    ask: Ask
    f: float
    noise: Noise
    down: np.ndarray
    up: np.ndarray

    def differences(self, index: np.ndarray, h: np.ndarray, side: np.ndarray) -> np.ndarray:
        """One three-point difference for each of m coordinates: slope, noise in it, curvature, change of f in noise
        levels, the two values, the step; shape (7, m)."""
        return self.from_values(*self.ask(index, moves(h, side)), h)

    def from_values(self, values: np.ndarray, actual: np.ndarray, h: np.ndarray) -> np.ndarray:
        """The same from `values` after the moves `actual`, each of shape (2, m)."""
        slope, curvature, gain = three_point(self.f, values, actual)
        level = self.noise.at(np.maximum(np.abs(values).max(axis=0), abs(self.f)))
        change = np.abs(values - self.f).max(axis=0) / level
        slope[~np.isfinite(values).all(axis=0)] = np.nan
        return np.array([slope, gain * level, curvature, change, values[0], values[1], h])


@np.errstate(all="ignore")
def calibrate(
    ground: Ground,
    h: np.ndarray,
    side: np.ndarray,
    least: np.ndarray,
    most: np.ndarray,
    unscaled: np.ndarray | None = None,
) -> Steps:
    """Find the best steps for k coordinates together: four evaluations each, rarely more.

    With T = |D(4h) - D(h)| and N the noise in T, the truncation of D(h) is about max(T - N, 0)/15. The step
    grows while T is noise and shrinks while it is not, until the slope is known to 1e-8, or h has been met
    from both sides; the balance of noise and truncation then gives the best h (Gill, Murray, Saunders &
    Wright 1983 compare curvatures in this way; comparing slopes, the truncation is measured and not
    modelled).

    Parameters
    ----------
    ground : Ground
    h, side : ndarray, shape (k,)
        Where to begin.
    least, most : ndarray, shape (k,)
        Steps never smaller, never larger.
    unscaled : ndarray of bool, shape (k,)
        Coordinates whose scale is unknown, because x_i = 0: steps there change by more than a factor 4 at once. With
        `share` the noise in units of f, the step should be about share^(1/3) of the scale; the scale is at least
        h/share where f does not change, h/share^(1/2) where it is linear, and no more than h where its slope changes
        at once. Factors are the square root of that, or less.
    """
    walk = _Walk(ground, h, side, least, most, np.zeros(h.size, bool) if unscaled is None else unscaled)
    for _ in range(WALKS):
        pair = walk.measure()
        walk.learn(pair)
        if not walk.move(pair):
            break
    return walk.steps()


class _Pair(NamedTuple):
    """The three-point differences at h (`near`) and 4h (`far`) of the coordinates `at`; `best`: the more exact one."""

    at: np.ndarray
    near: np.ndarray
    far: np.ndarray
    known: np.ndarray
    inside: np.ndarray  # their slopes differ by no more than noise
    best: np.ndarray
    doubt: np.ndarray  # of its slope
    excess: np.ndarray  # the truncation at h, above the noise


class _Walk:
    """The state of a calibration: differences at h and 4h, the best ones so far, and the next steps."""

    def __init__(
        self,
        ground: Ground,
        h: np.ndarray,
        side: np.ndarray,
        least: np.ndarray,
        most: np.ndarray,
        unscaled: np.ndarray,
    ):
        k, noise, down, up = h.size, ground.noise, ground.down, ground.up
        self.ground, self.least, self.unscaled = ground, least, unscaled
        self.share = max(noise.level / noise.value, 2.0**-52) if noise.value else 1.0
        h, self.side = fit(4 * h, side, down, up)  # the larger of both steps must have room, too
        self.h = h / 4
        room = np.where(self.side == 0, np.minimum(up, down), np.maximum(up, down) / 2)
        self.reach, self.ceiling = np.minimum(most, room), np.minimum(FARTHEST, room)
        self.near, self.far, self.chosen, self.narrow = np.full((4, 7, k), np.nan)
        self.error, self.bound = np.full((2, k), np.inf)
        self.truncation, self.last = np.zeros((2, k))
        self.ask_near = self.ask_far = np.arange(k)

    def measure(self) -> _Pair:
        """Differences at h and at 4h, where they are not known yet."""
        both = np.concatenate([self.ask_near, self.ask_far])
        h = np.concatenate([self.h[self.ask_near], 4 * self.h[self.ask_far]])
        differences = self.ground.differences(both, h, self.side[both])
        self.near[:, self.ask_near], self.far[:, self.ask_far] = np.split(differences, [self.ask_near.size], axis=1)
        at = np.union1d(self.ask_near, self.ask_far)
        a, b = self.near[:, at], self.far[:, at]
        gap, blur = np.abs(b[SLOPE] - a[SLOPE]), a[BLUR] + b[BLUR]
        wide, excess = gap <= blur, np.maximum(gap - blur, 0) / 15  # where wide, the larger step tells more
        doubt = np.where(wide, b[BLUR] + gap, a[BLUR] + excess)
        return _Pair(at, a, b, np.isfinite(gap), gap <= 2 * blur, np.where(wide, b, a), doubt, excess)

    def learn(self, pair: _Pair) -> None:
        """Keep what is better than all before."""
        at, best, doubt = pair.at, pair.best, pair.doubt
        # a smaller step is nearer to the limit: it counts when it contradicts, even if it knows less well
        against = np.abs(best[SLOPE] - self.chosen[SLOPE, at]) > doubt + self.error[at]
        better = pair.known & ((doubt < self.error[at]) | (against & (best[STEP] < self.chosen[STEP, at])))
        to = at[better]
        self.chosen[:, to], self.narrow[:, to] = best[:, better], pair.near[:, better]
        self.error[to], self.truncation[to] = doubt[better], pair.excess[better]
        # where f did not change beyond its noise, its slope is no larger than noise can hide
        for step in (pair.near, pair.far):
            still = np.minimum(self.bound[at], 4 * step[BLUR])
            self.bound[at] = np.where(step[CHANGE] <= SEEN, still, self.bound[at])

    def move(self, pair: _Pair) -> bool:
        """Choose the next steps, where others may be more exact; whether there are any."""
        at, a, b, known, inside, best, doubt, _ = pair
        f, level, h = self.ground.f, self.ground.noise.at(self.ground.f), self.h[at]
        broken = np.isnan(a[SLOPE])
        factor = np.where(inside, np.where(b[CHANGE] <= SEEN, 16.0, 4.0), np.where(broken, 1 / 64, 0.25))
        lone = broken & (self.side[at] == 0) & (np.isfinite(a[FIRST]) != np.isfinite(a[SECOND]))
        # the other side is out of the domain
        self.side[at[lone]] = np.where(np.isfinite(a[FIRST, lone]), 1, -1)
        factor = np.where(lone, 1 / 8, factor)
        leap = _leaps(a, b, f, self.share, level)
        self.ceiling[at] = np.where(leap < 1, np.minimum(self.ceiling[at], h), self.ceiling[at])
        leaps = self.unscaled[at] & (leap * h < self.ceiling[at])  # False where it is NaN
        factor = np.where(leaps, leap, factor)
        part = min(np.cbrt(3 * self.share), 0.1)  # of its scale, the step of a coordinate
        reach, farther = self.reach[at], np.minimum(leap * h / part, self.ceiling[at])
        reach = np.where(leaps, np.maximum(reach, farther), reach)
        reach = np.where(known, reach, np.minimum(reach, 2 * h))
        new = np.clip(h * factor, self.least[at], np.maximum(reach / 4, self.least[at]))
        way = np.where(factor > 1, 1.0, -1.0)
        tiny = np.where(inside, np.sqrt(TINY * level * np.abs(best[CURVATURE])), 0.0)
        enough = np.maximum(ENOUGH * np.abs(best[SLOPE]), tiny)
        met = known & ~leaps & ((doubt <= enough) | (self.last[at] * way < 0))
        on = ~met & ((new != h) | lone)
        self.reach[at] = reach
        if not on.any():
            return False
        # after a factor larger than 4 the best step may lie on either side
        self.last[at] = np.where(known & (factor != 16) & ~leaps, way, 0.0)
        grown, shrunk = on & known & (new == 4 * h), on & ~broken & (new == h / 4)
        self.near[:, at[grown]], self.far[:, at[shrunk]] = b[:, grown], a[:, shrunk]
        self.h[at] = new
        self.ask_near, self.ask_far = at[on & ~grown], at[on & ~shrunk]
        return True

    def steps(self) -> Steps:
        """The result."""
        chosen, narrow, level = self.chosen, self.narrow, self.ground.noise.at(self.ground.f)
        # no change seen at all, or steps of a staircase
        flat = ~(chosen[CHANGE] > SEEN) | (np.abs(chosen[SLOPE]) > self.bound + self.error)
        # noise like 1/h and truncation like h^2: at the best step truncation is half of the noise
        h = narrow[STEP] * np.clip(np.cbrt(narrow[BLUR] / (2 * self.truncation)), 0.25, 4)
        h = np.clip(h, self.least, np.maximum(self.reach, self.least))
        return Steps(
            h=np.where(np.isfinite(h), h, self.h),
            slope=np.where(flat, 0.0, chosen[SLOPE]),
            error=np.where(flat, np.inf, self.error),
            curvature=np.where(flat, 0.0, chosen[CURVATURE]),
            blur=np.where(flat, np.inf, 4 * level / chosen[STEP] ** 2),
            side=self.side,
            flat=flat,
        )


def _leaps(near: np.ndarray, far: np.ndarray, f: float, share: float, level: float) -> np.ndarray:
    """The factors for steps h where the scale is unknown, from differences at h and 4h; NaN where h is about right."""
    gap, blur = np.abs(far[SLOPE] - near[SLOPE]), 4 * (near[BLUR] + far[BLUR])
    unseen = far[CHANGE] <= SEEN
    straight = (gap <= blur) & (np.abs(near[CURVATURE]) * near[STEP] ** 2 <= 16 * level)
    bent = ~(gap <= np.maximum(blur, 0.5 * np.maximum(np.abs(far[SLOPE]), np.abs(near[SLOPE]))))
    # f has risen so high above its value at x that its rounding hides the slope
    hidden = (near[CHANGE] * share > 0.5) & (near[BLUR] > 1e-6 * np.abs(near[SLOPE]))
    hidden &= (near[SLOPE] != 0) | (f != 0)
    return np.select(
        [unseen, straight & (far[CHANGE] * share < 1e-3), (bent & (near[CHANGE] > 100)) | hidden],
        [share ** (-1 / 3), share ** (-1 / 6), share ** (1 / 6)],
        np.nan,
    )
