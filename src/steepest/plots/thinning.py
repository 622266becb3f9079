"""A million points in a picture: the lowest and the highest of each bucket, so that no spike is lost."""

from __future__ import annotations

import numpy as np

POINTS = 2000  # more than a picture has columns of pixels


def thinned(y: np.ndarray, points: int = POINTS, log: bool = False) -> np.ndarray:
    """Which of the values of `y` to draw: the first, the last, and the extremes of each of `points`/2 buckets.

    Parameters
    ----------
    y : ndarray, shape (k,)
        What is not finite is never chosen, except for the first and the last.
    points : int
        Not more than these, and two; so many are not thinned.
    log : bool
        Buckets of equal ratio, for a logarithmic axis of steps.

    Returns
    -------
    ndarray of int
        Indices in increasing order.

    Examples
    --------
    >>> y = np.zeros(10**6)
    >>> y[123_456] = 1
    >>> index = thinned(y)
    >>> index.size <= 2002, bool(123_456 in index)
    (True, True)
    """
    k = y.size
    if k <= points + 2:
        return np.arange(k)
    buckets = points // 2
    edges = np.geomspace(1, k + 1, buckets + 1) - 1 if log else np.linspace(0, k, buckets + 1)
    starts = np.unique(edges[:-1].astype(int))
    finite = np.isfinite(y)
    # reduceat finds the extremes; the first place that has them is found by sorting within the buckets
    bucket = np.searchsorted(starts, np.arange(k), side="right") - 1
    low = np.minimum.reduceat(np.where(finite, y, np.inf), starts)[bucket]
    high = np.maximum.reduceat(np.where(finite, y, -np.inf), starts)[bucket]
    chosen = [np.array([0, k - 1])]
    for extreme in (low, high):
        at = np.flatnonzero(finite & (y == extreme))
        _, first = np.unique(bucket[at], return_index=True)
        chosen.append(at[first])
    return np.unique(np.concatenate(chosen))


def said(shown: int, of: int) -> str:
    """What stands beside a picture that shows fewer points than there are; else nothing."""
    return f"{shown:,} of {of:,} points (min-max)" if shown < of else ""


def strokes(x: np.ndarray, box: np.ndarray, cells: int = 1500) -> np.ndarray:
    """A path without what can't be seen: no step shorter than half a pixel, no stroke twice.

    Parameters
    ----------
    x : ndarray, shape (k, 2)
    box : ndarray, shape (2, 2)
        (low, high) of each coordinate in the picture.
    cells : int
        Pixels that it is wide.

    Returns
    -------
    ndarray, shape (j, 2)
        With rows of NaN where strokes were left out.
    """
    if len(x) <= POINTS:
        return x
    x = x[np.isfinite(x).all(axis=1)]
    cell = np.clip((x - box[:, 0]) / (box[:, 1] - box[:, 0]) * cells, -9 * cells, 9 * cells).round().astype(int)
    moved = np.append(True, (np.diff(cell, axis=0) != 0).any(axis=1))
    x, cell = x[moved], cell[moved]
    _, first = np.unique(np.hstack([cell[:-1], cell[1:]]), axis=0, return_index=True)
    first.sort()
    gaps = np.flatnonzero(np.diff(first) > 1)
    ends = np.split(first, gaps + 1)
    parts = [np.vstack([x[part[0] : part[-1] + 2], [[np.nan, np.nan]]]) for part in ends if part.size]
    return np.vstack(parts)[:-1] if parts else x
