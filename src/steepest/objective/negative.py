"""A function whose sign is turned: what is maximised is its negative, minimised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import ArgumentError


def function(fun: Any, name: str) -> Callable[..., Any]:
    """`fun`, or an error that names the argument if it can't be called."""
    if not callable(fun):
        raise ArgumentError(f"{name}={fun!r}: expected a function.")
    return fun


class Negative:
    """A function whose sign is turned, so that its maxima are minima."""

    sign = -1.0

    def __init__(self, fun: Callable[..., Any], name: str):
        self.fun = function(fun, name)
        if callable(gradient := getattr(fun, "gradient", None)):
            self.gradient = Negative(gradient, "fun.gradient")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Negative) and bool(self.fun == other.fun)

    def __hash__(self) -> int:
        return hash(self.fun)

    def __call__(self, *args: Any) -> Any:
        return _negated(self.fun(*args))


def _negated(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _negated(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_negated(part) for part in value]
    try:
        return -value
    except TypeError:
        return value  # None or text: whoever reads it says what was expected
