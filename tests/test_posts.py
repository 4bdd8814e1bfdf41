"""Stored posts become posts: newest versions, topics by query and by words, and repeated texts, against counts made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from explorer import tallies_engine
from explorer.study import BadStudy, Topic
from explorer.tallies import Binning
from explorer.tallies_people import PeopleTallies
from sources.store import Store

NOW = datetime(2026, 3, 2, tzinfo=UTC)
NOISE = Topic("noise", "Noise", search=("noise",), social="noise OR loud")
PRICE = Topic("price", "Price", search=("price",), social="price")
TOPICS = [NOISE, PRICE]


@pytest.fixture(params=["in memory", "large"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """An empty store whose posts are counted in memory, or as those of a large study are."""
    if request.param == "large":
        monkeypatch.setattr(tallies_engine, "IN_MEMORY", 0)
    return Store(tmp_path)


def bring(store: Store, batch: str, *posts: dict[str, object], later: int = 0) -> None:
    """Store posts as one batch, `later` days after NOW."""
    usual = {
        "platform": "forum",
        "kind": "post",
        "created_at": NOW,
        "time_quality": "ok",
        "query": "",
        "text": "nothing of it",
    }
    rows = pd.DataFrame([usual | post for post in posts])
    store.append("posts", rows, source="x", batch_id=batch, now=NOW + timedelta(days=later))


def topics_of(store: Store) -> dict[str, set[str]]:
    """Return the topics of every post that has one."""
    found = PeopleTallies(store, topics=TOPICS).topics_of(TOPICS)
    assert not found.duplicated().any()
    return {post: set(own["topic"]) for post, own in found.groupby("id")}


def test_a_post_belongs_to_every_query_that_met_it_else_to_its_words(store: Store) -> None:
    bring(
        store,
        "first",
        {"id": "met once", "query": "noise"},
        {"id": "met by another spelling", "query": " NOISE "},
        {"id": "met twice", "query": "noise"},
        {"id": "met, but says another word", "query": "price", "text": "so loud"},
        {"id": "says it", "query": "elsewhere", "text": "so loud, and the price"},
        {"id": "says it, without a query", "query": "", "text": "so loud"},
        {"id": "says it in its newest version", "query": ""},
        {"id": "says nothing", "query": ""},
    )
    bring(
        store,
        "second",
        {"id": "met twice", "query": "price"},
        {"id": "says it in its newest version", "query": "", "text": "what a price"},
        later=1,
    )
    assert topics_of(store) == {
        "met once": {"noise"},
        "met by another spelling": {"noise"},
        "met twice": {"noise", "price"},
        "met, but says another word": {"price"},
        "says it": {"noise", "price"},
        "says it, without a query": {"noise"},
        "says it in its newest version": {"price"},
    }


def test_a_post_counts_once_in_the_period_of_its_newest_version(store: Store) -> None:
    sunday, monday = NOW - timedelta(hours=1), NOW
    bring(store, "first", {"id": "1", "created_at": sunday}, {"id": "2", "created_at": sunday})
    bring(store, "second", {"id": "1", "created_at": monday}, {"id": "3", "created_at": monday}, later=1)
    bring(store, "third", {"id": "1", "created_at": monday}, later=2)
    tallies = PeopleTallies(store)
    assert tallies.n_posts() == 3
    weeks = tallies.posts_per_period(Binning("week"))
    assert dict(zip(weeks["period"].dt.strftime("%Y-%m-%d"), weeks["posts"], strict=True)) == {
        "2026-02-23": 1,
        "2026-03-02": 2,
    }
    assert str(weeks["period"].dt.tz) == "UTC"
    moved = PeopleTallies(store).posts_per_period(Binning("hour"))
    assert moved["posts"].tolist() == [1, 2]


def test_a_period_that_only_an_older_version_stood_in_is_none(store: Store) -> None:
    bring(store, "first", {"id": "1", "created_at": NOW - timedelta(days=40)})
    bring(store, "second", {"id": "1"}, later=1)
    assert PeopleTallies(store).posts_per_period(Binning("month"))["posts"].tolist() == [1]


def test_the_same_words_are_found_whatever_stands_around_them(store: Store) -> None:
    words = "this heat pump hums all night long and nobody answers"
    same = [
        words,
        f"  {words.upper()}!",
        f"@someone {words} @other",
        f"«{words.replace(' ', ', ')}» https://example.invalid/x",
    ]
    other = [f"{words} me", words.replace("pump", "pumps"), "thank you so much"]
    texts = [*same, *other, *other]
    bring(store, "all", *({"id": str(i), "author_key": f"a{i}", "text": text} for i, text in enumerate(texts)))
    found = PeopleTallies(store).repeated_texts(accounts=3, characters=40)
    assert sorted(found["id"]) == ["0", "1", "2", "3"]
    assert set(found["key"]) == {words}
    assert set(found["text"]) == set(same)
    assert PeopleTallies(store).repeated_texts(accounts=5, characters=40).empty
    assert PeopleTallies(store).repeated_texts(accounts=3, characters=len(words) + 1).empty


def test_repeating_oneself_is_not_repeated_by_several(store: Store) -> None:
    words = "this heat pump hums all night long and nobody answers"
    bring(store, "all", *({"id": str(i), "author_key": f"a{i % 2}", "text": words} for i in range(9)))
    assert PeopleTallies(store).repeated_texts(accounts=3, characters=40).empty


def test_opinions_count_authors_by_the_label_of_most_of_their_posts(store: Store) -> None:
    labels = {
        "cross": ["negative", "negative", "positive"],
        "torn": ["negative", "positive"],
        "glad": ["positive"],
        "mute": [None],
    }
    posts = [
        {"id": f"{who} {i}", "author_key": who, "query": "noise", "sentiment_label": label}
        for who, own in labels.items()
        for i, label in enumerate(own)
    ]
    bring(store, "all", *posts)
    found = PeopleTallies(store, topics=TOPICS).opinions(TOPICS)
    told = {tuple(row[["negative", "neutral", "positive"]].astype(bool)): row["authors"] for _, row in found.iterrows()}
    assert told == {(True, False, False): 1, (True, False, True): 1, (False, False, True): 1}


def test_a_damaged_file_is_named_with_the_way_out(store: Store) -> None:
    bring(store, "all", {"id": "1"})
    file = Path(store.files("posts")[0])
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(BadStudy, match=f"posts/{file.name}: a stored file is damaged or gone; restore the folder"):
        PeopleTallies(store).n_posts()
