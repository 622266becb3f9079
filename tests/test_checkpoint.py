"""Files of trees: everything comes back, nothing half-written or foreign is taken."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import steepest as st
from steepest.checkpoint import read, write
from steepest.derivatives.noise import Noise
from steepest.methods.directions import Pair


def same(a, b):
    """Equal to the last bit, and of the same type."""
    assert type(a) is type(b)
    if isinstance(a, dict):
        assert list(a) == list(b)
        assert all(same(a[key], b[key]) for key in a)
    elif isinstance(a, list | tuple):
        assert len(a) == len(b)
        assert all(same(*pair) for pair in zip(a, b, strict=True))
    elif isinstance(a, np.ndarray | np.generic):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        assert a.tobytes() == b.tobytes()
    elif isinstance(a, np.random.Generator):
        assert same(a.bit_generator.state, b.bit_generator.state)
    elif isinstance(a, float):
        assert a.hex() == b.hex()
    else:
        assert a == b
    return True


TREES = {
    "numbers": {"int": 2**200, "float": 0.1, "zero": -0.0, "nan": math.nan, "inf": -math.inf, "yes": True},
    "words": ["", "a\0b", "naïve", None, "\ud800"],
    "nested": {"a": [(), [], {}, ((1,), [2.0])]},
    "keys": {1: "int", "1": "text", None: 0, 2.5: 1},
    "names": {"header": np.ones(1), "file": np.ones(2), "a/b": np.ones(3), "a": {"b": np.ones(4)}, "": np.ones(5)},
    "arrays": [np.ones((2, 3), "f"), np.ones((0, 4)), np.arange(3), np.array(5.0), np.array(["x"]), np.ones(1, bool)],
    "scalars": (np.float32(0.1), np.float64(math.nan), np.int8(3), np.bool_(True)),
    "named": Pair(np.ones(2), np.array([1.0, -0.0]), 1.0),
    "generators": [np.random.default_rng(1), np.random.Generator(np.random.MT19937(2))],
    "array": np.ones(3),
}  # fmt: skip


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_what_was_written_comes_back(tree, tmp_path):
    write(tmp_path / "t", tree)
    assert same(tree, read(tmp_path / "t"))


def test_dataclasses_of_the_package_come_back(tmp_path):
    noise = Noise(0.5, False, True, 2.0, 7)
    write(tmp_path / "t", [noise])
    assert read(tmp_path / "t") == [noise]


@pytest.mark.parametrize("bad", [{"a": object()}, [lambda x: x], {(1, 2): 3}, np.array([object()]), {1j}])
def test_what_is_no_data_is_refused(bad, tmp_path):
    with pytest.raises(st.ArgumentError, match="saved"):
        write(tmp_path / "t", bad)
    assert not os.listdir(tmp_path)


def test_any_flipped_byte_is_noticed_or_harmless(tmp_path):
    path, tree = tmp_path / "t", {"x": np.linspace(0, 1, 50), "t": 7, "words": "abc"}
    write(path, tree)
    whole = path.read_bytes()
    for i in range(0, len(whole), 7):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 0xFF]) + whole[i + 1 :])
        try:
            found = read(path)
        except st.ArgumentError:
            continue
        assert same(found, tree)  # times of the members, for one, do not matter


def test_every_cut_file_is_refused(tmp_path):
    path = tmp_path / "t"
    write(path, {"x": np.linspace(0, 1, 50)})
    whole = path.read_bytes()
    for length in range(0, len(whole), 11):
        path.write_bytes(whole[:length])
        with pytest.raises(st.ArgumentError, match="damaged"):
            read(path)


def header(path, **changes):
    """Write the file again with another header."""
    with np.load(path) as archive:
        arrays = dict(archive)
    arrays["header"] = np.array(json.dumps(json.loads(str(arrays["header"])) | changes))
    with open(path, "wb") as file:
        np.savez(file, **arrays)


def test_other_kinds_formats_and_classes_are_refused(tmp_path):
    path = tmp_path / "t"
    write(path, {"a": 1}, "result")
    with pytest.raises(st.ArgumentError, match="no saved run: it is a saved result"):
        read(path)
    header(path, format=99)
    with pytest.raises(st.ArgumentError, match="format 99"):
        read(path, "result")
    for name in ("os:system", "steepest.checkpoint:write", "steepest.nowhere:Pair", "steepest.result:Result"):
        write(path, {"a": 1})
        header(path, tree={"made": [name, {"dict": []}]})
        with pytest.raises(st.ArgumentError, match="damaged"):
            read(path)
    (tmp_path / "pickled").write_bytes(b"\x80\x04.")
    with pytest.raises(st.ArgumentError, match="no saved run"):
        read(tmp_path / "pickled")
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "missing")


WRITER = """
import sys, numpy as np
from steepest.checkpoint import write
k = 0
while True:
    k += 1
    write(sys.argv[1], {"k": k, "x": np.full(200_000, float(k))})
"""


def test_killed_at_any_moment_the_file_is_whole(tmp_path):
    path = tmp_path / "t"
    moments = np.random.default_rng(0).uniform(0, 0.1, 6)
    for moment in moments:
        process = subprocess.Popen([sys.executable, "-c", WRITER, path])
        try:
            while not Path(path).exists():
                time.sleep(0.01)
            time.sleep(moment)
        finally:
            process.kill()
            process.wait()
        tree = read(path)
        assert (tree["x"] == tree["k"]).all()
