"""compare: several methods on one problem, against evaluations and time."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import ArgumentError, MissingExtraError
from .methods.method import Method
from .methods.registry import find
from .minimize import minimize
from .objective.params import Parameters
from .result import Result

# What counts as solved: this share of the fall from f(x0) to the lowest value that any method found is left
# (Moré & Wild 2009, eq. 2.2, with the middle one of their tolerances).
LEFT = 1e-3


@dataclass(frozen=True, repr=False)
class Comparison:
    """Several methods on one problem.

    Attributes
    ----------
    results : dict of str to Result
        By the method with its hyperparameters, in the order that was asked for.
    left : float
        A method has solved the problem when f is so near to the lowest value found by any of them, as a share of
        the fall from f(x0).
    not_run : tuple of str
        The methods that Ctrl-C left out.
    """

    results: dict[str, Result]
    left: float = LEFT
    not_run: tuple[str, ...] = ()

    def rows(self) -> list[dict[str, Any]]:
        """A row for each method, the best one first: by evaluations until it is solved, then by f.

        Each has ``method, fun, code, nit, nfev, njev, seconds``, and ``nfev_solved``, ``seconds_solved``: what it
        took until the problem was solved; NaN where it was not.
        """
        finite = [r.fun for r in self.results.values() if math.isfinite(r.fun)]
        lowest = min(finite, default=math.nan)
        table = []
        for name, result in self.results.items():
            f = result.history["f"]
            solved = np.flatnonzero(f <= lowest + self.left * (f[0] - lowest)) if f.size else f
            at = {
                key: float(result.history[key][solved[0]]) if solved.size else math.nan for key in ("nfev", "seconds")
            }
            numbers = {key: result[key] for key in ("fun", "code", "nit", "nfev", "njev", "seconds")}
            table.append({"method": name, **numbers, **{f"{key}_solved": value for key, value in at.items()}})
        return sorted(table, key=lambda row: (_last(row["nfev_solved"]), _last(row["fun"])))

    def to_dataframe(self) -> Any:
        """The rows as a `pandas.DataFrame`."""
        try:
            import pandas
        except ImportError as error:
            raise MissingExtraError("pandas", "table", "a data frame") from error
        return pandas.DataFrame(self.rows())

    def plot(self, *, minimum: float | None = None, axes: Any = None, theme: str | None = None) -> Any:
        """Draw f above its lowest value, by evaluations and by time; see `steepest.plots.comparison`."""
        from .plots import comparison

        return comparison(self, minimum=minimum, axes=axes, theme=theme)

    def _cells(self) -> list[list[str]]:
        head = ["method", "fun", "solved after", "evaluations", "gradients", "seconds", "why it stopped"]
        body = [
            [row["method"], f"{row['fun']:.8g}", _count(row["nfev_solved"]), str(row["nfev"]), str(row["njev"]),
             f"{row['seconds']:.3g}", row["code"]]
            for row in self.rows()
        ]  # fmt: skip
        return [head, *body]

    def __repr__(self) -> str:
        cells = self._cells()
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]
        said = [f"interrupted: not run were {', '.join(self.not_run)}"] if self.not_run else []
        return "\n".join(lines + said)

    def _repr_html_(self) -> str:
        rows = ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in self._cells()]
        return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _last(value: float) -> float:
    return math.inf if math.isnan(value) else value


def _count(value: float) -> str:
    return "not" if math.isnan(value) else f"{value:.0f}"


def compare(
    fun: Callable[..., Any], x0: Any, methods: Sequence[str | Method | type[Method] | None], **keywords: Any
) -> Comparison:
    """Run several methods on one problem, one after the other.

    Parameters
    ----------
    fun, x0
        As for `minimize`.
    methods : sequence of Method, name, or None
        None is what `minimize` chooses.
    **keywords
        For `minimize`: jac, maxiter, bounds, ... . An error in `fun` ends that method's run only; Ctrl-C ends the
        comparison, which keeps what was computed, that method's run so far too.

    Returns
    -------
    Comparison
        Prints as a table: how many evaluations until solved (within 0.1 % of the fall to the best value found),
        and the costs of the whole run.

    Raises
    ------
    ArgumentError
        When there is no method, or an argument can't be right.

    Examples
    --------
    >>> from steepest import GD, Adam
    >>> table = compare(lambda x: x[0] ** 2 + 50 * x[1] ** 2, [3.0, 2.0], [GD(lr=0.01), Adam(lr=0.5), "bfgs"])
    >>> [row["method"].partition("(")[0] for row in table.rows()][0]
    'BFGS'
    """
    if isinstance(methods, str | Method | type) or not len(methods):
        raise ArgumentError(f"methods={methods!r}: expected a list of methods or their names, at least one.")
    n = Parameters(x0).start.size
    chosen = [find(method, n) for method in methods]
    results: dict[str, Result] = {}
    for method in chosen:
        result = minimize(fun, x0, method=method, **{"on_error": "stop"} | keywords)
        if len(result.history) or result.code != "interrupted":
            results[repr(method)] = result
        if result.code == "interrupted":
            break
    if not results:
        raise KeyboardInterrupt
    return Comparison(results, not_run=tuple(name for name in map(repr, chosen) if name not in results))
