"""The columns of a table: read from a file, and made numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..data.files import SEPARATORS, dialect, numeric
from ..errors import ArgumentError, MissingExtraError, counted

MOST_CATEGORIES = 50  # a column of text with more is a name or a remark, and no category
# numbers as people write them: 1,009,534 or 1,5 or 10 %
WRITTEN = re.compile(r"[-+]?(\d+|\d{1,3}([,.' ]\d{3})+)([.,]\d+)?\s*%?")


@dataclass(frozen=True)
class Column:
    """How a column becomes numbers: as it is, or one 0/1 column for each category but the first.

    `fill` is what a missing value becomes, None where it is refused.
    """

    name: str
    categories: tuple[str, ...] = ()
    fill: float | str | None = None

    @classmethod
    def of(cls, frame: Any, name: str, train: np.ndarray, impute: bool) -> Column:
        """What a table says about a column; what is filled in comes from the rows `train` alone."""
        values = frame[name]
        lost = int(values.isna().sum())
        if lost and not impute:
            raise ArgumentError(
                f"column {name!r}: missing in {lost} of {counted(len(values), 'row')}; leave those or the column out, "
                "or fill them in (`impute=True`, or --impute on the command line)."
            )
        if lost == len(values):
            raise ArgumentError(f"column {name!r} is empty: leave it out.")
        if numeric(values):
            return cls(name, fill=float(values.iloc[train].mean()) if impute else None)
        texts = values.dropna().astype(str)
        categories = tuple(sorted(texts.unique()))
        if all(map(WRITTEN.fullmatch, categories)) and {*"".join(categories)} & {*",' %"}:
            raise ArgumentError(
                f"column {name!r} holds numbers that are written as text, such as {categories[0]!r}: expected 1234.5, "
                "without separators of thousands or signs."
            )
        if len(categories) > MOST_CATEGORIES:
            raise ArgumentError(
                f"column {name!r} has {len(categories)} different texts, such as {categories[0]!r}: leave it out, or "
                f"group them into at most {MOST_CATEGORIES} categories."
            )
        return cls(name, categories, str(values.iloc[train].dropna().astype(str).mode()[0]) if impute else None)

    @property
    def features(self) -> list[str]:
        """The names of the numbers it becomes."""
        return [f"{self.name}={c}" for c in self.categories[1:]] if self.categories else [self.name]

    def encode(self, frame: Any) -> np.ndarray:
        """The numbers, shape (rows, features)."""
        if self.name not in frame:
            raise ArgumentError(f"column {self.name!r} is missing; there are {', '.join(map(str, frame))}.")
        values = frame[self.name]
        if values.isna().any() and self.fill is None:
            raise ArgumentError(f"column {self.name!r}: missing in {counted(int(values.isna().sum()), 'row')}.")
        if not self.categories:
            if not numeric(values):
                raise ArgumentError(f"column {self.name!r} holds {values.iloc[0]!r}: expected numbers.")
            column = values.to_numpy(dtype=float, na_value=np.nan)
            column = np.where(np.isnan(column), np.nan if self.fill is None else self.fill, column)
            if not np.isfinite(column).all():
                raise ArgumentError(f"column {self.name!r} holds an infinite value: leave that row out.")
            return column[:, None]
        texts = values.where(values.notna(), self.fill).astype(str).to_numpy()
        if unknown := sorted(set(texts) - set(self.categories)):
            raise ArgumentError(
                f"column {self.name!r} holds {unknown[0]!r}, which the training data had not: they had "
                f"{', '.join(map(repr, self.categories))}."
            )
        return (texts[:, None] == np.array(self.categories[1:])).astype(float)


def encode(columns: Sequence[Column], frame: Any) -> np.ndarray:
    """The numbers of a table, shape (rows, features)."""
    return np.hstack([column.encode(frame) for column in columns])


def read_table(path: str | Path) -> Any:
    """A data frame from a .csv or .tsv file (lines with # before the header are comments), or a .parquet file.

    Values in a .csv file are separated by commas, tabs, or semicolons, as by Excel where decimals have a comma.

    Raises
    ------
    ArgumentError
        When the file is none, or has no rows.
    MissingExtraError
        Without pandas.
    """
    try:
        import pandas
    except ImportError as error:
        raise MissingExtraError("pandas", "table", "a table") from error
    path = Path(path)

    def separated(separators: str) -> Any:  # nullable: whole numbers stay so beside missing ones
        return pandas.read_csv(path, dtype_backend="numpy_nullable", **dialect(path, separators))

    readers = {".csv": lambda: separated(SEPARATORS), ".tsv": lambda: separated("\t"),
               ".parquet": lambda: pandas.read_parquet(path)}  # fmt: skip
    if path.suffix not in readers:
        raise ArgumentError(f"{path} must end in {', '.join(readers)}, which says the format.")
    try:
        frame = readers[path.suffix]()
    except FileNotFoundError:
        raise ArgumentError(f"there is no file {str(path)!r}.") from None
    except UnicodeDecodeError as error:
        raise ArgumentError(f"{path} is not written in UTF-8: save it so ({error}).") from error
    except (ValueError, OSError) as error:
        raise ArgumentError(f"{path} can't be read: {str(error).strip()}") from error
    if not len(frame):
        raise ArgumentError(f"{path} has no rows.")
    frame.columns = [str(name).strip() for name in frame.columns]
    return frame
