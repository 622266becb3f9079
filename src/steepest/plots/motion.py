"""Runs in motion: a GIF, a film where ffmpeg is there, or one HTML page that needs nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ArgumentError, MissingExtraError
from .page import page
from .paper import line, matplotlib
from .stage import Stage, stage

PER_SECOND = 20
DPI = 90
COLOURS = 128  # of a GIF: 256 at most


def animate(
    runs: Any,
    file: str | Path,
    *,
    seconds: float = 6.0,
    box: Any = None,
    points: int | None = None,
    theme: str | None = None,
) -> None:
    """Write runs in motion, together from their starts: the paths, and beside them how f falls.

    Parameters
    ----------
    runs : Result, Comparison, or mapping or sequence of Results
        Of the same function. Of more than two numbers, the plane of the first run is shown (see `plane`).
    file : path
        ``.gif``; ``.mp4``, which needs the program ffmpeg; ``.html`` for one page to play and to step through,
        which loads nothing and runs from a folder.
    seconds : float
        How long it lasts. Many steps run faster and faster: each frame says which step it shows.
    box, points, theme
        As for `path`.

    Raises
    ------
    MissingExtraError
        Without matplotlib; for a film, without the program ffmpeg (``pip install 'steepest[film]'`` brings one).
    ArgumentError
        When an argument can't be right.

    Examples
    --------
    >>> import steepest as st
    >>> f = lambda x: x[0] ** 2 + 9 * x[1] ** 2
    >>> runs = st.compare(f, [3.0, 2.0], [st.GD(lr=0.1), st.Momentum(lr=0.02)], maxiter=50)
    >>> st.plots.animate(runs, "runs.html")  # doctest: +SKIP
    """
    suffix = Path(file).suffix.lower()
    if suffix not in WRITERS:
        raise ArgumentError(f"file={str(file)!r}: expected a name that ends in {', '.join(WRITERS)}.")
    if not 0 < seconds <= 600:
        raise ArgumentError(f"seconds={seconds!r}: expected a number above 0, at most 600.")
    with closing(stage(runs, box, points, theme)) as scene:
        WRITERS[suffix](scene, Path(file), seconds)


@contextmanager
def closing(scene: Stage) -> Iterator[Stage]:
    """The figure is nobody's after the animation was written."""
    from matplotlib import pyplot

    try:
        yield scene
    finally:
        pyplot.close(scene.figure)


def frames(scene: Stage, seconds: float) -> Iterator[np.ndarray]:
    """The pictures, shape (height, width, 3): the ground is drawn once, and on it what moves."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    scene.figure.set_dpi(DPI)
    canvas = FigureCanvasAgg(scene.figure)
    title = scene.figure.suptitle("", x=0.985, ha="right", fontsize=9, color=scene.theme.ink)
    growing = [line(each.ax, scene.theme, [], [], each.look, linewidth=1.7, zorder=3) for each in scene.lines]
    heads = [
        each.ax.plot([], [], each.look.marker, color=each.look.color, markersize=7, markeredgecolor=scene.theme.paper,
                     zorder=5)[0] for each in scene.lines
    ]  # fmt: skip
    canvas.draw()
    ground = canvas.copy_from_bbox(scene.figure.bbox)
    for moment in _moments(scene, seconds):
        canvas.restore_region(ground)
        for each, drawn, head in zip(scene.lines, growing, heads, strict=True):
            k = int(np.searchsorted(each.steps, moment, side="right"))
            drawn.set_data(*each.points[:k].T)
            head.set_data(*each.points[max(k - 1, 0) : k].T)
            each.ax.draw_artist(drawn)
            each.ax.draw_artist(head)
        title.set_text(f"step {moment:,}")
        scene.figure.draw_artist(title)
        yield np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _moments(scene: Stage, seconds: float) -> np.ndarray:
    """The steps that are shown, one in a frame."""
    return scene.moments(max(2, int(seconds * PER_SECOND)))


def write_gif(scene: Stage, file: Path, seconds: float) -> None:
    """A GIF that rests on its last frame for a second and a half, and begins again."""
    from PIL import Image  # comes with matplotlib

    images = [Image.fromarray(frame) for frame in frames(scene, seconds)]
    palette = images[-1].quantize(COLOURS)
    own = [
        scene.theme.paper,
        scene.theme.ink,
        *(each.look.color for each in scene.lines),
    ]  # few pixels, but they matter
    rgb = [int(colour[k : k + 2], 16) for colour in own for k in (1, 3, 5)]
    palette.putpalette((palette.getpalette() or [])[: 3 * COLOURS] + rgb)
    few = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    each = int(1000 * seconds / len(few))
    few[0].save(file, save_all=True, append_images=few[1:], loop=0, duration=[each] * (len(few) - 1) + [1500])


def write_film(scene: Stage, file: Path, seconds: float) -> None:
    """A film, by ffmpeg."""
    from matplotlib.animation import FFMpegWriter
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    screen = Figure(figsize=scene.figure.get_size_inches())
    screen.set_layout_engine("none")
    FigureCanvasAgg(screen)
    with matplotlib().rc_context({"animation.ffmpeg_path": ffmpeg()}):
        rate = len(_moments(scene, seconds)) / seconds
        writer = FFMpegWriter(fps=rate)  # type: ignore[arg-type]  # ffmpeg takes any number
        with writer.saving(screen, str(file), DPI):
            for picture in frames(scene, seconds):
                screen.images.clear()
                screen.figimage(picture)
                writer.grab_frame()


def ffmpeg() -> str:
    """Where the program ffmpeg is: that of the system, or else that of the package imageio-ffmpeg."""
    if found := shutil.which("ffmpeg"):
        return found
    try:
        from imageio_ffmpeg import get_ffmpeg_exe
    except ImportError as error:
        needs = "the program ffmpeg, from your system or as the package imageio-ffmpeg (.gif and .html need neither)"
        raise MissingExtraError(needs, "film", "an .mp4 film") from error
    return str(get_ffmpeg_exe())


def write_page(scene: Stage, file: Path, seconds: float) -> None:
    """The page."""
    file.write_text(page(scene, seconds), encoding="utf-8")


WRITERS = {".gif": write_gif, ".mp4": write_film, ".html": write_page}
