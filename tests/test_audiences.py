"""Segments: ten people at least, their questions beside the closest page, and who is heard less than their number."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.audience_views import (
    answered_sentence,
    answered_table,
    heard_sentence,
    heard_table,
    questions_table,
    segments_table,
)
from explorer.audiences import Audiences, _answered, _question, find_audiences
from explorer.references import read_references
from explorer.segments import segment
from explorer.study import BadStudy, Study, read_study
from explorer.words import Words
from sources.store import Store

HEAD = """
[study]
name = "Homes"
[[topics]]
id = "sun"
search = ["solar"]
social = "solar"
[[topics]]
id = "heat"
search = ["boiler"]
social = "boiler"
"""
CENSUS = """
[[reference]]
name = "census"
by = "lang"
file = "census.csv"
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Sixty people on solar roofs in French, fifty on boilers, of whom twelve write in Italian and three in Basque."""
    folder = tmp_path_factory.mktemp("homes")
    (folder / "study.toml").write_text(HEAD + CENSUS, encoding="utf-8")
    (folder / "census.csv").write_text("group,value\nfr,50\nit,47\neu,3\n", encoding="utf-8")
    rng = np.random.default_rng(0)
    writers = [(f"s{i}", "solar panels on the roof?", "fr") for i in range(60)]
    writers += [
        (f"b{i}", "which boiler subsidy can I ask for?", "it" if i < 12 else "eu" if i < 15 else "fr")
        for i in range(50)
    ]
    people = [(*w, f) for w in writers for f in [int(rng.lognormal(5, 1))] for _ in range(int(rng.integers(2, 6)))]
    frame = pd.DataFrame(people, columns=["author_key", "text", "lang", "author_followers"]).assign(
        platform="forum", kind="post", time_quality="ok", query="", created_at=pd.Timestamp("2026-03-01", tz="UTC")
    )
    frame["id"] = [f"p{i}" for i in range(len(frame))]
    pages = pd.DataFrame(
        {"id": ["u1", "u2"], "title": ["Boiler subsidy", "Contact"], "text": ["Ask for it here", "Call us"]}
    )
    store, now = Store(folder / "store"), datetime(2026, 3, 2, tzinfo=UTC)
    store.append("posts", frame, source="test", batch_id="1", now=now)
    store.append("content", pages, source="test", batch_id="2", now=now)
    return read_study(folder)


@pytest.fixture(scope="module")
def found(study: Study) -> Audiences:
    audiences = find_audiences(study)
    assert audiences is not None
    return audiences


def test_segments_follow_what_people_do_and_hold_at_least_ten(found: Audiences) -> None:
    assert found.people == 110
    assert (found.table["people"] >= 10).all()
    assert sorted(found.table["people"]) == [50, 60]
    by = found.segments.of.set_index("author_key")["segment"]
    assert by["s0"] != by["b0"]
    assert [ids[0] for ids in found.table.sort_values("people")["topics"]] == ["heat", "sun"]


def test_the_closest_page_stands_beside_every_question(found: Audiences) -> None:
    heat = found.questions[found.questions["topic"] == "heat"]
    assert set(heat["page"]) == {"Boiler subsidy"}
    sun = found.questions[found.questions["topic"] == "sun"]
    assert (sun["p_answered"] < heat["p_answered"].min()).all()
    assert set(sun["verdict"]) == {"unanswered"}


def test_a_question_that_a_page_answers_word_by_word_is_answered_and_without_pages_nothing_can_be_told() -> None:
    asked = pd.DataFrame(
        {"segment": [0, 0, 1], "topic": "heat", "text": ["how do I bleed a radiator?", "is it loud?", "why?"]}
    )
    pages = pd.DataFrame({"id": ["u1"], "title": ["How do I bleed a radiator?"], "text": [""]})
    nobody = pd.DataFrame({"coverage": [], "word": [], "character": [], "answers": []})
    questions, counts = _answered(asked, pages, nobody, seed=0)
    assert questions["verdict"].tolist()[:2] == ["answered", "unanswered"]
    first = counts.set_index("segment").loc[0]
    assert (first["asked"], first["answered"], first["unanswered"], first["cannot tell"]) == (2, 1, 1, 0)
    assert 0 < first["lo"] < first["share"] < first["hi"] < 1
    questions, counts = _answered(asked, pages.iloc[:0], nobody, seed=0)
    assert set(questions["verdict"]) == {"cannot tell"}
    assert counts["share"].isna().all()
    assert (counts["cannot tell"] == counts["asked"]).all()


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("It snows here. Does the panel still work in the shade? Thanks.", "Does the panel still work in the shade?"),
        ("My bill has doubled again. And yours?", "My bill has doubled again. And yours?"),
    ],
)
def test_of_a_post_the_question_is_read(text: str, question: str) -> None:
    assert _question(text) == question


# --- worlds with planted segments ---


def crowd(kinds: list[tuple[int, list[float], float, float, float]], seed: int) -> pd.DataFrame:
    """People of several kinds: how many, their mix of topics, mean posts, log followers, share of negative posts."""
    rng = np.random.default_rng(seed)
    rows = []
    for kind, (people, mix, posts, reach, negative) in enumerate(kinds):
        for i in range(people):
            counts = rng.multinomial(2 + rng.poisson(posts), mix)
            followers = float(np.exp(rng.normal(reach, 1)))
            for topic in np.flatnonzero(counts):
                n = int(counts[topic])
                rows.append((f"{kind}-{i}", f"t{topic}", n, followers, rng.binomial(n, negative), 0, n))
    columns = ["author_key", "topic", "posts", "followers", "negative", "positive", "labelled"]
    return pd.DataFrame(rows, columns=columns)


EVEN = [0.25, 0.25, 0.25, 0.25]


@pytest.mark.parametrize("seed", [0, 1])
def test_planted_segments_are_found_each(seed: int) -> None:
    loud, angry, ordinary = (60, [0.94, 0.02, 0.02, 0.02], 25, 8, 0.1), (120, [0.02, 0.94, 0.02, 0.02], 2, 4, 0.9), None
    ordinary = (320, [0.04, 0.04, 0.46, 0.46], 2, 4, 0.2)
    found = segment(crowd([loud, angry, ordinary], seed), seed=seed)
    assert len(found.table) >= 3
    kind = found.of["author_key"].str[0]
    # No segment mixes the kinds: every one is nearly all of one.
    purity = pd.crosstab(found.of["segment"], kind).max(axis=1).sum() / len(kind)
    assert purity > 0.93


@pytest.mark.parametrize("seed", range(4))
def test_no_segments_are_claimed_among_people_of_one_kind(seed: int) -> None:
    found = segment(crowd([(400, EVEN, 3, 5, 0.3)], seed), seed=seed, draws=4)
    assert found.table["people"].tolist() == [400]


def test_no_segments_are_claimed_where_traits_only_rise_together() -> None:
    rng = np.random.default_rng(0)
    drive = rng.normal(size=400)
    posts = np.exp(2 + 0.8 * drive + rng.normal(0, 0.4, 400)).astype(int) + 2
    people = pd.DataFrame({"author_key": [f"p{i}" for i in range(400)], "topic": "t", "posts": posts,
                           "followers": np.exp(5 + drive + rng.normal(0, 0.5, 400)),
                           "negative": 0, "positive": 0, "labelled": 0})  # fmt: skip
    assert segment(people, draws=4).table["people"].tolist() == [400]


def test_who_is_heard_less_than_their_number_is_found_and_small_groups_stay_hidden(found: Audiences) -> None:
    told = found.heard[found.heard["segment"] == "all"].set_index("group")
    assert set(told["verdict"]) <= {"suppressed", "under-represented", "over-represented", "cannot tell"}
    assert told.loc["eu", "verdict"] == "suppressed"
    assert found.heard["people"].dropna().ge(10).all()
    # Three alone would be the rest of the sum: another group is left out with them.
    assert (told["verdict"] == "suppressed").sum() >= 2


@pytest.mark.parametrize("language", ["en", "fr"])
def test_tables_show_the_segments(found: Audiences, study: Study, language: str) -> None:
    words = Words(language)
    assert len(segments_table(found, study, words)) == 2
    assert len(questions_table(found, words)) == len(found.questions)
    assert len(answered_table(found, words)) == 2
    assert answered_sentence(found, words)
    assert len(heard_table(found, study, words)) == len(found.heard)
    assert heard_sentence(found, words)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('by = "gender"\nvalues = {female = 1}', "choose one of"),
        ('by = "lang"', "values or a file"),
        ('by = "lang"\nvalues = {fr = 0}', "above zero"),
        ('by = "lang"\nfile = "../study.toml"', "no file"),
        ('by = "lang"\nvalues = {fr = 1}\ncolour = "red"', "unknown key"),
    ],
)
def test_a_reference_that_cannot_be_used_is_refused_with_its_remedy(tmp_path: Path, text: str, match: str) -> None:
    (tmp_path / "study.toml").write_text(f"{HEAD}\n[[reference]]\n{text}\n", encoding="utf-8")
    with pytest.raises(BadStudy, match=match):
        read_references(read_study(tmp_path))


def test_fewer_than_twenty_people_are_no_segments(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(HEAD, encoding="utf-8")
    assert find_audiences(read_study(tmp_path)) is None
