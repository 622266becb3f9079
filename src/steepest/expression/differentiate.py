"""Exact derivatives of expressions."""

from __future__ import annotations

from ..errors import ArgumentError
from .graph import ONE, ZERO, Expression, postorder


def differentiate(expression: Expression, by: Expression) -> Expression:
    """The exact derivative of an expression by a symbol.

    Raises
    ------
    ArgumentError
        When `by` is no symbol.

    Examples
    --------
    >>> from .graph import symbol
    >>> x = symbol("x")
    >>> print(differentiate(x**3 + 1 / x, x))
    3*x**2 - 1/x**2
    """
    if not by.name:
        raise ArgumentError(f"by={by} is no symbol: expected what the derivative is taken by.")
    tangents = {by: ONE}
    for node in postorder([expression], lambda node: by.name in node.symbols):
        if by.name not in node.symbols:
            tangents[node] = ZERO
        elif node.operation is not None:
            tangents[node] = node.operation.derivative(node.args, [tangents[arg] for arg in node.args])
    return tangents[expression]
