"""Who speaks: loud minorities measured and corrected for, coordinated repetition found and named."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.answers import find_gaps
from explorer.repetition import Repetition, coordinated, find_repetition, groups_by_topic
from explorer.study import Study, Topic, read_study
from explorer.tallies_people import PeopleTallies
from explorer.voices import TooFewVoices, compare, concentration, lorenz, wilson
from forecasting import gap
from sources.example import precision_recall
from sources.example.truth import Truth
from sources.store import Store
from sources.tables import STAMP

START = pd.Timestamp("2026-03-01 12:00", tz="UTC")


@pytest.fixture(scope="module")
def tallies(example: Study) -> PeopleTallies:
    return PeopleTallies(example.store)


@pytest.fixture(scope="module")
def repetition(tallies: PeopleTallies) -> Repetition:
    return find_repetition(tallies)


# --- how voices are spread ---


def test_everyone_alike_is_no_concentration() -> None:
    found = concentration([2] * 50)
    assert found.gini.value == 0
    assert found.voices1.value == pytest.approx(50)
    assert found.voices2.value == pytest.approx(50)
    assert found.top10.value == pytest.approx(0.1)
    assert (found.gini.lo, found.gini.hi) == pytest.approx((0, 0), abs=1e-6)


def test_measures_follow_their_definitions() -> None:
    posts = np.array([1, 1, 1, 1, 2, 2, 3, 5, 9, 25], dtype=float)
    found = concentration(posts)
    share = posts / posts.sum()
    pairs = np.abs(posts[:, None] - posts[None, :]).sum()
    assert found.gini.value == pytest.approx(pairs / (2 * len(posts) ** 2 * posts.mean()))
    assert found.voices1.value == pytest.approx(np.exp(-(share * np.log(share)).sum()))
    assert found.voices2.value == pytest.approx(1 / (share**2).sum())
    assert found.top10.value == pytest.approx(0.5)
    assert found.top1.value == pytest.approx(0.05), "a tenth of the one account that is 1 %"
    for measure in (found.gini, found.top10, found.voices1, found.voices2):
        assert measure.lo < measure.hi


def test_authors_by_size_and_one_by_one_are_the_same() -> None:
    single = concentration([1] * 30 + [2] * 10 + [40])
    sized = concentration([1, 2, 40], [30, 10, 1])
    assert single == sized
    assert sized.authors == 41
    assert sized.posts == 90


def test_ten_accounts_that_never_stop_collapse_the_effective_number_of_voices() -> None:
    crowd = concentration([1, 2], [1500, 500])
    loud = concentration([1, 2, 1000], [1500, 500, 10])
    assert crowd.voices2.value > 1500
    assert loud.voices2.value < 20
    assert loud.top1.value > 0.75


def test_the_interval_of_the_gini_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)

    def draw(n: int) -> np.ndarray:
        return 1 + rng.negative_binomial(0.6, 0.4, n)

    truth = concentration(draw(400_000), draws=2)
    hits = np.zeros(2)
    for k in range(60):
        found = concentration(draw(300), draws=200, seed=k)
        voices = truth.voices2.value / truth.authors * 300
        hits += [found.gini.lo <= truth.gini.value <= found.gini.hi, found.voices2.lo <= voices <= found.voices2.hi]
    assert (hits / 60 > 0.8).all(), hits / 60


def test_too_few_authors_and_impossible_posts_are_refused() -> None:
    with pytest.raises(TooFewVoices, match="3 authors are too few"):
        concentration([1, 2, 3])
    with pytest.raises(ValueError, match="at least one post"):
        concentration([0] * 20)


def test_the_curve_starts_with_the_most_active() -> None:
    curve = lorenz([1, 99], [99, 1])
    assert curve["posts"].tolist() == pytest.approx([0, 0.5, 1])
    assert curve["authors"].tolist() == pytest.approx([0, 0.01, 1])


def test_score_intervals_stay_inside_zero_and_one() -> None:
    lo, hi = wilson(np.array([0.0, 5.0, 10.0]), 10.0)
    assert lo[0] == 0
    assert hi[2] == 1
    assert lo[1] < 0.5 < hi[1]


# --- raw beside corrected ---


def test_inflated_topics_shrink_when_people_are_counted(
    tallies: PeopleTallies, example: Study, truth: Truth, repetition: Repetition
) -> None:
    found = repetition
    topics = example.topics
    table = compare(
        tallies.spoken(topics, None),
        tallies.spoken(topics, None, None, found.posts),
        groups_by_topic(found, tallies, topics),
    ).set_index("topic")
    assert table["raw"].sum() == pytest.approx(1)
    assert table["corrected"].sum() == pytest.approx(1)
    inflated = list(truth.inflated)
    assert (table.loc[inflated, "shift"] < -0.4).all()
    assert (table.drop(index=inflated)["shift"] > 0).all()
    assert (table["lo"] < table["corrected"]).all()
    planted = truth.coordinated.merge(truth.posts, on="id").groupby("topic").size()
    assert table.loc[planted.index, "repeated"].to_dict() == planted.to_dict()
    assert (table.loc[planted.index, "groups"] == 1).all()


def test_few_loud_accounts_show_in_the_effective_number_of_voices(
    tallies: PeopleTallies, example: Study, truth: Truth
) -> None:
    per = tallies.per_author(example.topics)
    voices = {t: concentration(g["posts"], g["authors"], draws=50) for t, g in per.groupby("topic")}
    inflated = truth.inflated
    for topic in inflated:
        assert voices[topic].voices2.value < 20 < voices["aides"].voices2.value
    assert voices[""].authors == tallies.speakers(example.topics)["author_key"].nunique()
    assert voices[""].posts <= sum(v.posts for t, v in voices.items() if t)


def test_ten_accounts_posting_a_thousand_times_move_no_verdict(shared: Callable[..., Path]) -> None:
    spec = importlib.util.spec_from_file_location("gap_world", shared("bench", "gap_world.py"))
    assert spec is not None
    assert spec.loader is not None
    worlds = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(worlds)
    for seed in range(3):
        search, social, _ = worlds.world(seed)
        social = social.assign(loud_authors=0.0)
        before = gap(search, social).set_index("topic")
        for topic in before.index[:: len(before) // 4]:
            after = gap(search, _flooded(social, topic)).set_index("topic")
            # Ten people more are ten people more: a bound that lies on a threshold to the third digit may cross it.
            bounds = before[["lo", "hi"]].abs().to_numpy()
            on_edge = pd.Series((np.abs(bounds - 0.5) < 0.005).any(axis=1) | (bounds < 0.005).any(axis=1), before.index)
            same = after["verdict"].reindex(before.index) == before["verdict"]
            assert (same | on_edge).all(), (seed, topic)
            assert same[topic], (seed, topic)


def _flooded(social: pd.DataFrame, topic: str) -> pd.DataFrame:
    """Ten accounts more on one topic, a thousand posts each over the last year: ten authors in every week."""
    flooded = social.copy()
    recent = flooded["period"].isin(sorted(flooded["period"].unique())[-52:])
    here = recent & (flooded["topic"] == topic)
    flooded[["posts", "authors"]] = flooded[["posts", "authors"]].astype(float)
    flooded.loc[here, "posts"] += 10_000 / 52
    flooded.loc[here, "authors"] += 10
    flooded.loc[here, "loud_authors"] += 10
    return flooded


# --- coordinated repetition ---


def test_planted_bursts_are_found_and_named(truth: Truth, repetition: Repetition) -> None:
    planned, found = truth.coordinated, repetition
    precision, recall = precision_recall(found.posts["id"], planned["id"])
    assert precision >= 0.9
    assert recall >= 0.9
    assert len(found.bursts) == planned["burst"].nunique()
    for row in found.bursts.itertuples():
        planted = planned[planned["text"] == row.words]
        assert len(planted), "named by the words that were repeated"
        assert 0 < row.minutes <= 8
    assert found.groups["accounts"].tolist() == [planned["author_key"].nunique()], "one group stands behind all bursts"


def rows(*posts: tuple[str, int, str], text: bool = True) -> pd.DataFrame:
    frame = pd.DataFrame(posts, columns=["author_key", "minute", "key"])
    frame["created_at"] = START + pd.to_timedelta(frame.pop("minute"), "min")
    frame["id"] = [f"{'t' if text else 'l'}{i}" for i in range(len(frame))]
    frame["platform"] = "net"
    return frame.assign(text=frame["key"]) if text else frame


NONE = rows().assign(text="")


def test_the_same_words_far_apart_or_by_one_account_are_not_coordinated() -> None:
    far = rows(("a", 0, "w"), ("b", 60, "w"), ("c", 120, "w"))
    alone = rows(*[("a", i, "w") for i in range(9)])
    assert coordinated(far, NONE).posts.empty
    assert coordinated(alone, NONE).posts.empty
    assert len(coordinated(rows(("a", 0, "w"), ("b", 5, "w"), ("c", 12, "w")), NONE).posts) == 3


def test_a_link_alone_counts_only_when_the_same_accounts_meet_again() -> None:
    once = rows(("a", 0, "u"), ("b", 1, "u"), ("c", 2, "u"), text=False)
    news = rows(*[(f"p{i}", i, "u") for i in range(50)], text=False)
    again = rows(*[(p, 1000 * k + i, f"u{k}") for k in range(3) for i, p in enumerate("abc")], text=False)
    assert coordinated(NONE, once).posts.empty
    assert coordinated(NONE, news).posts.empty
    found = coordinated(NONE, pd.concat([again, news.assign(id=news["id"] + "n")], ignore_index=True))
    assert set(found.posts["author_key"]) == set("abc")
    assert found.groups[["accounts", "bursts", "posts"]].to_numpy().tolist() == [[3, 3, 9]]
    assert set(found.bursts["by"]) == {"link"}


def test_groups_are_told_apart_by_the_bursts_they_share() -> None:
    one = rows(*[(p, i, "first") for i, p in enumerate("abc")])
    two = rows(*[(p, 500 + i, "second") for i, p in enumerate("xyzw")]).assign(id=["q1", "q2", "q3", "q4"])
    found = coordinated(pd.concat([one, two], ignore_index=True), NONE)
    assert found.groups["accounts"].tolist() == [4, 3]
    assert found.bursts["burst"].tolist() == [1, 2]


def small_store(folder: Path, posts: list[dict]) -> PeopleTallies:
    frame = pd.DataFrame(posts)
    frame = frame.assign(platform="net", id=[f"p{i}" for i in range(len(frame))], time_quality="ok")
    frame["kind"] = frame["kind"].fillna("post") if "kind" in frame else "post"
    if "query" not in frame:
        frame["query"] = "noise"
    store = Store(folder)
    store.append("posts", frame, source="test", batch_id="b", now=datetime(2026, 7, 1, tzinfo=UTC))
    return PeopleTallies(store)


WORDS = "They want to take away your boiler, sign before it is too late"


def test_addresses_and_handles_do_not_hide_the_same_words(tmp_path: Path) -> None:
    said = [
        WORDS.upper(),
        f"@user {WORDS} https://a.example/1",
        f"{WORDS} !!! https://b.example/2",
        "Thank you very much",
    ]
    posts = [
        {"author_key": f"a{i}", "text": text, "created_at": START + pd.Timedelta(i, "min")}
        for i, text in enumerate([*said, "thank you very much", "Thank you, very much!"])
    ]
    found = find_repetition(small_store(tmp_path, posts))
    assert set(found.posts["id"]) == {"p0", "p1", "p2"}, "short thanks are not arranged"


def test_every_address_of_a_post_counts_listed_or_in_its_text(tmp_path: Path) -> None:
    posts = [
        {"author_key": f"a{i}", "text": f"{n} {i} different words", "created_at": START + pd.Timedelta(600 * n + i, "min"),
         "links": f'["https://other.example/{i}", "https://sign.example/{n}"]' if i else None}
        for n in range(2) for i in range(4)
    ]  # fmt: skip
    for post in posts:
        if post["links"] is None:
            post["text"] += f" https://sign.example/{posts.index(post) // 4}"
    found = find_repetition(small_store(tmp_path, posts))
    assert len(found.posts) == 8
    assert set(found.bursts["words"]) == {"https://sign.example/0", "https://sign.example/1"}


def test_a_flood_moves_no_verdict_of_the_example(example: Study, tmp_path: Path) -> None:
    before = find_gaps(example)
    flood = example.store.read("posts").to_pandas().drop(columns=list(STAMP))
    flood = flood[(flood["kind"] == "post") & (flood["query"] == example.topic("bruit").social)].iloc[[0]]
    weeks = pd.date_range("2025-07-01", "2026-06-20", periods=1000, tz="UTC")
    many = flood.loc[flood.index.repeat(10_000)].reset_index(drop=True)
    many["id"] = [f"flood-{i}" for i in range(len(many))]
    many["author_key"] = [f"flooder-{i % 10}" for i in range(len(many))]
    many["created_at"] = np.repeat(weeks, 10) + pd.to_timedelta(np.tile(np.arange(10), 1000), "h")
    folder = tmp_path / "study"
    shutil.copytree(example.path.parent, folder)
    flooded = read_study(folder / example.path.name)
    flooded.store.append("posts", many, source="flood", batch_id="flood", now=datetime(2026, 6, 29, tzinfo=UTC))
    tallies = PeopleTallies(flooded.store)
    after = find_gaps(flooded, tallies=tallies)
    raw = find_gaps(flooded, corrected=False, tallies=tallies)
    moved = before.table.set_index("topic")["verdict"] != after.table.set_index("topic")["verdict"].reindex(
        before.table["topic"]
    )
    assert not moved.any()
    assert before.row("bruit")["verdict"] == "silent"
    assert raw.row("bruit")["verdict"] != "silent", "counted raw, the flood hides the silent topic"


def test_who_answers_whom_is_counted_and_missing_parents_are_told(tmp_path: Path) -> None:
    posts = [
        {"author_key": "a", "text": "one"},
        {"author_key": "b", "text": "two", "kind": "reply", "in_reply_to": "p0"},
        {"author_key": "b", "text": "three", "kind": "reply", "in_reply_to": "p0"},
        {"author_key": "a", "text": "four", "kind": "reply", "in_reply_to": "p0"},
        {"author_key": "c", "text": "five", "kind": "reply", "in_reply_to": "elsewhere"},
        {"author_key": "c", "kind": "repost", "repost_of": "p1"},
    ]
    found = small_store(tmp_path, [{**p, "created_at": START} for p in posts]).interactions(("reply", "repost"))
    told = {
        (r.kind, r.source, r.target): r.weight for r in found.astype(object).where(found.notna(), None).itertuples()
    }
    assert told == {("reply", "b", "a"): 2, ("reply", "c", None): 1, ("repost", "c", "b"): 1}


def test_a_span_cuts_and_words_count_authors(tmp_path: Path) -> None:
    posts = [
        {"author_key": "a", "text": "Bruit bruit #bruit", "created_at": START},
        {"author_key": "a", "text": "bruit encore", "created_at": START},
        {"author_key": "b", "text": "Le bruit de l’été https://bruit.example", "created_at": START},
        {"author_key": "c", "text": "bruit", "created_at": START + pd.Timedelta(2, "D")},
    ]
    tallies = small_store(tmp_path, posts)
    topic = [Topic("noise", "Noise", (), "noise")]
    day = (START.floor("D"), START.floor("D") + pd.Timedelta(1, "D"))
    words = tallies.words(topic, span=day, least=1).set_index("word")["authors"]
    assert words["bruit"] == 2
    assert words["été"] == 1
    assert words["#bruit"] == 1
    assert tallies.spoken(topic, None).loc[0, ["posts", "authors"]].tolist() == [4, 3]
    assert tallies.spoken(topic, None, day).loc[0, ["posts", "authors"]].tolist() == [3, 2]
