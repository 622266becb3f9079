"""What runs say to the logger "steepest", and that they say nothing to anybody else."""

from __future__ import annotations

import logging
import subprocess
import sys

import numpy as np
import pytest

import steepest as st


def bowl(x):
    return x[0] ** 2 + x[1] ** 2


def told(caplog, level=None):
    return [r.getMessage() for r in caplog.records if r.name == "steepest" and level in (None, r.levelname)]


def test_start_gradient_verdict_and_retry(caplog):
    with caplog.at_level("INFO", "steepest"):
        r = st.minimize(bowl, [3.0, 2.0], method=st.GD(lr=1e-6), maxiter=9)
        start, gradient, verdict, advice = told(caplog)
        assert start == "GD(lr=1e-06) begins at f = 13 with 2 numbers"
        assert gradient.startswith("gradient: autograd, proved")
        assert verdict == f"budget.rate: {r.why}"
        assert advice == f"try: {r.advice}"
        assert told(caplog, "WARNING") == [verdict]
        caplog.clear()
        again = r.retry()
    assert told(caplog)[0].startswith("again, with method=GD(lr=0.5)")
    assert told(caplog)[-1] == f"{again.code}: {again.why}"
    assert not told(caplog, "WARNING")


def test_a_wrong_gradient_and_an_error_are_warnings(caplog):
    with caplog.at_level("INFO", "steepest"):
        st.minimize(bowl, [3.0, 2.0], jac=lambda x: 3 * x)
        assert "gradient is wrong" in told(caplog, "WARNING")[0]
        with pytest.raises(ZeroDivisionError):
            st.minimize(lambda x: 1 / 0, [3.0], jac="fd")
    assert told(caplog)[-1].startswith("error: ZeroDivisionError")


@pytest.mark.parametrize("f", [bowl, st.formula("x^2 + y^2")], ids=["called", "compiled"])
def test_every_step_where_somebody_listens_at_debug(caplog, f):
    how = {"method": st.GD(lr=0.1), "maxiter": 500, "gtol": 0.0}
    silent = st.minimize(f, [3.0, 2.0], **how)
    with caplog.at_level("DEBUG", "steepest"):
        r = st.minimize(f, [3.0, 2.0], **how)
    steps = [message for message in told(caplog, "DEBUG") if message.startswith("step ")]
    assert len(steps) == 501
    assert steps[1] == "step 1: f = 8.32, gradient norm 5.77, length 0.721, lr 0.1"
    np.testing.assert_array_equal(r.history["f"], silent.history["f"])


def test_steps_are_logged_beside_a_checkpoint_and_in_a_maximisation(caplog, tmp_path):
    with caplog.at_level("DEBUG", "steepest"):
        st.maximize(lambda x: 5 - bowl(x), [3.0, 2.0], method=st.GD(lr=0.1), maxiter=3, checkpoint=tmp_path / "c")
    assert "step 0: f = -8, gradient norm 7.21, length nan, lr nan" in told(caplog)
    assert (tmp_path / "c").exists()


def test_training(caplog):
    X = np.random.default_rng(0).normal(size=(50, 2))
    with caplog.at_level("DEBUG", "steepest"):
        r = st.fit(lambda p, X, y: np.mean((X @ p - y) ** 2), np.zeros(2), (X, X @ [1.0, 2.0]), epochs=3,
                   method=st.GD(lr=0.1), batch_size=10)  # fmt: skip
    assert len([message for message in told(caplog, "DEBUG") if message.startswith("epoch ")]) == 3
    assert told(caplog)[-1 if r.success else -2] == f"{r.code}: {r.why}"


def test_nothing_is_printed_where_nobody_has_asked():
    """Python prints warnings of loggers without a handler; each of these runs ends with one."""
    code = "import steepest as st; st.minimize(lambda x: x[0]**2, [3.0], method=st.GD(lr=2.0), jac=lambda x: 3 * x)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_listener_at_info_costs_no_call_a_step():
    logger = logging.getLogger("steepest")
    seen = []

    class Listener(logging.Handler):
        def emit(self, record):
            seen.append(record)

    handler, level = Listener(), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        st.minimize(bowl, [3.0, 2.0], method=st.GD(lr=0.01), maxiter=400)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    assert len(seen) == 4  # start, gradient, verdict, advice
