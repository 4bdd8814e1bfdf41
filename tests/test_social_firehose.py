"""Bluesky's event stream: what really came when, how much of the window a relay still held, and no name on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sources.archive import Archive
from sources.collect import Report, collect
from sources.connector import Ask, Brief, Query, Subject, Window, open_source
from sources.errors import BadQuery
from sources.privacy import author_key
from sources.social.bluesky_firehose import BlueskyFirehose
from sources.social.bluesky_posts import post_id
from sources.store import Store
from sources.transport import Wire
from tests.faults import (
    HASTY,
    FakeClock,
    Reply,
    Server,
    a_server,  # noqa: F401
    fenced,  # noqa: F401
    utc,
)
from tests.networks import tid
from tests.streams import Relay, at, commit, fault, frame, identity, relay

SECRET = bytes(range(32))
PUMPS, NOISE = '"pompe à chaleur"', "bruit"
MARIE, PAUL = "did:plc:marie", "did:plc:paul"
FIRST = utc(2026, 3, 2)
WINDOW = Window(FIRST, utc(2026, 3, 4))


@pytest.fixture(name="network")
def a_relay() -> Iterator[Relay]:
    with relay() as running:
        yield running


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(utc(2026, 3, 4, 12), step=0.001)


def source(network: Relay, clock: FakeClock, **options: Any) -> BlueskyFirehose:
    return BlueskyFirehose({"service": network.url, **options}, Wire(clock=clock), quiet=0.15, manners=HASTY)


def run(network: Relay, store: Store, clock: FakeClock, *queries: str, **more: Any) -> Report:
    asked = Query("posts", terms=queries or (PUMPS,))
    return collect([Ask(source(network, clock), asked, WINDOW)], store, clock=clock, secret=SECRET, **more)


def hour(n: float) -> str:
    return at(FIRST + timedelta(hours=n))


def post(text: str, when: str, **more: Any) -> dict[str, Any]:
    return {"text": text, "createdAt": when, "langs": ["fr"], **more}


def plant(network: Relay, posts: int, *, first: int = 1) -> list[str]:
    """One post an hour from the first hour on, every third of somebody else's business."""
    ids = []
    for i in range(first, first + posts):
        text = f"la pompe à chaleur n°{i}" if i % 3 else f"un vélo n°{i}"
        network.add(i, commit(i, hour(i - 1), MARIE, ("create", f"key{i}", post(text, hour(i - 1)))))
        ids += [post_id(f"at://{MARIE}/app.bsky.feed.post/key{i}")] if i % 3 else []
    return ids


def stored(store: Store) -> pd.DataFrame:
    return store.read("posts").to_pandas()


def said(report: Report) -> list[tuple[str, str, str, int]]:
    rows = report.coverage.sort_values(["query", "start"])
    return [(f"{r.start:%d.%H:%M}", f"{r.end:%d.%H:%M}", r.status, r.rows) for r in rows.itertuples()]


def test_a_replay_brings_what_matches_and_ends_when_it_has_caught_up(
    network: Relay, clock: FakeClock, tmp_path: Path
) -> None:
    ids = plant(network, 30)
    network.add(31, identity(31, hour(30.5)))
    report = run(network, Store(tmp_path), clock)
    posts = stored(Store(tmp_path))
    assert said(report) == [("02.00:00", "04.00:00", "complete", 20)]
    assert sorted(posts["id"]) == sorted(ids)
    assert set(posts["author_key"]) == {author_key("bluesky", MARIE, SECRET)}
    # The end is believed after a second connection has brought nothing either.
    assert network.cursors == [0, 31]
    kept = "".join(Archive(tmp_path).read(name).decode() for name in Archive(tmp_path).names())
    assert "n°1" in kept
    assert "vélo" not in kept + posts.to_csv()


def test_it_ends_at_the_first_event_after_the_window(network: Relay, clock: FakeClock, tmp_path: Path) -> None:
    ids = plant(network, 60)
    report = run(network, Store(tmp_path), clock)
    assert network.cursors == [0]
    assert said(report) == [("02.00:00", "04.00:00", "complete", 32)]
    assert set(stored(Store(tmp_path))["id"]) == set(ids[:32])


def test_posts_stand_at_the_time_they_came_and_forged_claims_are_flagged(
    network: Relay, clock: FakeClock, tmp_path: Path
) -> None:
    claims = {
        "honest": hour(1), "early": "2021-01-01T00:00:00Z", "late": "2031-01-01T00:00:00Z",
        "year one": "0001-01-01T00:00:00Z", "nonsense": "yesterday",
    }  # fmt: skip
    network.add(1, identity(1, hour(0)))
    for seq, (name, claim) in enumerate(claims.items(), 2):
        record = post(f"pompe à chaleur, {name}", claim)
        network.add(seq, commit(seq, hour(1), MARIE, ("create", tid(FIRST + timedelta(hours=1, seconds=seq)), record)))
    run(network, Store(tmp_path), clock)
    posts = stored(Store(tmp_path)).set_index("text")
    assert (posts["created_at"] == FIRST + timedelta(hours=1)).all()
    found = {text.split(", ")[1]: quality for text, quality in posts["time_quality"].items()}
    assert found == {
        "honest": "ok", "early": "suspect", "late": "clamped", "year one": "clamped", "nonsense": "suspect",
    }  # fmt: skip
    claimed = posts["created_at_claimed"]
    assert claimed["pompe à chaleur, early"] == utc(2021, 1, 1)
    assert claimed["pompe à chaleur, late"] == utc(2031, 1, 1)
    assert claimed[["pompe à chaleur, year one", "pompe à chaleur, nonsense"]].isna().all()


def test_what_the_relay_does_not_hold_any_more_is_said_and_is_not_silence(
    network: Relay, clock: FakeClock, tmp_path: Path
) -> None:
    network.outdated = True
    plant(network, 6, first=30)
    report = run(network, Store(tmp_path), clock)
    assert said(report) == [("02.00:00", "03.05:00", "unavailable", 0), ("03.05:00", "04.00:00", "complete", 4)]
    assert report.coverage["note"].tolist()[0] == "older than what the service still holds"
    assert report.unfinished == 0


def test_a_window_that_lies_wholly_before_the_backlog_is_unavailable(
    network: Relay, clock: FakeClock, tmp_path: Path
) -> None:
    plant(network, 3, first=60)
    report = run(network, Store(tmp_path), clock)
    assert said(report) == [("02.00:00", "04.00:00", "unavailable", 0)]


def test_a_window_that_has_not_ended_is_covered_up_to_now(network: Relay, tmp_path: Path) -> None:
    plant(network, 4)
    clock = FakeClock(utc(2026, 3, 3, 12), step=0.001)
    report = run(network, Store(tmp_path), clock)
    (start, _, status, rows), late = said(report)
    assert (start, status, rows) == ("02.00:00", "complete", 3)
    assert late[2] == "unavailable"
    assert "not yet published" in set(report.coverage["note"])


def test_a_line_that_breaks_is_taken_up_without_a_double_or_a_hole(
    network: Relay, clock: FakeClock, tmp_path: Path
) -> None:
    ids = plant(network, 30)
    network.breaks = [7, 11]
    report = run(network, Store(tmp_path), clock)
    posts = stored(Store(tmp_path))
    assert said(report) == [("02.00:00", "04.00:00", "complete", 20)]
    assert sorted(posts["id"]) == sorted(ids)


def test_a_run_that_was_stopped_goes_on_at_its_cursor(
    network: Relay, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sources.social.bluesky_firehose._EVENTS", 5)
    ids = plant(network, 30)
    store, pages = Store(tmp_path), list[int]()
    first = run(network, store, clock, progress=lambda p: pages.append(p.rows), stop=lambda: len(pages) >= 2)
    assert first.stopped
    assert said(first) == [("02.00:00", "04.00:00", "partial", 7)]
    second = run(network, store, clock)
    assert second.resumed
    assert network.cursors[1] == 10
    assert said(second) == [("02.00:00", "04.00:00", "complete", 20)]
    assert sorted(stored(store)["id"]) == sorted(ids)


def test_a_run_taken_up_too_late_says_what_it_missed(
    network: Relay, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sources.social.bluesky_firehose._EVENTS", 5)
    plant(network, 30)
    store, pages = Store(tmp_path), list[int]()
    run(network, store, clock, progress=lambda p: pages.append(p.rows), stop=lambda: len(pages) >= 1)
    network.held, network.outdated = network.held[20:], True
    report = run(network, store, clock)
    assert said(report)[0][:3] == ("02.00:00", "02.20:00", "unavailable")
    assert said(report)[1][:3] == ("02.20:00", "04.00:00", "complete")
    note = report.coverage.sort_values("start")["note"].tolist()[1]
    assert "between 2026-03-02T04:00:00+00:00 and 2026-03-02T20:00:00+00:00 is not held any more" in note


def test_a_relay_that_counts_anew_is_read_from_the_beginning(
    network: Relay, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sources.social.bluesky_firehose._EVENTS", 5)
    plant(network, 30)
    store, pages = Store(tmp_path), list[int]()
    run(network, store, clock, progress=lambda p: pages.append(p.rows), stop=lambda: len(pages) >= 2)
    network.held = network.held[:5]
    report = run(network, store, clock)
    assert network.cursors[1:3] == [10, 0]
    assert said(report)[0][2] == "complete"
    assert len(stored(store)) == stored(store)["id"].nunique() == 7


def test_a_post_deleted_in_the_same_stretch_is_not_stored(network: Relay, clock: FakeClock, tmp_path: Path) -> None:
    plant(network, 5)
    network.add(6, commit(6, hour(6), MARIE, ("delete", "key2", None)))
    network.add(7, commit(7, hour(7), PAUL, ("delete", "key1", None)))  # somebody else's record of that name
    report = run(network, Store(tmp_path), clock)
    assert said(report)[0][3] == 3
    assert post_id(f"at://{MARIE}/app.bsky.feed.post/key2") not in set(stored(Store(tmp_path))["id"])


def test_all_queries_are_one_replay_and_a_post_of_two_counts_for_both(
    network: Relay, clock: FakeClock, tmp_path: Path
) -> None:
    for seq, text in enumerate(["pompe à chaleur", "du bruit", "le bruit de ma pompe à chaleur"], 1):
        network.add(seq, commit(seq, hour(seq - 1), MARIE, ("create", f"key{seq}", post(text, hour(seq - 1)))))
    report = run(network, Store(tmp_path), clock, PUMPS, NOISE, "vélo")
    by_query = {r.query: (r.status, r.rows) for r in report.coverage.itertuples()}
    assert by_query == {PUMPS: ("complete", 2), NOISE: ("complete", 2), "vélo": ("empty", 0)}
    assert set(stored(Store(tmp_path))["query"]) == {PUMPS, NOISE, f"({PUMPS}) OR ({NOISE})"}
    assert network.cursors == [0, 3]


def test_many_events_without_a_hit_are_no_walk_in_circles(
    network: Relay, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sources.social.bluesky_firehose._EVENTS", 1)
    for seq in range(1, 71):
        network.add(seq, identity(seq, hour((seq - 1) / 10)))
    network.add(71, commit(71, hour(8), MARIE, ("create", "key", post("pompe à chaleur", hour(8)))))
    assert said(run(network, Store(tmp_path), clock))[0][2:] == ("complete", 1)


def test_one_odd_post_costs_none_of_the_others(network: Relay, clock: FakeClock, tmp_path: Path) -> None:
    plant(network, 2)
    network.add(3, commit(3, hour(3), MARIE, ("create", "odd", {"createdAt": hour(3)})))
    network.add(4, commit(4, hour(4), MARIE, ("create", "gone", post("pompe", hour(4))), blocks=b"no archive"))
    network.add(5, commit(5, hour(5), MARIE, tooBig=True))
    report = run(network, Store(tmp_path), clock)
    assert said(report)[0][2:] == ("complete", 2)
    assert report.coverage["rejected"].tolist() == [3]


FAULTS: dict[str, tuple[str, Any]] = {
    "429": ("unavailable", (429, {"retry-after": "7200"}, b"")),
    "403": ("refused", (403, {"content-type": "text/html"}, b"<html>no</html>")),
    "502": ("unavailable", (502, {"content-type": "text/html"}, b"<html>bad gateway</html>")),
    "a page": ("unavailable", (200, {"content-type": "text/html"}, b"<html>hello</html>")),
    "garbage": ("partial", b"\xff\x00 no frame"),
    "text": ("partial", "hello"),
    "no time": ("partial", frame("#commit", {"seq": 9, "repo": MARIE})),
    "too slow": ("partial", fault("ConsumerTooSlow", "")),
    "closed": ("partial", fault("AccountTakedown", "no more")),
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_ends_in_coverage_and_keeps_what_came(
    name: str, network: Relay, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sources.social.bluesky_firehose._EVENTS", 2)
    status, what = FAULTS[name]
    plant(network, 4)
    if isinstance(what, tuple):
        network.refuse = [what] * 10
    else:
        network.add(5, what)
    report = run(network, Store(tmp_path), clock)
    assert said(report)[0][2] == status
    assert report.unfinished == 1
    assert len(stored(Store(tmp_path))) == (3 if status == "partial" else 0)
    assert report.coverage["note"].str.len().min() > 20


def test_a_relay_that_is_not_there_or_holds_nothing_is_no_silence(
    network: Relay, clock: FakeClock, tmp_path: Path
) -> None:
    nothing = run(network, Store(tmp_path / "a"), clock)
    assert said(nothing)[0][2] == "unavailable"
    assert "holds no event" in nothing.coverage["note"][0]
    network.url = "ws://127.0.0.1:9"
    assert "cannot be reached" in run(network, Store(tmp_path / "b"), clock).coverage["note"][0]
    network.url = "https://127.0.0.1:9"
    assert said(run(network, Store(tmp_path / "c"), clock))[0][2] == "refused"


def test_a_study_asks_once_for_the_days_that_a_relay_holds(clock: FakeClock) -> None:
    topics = (Subject("pumps", social=PUMPS), Subject("noise", social=NOISE), Subject("none"))
    brief = Brief(topics, Window(utc(2024, 1, 1), utc(2026, 6, 1)))
    (ask,) = BlueskyFirehose({}, Wire(clock=clock)).asks(brief)
    assert ask.query.names == (PUMPS, NOISE)
    assert ask.window == Window(utc(2026, 3, 1), utc(2026, 3, 4))
    assert BlueskyFirehose({}, Wire(clock=clock)).asks(Brief((), brief.window)) == []
    with pytest.raises(BadQuery, match="days"):
        BlueskyFirehose({"days": "many"}, Wire(clock=clock)).asks(brief)
    assert open_source("bluesky_firehose", {"days": 1}).check().works


def test_the_view_tells_which_posts_are_gone(network: Relay, server: Server, clock: FakeClock, tmp_path: Path) -> None:
    ids = plant(network, 5)
    run(network, Store(tmp_path), clock)
    gone = f"at://{MARIE}/app.bsky.feed.post/key2"

    def shown(asked: Any) -> Reply:
        return Reply({"posts": [{"uri": uri} for uri in asked.lists["uris"] if uri != gone]})

    server.route("/xrpc/app.bsky.feed.getPosts", shown)
    (name,) = Archive(tmp_path).names()
    seen = source(network, clock, view=server.url).look_again(Archive(tmp_path).read(name))
    assert seen.gone == (post_id(gone),)
    assert set(seen.here) == set(ids) - {post_id(gone)}
    assert gone not in seen.raw.decode()
