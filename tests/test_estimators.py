"""The scikit-learn estimators: its own checks, and that they solve what SGDRegressor does not."""

from __future__ import annotations

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDRegressor  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

import steepest as st  # noqa: E402
from steepest.errors import ArgumentError  # noqa: E402
from steepest.estimators import DescentClassifier, DescentRegressor  # noqa: E402


@parametrize_with_checks([DescentRegressor(), DescentClassifier(), DescentRegressor(loss="huber", batch_size=8),
                          DescentClassifier(method="adam", batch_size=8, epochs=50)],
                         expected_failed_checks=lambda estimator: {} if estimator.batch_size == "auto" else {
                             "check_sample_weight_equivalence_on_dense_data": "other rows make other batches",
                             "check_sample_weight_equivalence_on_sparse_data": "other rows make other batches",
                         })  # fmt: skip
@pytest.mark.filterwarnings("ignore")
def test_what_scikit_learn_asks_of_estimators(estimator, check):
    check(estimator)


def test_the_squared_loss_gives_the_coefficients_of_least_squares():
    X, y = load_diabetes(return_X_y=True)
    ours, theirs = DescentRegressor(penalty=None).fit(X, y), LinearRegression().fit(X, y)
    assert np.allclose(ours.coef_, theirs.coef_, rtol=1e-5, atol=1e-3)
    assert ours.intercept_ == pytest.approx(theirs.intercept_)


def test_the_l2_penalty_is_that_of_ridge():
    X, y = load_diabetes(return_X_y=True)
    # ours: mean((z - y)^2) + alpha/2 |w|^2; theirs: sum((z - y)^2) + alpha |w|^2
    ours = DescentRegressor(alpha=0.01).fit(X, y)
    theirs = Ridge(alpha=0.01 / 2 * len(y)).fit(X, y)
    assert np.allclose(ours.coef_, theirs.coef_, rtol=1e-4, atol=1e-3)


def test_the_logistic_loss_gives_the_coefficients_of_logistic_regression():
    X, y = load_breast_cancer(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    ours = DescentClassifier(alpha=0.01).fit(X, y)
    theirs = LogisticRegression(C=1 / (0.01 * len(y)), tol=1e-10, max_iter=10_000).fit(X, y)
    assert np.allclose(ours.coef_, theirs.coef_, atol=1e-5)
    assert np.allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("weight", ["balanced", {0: 3.0, 1: 0.5}])
def test_class_weights_are_those_of_logistic_regression(weight):
    X, y = load_breast_cancer(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    ours = DescentClassifier(class_weight=weight, alpha=1e-2).fit(X, y)
    counts = np.bincount(y)
    total = len(y) if weight == "balanced" else counts @ [3.0, 0.5]
    theirs = LogisticRegression(C=1 / (1e-2 * total), class_weight=weight, tol=1e-10, max_iter=10_000).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-4, atol=1e-5)
    rows = np.array([3.0, 0.5])[y]
    if weight != "balanced":
        same = DescentClassifier(alpha=1e-2).fit(X, y, sample_weight=rows)
        np.testing.assert_allclose(ours.coef_, same.coef_)
    else:
        with pytest.raises(ValueError, match="needs all rows at once"):
            DescentClassifier(class_weight=weight).partial_fit(X, y, classes=[0, 1])


@pytest.mark.filterwarnings("ignore:Trained:sklearn.exceptions.ConvergenceWarning")  # batches: falling by 1 % still
def test_raw_columns_are_the_trap_that_it_does_not_fall_into():
    X, y = load_breast_cancer(return_X_y=True)  # columns from 0.002 to 4000
    assert SGDRegressor(random_state=0).fit(X, y).score(X, y) < -1e10
    whole = LinearRegression().fit(X, y).score(X, y)
    assert DescentRegressor(penalty=None).fit(X, y).score(X, y) == pytest.approx(whole, abs=1e-4)
    batches = DescentRegressor(penalty=None, batch_size=32, random_state=0).fit(X, y)
    assert batches.score(X, y) > whole - 0.05


@pytest.mark.filterwarnings("ignore:Stalled:sklearn.exceptions.ConvergenceWarning")  # at the kink of the hinge
def test_labels_of_any_kind_and_number():
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])
    model = DescentClassifier().fit(X, names[y])
    assert model.score(X, names[y]) > 0.97
    assert model.coef_.shape == (3, 4)
    assert np.allclose(model.predict_proba(X).sum(axis=1), 1)
    two = DescentClassifier(loss="hinge").fit(X[y < 2], names[y[y < 2]])
    assert two.score(X[y < 2], names[y[y < 2]]) == 1.0
    assert not hasattr(two, "predict_proba")
    with pytest.raises(ValueError, match="is for two classes, y has 3"):
        DescentClassifier(loss="hinge").fit(X, y)


def test_counts():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(4000, 2))
    y = rng.poisson(np.exp(X @ [0.5, -0.3] + 1))
    model = DescentRegressor(loss="poisson", penalty=None).fit(X, y)
    assert np.allclose(model.coef_, [0.5, -0.3], atol=0.03)
    assert (model.predict(X) > 0).all()


def test_pieces_that_come_one_by_one():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(5000, 3))
    y = X @ [1.0, -2.0, 0.5] + 3 + 0.1 * rng.normal(size=5000)
    model = DescentRegressor(penalty=None)
    for rows in np.split(np.arange(5000), 10):
        model.partial_fit(X[rows], y[rows])
    assert np.allclose(model.coef_, [1, -2, 0.5], atol=0.05)
    labels = np.where(y > 3, "high", "low")
    classifier = DescentClassifier()
    for rows in np.split(np.arange(5000), 10):
        classifier.partial_fit(X[rows], labels[rows], classes=["low", "high"])
    assert classifier.score(X, labels) > 0.97
    with pytest.raises(ValueError, match="'medium', which is none of the classes"):
        classifier.partial_fit(X[:2], ["medium", "low"])
    with pytest.raises(ValueError, match="classes is missing"):
        DescentClassifier().partial_fit(X, labels)


@pytest.mark.parametrize("method", [None, st.Adam(lr=0.01), st.ClipNorm(st.GD(lr=0.05), 5.0)])
@pytest.mark.parametrize("seed", [0, 1])
def test_coefficients_become_exactly_zero_also_piece_by_piece(method, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(20_000, 12))
    y = X[:, :3] @ [1.0, -2.0, 0.5] + 0.5 * rng.normal(size=20_000)
    how = dict(method=method, batch_size=32, random_state=seed)
    model = DescentRegressor(penalty="l1", alpha=0.02, **how)
    for rows in np.split(np.arange(20_000), 20):
        model.partial_fit(X[rows], y[rows])
    assert (model.coef_[3:] == 0).mean() > 0.7
    assert np.allclose(model.coef_[:3], [0.99, -1.99, 0.49], atol=0.07)  # 0.01 less, which the penalty takes


def test_methods_that_compare_gradients_are_refused_piece_by_piece():
    with pytest.raises(ValueError, match="compares the gradients of successive steps"):
        DescentRegressor(method="bfgs").partial_fit(np.eye(3), np.arange(3.0))


@pytest.mark.filterwarnings("ignore:No progress:sklearn.exceptions.ConvergenceWarning")
def test_a_warm_start_goes_on():
    X, y = load_diabetes(return_X_y=True)
    model = DescentRegressor(method=st.GD(lr=0.1), penalty=None, batch_size=None, epochs=20, warm_start=True).fit(X, y)
    first = model.loss_curve_[-1]
    assert model.fit(X, y).loss_curve_[0] == pytest.approx(first, rel=0.05)
    assert model.loss_curve_[-1] < first


def test_training_that_did_not_converge_warns_as_scikit_learn_does():
    X, y = load_diabetes(return_X_y=True)
    with pytest.warns(ConvergenceWarning, match="lr = 1e-09 is .* times smaller"):
        DescentRegressor(method="gd", lr=1e-9, epochs=1).fit(X, y)


@pytest.mark.parametrize("wrong", [{"alpha": -1}, {"alpha": "x"}, {"l1_ratio": 2}], ids=str)
def test_penalties_are_refused_by_their_names_here(wrong):
    name, value = next(iter(wrong.items()))
    with pytest.raises(ArgumentError, match=f"{name}={value!r}: expected a number, at least 0"):
        DescentRegressor(**wrong).fit(np.eye(3), np.arange(3.0))


def test_pipelines_grids_and_cross_validation():
    X, y = load_breast_cancer(return_X_y=True)
    grid = GridSearchCV(make_pipeline(StandardScaler(), DescentClassifier()),
                        {"descentclassifier__alpha": [1e-4, 1e-2]}, cv=3).fit(X, y)  # fmt: skip
    assert grid.best_score_ > 0.96
    assert cross_val_score(DescentClassifier(), X, y, cv=3).min() > 0.93


def test_sparse_rows_give_what_dense_rows_give():
    from scipy.sparse import random as random_sparse

    X = random_sparse(300, 20, 0.2, "csr", rng=np.random.default_rng(0))
    y = X @ np.arange(20.0) + 1
    sparse, dense = DescentRegressor().fit(X, y), DescentRegressor().fit(X.toarray(), y)
    assert np.allclose(sparse.coef_, dense.coef_, atol=1e-3)


class Recorder:
    """A callback by SLEP023."""

    def __init__(self, stop_after: int | None = None):
        self.stop_after, self.scores, self.torn_down = stop_after, [], False

    def setup(self, estimator, context):
        self.X, self.y = None, None

    def teardown(self, estimator, context):
        self.torn_down = True

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
        pass

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
        self.scores.append(fitted_estimator.score(X, y))
        return self.stop_after is not None and len(self.scores) >= self.stop_after


def test_callbacks_see_a_fitted_estimator_after_each_epoch_and_may_stop():
    X, y = load_diabetes(return_X_y=True)
    seen, ended = Recorder(), Recorder(stop_after=3)
    DescentRegressor(batch_size=32, epochs=5).set_callbacks(seen).fit(X, y)
    assert len(seen.scores) == 6  # and the whole fit
    assert seen.torn_down
    stopped = DescentRegressor(batch_size=32, epochs=50).set_callbacks(ended).fit(X, y)
    assert stopped.n_iter_ == 3


def test_wrong_parameters_are_named():
    X, y = load_diabetes(return_X_y=True)
    with pytest.raises(ValueError, match="loss='cubic': expected one of 'auto', 'squared'"):
        DescentRegressor(loss="cubic").fit(X, y)
    with pytest.raises(ValueError, match="penalty='l3'"):
        DescentRegressor(penalty="l3").fit(X, y)
    with pytest.raises(ValueError, match="y has one class only"):
        DescentClassifier().fit(X, np.ones(len(y)))
