"""steepest check-gradient and steepest derivative: is a gradient right, and what is it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import click

from .config import takes_config, write_config
from .function import Function, count, load, resolve, running, takes_function
from .output import GROUP, echo_verdict, form, show_rows, table, takes_format, write_json
from .program import DIVERGED, NOT_CONVERGED, WRONG_GRADIENT, Command, Failure, leave, option, stronger

CLAIM = "Gradient"


@click.command(
    "check-gradient",
    cls=Command,
    short_help="Prove a gradient, or see it fail.",
    exits=True,
    examples="""
steepest check-gradient "x**2*y" --gradient "2*x*y; x**2" --x0 1,2
steepest check-gradient model:loss --jac model:gradient --x0 0.5,1
steepest check-gradient "x**2*y" --gradient "2*x*y; 2*x**2" --x0 1,2 --json
""",
)
@takes_function
@option(CLAIM, "--jac", metavar="MODULE:FUNCTION", help="The gradient to check, in Python.")
@option(CLAIM, "--gradient", metavar="TEXT", help="The same as formulas: 2*x; 2*y.")
@option(GROUP, "--json", is_flag=True, help="One JSON object instead of text.")
@option(GROUP, "--exit-zero", is_flag=True, help="Exit with 0 instead of 3 or 5.")
@takes_config
@click.pass_context
def check_gradient(
    ctx: click.Context,
    x0: Any,
    jac: str | None,
    gradient: str | None,
    json: bool,
    **others: Any,
) -> None:
    """Compare a gradient of FUNC with differences of its values at --x0; exit code 5 when it is wrong.

    Without --jac and --gradient, the exact gradient of a formula or of a function of the catalogue is checked.
    """
    function = resolve(ctx)
    claimed = _claimed(ctx, function, jac, gradient)
    write_config(ctx)
    from steepest.derivatives import check_gradient as check

    with running(function.name):
        found = check(function.call, claimed, function.place(x0))
    wrong = found.agrees is False or found.wrong.size
    exit_code = 0 if found.ok else WRONG_GRADIENT if wrong else NOT_CONVERGED
    if json:
        write_json("check-gradient", {"function": function.name, "ok": found.ok, **vars(found)})
    else:
        echo_verdict(str(found), exit_code)
    leave(ctx, exit_code)


@click.command(
    cls=Command,
    short_help="A gradient with its errors.",
    exits=True,
    examples="""
steepest derivative "x*cos(pi*x)" --x0 0.5
steepest derivative model:loss --x0 0.5,1 --csv
""",
)
@takes_function
@takes_format
@takes_config
@click.pass_context
def derivative(ctx: click.Context, x0: Any, **others: Any) -> None:
    """The gradient of FUNC at --x0, with a bound on the error of each component.

    Of formulas and catalogue functions it is found from values alone, and the exact one stands beside it.
    """
    function = resolve(ctx)
    place = function.place(x0)
    form(ctx)
    write_config(ctx)
    import numpy as np

    from steepest.derivatives import gradient

    with running(function.name):
        found = gradient(function.call, place, jac=None if function.gradient is None else "accurate")
    x, error = np.ravel(place), np.ravel(found.error)
    known = np.isfinite(error)
    g = np.where(known, np.ravel(found.value), math.nan)
    exact = None if function.gradient is None else np.asarray(function.gradient(x))
    columns: dict[str, Iterable[Any]] = {
        "coordinate": function.variables or [f"x[{i}]" for i in range(x.size)],
        "at": x.tolist(),
        "derivative": g.tolist(),
        "error": error.tolist(),
        **({} if exact is None else {"exact": exact.tolist()}),
    }
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def text() -> None:
        formats = {"coordinate": "{}", "error": "{:.1e}"}
        table(tuple(columns), [[formats.get(key, "{:.10g}").format(row[key]) for key in row] for row in rows])
        click.echo(f"{found.how}; {count(found.evaluations, 'evaluation')}")

    more = {"x": x, "gradient": g, "error": error, "exact": exact, "evaluations": found.evaluations}
    show_rows(ctx, rows, text, function=function.name, **more, how=found.how)
    ctx.exit(0 if known.all() else DIVERGED)


def _claimed(ctx: click.Context, function: Function, jac: str | None, texts: str | None) -> Callable[..., Any]:
    """The gradient to check: Python, formulas, or the one that the catalogue has."""
    if jac is not None and texts is not None:
        level = stronger(ctx, "jac", "gradient")
        if not level:
            raise click.UsageError("give --jac or --gradient, not both.")
        jac, texts = (jac, None) if level > 0 else (None, texts)
    if jac is not None:
        return load(jac)
    if texts is None:
        if function.gradient is None:
            raise click.UsageError("which gradient? Give --jac module:function, or --gradient with formulas.")
        return function.gradient
    if not function.variables:
        raise click.UsageError("--gradient goes with a formula or a catalogue name: for Python code, give --jac.")
    from steepest.formula import formula

    parts = [formula(text.strip(), variables=function.variables) for text in texts.split(";") if text.strip()]
    if len(parts) != len(function.variables):
        has, needs = count(len(parts), "formula"), count(len(function.variables), "coordinate")
        raise Failure(f"--gradient has {has}, but {function.name!r} has {needs}: {', '.join(function.variables)}.")
    return lambda x: [part(x) for part in parts]
