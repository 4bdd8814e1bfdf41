"""Where a collection stands, on disk: runs, questions, windows, what was seen. Written in one transaction a page.

A run that is killed leaves either the page before or the page after, and the store refuses a batch that it has already, so that
the same page read twice leaves one copy.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from sources.connector import State, Window
from sources.errors import Unavailable

log = logging.getLogger(__name__)

FILE = "collect.sqlite"
_MAKE = 1
_TABLES = """
create table runs (run integer primary key, started text not null, finished text);
create table windows (
    run integer not null, ask text not null, start text not null, end text not null, state text, steps integer not null,
    tallies text not null, rejected integer not null, status text not null, note text not null,
    primary key (run, ask, start, end)
);
create table seen (
    run integer not null, ask text not null, key text not null, window text not null, primary key (run, ask, key)
) without rowid;
create table told (
    run integer not null, source text not null, tbl text not null, query text not null, start text not null, end text not null,
    status text not null, primary key (run, source, tbl, query, start, end)
) without rowid;
create table answers (batch text primary key, file text not null) without rowid;
"""

OPEN, SPLIT = "open", "split"
#: Settled for this run: the service has not published these days yet.
LATE = "late"


@dataclass
class Step:
    """One window of a question. `tallies`: by coverage name, (rows kept, rows with a value)."""

    window: Window
    state: State | None = None
    steps: int = 0
    tallies: dict[str, tuple[int, int]] = field(default_factory=dict)
    rejected: int = 0
    status: str = OPEN
    note: str = ""

    @property
    def rows(self) -> int:
        """Rows kept, over all names."""
        return sum(rows for rows, _ in self.tallies.values())


class Ledger:
    """The file of one study; made by the first question."""

    def __init__(self, root: Path, *, now: datetime, reopen_within: timedelta) -> None:
        self._file = root / FILE
        try:
            root.mkdir(parents=True, exist_ok=True)
            try:
                self._db = self._open()
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError as error:
                # What was collected stands in the store; only where the run stood is lost, and it begins anew.
                log.warning("%s was broken (%s); set aside, the collection begins anew", self._file, error)
                self._file.replace(self._file.with_name(f"{FILE}.broken"))
                for beside in ("-wal", "-shm"):
                    self._file.with_name(FILE + beside).unlink(missing_ok=True)
                self._db = self._open()
        except (sqlite3.DatabaseError, OSError) as error:
            raise Unavailable(
                f"the state of the collection cannot be used ({error})",
                str(self._file),
                "check that the disk has room and that the folder may be written",
            ) from error
        self.run, self.started, self.resumed = self._open_run(now, reopen_within)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def begin(self, ask: str, window: Window) -> None:
        """Note a question that is new in this run."""
        if not self._db.execute("select 1 from windows where run = ? and ask = ?", (self.run, ask)).fetchone():
            self.write(ask, Step(window))

    def reopen(self, ask: str, statuses: Collection[str]) -> None:
        """Open the windows of a question that ended in one of `statuses`, each from where it stopped."""
        for step in self.steps(ask):
            if step.status in statuses and step.status != OPEN:
                self.write(ask, replace(step, status=OPEN, note=""))

    def steps(self, ask: str) -> list[Step]:
        """Return the windows of a question that are not split further, in the order of time."""
        rows = self._db.execute(
            "select start, end, state, steps, tallies, rejected, status, note from windows"
            " where run = ? and ask = ? and status <> ? order by start, end",
            (self.run, ask, SPLIT),
        ).fetchall()
        return [
            Step(
                Window(datetime.fromisoformat(start), datetime.fromisoformat(end)),
                json.loads(state) if state else None,
                steps,
                {name: (pair[0], pair[1]) for name, pair in json.loads(tallies).items()},
                rejected,
                status,
                note,
            )
            for start, end, state, steps, tallies, rejected, status, note in rows
        ]

    def write(self, ask: str, *steps: Step) -> None:
        """Write windows as they now stand."""
        for step in steps:
            self._db.execute(
                "insert or replace into windows values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    self.run,
                    ask,
                    step.window.start.isoformat(),
                    step.window.end.isoformat(),
                    None if step.state is None else json.dumps(step.state, sort_keys=True),
                    step.steps,
                    json.dumps(step.tallies, sort_keys=True, ensure_ascii=False),
                    step.rejected,
                    step.status,
                    step.note,
                ),
            )

    def met(self, ask: str, window: Window, keys: list[str]) -> tuple[list[bool], list[bool]]:
        """Return of each key whether it is new in this question, and whether it is new in this window of it.

        The first decides what is stored; the second what is counted, since halves of a window meet its rows again.
        """
        fresh: list[bool] = []
        counted: list[bool] = []
        here: set[str] = set()
        for key in keys:
            found = self._db.execute(
                "select window from seen where run = ? and ask = ? and key = ?", (self.run, ask, key)
            ).fetchone()
            fresh.append(key not in here and found is None)
            counted.append(key not in here and (found is None or found[0] != _text(window)))
            here.add(key)
        return fresh, counted

    def see(self, ask: str, window: Window, keys: Iterable[str]) -> None:
        """Note keys as seen in a window."""
        rows = ((self.run, ask, key, _text(window)) for key in keys)
        self._db.executemany("insert or replace into seen values (?, ?, ?, ?)", rows)

    def tell(self, source: str, table: str, query: str, window: Window, status: str) -> bool:
        """Note a coverage row; False when a better or the same one stands already in this run."""
        key = (self.run, source, table, query, window.start.isoformat(), window.end.isoformat())
        found = self._db.execute(
            "select status from told where run = ? and source = ? and tbl = ? and query = ? and start = ? and end = ?",
            key,
        ).fetchone()
        if found and (found[0] == status or _WORTH[found[0]] > _WORTH[status]):
            return False
        self._db.execute("insert or replace into told values (?, ?, ?, ?, ?, ?, ?)", (*key, status))
        return True

    def told_within(self, source: str, table: str, query: str, window: Window) -> list[Window]:
        """Return the spans inside `window` on which coverage was written in this run."""
        rows = self._db.execute(
            "select start, end from told where run = ? and source = ? and tbl = ? and query = ?",
            (self.run, source, table, query),
        ).fetchall()
        found = [Window(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in rows]
        return sorted(w for w in found if window.start <= w.start and w.end <= window.end)

    def answers(self, batch: str, files: Iterable[str]) -> None:
        """Note in which raw answers the rows of a batch stand."""
        self._db.execute("insert or replace into answers values (?, ?)", (batch, "\n".join(files)))

    def raw_of(self, batch: str) -> list[str]:
        """Return the raw answers behind a batch."""
        found = self._db.execute("select file from answers where batch = ?", (batch,)).fetchone()
        return found[0].split("\n") if found and found[0] else []

    def finish(self, now: datetime) -> None:
        """End the run: the next collection asks everything anew."""
        with self.at_once():
            self._db.execute("update runs set finished = ? where run = ?", (now.isoformat(), self.run))
            self._db.execute("delete from seen where run <= ?", (self.run,))

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Write everything inside, or nothing."""
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._file, timeout=10.0, isolation_level=None)
        try:
            # A killed process loses nothing in this mode, and a page does not wait for the disk.
            db.execute("pragma journal_mode = wal")
            db.execute("pragma synchronous = normal")
            made = db.execute("pragma user_version").fetchone()[0]
            if made == 0:
                # One transaction: a kill in here leaves an empty file, which is made again.
                db.executescript(f"begin immediate; {_TABLES} pragma user_version = {_MAKE}; commit;")
            elif made != _MAKE:
                raise sqlite3.DatabaseError(f"made by another version ({made})")
        except BaseException:
            db.close()
            raise
        return db

    def _open_run(self, now: datetime, reopen_within: timedelta) -> tuple[int, str, bool]:
        last = self._db.execute("select run, started, finished from runs order by run desc limit 1").fetchone()
        if last and last[2] is None and now - datetime.fromisoformat(last[1]) <= reopen_within:
            return last[0], last[1], True
        run = (last[0] if last else 0) + 1
        self._db.execute("insert into runs values (?, ?, null)", (run, now.isoformat()))
        return run, now.isoformat(), False


def _text(window: Window) -> str:
    return f"{window.start.isoformat()} {window.end.isoformat()}"


#: Which of two statements on the same window is kept: what was fetched whole once is fetched.
_WORTH: Mapping[str, int] = {
    "complete": 6,
    "empty": 5,
    "capped": 4,
    "partial": 3,
    "refused": 2,
    "unavailable": 2,
    "not_tried": 1,
}
