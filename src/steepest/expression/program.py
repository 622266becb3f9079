"""Expressions as a list of instructions, to be run on floats and arrays or printed as source; never eval."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError
from .graph import Expression, postorder


class Program:
    """Several expressions as one function of several scalars; what they share is computed once.

    Parameters
    ----------
    symbols : sequence of Expression
        The arguments, in order.
    outputs : sequence of Expression
        The results, in order.

    Raises
    ------
    ArgumentError
        When an output depends on a symbol that is not listed.

    Examples
    --------
    >>> from .graph import symbol
    >>> x, y = symbol("x"), symbol("y")
    >>> program = Program([x, y], [x**2 + y, x / y])
    >>> program(3.0, 0.0)
    [9.0, inf]
    >>> program(np.array([1.0, 2.0]), 4.0)
    [array([5., 8.]), array([0.25, 0.5 ])]
    """

    def __init__(self, symbols: Sequence[Expression], outputs: Sequence[Expression]):
        nodes = postorder(outputs, lambda node: node.value is None)
        constants = [node for node in nodes if node.value is not None]
        operations = [(node, node.operation) for node in nodes if node.value is None and node.operation]
        registers = {node: k for k, node in enumerate([*symbols, *constants, *(node for node, _ in operations)])}
        if missing := [node.name for node in nodes if node not in registers]:
            raise ArgumentError(f"the outputs depend on {', '.join(missing)}: expected among the symbols.")
        self._arity = len(symbols)
        self._constants = [node.value for node in constants]
        self._outputs = [registers[node] for node in outputs]
        # An instruction is a function and three places to find its arguments, None where it takes fewer.
        places = [[*(registers[arg] for arg in node.args), None, None][:3] for node, _ in operations]
        self._scalar = [(f.scalar, *at) for (_, f), at in zip(operations, places, strict=True)]
        self._any = [(f.compute, *at) for (_, f), at in zip(operations, places, strict=True)]

    def __call__(self, *values: Any) -> list[Any]:
        """The outputs at floats (as floats) or at arrays that broadcast (as arrays, constants as floats)."""
        if len(values) != self._arity:
            raise ArgumentError(f"{len(values)} values for {self._arity} symbols: expected one each.")
        return (self.floats if all(type(value) is float for value in values) else self.arrays)(values)

    def floats(self, values: Iterable[float]) -> list[float]:
        """The outputs at Python floats, by the rules of IEEE 754: inf and nan, never an exception."""
        values = list(values)
        try:
            return self._run(self._scalar, values)
        except (ValueError, OverflowError, ZeroDivisionError):
            return self._run(self._any, values)

    def arrays(self, values: Iterable[Any]) -> list[Any]:
        """The outputs at arrays that broadcast, floats among them at will, without warnings.

        What depends on floats only is computed in Python floats: it keeps float32 arrays float32.
        """
        with np.errstate(all="ignore"):
            return self._run(self._any, values)

    def _run(self, instructions: list[tuple[Any, ...]], values: Iterable[Any]) -> list[Any]:
        registers = [*values, *self._constants]
        store = registers.append
        for function, i, j, k in instructions:
            if j is None:
                store(function(registers[i]))
            elif k is None:
                store(function(registers[i], registers[j]))
            else:
                store(function(registers[i], registers[j], registers[k]))
        return [registers[at] for at in self._outputs]


def invariants(outputs: Iterable[Expression], names: Collection[str]) -> list[Expression]:
    """The largest parts of `outputs` that depend on none of the symbols in `names`.

    These are what a loop over arrays called `names` needs to compute only once, plain numbers included.

    Examples
    --------
    >>> from .graph import symbol
    >>> g, t, beta = map(symbol, ("g", "t", "beta"))
    >>> invariants([g * (1 - beta**t) + 2], {"g"})
    [<1 - beta**t>, <2>]
    """

    def varies(node: Expression) -> bool:
        return not node.symbols.isdisjoint(names)

    return [node for node in postorder(outputs, varies) if not varies(node)]


def source(
    outputs: Sequence[Expression],
    names: Mapping[Expression, str] | None = None,
    spelling: Mapping[str, str] | None = None,
    prefix: str = "t",
) -> tuple[list[str], list[str]]:
    """Python lines that compute `outputs`, one operation each, and the names of the outputs after them.

    Parameters
    ----------
    outputs : sequence of Expression
    names : mapping of Expression to str, optional
        What is at hand already, by its name there; other symbols go by their own names.
    spelling : mapping of str to str, optional
        `str.format` templates of what is not spelled as in `text`, such as ``{"sqrt": "math.sqrt({0})"}``.
    prefix : str
        Of the names of intermediate results.

    Examples
    --------
    >>> from .graph import symbol
    >>> x, y = symbol("x"), symbol("y")
    >>> source([abs(x * y + 1), x * y], spelling={"abs": "math.fabs({0})"})
    (['t0 = x*y', 't1 = t0 + 1.0', 't2 = math.fabs(t1)'], ['t2', 't0'])
    """
    templates = {"square": "{0}*{0}"} | dict(spelling or {})
    called = dict(names or {})
    lines: list[str] = []
    for node in postorder(outputs, lambda node: node.value is None and node not in called):
        if node in called:
            continue
        if node.value is not None:
            literal = repr(node.value).replace("inf", "1e999")
            called[node] = f"({literal})" if literal.startswith("-") else literal
        elif node.operation is None:
            called[node] = node.name
        else:
            args = tuple(called[arg] for arg in node.args)
            template = templates.get(node.operation.name)
            line = template.format(*args) if template else node.operation.text.write(args)
            called[node] = f"{prefix}{len(lines)}"
            lines.append(f"{called[node]} = {line}")
    return lines, [called[node] for node in outputs]
