"""Stack Exchange: questions of its sites, or how many there are, by creation date.

References
----------
https://api.stackexchange.com/docs/advanced-search, /docs/throttle (`backoff`, quotas), /docs/filters (`total`, `withbody`)
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from sources import boolean
from sources.breaker import Manners
from sources.connector import Ask, Brief, Caps, Health, Need, Page, Query, State, Window, asks_of_each, check
from sources.errors import BadQuery, Changed, NeedsKey, SourceError, Throttled, Unavailable
from sources.social.clauses import Clause, any_of
from sources.social.counting import count_pages
from sources.social.rows import count, flag_unmatched, instant, items_of, listed, plain, posts_frame, read_items
from sources.transport import Answer, Wire, clean, judge

API = "https://api.stackexchange.com/2.3"
KEY = "UNDERSAID_STACKEXCHANGE_KEY"
PAGE = 100
#: Pages beyond this are for programs with a key only; a window that has more is walked by halves.
PAGES = 25
_SECONDS = re.compile(r"(\d+) seconds")


class StackExchange:
    """Questions of sites of the Stack Exchange network. Neither import nor construction asks anybody."""

    name = "stackexchange"
    caps = Caps(
        title="Stack Exchange",
        gives="questions with text, tags, score, views and number of answers; or only how many",
        tables=("posts", "counts"),
        needs=(Need("setting", "sites", "it is a network of sites, and the study has to say which are meant"),),
        limits=f"300 requests a day, 10,000 with a free key in {KEY}; 2,500 questions a query (walked by windows)",
        terms="CC BY-SA: name Stack Exchange, link the question and its author when a text is shown",
        links=("https://api.stackexchange.com/docs", "https://stackapps.com/apps/oauth/register"),
        manners=Manners(spacing=0.5, jitter=0.3, strikes=2, rest=3600.0),
        ceiling=PAGE * PAGES,
        finest=timedelta(minutes=1),
        recheck=PAGE,
        options={
            "sites": 'list of sites by their names in the interface: ["stackoverflow", "diy"]',
            "counts": "true: how many a period instead of the questions themselves",
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
        (self._transport, self._gate), self._manners = self._wire.opened(), manners or self.caps.manners

    def check(self) -> Health:
        """Return whether sites are named; asks nobody."""
        return check(self.caps, self._options)

    def asks(self, brief: Brief) -> list[Ask]:
        """Return one question per social query: the posts, or their number where the study says so."""
        tables = ("counts",) if self._options.get("counts", False) else ("posts",)
        return list(asks_of_each(self, brief, self._wire.clock.now(), tables))

    def posts(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield a page for every hundred questions of every site and clause."""
        walks = [(site, clause) for site in self._sites() for clause in any_of(query.text, service=self.caps.title)]
        at, page, cut = (int((state or {}).get(k, 0)) for k in ("walk", "page", "cut"))
        while at < len(walks):
            site, clause = walks[at]
            answer = self._search(site, clause, window, page=str(page + 1), pagesize=str(PAGE), filter="withbody")
            found = self._read(answer)
            items = items_of(found, "items", where=answer.host, raw=answer.content)
            more = found.get("has_more")
            if not isinstance(more, bool):
                raise Changed(
                    "the answer does not tell whether there is more", answer.host, sample=clean(answer.content)
                )
            rows, rejects = read_items(
                items, partial(_post, site=site, query=query.text), where=answer.host, raw=answer.content
            )
            # The site's own search is not documented: what the query excludes is left out here, whatever it did.
            kept = [r for r in rows if not _holds(r, clause.unwanted)]
            page += 1
            if not more or page >= PAGES:
                cut |= more
                at, page = at + 1, 0
            yield Page(
                {"posts": posts_frame(flag_unmatched(kept, query.text))},
                complete=at == len(walks) and not cut,
                state={"walk": at, "page": page, "cut": int(cut)},
                raw=(answer.content,),
                rejected=rejects,
                not_before=_backoff(found, answer),
            )

    def counts(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield how many questions of all sites match, a period at a time."""
        sites = self._sites()

        def size(clause: Clause, span: Window) -> tuple[int, bytes]:
            total, raw = 0, b""
            for site in sites:
                answer = self._search(site, clause, span, filter="total")
                found = self._read(answer)
                if not isinstance(found.get("total"), int):
                    raise Changed("the answer does not tell 'total'", answer.host, sample=clean(answer.content))
                if later := _backoff(found, answer):
                    self._wire.clock.sleep((later - answer.fetched_at).total_seconds())
                total, raw = total + found["total"], raw + answer.content + b"\n"
            return total, raw

        yield from count_pages(query, window, state, size, service=self.caps.title)

    def gone(self, posts: pd.DataFrame) -> Sequence[str]:
        """Return which of these questions are no longer shown."""
        missing: list[str] = []
        for platform, some in posts.groupby("platform"):
            asked = [str(i) for i in some["id"]]
            answer = self._get(f"/questions/{';'.join(asked)}", str(platform).partition(".")[2], pagesize=str(PAGE))
            items = items_of(self._read(answer), "items", where=answer.host, raw=answer.content)
            shown = {str(i.get("question_id")) for i in items if isinstance(i, Mapping)}
            missing += [i for i in asked if i not in shown]
        return missing

    def _sites(self) -> list[str]:
        sites = self._options.get("sites", [])
        return [str(s) for s in ([sites] if isinstance(sites, str) else sites)]

    def _search(self, site: str, clause: Clause, window: Window, **more: str) -> Answer:
        span = {"fromdate": str(int(window.start.timestamp())), "todate": str(int(window.end.timestamp()) - 1)}
        return self._get("/search/advanced", site, q=clause.text(), order="desc", sort="creation", **span, **more)

    def _get(self, path: str, site: str, **params: str) -> Answer:
        if key := os.environ.get(KEY, "").strip():
            params["key"] = key
        # Its errors come as 400, 502 and 503 with the reason in the body: they are read here, in `_read`.
        errors = frozenset({400, 402, 403, 404, 500, 502, 503})
        asked = {"site": site, **params}
        return self._transport.get(self._api + path, params=asked, manners=self._manners, allow=errors)

    def _read(self, answer: Answer) -> dict[str, Any]:
        """Return the body, or raise the error that it tells of."""
        if answer.status >= 400 and "json" not in answer.headers.get("content-type", ""):
            judge(answer, now=answer.fetched_at)
        found = answer.json(dict)
        if "error_id" in found:
            error = _error(found, answer)
            if isinstance(error, Throttled) and error.retry_at is not None:
                # Who goes on asking is banned for longer: no process asks before then.
                self._gate.hold(urlsplit(self._api).netloc, error.retry_at)
            raise error
        if answer.status >= 400:
            judge(answer, now=answer.fetched_at)
        return found


def _error(found: Mapping[str, Any], answer: Answer) -> SourceError:
    """Return the error that the service names (https://api.stackexchange.com/docs/error-handling)."""
    name, told = str(found.get("error_name", "")), str(found.get("error_message", ""))
    what = f"{told or name} (error {found['error_id']})"
    if name == "throttle_violation":
        seconds = _SECONDS.search(told)
        later = answer.fetched_at + timedelta(seconds=int(seconds[1])) if seconds else None
        remedy = f"wait, or set a free key in {KEY} for 10,000 requests a day"
        return Throttled(what, answer.host, remedy, retry_at=later)
    if name in (
        "access_denied",
        "access_token_required",
        "invalid_access_token",
        "key_required",
        "access_token_compromised",
    ):
        return NeedsKey(what, answer.host, f"set a key that is valid in {KEY}")
    if name in ("internal_error", "temporarily_unavailable"):
        return Unavailable(what, answer.host, "try again later")
    if name in ("bad_parameter", "no_method"):
        return BadQuery(what, answer.host, "check the names of the sites and the terms")
    return Changed(what, answer.host, "report it", sample=clean(answer.content))


def _backoff(found: Mapping[str, Any], answer: Answer) -> datetime | None:
    seconds = found.get("backoff")
    return answer.fetched_at + timedelta(seconds=float(seconds)) if isinstance(seconds, int | float) else None


def _post(item: Mapping[str, Any], site: str, query: str) -> dict[str, Any]:
    owner = item.get("owner") or {}
    post = str(item["question_id"])
    return {
        "platform": f"stackexchange.{site}",
        "id": post,
        "url": item["link"],
        "thread_id": post,
        "kind": "post",
        "created_at": instant(item["creation_date"]),
        "time_quality": "ok",
        "text": plain(item.get("body")),
        "title": plain(item.get("title")),
        "text_is_excerpt": None if item.get("body") is None else False,
        # A deleted account has neither: nobody is named.
        "author": str(owner["user_id"]) if owner.get("user_id") is not None else owner.get("display_name"),
        "like_count": count(item.get("score")),
        "reply_count": count(item.get("answer_count")),
        "view_count": count(item.get("view_count")),
        "tags": listed(str(t) for t in item.get("tags", [])),
        "query": query,
    }


def _holds(row: Mapping[str, Any], words: Sequence[str]) -> bool:
    text = " ".join(filter(None, (row.get("title"), row.get("text"))))
    return any(boolean.matches(f'"{w}"', text) for w in words)
