"""A real server of the Mastodon API (snac): no Link headers, ids that are no numbers, dates of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sources.archive import Archive
from sources.collect import collect
from sources.connector import Ask, Query, Window
from sources.social.mastodon import Mastodon
from sources.store import Store
from tests.faults import HASTY
from tests.servers.running import Snac

SECRET = bytes(range(32))


def test_all_130_posts_come_without_link_headers(snac: Snac, tmp_path: Path) -> None:
    for user in ("alice", "bob"):
        snac.add(user)
    for i in range(130):
        snac.note(("alice", "bob")[i % 2], f"Pompe à chaleur n°{i} #pompeachaleur https://exemple.test/{i}")
    now = datetime.now(UTC)
    window = Window(now - timedelta(days=1), now + timedelta(minutes=1))
    source = Mastodon({"instances": [snac.url]}, manners=HASTY)
    report = collect([Ask(source, Query("posts", text='"pompe à chaleur"'), window)], Store(tmp_path), secret=SECRET)
    posts = Store(tmp_path).read("posts").to_pandas()
    assert report.coverage[["status", "rows"]].values.tolist() == [["complete", 130]]
    assert len(posts) == posts["id"].nunique() == 130
    assert posts["author_key"].nunique() == 2
    assert posts["text"].str.match(r"Pompe à chaleur n°\d+ #pompeachaleur https://exemple.test/\d+").all()
    kept = "".join(Archive(tmp_path).read(name).decode() for name in Archive(tmp_path).names("mastodon"))
    assert '"alice"' not in kept + posts.to_csv()


def test_an_unknown_tag_is_empty(snac: Snac, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    source = Mastodon({"instances": [snac.url]}, manners=HASTY)
    window = Window(now - timedelta(days=1), now)
    report = collect([Ask(source, Query("posts", text="inconnu"), window)], Store(tmp_path), secret=SECRET)
    assert report.coverage["status"].tolist() == ["empty"]
