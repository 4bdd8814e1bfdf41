"""Answers kept by question: every sample of it, because the same question has another answer on another day.

Google Trends forbids caching by HTTP (the address holds a token of one use), so what is kept is the question itself: who was
asked what, with dates in full. A file that is broken, locked or of an older make is set aside and begun anew; it never stops
a run.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sources.breaker import state_folder
from sources.secrets import without_secrets

log = logging.getLogger(__name__)

_MAKE = 1  # of the file; raise it when the table changes
_TABLE = """
create table if not exists samples (
    question text not null, asked text not null, fetched_at text not null, answer blob not null,
    primary key (question, fetched_at)
)
"""

T = TypeVar("T")


@dataclass(frozen=True)
class Sample:
    """One answer to a question: `asked` is the question in full, `answer` the parsed JSON."""

    question: str
    asked: Mapping[str, Any]
    answer: Any
    fetched_at: datetime

    @property
    def request(self) -> str:
        """Id of this sample: the question and the day it was asked (Google draws anew every day, not every hour)."""
        return hashlib.sha256(f"{self.question}\0{self.fetched_at:%Y-%m-%d}".encode()).hexdigest()[:16]


def question_id(asked: Mapping[str, Any]) -> str:
    """Return the id of a question: the same for the same parts, whatever their order."""
    return hashlib.sha256(json.dumps(asked, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:32]


class Questions:
    """The kept samples, in one SQLite file that is made by the first answer."""

    def __init__(self, file: Path | str | None = None) -> None:
        self._file = Path(file) if file is not None else state_folder() / "questions.sqlite"

    def keep(self, asked: Mapping[str, Any], answer: Any, *, now: datetime) -> Sample:
        """Keep one answer, whole or not at all, and return it as a sample."""
        sample = Sample(question_id(asked), dict(asked), answer, now)
        body = zlib.compress(without_secrets(json.dumps(answer, ensure_ascii=False).encode()))
        row = (sample.question, json.dumps(asked, sort_keys=True, ensure_ascii=False), now.isoformat(), body)

        def write(db: sqlite3.Connection) -> None:
            with db:
                db.execute("insert or replace into samples values (?, ?, ?, ?)", row)

        self._use(write, None)
        return sample

    def samples(self, asked: Mapping[str, Any]) -> list[Sample]:
        """Return every kept answer to a question, oldest first."""
        question = question_id(asked)

        def read(db: sqlite3.Connection) -> list[Sample]:
            rows = db.execute(
                "select answer, fetched_at from samples where question = ? order by fetched_at", (question,)
            ).fetchall()
            return [
                Sample(question, dict(asked), json.loads(zlib.decompress(body)), datetime.fromisoformat(when))
                for body, when in rows
            ]

        return self._use(read, [])

    def latest(self, asked: Mapping[str, Any], *, now: datetime, lifetime: timedelta | None) -> Sample | None:
        """Return the newest answer younger than `lifetime` (None = for ever); None when there is none."""
        found = self.samples(asked)
        if not found or (lifetime is not None and now - found[-1].fetched_at >= lifetime):
            return None
        return found[-1]

    def _use(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Run `work`; with a broken file, set it aside and run it once more on a new one."""
        for attempt in (1, 2):
            try:
                with closing(self._open()) as db:
                    return work(db)
            except sqlite3.OperationalError as error:
                # Locked by another process, disk full, folder not writable: the file itself may be sound.
                log.warning("the kept answers in %s cannot be used (%s); going on without", self._file, error)
                return otherwise
            except (sqlite3.DatabaseError, zlib.error, ValueError) as error:
                if attempt == 2 or not self._set_aside():
                    log.warning("the kept answers in %s cannot be used (%s); going on without", self._file, error)
                    return otherwise
                log.warning("the kept answers in %s were broken (%s); set aside and begun anew", self._file, error)
            except OSError as error:
                log.warning("answers cannot be kept in %s (%s)", self._file, error)
                return otherwise
        return otherwise

    def _open(self) -> sqlite3.Connection:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self._file, timeout=5.0)
        try:
            made = db.execute("pragma user_version").fetchone()[0]
            if made not in (0, _MAKE):
                raise sqlite3.DatabaseError(f"made by another version ({made})")
            if made == 0:
                if db.execute("select count(*) from sqlite_master").fetchone()[0]:
                    raise sqlite3.DatabaseError("made by something else")
                # One transaction: a kill in here leaves an empty file, which is made again.
                db.executescript(f"begin immediate; {_TABLE}; pragma user_version = {_MAKE}; commit;")
        except BaseException:
            db.close()
            raise
        return db

    def _set_aside(self) -> bool:
        try:
            self._file.replace(self._file.with_name(f"{self._file.name}.broken"))
        except OSError as error:
            log.warning("%s cannot be set aside (%s)", self._file, error)
            return False
        return True
