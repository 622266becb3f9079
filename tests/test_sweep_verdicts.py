"""The verdicts on the runs of a sweep: those of single runs, from the ends of all of them at once."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import steepest as st
from steepest.codes import CODES

RATES = np.geomspace(1e-6, 3, 25)


def quadratic(n, condition, seed):
    """x'Hx/2 with eigenvalues from 1 to the condition number; NumPy's sum takes many points at once."""
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))[0]
    matrix = turn * np.geomspace(1, condition, n) @ turn.T
    return lambda x: 0.5 * np.sum(x * (matrix @ x), axis=0), lambda x: matrix @ x


def singles(f, x0, kind, rates, **how):
    return [st.minimize(f, x0, method=kind(lr=lr), **how) for lr in rates]


@pytest.mark.parametrize("kind", [st.GD, st.Momentum, st.Nesterov])
@pytest.mark.parametrize(("n", "condition"), [(2, 10), (6, 20), (3, 1e5)])
def test_on_quadratics_they_are_those_of_single_runs(kind, n, condition):
    f, gradient = quadratic(n, condition, seed=n)
    how = {"jac": gradient, "maxiter": 100}
    s = st.sweep(f, np.ones(n), kind(lr=RATES), **how)
    assert s.engine != "one by one"
    assert s.code.tolist() == [r.code for r in singles(f, np.ones(n), kind, RATES, **how)]
    assert [v.code for v in s.verdicts] == s.code.tolist()


def test_the_border_of_divergence_is_stated():
    f, gradient = quadratic(2, 50, seed=0)
    s = st.sweep(f, [3.0, 2.0], st.GD(lr=RATES), jac=gradient, maxiter=100)
    lost = s.code == "diverged.rate"
    assert (RATES[lost] > 2 / 50).all()
    assert (RATES[~lost] < 2 / 50).all()
    assert "The limit of lr is 2/L = 0.04, where L = 50 is the largest curvature." in s.why
    assert f" {lost.sum()} diverged (lr = {RATES[lost].min():.4g} to 3)" in s.why
    assert f"{lost.sum()} diverged.rate (lr = {RATES[lost].min():.4g} to 3)" in repr(s)
    verdict = s.verdicts[-1]
    assert verdict.evidence["limit"] == pytest.approx(0.04)
    assert "lr = 3 is 75 times the limit 2/L = 0.04" in verdict.sentence
    small = s.verdicts[0]
    assert small.code == "budget.rate"
    assert small.evidence["times"] == pytest.approx(0.02 / 1e-6, rel=1e-2)
    assert str(small.advice) == "st.minimize(f, x0, method=st.GD(lr=0.02))"


def test_the_rates_of_the_tutorial():
    """lr = 1 is exactly the limit: found by making that run once more."""
    s = st.sweep(lambda x: x[0] ** 2 + x[1] ** 2, [3.0, 2.0], st.GD(lr=np.array([1e-6, 0.1, 1.0, 1.1])), maxiter=99)
    assert s.code.tolist() == ["budget.rate", "converged.gradient", "stalled.cycle", "diverged.rate"]
    assert "jump between (3, 2) and (-3, -2)" in s.verdicts[2].sentence


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("kind", [st.GD, st.Momentum, st.Adam, st.RMSProp])
@pytest.mark.parametrize("name", ["rosenbrock", "beale", "saddle", "monkey_saddle", "goldstein_price", "wood"])
def test_elsewhere_none_is_called_solved_that_is_not(name, kind):
    p = st.problems.get(name)
    s = st.sweep(p, p.start, kind(lr=RATES[::2]), maxiter=150)
    for verdict, r in zip(s.verdicts, singles(p, p.start, kind, RATES[::2], maxiter=150), strict=True):
        assert r.success or not verdict.success, (verdict.code, r.code, r.why)
        assert {*verdict.evidence} <= {*CODES[verdict.code].evidence, "gradient"}


def test_saddles_kinks_and_edges():
    f = lambda x: x[0] ** 2 - x[1] ** 2 + x[1] ** 4
    s = st.sweep(f, [[1.0, 0.0], [1.0, 0.5]], st.GD(lr=0.1), maxiter=300)
    assert s.code.tolist() == ["stalled.saddle", "converged.gradient"]
    assert s.converged.tolist() == [False, True]
    f = lambda x: np.abs(x).sum(axis=0)
    kinks = st.sweep(f, [3.0, 2.03], st.GD(lr=RATES[-3:]), maxiter=200).code.tolist()
    assert kinks == [r.code for r in singles(f, [3.0, 2.03], st.GD, RATES[-3:], maxiter=200)]
    assert "stalled.kink" in kinks
    with np.errstate(invalid="ignore"):
        s = st.sweep(lambda x: x[0] - np.log(x[0]), [3.0], st.GD(lr=np.array([0.5, 9.0])), maxiter=200)
    assert s.code.tolist()[1] == "nonfinite.domain"


def test_a_loose_tolerance_is_no_success():
    f, gradient = quadratic(2, 10, seed=0)
    s = st.sweep(f, [3.0, 2.0], st.GD(lr=np.array([1e-6, 0.1])), jac=gradient, xtol=1e-3, gtol=0.0)
    assert s.code.tolist() == ["stalled.rate", "converged.step"]


def single(x):
    return float(x[0] ** 2 + 10 * x[1] ** 2)  # float() takes one point only


@pytest.mark.parametrize("workers", [ThreadPoolExecutor(2), 2], ids=["threads", "processes"])
def test_by_workers_the_same(workers):
    s = st.sweep(single, [3.0, 2.0], st.GD(lr=RATES[::4]), maxiter=100, workers=workers)
    assert s.engine == "one by one"
    many = st.sweep(lambda x: x[0] ** 2 + 10 * x[1] ** 2, [3.0, 2.0], st.GD(lr=RATES[::4]), maxiter=100)
    assert many.engine in ("compiled", "batch")
    assert s.code.tolist() == many.code.tolist()
    assert s.why == many.why
    assert s.verdicts[0].advice.changes["method"] == many.verdicts[0].advice.changes["method"]


def test_grids_several_methods_and_files():
    f, gradient = quadratic(2, 10, seed=0)
    rates = np.array([[1e-6], [0.05], [5.0]])
    s = st.sweep(f, [3.0, 2.0], [st.GD(lr=rates), st.Momentum(lr=rates)], jac=gradient, maxiter=400)
    assert s.verdicts.shape == (2, 3, 1)
    assert [v.code for v in s.verdicts.ravel()] == s.code.ravel().tolist()
    again = pickle.loads(pickle.dumps(s))
    assert again.why == s.why
    assert [v.sentence for v in again.verdicts.ravel()] == [v.sentence for v in s.verdicts.ravel()]
    bare = st.sweep(f, [3.0, 2.0], st.GD(lr=rates), jac=gradient, maxiter=400, diagnose=False)
    assert bare.code.ravel().tolist() == ["budget.steps", "converged.gradient", "diverged"]
    with pytest.raises(st.ArgumentError, match="diagnose=False"):
        _ = bare.verdicts


@pytest.mark.parametrize("kind", [st.GD, st.Momentum, st.Nesterov])
@pytest.mark.parametrize("condition", [10, 1e5])
def test_with_many_numbers_they_are_those_of_single_runs_too(kind, condition):
    w = np.geomspace(1, condition, 80)
    f, gradient = lambda x: np.sum((x.T**2 * w).T, axis=0) / 2, lambda x: (x.T * w).T
    rates = np.geomspace(1.7e-7, 3 / condition, 8)  # none so close to a border that rounding decides
    s = st.sweep(f, np.ones(80), kind(lr=rates), jac=gradient, maxiter=150)
    assert s.engine == "batch"
    assert s.code.tolist() == [r.code for r in singles(f, np.ones(80), kind, rates, jac=gradient, maxiter=150)]


@pytest.mark.parametrize("method", [st.GD(lr=0.05), "bfgs"])
def test_a_minimum_is_local_where_another_run_found_a_lower_one(method):
    f = lambda x: (x[0] ** 2 - 1) ** 2 + 0.3 * x[0]  # minima near 1 and -1, the latter lower
    s = st.sweep(f, [[1.2], [-1.2], [0.5]], method)
    assert (s.code[[0, 2]] == "converged.local").all()
    assert s.code[1] != "converged.local"
    assert s.converged.all()
    assert "2 ended at a local minimum" in s.why
    assert s.verdicts[0].evidence["known"] == s.fun[1]
    assert s.verdicts[0].advice.changes["x0"] == pytest.approx(s.x[1])


def test_minima_that_differ_by_their_accuracy_alone_are_one():
    s = st.sweep(lambda x: x[0] ** 2 + 10 * x[1] ** 2, [3.0, 2.0], st.GD(lr=np.linspace(0.01, 0.09, 50)), maxiter=3000)
    assert set(s.code) == {"converged.gradient"}
