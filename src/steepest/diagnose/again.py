"""Finished runs looked at again: their diagnosis, and any of their steps in numbers."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any

from ..derivatives.choice import choose
from ..derivatives.own import Paired
from ..errors import ArgumentError
from ..methods.method import Method
from ..methods.registry import METHODS
from ..oracle import Box, Objective, Oracle, faces
from ..params import Parameters
from ..stop import Reason
from .explain import explain
from .judge import judge
from .verdict import Verdict


def diagnose(
    f: Callable[..., Any],
    result: Any,
    args: tuple[Any, ...] = (),
    jac: Any = None,
    bounds: Any = None,
    rng: Any = 0,
) -> Verdict:
    """Why a finished run ended as it did, for results that were loaded or made with ``diagnose=False``.

    Parameters
    ----------
    f : callable
        The function that the run minimised (or maximised).
    result : Result
        What it gave back.
    args, jac, bounds, rng
        As they were given to `minimize`.

    Returns
    -------
    Verdict
        ``code``, ``sentence``, ``success``, ``evidence``, ``advice``.

    Examples
    --------
    >>> import steepest as st
    >>> f = lambda x: x[0] ** 2 + x[1] ** 2
    >>> print(st.diagnose(f, st.minimize(f, [3.0, 2.0], method=st.GD(lr=1.0), maxiter=100)).sentence)
    The iterates jump between (3, 2) and (-3, -2) for ever: lr = 1 is exactly the limit 2/L ...
    """
    oracle = _oracle(f, result, args, jac, bounds, rng)
    history = result.history
    last = oracle.meet(history._x[-1], float(history.last.f))
    code, sentence = result.get("stopped", (result.code, result.message))
    return judge(Reason(code, sentence), history, oracle, _method(result.method), last, result.get("limits"))


def explain_step(
    f: Callable[..., Any],
    result: Any,
    k: int = -1,
    args: tuple[Any, ...] = (),
    jac: Any = None,
    bounds: Any = None,
) -> str:
    """How step `k` of a run was made: the method's formula with the numbers filled in.

    Parameters
    ----------
    f, args, jac, bounds
        As they were given to `minimize`.
    result : Result
        What it gave back.
    k : int
        1, 2, ..., or -1 for the last step.

    Raises
    ------
    ArgumentError
        When there is no such step, or the method is no rule.

    Examples
    --------
    >>> import steepest as st
    >>> f = lambda x: x**2
    >>> print(explain_step(f, st.minimize(f, 3.0, method=st.Momentum(lr=0.1), maxiter=2), 2))
    step 2, from x = 2.4, f = 5.76
      g        = gradient of f at x   4.8
      m        = beta * m + g         0.9 * 6 + 4.8 = 10.2
      step     = -lr * m              -0.1 * 10.2 = -1.02
      x + step =                      1.38
    """
    return explain(_method(result.method), result.history, _oracle(f, result, args, jac, bounds, 0), k)


def _oracle(
    f: Callable[..., Any], result: Any, args: tuple[Any, ...], jac: Any, bounds: Any, rng: Any
) -> Oracle:
    """An oracle as the run had it, that knows the best point."""
    parameters, history = Parameters(result.x, "result.x"), result.history
    sign = history.sign

    def turned(function: Any) -> Any:
        return function if sign > 0 or not callable(function) else lambda *x: -function(*x)

    objective = (Paired if jac is True else Objective)(turned(f), parameters, args)
    start, f0 = history._x[0], float(history.first.f)
    box = faces(bounds, parameters)
    derivative = choose(objective, parameters, start, f0, turned(jac), box, rng)
    oracle = Oracle(objective, derivative) if box is None else Box(objective, derivative, *box)
    if math.isfinite(result.fun):
        oracle.meet(parameters.start.astype(start.dtype), sign * float(result.fun))
    return oracle


def _method(text: str) -> Method:
    """The method that a result's text names; schedules and length policies can't be read back.

    Raises
    ------
    ArgumentError
        When the text names none.
    """
    try:
        call = ast.parse(text, mode="eval").body
        assert isinstance(call, ast.Call)
        assert isinstance(call.func, ast.Name)
        kind = METHODS[call.func.id.lower()]
        values = {word.arg: _literal(word.value) for word in call.keywords if word.arg}
    except (SyntaxError, AssertionError, KeyError) as error:
        raise ArgumentError(
            f"result.method={text!r}: expected a method of steepest, such as 'GD(lr=0.1)'."
        ) from error
    return kind(**{name: value for name, value in values.items() if value is not None})


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
