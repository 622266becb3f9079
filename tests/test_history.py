"""History: the columns of a run, in every form people take them away in, thinned where they would hurt."""

from __future__ import annotations

import csv
import json
import math
import tracemalloc

import numpy as np
import pytest

import steepest as st
from conftest import peer
from steepest import history as module
from steepest.history import COLUMNS, History, Record


@pytest.fixture
def run():
    return st.minimize(
        lambda x: x[0] ** 2 + x[1] ** 2,
        [3.0, 2.0],
        method=st.GD(lr=0.1),
        jac=lambda x: 2 * x,
        maxiter=10,
        gtol=0.0,
    )


def test_columns_tell_what_happened(run):
    h, t = run.history, np.arange(11)
    np.testing.assert_array_equal(h["t"], t)
    np.testing.assert_allclose(h["f"], 13 * 0.64**t)
    np.testing.assert_allclose(h["g_norm"], math.sqrt(52) * 0.8**t)
    np.testing.assert_allclose(h["step"][1:], 0.1 * math.sqrt(52) * 0.8 ** t[:-1])
    np.testing.assert_array_equal(h["lr"][1:], 0.1)
    assert math.isnan(h["lr"][0])
    assert math.isnan(h["step"][0])
    assert (np.diff(h["nfev"]) == 1).all()
    assert (np.diff(h["seconds"]) > 0).all()
    np.testing.assert_allclose(h.x, np.outer(0.8**t, [3.0, 2.0]))


def test_unknown_column_lists_what_there_is(run):
    with pytest.raises(KeyError, match="'loss'; it has t, f"):
        run.history["loss"]


def test_iteration_gives_records(run):
    records = list(run.history)
    assert len(records) == len(run.history) == 11
    assert records[0].f == 13.0
    assert records[-1] == run.history.last


def test_dict_and_arrays(run):
    assert run.history.to_dict()["f"] == run.history["f"].tolist()
    assert set(run.history.to_arrays()) == {*COLUMNS, "x", "x_steps"}


def test_data_frame(run):
    peer("pandas")
    frame = run.history.to_dataframe()
    assert frame.index.name == "t"
    np.testing.assert_array_equal(frame["f"], run.history["f"])


def test_csv(run, tmp_path):
    run.history.to_csv(tmp_path / "run.csv")
    with open(tmp_path / "run.csv") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["f"]) for row in rows] == run.history["f"].tolist()
    assert [row["t"] for row in rows] == [str(t) for t in range(11)]


def test_json_lines_are_valid_json(run, tmp_path):
    run.history.to_jsonl(tmp_path / "run.jsonl")
    rows = [json.loads(line, parse_constant=pytest.fail) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert rows[0]["step"] is None  # NaN is no JSON
    assert [row["f"] for row in rows] == run.history["f"].tolist()


def test_a_maximisation_shows_the_callers_values(tmp_path):
    result = st.maximize(lambda x: 1 - x[0] ** 2, [1.0], method="gd", lr=0.25, maxiter=2)
    result.history.to_jsonl(tmp_path / "h.jsonl")
    rows = [json.loads(line)["f"] for line in (tmp_path / "h.jsonl").read_text().splitlines()]
    assert rows == result.history["f"].tolist() == result.history.to_dict()["f"] == [0.0, 0.75, 0.9375]


def test_x_is_thinned_evenly(monkeypatch):
    monkeypatch.setattr(module, "X_MEMORY", 100 * 16)
    history = History()
    for t in range(5000):
        history.append(Record(t, 1.0, 1.0, 1.0, 1.0, t, 0.0), np.array([t, -t], float))
    assert 50 <= len(history.x) <= 101
    np.testing.assert_array_equal(history.x[:, 0], history.x_steps)
    assert len(np.unique(np.diff(history.x_steps))) == 1
    assert len(history["f"]) == 5000  # the columns are kept whole


def test_a_million_steps_do_not_hurt():
    history = History()
    x = np.zeros(100)
    tracemalloc.start()
    for t in range(1_000_000):
        history.append(Record(t, 1.0, 1.0, 1.0, 1.0, t, 0.0), x.copy() if t % 100 == 0 else x)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(history) == 1_000_000
    assert peak < 250e6


def test_arrays_there_and_back(run):
    again = History.from_arrays(run.history.to_arrays())
    np.testing.assert_array_equal(again["f"], run.history["f"])
    np.testing.assert_array_equal(again.x, run.history.x)
    assert again.last == run.history.last
    assert again.first[:2] == run.history.first[:2]
