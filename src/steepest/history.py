"""What happened at every step, in columns; x thinned so that a million steps do not hurt."""

from __future__ import annotations

import copy
import csv
import json
import math
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .errors import MissingExtraError
from .places import Places

if TYPE_CHECKING:
    from .loops.loop import Iterate

# Stored copies of x may take this much; above it every second one is dropped, again and again.
X_MEMORY = 64 * 2**20  # bytes


class Record(NamedTuple):
    """One step in numbers.

    Attributes
    ----------
    t : int
        Steps made.
    f : float
        Value of the function.
    g_norm : float
        Euclidean norm of the gradient.
    step : float
        Euclidean norm of the step that led here; NaN at the start.
    lr : float
        Its length (learning rate); NaN at the start.
    nfev : int
        Calls of fun so far, those for differences included.
    seconds : float
        Since the run began.
    """

    t: int
    f: float
    g_norm: float
    step: float
    lr: float
    nfev: int
    seconds: float


COLUMNS = Record._fields


def most(x: np.ndarray) -> int:
    """How many places like `x` are kept."""
    size = getattr(x, "nbytes", 8 * math.prod(x.shape))  # the array API has no nbytes
    return max(X_MEMORY // size, 2)


def _record(row: np.ndarray) -> Record:
    record = Record._make(row.tolist())
    return record._replace(t=int(record.t), nfev=int(record.nfev))


class History:
    """The columns of a run: ``history["f"]`` is an array, one entry a step; ``history.x`` the places.

    Parameters
    ----------
    sign : float
        -1.0 in a maximisation: records then hold the negative, which is minimised, and columns and sentences
        show the caller's own values.

    Examples
    --------
    >>> import steepest as st
    >>> r = st.minimize(lambda x: x[0] ** 2 + x[1] ** 2, [3.0, 2.0], method=st.GD(lr=0.1), maxiter=3)
    >>> r.history["f"].round(4)
    array([13.    ,  8.32  ,  5.3248,  3.4079])
    >>> r.history.x.round(3)
    array([[3.   , 2.   ],
           [2.4  , 1.6  ],
           [1.92 , 1.28 ],
           [1.536, 1.024]])
    """

    def __init__(self, sign: float = 1.0) -> None:
        self.sign = sign
        self.now: Iterate | None = None  # where the loop is, for criteria that look at more than the columns
        self._blocks: list[np.ndarray] = []  # records, many at once
        self._rows = array("d")  # the latest, one by one
        self._x = Places()
        self.here: np.ndarray | None = None  # the last place
        self._stride = 1
        self._most = 2  # places kept; told by the size of the first one
        self.first = self.previous = self.last = Record(-1, math.nan, math.nan, math.nan, math.nan, 0, 0.0)

    def append(self, record: Record, x: np.ndarray) -> None:
        """Add one step; `x` is kept as it is, so it must not be changed afterwards."""
        if self.first[0] < 0:
            self.first = record
            self._most = most(x)
        self._rows.extend(record)
        self.previous, self.last = self.last, record
        self.here = x
        if record[0] % self._stride == 0:
            self._x.append(x)
            if record[0] - self.first[0] >= self._most * self._stride:
                self._thin()

    def extend(self, rows: np.ndarray, x: np.ndarray) -> None:
        """Add steps behind those that are there: records, float64 of shape (k, 7), and places, shape (k, n)."""
        if self.first[0] < 0:
            self.first, self._most = _record(rows[0]), most(x[0])
        self._gather()
        self._blocks.append(rows.copy())  # to lengthen one array would take twice as long
        for row in rows[-2:]:
            self.previous, self.last = self.last, _record(row)
        self.here = x[-1]
        offset = -int(rows[0, 0]) % self._stride
        self._x.extend(x[offset :: self._stride] if self._stride == 1 else x[offset :: self._stride].copy())
        while len(self._x) > self._most:
            self._thin()

    def _gather(self) -> None:
        if self._rows:
            self._blocks.append(np.array(self._rows).reshape(-1, len(COLUMNS)))
            self._rows = array("d")

    @property
    def _table(self) -> np.ndarray:
        """All records, shape (k, 7); not to be changed."""
        self._gather()
        if len(self._blocks) > 1:
            self._blocks = [np.concatenate(self._blocks)]
        return self._blocks[0] if self._blocks else np.empty((0, len(COLUMNS)))

    def _thin(self) -> None:
        self._x.thin()
        self._stride *= 2

    def __len__(self) -> int:
        return sum(map(len, self._blocks)) + len(self._rows) // len(COLUMNS)

    def __getitem__(self, column: str) -> np.ndarray:
        try:
            index = COLUMNS.index(column)
        except ValueError:
            raise KeyError(f"history has no column {column!r}; it has {', '.join(COLUMNS)}") from None
        values = self._table[:, index]
        return self.sign * values if column == "f" else values.copy()

    def shown(self, f: float) -> str:
        """A value of the function as the caller knows it, for sentences."""
        return f"{self.sign * f:.6g}"

    def __iter__(self) -> Iterator[Record]:
        for row in self._table:
            yield Record._make(row.tolist())

    def __repr__(self) -> str:
        return f"<History of {len(self)} records: {', '.join(COLUMNS)}; x at every {self._stride}. step>"

    @property
    def x(self) -> np.ndarray:
        """The places, shape (k, n), flat; at the steps `x_steps`."""
        return self._x.array.copy()

    @property
    def x_steps(self) -> np.ndarray:
        """The steps at which x was kept: all, unless they would take more than 64 MB."""
        return self._stride * np.arange(len(self._x)) + int(self.first.t)

    def seen(self, places: Callable[[np.ndarray], np.ndarray]) -> History:
        """The same with other places: ``places(x)`` for those of shape (k, n)."""
        other = copy.copy(self)
        other._x = Places(places(self._x.array))
        return other

    def to_dict(self) -> dict[str, list[float]]:
        """The columns as lists; `x` is left out (see `x`, `x_steps`)."""
        return {name: self[name].tolist() for name in COLUMNS}

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The columns as arrays, and `x` with `x_steps`."""
        return {**{name: self[name] for name in COLUMNS}, "x": self.x, "x_steps": self.x_steps}

    def to_dataframe(self) -> Any:
        """The columns as a `pandas.DataFrame` with index t."""
        try:
            import pandas
        except ImportError as error:
            raise MissingExtraError("pandas", "table", "a data frame") from error
        return pandas.DataFrame({name: self[name] for name in COLUMNS[1:]}, index=pandas.Index(self["t"], name="t"))

    def to_csv(self, path: str | Path) -> None:
        """Write the columns as comma-separated values with a header."""
        with open(path, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(row.values() for row in self._plain())

    def to_jsonl(self, path: str | Path) -> None:
        """Write one JSON object a line; what is not finite becomes null."""
        with open(path, "w") as file:
            for row in self._plain():
                finite = {name: value if math.isfinite(value) else None for name, value in row.items()}
                file.write(json.dumps(finite) + "\n")

    def _plain(self) -> Iterator[dict[str, float]]:
        for record in self:
            yield record._asdict() | {"t": int(record.t), "nfev": int(record.nfev), "f": self.sign * record.f}

    def __reduce__(self) -> tuple[Any, ...]:
        if not len(self):
            return History, (self.sign,)
        return History.from_arrays, (self.to_arrays(), self.sign)  # without the function, which `now` knows

    def __copy__(self) -> History:
        other = object.__new__(History)
        other.__dict__.update(self.__dict__)
        return other

    @classmethod
    def from_arrays(cls, columns: dict[str, np.ndarray], sign: float = 1.0) -> History:
        """The inverse of `to_arrays`."""
        history = cls(sign)
        columns = {**columns, "f": sign * columns["f"]}
        table = np.column_stack([columns[name] for name in COLUMNS])
        history._blocks, history.first = [table], _record(table[0])
        for row in table[-2:]:
            history.previous, history.last = history.last, _record(row)
        history._x = Places(np.array(columns["x"]))
        history._most = most(history._x[0])
        steps = columns["x_steps"]
        history._stride = int(steps[1] - steps[0]) if len(steps) > 1 else 1
        return history
