"""The table of operations: the one place where a function, its derivative and its notation are declared."""

# mypy: disable-error-code="has-type"
# (the rules of sin and cos name each other: mypy cannot infer the type of either first)

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .graph import (
    ATOM,
    COMPARISON,
    NEGATION,
    ONE,
    OPERATIONS,
    POWER,
    PRODUCT,
    SUM,
    ZERO,
    Expression,
    Form,
    Operation,
    number,
)

Numeric = Callable[..., Any]
Rule = Callable[..., Expression]

# ---- derivative rules and simplifications -------------------------------------------------------


def _linear(*partials: Rule) -> Rule:
    """The chain rule: the sum of ``partial(tangent, *args)`` over the arguments that vary at all.

    Leaving out what does not vary keeps log(x) out of the derivative of ``x**3``, and 0 * inf out of all.
    """

    def derivative(args: Sequence[Expression], tangents: Sequence[Expression]) -> Expression:
        terms = (p(d, *args) for p, d in zip(partials, tangents, strict=True) if d is not ZERO)
        return sum(terms, ZERO)

    return derivative


def _flat(args: Sequence[Expression], tangents: Sequence[Expression]) -> Expression:
    return ZERO


def _opposite(x: Expression) -> Expression | None:
    """The expression without its leading minus sign, None if it has none."""
    if x.operation is negate:
        return x.args[0]
    negative = x.operation is None and x.value is not None and math.copysign(1.0, x.value) < 0
    return number(-x.value) if negative else None  # type: ignore[operator]


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
    # No rule for 0 * x: with x = inf that is nan, and a formula must not hide it.
    if a.value == 1 or b.value == 1:
        return b if a.value == 1 else a
    return _sign_outside(multiply, a, b)


def _simplify_divide(a: Expression, b: Expression) -> Expression | None:
    return a if b.value == 1 else _sign_outside(divide, a, b)


def _sign_outside(operation: Operation, a: Expression, b: Expression) -> Expression | None:
    positive = _opposite(a)
    if positive is not None:
        return -operation(positive, b)
    positive = _opposite(b)
    return None if positive is None else -operation(a, positive)


def _simplify_power(a: Expression, b: Expression) -> Expression | None:
    special = {0.0: lambda: ONE, 1.0: lambda: a, 2.0: lambda: square(a)}.get(b.value)  # type: ignore[arg-type]
    return special and special()


def _simplify_where(condition: Expression, a: Expression, b: Expression) -> Expression | None:
    if a is b or condition.value is not None:
        return a if a is b or condition.value else b
    return None


# ---- the table ----------------------------------------------------------------------------------


def _declare(
    name: str,
    scalar: Numeric,
    ufunc: Numeric,
    derivative: Rule,
    notation: tuple[Form, Form],
    simplify: Callable[..., Expression | None] = lambda *args: None,
) -> Operation:
    OPERATIONS[name] = operation = Operation(name, scalar, ufunc, derivative, *notation, simplify)
    return operation


def _written(text: str, latex: str, needs: tuple[int, ...], level: int) -> tuple[Form, Form]:
    """Written alike in text and in LaTeX."""
    return Form(text.__mod__, needs, level), Form(latex.__mod__, needs, level)


def _called(name: str, latex: str, arity: int = 1) -> tuple[Form, Form]:
    """Written as a call; what stands within brackets needs none of its own."""
    return _written(f"{name}({', '.join(['%s'] * arity)})", latex, (COMPARISON,) * arity, ATOM)


def _function(name: str, scalar: Numeric, ufunc: Numeric, partial: Rule, latex: str) -> Operation:
    """A function of one variable: ``partial(d, x)`` is its derivative at x times the tangent d."""
    return _declare(name, scalar, ufunc, _linear(partial), _called(name, latex + r"\left(%s\right)"))


def _comparison(name: str, scalar: Numeric, ufunc: Numeric, text: str, latex: str) -> Operation:
    notation = _written(f"%s {text} %s", f"%s {latex} %s", (SUM, SUM), COMPARISON)
    return _declare(name, scalar, ufunc, _flat, notation)


def _write_product(parts: tuple[str, ...]) -> str:
    if parts[1][0].isdigit():
        return r" \cdot ".join(parts)
    words = re.search(r"\\mathrm{\w\w", "".join(parts))  # need a space between them, which letters do not
    return (r"\ " if words else " ").join(parts)


def _write_cases(parts: tuple[str, ...]) -> str:
    """A choice within the last one is another line of it."""
    condition, a, b = parts
    begin, end = r"\begin{cases} ", r" \end{cases}"
    rest = b[len(begin) : -len(end)] if b.startswith(begin) else rf"{b} & \text{{otherwise}}"
    return rf"{begin}{a} & \text{{if }} {condition} \\ {rest}{end}"


# NumPy's answers to nan, on floats: it stays nan, whichever argument it is.
def _sign(x: float) -> float:
    return x if math.isnan(x) else float((x > 0) - (x < 0))


def _minimum(a: float, b: float) -> float:
    return a if a <= b or math.isnan(a) else b


def _maximum(a: float, b: float) -> float:
    return a if a >= b or math.isnan(a) else b


# fmt: off
less = _comparison("less", operator.lt, np.less, "<", "<")
less_equal = _comparison("less_equal", operator.le, np.less_equal, "<=", r"\le")
greater = _comparison("greater", operator.gt, np.greater, ">", ">")
greater_equal = _comparison("greater_equal", operator.ge, np.greater_equal, ">=", r"\ge")
equal = _comparison("equal", operator.eq, np.equal, "==", "=")
not_equal = _comparison("not_equal", operator.ne, np.not_equal, "!=", r"\ne")

# Arithmetic. Text keeps the brackets of a + (b + c), which rounds differently; LaTeX, for reading, does not.
add = _declare(
    "add", operator.add, np.add, _linear(lambda d, a, b: d, lambda d, a, b: d),
    (Form("%s + %s".__mod__, (SUM, PRODUCT), SUM), Form("%s + %s".__mod__, (SUM, SUM), SUM)), _simplify_add)
subtract = _declare(
    "subtract", operator.sub, np.subtract, _linear(lambda d, a, b: d, lambda d, a, b: -d),
    _written("%s - %s", "%s - %s", (SUM, PRODUCT), SUM), _simplify_subtract)
multiply = _declare(
    "multiply", operator.mul, np.multiply, _linear(lambda d, a, b: d * b, lambda d, a, b: a * d),
    (Form("%s*%s".__mod__, (PRODUCT, POWER), PRODUCT), Form(_write_product, (PRODUCT, PRODUCT), PRODUCT)),
    _simplify_multiply)
divide = _declare(
    "divide", operator.truediv, np.divide, _linear(lambda d, a, b: d / b, lambda d, a, b: -(a * d / b**2)),
    (Form("%s/%s".__mod__, (PRODUCT, POWER), PRODUCT),
     Form(r"\frac{%s}{%s}".__mod__, (COMPARISON, COMPARISON), PRODUCT)), _simplify_divide)
negate = _declare(
    "negate", operator.neg, np.negative, _linear(lambda d, x: -d),
    _written("-%s", "-%s", (PRODUCT,), NEGATION), _opposite)
square = _declare(  # power makes it of x**2: one multiplication, everywhere
    "square", lambda x: x * x, np.square, _linear(lambda d, x: 2 * x * d),
    _written("%s**2", "%s^{2}", (ATOM,), POWER))
# At a = 0 the derivative by the exponent, a**b * log(a), would be nan; with log(b) there it takes its limits:
# 0 for b > 0 and -inf for b = 0.
power = _declare(
    "power", math.pow, np.power,
    _linear(lambda d, a, b: b * a ** (b - 1) * d, lambda d, a, b: a**b * log(where(equal(a, 0), b, a)) * d),
    (Form("%s**%s".__mod__, (ATOM, POWER), POWER), Form("%s^{%s}".__mod__, (ATOM, COMPARISON), POWER)),
    _simplify_power)

# Choices: the derivative chooses as the value does, so nothing leaks from the branch not taken.
where = _declare(
    "where", lambda c, a, b: a if c else b, np.where, lambda args, d: where(args[0], d[1], d[2]),
    (_called("where", "", 3)[0], Form(_write_cases, (COMPARISON,) * 3, COMPARISON)), _simplify_where)
minimum = _declare(
    "minimum", _minimum, np.minimum, lambda args, d: where(args[0] <= args[1], *d),
    _called("minimum", r"\min\left(%s, %s\right)", 2))
maximum = _declare(
    "maximum", _maximum, np.maximum, lambda args, d: where(args[0] >= args[1], *d),
    _called("maximum", r"\max\left(%s, %s\right)", 2))
absolute = _declare(
    "abs", math.fabs, np.abs, _linear(lambda d, x: sign(x) * d), _called("abs", r"\left|%s\right|"))
sign = _declare("sign", _sign, np.sign, _flat, _called("sign", r"\operatorname{sign}\left(%s\right)"))

# Functions of one variable; (1 - x)*(1 + x) instead of 1 - x**2 keeps its digits near 1.
sqrt = _declare(
    "sqrt", math.sqrt, np.sqrt, _linear(lambda d, x: d / (2 * sqrt(x))), _called("sqrt", r"\sqrt{%s}"))
cbrt = _declare(
    "cbrt", math.cbrt, np.cbrt, _linear(lambda d, x: d / (3 * cbrt(x) ** 2)),
    _called("cbrt", r"\sqrt[3]{%s}"))
exp = _declare(
    "exp", math.exp, np.exp, _linear(lambda d, x: d * exp(x)),
    (_called("exp", "")[0], Form("e^{%s}".__mod__, (COMPARISON,), POWER)))
expm1 = _function("expm1", math.expm1, np.expm1, lambda d, x: d * exp(x), r"\operatorname{expm1}")
log = _function("log", math.log, np.log, lambda d, x: d / x, r"\log")
log2 = _function("log2", math.log2, np.log2, lambda d, x: d / (x * log(number(2))), r"\log_{2}")
log10 = _function("log10", math.log10, np.log10, lambda d, x: d / (x * log(number(10))), r"\log_{10}")
log1p = _function("log1p", math.log1p, np.log1p, lambda d, x: d / (1 + x), r"\operatorname{log1p}")
sin = _function("sin", math.sin, np.sin, lambda d, x: d * cos(x), r"\sin")
cos = _function("cos", math.cos, np.cos, lambda d, x: -d * sin(x), r"\cos")
tan = _function("tan", math.tan, np.tan, lambda d, x: d / cos(x) ** 2, r"\tan")
arcsin = _function("arcsin", math.asin, np.arcsin, lambda d, x: d / sqrt((1 - x) * (1 + x)), r"\arcsin")
arccos = _function("arccos", math.acos, np.arccos, lambda d, x: -d / sqrt((1 - x) * (1 + x)), r"\arccos")
arctan = _function("arctan", math.atan, np.arctan, lambda d, x: d / (1 + x**2), r"\arctan")
sinh = _function("sinh", math.sinh, np.sinh, lambda d, x: d * cosh(x), r"\sinh")
cosh = _function("cosh", math.cosh, np.cosh, lambda d, x: d * sinh(x), r"\cosh")
tanh = _function("tanh", math.tanh, np.tanh, lambda d, x: d / cosh(x) ** 2, r"\tanh")
hypot = _declare(
    "hypot", math.hypot, np.hypot,
    _linear(lambda d, a, b: d * a / hypot(a, b), lambda d, a, b: d * b / hypot(a, b)),
    _called("hypot", r"\operatorname{hypot}\left(%s, %s\right)", 2))
arctan2 = _declare(
    "arctan2", math.atan2, np.arctan2,
    _linear(lambda d, a, b: d * b / (a**2 + b**2), lambda d, a, b: -d * a / (a**2 + b**2)),
    _called("arctan2", r"\operatorname{arctan2}\left(%s, %s\right)", 2))
# fmt: on
