"""A command written anew: the TOML file that repeats it, and the line that follows an advice."""

from __future__ import annotations

import json
import shlex
from typing import Any

import click
from click.core import ParameterSource

from .output import GROUP as OUTPUT

CONFIGURATION = "Configuration"
ELSEWHERE = (ParameterSource.DEFAULT_MAP, ParameterSource.ENVIRONMENT)  # no flag takes away what stands there


def decisive(ctx: click.Context) -> dict[str, Any]:
    """The arguments and options that decide what is computed, where they were given, by name."""
    left_out = (OUTPUT, CONFIGURATION)
    names = [str(p.name) for p in ctx.command.params if getattr(p, "group", "") not in left_out]
    values = {name: ctx.params[name] for name in names if name in ctx.params}
    return {name: value for name, value in values.items() if value not in (None, ()) and value != "auto"}


def toml(ctx: click.Context) -> str:
    """The command as a table of TOML."""
    lines = [f"[{ctx.command.name}]", *(f"{name} = {_toml(value)}" for name, value in decisive(ctx).items())]
    return "\n".join(lines) + "\n"


def line(ctx: click.Context, changes: dict[str, Any], command: str | None = None) -> str | None:
    """The command with changed arguments of `minimize`, or another command with them; None where one can't be typed."""
    given = decisive(ctx)
    if "method" in changes:
        given.pop("lr", None)
    for name, value in changes.items():
        text = _written(value)
        here = ctx.get_parameter_source(name) if name in ctx.params else None
        if text is None or (value is not None and here is None) or (value is None and here in ELSEWHERE):
            return None
        given[name] = text
    words = ["steepest", command or str(ctx.command.name)]
    if "func" in given:
        words.append(given.pop("func"))
    for name, value in given.items():
        option = "-n" if name == "n" else f"--{name.replace('_', '-')}"
        for each in value if isinstance(value, tuple) else (value,):
            text = _written(each)
            if text is not None and text != "":
                words += [f"{option}={text}"] if text.startswith("-") else [option, text]
    return shlex.join(words)


def _written(value: Any) -> str | None:
    """As it is typed; empty for None, which takes an option away; None for what has no such form."""
    if value is None:
        return ""
    if hasattr(value, "hyper") or hasattr(value, "convergence"):
        return _method(value)
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        parts = [_written(part) for part in value]
        return None if None in parts or not parts else ",".join(map(str, parts)) + "," * (len(parts) == 1)
    if isinstance(value, float):
        return f"{value:.10g}"
    return None if callable(value) or isinstance(value, bool | dict) else str(value)


def _method(method: Any) -> str | None:
    """``gd:lr=0.1``: those settings that are not the defaults."""
    from steepest.methods.registry import METHODS

    name = type(method).__name__.lower()
    hyper = getattr(method, "hyper", None)
    if name not in METHODS or hyper is None:
        return name if name in METHODS and method == METHODS[name]() else None
    changed = {key: value for key, value in hyper.items() if value != method.defaults[key] or key == "lr"}
    if not all(isinstance(value, float | int) for value in changed.values()):
        return None
    settings = ",".join(f"{key}={value:.10g}" for key, value in changed.items())
    return f"{name}:{settings}" if settings else name


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(str(value), ensure_ascii=False)
