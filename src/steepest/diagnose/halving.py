"""Halving: where along a way something changes, and whether it changes at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

KEPT = 0.7  # share of a change that is left after two more halvings: of a smooth one a quarter to a half


class Span(NamedTuple):
    """An interval, and what was measured at its ends."""

    low: float
    high: float
    left: float
    right: float


def halved(
    measure: Callable[[float], float], span: Span, far: Callable[[Span, list[float]], bool]
) -> tuple[Span, list[float]]:
    """An interval halved, each time to the half over which `measure` changes more, until that is far enough: the last
    one, and the changes over all of them."""
    changes = [abs(span.right - span.left)]
    while not far(span, changes):
        low, high, left, right = span
        middle = (low + high) / 2
        found = measure(middle)
        beyond = abs(found - left) > abs(right - found)
        span = Span(low, middle, left, found) if beyond else Span(middle, high, found, right)
        changes.append(abs(span.right - span.left))
    return span, changes


def sudden(changes: list[float]) -> bool:
    """Whether a change stays as large while the interval around it is halved: smooth ones halve with it."""
    return len(changes) > 3 and changes[-1] > KEPT * changes[-3]
