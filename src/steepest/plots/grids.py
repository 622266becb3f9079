"""A sweep as a picture: a heat map of what came of each run, with the border of stability."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..sweeps.sweep import Sweep
from .names import legend
from .palette import Theme, looks
from .paper import cross, decades, dots, line, note, remark, sheet

LOST = ("diverged", "nonfinite", "error")  # first words of the codes of runs that fell over
SHOWN = {"fun": "lowest f, above the best of all", "steps": "steps until it stopped"}


def sweep(result: Sweep, show: str = "fun", *, axes: Any = None, theme: str | None = None) -> Any:
    """Draw what came of a sweep over one or two things.

    Over one: a line, for each method if there are several. Over two: a map, dark is better, with the border between
    the runs that fell over (hatched) and the others. The best run is marked.

    Parameters
    ----------
    result : Sweep
    show : {"fun", "steps"}
        The lowest value that each run saw, above the best of all, or its steps.
    axes, theme
        As for `path`.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError
        When the sweep is over more than two things, or an argument can't be right.

    Examples
    --------
    >>> import numpy as np, steepest as st
    >>> s = st.sweep(lambda x: x[0] ** 2 + 9 * x[1] ** 2, [3.0, 2.0], st.GD(lr=np.logspace(-3, 0, 20)))
    >>> s.plot().get_xlabel()
    'lr'
    """
    if show not in SHOWN:
        raise ArgumentError(f"show={show!r}: expected 'fun' or 'steps'.")
    names = _axes_of(result)
    with sheet(axes, theme, [["sweep"]], (5.2, 3.9)) as ((ax,), colours):
        values = _shown(result, show)
        lost = np.array([str(code).partition(".")[0] in LOST for code in result.code.ravel()]).reshape(values.shape)
        (_line if len(names) == 1 or names[0] == "method" else _map)(ax, result, names, values, lost, colours)
        ax.set_title(SHOWN[show])
    return ax


def _axes_of(result: Sweep) -> list[str]:
    """What differs along each axis of the grid."""
    shape = result.fun.shape
    found = []
    for axis in range(len(shape)):
        along = [name for name, values in result.varied.items() if _varies(values, axis)]
        found.append(along[0] if along else next(iter(result.varied)) if len(shape) == 1 else "")
    if not 1 <= len(shape) <= 2:
        raise ArgumentError(f"the sweep has a grid of shape {shape}: one or two things that differ can be drawn.")
    return found


def _varies(values: np.ndarray, axis: int) -> bool:
    first = np.take(values, [0], axis)
    return bool((values != first).any())


def _shown(result: Sweep, show: str) -> np.ndarray:
    if show == "steps":
        return result.steps.astype(float)
    with np.errstate(all="ignore"):
        return result.fun - np.nanmin(np.where(np.isfinite(result.fun), result.fun, np.nan))


def _line(ax: Any, result: Sweep, names: list[str], values: np.ndarray, lost: np.ndarray, theme: Theme) -> None:
    several = names[0] == "method" and values.ndim == 2
    rows = values if several else values[None]
    gone = lost.reshape(rows.shape)
    methods = [str(m) for m in result.varied["method"][:, 0]] if several else ["GD"]
    name = names[-1]
    places = np.broadcast_to(result.varied[name], values.shape).reshape(rows.shape)
    kinds = [str(place) for place in places[0]] if places.dtype.kind in "OU" else []
    if kinds:  # methods side by side
        places = np.broadcast_to(np.arange(len(kinds), dtype=float), rows.shape)
    kind = _scale(places[0])
    ordered = not kinds and name != "start"  # else nothing lies between two places
    positive = rows[~gone & (rows > 0) & np.isfinite(rows)]
    # where the best of all is put: it is 0 above itself
    floor = float(positive.min()) if positive.size else 0.0
    told = None
    for row, x, bad, style, method in zip(rows, places, gone, looks(methods, theme), methods, strict=True):
        shown = np.where(bad, np.nan, np.maximum(row, floor))
        if ordered:
            line(ax, theme, x, shown, style, label=method, marker=style.marker, markevery=[])
        dots(ax, theme, x, shown, style, markersize=4 if ordered else 7)
        for k in np.flatnonzero(bad[1:] != bad[:-1]) if ordered else []:
            border = np.sqrt(x[k] * x[k + 1]) if kind == "log" else (x[k] + x[k + 1]) / 2
            ax.axvline(border, color=style.color, linewidth=1, linestyle=(0, (4, 3)))
            if bad[k + 1] and not told:
                told = note(ax, theme, "unstable beyond", (border, 0.98), (3, 0), xycoords=ax.get_xaxis_transform(),
                            rotation=90, va="top")  # fmt: skip
    lowest = np.where(gone, np.nan, result.fun.reshape(rows.shape))
    if np.isfinite(lowest).any():
        cell = divmod(int(np.nanargmin(lowest)), rows.shape[1])
        at = (places[cell], max(rows[cell], floor))
        cross(ax, theme, *at, markersize=8)
        note(ax, theme, "best", at, (7, 5))
    else:
        remark(ax, theme, "every run fell over")
    ax.set(xscale=kind, xlabel=name, xlim=_edges(places[0])[[0, -1]])
    if kinds:
        ax.set_xticks(range(len(kinds)), kinds)
    if positive.size and positive.max() > 20 * floor:
        ax.set_yscale("log")
        decades(ax.yaxis)
    if len(methods) > 1:
        legend(ax, theme)


def _map(ax: Any, result: Sweep, names: list[str], values: np.ndarray, lost: np.ndarray, theme: Theme) -> None:
    from matplotlib.colors import LinearSegmentedColormap, LogNorm

    up, across = (_places(result, name, axis) for axis, name in enumerate(names))
    good = values[~lost & (values > 0) & np.isfinite(values)]
    floor = float(good.min()) if good.size else 1.0
    shown = np.ma.masked_where(lost | ~np.isfinite(values), np.maximum(values, floor))
    ramp = LinearSegmentedColormap.from_list("heights", [theme.low, theme.high])
    top = max(float(good.max()) if good.size else 1.0, 1.01 * floor)
    mesh = ax.pcolormesh(_edges(across), _edges(up), shown, cmap=ramp, norm=LogNorm(floor, top), rasterized=True)
    ax.figure.colorbar(mesh, ax=ax, shrink=0.9).outline.set_visible(False)
    ax.pcolor(_edges(across), _edges(up), np.ma.masked_where(~lost, np.ones(lost.shape)), facecolor="none",
              edgecolor=theme.faint, hatch="////", linewidth=0)  # fmt: skip
    for x, y in _border(_edges(across), _edges(up), lost):
        ax.plot(x, y, color=theme.colours[1], linewidth=1.8, solid_capstyle="butt")
    if np.isfinite(result.fun).any():
        best = 0 if lost.all() else np.nanargmin(np.where(lost, np.nan, result.fun))
        k = np.unravel_index(best, values.shape)
        cross(ax, theme, across[k[1]], up[k[0]], markersize=8)
        note(ax, theme, "best", (across[k[1]], up[k[0]]), (7, 5))
    if lost.any():
        remark(ax, theme, "hatched: fell over; orange: border of stability")
    ax.set(xscale=_scale(across), yscale=_scale(up), xlabel=names[1], ylabel=names[0])


def _places(result: Sweep, name: str, axis: int) -> np.ndarray:
    """The values of what differs along an axis; their numbers, where they are no numbers or do not rise."""
    size = result.fun.shape[axis]
    if not name:
        return np.arange(size, dtype=float)
    every = np.broadcast_to(result.varied[name], result.fun.shape)
    values = np.moveaxis(every, axis, 0).reshape(size, -1)[:, 0]
    numbers = np.array(values, dtype=float) if values.dtype.kind in "fiu" else np.arange(size, dtype=float)
    return numbers if (np.diff(numbers) > 0).all() else np.arange(size, dtype=float)


def _scale(places: np.ndarray) -> str:
    """Whether the places are of equal ratio rather than of equal difference."""
    if len(places) < 3 or not (places > 0).all():
        return "linear"
    ratios, differences = np.diff(np.log(places)), np.diff(places)
    return "log" if np.ptp(ratios) / np.mean(ratios) < np.ptp(differences) / np.mean(differences) else "linear"


def _edges(places: np.ndarray) -> np.ndarray:
    """Borders of the cells about the places."""
    log = _scale(places) == "log"
    x = np.log(places) if log else places
    if len(x) == 1:
        x = np.array([x[0] - 0.5, x[0] + 0.5])
    else:
        middle = (x[1:] + x[:-1]) / 2
        x = np.concatenate([[2 * x[0] - middle[0]], middle, [2 * x[-1] - middle[-1]]])
    return np.exp(x) if log else x


def _border(across: np.ndarray, up: np.ndarray, lost: np.ndarray) -> list[tuple[list[float], list[float]]]:
    """The sides of cells between those that fell over and those that did not."""
    sides = [([across[j + 1]] * 2, [up[i], up[i + 1]]) for i, j in np.argwhere(lost[:, 1:] != lost[:, :-1])]
    return sides + [([across[j], across[j + 1]], [up[i + 1]] * 2) for i, j in np.argwhere(lost[1:] != lost[:-1])]
