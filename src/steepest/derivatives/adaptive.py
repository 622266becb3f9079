"""Adaptive finite differences: noise and steps are measured, errors told."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from .calibration import Ground, Steps, calibrate
from .firststeps import SHARE, first_steps
from .line import Site, sizes
from .noise import ROUGH, WIDER, Noise, estimate_noise, narrowed
from .origin import noise_and_scale, size_and_scale
from .stencils import Stencils

# Measured on 15 problems, driven by BFGS: evaluations until 1e-8 of the start
# The noise is measured again when |f| has fallen below these shares of its value at the last measurement, the second if
# the noise is not rounding, and the error is above this share of the gradient
FALLEN, LOWER, FINE = 1e-3, 0.25, 2e-3
STALE = 0.1  # of a component: the step of central differences is measured again if the error is larger
# A step is measured again when x_i has moved by so many times |f''/f'''|, unless the error, so many times as large,
FAR = 100.0  # would be within SHARE: that saves 4 % of the evaluations on the tuning half
RISE = 100.0  # noise levels by which f may always change over a step
LEAST = 16  # times the rounding of x, the shortest step
SLACK = 0.3  # of the slopes at both ends, by which the change of f may be outside of them; 0.1 and 1 cost the same


class Finite(Stencils):
    """Adaptive finite differences: forward while they are good enough, then central.

    The noise e of fun is measured at the first gradient, and the best step of each coordinate by
    differences at h and 4h (`calibrate`; 4 evaluations each). From then on a gradient costs n evaluations,
    forward, h = 2 sqrt(e/|f''|), error 2 sqrt(e |f''|) (Gill, Murray, Saunders & Wright 1983), until that
    error reaches 2 % of the gradient in the metric diag(1/|f''|), which has no units; then 2n, central,
    h = (3 e/|f'''|)^(1/3), error 1.04 e^(2/3) |f'''|^(1/3). Steps follow the noise, and are measured again
    where f has changed as neither slope foretold, where x has gone far and the error may matter, and where
    it is large. At bounds and where fun is not finite the formulas turn to one side.

    Parameters
    ----------
    objective : Objective
        Asked through ``batch``, once per gradient.
    x0 : ndarray, shape (n,)
        Sets the scale of each coordinate, |x0_i|, or 1 at 0, with which the measurement begins; its result does not
        depend on it.
    bounds : (low, high), optional
        Arrays of shape (n,); nothing is evaluated outside.
    rng : int or numpy.random.Generator
        For the line along which the noise is measured.

    Attributes
    ----------
    central : bool
        Whether it has changed to central differences.
    measured : Noise
        The noise, once a gradient was asked for.
    steps : Steps
        The steps, likewise. Coordinates along which fun does not change are ``steps.flat``; their component of
        the gradient is 0, its error inf.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.objective.oracle import Objective
    >>> from steepest.objective.params import Parameters
    >>> x = np.array([1e-6, 2e6])
    >>> f = Objective(lambda x: np.exp(1e6 * x[0]) + np.sin(1e-6 * x[1]), Parameters(x))
    >>> g, error = Finite(f, x).gradient(x, f(x))
    >>> np.abs(g / [1e6 * np.e, 1e-6 * np.cos(2)] - 1).max() < 1e-6
    np.True_
    """

    name = "fd"

    def begin(self, x0: np.ndarray) -> None:
        self.scale = sizes(x0)
        self.unscaled = x0 == 0  # their scale is not known, until their steps are
        self.all = np.arange(x0.size)
        self.ready, self.central, self.window = False, False, 1.0
        self.blind = False  # whether any coordinate is flat
        self.exact_at: np.ndarray | None = None  # where the slopes of `steps` are the gradient
        self.latest = None

    @property
    def report(self) -> str:
        """One sentence: what is used, and how exact it is."""
        if not self.ready:
            return "finite differences, steps to be measured at the first gradient"
        kind = "central" if self.central else "forward"
        bounds = self.probes.bounds
        blind = np.flatnonzero(self.steps.flat & (bounds is None or bounds[0] < bounds[1]))
        unknown = f"; fun does not react to x[{blind[0]}] beyond its noise" if blind.size else ""
        return f"{kind} differences, steps measured, {self.measured}{unknown}"

    def noise(self, f: float) -> float:
        """The uncertainty of one value of fun near `f`, one standard deviation."""
        return float(self.measured.at(f)) if self.ready else self.unit * abs(f)

    @property
    def rough(self) -> bool:
        """Whether values are uncertain by more than the rounding of float64: random, computed in float32, or by
        a solver with a tolerance."""
        return self.ready and self.measured.level > ROUGH * self.measured.value

    def diagonal(self) -> np.ndarray | None:
        """Second derivatives along each coordinate, shape (n,); NaN where they are below the noise."""
        if not self.ready:
            return None
        self.learn()
        return np.where(np.abs(self.steps.curvature) > self.steps.blur, self.steps.curvature, np.nan)

    def coarse(self, f: float, most: float) -> np.ndarray:
        """Whether over the last step along each coordinate, where fun is `f`, the quadratic term h^2 f''/2 is larger
        than `most`; shape (n,)."""
        if not self.ready:
            return np.zeros(self.all.size, bool)
        h = self.steps.h if self.exact_at is not None else self.unit_steps * self.level(f) ** (1 / 3)
        return np.abs(self.steps.curvature) * h * h / 2 > most

    def gradient(self, x: np.ndarray, f: float) -> tuple[np.ndarray, np.ndarray]:
        """The gradient at `x` and a bound on its error, each of shape (n,); (0, inf) where it is unknown."""
        if not math.isfinite(f):
            return np.zeros_like(x), np.full(x.size, np.inf)
        if not self.ready:
            self._begin(x, f)
        elif self.exact_at is None or not np.array_equal(self.exact_at, x):
            g, error = self._differences(x, f)
            fallen = LOWER if self.rough else FALLEN
            if abs(f) < fallen * self.height and not self.within(FINE, g, error):
                self._measure(x, f)
                g, error = self._differences(x, f)
            if not (self.central or self.within(SHARE, g, error)):
                g, error = self._turn(x, f, g, error)
            elif not (self.central or self._plausible(x, f, g)):
                self._calibrate(x, f, self.all)
            else:
                self.exact_at = None
        if self.exact_at is not None:
            g, error = self.steps.slope.copy(), self.steps.error.copy()
        self.last = x, f, g
        return g.astype(x.dtype, copy=False), error

    def refresh(self, x: np.ndarray, f: float, noise: bool = True) -> bool:
        """Measure steps anew at `x`, and the `noise` over a wider window; True if either has changed by much."""
        if not self.ready or not math.isfinite(f):
            return False
        earlier, height, h, central = self.measured, self.height, self.steps.h.copy(), self.central
        level = earlier.at(f)
        self.central = True
        if noise:
            self.window *= WIDER
            self._measure(x, f)
        if not self.measured.stochastic and self.measured.level < level and abs(f) >= LOWER * height:
            self.measured = earlier  # f is bent over so wide a window, which hides what a narrower one showed
        self._calibrate(x, f, self.all)
        changed = np.abs(np.log2(self.steps.h / h)) > 2
        return bool(not central or self.measured.at(f) > 3 * level or changed.any())

    def _begin(self, x: np.ndarray, f: float) -> None:
        n = x.size
        self.measured = self._noise_at(x, f)
        self.unscaled &= self.measured.relative  # a ripple looks bent on every scale, down to where it is smooth
        level = self.measured.level
        self.size, self.scale = size_and_scale(self._site(x, f), self.unscaled, self.measured)
        share = level / self.measured.value if self.measured.value else self.unit
        h = min(np.cbrt(3 * max(share, self.unit, level / (self.size or 1.0))), 0.1) * self.scale
        slope, error, curvature, blur = np.zeros((4, n))
        self.steps = Steps(h.copy(), slope, error, curvature, blur, np.zeros(n, int), np.zeros(n, bool))
        self.unit_steps, self.bend, self.reach = np.zeros((3, n))
        self.where, self.age, self.wait = x.astype(float), np.zeros(n, int), np.full(n, 2)
        self._first(x, f)
        found = self.unscaled & ~self.steps.flat
        self.scale[found] *= self.steps.h[found] / h[found]
        self.unscaled &= self.steps.flat
        self.ready = True

    def _noise_at(self, x: np.ndarray, f: float) -> Noise:
        self.height = abs(f)  # wide windows hold larger values
        noise = None
        if self.window == 1:
            noise, self.scale = noise_and_scale(self._site(x, f), self.unscaled & (not self.ready))
        site = self._site(x, f)
        return narrowed(noise or estimate_noise(site, self.window), site)

    def _site(self, x: np.ndarray, f: float) -> Site:
        return Site(self.objective, x, f, self.scale, self.probes.bounds, self.rng)

    def _measure(self, x: np.ndarray, f: float) -> None:
        """Measure the noise again; it is never less than what the rounding of x alone makes of f."""
        noise = self._noise_at(x, f)
        bend = np.where(np.isfinite(self.bend) & ~self.steps.flat, self.bend, 0.0)  # infinite: not known
        with np.errstate(all="ignore"):  # x may be on its way to infinity
            finest = (bend * (self.unit * x) ** 2).max(initial=0.0)
        self.measured = replace(noise, level=max(noise.level, float(finest)))

    @np.errstate(all="ignore")
    def _first(self, x: np.ndarray, f: float) -> None:
        """The first gradient, by `first_steps`; where these leave doubts the steps are calibrated."""
        doubtful = self.all
        if math.isfinite(self.measured.rise):
            size = self.size if self.unscaled.any() else None
            ground, along = self._ground(x, f, self.all), lambda line: self.objective((x + line).astype(x.dtype))
            first, doubtful = first_steps(ground, self.steps.h, self.steps.side, self.scale, size, along)
            self._put(x, f, self.all, first)
        if doubtful.size:
            self._calibrate(x, f, doubtful)
        self.exact_at = x.copy()

    def _ground(self, x: np.ndarray, f: float, index: np.ndarray) -> Ground:
        ask = lambda which, by: self.probes(x, index[which], by)  # noqa: E731
        return Ground(ask, f, self.measured, *self.probes.room(x, index))

    @np.errstate(all="ignore")
    def _calibrate(self, x: np.ndarray, f: float, index: np.ndarray) -> None:
        """Measure the steps of the coordinates `index`, and with them their part of the gradient at `x`."""
        steps = self.steps
        self.learn()
        size = np.maximum(np.abs(x[index]), np.finfo(x.dtype).tiny / self.unit**2).astype(float)
        scale, least = np.maximum(self.scale[index], size), LEAST * self.unit * size
        new = calibrate(
            self._ground(x, f, index),
            np.maximum(steps.h[index], least),
            steps.side[index],
            least=least,
            most=np.maximum(scale, np.minimum(1.0, 1e6 * scale)),
            unscaled=self.unscaled[index],
        )
        changed = np.abs(np.log2(new.h / steps.h[index])) > math.log2(3)
        self.wait[index] = np.where(changed, 2, 2 * self.wait[index])
        self._put(x, f, index, new)

    def _put(self, x: np.ndarray, f: float, index: np.ndarray, new: Steps) -> None:
        """Take over what was measured at `x` of the coordinates `index`."""
        steps = self.steps
        self.age[index] = 0
        steps.put(index, new)
        self.unit_steps[index] = new.h / self.level(f) ** (1 / 3)
        self.bend = np.maximum(np.abs(steps.curvature), steps.blur)  # the largest |f''| that was not excluded
        self.where[index], self.reach[index] = x[index], (self.bend * self.unit_steps**3 / 3)[index]
        self.blind = bool(steps.flat.any())
        self.exact_at = x.copy() if index.size == x.size else None

    def _differences(self, x: np.ndarray, f: float) -> tuple[np.ndarray, np.ndarray]:
        """One batch of forward or central differences with the steps that are known."""
        steps, level = self.steps, self.level(f)
        h = self.unit_steps * level ** (1 / 3)
        with np.errstate(all="ignore"):
            if not self.measured.relative:  # noise may grow with f: no farther than to where that is twice as large
                rise = np.sqrt(2 * max(abs(f), RISE * level) / self.bend)
                h = np.where(rise > 0, np.minimum(h, rise), h)
            g, error = (self.central_differences if self.central else self.forward_differences)(x, f, h, level)
            # central differences see by themselves how the second derivative has changed
            fine = self.central or self.within(SHARE / FAR, g, error)
            stale = (not fine) & (np.abs(x - self.where) > FAR * self.reach)
        self.age += 1
        renew = stale | steps.flat | ~(error <= STALE * np.abs(g))  # True where it is NaN
        if renew.any():
            waited = self.age >= self.wait
            due = stale | ~np.isfinite(g) | (self.central & waited)
            # what fun did not react to at one place it may react to at another
            index = np.flatnonzero(renew & np.where(steps.flat, waited, due))
            if index.size:
                self._calibrate(x, f, index)
                g[index], error[index] = steps.slope[index], steps.error[index]
        if self.blind:
            g[steps.flat], error[steps.flat] = 0.0, np.inf
        return g, error

    def _turn(self, x: np.ndarray, f: float, forward: np.ndarray, within: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The first central differences; steps are calibrated where they contradict the `forward` differences, which
        are exact `within` their error, shape (n,)."""
        self.central, self.exact_at = True, None
        g, error = self._differences(x, f)
        index = np.flatnonzero(np.abs(g - forward) > error + within)
        if index.size:
            self._calibrate(x, f, index)
            g[index], error[index] = self.steps.slope[index], self.steps.error[index]
        return g, error

    def _plausible(self, x: np.ndarray, f: float, g: np.ndarray) -> bool:
        """Whether f has changed, since the last gradient, by a value between those of the linear models at both ends,
        as it must where f is convex or concave; elsewhere a False costs a calibration that was not needed."""
        x_last, f_last, g_last = self.last
        step = x - x_last
        begin, end = float(g_last @ step), float(g @ step)
        slack = SLACK * (abs(begin) + abs(end)) + 10 * self.noise(f_last)
        return min(begin, end) - slack <= f - f_last <= max(begin, end) + slack
