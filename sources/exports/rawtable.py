"""A file as a grid of text cells, before anybody has decided which row is the header."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from sources.exports.cycles import no_cycles
from sources.exports.words import BLANKS, tidy

#: Text cells: never null, an empty cell is "".
TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
TOP_ROWS = 60  # rows among which titles and column names stand


@dataclass(frozen=True)
class RawTable:
    """The cells of one file.

    Parameters
    ----------
    name : file name as the user knows it.
    digest : SHA-256 of the bytes as they came; identifies the scale of an index.
    format : csv | xlsx | parquet | json | ndjson.
    cells : text cells, one column a column of the file; rows that are all blank are left out.
    rows : 1-based row of the file for every row of `cells`; 0 for column names that a format carries apart.
    named : the first row of `cells` holds the column names for certain (Parquet, JSON).
    long_rows : (row, text of the surplus cells) of rows with more cells than the table has columns; not in `cells`.
    unclosed : row where a quote is opened and never closed, else None.
    quoted : every text cell of the header line is in quotes.
    whole : all rows of the file are there, not only its beginning.
    siblings : the other tables that came in the same archive or workbook and belong to this one.
    archive : name of that archive or workbook.
    """

    name: str
    digest: str
    format: str
    cells: pd.DataFrame
    rows: np.ndarray
    notes: tuple[str, ...] = ()
    named: bool = False
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    quoted: bool = False
    long_rows: tuple[tuple[int, str], ...] = ()
    unclosed: int | None = None
    whole: bool = True
    siblings: tuple[RawTable, ...] = ()
    archive: str = ""

    @cached_property
    def top(self) -> list[list[str]]:
        """Return the first rows as `head` gives them: what recognising a file needs, made once."""
        return self.head(TOP_ROWS)

    def head(self, n: int) -> list[list[str]]:
        """Return the first `n` rows as lists of tidied cells, trailing empty cells left out."""
        out = []
        for row in self.cells.iloc[:n].to_numpy(dtype=object):
            cells = [tidy(c) for c in row]
            while cells and not cells[-1]:
                cells.pop()
            out.append(cells)
        return out


class Builder:
    """Gathers rows of text into columns, a block at a time, so that millions of rows fit into memory."""

    BLOCK = 50_000
    CELLS = 1_500_000  # cells held as Python text at a time: wide exports have 200 columns

    def __init__(self, width: int) -> None:
        self.width = width
        self._blocks: list[pa.Table] = []
        self._numbers: list[np.ndarray] = []
        self._names = [str(i) for i in range(width)]
        self.count = self.bytes = 0  # rows, and bytes they take as Arrow text

    @property
    def block(self) -> int:
        """Rows to add at a time."""
        return max(500, min(self.BLOCK, self.CELLS // self.width))

    def add(self, numbers: list[int], rows: list[list[str]]) -> None:
        """Add `rows`, each of exactly `width` cells, found at the file's rows `numbers`."""
        if not rows:
            return
        with no_cycles():
            columns = [text_array(column) for column in zip(*rows, strict=True)]
        block = pa.table(columns, names=self._names)
        self._blocks.append(block)
        self.count += len(rows)
        self.bytes += block.nbytes
        self._numbers.append(np.asarray(numbers, dtype="int64"))

    def done(self) -> tuple[pd.DataFrame, np.ndarray]:
        """Return the cells and the row numbers, rows that hold nothing but blanks left out."""
        if not self._blocks:
            return pd.DataFrame({i: pd.Series(dtype=TEXT) for i in range(self.width)}), np.array([], dtype="int64")
        table = pa.concat_tables(self._blocks)
        cells = pd.DataFrame({i: pd.Series(table.column(i), dtype=TEXT) for i in range(self.width)})
        return drop_blank(cells, np.concatenate(self._numbers))


def drop_blank(cells: pd.DataFrame, rows: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the rows of `cells` that hold something beside blanks, with their numbers."""
    blank = np.ones(len(cells), dtype=bool)
    for column in cells:
        if not blank.any():
            break
        at = np.flatnonzero(blank)
        blank[at] = (cells[column].iloc[at].str.strip(BLANKS) == "").to_numpy(dtype=bool)
    return cells[~blank].reset_index(drop=True), rows[~blank]


def text_array(values: object) -> pa.Array:
    """Return `values` as Arrow text; halves of surrogate pairs, which no text may hold, become U+FFFD."""
    try:
        return pa.array(values, type=pa.large_string())
    except UnicodeEncodeError:
        mended = [v if v is None else v.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for v in values]  # type: ignore[attr-defined]
        return pa.array(mended, type=pa.large_string())
