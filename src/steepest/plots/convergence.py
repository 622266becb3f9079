"""How runs converged: f above the lowest value, |g|, the length of steps, lr times curvature; by step or cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import ArgumentError
from .names import at_ends, has_room, legend, room
from .palette import Look, Theme
from .paper import decades, dots, line, note, remark, sheet
from .runs import TOP, Track, tracks, with_looks
from .thinning import said, thinned

FEW = 25  # points that each get a marker
MANY = 8  # runs: more have a legend
THIN = "; thin: best so far"  # behind the title of f above its lowest value
AGAINST = {"t": "step", "nfev": "evaluations of f", "seconds": "seconds"}


class Panel(NamedTuple):
    """What one of the axes shows: a title, and the numbers of a run, given the lowest value of all."""

    title: str
    numbers: Callable[[Track, float], np.ndarray]


PANELS = {
    "gap": Panel("f above its lowest value", lambda run, lowest: run.sign * (run.columns["f"] - lowest)),
    "gradient": Panel("norm of the gradient", lambda run, _: run.columns["g_norm"]),
    "step": Panel("length of the step", lambda run, _: run.columns["step"]),
    "curvature": Panel("lr x curvature (unstable above 2)", lambda run, _: np.maximum(run.rate_times_curvature, 0)),
    "rate": Panel("learning rate", lambda run, _: run.columns["lr"]),
}


def convergence(
    runs: Any,
    panels: Sequence[str] | None = None,
    *,
    against: str = "t",
    minimum: float | None = None,
    axes: Any = None,
    theme: str | None = None,
) -> np.ndarray:
    """Draw how one or several runs converged, on logarithmic axes.

    Parameters
    ----------
    runs : Result, Comparison, or mapping or sequence of Results
    panels : sequence of str
        Of ``"gap"``, f above `minimum`; ``"gradient"``, its norm; ``"step"``, its length; ``"curvature"``, lr times
        the curvature along the step, where steps of gradient descent tell it; ``"rate"``, lr. By default the first
        three, and curvature where it is known, else the rate.
    against : {"t", "nfev", "seconds"}
        What runs to the right: steps, evaluations of f, or time.
    minimum : float
        The lowest value of f, if you know it; else what a problem of the zoo knows, or the lowest that any of the
        runs saw: then the point that saw it is not in the picture, since zero is not on a logarithmic axis.
    axes : sequence of Axes
        As many as panels; by default a new figure.
    theme
        As for `path`.

    Returns
    -------
    ndarray of Axes

    Raises
    ------
    ArgumentError
        When an argument can't be right.

    Notes
    -----
    Of more than 2,000 points the lowest and the highest of each bucket are drawn, and the axis says so. Where f
    rises to more than 1000 times its size at the start, the axes end at ten times that, and say at which step. Where
    f has risen, a thin line shows the best value so far.

    Examples
    --------
    >>> import steepest as st
    >>> r = st.minimize(lambda x: x[0] ** 2 + 9 * x[1] ** 2, [3.0, 2.0], method=st.GD(lr=0.05))
    >>> [ax.get_title(loc="left") for ax in st.plots.convergence(r, ["gap", "gradient"])]
    ['f above its lowest value', 'norm of the gradient']
    """
    shown = tracks(runs)
    if against not in AGAINST:
        raise ArgumentError(f"against={against!r}: expected {', '.join(map(repr, AGAINST))}.")
    chosen = list(suiting(shown) if panels is None else panels)
    for name in chosen:
        if name not in PANELS:
            raise ArgumentError(f"panels has {name!r}: expected some of {', '.join(map(repr, PANELS))}.")
    columns = min(len(chosen), 2)
    names = [chosen[k : k + columns] for k in range(0, len(chosen), columns)]
    names[-1] += ["."] * (columns - len(names[-1]))
    wide = 4.1 * columns + room([run.name for run in shown])
    with sheet(axes, theme, names, (wide, 2.7 * len(names))) as (given, colours):
        draw_panels(dict(zip(chosen, given, strict=True)), shown, colours, against, minimum)
        if given:
            name_runs(given[0 if len(shown) == 1 else columns - 1], shown, colours, against)
    return np.array(given, dtype=object)


def suiting(shown: list[Track]) -> list[str]:
    """The four panels that tell most about some runs."""
    known = any(np.isfinite(run.rate_times_curvature).mean() > 0.5 for run in shown if len(run.columns["t"]))
    return ["gap", "gradient", "step", "curvature" if known else "rate"]


def draw_panels(
    axes: dict[str, Any], shown: list[Track], theme: Theme, against: str = "t", minimum: float | None = None
) -> None:
    """Draw the panels of that name on the axes of that name; `name_runs` says what they are called."""
    lowest, what = _lowest(shown, minimum)
    styled = with_looks(shown, theme)
    for name, ax in axes.items():
        panel = PANELS[name]
        drawn = [
            _draw(ax, run, panel.numbers(run, lowest), style, theme, against, len(shown) > 1) for run, style in styled
        ]
        ax.set_yscale("log")
        seen = _end(ax, shown, [panel.numbers(run, lowest) for run in shown], theme, against)
        title = what if name == "gap" else panel.title
        if name == "gap" and any([_best(ax, *each, lowest, against) for each in styled]):
            title += THIN
        ax.set(title=title, xlabel=_across(AGAINST[against], drawn))
        if name == "curvature":
            ax.axhline(2, color=theme.ink, linewidth=0.8, linestyle=(0, (4, 3)))
            low, high = ax.get_ylim()
            ax.set_ylim(min(low, 0.5), max(high, 4))
        if seen:
            decades(ax.yaxis)
        if seen and against != "seconds":
            ax.xaxis.get_major_locator().set_params(integer=True)


def name_runs(ax: Any, shown: list[Track], theme: Theme, against: str = "t", ends: bool = True) -> None:
    """Name the runs of a panel at the ends of their lines, or of many beside it; where one left the scale, say so."""
    drawn = {each.get_label(): each for each in ax.lines}
    many = len(shown) > MANY or not ends or not has_room(ax)
    named = []
    for run in shown:
        x, y = (np.asarray(each, float) for each in drawn[run.name].get_data())
        there = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        if run.left is not None:
            word = "off scale" if np.isfinite(run.columns["f"][run.left]) else "not finite"
            text = f"{word} at step {int(run.columns['t'][run.left])}"
            name = f"{run.name}: {text}" if len(shown) > 1 else text
            named.append((name, run.columns[against][run.left], ax.get_ylim()[1], theme.ink))
        elif there.size and len(shown) > 1 and not many:
            named.append((run.name, x[there[-1]], y[there[-1]], drawn[run.name].get_color()))
    if len(shown) > 1 and many:
        legend(ax, theme)
    if len(shown) == 1 and named:  # it went off to the right and above
        note(ax, theme, named[0][0], (1, 0), (-4, 5), xycoords="axes fraction", ha="right")
    else:
        at_ends(ax, theme, named)


def _lowest(shown: list[Track], minimum: float | None) -> tuple[float, str]:
    """What f is counted from, and the title that says so."""
    if minimum is not None:
        return minimum, f"f above {minimum:g}"
    known = [run.landscape.minimum for run in shown if run.landscape and run.landscape.minimum is not None]
    if known:
        return min(known), "f above its known minimum"
    best = [run.sign * run.result.fun for run in shown if math.isfinite(run.result.fun)]
    if shown[0].sign < 0:
        return -min(best, default=math.nan), "f below its highest value"
    return min(best, default=math.nan), "f above its lowest value"


def _best(ax: Any, run: Track, style: Look, lowest: float, against: str) -> bool:
    """A thin line for the best value so far, where f has risen; whether there is one."""
    gap = PANELS["gap"].numbers(run, lowest)[: run.left]
    best = np.fmin.accumulate(gap)
    if not (best[0] > 0 and (gap[1:] > best[:-1]).any()):
        return False
    end = int(np.argmax(best <= 0)) if (best <= 0).any() else len(best) - 1  # zero is nowhere on the axis
    x, y = run.columns[against][: end + 1], np.maximum(best[: end + 1], best[max(end - 1, 0)])
    steps = np.append(True, np.diff(y) < 0)
    steps[-1] = True
    index = np.flatnonzero(steps)[thinned(np.log(y[steps]))]
    ax.plot(x[index], y[index], color=style.color, linewidth=0.8, alpha=0.7, drawstyle="steps-post",
            label=f"_best {run.name}", zorder=1.8)  # fmt: skip
    return True


def _draw(
    ax: Any, run: Track, y: np.ndarray, style: Look, theme: Theme, against: str, several: bool
) -> tuple[int, int]:
    """The line of a run; how many points are shown, of how many."""
    x = run.columns[against]
    if run.left is not None:  # one point beyond the edge, so that the line leaves the picture
        x, y = x[: run.left + 1], y[: run.left + 1]
    drawable = np.isfinite(y) & (y > 0)
    index = np.flatnonzero(drawable)
    index = index[thinned(np.log(y[index]))]
    gaps = np.flatnonzero(np.diff(np.cumsum(~drawable)[index])) + 1  # no line over what is not there
    there = [np.insert(each[index], gaps, np.nan) for each in (x, y)]
    drawn = line(ax, theme, there[0], there[1], style, label=run.name)
    if index.size <= FEW:
        dots(ax, theme, x[index], y[index], style, markersize=4.5)
        drawn.set(marker=style.marker, markersize=4.5, markevery=[])  # in the legend alone
    elif several:
        drawn.set(marker=style.marker, markersize=5.5, markevery=index.size // 5, markeredgecolor=theme.paper)
    return index.size, int(drawable.sum())


def _end(ax: Any, shown: list[Track], numbers: list[np.ndarray], theme: Theme, against: str) -> bool:
    """Where runs go off the scale the axis ends, with a mark; False if there is nothing to see."""
    inside = [y[: run.left] for run, y in zip(shown, numbers, strict=True)]
    seen = np.concatenate([y[np.isfinite(y) & (y > 0)] for y in inside])
    gone = [(run, y) for run, y in zip(shown, numbers, strict=True) if run.left is not None]
    if not seen.size:
        remark(ax, theme, "no value above zero to show")
        ax.set(xticks=[], yticks=[])
        return False
    if gone:
        top = max(TOP * float(seen[0]), float(seen.max()))
        ax.set_ylim(float(seen.min()) / 2, top)
        for run, y in gone:
            if not y[run.left] <= top:
                ax.plot(run.columns[against][run.left], top, "^", color=theme.ink, clip_on=False)
    return True


def _across(label: str, drawn: list[tuple[int, int]]) -> str:
    few, of = max(drawn, key=lambda pair: pair[1])
    thin = said(few, of)
    return f"{label}; {thin}" if thin else label
