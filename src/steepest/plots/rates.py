"""How good a number is: a learning rate by short runs, a step of differences by its error."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..derivatives import derivative
from ..errors import ArgumentError
from ..findlr import LearningRate
from .palette import look, looks
from .paper import decades, dots, line, note, remark, sheet

TINY = 1e-20  # a bound below that share of the largest error is not worth an axis of its own
STEPS = np.logspace(-15, 0, 61)  # of the differences, relative to x


def learning_rate(rate: LearningRate, *, axes: Any = None, theme: str | None = None) -> Any:
    """Draw the curve of `find_lr`: where short runs ended by their rate, the suggestion, and the limit.

    Parameters
    ----------
    rate : LearningRate
    axes, theme
        As for `path`.

    Returns
    -------
    Axes
    """
    with sheet(axes, theme, [["rate"]], (5.2, 3.4)) as ((ax,), colours):
        (style,) = looks([rate.method.partition(",")[0]], colours)
        low, high = _range(rate.values[rate.stable])
        log = low > 0 and high > 100 * low
        top = high * (high / low) ** 0.25 if log else high + 0.25 * (high - low or abs(high) or 1.0)
        line(ax, colours, rate.rates, np.minimum(rate.values, 10 * abs(top) + top), style)
        dots(ax, colours, rate.rates[rate.stable], rate.values[rate.stable], style)
        lost = rate.rates[~rate.stable]
        ax.plot(lost, np.full(lost.size, top), "^", color=colours.ink, clip_on=False)
        ax.set(xscale="log", yscale="log" if log else "linear", xlabel=f"learning rate of {rate.method}")
        ax.set_ylim(low / (top / high) if log else low - 0.06 * (top - low), top)
        upright = {"xycoords": ax.get_xaxis_transform(), "rotation": 90}
        ax.axvline(rate.suggestion, color=colours.ink, linewidth=1)
        name = f"suggestion {rate.suggestion:.3g}"
        note(ax, colours, name, (rate.suggestion, 0.97), (-4, 0), ha="right", va="top", **upright)
        if math.isfinite(rate.limit):
            ax.axvline(rate.limit, color=colours.ink, linewidth=1, linestyle=(0, (4, 3)))
            note(ax, colours, f"limit {rate.limit:.3g}", (rate.limit, 0.4), (4, 0), va="bottom", **upright)
        unstable = "" if rate.stable.all() else "; triangle: above the start"
        ax.set_title(f"f after {rate.steps} steps, by learning rate{unstable}")
        if log:
            decades(ax.yaxis)
    return ax


def _range(values: np.ndarray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def difference_error(
    f: Callable[[float], float],
    x: float,
    exact: float | None = None,
    *,
    axes: Any = None,
    theme: str | None = None,
) -> Any:
    """Draw the error of forward and central differences against their step h: truncation right, rounding left.

    Parameters
    ----------
    f : callable
        ``f(x) -> float`` for a number x.
    x : float
        Where.
    exact : float
        The derivative, if you know it; else that of `steepest.derivative`, and the picture shows how exact that is.
    axes, theme
        As for `path`.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError
        When x is no finite number.

    Examples
    --------
    >>> import numpy as np, steepest as st
    >>> ax = st.plots.difference_error(np.exp, 0.0)
    >>> ax.get_xscale(), ax.get_yscale()
    ('log', 'log')
    """
    if np.ndim(x) or not math.isfinite(x):
        raise ArgumentError(f"x={x!r}: expected a finite number.")
    x = float(x)
    known = derivative(f, x)
    true, blur = (float(known), float(known.error)) if exact is None else (float(exact), 0.0)
    h = STEPS * (abs(x) or 1.0)
    with np.errstate(all="ignore"):
        up, down = x + h, x - h
        high, low, here = (np.array([float(f(float(at))) for at in places]) for places in (up, down, [x]))
        errors = {
            "forward": np.abs((high - here) / (up - x) - true),
            "central": np.abs((high - low) / (up - down) - true),
        }
    with sheet(axes, theme, [["error"]], (5.2, 3.4)) as ((ax,), colours):
        for (name, error), family in zip(errors.items(), ("GD", "Momentum"), strict=True):
            style = look(family, colours)
            seen = np.isfinite(error) & (error > 0)
            line(ax, colours, h[seen], error[seen], style, label=f"{name} difference")
            if seen.any():
                best = np.flatnonzero(seen)[np.argmin(error[seen])]
                dots(ax, colours, h[best], error[best], style)
        seen = np.concatenate(list(errors.values()))
        if blur > TINY * np.max(seen[np.isfinite(seen)], initial=0.0):
            ax.axhline(blur, color=colours.grey, linewidth=1, linestyle=(0, (4, 3)))
            note(ax, colours, "st.derivative, bound on its error", (1, blur), (-2, 4), ha="right",
                 xycoords=ax.get_yaxis_transform())  # fmt: skip
        ax.set(xscale="log", yscale="log", xlabel="step h", ylabel="error")
        ax.set_title(f"Error of the derivative at x = {x:g}")
        decades(ax.xaxis)
        if any(each.get_xdata().size for each in ax.lines):
            decades(ax.yaxis)
            ax.legend(loc="best")
        else:
            ax.set(yscale="linear", yticks=[])
            remark(ax, colours, "no error above zero to show")
    return ax
