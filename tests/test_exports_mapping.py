"""The mapping a user may correct, and the proposal that shows how a file would be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources.errors import BadFile, BadQuery
from sources.exports import Mapping, fingerprint, propose, read_bytes

FILES = Path(__file__).parent / "files" / "exports"


def test_a_mapping_survives_json() -> None:
    mapping = Mapping(
        kind="posts", columns={"date": "Jour"}, values=("a",), date_order="dmy", timezone="Europe/Paris", header_row=3
    )
    assert Mapping.from_json(mapping.to_json()) == mapping
    assert Mapping.of(mapping.to_dict()) == mapping
    assert Mapping().to_dict() == {}


def test_search_is_another_word_for_interest() -> None:
    assert Mapping(kind="search").kind == "interest"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"kind": "tweets"}, "kind 'tweets' is not known; it is one of interest, counts"),
        ({"date_order": "ydm"}, "date_order 'ydm'"),
        ({"delimiter": "::"}, "one character"),
        ({"header_row": 0}, "first row of a file is 1"),
        ({"timezone": "Paris"}, "Europe/Paris"),
        ({"encoding": "utf-99"}, "encoding 'utf-99'"),
        ({"colums": {}}, "no field 'colums'"),
        ({"unit": "euros"}, "unit 'euros'"),
        ({"columns": 5}, "cannot be made of this"),
        ({"columns": {"dat": "Jour"}}, "column field .dat. is not known; it is one of author"),
    ],
)
def test_a_wrong_mapping_names_the_field_and_the_choices(fields: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadQuery, match=sentence):
        Mapping.of(fields)


@pytest.mark.parametrize("text", ["[]", "{", "5"])
def test_json_that_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(BadQuery, match="not a mapping in JSON"):
        Mapping.from_json(text)


def test_one_set_of_column_names_has_one_fingerprint() -> None:
    assert fingerprint(["Date", "Full Text", "Author"]) == fingerprint(["author", "date", "full_text"])
    assert fingerprint(["Date", "Text"]) != fingerprint(["Date", "Text", "Author"])


def test_a_proposal_shows_format_columns_and_refused_rows() -> None:
    proposal = propose("posts_fr.csv", (FILES / "posts_fr.csv").read_bytes())
    assert (proposal.kind, proposal.source, proposal.format, proposal.delimiter, proposal.header_row) == (
        "posts",
        "table",
        "csv",
        ";",
        1,
    )
    assert proposal.encoding == "cp1252"
    taken = {c.header: c.field for c in proposal.columns}
    assert taken == {
        "Date": "date",
        "Heure": "time",
        "Auteur": "author",
        "Texte": "text",
        "J'aime": "likes",
        "Partages": "reposts",
        "Commentaires": "replies",
        "Abonnés": "followers",
        "URL": "url",
        "Tonalité": "sentiment",
        "Langue": "lang",
        "Pays": "country",
    }
    assert proposal.columns[1].samples == ("14:05", "09:30", "18:00")
    assert proposal.rejected["row"].tolist() == [5]
    assert proposal.question == ""
    assert 0 < proposal.confidence < 1
    assert proposal.whole


def test_the_proposed_mapping_reads_the_file_as_shown() -> None:
    content = (FILES / "posts_fr.csv").read_bytes()
    proposal = propose("posts_fr.csv", content)
    reading = read_bytes("posts_fr.csv", content, mapping=proposal.mapping, secret=b"k" * 32)
    assert reading.mapping == proposal.mapping
    assert reading.fingerprint == proposal.fingerprint
    assert len(reading.table) == 3


def test_an_open_question_is_shown_and_answered() -> None:
    content = (FILES / "counts_two_headers.csv").read_bytes()
    asked = propose("counts.csv", content)
    assert "--as search or --as counts" in asked.question
    assert (asked.kind, asked.confidence) == (None, 0.0)
    assert [c.header for c in asked.columns] == ["Words", "Noise", "Price", "Leaks"]
    answered = propose("counts.csv", content, {"kind": "counts"})
    assert (answered.kind, answered.question) == ("counts", "")
    assert [c.field for c in answered.columns] == ["date", "topic column", "topic column", "topic column"]


def test_a_trends_export_needs_no_columns() -> None:
    proposal = propose("multiTimeline.csv", (FILES / "multiTimeline_fr.csv").read_bytes())
    assert (proposal.kind, proposal.source, proposal.confidence) == ("interest", "google_trends_export", 1.0)
    assert proposal.question == ""


def test_a_preview_looks_at_the_first_rows_only() -> None:
    content = b"id,date,text\n" + b"".join(b"%d,2024-01-01,text\n" % i for i in range(5000))
    proposal = propose("posts.csv", content)
    assert proposal.rows <= 2001
    assert not proposal.whole


def test_a_preview_makes_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERSAID_AUTHOR_KEY_FILE", str(tmp_path / "author.key"))
    propose("posts.csv", (FILES / "posts_fr.csv").read_bytes())
    assert not (tmp_path / "author.key").exists()


def test_what_is_no_table_raises_in_a_preview_too() -> None:
    with pytest.raises(BadFile, match="picture"):
        propose("a.csv", b"\x89PNG\r\n\x1a\n0000")


def test_settings_of_the_user_win() -> None:
    content = "x;y\n1;2\nJour;Note\n2024-01-01;5\n2024-01-02;6\n".encode("utf-16-le")
    reading = read_bytes(
        "a.csv", content, mapping={"encoding": "utf-16-le", "delimiter": ";", "header_row": 3, "kind": "counts"}
    )
    assert reading.table["query"].tolist() == ["Note", "Note"]
    with pytest.raises(BadQuery, match="cannot be read as utf-8"):
        read_bytes("a.csv", "é".encode("cp1252"), mapping={"encoding": "utf-8"})
    with pytest.raises(BadQuery, match=r"row 9 of a\.csv is blank or not there"):
        read_bytes("a.csv", content, mapping={"header_row": 9})
    with pytest.raises(BadQuery, match="no reader 'gtrends'"):
        read_bytes("a.csv", content, mapping={"source": "gtrends"})
    with pytest.raises(BadFile, match="not an export of google_trends_export"):
        read_bytes("a.csv", content, mapping={"source": "google_trends_export"})
