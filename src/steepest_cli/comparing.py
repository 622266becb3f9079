"""steepest compare: several methods on one problem."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import click

from . import method as chosen
from .config import takes_config, write_config
from .optimise import (
    EXITS,
    progress,
    quiet_numbers,
    takes_exit_zero,
    takes_history,
    takes_motion,
    takes_progress,
)
from .output import (
    GROUP,
    folder,
    form,
    save_histories,
    show_rows,
    table,
    takes_format,
    wrapped,
    write_file,
)
from .pictures import save_runs
from .program import INTERRUPTED, Command, leave, option
from .values import Spec

# Methods that need no learning rate, and Adam, which everybody asks about.
USUAL = ("bfgs", "conjugategradient", "gd:lr=auto", "adam")


@click.command(
    cls=Command,
    short_help="Several methods on one function.",
    exits=True,
    examples="""
steepest compare rosenbrock
steepest compare rosenbrock --method bfgs --method gd:lr=1e-3 --method adam:lr=0.1,beta1=0.8
steepest compare "x^2 + 50*y^2" --x0 3,2 --method gd:lr=0.01 --method momentum:lr=0.01 --plot methods.png
steepest compare himmelblau --save runs --history steps.csv
""",
)
@chosen.takes_problem(chosen.takes_methods)
@takes_format
@takes_motion
@takes_history
@option(
    GROUP,
    "--save",
    metavar="FOLDER",
    callback=folder,
    help="Write each run into a folder, .npz, for `steepest explain` and `plot`.",
)
@takes_progress
@takes_exit_zero
@takes_config
@click.pass_context
def compare(
    ctx: click.Context, method: tuple[Spec, ...], plot: Path | None, history: Path | None, save: Path | None,
    quiet: bool, no_progress: bool, **others: Any,
) -> None:  # fmt: skip
    """Run several methods from the same start; a table says which was the first to solve the problem.

    Solved is within 0.1 % of the fall from the start to the lowest value that any of them found. Without --method:
    bfgs, conjugategradient, gd:lr=auto and adam. The exit code is that of the first row. Ctrl-C ends the comparison:
    what was computed is shown and written.
    """
    function, start, keywords = chosen.posed(ctx)
    specs = [chosen.single(spec, "compare") for spec in method] or [Spec.of(text) for text in USUAL]
    n = chosen.size(start)
    methods = [chosen.method(spec, n) for spec in specs]
    form(ctx)
    write_config(ctx)
    import steepest

    found: Any
    # plain lines of progress would not say of which method they are
    silent = no_progress or quiet or not sys.stderr.isatty()
    with progress(keywords, silent) as callback, quiet_numbers(function):
        found = steepest.compare(function.call, start, methods, callback=callback, **keywords)
    names = dict(zip(map(repr, methods), map(str, specs), strict=True))
    rows = [{"name": names[row["method"]], **row, **_end(found.results[row["method"]])} for row in found.rows()]
    not_run = [names[name] for name in found.not_run]
    show_rows(ctx, rows, lambda: _table(rows, not_run), function=function.name, left=found.left, not_run=not_run)
    runs = {names[name]: result for name, result in found.results.items()}
    for result in runs.values():
        result["function"] = function.name  # `plot` draws its map
    write_file(history, lambda to: save_histories(runs, to), quiet)
    write_file(save, lambda to: _save(runs, to), quiet)
    write_file(plot, lambda to: save_runs(found.plot, found, to), quiet)
    codes = [row["code"].partition(".")[0] for row in rows]
    exit_code = INTERRUPTED if "interrupted" in codes or not_run else EXITS[codes[0]]
    leave(ctx, exit_code)


def _end(result: Any) -> dict[str, Any]:
    return {"x": result.x, "why": result.why}


def _save(runs: dict[str, Any], to: Path) -> None:
    """Each run as a file of its own, named after its method as it was typed: ``gd-lr-0.1.npz``."""
    to.mkdir(exist_ok=True)
    for name, result in runs.items():
        result.save(to / f"{re.sub('[^0-9A-Za-z.]+', '-', name)}.npz")


def _table(rows: list[dict[str, Any]], not_run: list[str]) -> None:
    head = ("method", "f", "solved after", "evaluations", "gradients", "steps", "seconds", "ended")
    table(head, [(row["name"], row["fun"], _count(row["nfev_solved"]), row["nfev"], row["njev"], row["nit"],
                  f"{row['seconds']:.3g}", row["code"]) for row in rows])  # fmt: skip
    click.echo("solved after: evaluations until f was within 0.1 % of the fall to the lowest value found")
    for row in rows:
        if EXITS[row["code"].partition(".")[0]]:
            click.echo(wrapped(f"{row['name']}: {row['why']}"))
    if not_run:
        click.echo(f"interrupted: not run were {', '.join(not_run)}")


def _count(value: float) -> str:
    return "never" if value != value else f"{value:.0f}"
