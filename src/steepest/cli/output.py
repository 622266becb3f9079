"""What goes to stdout: results, tables, JSON; and to files."""

from __future__ import annotations

import json
import math
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from .program import INTERRUPTED, NOT_CONVERGED, Failure

SCHEMA = 1  # of the JSON objects; raised when the meaning of a key changes
COLORS = {0: "green", NOT_CONVERGED: "yellow", INTERRUPTED: "yellow"}  # by exit code; red for the others
FILES = (".csv", ".jsonl", ".npz")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Aligned columns; on a terminal with a bold head, and cut at its edge."""
    lines = [tuple(head), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    terminal = sys.stdout.isatty()
    edge = shutil.get_terminal_size().columns if terminal else math.inf
    for i, line in enumerate(lines):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        if len(text) > edge:
            text = text[: int(edge) - 1] + "…"
        click.secho(text, bold=terminal and i == 0)


def details(rows: Iterable[tuple[str, str]]) -> None:
    """One ``name: text`` a line, the names aligned to the right as in a printed result."""
    rows = [(name, text) for name, text in rows if text]
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        indented = text.replace("\n", "\n" + " " * (width + 2))
        click.echo(f"{click.style(f'{name:>{width}}:', bold=True)} {indented}")


def echo_verdict(text: str, exit_code: int) -> None:
    """A text whose first line is the verdict, which has a colour on a terminal."""
    verdict, *rest = text.split("\n")
    click.secho(verdict, fg=COLORS.get(exit_code, "red"))
    click.echo("\n".join(rest))


def write_json(command: str, content: Any) -> None:
    """One JSON object with the schema's version; numbers that are not finite become null."""
    from .. import __version__

    whole = {"schema": SCHEMA, "steepest": __version__, "command": command, **plain(content)}
    click.echo(json.dumps(whole, ensure_ascii=False, allow_nan=False))


def plain(value: Any) -> Any:
    """Numbers, arrays and their nestings as JSON has them."""
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if hasattr(value, "tolist"):  # an array, or a number of NumPy's
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int | None) else str(value)


def writable(ctx: click.Context, param: click.Parameter, path: str | None) -> Path | None:
    """A file that can be written, found out before the run and not after it."""
    if path is None:
        return None
    file = Path(path)
    if not file.parent.is_dir():
        raise click.BadParameter(f"there is no folder {str(file.parent)!r}.")
    allowed = FILES if param.name == "history" else (".npz",)
    if file.suffix not in allowed:
        raise click.BadParameter(f"{path!r} must end in {' or '.join(allowed)}, which says the format.")
    return file


def save_history(history: Any, path: Path) -> None:
    """Write the columns in the format that the suffix says."""
    import numpy as np

    {
        ".csv": history.to_csv,
        ".jsonl": history.to_jsonl,
        ".npz": lambda to: np.savez_compressed(to, **history.to_arrays()),
    }[path.suffix](path)


def write_file(path: Path, write: Any, quiet: bool) -> None:
    """Write a file, and say so on stderr."""
    try:
        write(path)
    except OSError as error:
        raise Failure(f"{path} can't be written: {error.strerror or error}", 1) from error
    if not quiet:
        click.echo(f"written: {path}", err=True)
