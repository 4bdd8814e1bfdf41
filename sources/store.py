"""The store: Delta tables, append-only, one batch written once, the latest row of a key wins on read.

Why Delta and why append-only: a kill in the middle of a write leaves the table as it was before, readers never see half a
batch, and DuckDB and Spark read the same Parquet files (docs/dependencies.md).
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError
from filelock import FileLock

from sources.errors import BadFile, Unavailable
from sources.tables import KEYS, TABLES, conform
from sources.tombstones import Tombstones

_ERASED_AT_ONCE = 200  # keys in one condition

#: How long files stay that a compaction has replaced: longer than any question to the tables takes.
HOLD = timedelta(hours=24)

#: Rows that are held at a time while a batch is written: a row group is gathered in memory before it goes to disk.
_ROW_GROUP = 16_384
_WAITING_ROWS = 2_048


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
            Posts that were forgotten (`sources.forgetting`) are left out, whatever file or service brings them.
        now : aware time stamped on the rows as `fetched_at`.

        Raises
        ------
        ValueError : the frame does not fit the table.
        Unavailable : the folder cannot be written; what was stored before is untouched.
        """
        app = f"batch:{batch_id}"
        if self._has_batch(table, app):
            return Receipt(table, 0, already=True)
        if table == "posts":
            frame = Tombstones(self.root).without(frame)
        data = conform(_stamped(frame, source, batch_id, now), table)
        stored = self._write(table, data, app)
        return Receipt(table, data.num_rows if stored else 0, already=not stored)

    def append_parts(
        self, table: str, frames: Iterable[pd.DataFrame], *, source: str, batch_id: str, now: datetime
    ) -> Receipt:
        """Write frames to `table` as one batch, as `append`; no more than one of them is held in memory.

        They wait in a temporary folder until the last one is there, so that a fault in the last leaves nothing of the first.
        """
        app = f"batch:{batch_id}"
        if self._has_batch(table, app):
            return Receipt(table, 0, already=True)
        forgotten = Tombstones(self.root)
        with tempfile.TemporaryDirectory(prefix="undersaid-") as folder:
            waiting, rows = Path(folder) / "rows.arrow", 0
            with pa.ipc.new_stream(
                str(waiting), TABLES[table], options=pa.ipc.IpcWriteOptions(compression="lz4")
            ) as out:
                for part in frames:
                    frame = forgotten.without(part) if table == "posts" else part
                    data = conform(_stamped(frame, source, batch_id, now), table)
                    out.write_table(data, max_chunksize=_WAITING_ROWS)
                    rows += data.num_rows
            with pa.OSFile(str(waiting)) as file, pa.ipc.open_stream(file) as stream:
                stored = self._write(table, stream, app)
        return Receipt(table, rows if stored else 0, already=not stored)

    def _write(self, table: str, data: pa.Table | pa.RecordBatchReader, app: str) -> bool:
        """Append, and return whether it was this process that stored the batch."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            # Delta lets two writers of one application transaction both win: who writes looks again where nobody else writes.
            with FileLock(self.root / f"{table}.lock"):
                if self._has_batch(table, app):
                    return False
                write_deltalake(
                    str(self.root / table),
                    data,
                    mode="append",
                    writer_properties=WriterProperties(max_row_group_size=_ROW_GROUP),
                    schema_mode="merge",  # a store made before a column existed takes it in; older rows read null
                    commit_properties=CommitProperties(app_transactions=[Transaction(app, 1)]),
                )
        except (DeltaError, OSError) as error:
            raise Unavailable(
                f"the table {table} could not be written ({error})",
                str(self.root),
                "check that the disk has room and that the folder may be written; nothing stored before has changed",
            ) from error
        return True

    def files(self, table: str) -> list[str]:
        """Return the Parquet files that make up the current version of `table`; empty when there is none."""
        opened = self._open(table)
        return [] if opened is None else [uri.removeprefix("file://") for uri in opened.file_uris()]

    def snapshot(self) -> list[Path]:
        """Return the files that every table is made of now: its rows and its log, none that a later write would change."""
        found: list[Path] = []
        for table, opened in [(t, self._open(t)) for t in TABLES]:
            if opened is None:
                continue
            log = self.root / table / "_delta_log"
            # A log entry bears its version; a pointer to a checkpoint may point past what was opened, and is only a shortcut.
            dated = [p for p in sorted(log.iterdir()) if p.name[:20].isdigit() and p.is_file()]
            found += [p for p in dated if int(p.name[:20]) <= opened.version()]
            found += [Path(uri.removeprefix("file://")) for uri in opened.file_uris()]
        return found

    def compact(self, table: str, *, hold: timedelta = HOLD) -> tuple[int, int]:
        """Bring the small files of many batches together and remove files that no version has used for `hold`.

        Readers keep what they opened for as long as `hold`: it must be longer than the longest question takes. No row changes.

        Returns
        -------
        The number of files before and after.

        Raises
        ------
        Unavailable : the folder cannot be written, or another process wrote at the same time; nothing has changed.
        """
        opened = self._open(table)
        if opened is None:
            return 0, 0
        before = len(opened.file_uris())
        try:
            opened.optimize.compact(writer_properties=WriterProperties(max_row_group_size=_ROW_GROUP))
            hours = max(0, -(-int(hold.total_seconds()) // 3600))
            opened.vacuum(retention_hours=hours, enforce_retention_duration=False, dry_run=False)
        except (DeltaError, OSError) as error:
            what = f"the table {table} could not be compacted ({error})"
            raise Unavailable(what, str(self.root), "try again when nothing is being written") from error
        return before, len(opened.file_uris())

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

    def read(self, table: str, *, columns: Sequence[str] | None = None) -> pa.Table:
        """Return every stored row of `table`, older versions of a row included. For large tables use explorer.tallies.

        Parameters
        ----------
        columns : only these; a column that the stored table does not have yet is null.
        """
        opened, empty = self._open(table), TABLES[table].empty_table()
        if opened is None:
            return empty if columns is None else empty.select(list(columns))
        if columns is None:
            return opened.to_pyarrow_table()
        here = {f.name for f in opened.schema().fields}
        found = opened.to_pyarrow_table(columns=[c for c in columns if c in here])
        for column in (c for c in columns if c not in here):
            found = found.append_column(column, pa.nulls(len(found), TABLES[table].field(column).type))
        return found.select(list(columns))

    def erase(self, table: str, keys: Sequence[tuple[str, ...]]) -> int:
        """Delete rows by their key (`sources.tables.KEYS`) from the table and from its history; return how many.

        Parquet files that held them are removed at once and the log of older versions with them, because a version that can
        still be read has forgotten nothing.

        Raises
        ------
        Unavailable : the folder cannot be written.
        """
        opened = self._open(table)
        if opened is None or not keys:
            return 0
        gone = 0
        try:
            for first in range(0, len(keys), _ERASED_AT_ONCE):
                some = keys[first : first + _ERASED_AT_ONCE]
                conditions = [
                    " AND ".join(f"{c} = {_literal(v)}" for c, v in zip(KEYS[table], key, strict=True)) for key in some
                ]
                gone += int(opened.delete(" OR ".join(f"({c})" for c in conditions))["num_deleted_rows"])
            self._without_history(opened, table)
        except (DeltaError, OSError) as error:
            what = f"rows of the table {table} could not be erased ({error})"
            raise Unavailable(what, str(self.root), "check that the folder may be written, then try again") from error
        return gone

    def unname(self, key: str) -> int:
        """Take an author key out of the mentions of stored posts and of their history; return how many posts named it.

        Raises
        ------
        Unavailable : the folder cannot be written.
        """
        opened = self._open("posts")
        if opened is None or "mentions" not in {f.name for f in opened.schema().fields}:
            return 0
        name = _literal(json.dumps(key))
        without = f"replace(replace(replace(mentions, concat({name}, ', '), ''), concat(', ', {name}), ''), {name}, '')"
        try:
            done = opened.update(updates={"mentions": without}, predicate=f"strpos(mentions, {name}) > 0")
            if done["num_updated_rows"]:
                self._without_history(opened, "posts")
        except (DeltaError, OSError) as error:
            what = f"an account could not be taken out of the posts that name it ({error})"
            raise Unavailable(what, str(self.root), "check that the folder may be written, then try again") from error
        return int(done["num_updated_rows"])

    def _without_history(self, opened: DeltaTable, table: str) -> None:
        opened.alter.set_table_properties({"delta.logRetentionDuration": "interval 0 days"})
        opened.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
        opened = DeltaTable(str(self.root / table))
        opened.create_checkpoint()
        opened.cleanup_metadata()

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


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def batch_of(file_digest: str, *settings: str) -> str:
    """Return the batch id of a file: SHA-256 of its own SHA-256 and of the settings it was read with."""
    digest = hashlib.sha256(file_digest.encode())
    for setting in settings:
        digest.update(b"\0" + setting.encode())
    return digest.hexdigest()


def _stamped(frame: pd.DataFrame, source: str, batch_id: str, now: datetime) -> pd.DataFrame:
    return frame.assign(source=source, fetched_at=pd.Timestamp(now).tz_convert(UTC), batch_id=batch_id)
