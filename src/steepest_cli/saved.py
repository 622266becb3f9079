"""steepest explain and steepest plot: a saved run, read and drawn again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .function import named, running
from .optimise import EXITS, show
from .output import GROUP, save_picture, takes_format, writable, write_file
from .program import Command, Failure, option

takes_run = click.argument("run", type=click.Path(exists=True, dir_okay=False, path_type=Path))
FUNC_HELP = "The function of the run, if it is Python code: files do not make code run."


@click.command(
    cls=Command,
    short_help="Say again what a saved run found, or how it made a step.",
    exits=True,
    examples="""
steepest minimize rosenbrock --method adam:lr=0.1 --maxiter 100 --save run.npz --exit-zero
steepest explain run.npz
steepest explain run.npz -k 1
""",
)
@takes_run
@option("Step", "-k", metavar="STEP", type=int, help="How this step was made: 1, 2, ..., or -1 for the last.")
@option("Step", "--func", metavar="MODULE:FUNCTION", help=FUNC_HELP)
@takes_format
@click.pass_context
def explain(ctx: click.Context, run: Path, k: int | None, func: str | None, **others: Any) -> None:
    """Say again what a saved RUN found, and why it stopped.

    With -k, the formula of the method with the numbers of that step filled in. RUN is a file of `minimize --save`.
    """
    from steepest import Result

    result = Result.load(run)
    if k is None:
        exit_code = EXITS[result.code.partition(".")[0]]
        show(ctx, result, exit_code)
        return
    from steepest.diagnose import explain_step

    name = func or str(result.get("function", ""))
    if not name or (":" in name and func is None):
        raise Failure(f"{run} is a run of Python code{f', {name!r}' if name else ''}: name it with --func.")
    n = len(result.history.x[0]) if len(result.history) else None
    function = named(name, x0=[0.0] * (n or 1))
    with running(function.name):
        click.echo(explain_step(function.call, result, k, jac=function.gradient))


@click.command(
    cls=Command,
    short_help="Draw saved runs.",
    examples="""
steepest minimize himmelblau --method momentum:lr=0.005 --save momentum.npz
steepest minimize himmelblau --method adam:lr=0.1 --save adam.npz
steepest plot momentum.npz -o run.svg
steepest plot momentum.npz adam.npz -o both.html
""",
)
@click.argument("runs", type=click.Path(exists=True, dir_okay=False, path_type=Path), nargs=-1, required=True)
@option(
    GROUP,
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    callback=writable,
    help="The picture: .png, .svg, .pdf or .html.",
)
@option(GROUP, "--quiet", is_flag=True, help="Nothing on stderr but errors.")
def plot(runs: tuple[Path, ...], output: Path, quiet: bool) -> None:
    """Draw a saved run: where it went, and how it converged. Several RUNS: how they converged, side by side.

    RUNS are files of `minimize --save`.
    """
    from steepest import Result

    results = [Result.load(run) for run in runs]

    def draw() -> Any:
        from steepest import plots

        return results[0].plot() if len(results) == 1 else plots.convergence(results)

    write_file(output, lambda to: save_picture(draw, to), quiet)
