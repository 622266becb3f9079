"""Data from everywhere: memory maps, files in chunks, generators; larger than the memory that is allowed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import steepest as st
from conftest import peer
from steepest.data import Chunks, source
from steepest.tabular import read_table

RNG = np.random.default_rng(0)
X = RNG.normal(size=(1003, 3))
y = X @ [1.0, -2.0, 0.5] + 3


def rows_of(batches):
    return np.concatenate([batch[-1] for batch in batches])


def pieces(size=400):
    for start in range(0, len(y), size):
        yield X[start : start + size], y[start : start + size]


@pytest.mark.parametrize("shuffle", ["full", "block", None])
@pytest.mark.parametrize("size", [1, 32, 250, 5000])
def test_chunks_give_batches_of_one_size_and_every_row_once(shuffle, size):
    stream = Chunks(pieces)
    batches = list(stream.epoch(size, shuffle, np.random.default_rng(1)))
    assert [len(b[1]) for b in batches[:-1]] == [size] * (len(batches) - 1)
    assert sorted(rows_of(batches)) == sorted(y)
    assert stream.rows == len(y)
    for a, b in batches[:3]:
        np.testing.assert_allclose(a @ [1.0, -2.0, 0.5] + 3, b, rtol=1e-12)  # in step
    again = list(stream.epoch(size, shuffle, np.random.default_rng(1)))
    np.testing.assert_array_equal(rows_of(again), rows_of(batches))


def test_a_stream_trains_as_its_rows_do():
    loss = st.losses.Squared()
    streamed = st.fit(loss, None, pieces, shuffle=None, method=st.GD(lr=0.05), epochs=5)
    whole = st.fit(loss, None, (X, y), shuffle=None, method=st.GD(lr=0.05), epochs=5)
    np.testing.assert_allclose(streamed.x["coef"], whole.x["coef"], rtol=1e-12)
    assert streamed.nit == whole.nit


def test_a_generator_is_read_once():
    r = st.fit(st.losses.Squared(), None, pieces(), epochs=1)
    assert r.nit == 32
    np.testing.assert_allclose(r.x["coef"], [1.0, -2.0, 0.5], atol=0.3)
    assert st.fit(st.losses.Squared(), None, pieces()).nit == 32  # one epoch, where nothing is said
    with pytest.raises(st.ArgumentError, match="read once"):
        st.fit(st.losses.Squared(), None, pieces(), epochs=2)


def test_a_list_of_chunks_and_a_stream_without_rows():
    r = st.fit(st.losses.Squared(), None, list(pieces()), method=st.GD(lr=0.1), epochs=10)
    np.testing.assert_allclose(r.x["coef"], [1.0, -2.0, 0.5], atol=1e-6)
    with pytest.raises(st.ArgumentError, match="no rows"):
        st.fit(lambda p, x: p, 0.0, lambda: iter(()))


def test_nan_in_a_chunk_is_named_with_its_chunk():
    bad = X.copy()
    bad[700, 1] = np.nan

    def stream():
        for start in range(0, 1000, 400):
            yield bad[start : start + 400], y[start : start + 400]

    with pytest.raises(st.ArgumentError, match=r"chunk 1, data\[0\]\[:, 1\] in 1 row;"):
        st.fit(st.losses.Squared(), None, stream)


def test_a_memory_map_and_nan_in_it(tmp_path):
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    a = st.fit(st.losses.Squared(), None, (mapped, y), method=st.GD(lr=0.05), epochs=2)
    b = st.fit(st.losses.Squared(), None, (X, y), method=st.GD(lr=0.05), epochs=2)
    np.testing.assert_array_equal(a.x["coef"], b.x["coef"])
    bad = X.copy()
    bad[5, 2] = np.inf
    np.save(tmp_path / "bad.npy", bad)
    with pytest.raises(st.ArgumentError, match=r"\[:, 2\] in 1 row;"):
        st.fit(st.losses.Squared(), None, (np.load(tmp_path / "bad.npy", mmap_mode="r"), y))


def test_data_frames_bring_their_names():
    pandas = peer("pandas")
    frame = pandas.DataFrame(X, columns=["length", "width", "age"])
    r = st.fit(st.losses.Squared(), None, (frame, pandas.Series(y)), epochs=5)
    np.testing.assert_allclose(r.x["coef"], [1.0, -2.0, 0.5], atol=0.05)
    frame.loc[3, "age"] = np.nan
    with pytest.raises(st.ArgumentError, match="'age'"):
        source((frame, y))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files_in_chunks(tmp_path, kind, monkeypatch):
    pandas = peer("pandas")
    if kind == "parquet":
        peer("pyarrow")
    monkeypatch.setattr("steepest.data.files.ROWS", 300)
    path = tmp_path / f"table.{kind}"
    frame = pandas.DataFrame(X, columns=["a", "b", "c"]).assign(y=y, name="word")
    frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)
    reader = {"csv": st.data.CSV, "parquet": st.data.Parquet}[kind]
    r = st.fit(st.losses.Squared(), None, reader(path, target="y", features=["a", "b", "c"]), method=st.GD(lr=0.1))
    np.testing.assert_allclose(r.x["coef"], [1.0, -2.0, 0.5], atol=1e-6)
    assert r.nit == 20 * 32
    with pytest.raises(st.ArgumentError, match="'name' holds 'word'"):
        st.fit(st.losses.Squared(), None, reader(path, target="y"))
    with pytest.raises(st.ArgumentError, match="no column 'z'"):
        reader(path, target="z")
    with pytest.raises(st.ArgumentError, match="no such file"):
        reader(tmp_path / "none", target="y")


@pytest.mark.parametrize(("separator", "point"), [(";", ","), (";", "."), ("\t", "."), (",", ".")])
def test_csv_as_others_write_it(tmp_path, separator, point):
    """As on the command line: the header tells the separator, and remarks may stand before it."""
    pandas = peer("pandas")
    path, frame = tmp_path / "table.csv", pandas.DataFrame({"a": X[:, 0], "y": 1 + 2 * X[:, 0]})
    path.write_text("# measured\n# on Monday\n" + frame.to_csv(index=False, sep=separator, decimal=point))
    read = np.hstack([np.column_stack(batch) for batch in st.data.CSV(path, target="y").epoch(10**6, None, None)])
    assert np.array_equal(read, frame.to_numpy())
    assert np.array_equal(read_table(path).to_numpy(dtype=float), frame.to_numpy())


LIMITED = """
import resource, sys
import numpy as np
import steepest as st
import steepest.losses
path, rows = sys.argv[1], int(sys.argv[2])
data = np.load(path, mmap_mode="r")
used = int(next(line for line in open("/proc/self/status") if line.startswith("VmData")).split()[1]) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (used + 64 * 2**20,) * 2)  # 64 MB more; the file has 160
try:
    np.array(data)
except MemoryError:
    print("does not fit")
r = st.fit(lambda p, A: (np.mean((A[:, :-1] @ p - A[:, -1]) ** 2),
                         2 * A[:, :-1].T @ (A[:, :-1] @ p - A[:, -1]) / len(A)),
           np.zeros(19), data, jac=True, method=st.GD(lr=0.05), batch_size=256, epochs=1, shuffle="block")
print(np.abs(r.x - np.arange(19)).max() < 1e-3)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of RLIMIT_DATA is Linux's")
def test_data_larger_than_the_allowed_memory(tmp_path):
    rows = 1_000_000
    path = tmp_path / "large.npy"
    data = np.lib.format.open_memmap(path, "w+", np.float64, (rows, 20))
    rng = np.random.default_rng(0)
    for start in range(0, rows, 100_000):
        A = rng.normal(size=(100_000, 19))
        data[start : start + 100_000] = np.column_stack([A, A @ np.arange(19)])
    data.flush()
    source = str(Path(st.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path), str(rows)], capture_output=True, text=True, check=False,
        env={"PYTHONPATH": source, "OMP_NUM_THREADS": "1"}, timeout=200,
    )  # fmt: skip
    assert done.stdout.split("\n")[:2] == ["does not fit", "True"], done.stderr


def test_tables_without_rows_or_header_are_refused(tmp_path):
    (tmp_path / "header.csv").write_text("x,y\n")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(st.ArgumentError, match="no rows"):
        st.fit(st.losses.Squared(), None, st.data.CSV(tmp_path / "header.csv", target="y"))
    with pytest.raises(st.ArgumentError, match="can't be read"):
        st.data.CSV(tmp_path / "empty.csv", target="y")
