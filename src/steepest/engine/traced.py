"""What rules and functions of a few numbers compute, as expressions: they are called once with symbols."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..expression import Expression, differentiate, express, postorder, symbol
from ..formula import Formula
from .alphabet import ARRAYS, speak
from .machine import BODIES

if TYPE_CHECKING:
    from ..methods.lift import Rule

MOST = 500  # operations: more take long to compile, and gain less by it


def from_rule(rule: type[Rule]) -> list[Expression]:
    """The formula's graph: the new x, then the new slots."""
    names = [*["x"] * rule.takes_x, "g", *rule.slots, *["t"] * rule.takes_t, *rule.defaults]
    result = speak(rule.formula, ARRAYS)(*map(symbol, names))
    step, *slots = result if rule.slots else (result,)
    return [symbol("x") + step, *slots]


def coordinates(n: int) -> list[Expression]:
    """The symbols for n numbers."""
    return [symbol(f"x.{i}") for i in range(n)]


def from_formula(formula: Formula) -> list[Expression]:
    """Its value and its gradient."""
    named = [symbol(name) for name in formula.variables]
    outputs = [formula.expression, *(differentiate(formula.expression, by) for by in named)]
    new: dict[Expression, Expression] = dict(zip(named, coordinates(formula.n), strict=True))
    for node in postorder(outputs):
        if node not in new:
            new[node] = node.operation(*(new[arg] for arg in node.args)) if node.operation else node
    return [new[output] for output in outputs]


def from_function(function: Callable[[Any], tuple[Any, Any]], n: int) -> list[Expression] | None:
    """The value and the gradient that ``function(x)`` gives for x of shape (n,), where that is arithmetic.

    None where it branches, calls what has no symbols, or what IEEE does not fix to the last bit (``exp``, ``x**3``).
    Whether the expressions tell the truth has still to be tried: a function may be another one when it is called again.

    Examples
    --------
    >>> import numpy as np
    >>> from_function(lambda x: (np.sum(x**2), 2 * x), 2)
    [<x.0**2 + x.1**2>, <2*x.0>, <2*x.1>]
    >>> from_function(lambda x: (max(x[0], 0.0), x), 1) is None
    True
    """
    x = np.array(coordinates(n), object)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            f, g = function(x)
            outputs = [express(f), *map(express, np.asarray(g, object).reshape(n))]
    except Exception:
        return None
    nodes = [node for node in postorder(outputs) if node.operation]
    exact = all(node.operation.name in BODIES for node in nodes if node.operation)
    return outputs if exact and len(nodes) <= MOST else None
