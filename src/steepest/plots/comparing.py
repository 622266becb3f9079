"""Several methods on one problem: f above its lowest value by evaluations and by time, and where each solved it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..compare import Comparison
from .convergence import draw_panels, name_runs
from .names import room
from .paper import dots, sheet
from .runs import tracks, with_looks


def comparison(
    result: Comparison, *, minimum: float | None = None, axes: Any = None, theme: str | None = None
) -> np.ndarray:
    """Draw a comparison: f above its lowest value, by evaluations of f and by seconds.

    A large marker says where a method had solved the problem (see `compare`).

    Parameters
    ----------
    result : Comparison
    minimum : float
        The lowest value of f, if you know it.
    axes : sequence of two Axes
        Default: a new figure.
    theme
        As for `path`.

    Returns
    -------
    ndarray of Axes
    """
    shown = tracks(result)
    solved = {row["method"]: row for row in result.rows()}
    with sheet(axes, theme, [["nfev", "seconds"]], (8.2 + room([run.name for run in shown]), 3.4)) as (given, colours):
        for ax, by in zip(given, ("nfev", "seconds"), strict=True):
            draw_panels({"gap": ax}, shown, colours, by, minimum)
            for (run, style), name in zip(with_looks(shown, colours), result.results, strict=True):
                at = solved[name][f"{by}_solved"]
                if math.isfinite(at):
                    k = int(np.searchsorted(run.columns[by], at))
                    drawn = next(line for line in ax.lines if line.get_label() == run.name)
                    near = np.nanargmin(np.abs(np.asarray(drawn.get_xdata(), float) - run.columns[by][k]))
                    x, y = drawn.get_xdata()[near], drawn.get_ydata()[near]
                    dots(ax, colours, x, y, style, markersize=9, zorder=4)
        for ax, by in zip(given, ("nfev", "seconds"), strict=True):
            name_runs(ax, shown, colours, by)
        if given[0].get_legend():  # one for both
            given[0].get_legend().remove()
        given[0].set_title(given[0].get_title(loc="left") + "; large: solved")
    return np.array(given, dtype=object)
