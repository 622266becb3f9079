"""steepest explain and steepest completion."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import get_completion_class

from .catalogue import as_json_option
from .optimise import EXITS, show
from .program import Command


@click.command(cls=Command, short_help="Read a saved run again.")
@click.argument("run", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json_option
def explain(run: Path, as_json: bool) -> None:
    """Say again what a saved RUN found, and why it stopped.

    \b
    Example:
      steepest minimize rosenbrock --save run.npz
      steepest explain run.npz
    """
    from ..result import Result

    result = Result.load(run)
    show("explain", result, as_json, EXITS[result.code.partition(".")[0]])


@click.command(cls=Command, short_help="The script that completes commands by the tab key.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that lets SHELL complete commands, options, methods and functions.

    \b
    Examples:
      eval "$(steepest completion bash)"          in ~/.bashrc
      eval "$(steepest completion zsh)"           in ~/.zshrc
      steepest completion fish > ~/.config/fish/completions/steepest.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(ctx.find_root().command, {}, "steepest", "_STEEPEST_COMPLETE").source())
