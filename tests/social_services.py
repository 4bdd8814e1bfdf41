"""Small doubles of services for posts and counts, in the shape of their recorded answers (social-sources §3, §8)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from sources.breaker import Gate
from sources.connector import Query, Window
from sources.social.gdelt import Gdelt
from sources.social.hackernews import HackerNews
from sources.social.reddit import Reddit
from sources.social.stackexchange import StackExchange
from sources.social.x import X
from sources.social.youtube import YouTube
from sources.transport import Wire
from tests.faults import HASTY, Asked, FakeClock, Reply, Server, utc

TIMEOUT = 20.0  # seconds that Reddit may take; a test of slowness shortens it
JANUARY = Window(utc(2026, 1, 1), utc(2026, 1, 31))
KEYS = {
    "UNDERSAID_YOUTUBE_KEY": "yt-key-0123456789",
    "UNDERSAID_X_TOKEN": "x-token-0123456789",
    "UNDERSAID_REDDIT_ID": "reddit-id",
    "UNDERSAID_REDDIT_SECRET": "reddit-secret",
    "UNDERSAID_REDDIT_USER": "analyst",
}


def spread(n: int, window: Window = JANUARY) -> list[datetime]:
    """Instants at equal distances, inside the window, oldest first."""
    return [(window.start + window.length * (i + 0.5) / n).replace(microsecond=0) for i in range(n)]


class HackerNewsServer:
    """Hits newest first; gives `ceiling` of a query and says in nbHits how many there are."""

    def __init__(self, server: Server, *, n: int = 60, ceiling: int = 1000) -> None:
        self.ceiling = ceiling
        self.hits = [hn_hit(i, at) for i, at in enumerate(spread(n))]
        server.route("/api/v1/search_by_date", self)
        server.route("/api/v1/items/", lambda asked: Reply(self._item(asked.path.rpartition("/")[2])))

    def __call__(self, asked: Asked) -> Reply:
        since, until = (int(v) for v in re.findall(r"created_at_i(?:>=|<)(\d+)", asked.params["numericFilters"]))
        words = asked.params["query"].split()
        wanted, unwanted = [w for w in words if w[0] != "-"], [w[1:] for w in words if w[0] == "-"]
        found = [
            h
            for h in reversed(self.hits)
            if since <= h["created_at_i"] < until
            and all(w in h["comment_text"] for w in wanted)
            and not any(w in h["comment_text"] for w in unwanted)
        ]
        per = min(int(asked.params["hitsPerPage"]), self.ceiling)
        page = int(asked.params["page"])
        given = found[: self.ceiling][page * per : (page + 1) * per] if per else []
        pages = -(-min(len(found), self.ceiling) // per) if per else 0
        return Reply({"hits": given, "nbHits": len(found), "nbPages": pages, "page": page, "hitsPerPage": per})

    def _item(self, number: str) -> Any:
        found = [h for h in self.hits if h["objectID"] == number]
        return {"id": int(number), "text": found[0]["comment_text"] if found else None, "title": None}


def hn_hit(i: int, at: datetime) -> dict[str, Any]:
    return {
        "author": f"writer{i % 7}",
        "title": None,
        "url": None,
        "points": None,
        "story_text": None,
        "comment_text": f"{'noise' if i % 2 else 'price'} {i} of @paul&#x27;s pump<p>{'both noise' if i % 4 == 0 else 'x'}",
        "num_comments": None,
        "story_id": 10527428,
        "parent_id": 10541683,
        "created_at_i": int(at.timestamp()),
        "_tags": ["comment", f"author_writer{i % 7}", "story_10527428"],
        "objectID": str(10000 + i),
    }


def se_item(i: int, at: datetime) -> dict[str, Any]:
    return {
        "tags": ["heating", "noise"],
        "owner": {"user_id": 100 + i % 7, "display_name": f"writer{i % 7}", "profile_image": "https://i.example/x.png"},
        "view_count": 10 + i,
        "answer_count": 0,
        "score": i - 3,
        "creation_date": int(at.timestamp()),
        "question_id": 5000 + i,
        "link": f"https://diy.example/questions/{5000 + i}/a-noise",
        "title": f"Why this noise {i}?",
        "body": "<p>It is a <b>pump</b> &amp; it hums.</p><pre><code>a &lt; b</code></pre>",
    }


def yt_video(i: int, at: datetime) -> dict[str, Any]:
    return {
        "id": f"vid{i}",
        "snippet": {
            "publishedAt": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "channelId": f"UC{i % 5}",
            "channelTitle": f"Channel {i % 5}",
            "title": f"A noise {i}",
            "description": "from @chan",
            "tags": ["pump"],
            "defaultAudioLanguage": "fr",
        },
        "statistics": {"viewCount": "1200", "commentCount": "0"},  # likes are hidden by this channel
    }


def x_post(i: int, at: datetime) -> dict[str, Any]:
    return {
        "id": str(2**60 + i),
        "text": f"so much noise {i} @paul",
        "created_at": f"{at:%Y-%m-%dT%H:%M:%S.000Z}",
        "author_id": str(900 + i % 7),
        "lang": "en",
        "conversation_id": str(2**60 + i),
        "public_metrics": {
            "retweet_count": 1,
            "reply_count": 0,
            "like_count": 3,
            "quote_count": 0,
            "impression_count": 44,
        },
    }


def reddit_item(i: int, at: datetime) -> dict[str, Any]:
    data = {
        "id": f"p{i}",
        "author": f"writer{i % 7}",
        "created_utc": at.timestamp(),
        "title": f"noise {i}",
        "selftext": "from u/someone_else",
        "permalink": f"/r/heating/comments/p{i}/noise/?ref=search_posts",
        "url": f"https://www.reddit.com/r/heating/comments/p{i}/noise/",
        "is_self": True,
        "score": i - 2,
        "num_comments": 0,
        "subreddit": "heating",
    }
    return {"kind": "t3", "data": data}


class Service:
    """A connector against a double of its service: `good(page)` answers, pages from 0 to `last`, of `size` rows each."""

    def __init__(self, name: str, server: Server, clock: FakeClock, gates: Path) -> None:
        self.name, self.server, self.wire = name, server, Wire(clock=clock, gate=Gate(gates, clock=clock, seed=1))
        self.table, self.window, self.query, self.size, self.last = "posts", JANUARY, "noise", 10, 1
        getattr(self, f"_{name}")(spread(20))
        self.asked = 0

    def good(self, page: int) -> Reply:
        return self._good(page)

    def serve(self, fault: Callable[[int], Reply | None] = lambda n: None) -> None:
        """Answer page after page; `fault(n)` gives what comes instead at the n-th question for a page, None = the good one."""

        def respond(asked: Asked) -> Reply:
            n, self.asked = self.asked, self.asked + 1
            return fault(n) or self.good(self._page(asked))

        self.server.route(self.path, respond)

    def _hackernews(self, times: list[datetime]) -> None:
        self.source, self.path = (
            HackerNews({}, self.wire, api=f"{self.server.url}/api/v1", manners=HASTY),
            "/api/v1/search",
        )
        self.query = "noise OR price"  # two questions, a page each
        hits = [hn_hit(i, at) for i, at in enumerate(times)]
        self._page = lambda asked: int("price" in asked.params["query"])
        self._good = lambda page: Reply({"hits": hits[page * 10 :][:10], "nbHits": 10, "nbPages": 1, "page": 0})
        self.spoil = lambda body: body["hits"][0].pop("objectID")

    def _stackexchange(self, times: list[datetime]) -> None:
        self.source = StackExchange({"sites": ["diy"]}, self.wire, api=self.server.url, manners=HASTY)
        self.path = "/search/advanced"
        items = [se_item(i, at) for i, at in enumerate(times)]
        self._page = lambda asked: int(asked.params["page"]) - 1
        self._good = lambda page: Reply(
            {"items": items[page * 10 :][:10], "has_more": page == 0, "quota_remaining": 250}
        )
        self.spoil = lambda body: body["items"][0].update(creation_date="never")

    def _youtube(self, times: list[datetime]) -> None:
        self.source, self.path = YouTube({}, self.wire, api=self.server.url, manners=HASTY), "/search"
        videos = {v["id"]: v for v in (yt_video(i, at) for i, at in enumerate(times))}
        ids = list(videos)
        self._page = lambda asked: int(asked.params.get("pageToken") or 0)
        self._good = lambda page: Reply(
            {
                "items": [{"id": {"kind": "youtube#video", "videoId": v}} for v in ids[page * 10 :][:10]],
                **({"nextPageToken": "1"} if page == 0 else {}),
            }
        )
        self.server.route(
            "/videos", lambda asked: Reply({"items": [videos[v] for v in asked.params["id"].split(",") if v in videos]})
        )
        self.spoil = lambda body: body["items"][0].update(id="vid10")

    def _x(self, times: list[datetime]) -> None:
        options = {"archive": True, "posts": 1000}
        self.source, self.path = X(options, self.wire, api=self.server.url, manners=HASTY), "/tweets/search/all"
        posts = [x_post(i, at) for i, at in enumerate(times)]
        self._page = lambda asked: int(asked.params.get("next_token") or 0)
        self._good = lambda page: Reply(
            {
                "data": posts[page * 10 :][:10],
                "meta": {"result_count": 10, **({"next_token": "1"} if page == 0 else {})},
            }
        )
        self.spoil = lambda body: body["data"][0].update(created_at="2026-01-05")

    def _gdelt(self, times: list[datetime]) -> None:
        self.source, self.path, self.table = (
            Gdelt({}, self.wire, api=self.server.url + "/doc", manners=HASTY),
            "/doc",
            "counts",
        )
        self.window, self.size = Window(utc(2024, 1, 1), utc(2026, 1, 1)), 366
        self._page = lambda asked: int(asked.params["startdatetime"] >= "2025")
        self._good = lambda page: Reply(gdelt_timeline(utc(2024 + page, 1, 1), 366 - page))
        self.spoil = None

    def _reddit(self, times: list[datetime]) -> None:
        self.server.route(
            "/api/v1/access_token",
            Reply({"access_token": "t", "token_type": "bearer", "expires_in": 3600, "scope": "*"}),
        )
        self.source = Reddit({}, self.wire, api=self.server.url, site=self.server.url, manners=HASTY, timeout=TIMEOUT)
        self.path = "/search"
        items = [reddit_item(i, at) for i, at in enumerate(reversed(times))]
        self._page = lambda asked: int(bool(asked.params.get("after")))
        self._good = lambda page: Reply(
            {
                "kind": "Listing",
                "data": {"children": items[page * 10 :][:10], "after": "t3_p9" if page == 0 else None},
            }
        )
        self.spoil = lambda body: body["data"]["children"][0]["data"].pop("id")

    def asks_for(self) -> Query:
        return Query(self.table, text=self.query)


def gdelt_timeline(start: datetime, days: int, value: Callable[[int], float] = lambda i: float(i % 5)) -> Any:
    data = [
        {"date": f"{start + timedelta(days=i):%Y%m%dT%H%M%SZ}", "value": value(i), "norm": 1200 + i}
        for i in range(days)
    ]
    return {"query_details": {"title": "noise"}, "timeline": [{"series": "Article Count", "data": data}]}


def utc_days(start: str, n: int) -> pd.DatetimeIndex:
    return pd.date_range(start, periods=n, freq="D", tz=UTC)
