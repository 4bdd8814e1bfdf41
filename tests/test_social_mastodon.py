"""Mastodon: hashtag timelines walked by max_id, instances that are closed or down, and one person on two of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sources.archive import Archive
from sources.collect import Report, collect
from sources.connector import Ask, Query, Window
from sources.deletions import forget_deleted
from sources.errors import BadQuery
from sources.privacy import author_key
from sources.social.mastodon import Mastodon
from sources.social.mastodon_posts import post_id
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
from tests.networks import MastodonServer

SECRET = bytes(range(32))
JANUARY = Window(utc(2026, 1, 1), utc(2026, 1, 31))
QUERY = '"pompe à chaleur"'
TAG = "/api/v1/timelines/tag/"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(utc(2026, 3, 4, 12), step=0.001)


@pytest.fixture
def network(server: Server) -> MastodonServer:
    return MastodonServer(server)


@pytest.fixture
def servers() -> Any:
    running = [Server(), Server()]
    yield running
    for one in running:
        one.close()


def run(instances: list[str], store: Store, clock: FakeClock, text: str = QUERY, **more: Any) -> Report:
    window = more.pop("window", JANUARY)
    source = Mastodon(
        {"instances": instances, **more.pop("options", {})}, Wire(clock=clock), manners=HASTY, seconds=0.5
    )
    return collect([Ask(source, Query("posts", text=text), window)], store, clock=clock, secret=SECRET, **more)


def stored(store: Store) -> pd.DataFrame:
    return store.read("posts").to_pandas()


def status(report: Report) -> list[str]:
    return list(report.coverage["status"])


def test_all_posts_come_without_a_link_header(network: MastodonServer, clock: FakeClock, tmp_path: Path) -> None:
    store = Store(tmp_path)
    report = run([network.base], store, clock)
    assert len(stored(store)) == stored(store)["id"].nunique() == 130
    assert status(report) == ["complete"]
    assert len(network.server.asked(TAG)) == 5, "four pages and the empty one that ends them"


def test_a_window_takes_its_own_posts_and_the_walk_ends_behind_it(
    network: MastodonServer, clock: FakeClock, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    report = run([network.base], store, clock, window=Window(utc(2026, 1, 25), utc(2026, 1, 28)))
    assert stored(store)["created_at"].between(utc(2026, 1, 25), utc(2026, 1, 28), inclusive="left").all()
    assert len(stored(store)) == 13
    assert status(report) == ["complete"]
    assert len(network.server.asked(TAG)) == 2


def test_an_instance_that_closed_its_feeds_is_told_and_costs_the_other_nothing(
    servers: list[Server], clock: FakeClock, tmp_path: Path
) -> None:
    open_one, closed = MastodonServer(servers[0], posts=60), MastodonServer(servers[1])
    closed.closed = 422
    store = Store(tmp_path)
    report = run([closed.base, open_one.base], store, clock)
    assert len(stored(store)) == 60
    assert status(report) == ["partial"]
    assert "its own people only" in report.coverage["note"][0]
    assert len(servers[1].asked(TAG)) == 1, "a refusal was asked again"


@pytest.mark.parametrize("code", [401, 422])
def test_where_all_feeds_are_closed_it_is_refused_and_not_empty(
    network: MastodonServer, clock: FakeClock, tmp_path: Path, code: int
) -> None:
    network.closed = code
    report = run([network.base], Store(tmp_path), clock)
    assert status(report) == ["refused"]


@pytest.mark.parametrize(
    ("access", "found", "said"),
    [
        ({"local": "public", "remote": "authenticated"}, "complete", "only posts of its own people"),
        ({"local": "disabled", "remote": "authenticated"}, "refused", "its own people only"),
        ({"local": "public", "remote": "public"}, "complete", ""),
    ],
)
def test_feeds_that_are_closed_by_halves_are_told(
    network: MastodonServer, clock: FakeClock, tmp_path: Path, access: dict[str, str], found: str, said: str
) -> None:
    network.server.route("/api/v2/instance", Reply({"configuration": {"timelines_access": {"hashtag_feeds": access}}}))
    report = run([network.base], Store(tmp_path), clock)
    assert status(report) == [found]
    assert said in report.coverage["note"][0]
    assert len(network.server.asked("/api/v2/instance")) == 1


def test_an_instance_that_is_down_costs_the_other_nothing_and_is_taken_up_later(
    servers: list[Server], clock: FakeClock, tmp_path: Path
) -> None:
    up, down = MastodonServer(servers[0], posts=60), MastodonServer(servers[1], posts=20)
    for status_ in down.statuses:
        status_["uri"] += "/other"
    tag = down._tag
    down.server.route(TAG, Reply("<html>bad gateway</html>", 502, type="text/html"))
    store = Store(tmp_path)
    report = run([down.base, up.base], store, clock)
    assert (status(report), len(stored(store)), report.unfinished) == (["partial"], 60, 1)
    before = len(servers[0].asked(TAG))
    down.server.route(TAG, tag)
    again = run([down.base, up.base], store, clock)
    assert (status(again)[-1], len(stored(store))) == ("complete", 80)
    assert len(servers[0].asked(TAG)) == before, "what was finished was asked again"


def test_the_same_post_and_person_on_two_instances_are_one(
    servers: list[Server], clock: FakeClock, tmp_path: Path
) -> None:
    one, other = MastodonServer(servers[0], posts=30), MastodonServer(servers[1], posts=30)
    for status_ in other.statuses:
        status_["id"] = str(int(status_["id"]) + 7)
    store = Store(tmp_path)
    run([one.base, other.base], store, clock)
    assert len(stored(store)) == 30
    assert set(stored(store)["author_key"]) == {
        author_key("mastodon", f"user{i}@elsewhere.test", SECRET) for i in range(7)
    }


def test_no_name_handle_or_picture_reaches_the_disk(network: MastodonServer, clock: FakeClock, tmp_path: Path) -> None:
    store = Store(tmp_path)
    run([network.base], store, clock)
    archive = Archive(tmp_path)
    everything = stored(store).to_csv() + "".join(archive.read(n).decode() for n in archive.names("mastodon"))
    for name in ("user3", "Marie", "marie", "a.jpg", "bio"):
        assert name not in everything
    first = stored(store).sort_values("created_at").iloc[0]
    assert first["text"] == "Pompe à chaleur n°0 exemple.test/0\n@user"
    assert json.loads(first["links"]) == ["https://exemple.test/0"]


def test_robots_are_told_apart_and_others_are_not_taken_for_persons(
    network: MastodonServer, clock: FakeClock, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    run([network.base], store, clock)
    kinds = stored(store)["author_kind"]
    assert set(kinds.dropna()) == {"bot"}
    assert 10 < kinds.notna().sum() < 25


def test_a_post_from_the_future_is_flagged(network: MastodonServer, clock: FakeClock, tmp_path: Path) -> None:
    network.statuses[-1]["created_at"] = "2029-01-01T00:00:00Z"
    store = Store(tmp_path)
    run([network.base], store, clock, window=Window(JANUARY.start, clock.now() + timedelta(days=1)))
    odd = stored(store)[stored(store)["time_quality"] == "clamped"]
    assert odd["created_at_claimed"].tolist() == [pd.Timestamp("2029-01-01", tz="UTC")]
    assert (odd["created_at"] < pd.Timestamp("2026-03-05", tz="UTC")).all()


def test_a_timeline_that_ignores_max_id_does_not_go_round_for_ever(
    network: MastodonServer, clock: FakeClock, tmp_path: Path
) -> None:
    network.heeds_max_id = False
    report = run([network.base], Store(tmp_path), clock)
    assert status(report) == ["partial"]
    assert len(network.server.asked(TAG)) == 2


def test_an_unknown_tag_is_empty(network: MastodonServer, clock: FakeClock, tmp_path: Path) -> None:
    assert status(run([network.base], Store(tmp_path), clock, text="nobody says this")) == ["empty"]


def test_words_become_the_hashtags_people_write() -> None:
    source = Mastodon({"tags": {"bruit": ["#NuisancesSonores", "bruit"]}})
    assert source.tags('"pompe à chaleur" AND (bruit OR bruyante)') == ("pompeachaleur",)
    assert source.tags("chaudière OR #Chauffage") == ("chaudiere", "chauffage")
    assert source.tags("bruit") == ("nuisancessonores", "bruit")
    with pytest.raises(BadQuery):
        source.tags("NOT bruit")


def test_stopped_after_any_page_it_goes_on_without_a_double_or_a_hole(
    servers: list[Server], clock: FakeClock, tmp_path: Path
) -> None:
    networks = [MastodonServer(s, posts=90) for s in servers]
    store, rounds = Store(tmp_path), 0

    def after_one() -> Callable[[], bool]:
        seen = iter(range(100))
        return lambda: next(seen) > 0

    report = run([n.base for n in networks], store, clock, stop=after_one())
    while report.stopped:
        rounds += 1
        assert rounds < 30
        report = run([n.base for n in networks], store, clock, stop=after_one())
    assert rounds >= 3, "it was hardly ever stopped: the test proves nothing"
    assert status(report)[-1] == "complete"
    assert len(stored(store)) == stored(store)["id"].nunique() == 90


def test_what_was_deleted_disappears_from_the_store_and_the_kept_answers(
    network: MastodonServer, clock: FakeClock, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    run([network.base], store, clock)
    deleted = network.statuses.pop(7)
    before = stored(store)
    (found,) = forget_deleted(
        store, [Mastodon({"instances": [network.base]}, Wire(clock=clock), manners=HASTY)], clock=clock
    )
    assert (found.stored, found.looked, found.gone, found.note) == (130, 130, 1, "")
    after = stored(store)
    assert set(before["id"]) - set(after["id"]) == {post_id(deleted["uri"])}
    text = before.set_index("id").loc[post_id(deleted["uri"]), "text"]
    assert all(text.encode() not in f.read_bytes() for f in tmp_path.rglob("*.parquet"))
    archive = Archive(tmp_path)
    assert text.split("\n")[0] not in "".join(archive.read(n).decode() for n in archive.names())
    (again,) = forget_deleted(
        store, [Mastodon({"instances": [network.base]}, Wire(clock=clock), manners=HASTY)], clock=clock
    )
    assert (again.looked, again.gone) == (129, 0)
    store.append(
        "posts",
        before.drop(columns=["source", "fetched_at", "batch_id"]),
        source="an old export",
        batch_id="b",
        now=clock.now(),
    )
    assert post_id(deleted["uri"]) not in set(stored(store)["id"]), "it came back"


def test_a_timeline_of_another_program_is_read(
    shared: Callable[..., Path], server: Server, clock: FakeClock, tmp_path: Path
) -> None:
    found = json.loads(shared("fixtures", "social", "mastodon", "snac_tag_timeline.json").read_text(encoding="utf-8"))
    server.route(TAG, lambda asked: Reply([] if "max_id" in asked.params else found))
    store = Store(tmp_path)
    clock.sleep(400 * 86400)
    run([server.url], store, clock, window=Window(utc(2026, 11, 1), utc(2026, 12, 1)))
    posts = stored(store)
    assert len(posts) == len(found)
    assert posts["text"].str.startswith("Pompe à chaleur en panne n°").all()
    assert json.loads(posts["links"][0])[0].startswith("https://exemple.fr/")
    assert len(json.loads(posts["links"][0])) == 1
