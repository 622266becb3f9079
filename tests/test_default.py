"""What the default must do on functions of many numbers: units, edges, float32."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import linprog, minimize, rosen, rosen_der

import steepest as st


@pytest.mark.parametrize("n", [20, 50])
@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("seed", [0, 1])
def test_mixed_units_of_many_numbers(n, exact, seed):
    unit = 10.0 ** np.random.default_rng(seed).uniform(-6, 6, n)
    z0 = np.where(np.arange(n) % 2, 1.0, -1.2)
    jac = (lambda x: rosen_der(x / unit) / unit) if exact else "fd"
    result = st.minimize(lambda x: float(rosen(x / unit)), z0 * unit, jac=jac)
    assert result.success
    nearest = min(result.fun, result.fun - 3.986)  # there is a second minimum near [-1, 1, ..., 1], f = 3.98
    assert nearest < 1e-9 * rosen(z0)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("jac", ["exact", "fd"])
@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("factor", [1e-10, 1.0])
@pytest.mark.parametrize("margin", [1e-6, 1e-2])
def test_a_region_that_is_not_finite_is_stepped_back_from(value, jac, unit, factor, margin):
    """A barrier: the minimum lies beside the edge, and steps that the model likes lead beyond it."""

    def fun(x):
        z = x / unit
        slack = 1 - float(z @ z)
        return factor * (float(z.sum()) - margin * math.log(slack)) if slack > 0 else value

    def grad(x):
        z = x / unit
        return factor / unit * (1 + 2 * margin * z / (1 - z @ z))

    x0 = np.full(5, 0.1) * unit
    result = st.minimize(fun, x0, jac=grad if jac == "exact" else jac)
    # at the minimum z = -(t, ..., t), where 5 t^2 + 2 margin t = 1
    t = (-margin + math.sqrt(margin**2 + 5)) / 5
    least = fun(np.full(5, -t) * unit)
    assert math.isfinite(result.fun)
    assert fun(result.x) == result.fun <= fun(x0)
    solved = result.fun - least <= 1e-6 * (fun(x0) - least)
    assert solved or not result.success
    # 1e-6 from the edge differences lose the gradient in 4 of 12 cases, those with f in units of 1e-10, and say so
    assert solved or (margin < 1e-2 and jac == "fd")


@pytest.mark.parametrize("n", [2, 5, 10])
def test_a_start_in_float32_is_solved_to_its_digits(n):
    z0 = np.where(np.arange(n) % 2, 1.0, -1.2).astype(np.float32)
    result = st.minimize(lambda x: ((x - 1) ** 2 * np.arange(1, n + 1, dtype=np.float32)).sum() + 1, z0)
    assert result.x.dtype == np.float32
    assert result.success
    assert np.abs(result.x - 1).max() < 1e-2
    assert result.fun - 1 <= 2.0**-22


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e6])
def test_planes_from_zero_where_only_rounding_bends_them(seed, unit):
    """Absolute values of residuals on standardised columns: at 0 all slopes but that of the constant are rounding."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(100, 4))
    X = np.column_stack([np.ones(100), (X - X.mean(axis=0)) / X.std(axis=0)])
    y = unit * (150 + X @ np.array([0.0, 20, -10, 5, 0]) + 10 * rng.normal(size=100))

    def slope(w):
        r = y - X @ w
        return -X.T @ (r * np.abs(1 / r)) / 100

    result = st.minimize(lambda w: np.abs(y - X @ w).mean(), np.zeros(5), jac=slope)
    # the same as a linear program: least absolute deviations
    program = linprog(
        np.concatenate([np.zeros(5), np.full(200, 0.01)]),
        A_eq=np.hstack([X, np.eye(100), -np.eye(100)]),
        b_eq=y / unit,
        bounds=[(None, None)] * 5 + [(0, None)] * 200,
    )
    assert result.success
    assert result.fun / unit == pytest.approx(program.fun, rel=1e-6)


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("far", [30.0, 100.0, 300.0])
def test_a_first_step_on_to_a_plateau_is_taken_back(far):
    """A first step as long as x, along a power that falls off: beyond a few units f is flat to the last digit."""
    t = np.array([8.0, 9, 10, 11, 12, 13, 14, 16, 18, 20, 25])
    y = 0.8 * t**1.07  # x = (0.8, 1.07): of a start (far, 0), as the growth curves of CUTEst have it

    def misfit(x):
        return float(np.sum((x[0] * t ** x[1] - y) ** 2))

    def slope(x):
        p = t ** x[1]
        r = 2 * (x[0] * p - y)
        return np.array([r @ p, r @ (x[0] * p * np.log(t))])

    result = st.minimize(misfit, [far, 0.0], jac=slope)
    assert result.success
    assert result.x == pytest.approx([0.8, 1.07], rel=1e-4)


@pytest.mark.parametrize("n", [3, 10, 30])
def test_no_slope_along_the_way_is_no_plateau(n):
    """max x_i^2: one number falls until another is the largest, whose slope no search along the first can see."""
    x0 = np.where(np.arange(n) % 2, 1.0, -1.0) * np.arange(1, n + 1)

    def slope(x):
        return np.where(np.arange(n) == np.argmax(x**2), 2 * x, 0.0)

    result = st.minimize(lambda x: float(np.max(x**2)), x0, jac=slope)
    assert result.success
    assert result.fun < 1e-9 * n**2


@pytest.mark.parametrize("n", [1000, 10_000])
def test_looks_for_overlooked_coordinates_are_cheap_where_there_are_many(n):
    """A quadratic that each coordinate is equally far on its way with: L-BFGS-B shows what it takes."""
    d = np.linspace(1, 100, n)
    fun, jac, x0 = (lambda x: float(x @ (d * x)) / 2), (lambda x: d * x), np.ones(n)
    result = st.minimize(fun, x0, jac=jac)
    peer = minimize(fun, x0, jac=jac, method="L-BFGS-B", options={"ftol": 0.0, "gtol": 1e-9})
    assert result.success
    assert result.fun < 1e-12 * fun(x0)
    assert result.nfev < 2 * peer.nfev


@pytest.mark.parametrize("jac", [True, "fd"])
@pytest.mark.parametrize("n", [2, 5, 10])
def test_a_number_that_comes_back_to_zero_has_not_run_away(n, jac):
    """Its minimum is at 0, where f tells it from a start beside only by its rounding: CURLY of Toint's, sums of all."""

    def f(x):
        q = np.cumsum(x[::-1])[::-1]
        value = float(np.sum(q**4 - 20 * q**2 - 0.1 * q))
        return (value, np.cumsum(4 * q**3 - 40 * q - 0.1)) if jac is True else value

    result = st.minimize(f, np.full(n, 1e-3 / (n + 1)), jac=jac)
    lowest = np.roots([4, 0, -40, -0.1]).real.max()
    assert result.success, result
    np.testing.assert_allclose(result.fun, n * (lowest**4 - 20 * lowest**2 - 0.1 * lowest), rtol=1e-10)
