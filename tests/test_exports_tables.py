"""Tables of figures per period: wide and long, counts and search interest, shares, footers, two header rows, odd numbers."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sources import read_export
from sources.errors import BadFile, BadQuery
from sources.exports import Reading, read_bytes
from sources.tables import TABLES, conform

FILES = Path(__file__).parent / "files" / "exports"


def read(text: str, name: str = "figures.csv", encoding: str = "utf-8", **mapping: object) -> Reading:
    return read_bytes(name, text.encode(encoding), mapping=mapping)


def rows(reading: Reading, *columns: str) -> list[tuple[object, ...]]:
    frame = reading.table[list(columns)].astype("object")
    return [tuple(None if pd.isna(v) else v for v in row) for row in frame.itertuples(index=False)]


def refused(reading: Reading) -> list[tuple[int, str]]:
    return list(reading.rejected[["row", "reason"]].itertuples(index=False, name=None))


def fits(reading: Reading) -> bool:
    now = pd.Timestamp("2026-01-01", tz="UTC")
    stamped = reading.table.assign(source=reading.source, fetched_at=now, batch_id="b")
    return conform(stamped, reading.kind).num_rows == len(reading.table)


def test_a_french_long_table_gives_posts_and_authors_per_topic() -> None:
    reading = read_export(FILES / "counts_long_fr.csv")
    assert reading.kind == "counts"
    assert fits(reading)
    assert rows(reading, "query", "posts", "authors", "grain", "unit") == [
        ("Bruit", 1204, 310, "week", "count"),
        ("Bruit", 1310, 355, "week", "count"),
        ("Bruit", 0, 0, "week", "count"),
        ("Prix", 98, 77, "week", "count"),
        ("Prix", None, None, "week", "count"),
        ("Prix", 120, 90, "week", "count"),
    ]
    assert [f"{p:%Y-%m-%d}" for p in reading.table["period"][:3]] == ["2024-03-04", "2024-03-11", "2024-03-18"]
    assert any("Rows 1 to 2" in note for note in reading.notes)
    assert any("day first, as row 8 (18/03/2024) shows" in note or "day first" in note for note in reading.notes)


def test_a_wide_table_of_whole_numbers_is_counts_by_default_and_says_so() -> None:
    reading = read("Date,Harvey,Irma\n2017-08-20,4,0\n2017-08-21,6,1\n")
    assert (reading.kind, reading.source) == ("counts", "table")
    assert rows(reading, "query", "posts", "unit") == [
        ("Harvey", 4, "count"),
        ("Harvey", 6, "count"),
        ("Irma", 0, "count"),
        ("Irma", 1, "count"),
    ]
    assert any("counts of what is said" in note for note in reading.notes)
    assert reading.table["authors"].isna().all()


def test_the_same_table_is_search_interest_when_the_mapping_says_so() -> None:
    text = "Date,Harvey,Irma\n2017-08-20,4,0\n2017-08-21,100,<1\n2017-08-22,7,\n"
    reading = read(text, kind="search")
    assert reading.kind == "interest"
    assert fits(reading)
    assert rows(reading, "term", "value", "lo", "hi", "kind", "unit") == [
        ("Harvey", 4, 3.5, 4.5, "measured", "index"),
        ("Harvey", 100, 99.5, 100.5, "measured", "index"),
        ("Harvey", 7, 6.5, 7.5, "measured", "index"),
        ("Irma", 0, 0, 0.5, "zero", "index"),
        ("Irma", 0.5, 0, 1, "below_one", "index"),
        ("Irma", None, None, None, "blank", "index"),
    ]
    assert reading.table["scale"].nunique() == 1


def test_cells_below_one_speak_for_search_interest() -> None:
    assert read("Date,a,b\n2017-08-20,4,<1\n2017-08-21,10,2\n").kind == "interest"


def test_figures_between_0_and_100_are_counts_with_a_hint() -> None:
    reading = read("Date,a,b\n2017-08-20,4,12\n2017-08-21,100,2\n")
    assert reading.kind == "counts"
    assert any("--as search" in note for note in reading.notes)


def test_terms_that_all_reach_100_were_asked_alone_and_share_no_scale() -> None:
    text = "Date,a,b\n2017-08-20,100,12\n2017-08-21,4,100\n"
    assert read(text, kind="interest").table["scale"].nunique() == 2
    assert read(text, kind="interest", scale="file").table["scale"].nunique() == 1
    assert read("Date,a,b\n2017-08-20,100,12\n2017-08-21,4,50\n", kind="interest").table["scale"].nunique() == 1


def test_fractions_whose_side_nobody_tells_are_asked() -> None:
    text = "Date,a,b\n2017-08-20,0.25,0.75\n2017-08-21,0.5,0.5\n"
    with pytest.raises(BadFile, match=r"row 2 .*fraction 0\.25.*--as search or --as counts"):
        read(text)
    counts = read(text, kind="counts")
    assert (counts.kind, set(counts.table["unit"])) == ("counts", {"share"})
    search = read(text, kind="interest")
    assert (search.kind, set(search.table["unit"])) == ("interest", {"share"})
    assert search.table["lo"].isna().all()  # nobody says how shares were rounded


def test_two_header_rows_and_an_average_row_are_understood() -> None:
    reading = read_export(FILES / "counts_two_headers.csv", mapping={"kind": "counts"})
    assert rows(reading, "query", "posts", "grain", "unit")[:4] == [
        ("Noise", 0.25, "year", "share"),
        ("Noise", 0.3, "year", "share"),
        ("Noise", 0.125, "year", "share"),
        ("Price", 0.5, "year", "share"),
    ]
    assert refused(reading) == [(6, "'Average' marks a summary row, not a period; row left out")]
    assert reading.rejected["value"].tolist() == ["Average"]
    assert any("Row 1" in note and "not read as data" in note for note in reading.notes)


@pytest.mark.parametrize("footer", ["Total", "Moyenne", "Gesamt", "Promedio"])
def test_footers_are_refused_by_row_in_every_language(footer: str) -> None:
    reading = read(f"Date;a\n2024-01-01;1\n2024-01-02;2\n{footer};3\n")
    assert reading.table["posts"].tolist() == [1, 2]
    assert refused(reading) == [(4, f"'{footer}' marks a summary row, not a period; row left out")]


@pytest.mark.parametrize(
    ("stamps", "grain", "first"),
    [
        (["1999", "2000", "2001"], "year", "1999-01-01"),
        (["2024-01", "2024-02"], "month", "2024-01-01"),
        (["Jan 2024", "Feb 2024"], "month", "2024-01-01"),
        (["janvier 2024", "février 2024"], "month", "2024-01-01"),
        (["2024-01-31", "2024-02-29", "2024-03-31"], "month", "2024-01-01"),
        (["2024-Q1", "2024-Q2"], "quarter", "2024-01-01"),
        (["2024-01-01", "2024-04-01", "2024-07-01"], "quarter", "2024-01-01"),
        (["2024-W01", "2024-W02"], "week", "2024-01-01"),
        (["2024-01-07", "2024-01-14"], "week", "2024-01-07"),
        (["2024-01-01 - 2024-01-07", "2024-01-08 - 2024-01-14"], "week", "2024-01-01"),
        (["8/20/17", "8/21/17"], "day", "2017-08-20"),
        (["20/08/2017", "21/08/2017"], "day", "2017-08-20"),
        (["20.8.2017", "21.8.2017"], "day", "2017-08-20"),
        (["20170820", "20170821"], "day", "2017-08-20"),
        (["42967", "42968"], "day", "2017-08-20"),
        (["1503187200", "1503273600"], "day", "2017-08-20"),
        (["1503187200000", "1503273600000"], "day", "2017-08-20"),
        (["2017082020170820", "2017082120170821"], "day", "2017-08-20"),
        (["2017-08-20T04:00:00Z", "2017-08-21T04:00:00Z"], "day", "2017-08-20"),
        (["2017-08-20T05:00Z", "2017-08-20T06:00Z"], "hour", "2017-08-20"),
        (
            [f"{9 + i // 12:02d}-{m}" for i, m in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun"])],
            "month",
            "2009-01-01",
        ),
    ],
)
def test_dates_of_every_form_give_grain_and_first_day(stamps: list[str], grain: str, first: str) -> None:
    reading = read("Date,a\n" + "".join(f"{s},{i + 1}\n" for i, s in enumerate(stamps)))
    assert set(reading.table["grain"]) == {grain}
    assert f"{reading.table['period'].iloc[0]:%Y-%m-%d}" == first
    assert reading.table["posts"].tolist() == list(range(1, len(stamps) + 1))


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1 204", "98"], [1204, 98]),
        (["1\u202f204", "12\u00a0345\u00a0678"], [1204, 12345678]),
        (["1,204", "98"], [1204, 98]),
        (["1.204", "1.204.567"], [1204, 1204567]),
        (["1'204", "98"], [1204, 98]),
        (["12.3K", "1,2 M"], [12300, 1200000]),
        (["3.0", "4.0"], [3, 4]),
    ],
)
def test_numbers_of_every_form_are_read(cells: list[str], values: list[float]) -> None:
    text = "Date;mentions\n" + "".join(f"2024-01-0{i + 1};{c}\n" for i, c in enumerate(cells))
    assert read(text).table["posts"].tolist() == pytest.approx(values)


def test_a_decimal_comma_is_a_decimal_comma() -> None:
    reading = read("Date;a;b\n2024-01-01;0,25;0,75\n2024-01-02;0,5;0,5\n", kind="counts")
    assert reading.table["posts"].tolist() == [0.25, 0.5, 0.75, 0.5]
    assert set(reading.table["unit"]) == {"share"}


def test_percents_become_shares() -> None:
    reading = read("Date,a,b\n2024-01-01,25%,75 %\n2024-01-02,50%,50%\n", kind="counts")
    assert reading.table["posts"].tolist() == [0.25, 0.5, 0.75, 0.5]
    bare = read("Date,a,b\n2024-01-01,25.5,74.5\n2024-01-02,50,50\n", kind="counts", unit="percent")
    assert bare.table["posts"].tolist() == [0.255, 0.5, 0.745, 0.5]
    assert set(bare.table["unit"]) == {"share"}
    with pytest.raises(BadFile, match="shares lie between 0 and 1, but the file has 74"):
        read("Date,a,b\n2024-01-01,25.5,74.5\n2024-01-02,50,50\n", kind="counts", unit="share")


def test_null_and_zero_stay_two_things() -> None:
    reading = read("Date,a\n2024-01-01,0\n2024-01-02,\n2024-01-03,n/a\n2024-01-04,3\n")
    assert rows(reading, "posts") == [(0,), (None,), (None,), (3,)]
    assert reading.rejected.empty


def test_a_word_among_figures_and_a_figure_below_zero_are_refused_as_cells() -> None:
    body = "".join(f"2024-01-{d:02d},{v}\n" for d, v in enumerate([1, 2, 3, 4, 5, 6, 7, 8, "many", -4], start=1))
    reading = read("Date,mentions\n" + body)
    assert rows(reading, "posts")[-2:] == [(None,), (None,)]
    assert refused(reading) == [
        (10, "not a number; the cell is left empty"),
        (11, "below zero; the cell is left empty"),
    ]


def test_a_single_count_takes_its_topic_from_the_file_name_or_the_mapping() -> None:
    text = "date,tweet_count\n2024-01-01,5\n2024-01-02,6\n"
    assert set(read(text, name="pompe à chaleur.csv").table["query"]) == {"pompe à chaleur"}
    assert set(read(text, query="pompe").table["query"]) == {"pompe"}
    assert any("file name" in note for note in read(text).notes)


def test_counts_of_an_api_with_start_and_end_are_read_by_their_start() -> None:
    text = (
        "start,end,tweet_count\n2024-01-01T00:00:00.000Z,2024-01-02T00:00:00.000Z,5\n"
        "2024-01-02T00:00:00.000Z,2024-01-03T00:00:00.000Z,0\n"
    )
    reading = read(text, query="x")
    assert rows(reading, "query", "posts", "grain") == [("x", 5, "day"), ("x", 0, "day")]
    assert reading.covered == (pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2024-01-03", tz="UTC"))


def test_a_trends_client_table_is_search_interest_with_its_partial_mark() -> None:
    reading = read("date,bitcoin,isPartial\n2024-01-07,40,False\n2024-01-14,100,True\n")
    assert reading.kind == "interest"
    assert rows(reading, "term", "value", "partial") == [("bitcoin", 40, False), ("bitcoin", 100, True)]


def test_a_long_table_of_hits_is_search_interest_per_keyword_and_place() -> None:
    reading = read(
        "date,hits,keyword,geo\n2024-01-07,40,a,FR\n2024-01-07,7,b,world\n2024-01-14,100,a,FR\n2024-01-14,9,b,world\n"
    )
    assert reading.kind == "interest"
    assert rows(reading, "term", "geo", "value") == [("a", "FR", 40), ("a", "FR", 100), ("b", "", 7), ("b", "", 9)]


def test_a_file_with_both_sides_is_asked_which_one_is_meant() -> None:
    text = "month,topic,search_share,questions\n2024-01,a,0.2,5\n2024-02,a,0.3,6\n2024-01,b,0.4,7\n2024-02,b,0.1,8\n"
    with pytest.raises(BadFile, match="'search_share' and 'questions' hold search interest and counts"):
        read(text)
    assert read(text, kind="counts").table["posts"].tolist() == [5, 6, 7, 8]
    assert read(text, kind="interest").table["value"].tolist() == [0.2, 0.3, 0.4, 0.1]


def test_an_unnamed_topic_column_is_found_where_dates_repeat() -> None:
    reading = read("date,candidate,followers\n2024-01-01,Ann,5\n2024-01-01,Bob,6\n2024-01-02,Ann,7\n2024-01-02,Bob,8\n")
    assert rows(reading, "query", "posts") == [("Ann", 5), ("Ann", 7), ("Bob", 6), ("Bob", 8)]
    assert any("'candidate'" in note for note in reading.notes)


def test_several_value_columns_of_a_long_table_are_asked() -> None:
    text = "date,name,clips,total_clips\n2024-01-01,Ann,5,50\n2024-01-02,Ann,6,60\n2024-01-01,Bob,6,50\n2024-01-02,Bob,7,60\n"
    with pytest.raises(BadFile, match="'clips', 'total_clips'"):
        read(text)
    reading = read(text, kind="counts", columns={"topic": "name", "count": "clips"})
    assert rows(reading, "query", "posts") == [("Ann", 5), ("Ann", 6), ("Bob", 6), ("Bob", 7)]
    assert any("total_clips" in note for note in reading.notes)


def test_chosen_columns_of_a_wide_table_are_read_alone() -> None:
    reading = read("date,posts,price,weather\n2024-01-01,5,7,3\n2024-01-02,6,8,3\n", kind="counts", values=["price"])
    assert rows(reading, "query", "posts") == [("price", 7), ("price", 8)]


def test_the_row_numbers_of_a_data_frame_are_no_topic() -> None:
    reading = read(",date,a\n0,2024-01-01,5\n1,2024-01-02,6\n2,2024-01-03,9\n")
    assert set(reading.table["query"]) == {"a"}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("2024-01-01,1\n2024-01-04,2\n2024-01-07,3\n2024-01-10,4\n", "rows are 3 days apart"),
        ("2024-01-01T00:00Z,1\n2024-01-01T00:05Z,2\n2024-01-01T00:10Z,3\n", "5 minutes apart"),
        ("2024-01-01,1\n2024-01-02,2\n2024-01-02,3\n", "row 3 and row 4 give different values"),
        ("2024,1\n2024-02,2\n2024-03,3\n", "two grains"),
        ("x,1\ny,2\nz,3\n", "no column holds dates|no date that can be read"),
        ("13/04/2024,1\n04/13/2024,2\n", "row 2 .13/04/2024. has the day first, row 3 .04/13/2024. the month first"),
    ],
)
def test_columns_of_dates_that_mean_nothing_certain_are_refused(body: str, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence) as caught:
        read("Date,a\n" + body)
    assert "figures.csv" in str(caught.value)


def test_three_days_apart_is_read_when_the_user_says_what_a_row_counts() -> None:
    body = "2024-01-01,1\n2024-01-04,2\n2024-01-07,3\n2024-01-10,4\n"
    assert set(read("Date,a\n" + body, grain="day").table["grain"]) == {"day"}


def test_every_format_gives_the_same_table() -> None:
    frame = pd.DataFrame(
        {"date": ["2024-01-01", "2024-01-02"], "topic": ["a", "a"], "count": [1204, None], "authors": [7.0, 8.0]}
    )
    wanted = read(frame.to_csv(index=False))
    assert rows(wanted, "query", "posts", "authors") == [("a", 1204, 7), ("a", None, 8)]
    excel, parquet = io.BytesIO(), io.BytesIO()
    frame.assign(date=pd.to_datetime(frame["date"])).to_excel(excel, index=False)
    pq.write_table(
        pa.table(
            {
                "date": pa.array(pd.to_datetime(frame["date"]).dt.date),
                "topic": frame["topic"],
                "count": frame["count"],
                "authors": frame["authors"],
            }
        ),
        parquet,
    )
    records = json.loads(frame.to_json(orient="records"))
    others = {
        "a.tsv": frame.to_csv(index=False, sep="\t").encode(),
        "a.xlsx": excel.getvalue(),
        "a.parquet": parquet.getvalue(),
        "a.json": json.dumps(records).encode(),
        "b.json": json.dumps({"meta": 1, "data": records}).encode(),
        "a.ndjson": "\n".join(map(json.dumps, records)).encode(),
        "utf16.csv": frame.to_csv(index=False, sep="\t").encode("utf-16"),
    }
    for name, content in others.items():
        pd.testing.assert_frame_equal(read_bytes(name, content).table, wanted.table, obj=name)


def test_the_mapping_of_a_reading_reads_the_next_file_of_its_kind() -> None:
    first = read("Jour;Sujet;Valeur\n01/02/2024;a;1\n02/02/2024;a;2\n14/02/2024;a;3\n", kind="interest")
    assert first.mapping.columns == {"date": "Jour", "topic": "Sujet", "interest": "Valeur"}
    later = read("Sujet;Jour;Valeur\na;15/03/2024;5\na;16/03/2024;6\n", **first.mapping.to_dict())
    assert (later.kind, later.table["value"].tolist()) == ("interest", [5, 6])
    assert later.fingerprint == first.fingerprint


def test_a_mapping_that_names_a_missing_column_lists_those_there_are() -> None:
    with pytest.raises(BadQuery, match=r"no column 'Zahl'.*'Date', 'a'"):
        read("Date,a\n2024-01-01,1\n2024-01-02,1\n", kind="counts", columns={"count": "Zahl"})


def test_every_column_of_the_schema_is_there_without_the_stamps() -> None:
    for text, kind in (
        ("Date,a\n2024-01-01,1\n2024-01-02,1\n", "counts"),
        ("Date,a\n2024-01-01,1\n2024-01-02,1\n", "interest"),
    ):
        assert list(read(text, kind=kind).table) == [f.name for f in TABLES[kind]][:-3]


def test_an_faq_is_content_with_one_id_an_entry() -> None:
    reading = read_export(FILES / "faq.csv")
    assert reading.kind == "content"
    assert fits(reading)
    assert rows(reading, "id", "title", "text") == [
        ("https://example.com/faq", "Is the heat pump noisy?", "About 45\u00a0dB at one metre."),
        ("https://example.com/faq#2", "How long does it last?", "Fifteen to twenty years."),
        ("https://example.com/cooling", "Does it cool?", "Yes."),
    ]


def test_french_pages_without_address_are_content_named_by_their_rows() -> None:
    reading = read("Question;Réponse;Langue\nEst-ce bruyant ?;Non.;fr\nCombien ?;Cher.;fr\n", name="faq.csv")
    assert reading.kind == "content"
    assert rows(reading, "id", "title", "text", "lang") == [
        ("faq.csv#2", "Est-ce bruyant ?", "Non.", "fr"),
        ("faq.csv#3", "Combien ?", "Cher.", "fr"),
    ]
