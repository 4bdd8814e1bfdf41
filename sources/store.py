"""The store: Delta tables, append-only, one batch written once, the latest row of a key wins on read.

Why Delta and why append-only: a kill in the middle of a write leaves the table as it was before, readers never see half a
batch, and DuckDB and Spark read the same Parquet files (docs/dependencies.md).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError

from sources.errors import BadFile, Unavailable
from sources.tables import TABLES, conform


@dataclass(frozen=True)
class Receipt:
    """What an append did: `rows` written, or `already` True when this batch was stored before and nothing changed."""

    table: str
    rows: int
    already: bool


class Store:
    """The tables of one study in one folder.

    Nothing is created before the first append, so that looking at a study never leaves a trace.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)

    def append(self, table: str, frame: pd.DataFrame, *, source: str, batch_id: str, now: datetime) -> Receipt:
        """Write `frame` to `table` as one batch, all of it or nothing.

        Parameters
        ----------
        frame : columns of `sources.tables.TABLES[table]` without the stamp columns, which are added here.
        batch_id : identifies what is imported (see `batch_of`); a batch that is already there is not written again.
        now : aware time stamped on the rows as `fetched_at`.

        Raises
        ------
        ValueError : the frame does not fit the table.
        Unavailable : the folder cannot be written; what was stored before is untouched.
        """
        app = f"batch:{batch_id}"
        if self._has_batch(table, app):
            return Receipt(table, 0, already=True)
        stamped = frame.assign(source=source, fetched_at=pd.Timestamp(now).tz_convert(UTC), batch_id=batch_id)
        data = conform(stamped, table)
        try:
            write_deltalake(
                str(self.root / table),
                data,
                mode="append",
                schema_mode="merge",  # a store made before a column existed takes it in; older rows read null
                commit_properties=CommitProperties(app_transactions=[Transaction(app, 1)]),
            )
        except (DeltaError, OSError) as error:
            raise Unavailable(
                f"the table {table} could not be written ({error})",
                str(self.root),
                "check that the disk has room and that the folder may be written; nothing stored before has changed",
            ) from error
        return Receipt(table, data.num_rows, already=False)

    def files(self, table: str) -> list[str]:
        """Return the Parquet files that make up the current version of `table`; empty when there is none."""
        opened = self._open(table)
        return [] if opened is None else [uri.removeprefix("file://") for uri in opened.file_uris()]

    def version(self) -> str:
        """Return a text that changes whenever any table changes: the key under which results may be cached."""
        parts = []
        for table in TABLES:
            opened = self._open(table)
            parts.append("-" if opened is None else str(opened.version()))
        return ".".join(parts)

    def batches(self, table: str) -> pd.DataFrame:
        """Return one row per batch of `table`: `batch_id`, `source`, `fetched_at`, `rows`, newest first."""
        opened = self._open(table)
        columns = ["batch_id", "source", "fetched_at", "rows"]
        if opened is None:
            return pd.DataFrame(columns=columns)
        stamps = opened.to_pyarrow_table(columns=["batch_id", "source", "fetched_at"])
        grouped = stamps.group_by(["batch_id", "source", "fetched_at"]).aggregate([([], "count_all")])
        frame = grouped.rename_columns(columns).to_pandas()
        return frame.sort_values("fetched_at", ascending=False, ignore_index=True)

    def read(self, table: str) -> pa.Table:
        """Return every stored row of `table`, older versions of a row included. For large tables use explorer.tallies."""
        opened = self._open(table)
        return TABLES[table].empty_table() if opened is None else opened.to_pyarrow_table()

    def _open(self, table: str) -> DeltaTable | None:
        path = self.root / table
        if not path.is_dir():
            return None
        try:
            return DeltaTable(str(path))
        except TableNotFoundError:
            return None
        except DeltaError as error:
            raise BadFile(
                f"the stored table {table} cannot be read ({error})",
                str(path),
                "restore the folder from a backup, or move it away and import the files again",
            ) from error

    def _has_batch(self, table: str, app: str) -> bool:
        # Delta does not refuse a repeated application transaction by itself: the writer has to look first.
        opened = self._open(table)
        return opened is not None and opened.transaction_version(app) is not None


def batch_of(content: bytes, *settings: str) -> str:
    """Return the batch id of a file: SHA-256 of its bytes and of the settings it was read with."""
    digest = hashlib.sha256(content)
    for setting in settings:
        digest.update(b"\0" + setting.encode())
    return digest.hexdigest()
