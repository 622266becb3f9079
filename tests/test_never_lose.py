"""Functions that misbehave in the middle of a run lose nothing and turn no run into another one."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

import steepest as st


def valley(x):
    return (1 - x[0]) ** 2 + 10 * (x[1] - x[0] ** 2) ** 2


def slope(x):
    inner = x[1] - x[0] ** 2
    return np.array([-2 * (1 - x[0]) - 40 * x[0] * inner, 20 * inner])


def overwriting(function):
    """The same function, which leaves rubbish in its argument."""

    def inner(x, *rest):
        value = function(x, *rest)
        x[...] = np.nan
        return value

    return inner


START = [-1.2, 1.0]
METHODS = [None, st.GD(lr=0.01), st.GD(lr="auto"), st.Adam(lr=0.1), "lbfgs", "conjugategradient"]


def same(one, other):
    np.testing.assert_array_equal(one.x, other.x)
    np.testing.assert_array_equal(one.history["f"], other.history["f"])
    assert (one.code, one.nfev, one.njev) == (other.code, other.nfev, other.njev)


@pytest.mark.parametrize("method", METHODS, ids=str)
@pytest.mark.parametrize("jac", ["fd", "3-point", "own", "both"])
def test_a_function_that_overwrites_its_argument_makes_the_same_run(method, jac):
    fun, how = valley, {"method": method, "maxiter": 60}
    both = lambda x: (valley(x), slope(x))
    good = {"own": (fun, slope), "both": (both, True)}.get(jac, (fun, jac))
    bad = (overwriting(good[0]), overwriting(slope) if jac == "own" else good[1])
    x0 = np.array(START)
    same(st.minimize(bad[0], x0, jac=bad[1], **how), st.minimize(good[0], START, jac=good[1], **how))
    np.testing.assert_array_equal(x0, START)


def test_parameters_of_a_nesting_are_as_safe():
    def f(p):
        value = float(((p["a"] - 1) ** 2).sum() + p["b"][0] ** 2)
        p["a"][:], p["b"][0] = 7.0, 7.0
        return value

    x0 = {"a": np.array([3.0, 2.0]), "b": [np.array([4.0]), np.array([5.0])]}
    r = st.minimize(lambda p: f({"a": p["a"], "b": p["b"][0]}), x0, jac="fd")
    assert r.success
    np.testing.assert_allclose(r.x["a"], 1, atol=1e-6)
    assert (x0["a"].tolist(), x0["b"][0].tolist()) == ([3.0, 2.0], [4.0])


@pytest.mark.parametrize("method", METHODS, ids=str)
@pytest.mark.parametrize("call", [1, 2, 15, 25])
def test_an_error_at_any_call_keeps_the_best_point_so_far(method, call):
    calls = []

    def fragile(x):
        calls.append((valley(x), x.copy()))
        if len(calls) >= call:
            raise ZeroDivisionError("model broke")
        return calls[-1][0]

    how = {"method": method, "jac": slope, "maxiter": 2000}
    with pytest.raises(ZeroDivisionError, match="model broke") as caught:
        st.minimize(fragile, START, **how)
    r = caught.value.result
    assert (r.code, r.success) == ("error", False)
    seen = [f for f, _ in calls[: call - 1]]
    if seen:
        assert r.fun in seen
        assert r.fun <= seen[0]
        assert valley(r.x) == r.fun
    calls.clear()
    stopped = st.minimize(fragile, START, on_error="stop", **how)
    np.testing.assert_array_equal(stopped.x, r.x)
    assert "model broke" in stopped.why


def test_differences_that_meet_nothing_but_errors_are_no_gradient_of_zero():
    """Where f raises outside of its domain they go round it; here there is no inside."""
    calls = []

    def fragile(x):
        calls.append(1)
        if len(calls) >= 6:  # while the first gradient is measured
            raise ZeroDivisionError("model broke")
        return valley(x)

    r = st.minimize(fragile, START, jac="fd")
    assert (r.code, r.success) == ("nonfinite.gradient", False)
    assert valley(r.x) == r.fun <= valley(START)
    assert "raises an error" in r.why


def test_a_slope_that_overflows_is_no_success():
    f = lambda x: np.cosh(1e5 * x[0])
    far = (1e-5 + 706e-5) / (1e5 * np.sinh(1))  # the first step leads to 2e306
    r = st.minimize(f, [1e-5], method=st.GD(lr=far))
    assert not r.success, r.why


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_overflow_far_away_is_no_edge():
    """exp(x^2) is finite up to 26.6, and the first step leads to -48615."""
    r = st.minimize(lambda x: np.exp(x[0] ** 2), [3.0], method=st.GD(lr=1.0))
    assert r.code in ("nonfinite.overflow", "diverged.rate"), r.why
    again = r.retry()  # a rate that is safe at 3 is slow at 0, and the verdict says so
    assert again.fun < r.fun
    assert again.success or again.retry().success


@pytest.mark.parametrize("maxfun", [1, 2, 5, 9])
def test_a_budget_that_ends_in_the_proof_keeps_the_value_at_the_start(maxfun):
    r = st.minimize(valley, START, maxfun=maxfun)
    assert not r.success
    assert r.nfev <= maxfun
    assert valley(r.x) == r.fun <= valley(START)


def test_an_error_of_the_gradient_and_of_the_callback_keep_as_much():
    def callback(x):
        if x[0] > -1:
            raise OSError("disk full")

    def gradient(x):
        if x[0] > -1:
            raise OSError("disk full")
        return slope(x)

    for how in ({"callback": callback}, {"jac": gradient}):
        with pytest.raises(OSError, match="disk full") as caught:
            st.minimize(valley, START, method=st.GD(lr=0.003), **how)
        assert caught.value.result.nit > 0
        assert caught.value.result.fun < valley(START)


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_maxtime_ends_with_the_call_in_flight(method):
    """Not even a call that takes as long as the limit is cut short, and none begins after it."""
    begun = []

    def slow(x):
        begun.append(time.perf_counter())
        time.sleep(0.1)
        return valley(x)

    r = st.minimize(slow, START, jac=slope, method=method, maxtime=0.25)
    assert r.code in ("budget.time", "budget.unproved")
    assert not r.success
    # the clock is read just before the call; without a limit they would go on for seconds
    assert max(begun) - begun[0] <= 0.25 + 0.1
    assert r.nfev + r.diagnosis_nfev == len(begun)
    assert valley(r.x) == r.fun <= valley(START)


def test_ctrl_c_in_a_slow_call_gives_back_what_was_found():
    calls = []

    def fun(x):
        calls.append(valley(x))
        if len(calls) == 30:
            raise KeyboardInterrupt
        return calls[-1]

    r = st.minimize(fun, START, jac=slope)
    assert (r.code, r.fun) == ("interrupted", min(calls[:-1]))
    assert r.retry().success


@pytest.mark.parametrize("jac", [None, "fd"])
def test_runs_in_threads_are_those_alone(jac):
    """With autograd too, whose traces must not meet."""
    methods = [st.BFGS(), st.Adam(lr=0.1), st.GD(lr="auto"), st.LBFGS()] * 2
    found = [None] * len(methods)

    def work(k):
        found[k] = st.minimize(valley, START, method=methods[k], jac=jac, maxiter=80)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(len(methods))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for method, r in zip(methods, found, strict=True):
        same(r, st.minimize(valley, START, method=method, jac=jac, maxiter=80))


def test_a_function_that_minimises_is_minimised():
    """min over x of min over y: the inner run has derivatives of its own, and its verdicts."""
    codes = []

    def inner(x):
        r = st.minimize(lambda y: (y[0] - x[0]) ** 2 + (y[0] + 1) ** 2, [0.0])
        codes.append(r.code)
        return r.fun + (x[0] - 2) ** 2

    r = st.minimize(inner, [5.0], jac="fd")
    # y = (x - 1)/2 leaves (x + 1)^2/2 + (x - 2)^2, lowest at x = 1
    assert r.success
    assert r.x[0] == pytest.approx(1.0, abs=1e-5)
    assert all(code.startswith("converged") for code in codes)
