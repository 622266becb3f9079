"""Gradients by finite differences: steps measured for the function at hand, errors told."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..oracle import Objective
from .calibration import Steps, calibrate, fit, moves
from .noise import WIDER, Noise, estimate_noise
from .probes import Probes, three_point

SHARE = 0.02  # of the gradient, the error up to which forward differences do; 0.1 costs as much, 0.3 twice (measured)
DEEPEST = 1e-18  # the noise is not taken to fall further with f: rounding inside fun remains
STALE = 0.1  # of a component, the error from which its step is measured anew


class Finite:
    """Adaptive finite differences: forward while they are good enough, then central.

    The noise e of fun is measured once, at the first gradient, and the best step of each coordinate by
    differences at h and 4h (`calibrate`; 4 evaluations each). From then on a gradient costs n evaluations,
    forward, h = 2 sqrt(e/|f''|), error 2 sqrt(e |f''|) (Gill, Murray, Saunders & Wright 1983), until that error
    reaches 2 % of the gradient in the metric diag(1/|f''|), which has no units; then 2n, central,
    h = (3 e/|f'''|)^(1/3), error 1.04 e^(2/3) |f'''|^(1/3). Steps follow the noise as f falls. At bounds and where
    fun is not finite the formulas turn to one side.

    Parameters
    ----------
    objective : Objective
        Asked through ``batch``, once per gradient.
    x0 : ndarray, shape (n,)
        Sets the scale of each coordinate: |x0_i|, or 1 at 0. Only where the measurement begins, not its result.
    f0 : float, optional
        Not needed; the signature is that of all derivatives.
    bounds : (low, high), optional
        Arrays of shape (n,); nothing is evaluated outside.
    rng : int or numpy.random.Generator
        For the line along which the noise is measured.

    Attributes
    ----------
    central : bool
        Whether it has changed to central differences.
    flat : ndarray of bool, shape (n,), or None
        Coordinates that fun showed no reaction to: their component is reported as 0 with error inf.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.oracle import Objective
    >>> from steepest.params import Parameters
    >>> x = np.array([1e-6, 2e6])
    >>> f = Objective(lambda x: np.exp(1e6 * x[0]) + np.sin(1e-6 * x[1]), Parameters(x))
    >>> g, error = Finite(f, x).gradient(x, f(x))
    >>> np.abs(g / [1e6 * np.e, 1e-6 * np.cos(2)] - 1).max() < 1e-6
    np.True_
    """

    name = "fd"

    def __init__(
        self,
        objective: Objective,
        x0: np.ndarray,
        f0: float | None = None,
        bounds: tuple[np.ndarray, np.ndarray] | None = None,
        rng: Any = None,
    ):
        self.objective, self.probes, self.rng = objective, Probes(objective, bounds), np.random.default_rng(rng)
        self.scale = np.where(x0 == 0, 1.0, np.abs(x0)).astype(float)
        self.unit = float(np.finfo(x0.dtype).eps)
        self.all = np.arange(x0.size)
        self.central, self.window, self.blind = False, 1.0, False
        self.steps: Steps | None = None
        self.latest: tuple[np.ndarray, np.ndarray, float] | None = None  # what central differences gave for free
        self.at: np.ndarray | None = None  # where the slopes of the last measurement of all steps hold
        self.measured: Noise | None = None

    @property
    def report(self) -> str:
        """One sentence: what is used, and how exact it is."""
        if self.steps is None or self.measured is None:
            return "finite differences, steps to be measured at the first gradient"
        kind = "central" if self.central else "forward"
        blind = np.flatnonzero(self.steps.flat)
        unknown = f"; fun does not react to x[{blind[0]}] beyond its noise" if blind.size else ""
        return f"{kind} differences, steps measured, {self.measured}{unknown}"

    @property
    def flat(self) -> np.ndarray | None:
        return None if self.steps is None else self.steps.flat

    def noise(self, f: float) -> float:
        """The uncertainty of one value of fun near `f`, one standard deviation."""
        return self.unit * abs(f) if self.measured is None else float(self.measured.at(f))

    def diagonal(self) -> np.ndarray | None:
        """Second derivatives along each coordinate, shape (n,); NaN where they are below the noise."""
        if self.steps is None:
            return None
        self._learn()
        return np.where(np.abs(self.steps.curvature) > self.steps.blur, self.steps.curvature, np.nan)

    def gradient(self, x: np.ndarray, f: float) -> tuple[np.ndarray, np.ndarray]:
        """The gradient at `x` and a bound on its error, each of shape (n,); (0, inf) where it is unknown."""
        if not math.isfinite(f):
            return np.zeros_like(x), np.full(x.size, np.inf)
        if self.steps is None:
            self._start(x, f)
        elif self.at is None or not np.array_equal(self.at, x):
            g, error = self._differences(x, f)
            if not self.central and not self._enough(g, error):
                self.central = True
                self._calibrate(x, f, self.all)
            else:
                self.at = None
                return g.astype(x.dtype, copy=False), error
        return self.steps.slope.astype(x.dtype), self.steps.error.copy()

    def refresh(self, x: np.ndarray, f: float) -> bool:
        """Measure noise and steps anew at `x`, over a wider window; True if either has changed by much."""
        if self.steps is None or self.measured is None or not math.isfinite(f):
            return False
        before, steps, central = self.measured.at(f), self.steps.h, self.central
        self.central, self.window = True, self.window * WIDER
        again = estimate_noise(self.objective, x, self.scale, f, self.probes.bounds, self.window, self.rng)
        if again.level > before or again.relative:
            self.measured = again
        self._calibrate(x, f, self.all)
        ratio = self.steps.h / steps
        return bool(not central or again.level > 3 * before or (np.abs(np.log2(ratio)) > 2).any())

    def _start(self, x: np.ndarray, f: float) -> None:
        n = x.size
        self.measured = estimate_noise(self.objective, x, self.scale, f, self.probes.bounds, rng=self.rng)
        share = self.measured.level / self.measured.value if self.measured.value else self.unit
        h = min(np.cbrt(3 * max(share, self.unit)), 0.1) * self.scale
        nothing, none = np.zeros(n), np.zeros(n, bool)
        self.steps = Steps(h, nothing, nothing.copy(), nothing.copy(), nothing.copy(), np.zeros(n, int), none)
        self.unit_steps, self.age, self.wait = np.empty(n), np.zeros(n, int), np.full(n, 2)
        self._calibrate(x, f, self.all)

    def _calibrate(self, x: np.ndarray, f: float, index: np.ndarray) -> None:
        """Measure the steps of the coordinates `index`, and with them their part of the gradient at `x`."""
        steps, noise = self.steps, self.measured
        self._learn()
        down, up = self.probes.room(x, index)
        size = np.maximum(np.abs(x[index]), np.finfo(x.dtype).tiny / self.unit**2).astype(float)
        scale = np.maximum(self.scale[index], size)
        new = calibrate(
            lambda which, by: self.probes(x, index[which], by), f, noise, steps.h[index], steps.side[index],
            down, up, least=16 * self.unit * size, most=np.maximum(scale, np.minimum(1.0, 1e6 * scale)),
        )  # fmt: skip
        changed = np.abs(np.log2(new.h / steps.h[index])) > math.log2(3)
        self.wait[index] = np.where(changed, 2, 2 * self.wait[index])
        self.age[index] = 0
        steps.put(index, new)
        self.unit_steps[index] = new.h / max(noise.at(f), DEEPEST * noise.level, 1e-300) ** (1 / 3)
        self.blind = bool(steps.flat.any())
        self.at = x.copy() if index.size == x.size else None

    def _differences(self, x: np.ndarray, f: float) -> tuple[np.ndarray, np.ndarray]:
        """One batch of forward or central differences with the steps that are known."""
        steps, level = self.steps, max(self.noise(f), DEEPEST * self.measured.level, 1e-300)
        h = self.unit_steps * level ** (1 / 3)
        g, error = self._central(x, f, h, level) if self.central else self._forward(x, f, h, level)
        self.age += 1
        renew = ~(error <= STALE * np.abs(g))  # True where it is NaN
        if renew.any():
            due = self.central & (self.age >= self.wait) & ~steps.flat
            index = np.flatnonzero(renew & (due | ~np.isfinite(g)))
            if index.size:
                self._calibrate(x, f, index)
                g[index], error[index] = steps.slope[index], steps.error[index]
        if self.blind:
            g[steps.flat], error[steps.flat] = 0.0, np.inf
        return g, error

    def _forward(self, x: np.ndarray, f: float, h: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
        bend = self._bend()
        h = np.minimum(2 * np.sqrt(level / bend), h)
        h = np.maximum(h, self.unit**0.75 * np.abs(x))  # so that it moves x by more than its rounding
        h = np.where(self.steps.side < 0, -h, h)
        if self.probes.bounds is not None:
            down, up = self.probes.room(x, self.all)
            h = np.where(h > up, -np.minimum(h, down), np.where(-h > down, np.minimum(-h, up), h))
        values, made = self.probes(x, self.all, h[None])
        with np.errstate(all="ignore"):
            step = np.abs(made[0])
            return (values[0] - f) / made[0], step * bend / 2 + 2 * level / step

    def _central(self, x: np.ndarray, f: float, h: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
        side = self.steps.side
        if self.probes.bounds is not None:
            h, side = fit(h, side, *self.probes.room(x, self.all))
        values, made = self.probes(x, self.all, moves(h, side))
        with np.errstate(all="ignore"):
            g, curvature, gain = three_point(f, values, made)
            self.latest = curvature, h, level
            # at the best step truncation is half of the noise
            return g, 1.5 * level * gain

    def _learn(self) -> None:
        """Take over the second derivatives that the latest central differences gave, where they are seen."""
        if self.latest is not None:
            curvature, h, level = self.latest
            blur = 4 * level / h**2
            seen = np.abs(curvature) > blur  # False where it is NaN
            self.steps.curvature[seen], self.steps.blur[seen] = curvature[seen], blur[seen]
            self.latest = None

    def _bend(self) -> np.ndarray:
        """The largest second derivative that the measurement allows, shape (n,)."""
        return np.maximum(np.abs(self.steps.curvature), self.steps.blur)

    def _enough(self, g: np.ndarray, error: np.ndarray) -> bool:
        with np.errstate(all="ignore"):
            weight = np.where(self.steps.flat, 0.0, 1 / self._bend())
            doubt = np.where(self.steps.flat, 0.0, error)
            return bool((doubt**2 * weight).sum() <= SHARE**2 * (g**2 * weight).sum())
