"""YouTube: videos that match, with views, likes and number of comments. A hundred searches a day, counted in Pacific time.

A search gives about 500 videos and then stops without a word. How it matches is YouTube's secret:
videos whose title and description do not hold the query are flagged `not_matched`.

References
----------
https://developers.google.com/youtube/v3/docs/search/list, /docs/videos/list, /docs/errors;
https://developers.google.com/youtube/v3/determine_quota_cost (100 searches a day, reset at midnight Pacific)
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pandas as pd

from sources.breaker import Manners
from sources.connector import Caps, Health, Need, Page, Query, State, Window, check
from sources.errors import BadQuery, NeedsKey, NotAllowed, SourceError, Throttled
from sources.secrets import without_secrets
from sources.social.clauses import any_of, quoted
from sources.social.rows import count, flag_unmatched, instant, items_of, listed, posts_frame, read_items
from sources.transport import Answer, Wire, judge

API = "https://www.googleapis.com/youtube/v3"
KEY = "UNDERSAID_YOUTUBE_KEY"
SEARCHES = 100
PAGE = 50
#: Where the pages of one search end without a word, as users report; from nine tenths on a window counts as cut.
CEILING = 500
_NEED = Need("key", "key", "YouTube answers programs with a key only (free, console.cloud.google.com)", KEY)


class YouTube:
    """Videos by search. Neither import nor construction asks anybody."""

    name = "youtube"
    caps = Caps(
        title="YouTube",
        gives="videos with title, description, tags, views, likes and number of comments",
        tables=("posts",),
        needs=(_NEED,),
        limits="100 searches a day (Pacific time) of 50 videos each; about 500 videos a query, walked by windows",
        terms="YouTube API Services Terms: figures must be renewed or deleted after 30 days; deleted videos must go",
        links=("https://developers.google.com/youtube/terms/api-services-terms-of-service",),
        manners=Manners(spacing=0.2, jitter=0.2),
        ceiling=CEILING,
        finest=timedelta(hours=6),
        recheck=PAGE,
        options={"region": "ISO country in which the videos can be seen; the study's if left out"},
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
        """Return whether a key is set; asks nobody."""
        return check(self.caps, self._options)

    def posts(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield a page for every fifty videos of every search that the query needs.

        Raises
        ------
        NeedsKey : no key, or not a valid one. Throttled : the searches of this Pacific day are used up; `retry_at` is its end.
        """
        searches = _searches(query.text)
        at, given, cut = (int((state or {}).get(k, 0)) for k in ("search", "given", "cut"))
        token = str((state or {}).get("token", ""))
        while at < len(searches):
            answer = self._search(searches[at], query, window, token)
            found = answer.json(dict)
            items = items_of(found, "items", where=answer.host, raw=answer.content)
            ids, rejects = read_items(
                items, lambda i: {"id": str(i["id"]["videoId"])}, where=answer.host, raw=answer.content
            )
            details = (
                self._get("/videos", part="snippet,statistics", id=",".join(r["id"] for r in ids)) if ids else None
            )
            rows, unread = _videos(details, query.text)
            given, token = given + len(items), str(found.get("nextPageToken") or "")
            if not token:
                cut |= given >= 0.9 * CEILING
                at, given = at + 1, 0
            yield Page(
                {"posts": posts_frame(flag_unmatched(rows, query.text))},
                complete=at == len(searches) and not cut,
                state={"search": at, "given": given, "token": token, "cut": int(cut)},
                raw=(answer.content, *([details.content] if details else [])),
                rejected=(*rejects, *unread),
            )

    def gone(self, posts: pd.DataFrame) -> Sequence[str]:
        """Return which of these videos are no longer shown: deleted, or made private."""
        asked = [str(i) for i in posts["id"]]
        answer = self._get("/videos", part="id", id=",".join(asked))
        items = items_of(answer.json(dict), "items", where=answer.host, raw=answer.content)
        shown = {str(i.get("id")) for i in items if isinstance(i, Mapping)}
        return [i for i in asked if i not in shown]

    def _search(self, text: str, query: Query, window: Window, token: str) -> Answer:
        region = str(self._options.get("region", query.geo[:2])).upper()
        params = {
            "part": "id",
            "type": "video",
            "order": "date",
            "maxResults": str(PAGE),
            "q": text,
            "publishedAfter": f"{window.start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "publishedBefore": f"{window.end.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }
        params |= {"regionCode": region} if len(region) == 2 else {}
        params |= {"relevanceLanguage": query.language[:2]} if query.language else {}
        params |= {"pageToken": token} if token else {}
        now = self._wire.clock.now()
        # One budget a Pacific day, for all processes of this machine, under the day's own name.
        day = f"youtube-searches-{now.astimezone(_pacific()):%Y-%m-%d}"
        try:
            with self._gate.turn(day, Manners(spacing=0.0, jitter=0.0, budget=SEARCHES, budget_window=26 * 3600.0)):
                pass
        except Throttled as error:
            raise _used_up("the searches of this day are used up", urlsplit(self._api).netloc, now) from error
        return self._get("/search", **params)

    def _get(self, path: str, **params: str) -> Answer:
        key = os.environ.get(KEY, "").strip()
        if not key:
            raise NeedsKey(_NEED.why, "YouTube", f"set the environment variable {KEY}")
        # The key goes in a header, so that it never stands in an address, a log or an error.
        answer = self._transport.get(
            self._api + path,
            params=params,
            headers={"X-Goog-Api-Key": key},
            manners=self._manners,
            allow=frozenset({400, 401, 403}),
        )
        if answer.status >= 400:
            error = _error(answer, self._wire.clock.now())
            if isinstance(error, Throttled) and error.retry_at is not None:
                self._gate.hold(urlsplit(self._api).netloc, error.retry_at)
            raise error
        return answer


def midnight_pacific(now: datetime) -> datetime:
    """Return the next midnight in California, where the day of Google's quotas begins, in UTC."""
    tomorrow = (now.astimezone(_pacific()) + timedelta(days=1)).date()
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=_pacific()).astimezone(UTC)


def _pacific() -> ZoneInfo:
    return ZoneInfo("America/Los_Angeles")


def _used_up(what: str, host: str, now: datetime) -> Throttled:
    later = midnight_pacific(now)
    return Throttled(what, host, f"go on after {later:%Y-%m-%d %H:%M} UTC (midnight Pacific)", retry_at=later)


def _error(answer: Answer, now: datetime) -> SourceError:
    """Return the error that a refusal names in its `reason` (https://developers.google.com/youtube/v3/docs/errors)."""
    try:
        told = answer.json(dict)["error"]
        reasons = {str(e.get("reason")) for e in told["errors"]} | {
            str(d.get("reason")) for d in told.get("details", []) if isinstance(d, Mapping)
        }
        # A service may repeat what it was sent.
        message = without_secrets(str(told.get("message", "")).encode()).decode()
    except (SourceError, KeyError, TypeError, AttributeError):
        reasons, message = set(), ""
    if reasons & {"quotaExceeded", "dailyLimitExceeded"}:
        return _used_up("the quota of this day is used up", answer.host, now)
    if reasons & {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"}:
        return Throttled("it asked to slow down", answer.host, "try again in some minutes")
    if reasons & {"keyInvalid", "API_KEY_INVALID", "keyExpired", "API_KEY_EXPIRED", "authError"}:
        return NeedsKey(f"the key is not valid ({message})", answer.host, f"renew the key in {KEY}")
    if reasons & {"accessNotConfigured", "SERVICE_DISABLED", "ipRefererBlocked", "API_KEY_SERVICE_BLOCKED"}:
        return NotAllowed(
            f"the key may not ask this ({message})", answer.host, "enable YouTube Data API v3 for the key"
        )
    if answer.status == 400 and reasons:
        return BadQuery(f"it did not accept the question ({message})", answer.host, "change the query or the dates")
    try:
        judge(answer, now=now, remedies={401: f"renew the key in {KEY}"})
    except SourceError as error:
        return error
    raise AssertionError("unreachable: only refusals come here")


def _searches(text: str) -> list[str]:
    """Return the searches that a query needs: one where it is a choice of single terms, else one for each clause."""
    clauses = any_of(text, service="YouTube")
    if len(clauses) > 1 and all(len(c.wanted) == 1 and not c.unwanted for c in clauses):
        return ["|".join(quoted(c.wanted[0]) for c in clauses)]
    return [c.text() for c in clauses]


def _videos(details: Answer | None, query: str) -> tuple[list[dict[str, Any]], tuple[Any, ...]]:
    if details is None:
        return [], ()
    items = items_of(details.json(dict), "items", where=details.host, raw=details.content)
    return read_items(items, lambda i: _video(i, query), where=details.host, raw=details.content)


def _video(item: Mapping[str, Any], query: str) -> dict[str, Any]:
    snippet, figures, video = item["snippet"], item.get("statistics", {}), str(item["id"])
    language = snippet.get("defaultAudioLanguage") or snippet.get("defaultLanguage")
    return {
        "platform": "youtube",
        "id": video,
        "url": f"https://www.youtube.com/watch?v={video}",
        "thread_id": video,
        "kind": "video",
        "created_at": instant(snippet["publishedAt"]),
        "time_quality": "ok",
        "text": snippet.get("description"),
        "title": snippet.get("title"),
        "text_is_excerpt": False,
        "lang": language,
        "lang_source": "declared" if language else None,
        "author": snippet.get("channelId"),
        # A figure that the channel hides is left out by the service: null, not 0.
        "like_count": count(figures.get("likeCount")),
        "reply_count": count(figures.get("commentCount")),
        "view_count": count(figures.get("viewCount")),
        "tags": listed(str(t) for t in snippet.get("tags", [])),
        "query": query,
    }
