"""The plan of a training run: how long, on which batches, in which order."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..data import SHUFFLES, Batch, Source
from ..errors import ArgumentError

# Up to so many numbers in X all rows are one batch: BFGS then needs some 30 passes, and ends at the minimum.
WHOLE = 1_000_000
BATCH = 256  # rows, beyond that
EPOCHS = 20  # where nothing is said
PASSES = 1000  # at most, where all rows are one batch: the test for convergence ends such runs


def budget(numbers: int, batch_size: Any, epochs: float | None) -> tuple[int | None, float | None]:
    """Rows in a batch (None: all) and epochs, where nothing is said: if X has few numbers, all rows, and as many
    epochs as it takes."""
    whole = batch_size == "auto" and numbers <= WHOLE
    size = (None if whole else BATCH) if batch_size == "auto" else batch_size
    return size, PASSES if whole and epochs is None else epochs


@dataclass(frozen=True)
class Plan:
    """How long, on which batches, in which order.

    Attributes
    ----------
    source : Source
        Of the batches.
    size : int
        Rows in a batch.
    epochs, maxiter, maxtime : float
        The budget: passes, steps, seconds.
    shuffle : {"full", "block", None}
        See `Source.epoch`.
    seed : int
        With the number of an epoch it fixes the order of that epoch's batches.
    accumulate : int
        Batches in a step.
    patience : float
        Epochs without a better loss (that of the validation data, where there are any) after which to stop.
    """

    source: Source
    size: int
    epochs: float = math.inf
    maxiter: float = math.inf
    maxtime: float = math.inf
    shuffle: str | None = "full"
    seed: int = 0
    accumulate: int = 1
    patience: float = math.inf

    @classmethod
    def of(
        cls,
        source: Source,
        size: int | None,
        shuffle: str | None,
        seed: int,
        accumulate: Any,
        patience: float | None,
        **budget: float | None,
    ) -> Plan:
        """The plan of what the caller says; None is no limit, and all rows in a batch.

        Raises
        ------
        ArgumentError
            When a number is impossible.
        """
        if shuffle not in SHUFFLES:
            raise ArgumentError(f"shuffle={shuffle!r}: expected 'full', 'block' or None.")
        for name, value in {"batch_size": size, "accumulate": accumulate}.items():
            whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
            if value is not None and not (whole and value >= 1):
                raise ArgumentError(f"{name}={value!r}: expected a whole number, at least 1.")
        limits = {**budget, "patience": patience}
        for name, limit in limits.items():
            number = isinstance(limit, int | float | np.number) and not isinstance(limit, bool)
            if limit is not None and not (number and limit > 0):
                raise ArgumentError(f"{name}={limit!r}: expected a positive number.")
        size = size or source.rows
        if size is None:
            raise ArgumentError("batch_size=None: how many rows a stream has is not known; expected a number.")
        given = {name: float(limit) for name, limit in limits.items() if limit is not None}
        plan = cls(source, int(size), shuffle=shuffle, seed=seed, accumulate=int(accumulate or 1), **given)
        if not given.keys() & budget.keys():
            again = EPOCHS if source.again else 1  # a generator is read once
            return replace(plan, epochs=PASSES if plan.steady else again)
        if source.rows is None or not plan.epochs % 1 > 0:
            return plan
        return replace(plan, maxiter=min(plan.maxiter, math.ceil(plan.epochs * plan.pace)))  # of half an epoch

    @property
    def steady(self) -> bool:
        """Whether every step sees all rows: then the loss is a function, and can converge."""
        return self.source.rows is not None and self.size >= self.source.rows

    def batches(self, epoch: int) -> Iterator[list[Batch]]:
        """The batches of an epoch, `accumulate` at a time: the same for the same seed."""
        batches = self.source.epoch(self.size, self.shuffle, self._rng(epoch))
        while group := list(itertools.islice(batches, self.accumulate)):
            yield group

    def first(self) -> Iterator[list[Batch]]:
        """The batches of the run, epoch after epoch; of what can be read once, those of its first chunk."""
        if self.source.again:
            return (group for epoch in itertools.count() for group in self.batches(epoch))
        return itertools.islice(self.batches(0), max(self.source.ahead // (self.size * self.accumulate), 1))

    def pieces(self, epoch: int, done: int) -> Iterator[Batch]:
        """The rows of the same batches in large pieces, without the first `done` batches."""
        for piece in self.source.pieces(self.size, self.shuffle, self._rng(epoch)):
            batches = math.ceil(piece[0].shape[0] / self.size)
            if done < batches:
                yield tuple(array[done * self.size :] for array in piece) if done else piece
            done = max(done - batches, 0)

    def _rng(self, epoch: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, epoch])

    @property
    def pace(self) -> float:
        """Steps in an epoch; infinite where that is not known."""
        if self.source.rows is None:
            return math.inf
        return math.ceil(self.source.steps(self.size) / self.accumulate)

    @property
    def steps(self) -> float:
        """Steps of the whole run, as far as that is known before; else infinite."""
        return min(self.maxiter, self.epochs * self.pace)
