"""Pictures of runs, and runs in motion, as files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from .output import MOTION, PICTURES, checked


def drawable(ctx: click.Context, param: click.Parameter, path: str | None) -> Path | None:
    """A file for a picture of runs, or for runs in motion."""
    file = checked(path, tuple(dict.fromkeys(PICTURES + MOTION)))
    if file is not None and file.suffix == ".mp4":
        from steepest.plots.film import ffmpeg

        ffmpeg()  # or an error that says how to get it
    return file


def save_picture(draw: Callable[[], Any], path: Path) -> None:
    """Write the figure of the axes that `draw` gives back; as .html, a page that holds it as SVG."""
    import matplotlib

    matplotlib.use("Agg")  # no window is opened
    from steepest import plots

    axes = draw()
    if path.suffix != ".html":
        plots.save(axes, path)
        return
    svg = path.with_suffix(f".{os.getpid()}.svg")
    plots.save(axes, svg)
    drawing = svg.read_text(encoding="utf-8")
    svg.unlink()
    page = (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{path.stem}</title>\n'
        "<style>body { margin: 2em } svg { max-width: 100%; height: auto }</style>\n"
        f"{drawing[drawing.index('<svg') :]}</html>\n"
    )
    path.write_text(page, encoding="utf-8")


def save_runs(draw: Callable[[], Any], runs: Any, path: Path) -> None:
    """Runs in motion, where the suffix says so; else the picture of them that `draw` makes."""
    if path.suffix not in MOTION:
        save_picture(draw, path)
        return
    import matplotlib

    matplotlib.use("Agg")  # no window is opened
    from steepest import plots

    plots.animate(runs, path)
