"""Verdicts that were wrong: too few steps, numbers that overflow or underflow, units that are saturated."""

import math

import numpy as np
import pytest

import steepest as st

anp = pytest.importorskip("autograd.numpy")
pytestmark = pytest.mark.filterwarnings("ignore:overflow", "ignore:divide", "ignore:invalid")


def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


@pytest.mark.parametrize("maxfun", range(6, 16))
def test_a_few_steps_of_a_search_are_no_bouncing(maxfun):
    r = st.minimize(rosenbrock, [-1.2, 1.0], maxfun=maxfun)
    assert r.code == "budget.evaluations", r.why


@pytest.mark.parametrize("maxfun", [9, 12, 20])
def test_a_cycle_has_its_numbers_where_no_look_is_left(maxfun):
    r = st.minimize(lambda x: x @ x, [1.0, 2.0], method=st.GD(lr=1.0), jac=lambda x: 2 * x, maxfun=maxfun)
    assert r.code == "stalled.cycle"
    assert "nan" not in r.why
    assert "0.5 = 1/L" in r.why  # f = x'x has L = 2


@pytest.mark.parametrize("rule", [st.GD, st.Momentum, st.Nesterov])
def test_a_step_to_where_numbers_overflow_is_too_long_not_beyond_an_edge(rule):
    f = lambda x: anp.sum(anp.log(1 + anp.exp(-x)) + anp.log(1 + anp.exp(x)))
    r = st.minimize(f, [3.0, 1.0], method=rule(lr=1000.0))
    assert r.code == "diverged.rate", r.why
    assert r.retry().fun == pytest.approx(4 * math.log(2))  # at 0


def test_an_edge_stays_one_where_f_is_infinite_beyond_it():
    f = lambda x: x[0] - np.log(x[0]) if x[0] > 0 else np.inf
    r = st.minimize(f, [5.0], method=st.GD(lr=9.0), jac="fd")
    assert r.code == "nonfinite.domain"
    assert "x < 0" in r.why


def test_a_fall_to_where_numbers_overflow_is_without_limit():
    d = np.array([2.0, -1.0, 0.6])
    f = lambda x: anp.log(1 + anp.exp(anp.dot(d, x))) - 2 * anp.dot(d, x)
    r = st.minimize(f, [2.0, 1.6, 2.5], method=st.GD(lr=0.3), maxiter=3000)
    assert r.code == "unbounded", r.why


@pytest.mark.parametrize("jac", ["auto", "fd"])
def test_what_underflows_is_no_staircase(jac):
    r = st.minimize(lambda x: anp.exp(-x[0]), [0.0], method="conjugategradient", jac=jac)
    assert r.code == "stalled.levelling", r.why
    r = st.minimize(lambda x: np.floor(3 * x[0]), [1.1], jac=jac if jac == "fd" else None)
    # to differences the stairs are noise: they see that it goes down for ever
    assert r.code == ("unbounded" if jac == "fd" else "stalled.steps"), r.why


def test_a_start_where_all_units_are_saturated_is_no_minimum():
    r = st.minimize(lambda x: np.sum(1 / (1 + np.exp(-x))), [50.0, 44.0], jac="fd")
    assert not r.success, r.why
    assert r.retry().fun < 1.5  # from 2


@pytest.mark.parametrize("seed", range(6))
def test_saturated_layers_are_a_plateau(seed):
    rng = np.random.default_rng(seed)
    inputs, target, depth = np.linspace(0.3, 2, 9), rng.uniform(0.1, 0.7), rng.integers(2, 5)

    def loss(w):
        y = inputs
        for k in range(depth):
            y = anp.tanh(w[k] * y)
        return anp.mean((y - target) ** 2)

    r = st.minimize(loss, rng.uniform(10, 16, depth), method=st.GD(lr=0.3), maxiter=200)
    assert r.code == "stalled.plateau", r.why
    assert r.retry().fun < 0.5 * r.fun


def test_numbers_have_the_names_that_the_caller_gave_them():
    start = {"w": np.array([1.0, 2.0]), "b": 3.0, "deep": {"V": np.ones((2, 2))}}
    r = st.minimize(lambda p: (p["w"][0] - 1.5) ** 2 + p["deep"]["V"][1, 0] ** 2, start)
    assert "f does not depend on w[1], b, deep['V'][0, 0], deep['V'][0, 1], deep['V'][1, 1]: left" in r.why
    assert r.evidence["idle"] == [1, 2, 3, 4, 6]
    r = st.minimize(lambda x: (x[0][1] - 1.5) ** 2, [np.ones(2), np.ones(1)])
    assert "f does not depend on x[0][0], x[1]: left" in r.why
    r = st.minimize(lambda x: (x[1] - 1.5) ** 2, [1.0, 2.0, 3.0])
    assert "f does not depend on x[0], x[2]: left" in r.why
    r = st.minimize(lambda p: p["a"] - np.log(p["a"]), {"a": 3.0, "b": 1.0}, method=st.GD(lr=9.0))
    assert "for a <" in r.why
