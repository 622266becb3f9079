"""Trees of numbers, arrays and words in one file: written whole or not at all, read without running anything."""

from __future__ import annotations

import importlib
import json
import logging
import math
import os
import re
import time
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np

from .errors import ArgumentError
from .objective.foreign import library_of

logger = logging.getLogger("steepest")

FORMAT = 2  # of the files; raised when their meaning changes
PACKAGE = __name__.partition(".")[0]
EVERY = 10.0  # seconds between two files of a run
SHARE = 20.0  # times as long as the last one took to write: at most 5 % of the time goes into files


def write(path: str | Path, tree: Any, kind: str = "run") -> None:
    """Write a tree to one file, which at every moment is the old one or the new one, whole.

    The file is a NumPy archive: the arrays under the names that their places in the tree have, the rest as JSON
    under ``header``. There is no pickle in it.

    Parameters
    ----------
    path : str or Path
        The file; beside it ``path.part`` is written first.
    tree : dict, list, tuple, NamedTuple or dataclass of steepest, nested at will
        Of numbers, strings, None, arrays (those of torch and JAX come back as NumPy's) and generators of random
        numbers, with their states.
    kind : str
        What it is, such as ``"result"``; `read` asks for the same.

    Raises
    ------
    ArgumentError
        When the tree holds something else.
    OSError
        When the file can't be written; the old one stands.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> path = Path(tempfile.mkdtemp()) / "tree.npz"
    >>> write(path, {"t": 3, "slots": (np.ones(2), -0.0), "rng": np.random.default_rng(1)})
    >>> tree = read(path)
    >>> tree["slots"], tree["rng"].random() == np.random.default_rng(1).random()
    ((array([1., 1.]), -0.0), True)
    """
    path, arrays = Path(path), {}  # type: ignore[var-annotated]
    header = json.dumps({"kind": kind, "format": FORMAT, "tree": _dismantle(tree, "", arrays)})
    part = path.with_name(path.name + ".part")
    try:
        with open(part, "wb") as file:
            with ZipFile(file, "w") as archive:  # which keeps a checksum of each member
                for name, array in {"header": np.array(header), **arrays}.items():
                    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                        np.lib.format.write_array(member, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def read(path: str | Path, kind: str = "run") -> Any:
    """Read what `write` wrote.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ArgumentError
        When the file is damaged, of another kind or format, or no such file at all.
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header = json.loads(str(arrays.pop("header")))
        found, number, tree = header["kind"], header["format"], header["tree"]
        if number == FORMAT and found == kind:
            return _assemble(tree, arrays)
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ArgumentError(
            f"{path} is no saved {kind}, or is damaged: expected a file that steepest wrote."
        ) from error
    if number != FORMAT:
        raise ArgumentError(f"{path} has format {number}: this version of steepest reads {FORMAT}. Write it anew.")
    raise ArgumentError(f"{path} is no saved {kind}: it is a saved {found}.")


class Journal:
    """A file that a run is kept in: found again by the same run, and written every so often.

    Parameters
    ----------
    path : str or Path
        The file; it need not be there.
    problem : dict
        What the run can't be another one in: words, numbers or arrays, by the names that the caller knows.

    Attributes
    ----------
    saved : dict or None
        What was put there last, to go on from; None when there is no file yet.

    Raises
    ------
    ArgumentError
        When `path` is no path, the file is no such checkpoint, or it is that of another run.
    """

    kind: str

    def __init__(self, path: Any, problem: dict[str, Any]):
        if not isinstance(path, str | Path):
            raise ArgumentError(f"checkpoint={path!r}: expected the path of a file.")
        self.path, self.problem, self._due = Path(path), problem, -math.inf
        self.saved: Any = read(path, self.kind) if self.path.exists() else None
        saved = self.saved or {"problem": problem}
        for name, value in problem.items():
            old = saved["problem"].get(name)
            if not (old == value if isinstance(value, str) else _alike(old, value)):
                was, now = (
                    text if isinstance(text, str) else np.array2string(np.asarray(text), threshold=6)
                    for text in (old, value)
                )
                raise ArgumentError(
                    f"{path} belongs to another run: its {name} is {was}, here it is {now}. Remove the file "
                    "to begin anew, or name another one."
                )

    @property
    def due(self) -> bool:
        """Whether it is time to write."""
        return time.perf_counter() >= self._due

    def put(self, tree: dict[str, Any]) -> None:
        """Write what there is to go on from; a disk that fills up does not end the run.

        Raises
        ------
        ArgumentError
            When the file can't be written the first time.
        """
        began = time.perf_counter()
        try:
            write(self.path, {"problem": self.problem, **tree}, self.kind)
        except OSError as error:
            if self._due == -math.inf:
                raise ArgumentError(
                    f"checkpoint={str(self.path)!r} can't be written: {error.strerror or error}."
                ) from error
            logger.warning("the checkpoint %s can't be written: %s", self.path, error)
        now = time.perf_counter()
        self._due = now + max(EVERY, SHARE * (now - began))


def _alike(old: Any, new: Any) -> bool:
    old, new = np.asarray(old), np.asarray(new)
    return old.dtype == new.dtype and np.array_equal(old, new)


def _dismantle(value: Any, name: str, arrays: dict[str, np.ndarray]) -> Any:
    """`value` as plain JSON, its arrays put aside under names that `_assemble` finds."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float) and not isinstance(value, np.floating):
        return value if math.isfinite(value) else {"float": str(value)}
    if isinstance(value, np.random.Generator):
        return {"generator": _dismantle(value.bit_generator.state, name, arrays)}
    if type(value).__module__.startswith(f"{PACKAGE}.") and (parts := _fields(value)) is not None:
        kind = f"{type(value).__module__}:{type(value).__qualname__}"
        return {"made": [kind, _dismantle(parts, name, arrays)]}
    below = f"{name}/" if name else ""
    if isinstance(value, dict):
        if bad := [key for key in value if not isinstance(key, str | int | float | None)]:
            raise ArgumentError(f"the key {bad[0]!r} can't be saved: expected text or a number.")
        return {"dict": [[key, _dismantle(part, f"{below}{key}", arrays)] for key, part in value.items()]}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_dismantle(part, f"{below}{i}", arrays) for i, part in enumerate(value)]}
    if library := library_of(value):
        value = library.numpy(value)  # files know no devices
    if not isinstance(value, np.ndarray | np.generic) or value.dtype.hasobject:
        where = name or "the tree"
        raise ArgumentError(f"{where} is a {type(value).__name__}: only numbers, words and arrays are saved.")
    name = re.sub(r"[^\w./-]", "_", name) or "array"
    while name in arrays or name == "header":
        name += "_"
    arrays[name] = np.asarray(value)
    return {"array" if isinstance(value, np.ndarray) else "scalar": name}


def _fields(value: Any) -> dict[str, Any] | None:
    """The parts of a NamedTuple or a dataclass, by their names."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return value._asdict()
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value) if field.init}
    return None


def _assemble(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    match kind:
        case "float":
            return float(content)
        case "array":
            return arrays[content]
        case "scalar":
            return arrays[content][()]
        case "generator":
            state = _assemble(content, arrays)
            generator = np.random.Generator(getattr(np.random, state["bit_generator"])())
            generator.bit_generator.state = state
            return generator
        case "made":
            return _class(content[0])(**_assemble(content[1], arrays))
        case "dict":
            return {key: _assemble(part, arrays) for key, part in content}
        case "list":
            return [_assemble(part, arrays) for part in content]
        case "tuple":
            return tuple(_assemble(part, arrays) for part in content)
    raise ValueError(f"{kind!r} is unknown")


def _class(name: str) -> Any:
    """The class that a file names: a NamedTuple or a dataclass of this package, nothing else."""
    module, _, path = name.partition(":")
    found = getattr(importlib.import_module(module), path) if module.startswith(f"{PACKAGE}.") else None
    if isinstance(found, type) and found.__module__ == module and (is_dataclass(found) or hasattr(found, "_make")):
        return found
    raise ValueError(f"{name} is nothing that this version of steepest has")
