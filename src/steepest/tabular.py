"""Tables in, models out: columns of any kind become numbers, a linear model or a formula is fitted, saved, applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import checkpoint
from .errors import ArgumentError, MissingExtraError
from .expression import Program, parse, symbol
from .losses import LOSSES, Linear, Logistic, Softmax, Squared, scores
from .result import Result
from .training.fit import fit

MOST_CATEGORIES = 50  # a column of text with more is a name or a remark, and no category


@dataclass(frozen=True)
class Column:
    """How a column becomes numbers: as it is, or one 0/1 column for each category but the first.

    `fill` is what a missing value becomes, None where it is refused.
    """

    name: str
    categories: tuple[str, ...] = ()
    fill: float | str | None = None

    @classmethod
    def of(cls, frame: Any, name: str, train: np.ndarray, impute: bool) -> Column:
        """What a table says about a column; what is filled in comes from the rows `train` alone."""
        values = frame[name]
        lost = int(values.isna().sum())
        if lost and not impute:
            raise ArgumentError(
                f"column {name!r}: {lost} of {len(values)} values are missing; leave these rows or the column out, or "
                "fill them in (`impute=True`, or --impute on the command line)."
            )
        if lost == len(values):
            raise ArgumentError(f"column {name!r} is empty: leave it out.")
        if numeric(values):
            return cls(name, fill=float(values.iloc[train].mean()) if impute else None)
        texts = values.dropna().astype(str)
        categories = tuple(sorted(texts.unique()))
        if len(categories) > MOST_CATEGORIES:
            raise ArgumentError(
                f"column {name!r} has {len(categories)} different texts, such as {categories[0]!r}: leave it out, or "
                f"group them into at most {MOST_CATEGORIES} categories."
            )
        return cls(
            name, categories, str(values.iloc[train].dropna().astype(str).mode()[0]) if impute else None
        )

    @property
    def features(self) -> list[str]:
        """The names of the numbers it becomes."""
        return [f"{self.name}={c}" for c in self.categories[1:]] if self.categories else [self.name]

    def encode(self, frame: Any) -> np.ndarray:
        """The numbers, shape (rows, features)."""
        if self.name not in frame:
            raise ArgumentError(f"column {self.name!r} is missing; there are {', '.join(map(str, frame))}.")
        values = frame[self.name]
        if values.isna().any() and self.fill is None:
            raise ArgumentError(f"column {self.name!r}: {int(values.isna().sum())} values are missing.")
        if not self.categories:
            if not numeric(values):
                raise ArgumentError(f"column {self.name!r} holds {values.iloc[0]!r}: expected numbers.")
            column = values.to_numpy(dtype=float, na_value=np.nan)
            column = np.where(np.isnan(column), np.nan if self.fill is None else self.fill, column)
            if not np.isfinite(column).all():
                raise ArgumentError(f"column {self.name!r} holds an infinite value: leave that row out.")
            return column[:, None]
        texts = values.where(values.notna(), self.fill).astype(str).to_numpy()
        if unknown := sorted(set(texts) - set(self.categories)):
            raise ArgumentError(
                f"column {self.name!r} holds {unknown[0]!r}, which the training data had not: they had "
                f"{', '.join(map(repr, self.categories))}."
            )
        return (texts[:, None] == np.array(self.categories[1:])).astype(float)


@dataclass(frozen=True)
class LinearModel:
    """A linear model of a table: what its columns mean, and the coefficients in their own units."""

    target: str
    loss: str
    columns: tuple[Column, ...]
    classes: tuple[Any, ...]  # of a classification
    coef: np.ndarray  # (features,), or (features, classes)
    intercept: np.ndarray

    def predict(self, frame: Any) -> dict[str, np.ndarray]:
        """Columns for the rows of a table: the prediction, and the probabilities of classes."""
        z = scores({"coef": self.coef, "intercept": self.intercept}, encode(self.columns, frame))
        if not self.classes:
            return {self.target: np.exp(z) if self.loss == "poisson" else z}
        z = z if z.ndim == 2 else np.column_stack([np.zeros_like(z), z])
        told = {self.target: np.array(self.classes)[z.argmax(axis=1)]}
        if self.loss == "hinge":
            return told
        e = np.exp(z - z.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        return told | {f"p({c})": p[:, k] for k, c in enumerate(self.classes)}

    def rows(self) -> list[dict[str, Any]]:
        """The coefficients as rows of a table, one for each feature (and class)."""
        names = ["intercept", *(feature for column in self.columns for feature in column.features)]
        values = np.concatenate([self.intercept[None], self.coef])
        if values.ndim == 1:
            return [{"feature": n, "coefficient": float(v)} for n, v in zip(names, values, strict=True)]
        return [
            {"feature": n, **dict(zip(map(str, self.classes), v.tolist(), strict=True))}
            for n, v in zip(names, values, strict=True)
        ]


@dataclass(frozen=True)
class FormulaModel:
    """A formula of columns with its fitted parameters."""

    target: str
    formula: str
    parameters: dict[str, float]
    errors: dict[str, float]
    columns: tuple[str, ...]

    def predict(self, frame: Any) -> dict[str, np.ndarray]:
        """The column that the formula gives for the rows of a table."""
        names = (*self.parameters, *self.columns)
        expression, _ = parse(self.formula, names)
        known = [Column(name).encode(frame)[:, 0] for name in self.columns]
        value = Program([symbol(n) for n in names], [expression]).arrays([*self.parameters.values(), *known])[
            0
        ]
        return {self.target: np.array(np.broadcast_to(value, len(frame)))}

    def rows(self) -> list[dict[str, Any]]:
        """The parameters as rows of a table."""
        return [
            {"parameter": n, "estimate": v, "standard error": self.errors[n]}
            for n, v in self.parameters.items()
        ]


Model = LinearModel | FormulaModel


def save(model: Model, path: str | Path) -> None:
    """Write a model to one file: a NumPy archive with its words as JSON (see `checkpoint`)."""
    checkpoint.write(path, model, "model")


def load(path: str | Path) -> Model:
    """Read what `save` wrote; raises ArgumentError where the file is none."""
    return checkpoint.read(path, "model")


def numeric(values: Any) -> bool:
    """Whether a column holds numbers (or true and false)."""
    return (
        values.dtype.kind in "fiub" or str(values.dtype) == "boolean" or hasattr(values.dtype, "numpy_dtype")
    )


def encode(columns: Sequence[Column], frame: Any) -> np.ndarray:
    """The numbers of a table, shape (rows, features)."""
    return np.hstack([column.encode(frame) for column in columns])


def read_table(path: str | Path) -> Any:
    """A data frame from a .csv or .tsv file (lines with # before the header are comments), or a .parquet file.

    Raises
    ------
    ArgumentError
        When the file is none, or has no rows.
    MissingExtraError
        Without pandas.
    """
    try:
        import pandas
    except ImportError as error:
        raise MissingExtraError("pandas", "table", "a table") from error
    path = Path(path)

    def separated(by: str) -> Any:
        with open(path, encoding="utf-8") as lines:
            comments = next((k for k, line in enumerate(lines) if not line.startswith("#")), 0)
        return pandas.read_csv(path, sep=by, skiprows=comments)

    readers = {".csv": lambda: separated(","), ".tsv": lambda: separated("\t"),
               ".parquet": lambda: pandas.read_parquet(path)}  # fmt: skip
    if path.suffix not in readers:
        raise ArgumentError(f"{path} must end in {', '.join(readers)}, which says the format.")
    try:
        frame = readers[path.suffix]()
    except FileNotFoundError:
        raise ArgumentError(f"there is no file {str(path)!r}.") from None
    except (ValueError, OSError) as error:
        raise ArgumentError(f"{path} can't be read: {error}") from error
    if not len(frame):
        raise ArgumentError(f"{path} has no rows.")
    frame.columns = [str(name).strip() for name in frame.columns]
    return frame


def targets(frame: Any, name: str, loss: str | None) -> tuple[type[Linear], np.ndarray, tuple[Any, ...]]:
    """The loss for a target column (chosen by its kind where none is named), the targets as numbers, the classes.

    Raises
    ------
    ArgumentError
        When the column is missing, has gaps, or is nothing that the loss can take.
    """
    if name not in frame:
        raise ArgumentError(
            f"target={name!r}: there is no such column; there are {', '.join(map(str, frame))}."
        )
    if loss is not None and loss not in LOSSES:
        raise ArgumentError(f"loss={loss!r}: expected one of {', '.join(LOSSES)}.")
    values = frame[name]
    if lost := int(values.isna().sum()):
        raise ArgumentError(
            f"target={name!r}: {lost} of {len(values)} values are missing; leave those rows out."
        )
    kind = LOSSES[loss] if loss else None
    if kind is None and numeric(values) and values.dtype.kind != "b":
        kind = Squared
    if kind is not None and kind.labels in ("any", "count"):
        y = Column(name).encode(frame)[:, 0]
        kind().check(y)
        return kind, y, ()
    values = values.to_numpy() if numeric(values) else values.astype(str).to_numpy()
    classes, codes = np.unique(values, return_inverse=True)
    if len(classes) < 2:
        raise ArgumentError(f"target={name!r} has one class only, {classes[0]!r}: there is nothing to learn.")
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
        raise ArgumentError(
            f"feature {wrong[0]!r} is no other column; there are {', '.join(map(str, frame))}."
        )
    if not names:
        raise ArgumentError(f"there is no column beside {target!r} to predict from.")
    held = round(holdout * len(frame))
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
