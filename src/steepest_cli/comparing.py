"""steepest compare: several methods on one problem."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from . import method as chosen
from .config import takes_config, write_config
from .function import resolve, takes_function
from .optimise import EXITS, progress, quiet_numbers, takes_exit_zero, takes_plot, takes_progress
from .output import form, save_picture, show_rows, table, takes_format, wrapped, write_file
from .program import DIVERGED, NOT_CONVERGED, Command
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
""",
)
@takes_function
@chosen.takes_bounds
@chosen.takes_methods
@chosen.takes_gradient
@chosen.takes_limits
@takes_format
@takes_plot
@takes_progress
@takes_exit_zero
@takes_config
@click.pass_context
def compare(
    ctx: click.Context, x0: Any, method: tuple[Spec, ...], jac: str, bounds: Any, plot: Path | None, quiet: bool,
    no_progress: bool, exit_zero: bool, **others: Any,
) -> None:  # fmt: skip
    """Run several methods from the same start; a table says which was the first to solve the problem.

    Solved is within 0.1 % of the fall from the start to the lowest value that any of them found. Without --method:
    bfgs, conjugategradient, gd:lr=auto and adam. The exit code is that of the first row.
    """
    function = resolve(ctx)
    start = function.place(x0)
    specs = [chosen.single(spec, "compare") for spec in method] or [Spec.of(text) for text in USUAL]
    n = chosen.size(start)
    methods = [chosen.method(spec, n) for spec in specs]
    keywords = {
        "jac": chosen.gradient(function, jac),
        "bounds": chosen.bounds(bounds, function, start),
        **chosen.limits(ctx),
    }
    form(ctx)
    write_config(ctx)
    import steepest

    found: Any
    # plain lines of progress would not say of which method they are
    silent = no_progress or quiet or not sys.stderr.isatty()
    with progress(keywords, silent) as callback, quiet_numbers(function):
        found = steepest.compare(function.call, start, methods, callback=callback, **keywords)
    names = dict(zip(map(repr, methods), map(str, specs), strict=True))
    rows = [
        {"name": names[row["method"]], **row, **_end(found.results[row["method"]])} for row in found.rows()
    ]
    show_rows(ctx, rows, lambda: _table(rows), function=function.name, left=found.left)
    write_file(plot, lambda to: save_picture(found.plot, to), quiet)
    exit_code = EXITS[rows[0]["code"].partition(".")[0]]
    ctx.exit(0 if exit_zero and exit_code in (NOT_CONVERGED, DIVERGED) else exit_code)


def _end(result: Any) -> dict[str, Any]:
    return {"x": result.x, "why": result.why}


def _table(rows: list[dict[str, Any]]) -> None:
    head = ("method", "f", "solved after", "evaluations", "gradients", "steps", "seconds", "ended")
    table(head, [(row["name"], row["fun"], _count(row["nfev_solved"]), row["nfev"], row["njev"], row["nit"],
                  f"{row['seconds']:.3g}", row["code"]) for row in rows])  # fmt: skip
    click.echo("solved after: evaluations until f was within 0.1 % of the fall to the lowest value found")
    for row in rows:
        if EXITS[row["code"].partition(".")[0]]:
            click.echo(wrapped(f"{row['name']}: {row['why']}"))


def _count(value: float) -> str:
    return "never" if value != value else f"{value:.0f}"
