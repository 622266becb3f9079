"""What the caller gives as data, as a source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..errors import ArgumentError, counted
from .rows import check, rows_of, take
from .sources import Arrays, Chunks, Source


def source(data: Any, weights: Any = None) -> Source:
    """What the caller gives as data, as a source; `weights`, one for each row, become its last array.

    A tuple is arrays in step; a function, a generator, or a list of tuples is a stream of chunks; anything
    else is one array.

    Raises
    ------
    ArgumentError
        When it is empty, lengths differ, or something in it is no number.
    """
    stream = isinstance(data, Iterator) or callable(data)
    if stream or (isinstance(data, list) and data and all(isinstance(part, tuple) for part in data)):
        data = Chunks(data)
    if isinstance(data, Source):
        if weights is not None:
            raise ArgumentError("weights are given beside a stream: let each chunk bring them as its last array.")
        return data
    arrays = tuple(data) if isinstance(data, tuple) or _nested(data) else (data,)
    names = [f"data[{i}]" for i in range(len(arrays))] if len(arrays) != 1 else ["data"]
    if weights is None:
        return Arrays(arrays, names)
    return Arrays((*arrays, _weights(weights)), [*names, "weights"])


def split(data: Any, weights: Any, validation: Any, seed: int) -> tuple[Source, Source | None]:
    """The source to train on, and that to validate on; a number is the share of rows that is held out.

    Raises
    ------
    ArgumentError
        When validation data have not as many arrays as the data, or a share leaves one side empty.
    """
    train = source(data, weights)
    if validation is None:
        return train, None
    if isinstance(validation, int | float):
        if not isinstance(train, Arrays) or not 0 < validation < 1:
            raise ArgumentError(
                f"validation={validation!r}: a share, between 0 and 1, of arrays can be held out; "
                "else pass the validation data themselves."
            )
        n = round(validation * train.rows)
        order = np.random.default_rng([seed, 0xDA7A]).permutation(train.rows)
        if not 0 < n < train.rows:
            raise ArgumentError(f"validation={validation!r} of {counted(train.rows, 'row')} leaves no row on one side.")
        parts = [tuple(take(array, np.sort(rows)) for array in train.arrays) for rows in (order[n:], order[:n])]
        return Arrays(parts[0], train.names), Arrays(parts[1], train.names)
    held = source(validation)
    if weights is not None and held.parts == train.parts - 1 and isinstance(held, Arrays):
        held = Arrays((*held.arrays, np.ones(held.rows)))
    if held.parts != train.parts and held.parts and train.parts:
        raise ArgumentError(
            f"validation has {counted(held.parts, 'array')}, data has {train.parts}: expected the same."
        )
    return train, held


def _nested(data: Any) -> bool:
    return isinstance(data, list) and any(getattr(part, "ndim", 0) > 0 for part in data)


def _weights(weights: Any) -> np.ndarray:
    """Weights with mean 1, so that the weighted mean of a batch is ``mean(weights * losses)``, unbiased."""
    array = rows_of(weights, "weights")
    check(array, "weights")
    if array.ndim != 1 or array.dtype.kind not in "fiub" or (array < 0).any() or not (array > 0).any():
        raise ArgumentError("weights: expected one number for each row, none negative, not all 0.")
    return array / (array.mean() or 1.0)
