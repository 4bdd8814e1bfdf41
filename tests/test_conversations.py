"""Conversations and segments: what is told rests on coverage, changes add up, segments exist only where they are stable."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from explorer.conversations import converse, echo, explain, explain_mean, shares
from explorer.segments import represented, segment
from explorer.study import Study
from explorer.tallies_people import PeopleTallies


def test_shares_rest_on_the_posts_that_tell() -> None:
    counted = pd.DataFrame({"topic": "x", "value": ["fr", "en", None], "posts": [60, 20, 20]})
    told = shares(counted).set_index("value")
    assert told["share"].to_dict() == {"fr": 0.75, "en": 0.25}
    assert (told["coverage"] == 0.8).all()
    assert (told["lo"] < told["share"]).all()
    assert shares(counted.assign(value=None)).empty, "nothing told is not zero"


def test_what_came_back_is_never_added_across_kinds_and_has_no_rate_without_followers() -> None:
    counted = pd.DataFrame(
        {"topic": "x", "measure": ["like_count", "reach:potential"], "total": [50.0, 9000.0], "known": [10, 5],
         "followers": [1000.0, 500.0], "posts": [20, 20]}
    )  # fmt: skip
    told = echo(counted).set_index("measure")
    assert told.loc["like_count", ["mean", "rate", "coverage"]].tolist() == [5, 0.05, 0.5]
    assert np.isnan(told.loc["reach:potential", "rate"])
    assert np.isnan(echo(counted.assign(followers=0.0))["rate"]).all()


def test_a_change_is_split_into_parts_that_add_up() -> None:
    told = explain(pd.Series({"a": 10.0, "b": 5.0}), pd.Series({"a": 30.0, "c": 2.0})).set_index("part")
    assert told["change"].to_dict() == {"a": 20, "b": -5, "c": 2}
    assert told["change"].sum() == 17
    assert told["share"].sum() == pytest.approx(1)
    missing = explain(pd.Series({"a": 10.0, "b": np.nan}), pd.Series({"a": 30.0, "b": 2.0})).set_index("part")
    assert np.isnan(missing.loc["b", "change"]), "what was not collected has not grown"
    assert missing["share"].isna().all()


def test_a_change_of_a_mean_is_split_into_mix_and_within_that_add_up() -> None:
    rng = np.random.default_rng(0)
    weight = pd.DataFrame(rng.uniform(1, 50, (5, 2)), list("abcde"), ["before", "after"])
    mean = pd.DataFrame(rng.uniform(0, 9, (5, 2)), list("abcde"), ["before", "after"])
    told = explain_mean(weight, mean)
    overall = (weight * mean).sum() / weight.sum()
    assert told["change"].sum() == pytest.approx(overall["after"] - overall["before"])
    still = explain_mean(weight, mean.assign(after=mean["before"]))
    assert still["within"].abs().max() == 0
    assert still["mix"].abs().max() > 0


def test_the_example_is_told_with_its_coverage(example: Study) -> None:
    told = converse(PeopleTallies(example.store), example.topics)
    assert len(told.volume) == 14
    assert told.tone["coverage"].between(0.2, 0.8).all()
    fire = told.tone[told.tone["topic"] == "securite"].iloc[0]
    assert fire["label"] == "negative"
    lang = told.traits[(told.traits["trait"] == "lang") & (told.traits["value"] == "fr")]
    assert (lang["share"] > 0.7).all()
    assert {m.split(":")[0] for m in told.echo["measure"]} == {
        "like_count",
        "repost_count",
        "reply_count",
        "view_count",
        "reach",
    }
    assert (told.echo["coverage"] < 1).all()
    own = told.words.groupby("group")["word"].agg(set)
    assert own["aides"] & {"maprimerénov", "anah", "prime"}
    assert own["granules"] & {"granulés", "poêle", "pellets"}
    assert not own["aides"] & own["granules"]


def people(kinds: list[dict[str, float]], each: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for k, topics in enumerate(kinds):
        for i in range(each):
            for topic, mean in topics.items():
                if posts := rng.poisson(mean):
                    rows.append((f"{k}-{i}", topic, posts))
    frame = pd.DataFrame(rows, columns=["author_key", "topic", "posts"])
    return frame.assign(followers=np.nan, negative=0, positive=0, labelled=0)


def test_planted_segments_are_found_with_their_number() -> None:
    found = segment(people([{"price": 9}, {"noise": 9}, {"grants": 9, "fire": 9}], 60))
    assert found.of["segment"].nunique() in (3, 4)
    planted = found.of["author_key"].str[0]
    joint = pd.crosstab(found.of["segment"], planted)
    assert (joint.max(axis=1) / joint.sum(axis=1) > 0.95).all()
    assert (found.table["people"] >= 10).all()


def test_people_without_segments_are_one_segment() -> None:
    alike = people([{"price": 3, "noise": 3, "grants": 3, "fire": 3}], 150)
    assert segment(alike).of["segment"].nunique() == 1


def test_groups_heard_less_than_their_number_are_named_and_small_ones_suppressed() -> None:
    spoken = pd.Series({"young": 600, "middle": 350, "old": 50, "oldest": 4})
    census = pd.Series({"young": 30.0, "middle": 40.0, "old": 25.0, "oldest": 5.0})
    told = represented(spoken, census).set_index("group")
    assert told.loc["old", "verdict"] == "under-represented"
    assert told.loc["young", "verdict"] == "over-represented"
    assert told.loc["oldest", "verdict"] == "suppressed"
    assert told.loc["oldest", ["people", "share", "ratio"]].isna().all()
    assert told.index[0] == "old"
    alike = represented(pd.Series({"a": 31, "b": 29}), pd.Series({"a": 1.0, "b": 1.0}))
    assert (alike["verdict"] == "cannot tell").all()
    with pytest.raises(ValueError, match="name the groups alike"):
        represented(spoken, pd.Series({"elsewhere": 1.0}))
