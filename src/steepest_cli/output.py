"""What goes to stdout: results, tables, JSON, CSV; and to files."""

from __future__ import annotations

import contextlib
import csv
import json
import math
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from .program import INTERRUPTED, NOT_CONVERGED, Failure, option, stack, stronger

GROUP = "Output"
SCHEMA = 1  # of the JSON objects; raised when the meaning of a key changes
COLORS = {0: "green", NOT_CONVERGED: "yellow", INTERRUPTED: "yellow"}  # by exit code; red for the others
PICTURES = (".png", ".svg", ".pdf", ".html")
MOTION = (".html", ".gif", ".mp4")  # of runs
SUFFIXES = {
    "history": (".csv", ".jsonl", ".npz", ".parquet"),
    "save": (".npz",),
    "out": (".npz",),
    "save_config": (".toml",),
    "plot": PICTURES,
}
NEEDS = {
    ".parquet": (("pandas", "pyarrow"), "table"),
    **dict.fromkeys(PICTURES + MOTION, (("matplotlib",), "plot")),
}
ROWS = 40  # of a table on a terminal; a pipe gets all
NARROW = 40  # letters: a last column with less room than that stands in lines of its own

takes_format = stack(
    option(GROUP, "--json", is_flag=True, help="One JSON object instead of text."),
    option(GROUP, "--csv", is_flag=True, help="Comma-separated values instead of text."),
)


def form(ctx: click.Context) -> str:
    """How the command shall speak: json, csv or text."""
    as_json, as_csv = ctx.params["json"], ctx.params["csv"]
    if as_json and as_csv:
        level = stronger(ctx, "json", "csv")
        if not level:
            raise click.UsageError("give --json or --csv, not both.")
        as_json = level > 0
    return "json" if as_json else "csv" if as_csv else "text"


@contextlib.contextmanager
def heard_or_not() -> Iterator[None]:
    """Who reads stdout, such as `head`, may have enough: the files are still to be written."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@heard_or_not()
def show_rows(ctx: click.Context, rows: Sequence[Mapping[str, Any]], text: Callable[[], None], **more: Any) -> None:
    """Rows of a table in the format that was asked for; `more` is for JSON, `text` shows it to people."""
    match form(ctx):
        case "json":
            write_json(str(ctx.command.name), {**more, "rows": list(rows)})
        case "csv":
            flat = [dict(cell for item in row.items() for cell in _cells(*item)) for row in rows]
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerows(flat[:1])  # the names; Ctrl-C may leave no row
            writer.writerows(row.values() for row in flat)
        case _:
            text()


def _cells(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """One column for a number or a text, x0, x1, ... for a vector x."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list):
        for k, part in enumerate(value):
            yield from _cells(f"{name}{k}", part)
    else:
        yield name, value


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Aligned columns, numbers to the right; on a terminal with a bold head, and the last column folded at its edge."""
    cells = [tuple(head), *(tuple(map(brief, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    right = [any(is_number(cell) for cell in column[1:]) for column in zip(*cells, strict=True)]
    terminal = is_terminal()
    edge = shutil.get_terminal_size().columns if terminal else math.inf
    for i, line in enumerate(cells):
        padded = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        )
        text = "  ".join(padded).rstrip()
        if len(text) > edge:
            text = folded(text, sum(widths[:-1]) + 2 * len(widths[:-1]), int(edge))
        click.secho(text, bold=terminal and i == 0)


def folded(text: str, indent: int, edge: int) -> str:
    """A row whose last column, from `indent` on, goes on in lines below; all of it where it is too narrow."""
    start, last = text[:indent], text[indent:]
    if edge - indent < NARROW:
        start, indent = f"{start.rstrip()[:edge]}\n    ", 4
    return start + f"\n{'':{indent}}".join(textwrap.wrap(last, max(edge - indent, NARROW)))


def is_terminal() -> bool:
    """Whether people look at stdout."""
    return sys.stdout.isatty()


def brief(value: Any) -> str:
    """A cell of a table."""
    return "" if value is None else f"{value:.8g}" if isinstance(value, float) else str(value)


def is_number(text: str) -> bool:
    """Whether a cell holds a number, which stands to the right."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def details(rows: Iterable[tuple[str, str]]) -> None:
    """One ``name: text`` a line, the names aligned to the right as in a printed result."""
    rows = [(name, text) for name, text in rows if text]
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        first, *rest = wrapped(f"{name:>{width}}: {text}").split("\n")
        click.echo(click.style(first[: width + 1], bold=True) + first[width + 1 :])
        for line in rest:
            click.echo(f"{'':{width + 2}}{line.lstrip()}")


def echo_verdict(text: str, exit_code: int) -> None:
    """A text whose first line is the verdict, which has a colour on a terminal."""
    verdict, *rest = text.split("\n")
    click.secho(wrapped(verdict), fg=COLORS.get(exit_code, "red"))
    for line in rest:
        click.echo(wrapped(line))


def wrapped(line: str) -> str:
    """``name: text`` as wide as the terminal, the text staying in its column; what has lines of its own keeps them."""
    width = shutil.get_terminal_size().columns
    if not is_terminal() or len(line) <= width or "\n" in line:
        return line
    label = re.match(r" *([A-Za-z ]+: )?", line)
    indent = " " * (label.end() if label and label.end() else 2)
    return textwrap.fill(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


@heard_or_not()
def write_json(command: str, content: Any) -> None:
    """One JSON object with the schema's version; numbers that are not finite become null."""
    from steepest import __version__

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
    return checked(path, SUFFIXES[str(param.name)])


def checked(path: str | None, allowed: Sequence[str]) -> Path | None:
    """A file that can be written, whose suffix is among those allowed."""
    if path is None:
        return None
    file = Path(path)
    if not file.parent.is_dir():
        raise click.BadParameter(f"there is no folder {str(file.parent)!r}.")
    if file.suffix not in allowed:
        raise click.BadParameter(f"{path!r} must end in {' or '.join(allowed)}, which says the format.")
    packages, extra = NEEDS.get(file.suffix, ((), ""))
    for package in packages:
        if find_spec(package) is None:
            from steepest import MissingExtraError

            raise MissingExtraError(package, extra, f"a {file.suffix} file")
    return file


def folder(ctx: click.Context, param: click.Parameter, path: str | None) -> Path | None:
    """A folder that is there or can be made."""
    if path is None:
        return None
    place = Path(path)
    if not place.parent.is_dir() or (place.exists() and not place.is_dir()):
        raise click.BadParameter(f"{path!r} is no folder, nor can it be made.")
    return place


def save_history(history: Any, path: Path) -> None:
    """Write the columns in the format that the suffix says."""
    import numpy as np

    {
        ".csv": history.to_csv,
        ".jsonl": history.to_jsonl,
        ".npz": lambda to: np.savez_compressed(to, **history.to_arrays()),
        ".parquet": lambda to: history.to_dataframe().reset_index().to_parquet(to),
    }[path.suffix](path)


def save_histories(runs: Mapping[str, Any], path: Path) -> None:
    """Write the columns of several runs one below the other, the name of the method first."""
    import numpy as np

    histories = {name: result.history.to_arrays() for name, result in runs.items()}
    columns: dict[str, Any] = {"method": np.repeat([*runs], [len(each["t"]) for each in histories.values()])}
    for name in next(iter(histories.values())):
        if not name.startswith("x"):
            column = np.concatenate([each[name] for each in histories.values()])
            columns[name] = column.astype(int) if name in ("t", "nfev") else column
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*map(np.ndarray.tolist, columns.values()), strict=True)]
    match path.suffix:
        case ".csv":
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, columns)
                writer.writeheader()
                writer.writerows(rows)
        case ".jsonl":
            path.write_text(
                "".join(f"{json.dumps(plain(row), ensure_ascii=False)}\n" for row in rows), encoding="utf-8"
            )
        case ".npz":
            np.savez_compressed(path, **columns)
        case ".parquet":
            import pandas

            pandas.DataFrame(columns).to_parquet(path)


def write_file(path: Path | None, write: Callable[[Path], Any], quiet: bool) -> None:
    """Write a file, if one was asked for, and say so on stderr."""
    if path is None:
        return
    try:
        write(path)
    except OSError as error:
        raise Failure(f"{path} can't be written: {error.strerror or error}", 1) from error
    if not quiet:
        click.echo(f"written: {path}", err=True)
