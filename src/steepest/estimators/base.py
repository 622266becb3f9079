"""What regressor and classifier share: parameters, training, continuing."""

from __future__ import annotations

import math
import warnings
from typing import Any, cast

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ..data import Arrays, source
from ..errors import ArgumentError
from ..losses import LOSSES, Linear
from ..methods.method import Method
from ..methods.registry import find
from ..training.continued import Stepping
from ..training.fit import fit
from ..training.linear import Model
from ..training.plan import BATCH, Plan, budget
from ..training.trainable import suited


class LinearDescent(CallbackSupportMixin, BaseEstimator):
    """What regressor and classifier share: parameters, training, continuing."""

    def __init__(
        self,
        loss: Any = "auto",
        *,
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
        self.loss, self.penalty, self.alpha, self.l1_ratio = loss, penalty, alpha, l1_ratio
        self.method, self.lr, self.batch_size, self.epochs = method, lr, batch_size, epochs
        self.validation_fraction, self.patience = validation_fraction, patience
        self.warm_start, self.random_state = warm_start, random_state

    def _loss(self, auto: type[Linear]) -> Linear:
        """The loss with its penalty."""
        if isinstance(self.loss, Linear):
            return self.loss
        kinds = {"auto": auto} | LOSSES
        if self.loss not in kinds:
            raise ArgumentError(f"loss={self.loss!r}: expected one of {', '.join(map(repr, kinds))}, or a loss.")
        shares = {
            None: (0.0, 0.0),
            "l2": (0.0, 1.0),
            "l1": (1.0, 0.0),
            "elasticnet": (self.l1_ratio, 1 - self.l1_ratio),
        }
        if self.penalty not in shares:
            raise ArgumentError(f"penalty={self.penalty!r}: expected 'l2', 'l1', 'elasticnet' or None.")
        for name, most in (("alpha", math.inf), ("l1_ratio", 1.0)):
            value = getattr(self, name)
            if not isinstance(value, int | float | np.number) or not 0 <= value <= most:
                raise ArgumentError(f"{name}={value!r}: expected a number, at least 0{' and at most 1' * (most == 1)}.")
        l1, l2 = shares[self.penalty]
        return kinds[self.loss](l1=self.alpha * l1, l2=self.alpha * l2)

    def _train(self, loss: Linear, X: Any, y: np.ndarray, weights: Any, given: Any) -> Any:
        """Fit the loss to all of X, and keep what scikit-learn's users look for."""
        start = self._params if self.warm_start and hasattr(self, "_params") else None
        self.loss_ = loss
        size, epochs = budget(X.shape[0] * X.shape[1], self.batch_size, self.epochs)
        metadata = {} if weights is None else {"sample_weight": weights}
        root = self._init_callback_context(max_subtasks=None)
        root.call_on_fit_task_begin(estimator=self, X=X, y=given, metadata=metadata)

        def after(intermediate_result: Any) -> bool:
            epoch = root.subcontext(task_name="epoch")
            state = self._attributes(intermediate_result.x)
            epoch.call_on_fit_task_begin(estimator=self, X=X, y=given, metadata=metadata)
            return bool(
                epoch.call_on_fit_task_end(
                    estimator=self, X=X, y=given, metadata=metadata, reconstruction_attributes=state
                )
            )

        result = fit(
            loss,
            start,
            (X, y),
            method=self.method,
            lr=None if self.lr == "auto" else self.lr,
            batch_size=size,
            epochs=epochs,
            rng=int(check_random_state(self.random_state).randint(2**31)),
            weights=weights,
            validation=self.validation_fraction,
            patience=self.patience,
            callback=after if getattr(self, "_skl_callbacks", None) else None,
        )
        self._keep(result)
        root.call_on_fit_task_end(estimator=self, X=X, y=given, metadata=metadata, reconstruction_attributes={})
        return self

    def _continue(self, loss: Linear, X: Any, y: np.ndarray, weights: Any, zeros: Any = None) -> Any:
        """One pass over these rows from where the last one ended; the first call chooses rule and rate."""
        seed = int(check_random_state(self.random_state).randint(2**31))
        rows = cast(Arrays, source((X, y), weights))
        size = BATCH if self.batch_size == "auto" else self.batch_size or X.shape[0]
        plan = Plan(rows, size, epochs=1, seed=seed)
        if not hasattr(self, "_stepping"):
            start = getattr(self, "_params", zeros)
            self._stepping = Stepping.begin(self._constant(loss, start, rows.arrays, plan), Model(loss, start, rows))
        self._stepping = self._stepping.over(plan)
        self._params, self.loss_ = self._stepping.params, loss
        self.method_, self.why_ = repr(self._stepping.method), "One pass over rows that came one by one."
        self.__dict__.update(self._attributes(self._params))
        self.n_iter_ = getattr(self, "n_iter_", 0) + 1
        return self

    def _constant(self, loss: Linear, start: Any, rows: Any, plan: Plan) -> Method:
        """A rule whose rate need not fall, since nobody knows how many rows will come: raced on the first ones."""
        method, lr = self.method, None if self.lr == "auto" else self.lr
        if lr is None and not isinstance(method, Method):
            raced = fit(loss, start, [rows], method=method, batch_size=plan.size, epochs=1, rng=plan.seed).evidence
            method, lr = raced["rule"], raced["lr"]
        return suited(find(method, rows[0].shape[1], lr), False, bool(loss.l1))

    def _keep(self, result: Any) -> None:
        self._params = result.x
        self.__dict__.update(self._attributes(result.x))
        self.method_, self.why_ = result.method, result.why
        self.__dict__.pop("_stepping", None)
        if not result.success and result.code != "callback":
            warnings.warn(result.why, ConvergenceWarning, stacklevel=5)
        self.loss_curve_, self.validation_curve_ = result.epochs["loss"], result.epochs["validation"]
        self.n_iter_ = max(len(self.loss_curve_), 1)

    def _attributes(self, params: Any) -> dict[str, Any]:
        """coef_ and intercept_ in scikit-learn's shapes."""
        raise NotImplementedError

    def _scores(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False)
        return X @ self.coef_.T + self.intercept_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
