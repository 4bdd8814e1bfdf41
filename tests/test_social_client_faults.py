"""Fifteen faults of a service through each client library: the right error, a row of coverage, and what had come is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from sources.archive import Archive
from sources.collect import collect
from sources.connector import Ask, Query, State, Window
from sources.errors import BadQuery, Changed, NeedsKey, NotAllowed, SourceError, Throttled, Unavailable
from sources.social.bluesky import Bluesky
from sources.social.mastodon import Mastodon
from sources.store import Store
from sources.transport import Wire
from tests.faults import (
    HASTY,
    Asked,
    FakeClock,
    Reply,
    Server,
    a_server,  # noqa: F401
    fenced,  # noqa: F401
    utc,
)
from tests.networks import BlueskyServer, MastodonServer

SECRET = bytes(range(32))
JANUARY = Window(utc(2026, 1, 1), utc(2026, 1, 31))
HTML = "text/html"
PAGES = {"bluesky": "/xrpc/app.bsky.feed.searchPosts", "mastodon": "/api/v1/timelines/tag/"}

#: Each fault with the error it is and what the coverage says of a walk that it ended after its first page.
FAULTS: dict[str, tuple[Reply, type[SourceError]]] = {
    "html403": (Reply("<html><title>403 Forbidden</title>administrative rules</html>", 403, type=HTML), NotAllowed),
    "html200": (Reply("<html>captive portal</html>", type=HTML), NotAllowed),
    "html502": (Reply("<html>Bad gateway</html>", 502, type=HTML), Unavailable),
    "json500": (Reply({"error": "InternalServerError", "message": "x"}, 500), Unavailable),
    "429": (Reply({"error": "RateLimitExceeded"}, 429, {"Retry-After": "7200"}), Throttled),
    "truncated": (Reply('{"posts":[{"uri"', mode="truncated"), Unavailable),
    "bad json": (Reply('{"posts": ['), Unavailable),
    "wrong shape": (Reply({"hello": 1}), Changed),
    "list for object": (Reply(["hello"]), Changed),
    "empty 200": (Reply(""), Changed),
    "bad gzip": (Reply('{"posts":[]}', mode="bad_gzip"), Unavailable),
    "redirect loop": (Reply("", 302), Changed),
    "reset": (Reply("", mode="reset"), Unavailable),
    "slow": (Reply("{}", mode="slow"), Unavailable),
    "expired token": (Reply({"error": "ExpiredToken", "message": "Token has expired"}, 400), NeedsKey),
}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(utc(2026, 3, 4, 12), step=0.001)


class Heard:
    """Passes everything on to a connector and remembers the errors it raises."""

    def __init__(self, source: Any) -> None:
        self.source, self.name, self.caps = source, source.name, source.caps
        self.errors: list[SourceError] = []

    def check(self) -> Any:
        return self.source.check()

    def posts(self, query: Query, window: Window, state: State | None) -> Any:
        try:
            yield from self.source.posts(query, window, state)
        except SourceError as error:
            self.errors.append(error)
            raise


def connector(kind: str, server: Server, clock: FakeClock) -> tuple[Heard, Callable[[Asked], Reply]]:
    """A connector to a network of 130 posts, and how that network answers when nothing is wrong."""
    wire = Wire(clock=clock)
    if kind == "bluesky":
        bluesky = BlueskyServer(server, posts=130)
        source: Any = Bluesky(bluesky.options, wire, password="pass-word", manners=HASTY, seconds=0.3)
        return Heard(source), bluesky._search
    mastodon = MastodonServer(server, posts=130)
    return Heard(Mastodon({"instances": [mastodon.base]}, wire, manners=HASTY, seconds=0.3)), mastodon._tag


def faulty(kind: str, fault: str) -> Reply:
    reply = FAULTS[fault][0]
    if fault == "redirect loop":
        return Reply("", 302, {"Location": PAGES[kind] + ("pompeachaleur" if kind == "mastodon" else "")})
    if kind == "mastodon" and fault == "list for object":
        return Reply({"0": "hello"})
    if kind == "mastodon" and fault == "wrong shape":
        return Reply(["hello"])
    return reply


def expected(kind: str, fault: str) -> type[SourceError]:
    # Public timelines are read without a token: there a 400 is what it says.
    return BadQuery if (kind, fault) == ("mastodon", "expired token") else FAULTS[fault][1]


@pytest.mark.parametrize("kind", ["bluesky", "mastodon"])
@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_fault_after_the_first_page_keeps_the_page_and_says_what_is_missing(
    server: Server, clock: FakeClock, tmp_path: Path, kind: str, fault: str
) -> None:
    source, answer = connector(kind, server, clock)
    page = 100 if kind == "bluesky" else 40
    seen = 0

    def second(asked: Asked) -> Reply:
        nonlocal seen
        seen += 1
        return answer(asked) if seen == 1 else faulty(kind, fault)

    server.route(PAGES[kind], second)
    query = Query("posts", text='"pompe à chaleur"')
    store = Store(tmp_path)
    report = collect([Ask(cast(Any, source), query, JANUARY)], store, clock=clock, secret=SECRET)
    wanted = expected(kind, fault)
    assert {type(error) for error in source.errors} == {wanted}
    assert all(error.what and error.remedy for error in source.errors)
    assert report.coverage[["status", "rows"]].values.tolist() == [["partial", page]]
    assert source.errors[-1].what[:20] in report.coverage["note"][0]
    assert len(store.read("posts")) == page
    assert len(Archive(tmp_path).names(source.name)) >= 1
    assert report.unfinished == 1
    if wanted is Throttled:
        assert report.retry_at is not None
        assert report.retry_at >= clock.now() + timedelta(minutes=115)
    again = wanted is Unavailable
    assert (len(source.errors) > 1) == again, "what asking again can mend is asked again, and nothing else"
    # When the service is well again the next call completes the window.
    clock.sleep(3 * 3600)
    server.route(PAGES[kind], answer)
    whole = collect([Ask(cast(Any, source), query, JANUARY)], store, clock=clock, secret=SECRET)
    assert whole.coverage["status"].tolist()[-1] == "complete"
    ids = store.read("posts")["id"].to_pylist()
    assert len(ids) == len(set(ids)) == 130


@pytest.mark.parametrize("kind", ["bluesky", "mastodon"])
@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_fault_from_the_start_is_never_an_empty_answer(
    server: Server, clock: FakeClock, tmp_path: Path, kind: str, fault: str
) -> None:
    source, _ = connector(kind, server, clock)
    server.route(PAGES[kind], faulty(kind, fault))
    ask = Ask(cast(Any, source), Query("posts", text='"pompe à chaleur"'), JANUARY)
    report = collect([ask], Store(tmp_path), clock=clock, secret=SECRET)
    wanted = expected(kind, fault)
    assert {type(error) for error in source.errors} == {wanted}
    refused = issubclass(wanted, NeedsKey | NotAllowed) or wanted is BadQuery
    assert report.coverage["status"].tolist() == ["refused" if refused else "unavailable"]


@pytest.mark.parametrize(
    "fault", ["html403", "html200", "html502", "429", "truncated", "bad gzip", "reset", "empty 200"]
)
def test_a_fault_of_the_login_is_told_from_a_wrong_password(
    server: Server, clock: FakeClock, tmp_path: Path, fault: str
) -> None:
    source, _ = connector("bluesky", server, clock)
    server.route("/xrpc/com.atproto.server.createSession", FAULTS[fault][0])
    ask = Ask(cast(Any, source), Query("posts", text='"pompe à chaleur"'), JANUARY)
    collect([ask], Store(tmp_path), clock=clock, secret=SECRET)
    assert {type(error) for error in source.errors} == {FAULTS[fault][1]}
