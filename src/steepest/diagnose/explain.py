"""One iteration's formula with the numbers filled in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..formula import formula
from ..history import History
from ..methods.lift import Rule
from ..methods.method import Method
from ..methods.wrappers import Wrapper

SHOWN = 3  # coordinates that are written out
NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?!\w|\()")

Pair = tuple[np.ndarray, np.ndarray]  # a place and the gradient there, as they are or as a wrapper shows them
Row = tuple[str, str, str]  # a name, what it is, its value


def explain(method: Method, history: History, gradient: Callable[[int, np.ndarray, float], np.ndarray], k: int) -> str:
    """How step `k` was made: the lines of the method's formula, with the numbers of the run.

    The numbers are those of the same formula run again over the places that the history kept, with the gradient
    asked for anew at each: k gradients (1 for a formula without memory).

    Parameters
    ----------
    method : Method
        A rule, or a wrapper that shows a rule the places of the run; directions and length policies look at more
        points than the history keeps.
    history : History
        With all places up to step k.
    gradient : callable
        ``gradient(t, x, f)``: that which step t was made with, at x where the value is f.
    k : int
        1, 2, ..., or -1 for the last step.

    Raises
    ------
    ArgumentError
        When the method is no rule with rates of its own, or the history does not hold that step.
    """
    k = _step(history, k)
    rule, wrappers = _unwrapped(method)
    xs, f = history._x, history.sign * history["f"]

    def pairs(t: int) -> list[Pair]:
        """The place and the gradient of step `t`, then both as each wrapper shows them to the method within."""
        pairs = [(xs[t - 1], gradient(t, xs[t - 1], float(f[t - 1])))]
        for wrapper in wrappers:
            pairs.append(wrapper.shown(*pairs[-1], float(t)))
        return pairs

    slots: tuple[Any, ...] = tuple(np.zeros_like(xs[0]) for _ in rule.slots)
    for t in range(1, k) if rule.slots else ():
        slots = rule.move(*pairs(t)[-1], slots, float(t))[1]
    views = pairs(k)
    end = ("next x" if wrappers else "x + step", "", _shown(xs[k] if k < len(xs) else views[-1][0]))
    head = f"step {k}, from x = {_shown(views[0][0])}, f = {history.shown(float(f[k - 1]))}"
    return _table(head, [*_gradients(views, wrappers), *_steps(rule, k, views[-1], slots), end])


def _step(history: History, k: int) -> int:
    """The number of step `k`, which may be counted from the end."""
    last = int(history.last.t)
    k = last + 1 + k if k < 0 else k
    steps = history.x_steps
    if not 1 <= k <= last or len(steps) < 2 or steps[1] - steps[0] != 1 or steps[0] != 0:
        raise ArgumentError(f"k={k}: expected a step from 1 to {last}, of a run whose places were all kept.")
    return k


def _unwrapped(method: Method) -> tuple[Rule, list[Wrapper]]:
    """The rule, and the wrappers around it from the outermost inwards."""
    rule, wrappers = method, list[Wrapper]()
    while isinstance(rule, Wrapper):
        wrappers.append(rule)
        rule = rule.method
    if not isinstance(rule, Rule) or hasattr(rule.hyper.get("lr"), "advance"):
        raise ArgumentError(f"{method!r}: only rules with a learning rate of their own can be explained line by line.")
    return rule, wrappers


def _gradients(views: list[Pair], wrappers: list[Wrapper]) -> list[Row]:
    """The gradient, and what each wrapper makes of it and of the place."""
    rows = [("g", "gradient of f at x", _shown(views[0][1]))]
    for wrapper, (before, _), (x, g) in zip(wrappers, views, views[1:], strict=False):
        within = f"within {type(wrapper).__name__}"
        rows += [("x", within, _shown(x))] * (x is not before) + [("g", within, _shown(g))]
    return rows


def _steps(rule: Rule, k: int, pair: Pair, slots: tuple[Any, ...]) -> list[Row]:
    """The lines of the rule's formula at step `k`, for each coordinate that is shown."""
    (x, g), rows = pair, list[Row]()
    for i in range(min(x.size, SHOWN)):
        scope: dict[str, Any] = {**rule.at(float(k)), "x": x[i], "g": g[i], "t": float(k)}
        scope |= {name: float(slot[i]) for name, slot in zip(rule.slots, slots, strict=True)}
        where = f"[{i}]" if x.size > 1 else ""
        for name, text in rule.lines():
            value = _evaluate(text, scope)
            rows.append((name + where, text, f"{_filled(text, scope)} = {value:.6g}"))
            scope[name] = value
    return [*rows, ("", "", f"and so on for all {x.size} numbers")] if x.size > SHOWN else rows


def _table(head: str, rows: list[Row]) -> str:
    """Rows of name = text value, aligned."""
    names, texts = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "\n".join([head, *(f"  {name:<{names}} = {text:<{texts}}   {value}".rstrip() for name, text, value in rows)])


def _evaluate(text: str, scope: dict[str, float]) -> float:
    names = tuple(dict.fromkeys(name for name in NAME.findall(text) if name in scope))
    return float(formula(text, variables=names or ("g",))([scope[name] for name in names] or [0.0]))


def _filled(text: str, scope: dict[str, Any]) -> str:
    """The text with each name replaced by its number."""

    def number(match: re.Match[str]) -> str:
        if match[0] not in scope:
            return match[0]
        value = f"{scope[match[0]]:.6g}"
        before = text[: match.start()].rstrip()
        return f"({value})" if value.startswith("-") and before else value

    return NAME.sub(number, text)


def _shown(x: np.ndarray) -> str:
    if x.size == 1:
        return f"{x[0]:.6g}"
    few = ", ".join(f"{v + 0.0:.6g}" for v in x[:6])
    return f"({few}{', ...' if x.size > 6 else ''})"
