"""Mixed units in one problem: no success before the end, and about the work that good units need."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

import steepest as st
from steepest.derivatives.finite import Finite
from steepest.methods import units
from steepest.methods.units import curvatures, guessed_curvatures, mixed_units
from steepest.objective.oracle import Objective
from steepest.objective.params import Parameters
from test_directions import oracle_of


def rosenbrock(y):
    return anp.sum(100 * (y[1:] - y[:-1] ** 2) ** 2 + (1 - y[:-1]) ** 2)


def quadratic(y):
    return anp.sum(100 ** (anp.arange(y.size) / y.size) * (y - 1) ** 2)


def exponential(y):
    return anp.sum(anp.exp(y - 1) - y) + anp.sum((y[1:] - y[:-1]) ** 2)


@pytest.mark.parametrize("method", ["bfgs", "lbfgs", "conjugategradient", "hagerzhang"])
@pytest.mark.parametrize("unit", [1e-6, 1e-3, 1e3, 1e6])
def test_a_coordinate_in_other_units_is_no_premature_success(method, unit):
    """With H = I this ended at f = 3.99 and called it a minimum."""
    f = lambda x: rosenbrock(x / np.array([1.0, unit]))
    result = st.minimize(f, np.array([-1.2, unit]), method=method)
    assert result.success, result.why
    assert result.fun < 1e-12


@pytest.mark.parametrize("fun", [rosenbrock, quadratic, exponential])
@pytest.mark.parametrize("rotated", [False, True])
@pytest.mark.parametrize("start", ["given", "zero"])
@pytest.mark.parametrize("decades", [6, 12])
@pytest.mark.parametrize("seed", range(3))
def test_mixed_units(fun, rotated, start, decades, seed):
    """x_i in units of 10^-decades to 10^decades; at x0 = 0 nothing tells which. All minima here are 0."""
    rng = np.random.default_rng(seed)
    n = 5
    q = np.linalg.qr(rng.normal(size=(n, n)))[0] if rotated else np.eye(n)
    unit = 10 ** rng.uniform(-decades, decades, n)
    z0 = q.T @ np.linspace(0.5, 2, n) if start == "given" else np.zeros(n)
    f = lambda z: fun(anp.dot(q, z))
    plain, other = st.minimize(f, z0), st.minimize(lambda x: f(x / unit), z0 * unit)
    assert other.success, other.why
    assert other.fun <= plain.fun + 1e-10 * f(z0)
    assert other.nfev <= 3 * plain.nfev + 20 * n


def soft(y):
    return anp.sum(anp.log(anp.cosh(y - 0.7))) + anp.sum((y[1:] - y[:-1]) ** 2) / 2


@pytest.mark.parametrize("fun", [rosenbrock, quadratic, exponential, soft])
@pytest.mark.parametrize("rotated", [False, True])
@pytest.mark.parametrize("start", ["given", "zero"])
@pytest.mark.parametrize("seed", [0, 1, 2, 5])
def test_mixed_units_by_differences(fun, rotated, start, seed):
    """From x0 = 0 nothing tells how far x_i must be moved: 35 of 42 such runs ended in a false success."""
    rng = np.random.default_rng(seed)
    q = np.linalg.qr(rng.normal(size=(5, 5)))[0] if rotated else np.eye(5)
    unit = 10 ** rng.uniform(-12, 12, 5)
    z0 = q.T @ np.linspace(0.5, 2, 5) if start == "given" else np.zeros(5)
    f = lambda z: float(fun(q @ z))
    plain = st.minimize(f, z0, jac="fd")
    other = st.minimize(lambda x: f(x / unit), z0 * unit, jac="fd")
    assert other.success, other.why
    assert other.fun <= plain.fun + 1e-8 * f(z0)
    assert other.nfev <= 8 * plain.nfev + 20 * 5  # of 256 such runs one takes more than 2.4 times


@pytest.mark.parametrize("f", [
    lambda x: np.sum((x - 1) ** 4),
    lambda x: np.sum(np.exp(x) - 2 * x),
    lambda x: np.sum(np.logaddexp(0, x)) + x @ x,
])  # fmt: skip
def test_a_start_at_zero_in_good_units_costs_no_search(f):
    """Four evaluations for each coordinate, eight for the noise."""
    objective = Objective(lambda x: float(f(x)), Parameters(np.zeros(10)))
    Finite(objective, np.zeros(10), rng=0).gradient(np.zeros(10), f(np.zeros(10)))
    assert objective.nfev <= 4 * 10 + 8


@pytest.mark.parametrize("unit", [1e-15, 1e-9, 1e-3, 1e3, 1e9, 1e15])
@pytest.mark.parametrize(("function", "truth"), [
    (np.sinh, 1.0),
    (np.expm1, 1.0),
    (lambda t: (t - 1) ** 4, -4.0),
    (lambda t: np.log1p(t * t) - t, -1.0),
])  # fmt: skip
def test_a_step_from_zero_is_found_in_any_unit(unit, function, truth):
    f = lambda x: float(function(x[0] / unit) + 2)
    objective = Objective(f, Parameters(np.zeros(1)))
    g, error = Finite(objective, np.zeros(1), rng=0).gradient(np.zeros(1), f(np.zeros(1)))
    assert abs(g[0] * unit - truth) <= 1e-6
    assert abs(g[0] * unit - truth) <= 10 * error[0] * unit
    assert objective.nfev <= 80  # half of them for the noise, in the smallest unit


@pytest.mark.parametrize("fun", [rosenbrock, quadratic, exponential])
def test_good_units_pay_nothing(fun, monkeypatch):
    """Where all components of the gradient have fallen there is nothing to ask."""
    asked = []
    monkeypatch.setattr(units, "curvatures", lambda point, which: asked.extend(which) or np.ones(which.size))
    assert st.minimize(fun, np.linspace(0.5, 2, 10)).success
    assert not asked


def test_many_coordinates_take_their_units_from_x0():
    rng = np.random.default_rng(1)
    unit = 10 ** rng.uniform(-5, 5, 300)
    result = st.minimize(lambda x: quadratic(x / unit), 3 * unit)
    assert result.success, result.why
    assert result.fun < 1e-10


@pytest.mark.parametrize("at", [1.0, 0.0])
@pytest.mark.parametrize("unit", [1e-12, 1e-6, 1.0, 1e6, 1e12])
def test_curvatures_are_found_in_any_units(at, unit):
    f = lambda x: float(np.sum(np.exp(x / unit) - 3 * x / unit))
    x = np.full(2, at * unit)
    point = oracle_of(f, lambda x: (np.exp(x / unit) - 3) / unit, x)(x)
    np.testing.assert_allclose(curvatures(point, np.array([0, 1])) * unit**2, np.exp(at), rtol=0.5)


def test_curvatures_say_nothing_of_a_straight_line():
    x = np.array([1.0])
    point = oracle_of(lambda x: 3 * x[0], lambda x: np.array([3.0]), x)(x)
    assert np.isnan(curvatures(point, np.array([0]))).all()


@pytest.mark.parametrize(("x", "g", "answer"), [
    ([0, 1e-1, 1], [1, 10, 1], False),
    ([1e-3, 1], [1e3, 1], True),
    ([1e-3, 1], [1, 1], False),  # an ordinary number that happens to be small
    ([0, 0], [1, 1], False),
])  # fmt: skip
def test_mixed_looks_at_sizes_apart_from_zeros(x, g, answer):
    assert mixed_units(np.array(x, float), np.array(g, float), np.ones(len(x))) is answer


@pytest.mark.parametrize("n", [100, 1000])
@pytest.mark.parametrize("seed", range(3))
def test_random_numbers_are_not_taken_for_units(n, seed):
    """The smallest of many random numbers is very small: 200 evaluations for n = 100, thousands for n = 1000."""
    x0 = np.random.default_rng(seed).normal(size=n)
    result = st.minimize(lambda x: np.sum((x - 1) ** 2), x0, jac=lambda x: 2 * (x - 1))
    assert result.success, result.why
    assert result.nfev <= 15


@pytest.mark.parametrize("at", [1.0, 0.0])
def test_guesses_are_those_of_any_units(at):
    unit = np.array([1e-6, 1.0, 1e6])
    g = lambda x: np.array([2.0, -3.0, 5.0]) * (1 + x / unit) / unit
    point = oracle_of(lambda x: 7.0, g, at * unit)(at * unit)
    curvature, sure = guessed_curvatures(point)
    assert sure.all()
    products = curvature * unit**2
    slopes = np.array([2.0, 3.0, 5.0])
    np.testing.assert_allclose(products / products[0], (slopes / 2) ** (0.75 if at else 2))


def test_a_slope_that_is_none_tells_no_unit():
    """At x = 0, where it may be rounding; where x is not 0, x tells."""
    x = np.array([0.0, 1.0, 0.0, 1.0])
    point = oracle_of(lambda x: 7.0, lambda x: np.array([1e-16, 0.0, 1.0, 1.0]), x)(x)
    assert guessed_curvatures(point)[1].tolist() == [False, True, True, True]


@pytest.mark.parametrize("at", ["given", "zero"])
@pytest.mark.parametrize("fun", [rosenbrock, quadratic, exponential, soft])
def test_units_that_differ_change_no_step(fun, at):
    """Powers of 2 round nothing, so runs in different mixed units are the same run; from 0, where second derivatives
    come from a short step of the proof, as nearly as the gradient is straight over that."""
    start = np.linspace(0.5, 2, 5)
    z0 = start if at == "given" else np.zeros(5)
    counts = set()
    for seed in range(4):
        unit = 2.0 ** np.random.default_rng(seed).permutation([-18, -9, 0, 9, 18])
        f = lambda x, unit=unit: fun(x / unit + (0 if at == "given" else start))
        counts.add(st.minimize(f, z0 * unit, options={"maxiter": 10_000}).nit)
    assert max(counts) - min(counts) <= (at == "zero")


@pytest.mark.parametrize("fun", [rosenbrock, quadratic, exponential])
@pytest.mark.parametrize(("decades", "level"), [(0, 1e8), (6, 0.0)])
def test_a_start_at_zero_takes_the_steps_of_plain_units_beside_a_level(fun, decades, level):
    """Neither x nor f tells how far the first step goes: a first length of |f|/|g|^2 took up to 19 evaluations more."""
    unit = 10.0 ** np.random.default_rng(0).uniform(-decades, decades, 5)
    start = np.linspace(0.5, 2, 5)
    g = grad(fun)
    counts = [
        st.minimize(lambda x, u=u, level=level: float(fun(x / u + start)) + level, np.zeros(5),
                    jac=lambda x, u=u: g(x / u + start) / u, gtol=1e-6 * np.linalg.norm(g(start) / u)).nfev
        for u, level in ((np.ones(5), 0.0), (unit, level))
    ]  # fmt: skip
    assert counts[1] <= 1.5 * counts[0]


@pytest.mark.parametrize("fun", [rosenbrock, quadratic, exponential, soft])
@pytest.mark.parametrize("seed", range(3))
def test_a_start_that_misleads_is_found_out(fun, seed):
    """Numbers near 0 that have a long way to go look like small units."""
    start = np.linspace(0.5, 2, 5) * 10.0 ** np.random.default_rng(seed).uniform(-9, 0, 5)
    result = st.minimize(fun, start)
    assert result.success
    assert result.fun <= st.minimize(fun, np.linspace(0.5, 2, 5)).fun + 1e-10


def test_a_curvature_is_found_where_the_slope_is_0():
    x = np.zeros(2)
    point = oracle_of(lambda x: float(x @ x), lambda x: 2 * x, x)(x)
    np.testing.assert_allclose(curvatures(point, np.arange(2)), 2.0)
