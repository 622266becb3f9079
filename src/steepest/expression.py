"""Scalar expressions as a graph: traced or parsed once, then differentiated, printed and evaluated.

A rule of scalars called with symbols, or the text of a formula, becomes the same graph. Equal expressions are
one object, so what is shared is computed once. ``OPERATIONS`` is the one place where a function is declared.
"""

from __future__ import annotations

import math
import operator
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from .errors import ArgumentError

# What Python's math raises where IEEE 754 (and NumPy) answers with inf or nan.
_REFUSALS = (ValueError, OverflowError, ZeroDivisionError)


class Form(NamedTuple):
    """How an operation is written: a template, how tightly each argument must bind, how tightly the whole does."""

    write: Callable[[tuple[str, ...]], str]
    needs: tuple[int, ...]
    level: int


COMPARISON, SUM, NEGATION, PRODUCT, POWER, ATOM = range(6)


@dataclass(frozen=True, eq=False)
class Operation:
    """A function of scalars; called on expressions it extends the graph, on numbers and arrays it computes.

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
        ``simplify(*args)``: an equal, simpler expression, or None. Only what is exact in IEEE arithmetic.
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
            return _apply(self, tuple(map(express, args)))
        return (self.evaluate if all(isinstance(arg, Real) for arg in args) else self.ufunc)(*args)

    def evaluate(self, *args: float) -> float:
        """The value on floats by IEEE rules: what `scalar` refuses is inf or nan."""
        try:
            return self.scalar(*args)
        except _REFUSALS:
            with np.errstate(all="ignore"):
                return float(self.ufunc(*args))

    def __reduce__(self) -> tuple[Any, ...]:
        return OPERATIONS.__getitem__, (self.name,)


class Expression:
    """A number, a symbol or an operation on expressions; immutable, and equal ones are the same object.

    Arithmetic and comparisons build further expressions (``==`` too: use ``is`` to ask whether two are equal).

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
    >>> x = symbol("x")
    >>> x * sqrt(x) - 1 is x * sqrt(x) - 1
    True
    >>> str(differentiate(x * exp(-2 * x), x))
    'exp(-2*x) - x*(2*exp(-2*x))'
    """

    __slots__ = ("__weakref__", "args", "name", "operation", "symbols", "value")
    __array_ufunc__ = None  # NumPy scalars leave ``np.float64(2) * x`` to us

    operation: Operation | None
    args: tuple[Expression, ...]
    name: str
    symbols: frozenset[str]
    value: float | None

    def __add__(self, other: Any) -> Any:
        return _operate(add, self, other)

    def __radd__(self, other: Any) -> Any:
        return _operate(add, other, self)

    def __sub__(self, other: Any) -> Any:
        return _operate(subtract, self, other)

    def __rsub__(self, other: Any) -> Any:
        return _operate(subtract, other, self)

    def __mul__(self, other: Any) -> Any:
        return _operate(multiply, self, other)

    def __rmul__(self, other: Any) -> Any:
        return _operate(multiply, other, self)

    def __truediv__(self, other: Any) -> Any:
        return _operate(divide, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _operate(divide, other, self)

    def __pow__(self, other: Any) -> Any:
        return _operate(power, self, other)

    def __rpow__(self, other: Any) -> Any:
        return _operate(power, other, self)

    def __lt__(self, other: Any) -> Any:
        return _operate(less, self, other)

    def __le__(self, other: Any) -> Any:
        return _operate(less_equal, self, other)

    def __gt__(self, other: Any) -> Any:
        return _operate(greater, self, other)

    def __ge__(self, other: Any) -> Any:
        return _operate(greater_equal, self, other)

    def __eq__(self, other: Any) -> Any:
        return _operate(equal, self, other)

    def __ne__(self, other: Any) -> Any:
        return _operate(not_equal, self, other)

    def __neg__(self) -> Expression:
        return negate(self)

    def __pos__(self) -> Expression:
        return self

    def __abs__(self) -> Expression:
        return absolute(self)

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise TypeError(
            f"the truth of {self} is not known while a formula is traced: choose by where(condition, a, b), "
            "and use minimum and maximum for min and max."
        )

    def __str__(self) -> str:
        return text(self)

    def __repr__(self) -> str:
        return f"<{text(self)}>"

    def __reduce__(self) -> tuple[Any, ...]:
        if self.operation is not None:
            return _apply, (self.operation, self.args)
        return (symbol, (self.name,)) if self.name else (number, (self.value,))


_interned: WeakValueDictionary[tuple[Any, ...], Expression] = WeakValueDictionary()
_lock = threading.RLock()  # two threads must not make two objects of one expression


def _intern(
    key: tuple[Any, ...],
    operation: Operation | None,
    args: tuple[Expression, ...],
    name: str,
    symbols: frozenset[str],
    value: float | None,
) -> Expression:
    with _lock:
        node = _interned.get(key)
        if node is None:
            node = Expression()
            node.operation, node.args, node.name, node.symbols, node.value = operation, args, name, symbols, value
            _interned[key] = node
    return node


def symbol(name: str) -> Expression:
    """The symbol of that name."""
    return _intern(("symbol", name), None, (), name, frozenset([name]), None)


def number(value: float) -> Expression:
    """The number as an expression; always a float."""
    value = float(value)
    return _intern(("number", value.hex()), None, (), "", frozenset(), value)


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


def _operate(operation: Operation, *args: Any) -> Any:
    if all(isinstance(arg, Expression | Real) for arg in args):
        return _apply(operation, tuple(map(express, args)))
    return NotImplemented


def _apply(operation: Operation, args: tuple[Expression, ...]) -> Expression:
    if len(args) != operation.arity:
        raise ArgumentError(f"{operation.name} takes {operation.arity} arguments, not {len(args)}.")
    simpler = operation.simplify(*args)
    if simpler is not None:
        return simpler
    values = [arg.value for arg in args]
    value = None if None in values else float(operation.evaluate(*values))  # type: ignore[arg-type]
    node = _intern(
        (operation.name, *map(id, args)),
        operation,
        args,
        "",
        frozenset().union(*(arg.symbols for arg in args)),
        value,
    )
    # Numbers are folded where that makes the text no longer: 3 - 1 becomes 2, but 1/3 and 2*pi stay readable.
    if value is not None and math.isfinite(value) and len(text(number(value))) <= len(text(node)):
        return number(value)
    return node


ZERO, ONE = number(0.0), number(1.0)


# ---- derivative rules and simplifications -------------------------------------------------------------------


def _linear(*partials: Callable[..., Expression]) -> Callable[..., Expression]:
    """The chain rule: the sum of ``partial(tangent, *args)`` over the arguments that vary at all.

    Leaving out what does not vary keeps log(x) out of the derivative of ``x**3``, and 0 * inf out of all of them.
    """

    def derivative(args: Sequence[Expression], tangents: Sequence[Expression]) -> Expression:
        terms = (p(d, *args) for p, d in zip(partials, tangents, strict=True) if d is not ZERO)
        return sum(terms, ZERO)

    return derivative


def _flat(args: Sequence[Expression], tangents: Sequence[Expression]) -> Expression:
    return ZERO


def _keep(*args: Expression) -> None:
    return None


def _opposite(node: Expression) -> Expression | None:
    """The expression without its leading minus sign, None if it has none."""
    if node.operation is negate:
        return node.args[0]
    if node.operation is None and node.value is not None and math.copysign(1.0, node.value) < 0:
        return number(-node.value)
    if node.operation in (multiply, divide):
        first = _opposite(node.args[0])
        return None if first is None else node.operation(first, node.args[1])
    return None


def _simplify_add(a: Expression, b: Expression) -> Expression | None:
    if a.value == 0 or b.value == 0:
        return b if a.value == 0 else a
    positive = _opposite(b)
    return None if positive is None else a - positive


def _simplify_subtract(a: Expression, b: Expression) -> Expression | None:
    if a.value == 0 or b.value == 0:
        return a if b.value == 0 else -b
    positive = _opposite(b)
    return None if positive is None else a + positive


def _simplify_multiply(a: Expression, b: Expression) -> Expression | None:
    # No rule for 0: 0 * inf is nan, and a formula must not hide it.
    if a.value == 1 or b.value == 1:
        return b if a.value == 1 else a
    if a.value == -1 or b.value == -1:
        return -(b if a.value == -1 else a)
    return _sign_outside(multiply, a, b)


def _simplify_divide(a: Expression, b: Expression) -> Expression | None:
    return a if b.value == 1 else _sign_outside(divide, a, b)


def _sign_outside(operation: Operation, a: Expression, b: Expression) -> Expression | None:
    if a.operation is negate:
        return -operation(a.args[0], b)
    return -operation(a, b.args[0]) if b.operation is negate else None


def _simplify_power(a: Expression, b: Expression) -> Expression | None:
    if b.value is None or b.value not in (0, 1, 2):
        return None
    return (ONE, a, square(a))[int(b.value)]


def _simplify_where(condition: Expression, a: Expression, b: Expression) -> Expression | None:
    if a is b or condition.value is not None:
        return a if a is b or condition.value else b
    return None


# ---- the table of operations --------------------------------------------------------------------------------

OPERATIONS: dict[str, Operation] = {}


def _declare(
    name: str,
    scalar: Callable[..., Any],
    ufunc: Callable[..., Any],
    derivative: Callable[..., Expression],
    latex: str | Form = "",
    text: Form | None = None,
    simplify: Callable[..., Expression | None] = _keep,
    arity: int = 1,
) -> Operation:
    loose = (COMPARISON,) * arity
    if isinstance(latex, str):
        template = latex or rf"\{name}\left({', '.join(['%s'] * arity)}\right)"
        latex = Form(template.__mod__, loose, ATOM)
    text = text or Form(f"{name}({', '.join(['%s'] * arity)})".__mod__, loose, ATOM)
    OPERATIONS[name] = operation = Operation(name, scalar, ufunc, derivative, text, latex, simplify)
    return operation


def _infix(template: str, needs: tuple[int, ...], level: int) -> Form:
    return Form(template.__mod__, needs, level)


def _compare(name: str, sign: str, latex: str) -> Operation:
    forms = [_infix(f"%s {s} %s", (SUM, SUM), COMPARISON) for s in (latex, sign)]
    function = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}[sign]
    return _declare(name, getattr(operator, function), getattr(np, name), _flat, *forms, arity=2)


def _times(parts: tuple[str, ...]) -> str:
    return (r"%s \cdot %s" if parts[1][0].isdigit() else "%s %s") % parts


def _sign(x: float) -> float:
    return float((x > 0) - (x < 0)) if x == x else x  # noqa: PLR0124  nan stays nan


def _minimum(a: float, b: float) -> float:
    return a if a <= b or a != a else b  # noqa: PLR0124  nan wins, as in NumPy


def _maximum(a: float, b: float) -> float:
    return a if a >= b or a != a else b  # noqa: PLR0124


less = _compare("less", "<", "<")
less_equal = _compare("less_equal", "<=", r"\le")
greater = _compare("greater", ">", ">")
greater_equal = _compare("greater_equal", ">=", r"\ge")
equal = _compare("equal", "==", "=")
not_equal = _compare("not_equal", "!=", r"\ne")

add = _declare("add", operator.add, np.add, _linear(lambda d, a, b: d, lambda d, a, b: d),
               _infix("%s + %s", (SUM, SUM), SUM), _infix("%s + %s", (SUM, PRODUCT), SUM), _simplify_add)
subtract = _declare("subtract", operator.sub, np.subtract, _linear(lambda d, a, b: d, lambda d, a, b: -d),
                    *[_infix("%s - %s", (SUM, PRODUCT), SUM)] * 2, _simplify_subtract)
multiply = _declare("multiply", operator.mul, np.multiply, _linear(lambda d, a, b: d * b, lambda d, a, b: a * d),
                    Form(_times, (NEGATION, PRODUCT), PRODUCT), _infix("%s*%s", (NEGATION, POWER), PRODUCT),
                    _simplify_multiply)
divide = _declare("divide", operator.truediv, np.divide,
                  _linear(lambda d, a, b: d / b, lambda d, a, b: -(a * d / b**2)),
                  _infix(r"\frac{%s}{%s}", (COMPARISON, COMPARISON), PRODUCT),
                  _infix("%s/%s", (NEGATION, POWER), PRODUCT), _simplify_divide)
negate = _declare("negate", operator.neg, np.negative, _linear(lambda d, x: -d),
                  *[_infix("-%s", (PRODUCT,), NEGATION)] * 2, _opposite)
square = _declare("square", lambda x: x * x, np.square, _linear(lambda d, x: 2 * x * d),
                  _infix("%s^{2}", (ATOM,), POWER), _infix("%s**2", (ATOM,), POWER))
# Where a = 0 the derivative by the exponent is a**b * log(0), nan by rounding; log(b) in its place gives the limits:
# 0 for b > 0 and -inf for b = 0.
power = _declare("power", math.pow, np.power,
                 _linear(lambda d, a, b: b * a ** (b - 1) * d, lambda d, a, b: a**b * log(where(a == 0, b, a)) * d),
                 _infix("%s^{%s}", (ATOM, COMPARISON), POWER), _infix("%s**%s", (ATOM, POWER), POWER),
                 _simplify_power)

where = _declare("where", lambda c, a, b: a if c else b, np.where, lambda args, d: where(args[0], d[1], d[2]),
                 Form(r"\begin{cases} %2$s & \text{if } %1$s \\ %3$s & \text{otherwise} \end{cases}".__mod__,
                      (COMPARISON,) * 3, COMPARISON), None, _simplify_where, 3)
minimum = _declare("minimum", _minimum, np.minimum, lambda args, d: where(args[0] <= args[1], *d),
                   r"\min\left(%s, %s\right)", arity=2)
maximum = _declare("maximum", _maximum, np.maximum, lambda args, d: where(args[0] >= args[1], *d),
                   r"\max\left(%s, %s\right)", arity=2)
absolute = _declare("abs", math.fabs, np.abs, _linear(lambda d, x: d * sign(x)), r"\left|%s\right|")
sign = _declare("sign", _sign, np.sign, _flat, r"\operatorname{sign}\left(%s\right)")
