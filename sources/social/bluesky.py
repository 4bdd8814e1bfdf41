"""Bluesky: posts that match a query, found by search, and posts of named accounts, from their feeds.

Search gives at most about 10,000 hits to one question and then stops without a word, or with a fault. So no end of a walk is
believed: below the oldest post the question is put again with that instant as its end, until that brings nothing older. What
one instant holds beyond the ceiling is left to the driver, which halves windows and says `capped`.

References
----------
https://docs.bsky.app/docs/api/app-bsky-feed-search-posts; https://docs.bsky.app/docs/api/app-bsky-feed-get-author-feed
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sources.connector import Ask, Brief, Caps, Health, Page, Query, State, Window, asks_of_each, check
from sources.errors import BadQuery, Changed, Unavailable
from sources.recheck import Seen
from sources.social.bluesky_client import HANDLE, MANNERS, NEEDS, PASSWORD, SERVICE, Session
from sources.social.bluesky_posts import BATCH, moment, post_id, post_row, still_shown, without_people
from sources.social.clauses import Clause, any_of
from sources.social.rows import count, flag_unmatched, items_of, posts_frame, read_items
from sources.transport import Answer, Wire

SEARCH = "app.bsky.feed.searchPosts"
FEED = "app.bsky.feed.getAuthorFeed"
POSTS, PROFILES = "app.bsky.feed.getPosts", "app.bsky.actor.getProfiles"

PAGE = 100  # most hits a page
_INSTANT = timedelta(milliseconds=1)  # of search: `since` is inside, `until` is outside


class Bluesky:
    """Posts of Bluesky. Neither import nor construction asks anybody."""

    name = platform = "bluesky"
    caps = Caps(
        title="Bluesky",
        gives="public posts by query, and by account",
        tables=("posts",),
        needs=NEEDS,
        limits="3,000 requests in 5 minutes an account; about 10,000 hits a question, walked on from there",
        terms="public posts; a deleted post must be deleted here too: run the re-check",
        links=("https://docs.bsky.app/docs/support/developer-guidelines",),
        manners=MANNERS,
        ceiling=10_000,
        finest=timedelta(minutes=1),
        options={
            "service": f"address of the account's server; {SERVICE} if left out",
            "handle": f"the account that searches (or the environment variable {HANDLE}; its app password in {PASSWORD})",
            "accounts": "table of label = handle: accounts whose own posts are fetched, stored under the label",
            "profiles": "true: also ask how many followers each author has",
        },
    )

    def __init__(
        self, options: Mapping[str, Any] | None = None, wire: Wire | None = None, *, password: str = "", **session: Any
    ) -> None:
        self._options, self._wire = dict(options or {}), wire or Wire()
        service, handle = self._options.get("service", SERVICE), self._options.get("handle", "")
        self._password = password
        self.session = Session(self._wire, service=str(service), handle=str(handle), password=password, **session)
        self._followers: dict[str, int | None] = {}

    def check(self) -> Health:
        """Return whether an account and its app password are set; asks nobody."""
        return check(self.caps, {**self._options, "app_password": self._password})

    def asks(self, brief: Brief) -> list[Ask]:
        """Return one question per social query, and one per account of the options."""
        found = list(asks_of_each(self, brief, self._wire.clock.now()))
        today = self._wire.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        past = Window(brief.window.start, min(brief.window.end, today))
        for label, handle in dict(self._options.get("accounts", {})).items():
            if past.length > timedelta(0):
                about = {"account": str(handle).lstrip("@")}
                found.append(Ask(self, Query("posts", name=str(label), options=about), past))
        return found

    def posts(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield pages of posts, newest first, from `state` on."""
        account = query.options.get("account")
        return self._feed(str(account), query, window, state) if account else self._search(query, window, state)

    def look_again(self, raw: bytes) -> Seen:
        """Return what became of the posts of a kept answer.

        A post is not there when its author deleted it, closed the account, or was closed out.
        """
        return still_shown(raw, self._shown)

    def _shown(self, uris: list[str]) -> list[Any]:
        answer, found = self.session.get(POSTS, {"uris": uris})
        return items_of(found, "posts", where=answer.host, raw=_kept(found))

    def _search(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        clauses = any_of(query.text, service="Bluesky")
        at: dict[str, Any] = dict(state or _run(0, window.end))
        while at["clause"] < len(clauses):
            # What is excluded is left to our own match of the text: this search has no documented word for it.
            asked = {
                "q": Clause(clauses[at["clause"]].wanted).text(),
                "sort": "latest",
                "limit": PAGE,
                "since": _iso(window.start),
                "until": at["until"],
                **({"cursor": at["cursor"]} if at["cursor"] else {}),
            }
            try:
                answer, found = self.session.get(SEARCH, asked)
            except (BadQuery, Unavailable):
                if not at["cursor"]:
                    raise
                # Beyond the ceiling a cursor is answered by a fault: go on below what has come.
                at = _below(at, window)
                continue
            kept = _kept(found)
            views = items_of(found, "posts", where=answer.host, raw=kept)
            rows, rejects = read_items(views, lambda view: post_row(view, query.text), where=answer.host, raw=kept)
            self._heed_until(rows, at, answer)
            at = _after(at, rows, len(views), found.get("cursor"), window)
            last = at["clause"] >= len(clauses)
            yield Page(
                {"posts": posts_frame(self._known(flag_unmatched(rows, query.text)))},
                complete=last and not at["holes"],
                state=at,
                raw=(kept,),
                rejected=rejects,
            )

    def _feed(self, account: str, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        cursor: str | None = (state or {}).get("cursor", "")
        while cursor is not None:
            asked = {"actor": account, "limit": PAGE, "filter": "posts_with_replies"}
            answer, found = self.session.get(FEED, {**asked, **({"cursor": cursor} if cursor else {})})
            kept = _kept(found)
            items = items_of(found, "feed", where=answer.host, raw=kept)
            rows, rejects = read_items(items, lambda i: _feed_row(i, query.name), where=answer.host, raw=kept)
            before = cursor
            cursor = str(found["cursor"]) if found.get("cursor") and items else None
            if cursor is not None and cursor == before:
                raise Changed("the feed does not go on", answer.host, "try again later")
            if rows and all(row["created_at"] < window.start for row in rows):
                cursor = None  # newest first: nothing of the window comes any more
            yield Page(
                {"posts": posts_frame(self._known(rows))},
                complete=cursor is None,
                state={"cursor": cursor},
                raw=(kept,),
                rejected=rejects,
            )

    def _heed_until(self, rows: list[dict[str, Any]], at: Mapping[str, Any], answer: Answer) -> None:
        end = moment(at["until"])
        late = [row for row in rows if end is not None and row["created_at"] > end + timedelta(minutes=5)]
        if late and at["again"]:
            raise Changed(
                f"{len(late)} of {len(rows)} posts are later than the end that was asked for",
                answer.host,
                "the search of this server knows no dates: ask another one",
            )

    def _known(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Add followers, where the options ask for them."""
        if not self._options.get("profiles"):
            return rows
        new = [did for did in dict.fromkeys(str(row["author"]) for row in rows) if did not in self._followers]
        for at in range(0, len(new), BATCH):
            answer, found = self.session.get(PROFILES, {"actors": new[at : at + BATCH]})
            self._followers |= dict.fromkeys(new[at : at + BATCH])
            for profile in items_of(found, "profiles", where=answer.host, raw=_kept(found)):
                if isinstance(profile, Mapping) and "did" in profile:
                    self._followers[str(profile["did"])] = count(profile.get("followersCount"))
        return [{**row, "author_followers": self._followers.get(str(row["author"]))} for row in rows]


def _run(clause: int, until: datetime, *, most: int = 0, again: bool = False, holes: bool = False) -> dict[str, Any]:
    """Return the state at the beginning of one question: `hits` so far, `most` of any question, `oldest` instant."""
    return {
        "clause": clause, "until": _iso(until), "cursor": None, "hits": 0, "most": most, "oldest": None,
        "again": again, "holes": holes,
    }  # fmt: skip


def _after(
    at: Mapping[str, Any], rows: list[dict[str, Any]], hits: int, cursor: object, window: Window
) -> dict[str, Any]:
    """Return the state after a page."""
    found = dict(at)
    found["hits"] += hits
    dates = [row["created_at"] for row in rows] + ([moment(at["oldest"])] if at["oldest"] else [])
    found["oldest"] = _iso(min(d for d in dates if d is not None)) if dates else None
    if cursor and hits and str(cursor) != at["cursor"]:
        return {**found, "cursor": str(cursor)}
    return _below(found, window)


def _below(at: Mapping[str, Any], window: Window) -> dict[str, Any]:
    """Return the state after a question that gives no more: the same one below its oldest post, or the next clause."""
    until, oldest = moment(at["until"]), moment(at["oldest"]) if at["oldest"] else None
    most, holes = max(at["most"], at["hits"]), bool(at["holes"])
    if until is None:
        raise Changed("the state of the walk is not its own", "Bluesky", "start the collection again")
    if oldest is None or oldest < window.start:
        return _run(at["clause"] + 1, window.end, most=most, holes=holes)
    below = oldest + _INSTANT
    if below < until:
        return _run(at["clause"], below, most=most, again=True, holes=holes)
    # Nothing older than the instant asked for: the end, unless that instant alone fills a whole answer.
    if at["hits"] < max(PAGE, at["most"]):
        return _run(at["clause"] + 1, window.end, most=most, holes=holes)
    return _run(at["clause"], oldest, most=most, again=True, holes=True)


def _feed_row(item: Mapping[str, Any], label: str) -> dict[str, Any]:
    row = post_row(item["post"], label)
    reason = item.get("reason") or {}
    if str(reason.get("$type", "")).endswith("#reasonRepost"):
        at = moment(reason["indexedAt"])
        if at is None:
            raise ValueError(f"{reason['indexedAt']!r} is no date")
        by = str(reason["by"]["did"])
        passed = {"kind": "repost", "repost_of": row["id"], "author": by, "created_at": at, "time_quality": "ok"}
        row = {
            **row,
            **passed,
            "created_at_claimed": None,
            "id": post_id(str(reason.get("uri") or f"{by} {row['id']}")),
        }
        # Counters, and what is said, are those of the post that was passed on.
        row |= dict.fromkeys(("like_count", "repost_count", "reply_count", "quote_count", "bookmark_count"))
    return row


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _kept(found: Mapping[str, Any]) -> bytes:
    return json.dumps(without_people(found), ensure_ascii=False).encode()
