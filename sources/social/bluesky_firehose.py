"""Bluesky's event stream, played back: every post that a relay still holds, with the time at which it really came.

Search sorts by what authors' programs claim; the stream alone tells when a post was written to the network. Here that is
`created_at`, and the claim stands beside it. A relay holds a few days. What of the window it does not hold any more is said by
coverage, never taken for silence.

References
----------
https://atproto.com/specs/sync#firehose; https://docs.bsky.app/docs/advanced-guides/timestamps
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sources import boolean
from sources.breaker import POLITE, Manners
from sources.connector import Ask, Brief, Caps, Health, Need, Page, Query, Reject, State, Window, check
from sources.coverage import either
from sources.errors import BadQuery, Unavailable
from sources.recheck import Seen
from sources.social.bluesky_posts import POST, dates, moment, record_row, still_shown, without_people
from sources.social.bluesky_stream import Stream
from sources.social.rows import items_of, posts_frame
from sources.transport import Wire

SERVICE, VIEW = "wss://bsky.network", "https://public.api.bsky.app"
DAYS = 3  # that the network's relay holds, about
QUIET = 10.0  # seconds without an event; met twice, on two connections, before the end is believed

_EVENTS, _ROWS = 5_000, 500  # events, or posts, after which a page is stored


class BlueskyFirehose:
    """Posts from the event stream. Neither import nor construction asks anybody."""

    name = "bluesky_firehose"
    platform = "bluesky"
    caps = Caps(
        title="Bluesky event stream",
        gives="every public post that a relay still holds, matched here, with the time at which it came",
        tables=("posts",),
        needs=(Need("package", "atproto", "reads the frames of the network", "undersaid[social]"),),
        limits=f"about {DAYS} days back; all posts of the network pass by, so a replay takes hours and much traffic",
        terms="public posts, without an account; a deleted post must be deleted here too: run the re-check",
        links=("https://atproto.com/specs/sync#firehose",),
        finest=timedelta(days=365),  # a stream has no ceiling: its windows are never halved
        sparse=True,
        options={
            "service": f"ws address of a relay, or of an account server for its own accounts; {SERVICE} if left out",
            "days": f"number of days to look back; {DAYS} if left out, about what a relay holds",
            "view": f"where the re-check asks whether posts are still shown; {VIEW} if left out",
        },
    )

    def __init__(
        self,
        options: Mapping[str, Any] | None = None,
        wire: Wire | None = None,
        *,
        quiet: float = QUIET,
        manners: Manners = POLITE,
    ) -> None:
        self._options, self._wire = dict(options or {}), wire or Wire()
        self._stream = Stream(self._wire, str(self._options.get("service", SERVICE)), manners, quiet=quiet)

    def check(self) -> Health:
        """Return whether the reader of frames is installed; asks nobody."""
        return check(self.caps, self._options)

    def asks(self, brief: Brief) -> list[Ask]:
        """Return one question for all social queries together, since the whole stream passes by for each question.

        Raises
        ------
        BadQuery : `days` is no positive number, or a query cannot be read.
        """
        days = self._options.get("days", DAYS)
        if isinstance(days, bool) or not isinstance(days, int | float) or not 0 < days <= 3650:
            raise BadQuery(f"days = {days!r} is no number of days", f"[sources.{self.name}]", "give a number, as 3")
        queries = tuple(dict.fromkeys(s.social for s in brief.subjects if s.social))
        for text in queries:
            boolean.parse(text)
        now = self._wire.clock.now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        ended = hour if brief.grain == "hour" else hour.replace(hour=0)
        window = Window(max(brief.window.start, ended - timedelta(days=days)), min(brief.window.end, ended))
        if not queries or window.length <= timedelta(0):
            return []
        return [Ask(self, Query("posts", terms=queries, geo=brief.geo, grain=brief.grain), window)]

    def posts(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield pages of posts in the order in which they came, from `state` on.

        Raises
        ------
        Unavailable : nothing is held, or the line broke; SourceError : see sources.errors.
        """
        at: dict[str, Any] = dict(state or {"cursor": 0, "held": None, "last": None, "note": ""})
        batch, heard = _Batch(query, window), True
        while heard:
            heard, asked_at = False, self._wire.clock.now()
            for kind, body in self._stream.frames(at["cursor"]):
                if kind == "#info":
                    at["outdated"] = body.get("name") == "OutdatedCursor"
                if "seq" not in body or body["seq"] <= at["cursor"]:
                    continue
                heard, came = True, moment(body["time"])
                assert came is not None  # checked by the stream
                _move(at, body["seq"], came)
                if came >= window.end:
                    yield batch.page(at, complete=True, until=window.end)
                    return
                batch.take(kind, body, came)
                if batch.events >= _EVENTS or len(batch.rows) >= _ROWS:
                    yield batch.page(at)
                    batch = _Batch(query, window)
        if at["last"] is None:
            raise Unavailable("the stream holds no event", self._stream.host, "check the address of the service")
        yield batch.page(at, complete=True, until=asked_at)

    def look_again(self, raw: bytes) -> Seen:
        """Return what became of the posts of a kept page."""
        return still_shown(raw, self._shown)

    def _shown(self, uris: list[str]) -> list[Any]:
        view = str(self._options.get("view", VIEW)).rstrip("/")
        answer = self._wire.opened()[0].get(
            f"{view}/xrpc/app.bsky.feed.getPosts?{urlencode([('uris', u) for u in uris])}"
        )
        return items_of(answer.json(dict), "posts", where=answer.host, raw=answer.content)


def _move(at: dict[str, Any], seq: int, came: datetime) -> None:
    """Note an event: where the walk stands, and since when the service holds everything."""
    if at["held"] is None:
        at["held"] = came.isoformat()
    elif at.get("outdated"):
        # The walk was away for longer than the service remembers: what lies between is lost.
        at["note"] = f"what came between {at['last']} and {came.isoformat()} is not held any more"
        at["held"] = came.isoformat()
    at["outdated"] = False
    at["cursor"], at["last"] = seq, came.isoformat()


class _Batch:
    """What a stretch of the stream gave."""

    def __init__(self, query: Query, window: Window) -> None:
        self._queries, self._window = query.names, window
        self.events = 0
        self.rows: dict[str, dict[str, Any]] = {}
        self._kept: dict[str, dict[str, Any]] = {}
        self._rejects: list[Reject] = []

    def take(self, kind: str, body: Mapping[str, Any], came: datetime) -> None:
        """Take the posts of one event that match, and drop those that it deletes."""
        self.events += 1
        if kind != "#commit":
            return
        ops = [op for op in body.get("ops") or [] if str(op.get("path", "")).startswith(f"{POST}/")]
        if body.get("tooBig"):
            self._rejects.append(Reject(f"event {body['seq']}", "too large for the stream, which leaves it out"))
        if not ops:
            return
        from atproto import CAR, CID

        blocks: Mapping[Any, Any] | None = None
        for op in ops:
            uri = f"at://{body['repo']}/{op['path']}"
            if op.get("action") == "delete":
                self.rows.pop(uri, None)
                self._kept.pop(uri, None)
            elif op.get("action") == "create" and came >= self._window.start:
                try:
                    blocks = CAR.from_bytes(body["blocks"]).blocks if blocks is None else blocks
                    self._post(uri, blocks[CID.from_decoded_bytes(op["cid"])], came)
                except Exception as error:  # noqa: BLE001  (a post is other people's data, and CAR has a reader of its own)
                    self._rejects.append(Reject(f"event {body['seq']}", f"{type(error).__name__}: {error}"[:200]))

    def _post(self, uri: str, record: Mapping[str, Any], came: datetime) -> None:
        text = str(record["text"])
        found = [q for q in self._queries if boolean.matches(q, text)]
        if not found:
            words = " ".join([text, *map(str, record.get("tags") or [])])
            found = [q for q in self._queries if boolean.matches(q, words)][:1]
        if not found:
            return
        _, claimed, quality = dates(record.get("createdAt"), came, uri.rpartition("/")[2])
        self.rows[uri] = {
            **record_row(uri, record, either(found)),
            "created_at": came,
            "created_at_claimed": claimed,
            "time_quality": quality,
            "author": uri.removeprefix("at://").split("/")[0],
        }
        self._kept[uri] = without_people({"uri": uri, "indexedAt": came.isoformat(), "record": record})

    def page(self, at: Mapping[str, Any], *, complete: bool = False, until: datetime | None = None) -> Page:
        """Return the stretch as a page."""
        held = moment(at["held"])
        covered = Window(max(held, self._window.start), until) if complete and held is not None and until else None
        raw = json.dumps({"posts": list(self._kept.values())}, ensure_ascii=False, default=_plain).encode()
        return Page(
            {"posts": posts_frame(list(self.rows.values()))},
            complete=complete,
            state=dict(at),
            raw=(raw,) if self._kept else (),
            rejected=tuple(self._rejects),
            notes=(at["note"],) if at["note"] else (),
            covered=covered,
        )


def _plain(value: Any) -> str:
    """Write what JSON does not know (content ids) as text."""
    return value.hex() if isinstance(value, bytes) else str(value)
