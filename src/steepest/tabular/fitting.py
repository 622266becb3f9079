"""A linear model fitted to a table, and how good it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, counted
from ..losses import LOSSES, Linear, Logistic, Softmax, Squared
from ..result import Result
from ..training.fit import fit
from .columns import Column, encode, numeric
from .models import LinearModel


def targets(frame: Any, name: str, loss: str | None) -> tuple[type[Linear], np.ndarray, tuple[Any, ...]]:
    """The loss for a target column (chosen by its kind where none is named), the targets as numbers, the classes.

    Raises
    ------
    ArgumentError
        When the column is missing, has gaps, or is nothing that the loss can take.
    """
    if name not in frame:
        raise ArgumentError(f"target={name!r}: there is no such column; there are {', '.join(map(str, frame))}.")
    if loss is not None and loss not in LOSSES:
        raise ArgumentError(f"loss={loss!r}: expected one of {', '.join(LOSSES)}.")
    values = frame[name]
    if lost := int(values.isna().sum()):
        raise ArgumentError(f"target={name!r}: missing in {lost} of {counted(len(values), 'row')}; leave those out.")
    kind = LOSSES[loss] if loss else None
    if kind is None and numeric(values) and values.dtype.kind != "b":
        kind = Squared
    if kind is not None and kind.labels in ("any", "count"):
        y = Column(name).encode(frame)[:, 0]
        kind().check(y)
        return kind, y, ()
    values = np.array(values.tolist()) if numeric(values) else values.astype(str).to_numpy()
    classes, codes = np.unique(values, return_inverse=True)
    if len(classes) < 2:
        raise ArgumentError(f"target={name!r} has one class only, {classes.tolist()[0]!r}: there is nothing to learn.")
    if kind is None:
        kind = Logistic if len(classes) == 2 else Softmax
    if len(classes) > 2 and kind.labels == "binary":
        raise ArgumentError(f"loss={loss!r} is for two classes, {name!r} has {len(classes)}: take softmax.")
    return kind, codes.astype(float), tuple(classes.tolist())


def fit_table(
    frame: Any,
    target: str,
    loss: str | None = None,
    features: Sequence[str] | None = None,
    impute: bool = False,
    holdout: float = 0.2,
    seed: int = 0,
    l1: float = 0.0,
    l2: float = 0.0,
    **keywords: Any,
) -> tuple[LinearModel, Result, Mapping[str, float]]:
    """Fit a linear model to a table.

    Parameters
    ----------
    frame : pandas.DataFrame
    target : str
        The column to predict.
    loss : str, optional
        One of `LOSSES`; by default the squared loss for numbers, logistic or softmax for texts.
    features : sequence of str, optional
        The columns to predict from; all others by default.
    impute : bool
        Whether missing values become the mean, or the most frequent text, of the column; else they are refused.
    holdout : float in [0, 1)
        Share of the rows that are kept out of training, for the scores.
    seed : int
        Draws these rows, and the order of batches.
    l1, l2 : float
        Penalties (see `losses.Linear`).
    **keywords
        As for `fit`.

    Returns
    -------
    LinearModel, Result, mapping of str to float
        The model, how training went, and the scores on the held-out rows (empty without any).
    """
    if not 0 <= holdout < 1:
        raise ArgumentError(f"holdout={holdout!r}: expected a share of the rows, at least 0 and below 1.")
    kind, y, classes = targets(frame, target, loss)
    names = [n for n in frame if n != target] if features is None else list(features)
    if wrong := [n for n in names if n not in frame or n == target]:
        raise ArgumentError(f"feature {wrong[0]!r} is no other column; there are {', '.join(map(str, frame))}.")
    if not names:
        raise ArgumentError(f"there is no column beside {target!r} to predict from.")
    held = round(holdout * len(frame))
    if held == len(frame):
        raise ArgumentError(f"holdout={holdout!r} leaves none of {counted(held, 'row')} to learn from.")
    order = np.random.default_rng(seed).permutation(len(frame))
    train, test = np.sort(order[held:]), np.sort(order[:held])
    columns = tuple(Column.of(frame, n, train, impute) for n in names)
    X = encode(columns, frame)
    start = kind().start(X, np.arange(max(len(classes), 1)))
    result = fit(kind(l1=l1, l2=l2), start, (X[train], y[train]), rng=seed, **keywords)
    coef, intercept = np.asarray(result.x["coef"]), np.asarray(result.x["intercept"])
    model = LinearModel(target, kind.__name__.lower(), columns, classes, coef, intercept)
    return model, result, judged(model, frame.iloc[test], y[test]) if held else {}


def judged(model: LinearModel, frame: Any, y: np.ndarray) -> Mapping[str, float]:
    """How good a model is on a table: R2 and root mean squared error, or accuracy and log loss."""
    told = model.predict(frame)
    first = told.pop(model.target)
    if not model.classes:
        left = np.asarray(first) - y
        spread = float(((y - y.mean()) ** 2).sum())
        return {
            "R2": 1 - float(left @ left) / spread if spread else np.nan,
            "RMSE": float(np.sqrt((left**2).mean())),
        }
    right = np.array(model.classes)[y.astype(int)]
    score = {"accuracy": float((np.asarray(first) == right).mean())}
    if told:
        p = np.column_stack(list(told.values()))[np.arange(len(y)), y.astype(int)]
        score["log loss"] = float(-np.log(np.maximum(p, 1e-15)).mean())
    return score
