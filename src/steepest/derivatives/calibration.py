"""The best step for the difference along each coordinate, found by comparing differences at h and 4h."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
SLOPE, BLUR, CURVATURE, CHANGE, FIRST, SECOND, STEP = range(7)  # the rows of a look


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


@np.errstate(all="ignore")
def glance(
    ask: Ask,
    f: float,
    noise: Noise,
    h: np.ndarray,
    side: np.ndarray,
    down: np.ndarray,
    up: np.ndarray,
) -> Steps:
    """What one look of two evaluations tells of k coordinates; the arguments are those of `calibrate`.

    Truncation is not seen by it. The third derivative is taken to be f''^2/|f'|, as for exp, and on average for
    powers and waves: so the result wants a proof.
    """
    h, side = fit(h, side, down, up)
    look = _look(ask, f, noise, np.arange(h.size), h, side)
    slope, curvature, level = look[SLOPE], look[CURVATURE], noise.at(f)
    third = curvature**2 / np.abs(slope)
    best = np.cbrt(3 * level / third)
    flat = ~(look[CHANGE] > SEEN)
    return Steps(
        h=np.where(np.isfinite(best), np.clip(best, h / 4, 4 * h), h),
        slope=np.where(flat, 0.0, slope),
        error=np.where(flat | ~np.isfinite(third), np.inf, look[BLUR] + third * h * h),
        curvature=np.where(flat, 0.0, curvature),
        blur=np.where(flat, np.inf, 4 * level / h**2),
        side=side,
        flat=flat,
    )


@np.errstate(all="ignore")
def calibrate(
    ask: Ask,
    f: float,
    noise: Noise,
    h: np.ndarray,
    side: np.ndarray,
    down: np.ndarray,
    up: np.ndarray,
    least: np.ndarray,
    most: np.ndarray,
    lost: np.ndarray | None = None,
) -> Steps:
    """Find the best steps for k coordinates together: four evaluations each, rarely more.

    With T = |D(4h) - D(h)| and N the noise in T, the truncation of D(h) is about max(T - N, 0)/15. The step
    grows while T is noise and shrinks while it is not, until the slope is known to 1e-8, or h has been met
    from both sides; the balance of noise and truncation then gives the best h (Gill, Murray, Saunders &
    Wright 1983 compare curvatures in this way; comparing slopes, the truncation is measured and not
    modelled).

    Parameters
    ----------
    ask : callable
        (coordinates, moves of shape (2, m)) -> values and the moves that were made.
    f, noise
        The value at x, and the noise of values.
    h, side : ndarray, shape (k,)
        Where to begin.
    down, up : ndarray, shape (k,)
        The room on either side.
    least, most : ndarray, shape (k,)
        Steps never smaller, never larger.
    lost : ndarray of bool, shape (k,)
        Coordinates of which nothing tells the scale, because x_i = 0: the walk leaps there. With `share` the noise
        in units of f, the step should be about share^(1/3) of the scale; the scale is at least h/share where f
        does not react, h/share^(1/2) where it does not bend, and no more than h where it bends at once. Leaps are
        the square root of that, or less.
    """
    k = h.size
    lost = np.zeros(k, bool) if lost is None else lost
    share = max(noise.level / noise.value, 2.0**-52) if noise.value else 1.0
    part = min(np.cbrt(3 * share), 0.1)  # of its scale, the step of a coordinate
    h, side = fit(4 * h, side, down, up)  # the larger of both steps must have room, too
    h = h / 4
    room = np.where(side == 0, np.minimum(up, down), np.maximum(up, down) / 2)
    reach, ceiling = np.minimum(most, room), np.minimum(FARTHEST, room)
    near, far, chosen, narrow = np.full((4, 7, k), np.nan)
    error, truncation, bound, last = np.full(k, np.inf), np.zeros(k), np.full(k, np.inf), np.zeros(k)
    ask_near = ask_far = np.arange(k)
    for _ in range(WALKS):
        both = np.concatenate([ask_near, ask_far])
        looks = _look(ask, f, noise, both, np.concatenate([h[ask_near], 4 * h[ask_far]]), side[both])
        near[:, ask_near], far[:, ask_far] = looks[:, : ask_near.size], looks[:, ask_near.size :]
        at = np.union1d(ask_near, ask_far)
        a, b = near[:, at], far[:, at]

        # what the two differences say
        gap, blur = np.abs(b[SLOPE] - a[SLOPE]), a[BLUR] + b[BLUR]
        known, inside, excess = np.isfinite(gap), gap <= 2 * blur, np.maximum(gap - blur, 0) / 15
        wide = gap <= blur  # then the larger step tells more
        best = np.where(wide, b, a)
        doubt = np.where(wide, b[BLUR] + gap, a[BLUR] + excess)
        # a smaller step is nearer to the limit: it counts when it contradicts, even if it knows less well
        against = np.abs(best[SLOPE] - chosen[SLOPE, at]) > doubt + error[at]
        better = known & ((doubt < error[at]) | (against & (best[STEP] < chosen[STEP, at])))
        to = at[better]
        chosen[:, to], narrow[:, to] = best[:, better], a[:, better]
        error[to], truncation[to] = doubt[better], excess[better]
        for step in (a, b):  # where f stood still, its slope can't be larger than noise lets it seem
            bound[at] = np.where(step[CHANGE] <= SEEN, np.minimum(bound[at], 4 * step[BLUR]), bound[at])

        # where to go
        broken = np.isnan(a[SLOPE])
        factor = np.where(inside, np.where(b[CHANGE] <= SEEN, 16.0, 4.0), np.where(broken, 1 / 64, 0.25))
        lone = broken & (side[at] == 0) & (np.isfinite(a[FIRST]) != np.isfinite(a[SECOND]))
        side[at[lone]] = np.where(np.isfinite(a[FIRST]), 1, -1)[lone]  # the other side is out of the domain
        factor = np.where(lone, 1 / 8, factor)
        leap = _leaps(a, b, f, share, noise.at(f))
        ceiling[at] = np.where(leap < 1, np.minimum(ceiling[at], h[at]), ceiling[at])
        leaps = lost[at] & (leap * h[at] < ceiling[at])  # False where it is NaN
        factor = np.where(leaps, leap, factor)
        farther = np.minimum(leap * h[at] / part, ceiling[at])
        reach[at] = np.where(leaps, np.maximum(reach[at], farther), reach[at])
        reach[at] = np.where(known, reach[at], np.minimum(reach[at], 2 * h[at]))
        new = np.clip(h[at] * factor, least[at], np.maximum(reach[at] / 4, least[at]))
        way = np.where(factor > 1, 1.0, -1.0)
        tiny = np.where(inside, np.sqrt(TINY * noise.at(f) * np.abs(best[CURVATURE])), 0.0)
        enough = np.maximum(ENOUGH * np.abs(best[SLOPE]), tiny)
        met = known & ~leaps & ((doubt <= enough) | (last[at] * way < 0))
        on = ~met & ((new != h[at]) | lone)
        if not on.any():
            break
        # after a leap there is unseen ground on both sides
        last[at] = np.where(known & (factor != 16) & ~leaps, way, 0.0)
        grown, shrunk = on & known & (new == 4 * h[at]), on & ~broken & (new == h[at] / 4)
        near[:, at[grown]], far[:, at[shrunk]] = b[:, grown], a[:, shrunk]
        h[at] = new
        ask_near, ask_far = at[on & ~grown], at[on & ~shrunk]

    flat = ~(chosen[CHANGE] > SEEN) | (np.abs(chosen[SLOPE]) > bound + error)  # not seen at all, or stairs
    # noise like 1/h and truncation like h^2: at the best step truncation is half of the noise
    best_h = narrow[STEP] * np.clip(np.cbrt(narrow[BLUR] / (2 * truncation)), 0.25, 4)
    best_h = np.clip(best_h, least, np.maximum(reach, least))
    return Steps(
        h=np.where(np.isfinite(best_h), best_h, h),
        slope=np.where(flat, 0.0, chosen[SLOPE]),
        error=np.where(flat, np.inf, error),
        curvature=np.where(flat, 0.0, chosen[CURVATURE]),
        blur=np.where(flat, np.inf, 4 * noise.at(f) / chosen[STEP] ** 2),
        side=side,
        flat=flat,
    )


def _leaps(near: np.ndarray, far: np.ndarray, f: float, share: float, level: float) -> np.ndarray:
    """By which factors to leap from looks at h and 4h where the scale is not known; NaN where h is about right."""
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


def _look(ask: Ask, f: float, noise: Noise, index: np.ndarray, h: np.ndarray, side: np.ndarray) -> np.ndarray:
    """One three-point difference per coordinate: slope, noise in it, curvature, change of f in noise levels,
    the two values, the step; shape (7, k)."""
    values, made = ask(index, moves(h, side))
    slope, curvature, gain = three_point(f, values, made)
    level = noise.at(np.maximum(np.abs(values).max(axis=0), abs(f)))
    change = np.abs(values - f).max(axis=0) / level
    slope[~np.isfinite(values).all(axis=0)] = np.nan
    return np.array([slope, gain * level, curvature, change, values[0], values[1], h])
