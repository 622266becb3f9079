"""steepest check-gradient and steepest derivative: is a gradient right, and what is it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import click

from .catalogue import as_json_option
from .function import Function, count, load, resolve, running, takes_function
from .output import echo_verdict, table, write_json
from .program import DIVERGED, EXIT_CODES, NOT_CONVERGED, WRONG_GRADIENT, Command, Failure


@click.command(
    "check-gradient", cls=Command, short_help="Prove a gradient, or see it fail.", epilog=EXIT_CODES
)
@takes_function
@click.option("--jac", metavar="MODULE:FUNCTION", help="The gradient to check, in Python.")
@click.option("--gradient", "texts", metavar="TEXT", help="The same as formulas: 2*x; 2*y.")
@as_json_option
@click.option("--exit-zero", is_flag=True, help="Exit with 0 instead of 3 or 5.")
@click.pass_context
def check_gradient(
    ctx: click.Context, func: str | None, formula_text: str | None, dimension: int | None, x0: Any,
    jac: str | None, texts: str | None, as_json: bool, exit_zero: bool,
) -> None:  # fmt: skip
    """Compare a gradient of FUNC with differences of its values at --x0; exit code 5 when it is wrong.

    \b
    Examples:
      steepest check-gradient "x**2*y" --gradient "2*x*y; x**2" --x0 1,2
      steepest check-gradient model:loss --jac model:gradient --x0 0.5,1
    """
    function = resolve(func, formula_text, dimension, x0)
    gradient = _claimed(function, jac, texts)
    from ..derivatives import check_gradient as check

    with running(function.name):
        found = check(function.call, gradient, function.place(x0))
    wrong = found.agrees is False or found.wrong.size
    exit_code = 0 if found.ok else WRONG_GRADIENT if wrong else NOT_CONVERGED
    if as_json:
        write_json("check-gradient", {"function": function.name, "ok": found.ok, **vars(found)})
    else:
        echo_verdict(str(found), exit_code)
    ctx.exit(0 if exit_zero else exit_code)


@click.command(cls=Command, short_help="A gradient with its errors.", epilog=EXIT_CODES)
@takes_function
@as_json_option
@click.pass_context
def derivative(
    ctx: click.Context, func: str | None, formula_text: str | None, dimension: int | None, x0: Any,
    as_json: bool,
) -> None:  # fmt: skip
    """The gradient of FUNC at --x0, with a bound on the error of each component.

    Of formulas and catalogue functions it is found from values alone, and the exact one stands beside it.

    \b
    Examples:
      steepest derivative "x*cos(pi*x)" --x0 0.5
      steepest derivative model:loss --x0 0.5,1
    """
    function = resolve(func, formula_text, dimension, x0)
    place = function.place(x0)
    import numpy as np

    from ..derivatives import gradient

    with running(function.name):
        found = gradient(function.call, place, jac=None if function.gradient is None else "accurate")
    x, error = np.ravel(place), np.ravel(found.error)
    known = np.isfinite(error)
    g = np.where(known, np.ravel(found.value), math.nan)
    exact = None if function.gradient is None else function.gradient(x)
    if as_json:
        numbers = {"x": x, "gradient": g, "error": error, "exact": exact, "evaluations": found.evaluations}
        write_json("derivative", {"function": function.name, **numbers, "how": found.how})
    else:
        columns: dict[str, Iterable[str]] = {
            "": function.variables or [f"x[{i}]" for i in range(x.size)],
            "at": map("{:.10g}".format, x),
            "derivative": map("{:.10g}".format, g),
            "error": map("{:.1e}".format, error),
        }
        if exact is not None:
            columns["exact"] = map("{:.10g}".format, exact)
        table(tuple(columns), zip(*columns.values(), strict=True))
        click.echo(f"{found.how}; {count(found.evaluations, 'evaluation')}")
    ctx.exit(0 if known.all() else DIVERGED)


def _claimed(function: Function, jac: str | None, texts: str | None) -> Callable[..., Any]:
    """The gradient to check: Python, formulas, or the one that the catalogue has."""
    if jac is not None and texts is not None:
        raise click.UsageError("give --jac or --gradient, not both.")
    if jac is not None:
        return load(jac)
    if texts is None:
        if function.gradient is None:
            raise click.UsageError("which gradient? Give --jac module:function, or --gradient with formulas.")
        return function.gradient
    if not function.variables:
        raise click.UsageError(
            "--gradient goes with a formula or a catalogue name: for Python code, give --jac."
        )
    from ..formula import formula

    parts = [formula(text.strip(), variables=function.variables) for text in texts.split(";") if text.strip()]
    if len(parts) != len(function.variables):
        has, needs = count(len(parts), "formula"), count(len(function.variables), "coordinate")
        raise Failure(
            f"--gradient has {has}, but {function.name!r} has {needs}: {', '.join(function.variables)}."
        )
    return lambda x: [part(x) for part in parts]
