"""Tables in files, read in chunks: Parquet and CSV, larger than memory."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import ArgumentError, MissingExtraError
from .sources import CHUNK, Batch, Chunks

# A chunk of so many rows is mixed as a whole; a few of them fit into the caches' reach and into any memory.
ROWS = 4 * CHUNK
SEPARATORS = ",;\t"  # of values in a CSV file


class Table(Chunks):
    """A table in a file as a stream of (X, y).

    Parameters
    ----------
    path : str or Path
    target : str
        The column that becomes y.
    features : sequence of str
        Those that become the columns of X, in this order; left out, all others.

    Raises
    ------
    ArgumentError
        When there is no such file or column, or a column holds no numbers.
    MissingExtraError
        When pandas or pyarrow is missing.
    """

    def __init__(self, path: str | Path, target: str, features: Sequence[str] | None = None):
        self.path = Path(path)
        if not self.path.is_file():
            raise ArgumentError(f"path={str(path)!r}: there is no such file.")
        names, rows = self._header()
        self.features = list(features) if features is not None else [name for name in names if name != target]
        for name in (target, *self.features):
            if name not in names:
                raise ArgumentError(f"{self.path.name} has no column {name!r}; it has {', '.join(names)}.")
        self.target = target
        super().__init__(self._read, rows)

    def _header(self) -> tuple[list[str], int | None]:
        """The names of the columns, and the number of rows where the file tells it."""
        raise NotImplementedError

    def _frames(self, columns: list[str]) -> Iterator[Any]:
        """The table in pieces that are like data frames."""
        raise NotImplementedError

    def _read(self) -> Iterator[Batch]:
        for frame in self._frames([*self.features, self.target]):
            for name in frame.columns if len(frame) else ():
                if frame[name].dtype.kind not in "fiub":
                    example = frame[name].iloc[0]
                    raise ArgumentError(
                        f"{self.path.name}: column {name!r} holds {example!r}: expected numbers; leave it out of "
                        "features, or number its values first."
                    )
            yield frame[self.features].to_numpy(float), frame[self.target].to_numpy()


class Parquet(Table):
    """A Parquet file; at most 65 536 rows are in memory at once.

    Examples
    --------
    >>> import tempfile, numpy as np, pandas, steepest as st
    >>> path = tempfile.mkdtemp() + "/line.parquet"
    >>> x = np.linspace(-1, 1, 1000)
    >>> pandas.DataFrame({"x": x, "y": 2 * x + 1}).to_parquet(path)
    >>> r = st.fit(st.losses.Squared(), None, st.data.Parquet(path, target="y"))
    >>> r.x["coef"].round(2)
    array([2.])
    """

    def _header(self) -> tuple[list[str], int | None]:
        file = self._open()
        return file.schema_arrow.names, file.metadata.num_rows

    def _open(self) -> Any:
        try:
            from pyarrow import parquet
        except ImportError as error:
            raise MissingExtraError("pyarrow", "table", "a Parquet file") from error
        return parquet.ParquetFile(self.path)

    def _frames(self, columns: list[str]) -> Iterator[Any]:
        for batch in self._open().iter_batches(ROWS, columns=columns):
            yield batch.to_pandas()


def numeric(values: Any) -> bool:
    """Whether a column holds numbers (or true and false)."""
    return values.dtype.kind in "fiub" or str(values.dtype) == "boolean" or hasattr(values.dtype, "numpy_dtype")


def dialect(path: str | Path, separators: str = SEPARATORS) -> dict[str, Any]:
    """How a file of values with a header is written, as arguments of pandas.read_csv: that one of `separators` which
    its header has most of, the lines with # before it, and behind semicolons the decimal point that its first rows
    have.

    Raises
    ------
    ValueError
        When its first row has more values than its header.
    """
    import pandas

    with open(path, encoding="utf-8") as lines:
        comments, header = next(((k, line) for k, line in enumerate(lines) if not line.startswith("#")), (0, ""))
    how = {"sep": max(separators, key=header.count), "skiprows": comments, "index_col": False}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pandas.errors.ParserWarning)  # else pandas leaves these values out
        try:
            pandas.read_csv(path, nrows=1, **how)
        except pandas.errors.ParserWarning as error:
            raise ValueError("its first row has more values than its header") from error
    if how["sep"] != ";":
        return how
    frames = {point: pandas.read_csv(path, nrows=ROWS, decimal=point, **how) for point in ".,"}
    numbers = {point: sum(numeric(frame[name]) for name in frame) for point, frame in frames.items()}
    return how | {"decimal": max(numbers, key=numbers.__getitem__)}


class CSV(Table):
    """A CSV file with a header; at most 65 536 rows are in memory at once.

    Values are separated by commas, tabs, or semicolons, as by Excel where decimals have a comma.

    Examples
    --------
    >>> import tempfile, steepest as st
    >>> path = tempfile.mkdtemp() + "/line.csv"
    >>> with open(path, "w") as file:
    ...     print("x,y", *(f"{k / 500 - 1},{k / 250 - 1}" for k in range(1000)), sep="\\n", file=file)
    >>> st.fit(st.losses.Squared(), None, st.data.CSV(path, target="y")).x["coef"].round(2)
    array([2.])
    """

    def _header(self) -> tuple[list[str], int | None]:
        pandas = self._pandas()
        try:
            self._dialect = dialect(self.path)
            return list(pandas.read_csv(self.path, nrows=0, **self._dialect).columns), None
        except ValueError as error:
            raise ArgumentError(f"{self.path.name} can't be read: {str(error).strip()}") from error

    def _pandas(self) -> Any:
        try:
            import pandas
        except ImportError as error:
            raise MissingExtraError("pandas", "table", "a CSV file") from error
        return pandas

    def _frames(self, columns: list[str]) -> Iterator[Any]:
        with self._pandas().read_csv(self.path, usecols=columns, chunksize=ROWS, **self._dialect) as pieces:
            yield from pieces
