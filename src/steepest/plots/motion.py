"""Runs in motion: a GIF, a film where ffmpeg is there, or one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import ArgumentError
from .film import write_film
from .frames import frames
from .page import page
from .stage import Stage, stage

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


def write_gif(scene: Stage, file: Path, seconds: float) -> None:
    """A GIF that rests on its last frame for a second and a half, and begins again."""
    from PIL import Image  # comes with matplotlib

    images = [Image.fromarray(frame) for frame in frames(scene, seconds)]
    palette = images[-1].quantize(COLOURS)
    # few pixels, but they matter
    own = [scene.theme.paper, scene.theme.ink, *(each.look.color for each in scene.lines)]
    rgb = [int(colour[k : k + 2], 16) for colour in own for k in (1, 3, 5)]
    palette.putpalette((palette.getpalette() or [])[: 3 * COLOURS] + rgb)
    few = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    each = int(1000 * seconds / len(few))
    few[0].save(file, save_all=True, append_images=few[1:], loop=0, duration=[each] * (len(few) - 1) + [1500])


def write_page(scene: Stage, file: Path, seconds: float) -> None:
    """The page."""
    file.write_text(page(scene, seconds), encoding="utf-8")


WRITERS = {".gif": write_gif, ".mp4": write_film, ".html": write_page}
