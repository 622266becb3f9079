"""FUNC on the command line: a name of the catalogue, ``module:function``, ``file.py:function``, or a formula."""

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

from .program import INTERNAL, Failure, option, stack, stronger
from .values import Vector

GROUP = "Function"


def _names() -> list[str]:
    from steepest import problems

    return [problem.name for problem in problems.catalogue()]


def complete_function(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The names of the catalogue that begin so."""
    return [name for name in _names() if name.startswith(incomplete)]


takes_function = stack(
    click.argument("func", required=False, shell_complete=complete_function),
    option(GROUP, "-f", "--formula", metavar="TEXT", help="FUNC as a formula, come what may."),
    option(
        GROUP,
        "-n",
        metavar="COUNT",
        type=click.IntRange(1),
        help="How many coordinates a catalogue FUNC has.",
    ),
    option(
        GROUP,
        "--x0",
        type=Vector(),
        help="Where, such as 3,2. To Python code, 3 is a number, 3, a list of one.",
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


def resolve(ctx: click.Context) -> Function:
    """What was meant: a catalogue name first, then module:function, else a formula."""
    func, text = ctx.params["func"], ctx.params["formula"]
    if func is not None and text is not None:  # one of them from a file, the other one typed
        level = stronger(ctx, "func", "formula")
        func, text = func if level > 0 else None, text if level < 0 else None
    if (func is None) == (text is None):
        raise click.UsageError("give one FUNC: a catalogue name, module:function, or a formula in quotes.")
    if func == "-":
        text = sys.stdin.read().strip()
    ctx.params |= {"func": func, "formula": text} if text is None else {"func": None, "formula": text}
    return named(func, ctx.params["n"], ctx.params["x0"]) if text is None else _formula(text)


def named(func: str, n: int | None = None, x0: Any = None) -> Function:
    """The function of a name, or else a formula."""
    from steepest import problems

    if func.lower().replace("-", "_") in _names():
        problem = problems.get(func, n=n)
        if n is None and isinstance(x0, list) and "n-D" in problem.tags:
            problem = problems.get(func, n=len(x0))
        names, start = tuple(f"x{i}" for i in range(problem.n)), problem.start.tolist()
        return Function(problem, problem.name, problem.gradient, names, start, problem.bounds)
    if n is not None:
        raise Failure(f"-n {n} is for catalogue functions, and {func!r} is none.")
    if ":" in func:
        return Function(load(func), func)
    return _formula(func)


def load(text: str) -> Callable[..., Any]:
    """The callable behind ``module:function`` or ``file.py:function``; the user's prints go to stderr."""
    path, _, name = text.rpartition(":")
    if not name:
        raise Failure(f"{text!r}: the name of the function is missing after the colon.")
    if "/" in path and not path.endswith(".py"):
        raise Failure(f"{text!r}: write the module as in an import, {path.replace('/', '.')}:{name}.")
    try:
        with contextlib.redirect_stdout(sys.stderr):
            found: Any = _module(path)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a stranger's module does when it is loaded, sys.exit included
        what = f"{type(error).__name__}: {error}{where(error)}"
        if isinstance(error, ModuleNotFoundError) and path.startswith(str(error.name)):
            what = f"there is no module {error.name!r} here."
        if isinstance(error, FileNotFoundError) and error.filename == path:
            what = f"there is no file {path!r}."
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


def _module(path: str) -> Any:
    """A module by its name, the current folder being on the path; or that in a file, its folder being there."""
    file = os.path.abspath(path) if path.endswith(".py") else None
    if file is not None and not os.path.isfile(file):
        raise FileNotFoundError(2, "No such file", path)
    folder, name = (os.getcwd(), path) if file is None else os.path.split(file)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    module = importlib.import_module(name.removesuffix(".py") if file else name)
    if file is not None and os.path.abspath(module.__file__ or "") != file:
        raise ImportError(f"another module has that name, {module.__file__ or module.__name__}: rename yours.")
    return module


@contextlib.contextmanager
def running(name: str) -> Iterator[None]:
    """While the user's code runs: its prints go to stderr, its errors end the program in a sentence."""
    from steepest import SteepestError

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
    import steepest

    ours = [os.path.dirname(str(file)) for file in (__file__, steepest.__file__)]
    foreign = (*ours, paths["stdlib"], paths["purelib"], "<frozen")
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(foreign)]
    return f"\n  in {frames[-1].name}, {frames[-1].filename}, line {frames[-1].lineno}" if frames else ""


def count(n: int, noun: str) -> str:
    """``3 numbers``, ``1 number``."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _formula(text: str) -> Function:
    import steepest

    try:
        f = steepest.formula(text)
    except steepest.FormulaError as error:
        raise Failure(f"{_near(text)}{error}" if text.isidentifier() else str(error)) from error
    return Function(f, text, f.gradient, tuple(f.variables))


def _near(text: str) -> str:
    near = get_close_matches(text.lower(), _names(), 1)
    hint = f"did you mean {near[0]!r}?" if near else "`steepest functions` lists what there is."
    return f"the catalogue has no {text!r}: {hint}\nAs a formula: "
