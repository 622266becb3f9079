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
from .grid import doubt, printed, spacing

POINTS = 7  # 4 of them fail in up to 18 % of cases (measured on Rosenbrock, n = 10)
NARROW = 2.0**-30  # of the scale, a step along the line
ROUNDED = 1 / math.sqrt(12)  # of a grid, the standard deviation of a value rounded to it
HIDDEN = 2.0**12  # noise levels: values change by less along a line that is then made so many times longer
WIDEN, STRIDE = 2.0**7, 2.0**3  # times a line on which values do not change, and where they do at one place
TRIES = 6  # lines, where values do not change, from the narrowest to 2^-4: they may be rounded to a few decimals
CLEAN = 4.0  # units in the last place: more is not taken for rounding at a glance; 1 and 64 cost the same
# from one window to the next: the error of a solver with a tolerance is smooth inside a small one
WIDER = 2.0**12
CLOSER = 2.0**-20
ROUGH = 1e-12  # of the value, from which noise is no rounding of float64
TALL = 10.0  # times |f|: a window with such values is looked at again, narrower, where the noise is none of rounding
SMALL = 1e-6  # ... or is more than this share of |f|
BESIDE = 1e-3  # of the bend across a kink, that differences beside it may have
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
    looks = [estimate_noise(objective, parameters.start, f0=f0, window=w, rng=rng) for w in (1.0, WIDER, WIDER**2)]
    widest = max(looks, key=lambda look: look.level)
    return Noise(widest.level, any(look.stochastic for look in looks), widest.relative, widest.value, objective.nfev)


def estimate_noise(
    value: Callable[[np.ndarray], float],
    x: np.ndarray,
    scale: np.ndarray | None = None,
    f0: float | None = None,
    bounds: tuple[np.ndarray, np.ndarray] | None = None,
    window: float = 1.0,
    rng: Any = None,
) -> Noise:
    """The noise of `value` by ECNoise (Moré & Wild 2011), from 7 evaluations (37 at most) beside f(x).

    Seven equally spaced points on a short line from x; differences of order k of a smooth function vanish
    quickly with k, those of noise don't: sigma_k = sqrt(gamma_k mean T_k^2) is accepted for the first k from
    which three in a row agree within a factor 4 and both signs occur in T_k.

    Parameters
    ----------
    value : callable
        x -> float; with a method ``batch`` (as `Objective` has) it is asked about all points at once.
    x : ndarray, shape (n,)
        Where.
    scale : ndarray, shape (n,)
        The scale of each coordinate; left out, |x_i|, or 1 at 0.
    f0 : float
        The value at `x`, where it is known.
    bounds : (low, high)
        Nothing is evaluated outside.
    window : float
        Multiplies the width of the line, 6 * 2^-30 of the scale (float32: 6 * 2^-14).
    rng : int or numpy.random.Generator
        Chooses the signs of the line's direction.
    """
    batch = _batch(value)
    f0 = float(value(x)) if f0 is None else f0
    single = x.dtype == np.float32
    width = min(2.0 ** round(math.log2(window)) * (2.0**-14 if single else NARROW), 2.0**-6)
    places, sign = np.arange(1, POINTS)[:, None], _signs(x, rng)
    sigma, repeat, asked = None, math.nan, 0
    alike, steep, least = 0.0, math.inf, math.inf  # widths of lines, and the least step of f
    for k in range(TRIES):
        line = _line(x, scale, bounds, width, sign)
        points = (x + places * line).astype(x.dtype)
        with np.errstate(all="ignore"):  # the points are ours: outside the domain NaN is an answer
            values = np.asarray(batch(points if asked else np.vstack([points, x])), float)
            column = np.concatenate([[f0], values[: POINTS - 1]])
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
    finite = column[np.isfinite(column)]
    largest = max(float(np.abs(finite).max(initial=0.0)), _terms(column, line, x))
    # different values that all fit into float32 were computed in float32, whatever type carries them
    with np.errstate(over="ignore"):
        short = (finite.astype(np.float32) == finite).all() and (single or np.ptp(finite) > 0)
    unit = 2.0**-23 if short else 2.0**-52
    apart = abs(repeat - f0) / 2 if math.isfinite(repeat - f0) else 0.0
    # a value rounded once, to the nearest, has a standard deviation between 0.14 and 0.29 unit |f|
    level = max(sigma or 0.0, unit * largest / 4, apart)
    relative = repeat == f0 and level <= 1e3 * unit * largest
    whole = POINTS - 1  # steps of the line
    noise = Noise(level, repeat != f0, relative, largest, asked, whole * line, float(column[whole] - column[0]))
    if noise.stochastic or window > 1 or (x != 0).all() or (relative and _straight(column, unit)):
        return noise
    # rough or bent on the scale 1 that was assumed at 0; is it smooth on a smaller one?
    closer = estimate_noise(value, x, np.where(x == 0, CLOSER, 0.0), f0, bounds, 2.0, rng)
    chosen = closer if closer.level < 1e-3 * level else noise
    return replace(chosen, evaluations=asked + closer.evaluations)


@np.errstate(all="ignore")
def estimate_rounding(
    value: Callable[[np.ndarray], float],
    x: np.ndarray,
    scale: np.ndarray | None,
    f0: float,
    bounds: tuple[np.ndarray, np.ndarray] | None,
    rng: Any,
) -> tuple[Noise | None, float]:
    """The noise of `value` where three values on the line of `estimate_noise` show rounding of float64 alone; else
    None. Its arguments; on so short a line second differences are nothing but noise. Where they are more, but alike,
    also the share of `scale` at which f bends. Where they hide the slope, as beside a level of 1e8, one more value."""
    width = 2 * NARROW
    line = _line(x, scale, bounds, width, _signs(x, rng), 3 * HIDDEN)
    values = _batch(value)((x + np.arange(1, 4)[:, None] * line).astype(x.dtype))
    column = np.concatenate([[f0], np.asarray(values, float)])
    change, bend, unit = np.diff(column), np.diff(column, 2), 2.0**-52 * float(np.abs(column).max())
    sigma = ROOTS[1] * math.sqrt(float(np.mean(bend * bend)))
    if not sigma <= CLEAN * unit:  # True where it is NaN
        alike = abs(bend[1] - bend[0]) < 0.3 * np.abs(bend).max()
        return None, width * float(np.abs(change).max() / np.abs(bend).max()) if alike else math.nan
    largest = max(unit / 2.0**-52, _terms(column, line, x))
    level, line, rise, asked = max(sigma, 2.0**-54 * largest), 3 * line, float(column[-1] - f0), 3
    if (seen := abs(rise)) < HIDDEN * level:
        line, asked = HIDDEN * line, 4
        column = np.append(column, value((x + line).astype(x.dtype)))
        rise = float(column[-1] - f0)
        if not 0 < abs(rise) <= 2 * HIDDEN * (seen + 2 * unit):  # a line across the way down, or on a stair
            half, asked = float(value((x + line / 2).astype(x.dtype))) - f0, 5
            if not abs(half - rise / 4) < abs(rise) / 8:
                return None, math.nan
    if (column.astype(np.float32) == column).all() or spacing(column[:4]) or printed(column):
        return None, math.nan
    return Noise(level, False, True, largest, asked, line, rise), 1.0


def looked_closer(
    noise: Noise,
    value: Callable[[np.ndarray], float],
    x: np.ndarray,
    scale: np.ndarray,
    f0: float,
    bounds: tuple[np.ndarray, np.ndarray] | None,
    rng: Any,
) -> Noise:
    """The noise of `value`, measured again over the tiniest window where the one that `noise` comes from saw values
    far above f(x): x was larger where its scale comes from, or the window too wide, and what it saw is f itself."""
    doubtful = noise.value > TALL * abs(f0) > 0 and noise.level > min(SMALL * abs(f0), ROUGH * noise.value)
    if noise.stochastic or not doubtful:
        return noise
    near = np.where(x == 0, scale, np.minimum(np.abs(x), scale))
    closer = estimate_noise(value, x, near, f0, bounds, 1.0, rng)
    return closer if closer.level < 1e-3 * noise.level else noise


def _batch(value: Callable[[np.ndarray], float]) -> Callable[[np.ndarray], Any]:
    return getattr(value, "batch", None) or (lambda points: [value(point) for point in points])


def _signs(x: np.ndarray, rng: Any) -> np.ndarray:
    return np.where(x == 0, 1.0, np.random.default_rng(rng).choice([-1.0, 1.0], x.size))  # domains end at 0


def _line(
    x: np.ndarray,
    scale: np.ndarray | None,
    bounds: tuple[np.ndarray, np.ndarray] | None,
    width: float,
    sign: np.ndarray,
    steps: float = POINTS,
) -> np.ndarray:
    """One of so many steps along the line: powers of 2, so that the points are equally spaced to the last bit."""
    if scale is None:
        scale = np.where(x == 0, 1.0, np.abs(x))
    with np.errstate(divide="ignore"):  # scale 0: the coordinate does not move
        step = width * np.exp2(np.floor(np.log2(scale.astype(float))))
    if bounds is not None:
        up, down = bounds[1] - x, x - bounds[0]
        sign = np.where(np.where(sign > 0, up, down) < steps * step, np.where(up > down, 1.0, -1.0), sign)
        step = np.where(np.maximum(up, down) < steps * step, 0.0, step)
    return sign * step


@np.errstate(all="ignore")
def _straight(column: np.ndarray, unit: float) -> bool:
    """Whether equally spaced values change like a straight line, or by rounding alone."""
    change, bend = np.abs(np.diff(column)).max(), np.abs(np.diff(column, 2)).max()
    return bool(bend <= max(0.1 * change, 16 * unit * np.abs(column).min()))


@np.errstate(all="ignore")
def _terms(column: np.ndarray, line: np.ndarray, x: np.ndarray) -> float:
    """How large the terms of a sum are that may cancel in f, where f is straight on the line to the last bit.

    Such a line hides the rounding of the terms, since its steps are short numbers. They are about as large as
    slope times x: f changes by them where x changes by all of itself. 0 where that can't be told.
    """
    if np.diff(column, 2).any() or not (x != 0).all():  # True where it is NaN
        return 0.0
    moved = line != 0
    return float(np.abs(column[1] - column[0]) / np.abs(line / x)[moved].min(initial=np.inf))


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
