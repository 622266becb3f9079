"""Forward and central differences with steps that are known, and the second derivatives that these bring."""

from __future__ import annotations

import numpy as np

from .calibration import Steps, fit, moves
from .noise import Noise
from .probes import Differences, three_point


class Stencils(Differences):
    """Differences at x once steps and noise are measured.

    Attributes
    ----------
    measured : Noise
        The noise of fun.
    steps : Steps
        The steps, with what they were measured with.
    bend : ndarray, shape (n,)
        The largest |f''| along each coordinate that was not excluded.
    latest : (ndarray, ndarray, float) or None
        Second derivatives of the latest central differences, with which steps and in which noise, until they are used.
    """

    measured: Noise
    steps: Steps
    bend: np.ndarray
    all: np.ndarray
    latest: tuple[np.ndarray, np.ndarray, float] | None

    def level(self, f: float) -> float:
        """The noise where the value is `f`; never 0."""
        return max(self.measured.at(f), 1e-300)

    def forward_differences(
        self, x: np.ndarray, f: float, h: np.ndarray, level: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """The gradient and a bound on its error, by steps of `h` at most."""
        h = np.minimum(2 * np.sqrt(level / self.bend), h)
        h = np.maximum(h, self.unit**0.75 * np.abs(x))  # so that it moves x by more than its rounding
        h = np.where(self.steps.side < 0, -h, h)
        if self.probes.bounds is not None:
            down, up = self.probes.room(x, self.all)
            h = np.where(h > up, -np.minimum(h, down), np.where(-h > down, np.minimum(-h, up), h))
        values, actual = self.probes(x, self.all, h[None])
        step = np.abs(actual[0])
        return (values[0] - f) / actual[0], step * self.bend / 2 + 2 * level / step

    def central_differences(
        self, x: np.ndarray, f: float, h: np.ndarray, level: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """The same by steps `h`; they tell second derivatives, too."""
        side = self.steps.side
        if self.probes.bounds is not None:
            h, side = fit(h, side, *self.probes.room(x, self.all))
        values, actual = self.probes(x, self.all, moves(h, side))
        g, curvature, gain = three_point(f, values, actual)
        self.latest = curvature, h, level
        level = np.maximum(level, self.measured.at(np.abs(values).max(axis=0)))  # x may have come from where f is tiny
        # at the best step truncation is half of the noise; f''' grows about as |f''|^1.5
        grown = np.maximum(np.abs(curvature) / self.bend, 1.0)
        return g, level * gain * (1 + 0.5 * grown * np.sqrt(grown))

    @np.errstate(over="ignore")
    def learn(self) -> None:
        """Take over the second derivatives that the latest central differences gave, where they are seen."""
        if self.latest is not None:
            curvature, h, level = self.latest
            blur = 4 * level / h**2
            clear = np.abs(curvature) > blur  # False where it is NaN
            self.steps.curvature[clear], self.steps.blur[clear] = curvature[clear], blur[clear]
            self.latest = None

    def within(self, share: float, g: np.ndarray, error: np.ndarray) -> bool:
        """Whether the error is within this share of the gradient, in the metric diag(1/|f''|)."""
        known = ~self.steps.flat & (self.bend > 0)
        weight, g, error = 1 / self.bend[known], g[known], error[known]
        return bool(np.isfinite(error).all() and (error**2 * weight).sum() <= share**2 * (g**2 * weight).sum())
