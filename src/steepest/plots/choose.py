"""What suits a result: what `result.plot()` draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..result import Result
from . import convergence, paths
from .paper import sheet
from .runs import tracks


def run(result: Result, *, axes: Any = None, theme: str | None = None) -> np.ndarray:
    """Draw what suits a result: where it went, and how it converged.

    Of one number: the curve with the path and its first tangents. Of two: level lines with the path. Beside it,
    f above its lowest value, and the norm of the gradient. Of more numbers: these, the length of the steps and the
    learning rate.

    Parameters
    ----------
    result : Result
    axes : sequence of Axes
        Three for one or two numbers, four for more; by default a new figure.
    theme : {"light", "dark"}
        By default what goes with the ground of the axes.

    Returns
    -------
    ndarray of Axes
        Nothing is shown or saved: see `matplotlib.pyplot.show` and `steepest.plots.save`.

    Raises
    ------
    MissingExtraError
        Without matplotlib.

    Examples
    --------
    >>> import steepest as st
    >>> axes = st.minimize(lambda x: (x - 3) ** 2, 0.0, method=st.GD(lr=0.1)).plot()
    >>> axes[0].get_xlabel(), axes[1].get_yscale()
    ('x', 'log')
    """
    shown = tracks(result)
    n = shown[0].x.shape[1]
    if n > 2:
        return convergence.convergence(result, axes=axes, theme=theme)
    names = [["path", "gap"], ["path", "gradient"]]
    with sheet(axes, theme, names, (8.6, 4.4), width_ratios=[1.25, 1]) as (given, colours):
        (paths.curve if n == 1 else paths.chart)(given[0], shown, colours)
        convergence.draw({"gap": given[1], "gradient": given[2]}, shown, colours)
    return np.array(given, dtype=object)
