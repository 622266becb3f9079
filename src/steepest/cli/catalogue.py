"""steepest methods and steepest functions: what there is."""

from __future__ import annotations

from typing import Any

import click

from .output import details, plain, table, write_json
from .program import Command

as_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")


@click.command("methods", cls=Command, short_help="The methods: formula, defaults, source.")
@click.argument("name", required=False)
@as_json_option
def list_methods(name: str | None, as_json: bool) -> None:
    """List the methods; with NAME, all about one: its formula, also in LaTeX.

    \b
    Examples:
      steepest methods
      steepest methods adam
      steepest methods adam --json
    """
    from ..methods import describe, find, methods

    chosen = methods() if name is None else [describe(type(find(name, 1)))]
    if as_json:
        write_json("methods", {"methods": [vars(method) for method in chosen]})
    elif name is None:
        rows = [(m.name.lower(), _settings(m.defaults), m.source) for m in chosen]
        table(("method", "settings", "source"), rows)
    else:
        (m,) = chosen
        details([("method", m.name.lower()), ("source", m.source), ("settings", _settings(m.defaults)),
                 ("formula", m.formula), ("LaTeX", m.latex)])  # fmt: skip


@click.command("functions", cls=Command, short_help="The catalogue of functions to try.")
@click.argument("name", required=False)
@as_json_option
def list_functions(name: str | None, as_json: bool) -> None:
    """List the functions of the catalogue; with NAME, all about one.

    \b
    Examples:
      steepest functions
      steepest functions rosenbrock
    """
    from .. import problems

    chosen = problems.catalogue() if name is None else [problems.get(name)]
    if as_json:
        write_json("functions", {"functions": [_facts(problem) for problem in chosen]})
    elif name is None:
        rows = [(p.name, p.tags[0].removesuffix("-D"), p.hard) for p in chosen]
        table(("function", "n", "what is hard about it"), rows)
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
