"""A fitted formula with its data, and what it leaves unexplained: a picture of residuals."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..regression import at
from ..result import Result
from .palette import Look, Theme, looks
from .paper import dots, sheet

FEW = 300  # rows whose dots can be told apart


def residuals(result: Result, name: str = "y", *, axes: Any = None, theme: str | None = None) -> np.ndarray:
    """Draw a fitted formula of one column with its data; its residuals, and their quantiles against those of a normal.

    Dots without a pattern in the middle, and on the line right, are what the standard errors of the fit assume.

    Parameters
    ----------
    result : Result
        Of `fit_formula`.
    name : str
        What was fitted, for the labels.
    axes : sequence of Axes
        Three for a formula of one column, two for others, of which no curve is drawn; default: a new figure.
    theme
        As for `path`.

    Returns
    -------
    ndarray of Axes

    Raises
    ------
    ArgumentError
        When the result has no residuals.
    """
    if "residuals" not in result:
        raise ArgumentError("the result has no residuals: expected one of steepest.fit_formula.")
    panels = ["curve"] * (len(result["columns"]) == 1) + ["residuals", "quantiles"]
    with sheet(axes, theme, [panels], (4.1 * len(panels), 3.2)) as (given, colours):
        (look,) = looks([result.get("method", "")], colours)
        look = look._replace(marker="o")
        rows = len(result["residuals"])
        small = {} if rows <= FEW else {"markersize": 2, "markeredgewidth": 0, "alpha": 0.5}
        *curve, left, right = given
        if curve:
            _draw_curve(curve[0], result, name, look, colours, small)
        left_over = np.asarray(result["residuals"])
        left.axhline(0, color=colours.grey, linewidth=0.8)
        dots(left, colours, result["fitted"], left_over, look, **small)
        left.set(xlabel=f"{name}, fitted", ylabel=f"{name} - fitted", title="Residuals")
        expected = normal_quantiles((np.arange(rows) + 0.5) / rows)  # Hazen's plotting positions
        spread = float(np.std(left_over))
        right.plot(expected, expected * spread, color=colours.grey, linewidth=0.8)
        dots(right, colours, expected, np.sort(left_over), look, **small)
        right.set(xlabel="quantiles of the normal distribution", title="Residuals in order")
    return np.array(given, dtype=object)


def _draw_curve(ax: Any, result: Result, name: str, look: Look, colours: Theme, small: dict[str, float]) -> None:
    """The data, and the formula over their range."""
    ((column, x),) = result["columns"].items()
    grid = np.linspace(np.min(x), np.max(x), 400)
    with np.errstate(all="ignore"):  # the formula may have no value between the data
        ax.plot(grid, np.broadcast_to(at(result, {column: grid}), grid.shape), color=colours.ink, linewidth=1.2)
    dots(ax, colours, x, result["fitted"] + result["residuals"], look, **{"markersize": 4} | small)
    ax.set(xlabel=column, ylabel=name, title=result["formula"].strip())


def normal_quantiles(p: np.ndarray) -> np.ndarray:
    """The quantiles of the standard normal distribution."""
    from statistics import NormalDist

    return np.array([NormalDist().inv_cdf(float(share)) for share in p])
