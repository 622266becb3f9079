"""Functions of many numbers: slices through the best point, along the two directions that a run moved in most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError
from .ground import box_of, height_map, left_out, resolution
from .palette import Theme, look
from .paper import cross, line, note, remark, sheet
from .paths import before, marks, way
from .runs import Track, tracks, with_looks

SAMPLES = 200  # places of a path that its directions are found from
NAMED = 2  # coordinates that the name of a direction has at most
STEEP = 0.75  # of the values on the lines are in the picture
COLOURS = ("GD", "Momentum")  # the looks of the two lines: the first two families


def plane(
    run: Any, directions: Any = None, *, points: int | None = None, axes: Any = None, theme: str | None = None
) -> Any:
    """Draw f on the plane through the best point along two directions, and the run, projected onto it.

    Parameters
    ----------
    run : Result
        Of a function of two numbers or more.
    directions : array_like, shape (2, n)
        Default: the two along which the places of the run lie farthest apart (principal components about the best
        point). The axes name them by their largest components, and how much of the way lies in the plane.
    points, axes, theme
        As for `path`.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError
        When an argument can't be right.
    """
    shown = _one(run)
    basis = _basis(shown, directions)
    with sheet(axes, theme, [["plane"]], (5.2, 3.9)) as ((ax,), colours):
        draw_plane(ax, shown, basis, colours, points)
    return ax


def lines(
    run: Any, directions: Any = None, *, points: int | None = None, axes: Any = None, theme: str | None = None
) -> Any:
    """Draw f on the lines through the best point along two directions; takes what `plane` takes."""
    shown = _one(run)
    basis = _basis(shown, directions)
    with sheet(axes, theme, [["lines"]], (5.2, 3.3)) as ((ax,), colours):
        draw_lines(ax, shown, basis, colours, points)
    return ax


def _one(run: Any) -> Track:
    shown = tracks(run)
    if len(shown) != 1:
        raise ArgumentError(f"there are {len(shown)} runs: a slice is drawn of one.")
    if shown[0].x.shape[1] < 2:
        raise ArgumentError("the run has x of one number: steepest.plots.path draws all of it.")
    return shown[0]


def _basis(run: Track, directions: Any) -> np.ndarray:
    if directions is None:
        return main_directions(run)
    given = np.array(directions, float)
    if given.shape != (2, run.best.size) or not np.isfinite(given).all() or np.linalg.matrix_rank(given) < 2:
        raise ArgumentError(
            f"directions has shape {given.shape}: expected (2, {run.best.size}), two that span a plane."
        )
    return np.linalg.qr(given.T)[0].T * np.sign(np.diag(np.linalg.qr(given.T)[1]))[:, None]


def main_directions(run: Track) -> np.ndarray:
    """The two directions of length 1 along which the places of a run lie farthest from its best point, shape (2, n)."""
    x = run.x[before(run)]
    away = x[np.linspace(0, len(x) - 1, min(len(x), SAMPLES)).astype(int)] - run.best
    size = float(np.abs(away).max(initial=0.0)) or 1.0
    _, lengths, found = np.linalg.svd(away / size, full_matrices=False)
    basis = [row for row, length in zip(found, lengths, strict=True) if length > 1e-9][:2]
    while len(basis) < 2:  # it moved along a line, or not at all: the coordinate that says most besides
        shares = np.sum(np.square(basis), axis=0) if basis else np.zeros(run.best.size)
        other = np.eye(1, run.best.size, int(np.argmin(shares)))[0]
        other = other - sum((row * row[np.argmin(shares)] for row in basis), np.zeros_like(other))
        basis.append(other / np.linalg.norm(other))
    return np.array([row * np.sign(row[np.argmax(np.abs(row))]) for row in basis])


def named(direction: np.ndarray, called: Callable[[int], str]) -> str:
    """A direction by its largest components: ``0.8 x[3] - 0.6 x[0]``, as the caller calls them."""
    order = [k for k in np.argsort(-np.abs(direction), kind="stable")[:NAMED] if abs(direction[k]) >= 0.05]
    first, *others = order
    size = lambda k: "" if abs(direction[k]) > 0.999 else f"{abs(direction[k]):.2g} "  # noqa: E731
    text = f"{'-' if direction[first] < 0 else ''}{size(first)}{called(int(first))}"
    text += "".join(f" {'-' if direction[k] < 0 else '+'} {size(k)}{called(int(k))}" for k in others)
    rest = float(np.sum(np.square(np.delete(direction, order))))
    return text + (" + ..." if rest > 0.01 else "")


def draw_plane(ax: Any, run: Track, basis: np.ndarray, theme: Theme, points: int | None = None) -> None:
    """The plane and the run in it, on axes that are there."""
    box = plane_ground(ax, run, basis, theme, points)
    ((_, style),) = with_looks([run], theme)
    way(ax, theme, run, (run.x - run.best) @ basis.T, box, style)


def plane_ground(ax: Any, run: Track, basis: np.ndarray, theme: Theme, points: int | None) -> np.ndarray:
    """The plane with its marks, without the run; what it shows."""
    away = (run.x - run.best)[before(run)]
    seen = away @ basis.T
    box = box_of(np.vstack([seen, [[0.0, 0.0]]]), 0.74)
    landscape = run.landscape
    count = points or (resolution(landscape, run.best, 2) if landscape else 0)
    if landscape and count:
        across, up = (np.linspace(low, high, count) for low, high in box)
        heights = landscape.at(run.best + np.stack(np.meshgrid(across, up), axis=-1) @ basis)
        height_map(ax, theme, across, up, run.sign * heights, run.sign * run.result.fun)
    else:
        remark(ax, theme, left_out(landscape, "map is"))
    marks(ax, theme, seen[0], [np.zeros(2)], [])
    share = float(np.sum(seen**2) / np.sum(away**2)) if away.any() else 1.0
    first, second = (named(direction, run.called) for direction in basis)
    ax.set(xlim=box[0], ylim=box[1], xlabel=f"along {first}", ylabel=f"along {second}",
           title=f"Plane through the best point, {share:.0%} of the way in it")  # fmt: skip
    ax.yaxis.label.set_size(8)  # a long name
    return box


def draw_lines(ax: Any, run: Track, basis: np.ndarray, theme: Theme, points: int | None = None) -> None:
    """The lines on axes that are there."""
    landscape = run.landscape
    reach = (run.x[before(run)] - run.best) @ basis.T
    count = points or (resolution(landscape, run.best, 1) if landscape else 0)
    longest = float(np.abs(reach).max(initial=0.0)) or 1.0
    if not (landscape and count):
        remark(ax, theme, left_out(landscape, "lines are"))
    else:
        seen = []
        for k, (direction, name) in enumerate(zip(basis, COLOURS, strict=True)):
            low, high = box_of(np.append(reach[:, k], [0, 0.1 * longest])[:, None])[0]
            s = np.linspace(low, high, count)
            seen.append(run.sign * landscape.at(run.best + s[:, None] * direction))
            label = named(direction, run.called)
            line(ax, theme, s, run.sign * seen[-1], look(name, theme), linewidth=1.6, label=label)
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderpad=0, columnspacing=1, handlelength=1.6)
        _end(ax, run, np.concatenate(seen))
    cross(ax, theme, 0, run.result.fun, zorder=3)
    note(ax, theme, "best", (0, run.result.fun), (7, -13))
    ax.set(xlabel="distance from the best point", ylabel="f")
    ax.set_title("Lines through the best point", pad=24)


def _end(ax: Any, run: Track, values: np.ndarray) -> None:
    """The axis ends where most of the values do: the wall of a valley would flatten its floor."""
    known = values[np.isfinite(values)]
    if known.size:
        low, high = known.min(), np.quantile(known, STEEP)
        ends = (low - 0.2 * (high - low), high + 0.2 * (high - low))
        if ends[0] < ends[1]:
            ax.set_ylim(*sorted(run.sign * end for end in ends))
