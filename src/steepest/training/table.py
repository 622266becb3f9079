"""The table of epochs: a row of numbers for each, and the best parameters at the end of one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np


class Row(NamedTuple):
    """One epoch in numbers.

    Attributes
    ----------
    epoch : float
        Passes over the data so far.
    loss : float
        Mean of the losses of its batches, each at the parameters that met it.
    validation : float
        Loss of the validation data at its end; NaN without.
    lr : float
        Learning rate of its last step.
    seconds : float
        Since the run began.
    samples_per_second : float
        Rows used per second in this epoch, validation not counted.
    """

    epoch: float
    loss: float
    validation: float
    lr: float
    seconds: float
    samples_per_second: float


class Best(NamedTuple):
    """The best parameters at the end of an epoch, their score, and how far chance may have moved it."""

    x: np.ndarray
    score: float
    epoch: int
    error: float = 0.0


class Sums:
    """The losses of an epoch's batches, weighted by their rows."""

    def __init__(self) -> None:
        self.batches = self.rows = 0
        self.loss = self.squares = 0.0

    def add(self, f: float, rows: int) -> None:
        self.batches += 1
        self.rows += rows
        self.loss += f * rows
        self.squares += f * f * rows

    def extend(self, f: np.ndarray, rows: np.ndarray) -> None:
        """Add the losses of many batches, in the order in which `add` would."""
        self.batches += len(f)
        self.rows += int(rows.sum())
        with np.errstate(over="ignore"):
            self.loss = float(np.cumsum([self.loss, *(f * rows)])[-1])
            self.squares = float(np.cumsum([self.squares, *(f * f * rows)])[-1])

    @property
    def mean(self) -> float:
        return self.loss / self.rows if self.rows else math.nan

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        if self.batches < 2:
            return 0.0
        return math.sqrt(max(self.squares / self.rows - self.mean * self.mean, 0.0) / (self.batches - 1))


def columns(table: Iterable[Row]) -> dict[str, np.ndarray]:
    """The rows of epochs as arrays by name."""
    rows = np.array(list(table), float).reshape(-1, len(Row._fields))
    return {name: rows[:, i] for i, name in enumerate(Row._fields)}
