"""The default's own test: free of units, no success before the end, no failure at the end."""

from __future__ import annotations

import numpy as np
import pytest

import steepest as st
from steepest import problems


def valley(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


@pytest.mark.parametrize("method", ["bfgs", "lbfgs"])
@pytest.mark.parametrize("jac", [None, "fd"])
@pytest.mark.parametrize("unit", [1.0, 1e-6, 1e6])
@pytest.mark.parametrize(("factor", "offset"), [(1.0, 0.0), (1e-10, 0.0), (1e10, 0.0), (1.0, 1e8)])
def test_units_do_not_matter(method, jac, unit, factor, offset):
    start = np.array([-1.2, 1.0])
    plain = st.minimize(valley, start, method=method, jac=jac)
    other = st.minimize(lambda x: factor * valley(x / unit) + offset, start * unit, method=method, jac=jac)
    assert other.success, other.why
    floor = 1e-12 if offset == 0 else 1e-6  # f + 1e8 is rounded to 1.5e-8
    assert valley(other.x / unit) < floor
    assert abs(other.nit - plain.nit) <= 0.15 * plain.nit + 3


@pytest.mark.parametrize("problem", ["rosenbrock", "beale", "powell_singular", "wood", "himmelblau"])
@pytest.mark.parametrize("jac", [None, "fd"])
def test_a_restart_does_not_go_on_down(problem, jac):
    p = problems.get(problem)
    fun = p if jac is None else lambda x: p(x)
    first = st.minimize(fun, p.start, jac=jac)
    again = st.minimize(fun, first.x, jac=jac)
    assert first.success, first.why
    assert first.fun - again.fun <= 1e-6 * (p(p.start) - p.minimum)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sigma", [1e-2, 1e-5])
def test_noise_ends_at_its_floor(seed, sigma):
    """A smooth convex function of 5 numbers: the true value ends within a few sigma of the minimum."""
    rng = np.random.default_rng(seed)
    q = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    true = lambda x: (np.logspace(0, 2, 5) * (q @ x) ** 2).sum()
    result = st.minimize(lambda x: true(x) + sigma * rng.normal(), np.ones(5), jac="fd", maxfun=1200)
    assert true(result.x) < 5 * sigma < true(np.ones(5))


@pytest.mark.parametrize("scale", [1e300, 1e-300])
def test_where_products_overflow_or_vanish_it_says_so(scale):
    result = st.minimize(lambda x: scale * (x**2).sum(), [1.0, 2.0])
    assert not result.success
    assert "other units" in result.why


@pytest.mark.parametrize(("asked", "code"), [
    ({"tol": 1e-30}, "converged.promise"),  # below rounding: then the method's own test ends it
    ({"stop": st.stop.Steps(10**9)}, "converged.precision"),  # no test was met, yet it is solved, and says so
])  # fmt: skip
def test_a_tolerance_out_of_reach_is_no_endless_search(asked, code):
    result = st.minimize(valley, [-1.2, 1.0], **asked)
    assert (result.code, result.success) == (code, True)
    assert result.nfev < 500


def test_a_gradient_that_can_tell_no_more_is_not_called_noise_of_f():
    r = st.minimize(lambda x: sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2), [1.3, 0.7, 0.8, 1.9, 1.2],
                    jac="2-point")  # fmt: skip
    assert (r.code, r.success) == ("converged.floor", True)
    assert r.why.startswith("Converged as far as the gradient can tell: the step that promises to change f by ")
    assert "uncertain" not in r.why


@pytest.mark.parametrize("off", [0.0, 1e-6, 3e-4])
@pytest.mark.parametrize("seed", range(4))
def test_a_run_that_began_at_its_minimum_has_settled(seed, off):
    """Of least squares: at its solution plus `off` in each coordinate at most off^2 |X|^2 is left."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(500, 3))
    y = X @ [1.0, 2.0, 3.0] + 0.3 * rng.normal(size=500)
    least = np.linalg.lstsq(X, y)[0]
    loss = lambda w, X, y: np.mean((X @ w - y) ** 2)
    r = st.fit(loss, least + off, (X, y), epochs=10, rng=seed)
    assert (r.code, r.success) == ("converged.settled", True), r.why
    assert r.fun < loss(least, X, y) * 1.001


@pytest.mark.parametrize("seed", range(4))
def test_a_run_that_cannot_move_has_not_settled(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(500, 3))
    y = X @ [1.0, 2.0, 3.0] + 0.3 * rng.normal(size=500)
    r = st.fit(lambda w, X, y: np.mean((X @ w - y) ** 2), np.zeros(3), (X, y), method=st.GD(lr=1e-8), rng=seed)
    assert (r.code, r.success) == ("stalled.plateau", False), r.why
