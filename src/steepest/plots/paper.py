"""What is drawn on: axes, of the caller or new ones, in a theme; lines with a casing, words with a halo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ArgumentError, MissingExtraError
from . import palette
from .palette import Look, Theme

SVG = {
    "svg.hashsalt": "steepest",  # the same names of parts whenever it is drawn
    "svg.fonttype": "none",  # text stays text
}
UNDATED = {"svg": {"Creator": None, "Date": None}, "pdf": {"CreationDate": None}}


def matplotlib() -> Any:
    """The library, or an error with the line that installs it."""
    try:
        import matplotlib
    except ImportError as error:
        raise MissingExtraError("matplotlib", "plot", "a picture") from error
    return matplotlib


def style(theme: Theme) -> dict[str, Any]:
    """The settings of matplotlib for a theme."""
    return {
        "font.size": 9,
        "text.color": theme.ink,
        "figure.facecolor": theme.paper,
        "figure.constrained_layout.use": True,
        "figure.constrained_layout.w_pad": 0.1,
        "axes.facecolor": theme.paper,
        "axes.edgecolor": theme.grey,
        "axes.labelcolor": theme.ink,
        "axes.titlecolor": theme.ink,
        "axes.titlelocation": "left",
        "axes.titlesize": 10,
        "axes.titlepad": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.8,
        "xtick.color": theme.grey,
        "ytick.color": theme.grey,
        "xtick.labelcolor": theme.ink,
        "ytick.labelcolor": theme.ink,
        "lines.linewidth": 1.8,
        "lines.solid_capstyle": "round",
        "legend.frameon": False,
        "legend.fontsize": 8.5,
        "legend.labelcolor": theme.ink,
        "savefig.facecolor": theme.paper,
        "savefig.dpi": 160,
    }


@contextmanager
def sheet(
    axes: Any,
    theme: str | Theme | None,
    names: Sequence[Sequence[str]],
    size: tuple[float, float],
    **more: Any,
) -> Iterator[tuple[list[Any], Theme]]:
    """The axes to draw on, in the order of `names`, and the theme; while it lasts, its style is set.

    Parameters
    ----------
    axes : Axes, sequence of Axes, or None
        The caller's; None: a new figure.
    theme : {"light", "dark"} or None
        None: what goes with the ground of the axes.
    names : rows of names
        The places of the axes in a new figure; a name in several cells spans them.
    size : (float, float)
        Of a new figure, in inches.
    **more
        For `Figure.subplot_mosaic`.

    Raises
    ------
    ArgumentError
        When `axes` are no axes, or not as many as are drawn on.
    """
    library = matplotlib()
    wanted = list(dict.fromkeys(name for row in names for name in row))
    given = None if axes is None else list(np.ravel(np.array(axes, dtype=object)))
    if given is not None and (len(given) != len(wanted) or not all(hasattr(a, "plot") for a in given)):
        raise ArgumentError(f"axes={axes!r}: expected {len(wanted)} axes of matplotlib, for {', '.join(wanted)}.")
    ground = given[0].get_facecolor() if given else library.rcParams["axes.facecolor"]
    chosen = palette.find(theme or ("light" if _lightness(ground) > 0.5 else "dark"))
    with library.rc_context(style(chosen)):
        if given is None:
            from matplotlib import pyplot

            _, made = pyplot.subplot_mosaic([list(row) for row in names], figsize=size, **more)
            given = [made[name] for name in wanted]
        yield given, chosen


def _lightness(colour: Any) -> float:
    from matplotlib.colors import to_rgb

    return float(np.dot(to_rgb(colour), (0.2126, 0.7152, 0.0722)))


def save(axes: Any, file: str | Path, dpi: float = 160) -> None:
    """Write the figure of some axes to a file; its suffix says how (.png, .svg, .pdf, ...).

    An SVG is the same, byte by byte, whenever it is drawn.

    Parameters
    ----------
    axes : Axes, or sequence of Axes
        What a function of `steepest.plots` gave back.
    file : path
    dpi : float
        Pixels an inch, of formats that have pixels.

    Raises
    ------
    ArgumentError
        When nothing can be written in the format of that name.
    """
    figure = np.ravel(np.array(axes, dtype=object))[0].figure
    known = figure.canvas.get_supported_filetypes()
    suffix = Path(file).suffix.lower().lstrip(".")
    if suffix not in known:
        raise ArgumentError(f"file={str(file)!r}: expected a name that ends in .{', .'.join(sorted(known))}.")
    with matplotlib().rc_context(SVG):
        figure.savefig(file, facecolor=figure.get_facecolor(), dpi=dpi, metadata=UNDATED.get(suffix))


def line(ax: Any, theme: Theme, x: Any, y: Any, look: Look | None = None, **style: Any) -> Any:
    """A line with a casing in the colour of the paper, so that it stays readable where lines cross."""
    from matplotlib.patheffects import Normal, Stroke

    own = {} if look is None else {"color": look.color, "linestyle": look.dash}
    (drawn,) = ax.plot(x, y, **{**own, **style})
    casing = Stroke(linewidth=drawn.get_linewidth() + 1.6, foreground=theme.paper)
    drawn.set_path_effects([casing, Normal()])
    return drawn


def dots(ax: Any, theme: Theme, x: Any, y: Any, look: Look, **style: Any) -> Any:
    """Markers with an edge in the colour of the paper."""
    given = {"marker": look.marker, "markersize": 5, "markeredgecolor": theme.paper, "markeredgewidth": 0.7}
    (drawn,) = ax.plot(x, y, linestyle="", color=look.color, **{**given, **style})
    return drawn


def circle(ax: Any, theme: Theme, *at: Any, **style: Any) -> None:
    """The mark of a start."""
    given = {"color": theme.ink, "markerfacecolor": theme.paper, "markersize": 6.5, "zorder": 4}
    ax.plot(*at, "o", **{**given, **style})


def cross(ax: Any, theme: Theme, *at: Any, **style: Any) -> None:
    """The mark of the best point."""
    given = {"color": theme.ink, "markeredgecolor": theme.paper, "markersize": 7, "zorder": 4}
    ax.plot(*at, "X", **{**given, **style})


def note(ax: Any, theme: Theme, text: str, at: Any, offset: tuple[float, float] = (6, 6), **style: Any) -> Any:
    """Words at a place of the data, `offset` points away from it, with a halo."""
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=3, foreground=theme.paper)]
    given = {"fontsize": 8.5, "color": theme.ink, "path_effects": halo, "zorder": 6} | style
    return ax.annotate(text, at, offset, textcoords="offset points", **given)


def remark(ax: Any, theme: Theme, text: str) -> Any:
    """Words about the picture itself, small, in its lower left corner."""
    return note(ax, theme, text, (0, 0), (4, 4), xycoords="axes fraction", fontsize=7.5, color=theme.grey)


def decades(axis: Any) -> None:
    """A logarithmic axis with few labels and no minor lines, which become grey bars; within two decades, with
    labels at 2 and 5, too."""
    from matplotlib.ticker import FuncFormatter, LogFormatterSciNotation, LogLocator, NullLocator

    low, high = axis.get_view_interval()
    short = high < 100 * low
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if short else (1,), numticks=9 if short else 7))
    power = LogFormatterSciNotation()
    # beside 1e308 the locator has marks that have overflown
    text = lambda value, k: f"{value:g}" if short or np.isinf(value) else power(value, k)  # noqa: E731
    axis.set_major_formatter(FuncFormatter(text))
    axis.set_minor_locator(NullLocator())
