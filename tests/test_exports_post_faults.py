"""Values and files of posts as tools and spreadsheets spoil them: read right, null, or refused by row; never a silent zero."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sources.errors import BadFile
from tests.exports import read, text_of

HEAD = ["Date", "Text", "Author", "Url", "Likes"]


def posts(n: int = 3, likes: object = 1) -> list[list[object]]:
    return [[f"2024-03-{i + 1:02d} 10:00", f"t {i}", "anna", f"https://a.example/{i}", likes] for i in range(n)]


def with_column(name: str, cells: list[object]) -> str:
    return text_of([*HEAD, name], [[*row, cell] for row, cell in zip(posts(len(cells)), cells, strict=True)])


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_line_ends_and_delimiters_of_every_kind_give_the_same_posts(end: str, delimiter: str) -> None:
    content = text_of(HEAD, posts(), delimiter=delimiter).replace("\n", end)
    assert read(content).table["text"].tolist() == ["t 0", "t 1", "t 2"]


def test_line_breaks_inside_quotes_belong_to_the_text() -> None:
    row = ["2024-03-01 10:00", "first\nsecond, still", "anna", "https://a.example/1", 1]
    assert read(text_of(HEAD, [row, *posts()[1:]])).table["text"].iloc[0] == "first\nsecond, still"


def test_a_repeated_column_name_is_read_by_its_first_column() -> None:
    assert read(with_column("Likes", [9, 9, 9])).table["like_count"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("footer", ["Total", "Grand total", "Somme", "Moyenne", "Summe"])
def test_a_footer_is_refused_by_its_row_and_is_no_post(footer: str) -> None:
    reading = read(text_of(HEAD, [*posts(), [footer, "", "", "", 3]]))
    assert len(reading.table) == 3
    assert reading.rejected[["row", "reason"]].values.tolist() == [[5, "a row of totals, not a post; row left out"]]


def test_a_footer_of_words_below_the_table_is_refused_by_its_row() -> None:
    reading = read(text_of(HEAD, posts()) + "\nExported by tool on 2024-05-01,,,,\n")
    assert (len(reading.table), reading.rejected["row"].tolist()) == (3, [6])


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("1,234", 1234),
        ("1 234", 1234),
        ("1\u202f234", 1234),
        ("12.3K", 12_300),
        ("1,2 M", 1_200_000),
        ("0", 0),
        ("", None),
        ("N/A", None),
        ("-", None),
        ("null", None),
        ("Undef", None),
    ],
)
def test_counters_are_numbers_or_nothing(printed: str, value: int | None) -> None:
    got = read(text_of(HEAD, posts(likes=printed))).table["like_count"].iloc[0]
    assert pd.isna(got) if value is None else got == value


def test_scores_below_zero_are_kept() -> None:
    assert read(text_of(HEAD, posts(likes=-4))).table["like_count"].tolist() == [-4, -4, -4]


@pytest.mark.parametrize(
    ("cells", "labels", "scores"),
    [
        (["positif", "négatif", "neutre"], ["positive", "negative", "neutral"], None),
        (["Positivo", "Negativo", "Neutro"], ["positive", "negative", "neutral"], None),
        (["positiv", "negativ", "neutral"], ["positive", "negative", "neutral"], None),
        (["P", "V", "N"], ["positive", "negative", "neutral"], None),
        (["0.5", "-1", "0"], ["positive", "negative", "neutral"], [0.5, -1, 0]),
        (["0,5", "-0,25", "0"], ["positive", "negative", "neutral"], [0.5, -0.25, 0]),
        (["5", "-3", "0"], ["positive", "negative", "neutral"], [1, -0.6, 0]),
        (["100", "10", "50"], ["positive", "negative", "neutral"], [1, -0.8, 0]),
        (["3", "0", "5"], ["", "", ""], None),
        (["positive", "unknown", ""], ["positive", "", ""], None),
    ],
)
def test_sentiment_in_words_codes_and_three_scales(
    cells: list[object], labels: list[str], scores: list[float] | None
) -> None:
    table = read(with_column("Sentiment", cells)).table
    assert table["sentiment_label"].fillna("").tolist() == labels
    np.testing.assert_allclose(table["sentiment"].astype(float), scores if scores is not None else [np.nan] * 3)
    assert table["sentiment_source"].notna().tolist() == [bool(label) for label in labels]


@pytest.mark.parametrize(
    ("printed", "code"), [("FR", "FR"), ("fra", "FR"), ("France", "FR"), ("Allemagne", "DE"), ("Undef", "")]
)
def test_countries_of_every_notation_are_one_code(printed: str, code: str) -> None:
    table = read(with_column("Country", [printed] * 3)).table
    assert set(table["country"].fillna("")) == {code}


@pytest.mark.parametrize(
    ("printed", "tag"), [("fr", "fr"), ("fr-FR", "fr-FR"), ("French", "fr"), ("und", ""), ("", "")]
)
def test_languages_of_every_notation_are_tags(printed: str, tag: str) -> None:
    assert set(read(with_column("Language", [printed] * 3)).table["lang"].fillna("")) == {tag}


def test_years_that_cannot_be_are_kept_and_marked_and_days_that_cannot_be_are_refused() -> None:
    rows = posts(5)
    rows[0][0], rows[1][0], rows[2][0] = "0001-01-01 00:00", "2199-01-01 00:00", "2024-02-31 10:00"
    reading = read(text_of(HEAD, rows))
    assert reading.table["time_quality"].tolist()[:2] == ["suspect", "suspect"]
    assert reading.rejected["row"].tolist() == [4]
    assert "does not exist" in reading.rejected["reason"].iloc[0]


@pytest.mark.parametrize("rows", [1_000, 5_000])
def test_row_counts_at_which_tools_stop_are_said_and_mark_the_reading(rows: int) -> None:
    body = text_of(HEAD, [["2024-03-01 10:00", f"t {i}", f"u{i}", f"https://a.example/{i}", 1] for i in range(rows)])
    reading = read(body)
    assert reading.capped
    assert any(f"exactly {rows:,} rows" in note for note in reading.notes)
    assert not read(body.rsplit("\n", 2)[0] + "\n").capped


def test_a_file_of_two_tools_at_once_is_read_by_the_one_it_shows_most_of() -> None:
    header = [
        "Query Name",
        "Resource Id",
        "Thread Entry Type",
        "Page Type",
        "Full Text",
        "Date",
        "Url",
        "Hit Sentence",
        "Reach",
    ]
    row = ["PAC", "1", "post", "blog", "bruit", "2024-03-01T10:00:00.000Z", "https://a.example/1", "x"]
    reading = read(text_of(header, [row]))
    assert (reading.source, reading.table["text"].tolist()) == ("brandwatch_export", ["bruit"])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (",".join(HEAD) + "\n", "column names and no rows"),
        ("Date,Text,Author\n,t,anna\n,u,bob\n", "date"),
        ("Text,Author,Likes\nla pompe,anna,1\nle bruit,bob,2\n", "but no column is called like one; name it"),
        ('Date,Text,Author\n2024-03-01,"open,anna\n', "row 2 of mentions.csv: a quote is opened here and never closed"),
    ],
)
def test_tables_that_hold_no_post_are_refused_in_one_sentence(content: str, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        read(content, kind="posts")
