"""Finished runs looked at again: their diagnosis, and any of their steps in numbers."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..derivatives.choice import choose
from ..derivatives.own import Paired
from ..errors import ArgumentError
from ..history import History
from ..methods.method import Method
from ..methods.registry import METHODS
from ..objective.bounds import faces
from ..objective.oracle import Box, Objective, Oracle
from ..objective.params import Parameters
from ..stop import Diverged, GradientDrop, NonFinite, Reason, Steps
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
    method: Method | None = None,
) -> Verdict:
    """Why a finished run ended as it did, for results that were loaded or made with ``diagnose=False``.

    Parameters
    ----------
    f : callable
        The function that the run minimised (or maximised).
    result : Result or History
        What it gave back; of a history alone the verdict says what its places and values tell.
    args, jac, bounds, rng
        As they were given to `minimize`.
    method : Method
        What made the steps, where `result` is a history: without it nothing is said of rates.

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
    if isinstance(result, History):
        history, maker, given = result, method or Method(), {}
        tests = (NonFinite(), Diverged(), GradientDrop(), Steps(result.last.t))
        reason = next(reason for test in tests if (reason := test(result)))
        x, lowest = _lowest(result)
    else:
        history, maker, given = result.history, _method(result.method), result.get("limits")
        reason = Reason(*result.get("stopped", (result.code, result.message)))
        x, lowest = result.x, float(result.fun)
    oracle = _oracle(f, history, (x, lowest), args, jac, bounds, rng)
    last = oracle.meet(history._x[-1], float(history.last.f))
    return judge(reason, history, oracle, maker, last, given)


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
    oracle = _oracle(f, result.history, (result.x, float(result.fun)), args, jac, bounds, 0)
    return explain(_method(result.method), result.history, lambda t, x, f: oracle.gradient(x, f)[0], k)


def _lowest(history: History) -> tuple[np.ndarray, float]:
    """The best of the places that a history has kept, and the value there."""
    kept = np.searchsorted(history["t"], history.x_steps)
    f = history["f"][kept]
    k = int(np.nanargmin(history.sign * f)) if np.isfinite(f).any() else 0
    return history._x[k], float(f[k])


def _oracle(
    f: Callable[..., Any],
    history: History,
    best: tuple[Any, float],
    args: tuple[Any, ...],
    jac: Any,
    bounds: Any,
    rng: Any,
) -> Oracle:
    """An oracle as the run had it, that knows the best point."""
    parameters, sign = Parameters(best[0], "result.x"), history.sign

    def turned(function: Any) -> Any:
        return function if sign > 0 or not callable(function) else lambda *x: -function(*x)

    objective = (Paired if jac is True else Objective)(turned(f), parameters, args)
    start, f0 = history._x[0], float(history.first.f)
    box = faces(bounds, parameters)
    derivative = choose(objective, start, f0, turned(jac), box, rng)
    oracle = Oracle(objective, derivative) if box is None else Box(objective, derivative, *box)
    if math.isfinite(best[1]):
        oracle.meet(parameters.start.astype(start.dtype), sign * best[1])
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
        raise ArgumentError(f"result.method={text!r}: expected a method of steepest, such as 'GD(lr=0.1)'.") from error
    return kind(**{name: value for name, value in values.items() if value is not None})


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
