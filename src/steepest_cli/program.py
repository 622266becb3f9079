"""The program as a whole: which failure is which exit code, when there are colours, how help looks."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import reduce
from typing import Any, NoReturn

import click
from click.core import ParameterSource

INTERNAL, USAGE, NOT_CONVERGED, DIVERGED, WRONG_GRADIENT, INTERRUPTED = 1, 2, 3, 4, 5, 130

LEVELS = (
    ParameterSource.DEFAULT,
    ParameterSource.DEFAULT_MAP,
    ParameterSource.ENVIRONMENT,
    ParameterSource.COMMANDLINE,
)

OTHER = "Other"  # the heading of --help and its like
EXIT_CODES = [
    ("0", "converged, or done"),
    ("1", "the function raised an error, or steepest did"),
    ("2", "wrong usage: an argument, a formula, a missing extra"),
    ("3", "stopped without convergence, or without a proof (check-gradient)"),
    ("4", "diverged, not finite, or without a derivative"),
    ("5", "the gradient is wrong (check-gradient)"),
    ("130", "interrupted (the best point is still printed)"),
]


class Failure(click.ClickException):
    """What went wrong in one sentence, and the exit code."""

    def __init__(self, message: str, exit_code: int = USAGE):
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click looks at the instance

    def show(self, file: Any = None) -> None:
        click.echo(f"{click.style('Error:', fg='red', bold=True)} {self.message}", err=True)


class Program(click.Group):
    """A group of commands in which steepest's own errors and Ctrl-C end as they should."""

    def make_context(self, *args: Any, **keywords: Any) -> click.Context:
        return super().make_context(*args, **{"color": color()} | keywords)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order of the day's work, not of the alphabet

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            raise Failure("interrupted.", INTERRUPTED) from None
        except Exception as error:
            from steepest import SteepestError

            if isinstance(error, SteepestError):
                raise Failure(str(error)) from error
            raise


class Option(click.Option):
    """An option that stands under a heading in the help."""

    def __init__(self, *args: Any, group: str, **attributes: Any):
        super().__init__(*args, **attributes)
        self.group = group


class Command(click.Command):
    """A command whose help groups the options and ends with examples; it knows a formula mistaken for an option.

    Parameters
    ----------
    examples : str
        Lines of a shell, as they are typed; the tests run them.
    exits : bool
        Whether exit codes other than 0 and 2 occur.
    """

    def __init__(self, *args: Any, examples: str, exits: bool = False, **attributes: Any):
        super().__init__(*args, **attributes)
        self.examples, self.exits = examples.strip().splitlines(), exits

    def make_context(self, *args: Any, **keywords: Any) -> click.Context:
        return super().make_context(*args, **{"auto_envvar_prefix": "STEEPEST"} | keywords)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, list(args))
        except click.NoSuchOption as error:
            typed = next((a for a in args if a.startswith("-") and set(a) & set("*/^()²·")), None)
            if typed is None:
                raise
            message = f"{typed!r} looks like an option. If it is a formula: --formula {typed!r}"
            raise click.UsageError(message, ctx) from error

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and record[1]:
                sections.setdefault(getattr(param, "group", OTHER), []).append(record)
        sections[OTHER] = sections.pop(OTHER)  # at the end
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records, col_max=26)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.exits:
            with formatter.section("Exit codes"):
                formatter.write_dl(EXIT_CODES)
        write_examples(self.examples, formatter)


def leave(ctx: click.Context, exit_code: int) -> NoReturn:
    """End with an exit code; with ``--exit-zero`` a run that did not converge is no failure."""
    forgiven = ctx.params["exit_zero"] and exit_code in (NOT_CONVERGED, DIVERGED, WRONG_GRADIENT)
    ctx.exit(0 if forgiven else exit_code)


def write_examples(lines: list[str], formatter: click.HelpFormatter) -> None:
    """The last section of a help: lines to copy, never wrapped."""
    with formatter.section("Examples"):
        for line in lines:
            formatter.write(f"  {line}\n")


def stack(*decorators: Callable[..., Any]) -> Callable[..., Any]:
    """Several decorators as one; the first is the outermost, and so comes first in the help."""
    return lambda function: reduce(lambda made, decorator: decorator(made), reversed(decorators), function)


def option(group: str, *declarations: str, **attributes: Any) -> Callable[..., Any]:
    """An option under the heading `group`."""
    return click.option(*declarations, cls=Option, group=group, **attributes)


def stronger(ctx: click.Context, one: str, other: str) -> int:
    """Above 0 if `one` was given at a higher place than `other` (flag, variable, file), below 0 if at a lower one."""
    first, second = (LEVELS.index(ctx.get_parameter_source(name) or LEVELS[0]) for name in (one, other))
    return first - second


def color() -> bool | None:
    """Whether there are colours: always, never, or (None) where the output is a terminal."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False  # no-color.org: any value that is not empty
    return True if os.environ.get("FORCE_COLOR") else None
