"""The conversation on one topic: parts add up, labels of the source come first, everything says what it rests on."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer import telling_views
from explorer.carried import through_time
from explorer.study import Study, Topic
from explorer.tallies_texts import TextTallies
from explorer.telling import Telling, tell
from explorer.words import Words
from sources.store import Store

SPAN = (pd.Timestamp("2025-06-02", tz="UTC"), pd.Timestamp("2026-06-01", tz="UTC"))


@pytest.fixture(scope="module")
def tallies(example: Study) -> TextTallies:
    return TextTallies(example.store)


@pytest.fixture(scope="module")
def told(example: Study, tallies: TextTallies) -> Telling:
    return tell(example, "securite", SPAN, tallies=tallies, sample=300)


def test_parts_of_every_trait_add_up_to_the_change_of_the_whole(told: Telling) -> None:
    volume = told.volume.set_index("when")["posts"]
    sums = told.change.groupby("trait")["change"].sum()
    assert set(sums.index) == {"platform", "lang", "country"}
    assert (sums == volume["now"] - volume["before"]).all()
    assert volume.sum() > 0
    untold = told.change[(told.change["trait"] == "country") & (told.change["part"] == "")]
    assert len(untold) == 1, "posts that tell no country are a part of their own"
    coverage = told.change.set_index("trait")["coverage"]
    assert coverage["country"].iloc[0] == pytest.approx(1 - untold[["before", "after"]].sum().sum() / volume.sum())


def test_the_sample_is_bounded_random_and_the_same_at_every_call(tallies: TextTallies, example: Study) -> None:
    topic = [example.topic("securite")]
    once, again = (tallies.texts(topic, SPAN, limit=50) for _ in range(2))
    pd.testing.assert_frame_equal(once, again)
    assert len(once) == 50
    assert once["text"].nunique() > 25
    assert tallies.texts(topic, (SPAN[0], SPAN[0]), limit=50).empty


def test_labels_of_the_source_come_first_and_are_never_mixed_with_ours(told: Telling) -> None:
    engines = list(dict.fromkeys(told.tone["engine"]))
    assert engines[0].startswith("imported: ")
    assert any(not e.startswith("imported") for e in engines)
    by = told.tone.groupby("engine")
    assert np.allclose(by["share"].sum(), 1)
    assert by["n"].first().sum() <= told.read
    theirs = told.tone[told.tone["engine"] == engines[0]].set_index("label")
    assert theirs["share"].idxmax() == "negative", "a fire is spoken of in a negative tone"
    assert (theirs["lo"] <= theirs["share"]).all()
    assert told.agree.n > 30


def test_emotions_say_how_far_they_can_be_trusted(told: Telling) -> None:
    assert set(told.emotions["reliability"]) == {"weak"}
    assert told.emotions["share"].is_monotonic_decreasing
    assert not told.emotions["corrected"].any(), "what a weak reader confuses elsewhere corrects nothing"
    assert told.emotions["share"].sum() == pytest.approx(1)
    assert (told.emotions["lo"] < told.emotions["hi"]).all()


def test_emotions_of_a_reader_that_can_be_trusted_are_corrected(
    example: Study, tallies: TextTallies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["explorer.text.emotions"], "FAIR", 0.1)
    told = tell(example, "securite", SPAN, tallies=tallies, sample=100)
    assert set(told.emotions["reliability"]) == {"fair"}
    assert told.emotions["corrected"].all()
    assert told.emotions["share"].sum() == pytest.approx(1)


def test_shares_through_time_are_those_of_each_quarter(told: Telling) -> None:
    sums = told.traits.groupby(["trait", "period"])["share"].sum()
    assert np.allclose(sums, 1)
    country = told.traits[told.traits["trait"] == "country"]
    assert country["period"].nunique() >= 4
    assert country["coverage"].between(0.3, 1).all()
    assert country["coverage"].min() < 1


def test_hashtags_and_sites_are_counted_by_people_quarter_by_quarter(tmp_path: Path) -> None:
    def post(n: int, who: str, day: str, text: str, **more: str) -> dict[str, object]:
        row = {"id": str(n), "platform": "x", "kind": "post", "created_at": day, "author_key": who, "text": text}
        return row | {"time_quality": "ok", "query": "heat"} | more

    early, late = "2025-01-10", "2025-04-10"
    rows = [post(n, f"a{n}", early, "#Pompe à chaleur, voir https://www.site.fr/a#b") for n in range(6)]
    rows += [post(10 + n, f"b{n}", early, "rien", tags='["pompe", "à chaleur"]') for n in range(6)]
    rows += [post(20 + n, f"a{n}", late, "#pompe #pompe", tags='["Pompe"]') for n in range(3)]
    rows += [post(30 + n, "loud", late, "#moi", domains='["site.fr"]') for n in range(40)]
    rows += [post(80 + n, f"c{n}", late, "https://autre.org/x") for n in range(8)]
    rows += [post(99, "a1", late, "#pompe", kind="repost"), {**post(98, "a1", late, "#pompe"), "author_key": None}]
    posts = pd.DataFrame(rows).assign(created_at=lambda f: pd.to_datetime(f["created_at"], utc=True))
    store = Store(tmp_path)
    store.append("posts", posts, source="test", batch_id="one", now=datetime(2025, 5, 1, tzinfo=UTC))
    heat = Topic("heat", "Heat", (), "heat")
    span = (pd.Timestamp("2025-01-01", tz="UTC"), pd.Timestamp("2025-07-01", tz="UTC"))
    found = through_time(TextTallies(store), [heat], span).set_index(["kind", "item"])
    assert set(found.index) == {
        ("hashtag", "pompe"),
        ("hashtag", "à chaleur"),
        ("site", "site.fr"),
        ("site", "autre.org"),
    }
    pump = found.loc[("hashtag", "pompe")]
    assert pump["people"].tolist() == [12, 3], (
        "once a person, whether the text or the source says it; nobody for a repost"
    )
    assert pump["of"].tolist() == [12, 12]
    assert pump["share"].tolist() == [1, 0.25]
    assert found.loc[("site", "site.fr"), "people"].tolist() == [6, 1]
    assert found.loc[("site", "site.fr"), "carrying"].tolist() == pytest.approx([0.5, 48 / 51])
    assert found.loc[("site", "autre.org"), "people"].tolist() == [0, 8], "a quarter without it is a zero, not a gap"


def test_words_that_come_and_go_are_those_of_people(told: Telling) -> None:
    now = told.words[told.words["when"] == "now"]
    assert "calorène" in set(now["word"]), "the name of the brand in the planted crisis"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_tables_and_sentences_hold_what_was_measured(told: Telling, language: str) -> None:
    words = Words(language)
    posts = told.volume.set_index("when").loc["now", "posts"]
    assert words.number(posts, 0) in telling_views.volume_sentence(told, words)
    total = told.change[told.change["trait"] == "lang"]["change"].sum()
    assert words.signed(total, 0) in telling_views.change_sentence(told, words)
    assert len(telling_views.change_table(told, words)) == len(told.change.groupby("trait").head(4))
    assert len(telling_views.echo_table(told, words)) == (told.echo["known"] > 0).sum()
    assert len(telling_views.tone_table(told, words)) == told.tone["engine"].nunique()
    assert len(telling_views.emotions_table(told, words)) == 4
    assert not telling_views.time_table(told, "country", words).empty
    assert telling_views.time_table(told, "platform", words).empty
    assert len(telling_views.words_table(told, words)) == len(told.words)
    assert telling_views.carried_table(told, "site", words).empty
    share = {"kind": "hashtag", "share": [0.25, np.nan], "users": 5, "carrying": [0.5, 0.25]}
    seen = pd.DataFrame(share | {"item": "pompe", "period": pd.to_datetime(["2025-01-01", "2025-04-01"], utc=True)})
    other = Telling(**{**told.__dict__, "carried": seen})
    assert telling_views.carried_table(other, "hashtag", words).iloc[0].tolist()[::2] == ["#pompe", "–"]
    assert words.percent(0.25, 0) in telling_views.carried_note(other, "hashtag", words)


def test_a_change_without_cause_is_not_given_one(told: Telling) -> None:
    still = told.change.assign(after=told.change["before"], change=0.0)
    calm = Telling(**{**told.__dict__, "change": still})
    assert telling_views.change_sentence(calm, Words("en")) == "The number of posts has hardly changed."
