"""Runs as a film: pictures that the program ffmpeg makes one of."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..errors import MissingExtraError
from .frames import DPI, frames, moments
from .paper import matplotlib
from .stage import Stage


def write_film(scene: Stage, file: Path, seconds: float) -> None:
    """A film, by ffmpeg."""
    from matplotlib.animation import FFMpegWriter
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    screen = Figure(figsize=scene.figure.get_size_inches())
    screen.set_layout_engine("none")
    FigureCanvasAgg(screen)
    with matplotlib().rc_context({"animation.ffmpeg_path": ffmpeg()}):
        rate = len(moments(scene, seconds)) / seconds
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
