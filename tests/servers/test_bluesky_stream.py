"""The event stream of a real Bluesky network: everything it holds, at the time it came, and what was deleted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sources.archive import Archive
from sources.collect import Report, collect
from sources.connector import Ask, Query, Window
from sources.social.bluesky_firehose import BlueskyFirehose
from sources.social.bluesky_posts import post_id
from sources.store import Store
from tests.faults import HASTY
from tests.servers.network import Network, record

SECRET = bytes(range(32))
QUERY = '"pompe à chaleur"'


def source(network: Network) -> BlueskyFirehose:
    told = {"service": network.url.replace("http", "ws"), "view": network.view}
    return BlueskyFirehose(told, quiet=1.0, manners=HASTY)


def run(network: Network, store: Store, *queries: str) -> Report:
    now = datetime.now(UTC)
    asked = Query("posts", terms=queries)
    return collect([Ask(source(network), asked, Window(now - timedelta(days=3), now))], store, secret=SECRET)


def test_a_replay_from_the_beginning_holds_every_post_at_the_time_it_came(network: Network, tmp_path: Path) -> None:
    store = Store(tmp_path)
    report = run(network, store, QUERY)
    posts = store.read("posts").to_pandas()
    assert set(posts["id"]) == {post_id(uri) for uri in network.uris}
    assert len(posts) == 300
    # They claim 60 days and were written within the minutes of this test.
    assert (posts["created_at"] >= network.now).all()
    assert (posts["created_at_claimed"].max() - posts["created_at_claimed"].min()).days == 59
    old = posts["created_at_claimed"] < network.now - timedelta(days=2)
    assert old.sum() > 280
    assert set(posts.loc[old, "time_quality"]) == {"suspect"}
    # The network is younger than the window: what came before its first event is not known.
    early, whole = report.coverage.sort_values("start").to_dict("records")
    assert (early["status"], early["rows"], whole["status"], whole["rows"]) == ("unavailable", 0, "complete", 300)
    assert early["end"] == whole["start"] >= network.now - timedelta(minutes=5)
    kept = "".join(Archive(tmp_path).read(name).decode() for name in Archive(tmp_path).names())
    assert "alice.test" not in kept + posts.to_csv()


def test_posts_that_the_stream_or_the_view_says_are_deleted_do_not_stay(network: Network, tmp_path: Path) -> None:
    uris = network.members[2].post([record(f"un flux qui passe n°{i}", network.now) for i in range(4)])
    network.until(lambda: network.count("flux qui passe") == 4)
    network.members[2].delete(uris[0])
    store = Store(tmp_path)
    run(network, store, "flux")
    assert set(store.read("posts")["id"].to_pylist()) == {post_id(uri) for uri in uris[1:]}
    network.members[2].delete(uris[1])
    network.until(lambda: network.count("flux qui passe") == 2)
    (name,) = Archive(tmp_path).names()
    seen = source(network).look_again(Archive(tmp_path).read(name))
    assert seen.gone == (post_id(uris[1]),)
    assert set(seen.here) == {post_id(uri) for uri in uris[2:]}
