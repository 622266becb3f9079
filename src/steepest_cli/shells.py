"""steepest completion: the script that lets a shell complete commands, options, methods and functions."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from .program import Command, Failure

SHELLS = ["bash", "zsh", "fish", "powershell"]


@click.command(
    cls=Command,
    short_help="The script that completes commands by the tab key.",
    examples="""
eval "$(steepest completion bash)"
steepest completion zsh > _steepest
steepest completion fish > steepest.fish
""",
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that lets SHELL complete commands, options, methods and functions by the tab key.

    \b
    bash, zsh    put  eval "$(steepest completion bash)"  (or zsh) into ~/.bashrc or ~/.zshrc
    fish         write it to ~/.config/fish/completions/steepest.fish
    powershell   put  steepest completion powershell | Out-String | Invoke-Expression  into $PROFILE
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise Failure(f"this version of click completes no {shell}: pip install 'click>=8.4'.")
    click.echo(kind(ctx.find_root().command, {}, "steepest", "_STEEPEST_COMPLETE").source())
