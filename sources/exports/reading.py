"""What reading a file gives: the rows of one table, the rows that were refused, and what was noticed on the way."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa

from sources.exports.mapping import Mapping
from sources.exports.rawtable import TEXT
from sources.tables import STAMP, TABLES

REJECTED_COLUMNS = ["row", "column", "value", "reason"]
_SHOWN = 80  # characters of a refused value that are kept


@dataclass(frozen=True)
class Reading:
    """A file as rows of one table of the store.

    Parameters
    ----------
    kind : name of the table in `sources.tables.TABLES`.
    table : its columns without the stamp columns `source`, `fetched_at` and `batch_id`, which the store adds.
    notes : plain sentences on what was found, assumed or left out.
    rejected : `row` (1-based row of the file), `column`, `value`, `reason`. A refused cell leaves its row in the table
        with a null; a refused row is not in the table. The reason says which.
    source : reader that understood the file, e.g. `google_trends_export` or `table`; what to stamp on the rows.
    mapping : how the file was read; give it back to read the next file of this kind in the same way.
    fingerprint : of the column names, see `sources.exports.mapping.fingerprint`.
    columns : field -> column of the file it was read from, for a reader that knows its tool's columns by itself.
    also : readings of the further tables that the same file fills; each goes into the store under its own `kind`.
    capped : the file has exactly as many rows as its tool gives at most, so there are probably more.
    window : first instant and first instant after the period that the file says it covers; None where it does not say.
    digest : SHA-256 of the file.
    part, last : for a file that is read in parts, the number of this part and whether it is the last one.
    """

    kind: str
    table: pd.DataFrame
    notes: list[str]
    rejected: pd.DataFrame
    source: str = "table"
    mapping: Mapping = field(default_factory=Mapping)
    fingerprint: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    also: tuple[Reading, ...] = ()
    capped: bool = False
    window: tuple[pd.Timestamp, pd.Timestamp] | None = None
    digest: str = ""
    part: int = 1
    last: bool = True

    @property
    def covered(self) -> tuple[pd.Timestamp, pd.Timestamp] | None:
        """First instant of the first period and first instant after the last; None for tables without time.

        Where the file names its period itself, that counts, unless it was cut off.
        """
        if self.window is not None and not self.capped:
            return self.window
        column = {"interest": "period", "counts": "period", "posts": "created_at"}.get(self.kind)
        if column is None or self.table.empty:
            return None
        first, last = self.table[column].min(), self.table[column].max()
        if self.kind == "posts":
            return first, last + pd.Timedelta(microseconds=1)
        return first, last + period_length(self.table["grain"].iloc[0])


class Rejects:
    """Collects refused rows and cells while a file is read."""

    def __init__(self) -> None:
        self._parts: list[pd.DataFrame] = []

    def add(self, rows: object, column: str, values: object, reason: object) -> None:
        """Refuse `rows` (one or many) for `reason` (one for all, or one each)."""
        part = pd.DataFrame(
            {"row": rows, "column": column, "value": values, "reason": reason}, columns=REJECTED_COLUMNS
        )
        if len(part):
            self._parts.append(part)

    def one(self, row: int, column: str, value: str, reason: str) -> None:
        """Refuse one row or cell."""
        self.add([row], column, [value], reason)

    def frame(self) -> pd.DataFrame:
        """Return everything refused, in the order of the file."""
        if not self._parts:
            return pd.DataFrame(
                {"row": pd.Series(dtype="int64"), **{c: pd.Series(dtype="str") for c in REJECTED_COLUMNS[1:]}}
            )
        frame = pd.concat(self._parts, ignore_index=True)
        frame["row"] = frame["row"].astype("int64")
        for column in REJECTED_COLUMNS[1:]:
            frame[column] = frame[column].astype("str")
        frame["value"] = frame["value"].str.slice(0, _SHOWN)
        return frame.sort_values("row", kind="stable", ignore_index=True)


def period_length(grain: str) -> pd.DateOffset | pd.Timedelta:
    """Return the length of one period of `grain`."""
    return {
        "hour": pd.Timedelta(hours=1),
        "day": pd.Timedelta(days=1),
        "week": pd.Timedelta(days=7),
        "month": pd.DateOffset(months=1),
        "quarter": pd.DateOffset(months=3),
        "year": pd.DateOffset(years=1),
    }[grain]


def fitted(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return `frame` with the columns of the table `kind`, in the order and in the types of its schema; missing ones null."""
    columns = {}
    for column in TABLES[kind]:
        if column.name in STAMP:
            continue
        values = frame[column.name] if column.name in frame else pd.Series(None, index=frame.index, dtype="object")
        columns[column.name] = values.astype(_dtype(column.type))
    return pd.DataFrame(columns).reset_index(drop=True)


def _dtype(kind: pa.DataType) -> object:
    if pa.types.is_string(kind):
        return TEXT
    if pa.types.is_timestamp(kind):
        return "datetime64[us, UTC]"
    return {"int64": "Int64", "bool": "boolean", "double": "float64"}[str(kind)]
