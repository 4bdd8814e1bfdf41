"""What is to be sent, being sent and sent: a small database beside the study that survives a kill at any moment."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sources.errors import NeedsKey, NotAllowed, SourceError, Unavailable
from sources.notify import Channel, Message, Unclear

#: waiting (to be tried), sending (handed over right now), sent, unclear (may have arrived, is not sent again), failed.
STATES = ("waiting", "sending", "sent", "unclear", "failed")
#: Minutes until the next try, after each failure; then the message is given up.
PAUSES = (1, 5, 15, 60, 180, 360, 720, 1440)
#: A message being handed over for longer than this belongs to a run that was killed.
ABANDONED = timedelta(minutes=10)

_TABLE = """
create table if not exists messages (
    key text not null, channel text not null, state text not null, attempts integer not null, next_try text not null,
    changed text not null, subject text not null, text text not null, facts text not null, error text not null,
    primary key (key, channel)
)
"""


class Outbox:
    """The messages of one study. Every step is one transaction; two runs at once cannot take the same message."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as database:
            database.execute(_TABLE)

    def put(self, message: Message, channels: tuple[Channel, ...], now: datetime) -> bool:
        """Queue a message for each channel, once for ever; return whether it was new for any of them."""
        with self._open() as database:
            new = 0
            for channel in channels:
                row = (
                    message.key, channel.name, "waiting", 0, _text(now), _text(now), message.subject, message.text,
                    json.dumps(dict(message.facts), ensure_ascii=False), "",
                )  # fmt: skip
                new += database.execute(
                    "insert or ignore into messages values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row
                ).rowcount
        return new > 0

    def keys(self) -> set[str]:
        """Return the keys of all messages ever queued."""
        with self._open() as database:
            return {row[0] for row in database.execute("select distinct key from messages")}

    def deliver(self, channels: tuple[Channel, ...], now: datetime) -> dict[str, int]:
        """Hand over what is due, and return how many messages ended in each state.

        A message is marked before it is handed over. If this run dies in between, the next one finds the mark and does not
        send it again: it is `unclear`, and the digest says so. What was plainly not taken is tried again later.
        """
        done = dict.fromkeys(STATES, 0)
        by_name = {c.name: c for c in channels}
        with self._open() as database:
            old = _text(now - ABANDONED)
            done["unclear"] += database.execute(
                "update messages set state = 'unclear', changed = ? where state = 'sending' and changed < ?",
                (_text(now), old),
            ).rowcount
        while (taken := self._take(tuple(by_name), now)) is not None:
            name, message, attempts = taken
            state, error, wait = "sent", "", timedelta(0)
            try:
                by_name[name].send(message)
            except Unclear as problem:
                state, error = "unclear", str(problem)
            except NotAllowed as problem:
                state, error = "failed", str(problem)
            except (Unavailable, NeedsKey, SourceError) as problem:
                error = str(problem)
                state = "waiting" if attempts < len(PAUSES) else "failed"
                wait = timedelta(minutes=PAUSES[min(attempts, len(PAUSES) - 1)])
            with self._open() as database:
                database.execute(
                    "update messages set state = ?, error = ?, changed = ?, next_try = ? where key = ? and channel = ?",
                    (state, error, _text(now), _text(now + wait), message.key, name),
                )
            done[state] += 1
        return done

    def troubles(self) -> list[tuple[str, str, str, str]]:
        """Return `key`, `channel`, `state`, `error` of all that was not plainly sent."""
        with self._open() as database:
            rows = database.execute(
                "select key, channel, state, error from messages where state != 'sent' order by changed"
            )
            return [(str(a), str(b), str(c), str(d)) for a, b, c, d in rows]

    def _take(self, names: tuple[str, ...], now: datetime) -> tuple[str, Message, int] | None:
        """Claim the next due message, in one transaction."""
        query = (
            "select key, channel, subject, text, facts, attempts from messages where state = 'waiting' and next_try <= ? "
            "order by changed"
        )
        with self._open() as database:
            due = database.execute(query, (_text(now),))
            row = next((r for r in due if r[1] in names), None)
            if row is None:
                return None
            key, channel, subject, text, facts, attempts = row
            database.execute(
                "update messages set state = 'sending', attempts = attempts + 1, changed = ? where key = ? and channel = ?",
                (_text(now), key, channel),
            )
        return str(channel), Message(str(key), str(subject), str(text), json.loads(facts)), int(attempts)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One transaction that holds the write lock from its beginning."""
        with closing(sqlite3.connect(self.path, timeout=30, isolation_level=None)) as database:
            database.execute("begin immediate")
            try:
                yield database
            except BaseException:
                database.execute("rollback")
                raise
            database.execute("commit")


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
