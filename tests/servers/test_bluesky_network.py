"""A real Bluesky network: 300 posts behind a ceiling of 200, deletions, forged dates, rate limits, kills."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from sources.archive import Archive
from sources.clock import SystemClock
from sources.collect import Report, collect
from sources.connector import Ask, Query, Window
from sources.deletions import forget_deleted
from sources.social.bluesky import Bluesky
from sources.social.bluesky_posts import post_id
from sources.store import Store
from sources.transport import Wire
from tests.faults import HASTY
from tests.servers.network import PASSWORD, Member, Network, record

SECRET = bytes(range(32))
ROOT = Path(__file__).resolve().parent.parent.parent
QUERY = '"pompe à chaleur"'


def source(network: Network, **options: Any) -> Bluesky:
    handle = network.members[0].handle
    return Bluesky({"service": network.url, "handle": handle, **options}, password=network.password, manners=HASTY)


def window(network: Network) -> Window:
    return Window(network.now - timedelta(days=61), network.now + timedelta(hours=1))


def run(network: Network, store: Store, text: str = QUERY, **options: Any) -> Report:
    return collect([Ask(source(network, **options), Query("posts", text=text), window(network))], store, secret=SECRET)


@pytest.fixture
def spare(network: Network) -> list[str]:
    """Ten posts more, for tests that delete."""
    uris = network.members[1].post([record(f"vouée à disparaître n°{i}", network.now) for i in range(10)])
    network.until(lambda: network.count("disparaître") == 10)
    return uris


def test_300_posts_over_60_days_come_from_a_search_that_stops_at_200_hits(network: Network, tmp_path: Path) -> None:
    store = Store(tmp_path)
    report = run(network, store, profiles=True)
    posts = store.read("posts").to_pandas()
    assert report.coverage[["status", "rows"]].values.tolist() == [["complete", 300]]
    assert set(posts["id"]) == {post_id(uri) for uri in network.uris}
    assert len(posts) == 300
    assert (posts["created_at"].max() - posts["created_at"].min()).days == 59
    assert posts["author_key"].nunique() == 3
    assert posts["author_followers"].notna().all()
    assert set(posts["lang"]) == {"fr"}
    # They were all written just now, and say otherwise.
    old = posts["created_at"] < network.now - timedelta(days=2)
    assert set(posts.loc[old, "time_quality"]) == {"suspect"}
    kept = "".join(Archive(tmp_path).read(name).decode() for name in Archive(tmp_path).names())
    for name in ("alice.test", "Marie", network.password, "accessJwt"):
        assert name not in kept + posts.to_csv()


def test_a_plain_walk_of_the_same_search_would_miss_a_third(network: Network) -> None:
    cursor: dict[str, str] = {}
    found = 0
    while True:
        page = network.members[0].get("app.bsky.feed.searchPosts", q=QUERY, limit=100, **cursor)
        found += len(page["posts"])
        if not page.get("cursor"):
            break
        cursor = {"cursor": page["cursor"]}
    assert found == 200


def test_deleted_posts_disappear_when_they_are_looked_up_again(
    network: Network, spare: list[str], tmp_path: Path
) -> None:
    store = Store(tmp_path)
    run(network, store, text="disparaître")
    assert len(store.read("posts")) == 10
    for uri in spare[:3]:
        network.members[1].delete(uri)
    network.until(lambda: network.count("disparaître") == 7)
    (found,) = forget_deleted(store, [source(network)])
    assert (found.looked, found.gone, found.note) == (10, 3, "")
    assert set(store.read("posts")["id"].to_pylist()) == {post_id(uri) for uri in spare[3:]}
    for uri in spare[3:]:
        network.members[1].delete(uri)
    network.until(lambda: network.count("disparaître") == 0)


def test_forged_dates_are_flagged(network: Network, tmp_path: Path) -> None:
    forged = {"0001-01-01T00:00:00Z": "clamped", "2029-06-01T00:00:00Z": "clamped", "2011-06-01T00:00:00Z": "suspect"}
    network.members[2].post([record(f"date inventée {said[:4]}", said) for said in forged])
    whole = Window(datetime(1970, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(hours=1))
    store, asked = Store(tmp_path), source(network)
    for _ in range(20):
        # By the feed: the search of this network leaves out what lies before 1970.
        collect(
            [Ask(asked, Query("posts", name="carl", options={"account": "carl.test"}), whole)], store, secret=SECRET
        )
        posts = store.read("posts").to_pandas().drop_duplicates("id")
        posts = posts[posts["text"].str.startswith("date inventée")]
        if len(posts) == 3:
            break
        time.sleep(0.5)
    found = {f"{row.text[-4:]}-": row.time_quality for row in posts.itertuples()}
    assert found == {said[:5]: quality for said, quality in forged.items()}
    assert (posts["created_at"] <= datetime.now(UTC)).all()


def test_feeds_of_accounts_hold_reposts_as_such(network: Network, tmp_path: Path) -> None:
    alice, bob, _ = network.members
    bob.repost(network.uris[0])
    bob.follow(alice)
    feed = Query("posts", name="the brand", options={"account": "bob.test"})
    store, asked = Store(tmp_path), source(network, profiles=True)
    for _ in range(20):
        report = collect([Ask(asked, feed, window(network))], store, secret=SECRET)
        posts = store.read("posts").to_pandas().drop_duplicates("id")
        if (posts["kind"] == "repost").any():
            break
        time.sleep(0.5)
    assert report.coverage["status"].tolist() == ["complete"]
    own = posts[posts["kind"] == "post"]
    assert {post_id(uri) for uri in network.uris if uri.startswith(f"at://{bob.did}")} <= set(own["id"])
    assert posts.loc[posts["kind"] == "repost", "repost_of"].tolist() == [post_id(network.uris[0])]
    assert posts["author_key"].nunique() == 1


class Counting(SystemClock):
    """The real clock, which remembers how long it was slept on."""

    slept = 0.0

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        super().sleep(seconds)


def test_a_real_429_is_waited_out(network: Network, tmp_path: Path) -> None:
    dora = Member(network.http, "dora.test")
    answers: list[httpx.Response] = []
    while not answers or answers[-1].status_code == 200:
        body = {"identifier": dora.handle, "password": PASSWORD}
        answers.append(network.http.post("/xrpc/com.atproto.server.createSession", json=body))
        assert len(answers) < 60, "this network knows no rate limit: the test proves nothing"
    assert answers[-1].status_code == 429
    assert answers[-1].headers["ratelimit-remaining"] == "0"
    clock = Counting()
    login = {"service": network.url, "handle": dora.handle}
    refused = Bluesky(login, Wire(clock=clock), password=PASSWORD, manners=HASTY)
    said: list[str] = []
    store = Store(tmp_path)
    report = collect(
        [Ask(refused, Query("posts", text=QUERY), window(network))],
        store,
        clock=clock,
        secret=SECRET,
        progress=lambda p: said.append(p.note),
    )
    assert any("429" in note for note in said), "the login was not refused: the test proves nothing"
    assert clock.slept > 0.5
    assert report.coverage[["status", "rows"]].values.tolist() == [["complete", 300]], said


CHILD = """
import json, sys, time
from datetime import datetime
from sources.collect import collect
from sources.connector import Ask, Query, Window
from sources.social.bluesky import Bluesky
from sources.store import Store
from tests.faults import HASTY
told = json.loads(sys.argv[1])
source = Bluesky({"service": told["url"], "handle": told["handle"]}, password=told["password"], manners=HASTY)
window = Window(*(datetime.fromisoformat(t) for t in told["window"]))
def page(p):
    print(p.rows, flush=True)
    time.sleep(0.3)
report = collect([Ask(source, Query("posts", text=told["query"]), window)], Store(told["store"]), secret=bytes(range(32)),
                 progress=page)
print("ENDED", report.coverage["status"].tolist(), flush=True)
"""


def test_killed_in_mid_walk_it_goes_on_without_a_double_or_a_hole(network: Network, tmp_path: Path) -> None:
    told = {
        "url": network.url, "handle": network.members[0].handle, "password": network.password, "query": QUERY,
        "window": [w.isoformat() for w in (window(network).start, window(network).end)], "store": str(tmp_path / "store"),
    }  # fmt: skip
    kills, met = 0, list[int]()
    for _ in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, json.dumps(told)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        )
        assert child.stdout is not None
        line = child.stdout.readline()
        if kills < 2 and line and not line.startswith("ENDED"):
            met.append(int(line))
            child.send_signal(signal.SIGKILL)
            kills += 1
            child.communicate(timeout=30)
            continue
        rest, _ = child.communicate(timeout=60)
        assert child.returncode == 0
        assert "ENDED ['complete']" in line + rest
        break
    assert kills == 2, "the process was hardly ever killed: the test proves nothing"
    assert met[0] < met[1] < 300, "the second run did not go on where the first was killed"
    posts = Store(tmp_path / "store").read("posts").to_pandas()
    assert len(posts) == posts["id"].nunique() == 300
    assert set(posts["id"]) == {post_id(uri) for uri in network.uris}
