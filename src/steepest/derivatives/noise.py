"""How uncertain a value of fun is: rounding, randomness, or the tolerance of a solver inside it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..errors import ArgumentError, counted
from ..objective.oracle import Objective
from ..objective.params import Parameters
from .grid import doubt, spacing
from .line import NARROW, POINTS, Line, Site, sizes

ROUNDED = 1 / math.sqrt(12)  # of the spacing of a grid, the standard deviation of values rounded to it
WIDEN, STRIDE = 2.0**7, 2.0**3  # times the width of a line on which no value changes, or less than half of them
TRIES = 6  # lines, where values do not change, from the narrowest to 2^-4: they may be rounded to a few decimals
# from one window to the next: the error of a solver with a tolerance is smooth inside a small one
WIDER = 2.0**12
CLOSER = 2.0**-20
# their steps have ten digits, not one: from x = 1 the values of a polynomial at steps of 2^-6 are exact, and lie on a
# grid that it does not have
UNEVEN = 633 * 2.0**-10
ROUGH = 1e-12  # of the value, from which noise is no rounding of float64
# Noise is measured again over a narrower window if the first one held values so many times |f(x)|, and it is above
# ROUGH, or above this share of |f(x)|
TALL, SMALL = 10.0, 1e-6
BESIDE = 1e-3  # of the largest second difference, across a kink: others are not above it
# sqrt(gamma_k), gamma_k = (k!)^2 / (2k)!: k-th differences of noise of variance 1 have variance 1/gamma_k
ROOTS = np.array([math.factorial(k) / math.sqrt(math.factorial(2 * k)) for k in range(1, POINTS)])


@dataclass(frozen=True)
class Noise:
    """The uncertainty of one value of a function, one standard deviation.

    Attributes
    ----------
    level : float
        In units of f, where it was measured.
    stochastic : bool
        The same point gave two different values.
    relative : bool
        It is rounding, and so grows with |f|; otherwise it is taken to be the same everywhere. That it falls
        with |f| is not taken for granted: log(cosh(x)) near 0 keeps the rounding of 1.
    value : float
        The largest |f| where it was measured.
    evaluations : int
        What the measurement cost.
    line, rise : ndarray of shape (n,), float
        A short step, and by how much f changes over it, as the values show that were asked for: a proof of
        gradients for nothing. None and NaN where it was not measured.
    """

    level: float
    stochastic: bool
    relative: bool
    value: float
    evaluations: int
    line: np.ndarray | None = field(default=None, repr=False, compare=False)
    rise: float = field(default=math.nan, repr=False, compare=False)

    def at(self, f: Any) -> Any:
        """The level where the value is `f` (a float or an array)."""
        if not self.relative or not self.value:
            return self.level + 0.0 * abs(f)
        growth = abs(f) / self.value
        return self.level * (max(growth, 1.0) if isinstance(growth, float) else np.maximum(growth, 1.0))

    def __str__(self) -> str:
        kind = "random" if self.stochastic else "rounding" if self.relative else "deterministic, but rough"
        share = f" = {self.level / self.value:.1e} |f|" if self.value else ""
        return f"noise of one value: {self.level:.2g}{share} ({kind}; {counted(self.evaluations, 'evaluation')})"


def noise(f: Callable[..., Any], x: Any, args: tuple[Any, ...] = (), rng: Any = None) -> Noise:
    """How uncertain a value of `f` is near `x`.

    The difference table of ECNoise (Moré & Wild 2011), over a tiny window and over two that are 4 10^3 and
    2 10^7 times wider, which see the tolerance of an iterative solver inside `f`; the largest of the three
    counts.

    Parameters
    ----------
    f : callable
        ``f(x, *args) -> float``.
    x : float, array_like, or dict / list / tuple of arrays
        Where.
    args : tuple
        Further arguments of `f`.
    rng : int or numpy.random.Generator
        Chooses the direction of the window.

    Returns
    -------
    Noise

    Raises
    ------
    ArgumentError
        When `f` is not finite at `x`.

    Examples
    --------
    >>> import numpy as np
    >>> print(noise(lambda x: round(np.exp(x), 6), 1.0, rng=0))
    noise of one value: ...e-07 = ...e-07 |f| (deterministic, but rough; ... evaluations)
    """
    parameters = Parameters(x, "x")
    objective = Objective(f, parameters, args)
    rng = np.random.default_rng(rng)
    f0 = objective(parameters.start)
    if not math.isfinite(f0):
        raise ArgumentError(f"x={x!r}: f is {f0:g} there; expected a point where it is finite.")
    site = Site(objective, parameters.start, f0, sizes(parameters.start), rng=rng)
    found = [estimate_noise(site, window) for window in (1.0, WIDER, WIDER**2)]
    largest = max(found, key=lambda noise: noise.level)
    stochastic = any(noise.stochastic for noise in found)
    return Noise(largest.level, stochastic, largest.relative, largest.value, objective.nfev)


def estimate_noise(site: Site, window: float = 1.0) -> Noise:
    """The noise at a site by ECNoise (Moré & Wild 2011), from 7 evaluations (37 at most) beside f(x).

    Seven equally spaced points on a short line from x; differences of order k of a smooth function vanish
    quickly with k, those of noise don't: sigma_k = sqrt(gamma_k mean T_k^2) is accepted for the first k from
    which three in a row agree within a factor 4 and both signs occur in T_k.

    Parameters
    ----------
    site : Site
    window : float
        Multiplies the width of the line, 6 * 2^-30 of the scale (float32: 6 * 2^-14).
    """
    x, f0 = site.x, site.f
    single = x.dtype == np.float32
    width = min(2.0 ** round(math.log2(window)) * (2.0**-14 if single else NARROW), 2.0**-6)
    width *= UNEVEN if window >= WIDER else 1.0
    line = Line(site)
    column, step, sigma, repeat, asked = _widened(line, f0, width)
    finite = column[np.isfinite(column)]
    largest = max(float(np.abs(finite).max(initial=0.0)), line.terms(column, step))
    # different values that all fit into float32 were computed in float32, whatever type carries them
    with np.errstate(over="ignore"):
        short = (finite.astype(np.float32) == finite).all() and (single or np.ptp(finite) > 0)
    unit = 2.0**-23 if short else 2.0**-52
    apart = abs(repeat - f0) / 2 if math.isfinite(repeat - f0) else 0.0
    # a value rounded once, to the nearest, has a standard deviation between 0.14 and 0.29 unit |f|
    level = max(sigma or 0.0, unit * largest / 4, apart)
    relative = repeat == f0 and level <= 1e3 * unit * largest
    way, rise = (POINTS - 1) * step, float(column[-1] - column[0])
    noise = Noise(level, repeat != f0, relative, largest, asked, way, rise)
    if noise.stochastic or window > 1 or (x != 0).all() or (relative and _straight(column, unit)):
        return noise
    # rough or bent on the scale 1 that was assumed at 0; is it smooth on a smaller one?
    closer = estimate_noise(replace(site, scale=np.where(x == 0, CLOSER, 0.0)), 2.0)
    chosen = closer if closer.level < 1e-3 * level else noise
    return replace(chosen, evaluations=asked + closer.evaluations)


def _widened(line: Line, f0: float, width: float) -> tuple[np.ndarray, np.ndarray, float | None, float, int]:
    """Values on ever wider lines, until they tell the noise: those of the last line, its step, the noise or None, the
    second value at x, and how many values were asked for."""
    sigma, repeat, asked = None, math.nan, 0
    alike, steep, least = 0.0, math.inf, math.inf  # widths of lines, and the least step of f
    for k in range(TRIES):
        step = line.step(width)
        values = line.values(step, POINTS - 1, again=not asked)
        column = np.append(f0, values[: POINTS - 1])
        with np.errstate(all="ignore"):
            rises = np.abs(np.diff(column))
        if not asked:
            repeat = float(values[-1])
        asked += len(values)
        sigma, factor = _judge(column)
        least = min(least, float(rises[rises > doubt(column)].min(initial=math.inf)))
        if factor > 1:
            alike = width
        elif alike and alike / width * rises.sum() > max(doubt(column), 4 * (sigma or 0.0)):
            steep = width  # if f were smooth, values would have changed on the other line, too
        elif sigma is not None or k >= 2:
            break
        width = min(width * factor, 2.0**-4) if steep == math.inf else 2.0 ** round(math.log2(alike * steep) / 2)
        if not alike < width < steep:
            break
    if steep < math.inf:
        sigma = max(sigma or 0.0, ROUNDED * least)
    return column, step, sigma, repeat, asked


def narrowed(noise: Noise, site: Site) -> Noise:
    """The noise, measured again over the narrowest window where the line on which `noise` was measured held values far
    above f(x): there the scale was far larger than x, or the window too wide, and the variation of f was taken for
    noise."""
    x, f0, scale = site.x, site.f, site.scale
    doubtful = noise.value > TALL * abs(f0) > 0 and noise.level > min(SMALL * abs(f0), ROUGH * noise.value)
    if noise.stochastic or not doubtful:
        return noise
    near = np.where(x == 0, scale, np.minimum(np.abs(x), scale))
    closer = estimate_noise(replace(site, scale=near))
    return closer if closer.level < 1e-3 * noise.level else noise


@np.errstate(all="ignore")
def _straight(column: np.ndarray, unit: float) -> bool:
    """Whether equally spaced values change like a straight line, or by rounding alone."""
    change, bend = np.abs(np.diff(column)).max(), np.abs(np.diff(column, 2)).max()
    return bool(bend <= max(0.1 * change, 16 * unit * np.abs(column).min()))


@np.errstate(over="ignore")
def _judge(column: np.ndarray) -> tuple[float | None, float]:
    """The noise that a column of equally spaced values shows; or None, and by what to widen the line."""
    if not np.isfinite(column).all():
        return None, 2.0**-7
    differences, table = column, []
    for _ in range(1, POINTS):
        differences = np.diff(differences)
        table.append(differences)
    if height := spacing(column):
        return ROUNDED * height, 1.0
    if (moved := np.count_nonzero(table[0])) <= len(table[0]) / 2:
        return None, STRIDE if moved else WIDEN
    k = int(np.abs(table[1]).argmax())
    bends, near = table[1] / (table[1][k] or 1.0), np.abs(np.arange(POINTS - 2) - k) <= 1
    # a kink: no bend but the one or two across it, which have one sign
    if bends[near].min() > -BESIDE and np.abs(bends[~near]).max() < BESIDE:
        return float(ROOTS[1] * np.sqrt(np.mean(table[1][~near] ** 2))), 1.0
    sigmas = ROOTS * [math.sqrt(float(np.mean(t * t))) for t in table]
    for k in range(POINTS - 3):
        three = sigmas[k : k + 3]
        if three.max() == 0 or (three.max() <= 4 * three.min() and table[k].min() < 0 < table[k].max()):
            return float(sigmas[k]), 1.0
    return None, 2.0**-5
