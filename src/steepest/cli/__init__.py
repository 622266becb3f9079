"""The command line. Only click is imported before a command runs, so that help comes at once."""

from __future__ import annotations

import click

from .catalogue import list_functions, list_methods
from .gradients import check_gradient, derivative
from .optimise import maximize, minimize
from .program import EXIT_CODES, Program
from .saved import completion, explain


def _version(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted:
        from .. import __version__

        click.echo(f"steepest {__version__}")
        ctx.exit()


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXIT_CODES,
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version."
)
def main() -> None:
    """Minimise anything you can call, by gradient descent and its descendants; an optimiser that never lies.

    \b
    Examples:
      steepest minimize "x0**2 + x1**2" --x0 3,2
      steepest minimize rosenbrock --method adam --lr 0.01
      steepest check-gradient "x**2*y" --gradient "2*x*y; x**2" --x0 1,2
    """


for command in (
    minimize,
    maximize,
    check_gradient,
    derivative,
    list_methods,
    list_functions,
    explain,
    completion,
):
    main.add_command(command)
