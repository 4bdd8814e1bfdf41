"""A loopback server that plays services and their faults, a clock that does not wait, and a fence around this machine."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
import time
import urllib.parse
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pandas as pd
import pytest

from sources.breaker import Manners
from sources.connector import Caps, Health, Page, Query, State, Window
from sources.transport import Answer, Wire

LOOPBACK = ("127.0.0.1", "127.0.0.2", "::1", "localhost")
HASTY = Manners(spacing=0.0, jitter=0.0, strikes=3, rest=1800.0, patience=60.0, backoff=1.0)


@dataclass
class Reply:
    """What the server answers: `mode` is ok | slow | reset | truncated | bad_gzip."""

    body: bytes | str | Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    type: str | None = "application/json; charset=utf-8"
    mode: str = "ok"

    @property
    def bytes(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False)).encode()


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    lists: dict[str, list[str]] = field(default_factory=dict)


Responder = Callable[[Asked], Reply]


class Server:
    """Routes by path (the longest prefix wins); replies queued with `next` are given first, one each."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host, self.log = host, list[Asked]()
        self._routes: dict[str, Responder] = {}
        self._queue: dict[str, deque[Reply]] = defaultdict(deque)
        self._http = ThreadingHTTPServer((host, 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self._http.server_address[1]}"

    def route(self, path: str, responder: Responder | Reply) -> None:
        self._routes[path] = responder if callable(responder) else lambda asked: responder

    def next(self, path: str, *replies: Reply) -> None:
        self._queue[path].extend(replies)

    def asked(self, path: str = "") -> list[Asked]:
        return [a for a in self.log if a.path.startswith(path)]

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    def _reply(self, asked: Asked) -> Reply:
        self.log.append(asked)
        for path in sorted(self._queue, key=len, reverse=True):
            if asked.path.startswith(path) and self._queue[path]:
                return self._queue[path].popleft()
        for path in sorted(self._routes, key=len, reverse=True):
            if asked.path.startswith(path):
                return self._routes[path](asked)
        return Reply({"title": "Not Found"}, 404)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"
            disable_nagle_algorithm = True  # else the body waits 40 ms for the head to be acknowledged

            def log_message(self, *args: Any) -> None:
                return

            def do_GET(self) -> None:
                split = urllib.parse.urlsplit(self.path)
                params = dict(urllib.parse.parse_qsl(split.query, keep_blank_values=True))
                lists = urllib.parse.parse_qs(split.query, keep_blank_values=True)
                headers = {k.lower(): v for k, v in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", 0)))
                reply = server._reply(
                    Asked(self.command, urllib.parse.unquote(split.path), params, headers, body, lists)
                )
                with suppress(BrokenPipeError, ConnectionError):
                    self._send(reply)

            do_POST = do_GET  # noqa: N815  (the name that http.server calls)

            def _send(self, reply: Reply) -> None:
                body = reply.bytes
                if reply.mode == "reset":
                    linger = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.connection.close()
                    return
                if reply.mode == "slow":
                    time.sleep(1.0)
                self.send_response(reply.status)
                if reply.type is not None:
                    self.send_header("Content-Type", reply.type)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.mode == "bad_gzip":
                    self.send_header("Content-Encoding", "gzip")
                    body = gzip.compress(body)[:-12] + b"broken"
                self.send_header("Content-Length", str(len(body) + (100 if reply.mode == "truncated" else 0)))
                self.end_headers()
                self.wfile.write(body)

        return Handler


class FakeClock:
    """Goes on by what is slept, and by a second at every look, so that two things never happen at once."""

    def __init__(self, now: datetime, step: float = 0.0) -> None:
        self.instant, self.step, self.slept = now, timedelta(seconds=step), 0.0

    def now(self) -> datetime:
        self.instant += self.step
        return self.instant

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.instant += timedelta(seconds=seconds)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.fixture(name="server")
def a_server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture(name="clock")
def a_clock() -> FakeClock:
    return FakeClock(utc(2026, 3, 4, 12))


@pytest.fixture(autouse=True)
def fenced(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Refuse every connection beyond this machine, and keep the user's folders out of the tests."""
    really = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise AssertionError(f"a test wants to reach {address}")
        return really(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setenv("UNDERSAID_STATE_DIR", str(tmp_path_factory.mktemp("state")))
    monkeypatch.delenv("UNDERSAID_CONTACT", raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


# --- A small Google Trends ---------------------------------------------------------------------------------------------


class TrendsServer:
    """Answers like trends.google.com: tokens for one use, widgets that echo the question, data by `cells`."""

    def __init__(self, server: Server) -> None:
        self.server, self.tokens, self.issued = server, set[str](), 0
        self.timeline: Callable[[list[str]], Any] = lambda terms: daily(
            {t: [100 - 10 * j - i for i in range(5)] for j, t in enumerate(terms)}
        )
        #: The whole answer of a chart by its request, for answers that depend on more than the terms.
        self.chart: Callable[[dict[str, Any]], Any] = lambda request: self.timeline(terms_asked(request))
        self.geo: Any = None
        self.related: dict[str, Any] = {"QUERY": ranked(), "ENTITY": ranked()}
        self.widgets: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = lambda widgets: widgets
        self.resolution = "DAY"
        server.route(
            "/trends/explore", Reply("<html></html>", type="text/html", headers={"Set-Cookie": "NID=abc123; Path=/"})
        )
        server.route("/trends/api/explore", self._explore)
        server.route("/trends/api/widgetdata/multiline", self._data(lambda request: self.chart(request)))
        server.route("/trends/api/widgetdata/comparedgeo", self._data(lambda request: {"geoMapData": self.geo}))
        server.route(
            "/trends/api/widgetdata/relatedsearches", self._data(lambda request: self.related[request["keywordType"]])
        )

    @property
    def base(self) -> str:
        return f"{self.server.url}/trends"

    def data_requests(self) -> list[Asked]:
        return self.server.asked("/trends/api/widgetdata")

    def _explore(self, asked: Asked) -> Reply:
        req = json.loads(asked.params["req"])
        items = req["comparisonItem"]
        place = {"country" if "-" not in items[0]["geo"] else "region": items[0]["geo"]} if items[0]["geo"] else {}
        words = [{"complexKeywordsRestriction": {"keyword": [{"type": "BROAD", "value": i["keyword"]}]}} for i in items]
        when = items[0]["time"]
        widgets = [
            self._widget(
                "TIMESERIES",
                time=when,
                resolution=self.resolution,
                comparisonItem=[{"geo": place, **w} for w in words],
                userConfig={"userType": "USER_TYPE_SCRAPER"},
            ),
            self._widget(
                "GEO_MAP",
                geo=place,
                comparisonItem=[{"time": when, **w} for w in words],
                resolution="REGION" if place else "COUNTRY",
                **({"dataMode": "PERCENTAGES"} if len(items) > 1 else {}),
            ),
        ]
        if len(items) == 1:
            for name, kind in (("RELATED_TOPICS", "ENTITY"), ("RELATED_QUERIES", "QUERY")):
                restriction = {"geo": place, "time": when, **words[0]}
                widgets.append(self._widget(name, restriction=restriction, keywordType=kind, userCountryCode="ES"))
        names = [
            {"keyword": i["keyword"], "name": "Pizza" if i["keyword"].startswith("/") else i["keyword"], "type": "Dish"}
            for i in items
        ]
        return Reply(")]}'\n" + json.dumps({"widgets": self.widgets(widgets), "keywords": names}))

    def _widget(self, name: str, **request: Any) -> dict[str, Any]:
        self.issued += 1
        token = f"APP6_secret{self.issued}"
        self.tokens.add(token)
        return {"id": name, "token": token, "request": request, "type": "fe"}

    def _data(self, make: Callable[[dict[str, Any]], Any]) -> Responder:
        def respond(asked: Asked) -> Reply:
            if asked.params["token"] not in self.tokens:
                return Reply("{}", 401)
            self.tokens.discard(asked.params["token"])
            return Reply(")]}',\n" + json.dumps({"default": make(json.loads(asked.params["req"]))}))

        return respond


def terms_asked(request: dict[str, Any]) -> list[str]:
    return [i["complexKeywordsRestriction"]["keyword"][0]["value"] for i in request["comparisonItem"]]


def points(columns: list[list[Any]], *, start: datetime, step: timedelta, partial: bool = False) -> dict[str, Any]:
    """Timeline points; a cell is a number, "<1", or None for no data."""
    rows = []
    for i, cells in enumerate(zip(*columns, strict=True)):
        row = {
            "time": str(int((start + i * step).timestamp())),
            "value": [0 if c is None or c == "<1" else c for c in cells],
            "hasData": [c is not None for c in cells],
            "formattedValue": ["0" if c is None else str(c) for c in cells],
        }
        rows.append(row)
    if partial:
        rows[-1]["isPartial"] = True
    return {"timelineData": rows, "averages": [1 for _ in columns]}


def daily(
    series: dict[str, list[Any]], start: datetime = datetime(2026, 2, 1, tzinfo=UTC), **more: Any
) -> dict[str, Any]:
    return points(list(series.values()), start=start, step=timedelta(days=1), **more)


def ranked(top: list[tuple[str, int, str]] = [], rising: list[tuple[str, int, str]] = [], topics: bool = False) -> Any:  # noqa: B006
    def entry(name: str, value: int, printed: str) -> dict[str, Any]:
        said = {"topic": {"mid": "/m/0" + name[:2], "title": name, "type": "Topic"}} if topics else {"query": name}
        return {**said, "value": value, "formattedValue": printed, "link": "/trends/explore?q=x"}

    return {"rankedList": [{"rankedKeyword": [entry(*e) for e in part]} for part in (top, rising)]}


@pytest.fixture(name="trends")
def a_trends(server: Server) -> TrendsServer:
    return TrendsServer(server)


# --- A small forum, and a connector for it ---------------------------------------------------------------------------------


class ForumServer:
    """Posts newest first by cursor; stops without a word after `ceiling` posts of one query, as real services do."""

    def __init__(self, server: Server, *, posts: int = 60, days: int = 30, ceiling: int = 40, page: int = 10) -> None:
        self.server, self.ceiling, self.page = server, ceiling, page
        first, step = datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=days) / posts
        self.posts = [
            {"id": f"{i:04d}", "at": (first + i * step).isoformat(), "by": f"@user{i % 7}", "text": f"bruit {i} @paul"}
            for i in range(posts)
        ]
        self.headers: dict[str, str] = {}
        server.route("/posts", self._posts)
        server.route("/counts", self._counts)

    def _inside(self, asked: Asked) -> list[dict[str, str]]:
        since, until = asked.params["since"], asked.params["until"]
        return [p for p in reversed(self.posts) if since <= p["at"] < until and asked.params["q"] in p["text"]]

    def _posts(self, asked: Asked) -> Reply:
        found, at = self._inside(asked), int(asked.params.get("cursor") or 0)
        given = found[at : min(at + self.page, self.ceiling)]
        more = at + len(given) < min(len(found), self.ceiling)
        body = {"posts": given, "cursor": str(at + len(given)) if more else None}
        return Reply(body, headers=self.headers)

    def _counts(self, asked: Asked) -> Reply:
        days: dict[str, int] = defaultdict(int)
        for post in self._inside(asked):
            days[post["at"][:10]] += 1
        return Reply({"days": sorted(days.items())})


class Forum:
    """A connector of the plainest kind: posts and counts of a service with a cursor and a ceiling."""

    name = "forum"
    caps = Caps(
        title="Forum",
        gives="posts and counts",
        tables=("posts", "counts"),
        limits="40 posts a query",
        terms="none",
        manners=HASTY,
        ceiling=40,
        finest=timedelta(hours=6),
        options={"url": "address of the forum"},
    )

    def __init__(self, options: dict[str, Any], wire: Wire) -> None:
        self.url, self.transport = options["url"], wire.opened()[0]

    def check(self) -> Health:
        return Health(True)

    def posts(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        cursor, given = (state or {}).get("cursor", ""), (state or {}).get("given", 0)
        while True:
            answer = self._get("/posts", query, window, cursor=cursor)
            found = answer.json(dict)
            rows = [
                {
                    "platform": "forum",
                    "id": p["id"],
                    "kind": "post",
                    "created_at": pd.Timestamp(p["at"]),
                    "time_quality": "ok",
                    "text": p["text"],
                    "author": p["by"],
                    "query": query.text,
                }
                for p in found["posts"]
            ]
            columns = ["platform", "id", "kind", "created_at", "time_quality", "text", "author", "query"]
            cursor, given = found["cursor"], given + len(rows)
            frame = pd.DataFrame(rows, columns=columns)
            frame["created_at"] = pd.to_datetime(frame["created_at"], utc=True)
            whole = not cursor and given < self.caps.ceiling
            yield Page(
                {"posts": frame}, whole, {"cursor": cursor, "given": given} if cursor else None, (answer.content,)
            )
            if not cursor:
                return

    def counts(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        answer = self._get("/counts", query, window)
        rows = [
            {
                "query": query.text,
                "geo": "",
                "period": pd.Timestamp(day, tz="UTC"),
                "grain": "day",
                "posts": n,
                "unit": "count",
            }
            for day, n in answer.json(dict)["days"]
        ]
        yield Page({"counts": pd.DataFrame(rows)}, complete=True, raw=(answer.content,))

    def _get(self, path: str, query: Query, window: Window, **more: str) -> Answer:
        params = {"q": query.text, "since": window.start.isoformat(), "until": window.end.isoformat(), **more}
        return self.transport.get(self.url + path, params=params, manners=HASTY)
