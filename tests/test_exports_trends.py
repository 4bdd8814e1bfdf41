"""Google Trends website files: every shape, thirteen languages, what spreadsheets do to them, and four kinds of nothing."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from sources import read_export
from sources.errors import BadFile
from sources.exports import Reading, read_bytes
from sources.tables import TABLES, conform

FILES = Path(__file__).parent / "files" / "exports"
NBSP = "\u00a0"


def rows(reading: Reading, *columns: str) -> list[tuple[object, ...]]:
    frame = reading.table[list(columns)].astype("object")
    return [tuple(None if pd.isna(v) else v for v in row) for row in frame.itertuples(index=False)]


def stamped(reading: Reading) -> pd.DataFrame:
    now = pd.Timestamp("2026-01-01", tz="UTC")
    return reading.table.assign(source=reading.source, fetched_at=now, batch_id="b")


def days(reading: Reading) -> list[str]:
    return [f"{p:%Y-%m-%d}" for p in reading.table["period"]]


@pytest.mark.parametrize("path", sorted(FILES.glob("*[mM]*_*.csv")), ids=lambda p: p.name)
def test_every_own_export_fits_its_table(path: Path) -> None:
    reading = read_export(path)
    assert conform(stamped(reading), reading.kind).num_rows == len(reading.table) > 0
    assert list(reading.table) == [f.name for f in TABLES[reading.kind]][:-3]


def test_a_french_export_gives_terms_places_and_rounding_intervals() -> None:
    reading = read_export(FILES / "multiTimeline_fr.csv")
    assert (reading.kind, reading.source) == ("interest", "google_trends_export")
    assert list(reading.table["term"].unique()) == ["pompe à chaleur", "bruit: (dB)", '"chauffage au sol"']
    assert set(reading.table["geo"]) == {"FR"}
    assert set(reading.table["grain"]) == {"week"}
    first = reading.table[reading.table["term"] == "pompe à chaleur"]
    assert first["value"].tolist() == [100, 83, 71, 64]
    assert first["lo"].tolist() == [99.5, 82.5, 70.5, 63.5]
    assert first["hi"].tolist() == [100.5, 83.5, 71.5, 64.5]
    assert days(reading)[:4] == ["2024-01-07", "2024-01-14", "2024-01-21", "2024-01-28"]
    assert reading.table["partial"].isna().all()  # the classic file does not tell
    assert reading.rejected.empty


def test_zero_below_one_and_blank_stay_three_different_things() -> None:
    reading = read_export(FILES / "multiTimeline_fr.csv")
    third = reading.table[reading.table["term"] == '"chauffage au sol"']
    got = [
        tuple(None if pd.isna(v) else v for v in r)
        for r in third[["kind", "value", "lo", "hi"]].itertuples(index=False)
    ]
    assert got == [
        ("below_one", 0.5, 0.0, 1.0),
        ("zero", 0.0, 0.0, 0.5),
        ("blank", None, None, None),
        ("zero", 0.0, 0.0, 0.5),
    ]


def test_no_data_said_in_words_is_a_fourth_thing() -> None:
    text = "Category: All categories\n\nWeek,a: (France)\n2024-01-07,5\n2024-01-14,no data\n2024-01-21,\n2024-01-28,0\n"
    reading = read_bytes("multiTimeline.csv", text.encode())
    assert reading.table["kind"].tolist() == ["measured", "no_data", "blank", "zero"]
    assert reading.table["value"].isna().tolist() == [False, True, True, False]


def test_a_spreadsheet_copy_without_preamble_and_with_american_dates_is_still_an_export() -> None:
    reading = read_export(FILES / "multiTimeline_us_dates.csv")
    assert reading.kind == "interest"
    assert rows(reading, "term", "geo", "value", "kind")[:2] == [
        ("heat pump", "US", 41, "measured"),
        ("heat pump", "US", 100, "measured"),
    ]
    assert days(reading)[:3] == ["2024-04-29", "2024-04-30", "2024-05-01"]
    assert reading.table["geo"].iloc[-1] == ""
    assert any("month first, as row 2 (4/29/2024) shows" in note for note in reading.notes)


def test_hours_are_read_and_the_missing_zone_is_said() -> None:
    reading = read_export(FILES / "multiTimeline_hours.csv")
    assert set(reading.table["grain"]) == {"hour"}
    assert reading.table["period"].iloc[0] == pd.Timestamp("2024-02-04 22:00", tz="UTC")
    assert any("time zone" in note for note in reading.notes)
    in_paris = read_export(FILES / "multiTimeline_hours.csv", mapping={"timezone": "Europe/Paris"})
    assert in_paris.table["period"].iloc[0] == pd.Timestamp("2024-02-04 21:00", tz="UTC")


def test_the_2026_export_takes_grain_from_spacing_and_place_and_end_from_its_name() -> None:
    reading = read_export(FILES / "time_series_FR_20200101-0000_20240315-0930.csv")
    assert rows(reading, "term", "geo", "grain", "value") == [
        ("pompe à chaleur", "FR", "month", 40),
        ("pompe à chaleur", "FR", "month", 100),
        ("pompe à chaleur", "FR", "month", 75),
        ("pompe à chaleur", "FR", "month", 22),
    ]
    assert reading.table["partial"].tolist() == [False, False, False, True]
    assert any("2024-03-01, had not ended when the file was made (2024-03-15 09:30)" in note for note in reading.notes)


def test_the_scale_is_the_file_and_the_measure() -> None:
    timeline = read_export(FILES / "multiTimeline_fr.csv")
    assert timeline.table["scale"].nunique() == 1
    assert timeline.table["scale"].iloc[0] != read_export(FILES / "multiTimeline_hours.csv").table["scale"].iloc[0]
    index, share = (read_export(FILES / n) for n in ("geoMap_index.csv", "geoMap_shares_fr.csv"))
    assert set(index.table["scale"].str.split(":").str[1]) == {"index"}
    assert set(share.table["scale"].str.split(":").str[1]) == {"share"}


def test_one_term_by_place_is_an_index_whose_empty_cells_mean_not_enough_searches() -> None:
    reading = read_export(FILES / "geoMap_index.csv")
    assert reading.kind == "regions"
    assert rows(reading, "place", "value", "lo", "hi", "kind") == [
        ("Norway", 100, 99.5, 100.5, "measured"),
        ("Finland", 87, 86.5, 87.5, "measured"),
        ("Iceland", None, None, None, "no_data"),
        ("Malta", 0.5, 0, 1, "below_one"),
        ("Chad", 0, 0, 0.5, "zero"),
    ]
    assert rows(reading, "term", "level", "measure", "window")[0] == (
        "heat pump",
        "country",
        "index",
        "1/1/24 - 12/31/24",
    )


def test_several_terms_by_place_are_shares_not_an_index() -> None:
    reading = read_export(FILES / "geoMap_shares_fr.csv")
    assert rows(reading, "term", "place", "value", "lo", "hi", "kind") == [
        ("pompe à chaleur", "Jura", 0.62, 0.615, 0.625, "measured"),
        ("pompe à chaleur", "Corse", 0.005, 0, 0.01, "below_one"),
        ("pompe à chaleur", "Mayotte", None, None, None, "no_data"),
        ("chaudière", "Jura", 0.38, 0.375, 0.385, "measured"),
        ("chaudière", "Corse", 1.0, 0.995, 1.0, "measured"),
        ("chaudière", "Mayotte", None, None, None, "no_data"),
    ]
    assert set(reading.table["measure"]) == {"share"}
    assert set(reading.table["level"]) == {"region"}
    assert set(reading.table["window"]) == {"01/01/2024 – 31/12/2024"}


def test_shares_that_lost_their_percent_signs_in_a_spreadsheet_are_still_shares() -> None:
    text = "Region,a: (1/1/24 - 2/1/24),b: (1/1/24 - 2/1/24)\nJura,62,38\nCorse,7,93\nEure,50,50\n"
    reading = read_bytes("geoMap.csv", text.encode())
    assert set(reading.table["measure"]) == {"share"}
    assert reading.table["value"].tolist() == pytest.approx([0.62, 0.07, 0.5, 0.38, 0.93, 0.5])
    assert any("percents without their sign" in note for note in reading.notes)


def test_a_place_printed_twice_is_kept_twice() -> None:
    text = "City,a: (1/1/24 - 2/1/24)\nSaint-Jean,62\nParis,7\nSaint-Jean,12\n"
    reading = read_bytes("geoMap.csv", text.encode())
    assert rows(reading, "place", "value") == [("Saint-Jean", 62), ("Paris", 7), ("Saint-Jean #2", 12)]


def test_related_queries_give_top_as_index_and_rising_as_growth() -> None:
    reading = read_export(FILES / "relatedQueries_en.csv")
    assert reading.kind == "queries"
    assert set(reading.table["term"]) == {"heat pump: noise"}
    assert rows(reading, "query", "ranking", "value", "lo", "hi", "kind", "unit", "raw") == [
        ("quiet heat pump", "top", 100, 99.5, 100.5, "measured", "index", "100"),
        ("heat pump noise level", "top", 38, 37.5, 38.5, "measured", "index", "38"),
        ("heat pump hum", "top", 0.5, 0, 1, "below_one", "index", "<1"),
        ("heat pump fan rattle", "rising", None, None, None, "breakout", "growth", "Breakout"),
        ("heat pump winter", "rising", 16, 15.995, 16.005, "measured", "growth", "+1,600%"),
        ("heat pump price", "rising", 0.9, 0.895, 0.905, "measured", "growth", "+90%"),
    ]
    assert set(reading.table["item"]) == {"query"}
    assert reading.table["window"].iloc[0].endswith("Canada")


def test_related_topics_of_another_language_are_topics_and_a_point_separates_thousands() -> None:
    reading = read_export(FILES / "relatedEntities_pt.csv")
    assert set(reading.table["item"]) == {"topic"}
    assert rows(reading, "query", "ranking", "value", "kind") == [
        ("Bomba de calor", "top", 100, "measured"),
        ("Ruído", "top", 4, "measured"),
        ("Ruído", "rising", None, "breakout"),
        ("Vizinho", "rising", 20, "measured"),
    ]


def test_related_blocks_are_told_by_shape_when_a_title_is_translated() -> None:
    top, rising = "PRINCIPALES\npac bruit,100\npac prix,38\n", "EN PROGRESSION\npac hiver,Record\npac neuve,+40 %\n"
    text = f"Catégorie : Toutes\n\n{top}\n{rising}"
    reading = read_bytes("relatedQueries.csv", text.encode())
    assert rows(reading, "query", "ranking", "value", "kind") == [
        ("pac bruit", "top", 100, "measured"),
        ("pac prix", "top", 38, "measured"),
        ("pac hiver", "rising", None, "breakout"),
        ("pac neuve", "rising", 0.4, "measured"),
    ]
    assert any("does not name the term" in note for note in reading.notes)


LOCALES = {
    "en": ("Category: All categories", "Week", "United States", "US"),
    "fr": (f"Catégorie{NBSP}: Toutes catégories", "Semaine", "États-Unis", "US"),
    "de": ("Kategorie: Alle Kategorien", "Woche", "Deutschland", "DE"),
    "es": ("Categoría: Todas las categorías", "Semana", "Todo el mundo", ""),
    "it": ("Categoria: Tutte le categorie", "Settimana", "Italia", "IT"),
    "pt": ("Categoria: Todas as categorias", "Semana", "Brasil", "BR"),
    "id": ("Kategori: Semua kategori", "Minggu", "Indonesia", "ID"),
    "ja": ("カテゴリ: すべてのカテゴリ", "週", "すべての国", ""),
    "ko": ("카테고리: 모든 카테고리", "주", "대한민국", "KR"),
    "zh": ("类别：所有类别", "周", "美国", "US"),
    "uk": ("Категорія: Усі категорії", "Тиждень", "Україна", "UA"),
    "vi": ("Danh mục: Tất cả danh mục", "Tuần", "Việt Nam", "VN"),
    "tr": ("Kategori: Tüm kategoriler", "Hafta", "Türkiye", "TR"),
}


@pytest.mark.parametrize("locale", LOCALES)
def test_thirteen_languages_are_read_alike(locale: str) -> None:
    category, week, place, code = LOCALES[locale]
    text = f"{category}\n\n{week},a: ({place}),b: ({place})\n2024-01-07,100,<1\n2024-01-14,38,0\n2024-01-21,37,4\n"
    reading = read_bytes("export.csv", text.encode())
    assert reading.kind == "interest"
    assert rows(reading, "term", "geo", "grain", "value") == [
        (term, code, "week", value) for term, values in (("a", (100, 38, 37)), ("b", (0.5, 0, 4))) for value in values
    ]


@pytest.mark.parametrize("locale", ["fr", "de", "es", "tr"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "legacy"])
def test_every_encoding_a_spreadsheet_writes_is_read(locale: str, encoding: str) -> None:
    category, week, place, code = LOCALES[locale]
    legacy = "cp1254" if locale == "tr" else "cp1252"
    term = "ısı pompası gürültüsü" if locale == "tr" else "pompe à chaleur, Wärme"
    text = f'{category}\r\n\r\n{week},"{term}: ({place})"\r\n2024-01-07,100\r\n2024-01-14,38\r\n'
    reading = read_bytes("multiTimeline.csv", text.encode(legacy if encoding == "legacy" else encoding))
    assert rows(reading, "term", "geo", "value") == [(term, code, 100), (term, code, 38)]
    guessed = encoding == "legacy"
    assert any(f"{legacy} was guessed" in note for note in reading.notes) is guessed


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_delimiter_and_line_end_is_read(delimiter: str, end: str) -> None:
    lines = ["Category: All categories", "", "Month,a: (France),b: (France)", "2024-01,100,3", "2024-02,50,<1"]
    reading = read_bytes("x.csv", end.join(lines).replace(",", delimiter).encode())
    assert rows(reading, "term", "grain", "value") == [
        ("a", "month", 100),
        ("a", "month", 50),
        ("b", "month", 3),
        ("b", "month", 0.5),
    ]


def test_an_export_saved_as_a_workbook_is_read_with_its_real_dates() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["Category: All categories"], [], ["Week", "a: (France)"]):
        sheet.append(row)
    for day, value in ((7, 100), (14, "<1"), (21, None)):
        sheet.append([pd.Timestamp(2024, 1, day).to_pydatetime(), value])
    out = io.BytesIO()
    book.save(out)
    reading = read_bytes("multiTimeline.xlsx", out.getvalue())
    assert rows(reading, "term", "geo", "kind", "value") == [
        ("a", "FR", "measured", 100),
        ("a", "FR", "below_one", 0.5),
        ("a", "FR", "blank", None),
    ]


def test_newest_first_is_sorted_and_said() -> None:
    text = "Week,a: (France)\n2024-01-21,3\n2024-01-14,2\n2024-01-07,1\n"
    reading = read_bytes("multiTimeline.csv", text.encode())
    assert reading.table["value"].tolist() == [1, 2, 3]
    assert any("not in the order of time" in note for note in reading.notes)


def test_a_gap_stays_a_gap() -> None:
    text = "Week,a: (France)\n2024-01-07,1\n2024-01-14,2\n2024-02-11,3\n2024-02-18,4\n"
    assert len(read_bytes("multiTimeline.csv", text.encode()).table) == 4


def test_a_repeated_row_is_refused_by_its_number_and_read_once() -> None:
    text = "Week,a: (France)\n2024-01-07,1\n2024-01-14,2\n2024-01-14,2\n2024-01-21,3\n"
    reading = read_bytes("multiTimeline.csv", text.encode())
    assert reading.table["value"].tolist() == [1, 2, 3]
    assert rows_of(reading) == [(4, "repeats row 3; row left out")]


def rows_of(reading: Reading) -> list[tuple[int, str]]:
    return list(reading.rejected[["row", "reason"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            "2024-01-07,1\n2024-01-14,2\n2024-01-14,9\n",
            "row 3 and row 4 give different values for the period 2024-01-14",
        ),
        ("2024-01,1\n2024-02,2\n2024-03-01,9\n", "row 4 a day"),
        (
            "".join(f"2024-01-0{d},1\n" for d in range(1, 6)) + "2024-01-12,1\n2024-01-19,1\n2024-01-26,1\n",
            "grain changes at row 7",
        ),
        ("2024-01-07,1\n2024-01-14,120\n", "column 'a: (France)' holds fractions|outside|120|counts"),
    ],
)
def test_contradictions_are_named_by_file_and_row(body: str, sentence: str) -> None:
    content = ("Week,a: (France)\n" + body).encode()
    if "120" in body:  # not a Trends index: read as counts, and said
        assert read_bytes("counts.csv", content).kind == "counts"
        return
    with pytest.raises(BadFile, match=sentence) as caught:
        read_bytes("multiTimeline.csv", content)
    assert "multiTimeline.csv" in str(caught.value)


def test_a_date_that_does_not_exist_is_refused_by_row_and_the_rest_is_read() -> None:
    text = "Week,a: (France)\n2024-02-18,1\n2024-02-25,2\n2024-02-31,3\n2024-03-03,4\nTotal,10\n"
    reading = read_bytes("multiTimeline.csv", text.encode())
    assert reading.table["value"].tolist() == [1, 2, 4]
    assert rows_of(reading) == [
        (4, "the date '2024-02-31' does not exist; row left out"),
        (6, "'Total' is not a date; row left out"),
    ]


def test_ambiguous_days_and_months_are_asked_not_guessed() -> None:
    content = b"Day,a: (France)\n3/4/2024,5\n"
    with pytest.raises(BadFile, match="can be read day first and month first"):
        read_bytes("multiTimeline.csv", content)
    said = read_bytes("multiTimeline.csv", content, mapping={"date_order": "dmy"})
    assert days(said) == ["2024-04-03"]


def test_days_that_follow_one_another_settle_the_order_of_day_and_month() -> None:
    body = "".join(f"{m}/1/2024,5\n" for m in range(1, 11))
    reading = read_bytes("multiTimeline.csv", ("Month,a: (France)\n" + body).encode(), mapping={"date_order": "mdy"})
    assert set(reading.table["grain"]) == {"month"}
    weekly = [pd.Timestamp("2024-01-01") + pd.Timedelta(days=7 * i) for i in range(2)]
    text = "Day,a: (France)\n" + "".join(f"{d.day}.{d.month}.{d.year},5\n" for d in weekly)
    assert days(read_bytes("multiTimeline.csv", text.encode())) == ["2024-01-01", "2024-01-08"]


def test_one_period_needs_a_word_for_its_length() -> None:
    assert set(read_bytes("multiTimeline.csv", b"Semaine,a: (France)\n2024-01-07,5\n").table["grain"]) == {"week"}
    with pytest.raises(BadFile, match="one period does not tell how long it is"):
        read_bytes("multiTimeline.csv", b"Quand,a: (France)\n2024-01-07,5\n")
    given = read_bytes("multiTimeline.csv", b"Quand,a: (France)\n2024-01-07,5\n", mapping={"grain": "day"})
    assert set(given.table["grain"]) == {"day"}


def test_a_term_and_place_twice_with_other_values_is_refused() -> None:
    text = "Week,a: (France),a: (France)\n2024-01-07,1,2\n2024-01-14,2,3\n"
    with pytest.raises(BadFile, match="there twice with different values"):
        read_bytes("multiTimeline.csv", text.encode())


def test_one_term_in_two_places_is_two_series_on_one_scale() -> None:
    text = "Week,a: (France),a: (Italie)\n2024-01-07,1,2\n2024-01-14,2,3\n"
    reading = read_bytes("multiTimeline.csv", text.encode())
    assert rows(reading, "geo", "value") == [("FR", 1), ("FR", 2), ("IT", 2), ("IT", 3)]
    assert reading.table["scale"].nunique() == 1


def test_an_unknown_place_stays_as_printed() -> None:
    reading = read_bytes("multiTimeline.csv", "Week,a: (Île-de-France)\n2024-01-07,1\n2024-01-14,2\n".encode())
    assert set(reading.table["geo"]) == {"Île-de-France"}


def test_the_mapping_of_a_reading_reads_the_next_file_alike() -> None:
    reading = read_export(FILES / "multiTimeline_fr.csv")
    again = read_export(FILES / "multiTimeline_fr.csv", mapping=reading.mapping)
    pd.testing.assert_frame_equal(reading.table, again.table)


def test_counts_below_a_title_line_are_no_export_of_trends() -> None:
    text = "Requête : pompe à chaleur\n\nDate,Marque A,Marque B\n2024-01-01,4,12\n2024-01-02,7,3\n"
    assert read_bytes("volumes.csv", text.encode()).kind == "counts"
    assert read_bytes("volumes.csv", text.replace("12", "100").encode()).kind == "interest"
    assert read_bytes("volumes.csv", text.replace("12", "100").encode(), mapping={"kind": "counts"}).kind == "counts"
