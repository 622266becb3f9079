"""steepest explain and steepest plot: a saved run, read and drawn again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from .function import Function, named, running
from .optimise import EXITS, show, takes_quiet
from .output import GROUP, show_rows, takes_format, write_file
from .pictures import drawable, save_runs
from .program import NOT_CONVERGED, Command, Failure, option

FUNC_HELP = "The function of the run, if it is Python code: files do not make code run. Without -k: judge it anew."


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from steepest.codes import CODES

    codes = [CompletionItem(code) for code in CODES if incomplete and code.startswith(incomplete)]
    return codes or [CompletionItem(incomplete, type="file")]


@click.command(
    cls=Command,
    short_help="Say again what a saved run found, how it made a step, or what a code means.",
    exits=True,
    examples="""
steepest minimize rosenbrock --method adam:lr=0.1 --maxiter 100 --save run.npz --exit-zero
steepest explain run.npz
steepest explain run.npz -k 1
steepest explain stalled.kink
""",
)
@click.argument("run", metavar="RUN|CODE", shell_complete=_complete)
@option("Step", "-k", metavar="STEP", type=int, help="How this step was made: 1, 2, ..., or -1 for the last.")
@option("Step", "--func", metavar="MODULE:FUNCTION", help=FUNC_HELP)
@takes_format
@click.pass_context
def explain(ctx: click.Context, run: str, k: int | None, func: str | None, **others: Any) -> None:
    """Say again what a saved RUN found, why it stopped, with which figures; or what the CODE of a verdict means.

    With -k, the formula of the method with the numbers of that step filled in. RUN is a file of `minimize --save`.
    """
    from steepest import Result

    if not Path(run).is_file():
        _explain_code(ctx, run)
        return

    result = Result.load(run)
    name = str(result.get("function", ""))
    if k is None:
        if func is not None:
            _judge(named(func, x0=result.x), result)
        show(ctx, result, EXITS.get(result.code.partition(".")[0], NOT_CONVERGED), _figures(result))
        return
    from steepest.diagnose import explain_step

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
steepest plot momentum.npz adam.npz -o both.svg
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
    callback=drawable,
    help="The picture: .png, .svg or .pdf; in motion: .html (to play in a browser), .gif or .mp4.",
)
@takes_quiet
def plot(runs: tuple[Path, ...], output: Path, quiet: bool) -> None:
    """Draw a saved run: where it went, and how it converged. Several RUNS: how they converged, side by side.
    In motion, the paths of one or several, together from their starts; of more than two numbers, a plane.

    RUNS are files of `minimize --save`.
    """
    from steepest import Result, plots

    results = [Result.load(run) for run in runs]
    for result in results:
        _remind(result)

    def draw() -> Any:
        return results[0].plot() if len(results) == 1 else plots.convergence(results)

    write_file(output, lambda to: save_runs(draw, results, to), quiet)


def _judge(function: Function, result: Any) -> None:
    """Put a verdict that is found anew in the place of the one that was saved."""
    from steepest import diagnose

    with running(function.name):
        verdict = diagnose(function.call, result, jac=function.gradient)
    result |= {"message": verdict.sentence, "code": verdict.code, "success": verdict.success}
    result |= {"evidence": verdict.evidence, "advice": verdict.advice, "next_command": None}


def _figures(result: Any) -> list[tuple[str, str]]:
    """The advice as a call, and the figures behind the verdict with what they are."""
    from steepest.codes import FIGURES
    from steepest.diagnose.words import literal

    figures = [f"{name} = {literal(value)} ({FIGURES.get(name, 'of your own')})"
               for name, value in result.get("evidence", {}).items()]  # fmt: skip
    call = [("in Python", str(result.advice))] if result.get("next_command") else []
    return [*call, *(("" if i else "evidence", figure) for i, figure in enumerate(figures))]


def _explain_code(ctx: click.Context, code: str) -> None:
    from steepest.codes import CODES, near, told

    if code not in CODES:
        raise Failure(f"{code!r} does not exist as a file, and is no code of a verdict.{near(code)}")
    show_rows(ctx, [{"code": code, **CODES[code]._asdict()}], lambda: click.echo(told(code)))


def _function(name: str, result: Any) -> Function:
    """The function of that name, of as many numbers as the run."""
    return named(name, x0=[0.0] * result.history.x.shape[1])


def _remind(result: Any) -> None:
    """Give a loaded result its function back, for the map in its picture; if it is not Python code."""
    import numpy as np

    from steepest.objective.landscape import Landscape
    from steepest.objective.oracle import Objective
    from steepest.objective.params import Parameters

    name = str(result.get("function", ""))
    if not name or ":" in name:
        return
    call = _function(name, result).call
    f = result.history["f"]
    if np.isfinite(f[0]) and result.fun > f[0]:  # a maximisation: known minima are none of its business
        call = lambda x, call=call: call(x)  # noqa: E731
    object.__setattr__(result, "_landscape", Landscape(Objective(call, Parameters(result.x), ()), 1.0, None, None))
