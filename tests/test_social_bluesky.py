"""Bluesky: every post below every ceiling, dates that lie, logins that end, and no name on the disk."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sources.archive import Archive
from sources.collect import Report, collect
from sources.connector import Ask, Brief, Query, Subject, Window
from sources.deletions import forget_deleted
from sources.forgetting import forget_author
from sources.privacy import author_key
from sources.social.bluesky import Bluesky
from sources.social.bluesky_posts import dates, post_id, post_row, tid_moment
from sources.store import Store
from sources.transport import Wire, pace, retry_after
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
from tests.networks import DID, BlueskyServer, iso, tid

SECRET = bytes(range(32))
JANUARY = Window(utc(2026, 1, 1), utc(2026, 1, 31))
SEARCH = "/xrpc/app.bsky.feed.searchPosts"
QUERY = '"pompe à chaleur"'


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(utc(2026, 3, 4, 12), step=0.001)


@pytest.fixture
def bluesky(server: Server) -> BlueskyServer:
    return BlueskyServer(server)


def source(network: BlueskyServer, clock: FakeClock, password: str = "pass-word", **options: Any) -> Bluesky:
    return Bluesky({**network.options, **options}, Wire(clock=clock), password=password, manners=HASTY, seconds=0.5)


def run(network: BlueskyServer, store: Store, clock: FakeClock, text: str = QUERY, **more: Any) -> Report:
    ask = Ask(source(network, clock, **more.pop("options", {})), Query("posts", text=text), JANUARY)
    return collect([ask], store, clock=clock, secret=SECRET, **more)


def stored(store: Store) -> pd.DataFrame:
    return store.read("posts").to_pandas()


def status(report: Report) -> list[str]:
    return list(report.coverage["status"])


@pytest.mark.parametrize("at_the_ceiling", ["silence", "fault"])
def test_all_posts_come_from_a_search_that_stops_at_200_hits(
    server: Server, clock: FakeClock, tmp_path: Path, at_the_ceiling: str
) -> None:
    network = BlueskyServer(server, posts=300, cap=200)
    network.at_the_ceiling = at_the_ceiling
    store = Store(tmp_path)
    report = run(network, store, clock)
    assert len(stored(store)) == stored(store)["id"].nunique() == 300
    assert status(report) == ["complete"]
    assert report.coverage["rows"].tolist() == [300]
    assert len(network.asked()) <= 9


def test_more_posts_in_one_instant_than_the_ceiling_are_said_to_be_capped(
    server: Server, clock: FakeClock, tmp_path: Path
) -> None:
    network = BlueskyServer(server, posts=50, cap=200)
    network.views += [network.view(1000 + i, utc(2026, 1, 10, 1)) for i in range(250)]
    for i, view in enumerate(network.views[50:]):
        view["uri"] += str(i)
    store = Store(tmp_path)
    report = run(network, store, clock)
    assert set(report.coverage["status"]) == {"complete", "capped"}
    capped = report.coverage[report.coverage["status"] == "capped"].iloc[0]
    assert capped["start"] <= utc(2026, 1, 10, 1) < capped["end"]
    assert capped["end"] - capped["start"] <= pd.Timedelta(minutes=2)
    assert len(stored(store)) == 50 + 200


def test_a_query_with_a_choice_is_asked_in_parts_and_counted_once(
    bluesky: BlueskyServer, clock: FakeClock, tmp_path: Path
) -> None:
    bluesky.views[3] = bluesky.view(3, bluesky.first + 3 * bluesky.step, text="bruit de pompe")
    store = Store(tmp_path)
    report = run(bluesky, store, clock, text='bruit OR "pompe à chaleur" OR pompe')
    assert {a.params["q"] for a in bluesky.asked()} == {"bruit", '"pompe à chaleur"', "pompe"}
    assert len(stored(store)) == 60
    assert report.coverage[["query", "status", "rows"]].values.tolist() == [
        ['bruit OR "pompe à chaleur" OR pompe', "complete", 60]
    ]


def test_no_name_handle_or_picture_reaches_the_disk(bluesky: BlueskyServer, clock: FakeClock, tmp_path: Path) -> None:
    store = Store(tmp_path)
    run(bluesky, store, clock)
    posts = stored(store)
    assert set(posts["author_key"]) == {author_key("bluesky", DID.format(i), SECRET) for i in range(7)}
    everything = posts.to_csv() + "".join(
        Archive(tmp_path).read(name).decode() for name in Archive(tmp_path).names("bluesky")
    )
    for name in ("user3.test", "Marie", "marie", "a.jpg", "pass-word", "accessJwt"):
        assert name not in everything
    assert "did:plc" not in posts.to_csv()
    assert "@user" in posts["text"][0]


def test_who_is_forgotten_leaves_the_kept_answers_too(bluesky: BlueskyServer, clock: FakeClock, tmp_path: Path) -> None:
    store = Store(tmp_path)
    run(bluesky, store, clock)
    archive = Archive(tmp_path)
    assert any(DID.format(3).encode() in archive.read(name) for name in archive.names())
    forget_author(store, "bluesky", DID.format(3), secret=SECRET)
    assert not any(DID.format(3).encode() in archive.read(name) for name in archive.names())


def test_unknown_is_not_zero(bluesky: BlueskyServer, clock: FakeClock, tmp_path: Path) -> None:
    for view in bluesky.views:
        del view["quoteCount"]
    store = Store(tmp_path)
    run(bluesky, store, clock)
    assert stored(store)["quote_count"].isna().all()
    assert stored(store)["bookmark_count"].isna().all()
    assert stored(store)["repost_count"].eq(0).all()
    assert stored(store)["author_followers"].isna().all()


def test_followers_come_from_profiles_and_an_account_that_is_gone_has_none(
    bluesky: BlueskyServer, clock: FakeClock, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    run(bluesky, store, clock, options={"profiles": True})
    by_author = stored(store).groupby("author_key")["author_followers"].first()
    assert by_author[author_key("bluesky", DID.format(2), SECRET)] == 102
    assert pd.isna(by_author[author_key("bluesky", DID.format(6), SECRET)])
    assert len(bluesky.server.asked("/xrpc/app.bsky.actor.getProfiles")) == 1, "known authors were asked again"


def test_the_feed_of_an_account_is_stored_under_its_label(
    bluesky: BlueskyServer, clock: FakeClock, tmp_path: Path
) -> None:
    brand = source(bluesky, clock, accounts={"the brand": "@user2.test"})
    brief = Brief((Subject("noise", social=QUERY),), Window(utc(2026, 1, 10), utc(2026, 1, 20)))
    search, feed = brand.asks(brief)
    assert (search.query.text, feed.query.name) == (QUERY, "the brand")
    store = Store(tmp_path)
    report = collect([feed], store, clock=clock, secret=SECRET)
    posts = stored(store)
    assert report.coverage[["query", "status"]].values.tolist() == [["the brand", "complete"]]
    assert posts["author_key"].nunique() == 1
    assert posts["created_at"].between(utc(2026, 1, 10), utc(2026, 1, 20), inclusive="left").all()
    expected = [v for v in bluesky.views if v["author"]["did"] == DID.format(2)]
    assert len(posts) == len([v for v in expected if "2026-01-10" <= v["indexedAt"] < "2026-01-20"]) > 0


def test_a_repost_in_a_feed_is_kept_as_one(bluesky: BlueskyServer, clock: FakeClock, tmp_path: Path) -> None:
    own = bluesky._feed

    def with_repost(asked: Any) -> Reply:
        reply = own(asked)
        reason = {
            "$type": "app.bsky.feed.defs#reasonRepost",
            "by": {"did": DID.format(2)},
            "indexedAt": iso(JANUARY.start),
        }
        reply.body["feed"].append({"post": bluesky.views[0], "reason": reason})
        return reply

    bluesky.server.route("/xrpc/app.bsky.feed.getAuthorFeed", with_repost)
    feed = Ask(source(bluesky, clock), Query("posts", name="x", options={"account": "user2.test"}), JANUARY)
    store = Store(tmp_path)
    collect([feed], store, clock=clock, secret=SECRET)
    repost = stored(store).set_index("kind").loc["repost"]
    assert repost["repost_of"] == post_id(bluesky.views[0]["uri"])
    assert repost["author_key"] == author_key("bluesky", DID.format(2), SECRET)
    assert pd.isna(repost["like_count"])


@pytest.mark.parametrize(
    ("claimed", "seen", "drawn", "at", "quality"),
    [
        ("2026-01-05T10:00:00Z", "2026-01-05T10:00:03Z", "2026-01-05T10:00:00", "2026-01-05T10:00:00", "ok"),
        ("2026-01-05T12:00:00+02:00", "2026-01-05T10:00:03Z", "2026-01-05T10:00:00", "2026-01-05T10:00:00", "ok"),
        ("2025-11-01T10:00:00Z", "2025-11-01T10:00:00Z", "2026-01-05T10:00:00", "2025-11-01T10:00:00", "suspect"),
        ("2025-11-01T10:00:00Z", "2026-01-05T10:00:00Z", None, "2025-11-01T10:00:00", "suspect"),
        ("0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2026-01-05T10:00:00", "1970-01-01T00:00:00", "clamped"),
        ("2029-01-05T10:00:00Z", "2026-01-05T10:00:00Z", "2026-01-05T10:00:00", "2026-01-05T10:00:00", "clamped"),
        ("2011-01-05T10:00:00Z", "2011-01-05T10:00:00Z", None, "2011-01-05T10:00:00", "suspect"),
        ("hier", "2026-01-05T10:00:00Z", None, "2026-01-05T10:00:00", "suspect"),
    ],
    ids=[
        "honest",
        "other zone",
        "backdated",
        "backdated and shown",
        "year 1",
        "future",
        "before the network",
        "no date",
    ],
)
def test_forged_and_clamped_dates_are_flagged(
    claimed: str, seen: str, drawn: str | None, at: str, quality: str
) -> None:
    key = tid(datetime.fromisoformat(drawn).replace(tzinfo=UTC)) if drawn else "self"
    found, said, told = dates(claimed, datetime.fromisoformat(seen), key)
    assert (found, told) == (datetime.fromisoformat(at).replace(tzinfo=UTC), quality)
    assert (said is None) == (claimed in ("hier", "0001-01-01T00:00:00Z"))


def test_a_record_key_tells_when_it_was_drawn() -> None:
    at = utc(2026, 1, 5, 10)
    assert tid_moment(tid(at)) == at
    assert tid_moment("self") is None
    assert tid_moment("3jzfcijpj2z2A") is None


def test_one_post_that_cannot_be_read_costs_none_of_the_others(
    bluesky: BlueskyServer, clock: FakeClock, tmp_path: Path
) -> None:
    del bluesky.views[10]["author"]
    bluesky.views[11]["likeCount"] = "many"
    store = Store(tmp_path)
    report = run(bluesky, store, clock)
    assert len(stored(store)) == 58
    assert report.coverage[["status", "rejected"]].values.tolist() == [["complete", 2]]


def test_a_search_that_knows_no_dates_is_no_complete_one(server: Server, clock: FakeClock, tmp_path: Path) -> None:
    network = BlueskyServer(server, posts=300, cap=200)
    network.knows_dates = False
    store = Store(tmp_path)
    report = run(network, store, clock)
    assert status(report) == ["partial"]
    assert "knows no dates" in report.coverage["note"][0]
    assert len(stored(store)) == 200


def test_a_login_that_has_ended_is_made_anew(bluesky: BlueskyServer, clock: FakeClock, tmp_path: Path) -> None:
    answered = bluesky._search

    def forgetting(asked: Any) -> Reply:
        if len(bluesky.asked()) == 2:
            bluesky.tokens.clear()
        return answered(asked)

    bluesky.cap = 10_000
    bluesky.views += [bluesky.view(100 + i, JANUARY.start + timedelta(minutes=i)) for i in range(200)]
    bluesky.server.route(SEARCH, forgetting)
    store = Store(tmp_path)
    report = run(bluesky, store, clock)
    assert status(report) == ["complete"]
    assert len(stored(store)) == 260
    assert len(bluesky.server.asked("/xrpc/com.atproto.server.createSession")) == 2


def test_a_wrong_password_says_what_to_do_and_is_not_tried_again(
    bluesky: BlueskyServer, clock: FakeClock, tmp_path: Path
) -> None:
    bluesky.password = "another"
    report = run(bluesky, Store(tmp_path), clock)
    assert status(report) == ["refused"]
    assert "make a new app password" in report.coverage["note"][0]
    assert "pass-word" not in report.coverage["note"][0]
    assert len(bluesky.server.asked("/xrpc/com.atproto.server.createSession")) == 1


@pytest.mark.parametrize("code", [200, 400, 401, 500])
def test_a_service_that_repeats_the_app_password_does_not_give_it_away(
    code: int,
    bluesky: BlueskyServer,
    clock: FakeClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("UNDERSAID_BLUESKY_APP_PASSWORD", "planted-S3CRET")

    def repeating(asked: Asked) -> Reply:
        said = f"no {asked.body!r}"
        return Reply({"error": said, "message": said, "accessJwt": said, "refreshJwt": said}, code)

    bluesky.server.route("/xrpc/com.atproto.server.createSession", repeating)
    asking = source(bluesky, clock, password="planted-S3CRET")
    report = collect([Ask(asking, Query("posts", text=QUERY), JANUARY)], Store(tmp_path), clock=clock, secret=SECRET)
    assert any(b"S3CRET" in asked.body for asked in bluesky.server.log)
    told = [caplog.text, repr(asking), repr(report), report.coverage.to_csv()]
    told += [f.read_bytes().decode("latin-1") for f in tmp_path.rglob("*") if f.is_file()]
    assert [text[max(0, text.find("S3CRET") - 200) :][:260] for text in told if "S3CRET" in text] == []


def test_without_a_login_nothing_is_asked(
    bluesky: BlueskyServer, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("UNDERSAID_BLUESKY_HANDLE", "UNDERSAID_BLUESKY_APP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    alone = Bluesky({"service": bluesky.server.url}, Wire(clock=clock))
    report = collect([Ask(alone, Query("posts", text=QUERY), JANUARY)], Store(tmp_path), clock=clock, secret=SECRET)
    assert status(report) == ["not_tried"]
    assert "UNDERSAID_BLUESKY_APP_PASSWORD" in report.coverage["note"][0]
    assert not bluesky.server.log


def test_a_429_is_waited_out_by_its_own_reset(bluesky: BlueskyServer, clock: FakeClock, tmp_path: Path) -> None:
    reset = int((clock.now() + timedelta(seconds=90)).timestamp())
    limits = {"ratelimit-limit": "30", "ratelimit-remaining": "0", "ratelimit-reset": str(reset)}
    bluesky.server.next(SEARCH, Reply({"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}, 429, limits))
    store = Store(tmp_path)
    report = run(bluesky, store, clock)
    assert status(report) == ["complete"]
    assert len(stored(store)) == 60
    assert 85 <= clock.slept <= 100


def test_a_reset_told_in_whole_seconds_is_not_met_too_early(clock: FakeClock) -> None:
    # The service rounds down: its window ends within the second that it names.
    ends = clock.now() + timedelta(seconds=14, microseconds=900_000)
    told = {"ratelimit-remaining": "0", "ratelimit-reset": str(int(ends.timestamp()))}
    for later in (retry_after(told, clock.now()), pace(told, clock.now())):
        assert later is not None
        assert ends <= later <= ends + timedelta(seconds=2)


def test_stopped_after_any_page_it_goes_on_without_a_double_or_a_hole(
    server: Server, clock: FakeClock, tmp_path: Path
) -> None:
    network = BlueskyServer(server, posts=300, cap=200)
    store, calls = Store(tmp_path), 0

    def after(pages: int) -> Callable[[], bool]:
        seen = 0

        def stop() -> bool:
            nonlocal seen
            seen += 1
            return seen > pages

        return stop

    report = run(network, store, clock, stop=after(1))
    while report.stopped:
        calls += 1
        report = run(network, store, clock, stop=after(1))
        assert calls < 20
    assert calls >= 3, "it was hardly ever stopped: the test proves nothing"
    assert status(report)[-1] == "complete"
    assert len(stored(store)) == stored(store)["id"].nunique() == 300


def test_what_was_deleted_disappears_from_the_store_and_the_kept_answers(
    bluesky: BlueskyServer, clock: FakeClock, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    run(bluesky, store, clock)
    deleted = bluesky.views.pop(7)
    before = stored(store)
    (found,) = forget_deleted(store, [source(bluesky, clock)], clock=clock)
    assert (found.stored, found.looked, found.gone, found.note) == (60, 60, 1, "")
    after = stored(store)
    assert set(before["id"]) - set(after["id"]) == {post_id(deleted["uri"])}
    text = before.set_index("id").loc[post_id(deleted["uri"]), "text"]
    assert all(text.encode() not in f.read_bytes() for f in tmp_path.rglob("*.parquet"))
    archive = Archive(tmp_path)
    assert text.split("\n")[0] not in "".join(archive.read(n).decode() for n in archive.names())
    (again,) = forget_deleted(store, [source(bluesky, clock)], clock=clock)
    assert (again.looked, again.gone) == (59, 0)
    store.append(
        "posts",
        before.drop(columns=["source", "fetched_at", "batch_id"]),
        source="an old export",
        batch_id="b",
        now=clock.now(),
    )
    assert post_id(deleted["uri"]) not in set(stored(store)["id"]), "it came back"


def test_real_post_views_are_read(shared: Callable[..., Path]) -> None:
    views = json.loads(shared("fixtures", "social", "bluesky", "raw_post_views.json").read_text(encoding="utf-8"))
    rows = [post_row(view, "q") for view in views]
    assert len(rows) == len({row["id"] for row in rows}) == 25
    assert {row["kind"] for row in rows} == {"post", "reply", "quote"}
    assert {row["time_quality"] for row in rows} == {"ok"}
    assert json.loads(rows[0]["tags"]) == ["HCERES", "ESR"]
