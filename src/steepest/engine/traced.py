"""What rules and functions of a few numbers compute, as expressions: they are called once with symbols."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from ..expression import OPERATIONS, Expression, differentiate, express, postorder, symbol
from ..formula import Formula
from .alphabet import ARRAYS, speak

if TYPE_CHECKING:
    from ..methods.lift import Rule

MOST = 500  # operations: more take long to compile, and gain less by it
# Powers that take fewer multiplications than C's pow, and have its digits but for the last ones.
WHOLE = range(3, 17)
BY_UFUNC = {o.ufunc: o for o in OPERATIONS.values()} | {np.fabs: OPERATIONS["abs"]}


def from_rule(rule: type[Rule]) -> list[Expression]:
    """The formula's graph: the new x, then the new slots."""
    names = [*["x"] * rule.takes_x, "g", *rule.slots, *["t"] * rule.takes_t, *rule.defaults]
    result = speak(rule.formula, ARRAYS)(*map(symbol, names))
    step, *slots = result if rule.slots else (result,)
    return [symbol("x") + step, *slots]


def coordinates(n: int) -> list[Expression]:
    """The symbols for n numbers."""
    return [symbol(f"x.{i}") for i in range(n)]


@lru_cache(64)  # functions come and go
def from_formula(formula: Formula) -> tuple[Expression, ...]:
    """Its value and its gradient."""
    named = [symbol(name) for name in formula.variables]
    outputs = [formula.expression, *(differentiate(formula.expression, by) for by in named)]
    new: dict[Expression, Expression] = dict(zip(named, coordinates(formula.n), strict=True))
    for node in postorder(outputs):
        if node not in new:
            new[node] = node.operation(*(new[arg] for arg in node.args)) if node.operation else node
    return tuple(new[output] for output in outputs)


def from_function(
    function: Callable[[Any], Any], n: int, gradient: Callable[[Any], Any] | None = None
) -> tuple[Expression, ...] | None:
    """The value and the gradient of a function of x of shape (n,), where NumPy's words are enough to write them.

    Without `gradient`, ``function(x)`` gives both, or the value alone, which is then differentiated. None where it
    branches, or calls what has no symbols. Whether the expressions tell the truth has still to be tried: a function
    may be another one when it is called again.

    Examples
    --------
    >>> import numpy as np
    >>> from_function(lambda x: (np.sum(x**2), 2 * x), 2)
    (<x.0**2 + x.1**2>, <2*x.0>, <2*x.1>)
    >>> from_function(lambda x: np.exp(x[0]), 1)
    (<exp(x.0)>, <exp(x.0)>)
    >>> from_function(lambda x: max(x[0], 0.0), 1) is None
    True
    """
    at = coordinates(n)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            told = function(Traced(at))
            if gradient:
                told = told, gradient(Traced(at))  # x anew: a function may change it
            f, g = told if isinstance(told, tuple | list) else (told, None)
            value = express(np.array(_plain(f), object).reshape(()).item())
            known = np.array(_plain([*g]), object).ravel() if g is not None else None
            slopes = [differentiate(value, by) for by in at] if known is None else known.tolist()
            outputs = (value, *map(express, slopes))
    except Exception:
        return None
    nodes = [node for node in postorder(outputs) if node.operation]
    return outputs if len(outputs) == n + 1 and len(nodes) <= MOST else None


class Traced(NDArrayOperatorsMixin):
    """Expressions that NumPy's functions take for an array.

    Parameters
    ----------
    values : array_like of Expression
    """

    def __init__(self, values: Any):
        self.values = np.asarray(values, object)

    def __getitem__(self, key: Any) -> Traced:
        return Traced(self.values[key])

    def __setitem__(self, key: Any, value: Any) -> None:
        self.values[key] = _plain(value)

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Traced]:
        return map(Traced, self.values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # no conversions, no truth
            raise AttributeError(name)
        found = getattr(self.values, name)
        return (lambda *args, **kw: Traced(found(*map(_plain, args), **kw))) if callable(found) else found

    def __bool__(self) -> bool:
        raise TypeError("an expression has no truth")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kw: Any) -> Traced:
        plain, kw = [*map(_plain, inputs)], {name: _plain(value) for name, value in kw.items()}
        if method != "__call__" or ufunc is np.matmul:  # sums, products: of objects, by their own + and *
            return Traced(getattr(ufunc, method)(*plain, **kw))
        operation = _power if ufunc is np.power else BY_UFUNC[ufunc]
        return Traced(np.frompyfunc(operation, ufunc.nin, 1)(*plain, **kw))

    def __array_function__(self, function: Any, types: Any, args: Any, kw: Any) -> Traced:
        plain = [*map(_plain, args)]
        if function is np.where:
            return Traced(np.frompyfunc(OPERATIONS["where"], 3, 1)(*plain))
        if function is np.linalg.norm and not kw:
            (vector,) = plain
            return Traced(OPERATIONS["sqrt"](vector @ vector))
        return Traced(function(*plain, **kw))


def _plain(value: Any) -> Any:
    """The same with expressions in place of arrays of them; a list becomes an array."""
    if isinstance(value, Traced):
        return value.values
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    if isinstance(value, list):
        value = np.array(value, object)
    if isinstance(value, np.ndarray) and value.dtype == object:
        return np.frompyfunc(lambda part: part.values.item() if isinstance(part, Traced) else part, 1, 1)(value)
    return value


def _power(x: Any, n: Any) -> Any:
    """x**n, by multiplications where these are few."""
    if n not in WHOLE:
        return OPERATIONS["power"](x, n)
    half = _power(x, n // 2) if n > 3 else x
    return half * half * x if n % 2 else half * half
