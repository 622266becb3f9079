"""A function of two numbers in space, and runs on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..objective.landscape import Landscape
from .ground import box_of, left_out, resolution, within
from .names import legend, room
from .palette import Theme
from .paper import circle, cross, sheet
from .paths import before, values
from .runs import landscape_of, tracks, with_looks

FINEST = 61  # points along each side: it is drawn facet by facet


def surface(
    runs: Any, *, box: Any = None, points: int | None = None, axes: Any = None, theme: str | None = None
) -> Any:
    """Draw f as a surface and the runs on it; takes what `path` takes, for functions of two numbers.

    Parameters
    ----------
    runs, box, points, theme
        As for `path`.
    axes : Axes3D
        Axes with ``projection="3d"``; default: a new figure.

    Returns
    -------
    Axes3D

    Raises
    ------
    ArgumentError
        When f is not of two numbers, the axes have no depth, or f is not known or too slow.
    """
    shown = tracks(runs)
    if {run.x.shape[1] for run in shown} != {2}:
        raise ArgumentError("a surface is drawn of functions of two numbers; see steepest.plots.plane for more.")
    landscape = landscape_of(shown)
    if axes is not None and not hasattr(axes, "plot_surface"):
        raise ArgumentError(f"axes={axes!r}: expected axes with projection='3d'.")
    if box is None:
        went = np.vstack([run.x[before(run)] for run in shown])
        box = within(box_of(went, 1.0), landscape)
    box = np.array(box, float).reshape(2, 2)
    size = (5.6 + room([run.name for run in shown]), 4.6)
    with sheet(axes, theme, [["surface"]], size, subplot_kw={"projection": "3d"}) as ((ax,), colours):
        _heights(
            ax,
            colours,
            landscape,
            box,
            points or (resolution(landscape, shown[0].best, 2) if landscape else 0),
        )
        for run, style in with_looks(shown, colours):
            inside = ((run.x >= box[:, 0]) & (run.x <= box[:, 1])).all(axis=1)
            x, y, z = (np.where(inside, each, np.nan) for each in (*run.x.T, values(run)))
            ax.plot(x, y, z, color=colours.paper, linewidth=3.4, zorder=8)
            ax.plot(x, y, z, color=style.color, linestyle=style.dash, linewidth=1.8, label=run.name, zorder=9)
            if np.isfinite(run.result.fun):
                cross(ax, colours, *run.best[:, None], [run.result.fun], zorder=11)
        ax.computed_zorder = False  # the paths lie on the surface: its own order would hide half of them
        circle(ax, colours, *shown[0].x[:1].T, values(shown[0])[:1], zorder=10)
        ax.set(zlabel="f", xlim=box[0], ylim=box[1], title="Surface; circle: start, cross: best")
        ax.set_xlabel(shown[0].called(0), labelpad=8)
        ax.set_ylabel(shown[0].called(1), labelpad=8)
        for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
            axis.get_major_locator().set_params(nbins=5)
            axis.set_pane_color(colours.paper)
            axis._axinfo["grid"].update(color=colours.faint, linewidth=0.3)
        if len(shown) > 1:
            legend(ax, colours)
    return ax


def _heights(ax: Any, theme: Theme, landscape: Landscape | None, box: np.ndarray, count: int) -> None:
    """The surface, coloured by rank, low is dark, with level lines on it; or why there is none."""
    if not (landscape and count):
        ax.text2D(0, 0, left_out(landscape, "surface is"), transform=ax.transAxes, fontsize=7.5)
        return
    from matplotlib.colors import LinearSegmentedColormap

    across, up = np.meshgrid(*(np.linspace(low, high, min(count, FINEST)) for low, high in box))
    heights = landscape.at(np.stack([across, up], axis=-1))
    heights[~np.isfinite(heights)] = np.nan
    ends = theme.low, theme.faint if theme.name == "dark" else theme.high
    ramp = LinearSegmentedColormap.from_list("heights", ends)
    order = np.argsort(np.argsort(heights, axis=None)).reshape(heights.shape) / heights.size
    ax.plot_surface(across, up, heights, facecolors=ramp(0.7 * order), rstride=1, cstride=1, linewidth=0,
                    antialiased=False, shade=False, zorder=1)  # fmt: skip
    ax.contour(across, up, heights, 12, colors=theme.faint, linewidths=0.4, zorder=2)
