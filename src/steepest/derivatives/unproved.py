"""A noisy gradient, taken as it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..objective.oracle import Objective
from .own import Paired, written


class Unproved:
    """The caller's noisy gradient, taken as it is: one draw of value and gradient can't prove it."""

    name = "user"
    report = "user, noisy: not proved, since differences of noisy values can't tell"

    def __init__(self, objective: Objective, jac: Callable[..., Any] | bool):
        self._tell: Callable[[np.ndarray], np.ndarray]
        if isinstance(objective, Paired):
            self._tell = objective.gradient
        else:
            assert callable(jac)
            self._tell = written(jac, objective)

    def gradient(self, x: np.ndarray, f: float) -> tuple[np.ndarray, np.ndarray | None]:
        """The gradient at `x` as it was drawn."""
        return self._tell(x), None

    def noise(self, f: float) -> float:
        """Infinite: of two points a single value of each does not tell which is better."""
        return math.inf

    def diagonal(self) -> None:
        """There are no differences that it could come from."""

    def refresh(self, x: np.ndarray, f: float, noise: bool = True) -> bool:
        """There is nothing to prove."""
        return False
