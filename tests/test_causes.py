"""Causes that verdicts once took for others, and what a diagnosis costs over all causes of the trials."""

from __future__ import annotations

import sys
import time
import zlib
from pathlib import Path

import autograd.numpy as anp
import numpy as np
import pytest

import steepest as st

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from trials import fresh, healthy, places, rough, steps

TRIALS = [
    *steps.CAUSES, *places.CAUSES, *rough.CAUSES, *healthy.HEALTHY, *fresh.FAILURES, *fresh.HEALTHY
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("generate", TRIALS, ids=lambda generate: f"{generate.__module__}.{generate.__name__}")
def test_a_diagnosis_costs_at_most_10_and_2n_and_nothing_where_none_is_wanted(generate):
    trial = lambda: generate(np.random.default_rng(zlib.crc32(generate.__name__.encode())), "tune")
    first, second = trial(), trial()
    r = st.minimize(first.fun, first.x0, **first.call)
    assert r.diagnosis_nfev <= 10 + 2 * np.size(first.x0)
    bare = st.minimize(second.fun, second.x0, **second.call, diagnose=False)
    assert bare.diagnosis_nfev == 0
    if "maxtime" not in first.call:  # the same run, but for its verdict
        assert bare.nfev == r.nfev
        np.testing.assert_array_equal(bare.history["f"], r.history["f"])


def turned(n, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((n, n)))[0]


def test_a_search_that_ends_beside_a_kink_is_told_and_advised():
    r = st.minimize(lambda x: abs(x[0]) + 3 * abs(x[1] - 1) + 10 * abs(x[2] + 5), [1.0, 2.0, 3.0])
    assert r.code in ("stalled.kink", "converged.kink")
    if not r.success:
        assert r.retry().fun < 1e-3 * 84  # of f(x0)


@pytest.mark.parametrize("share", [20.0, 60.0, 100.0])
def test_a_round_bend_below_long_steps_is_a_rate_and_no_kink(share):
    """log cosh looks like |x| to steps that are many times as long as its bend is wide."""
    r = st.minimize(lambda x: anp.logaddexp(x, -x), 3.3, method=st.GD(lr=2 * share), maxiter=200)
    assert r.code in ("stalled.cycle", "stalled.oscillates", "diverged.rate"), r.why


@pytest.mark.parametrize("jac", ["2-point", "3-point", "fd"])
@pytest.mark.parametrize("n", [2, 3, 8])
def test_ill_conditioning_is_told_where_only_values_are_to_be_had(n, jac):
    R, a = turned(n), np.logspace(0, -5, n)
    f = lambda x: np.sum(a * (R @ (x - 1)) ** 2) / 2
    r = st.minimize(f, 1 + R.T @ np.full(n, 2.0), method=st.GD(lr=0.8), jac=jac, maxiter=300)
    assert r.code == "budget.conditioning", r.why
    assert 100 <= r.evidence["condition"] <= 1.1e5  # of what was seen: no more than there is
    assert r.retry().fun < 1e-6


def test_a_cycle_of_momentum_is_no_divergence():
    r = st.minimize(lambda x: x @ x / 2, [3.0, 2.0], method=st.Momentum(lr=3.8), maxiter=300)
    assert r.code == "stalled.cycle"


def test_the_wrong_component_of_a_gradient_is_named():
    f = lambda x: x @ x + x[0] * x[1]
    g = lambda x: (2 * x + np.array([x[1], x[0], 0.0, 0.0])) * [1, 1, 1.3, 1]
    r = st.minimize(f, [1.0, 2.0, 3.0, 4.0], jac=g)
    assert r.success
    assert "its component x[2] is wrong" in r.why
    both = st.minimize(f, [1.0, 2.0, 3.0, 4.0], jac=lambda x: g(x) * [0.5, 1, 1, 1])
    assert "its components x[0], x[2] are wrong" in both.why


def test_a_rate_is_advised_only_where_f_bends_no_more_on_the_way():
    r = st.minimize(lambda x: anp.logaddexp(x, -x), 2.5, method=st.GD(lr=1e-6), maxiter=50)
    assert r.code == "budget.rate"
    assert "still stable" not in r.why
    assert r.retry().success


@pytest.mark.parametrize("jac", [None, "fd"])
def test_a_jump_is_one_under_differences_too(jac):
    f = lambda x: anp.where(x > 0.3, (x + 1) ** 2, (x - 2) ** 2 + 3)
    r = st.minimize(f, 1.7, method=st.GD(lr=0.06), jac=jac, maxiter=300)
    assert r.code == "stalled.jump", r.why


def test_where_neighbours_overflow_the_step_was_too_long():
    f = lambda x: np.sum(np.exp(3 * x) - 3 * x)
    with np.errstate(over="ignore"):
        r = st.minimize(f, [1.0, 1.2], method=st.GD(lr=30.0), jac="fd")
    assert r.code in ("diverged.rate", "nonfinite.overflow"), r.why
    assert r.retry().success


def test_heavy_balls_that_roam_are_told():
    """Far out |x| is all but straight: no curvature there tells that the rate is too large."""
    r = st.minimize(lambda x: anp.sqrt(1 + x**2), 3.0, method=st.Momentum(lr=200.0), maxiter=500)
    assert r.code in ("stalled.oscillates", "stalled.cycle", "diverged.rate"), r.why
    assert r.retry().success


def test_time_that_is_up_before_the_first_step_has_an_advice():
    def slow(x):
        time.sleep(0.3)
        return x @ x

    r = st.minimize(slow, [1.0, 2.0], method=st.GD(lr=0.1), jac=lambda x: 2 * x, maxtime=0.2)
    assert (r.code, r.nit, r.advice.changes) == ("budget.time", 0, {"maxtime": None})


def test_a_rate_is_too_small_where_f_bends_down_too():
    """At 3 the curvature of log(1 + x^2) is -0.16, at its minimum 2: 1/0.16 is no rate to trust."""
    r = st.minimize(lambda x: anp.log1p(x**2), 3.0, method=st.GD(lr=1e-6), maxiter=100)
    assert r.code == "budget.rate", r.why
    assert "may bend more" in r.why
    assert r.advice.changes["method"] is None
    assert r.retry().fun < 1e-12


@pytest.mark.parametrize("k", [0.5, 2.0])
def test_a_gradient_that_forgets_a_branch_is_accused_where_it_vanishes(k):
    f = lambda x: np.sum(np.where(x > 1, x**2, 2 * x - 1 + (x - 1) ** 2 / 2)) * k  # lowest at -1
    r = st.minimize(f, [3.0, 2.0], jac=lambda x: 2 * k * x, method=st.GD(lr=0.2 / k))
    assert r.code == "stalled.gradient", r.why
    assert abs(r.evidence["claimed"]) < 1e-6 * abs(r.evidence["measured"])
    assert abs(r.retry().x + 1).max() < 1e-4


def test_a_rectifier_that_is_off_is_no_minimum():
    t = np.linspace(0, 1, 20)
    f = lambda w: anp.mean((w[2] * anp.maximum(w[0] * t + w[1], 0.0) - 2 * t - 0.3) ** 2)
    for method in (None, st.GD(lr=0.05)):
        r = st.minimize(f, [-0.75, -0.4, 0.75], method=method)
        assert r.code == "stalled.plateau", r.why
        assert r.retry().fun < 1e-6


def test_a_saddle_of_third_order_is_not_called_rough():
    f = lambda x: x[0] ** 3 - 3 * x[0] * x[1] ** 2 + (x[0] ** 2 + x[1] ** 2) ** 2
    r = st.minimize(f, [0.0, 0.0])
    assert r.code == "stalled.plateau"
    assert r.retry().fun == pytest.approx(-27 / 256)  # r^4 - r^3 at r = 3/4


@pytest.mark.parametrize("method", [None, st.GD(lr=0.1), st.Nesterov(lr=0.05)])
def test_where_x_itself_is_rounded_the_start_is_solved(method):
    """Started a rounding away from a minimum of value 0, no test that compares with the start can be met."""
    at = np.array([1 / 3, 0.7, -1 / 7])
    r = st.minimize(lambda x: np.sum((x - at) ** 2), np.nextafter(at, 2), method=method, maxiter=300)
    assert r.success, r.why


@pytest.mark.parametrize("method", [st.Momentum(lr=1e-3), st.Momentum(lr=1e-3, beta=0.8)])
def test_a_heavy_ball_that_rolls_to_and_fro_over_a_kink(method):
    r = st.minimize(lambda x: 3 * abs(x[0] - 1) + (x[1] + 2) ** 2, [2.0, 1.0], method=method, maxiter=3000)
    assert r.code == "stalled.kink", r.why
    assert r.retry().fun < 1e-2


@pytest.mark.parametrize("x0", [7.3, 4.6, 12.9, -8.45])
@pytest.mark.parametrize("f", [lambda x: int(x**2), lambda x: np.floor(3 * abs(x - 1))])
def test_a_staircase_of_many_steps_is_no_minimum(f, x0):
    """Far away f has risen by many steps, too many to halve one out of them within the looks that a verdict has."""
    r = st.minimize(f, x0)
    assert not r.success or f(r.x) == 0
    assert r.success or r.code == "stalled.steps"


@pytest.mark.parametrize("method", ["rprop", "adam"])
def test_a_wide_flat_bottom_reached_by_a_leap_is_no_plateau(method):
    """Least, 0, wherever |x_i| <= 1."""
    r = st.minimize(
        lambda x: np.sum(np.maximum(np.abs(x) - 1, 0) ** 2),
        [3.0, -11.0],
        jac=lambda x: 2 * np.maximum(np.abs(x) - 1, 0) * np.sign(x),
        method=method,
        lr={"rprop": 0.01, "adam": 10.0}[method],
    )
    assert r.success, r.why
    assert r.fun == 0
