"""Rows of arrays of any kind: looked at, ordered, taken, joined."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import numpy as np

from ..errors import ArgumentError, counted
from ..objective.foreign import library_of

# Neighbouring rows that stay together with shuffle="block", which is twice as fast again (performance.md Q7); of
# few rows fewer, so that there are always blocks to shuffle.
BLOCK, BLOCKS = 64, 256


def rows_of(array: Any, name: str) -> Any:
    """An array whose rows can be taken: NumPy's, or another library's as it is."""
    given = array
    if library_of(array) or (hasattr(array, "tocsr") and hasattr(array, "shape")):
        return array.tocsr() if hasattr(array, "tocsr") else array
    if hasattr(array, "to_numpy"):  # a data frame, a column of one
        array = array.to_numpy()
    try:
        array = array if isinstance(array, np.memmap) else np.asarray(array)
    except ValueError as error:
        raise ArgumentError(f"{name} is ragged: expected rows of equal length.") from error
    if array.ndim == 0:
        said = repr(given) if np.isscalar(given) else f"a {type(given).__name__}"
        raise ArgumentError(f"{name} is {said}, and no array: expected one row for each sample.")
    if array.dtype.kind == "O":
        with suppress(TypeError, ValueError):
            array = array.astype(float)
    if array.dtype.kind not in "fiub":
        example = next((str(v) for v in array.flat if isinstance(v, str)), "nothing")
        raise ArgumentError(
            f"{name} holds {example!r} ({array.dtype}): expected numbers; number the classes first, as with "
            f"numpy.unique({name}, return_inverse=True)."
        )
    return array


def check(array: Any, name: str, columns: Any = None) -> None:
    """Raise an error that names the columns of `array` which are not finite, and says how many rows are not."""
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        return
    with np.errstate(all="ignore"):
        if math.isfinite(float(array.sum())):  # NaN and infinity survive a sum: one pass, no second array
            return
    bad = ~np.isfinite(array.reshape(array.shape[0], -1))
    if not bad.any():  # the sum alone was too large
        return
    counts = bad.sum(axis=0)
    listed = [
        f"{name}[:, {i}]" + (f" ({columns[i]!r})" if columns is not None else "") + f" in {counted(counts[i], 'row')}"
        for i in np.flatnonzero(counts)[:5]
    ]
    what = ", ".join(listed) if array.ndim > 1 else f"{name} in {counted(counts[0], 'row')}"
    more = np.count_nonzero(counts) - 5
    raise ArgumentError(
        f"not finite (NaN or infinite): {what}{f' and {more} more columns' if more > 0 else ''}; "
        f"drop those rows, or fill them in."
    )


def ordered(rows: int, shuffle: str, rng: np.random.Generator) -> np.ndarray:
    """All row numbers in random order, with "block" neighbours together."""
    block = max(min(BLOCK, rows // BLOCKS), 1) if shuffle == "block" else 1
    if block == 1:
        return rng.permutation(rows)
    order = (rng.permutation(math.ceil(rows / block))[:, None] * block + np.arange(block)).ravel()
    return order if order.size == rows else order[order < rows]  # no second array of so many numbers


def take(array: Any, rows: Any) -> Any:
    """Those rows of an array, as an array of its own kind."""
    if isinstance(array, np.ndarray):
        return np.asarray(array[rows] if isinstance(rows, slice) else array.take(rows, 0))
    return array[rows]


def joined(a: Any, b: Any) -> Any:
    """Two arrays, one below the other."""
    if isinstance(a, np.ndarray):
        return np.concatenate([a, b])
    if library := library_of(a):
        return library.array(np.concatenate([library.numpy(a), library.numpy(b)]))
    from scipy.sparse import vstack

    return vstack([a, b], "csr")
