"""The learning rates at which rules are stable on a quadratic of curvature L."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from .method import Method
from .rules import GD, Momentum, Nesterov


class Stability(NamedTuple):
    """Rates as multiples of 1/L, and how they are written; `beta` may be an array.

    Attributes
    ----------
    limit : callable
        Of beta: the largest stable rate.
    formula : str
        The same in text; "" where it is not known.
    share : callable
        Of beta: the rate to try first.
    shared : str
        The same in text.
    """

    limit: Callable[[Any], Any]
    formula: str
    share: Callable[[Any], Any]
    shared: str


# GD, heavy ball (Polyak 1964) and Nesterov (1983): the roots of their recurrences leave the unit circle at the limit
# (O'Donoghue & Candes 2015). Heavy balls can cycle for ever well below it where the curvature varies (Lessard et al.
# 2016): their shares are smaller.
KNOWN: dict[type[Method], Stability] = {
    GD: Stability(lambda beta: 2.0, "2/L", lambda beta: 1.0, "1/L"),
    Momentum: Stability(lambda beta: 2 * (1 + beta), "2 (1 + beta)/L", lambda beta: 1 - beta, "(1 - beta)/L"),
    Nesterov: Stability(
        lambda beta: 2 * (1 + beta) / (1 + 2 * beta), "2 (1 + beta)/((1 + 2 beta) L)", lambda beta: 0.5, "1/(2 L)"
    ),
}
UNKNOWN = Stability(lambda beta: math.nan, "", lambda beta: 1.0, "1/L")


def stability(rule: type[Method]) -> Stability:
    """What is known of a rule."""
    return KNOWN.get(rule, UNKNOWN)
