"""Settings from a TOML file and from variables: a flag wins over a variable, that over the file."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from .again import CONFIGURATION, toml
from .output import writable, write_file
from .program import Failure, option, stack

FOUND = ("steepest.toml", "pyproject.toml")  # in the current folder, the first one that is there
PREFIX = "STEEPEST_"


def read_config(ctx: click.Context, param: click.Parameter, path: str | None) -> None:
    """Make what the file says the defaults of the command; before the other options are looked at."""
    for file in [path] if path else FOUND:
        table = _table(Path(file), must=path is not None)
        if table is not None:
            ctx.default_map = _settings(ctx, file, table)
            break
    known = [PREFIX + key.upper() for key in (*_keys(*_commands(ctx).values()), "config", "save_config")]
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            click.echo(f"Warning: the variable {name} means nothing.{_hint(name, known)}", err=True)


takes_config = stack(
    option(
        CONFIGURATION,
        "--config",
        metavar="FILE",
        is_eager=True,
        expose_value=False,
        callback=read_config,
        help="Options from a TOML file; else from steepest.toml, or [tool.steepest] of pyproject.toml, here.",
    ),
    option(
        CONFIGURATION,
        "--save-config",
        metavar="FILE",
        callback=writable,
        help="Write the TOML file that repeats this run.",
    ),
)


def write_config(ctx: click.Context) -> None:
    """Write the file of ``--save-config``, if it was asked for: all that decides what is computed."""
    path = ctx.params["save_config"]
    text = f"# steepest {ctx.command.name} --config {path}\n{toml(ctx)}"
    write_file(path, lambda to: to.write_text(text, encoding="utf-8"), ctx.params.get("quiet", False))


def _table(file: Path, must: bool) -> dict[str, Any] | None:
    """The settings in a file; None where there are none and none must be."""
    if not must and not file.is_file():
        return None
    import tomllib

    try:
        whole = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Failure(f"{file} can't be read: {error.strerror}.") from error
    except ValueError as error:
        raise Failure(f"{file} is no TOML: {error}") from error
    if file.name != "pyproject.toml":
        return whole
    tools = whole.get("tool", {})
    table = tools.get("steepest") if isinstance(tools, dict) else None
    if not isinstance(table, dict) and (must or table is not None):
        raise Failure(f"{file} has no table [tool.steepest].")
    return table


def _settings(ctx: click.Context, file: Any, table: dict[str, Any]) -> dict[str, Any]:
    """What a file says for this command: keys outside of tables are for all commands that have them."""
    commands = _commands(ctx)
    everywhere = {key.replace("-", "_"): value for key, value in table.items() if key not in commands}
    for key in everywhere:
        _check(file, key, [*_keys(*commands.values()), *commands], "")
    for name in commands.keys() & table.keys():
        if not isinstance(table[name], dict):
            raise Failure(f"{file}: {name} is a command: its settings go into a table [{name}].")
        for key in table[name]:
            _check(file, key.replace("-", "_"), _keys(commands[name]), f" in [{name}]")
    own = {key.replace("-", "_"): value for key, value in table.get(str(ctx.command.name), {}).items()}
    params = {str(param.name): param for param in ctx.command.params}
    chosen = {key: value for key, value in (everywhere | own).items() if key in params}
    return {key: _fitting(file, params[key], value) for key, value in chosen.items()}


def _fitting(file: Any, param: click.Parameter, value: Any) -> Any:
    """A value of TOML as click takes it from a command line."""
    flag = getattr(param, "is_flag", False)
    if isinstance(value, dict) or flag != isinstance(value, bool):
        what = "true or false" if flag else "what the option takes"
        raise Failure(f"{file}: {param.name} = {value!r}: expected {what}.")
    return [value] if param.multiple and not isinstance(value, list) else value


def _check(file: Any, key: str, known: list[str], where: str) -> None:
    if key not in known:
        raise Failure(f"{file}: unknown key {key!r}{where}.{_hint(key, known)}")


def _hint(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, 1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _commands(ctx: click.Context) -> dict[str, click.Command]:
    """Those that read a file."""
    every = getattr(ctx.find_root().command, "commands", {str(ctx.command.name): ctx.command})
    return {name: command for name, command in every.items() if any(p.name == "config" for p in command.params)}


def _keys(*commands: click.Command) -> list[str]:
    names = [str(param.name) for command in commands for param in command.params]
    return [name for name in dict.fromkeys(names) if name not in ("config", "save_config")]
