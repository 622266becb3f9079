"""Runs that are stopped and go on are the same, bit by bit, as runs that are not stopped."""

from __future__ import annotations

import logging
import subprocess
import sys
import time

import numpy as np
import pytest

import steepest as st
from steepest import checkpoint
from steepest.methods.registry import METHODS
from steepest.objective.params import Parameters
from steepest.sets import L1, Ball

MATRIX = np.diag([1.0, 30.0, 4.0]) + 0.3


def valley(x):
    return 0.5 * x @ MATRIX @ x + 0.1 * np.sum(x**4)


def slope(x):
    return MATRIX @ x + 0.4 * x**3


def half(x):
    return 0.5 * slope(x)


def noisy(x, rng):
    return valley(x) + 1e-3 * rng.standard_normal()


def equal(one, other):
    """Two results, all but their times."""
    for name in ("x", "fun", "jac", "nit", "nfev", "njev", "code", "message", "gradient", "diagnosis_nfev"):
        assert repr(one[name]) == repr(other[name]), name
    np.testing.assert_array_equal(Parameters(one.x).start, Parameters(other.x).start)
    for name in ("t", "f", "g_norm", "step", "lr", "nfev"):
        assert one.history[name].tobytes() == other.history[name].tobytes(), name
    assert one.history.x.tobytes() == other.history.x.tobytes()


X0 = [3.0, 1.0, -2.0]
STEPS, CUTS = 14, (0, 1, 5, 9)


def stopped_and_continued(path, cuts=CUTS, minimize=st.minimize, **call):
    """The same run in one, and in pieces."""
    call = {"fun": valley, "x0": X0, "gtol": 0.0, **call}
    for cut in cuts:
        minimize(**call, maxiter=cut, checkpoint=path, diagnose=False)
    return minimize(**call, maxiter=STEPS), minimize(**call, maxiter=STEPS, checkpoint=path)


FREE = {name: make for name, make in METHODS.items() if name not in ("ista", "fista", "sparsa")}


def made(make):
    """A method with its defaults, around gradient descent if it is a wrapper."""
    try:
        return make()
    except TypeError:
        return make(st.BFGS(), **{"limit": {"limit": 3.0}}.get(make.__name__, {}))


WRAPPED = [
    st.ClipNorm(st.Adam(lr=0.05), 3.0), st.ClipNorm(st.BFGS(), 3.0), st.ClipValue(st.ClipNorm(st.LBFGS(), 9.0), 3.0),
    st.GradientNoise(st.GD(lr=0.01), 0.1), st.Accumulate(st.GD(lr=0.01), 2), st.WeightDecay(st.Adam(lr=0.05), 0.1),
    st.Lookahead(st.Adam(lr=0.05)), st.Averaged(st.GD(lr=0.01)), st.PolyakAveraged(st.ClipNorm(st.GD(lr=0.01), 1.0)),
    st.PolyakAveraged(st.BFGS(), 3),
]  # fmt: skip
LENGTHS = [
    "auto",
    st.AdGD(),
    st.Polyak(0.0),
    st.Armijo(),
    st.Wolfe(),
    st.ReduceOnPlateau(0.01, patience=2),
    lambda t: 0.01 / t,
]


@pytest.mark.parametrize("jac", [None, slope, "fd"], ids=["auto", "slope", "fd"])
@pytest.mark.parametrize("method", FREE.values(), ids=FREE)
def test_every_method(method, jac, tmp_path):
    equal(*stopped_and_continued(tmp_path / "run", method=method, jac=jac))


@pytest.mark.parametrize("method", WRAPPED, ids=repr)
def test_wrappers(method, tmp_path):
    equal(*stopped_and_continued(tmp_path / "run", method=method))


@pytest.mark.parametrize("lr", LENGTHS, ids=repr)
@pytest.mark.parametrize("method", ["gd", "adam"])
def test_lengths(lr, method, tmp_path):
    equal(*stopped_and_continued(tmp_path / "run", method=method, lr=lr))


CALLS = {
    "wrong gradient": {"jac": half},
    "accurate": {"jac": "accurate"},
    "3-point": {"jac": "3-point"},
    "cs": {"jac": "cs"},
    "autograd fails": {"fun": lambda x: valley(np.array([float(v) for v in x]))},
    "pair": {"fun": lambda x: (valley(x), slope(x)), "jac": True},
    "bounds": {"bounds": [(1, 4), (None, 2), (-3, None)]},
    "bounds fd": {"bounds": [(1, 4), (None, 2), (-3, None)], "jac": "fd"},
    "ball": {"project": Ball(1.0)},
    "ball rule": {"project": Ball(1.0), "method": "adam", "lr": 0.1},
    "lasso": {"prox": L1(0.5)},
    "fista": {"prox": L1(0.5), "method": "fista"},
    "ista": {"prox": L1(0.5), "method": "ista"},
    "float32": {"x0": np.array(X0, np.float32), "jac": "fd"},
    "nested": {"fun": lambda p: valley(np.append(p["a"], p["b"])), "x0": {"a": np.array(X0[:2]), "b": X0[2]}},
    "domain": {"fun": lambda x: valley(x) if x[0] < 3.1 else np.nan, "jac": "fd"},
    "large": {"fun": lambda x: np.sum((x - 1) ** 4), "x0": np.linspace(0, 5, 300)},
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_every_kind_of_call(call, tmp_path):
    equal(*stopped_and_continued(tmp_path / "run", **call))


def test_maximise(tmp_path):
    call = {"fun": lambda x: -valley(x), "minimize": st.maximize}
    equal(*stopped_and_continued(tmp_path / "run", **call))


def test_generators_of_the_call_go_on(tmp_path):
    def run(steps, seeds, **more):
        args, rng = (np.random.default_rng(seeds),), np.random.default_rng(seeds + 1)
        call = {"method": "adam", "lr": 0.05, "jac": "fd", "gtol": 0.0, "args": args, "rng": rng}
        return st.minimize(noisy, X0, **call, maxiter=steps, **more)

    run(5, 1, checkpoint=tmp_path / "run", diagnose=False)
    equal(run(STEPS, 1), run(STEPS, 2, checkpoint=tmp_path / "run"))


def test_a_run_that_has_ended_is_not_made_again(tmp_path):
    calls = []

    def counted(x):
        calls.append(1)
        return valley(x)

    first = st.minimize(counted, X0, jac=slope, checkpoint=tmp_path / "run")
    before = len(calls)
    again = st.minimize(counted, X0, jac=slope, checkpoint=tmp_path / "run", diagnose=False)
    assert len(calls) - before == 1  # to see that it is the same function
    assert again.nfev == first.nfev
    assert again.seconds >= first.history["seconds"][-1]
    np.testing.assert_array_equal(again.x, first.x)


@pytest.mark.parametrize("limit", [{"maxfun": 60}, {"maxtime": 0.05}], ids=["maxfun", "maxtime"])
def test_budgets_count_from_the_first_start(limit, tmp_path):
    def slow(x):
        time.sleep(0.002)
        return valley(x)

    call = {"fun": slow, "x0": X0, "jac": "fd", "method": "gd", "lr": 0.01, "checkpoint": tmp_path / "run"}
    first = st.minimize(**call, **limit, diagnose=False)
    again = st.minimize(**call, **limit, diagnose=False)
    assert first.code.startswith("budget")
    assert first.code == again.code
    assert again.nit == first.nit


def test_stopped_within_a_step_it_goes_on_from_the_step_before(tmp_path):
    broken = []

    def fragile(x):
        broken.append(1)
        if len(broken) == 25:
            raise OSError("the licence server is down")
        return valley(x)

    call = {"x0": X0, "jac": "fd", "gtol": 0.0, "maxiter": STEPS}
    with pytest.raises(OSError, match="licence"):
        st.minimize(fragile, **call, checkpoint=tmp_path / "run")
    equal(st.minimize(valley, **call), st.minimize(fragile, **call, checkpoint=tmp_path / "run"))


def test_what_cannot_be_kept_says_so(tmp_path):
    with pytest.raises(st.ArgumentError, match="a wrapped FISTA"):
        st.minimize(valley, X0, method=st.ClipNorm(st.FISTA(), 3.0), checkpoint=tmp_path / "run")


REFUSED = {
    "x0": ({"x0": [3.0, 1.0, 2.0]}, "its x0 is"),
    "shape": ({"x0": [[3.0], [1.0], [-2.0]], "fun": lambda x: valley(x.ravel())}, "its shape of x0 is"),
    "precision": ({"x0": np.array(X0, np.float32)}, "its x0 is"),
    "method": ({"method": st.GD(lr=0.2)}, r"its method is GD\(lr=0.1\), here it is GD\(lr=0.2\)"),
    "jac": ({"jac": "fd"}, "its jac is"),
    "bounds": ({"bounds": [(-5, 5)] * 3}, "its bounds is"),
    "term": ({"prox": L1(1.0), "method": "ista"}, "belongs to another run"),
    "fun": ({"fun": lambda x: 2 * valley(x)}, "of another function"),
    "kind": ({"checkpoint": 3}, "expected the path"),
}


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED)
def test_another_run_is_refused(change, message, tmp_path):
    call = {"fun": valley, "x0": X0, "method": st.GD(lr=0.1), "maxiter": 3, "checkpoint": tmp_path / "run"}
    st.minimize(**call)
    with pytest.raises(st.ArgumentError, match=message):
        st.minimize(**call | change)


def test_a_file_that_is_no_checkpoint_is_refused_and_left_alone(tmp_path):
    (tmp_path / "run").write_text("thesis")
    with pytest.raises(st.ArgumentError, match="no saved checkpoint, or is damaged"):
        st.minimize(valley, X0, checkpoint=tmp_path / "run")
    assert (tmp_path / "run").read_text() == "thesis"


def test_where_nothing_can_be_written_it_is_said_at_once(tmp_path):
    with pytest.raises(st.ArgumentError, match="can't be written"):
        st.minimize(valley, X0, checkpoint=tmp_path / "nowhere" / "run")


def test_a_disk_that_fills_up_does_not_end_the_run(tmp_path, monkeypatch, caplog):
    written = []

    def full(*args):
        written.append(1)
        if len(written) > 1:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "write", full)
    monkeypatch.setattr(checkpoint, "EVERY", 0.0)
    monkeypatch.setattr(checkpoint, "SHARE", 0.0)
    with caplog.at_level(logging.WARNING, "steepest"):
        assert st.minimize(valley, X0, checkpoint=tmp_path / "run").success
    assert "No space left" in caplog.text


STEPS_OF_WORKER = 150
WORKER = """
import sys, time
import steepest as st
from steepest import checkpoint
from test_resume import STEPS_OF_WORKER, X0, valley
checkpoint.EVERY = checkpoint.SHARE = 0.0
def slow(x):
    time.sleep(0.0005)
    return valley(x)
print("ready", flush=True)
st.minimize(slow, X0, jac="fd", method=st.Adam(lr=0.01), gtol=0.0, maxiter=STEPS_OF_WORKER, checkpoint=sys.argv[1])
"""


def test_killed_again_and_again(tmp_path):
    path, rng, kills = tmp_path / "run", np.random.default_rng(3), 0
    for _ in range(40):
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, path], cwd=__file__.rpartition("/")[0], stdout=subprocess.PIPE
        )
        try:
            worker.stdout.readline()
            worker.wait(timeout=rng.uniform(0.1, 0.6))
            break
        except subprocess.TimeoutExpired:
            kills += 1
        finally:
            worker.kill()
            worker.wait()
            worker.stdout.close()
    assert 1 < kills < 40
    call = {"jac": "fd", "method": st.Adam(lr=0.01), "gtol": 0.0, "maxiter": STEPS_OF_WORKER}
    equal(st.minimize(valley, X0, **call), st.minimize(valley, X0, **call, checkpoint=path))
