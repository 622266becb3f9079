"""The program as a whole: which failure is which exit code, and when there are colours."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import reduce
from typing import Any

import click

from ..errors import SteepestError

INTERNAL, USAGE, NOT_CONVERGED, DIVERGED, WRONG_GRADIENT, INTERRUPTED = 1, 2, 3, 4, 5, 130

EXIT_CODES = """\b
Exit codes:
    0  converged, or done
    1  the function raised an error, or steepest did
    2  wrong usage: an argument, a formula, a missing extra
    3  stopped without convergence, or without a proof (check-gradient)
    4  diverged, not finite, or without a derivative
    5  the gradient is wrong (check-gradient)
  130  interrupted (the best point is still printed)
"""


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
        except SteepestError as error:
            raise Failure(str(error)) from error
        except KeyboardInterrupt:
            raise Failure("interrupted.", INTERRUPTED) from None


class Command(click.Command):
    """A command that knows what a formula looks like when it is mistaken for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, list(args))
        except click.NoSuchOption as error:
            typed = next((a for a in args if a.startswith("-") and set(a) & set("*/^()²·")), None)
            if typed is None:
                raise
            message = f"{typed!r} looks like an option. If it is a formula: --formula {typed!r}"
            raise click.UsageError(message, ctx) from error


def stack(*decorators: Callable[..., Any]) -> Callable[..., Any]:
    """Several decorators as one; the first is the outermost, and so comes first in the help."""
    return lambda function: reduce(lambda made, decorator: decorator(made), reversed(decorators), function)


def color() -> bool | None:
    """Whether there are colours: always, never, or (None) where the output is a terminal."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False  # no-color.org: any value that is not empty
    return True if os.environ.get("FORCE_COLOR") else None
