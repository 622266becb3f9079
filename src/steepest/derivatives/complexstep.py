"""The complex step: derivatives without cancellation, for functions of complex numbers."""

from __future__ import annotations

import numpy as np

from ..errors import ArgumentError, SteepestError
from .directional import directional
from .line import sizes
from .probes import Differences

TINY = 1e-30  # h^2 vanishes beside 1 in every precision; h itself does not underflow, even squared


class ComplexStep(Differences):
    """Gradient as Im f(x + i h e_j)/h with h = 1e-30 |x_j|: n evaluations, exact to rounding.

    Squire & Trapp (1998). It holds only for functions that are analytic and compute with complex numbers
    throughout, so it is checked where it begins: the real part must be f, and the slope along a random
    direction must be that of central differences.

    Parameters
    ----------
    objective, x0, bounds, rng
        As for `Finite`; nothing is evaluated outside the bounds since no coordinate moves.

    Raises
    ------
    ArgumentError
        At the first gradient, when `fun` does not pass the check; the message says why.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.objective.oracle import Objective
    >>> from steepest.objective.params import Parameters
    >>> x = np.array([1.0])
    >>> f = Objective(lambda x: np.sin(x[0]), Parameters(x))
    >>> ComplexStep(f, x).gradient(x, f(x))[0] == np.cos(1)
    array([ True])
    """

    name = "cs"
    report = "complex step, agreed with central differences"
    checked = False

    def noise(self, f: float) -> float:
        """The uncertainty of one value of fun near `f`: its rounding."""
        return self.unit * abs(f)

    def diagonal(self) -> np.ndarray | None:
        """None: the complex step tells nothing about second derivatives."""
        return None

    def refresh(self, x: np.ndarray, f: float, noise: bool = True) -> bool:
        """Check anew at `x`, at the next gradient."""
        self.checked = False
        return False

    def gradient(self, x: np.ndarray, f: float) -> tuple[np.ndarray, np.ndarray | None]:
        """The gradient at `x`, shape (n,), and None: it is exact to rounding."""
        h = TINY * np.where(x == 0, 1.0, np.abs(x))
        h = np.maximum(h, 1e-280).astype(float)
        z = x.astype(complex)
        g = np.empty(x.size)
        for j in range(x.size):
            z[j] += 1j * h[j]
            g[j] = self._ask(z.copy(), f).imag / h[j]
            z[j] = x[j]
        if not self.checked:
            self._check(x, g)
        return g.astype(x.dtype), None

    def _ask(self, z: np.ndarray, f: float) -> complex:
        try:
            value = np.asarray(self.objective.raw(z))
        except SteepestError:
            raise
        except Exception as error:
            raise ArgumentError(f"jac='cs': fun can't compute with complex numbers: {error!r}. {ELSE}") from error
        if value.dtype.kind != "c" or value.size != 1:
            raise ArgumentError(
                f"jac='cs': fun gave back {value!r} for complex x, so it dropped the imaginary part (abs, "
                f"float, max, a comparison or a real array inside?). {ELSE}"
            )
        answer = complex(value.reshape(-1)[0])
        if np.isfinite(f) and not abs(answer.real - f) <= 1e3 * self.unit * abs(f):
            raise ArgumentError(
                f"jac='cs': the real part of fun at complex x is {answer.real!r}, its value {f!r}: "
                f"they must agree. {ELSE}"
            )
        return answer

    def _check(self, x: np.ndarray, g: np.ndarray) -> None:
        scale = sizes(x)
        if self.probes.bounds is not None:
            low, high = self.probes.bounds
            scale = np.minimum(scale, np.minimum(x - low, high - x) / 2)
        d = self.rng.choice([-1.0, 1.0], x.size) * scale
        with np.errstate(all="ignore"):
            measured = directional(self.objective, x, d, scale)
        claimed, size = float(g @ d), float(np.abs(g * d).sum())
        if abs(claimed - measured.slope) > 10 * measured.error + 1e-6 * size:
            raise ArgumentError(
                f"jac='cs': the complex step gives the slope {claimed:.9g} along a random direction, "
                f"differences give {measured.slope:.9g}: fun is not analytic (abs, real, conj, a norm or a "
                "comparison?). " + ELSE
            )
        self.checked = True


ELSE = "Use jac='fd' or jac='accurate' instead."
