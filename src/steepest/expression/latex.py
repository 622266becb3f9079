"""Expressions as papers print them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from .graph import ATOM, NEGATION, POWER, PRODUCT, Expression, text_leaf, write

_GREEK = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon
    phi chi psi omega""".split()  # noqa: SIM905 (a column of 23 lines)
_ACCENTS = ("hat", "bar", "tilde", "dot")
_LETTERS = {"lr": r"\eta", "eps": r"\epsilon"}  # as most papers call them


def latex(expression: Expression, names: Mapping[Expression, str] | None = None) -> str:
    r"""The expression in LaTeX, symbols as papers write them: ``beta1`` as \beta_{1}, ``m_hat`` as \hat{m}.

    Parameters
    ----------
    expression : Expression
    names : mapping of Expression to str, optional
        Parts that are written by a name (itself LaTeX) instead of in full.

    Examples
    --------
    >>> from .graph import symbol
    >>> from .operations import sqrt
    >>> m_hat, v_hat, lr, eps = map(symbol, ("m_hat", "v_hat", "lr", "eps"))
    >>> print(latex(-lr * m_hat / (sqrt(v_hat) + eps)))
    -\frac{\eta \hat{m}}{\sqrt{\hat{v}} + \epsilon}
    """
    return write(expression, lambda operation: operation.latex, _leaf, r"\left(%s\right)", names)


def _leaf(node: Expression) -> tuple[str, int]:
    if node.value is None:
        return latex_name(node.name), ATOM
    if math.isinf(node.value):
        return (r"\infty", ATOM) if node.value > 0 else (r"-\infty", NEGATION)
    plain, level = text_leaf(node)
    if plain == "pi":
        return r"\pi", ATOM
    mantissa, _, exponent = plain.partition("e")
    if not mantissa or not exponent:
        return plain, level
    ten = f"10^{{{int(exponent)}}}"
    return (ten, POWER) if mantissa == "1" else (rf"{mantissa} \cdot {ten}", min(level, PRODUCT))


def latex_name(name: str) -> str:
    r"""A name in LaTeX: ``v_hat_max`` is v with a hat and the index max; digits after letters are an index.

    Examples
    --------
    >>> print(latex_name("beta1"), latex_name("m_hat"), latex_name("lr"), latex_name("weight_decay"))
    \beta_{1} \hat{m} \eta \mathrm{weight}_{\mathrm{decay}}
    """
    stem, *marks = name.strip("_").split("_")
    letters = stem.rstrip("0123456789") or stem
    written = _LETTERS.get(letters) or (
        f"\\{letters}" if letters in _GREEK else letters if len(letters) == 1 else rf"\mathrm{{{letters}}}"
    )
    for accent in filter(marks.__contains__, _ACCENTS):
        written = rf"\{accent}{{{written}}}"
    indices = (mark if mark.isdigit() else rf"\mathrm{{{mark}}}" for mark in marks if mark not in _ACCENTS)
    index = [stem[len(letters) :], *indices]
    return f"{written}_{{{', '.join(filter(None, index))}}}" if any(index) else written
