"""Built-in losses: exact gradients, the minima that statistics knows, columns in any units."""

from __future__ import annotations

import numpy as np
import pytest

import steepest as st
from conftest import peer
from steepest import losses
from steepest.expression import symbol
from steepest.expression.differentiate import differentiate
from steepest.losses import LOSSES

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3))
SCORE = X @ [1.0, -1.0, 0.5] + 0.3
TARGETS = {
    "any": SCORE + 0.5 * RNG.standard_t(3, 400),
    "binary": (RNG.random(400) < 1 / (1 + np.exp(-SCORE))).astype(float),
    "count": RNG.poisson(np.exp(SCORE)),
    "class": RNG.integers(0, 3, 400) * (X[:, 0] > -1),
}
every_loss = pytest.mark.parametrize("kind", LOSSES.values(), ids=LOSSES)
scalar_loss = pytest.mark.parametrize(
    "kind", [kind for kind in LOSSES.values() if kind is not losses.Softmax], ids=lambda kind: kind.__name__
)


@scalar_loss
def test_the_slope_is_the_derivative_of_the_value(kind):
    """By exact differentiation of the formula itself."""
    z, y = symbol("z"), symbol("y")
    loss = kind()
    exact = differentiate(loss.value(z, y), z)
    for target in (0.0, 1.0, 3.0):
        for score in (-40.3, -1.2, 0.4, 2.1, 11.0):
            at = {"z": score, "y": target}
            values = [evaluate(e, at) for e in (loss.slope(z, y), exact)]
            assert values[0] == pytest.approx(values[1], rel=1e-12, abs=1e-15)


def evaluate(expression, at):
    if not hasattr(expression, "operation"):
        return expression
    if expression.operation is None:
        return at[expression.name] if expression.name else expression.value
    return expression.operation.scalar(*(evaluate(arg, at) for arg in expression.args))


@every_loss
@pytest.mark.parametrize("penalty", [{}, {"l1": 0.1}, {"l2": 0.3}, {"l1": 0.05, "l2": 0.2}])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_gradient_is_that_of_the_loss(kind, penalty, weighted):
    loss, y = kind(**penalty), TARGETS[kind.labels]
    params = loss.start(X, y)
    params = {name: a + RNG.normal(size=a.shape) for name, a in params.items()}
    weights = (RNG.uniform(0, 2, 400),) if weighted else ()
    checked = st.check_gradient(
        lambda p: loss(p, X, y, *weights), lambda p: loss.value_and_gradient(p, X, y, *weights)[1], params
    )
    assert checked.ok, checked
    assert loss.value_and_gradient(params, X, y, *weights)[0] == pytest.approx(loss(params, X, y, *weights), rel=1e-12)


@every_loss
def test_extreme_scores_stay_finite_where_the_loss_is(kind):
    y = TARGETS[kind.labels]
    params = {name: a + 300.0 for name, a in kind().start(X, y).items()}
    f, g = kind().value_and_gradient(params, X, y)
    assert np.isfinite(f) == (f < 1e300)
    assert np.isfinite(g["coef"]).all() == np.isfinite(f)


def test_statistics_of_a_constant():
    """Without columns that tell anything, the intercept is the mean, the median, the quantile, the log-odds."""
    y = np.random.default_rng(3).exponential(size=501)
    nothing = np.zeros((501, 1))

    def intercept(loss, target=y):
        return float(st.fit(loss, None, (nothing, target), epochs=100, batch_size=50).x["intercept"])

    assert intercept(losses.Squared()) == pytest.approx(y.mean(), abs=0.1)
    assert intercept(losses.Absolute()) == pytest.approx(np.median(y), abs=0.1)
    assert intercept(losses.Pinball(quantile=0.9)) == pytest.approx(np.quantile(y, 0.9), abs=0.1)
    labels = (y > 1).astype(float)
    odds = np.log(labels.mean() / (1 - labels.mean()))
    assert intercept(losses.Logistic(), labels) == pytest.approx(odds, abs=0.1)
    counts = np.random.default_rng(4).poisson(3.0, 501)
    assert intercept(losses.Poisson(), counts) == pytest.approx(np.log(counts.mean()), abs=0.1)


def test_full_batches_equal_scikit_learn():
    linear = peer("sklearn.linear_model")
    y = TARGETS["binary"]
    theirs = linear.LogisticRegression(C=1 / (400 * 0.01), tol=1e-10, max_iter=1000).fit(X, y)
    ours = st.fit(losses.Logistic(l2=0.01), None, (X, y), batch_size=None, epochs=300)
    np.testing.assert_allclose(ours.x["coef"], theirs.coef_[0], rtol=1e-5)
    assert float(ours.x["intercept"]) == pytest.approx(theirs.intercept_[0], rel=1e-5)
    special, optimize = peer("scipy.special"), peer("scipy.optimize")
    target = TARGETS["any"]
    exact = optimize.minimize(lambda p: special.huber(1.0, X @ p[:3] + p[3] - target).mean(), np.zeros(4), tol=1e-9)
    ours = st.fit(losses.Huber(delta=1.0), None, (X, target), batch_size=None, epochs=300)
    np.testing.assert_allclose(ours.x["coef"], exact.x[:3], atol=1e-5)
    classes = TARGETS["class"]
    theirs = linear.LogisticRegression(C=1 / (400 * 0.01), tol=1e-10, max_iter=1000).fit(X, classes)
    ours = st.fit(losses.Softmax(l2=0.01), None, (X, classes), batch_size=None, epochs=300)
    np.testing.assert_allclose(ours.x["coef"].T, theirs.coef_, atol=1e-4)


@pytest.mark.parametrize("penalty", [{}, {"l2": 0.01}])
@pytest.mark.parametrize("factors", [[1.0, 100.0, 1000.0], [1e-4, 1.0, 1e5]])
def test_columns_in_any_units_train_alike(factors, penalty):
    """The trap of SGDRegressor: coefficients of 1e10 on columns of deviation 1, 100 and 1000."""
    rng = np.random.default_rng(2)
    y = X @ [1.0, -1.0, 0.5] + 3 + 0.1 * rng.normal(size=400)
    offset = np.array([5.0, -2.0, 30.0])
    raw = (X + offset) * factors
    scaled = st.fit(losses.Squared(), None, (X, y), epochs=20)
    r = st.fit(losses.Squared(), None, (raw, y), epochs=20)
    assert r.fun < 1.15 * scaled.fun
    predicted = raw @ r.x["coef"] + r.x["intercept"]
    assert np.mean((predicted - y) ** 2) == pytest.approx(r.fun, rel=1e-6)
    loss = losses.Squared(**penalty)
    full = st.fit(loss, None, (raw, y), batch_size=None, epochs=200)
    exact = st.minimize(lambda p: loss({"coef": p[:3] / factors, "intercept": p[3]}, raw, y), np.zeros(4))
    assert full.fun == pytest.approx(exact.fun, rel=1e-6)
    assert full.fun == pytest.approx(loss(full.x, raw, y), rel=1e-6)


def test_a_start_in_the_units_of_the_data():
    y = X @ [1.0, -1.0, 0.5] + 3
    start = {"coef": np.array([0.01, -0.01, 0.005]), "intercept": 3.0}
    r = st.fit(losses.Squared(), start, (100 * X, y), method=st.GD(lr=1e-9), epochs=1)
    np.testing.assert_allclose(r.x["coef"], start["coef"], rtol=1e-6)


def test_whole_numbers_and_single_precision_and_sparse():
    sparse = peer("scipy.sparse")
    X = RNG.integers(0, 5, (300, 4))
    y = (X @ [1, -1, 0, 2] > 4).astype(np.uint8)
    reference = st.fit(losses.Hinge(l2=0.01), None, (X.astype(float), y.astype(float)), epochs=20).fun
    assert st.fit(losses.Hinge(l2=0.01), None, (X, y), epochs=20).fun == pytest.approx(reference, rel=1e-9)
    single = st.fit(losses.Hinge(l2=0.01), None, (X.astype(np.float32), y), epochs=20)
    assert single.x["coef"].dtype == np.float32
    assert single.fun == pytest.approx(reference, rel=0.05)
    compressed = st.fit(losses.Hinge(l2=0.01), None, (sparse.csr_matrix(X.astype(float)), y), epochs=20)
    assert compressed.fun == pytest.approx(reference, rel=0.1)


BAD = {
    "labels": (losses.Logistic(), TARGETS["any"], "expects the labels 0 and 1"),
    "minus one": (losses.Hinge(), 2 * TARGETS["binary"] - 1, "y holds -1.*labels 0 and 1"),
    "counts": (losses.Poisson(), -np.ones(400), "counts"),
    "classes": (losses.Softmax(), TARGETS["any"], "whole numbers"),
    "columns": (losses.Squared(), np.ones((400, 2)), r"y has shape \(400, 2\)"),
}


@pytest.mark.parametrize("case", BAD)
def test_wrong_targets_are_named(case):
    loss, y, words = BAD[case]
    with pytest.raises(st.ArgumentError, match=words):
        st.fit(loss, None, (X, y))


def test_impossible_penalties_are_named():
    with pytest.raises(st.ArgumentError, match=r"l2=-1"):
        losses.Logistic(l2=-1)
    with pytest.raises(st.ArgumentError, match=r"quantile=1\.5"):
        losses.Pinball(quantile=1.5)


@pytest.mark.parametrize("size", [None, 64])
@every_loss
def test_gradient_and_places_are_in_the_units_of_the_data(kind, size):
    loss, y = kind(l2=1e-6), TARGETS[kind.labels]
    raw = X * [1.0, 300.0, 0.01] + [5.0, 0.0, 0.0]
    seen = []
    r = st.fit(loss, None, (raw, y), batch_size=size, epochs=4, callback=seen.append, method=st.Momentum(lr=0.01))
    exact = loss.value_and_gradient(r.x, raw, y)[1]
    for name in ("coef", "intercept"):
        np.testing.assert_allclose(r.jac[name], exact[name], rtol=1e-7, atol=1e-8)
    assert len(seen) == 4
    ends = np.searchsorted(r.history["t"], np.arange(1, 4) * (r.nit // 4))
    for at, params in zip(ends, seen, strict=False):
        here = np.append(params["coef"].ravel(), params["intercept"])
        np.testing.assert_allclose(r.history.x[at], here, rtol=1e-9)
    picture = st.fit(loss, None, (raw, y), batch_size=None, epochs=4, method=st.Momentum(lr=0.01))
    np.testing.assert_allclose(picture._landscape(picture.history.x[2]), picture.history["f"][2], rtol=1e-9)


@pytest.mark.parametrize("size", [None, 64])
def test_the_gradient_under_l1_is_that_nearest_to_zero(size):
    y, loss = TARGETS["any"], losses.Squared(l1=1.3)
    r = st.fit(loss, None, (X, y), batch_size=size, epochs=300)
    smooth = losses.Squared().value_and_gradient(r.x, X, y)[1]["coef"]
    zero = r.x["coef"] == 0
    assert zero.any()
    np.testing.assert_allclose(r.jac["coef"][~zero], (smooth + 1.3 * np.sign(r.x["coef"]))[~zero], atol=1e-9)
    assert (r.jac["coef"][zero] == 0).all()
    assert np.linalg.norm(r.jac["coef"]) < (1e-5 if size is None else 0.2)


def test_the_gradient_of_a_loss_that_gives_none_is_left_out():
    mean = lambda p, X, y: np.mean((X @ p - y) ** 2)
    r = st.fit(mean, np.zeros(3), (X, TARGETS["any"]), method=st.GD(lr=0.1), epochs=2)
    assert np.isnan(r.jac).all()
    pair = lambda p, X, y: (mean(p, X, y), 2 * X.T @ (X @ p - y) / len(y))
    r = st.fit(pair, np.zeros(3), (X, TARGETS["any"]), method=st.GD(lr=0.1), epochs=2, jac=True)
    np.testing.assert_allclose(r.jac, pair(r.x, X, TARGETS["any"])[1], rtol=1e-12)
