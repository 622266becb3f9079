"""Functions with kinks: their minima found and called so; what is only sharp is not called a kink."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

import steepest as st
from steepest.methods.simplex import balance

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def planes(rng, n):
    """The largest of 4 n linear functions, its gradient, and its least value by linear programming."""
    A, b = rng.normal(size=(4 * n, n)), rng.normal(size=4 * n)
    A -= A.mean(axis=0)  # bounded below
    least = linprog(np.append(np.zeros(n), 1), np.c_[A, -np.ones(4 * n)], -b, bounds=(None, None))
    return lambda x: (A @ x + b).max(), lambda x: A[np.argmax(A @ x + b)], least.fun


def deviations(rng, n):
    """Least absolute deviations, the same way."""
    A = rng.normal(size=(4 * n, n))
    y = A @ rng.normal(size=n) + rng.standard_t(2, size=4 * n)
    both = np.block([[A, -np.eye(4 * n)], [-A, -np.eye(4 * n)]])
    least = linprog(np.repeat([0.0, 1.0], [n, 4 * n]), both, np.append(y, -y), bounds=(None, None))
    return lambda x: np.abs(A @ x - y).sum(), lambda x: A.T @ np.sign(A @ x - y), least.fun


def ridge(rng, n):
    """A curved valley whose floor is a kink: Lewis & Overton (2013), section 5.2; least at ones."""
    w = rng.uniform(1, 10)

    def gradient(x):
        across, g = w * np.sign(x[1:] - x[:-1] ** 2), np.zeros(n)
        g[1:] += across
        g[:-1] -= 2 * x[:-1] * across + 2 * (1 - x[:-1])
        return g

    return lambda x: (w * np.abs(x[1:] - x[:-1] ** 2) + (1 - x[:-1]) ** 2).sum(), gradient, 0.0


def crescents(rng, n):
    """Chained Crescent I, Haarala, Miettinen & Mäkelä (2004): not convex; least, 0, at 0."""

    def both(x):
        a, b = x[:-1] ** 2 + (x[1:] - 1) ** 2, x[1:] - 1
        return (a + b).sum(), (2 + b - a).sum()

    def gradient(x):
        g, side = np.zeros(n), 1 if both(x)[0] >= both(x)[1] else -1
        g[:-1] += side * 2 * x[:-1]
        g[1:] += side * 2 * (x[1:] - 1) + 1
        return g

    return lambda x: max(both(x)), gradient, 0.0


@pytest.mark.parametrize("jac", ["given", "fd"])
@pytest.mark.parametrize("generate", [planes, deviations, crescents])
@pytest.mark.parametrize("n", [2, 3, 6])
@pytest.mark.parametrize("seed", range(3))
def test_minima_with_kinks_are_found(generate, n, seed, jac):
    rng = np.random.default_rng(seed)
    fun, gradient, least = generate(rng, n)
    start = 2 * rng.normal(size=n)
    r = st.minimize(fun, start, jac=gradient if jac == "given" else jac)
    assert r.fun - least <= 1e-5 * (fun(start) - least), r.why


@pytest.mark.parametrize("jac", ["given", "fd"])
@pytest.mark.parametrize("generate", [planes, deviations, crescents, ridge])
@pytest.mark.parametrize("n", [2, 5])
@pytest.mark.parametrize("seed", range(5))
def test_a_kink_that_is_no_minimum_is_not_called_one(generate, n, seed, jac):
    rng = np.random.default_rng(seed)
    fun, gradient, least = generate(rng, n)
    start = rng.normal(size=n)
    r = st.minimize(fun, start, jac=gradient if jac == "given" else jac)
    assert not r.success or r.fun - least <= 1e-5 * (fun(start) - least), r.why


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_left_is_no_more_than_is_told(n, seed):
    """Of convex functions, for a distance as the unit that the slopes tell."""
    rng = np.random.default_rng(seed)
    fun, gradient, least = planes(rng, n)
    r = st.minimize(fun, 2 * rng.normal(size=n), jac=gradient)
    assert r.code == "converged.kink", r.why
    assert r.fun - least <= r.evidence["left"] + 1e-12
    low, high = r.evidence["slopes"]
    assert low <= 0 < high


@pytest.mark.parametrize("k", [1, 2, 5, 30])
@pytest.mark.parametrize("seed", range(5))
def test_balance_meets_the_conditions_of_a_minimum(k, seed):
    rng = np.random.default_rng(seed)
    slopes, errors = rng.normal(size=(k, 4)), rng.exponential(size=k)
    w = balance(slopes, errors, np.eye(1, k, 0)[0])
    gradient = slopes @ (w @ slopes) + errors
    assert w.sum() == pytest.approx(1)
    assert (w >= 0).all()
    np.testing.assert_allclose(gradient[w > 0], gradient @ w, rtol=1e-9)
    assert gradient.min() >= gradient @ w - 1e-9


@pytest.mark.parametrize("jac", [None, "fd"])
def test_steep_walls_are_no_kinks(jac):
    """Slopes of exp fall by half over a way that is short beside that from the start."""
    i = np.arange(1.0, 31)
    r = st.minimize(lambda x: np.sum(np.exp(x) - i * x), 1 / i, jac=jac)
    assert r.success
    assert "kink" not in r.code
    np.testing.assert_allclose(r.x, np.log(i), atol=1e-5)


def huber(x, width):
    return np.where(np.abs(x) <= width, 0.5 * x**2 / width, np.abs(x) - width / 2).sum() + 0.01 * ((x - 1) ** 2).sum()


SHARP = {
    "Huber": lambda x: huber(x, 1e-3),
    "rounded corner": lambda x: np.sqrt(x**2 + 1e-6).sum() + 0.1 * ((x - 2) ** 2).sum(),
}


@pytest.mark.parametrize("name", SHARP)
@pytest.mark.parametrize("jac", [None, "fd"])
@pytest.mark.parametrize("start", [[1.5, 0.7], [3.0, -2.0]])
def test_what_is_only_sharp_is_no_kink(name, jac, start):
    r = st.minimize(SHARP[name], start, jac=jac)
    assert r.success, r.why
    assert "kink" not in r.why


def test_the_same_call_at_a_kink_makes_the_same_run():
    """By differences a look for a kink draws the line along which noise is measured: from a fixed seed."""
    runs = [st.minimize(lambda x: float(abs(x[0] - 0.3) + 2 * abs(x[1] - 0.3)), [2.0, -1.0]) for _ in range(6)]
    assert len({(r.nfev, r.x.tobytes()) for r in runs}) == 1


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("jac", ["exact", "fd"])
def test_a_start_at_a_kink_is_left(scale, jac):
    """The circle of Mifflin's first function (Lukšan & Vlček 2000): the slope at the start leads up beside it."""

    def fun(x):
        return scale * float(-x[0] + 20 * max(x @ x - 1, 0.0))

    def slope(x):
        return scale * (np.array([-1.0, 0.0]) + (40 * x if x @ x >= 1 else 0.0))

    result = st.minimize(fun, [0.8, 0.6], jac=slope if jac == "exact" else jac)
    assert result.success
    assert result.fun == pytest.approx(-scale, rel=1e-6)


@pytest.mark.parametrize("jac", [True, "fd"])
@pytest.mark.parametrize("n", [2, 10])
@pytest.mark.parametrize("seed", range(5))
def test_a_run_begun_where_one_has_ended_meets_no_kink(seed, n, jac):
    """Its slopes are small, but as large as any that it has seen; sums of exponentials are smooth."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.normal(size=(n, n)))[0] * np.geomspace(1, 10, n)
    least, level = rng.normal(size=n), rng.normal()

    def f(x):
        t = axes.T @ (x - least) / 10
        value = np.sum(np.exp(t) - t) + level
        return (value, axes @ (np.exp(t) - 1) / 10) if jac is True else float(value)

    end = st.minimize(f, rng.normal(size=n), jac=jac)
    again = st.minimize(f, end.x, jac=jac)
    assert end.success
    assert again.success
    assert "kink" not in again.code
    assert again.nfev <= 100 * (1 if jac is True else n)


@pytest.mark.parametrize("seed", range(4))
def test_a_valley_that_bends_strongly_is_no_kink(seed):
    """Rosenbrock's from (0, 1, ..., 1): the slope at the point, over a wide interval, was that of a bend."""
    fun = lambda x: 100 * ((x[1:] - x[:-1] ** 2) ** 2).sum() + ((1 - x) ** 2).sum()
    r = st.minimize(fun, np.eye(1, 18)[0] == 0, jac="fd", rng=seed)
    assert r.success, r.why
    assert r.fun < 1e-10
