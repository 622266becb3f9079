"""Products in formulas that serve one run, with vectors of shape (n,), and many: (n, runs), a column each.

Numbers of many runs have shape (runs,), matrices (n, n, runs), and each run's own lie side by side in memory: the same
routines then make the same bits as for one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..objective.point import Point


def dot(a: np.ndarray, b: np.ndarray) -> Any:
    """a'b, a float; of many runs shape (runs,)."""
    return float(a.dot(b)) if a.ndim == 1 else (a.T[:, None] @ b.T[:, :, None])[:, 0, 0]


def times(M: np.ndarray, v: np.ndarray) -> np.ndarray:
    """M v."""
    return M @ v if v.ndim == 1 else (np.moveaxis(M, -1, 0) @ v.T[:, :, None])[:, :, 0].T


def larger(a: Any, b: Any) -> Any:
    """The larger one of two numbers."""
    return max(a, b) if isinstance(a, float) else np.maximum(a, b)


def where(condition: Any, a: Any, b: Any) -> Any:
    """`a` where the condition holds, `b` elsewhere."""
    return (a if condition else b) if isinstance(condition, bool) else np.where(condition, a, b)


def diagonal(v: np.ndarray) -> np.ndarray:
    """The matrix with this diagonal."""
    return np.diag(v) if v.ndim == 1 else np.moveaxis(np.eye(len(v)) * v.T[:, None], 0, -1)


def each(tree: Any, change: Callable[[np.ndarray], Any]) -> Any:
    """Points and named tuples, nested at will, with their arrays changed."""
    if isinstance(tree, Point):
        return Point(*(each(part, change) for part in (tree.x, tree.f, tree.g)))
    if isinstance(tree, tuple):
        parts = [each(part, change) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
    return change(tree) if isinstance(tree, np.ndarray) else tree


def some(tree: Any, which: np.ndarray) -> Any:
    """The same for some of the runs."""
    return each(tree, lambda array: np.moveaxis(np.moveaxis(array, -1, 0)[which], 0, -1))


def one(tree: Any, k: int) -> Any:
    """Run k by itself."""
    return each(tree, lambda array: array[..., k].copy() if array.ndim > 1 else array[k].item())
