"""Gradients that the caller wrote: as a function of their own, or together with the value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError, ObjectiveError
from ..objective.oracle import Objective, real
from ..objective.params import Parameters

USER = "user"  # the name of gradients that somebody wrote: the caller, or who made the function
OWN = "the function's own derivative"  # what the latter is called


def written(jac: Callable[..., Any], objective: Objective) -> Callable[[np.ndarray], np.ndarray]:
    """The caller's own gradient as a function of a flat vector."""
    # args are looked up in each call: those of a training run are its batch
    return lambda x: flat(jac(objective.fresh(x), *objective.args), objective.parameters)


def flat(gradient: Any, parameters: Parameters) -> np.ndarray:
    """What the caller gave as a gradient as a vector of shape (n,)."""
    try:
        return parameters.ravel(gradient, "the gradient from jac")
    except ArgumentError as error:
        if gradient is None:
            raise ObjectiveError("jac returned None: expected a gradient. Is a `return` missing?") from None
        raise ObjectiveError(str(error)) from error


class Paired(Objective):
    """A function that gives back (value, gradient); the latest gradient is kept for who asks next.

    Parameters
    ----------
    fun, parameters, args, maxfun, deadline
        As for `Objective`.

    Attributes
    ----------
    source : str
        What its gradient is called in reports.
    """

    source = USER

    def __init__(self, fun: Callable[..., Any], parameters: Parameters, *args: Any, **keywords: Any):
        super().__init__(fun, parameters, *args, **keywords)
        self._kept: tuple[tuple[Any, ...], np.ndarray, float, np.ndarray] | None = None

    def __call__(self, x: np.ndarray) -> float:
        """The value at `x`."""
        f, g = self._ask(x)
        self._kept = self.args, x.copy(), f, g
        return f

    def pair(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """The value and the gradient at `x`, by a call only if the latest value was not of the same. Each is handed out
        once, so that a stochastic function that is asked again gives a new answer."""
        kept, self._kept = self._kept, None
        if kept is not None and kept[0] is self.args and np.array_equal(kept[1], x):
            return kept[2:]
        return self._ask(x)

    def _ask(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        try:
            self._spend(1)
            pair = self.fun(self.fresh(x), *self.args)
        except self._caught as error:
            return self.without(error), np.full(x.size, np.nan)
        f = self.number(pair)
        return f, flat(pair[1], self.parameters)

    def number(self, answer: Any) -> float:
        """The value in what `fun` gave back."""
        if not (isinstance(answer, tuple | list) and len(answer) == 2):
            raise ObjectiveError(f"fun returned {answer!r}: with jac=True a pair (value, gradient) is expected.")
        return real(answer[0])

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """The gradient at `x`, likewise."""
        return self.pair(x)[1]
