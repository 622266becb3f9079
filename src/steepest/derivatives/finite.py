"""Finite differences: adaptive, to nearly all digits, and with fixed steps as in scipy."""

from __future__ import annotations

from typing import Any

import numpy as np

from .adaptive import Finite as Finite
from .calibration import fit, moves
from .ladder import Accurate as Accurate
from .probes import Differences, three_point


class _Fixed(Differences):
    """What `TwoPoint` and `ThreePoint` share: steps that are a fixed share of |x_i|."""

    name: str
    order: int

    def begin(self, x0: np.ndarray) -> None:
        self.share = self.unit ** (1 / (self.order + 1))
        # a coordinate that passes through 0 must not take its scale with it
        self.least = 1e-3 * np.where(x0 == 0, 1e3, np.abs(x0)).astype(float)

    @property
    def report(self) -> str:
        """One sentence: what is used, and how exact it is."""
        return (
            f"{self.name} differences, steps {self.share:.1e} |x|: about {self.share**self.order:.0e} of the "
            "gradient if fun is smooth on the scale of x and as exact as its rounding"
        )

    def noise(self, f: float) -> float:
        """The uncertainty of one value of fun near `f`: its rounding, since nothing was measured."""
        return self.unit * abs(f)

    def diagonal(self) -> np.ndarray | None:
        """None: a step for first derivatives is too small for second ones."""
        return None

    def refresh(self, x: np.ndarray, f: float, noise: bool = True) -> bool:
        """False: there is nothing to measure anew."""
        return False

    def step(self, x: np.ndarray) -> np.ndarray:
        """The step of each coordinate, shape (n,)."""
        return self.share * np.maximum(np.abs(x), self.least)

    def result(
        self, x: np.ndarray, f: float, slope: np.ndarray, gain: np.ndarray, truncation: Any = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """The gradient and its error: rounding, and truncation as far as it can be guessed."""
        known = np.isfinite(slope)
        # where terms cancel f is small, but its rounding is that of the terms, about as large as slope times x
        size = max(abs(f), float(np.abs(np.where(known, slope * x, 0.0)).max()))
        error = gain * self.noise(size) + self.share**self.order * np.abs(slope) + truncation
        return np.where(known, slope, 0.0).astype(x.dtype), np.where(known, error, np.inf)


class TwoPoint(_Fixed):
    """Forward differences with h = u^(1/2) |x_i|: n evaluations, about 8 digits if x is well scaled.

    As scipy's ``jac="2-point"``, with steps relative to |x_i| also below 1 (1 at 0).

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.objective.oracle import Objective
    >>> from steepest.objective.params import Parameters
    >>> x = np.array([3.0])
    >>> g, error = TwoPoint(Objective(lambda x: x[0] ** 2, Parameters(x)), x).gradient(x, 9.0)
    >>> (abs(g - 6) < error).item()
    True
    """

    name, order = "2-point", 1

    def gradient(self, x: np.ndarray, f: float) -> tuple[np.ndarray, np.ndarray]:
        """The gradient at `x` and a bound on its error, shapes (n,); (0, inf) where fun is not finite."""
        index, h = np.arange(x.size), self.step(x)
        down, up = self.probes.room(x, index)
        h = np.where(h <= up, h, np.where(h <= down, -h, np.where(up >= down, up, -down)))
        values, actual = self.probes(x, index, h[None])
        with np.errstate(all="ignore"):
            return self.result(x, f, (values[0] - f) / actual[0], 2 / np.abs(actual[0]))


class ThreePoint(_Fixed):
    """Central differences with h = u^(1/3) |x_i|: 2n evaluations, about 10 digits if x is well scaled.

    As scipy's ``jac="3-point"``, with steps relative to |x_i| also below 1 (1 at 0); one-sided at bounds.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.objective.oracle import Objective
    >>> from steepest.objective.params import Parameters
    >>> x = np.array([3.0])
    >>> g, error = ThreePoint(Objective(lambda x: x[0] ** 3, Parameters(x)), x).gradient(x, 27.0)
    >>> (abs(g - 27) < error).item(), (error < 1e-8).item()
    (True, True)
    """

    name, order = "3-point", 2

    def gradient(self, x: np.ndarray, f: float) -> tuple[np.ndarray, np.ndarray]:
        """The gradient at `x` and a bound on its error, shapes (n,); (0, inf) where fun is not finite."""
        index = np.arange(x.size)
        h, side = fit(self.step(x), np.zeros(x.size, int), *self.probes.room(x, index))
        values, actual = self.probes(x, index, moves(h, side))
        with np.errstate(all="ignore"):
            slope, curvature, gain = three_point(f, values, actual)
            # h^2 f''', if f''' is to f'' as f'' to f' (for exp it is; for powers and waves on average)
            truncation = np.nan_to_num((actual[0] * curvature) ** 2 / np.abs(slope), posinf=np.inf)
            return self.result(x, f, slope, gain, truncation)
