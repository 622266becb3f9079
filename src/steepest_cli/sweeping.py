"""steepest sweep: a method with many values of its settings, or the search for a learning rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from . import method as chosen
from .again import line
from .config import takes_config, write_config
from .function import Function, running
from .optimise import quiet_numbers, takes_plot, takes_quiet
from .output import ROWS, brief, form, is_terminal, show_rows, table, takes_format, write_file
from .pictures import save_picture
from .program import INTERRUPTED, NOT_CONVERGED, Command, Failure
from .values import Range, Spec


@click.command(
    cls=Command,
    short_help="Try many learning rates, or other settings.",
    exits=True,
    examples="""
steepest sweep rosenbrock
steepest sweep rosenbrock --lr 1e-4..1e-2:log:9 --maxiter 2000
steepest sweep ravine --method momentum:lr=1e-4..1e-2:log:5,beta=0.5,0.9,0.99 --maxiter 500 --csv
steepest sweep "x*cos(pi*x)" --x0 -0.7 --method adam --lr 0.001..1:log:7 --plot rates.svg
""",
)
@chosen.takes_problem(chosen.takes_methods, chosen.takes_rates)
@takes_format
@takes_plot
@takes_quiet
@takes_config
@click.pass_context
def sweep(ctx: click.Context, method: tuple[Spec, ...], plot: Path | None, quiet: bool, **others: Any) -> None:
    """Run a method with every value of a range, all at once where the function allows it.

    A range is 1e-5..1e-1:log:30 (30 values, evenly on a log scale), 0..1:11 (evenly) or 0.1,0.2,0.5; several ranges
    make a grid. With nothing to vary, a learning rate is looked for: a number to begin with, and the limit above which
    the method diverges. Exit code 3 when no run converged. Ctrl-C shows what was computed. The steps of
    these runs are not kept: `steepest minimize` with the values of one of them shows its steps.
    """
    function, start, keywords = chosen.posed(ctx)
    specs = [chosen.with_rate(ctx, spec) or spec for spec in method or (Spec.of("gd"),)]
    varied = [any(isinstance(value, Range) for value in spec.settings.values()) for spec in specs]
    form(ctx)
    write_config(ctx)
    if not any(varied):
        if len(specs) > 1 or "lr" in specs[0].settings:
            raise Failure("nothing is varied: give a range, such as --lr 1e-4..1:log:9; or one method without lr.")
        _find_rate(ctx, function, start, specs[0], keywords["jac"])
        return
    import steepest

    methods = [_rule(spec, chosen.size(start)) for spec in specs]
    found: Any
    with running(function.name), quiet_numbers(function):
        found = steepest.sweep(function.call, start, methods if len(methods) > 1 else methods[0], **keywords)
    columns = found.to_dict()
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    best = {**found.best, "x": found.best["x"]} if any(row["fun"] == row["fun"] for row in rows) else None

    def text() -> None:
        _table(rows, str(found))
        if best is not None:
            _advise(ctx, _best(specs, best))

    show_rows(ctx, rows, text, function=function.name, best=best, why=found.why)
    write_file(plot, lambda to: save_picture(found.plot, to), quiet)
    interrupted = (found.code == "interrupted").any()
    ctx.exit(INTERRUPTED if interrupted else 0 if found.converged.any() else NOT_CONVERGED)


def _best(specs: list[Spec], best: Mapping[str, Any]) -> Spec:
    """The method with the values of the best run."""
    name = str(best.get("method", specs[0].name)).lower()
    spec = next(spec for spec in specs if spec.name.lower() == name or len(specs) == 1)
    values = {key: best[key] for key, value in spec.settings.items() if isinstance(value, Range)}
    return replace(spec, settings={**spec.settings, **values})


def _advise(ctx: click.Context, spec: Spec) -> None:
    settings = ",".join(f"{name}={brief(value)}" for name, value in spec.settings.items())
    ctx.params |= {"method": (f"{spec.name}:{settings}",), "lr": None}
    click.echo(f"try: {line(ctx, {}, 'minimize')}")


def _rule(spec: Spec, n: int) -> Any:
    from steepest.methods.lift import Rule

    kind = chosen.kind(spec, n)
    if not issubclass(kind, Rule):
        raise Failure(f"--method {spec}: {kind.__name__} is no rule that can be swept; `compare` takes it.")
    return chosen.method(spec, n)


def _table(rows: list[dict[str, Any]], summary: str) -> None:
    shown = rows
    if is_terminal() and len(rows) > ROWS:
        lowest = sorted(range(len(rows)), key=lambda k: (rows[k]["fun"] != rows[k]["fun"], rows[k]["fun"]))
        shown = [rows[k] for k in sorted(lowest[:ROWS])]
    titles = {"fun": "f", "code": "ended"}
    table([titles.get(name, name) for name in rows[0]], [list(map(_cell, row, row.values())) for row in shown])
    if len(shown) < len(rows):
        click.echo(f"the {ROWS} lowest of {len(rows)} are shown; --csv writes all")
    click.echo(summary)


def _cell(name: str, value: Any) -> Any:
    return None if value != value and name != "fun" else value  # NaN: a setting that the method does not have


def _find_rate(ctx: click.Context, function: Function, start: Any, spec: Spec, jac: Any) -> None:
    import steepest

    found: Any
    with running(function.name), quiet_numbers(function):
        found = steepest.find_lr(function.call, start, chosen.method(spec, chosen.size(start)), jac=jac)
    curve = zip(found.rates.tolist(), found.values.tolist(), found.stable.tolist(), strict=True)
    rows = [dict(zip(("lr", "fun", "stable"), row, strict=True)) for row in curve]
    names = ("suggestion", "limit", "curvature", "kink", "method", "steps", "interrupted")
    told = {name: getattr(found, name) for name in names}

    def text() -> None:
        click.echo(str(found))
        _advise(ctx, replace(spec, settings={**spec.settings, "lr": found.suggestion}))

    show_rows(ctx, rows, text, function=function.name, **told)
    write_file(ctx.params["plot"], lambda to: save_picture(found.plot, to), ctx.params["quiet"])
    if found.interrupted:
        ctx.exit(INTERRUPTED)
