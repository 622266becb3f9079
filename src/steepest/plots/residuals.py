"""What a fitted formula leaves unexplained: a picture of residuals."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..result import Result
from .palette import looks
from .paper import dots, sheet


def residuals(result: Result, name: str = "y", *, axes: Any = None, theme: str | None = None) -> np.ndarray:
    """Draw the residuals of a fitted formula against its values, and their quantiles against those of a normal.

    Dots without a pattern left, and on the line right, are what the standard errors of the fit assume.

    Parameters
    ----------
    result : Result
        Of `fit_formula`.
    name : str
        What was fitted, for the labels.
    axes : sequence of two Axes
        Default: a new figure.
    theme
        As for `path`.

    Returns
    -------
    ndarray of Axes

    Raises
    ------
    MissingExtraError
        Without matplotlib.
    ArgumentError
        When the result has no residuals.
    """
    if "residuals" not in result:
        raise ArgumentError("the result has no residuals: expected one of steepest.fit_formula.")
    left_over = np.asarray(result["residuals"])
    with sheet(axes, theme, [["residuals", "quantiles"]], (8.2, 3.2)) as (given, colours):
        left, right = given
        (look,) = looks([result.get("method", "")], colours)
        look = look._replace(marker="o")
        left.axhline(0, color=colours.grey, linewidth=0.8)
        dots(left, colours, result["fitted"], left_over, look)
        left.set(xlabel=f"{name}, fitted", ylabel=f"{name} - fitted", title="Residuals")
        rows = len(left_over)
        expected = normal_quantiles((np.arange(rows) + 0.5) / rows)  # Hazen's plotting positions
        spread = float(np.std(left_over))
        right.plot(expected, expected * spread, color=colours.grey, linewidth=0.8)
        dots(right, colours, expected, np.sort(left_over), look)
        right.set(xlabel="quantiles of the normal distribution", title="Residuals in order")
    return np.array(given, dtype=object)


def normal_quantiles(p: np.ndarray) -> np.ndarray:
    """The quantiles of the standard normal distribution."""
    from statistics import NormalDist

    return np.array([NormalDist().inv_cdf(float(share)) for share in p])
