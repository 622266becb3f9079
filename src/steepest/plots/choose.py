"""What suits a result: what `result.plot()` draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..result import Result
from . import paths, slices
from .convergence import draw_panels, name_runs, suiting
from .paper import sheet
from .residuals import residuals
from .runs import tracks
from .training import training


def run(result: Result, *, axes: Any = None, theme: str | None = None) -> np.ndarray:
    """Draw what suits a result: where it went, and how it converged.

    Of one number: the curve with the path and its first tangents. Of two: level lines with the path. Beside it,
    f above its lowest value, and the norm of the gradient. Of more numbers: these, the length of the steps, the
    learning rate, and slices along the two directions in which the run moved most. Of training: `training`; of a fitted
    formula: `residuals`.

    Parameters
    ----------
    result : Result
    axes : sequence of Axes
        Three for one or two numbers, six for more, two for training; by default a new figure.
    theme
        As for `path`.

    Returns
    -------
    ndarray of Axes
        Nothing is shown or saved: see `matplotlib.pyplot.show` and `steepest.plots.save`.

    Examples
    --------
    >>> import steepest as st
    >>> axes = st.minimize(lambda x: (x - 3) ** 2, 0.0, method=st.GD(lr=0.1)).plot()
    >>> axes[0].get_xlabel(), axes[1].get_yscale()
    ('x', 'log')
    """
    if isinstance(result, Result) and "epochs" in result:
        return training(result, axes=axes, theme=theme)
    if isinstance(result, Result) and "residuals" in result:
        return residuals(result, axes=axes, theme=theme)
    shown = tracks(result)
    n = shown[0].x.shape[1]
    if n > 2:
        panels = suiting(shown)
        names = [[*panels[:2], "plane"], [*panels[2:], "lines"]]
        with sheet(axes, theme, names, (11.4, 5.4), width_ratios=[1, 1, 1.25]) as (given, colours):
            by_name = dict(zip([*names[0], *names[1]], given, strict=True))
            draw_panels({name: by_name[name] for name in panels}, shown, colours)
            name_runs(by_name["gap"], shown, colours)
            basis = slices.main_directions(shown[0])
            slices.draw_plane(by_name["plane"], shown[0], basis, colours)
            slices.draw_lines(by_name["lines"], shown[0], basis, colours)
        return np.array(given, dtype=object)
    names = [["path", "gap"], ["path", "gradient"]]
    with sheet(axes, theme, names, (8.6, 4.4), width_ratios=[1.25, 1]) as (given, colours):
        (paths.curve if n == 1 else paths.chart)(given[0], shown, colours)
        draw_panels({"gap": given[1], "gradient": given[2]}, shown, colours)
        name_runs(given[1], shown, colours)
    return np.array(given, dtype=object)
