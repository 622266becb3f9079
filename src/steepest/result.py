"""Result: where it ended, why, with which evidence, at what cost; scipy's keys and a readable face."""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from . import log
from .checkpoint import read, write
from .errors import ArgumentError, counted
from .history import History
from .objective.foreign import library_of
from .objective.landscape import Landscape


class Result(dict):
    """What a run found: a dict whose keys are attributes too, with scipy's names.

    Attributes
    ----------
    x : as x0
        The best finite point seen.
    fun : float
        The value there.
    jac : as x0
        The gradient there.
    success : bool
        Whether a criterion that means convergence was met.
    status : int
        0 converged, 1 budget used up, 2 diverged or not finite, 3 stalled, 4 error, 5 interrupted,
        99 stopped by the callback or by a criterion of your own.
    message, why : str
        Why it stopped, in one sentence with numbers (`why` is another name of `message`).
    code : str
        Stable name of the cause, such as ``converged.gradient``; `codes` lists all of them.
    evidence : dict
        The figures behind the verdict.
    advice : Advice or None
        The call to make next: text to paste, and ``advice.changes``; `retry` makes it.
    stopped : list
        Code and sentence of the criterion that ended the run, before the diagnosis.
    nfev, njev, nit : int
        Calls of fun (those for differences included), gradients, steps.
    skipped, failure : int, str
        With ``on_error="skip"``: calls in which fun raised, and what it raised last; there only if it did.
    diagnosis_nfev : int
        Calls of fun for the diagnosis, not among `nfev`.
    seconds : float
        Wall time.
    method : str
        The method with its hyperparameters.
    gradient : str
        How the gradient was obtained and how far it was proved.
    limits : dict
        The limits and tests that the call chose.
    history : History
        The columns of the run.

    Examples
    --------
    >>> import steepest as st
    >>> result = st.minimize(lambda x: (x - 3) ** 2, 0.0, method=st.GD(lr=0.1), maxiter=5)
    >>> result.success, result.code, result["history"]["f"].round(2)
    (False, 'budget.steps', array([9.  , 5.76, 3.69, 2.36, 1.51, 0.97]))
    >>> result.retry(maxiter=100).success
    True
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the result has no {name!r}; it has {', '.join(self)}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]

    @property
    def why(self) -> str:
        """Why it stopped, in one sentence with numbers."""
        return self["message"]

    _again: Callable[[dict[str, Any]], Result] | None = None
    _explain: Callable[[int], str] | None = None
    _landscape: Landscape | None = None

    def remember(
        self,
        again: Callable[[dict[str, Any]], Result],
        explain: Callable[[int], str],
        landscape: Landscape | None,
    ) -> None:
        """Keep how the call is made again, how a step is explained, and what to draw: none of it is saved."""
        object.__setattr__(self, "_again", again)
        object.__setattr__(self, "_explain", explain)
        object.__setattr__(self, "_landscape", landscape)

    def __getstate__(self) -> dict[str, Any]:
        return {}  # pickled, it forgets the function, as in a file

    def retry(self, **changes: Any) -> Result:
        """Make the call again with what `advice` changes, and with further changes.

        Raises
        ------
        ArgumentError
            When there is nothing to change, or the result was loaded from a file and has forgotten its function.
        """
        advised = getattr(self.get("advice"), "changes", {})
        if self._again is None:
            raise ArgumentError("this result was loaded and has no function to call: make the advised call yourself.")
        if not advised and not changes:
            raise ArgumentError("there is no advice to follow: say what to change, such as retry(maxiter=10_000).")
        log.again({**advised, **changes})
        return self._again({**advised, **changes})

    def explain(self, k: int = -1) -> str:
        """Step `k` (1, 2, ..., -1 for the last) as the method's formula with the numbers filled in.

        Raises
        ------
        ArgumentError
            When there is no such step, the method is no rule, or the result was loaded from a file.
        """
        if self._explain is None:
            raise ArgumentError("this result was loaded and has no function to ask (see diagnose.explain_step).")
        return self._explain(k)

    def plot(self, *, axes: Any = None, theme: str | None = None) -> Any:
        """Draw what suits: the path on the curve or the map of f, and how the run converged.

        Takes and gives back what `steepest.plots.run` does; `steepest.plots` has more pictures.
        """
        from .plots import run

        return run(self, axes=axes, theme=theme)

    def _rows(self) -> list[tuple[str, str]]:
        norm = _norm(self.jac)
        cost = f"{counted(self.nit, 'step')}, {counted(self.nfev, 'evaluation')}, {counted(self.njev, 'gradient')}"
        if self.get("skipped"):
            cost += f"; without a value {self.skipped}, the last by {self.failure}"
        return [
            ("why", self.message),
            *([("try", str(self.advice))] if self.get("advice") else []),
            ("x", self._place()),
            ("fun", f"{self.fun:.10g}"),
            *([] if math.isnan(norm) else [("gradient norm", f"{norm:.3g}")]),  # of mini-batches it isn't known
            ("success", f"{self.success} ({self.code})"),
            ("cost", f"{cost}, {self.seconds:.3g} s"),
            ("method", self.method),
            ("gradient", self.gradient),
        ]

    def _place(self) -> str:
        """Where it ended, with the standard errors of a fit."""
        if not (errors := self.get("standard_errors")):
            return _brief(self.x)
        return "\n".join(f"{name} = {self.x[name]:.10g} ± {error:.3g}" for name, error in errors.items())

    def __repr__(self) -> str:
        rows = self._rows()
        width = max(len(name) for name, _ in rows)
        indent = "\n" + " " * (width + 2)
        return "\n".join(f"{name:>{width}}: {text.replace(chr(10), indent)}" for name, text in rows)

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        cell = "<tr><th style='text-align:right'>{}</th><td style='text-align:left'><pre>{}</pre></td></tr>"
        return f"<table>{''.join(cell.format(n, html.escape(text)) for n, text in self._rows())}</table>"

    def save(self, path: str | Path) -> None:
        """Write everything to one ``.npz`` file: arrays as they are, the rest as JSON; no pickle."""
        history = {**self.history.to_arrays(), "sign": self.history.sign}
        write(path, {**self, "history": history}, "result")

    @classmethod
    def load(cls, path: str | Path) -> Result:
        """Read what `save` wrote.

        Raises
        ------
        ArgumentError
            When the file is damaged or was not written by `save`.
        """
        result = cls(read(path, "result"))
        columns = result["history"]
        result["history"] = History.from_arrays(columns, columns.pop("sign"))
        return result


def _leaves(tree: Any) -> list[np.ndarray]:
    if isinstance(tree, dict):
        return [leaf for part in tree.values() for leaf in _leaves(part)]
    if isinstance(tree, list | tuple):
        return [leaf for part in tree for leaf in _leaves(part)]
    library = library_of(tree)
    return [np.asarray(library.numpy(tree) if library else tree, dtype=float)]


def _norm(tree: Any) -> float:
    return math.hypot(*np.concatenate([leaf.ravel() for leaf in _leaves(tree)]))


def _brief(tree: Any) -> str:
    if isinstance(tree, dict):
        return "\n".join(f"{key} = {_brief(part)}" for key, part in tree.items())
    if isinstance(tree, list | tuple):
        return "\n".join(map(_brief, tree))
    library = library_of(tree)
    array = np.asarray(library.numpy(tree) if library else tree)
    return np.array2string(array, precision=8, threshold=12) if array.ndim else f"{float(array):.10g}"
