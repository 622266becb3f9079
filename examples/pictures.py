"""How the examples draw: one style, one colour and dash for each method; saved in the folder ``pictures``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path("pictures")

INK, GREY, LIGHT = "#1F2328", "#5F6B76", "#C3CAD2"
# Contrast at least 3.2 : 1 against white, and apart for colour-blind eyes, too. What went wrong is purple.
BLUE, ORANGE, GREEN, PURPLE, BLACK = "#0072B2", "#D55E00", "#14532D", "#C2378F", "#111111"

# Fixed for each method, never by order.
METHODS: dict[str, dict[str, Any]] = {
    "GD": {"color": BLUE, "linestyle": "-"},
    "Momentum": {"color": ORANGE, "linestyle": (0, (6, 1.5))},
    "AdaGrad": {"color": GREEN, "linestyle": (0, (4, 1.2, 1, 1.2))},
    "RMSProp": {"color": PURPLE, "linestyle": (0, (1.6, 1))},
    "Adam": {"color": BLACK, "linestyle": "-"},
}

STYLE = {
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titlepad": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.1,
    "savefig.dpi": 160,
}


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
    """A line with a white casing, so that it stays readable where lines cross and on a map."""
    from matplotlib.patheffects import Normal, Stroke

    (drawn,) = axes.plot(x, y, **style)
    drawn.set_path_effects([Stroke(linewidth=drawn.get_linewidth() + 1.6, foreground="white"), Normal()])
    return drawn


def note(
    axes: Any, text: str, at: tuple[float, float], offset: tuple[float, float] = (6, 6), **style: Any
) -> None:
    """Words at a place of the data, `offset` points away from it, on a white halo."""
    from matplotlib.patheffects import withStroke

    given = {"fontsize": 8.5, "path_effects": [withStroke(linewidth=3, foreground="white")]} | style
    axes.annotate(text, at, offset, textcoords="offset points", **given)


def landscape(
    axes: Any, f: Callable[[Any, Any], Any], x: tuple[float, float], y: tuple[float, float]
) -> None:
    """The map of a function of two numbers: dark is low, and all colours are left to the paths."""
    import numpy as np
    from matplotlib.colors import LinearSegmentedColormap

    across, up = np.meshgrid(np.linspace(*x, 241), np.linspace(*y, 241))
    heights = f(across, up)
    levels = np.unique(np.quantile(heights, np.linspace(0, 1, 15)))
    greys = LinearSegmentedColormap.from_list("greys", ["#B4C2D0", "#FFFFFF"])
    axes.contourf(across, up, heights, levels, cmap=greys)
    axes.contour(across, up, heights, levels, colors="#8795A4", linewidths=0.5)
