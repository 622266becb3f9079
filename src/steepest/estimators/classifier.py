"""Linear classification of any loss, as scikit-learn knows estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.callback import with_callbacks
from sklearn.utils import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import _check_sample_weight, validate_data

from ..errors import ArgumentError
from ..losses import Hinge, Linear, Logistic, Softmax
from .base import LinearDescent


class DescentClassifier(ClassifierMixin, LinearDescent):
    """Linear classification by descent, for any loss and method.

    Parameters
    ----------
    loss : {"auto", "logistic", "softmax", "hinge"} or a loss of `steepest.losses`
        "auto" is the logistic loss, softmax for more than two classes. "hinge" is for two classes.
    class_weight : dict of label to weight, "balanced", or None
        What a row of each class weighs; "balanced": inversely to how many rows it has.
    penalty, alpha, l1_ratio, method, lr, batch_size, epochs, validation_fraction, patience, warm_start, random_state
        As for `DescentRegressor`.

    Attributes
    ----------
    classes_ : ndarray, shape (k,)
    coef_ : ndarray, shape (1, d) for two classes, else (k, d)
    intercept_ : ndarray, shape (1,) or (k,)
    n_iter_, loss_curve_, validation_curve_, method_, why_
        As for `DescentRegressor`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from steepest.estimators import DescentClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> DescentClassifier().fit(X, y).score(X, y) > 0.97
    True
    """

    def __init__(
        self,
        loss: Any = "auto",
        *,
        class_weight: Any = None,
        penalty: str | None = "l2",
        alpha: float = 1e-4,
        l1_ratio: float = 0.15,
        method: Any = None,
        lr: Any = "auto",
        batch_size: Any = "auto",
        epochs: float | None = None,
        validation_fraction: float | None = None,
        patience: float | None = None,
        warm_start: bool = False,
        random_state: Any = None,
    ):
        # written out, since scikit-learn reads the parameters off the signature
        super().__init__(
            loss, penalty=penalty, alpha=alpha, l1_ratio=l1_ratio, method=method, lr=lr, batch_size=batch_size,
            epochs=epochs, validation_fraction=validation_fraction, patience=patience, warm_start=warm_start,
            random_state=random_state,
        )  # fmt: skip
        self.class_weight = class_weight

    @with_callbacks
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> DescentClassifier:
        """Train on X, shape (rows, d), dense or sparse, and y, shape (rows,), labels of any kind."""
        X, labels, weights = self._checked(X, y, sample_weight, reset=True)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        return self._train(self._chosen(), X, codes.astype(X.dtype), weights, labels)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> DescentClassifier:
        """One pass over these rows, from where the last call ended; `classes`, all that may come, the first time."""
        first = not hasattr(self, "classes_")
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' needs all rows at once, partial_fit sees some: give a dict of label to weight."
            )
        if first and classes is None:
            raise ValueError("classes is missing: the first call of partial_fit needs all labels that may come.")
        X, labels, weights = self._checked(X, y, sample_weight, reset=first)
        if first:
            self.classes_ = unique_labels(classes)
        if unknown := sorted(set(labels.tolist()) - set(self.classes_.tolist())):
            raise ValueError(f"y holds {unknown[0]!r}, which is none of the classes {self.classes_}.")
        loss, codes = self._chosen(), np.searchsorted(self.classes_, labels).astype(X.dtype)
        return self._continue(loss, X, codes, weights, loss.start(X, np.arange(len(self.classes_))))

    def _checked(self, X: Any, y: Any, weights: Any, reset: bool) -> tuple[Any, np.ndarray, Any]:
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=[np.float64, np.float32], reset=reset)
        check_classification_targets(y)
        weights = None if weights is None else _check_sample_weight(weights, X)
        if self.class_weight is not None:
            weights = compute_sample_weight(self.class_weight, y) * (1.0 if weights is None else weights)
        return X, y, weights

    def _chosen(self) -> Linear:
        """The loss for as many classes as there are."""
        if len(self.classes_) < 2:
            raise ValueError(f"y has one class only, {self.classes_.tolist()[0]!r}: expected at least 2.")
        loss = self._loss(Logistic if len(self.classes_) == 2 else Softmax)
        if len(self.classes_) > 2 and loss.labels != "class":
            raise ArgumentError(
                f"loss={self.loss!r} is for two classes, y has {len(self.classes_)}: take 'softmax', or wrap this "
                "in sklearn.multiclass.OneVsRestClassifier."
            )
        return loss

    def _attributes(self, params: Any) -> dict[str, Any]:
        return {"coef_": np.atleast_2d(params["coef"].T), "intercept_": np.atleast_1d(params["intercept"])}

    def decision_function(self, X: Any) -> np.ndarray:
        """The scores, shape (rows,) for two classes, else (rows, k)."""
        z = self._scores(X)
        if len(self.classes_) > 2:
            return z
        return z[:, 1] - z[:, 0] if z.shape[1] == 2 else z[:, 0]

    def predict(self, X: Any) -> np.ndarray:
        """The labels, shape (rows,)."""
        z = self.decision_function(X)
        return self.classes_[(z > 0).astype(int) if z.ndim == 1 else z.argmax(axis=1)]

    @available_if(lambda self: not isinstance(self.loss, Hinge) and self.loss != "hinge")
    def predict_proba(self, X: Any) -> np.ndarray:
        """The probabilities of the classes, shape (rows, k); not for "hinge"."""
        z = self.decision_function(X)
        z = np.column_stack([np.zeros_like(z), z]) if z.ndim == 1 else z
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
