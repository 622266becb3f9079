"""What lines are called: at their ends, or in a legend beside the axes; never over what is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .palette import Theme
from .paper import note

SIZE = 8.5  # of the letters, in points
WIDE, HIGH = 0.6, 1.35  # of a letter and of a line, in sizes
MOST, LONGEST = 12, 28  # names in a legend, and letters of one: else nothing is left of the axes


def legend(ax: Any, theme: Theme, **more: Any) -> Any:
    """A legend beside the axes, of the first names and how many there are more; inside, on ground of its own, where
    the caller's figure makes no room for it."""
    lines, names = ax.get_legend_handles_labels()
    names = [name if len(name) <= LONGEST else f"{name[: LONGEST // 2]}…{name[-LONGEST // 2 :]}" for name in names]
    if len(names) > MOST:
        (blank,) = ax.plot([], [], " ", label="_more")
        lines, names = [*lines[: MOST - 1], blank], [*names[: MOST - 1], f"and {len(names) - MOST + 1} more"]
    given = {"loc": "upper left", "bbox_to_anchor": (1, 1)} if has_room(ax) else {"loc": "best", "frameon": True}
    return ax.legend(lines, names, **given, facecolor=theme.paper, edgecolor="none", framealpha=0.8, **more)


def room(names: Sequence[str]) -> float:
    """The width of a legend in inches."""
    return 0.6 + WIDE * SIZE / 72 * min(max(map(len, names)), LONGEST) if len(names) > 1 else 0.0


def has_room(ax: Any) -> bool:
    """Whether the figure makes room for what stands beside its axes; the caller's may not."""
    return ax.figure.get_layout_engine() is not None


def at_ends(ax: Any, theme: Theme, named: Sequence[tuple[str, float, float, str]]) -> None:
    """Names beside the places (x, y) of the data where lines of a colour end: each in the nearest free row.

    A name that had to move is joined to its place by a thin line of that colour. The axes must have their limits and
    scales.
    """
    points = 72 / ax.figure.dpi
    width, height = (points * size for size in ax.get_window_extent().size)
    row = HIGH * SIZE / height
    taken: list[tuple[float, float, float]] = []
    to_share = ax.transData + ax.transAxes.inverted()
    places = sorted((*to_share.transform((x, y))[::-1], text, colour) for text, x, y, colour in named)
    for up, across, text, colour in places:
        up = min(max(up, 0.0), 1.0)
        long = WIDE * SIZE * len(text) / width
        left = across + 6 / width
        if left + long > 1 and not has_room(ax):
            left = across - 6 / width - long
        right = left + long
        rows = [up + k * row for k in sorted(range(-30, 31), key=abs)]
        beside = [u for low, high, u in taken if left < high and right > low]
        free = [at for at in rows if 0 <= at <= 1 - row / 2 and all(abs(at - u) >= 0.99 * row for u in beside)]
        at = free[0] if free else up
        taken.append((left, right, at))
        offset = ((left - across) * width, (at - up) * height)
        joined = {"arrowstyle": "-", "relpos": (0, 0.5), "color": colour, "linewidth": 1.0, "shrinkA": 0,
                  "shrinkB": 4}  # fmt: skip
        # a halo would make paths of text
        ground = {"facecolor": theme.paper, "edgecolor": "none", "alpha": 0.7, "pad": 0.5}
        note(ax, theme, text, (across, up), offset, xycoords="axes fraction", va="center", fontsize=SIZE,
             path_effects=[], bbox=ground, arrowprops=None if abs(at - up) < row / 2 else joined)  # fmt: skip
