"""Derivatives to nearly all digits: central differences on a ladder of steps, extrapolated."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .calibration import SEEN, Ask, Ground, calibrate
from .line import Site
from .noise import Noise, estimate_noise
from .probes import Differences

RUNGS = 3  # h, h/4, h/16
WALKS = 20  # by a factor 4 at least: twelve orders of magnitude either way
SLOPE, CURVATURE, CHANGE, PEAK = range(4)  # rows of a rung


class Climb(NamedTuple):
    """Derivatives from ladders: slope, bound on its error (inf: unknown), curvature; arrays of shape (k,)."""

    slope: np.ndarray
    error: np.ndarray
    curvature: np.ndarray

    def improve(self, at: np.ndarray, new: Climb, smaller: np.ndarray) -> None:
        """Take over what is better in `new`, of the coordinates `at`; `smaller`: whose steps are smaller now."""
        # a smaller step is nearer to the limit: it counts when it contradicts, even if it knows less well
        against = smaller & (np.abs(new.slope - self.slope[at]) > new.error + self.error[at])
        better = (new.error < self.error[at]) | against & (new.error < np.inf)
        for array, value in zip(self, new, strict=True):
            array[at[better]] = value[better]


def rungs_at(ask: Ask, f: float, index: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Central differences of the j coordinates `index` with `steps`, shape (m, j): slope, curvature, change of f, and
    largest |f|; shape (m, 4, j)."""
    m = len(steps)
    values, actual = ask(index, np.concatenate([steps, -steps]))
    up, down = values[:m], values[m:]
    peak = np.maximum(np.abs(up), np.abs(down))
    change = np.maximum(np.abs(up - f), np.abs(down - f))
    slope, curvature = (up - down) / (actual[:m] - actual[m:]), ((up - f) + (down - f)) / steps**2
    return np.stack([slope, curvature, change, peak], axis=1)


def extrapolate(
    rungs: np.ndarray, h: np.ndarray, level_at: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The limit of the slopes at h, h/4, h/16; its error; and whether their disagreement is only noise.

    Richardson's R = (16 D(h/4) - D(h))/15 is free of the term in h^2, (256 R' - R)/255 of that in h^4.
    Where the slopes converge as they should, a 16th of |R' - R| is taken for the error of the limit,
    elsewhere all of it. Noise e of values, ``level_at(|f|)``, enters with 18 e/h.
    """
    a, b, c = rungs[:, SLOPE]
    wide, narrow = b + (b - a) / 15, c + (c - b) / 15
    level = level_at(rungs[:, PEAK].max(axis=0))
    blur = 18 * level / h
    error = np.abs(narrow - wide) * np.where(np.abs(c - b) <= np.abs(b - a) / 8, 1 / 16, 1.0) + blur
    seen = rungs[:, CHANGE].max(axis=0) > SEEN * level
    # what changed nothing proves nothing, and says: go on to larger steps
    return (
        narrow + (narrow - wide) / 255,
        np.where(seen & np.isfinite(error), error, np.inf),
        np.abs(c - b) <= 2 * blur,
    )


@np.errstate(all="ignore")
def climb(
    ask: Ask,
    f: float,
    unit: float,
    scale: np.ndarray,
    room: np.ndarray,
    measure: Callable[[], Noise],
) -> Climb:
    """Derivatives along k coordinates: six evaluations each where f is smooth on their scale; where it is
    not, two more for every further rung, upwards while noise blurs the slopes, downwards while they disagree.

    Parameters
    ----------
    ask : callable
        (coordinates, moves of shape (m, j)) -> the values and the moves as rounded, each of shape (m, j).
    f : float
        The value at x.
    unit : float
        The rounding unit of values.
    scale, room : ndarray, shape (k,)
        The scale of each coordinate, and how far it may move either way.
    measure : callable
        Measures the noise of f; called only if some ladder is not clean. Until then it is taken for rounding.
    """
    # noise u/h against truncation h^6: the best step goes with u^(1/7); the factor is measured
    h = np.minimum(6 * unit ** (1 / 7) * scale, room)
    clean = max(1e-9, unit**0.45)
    level_at: Callable[[np.ndarray], np.ndarray] = lambda peak: unit * peak  # noqa: E731
    rungs = rungs_at(ask, f, np.arange(h.size), h / 4.0 ** np.arange(RUNGS)[:, None])
    slope, error, blurred = extrapolate(rungs, h, level_at)
    on = np.flatnonzero(~(error <= clean * np.abs(slope)))
    if on.size:
        level_at = measure().at
        slope, error, blurred = extrapolate(rungs, h, level_at)
    found, upwards = Climb(slope, error, rungs[0, CURVATURE].copy()), blurred[on]
    for _ in range(WALKS):
        h[on] *= np.where(upwards, 4.0, 0.25)
        possible = h[on] <= np.minimum(room[on], scale[on])
        on, upwards = on[possible], upwards[possible]
        if not on.size:
            break
        new = rungs_at(ask, f, on, np.where(upwards, h[on], h[on] / 16)[None])
        old = rungs[:, :, on]
        rungs[:, :, on] = np.where(upwards, np.concatenate([new, old[:2]]), np.concatenate([old[1:], new]))
        slope, error, blurred = extrapolate(rungs[:, :, on], h[on], level_at)
        found.improve(on, Climb(slope, error, rungs[0, CURVATURE, on]), ~upwards)
        further = (blurred == upwards) & ~(error <= clean * np.abs(slope))
        on, upwards = on[further], upwards[further]
    return found._replace(slope=np.where(found.error < np.inf, found.slope, 0.0))


class Accurate(Differences):
    """Differences to nearly all digits, with the error told: for single gradients and for checks.

    Central differences at h, h/4, h/16, h = 6 u^(1/7) |x_i| (1 at 0), extrapolated twice (Richardson 1911);
    more rungs where these disagree. 6n evaluations, and 6 .. 18 more for the noise of fun where something
    is not clean.

    Parameters
    ----------
    objective, x0, bounds, rng
        As for `Finite`.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.objective.oracle import Objective
    >>> from steepest.objective.params import Parameters
    >>> x = np.array([1.0])
    >>> g, error = Accurate(Objective(lambda x: np.exp(x[0]), Parameters(x)), x).gradient(x, np.e)
    >>> (abs(g - np.e) < 1e-12).item(), (error < 1e-9).item()
    (True, True)
    """

    name = "accurate"
    report = "central differences on a ladder of steps, extrapolated, with the error of each component"

    def begin(self, x0: np.ndarray) -> None:
        self.least = 1e-3 * np.where(x0 == 0, 1e3, np.abs(x0)).astype(float)
        self.measured: Noise | None = None
        self.bend: np.ndarray | None = None

    def noise(self, f: float) -> float:
        """The uncertainty of one value of fun near `f`: measured if it had to be, else its rounding."""
        return self.unit * abs(f) if self.measured is None else float(self.measured.at(f))

    def diagonal(self) -> np.ndarray | None:
        """Second derivatives along each coordinate, shape (n,), from the last gradient."""
        return self.bend

    def refresh(self, x: np.ndarray, f: float, noise: bool = True) -> bool:
        """False: every gradient is measured anew."""
        return False

    def gradient(self, x: np.ndarray, f: float) -> tuple[np.ndarray, np.ndarray]:
        """The gradient at `x` and a bound on its error, each of shape (n,); (0, inf) where it is unknown."""
        if not math.isfinite(f):
            return np.zeros_like(x), np.full(x.size, np.inf)
        scale = np.maximum(np.abs(x), self.least).astype(float)
        down, up = self.probes.room(x, np.arange(x.size))
        found = climb(
            lambda index, by: self.probes(x, index, by), f, self.unit, scale, np.minimum(down, up),
            lambda: self._measure(x, f, scale),
        )  # fmt: skip
        narrow = (found.error == np.inf) | (np.minimum(down, up) < self.unit ** (1 / 3) * scale)
        left = np.flatnonzero(narrow & (np.maximum(down, up) > 0))
        if left.size:  # at a bound or the edge of the domain: one-sided
            ask = lambda index, by: self.probes(x, left[index], by)  # noqa: E731
            ground = Ground(ask, f, self._measure(x, f, scale), down[left], up[left])
            h, least = self.unit ** (1 / 3) * scale[left], 16 * self.unit * scale[left]
            steps = calibrate(ground, h, np.zeros(left.size, int), least, scale[left])
            found.improve(left, Climb(steps.slope, steps.error, steps.curvature), np.zeros(left.size, bool))
        self.bend = found.curvature
        return found.slope.astype(x.dtype), found.error

    def _measure(self, x: np.ndarray, f: float, scale: np.ndarray) -> Noise:
        if self.measured is None:
            self.measured = estimate_noise(Site(self.objective, x, f, scale, self.probes.bounds, self.rng))
        return self.measured
