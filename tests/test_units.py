"""Mixed units in one problem: no success before the end, and about the work that good units need."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest

import steepest as st
from steepest.units import curvatures, mixed
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


@pytest.mark.parametrize("fun", [rosenbrock, quadratic, exponential])
def test_good_units_pay_nothing(fun, monkeypatch):
    """Where all components of the gradient have fallen there is nothing to ask."""
    asked = []
    monkeypatch.setattr(
        "steepest.units.curvatures", lambda point, which: asked.extend(which) or np.ones(which.size)
    )
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


@pytest.mark.parametrize(("x", "answer"), [([0, 1e-3, 1], False), ([1e-6, 1], True), ([0, 0], False)])
def test_mixed_looks_at_sizes_apart_from_zeros(x, answer):
    assert mixed(np.array(x, float)) is answer
