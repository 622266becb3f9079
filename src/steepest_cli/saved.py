"""steepest explain and steepest plot: a saved run, read and drawn again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .function import Function, named, running
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

    name = str(result.get("function", ""))
    if func is None and (":" in name or not name):
        raise Failure(f"{run} is a run of Python code{f', {name!r}' if name else ''}: name it with --func.")
    function = _function(func or name, result)
    with running(function.name):
        text = explain_step(function.call, result, k, jac=function.gradient)
    click.echo(text)


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
    from steepest import Result, plots

    results = [Result.load(run) for run in runs]
    for result in results:
        _remind(result)

    def draw() -> Any:
        return results[0].plot() if len(results) == 1 else plots.convergence(results)

    write_file(output, lambda to: save_picture(draw, to), quiet)


def _function(name: str, result: Any) -> Function:
    """The function of that name, of as many numbers as the run."""
    return named(name, x0=[0.0] * result.history.x.shape[1])


def _remind(result: Any) -> None:
    """Give a loaded result its function back, for the map in its picture; if it is not Python code."""
    import numpy as np

    from steepest.landscape import Landscape
    from steepest.oracle import Objective
    from steepest.params import Parameters

    name = str(result.get("function", ""))
    if not name or ":" in name:
        return
    call = _function(name, result).call
    f = result.history["f"]
    if np.isfinite(f[0]) and result.fun > f[0]:  # a maximisation: known minima are none of its business
        call = lambda x, call=call: call(x)  # noqa: E731
    object.__setattr__(
        result, "_landscape", Landscape(Objective(call, Parameters(result.x), ()), 1.0, None, None)
    )
