"""Reddit, for who has keys: posts by search, newest first, through praw behind our own judgement of every answer.

Since November 2025 Reddit gives keys on approval only; without one, import an export. Its search knows no dates and ends
without a word, so that what is older than the last post it gave is capped, not silent.

praw keeps the login and the addresses. Every answer passes `_judged` before praw sees it, because praw takes an empty answer
for an empty list and fails on a 429 without rate headers (tests/test_social_faults.py plays both).

References
----------
https://www.reddit.com/dev/api#GET_search; https://support.reddithelp.com (Responsible Builder Policy); https://praw.readthedocs.io
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from importlib import metadata
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from sources import boolean
from sources.boolean import And, Not, Or, Term
from sources.breaker import Manners
from sources.connector import Caps, Health, Need, Page, Query, State, Window, check
from sources.errors import BadQuery, Changed, NeedsKey, SourceError, Throttled, Unavailable
from sources.social.rows import count, flag_unmatched, instant, items_of, listed, posts_frame, read_items
from sources.transport import Answer, Wire, judge, pace

ID, SECRET, USER = "UNDERSAID_REDDIT_ID", "UNDERSAID_REDDIT_SECRET", "UNDERSAID_REDDIT_USER"
PAGE = 100
CEILING = 1000
#: A search that ends before this many posts has given all it has, as far as users have seen; one that ends later may be cut.
SURE = 200
SECONDS = 25.0
_GONE = ("[deleted]", "[removed]")
_REMEDY = f"ask Reddit for a key and set {ID}, {SECRET} and {USER}; or import an export of a listening tool"


class Reddit:
    """Posts of Reddit by search. Neither import nor construction asks anybody."""

    name = "reddit"
    caps = Caps(
        title="Reddit",
        gives="posts by search with score and number of comments, newest first",
        tables=("posts",),
        needs=(
            Need("package", "praw", "the client of Reddit's interface"),
            Need("key", "id", "Reddit answers approved programs only", ID),
            Need("key", "secret", "Reddit answers approved programs only", SECRET),
            Need("key", "user", "Reddit asks for the name of the account behind the program", USER),
        ),
        limits="100 requests a minute; a search ends after some hundred posts, and what is older stays unknown",
        terms="Responsible Builder Policy: no matching of people with names elsewhere; deleted posts must go",
        links=("https://support.reddithelp.com/hc/en-us/articles/42728983564564",),
        manners=Manners(spacing=0.7, jitter=0.3),
        ceiling=CEILING,
        finest=timedelta(days=36500),  # it knows no dates: halves of a window would bring the same posts again
        recheck=PAGE,
        options={"subreddits": 'list of communities: ["france", "chauffage"]; all of Reddit if left out'},
    )

    def __init__(
        self,
        options: Mapping[str, Any] | None = None,
        wire: Wire | None = None,
        *,
        api: str = "https://oauth.reddit.com",
        site: str = "https://www.reddit.com",
        manners: Manners | None = None,
        timeout: float = SECONDS,
    ) -> None:
        self._options, self._wire, self._timeout = dict(options or {}), wire or Wire(), timeout
        self._api, self._site = api, site
        self._gate, self._manners = self._wire.opened()[1], manners or self.caps.manners
        self._praw: Any = None
        self._answer: Answer | None = None
        self._renewed = False

    def check(self) -> Health:
        """Return whether praw and the keys are here; asks nobody."""
        return check(self.caps, self._options)

    def posts(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield a page for every hundred posts, newest first, down to the start of the window or where the search ends.

        Raises
        ------
        NeedsKey : no key, or not one that Reddit accepts.
        """
        names = [str(s).removeprefix("r/") for s in self._options.get("subreddits", [])]
        path = f"r/{'+'.join(names)}/search" if names else "search"
        after, given = str((state or {}).get("after", "")), int((state or {}).get("given", 0))
        text = _text(boolean.parse(query.text))
        while True:
            params = {"q": text, "sort": "new", "t": "all", "type": "link", "limit": str(PAGE)}
            params |= {"restrict_sr": "1"} if names else {}
            params |= {"after": after, "count": str(given)} if after else {}
            answer = self._ask(path, params)
            listing = _listing(answer)
            items = items_of(listing, "children", where=answer.host, raw=answer.content)
            rows, rejects = read_items(items, partial(_post, query=query.text), where=answer.host, raw=answer.content)
            given, after = given + len(items), str(listing.get("after") or "")
            oldest = min((r["created_at"] for r in rows), default=None)
            whole = (oldest is not None and oldest < window.start) or (not after and given < SURE)
            yield Page(
                {"posts": posts_frame(flag_unmatched(rows, query.text))},
                complete=whole,
                state={"after": after, "given": given},
                raw=(answer.content,),
                rejected=rejects,
                covered=None if whole or oldest is None else Window(oldest, window.end),
            )
            if whole or not after:
                return

    def gone(self, posts: pd.DataFrame) -> Sequence[str]:
        """Return which of these posts were deleted by their author or removed."""
        asked = [str(i) for i in posts["id"]]
        answer = self._ask("api/info", {"id": ",".join(f"t3_{i}" for i in asked)})
        items = items_of(_listing(answer), "children", where=answer.host, raw=answer.content)
        shown = {str(d["id"]) for d in (i.get("data", {}) for i in items) if d.get("id") and not _removed(d)}
        return [i for i in asked if i not in shown]

    def _ask(self, path: str, params: dict[str, str]) -> Answer:
        """Return the answer to one question: the one boundary between praw and the rest."""
        import prawcore

        self._answer = None
        try:
            self._client().request(method="GET", path=path, params=params)
        except SourceError:
            self._praw = None  # whatever happened, the next try logs in anew
            raise
        except prawcore.OAuthException as error:
            self._praw = None
            raise NeedsKey(f"Reddit did not accept the key ({error})", "Reddit", _REMEDY) from error
        except Exception as error:  # praw and what it stands on: whatever fails in it is an answer that it cannot read
            self._praw = None
            what = f"praw could not read the answer ({type(error).__name__}: {error})"
            raise Changed(what, "Reddit", "report it") from error
        if self._answer is None:
            raise Changed("praw asked nobody", "Reddit", "report it")
        self._renewed = False
        return self._answer

    def _client(self) -> Any:
        if self._praw is None:
            import praw

            key, secret, user = (os.environ.get(name, "").strip() for name in (ID, SECRET, USER))
            if not (key and secret and user):
                raise NeedsKey("Reddit answers approved programs only", "Reddit", _REMEDY)
            self._praw = praw.Reddit(
                client_id=key,
                client_secret=secret,
                user_agent=f"python:undersaid:{metadata.version('undersaid')} (by /u/{user.removeprefix('u/')})",
                oauth_url=self._api,
                reddit_url=self._site,
                check_for_updates=False,
                requestor_class=self._requestor(),
                requestor_kwargs={"timeout": self._timeout},
            )
        return self._praw

    def _requestor(self) -> Any:
        """Return praw's way to the net, with every answer judged by us: it neither sleeps nor retries on its own."""
        import prawcore

        judged = self._judged

        class Judged(prawcore.Requestor):
            def request(self, *args: Any, timeout: float | None = None, **kwargs: Any) -> Any:
                url = str(kwargs.get("url") or args[1])
                return judged(url, lambda: super(Judged, self).request(*args, timeout=self.timeout, **kwargs))

        return Judged

    def _judged(self, url: str, send: Any) -> Any:
        import prawcore
        import requests

        host = urlsplit(url).netloc
        with self._gate.turn(host, self._manners):
            try:
                response = send()
            except prawcore.RequestException as error:
                late = isinstance(error.original_exception, requests.exceptions.Timeout)
                what = "no answer in time" if late else f"the answer broke off ({error.original_exception})"
                raise Unavailable(what, host, "check the connection, then try again") from error
        now = self._wire.clock.now()
        headers = {k.lower(): v for k, v in response.headers.items()}
        answer = Answer(url, response.status_code, headers, response.content, now)
        if later := pace(headers, now):
            self._gate.hold(host, later)
        if answer.status == 401 or (answer.status == 400 and b"expired" in answer.content.lower()):
            if host == urlsplit(self._api).netloc and not self._renewed:
                self._renewed = True
                raise Unavailable("the login has expired", host, "it is renewed with the next try")
            raise NeedsKey("Reddit did not accept the key", host, _REMEDY)
        try:
            judge(answer, now=now, remedies={403: "see whether the key is approved for this use"})
        except Throttled as error:
            error.retry_at = self._gate.refused(host, self._manners, error.retry_at)
            raise
        answer.json(dict)
        self._gate.served(host)
        for name in [n for n in response.headers if n.lower().startswith("x-ratelimit")]:
            del response.headers[name]  # the pace is kept by the gate, for all processes; praw would sleep on its own
        self._answer = answer
        return response


def _listing(answer: Answer) -> Mapping[str, Any]:
    found = answer.json(dict)
    data = found.get("data")
    if found.get("kind") != "Listing" or not isinstance(data, Mapping):
        raise Changed("the answer is no listing", answer.host, "report it", sample=answer.content[:500])
    return data


def _text(tree: boolean.Query) -> str:
    """Return the query in Reddit's own operators."""
    match tree:
        case Term(text):
            if "*" in text:
                raise BadQuery(f"Reddit knows no word with a * ({text})", remedy="write the endings that you mean")
            return f'"{text}"' if " " in text else text
        case Not(part):
            return f"NOT {_text(part)}"
        case And(parts):
            return f"({' AND '.join(map(_text, parts))})"
        case Or(parts):
            return f"({' OR '.join(map(_text, parts))})"


def _removed(data: Mapping[str, Any]) -> bool:
    return (
        bool(data.get("removed_by_category")) or data.get("author") in (None, *_GONE) or data.get("selftext") in _GONE
    )


def _post(item: Mapping[str, Any], query: str) -> dict[str, Any] | None:
    if item["kind"] != "t3":
        return None
    data = item["data"]
    text, author = data.get("selftext"), data.get("author")
    own = bool(data.get("is_self"))
    return {
        "platform": "reddit",
        "id": str(data["id"]),
        "url": "https://www.reddit.com" + str(data["permalink"]).partition("?")[0],
        "thread_id": str(data["id"]),
        "kind": "post",
        "created_at": instant(data["created_utc"]),
        "time_quality": "ok",
        "text": None if text in (None, *_GONE) else text,
        "title": None if data.get("title") in (None, *_GONE) else data["title"],
        "text_is_excerpt": False,
        "author": None if author in (None, *_GONE) else author,
        "like_count": count(data.get("score")),
        "reply_count": count(data.get("num_comments")),
        "community": data.get("subreddit"),
        "links": listed([] if own or not data.get("url") else [str(data["url"])]),
        "query": query,
        "flags": "removed" if _removed(data) else None,
    }
