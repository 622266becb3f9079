"""The methods by name: what there is, what each one is, and which one a caller means."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, fields, is_dataclass, replace
from difflib import get_close_matches
from typing import Any

from ..errors import ArgumentError
from ..expression import latex_name
from ..formula import formula
from ..hints import INSTEAD, SAME
from . import conjugate, directions, parameterfree, proximal, rules, stochastic
from .lift import Rule
from .method import Method
from .wrappers import Wrapper

# Dense BFGS needs n**2 numbers and beats limited memory clearly on badly scaled problems (research, DESIGN 7).
DENSE = 200

DEFAULT = (directions.BFGS, directions.LBFGS)

METHODS: dict[str, type[Method]] = {
    kind.__name__.lower(): kind
    for module in (rules, directions, conjugate, parameterfree, stochastic, proximal)
    for kind in vars(module).values()
    if isinstance(kind, type)
    and issubclass(kind, Method)
    and kind.__module__ == module.__name__
    and not kind.__subclasses__()  # no base of others
}


@dataclass(frozen=True)
class Description:
    """What a method is, in words and signs.

    Attributes
    ----------
    name : str
    formula : str
        One assignment a line; the last one is the step.
    latex : str
        The same in LaTeX, in an ``aligned`` environment.
    defaults : dict
        The hyperparameters and their defaults.
    source : str
        Author, year, number of the algorithm.
    """

    name: str
    formula: str
    latex: str
    defaults: dict[str, Any]
    source: str


def methods() -> list[Description]:
    """All methods, with formula, defaults and source.

    Examples
    --------
    >>> import steepest as st
    >>> adagrad = next(m for m in st.methods() if m.name == "AdaGrad")
    >>> print(adagrad.formula)
    v = v + g ** 2
    step = -lr * g / (sqrt(v) + eps)
    >>> adagrad.defaults
    {'lr': 0.01, 'eps': 1e-10}
    """
    return [describe(kind) for kind in METHODS.values()]


def describe(kind: type[Method]) -> Description:
    """What a method is."""
    lines = kind.lines()
    defaults = {name: p.default for name, p in inspect.signature(kind).parameters.items()}
    source = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
    rows = [f"{_latex_left(left)} &= {_latex_right(right)}" for left, right in lines]
    body = " \\\\\n".join(rows)
    return Description(
        kind.__name__,
        "\n".join(f"{left} = {right}" for left, right in lines),
        f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}",
        defaults,
        source,
    )


def _latex_left(name: str) -> str:
    return r"\Delta x" if name == "step" else latex_name(name)


def _latex_right(text: str) -> str:
    """The names of transposed vectors and matrices end in _T."""
    names = dict.fromkeys(re.findall(r"\b[A-Za-z_]\w*\b(?!\()", text))
    written = formula(text, variables=tuple(names)).latex
    return written.replace(r"_{\mathrm{T}}", r"^{\mathsf{T}}").replace(r", \mathrm{T}}", r"}^{\mathsf{T}}")


def find(method: str | Method | type[Method] | None, n: int, lr: Any = None) -> Method:
    """The method that a caller means by an instance, a class, a name, or nothing.

    Raises
    ------
    ArgumentError
        When there is none of that name, or `lr` is given to one that has no learning rate.
    """
    if method is None:
        method = rules.GD if lr is not None else DEFAULT[n > DENSE]
    if isinstance(method, str):
        method = _named(method)
    if isinstance(method, type) and issubclass(method, Method):
        method = method()
    if not isinstance(method, Method):
        raise ArgumentError(f"method={method!r}: expected a method such as Adam(lr=0.01), its name, or None.")
    if lr is None:
        return method
    if isinstance(method, Wrapper):
        return replace(method, method=find(method.method, n, lr))
    if is_dataclass(method) and any(field.name == "lr" for field in fields(method)):
        return replace(method, lr=lr)
    if not isinstance(method, Rule) or "lr" not in method.hyper:
        raise ArgumentError(f"lr={lr!r} is given, but {method.name} has no learning rate: it chooses its steps.")
    return method.with_hyper(lr=lr)


def _named(name: str) -> type[Method]:
    """The method of that name, also of the name that scipy has for it."""
    key = re.sub("[-_ ]", "", name.lower())
    key = SAME.get(key, key)
    if key in METHODS:
        return METHODS[key]
    near = get_close_matches(key, METHODS, 1)
    hint = INSTEAD.get(key) or (f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(METHODS)}.")
    raise ArgumentError(f"method={name!r} is unknown. {hint}")
