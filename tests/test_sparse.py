"""The l1 penalty in training: exact zeros where the optimum has them, beside scikit-learn and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

import steepest as st
from conftest import peer
from steepest import losses
from steepest.training import epoch

RNG = np.random.default_rng(5)
X = RNG.normal(size=(3000, 12))
TRUTH = np.array([2.0, -1.5, 1.0, 0.7, -0.5, 0, 0, 0, 0, 0, 0, 0])
Y = X @ TRUTH + 1.0 + 0.5 * RNG.normal(size=3000)
SEEN = 0.2 * RNG.normal(size=3000) + X @ TRUTH > 0


def test_all_rows_at_once_are_the_lasso_of_scikit_learn():
    linear = peer("sklearn.linear_model")
    for l1, l2 in ((0.1, 0.0), (0.5, 0.0), (0.3, 0.4)):
        share, alpha = l1 / (l1 + l2), (l1 + l2) / 2  # theirs halves the squares
        theirs = linear.ElasticNet(alpha=alpha, l1_ratio=share, tol=1e-12, max_iter=10**6).fit(X, Y)
        r = st.fit(losses.Squared(l1=l1, l2=l2), None, (X, Y), batch_size=None, epochs=500)
        assert r.success
        np.testing.assert_array_equal(r.x["coef"] == 0, theirs.coef_ == 0)
        np.testing.assert_allclose(r.x["coef"], theirs.coef_, atol=1e-6)
        assert float(r.x["intercept"]) == pytest.approx(theirs.intercept_, abs=1e-6)


def test_orthogonal_columns_are_the_soft_threshold():
    """X'X = n I: each coefficient is the soft threshold of its least-squares value (Tibshirani 1996, eq. 3)."""
    Q = np.linalg.qr(np.random.default_rng(0).normal(size=(64, 6)) - 0.0)[0] * 8
    y = Q @ [3.0, -2.0, 0.4, 0.05, 0.0, -0.1]
    alone = Q.T @ y / 64
    exact = np.sign(alone) * np.maximum(np.abs(alone) - 0.2 / 2, 0)
    loss = losses.Squared(l1=0.2)
    start = {"coef": np.ones(6), "intercept": 0.0}
    free = st.fit(losses.Squared(), None, (Q, y), batch_size=None).x["intercept"]
    assert abs(free) < 1e-6  # the intercept plays no part
    r = st.fit(loss, start, (Q, y), batch_size=None, epochs=2000)
    np.testing.assert_allclose(r.x["coef"], exact, atol=0.01)
    assert ((r.x["coef"] == 0) == (exact == 0)).all()


@pytest.mark.parametrize("method", [st.FISTA(), st.GD(lr=0.1), st.Momentum(lr=0.03), st.Adam(lr=0.03)], ids=str)
def test_every_kind_of_method_finds_the_same_zeros_on_all_rows(method):
    best = st.fit(losses.Squared(l1=0.5), None, (X, Y), batch_size=None, epochs=500)
    r = st.fit(losses.Squared(l1=0.5), None, (X, Y), batch_size=None, epochs=1500, method=method)
    np.testing.assert_array_equal(r.x["coef"] == 0, best.x["coef"] == 0)
    np.testing.assert_allclose(r.x["coef"], best.x["coef"], atol=1e-4)
    assert r.fun == pytest.approx(best.fun, rel=1e-6)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    "method",
    [
        None,
        st.GD(lr=st.schedules.Polynomial(0.1, 94 * 40)),
        st.Adam(lr=st.schedules.Polynomial(0.02, 94 * 40)),
    ],
    ids=str,
)
def test_mini_batches_end_at_exact_zeros(monkeypatch, method, seed, compiled):
    """The coefficients of the noise columns; those of the others as near as the rate allows."""
    if compiled:
        peer("llvmlite")
    monkeypatch.setattr(epoch, "WORTHWHILE", 0 if compiled else np.inf)
    for loss, y in ((losses.Squared(l1=0.3), Y), (losses.Logistic(l1=0.02), SEEN.astype(float))):
        best = st.fit(loss, None, (X, y), batch_size=None, epochs=1000).x["coef"]
        r = st.fit(loss, None, (X, y), method=method, epochs=40, rng=seed)
        assert ((r.x["coef"] == 0) == (best == 0)).all()
        np.testing.assert_allclose(r.x["coef"], best, atol=0.06)


def test_columns_in_any_units_have_the_zeros_of_their_own_units():
    linear = peer("sklearn.linear_model")
    factors = np.array([1, 1e3, 1e-2, 1, 50, 1, 1e3, 1e-2, 1, 1, 1, 1])
    raw = X * factors + 3.0
    theirs = linear.Lasso(alpha=0.05, tol=1e-12, max_iter=10**6).fit(raw, Y)
    r = st.fit(losses.Squared(l1=0.1), None, (raw, Y), batch_size=None, epochs=3000)
    np.testing.assert_array_equal(r.x["coef"] == 0, theirs.coef_ == 0)
    np.testing.assert_allclose(r.x["coef"] * factors, theirs.coef_ * factors, atol=1e-5)


def test_a_killed_run_of_proximal_steps_goes_on(tmp_path):
    path, how = tmp_path / "run.npz", dict(batch_size=None, epochs=12, diagnose=False)
    whole = st.fit(losses.Squared(l1=0.5), None, (X, Y), **how)
    stop = lambda intermediate_result: intermediate_result.epoch == 5
    st.fit(losses.Squared(l1=0.5), None, (X, Y), checkpoint=path, callback=stop, **how)
    r = st.fit(losses.Squared(l1=0.5), None, (X, Y), checkpoint=path, **how)
    np.testing.assert_array_equal(r.x["coef"], whole.x["coef"])


@pytest.mark.parametrize(
    "how", [{"method": "lbfgs"}, {"method": st.BFGS()}, {"method": "hagerzhang"}, {"clip": 1.0}], ids=str
)
def test_methods_that_need_a_smooth_loss_are_refused(how):
    with pytest.raises(st.ArgumentError, match=r"kink where a coefficient is 0.*FISTA"):
        st.fit(losses.Squared(l1=0.5), None, (X, Y), batch_size=None, **how)
    st.fit(losses.Squared(l2=0.5), None, (X, Y), batch_size=None, epochs=3, **how)  # which is smooth


def test_estimators_have_zeros_as_users_of_scikit_learn_expect():
    peer("sklearn.callback")
    from steepest.estimators import DescentClassifier, DescentRegressor

    for size in ("auto", 64):
        ours = DescentRegressor(penalty="l1", alpha=0.3, batch_size=size, random_state=0).fit(X, Y)
        assert (ours.coef_.ravel()[5:] == 0).all()
        assert (ours.coef_.ravel()[:3] != 0).all()
        ours = DescentClassifier(penalty="l1", alpha=0.02, batch_size=size, random_state=0).fit(X, SEEN)
        assert (ours.coef_.ravel()[5:] == 0).all()


@pytest.mark.parametrize("l1", [0.0, 0.05])
@pytest.mark.parametrize("method", [None, "fista", "conjugategradient", "adam"])
@pytest.mark.parametrize("batch_size", [None, 16])
def test_what_it_is_validated_on_changes_no_step(l1, method, batch_size):
    how = dict(method=method, batch_size=batch_size, epochs=3, diagnose=False)
    if method == "conjugategradient" and (l1 or batch_size):
        pytest.skip("it is for smooth functions")
    alone = st.fit(losses.Squared(l1=l1), None, (X, Y), **how)
    beside = st.fit(losses.Squared(l1=l1), None, (X, Y), validation=(X[::7] + 1, Y[::7] - 5), **how)
    for column in ("f", "g_norm", "step", "lr"):
        np.testing.assert_array_equal(beside.history[column], alone.history[column])
