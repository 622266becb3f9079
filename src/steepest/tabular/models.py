"""Models of tables: what they predict, what they are made of, and their files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import checkpoint
from ..expression import Program, parse, symbol
from ..losses import scores
from .columns import Column, encode


@dataclass(frozen=True)
class LinearModel:
    """A linear model of a table: what its columns mean, and the coefficients in their own units."""

    target: str
    loss: str
    columns: tuple[Column, ...]
    classes: tuple[Any, ...]  # of a classification
    coef: np.ndarray  # (features,), or (features, classes)
    intercept: np.ndarray

    @property
    def fills(self) -> dict[str, float | str]:
        """What a missing value of each column becomes; empty where they are refused."""
        return {column.name: column.fill for column in self.columns if column.fill is not None}

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
        values = np.concatenate([self.intercept[None], self.coef]) + 0.0  # no -0
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
        program = Program([symbol(name) for name in names], [expression])
        (value,) = program.arrays([*self.parameters.values(), *known])
        return {self.target: np.array(np.broadcast_to(value, len(frame)))}

    def rows(self) -> list[dict[str, Any]]:
        """The parameters as rows of a table."""
        return [{"parameter": n, "estimate": v, "standard error": self.errors[n]} for n, v in self.parameters.items()]


Model = LinearModel | FormulaModel


def save(model: Model, path: str | Path) -> None:
    """Write a model to one file: a NumPy archive with its words as JSON (see `checkpoint`)."""
    checkpoint.write(path, model, "model")


def load(path: str | Path) -> Model:
    """Read what `save` wrote; raises ArgumentError where the file is none."""
    return checkpoint.read(path, "model")
