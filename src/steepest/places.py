"""Where a run was, place by place or many at once; thinned so that a million do not hurt."""

from __future__ import annotations

from typing import Any

import numpy as np

from .objective.foreign import library_of


class Places:
    """Rows of shape (n,), as a sequence; ``places[-3:]`` is an array.

    Parameters
    ----------
    rows : ndarray, shape (k, n), optional
    """

    def __init__(self, rows: np.ndarray | None = None):
        self._blocks: list[np.ndarray] = [] if rows is None else [rows]
        self._rows: list[np.ndarray] = []  # the latest, one by one
        self._gathered = 0 if rows is None else len(rows)

    def append(self, x: np.ndarray) -> None:
        """Add one row, which must not be changed afterwards."""
        self._rows.append(x)

    def extend(self, rows: np.ndarray) -> None:
        """Add rows, which must not be changed afterwards."""
        self._gather()
        self._blocks.append(rows)
        self._gathered += len(rows)

    def thin(self) -> None:
        """Drop every second one."""
        rows = self.array[::2].copy()
        self._blocks, self._gathered = [rows], len(rows)

    @property
    def array(self) -> np.ndarray:
        """All rows, shape (k, n); not to be changed."""
        self._gather()
        if len(self._blocks) > 1:
            self._blocks = [np.concatenate(self._blocks)]
        return self._blocks[0] if self._blocks else np.empty((0, 0))

    def _gather(self) -> None:
        if self._rows:
            library = library_of(self._rows[0])
            self._blocks.append(np.array([library.numpy(row) for row in self._rows] if library else self._rows))
            self._gathered += len(self._rows)
            self._rows = []

    def __len__(self) -> int:
        return self._gathered + len(self._rows)

    def __getitem__(self, key: Any) -> Any:
        return self.array[key]
