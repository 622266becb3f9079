"""steepest minimize and steepest maximize."""

from __future__ import annotations

import contextlib
import inspect
import sys
from pathlib import Path
from typing import Any

import click

from ..errors import ArgumentError, SteepestError
from .function import Function, load, resolve, takes_function, where
from .output import echo_verdict, save_history, writable, write_file, write_json
from .program import (
    DIVERGED,
    EXIT_CODES,
    INTERNAL,
    INTERRUPTED,
    NOT_CONVERGED,
    USAGE,
    Command,
    Failure,
    stack,
)
from .values import Bounds, Number, Setting

Settings = tuple[tuple[str, Any], ...]

# The exit code of each family of causes, by the first word of a result's code.
EXITS = {
    "converged": 0,
    "target": 0,
    "budget": NOT_CONVERGED,
    "stalled": NOT_CONVERGED,
    "callback": NOT_CONVERGED,
    "diverged": DIVERGED,
    "nonfinite": DIVERGED,
    "unbounded": DIVERGED,
    "error": INTERNAL,
    "interrupted": INTERRUPTED,
}

HELP = """{verb} FUNC, and say why the run stopped.

FUNC is a name of the catalogue (see `steepest functions`), a formula, a Python function as
package.module:function (its code is run; the current folder is on the path), or - for a formula on stdin.

\b
Examples:
  steepest {name} {formula} --x0 3,2
  steepest {name} {formula} --x0 3,2 --method gd --lr 0.1
  steepest {name} rosenbrock --x0=-1.5,2 --method adam --set beta1=0.8 --maxiter 5000
  steepest {name} model:loss --jac model:gradient --x0 1,1,1 --bounds "0:,0:,-1:1" --json
"""


def _complete_method(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from ..methods import METHODS

    return [name for name in METHODS if name.startswith(incomplete.lower())]


takes_method = stack(
    click.option(
        "--method",
        shell_complete=_complete_method,
        help="Such as gd, adam, bfgs; see `steepest methods`.  [default: chosen by size]",
    ),
    click.option("--lr", type=Number("auto"), help="Learning rate of the method, or auto."),
    click.option(
        "--set",
        "settings",
        type=Setting(),
        multiple=True,
        help="Another setting of the method; may be repeated.",
    ),
    click.option(
        "--jac",
        default="auto",
        show_default=True,
        help="Gradient: auto, 2-point, 3-point, cs, accurate, or module:function.",
    ),
    click.option(
        "--bounds",
        type=Bounds(),
        help="low:high for each coordinate, open ends left out, such as -2:2,0: (a single pair is for all); "
        "or usual, those of a catalogue FUNC.",
    ),
)
LIMITS = {
    "maxiter": "Most steps.  [default: 10000]",
    "maxfun": "Most calls of the function; never exceeded.",
    "maxtime": "Most seconds.",
    "gtol": "Stop at this norm of the gradient.",
    "xtol": "Stop at this length of a step.",
    "ftol": "Stop at this relative change of the value.",
    "target": "Stop at this value.",
}
takes_limits = stack(*(click.option(f"--{name}", type=Number(), help=text) for name, text in LIMITS.items()))
takes_outputs = stack(
    click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text."),
    click.option(
        "--history", metavar="FILE", callback=writable, help="Write every step: a .csv, .jsonl or .npz file."
    ),
    click.option(
        "--save", metavar="FILE", callback=writable, help="Write the run: .npz, for `steepest explain`."
    ),
    click.option("--quiet", is_flag=True, help="Nothing on stderr but errors."),
    click.option("--no-progress", is_flag=True, help="No progress on stderr."),
    click.option("--exit-zero", is_flag=True, help="Exit with 0 instead of 3 or 4."),
)


def optimise(name: str, example: str) -> click.Command:
    """The command of that name; both differ in the function of the library that they call."""

    @click.command(
        name,
        cls=Command,
        help=HELP.format(verb=name.capitalize(), name=name, formula=f'"{example}"'),
        short_help=f"{name.capitalize()} a function.",
        epilog=EXIT_CODES,
    )
    @takes_function
    @takes_method
    @takes_limits
    @takes_outputs
    @click.pass_context
    def command(
        ctx: click.Context, func: str | None, formula_text: str | None, dimension: int | None, x0: Any,
        method: str | None, lr: Any, settings: Settings, jac: str, bounds: Any,
        as_json: bool, history: Path | None, save: Path | None, quiet: bool, no_progress: bool,
        exit_zero: bool, **limits: Any,
    ) -> None:  # fmt: skip
        function = resolve(func, formula_text, dimension, x0)
        start = function.place(x0)
        keywords = {
            "jac": _gradient(function, jac),
            "method": _method(method, settings, _size(start)),
            "lr": lr,
            "bounds": _bounds(bounds, function, _size(start)),
            **limits,
        }
        result, error = _run(name, function, start, keywords, no_progress or quiet)
        exit_code = USAGE if isinstance(error, SteepestError) else EXITS[result.code.partition(".")[0]]
        if error is None or len(result.history):
            result["function"] = function.name
            show(name, result, as_json, exit_code)
            for path, write in ((history, lambda to: save_history(result.history, to)), (save, result.save)):
                if path is not None:
                    write_file(path, write, quiet)
        if error is not None:
            what = str(error) if isinstance(error, SteepestError) else result.message
            raise Failure(f"{what}{where(error)}", exit_code) from error
        ctx.exit(0 if exit_zero and exit_code in (NOT_CONVERGED, DIVERGED) else exit_code)

    return command


def _run(
    name: str, function: Function, start: Any, keywords: dict[str, Any], silent: bool
) -> tuple[Any, Any]:
    """The result, and the error that ended the run in the user's function, if one did."""
    import numpy as np

    import steepest

    from ..progress import Progress

    budget = {limit: keywords[limit] for limit in ("maxiter", "maxtime") if keywords[limit] is not None}
    progress = None if silent else Progress(sys.stderr, **{"maxiter": 10_000.0, **budget})
    try:
        # What the user's function prints is no part of the result; of overflows in our own the verdict tells.
        with (
            contextlib.redirect_stdout(sys.stderr),
            np.errstate(all="ignore" if function.variables else None),
        ):
            return getattr(steepest, name)(function.call, start, callback=progress, **keywords), None
    except Exception as error:
        if not hasattr(error, "result"):  # an argument that can't be right: nothing was run
            raise
        return error.result, error
    finally:
        if progress is not None:
            progress.close()


def _gradient(function: Function, jac: str) -> Any:
    if jac == "auto":
        return function.gradient
    return load(jac) if ":" in jac else jac


def _bounds(bounds: Any, function: Function, n: int) -> Any:
    if bounds != "usual":
        return bounds * n if bounds and len(bounds) == 1 else bounds
    if function.bounds is None:
        raise Failure(f"--bounds usual is for functions of the catalogue, and {function.name!r} is none.")
    return function.bounds


def _method(name: str | None, settings: Settings, n: int) -> Any:
    if not settings:
        return name
    if name is None:
        raise click.UsageError("--set changes a method: name it with --method.")
    from ..methods import find

    kind = type(find(name, n))
    try:
        return kind(**dict(settings))
    except TypeError as error:
        known = ", ".join(inspect.signature(kind).parameters) or "none"
        raise ArgumentError(f"--set: {kind.__name__} has the settings: {known}.") from error


def _size(start: Any) -> int:
    return len(start) if isinstance(start, list) else 1


def show(command: str, result: Any, as_json: bool, exit_code: int) -> None:
    """The result on stdout."""
    if as_json:
        write_json(command, {key: value for key, value in result.items() if key != "history"})
    else:
        echo_verdict(str(result), exit_code)


minimize = optimise("minimize", "x0**2 + x1**2")
maximize = optimise("maximize", "3 - (x - 1)**2 - y**2")
