"""The command line, beside the library and not in it: so that help comes at once, before NumPy is loaded."""

from __future__ import annotations

import click

from .catalogue import list_functions, list_methods
from .comparing import compare
from .gradients import check_gradient, derivative
from .optimise import maximize, minimize
from .program import Program, write_examples
from .saved import explain, plot
from .shells import completion
from .sweeping import sweep
from .training import fit, predict


class Steepest(Program):
    """The program, whose help ends with examples as those of its commands do."""

    examples = (
        'steepest minimize "x0**2 + x1**2" --x0 3,2',
        "steepest minimize rosenbrock --method adam:lr=0.01",
        "steepest compare rosenbrock --method bfgs --method adam:lr=0.1",
        'steepest check-gradient "x**2*y" --gradient "2*x*y; x**2" --x0 1,2',
    )

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(list(self.examples), formatter)


def _version(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted:
        from steepest import __version__

        click.echo(f"steepest {__version__}")
        ctx.exit()


@click.group(cls=Steepest, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
def main() -> None:
    """Minimise anything you can call, by gradient descent and its descendants; an optimiser that never lies.

    `steepest COMMAND --help` says all about a command.
    """


for command in (
    minimize,
    maximize,
    compare,
    sweep,
    fit,
    predict,
    check_gradient,
    derivative,
    explain,
    plot,
    list_functions,
    list_methods,
    completion,
):
    main.add_command(command)
