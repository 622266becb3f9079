"""steepest minimize and steepest maximize."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from . import method as chosen
from .again import line
from .config import takes_config, write_config
from .function import Function, where
from .output import (
    GROUP,
    echo_verdict,
    form,
    save_history,
    show_rows,
    takes_format,
    writable,
    write_file,
    write_json,
)
from .pictures import drawable, save_runs
from .program import (
    DIVERGED,
    INTERNAL,
    INTERRUPTED,
    NOT_CONVERGED,
    USAGE,
    Command,
    Failure,
    leave,
    option,
    stack,
)

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

FUNC is a name of the catalogue (see `steepest functions`), a formula, a Python function as module:function or
file.py:function (its code is run), or - for a formula on stdin.
"""
EXAMPLES = """
steepest {name} {formula} --x0 3,2
steepest {name} {formula} --x0 3,2 --method gd:lr=0.1 --plot run.png
steepest {name} {formula} --x0 3,2 --method gd:lr=0.1 --plot run.html
steepest {name} {formula} --x0=-1.5,2 --method adam:lr=0.05,beta1=0.8 --maxiter 500 --history run.csv
steepest {name} model.py:loss --jac model.py:gradient --x0 1,1 --bounds "0:,0:3" --json
"""

LABEL = len("gradient norm:")  # as wide as the names of a printed result

takes_quiet = option(GROUP, "--quiet", is_flag=True, help="Nothing on stderr but errors.")
takes_progress = stack(takes_quiet, option(GROUP, "--no-progress", is_flag=True, help="No progress on stderr."))
takes_exit_zero = option(GROUP, "--exit-zero", is_flag=True, help="Exit with 0 instead of 3 or 4.")
takes_history = option(
    GROUP,
    "--history",
    metavar="FILE",
    callback=writable,
    help="Write every step: .csv, .jsonl, .npz or .parquet.",
)
takes_save = option(
    GROUP,
    "--save",
    metavar="FILE",
    callback=writable,
    help="Write the run, .npz, for `steepest explain` and `plot`.",
)
takes_plot = option(
    GROUP, "--plot", metavar="FILE", callback=writable, help="Draw a picture: .png, .svg, .pdf or .html."
)
takes_motion = option(
    GROUP,
    "--plot",
    metavar="FILE",
    callback=drawable,
    help="Draw a picture: .png, .svg or .pdf; in motion: .html (to play in a browser), .gif or .mp4.",
)


def optimise(name: str, verb: str, example: str) -> click.Command:
    """The command of that name; both differ in the function of the library that they call."""

    @click.command(
        name,
        cls=Command,
        help=HELP.format(verb=verb),
        short_help=f"{verb} a function.",
        examples=EXAMPLES.format(name=name, formula=f'"{example}"'),
        exits=True,
    )
    @chosen.takes_problem(chosen.takes_one_method)
    @takes_format
    @takes_motion
    @takes_history
    @takes_save
    @takes_progress
    @takes_exit_zero
    @takes_config
    @click.pass_context
    def command(
        ctx: click.Context, method: Any, plot: Path | None, history: Path | None, save: Path | None, quiet: bool,
        no_progress: bool, **others: Any,
    ) -> None:  # fmt: skip
        function, start, keywords = chosen.posed(ctx)
        spec = chosen.single(chosen.with_rate(ctx, method), name)
        keywords["method"] = chosen.method(spec, chosen.size(start))
        form(ctx)
        write_config(ctx)
        with progress(keywords, no_progress or quiet) as callback:
            result, error = _run(name, function, start, keywords | {"callback": callback})
        exit_code = USAGE if _ours(error) else EXITS[result.code.partition(".")[0]]
        if error is None or len(result.history):
            result |= {"function": function.name, "next_command": _next_command(ctx, result)}
            show(ctx, result, exit_code)
            write_file(history, lambda to: save_history(result.history, to), quiet)
            write_file(save, result.save, quiet)
            write_file(plot, lambda to: save_runs(result.plot, result, to), quiet)
        if error is not None:
            what = str(error) if _ours(error) else result.message
            raise Failure(f"{what}{where(error)}", exit_code) from error
        leave(ctx, exit_code)

    return command


@contextlib.contextmanager
def progress(keywords: dict[str, Any], silent: bool) -> Iterator[Any]:
    """The display of a run as a callback, which is wiped at its end; None if it shall be silent."""
    from .progress import Progress

    budget = {limit: keywords[limit] for limit in ("maxiter", "maxtime") if limit in keywords}
    shown = None if silent else Progress(sys.stderr, **{"maxiter": 10_000.0, **budget})
    try:
        yield shown
    finally:
        if shown is not None:
            shown.close()


@contextlib.contextmanager
def quiet_numbers(function: Function) -> Iterator[None]:
    """What the user's function prints is no part of the result; of overflows in our own the verdict tells."""
    import numpy as np

    ours = bool(function.variables)
    with contextlib.redirect_stdout(sys.stderr), np.errstate(all="ignore" if ours else None):
        yield


def _run(name: str, function: Function, start: Any, keywords: dict[str, Any]) -> tuple[Any, Any]:
    """The result, and the error that ended the run in the user's function, if one did."""
    import steepest

    try:
        with quiet_numbers(function):
            return getattr(steepest, name)(function.call, start, **keywords), None
    except Exception as error:
        if not hasattr(error, "result"):  # an argument that can't be right: nothing was run
            raise
        return error.result, error


def _ours(error: Any) -> bool:
    from steepest import SteepestError

    return isinstance(error, SteepestError)


def show(ctx: click.Context, result: Any, exit_code: int, more: Sequence[tuple[str, str]] = ()) -> None:
    """The result on stdout; as text with further rows, each a name and a text."""
    if form(ctx) == "json":
        write_json(str(ctx.command.name), {key: value for key, value in result.items() if key != "history"})
        return
    import numpy as np

    told = {key: result.get(key) for key in ("function", "method", "code", "success", "fun")}
    told |= {"gradient_norm": float(np.linalg.norm(np.ravel(result.jac)))}
    told |= {key: result[key] for key in ("nit", "nfev", "njev", "seconds")}
    told["x"] = np.ravel(result.x)
    rows = [f"{f'{name}:' if name else '':>{LABEL}} {text}" for name, text in more]
    show_rows(ctx, [told], lambda: echo_verdict("\n".join([_as_typed(result), *rows]), exit_code))


def _next_command(ctx: click.Context, result: Any) -> str | None:
    """The advice as a command, where that can be."""
    changes = getattr(result.get("advice"), "changes", {})
    return line(ctx, changes) if changes else None


def _as_typed(result: Any) -> str:
    """The printed result, with the command in place of the call that is advised."""
    command, call = result.get("next_command"), str(result.get("advice")).partition("  # ")[0]
    return str(result).replace(call, command, 1) if command else str(result)


minimize = optimise("minimize", "Minimise", "x0**2 + x1**2")
maximize = optimise("maximize", "Maximise", "3 - (x - 1)**2 - y**2")
