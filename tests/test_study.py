"""The study file and boolean queries: what is read, what is refused and with which remedy."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.proposals import propose_topics
from explorer.study import BadStudy, Topic, fold, new_study, parse_study, read_study
from explorer.study_edit import add_topics
from sources import boolean
from sources.errors import BadQuery

STUDY = """
# kept
[study]
name = "Pompes à chaleur"
geo = "FR"
grain = "week"
start = 2023-01-01

[[topics]]
id = "noise"
label = "Bruit"
label_en = "Noise"
search = ["bruit pompe à chaleur"]
social = '"pompe à chaleur" AND bruit'
"""


def test_a_study_is_read_with_labels_in_both_languages(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    study = read_study(tmp_path)
    assert (study.name, study.geo, study.grain) == ("Pompes à chaleur", "FR", "week")
    assert str(study.start) == "2023-01-01 00:00:00+00:00"
    assert study.topic("noise").label_in("en") == "Noise"
    assert study.topic("noise").label_in("fr") == "Bruit"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[study]\nnmae = 'x'", "did you mean 'name'"),
        ("[study]\ngrain = 'weekly'", "choose one of auto, hour, day, week"),
        ("[study]\nstart = '2023-01-01'", "write a date without quotes"),
        ("[[topics]]\nlabel = 'x'", "add a line id"),
        ("[[topics]]\nid = 'x'", "add search or social"),
        ("[[topics]]\nid = 'x'\nsearch = 'a'\n[[topics]]\nid = 'x'\nsearch = 'b'", "give each topic its own id"),
        ("[topic]\nid = 'x'", "did you mean 'topics'"),
        ("[study]\nengine = 'oracle'", "choose one of duckdb, spark"),
    ],
)
def test_a_wrong_study_names_the_key_and_the_remedy(line: str, message: str) -> None:
    with pytest.raises(BadStudy, match=message.replace("[", "\\[")):
        parse_study(line, Path("study.toml"))


def test_a_file_that_is_not_toml_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text("[study]\nname = \n", encoding="utf-8")
    with pytest.raises(BadStudy, match="line 2"):
        read_study(tmp_path)


def test_no_study_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BadStudy, match="undersaid new"):
        read_study(tmp_path)


def test_topics_are_added_without_touching_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text(STUDY, encoding="utf-8")
    study = add_topics(read_study(file), [Topic("price", 'Prix "net"', ("prix",), "prix OR tarif")])
    assert [t.id for t in study.topics] == ["noise", "price"]
    assert study.topic("price").label == 'Prix "net"'
    assert "# kept" in file.read_text(encoding="utf-8")
    with pytest.raises(BadStudy, match="twice"):
        add_topics(study, [Topic("noise", "x", ("x",), "")])
    assert [t.id for t in read_study(file).topics] == ["noise", "price"], "a refused topic must not spoil the file"


def test_a_new_study_never_overwrites_one(tmp_path: Path) -> None:
    new_study(tmp_path / "s", name="s")
    with pytest.raises(BadStudy, match="already"):
        new_study(tmp_path / "s", name="s")


def test_topics_are_proposed_from_names_that_belong_together() -> None:
    topics = propose_topics(['"Hurricane Harvey"', '"Hurricane Irma"', "Hurricane"], ["Harvey", "Irma", "Jose"])
    assert [(t.label, t.search) for t in topics] == [
        ("Harvey", ('"Hurricane Harvey"',)),
        ("Irma", ('"Hurricane Irma"',)),
    ]


def test_names_are_compared_without_quotes_case_and_doubled_spaces() -> None:
    assert fold('  "Hurricane  Harvey" ') == fold("hurricane harvey")


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ('"pompe à chaleur" AND (bruit OR bruyant*)', "Ma POMPE A CHALEUR, très bruyante !", True),
        ('"pompe à chaleur" AND (bruit OR bruyant*)', "une pompe bruyante, de la chaleur", False),
        ("bruit", "le bruitage", False),
        ("bruit*", "le bruitage", True),
        ("l'eau", "dans l’eau froide", True),
        ("œuvre", "une oeuvre", True),
        ("a OR b c", "b", False),
        ("a OR b c", "b et c", True),
        ("prix NOT (pub OR promo)", "prix en promo", False),
        ("été", "ete", True),
        ("ete", "été", True),
        ("c++", "c++ et java", True),
        ("«bonjour tout le monde»", "Bonjour, tout le monde", True),
        ("日本", "日本", True),
    ],
)
def test_queries_match_as_listening_tools_do(query: str, text: str, found: bool) -> None:
    assert boolean.matches(query, text) is found


@pytest.mark.parametrize("query", ["", "a AND", "(a", '"a', "NOT", "AND", "a NEAR/3 b", "--", "a OR OR b", ")"])
def test_a_query_that_cannot_be_read_is_refused_with_a_remedy(query: str) -> None:
    with pytest.raises(BadQuery, match=";"):
        boolean.parse(query)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_query_or_a_typed_refusal(query: str) -> None:
    with contextlib.suppress(BadQuery):
        boolean.matches(query, "un texte quelconque")
