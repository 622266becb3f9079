"""The graph: numbers, symbols and operations on them, each expression one object however often it occurs."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from ..errors import ArgumentError

# How tightly what is written binds, from loose to tight.
COMPARISON, SUM, NEGATION, PRODUCT, POWER, ATOM = range(6)

CONSTANTS = {"pi": math.pi, "e": math.e}
_CONSTANT_NAMES = {value: name for name, value in CONSTANTS.items()}


class Form(NamedTuple):
    """How an operation is written, how tightly each part must bind, and how tightly the whole does."""

    write: Callable[[tuple[str, ...]], str]
    needs: tuple[int, ...]
    level: int


@dataclass(frozen=True, eq=False)
class Operation:
    """A function of scalars: called on expressions it extends the graph, on numbers and arrays it computes.

    Attributes
    ----------
    name : str
    scalar : callable
        On Python floats; may raise where `ufunc` would give inf or nan.
    ufunc : callable
        On NumPy arrays.
    derivative : callable
        ``derivative(args, tangents)``: the tangent of the result from those of the arguments.
    text, latex : Form
    simplify : callable
        ``simplify(*args)``: a simpler expression with the same value in IEEE arithmetic (but for the sign of
        zero), or None.
    """

    name: str
    scalar: Callable[..., Any]
    ufunc: Callable[..., Any]
    derivative: Callable[[Sequence[Expression], Sequence[Expression]], Expression]
    text: Form
    latex: Form
    simplify: Callable[..., Expression | None]

    @property
    def arity(self) -> int:
        """The number of arguments."""
        return len(self.text.needs)

    def __call__(self, *args: Any) -> Any:
        if any(isinstance(arg, Expression) for arg in args):
            return _apply(self, *map(express, args))
        return self.compute(*args)

    def compute(self, *args: Any) -> Any:
        """The value by IEEE 754 (inf or nan where Python's math raises); on plain numbers a plain number."""
        if not all(isinstance(arg, float | int) for arg in args):
            return self.ufunc(*args)
        try:
            return self.scalar(*args)
        except (ValueError, OverflowError, ZeroDivisionError):
            with np.errstate(all="ignore"):
                return float(self.ufunc(*args))

    def __reduce__(self) -> tuple[Any, ...]:
        return _operation, (self.name,)


OPERATIONS: dict[str, Operation] = {}  # by name; operations.py declares them


def _operation(name: str) -> Operation:
    return OPERATIONS[name]


def _binary(name: str) -> Callable[[Any, Any], Any]:
    return lambda left, right: _operate(name, left, right)


def _reflected(name: str) -> Callable[[Any, Any], Any]:
    return lambda right, left: _operate(name, left, right)


def _operate(name: str, *args: Any) -> Any:
    known = all(isinstance(arg, Expression | Real) for arg in args)
    return _apply(OPERATIONS[name], *map(express, args)) if known else NotImplemented


class Expression:
    """A number, a symbol or an operation on expressions; immutable, and equal ones are the same object.

    Made by `symbol`, `number`, and from there by arithmetic, comparisons and the functions in `OPERATIONS`.
    ``==`` builds an expression too: ask ``is`` whether two are the same.

    Attributes
    ----------
    operation : Operation or None
        None for numbers and symbols.
    args : tuple of Expression
    name : str
        The name of a symbol, else "".
    symbols : frozenset of str
        The names of all symbols it depends on.
    value : float or None
        What it equals when it depends on no symbol.

    Examples
    --------
    >>> x, y = symbol("x"), symbol("y")
    >>> (x + 1) / y - y**2
    <(x + 1)/y - y**2>
    >>> x + 1 is x + 1
    True
    """

    __slots__ = ("__weakref__", "args", "name", "operation", "symbols", "value")
    __array_ufunc__ = None  # NumPy scalars leave ``np.float64(2) * x`` to us

    def __init__(
        self,
        operation: Operation | None = None,
        args: tuple[Expression, ...] = (),
        name: str = "",
        symbols: frozenset[str] = frozenset(),
        value: float | None = None,
    ):
        self.operation, self.args, self.name, self.symbols, self.value = operation, args, name, symbols, value

    __add__, __radd__ = _binary("add"), _reflected("add")
    __sub__, __rsub__ = _binary("subtract"), _reflected("subtract")
    __mul__, __rmul__ = _binary("multiply"), _reflected("multiply")
    __truediv__, __rtruediv__ = _binary("divide"), _reflected("divide")
    __pow__, __rpow__ = _binary("power"), _reflected("power")
    __lt__, __le__ = _binary("less"), _binary("less_equal")
    __gt__, __ge__ = _binary("greater"), _binary("greater_equal")
    __eq__, __ne__ = _binary("equal"), _binary("not_equal")
    __hash__ = object.__hash__

    def __neg__(self) -> Expression:
        return _operate("negate", self)

    def __pos__(self) -> Expression:
        return self

    def __abs__(self) -> Expression:
        return _operate("abs", self)

    def __bool__(self) -> bool:
        raise TypeError(
            f"{self} has no truth while a formula is traced: choose by where(condition, a, b), "
            "and write minimum and maximum for min and max."
        )

    def __str__(self) -> str:
        return text(self)

    def __repr__(self) -> str:
        return f"<{text(self)}>"

    def __reduce__(self) -> tuple[Any, ...]:
        if self.operation is not None:
            return _apply, (self.operation, *self.args)
        return (symbol, (self.name,)) if self.value is None else (number, (self.value,))


_interned: WeakValueDictionary[tuple[Any, ...], Expression] = WeakValueDictionary()
_lock = threading.RLock()  # two threads must not make two objects of one expression


def _intern(key: tuple[Any, ...], **fields: Any) -> Expression:
    with _lock:
        node = _interned.get(key)
        if node is None:
            node = _interned[key] = Expression(**fields)
    return node


def symbol(name: str) -> Expression:
    """The symbol of that name."""
    return _intern(("symbol", name), name=name, symbols=frozenset([name]))


def number(value: float) -> Expression:
    """The number as an expression; always a float."""
    value = float(value)
    return _intern(("number", value.hex()), value=value)


def express(value: Any) -> Expression:
    """An expression as it is, a real number as an expression.

    Raises
    ------
    ArgumentError
        When `value` is neither.
    """
    if isinstance(value, Expression):
        return value
    if isinstance(value, Real):
        return number(float(value))
    raise ArgumentError(f"{value!r} is no part of an expression: expected a real number or an expression.")


def _apply(operation: Operation, *args: Expression) -> Expression:
    if len(args) != operation.arity:
        raise ArgumentError(f"{operation.name} takes {operation.arity} arguments, not {len(args)}.")
    simpler = operation.simplify(*args)
    if simpler is not None:
        return simpler
    symbols = frozenset().union(*(arg.symbols for arg in args))
    value = None if symbols else float(operation.compute(*[arg.value for arg in args]))
    key = (operation.name, *map(id, args))
    node = _intern(key, operation=operation, args=args, symbols=symbols, value=value)
    # Numbers are folded where that makes the text no longer: 3 - 1 becomes 2, but 1/3 and 2*pi stay readable.
    if value is not None and math.isfinite(value) and not any(arg.operation for arg in args):
        folded = number(value)
        return folded if len(text(folded)) <= len(text(node)) else node
    return node


ZERO, ONE = number(0.0), number(1.0)


def postorder(
    outputs: Iterable[Expression], enter: Callable[[Expression], object] = lambda node: True
) -> list[Expression]:
    """Every node below `outputs` once, arguments before what uses them; `enter` says whether to look inside.

    A loop, not a recursion: no graph is too deep.
    """
    done: dict[Expression, None] = {}
    stack = list(outputs)[::-1]
    while stack:
        node = stack[-1]
        pending = [arg for arg in node.args if arg not in done] if node not in done and enter(node) else []
        if pending:
            stack.extend(reversed(pending))
        else:
            done[stack.pop()] = None
    return list(done)


def text(expression: Expression, names: Mapping[Expression, str] | None = None) -> str:
    """The expression in Python's notation, with the fewest brackets that keep the order of operations.

    Parameters
    ----------
    expression : Expression
    names : mapping of Expression to str, optional
        Parts that are written by a name instead of in full.

    Examples
    --------
    >>> x, y = symbol("x"), symbol("y")
    >>> text(2 * (x + y) ** 2 + 1, names={x + y: "s"})
    '2*s**2 + 1'
    """
    return write(expression, lambda operation: operation.text, text_leaf, "(%s)", names)


def text_leaf(node: Expression) -> tuple[str, int]:
    """A number or symbol in Python's notation, and how tightly it binds."""
    if node.value is None:
        return node.name, ATOM
    plain = _CONSTANT_NAMES.get(node.value) or repr(node.value).removesuffix(".0").replace("inf", "1e999")
    return plain, NEGATION if plain.startswith("-") else ATOM


def write(
    expression: Expression,
    form: Callable[[Operation], Form],
    leaf: Callable[[Expression], tuple[str, int]],
    brackets: str,
    names: Mapping[Expression, str] | None,
) -> str:
    """The expression in the notation that `form`, `leaf` and `brackets` define (see `text`)."""
    written = {node: (name, ATOM) for node, name in (names or {}).items()}
    for node in postorder([expression], lambda node: node not in written):
        if node in written:
            continue
        if node.operation is None:
            written[node] = leaf(node)
            continue
        template, needs, level = form(node.operation)
        parts = zip(map(written.__getitem__, node.args), needs, strict=True)
        written[node] = template(tuple(p if has >= need else brackets % p for (p, has), need in parts)), level
    return written[expression][0]
