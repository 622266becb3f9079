"""The methods by name: what there is, and which one a caller means."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from . import directions, rules
from .errors import ArgumentError
from .lift import Rule
from .method import Method

# Dense BFGS needs n**2 numbers and beats limited memory clearly on badly scaled problems (research, DESIGN 7).
DENSE = 200

METHODS: dict[str, type[Method]] = {
    kind.__name__.lower(): kind
    for module in (rules, directions)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Method) and kind.__module__ == module.__name__
}


def find(method: str | Method | type[Method] | None, n: int, lr: Any = None) -> Method:
    """The method that a caller means by an instance, a class, a name, or nothing.

    Raises
    ------
    ArgumentError
        When there is none of that name, or `lr` is given to one that has no learning rate.
    """
    if method is None:
        if lr is not None:
            method = rules.GD
        else:
            method = directions.BFGS if n <= DENSE else directions.LBFGS
    if isinstance(method, str):
        key = method.lower().replace("-", "").replace("_", "")
        if key not in METHODS:
            near = get_close_matches(key, METHODS, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ArgumentError(f"method={method!r} is unknown; there are {', '.join(METHODS)}.{hint}")
        method = METHODS[key]
    if isinstance(method, type) and issubclass(method, Method):
        method = method()
    if not isinstance(method, Method):
        raise ArgumentError(f"method={method!r}: expected a method such as Adam(lr=0.01), its name, or None.")
    if lr is None:
        return method
    if not isinstance(method, Rule) or "lr" not in method.hyper:
        raise ArgumentError(f"lr={lr!r} is given, but {method.name} has no learning rate: it chooses its steps.")
    return method.with_hyper(lr=lr)
