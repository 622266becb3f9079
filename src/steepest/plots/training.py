"""Loss by epoch, and loss by a parameter: pictures of fits."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..result import Result
from .names import legend, room
from .palette import looks
from .paper import circle, cross, decades, dots, line, note, sheet
from .paths import values
from .runs import tracks, with_looks
from .thinning import said, thinned


def training(result: Result, *, axes: Any = None, theme: str | None = None) -> np.ndarray:
    """Draw the epochs of a fit: loss, and validation where there is one, and the learning rate.

    Parameters
    ----------
    result : Result
        Of `fit`, with ``result.epochs``.
    axes : sequence of two Axes
        Default: a new figure.
    theme
        As for `path`.

    Returns
    -------
    ndarray of Axes

    Raises
    ------
    ArgumentError
        When the result has no epochs.
    """
    epochs = getattr(result, "get", lambda _: None)("epochs")
    if epochs is None:
        raise ArgumentError("the result has no epochs: expected one of steepest.fit.")
    t, loss, validation, lr = (np.asarray(epochs[name], float) for name in ("epoch", "loss", "validation", "lr"))
    with sheet(axes, theme, [["loss", "rate"]], (8.2, 3.1), width_ratios=[1.5, 1]) as (given, colours):
        left, right = given
        (style,) = looks([result.get("method", "")], colours)
        line(left, colours, t, loss, style, label="training")
        other = style._replace(color=colours.grey, dash=(0, (4, 2)))
        if np.isfinite(validation).any():
            line(left, colours, t, validation, other, label="validation")
            k = int(np.nanargmin(validation))
            dots(left, colours, t[k], validation[k], other)
            late = t[k] > t.mean()
            away = 6 if validation[k] >= loss[k] else -12  # from the other line
            note(left, colours, f"lowest at epoch {t[k]:g}", (t[k], validation[k]), (0, away),
                 ha="right" if late else "left")  # fmt: skip
            left.margins(y=0.15)  # room for it
            left.legend(loc="best")
        positive = [curve[np.isfinite(curve)] for curve in (loss, validation)]
        log = all((curve > 0).all() for curve in positive)
        left.set(xlabel="epoch", title="Loss", yscale="log" if log else "linear")
        line(right, colours, t, lr, style)
        right.set(xlabel="epoch", title="Learning rate")
        if np.nanmin(lr) >= 0:
            right.set_ylim(0, 1.1 * np.nanmax(lr) or 1)
        if np.nanmin(lr) > 0 and np.nanmax(lr) > 20 * np.nanmin(lr):
            right.set(yscale="log", ylim=(np.nanmin(lr) / 1.5, np.nanmax(lr) * 1.5))
            decades(right.yaxis)
        if log and any(curve.size for curve in positive):
            decades(left.yaxis)
        for ax, curve in ((left, loss), (right, lr)):
            if len(t) == 1:
                dots(ax, colours, t, curve, style)
            ax.xaxis.get_major_locator().set_params(integer=True)
    return np.array(given, dtype=object)


def against(runs: Any, parameter: int = 0, *, axes: Any = None, theme: str | None = None) -> Any:
    """Draw f against one of the parameters along the way: the valley as the runs saw it.

    Parameters
    ----------
    runs : Result, Comparison, or mapping or sequence of Results
        Loaded ones, too: nothing is evaluated.
    parameter : int
        Which number of the flat x.
    axes, theme
        As for `path`.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError
        When there is no such parameter.
    """
    shown = tracks(runs)
    n = min(run.x.shape[1] for run in shown)
    if not (isinstance(parameter, int) and 0 <= parameter < n):
        raise ArgumentError(f"parameter={parameter!r}: expected a whole number from 0 to {n - 1}.")
    with sheet(axes, theme, [["against"]], (5.2 + room([run.name for run in shown]), 3.6)) as ((ax,), colours):
        few = of = 0
        for run, style in with_looks(shown, colours):
            x, f = run.x[:, parameter], values(run)
            if run.left is not None:
                x, f = x[: max(run.left, 1)], f[: max(run.left, 1)]
            index = thinned(f)
            few, of = max((few, of), (index.size, f.size), key=lambda pair: pair[1])
            line(ax, colours, x[index], f[index], style, label=run.name)
            dots(ax, colours, x[index][:40], f[index][:40], style, markersize=3.6)
            circle(ax, colours, x[0], f[0])
            cross(ax, colours, x[-1], f[-1])
        name = shown[0].called(parameter)
        ax.set(xlabel="; ".join(filter(None, [name, said(few, of)])), ylabel="f", title=f"f against {name}")
        if len(shown) > 1:
            legend(ax, colours)
    return ax
