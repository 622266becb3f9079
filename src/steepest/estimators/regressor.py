"""Linear regression of any loss, as scikit-learn knows estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.callback import with_callbacks
from sklearn.utils.validation import _check_sample_weight, validate_data

from ..losses import LOSSES, Poisson
from .base import LinearDescent


class DescentRegressor(RegressorMixin, LinearDescent):
    """Linear regression by descent, for any loss and method.

    Parameters
    ----------
    loss : {"auto", "squared", "absolute", "huber", "pinball", "poisson"} or a loss of `steepest.losses`
        "auto" is the squared loss. With "poisson" predictions are exp(X coef + intercept).
    penalty : {"l2", "l1", "elasticnet", None}
        What is added: alpha times |coef|^2 / 2, |coef|_1, or a mixture of both. A loss object brings its own.
    alpha, l1_ratio : float
        Weight of the penalty, and the share of |coef|_1 in "elasticnet".
    method : Method, name, or None
        As in `steepest.fit`.
    lr : float, schedule, or "auto"
        As in `steepest.fit`.
    batch_size : int, None, or "auto"
        Rows in a batch, None all of them. "auto" is all rows where X has at most a million numbers, else 256.
    epochs : float
        Passes over the data: 20 by default, or, with all rows in a batch, as many as it takes.
    validation_fraction : float
        Share of the rows that is held out; the parameters with the lowest loss there are kept.
    patience : float
        Stop after so many epochs without a better loss.
    warm_start : bool
        Whether `fit` begins where the last one ended.
    random_state : int, RandomState or None
        Of the order of the rows.

    Attributes
    ----------
    coef_ : ndarray, shape (d,)
    intercept_ : float
    n_iter_ : int
        Epochs.
    loss_curve_, validation_curve_ : ndarray, shape (epochs,)
    method_, why_ : str
        The method with its rate, and why training ended; where that is no success, `fit` warns (ConvergenceWarning).

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.estimators import DescentRegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 2)) * [1.0, 1e4]
    >>> model = DescentRegressor().fit(X, X @ [3.0, -2e-4] + 1)
    >>> model.coef_.round(4), round(model.intercept_, 4)
    (array([ 2.9998e+00, -2.0000e-04]), 1.0)
    """

    @with_callbacks
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> DescentRegressor:
        """Train on X, shape (rows, d), dense or sparse, and y, shape (rows,)."""
        X, y, weights = self._checked(X, y, sample_weight, reset=True)
        return self._train(self._loss(LOSSES["squared"]), X, y, weights, y)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> DescentRegressor:
        """One pass over these rows, from where the last call ended."""
        first = not hasattr(self, "coef_")
        X, y, weights = self._checked(X, y, sample_weight, reset=first)
        return self._continue(self._loss(LOSSES["squared"]), X, y, weights)

    def _checked(self, X: Any, y: Any, weights: Any, reset: bool) -> tuple[Any, np.ndarray, Any]:
        X, y = validate_data(
            self, X, y, accept_sparse="csr", dtype=[np.float64, np.float32], y_numeric=True, reset=reset
        )
        return X, y.astype(X.dtype), None if weights is None else _check_sample_weight(weights, X)

    def _attributes(self, params: Any) -> dict[str, Any]:
        return {"coef_": params["coef"], "intercept_": float(params["intercept"])}

    def predict(self, X: Any) -> np.ndarray:
        """The predictions, shape (rows,)."""
        z = self._scores(X)
        return np.exp(z) if isinstance(self.loss_, Poisson) else z
