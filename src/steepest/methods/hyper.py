"""Hyperparameters: the range that each name implies, and what a schedule makes of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError, ObjectiveError

# What the name of a hyperparameter allows: from the least number on, below the greatest, and in words.
_UNIT = (0.0, 1.0, "in [0, 1)")
_POSITIVE = (math.ulp(0.0), math.inf, "positive and finite")
_NONNEGATIVE = (0.0, math.inf, "at least 0 and finite")
RANGES = {
    "lr": _POSITIVE,
    "beta": _UNIT,
    "beta1": _UNIT,
    "beta2": _UNIT,
    "beta3": _UNIT,
    "rho": _UNIT,
    "eps": _NONNEGATIVE,
    "decay": _NONNEGATIVE,
    "alpha": _NONNEGATIVE,
    "up": (1.0, math.inf, "at least 1 and finite"),
    "down": _UNIT,
    "least": _NONNEGATIVE,
    "most": _POSITIVE,
    "start": _NONNEGATIVE,
}
_ANY = (-math.inf, math.inf, "a finite number")


def checked(owner: str, name: str, value: Any) -> Any:
    """A hyperparameter as a float (several, for `sweep`, as an array) in the range that its name implies."""
    if isinstance(value, np.ndarray) and value.size and value.ndim and value.dtype.kind in "fiu":
        for extreme in (value.min(), value.max()):
            checked(owner, name, extreme)
        return value.astype(float)
    least, greatest, words = RANGES.get(name, _ANY)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(value, bool) or not (least <= number < greatest) or math.isinf(number):
        also = ', a length policy, or "auto"' if name == "lr" else ""
        also += "; several, for a sweep, as a NumPy array" if isinstance(value, list | tuple) else ""
        raise ArgumentError(f"{owner}: {name}={value!r} is impossible; expected {words}, a schedule t -> value{also}.")
    return number


def scheduled(owner: str, name: str, schedule: Callable[[float], Any], t: float) -> float:
    """The value at step `t` of a hyperparameter that follows a schedule: in its range, and a rate may be 0 as well.

    Raises
    ------
    ObjectiveError
        When the schedule gives back something else.
    """
    value = schedule(t)
    least, greatest, words = RANGES.get(name, _ANY) if name != "lr" else _NONNEGATIVE
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not (least <= number < greatest) or math.isinf(number):
        raise ObjectiveError(f"{owner}: the schedule of {name} gave {value!r} at step {t:g}; expected {words}.")
    return number


def rate_at(owner: str, lr: float | Callable[[float], Any], t: float) -> float:
    """The learning rate at step `t`, which a schedule may tell."""
    return scheduled(owner, "lr", lr, t) if callable(lr) else float(lr)
