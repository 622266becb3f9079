"""What moves: the paths of runs over their ground, and beside it how f falls, cut at any step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from . import paths, slices
from .convergence import THIN, draw_panels, name_runs
from .palette import Look, Theme
from .paper import sheet
from .runs import Track, tracks, with_looks
from .thinning import POINTS

TOGETHER = 200  # steps from the start that are never thinned


@dataclass(frozen=True, eq=False)
class Line:
    """A line that grows with the steps.

    Attributes
    ----------
    ax : Axes
    place : {"path", "gap"}
        Which of the axes that is.
    steps : ndarray, shape (k,)
        The step at which each point is reached.
    points : ndarray, shape (k, 2)
        In units of the data.
    look : Look
    """

    ax: Any
    place: str
    steps: np.ndarray
    points: np.ndarray
    look: Look


@dataclass(frozen=True, eq=False)
class Stage:
    """A figure with its ground drawn, and the lines that move on it."""

    figure: Any
    theme: Theme
    names: list[str]
    lines: list[Line]

    def moments(self, most: int) -> np.ndarray:
        """At most so many steps to stop at: every one while they are few, then ever fewer."""
        last = int(max(line.steps[-1] for line in self.lines))
        if last < most:
            return np.arange(last + 1)
        return np.unique((last * np.linspace(0, 1, most) ** 2).round().astype(int))


def stage(runs: Any, box: Any, points: int | None, theme: str | None) -> Stage:
    """Draw all that does not move. More than two numbers are seen in the plane of the first run (see `plane`)."""
    shown = tracks(runs)
    with sheet(None, theme, [["path", "gap"]], (9.0, 3.9), width_ratios=[1.3, 1]) as ((left, right), colours):
        n = shown[0].x.shape[1]
        if n > 2:
            basis = slices.main_directions(shown[0])
            slices.plane_ground(left, shown[0], basis, colours, points)
            flat = [(run.x - shown[0].best) @ basis.T for run in shown]
        elif n == 2:
            paths.chart_ground(left, shown, colours, box, points)
            flat = [run.x for run in shown]
        else:
            paths.curve_ground(left, shown, colours, box, points)
            flat = [np.column_stack([run.x[:, 0], paths.values(run)]) for run in shown]
        draw_panels({"gap": right}, shown, colours)
        name_runs(right, shown, colours, ends=False)
        styled = with_looks(shown, colours)
        drawn = {line.get_label(): line for line in right.lines}
        lines = [_path(left, run, x, style) for (run, style), x in zip(styled, flat, strict=True)]
        lines += [_gap(right, drawn[run.name], style) for run, style in styled]
        for line in list(right.lines):
            if line.get_marker() != "^":  # of what moves the frame is kept, and where it leaves it
                line.set_visible(False)
        title = right.get_title(loc="left").removesuffix(THIN)
        right.set(xlim=right.get_xlim(), ylim=right.get_ylim(), title=title)
    return Stage(left.figure, colours, [run.name for run in shown], lines)


def _path(ax: Any, run: Track, x: np.ndarray, style: Look) -> Line:
    steps = run.result.history.x_steps
    finite = np.flatnonzero(np.isfinite(x).all(axis=1))
    if finite.size > POINTS:
        rest = np.linspace(TOGETHER, finite.size - 1, POINTS - TOGETHER).astype(int)
        finite = finite[np.unique(np.append(np.arange(TOGETHER), rest))]
    return Line(ax, "path", steps[finite], x[finite], style)


def _gap(ax: Any, drawn: Any, style: Look) -> Line:
    x, y = np.asarray(drawn.get_xdata(), float), np.asarray(drawn.get_ydata(), float)
    there = np.isfinite(x)
    if not there.any():
        return Line(ax, "gap", np.zeros(1, int), np.full((1, 2), np.nan), style)
    return Line(ax, "gap", x[there].astype(int), np.column_stack([x, y])[there], style)
