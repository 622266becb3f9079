"""What the pictures take: one run or several, by name, and the numbers of each that are drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..diagnose.words import called
from ..errors import ArgumentError
from ..objective.landscape import Landscape
from ..objective.params import Parameters
from ..result import Result
from .palette import Look, Theme, looks

FAR = 1e3  # times the start: higher values flatten all that is worth seeing, so the axis ends
TOP = 10.0  # at so many times the start
SAME = 1e-6  # a step is one along the gradient where its length is lr |g| to these digits


@dataclass(frozen=True, eq=False)
class Track:
    """The columns of a run as they are drawn.

    Attributes
    ----------
    name : str
        What it is called in the picture.
    result : Result
    columns : dict of str to ndarray
        ``t, f, g_norm, step, lr, nfev, seconds``, as in its history.
    x : ndarray, shape (k, n)
    scale : float
        The size of what happens, in units of f.
    left : int or None
        The first step where f was not finite or off any scale.
    """

    name: str
    result: Result
    columns: dict[str, np.ndarray]
    x: np.ndarray
    scale: float
    left: int | None

    @property
    def landscape(self) -> Landscape | None:
        """The function that was minimised; None for a loaded result."""
        return self.result._landscape

    @property
    def sign(self) -> float:
        """-1.0 where f was maximised."""
        return -1.0 if self.columns["f"].size and self.columns["f"][0] < self.result.fun else 1.0

    @property
    def best(self) -> np.ndarray:
        """The best point, flat."""
        return Parameters(self.result.x, "result.x").start.astype(float)

    def called(self, i: int) -> str:
        """What the caller calls number i of x: x[1], or w[0] of a dict."""
        parameters = Parameters(self.result.x, "result.x")
        return called(parameters.restore(np.arange(parameters.start.size, dtype=parameters.start.dtype)), i)

    @property
    def rate_times_curvature(self) -> np.ndarray:
        """lr times the curvature along each step, known for steps of length lr |g| along the gradient.

        There f falls by lr |g|^2 (1 - lr c/2), c being the mean curvature on the way; so lr c is
        2 (1 - fall/(lr |g|^2)). NaN elsewhere, and where the fall is lost in rounding or in noise that was found.
        """
        f, g, lr, step = (self.columns[name] for name in ("f", "g_norm", "lr", "step"))
        product = np.full(f.shape, math.nan)
        noise = float((self.result.get("evidence") or {}).get("noise", 0.0))
        with np.errstate(all="ignore"):
            foreseen = lr[1:] * g[:-1] ** 2
            known = np.abs(step[1:] - lr[1:] * g[:-1]) <= SAME * step[1:]
            blur = 8 * np.finfo(float).eps * np.maximum(abs(f[1:]), abs(f[:-1])) + 2 * noise
            known &= blur < 0.01 * foreseen
            product[1:] = np.where(known, 2 * (1 - self.sign * (f[:-1] - f[1:]) / foreseen), math.nan)
        return product


def tracks(runs: Any) -> list[Track]:
    """The runs of a result, a comparison, or a mapping or sequence of results.

    Raises
    ------
    ArgumentError
        When there is none, or something else among them.
    """
    given = getattr(runs, "results", runs)
    if isinstance(given, Result):
        named = {short(given.get("method", "")): given}
    elif isinstance(given, Mapping):
        alike = [short(str(name)) for name in given]
        named = {name if alike.count(short(str(name))) > 1 else short(str(name)): run for name, run in given.items()}
    elif isinstance(given, list | tuple):
        called = [short(getattr(run, "get", lambda *_: "")("method", "")) for run in given]
        named = {
            name if called.count(name) == 1 else f"{name}, {k + 1}": run
            for k, (name, run) in enumerate(zip(called, given, strict=True))
        }
    else:
        raise ArgumentError(f"runs={runs!r}: expected results of minimize, one or several.")
    for name, run in named.items():
        if not isinstance(run, Result) or "history" not in run:
            raise ArgumentError(f"runs[{name!r}]={run!r}: expected a result of minimize.")
        if not len(run.history):
            raise ArgumentError(f"the run {name} ended before its first value: there is nothing to draw.")
    if not named:
        raise ArgumentError("runs is empty: expected at least one result.")
    return [_track(name, run) for name, run in named.items()]


def with_looks(shown: list[Track], theme: Theme) -> list[tuple[Track, Look]]:
    """Each run with the look of its line."""
    return list(zip(shown, looks([run.result.get("method", "") for run in shown], theme), strict=True))


def landscape_of(shown: list[Track]) -> Landscape | None:
    """The function of the runs, of those that still know it."""
    return next((run.landscape for run in shown if run.landscape is not None), None)


def short(method: str) -> str:
    """A method and its rate: ``Adam(lr=0.1, beta1=0.9, ...)`` is called ``Adam(lr=0.1)``."""
    name, _, rest = method.partition("(")
    first = rest.partition(",")[0].rstrip(")")
    return f"{name}({first})" if first.startswith("lr=") else name


def _track(name: str, result: Result) -> Track:
    history = result.history
    columns = {key: history[key] for key in ("t", "f", "g_norm", "step", "lr", "nfev", "seconds")}
    x = history.x.reshape(len(history.x_steps), -1) if len(history.x_steps) else np.zeros((0, 1))
    best = float(result.fun)
    return Track(name, result, columns, x.astype(float), scale(columns["f"], best), _left(columns["f"], best))


def scale(f: np.ndarray, best: float) -> float:
    """The size of what happens in a run: how far f came from its start, or its size there if it came nowhere."""
    finite = f[np.isfinite(f)]
    if not finite.size:
        return 1.0
    sizes = [abs(finite[0]), abs(finite[0] - best)] if math.isfinite(best) else [abs(finite[0])]
    away = np.abs(finite - finite[0])
    return float(max(*sizes, 0.0)) or float(away[away > 0][:1].sum()) or 1.0


def _left(f: np.ndarray, best: float) -> int | None:
    """The first step where f was not finite, or off scale in a run that went very far."""
    with np.errstate(all="ignore"):
        away = np.where(np.isfinite(f), np.abs(f - f[:1]), math.inf) / scale(f, best)
    return int(np.argmax(away > TOP)) if (away > FAR).any() else None
