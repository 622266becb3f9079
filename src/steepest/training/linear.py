"""Linear models in training: they begin at zero, unscaled columns are scaled inside, and parameters come back in the
units of the data."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np

from ..data import Arrays, Batch, Source
from ..errors import ArgumentError, counted
from ..losses import Linear, Params, Softmax, price, pull
from .scales import scales, tame


class Model:
    """A linear loss as it is trained: on columns of mean 0 and deviation 1, where theirs are far from that.

    Parameters
    ----------
    loss : Linear
    params : dict or None
        Where to begin, in the units of the data; None is zero.
    train : Source
        Of (X, y), or (X, y, weights).

    Raises
    ------
    ArgumentError
        When X is no table, or y holds labels that the loss does not know.
    """

    def __init__(self, loss: Linear, params: Params | None, train: Source):
        self.loss = loss
        X, y, *weights = self._sample(train)
        self.mean, self.deviation = scales(X, *weights)
        deviations = self.deviation
        self.scaled = not tame(self.mean, deviations)
        if not self.scaled:
            self.mean, self.deviation = np.zeros_like(self.mean), np.ones_like(deviations)
        self.deviation = np.where(self.deviation > 0, self.deviation, 1.0)  # of constant columns
        self.dtype = X.dtype if X.dtype.kind == "f" else np.dtype(float)
        self._shift, self._factor = self.mean.astype(self.dtype), (1 / self.deviation).astype(self.dtype)
        self.start = self.inner(params if params is not None else loss.start(X, y))
        self.bare = replace(loss, l1=0.0, l2=0.0)
        self.penalised = bool(loss.l1 or loss.l2)
        self.dense = isinstance(X, np.ndarray)
        coef = self.start["coef"]
        self.shape = coef.shape[0], coef.size // coef.shape[0]
        # The penalties of what is trained, in the shape of coef.
        self._l1, self._l2 = (
            (np.ones_like(coef).T * (weight * self._factor**power)).T.astype(self.dtype)
            for power, weight in ((1, loss.l1), (2, loss.l2))
        )

    def source(self, source: Source) -> Source:
        """The same data as the loss is trained on."""
        return source.mapped(self._change)

    def __call__(self, params: Params, X: Any, y: np.ndarray, weights: Any = None) -> float:
        """The mean loss."""
        return self.bare(params, X, y, weights) + self._penalty(params["coef"])

    def value_and_gradient(self, params: Params, X: Any, y: np.ndarray, weights: Any = None) -> tuple[float, Params]:
        """The mean loss and its gradient."""
        f, g = self.bare.value_and_gradient(params, X, y, weights)
        if self.penalised:
            f += self._penalty(params["coef"])
            g["coef"] = g["coef"] + pull(params["coef"], self._l1, self._l2)
        return f, g

    def smooth(self) -> Model:
        """The same without l1."""
        other = copy.copy(self)
        other._l1, other.penalised = np.zeros_like(self._l1), bool(self.loss.l2)
        return other

    def _penalty(self, coef: np.ndarray) -> float:
        return float(price(coef, self._l1, self._l2).sum()) if self.penalised else 0.0

    @property
    def penalties(self) -> list[np.ndarray]:
        """The weights l1 and l2 of each trained number, shape (n,): 0 for the intercept."""
        free = np.zeros(self.start["intercept"].size, self.dtype)
        return [np.append(weights.ravel(), free) for weights in (self._l1, self._l2)]

    def inner(self, params: Params) -> Params:
        """Parameters in the units of the data as those that are trained."""
        if not isinstance(params, dict) or set(params) != {"coef", "intercept"}:
            raise ArgumentError(f"params={params!r}: expected {{'coef': ..., 'intercept': ...}}, or None for zeros.")
        coef = np.asarray(params["coef"], self.dtype)
        return {"coef": (coef.T * self.deviation).T.astype(self.dtype),
                "intercept": (np.asarray(params["intercept"]) + self.mean @ coef).astype(self.dtype)}  # fmt: skip

    def outer(self, params: Params) -> Params:
        """The inverse: trained parameters in the units of the data."""
        coef = self._raw(params["coef"])
        return {"coef": coef, "intercept": params["intercept"] - self._shift @ coef}

    def gradient(self, g: Params, params: Params) -> Params:
        """The gradient in the units of the data from that of what is trained; of the subgradients under l1, that
        nearest to 0, which is 0 at a minimum."""
        coef = (g["coef"].T * self.deviation).T + np.multiply.outer(self.mean, g["intercept"])
        rest = np.sign(coef) * np.maximum(np.abs(coef) - self.loss.l1, 0)
        still = self.loss.l1 * (params["coef"] == 0) > 0
        return {"coef": np.where(still, rest, coef).astype(self.dtype), "intercept": g["intercept"]}

    def places(self, rows: np.ndarray) -> np.ndarray:
        """Flat trained parameters, shape (k, n), in the units of the data."""
        features, classes = self.shape
        coef = rows[:, : features * classes].reshape(-1, features, classes) * self._factor[:, None]
        intercept = rows[:, features * classes :] - np.einsum("j,kjc->kc", self._shift, coef)
        return np.hstack([coef.reshape(len(rows), -1), intercept])

    def _raw(self, coef: np.ndarray) -> np.ndarray:
        return (coef.T * self._factor).T

    def _change(self, batch: Batch) -> Batch:
        X, y, *rest = batch
        y = np.asarray(y)
        self.loss.check(y)
        if X.dtype != self.dtype:
            X = X.astype(self.dtype)
        if self.scaled:
            X = X.multiply(self._factor).tocsr() if hasattr(X, "tocsr") else (X - self._shift) * self._factor
        return (X, y if isinstance(self.loss, Softmax) else y.astype(self.dtype, copy=False), *rest)

    def _sample(self, train: Source) -> tuple[Any, ...]:
        """Rows to measure the columns on (and their weights), and all targets where they are at hand."""
        batch = train.head()
        if len(batch) not in (2, 3):
            raise ArgumentError(f"data has {counted(len(batch), 'array')}: {type(self.loss).__name__} expects (X, y).")
        X, y = batch[0], np.asarray(train.arrays[1] if isinstance(train, Arrays) else batch[1])
        if X.ndim != 2:
            raise ArgumentError(f"X has shape {X.shape}: expected a table, one row for each sample.")
        self.loss.check(y)
        return X, y, *batch[2:]
