"""How runs converged: f above the lowest value, |g|, the length of steps, lr times curvature; by step or cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import ArgumentError
from .palette import Look, Theme, looks
from .paper import decades, dots, line, note, remark, sheet
from .runs import TOP, Track, tracks
from .thinning import said, thinned

FEW = 25  # points that each get a marker
AGAINST = {"t": "step", "nfev": "evaluations of f", "seconds": "seconds"}


class Panel(NamedTuple):
    """What one of the axes shows: a title, and the numbers of a run, given the lowest value of all."""

    title: str
    numbers: Callable[[Track, float], np.ndarray]


PANELS = {
    "gap": Panel("f above its lowest value", lambda run, lowest: run.sign * (run.columns["f"] - lowest)),
    "gradient": Panel("norm of the gradient", lambda run, _: run.columns["g_norm"]),
    "step": Panel("length of the step", lambda run, _: run.columns["step"]),
    "curvature": Panel(
        "lr x curvature (unstable above 2)", lambda run, _: np.maximum(run.rate_times_curvature, 0)
    ),
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
    theme : {"light", "dark"}
        By default what goes with the ground of the axes.

    Returns
    -------
    ndarray of Axes

    Raises
    ------
    MissingExtraError
        Without matplotlib.
    ArgumentError
        When an argument can't be right.

    Notes
    -----
    Of more than 2,000 points the lowest and the highest of each bucket are drawn, and the axis says so. Where f
    rises to more than 1000 times its size at the start, the axes end at ten times that, and say at which step.

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
    with sheet(axes, theme, names, (4.1 * columns, 2.7 * len(names))) as (given, colours):
        draw_panels(dict(zip(chosen, given, strict=True)), shown, colours, against, minimum)
    return np.array(given, dtype=object)


def suiting(shown: list[Track]) -> list[str]:
    """The four panels that tell most about some runs."""
    known = any(np.isfinite(run.rate_times_curvature).mean() > 0.5 for run in shown if len(run.columns["t"]))
    return ["gap", "gradient", "step", "curvature" if known else "rate"]


def draw_panels(
    axes: dict[str, Any], shown: list[Track], theme: Theme, against: str = "t", minimum: float | None = None
) -> None:
    """Draw the panels of that name on the axes of that name; the first one gets the legend."""
    lowest, what = _lowest(shown, minimum)
    styles = looks([run.result.get("method", "") for run in shown], theme)
    for name, ax in axes.items():
        panel = PANELS[name]
        drawn = [
            _draw(ax, run, panel.numbers(run, lowest), style, theme, against)
            for run, style in zip(shown, styles, strict=True)
        ]
        ax.set_yscale("log")
        seen = _end(ax, shown, [panel.numbers(run, lowest) for run in shown], theme, against)
        title = what if name == "gap" else panel.title
        ax.set(title=title, xlabel=_across(AGAINST[against], drawn))
        if name == "curvature":
            ax.axhline(2, color=theme.ink, linewidth=0.8, linestyle=(0, (4, 3)))
            low, high = ax.get_ylim()
            ax.set_ylim(min(low, 0.5), max(high, 4))
        if seen:
            decades(ax.yaxis)
        if seen and against != "seconds":
            ax.xaxis.get_major_locator().set_params(integer=True)
    if len(shown) > 1 and axes:
        next(iter(axes.values())).legend(loc="best")


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


def _draw(ax: Any, run: Track, y: np.ndarray, style: Look, theme: Theme, against: str) -> tuple[int, int]:
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
    return index.size, int(drawable.sum())


def _end(ax: Any, shown: list[Track], numbers: list[np.ndarray], theme: Theme, against: str) -> bool:
    """Where runs go off the scale the axis ends, and says at which step they did; False if there is nothing to see."""
    inside = [y[: run.left] for run, y in zip(shown, numbers, strict=True)]
    seen = np.concatenate([y[np.isfinite(y) & (y > 0)] for y in inside])
    gone = [(run, y) for run, y in zip(shown, numbers, strict=True) if run.left is not None]
    for k, (run, y) in enumerate(gone):
        word = "off scale" if np.isfinite(y[run.left]) else "not finite"
        name = f"{run.name}: " if len(shown) > 1 else ""
        text = f"{name}{word} at step {int(run.columns['t'][run.left])}"
        note(ax, theme, text, (1, 0), (-4, 5 + 11 * k), xycoords="axes fraction", ha="right")
    if not seen.size:
        remark(ax, theme, "no value above zero to show")
        ax.set(xticks=[], yticks=[])
        return False
    if gone:
        top = max(TOP * float(seen[0]), float(seen.max()))
        ax.set_ylim(float(seen.min()) / 2, top)
        for run, _ in gone:
            ax.plot(run.columns[against][run.left], top, "^", color=theme.ink, clip_on=False)
    return True


def _across(label: str, drawn: list[tuple[int, int]]) -> str:
    few, of = max(drawn, key=lambda pair: pair[1])
    thin = said(few, of)
    return f"{label}; {thin}" if thin else label
