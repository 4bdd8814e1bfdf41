"""X for who pays: how many posts match (cheap), or the posts themselves within a budget.

Counts are what a time series needs and cost one request a month of days; posts are charged one by one. Counts and search do not
agree to the post: counts are taken before posts that were deleted since are left out.

References
----------
https://docs.x.com/x-api/posts/counts/introduction, /x-api/posts/search/introduction, /x-api/posts/search/integrate/operators
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from sources.breaker import Manners
from sources.connector import Ask, Brief, Caps, Health, Need, Page, Query, State, Window, asks_of_each, check
from sources.errors import BadQuery, Changed, NeedsKey, NotAllowed
from sources.social.clauses import all_of, quoted
from sources.social.rows import count, instant, items_of, listed, posts_frame, read_items
from sources.transport import Answer, Wire, clean

API = "https://api.x.com/2"
KEY = "UNDERSAID_X_TOKEN"
PAGE = 100
LONGEST = 512
#: How far the endpoints without archive reach back, less a quarter of an hour for the way of the request.
RECENT = timedelta(days=7) - timedelta(minutes=15)
_NEED = Need("key", "token", "X has no free access: a bearer token of a paid account is needed (console.x.com)", KEY)
_FIELDS = "created_at,author_id,lang,conversation_id,in_reply_to_user_id,public_metrics,referenced_tweets,entities"
_KINDS = {"retweeted": "repost", "quoted": "quote", "replied_to": "reply"}


class X:
    """Counts of posts, and posts where the study sets a budget. Neither import nor construction asks anybody."""

    name = "x"
    caps = Caps(
        title="X",
        gives="posts a day or hour that match, reposts left out; the posts themselves within a budget",
        tables=("counts", "posts"),
        needs=(_NEED,),
        limits="pay per use (about $0.005 a post in 2026); the last seven days, or all with the archive",
        terms="X Developer Agreement: deleted posts must go; texts may not be passed on, ids may",
        links=("https://docs.x.com/x-api/posts/counts/introduction", "https://docs.x.com/developer-terms/agreement"),
        manners=Manners(spacing=1.0, jitter=0.5),
        finest=timedelta(days=36500),
        recheck=PAGE,
        options={
            "archive": "true: ask the endpoints that reach back to 2006, if the account has them",
            "posts": "number of posts to pay for at most in one collection; 0 or left out: counts only",
        },
    )

    def __init__(
        self,
        options: Mapping[str, Any] | None = None,
        wire: Wire | None = None,
        *,
        api: str = API,
        manners: Manners | None = None,
    ) -> None:
        self._options, self._api, self._wire = dict(options or {}), api, wire or Wire()
        self._transport, self._manners = self._wire.opened()[0], manners or self.caps.manners
        self._reach = "all" if self._options.get("archive", False) else "recent"
        self._budget = int(self._options.get("posts", 0))
        self._paid = 0

    def check(self) -> Health:
        """Return whether a token is set; asks nobody."""
        return check(self.caps, self._options)

    def asks(self, brief: Brief) -> list[Ask]:
        """Return one question per social query and table; what is too old for the account is a question of its own."""
        now = self._wire.clock.now()
        found: list[Ask] = []
        oldest = (now - RECENT).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        for ask in asks_of_each(self, brief, now, ("counts", "posts") if self._budget > 0 else ("counts",)):
            if self._reach == "recent" and ask.window.start < oldest:
                parts = [Window(ask.window.start, min(oldest, ask.window.end)), Window(oldest, ask.window.end)]
                found += [Ask(self, ask.query, w) for w in parts if w.start < w.end]
            else:
                found.append(ask)
        return found

    def counts(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield a page for every month of days, or every week of hours: how many posts match, reposts left out."""
        self._within_reach(window)
        grain = "hour" if query.grain == "hour" else "day"
        token = str((state or {}).get("token", ""))
        while True:
            more = {"next_token": token} if token else {}
            answer = self._get(f"/tweets/counts/{self._reach}", query, window, granularity=grain, **more)
            found = answer.json(dict)
            items = items_of(found, "data", where=answer.host, raw=answer.content)
            rows, rejects = read_items(
                items, lambda i: _count(i, query.text, grain), where=answer.host, raw=answer.content
            )
            token = _next(found, answer)
            frame = pd.DataFrame(rows, columns=["query", "geo", "period", "grain", "posts", "unit"])
            state = {"token": token}
            yield Page({"counts": frame}, not token, state, raw=(answer.content,), rejected=rejects)
            if not token:
                return

    def posts(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield a page for every hundred posts, newest first, until the budget of the study is used up.

        Raises
        ------
        NotAllowed : the budget is used up; what came before is kept, and what is older is not known.
        """
        self._within_reach(window)
        token = str((state or {}).get("token", ""))
        while True:
            if self._paid + PAGE > self._budget:
                raise NotAllowed(
                    f"the budget of {self._budget:,} posts is used up",
                    "X",
                    "raise posts under [sources.x], or keep to counts",
                )
            more = {"next_token": token} if token else {}
            answer = self._get(
                f"/tweets/search/{self._reach}",
                query,
                window,
                max_results=str(PAGE),
                **{"tweet.fields": _FIELDS},
                **more,
            )
            found = answer.json(dict)
            # An empty page leaves `data` out; `meta` must say so itself.
            empty = "data" not in found and _meta(found, answer).get("result_count") == 0
            items = [] if empty else items_of(found, "data", where=answer.host, raw=answer.content)
            self._paid += len(items)
            rows, rejects = read_items(items, lambda i: _post(i, query.text), where=answer.host, raw=answer.content)
            token = _next(found, answer)
            yield Page(
                {"posts": posts_frame(rows)}, not token, {"token": token}, raw=(answer.content,), rejected=rejects
            )
            if not token:
                return

    def gone(self, posts: pd.DataFrame) -> Sequence[str]:
        """Return which of these posts are no longer shown. Every post that still is costs a read."""
        asked = [str(i) for i in posts["id"]]
        answer = self._send("/tweets", ids=",".join(asked))
        found = answer.json(dict)
        if "data" not in found and "errors" not in found:
            raise Changed("the answer tells neither posts nor errors", answer.host, sample=clean(answer.content))
        shown = {str(i["id"]) for i in found.get("data", [])}
        return [i for i in asked if i not in shown]

    def _within_reach(self, window: Window) -> None:
        oldest = self._wire.clock.now() - RECENT
        if self._reach == "recent" and window.start < oldest:
            raise BadQuery(
                f"without the archive X reaches back to {oldest:%Y-%m-%d %H:%M} UTC only",
                "X",
                "set archive = true under [sources.x] if the account has it",
            )

    def _get(self, path: str, query: Query, window: Window, **more: str) -> Answer:
        span = {"start_time": _text(window.start), "end_time": _text(window.end)}
        return self._send(path, query=asked(query), **span, **more)

    def _send(self, path: str, **params: str) -> Answer:
        token = os.environ.get(KEY, "").strip()
        if not token:
            raise NeedsKey(_NEED.why, "X", f"set the environment variable {KEY}")
        return self._transport.get(
            self._api + path,
            params=params,
            headers={"Authorization": f"Bearer {token}"},
            manners=self._manners,
            remedies={
                401: f"renew the token in {KEY}",
                402: "the account has no credit left: top it up, or wait for the next period",
                403: "the account may not ask this endpoint: see its plan, or leave archive out",
            },
        )


def asked(query: Query) -> str:
    """Return the query in X's own operators, reposts left out.

    Raises
    ------
    BadQuery : longer than the 512 characters that every plan allows, or not expressible.
    """
    choices, unwanted = all_of(query.text, service="X")
    parts = [quoted(c[0]) if len(c) == 1 else f"({' OR '.join(map(quoted, c))})" for c in choices]
    parts += [f"-{quoted(t)}" for t in unwanted]
    parts += [f"lang:{query.language[:2].lower()}"] if query.language else []
    text = " ".join([*parts, "-is:retweet"])
    if len(text) > LONGEST:
        raise BadQuery(f"{len(text)} characters for X, which takes {LONGEST}", f"query {query.text!r}", "shorten it")
    return text


def _count(item: Mapping[str, Any], query: str, grain: str) -> dict[str, Any] | None:
    start, end = instant(item["start"]), instant(item["end"])
    if end - start != timedelta(days=1) and grain == "day":
        return None  # a day that the span cuts: its count is not that of a day
    return {
        "query": query,
        "geo": "",
        "period": pd.Timestamp(start),
        "grain": grain,
        "posts": float(item["tweet_count"]),
        "unit": "count",
    }


def _post(item: Mapping[str, Any], query: str) -> dict[str, Any]:
    related = {str(r["type"]): str(r["id"]) for r in item.get("referenced_tweets") or []}
    figures = item.get("public_metrics") or {}
    entities = item.get("entities") or {}
    post = str(item["id"])
    lang = item.get("lang")
    return {
        "platform": "x",
        "id": post,
        "url": f"https://x.com/i/status/{post}",
        "thread_id": item.get("conversation_id"),
        "kind": next((kind for type_, kind in _KINDS.items() if type_ in related), "post"),
        "created_at": instant(item["created_at"]),
        "time_quality": "ok",
        "text": item.get("text"),
        "text_is_excerpt": False,
        "lang": None if lang in (None, "und", "qme", "zxx") else lang,
        "lang_source": None if lang in (None, "und", "qme", "zxx") else "detected",
        "author": item.get("author_id"),
        "in_reply_to": related.get("replied_to"),
        "repost_of": related.get("retweeted"),
        "quote_of": related.get("quoted"),
        "like_count": count(figures.get("like_count")),
        "repost_count": count(figures.get("retweet_count")),
        "reply_count": count(figures.get("reply_count")),
        "quote_count": count(figures.get("quote_count")),
        "bookmark_count": count(figures.get("bookmark_count")),
        "view_count": count(figures.get("impression_count")),
        "named": [str(m["id"]) for m in entities.get("mentions") or [] if m.get("id")],
        "tags": listed(str(t["tag"]) for t in entities.get("hashtags") or []),
        "query": query,
    }


def _meta(found: Mapping[str, Any], answer: Answer) -> Mapping[str, Any]:
    meta = found.get("meta")
    if not isinstance(meta, Mapping):
        raise Changed("the answer holds no 'meta'", answer.host, "report it", sample=clean(answer.content))
    return meta


def _next(found: Mapping[str, Any], answer: Answer) -> str:
    return str(_meta(found, answer).get("next_token") or "")


def _text(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
