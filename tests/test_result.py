"""Result: scipy's keys, a readable face, and a file that comes back as it was."""

from __future__ import annotations

import copy
import json
import math
import pickle

import numpy as np
import pytest

import steepest as st


def bowl(p):
    return (p["w"] ** 2).sum() + p["b"] ** 2


@pytest.fixture
def run():
    return st.minimize(bowl, {"w": np.ones((2, 2)), "b": 3.0}, method="gd", lr=0.1, maxiter=20)


def test_keys_are_attributes(run):
    assert run.fun == run["fun"]
    assert run.why == run.message
    assert "nfev" in dir(run)
    with pytest.raises(AttributeError, match="no 'funn'; it has x, fun"):
        _ = run.funn


def test_face_tells_all_that_matters(run):
    text = str(run)
    assert text == repr(run)
    for part in (
        run.message,
        "fun",
        "w = ",
        "b = ",
        "GD(lr=0.1)",
        "20 steps",
        run.gradient,
        "success: False",
    ):
        assert part in text, part


def test_html_is_escaped():
    result = st.Result(st.minimize(lambda x: x[0] ** 2, [1.0], method="gd", maxiter=1), message="f < 3 & <b>")
    assert "&lt;b&gt;" in result._repr_html_()
    assert "<b>" not in result._repr_html_()


@pytest.mark.parametrize(
    "x0",
    [
        2.0,
        [1.0, 2.0],
        np.ones((2, 2)),
        {"w": np.ones((2, 2)), "b": 3.0},
        [np.ones(2), {"a": 1.0}],
        (np.ones(1), np.ones(2)),
    ],
    ids=repr,
)
def test_saved_and_loaded(x0, tmp_path):
    def f(p):
        parts = p.values() if isinstance(p, dict) else p if isinstance(p, list | tuple) else [p]
        return sum(f(part) if isinstance(part, dict) else (np.asarray(part) ** 2).sum() for part in parts)

    run = st.minimize(f, x0, method="gd", jac="3-point", lr=0.1, maxiter=3)
    run.save(tmp_path / "run.npz")
    again = st.Result.load(tmp_path / "run.npz")
    assert repr(again) == repr(run)
    assert type(again.x) is type(run.x)
    assert again.keys() == run.keys()
    np.testing.assert_array_equal(again.history["f"], run.history["f"])


def test_not_finite_values_survive(tmp_path):
    run = st.minimize(lambda x: math.nan, [1.0], jac=lambda x: np.ones(1))
    run.save(tmp_path / "run.npz")
    assert math.isnan(st.Result.load(tmp_path / "run.npz").fun)


def test_no_pickle_inside(run, tmp_path):
    run.save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz", allow_pickle=False) as file:
        assert json.loads(str(file["header"]))["format"] == 2
        assert all(file[name].dtype != object for name in file.files)


def test_damaged_and_foreign_files_are_refused(run, tmp_path):
    path = tmp_path / "run.npz"
    run.save(path)
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"text", whole[:200] + b"\0" * 50 + whole[250:]):
        path.write_bytes(content)
        with pytest.raises(st.ArgumentError, match=r"run\.npz is no saved result, or is damaged") as caught:
            st.Result.load(path)
        assert "pickle" not in str(caught.value)  # advice of NumPy's that nobody should follow
    np.savez(path, a=np.ones(3))
    with pytest.raises(st.ArgumentError, match="no saved result"):
        st.Result.load(path)
    with pytest.raises(FileNotFoundError):
        st.Result.load(tmp_path / "missing.npz")


@pytest.mark.parametrize("call", [st.minimize, st.maximize])
def test_pickles_whatever_the_function_is(call):
    sign = 1 if call is st.minimize else -1
    run = call(lambda x: sign * ((x - 3) ** 2).sum(), [1.0, 2.0], method="gd", lr=0.1, maxiter=20)
    back = pickle.loads(pickle.dumps(run))
    assert str(back) == str(run)
    np.testing.assert_array_equal(back.history["f"], run.history["f"])
    np.testing.assert_array_equal(back.history.x, run.history.x)
    with pytest.raises(st.ArgumentError, match="has no function to call"):
        back.retry()
    broken = st.minimize(lambda x: 1 / 0, [1.0], on_error="stop")
    assert pickle.loads(pickle.dumps(broken)).code == "error"
    assert copy.deepcopy(run).x.tolist() == run.x.tolist()
