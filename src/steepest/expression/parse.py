"""Text -> expression, by a reader of our own: nothing in the text is ever run as code.

The grammar is the usual one, a recursive descent with one method for each level of precedence. Python's own
parser is no help: with ² replaced it reads ``x²**3`` as ``x**(2**3)``, it knows no ``|x|``, recurses without
limit, and its positions are in bytes of the replaced text.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple, NoReturn

from ..errors import ArgumentError, FormulaError
from .graph import ATOM, CONSTANTS, Expression, number, symbol
from .operations import OPERATIONS

# What a stranger may send: room for every test function in the literature, too little to do harm.
MAX_CHARACTERS, MAX_NODES, MAX_DEPTH, MAX_VARIABLES = 500, 200, 50, 10_000

LETTERS = ("x", "y", "z", "t", "u", "v", "w")
FUNCTIONS = {operation.name: operation for operation in OPERATIONS.values() if operation.text.level == ATOM}
ALIASES = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "ln": "log",
           "min": "minimum", "max": "maximum"}  # fmt: skip
FUNCTIONS |= {alias: FUNCTIONS[name] for alias, name in ALIASES.items()}

_Operators = Mapping[str, Callable[[Any, Any], Any]]
_SUMS: _Operators = {"+": operator.add, "-": operator.sub}
_PRODUCTS: _Operators = {"*": operator.mul, "/": operator.truediv}
_COMPARISONS: _Operators = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
                            "==": operator.eq, "!=": operator.ne}  # fmt: skip
_SIGNS = {"^": "**", "·": "*", "×": "*", "⋅": "*", "÷": "/", "−": "-", "–": "-",
          "≤": "<=", "≥": ">=", "≠": "!="}  # fmt: skip  # as they come by pasting
_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_TOKEN = re.compile(
    r"""\s* (?: (?P<number> (?: [0-9]+ \.? [0-9]* | \. [0-9]+ ) (?: [eE] [+-]? [0-9]+ )? )
              | (?P<superscript> ⁻? [⁰¹²³⁴⁵⁶⁷⁸⁹]+ )
              | (?P<name> π | (?! [0-9] ) (?: (?! [π⁰¹²³⁴⁵⁶⁷⁸⁹] ) \w )+ )
              | (?P<sign> \*\* | [<>=!]= | [-+*/^()\[\],<>|·×⋅÷−–≤≥≠] )
              | (?P<end> \Z )
              | (?P<unknown> . ) )""",
    re.VERBOSE | re.DOTALL,
)
_INDEXED = re.compile("x(0|[1-9][0-9]*)")
_HINTS = {
    "=": "; write only what is on its right-hand side",
    ".": "; functions are written without a module: sin(x)",
    "%": "; there is no remainder: it has no derivative",
    "!": "; there is no factorial: it has no derivative",
}


def parse(text: str, variables: Sequence[str] | None = None) -> tuple[Expression, tuple[str, ...]]:
    """What a formula means, and the names of its variables in order (see `steepest.formula.formula`).

    Raises
    ------
    FormulaError
        When the text is no formula; with the position of the fault.
    ArgumentError
        When `variables` are no names.

    Examples
    --------
    >>> parse("2·cos(x1)² + x[0]")
    (<2*cos(x1)**2 + x0>, ('x0', 'x1'))
    """
    if not isinstance(text, str):
        raise ArgumentError(f"text={text!r}: expected a formula as str, such as 'x**2 + y**2'.")
    reader = _Reader(text, None if variables is None else _checked(variables))
    return reader.read()


def names(text: str) -> tuple[str, ...]:
    """The names in a text that are neither functions nor constants, in the order in which they occur.

    Examples
    --------
    >>> names("a*exp(-b*x) + pi")
    ('a', 'b', 'x')
    """
    found = (match["name"] for match in _TOKEN.finditer(text) if match.lastgroup == "name")
    return tuple(dict.fromkeys(n for n in found if n not in FUNCTIONS and n not in CONSTANTS and n != "π"))


def _checked(variables: Sequence[str]) -> tuple[str, ...]:
    names = tuple(variables)
    for name in names:
        match = _TOKEN.fullmatch(name) if isinstance(name, str) else None
        if match is None or match["name"] != name or name == "π":
            raise ArgumentError(f"variables={variables!r}: {name!r} is no name.")
        if name in CONSTANTS or name in FUNCTIONS or names.count(name) > 1:
            raise ArgumentError(f"variables={variables!r}: {name!r} is taken already: choose another name.")
    return names


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


class _Reader:
    """The grammar, one method a level; each leaves `_next` at the token behind what it has read."""

    def __init__(self, text: str, variables: tuple[str, ...] | None):
        self._text, self._variables = text, variables
        self._nodes = self._depth = 0
        self._seen: dict[str, int] = {}  # the variables, and where each occurs first
        if len(text) > MAX_CHARACTERS:
            self._text = text[: MAX_CHARACTERS + 1]
            self._fail(f"{len(text)} characters: at most {MAX_CHARACTERS} are read", MAX_CHARACTERS)
        self._tokens = self._tokenize()
        self._next = next(self._tokens)

    def read(self) -> tuple[Expression, tuple[str, ...]]:
        expression = self._sum()
        if self._next.kind != "end":
            self._unexpected("the end")
        return expression, self._convention() if self._variables is None else self._variables

    def _convention(self) -> tuple[str, ...]:
        """The variables that occur, in the order of the convention."""
        indices = [int(name[1:]) for name in self._seen if name not in LETTERS]
        letters = tuple(name for name in LETTERS if name in self._seen)
        if letters and indices:
            first = next(iter(self._seen))
            other = next(name for name in self._seen if (name in LETTERS) != (first in LETTERS))
            self._fail(f"{other!r} beside {first!r}: use either x, y, z or x0, x1, x2", self._seen[other])
        if not self._seen:
            self._fail("there is no variable in it: expected x, y, ... or x0, x1, ...", 0)
        return letters or tuple(f"x{i}" for i in range(max(indices) + 1))

    def _sum(self) -> Expression:
        return self._chain(_SUMS, self._product)

    def _product(self) -> Expression:
        return self._chain(_PRODUCTS, self._factor)

    def _chain(self, operators: _Operators, operand: Callable[[], Expression]) -> Expression:
        left = operand()
        while sign := self._accept(operators):
            left = self._count(operators[sign.text](left, operand()), sign)
        return left

    def _factor(self) -> Expression:
        """``-x``, ``x²``, ``x**y``: the powers bind tighter, and those with ** from the right."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail(f"nested more than {MAX_DEPTH} deep", self._next.position)
        if sign := self._accept("+-"):
            factor = self._factor()
            factor = self._count(-factor if sign.text == "-" else factor, sign)
        else:
            factor = self._operand()
            if self._next.kind == "superscript":
                sign = self._advance()
                factor = self._count(factor ** float(sign.text.translate(_DIGITS)), sign)
            if sign := self._accept(["**"]):
                factor = self._count(factor ** self._factor(), sign)
            if self._next.kind in ("number", "name") or self._next.text == "(":
                self._unexpected("an operator, such as *")
        self._depth -= 1
        return factor

    def _operand(self) -> Expression:
        token = self._next
        if token.kind == "number":
            return self._count(number(float(self._advance().text)), token)
        if token.kind == "name":
            return self._count(self._named(self._advance()), token)
        if self._accept("("):
            inner = self._sum()
            self._close(token, ")")
            return inner
        if self._accept("|"):
            inner = self._sum()
            self._close(token, "|")
            return self._count(abs(inner), token)
        self._unexpected("a number, a name or '('")

    def _named(self, token: _Token) -> Expression:
        name = token.text
        if name in FUNCTIONS:
            return self._call(token)
        if self._next.text == "(":
            self._unknown(token)
        if opened := self._accept("["):
            index = self._next
            if index.kind != "number" or not index.text.isdigit():
                self._fail("an index is a whole number, 0 or greater", index.position)
            self._advance()
            self._close(opened, "]")
            name += str(int(index.text))
        if name in CONSTANTS or name == "π":
            return number(CONSTANTS[name.replace("π", "pi")])
        indexed = self._variables is None and _INDEXED.fullmatch(name)
        if not indexed and name not in (LETTERS if self._variables is None else self._variables):
            self._unknown(token._replace(text=name))
        if indexed and int(indexed[1]) >= MAX_VARIABLES:
            self._fail(f"the index of {name!r} is too great: at most {MAX_VARIABLES - 1}", token.position)
        self._seen.setdefault(name, token.position)
        return symbol(name)

    def _call(self, token: _Token) -> Expression:
        operation = FUNCTIONS[token.text]
        opened = self._accept("(")
        if opened is None:
            self._fail(f"{token.text!r} is a function: write {token.text}(...)", token.position)
        args = [self._condition() if operation.name == "where" else self._sum()]
        while self._accept(","):
            args.append(self._sum())
        self._close(opened, ")")
        if len(args) != operation.arity:
            expected = f"{operation.arity} argument{'s' * (operation.arity > 1)}"
            self._fail(f"{token.text} takes {expected}, not {len(args)}", token.position)
        return operation(*args)

    def _condition(self) -> Expression:
        left = self._sum()
        sign = self._accept(_COMPARISONS)
        if sign is None:
            self._unexpected("a comparison such as x > 0")
        return self._count(_COMPARISONS[sign.text](left, self._sum()), sign)

    def _close(self, opened: _Token, closing: str) -> None:
        if self._next.kind == "end":
            self._fail(f"{opened.text!r} is never closed", opened.position)
        if not self._accept(closing):
            self._unexpected(repr(closing))

    def _tokenize(self) -> Iterator[_Token]:
        for match in _TOKEN.finditer(self._text):
            kind = match.lastgroup or "unknown"
            if kind == "unknown":
                self._fail(f"unexpected {match[kind]!r}{_HINTS.get(match[kind], '')}", match.start(kind))
            yield _Token(kind, _SIGNS.get(match[kind], match[kind]), match.start(kind))

    def _advance(self) -> _Token:
        token, self._next = self._next, next(self._tokens)
        return token

    def _accept(self, signs: Collection[str]) -> _Token | None:
        return self._advance() if self._next.kind == "sign" and self._next.text in signs else None

    def _count(self, node: Expression, token: _Token) -> Expression:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._fail(f"more than {MAX_NODES} numbers, names and operations", token.position)
        return node

    def _unknown(self, token: _Token) -> NoReturn:
        kind, functions = "name", [name for name in FUNCTIONS if name not in ALIASES]
        names = LETTERS if self._variables is None else self._variables
        known = [*names, *CONSTANTS, *FUNCTIONS]
        hint = f"the variables are {', '.join(names)}"
        if self._variables is None:
            hint += " or x0, x1, ...; declare others by variables=(...)"
        if self._next.text == "(":
            kind, known = "function", [*FUNCTIONS]
            hint = f"expected an operator, as in {token.text}*(...), or one of {', '.join(functions)}"
        if near := get_close_matches(token.text.lower(), known, 1):
            hint = f"did you mean {near[0]!r}?"
        if kind == "name" and set(token.text) <= set(names):
            hint = f"did you mean {'*'.join(token.text)}?"
        self._fail(f"unknown {kind} {token.text!r}: {hint}", token.position)

    def _unexpected(self, expected: str) -> NoReturn:
        found = "the end" if self._next.kind == "end" else repr(self._next.text)
        if self._next.text in _COMPARISONS:
            found += "; a comparison is only the condition of where(condition, a, b), one at a time"
        self._fail(f"expected {expected}, not {found}", self._next.position)

    def _fail(self, message: str, position: int) -> NoReturn:
        raise FormulaError(message, self._text, position)
