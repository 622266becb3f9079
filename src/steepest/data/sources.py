"""Where batches come from: arrays in step, or a stream of chunks; each epoch in an order that its number fixes."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, counted
from .rows import check, joined, ordered, rows_of, take

Batch = tuple[Any, ...]

# Rows are gathered so many at a time before they are used: row order, not arithmetic, limits an epoch, and this
# is 1.4 times as fast as fetching each batch from all over memory (performance.md Q7).
CHUNK = 16_384
SHUFFLES = ("full", "block", None)


class Source:
    """Where batches come from.

    Attributes
    ----------
    rows : int or None
        How many there are; None where that is known only after they were read.
    parts : int
        How many arrays a batch has.
    """

    rows: int | None
    parts: int
    again = True  # whether it can be read more than once

    change: Callable[[Batch], Batch] | None = None
    _whole: Batch | None = None  # all rows, changed

    def mapped(self, change: Callable[[Batch], Batch]) -> Source:
        """The same source, its arrays changed as they are gathered (in pieces: row by row alike)."""
        other = copy.copy(self)
        other.change, other._whole = change, None
        return other

    def head(self) -> Batch:
        """Some rows to look at, as they are given: drawn at random where that can be."""
        raise NotImplementedError

    def pieces(self, size: int, shuffle: str | None, rng: np.random.Generator) -> Iterator[Batch]:
        """The rows of one epoch in a few large pieces, each of them whole batches of `size` rows but for the last.

        Parameters
        ----------
        size : int
            Rows in a batch.
        shuffle : {"full", "block", None}
            All rows in random order; neighbours together; in the order they have.
        rng : numpy.random.Generator
            Draws the order: the same generator gives the same batches.
        """
        raise NotImplementedError

    def epoch(self, size: int, shuffle: str | None, rng: np.random.Generator) -> Iterator[Batch]:
        """The batches of one epoch, each of `size` rows, the last one of what is left; arguments as for `pieces`."""
        for piece in self.pieces(size, shuffle, rng):
            rows = piece[0].shape[0]
            if rows <= size:
                yield piece  # of all rows the same object every time: a mean knows no order
            else:
                for first in range(0, rows, size):
                    those = slice(first, first + size)
                    yield tuple([array[those] for array in piece])  # of a list: an expression takes longer

    @property
    def ahead(self) -> int:
        """Rows that a stream which is read once can give again, before it is read further."""
        return 0

    def steps(self, size: int) -> float:
        """Batches in an epoch; infinite where it is not known."""
        return math.inf if self.rows is None else math.ceil(self.rows / size)


class Arrays(Source):
    """Arrays in step: row i of one belongs to row i of all others.

    Parameters
    ----------
    arrays : sequence of array_like, memory map, sparse matrix, data frame, or tensor
        Each with the same number of rows; never changed.
    names : sequence of str
        What error messages call them.
    """

    def __init__(self, arrays: Sequence[Any], names: Sequence[str] | None = None):
        self.names = list(names or [f"data[{i}]" for i in range(len(arrays))])
        self.columns = [getattr(array, "columns", None) for array in arrays]
        self.arrays = tuple(map(rows_of, arrays, self.names))
        if not self.arrays:
            raise ArgumentError("data is empty: expected an array, or a tuple of arrays with as many rows each.")
        lengths = [array.shape[0] for array in self.arrays]
        if len(set(lengths)) > 1:
            pairs = ", ".join(f"{name} has {n}" for name, n in zip(self.names, lengths, strict=True))
            raise ArgumentError(f"the numbers of rows differ: {pairs}; expected arrays in step.")
        self.rows: int = lengths[0]
        self.parts = len(self.arrays)
        if not self.rows:
            raise ArgumentError(f"{self.names[0]} has no rows: there is nothing to learn from.")
        for array, name, columns in zip(self.arrays, self.names, self.columns, strict=True):
            if not isinstance(array, np.memmap):  # a map may be larger than memory: looked at as it is read
                check(array, name, columns)

    def pieces(self, size: int, shuffle: str | None, rng: np.random.Generator) -> Iterator[Batch]:
        if size >= self.rows:
            if self._whole is None:
                self._look(self.arrays)
                self._whole = self.change(self.arrays) if self.change else self.arrays
            yield self._whole
            return
        order = None if shuffle is None else ordered(self.rows, shuffle, rng)
        chunk = max(CHUNK // size, 1) * size
        for start in range(0, self.rows, chunk):
            stop = min(start + chunk, self.rows)
            rows = slice(start, stop) if order is None else order[start:stop]
            gathered = tuple(take(array, rows) for array in self.arrays)
            self._look(gathered)
            yield self.change(gathered) if self.change else gathered

    def _look(self, gathered: Batch) -> None:
        """Refuse what is not finite in pieces of memory maps, which were not looked at before."""
        for array, whole, name, columns in zip(gathered, self.arrays, self.names, self.columns, strict=True):
            if isinstance(whole, np.memmap):
                check(np.asarray(array), name, columns)

    def head(self) -> Batch:
        rows = ordered(self.rows, "full", np.random.default_rng(0))[:CHUNK] if self.rows > CHUNK else slice(None)
        head = tuple(take(array, rows) for array in self.arrays)
        self._look(head)
        return head


class Chunks(Source):
    """A stream of chunks, each an array or a tuple of arrays in step; for data larger than memory.

    Shuffled, the rows of each chunk are mixed; chunks come as they come. Batches have their size across chunks.

    Parameters
    ----------
    make : callable, or iterable that can be begun again
        ``make()`` begins the stream from its start; a generator itself can be read once, which is one epoch.
    rows : int or None
        Rows in all, where known: schedules over a number of epochs need it; it is counted in the first.
    """

    def __init__(self, make: Callable[[], Iterable[Any]] | Iterable[Any], rows: int | None = None):
        self.again = not isinstance(make, Iterator)
        self._make = make if callable(make) else lambda: make
        self.rows = rows
        self._head: list[Any] = []  # of a stream that can be read once: its first chunk
        self._spent = False  # whether it was read beyond that
        self.parts = 0  # known with the first chunk

    def pieces(self, size: int, shuffle: str | None, rng: np.random.Generator) -> Iterator[Batch]:
        left: Batch | None = None
        count = 0
        for number, chunk in enumerate(self._chunks()):
            arrays = self._arrays(chunk, number)
            count += arrays[0].shape[0]
            if shuffle is not None:
                order = ordered(arrays[0].shape[0], shuffle, rng)
                arrays = tuple(take(array, order) for array in arrays)
            if self.change:
                arrays = self.change(arrays)
            if left is not None:
                arrays = tuple(map(joined, left, arrays))
            rows = arrays[0].shape[0]
            whole = rows - rows % size
            if whole:
                yield tuple(array[:whole] for array in arrays)
            left = tuple(array[whole:] for array in arrays) if whole < rows else None
        if left is not None:
            yield left
        if not count:
            raise ArgumentError("data gave no rows: there is nothing to learn from.")
        self.rows = count

    @property
    def ahead(self) -> int:
        """Rows that a stream which is read once can give again (its first chunk), before it is read further."""
        return self._arrays(self._head[0], 0)[0].shape[0] if self._head else 0

    def head(self) -> Batch:
        for chunk in self._chunks():
            return self._arrays(chunk, 0)
        raise ArgumentError("data gave no rows: there is nothing to learn from.")

    def _chunks(self) -> Iterator[Any]:
        if self.again:
            yield from self._make()
            return
        if self._spent:
            raise ArgumentError(
                "data is a generator, which is read once: for more than one epoch, and for "
                "batches larger than its first chunk, pass a function that makes it."
            )
        if not self._head:
            self._head = list(itertools.islice(self._make(), 1))
        yield from self._head
        self._spent = True
        yield from self._make()

    def _arrays(self, chunk: Any, number: int) -> Batch:
        parts = chunk if isinstance(chunk, tuple) else (chunk,)
        names = [f"chunk {number}, data[{i}]" for i in range(len(parts))]
        arrays = Arrays(parts, names)
        if self.parts and arrays.parts != self.parts:
            raise ArgumentError(f"chunk {number} has {counted(arrays.parts, 'array')}, those before had {self.parts}.")
        self.parts = arrays.parts
        return arrays.arrays
