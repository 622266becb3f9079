"""How the examples draw: as `steepest.plots` does, in the look of each method; saved in the folder ``pictures``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from steepest.plots import ground, look, paper
from steepest.plots.palette import THEMES

FOLDER = Path("pictures")

THEME = THEMES["light"]
INK, GREY, LIGHT = THEME.ink, THEME.grey, THEME.low
BLUE, ORANGE, GREEN, PURPLE, BLACK, VIOLET = THEME.colours  # what went wrong is purple

METHODS: dict[str, dict[str, Any]] = {
    name: {"color": look(name).color, "linestyle": look(name).dash}
    for name in ("GD", "Momentum", "AdaGrad", "RMSProp", "Adam")
}
STYLE = paper.style(THEME)


def save(name: str, draw: Callable[..., None], columns: int = 2, rows: int = 1) -> None:
    """Let `draw` fill that many axes and say where the picture is; without matplotlib, say so and go on."""
    try:
        import matplotlib
    except ImportError:
        print(f"No picture {name}: it needs matplotlib (pip install 'steepest[plot]').")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    with matplotlib.rc_context(STYLE):
        size = (4.6 * columns if columns > 1 else 6.4, 3.5 * rows)
        figure, axes = pyplot.subplots(rows, columns, figsize=size, squeeze=False)
        draw(*axes.ravel())
        FOLDER.mkdir(exist_ok=True)
        figure.savefig(FOLDER / name)
        pyplot.close(figure)
    print(f"Picture: {FOLDER / name}")


def line(axes: Any, x: Any, y: Any, **style: Any) -> Any:
    """A line that stays readable where lines cross and on a map."""
    return paper.line(axes, THEME, x, y, **style)


def note(axes: Any, text: str, at: tuple[float, float], offset: tuple[float, float] = (6, 6), **style: Any) -> None:
    """Words at a place of the data, `offset` points away from it."""
    paper.note(axes, THEME, text, at, offset, **style)


def landscape(axes: Any, f: Callable[[Any, Any], Any], x: tuple[float, float], y: tuple[float, float]) -> None:
    """The map of a function of two numbers: dark is low, and all colours are left to the paths."""
    import numpy as np

    across, up = np.linspace(*x, 241), np.linspace(*y, 241)
    ground.height_map(axes, THEME, across, up, f(*np.meshgrid(across, up)))
