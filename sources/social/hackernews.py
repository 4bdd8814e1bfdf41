"""Hacker News: stories and comments, or how many there are, through the search that Algolia runs for it.

A query gives at most 1,000 items; `nbHits` tells how many there are, so a window that holds more is known to be cut.

References
----------
https://hn.algolia.com/api; https://www.algolia.com/doc/api-reference/search-api-parameters/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pandas as pd

from sources.breaker import Manners
from sources.connector import Ask, Brief, Caps, Health, Page, Query, State, Window, asks_of_each, check
from sources.errors import Changed
from sources.social.clauses import Clause, any_of
from sources.social.counting import count_pages
from sources.social.rows import count, flag_unmatched, instant, items_of, listed, plain, posts_frame, read_items
from sources.transport import Answer, Wire, clean

API = "https://hn.algolia.com/api/v1"
CEILING = 1000
#: The service's own kinds, by its tags; everything else is a post.
_KINDS = {"comment": "comment"}


class HackerNews:
    """Stories and comments of Hacker News. Neither import nor construction asks anybody."""

    name = "hackernews"
    caps = Caps(
        title="Hacker News",
        gives="stories and comments since 2006 with author, points and number of comments; or only how many",
        tables=("posts", "counts"),
        limits="1,000 items a query (walked by windows); about 10,000 requests an hour; English, people who build software",
        terms="public; Y Combinator's terms of use; name Hacker News as the source",
        links=("https://hn.algolia.com/api",),
        manners=Manners(spacing=0.5, jitter=0.2, budget=9000, budget_window=3600.0),
        ceiling=CEILING,
        finest=timedelta(minutes=1),
        recheck=1,
        options={
            "counts": "true: how many a period instead of the posts themselves",
            "comments": "false: stories only",
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
        self._tags = "(story,comment,poll,job)" if self._options.get("comments", True) else "(story,poll,job)"

    def check(self) -> Health:
        """Return that it needs nothing; asks nobody."""
        return check(self.caps, self._options)

    def asks(self, brief: Brief) -> list[Ask]:
        """Return one question per social query: the posts, or their number where the study says so."""
        tables = ("counts",) if self._options.get("counts", False) else ("posts",)
        return list(asks_of_each(self, brief, self._wire.clock.now(), tables))

    def posts(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield a page for every thousand items of every clause of the query."""
        clauses = any_of(query.text, service=self.caps.title)
        at, page, cut = (int((state or {}).get(k, 0)) for k in ("clause", "page", "cut"))
        while at < len(clauses):
            answer = self._search(clauses[at], window, page=page, hits=CEILING)
            found = answer.json(dict)
            hits = items_of(found, "hits", where=answer.host, raw=answer.content)
            pages, total = _number(found, "nbPages", answer), _number(found, "nbHits", answer)
            rows, rejects = read_items(hits, lambda h: _post(h, query.text), where=answer.host, raw=answer.content)
            page += 1
            if page >= pages:
                cut |= total > CEILING
                at, page = at + 1, 0
            last = at == len(clauses)
            yield Page(
                {"posts": posts_frame(flag_unmatched(rows, query.text))},
                complete=last and not cut,
                state={"clause": at, "page": page, "cut": cut},
                raw=(answer.content,),
                rejected=rejects,
            )

    def counts(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield how many items match, a period at a time."""

        def size(clause: Clause, span: Window) -> tuple[int, bytes]:
            answer = self._search(clause, span, page=0, hits=0)
            return _number(answer.json(dict), "nbHits", answer), answer.content

        yield from count_pages(query, window, state, size, service=self.caps.title)

    def gone(self, posts: pd.DataFrame) -> Sequence[str]:
        """Return which of these posts (`id`) are no longer shown: deleted, dead or flagged away."""
        missing = []
        for post in posts["id"]:
            answer = self._transport.get(f"{self._api}/items/{post}", manners=self._manners, allow=frozenset({404}))
            found = answer.json(dict)
            if answer.status == 404 or not (found.get("text") or found.get("title")):
                missing.append(str(post))
        return missing

    def _search(self, clause: Clause, window: Window, *, page: int, hits: int) -> Answer:
        params = {
            "query": clause.text(),
            "tags": self._tags,
            "numericFilters": f"created_at_i>={int(window.start.timestamp())},created_at_i<{int(window.end.timestamp())}",
            "hitsPerPage": str(hits),
            "page": str(page),
            "advancedSyntax": "true",  # quotes and minus mean what they say
            "typoTolerance": "false",  # else "bruit" also finds "fruit"
            "queryType": "prefixNone",  # else a word also finds everything that begins with it
            "removeWordsIfNoResults": "none",
            "attributesToHighlight": "[]",
        }
        return self._transport.get(f"{self._api}/search_by_date", params=params, manners=self._manners)


def _post(hit: Mapping[str, Any], query: str) -> dict[str, Any]:
    tags = hit["_tags"]
    comment = "comment" in tags
    post = str(hit["objectID"])
    return {
        "platform": "hackernews",
        "id": post,
        "url": f"https://news.ycombinator.com/item?id={post}",
        "thread_id": _id(hit.get("story_id")) or (None if comment else post),
        "kind": next((k for tag, k in _KINDS.items() if tag in tags), "post"),
        "created_at": instant(hit["created_at_i"]),
        "time_quality": "ok",
        "text": plain(hit.get("comment_text") or hit.get("story_text")),
        "title": plain(hit.get("title")),
        "text_is_excerpt": False,
        "author": hit.get("author"),
        "in_reply_to": _id(hit.get("parent_id")),
        "like_count": count(hit.get("points")),
        "reply_count": count(hit.get("num_comments")),
        "links": listed([hit["url"]] if hit.get("url") else []),
        "query": query,
    }


def _id(value: Any) -> str | None:
    return None if value is None else str(value)


def _number(found: Mapping[str, Any], key: str, answer: Answer) -> int:
    value = found.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Changed(f"the answer does not tell {key!r}", answer.host, "report it", sample=clean(answer.content))
    return value
