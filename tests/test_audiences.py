"""Segments: ten people at least, their questions beside the closest page, and who is heard less than their number."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.audience_views import heard_sentence, heard_table, questions_table, segments_table
from explorer.audiences import Audiences, find_audiences
from explorer.references import read_references
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
    people = [(*w, f) for w in writers for f in [int(rng.lognormal(5, 1))] for _ in range(int(rng.integers(1, 6)))]
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
    assert (heat["held"] > 0.3).all()
    sun = found.questions[found.questions["topic"] == "sun"]
    assert (sun["held"] < heat["held"].min()).all()


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
    assert len(heard_table(found, words)) == len(found.heard)
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
