"""The race of rates: what it costs, that units don't matter, and that a rate is raced as it will be used."""

from __future__ import annotations

import itertools
import math
import time

import numpy as np
import pytest

import steepest as st
from steepest.errors import ArgumentError
from steepest.methods.preconditioned import Preconditioned, inverse_size, whitening
from steepest.training.bases import out_of_scale
from steepest.training.choice import LANE, decayed, preconditioned
from steepest.training.race import EXTRA, UNKNOWN, climb, race


@pytest.fixture
def line():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(640, 3))
    return X, X @ [1.0, -2.0, 0.5] + 0.3 * rng.normal(size=640)


def scaled(c):
    def loss(p, X, y):
        r = X @ p - y
        return c * np.mean(r**2), 2 * c * X.T @ r / len(y)

    return loss


@pytest.mark.parametrize("epochs", [8, 30, 100])
def test_it_takes_a_quarter_of_the_steps_at_most(line, epochs):
    r = st.fit(scaled(1.0), np.zeros(3), line, jac=True, epochs=epochs)
    assert 0 < r.evidence["race_steps"] <= EXTRA * r.nit
    gradients = 2 * 3  # for the basis
    assert sum(steps for *_, steps, loss in r.evidence["race"]) + gradients == r.evidence["race_steps"]


@pytest.mark.parametrize("exponent", [-12, -6, 6, 12])
def test_the_rate_of_gradient_descent_follows_the_units_of_the_loss(line, exponent):
    plain, other = (
        st.fit(scaled(c), np.zeros(3), line, jac=True, method="gd", epochs=40).evidence["lr"]
        for c in (1.0, 10.0**exponent)
    )
    steps_of_the_grid = 2 * math.log10(other * 10.0**exponent / plain)
    # the way through the decades costs steps, which the last round then lacks
    assert abs(steps_of_the_grid) < 1.01


def test_gradient_descent_gets_a_rate_that_is_stable(line):
    r = st.fit(scaled(1.0), np.zeros(3), line, jac=True, method="gd", epochs=40)
    X, y = line
    L = np.linalg.eigvalsh(2 * X.T @ X / len(y))[-1]
    assert 0.01 / L < r.evidence["lr"] < 2 / L


def test_climbing_ends_at_the_lowest_of_the_grid_from_any_start():
    for start in 10.0 ** np.arange(-8, 9, 4):
        best, lr = climb(lambda lr: (math.log10(lr) - 2.2) ** 2, start, 10.0)
        assert lr == pytest.approx(100.0)
        assert best == pytest.approx(0.04)


def test_climbing_leaves_rates_that_diverge():
    assert climb(lambda lr: math.inf if lr > 0.05 else -lr, 1000.0, 10.0)[1] == pytest.approx(0.01)
    assert climb(lambda lr: math.inf if lr > 5 else -lr, 1.0, 10.0)[1] == 1.0
    assert climb(lambda lr: math.inf, 1.0, 10.0) == (math.inf, 1.0)


def test_three_of_the_longest_lanes_fit_into_what_is_left():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 4))
    r = st.fit(st.losses.Squared(), None, (X, X @ [1.0, 2, 3, 4]), epochs=50)
    lanes = [steps for _, _, steps, _ in r.evidence["race"]]
    assert lanes == sorted(lanes)
    assert lanes[0] == 1
    assert lanes.count(lanes[-1]) >= 3
    assert EXTRA * r.nit - 3 <= r.evidence["race_steps"] <= EXTRA * r.nit


def test_the_run_goes_on_from_where_the_best_lane_ended(line):
    rule = {"jac": True, "epochs": 20}
    r = st.fit(scaled(1.0), np.zeros(3), line, **rule)
    start = r.evidence["warm_start"]
    np.testing.assert_array_equal(r.history.x[0], start)
    X, y = line
    assert np.mean((X @ start - y) ** 2) == pytest.approx(min(loss for *_, loss in r.evidence["race"]))
    method = preconditioned(decayed(st.Adam(), r.evidence["lr"], r.nit), r.evidence["basis"])
    again = st.fit(scaled(1.0), start, line, **rule, method=method)
    np.testing.assert_array_equal(again.x, r.x)


def test_parameters_that_are_as_good_as_any_are_kept():
    """Every lane leads away from the minimum: the run begins where the caller does, and validation returns that."""
    rng = np.random.default_rng(0)
    X, best = rng.normal(size=(600, 3)), np.array([1.0, -2.0, 0.5])
    y = X @ best
    r = st.fit(scaled(1.0), best, (X, y), jac=True, epochs=5, validation=(X, y))
    np.testing.assert_array_equal(r.evidence["warm_start"], best)
    np.testing.assert_array_equal(r.x, best)


def test_where_nobody_knows_the_budget_the_rate_is_raced_as_the_constant_that_it_will_be(line):
    assert decayed(st.Adam(), 0.1, math.inf, LANE).hyper["lr"] == 0.1
    r = st.fit(scaled(1.0), np.zeros(3), [line], jac=True, method="adam", batch_size=16, epochs=2)
    assert set(r.epochs["lr"]) == {r.evidence["lr"]}
    assert 0 < r.evidence["race_steps"] <= UNKNOWN


def test_the_same_seed_has_the_same_race(line):
    one, two = (st.fit(scaled(1.0), np.zeros(3), line, jac=True, epochs=10, rng=5) for _ in range(2))
    assert one.evidence["race"] == two.evidence["race"]
    assert np.array_equal(one.x, two.x)


def test_climbing_does_not_sink_to_rates_that_do_nothing():
    """The first step leads upwards at every rate, so a smaller one always looks better: some size must be kept."""
    upwards = lambda lr: 2.0 + 100 * lr
    assert climb(upwards, 0.01, 10.0, still=2.0)[1] >= 1e-5
    steep = lambda lr: 2.0 * (1 - 1e7 * lr) ** 2  # what beats the start is followed to any rate
    assert climb(steep, 0.01, 10.0, still=2.0)[1] == pytest.approx(1e-7)


@pytest.mark.parametrize("seed", range(4))
def test_columns_out_of_scale_are_trained_although_a_step_of_signs_leads_upwards(seed):
    rng = np.random.default_rng(seed + 20)
    X = rng.normal(size=(1500, 4)) * [1, 30, 500, 0.02] + [0, 100, 2000, 0]
    y = X @ [1, 0.02, -0.001, 30] + 0.1 * rng.normal(size=1500)
    r = st.fit(lambda w, X, y: np.mean((X @ w[:4] + w[4] - y) ** 2), np.zeros(5), (X, y), rng=seed)
    assert r.evidence["lr"] > 1e-5
    assert r.fun < 0.95 * np.mean(y**2)  # 1 - 1e-8 of it with the rate of 3e-13 that was chosen once


def half_logistic(p, X, y):
    z = X @ p[:-1] + p[-1]
    s = ((1 + np.tanh(z / 2)) / 2 - y) / len(y)
    return np.mean(np.logaddexp(0, z) - y * z), np.append(X.T @ s, s.sum())


def half_squared(p, X, y):
    r = X @ p[:-1] + p[-1] - y
    return np.mean(r**2) / 2, np.append(X.T @ r, r.sum()) / len(y)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("means", [0.0, 10.0, np.array([10.0, -3.0, 0.0, 30.0, 5.0])])
@pytest.mark.parametrize("loss", [half_squared, half_logistic])
def test_columns_in_any_unit_and_far_from_0_are_trained_as_scaled_ones_are(loss, means, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(1500, 5))
    z = X @ rng.normal(size=5) + 0.3 * rng.normal(size=1500)
    y = z if loss is half_squared else (z > 0).astype(float)
    raw = (X + means) * [1.0, 30.0, 2e3, 0.02, 1e-4]
    plain, other = (st.fit(loss, np.zeros(6), (data, y), jac=True, rng=seed) for data in (X, raw))
    assert "Preconditioned(Adam(" in other.method
    assert other.evidence["basis"].shape == (6, 6)
    assert other.fun < 1.15 * plain.fun
    assert other.evidence["race_steps"] <= EXTRA * other.nit


@pytest.mark.parametrize("seed", range(2))
def test_30_raw_correlated_columns_are_trained_as_scaled_ones_are(seed):
    X, y = pytest.importorskip("sklearn.datasets").load_breast_cancer(return_X_y=True)
    standard = (X - X.mean(axis=0)) / X.std(axis=0)
    plain, raw = (st.fit(half_logistic, np.zeros(31), (data, y), jac=True, rng=seed) for data in (standard, X))
    assert raw.fun < 1.15 * plain.fun


def test_more_columns_than_a_covariance_can_be_known_of_are_scaled_alone():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1500, 150))
    y = X @ rng.normal(size=150) / 12
    raw = X * np.geomspace(1e-3, 1e3, 150)
    plain, other = (st.fit(half_squared, np.zeros(151), (data, y), jac=True) for data in (X, raw))
    assert plain.evidence["basis"] is None
    assert other.evidence["basis"].shape == (151,)
    assert other.fun < 0.01 * np.mean(y**2) / 2


@pytest.mark.parametrize("basis", [np.array([0.25, 4.0, 1.0]), np.array([[1.0, 2.0, 0], [0, 1, 0], [-1, 0, 3]])])
def test_a_preconditioned_rule_is_the_rule_in_other_coordinates(basis):
    matrix = np.diag(basis) if basis.ndim == 1 else basis
    f = lambda x: (x[0] - 1) ** 2 + 3 * (x[1] + 2) ** 2 + x[0] * x[2] + x[2] ** 2
    rule = st.Adam(lr=0.1)
    one = st.minimize(f, [3.0, 2.0, 1.0], method=Preconditioned(rule, basis), maxiter=20)
    start = np.linalg.solve(matrix, [3.0, 2.0, 1.0])
    two = st.minimize(lambda u: f(matrix @ u), start, method=rule, maxiter=20)
    np.testing.assert_allclose(one.history.x, two.history.x @ matrix.T, rtol=1e-9, atol=1e-12)


def test_in_a_whitening_basis_gradients_scatter_alike_and_independently():
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(40, 4)) @ rng.normal(size=(4, 4)) * [1, 1e-3, 1e4, 1] + [0, 0, 1e5, 3]
    basis = whitening(list(gradients))
    covariance = np.cov((gradients @ basis).T)
    np.testing.assert_allclose(covariance, covariance[0, 0] * np.eye(4), atol=1e-9 * covariance[0, 0])
    assert np.abs(np.linalg.det(basis)) == pytest.approx(1.0)


def test_what_does_not_scatter_has_a_basis_too():
    gradients = np.random.default_rng(0).normal(size=(20, 3))
    gradients = np.column_stack([gradients, gradients[:, 0], np.full(20, 7.0)])  # twice the same, and a constant
    basis = whitening(list(gradients))
    assert np.isfinite(basis).all()
    assert np.linalg.cond(basis) < 10
    assert np.isfinite(whitening([np.zeros(2)] * 4)).all()
    assert np.isfinite(whitening([np.array([1e200, 1.0]), np.array([-1e200, 2.0])])).all()


def test_scales_are_powers_of_two_against_the_size_of_gradients():
    scale = inverse_size([np.array([8.0, 0.5, 0.0, 1.0]), np.array([-8.0, 0.5, 0.0, -1.0])])
    np.testing.assert_array_equal(scale, [0.25, 4.0, 1.0, 2.0])  # the geometric mean of 8, 1/2 and 1 is 1.6


def test_columns_are_out_of_scale_by_their_largest_numbers():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    assert not out_of_scale(X)
    assert not out_of_scale((rng.random((300, 50)) < 0.02).astype(float))  # seldom, not small
    assert out_of_scale(X * [1, 1, 1e3])
    assert out_of_scale(X * 1e-3)  # beside an intercept
    assert not out_of_scale(X[:, 0])


def counted_by_hand(seed, rows=2000):
    """Poisson's loss of counts that a few rows rule: of a mean of 30, up to thousands."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([0.3 * (rng.normal(size=(rows, 12)) + rng.normal(size=(rows, 1))), np.ones(rows)])
    y = rng.poisson(np.exp(X @ rng.normal(size=13))).astype(float)

    def loss(w, X, y):
        z = X @ w
        with np.errstate(all="ignore"):  # a trial far off
            return np.mean(np.exp(z) - y * z), X.T @ (np.exp(z) - y) / len(y)

    return loss, np.zeros(13), (X, y)


@pytest.fixture
def astray(monkeypatch):
    """The race finds a rate that is 30 times too high."""

    def wrong(recipe, oracle):
        choice = race(recipe, oracle)
        return choice and choice._replace(lr=30 * choice.lr)

    monkeypatch.setattr("steepest.training.trained.race", wrong)


@pytest.mark.parametrize("epochs", [8, 24])
def test_a_raced_rate_that_leads_astray_is_lowered_at_the_best_parameters(astray, epochs):
    """The first epochs end at thousands."""
    loss, start, data = counted_by_hand(0)
    r = st.fit(loss, start, data, jac=True, epochs=epochs)
    least = st.fit(loss, start, data, jac=True, batch_size=None).fun
    t, lr = r.evidence["setbacks"][0]
    assert r.fun < least + 0.03 * (1 - least), (r.fun, least)
    assert f"At step {t} the run was worse than its best parameters: it went back" in r.message
    assert r.nit == epochs * 63
    assert r.history["lr"][-1] < lr / 10
    with pytest.raises(ArgumentError, match="lowered"):
        r.explain(-1)


def test_a_run_that_went_back_goes_on_from_its_file(astray, tmp_path):
    loss, start, data = counted_by_hand(0)
    whole = st.fit(loss, start, data, jac=True, epochs=8)
    path, seen = tmp_path / "run.npz", itertools.count(1)
    how = {"jac": True, "epochs": 8, "checkpoint": path}
    stopped = st.fit(loss, start, data, **how, callback=lambda x: next(seen) == 4)
    assert stopped.evidence["setbacks"]
    resumed = st.fit(loss, start, data, **how)
    assert resumed.nit == whole.nit
    assert np.array_equal(resumed.x, whole.x)
    assert resumed.evidence["setbacks"] == whole.evidence["setbacks"]


@pytest.mark.parametrize("method", ["adam", "momentum", None])
@pytest.mark.parametrize("stopped", [2, 5])
def test_one_on_a_stream_does_so_too(tmp_path, monkeypatch, method, stopped):
    """How many rows it has is known after its first epoch, and again not when the run is called anew."""
    loss, start, (X, y) = counted_by_hand(1)
    stream = lambda: ((X[k : k + 300], y[k : k + 300]) for k in range(0, len(y), 300))
    astray = lambda training, reason: training.epoch == 3 and not training.choice.setbacks
    monkeypatch.setattr("steepest.training.training.Training._lost", astray)
    how = {"jac": True, "epochs": 6, "method": method, "diagnose": False}
    whole = st.fit(loss, start, stream, **how)
    path, seen = tmp_path / "run.npz", itertools.count(1)
    st.fit(loss, start, stream, checkpoint=path, callback=lambda x: next(seen) == stopped, **how)
    resumed = st.fit(loss, start, stream, checkpoint=path, **how)
    assert resumed.evidence["setbacks"] == whole.evidence["setbacks"] != []
    np.testing.assert_array_equal(resumed.x, whole.x)
    np.testing.assert_array_equal(resumed.history["lr"], whole.history["lr"])


@pytest.mark.parametrize("bad", [17, 40])
def test_a_batch_without_a_number_anywhere_is_no_fault_of_the_rate(bad):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(2000, 2)), rng.normal(size=2000)
    y[bad] = 1e200  # its square is infinite at any parameters

    def loss(w, X, y):
        with np.errstate(over="ignore"):
            return np.mean((X @ w - y) ** 2), 2 * X.T @ (X @ w - y) / len(y)

    r = st.fit(loss, np.zeros(2), (X, y), jac=True, epochs=5)
    assert not r.success
    assert r.code == "diverged"
    assert not r.evidence["setbacks"]


def test_columns_are_not_out_of_scale_after_a_run_in_white_coordinates():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 4)) * [1, 100, 1, 1e-3]
    y = (rng.random(1000) < 1 / (1 + np.exp(-X @ [1, 0.01, 1, 1e3]))).astype(float)

    def loss(w, X, y):
        z = X @ w
        return np.mean(np.logaddexp(0, z) - y * z), X.T @ (1 / (1 + np.exp(-z)) - y) / len(y)

    r = st.fit(loss, np.zeros(4), (X, y), jac=True, epochs=3)
    assert r.method.startswith("Preconditioned")
    assert "out of scale" not in r.message
    assert "unscaled" not in r.evidence


@pytest.mark.parametrize("seed", range(3))
def test_a_race_keeps_to_a_quarter_of_the_time(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(200, 3))

    def loss(w, X, y):
        time.sleep(0.005)
        return np.mean((X @ w - y) ** 2), 2 * X.T @ (X @ w - y) / len(y)

    r = st.fit(loss, np.zeros(3), (X, X @ rng.normal(size=3)), jac=True, batch_size=20, maxtime=0.4)
    assert r.stopped[0] == "budget.time"
    assert r.evidence["race_steps"] <= r.nit  # three quarters of the time are theirs
    assert r.history["seconds"][-1] < 0.6


@pytest.mark.parametrize("seed", range(3))
def test_a_run_that_breaks_in_its_race_says_what_was_computed(line, seed):
    called = itertools.count(1)

    def loss(p, X, y):
        if next(called) == 60 + seed:
            raise ZeroDivisionError("a sensor is off")
        return scaled(1.0)(p, X, y)

    whole = st.fit(scaled(1.0), np.zeros(3), line, jac=True, epochs=40, rng=seed)
    r = st.fit(loss, np.zeros(3), line, jac=True, epochs=40, rng=seed, on_error="stop")
    assert r.nit == 0
    assert r.nfev == 60 + seed
    assert r.gradient == whole.gradient
    assert 0 < r.njev < whole.evidence["race_steps"]
