"""What came of a sweep: arrays in the shape of its grid, a verdict for each run, and all of them in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..diagnose import Verdict
from ..errors import ArgumentError, MissingExtraError, counted
from ..stop import Reason

# what runs of a code or of its family did, in the sentence about all of them
WORDS = {
    "converged": "converged",
    "converged.local": "ended at a local minimum",
    "diverged": "diverged",
    "budget.rate": "had far too small a rate",
    "budget.conditioning": "were too slow because f is ill-conditioned",
    "budget.steps": "needed more steps",
}


@dataclass(frozen=True, repr=False)
class Sweep:
    """What came of many runs; the arrays have the shape of the grid.

    Attributes
    ----------
    varied : dict
        What differs between the runs: hyperparameters, ``"start"`` (its index), ``"method"``; by name.
    x : ndarray, shape (..., n)
        The best finite point that each run saw.
    fun : ndarray
        The value there; NaN where no value was finite.
    steps : ndarray of int
        Made until it stopped.
    code : ndarray of str
        Why it ended so, such as ``converged.gradient``, ``budget.rate`` or ``diverged.rate`` (see `codes`).
    engine : str
        ``"compiled"``: function and steps are one loop in machine code; ``"batch"``: the function is called for
        all runs at once; ``"one by one"`` where it or the method can't be.
    seconds : float
        Wall time.
    """

    varied: dict[str, np.ndarray]
    x: np.ndarray
    fun: np.ndarray
    steps: np.ndarray
    code: np.ndarray
    engine: str
    seconds: float
    ends: Sequence[Verdict] = ()

    @property
    def verdicts(self) -> np.ndarray:
        """A `Verdict` for each run, with ``code``, ``sentence``, ``evidence``; of runs in one batch from their ends.

        Raises
        ------
        ArgumentError
            When the sweep was made with ``diagnose=False``, or interrupted.
        """
        if not len(self.ends):
            raise ArgumentError("this sweep has no verdicts: it was interrupted, or made with diagnose=False.")
        verdicts = np.empty(self.fun.size, object)
        verdicts[:] = list(self.ends)
        return verdicts.reshape(self.fun.shape)

    @property
    def groups(self) -> dict[str, np.ndarray]:
        """The flat indices of the runs that ended with each code, the largest group first."""
        flat = self.code.reshape(-1).astype(str)
        found = {code: np.flatnonzero(flat == code) for code in dict.fromkeys(flat)}
        return dict(sorted(found.items(), key=lambda item: -item[1].size))

    @property
    def why(self) -> str:
        """What became of the runs, in one sentence: how many ended so, at which rates, and the limit."""
        parts = [f"{runs.size} {_words(code)}{self._rates(runs)}" for code, runs in self.groups.items()]
        return f"Of {counted(self.fun.size, 'run')}: {'; '.join(parts)}. {self._limit()}".rstrip()

    def _rates(self, runs: np.ndarray) -> str:
        """The rates of some of the runs, where these are what differs."""
        if "lr" not in self.varied:
            return ""
        low, high = (f(self.varied["lr"].reshape(-1)[runs]) for f in (np.nanmin, np.nanmax))
        return f" (lr = {low:.4g})" if low == high else f" (lr = {low:.4g} to {high:.4g})"

    def _limit(self) -> str:
        """The largest stable rate, by the runs that diverged."""
        runs = self.groups.get("diverged.rate", ()) if len(self.ends) else ()
        found = [(e["limit"], e["L"]) for e in (self.ends[k].evidence for k in runs) if e.get("limit", 0) > 0]
        if not found:
            return ""
        limits, curvatures = zip(*found, strict=True)
        factors = {f"{limit * L:.3g}" for limit, L in found}
        factor = f"{factors.pop()}/L = " if len(factors) == 1 else ""
        return f"The limit of lr is {factor}{_span(limits)}, where L = {_span(curvatures)} is the largest curvature."

    @property
    def converged(self) -> np.ndarray:
        """Which runs met a criterion that means success."""
        return np.vectorize(lambda code: Reason(code, "").converged, otypes=[bool])(self.code)

    @property
    def best(self) -> dict[str, Any]:
        """The run with the lowest value: what was varied, x, fun, steps, code.

        Raises
        ------
        ArgumentError
            When no run saw a finite value.
        """
        if not np.isfinite(self.fun).any():
            raise ArgumentError("no run saw a finite value: begin elsewhere, or with smaller rates.")
        k = np.unravel_index(np.nanargmin(self.fun), self.fun.shape)
        row = {name: column[k] for name, column in self._columns()}
        row = {name: value.item() if isinstance(value, np.generic) else value for name, value in row.items()}
        return row | {"x": self.x[k]}

    def _columns(self) -> list[tuple[str, np.ndarray]]:
        return [*self.varied.items(), ("fun", self.fun), ("steps", self.steps), ("code", self.code)]

    def to_dict(self) -> dict[str, list[Any]]:
        """Flat columns, a row for each run: what was varied, fun, steps, code."""
        return {name: column.reshape(-1).tolist() for name, column in self._columns()}

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The arrays by name, in the shape of the grid: the stability map."""
        return {**dict(self._columns()), "x": self.x}

    def to_dataframe(self) -> Any:
        """The flat columns as a `pandas.DataFrame`."""
        try:
            import pandas
        except ImportError as error:
            raise MissingExtraError("pandas", "table", "a data frame") from error
        return pandas.DataFrame(self.to_dict())

    def plot(self, show: str = "fun", *, axes: Any = None, theme: str | None = None) -> Any:
        """Draw the lowest values (or the steps) on a line or a map; see `steepest.plots.sweep`."""
        from ..plots import sweep

        return sweep(self, show, axes=axes, theme=theme)

    def __repr__(self) -> str:
        lines = [f"{counted(self.fun.size, 'run')} in {self.seconds:.3g} s ({self.engine})"]
        lines += [f"{runs.size:>6} {code}{self._rates(runs)}" for code, runs in self.groups.items()]
        lines += [self._limit()] * bool(self._limit())
        if np.isfinite(self.fun).any():
            best = self.best
            values = ", ".join(f"{name}={best[name]:.6g}" if isinstance(best[name], float) else f"{name}={best[name]}"
                               for name in self.varied)  # fmt: skip
            lines.append(f"best: fun = {best['fun']:.10g} after {counted(best['steps'], 'step')}, with {values}")
        return "\n".join(lines)


def _words(code: str) -> str:
    """What runs of this code did."""
    return WORDS.get(code) or WORDS.get(code.partition(".")[0]) or f"ended as {code}"


def _span(values: Sequence[float]) -> str:
    low, high = f"{min(values):.3g}", f"{max(values):.3g}"
    return low if low == high else f"{low} to {high}"
