"""FUNC on the command line: a name of the catalogue, ``package.module:function``, or a formula."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import click

from ..errors import FormulaError, SteepestError
from .program import INTERNAL, Failure, stack
from .values import Vector


def _names() -> list[str]:
    from .. import problems

    return [problem.name for problem in problems.catalogue()]


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in _names() if name.startswith(incomplete)]


takes_function = stack(
    click.argument("func", required=False, shell_complete=_complete),
    click.option("-f", "--formula", "formula_text", metavar="TEXT", help="FUNC as a formula, come what may."),
    click.option(
        "-n", "dimension", type=click.IntRange(1), help="How many coordinates a catalogue FUNC has."
    ),
    click.option(
        "--x0", type=Vector(), help="Where, such as 3,2. To Python code, 3 is a number, 3, a list of one."
    ),
)


@dataclass(frozen=True)
class Function:
    """What FUNC stands for.

    Attributes
    ----------
    call : callable
    name : str
        For messages.
    gradient : callable or None
        The exact gradient, where it is known.
    variables : tuple of str
        The coordinates in their order; empty where only the code knows.
    start : list of float or None
        Where to start when nothing is said.
    bounds : tuple of (low, high) or None
        The usual domain.
    """

    call: Callable[..., Any]
    name: str
    gradient: Callable[..., Any] | None = None
    variables: tuple[str, ...] = ()
    start: Any = None
    bounds: Any = None

    def place(self, x0: Any) -> Any:
        """`x0` (or the usual start) in the form that the function takes."""
        if x0 is None and self.start is None:
            raise Failure(f"--x0 is missing: where to start {self.name!r}, such as {self._example()}")
        if x0 is None:
            return self.start
        if not self.variables:
            return x0
        numbers = x0 if isinstance(x0, list) else [x0]
        if len(numbers) != len(self.variables):
            has, needs = count(len(numbers), "number"), len(self.variables)
            raise Failure(f"--x0 has {has}, but {self.name!r} needs {needs}, such as {self._example()}")
        return numbers

    def _example(self) -> str:
        numbers = ",".join("1" for _ in self.variables[:8]) or "3,2"
        order = f" (in the order {', '.join(self.variables[:8])})" if len(self.variables) > 1 else ""
        return f"--x0 {numbers}{order}."


def resolve(func: str | None, formula_text: str | None, dimension: int | None, x0: Any) -> Function:
    """What was meant: a catalogue name first, then module:function, else a formula."""
    if (func is None) == (formula_text is None):
        raise click.UsageError("give one FUNC: a catalogue name, module:function, or a formula in quotes.")
    if func == "-":
        formula_text = sys.stdin.read().strip()
    if formula_text is not None:
        return _formula(formula_text)
    assert func is not None
    from .. import problems

    if func.lower().replace("-", "_") in _names():
        problem = problems.get(func, n=dimension)
        if dimension is None and isinstance(x0, list) and "n-D" in problem.tags:
            problem = problems.get(func, n=len(x0))
        names, start = tuple(f"x{i}" for i in range(problem.n)), problem.start.tolist()
        return Function(problem, problem.name, problem.gradient, names, start, problem.bounds)
    if dimension is not None:
        raise Failure(f"-n {dimension} is for catalogue functions, and {func!r} is none.")
    if ":" in func:
        return Function(load(func), func)
    return _formula(func)


def load(text: str) -> Callable[..., Any]:
    """The callable behind ``package.module:function``; runs the user's code, its prints go to stderr."""
    path, _, name = text.partition(":")
    if path.endswith(".py") or "/" in path:
        dotted = path.removesuffix(".py").replace("/", ".")
        raise Failure(f"{text!r}: write the module as in an import, {dotted}:{name}.")
    if not name:
        raise Failure(f"{text!r}: the name of the function is missing after the colon.")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        with contextlib.redirect_stdout(sys.stderr):
            found: Any = importlib.import_module(path)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a stranger's module does when it is loaded, sys.exit included
        what = f"{type(error).__name__}: {error}{where(error)}"
        if isinstance(error, ModuleNotFoundError) and path.startswith(str(error.name)):
            what = f"there is no module {error.name!r} here."
        raise Failure(f"{text!r} can't be loaded: {what}") from error
    for part in name.split("."):
        if not hasattr(found, part):
            near = get_close_matches(part, [n for n in dir(found) if callable(getattr(found, n))], 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise Failure(f"{text!r}: {path} has no {part!r}.{hint}")
        found = getattr(found, part)
    if not callable(found):
        raise Failure(f"{text!r} is no function, but {found!r}.")
    return found


@contextlib.contextmanager
def running(name: str) -> Iterator[None]:
    """While the user's code runs: its prints go to stderr, its errors end the program in a sentence."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except (SteepestError, Failure):
        raise
    except Exception as error:
        raise Failure(f"{name!r}: {type(error).__name__}: {error}{where(error)}", INTERNAL) from error


def where(error: BaseException) -> str:
    """The last line of the user's own code that an error came through."""
    paths = sysconfig.get_paths()
    foreign = (os.path.dirname(os.path.dirname(__file__)), paths["stdlib"], paths["purelib"], "<frozen")
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(foreign)]
    return f"\n  in {frames[-1].name}, {frames[-1].filename}, line {frames[-1].lineno}" if frames else ""


def count(n: int, noun: str) -> str:
    """``3 numbers``, ``1 number``."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _formula(text: str) -> Function:
    from ..formula import formula

    try:
        f = formula(text)
    except FormulaError as error:
        near = _near(text) if text.isidentifier() else ""
        raise Failure(f"{error}{near}") from error
    return Function(f, text, f.gradient, tuple(f.variables))


def _near(text: str) -> str:
    near = get_close_matches(text.lower(), _names(), 1)
    hint = f"did you mean {near[0]!r}" if near else "`steepest functions` lists what there is"
    return f"\nThe catalogue has no {text!r}: {hint}{'?' if near else '.'}"
