"""One iteration's formula with the numbers filled in."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..formula import formula
from ..history import History
from ..methods.lift import Rule
from ..methods.method import Method
from ..oracle import Oracle

SHOWN = 3  # coordinates that are written out
NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?!\w|\()")


def explain(method: Method, history: History, oracle: Oracle, k: int) -> str:
    """How step `k` was made: the lines of the method's formula, with the numbers of the run.

    The numbers are those of the same formula run again over the places that the history kept, with the gradient
    asked for anew at each: k gradients (1 for a formula without memory).

    Parameters
    ----------
    method : Method
        A rule; directions and length policies look at more points than the history keeps.
    history : History
        With all places up to step k.
    oracle : Oracle
        Who tells the gradients.
    k : int
        1, 2, ..., or -1 for the last step.

    Raises
    ------
    ArgumentError
        When the method is no rule with rates of its own, or the history does not hold that step.
    """
    last = int(history.last.t)
    k = last + 1 + k if k < 0 else k
    steps = history.x_steps
    if not 1 <= k <= last or len(steps) < 2 or steps[1] - steps[0] != 1 or steps[0] != 0:
        raise ArgumentError(f"k={k}: expected a step from 1 to {last}, of a run whose places were all kept.")
    if not isinstance(method, Rule) or hasattr(method.hyper.get("lr"), "advance"):
        raise ArgumentError(f"{method!r}: only rules with a learning rate of their own can be explained line by line.")
    x, f = history._x, history.sign * history["f"]
    slots: tuple[Any, ...] = tuple(np.zeros_like(x[0]) for _ in method.slots)
    for t in range(1, k) if method.slots else ():
        slots = method.move(x[t - 1], oracle.gradient(x[t - 1], float(f[t - 1]))[0], slots, float(t))[1]
    place = x[k - 1]
    g = oracle.gradient(place, float(f[k - 1]))[0]
    head = f"step {k}, from x = {_shown(place)}, f = {history.shown(float(f[k - 1]))}"
    rows = [("g", "gradient of f at x", _shown(g))]
    for i in range(min(place.size, SHOWN)):
        scope: dict[str, Any] = {**method.at(float(k)), "x": place[i], "g": g[i], "t": float(k)}
        scope |= {name: float(slot[i]) for name, slot in zip(method.slots, slots, strict=True)}
        where = f"[{i}]" if place.size > 1 else ""
        for name, text in method.lines():
            value = _evaluate(text, scope)
            rows.append((name + where, text, f"{_filled(text, scope)} = {value:.6g}"))
            scope[name] = value
    if place.size > SHOWN:
        rows.append(("", "", f"and so on for all {place.size} numbers"))
    after = x[k] if k < len(x) else place
    rows.append(("x + step", "", _shown(after)))
    width = max(len(name) for name, _, _ in rows)
    broad = max(len(text) for _, text, _ in rows)
    return "\n".join([head, *(f"  {name:<{width}} = {text:<{broad}}   {value}".rstrip() for name, text, value in rows)])


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
