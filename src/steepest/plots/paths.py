"""Where runs went: on the curve of a function of one number, or on the map of a function of two."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..objective.landscape import Landscape
from .ground import box_of, height_map, left_out, resolution, within
from .names import legend, room
from .palette import Look, Theme
from .paper import circle, cross, dots, line, note, remark, sheet
from .runs import Track, landscape_of, tracks, with_looks
from .thinning import strokes, thinned

DOTS = 40  # steps that get a dot; the others are too close, or too many
TANGENTS = 4


def path(runs: Any, *, box: Any = None, points: int | None = None, axes: Any = None, theme: str | None = None) -> Any:
    """Draw where one or several runs went, for functions of one or two numbers.

    Of one number: the curve, the places on it and the first tangents. Of two: level lines, low is dark, and the
    paths. Start, end and the known minima are marked. For more numbers see `plane` and `lines`.

    Parameters
    ----------
    runs : Result, Comparison, or mapping or sequence of Results
        Of the same function.
    box : sequence of (low, high)
        What to show, a pair for each coordinate; by default where the runs went, with a margin.
    points : int
        How many values along each side f is asked for; by default as many as can be had in a second. A result
        that was loaded has forgotten its function: then there is no map, and the picture says so.
    axes : Axes
        Default: a new figure.
    theme : {"light", "dark"}
        By default what goes with the ground of the axes.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError
        When an argument can't be right, or the function is of more than two numbers.

    Examples
    --------
    >>> import steepest as st
    >>> f = lambda x: x[0] ** 2 + 9 * x[1] ** 2
    >>> ax = st.plots.path(st.minimize(f, [3.0, 2.0], method=st.GD(lr=0.05)), box=[(-4, 4), (-3, 3)])
    >>> ax.get_xlim() == (-4, 4)
    True
    """
    shown = tracks(runs)
    sizes = {run.x.shape[1] for run in shown}
    if sizes not in ({1}, {2}):
        raise ArgumentError(
            f"the runs have x of {', '.join(map(str, sorted(sizes)))} numbers: expected 1 or 2 for all of them; "
            "steepest.plots.plane and steepest.plots.lines draw slices through more."
        )
    (n,) = sizes
    if box is not None:
        box = np.array(box, float).reshape(-1, 2)
        if len(box) != n or not (box[:, 0] < box[:, 1]).all():
            raise ArgumentError(f"box={box.tolist()}: expected {n} pairs (low, high).")
    with sheet(axes, theme, [["path"]], (5.2 + room([run.name for run in shown]), 3.9)) as ((ax,), colours):
        (curve if n == 1 else chart)(ax, shown, colours, box, points)
    return ax


def chart(ax: Any, shown: list[Track], theme: Theme, box: Any = None, points: int | None = None) -> None:
    """Paths on the map of a function of two numbers."""
    box = chart_ground(ax, shown, theme, box, points)
    for run, style in with_looks(shown, theme):
        way(ax, theme, run, run.x, box, style)
        _leaves(ax, run, theme, box)
    if len(shown) > 1:
        legend(ax, theme)


def way(ax: Any, theme: Theme, run: Track, x: np.ndarray, box: np.ndarray, style: Look) -> None:
    """The path of a run through the places `x` of a map, with dots on its first steps."""
    x = until(run, x, box)
    (across, up), (first, second) = strokes(x, box).T, x[: DOTS + 1].T
    line(ax, theme, across, up, style, linewidth=1.6, label=run.name, zorder=2)
    dots(ax, theme, first, second, style, markersize=3.4, markeredgewidth=0.3, zorder=2.5)


def chart_ground(ax: Any, shown: list[Track], theme: Theme, box: Any, points: int | None) -> np.ndarray:
    """The map with its marks, without the paths; what it shows."""
    landscape = landscape_of(shown)
    known = np.array(landscape.minima).reshape(-1, 2) if landscape else np.zeros((0, 2))
    if box is None:
        went = np.vstack([run.x[before(run)] for run in shown])
        seen = box_of(went)
        near = known[((known > seen[:, 0]) & (known < seen[:, 1])).all(axis=1)]
        box = within(box_of(np.vstack([went, near]), 0.74), landscape)
    _heights(ax, shown, theme, landscape, box, points)
    marks(ax, theme, shown[0].x[0], [run.best for run in _ranked(shown)], known)
    ax.set(xlim=box[0], ylim=box[1], xlabel=shown[0].called(0), ylabel=shown[0].called(1), title=_title(shown))
    if 0.15 <= np.ptp(box[1]) / np.ptp(box[0]) <= 6:
        ax.set(aspect="equal", anchor="N")  # then a gradient step is at right angles to the level line
    return box


def _heights(
    ax: Any, shown: list[Track], theme: Theme, landscape: Landscape | None, box: Any, points: int | None
) -> None:
    count = points or (resolution(landscape, shown[0].best, 2) if landscape else 0)
    if not (landscape and count):
        remark(ax, theme, left_out(landscape, "map is"))
        return
    across, up = (np.linspace(low, high, count) for low, high in box)
    heights = landscape.at(np.stack(np.meshgrid(across, up), axis=-1))
    sign = shown[0].sign  # dark is better
    if not height_map(ax, theme, across, up, sign * heights, min(sign * run.result.fun for run in shown)):
        remark(ax, theme, "f is flat here, or nowhere finite")


def curve(ax: Any, shown: list[Track], theme: Theme, box: Any = None, points: int | None = None) -> None:
    """Places on the curve of a function of one number, with the first tangents."""
    box = curve_ground(ax, shown, theme, box, points)
    for run, style in with_looks(shown, theme):
        f = values(run)
        index = thinned(f)
        places, stays = (run.x[index, 0], f[index]), run.left is None
        line(ax, theme, *places, style, linewidth=0.7, alpha=0.5, zorder=1.5, scaley=stays)
        dots(ax, theme, *places, style, label=run.name, zorder=2.5, scaley=stays)
        if run.landscape and len(shown) == 1:
            _tangents(ax, run, run.landscape, theme, box)
    if len(shown) > 1:
        legend(ax, theme)


def curve_ground(ax: Any, shown: list[Track], theme: Theme, box: Any, points: int | None) -> np.ndarray:
    """The curve with its marks, without the places; what it shows."""
    landscape = landscape_of(shown)
    known = np.array(landscape.minima).reshape(-1, 1) if landscape else np.zeros((0, 1))
    if box is None:
        went = np.vstack([run.x[before(run)] for run in shown])
        seen = box_of(went)
        near = known[(known > seen[:, 0]) & (known < seen[:, 1])][:, None]
        box = within(box_of(np.vstack([went, near])), landscape)
    count = points or (resolution(landscape, shown[0].best, 1) if landscape else 0)
    heights = np.zeros(0)
    if landscape and count:
        x = np.linspace(box[0, 0], box[0, 1], count)
        heights = landscape.at(x[:, None])
        ax.plot(x, heights, color=theme.grey, linewidth=1.2, zorder=1)
    else:
        remark(ax, theme, left_out(landscape, "curve is"))
    best = [np.append(run.best, run.result.fun) for run in _ranked(shown)]
    marks(ax, theme, np.append(shown[0].x[0], shown[0].columns["f"][0]), best,
           np.array([[*x, landscape.minimum] for x in known]) if landscape else [])  # fmt: skip
    ax.set(xlim=box[0], xlabel=shown[0].called(0), ylabel="f", title=_title(shown))
    _clamp(ax, shown, theme, shown[0].sign * heights)
    return box


def values(run: Track) -> np.ndarray:
    """f at the places that were kept."""
    return run.columns["f"][run.result.history.x_steps - int(run.columns["t"][0])]


def _tangents(ax: Any, run: Track, landscape: Landscape, theme: Theme, box: np.ndarray) -> None:
    """Tangents at the first places, a little to each side."""
    half = 0.09 * np.ptp(box[0])
    steps = run.result.history.x_steps[:TANGENTS]
    for x, f, size in zip(run.x[:TANGENTS, 0], values(run), run.columns["g_norm"][steps], strict=False):
        h = 1e-4 * half
        up, down = landscape(np.array([x + h])), landscape(np.array([x - h]))
        slope = np.sign(up - down) * size  # the history has the norm; f tells its sign
        if np.isfinite([slope, f]).all():
            ax.plot([x - half, x + half], [f - slope * half, f + slope * half],
                    color=theme.ink, linewidth=1, linestyle=(0, (3, 2)), zorder=2, scaley=False)  # fmt: skip


def before(run: Track) -> np.ndarray:
    """The places before a run left any scale."""
    steps = run.result.history.x_steps - int(run.columns["t"][0])
    kept = np.isfinite(run.x).all(axis=1) & (steps < (np.inf if run.left is None else max(run.left, 1)))
    kept[0] = True
    return kept


def until(run: Track, x: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The places `x` of a run; of one that left the scale, up to the first one outside of the picture."""
    outside = ~((x >= box[:, 0]) & (x <= box[:, 1])).all(axis=1)
    return x if run.left is None or not outside.any() else x[: int(np.argmax(outside)) + 1]


def _leaves(ax: Any, run: Track, theme: Theme, box: np.ndarray) -> None:
    """Where a path goes out of the picture for good, it says at which step."""
    if run.left is None:
        return
    outside = ~((run.x >= box[:, 0]) & (run.x <= box[:, 1])).all(axis=1)
    if not outside.any():
        return
    k = int(np.argmax(outside))
    inside, out = run.x[max(k - 1, 0)], run.x[k]
    with np.errstate(all="ignore"):
        room = np.where(out > inside, box[:, 1] - inside, inside - box[:, 0]) / np.abs(out - inside)
    at = inside + np.nanmin(np.append(room, 1.0)) * np.where(np.isfinite(out), out - inside, 0)
    side = "right" if at[0] > box[0].mean() else "left"
    note(ax, theme, f"off scale at step {int(run.result.history.x_steps[k])}", at,
         (-6 if side == "right" else 6, -12 if at[1] > box[1].mean() else 6), ha=side)  # fmt: skip


def _clamp(ax: Any, shown: list[Track], theme: Theme, heights: np.ndarray) -> None:
    """The height of a curve ends at what the runs saw before they left; its floor is all there."""
    if all(run.left is None for run in shown):
        return
    sign = shown[0].sign
    seen = sign * np.concatenate([values(run)[before(run)] for run in shown])
    seen, floor = seen[np.isfinite(seen)], heights[np.isfinite(heights)]
    low, high = min(seen.min(), floor.min(initial=np.inf)), seen.max()
    margin = 0.15 * (high - low or abs(high) or 1.0)
    ax.set_ylim(*sorted((sign * (low - margin), sign * (high + 2 * margin))))
    for k, run in enumerate(run for run in shown if run.left is not None):
        text = f"{run.name}: off scale at step {int(run.columns['t'][run.left])}"
        note(ax, theme, text, (0.5, 1), (0, -10 - 11 * k), xycoords="axes fraction", ha="center")


def _ranked(shown: list[Track]) -> list[Track]:
    """The run that came lowest first."""
    return sorted(shown, key=lambda run: float(np.nan_to_num(run.sign * run.result.fun, nan=np.inf)))


def marks(ax: Any, theme: Theme, start: np.ndarray, ends: list[np.ndarray], minima: Any) -> None:
    """Start, the ends of the runs with the best first, and known minima."""
    for x in minima:
        ax.plot(*x[:2], "*", color=theme.ink, markersize=11, markeredgecolor=theme.paper, zorder=3)
    for end in ends:
        cross(ax, theme, *end[:2], zorder=3.5)
    circle(ax, theme, *start[:2])
    still = np.array_equal(start[:2], ends[0][:2])
    toward = 0.0 if still else ax.transData.transform(ends[0][:2])[0] - ax.transData.transform(start[:2])[0]
    side = {"offset": (-7, 5), "ha": "right"} if toward > 0 else {"offset": (7, 5)}  # away from the path
    note(ax, theme, "start, and best" if still else "start", start[:2], **side)
    if not still:
        note(ax, theme, "best", ends[0][:2], (7, -13))


def _title(shown: list[Track]) -> str:
    if len(shown) > 1:
        return f"Paths of {len(shown)} runs"
    return f"{shown[0].name}, {shown[0].result.nit:,} step{'s' * (shown[0].result.nit != 1)}"
