"""The pictures that a GIF or a film is made of."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .paper import line
from .stage import Stage

PER_SECOND = 20
DPI = 90


def frames(scene: Stage, seconds: float) -> Iterator[np.ndarray]:
    """The pictures, shape (height, width, 3): the ground is drawn once, and on it what moves."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    scene.figure.set_dpi(DPI)
    canvas = FigureCanvasAgg(scene.figure)
    # below, where no title stands
    counter = scene.figure.text(0.985, 0.02, "", ha="right", fontsize=9, color=scene.theme.ink)
    growing = [line(each.ax, scene.theme, [], [], each.look, linewidth=1.7, zorder=3) for each in scene.lines]
    heads = [
        each.ax.plot([], [], each.look.marker, color=each.look.color, markersize=7, markeredgecolor=scene.theme.paper,
                     zorder=5)[0] for each in scene.lines
    ]  # fmt: skip
    canvas.draw()
    ground = canvas.copy_from_bbox(scene.figure.bbox)
    for moment in moments(scene, seconds):
        canvas.restore_region(ground)
        for each, drawn, head in zip(scene.lines, growing, heads, strict=True):
            k = int(np.searchsorted(each.steps, moment, side="right"))
            drawn.set_data(*each.points[:k].T)
            head.set_data(*each.points[max(k - 1, 0) : k].T)
            each.ax.draw_artist(drawn)
            each.ax.draw_artist(head)
        counter.set_text(f"step {moment:,}")
        scene.figure.draw_artist(counter)
        yield np.asarray(canvas.buffer_rgba())[..., :3].copy()


def moments(scene: Stage, seconds: float) -> np.ndarray:
    """The steps that are shown, one in a frame."""
    return scene.moments(max(2, int(seconds * PER_SECOND)))
