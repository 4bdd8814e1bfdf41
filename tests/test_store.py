"""The store: written once, all or nothing, the newest row of a key wins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from explorer.study import Topic
from explorer.tallies import Tallies
from sources.errors import BadFile, Unavailable
from sources.store import Store, batch_of
from sources.tables import KEYS, TABLES, conform, describe

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def counts(posts: float, query: str = "a") -> pd.DataFrame:
    period = pd.Timestamp("2024-01-01", tz="UTC")
    return pd.DataFrame(
        [
            {
                "query": query,
                "geo": "",
                "period": period,
                "grain": "week",
                "posts": posts,
                "authors": None,
                "unit": "count",
            }
        ]
    )


def test_the_same_batch_twice_changes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    first = store.append("counts", counts(3), source="x", batch_id="b", now=NOW)
    version = store.version()
    second = store.append("counts", counts(3), source="x", batch_id="b", now=NOW)
    assert (first.rows, first.already) == (1, False)
    assert (second.rows, second.already) == (0, True)
    assert store.version() == version
    assert len(store.read("counts")) == 1


def test_the_newest_version_of_a_row_wins_and_the_older_one_stays_on_disk(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.append("counts", counts(3), source="x", batch_id="old", now=NOW)
    store.append("counts", counts(5), source="x", batch_id="new", now=NOW + timedelta(days=1))
    store.append("counts", counts(4), source="x", batch_id="late arrival of an old one", now=NOW - timedelta(days=1))
    assert Tallies(store).counts()["posts"].tolist() == [5.0]
    assert len(store.read("counts")) == 3


@pytest.mark.parametrize("likes", [(7, None, 3), (3, 7, None), (None, 3, 7)])
def test_a_post_that_one_batch_brings_twice_stands_once_with_its_fullest_counts(
    tmp_path: Path, likes: tuple[int | None, ...]
) -> None:
    same = {
        "platform": "forum",
        "id": "1",
        "kind": "post",
        "created_at": NOW,
        "time_quality": "ok",
        "query": "a",
        "text": "b",
    }
    twice = pd.DataFrame([same | {"like_count": n} for n in likes]).astype({"like_count": "Int64"})
    store, topic = Store(tmp_path), Topic("a", "a", search=("a",), social="")
    store.append("posts", twice, source="x", batch_id="b", now=NOW)
    tallies = Tallies(store, topics=(topic,))
    assert tallies.n_posts() == 1
    assert tallies.sample(topic, 5)["like_count"].tolist() == [7]
    assert len(tallies.topics_of([topic])) == 1


def test_looking_at_a_study_leaves_no_trace(tmp_path: Path) -> None:
    store = Store(tmp_path / "nothing")
    assert store.files("posts") == []
    assert store.batches("posts").empty
    assert Tallies(store).n_posts() == 0
    assert not (tmp_path / "nothing").exists()


def test_a_frame_that_does_not_fit_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    with pytest.raises(ValueError, match="no column 'tweets'"):
        store.append("counts", counts(1).assign(tweets=1), source="x", batch_id="b", now=NOW)
    with pytest.raises(ValueError, match="'query' has 1 empty"):
        store.append("counts", counts(1).assign(query=None), source="x", batch_id="b", now=NOW)
    assert not (tmp_path / "store").exists()


def test_a_folder_that_cannot_be_written_is_one_sentence_with_a_remedy(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(Unavailable, match="check that the disk has room"):
        Store(blocked / "store").append("counts", counts(1), source="x", batch_id="b", now=NOW)


def test_a_corrupt_table_names_its_folder_and_the_way_out(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.append("counts", counts(1), source="x", batch_id="b", now=NOW)
    log = next((tmp_path / "counts" / "_delta_log").glob("*.json"))
    log.write_text("{ this is no log")
    with pytest.raises(BadFile, match="restore the folder from a backup"):
        store.read("counts")


def test_batches_say_what_was_stored_when(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.append("counts", counts(1), source="x", batch_id="one", now=NOW)
    store.append(
        "counts", pd.concat([counts(1, "b"), counts(2, "c")]), source="y", batch_id="two", now=NOW + timedelta(days=1)
    )
    batches = store.batches("counts")
    assert batches["batch_id"].tolist() == ["two", "one"]
    assert batches["rows"].tolist() == [2, 1]


def test_a_batch_is_its_bytes_and_how_they_were_read() -> None:
    assert batch_of("abc", "{}") == batch_of("abc", "{}")
    assert batch_of("abc", "{}") != batch_of("abc", '{"kind": "counts"}')
    assert batch_of("abc") != batch_of("abd")


@pytest.mark.parametrize("table", TABLES)
def test_every_column_says_what_it_means_and_keys_exist(table: str) -> None:
    described = describe(table)
    assert (described["what"].str.len() > 5).all()
    assert set(KEYS[table]) <= set(described["column"])


def test_conform_fills_what_is_not_known_with_null_and_not_with_zero() -> None:
    stamped = counts(1).drop(columns="authors").assign(source="x", fetched_at=pd.Timestamp(NOW), batch_id="b")
    assert conform(stamped, "counts")["authors"].null_count == 1


def test_a_store_made_before_a_column_existed_is_read_and_extended(tmp_path: Path) -> None:
    stamped = counts(3).drop(columns="authors").assign(source="x", fetched_at=pd.Timestamp(NOW), batch_id="old")
    older = pa.schema([field for field in TABLES["counts"] if field.name in stamped])
    write_deltalake(str(tmp_path / "counts"), pa.Table.from_pandas(stamped, schema=older, preserve_index=False))
    store = Store(tmp_path)
    assert Tallies(store).counts()["authors"].isna().all()
    store.append("counts", counts(5, "b").assign(authors=2.0), source="x", batch_id="new", now=NOW)
    found = Tallies(store).counts().set_index("query")["authors"]
    assert found["b"] == 2
    assert pd.isna(found["a"])
