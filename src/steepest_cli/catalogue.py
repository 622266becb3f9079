"""steepest methods and steepest functions: what there is."""

from __future__ import annotations

from typing import Any

import click

from .function import complete_function
from .output import details, form, plain, show_rows, table, takes_format, write_json
from .program import Command


def _complete_method(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from steepest.methods.registry import METHODS

    return [name for name in METHODS if name.startswith(incomplete.lower())]


@click.command(
    "methods",
    cls=Command,
    short_help="The methods: formula, settings, source.",
    examples="""
steepest methods
steepest methods adam
steepest methods adam --json
""",
)
@click.argument("name", required=False, shell_complete=_complete_method)
@takes_format
@click.pass_context
def list_methods(ctx: click.Context, name: str | None, **others: Any) -> None:
    """List the methods; with NAME, all about one: its formula, also in LaTeX."""
    from steepest.methods.registry import describe, find, methods

    chosen = methods() if name is None else [describe(type(find(name, 1)))]
    if form(ctx) == "json":
        write_json("methods", {"methods": [vars(method) for method in chosen]})
    elif form(ctx) == "csv" or name is None:
        rows = [{"method": m.name.lower(), "settings": _settings(m.defaults), "source": m.source} for m in chosen]
        show_rows(ctx, rows, lambda: table(list(rows[0]), [list(row.values()) for row in rows]))
    else:
        (m,) = chosen
        details([("method", m.name.lower()), ("source", m.source), ("settings", _settings(m.defaults)),
                 ("formula", m.formula), ("LaTeX", m.latex)])  # fmt: skip


@click.command(
    "functions",
    cls=Command,
    short_help="The catalogue of functions to try.",
    examples="""
steepest functions
steepest functions rosenbrock
steepest functions --csv
""",
)
@click.argument("name", required=False, shell_complete=complete_function)
@takes_format
@click.pass_context
def list_functions(ctx: click.Context, name: str | None, **others: Any) -> None:
    """List the functions of the catalogue; with NAME, all about one: formula, start, bounds, minima, traps."""
    from steepest import problems

    chosen = problems.catalogue() if name is None else [problems.get(name)]
    if form(ctx) == "json":
        write_json("functions", {"functions": [_facts(problem) for problem in chosen]})
    elif form(ctx) == "csv" or name is None:
        rows = [{"function": p.name, "n": p.tags[0].removesuffix("-D"), "what is hard about it": p.hard}
                for p in chosen]  # fmt: skip
        show_rows(ctx, rows, lambda: table(list(rows[0]), [list(row.values()) for row in rows]))
    else:
        details((key, _text(value)) for key, value in _facts(chosen[0]).items())


def _settings(defaults: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in defaults.items())


def _facts(problem: Any) -> dict[str, Any]:
    names = ("name", "formula", "start", "bounds", "minimum", "minima", "traps", "hard", "tags", "source")
    return {name: plain(getattr(problem, name)) for name in names}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(f"({_text(part)})" if isinstance(part, list) else _text(part) for part in value)
    return "" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)
