"""Exports of Search Console and Bing Webmaster Tools, single or as an archive: totals from the days, the cut said aloud."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from sources import read_export
from sources.errors import BadFile, BadQuery
from sources.exports import bundles
from tests.exports import read, text_of, zipped

EN = ["Top queries", "Clicks", "Impressions", "CTR", "Position"]
FR = ["Requêtes les plus fréquentes", "Clics", "Impressions", "CTR", "Position"]
DE = ["Häufigste Suchanfragen", "Klicks", "Impressionen", "Klickrate", "Durchschnittliche Position"]
TR = ["En çok yapılan sorgular", "Tıklamalar", "Gösterimler", "TO", "Konum"]
QUERIES = [["pompe à chaleur", 3, 400, "0.75%", 4.2], ["bruit pompe", 1, 100, "1%", 8], ["2024", 0, 20, "0%", 9]]
DAYS = [[f"2026-03-{d:02d}", d, 100 * d, "1%", 5.5] for d in range(1, 8)]


def french(**more: str) -> dict[str, bytes | str]:
    return {
        "Requêtes.csv": text_of(FR, QUERIES),
        "Dates.csv": text_of(["Date", *FR[1:]], DAYS[::-1]),
        "Pays.csv": text_of(["Pays", *FR[1:]], [["France", 5, 900, "0.56%", 4], ["Allemagne", 1, 90, "1.11%", 6]]),
        "Appareils.csv": text_of(
            ["Appareil", *FR[1:]], [["Mobile", 4, 500, "0.8%", 4], ["Ordinateur", 2, 490, "0.41%", 5]]
        ),
        "Pages.csv": text_of(["Pages les plus populaires", *FR[1:]], [["https://a.example/", 5, 900, "0.56%", 4]]),
        "Filtres.csv": "Filtre,Valeur\nType de recherche,Web\nDate,Les 3\u00a0derniers mois",
        **more,
    }


@pytest.mark.parametrize("header", [EN, FR, DE, TR], ids=["en", "fr", "de", "tr"])
def test_queries_are_recognised_by_shape_in_any_language(header: list[str]) -> None:
    reading = read(text_of(header, QUERIES), "Queries.csv")
    assert (reading.kind, reading.source) == ("queries", "google_search_console_export")
    assert reading.table[["query", "value", "clicks", "position"]].values.tolist() == [
        ["pompe à chaleur", 400, 3, 4.2],
        ["bruit pompe", 100, 1, 8],
        ["2024", 20, 0, 9],
    ]
    assert set(reading.table["unit"]) == {"impressions"}


def test_german_semicolons_and_decimal_commas_are_read_like_english_points() -> None:
    rows = [["wärmepumpe", "3", "1.310", "0,23 %", "84,6"], ["lärm", "0", "20", "0,00\u00a0%", "9,1"]]
    table = read(text_of(DE, rows, delimiter=";"), "Suchanfragen.csv").table
    assert table[["value", "clicks", "position"]].values.tolist() == [[1310, 3, 84.6], [20, 0, 9.1]]


def test_totals_come_from_the_days_and_the_queries_say_how_much_of_them_they_are() -> None:
    reading = read(zipped(french()), "https___www.a.example_-Performance-on-Search-2026-03-08.zip")
    assert (reading.kind, [r.kind for r in reading.also]) == ("queries", ["interest", "regions"])
    days = reading.also[0]
    assert (len(days.table), days.table["value"].sum(), set(days.table["unit"])) == (7, 2800, {"impressions"})
    assert days.table["period"].is_monotonic_increasing
    assert set(days.table["scale"]) == {"google_search_console:impressions:www.a.example"}
    assert any("make up 19% of the 2,800 impressions" in note for note in reading.notes)
    assert any("totals are those of the days" in note for note in reading.notes)
    assert any("Appareils.csv" in note and "Pages.csv" in note for note in reading.notes)
    assert reading.window == (pd.Timestamp("2026-03-01", tz="UTC"), pd.Timestamp("2026-03-08", tz="UTC"))
    assert set(reading.table["window"]) == {"Les 3\u00a0derniers mois"}
    assert reading.also[1].table["place"].tolist() == ["France", "Allemagne"]


def test_f10_names_of_members_in_nfd_or_read_as_cp437_do_no_harm() -> None:
    decomposed = {unicodedata.normalize("NFD", name): data for name, data in french().items()}
    assert [r.kind for r in read(zipped(decomposed), "a.zip").also] == ["interest", "regions"]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in french().items():
            info = zipfile.ZipInfo(name.encode().decode("cp437"))
            info.flag_bits = 0
            archive.writestr(info, data)
    assert len(read(out.getvalue(), "a.zip").table) == 3


def test_f10_exactly_a_thousand_queries_are_said_to_be_cut_and_one_less_is_not() -> None:
    rows: list[list[object]] = [[f"q {i}", 0, 2000 - i, "0%", 9] for i in range(1000)]
    full, less = read(text_of(EN, rows), "Queries.csv"), read(text_of(EN, rows[:-1]), "Queries.csv")
    assert (full.capped, less.capped) == (True, False)
    assert any("exactly 1,000 queries: Search Console cuts the list there" in note for note in full.notes)


def test_f10_an_archive_without_days_gives_queries_and_no_total() -> None:
    members = french()
    del members["Dates.csv"]
    reading = read(zipped(members), "a.zip")
    assert [r.kind for r in reading.also] == ["regions"]
    assert not any("make up" in note for note in reading.notes)
    with pytest.raises(BadQuery, match="holds no interest"):
        read(zipped(members), "a.zip", kind="interest")


def test_f10_more_clicks_than_impressions_are_kept_and_said() -> None:
    reading = read(text_of(EN, [["a", 4, 2, "200%", 1], ["b", 0, 50, "0%", 3]]), "Queries.csv")
    assert reading.table["clicks"].tolist() == [4, 0]
    assert any("click rate up to 200%" in note for note in reading.notes)


def test_f10_impressions_of_zero_are_a_zero_and_no_blank() -> None:
    table = read(text_of(EN, [["a", 0, 0, "0%", 1], ["b", 1, 50, "2%", 3]]), "Queries.csv").table
    assert table["kind"].tolist() == ["zero", "measured"]


def test_f10_a_comparison_of_two_periods_is_read_by_its_first_columns() -> None:
    header = ["Top queries"]
    for metric in EN[1:]:
        header += [f"3/1/26 - 3/31/26 {metric}", f"2/1/26 - 2/28/26 {metric}"]
    rows = [["a", 3, 9, 100, 300, "3%", "3%", 2, 5], ["b", 1, 0, 50, 60, "2%", "0%", 4, 6]]
    reading = read(text_of(header, rows), "Queries.csv")
    assert reading.table[["value", "clicks", "position"]].values.tolist() == [[100, 3, 2], [50, 1, 4]]
    assert any("compares two periods" in note for note in reading.notes)


def test_a_workbook_of_the_same_export_is_read_like_its_archive() -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in (("Queries", [EN, *QUERIES]), ("Chart", [["Date", *EN[1:]], *DAYS])):
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    reading = read(out.getvalue(), "export.xlsx")
    assert (reading.kind, [(r.kind, len(r.table)) for r in reading.also]) == ("queries", [("interest", 7)])


def test_clicks_can_be_taken_instead_of_impressions() -> None:
    table = read(text_of(["Date", *EN[1:]], DAYS), "Chart.csv", unit="clicks").table
    assert (table["value"].sum(), set(table["unit"])) == (28, {"clicks"})


def test_a_filter_makes_another_scale_and_is_said() -> None:
    filters = "Filtre,Valeur\nAppareil,Mobile\nDate,28 derniers jours"
    reading = read(zipped(french(**{"Filtres.csv": filters})), "a.zip")
    whole = read(zipped(french()), "a.zip")
    assert set(reading.also[0].table["scale"]).isdisjoint(whole.also[0].table["scale"])
    assert any("was filtered (Appareil = Mobile)" in note for note in reading.notes)


@pytest.mark.parametrize("name", ["Pages.csv", "Appareils.csv", "Filtres.csv"])
def test_members_that_hold_no_queries_are_refused_with_what_to_import(name: str) -> None:
    data = french()[name]
    assert isinstance(data, str)
    with pytest.raises(BadFile, match=r"import the queries and the days of the same export"):
        read(data, name)


def archive(*members: tuple[zipfile.ZipInfo | str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members:
            made.writestr(name, data)
    return out.getvalue()


def encrypted() -> bytes:
    data = bytearray(archive(("Queries.csv", text_of(EN, QUERIES).encode())))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        data[data.index(mark) + (6 if mark == b"PK\x03\x04" else 8)] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (archive(("inner.zip", archive(("a.csv", b"a")))), "holds another archive"),
        (archive(("a.csv", archive(("b.csv", b"a")))), "holds another archive"),
        (encrypted(), "protected by a password"),
        (archive(("../Queries.csv", b"a")), "names a file outside of it"),
        (archive(("/etc/Queries.csv", b"a")), "names a file outside of it"),
        (archive(("Queries.csv", b"a," * 4_000_000)), "unpacks to more than any export"),
        (archive(("readme.md", b"a")), "a ZIP archive holding readme.md; unpack it and import the files one by one"),
        (archive(("a.csv", b"x,y\n1,2\n")), "a ZIP archive holding a.csv"),
        (archive(), "a ZIP archive holding nothing"),
        (archive(*((f"{i}.csv", b"a,b\n1,2") for i in range(bundles.MAX_MEMBERS + 1))), "holds 41 files"),
    ],
    ids=["nested", "nested unnamed", "password", "up", "root", "bomb", "other", "foreign", "empty", "many"],
)
def test_f11_archives_that_are_no_export_are_refused_with_the_way_out(content: bytes, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        read(content, "a.zip")


def test_bing_keywords_and_days_are_told_from_search_console_by_their_averages() -> None:
    keywords = read(
        '"Keyword","Impressions","Clicks","CTR","Avg. Position"\n"pompe","2","4","200%","1.5"\n"bruit","10","0","0%","6"\n',
        "Keywords.csv",
    )
    assert (keywords.source, keywords.kind, keywords.table["value"].tolist()) == (
        "bing_webmaster_export",
        "queries",
        [2, 10],
    )
    days = read(
        '"Date","Clicks","Impressions","Avg. CTR"\n'
        + "".join(f'"7/{d}/2025 12:00:00 AM","1","{d * 10}","{10 / d:.2f}%"\n' for d in range(1, 21)),
        "days.csv",
    )
    assert (days.source, days.kind, set(days.table["grain"])) == ("bing_webmaster_export", "interest", {"day"})
    assert (days.table["value"].sum(), days.table["period"].max()) == (2100, pd.Timestamp("2025-07-20", tz="UTC"))


# file: kind, rows
REAL = {
    "en/Queries.csv": ("queries", 14),
    "en/Chart.csv": ("interest", 14),
    "fr/Requêtes.csv": ("queries", 14),
    "fr/Dates.csv": ("interest", 92),
    "fr/Pays.csv": ("regions", 14),
}


@pytest.mark.parametrize("name", REAL)
def test_real_files_of_search_console_are_read_to_the_last_figure(shared: Callable[..., Path], name: str) -> None:
    path = shared("fixtures", "search", "gsc", *name.split("/"))
    reading = read_export(path)
    raw = pd.read_csv(path)
    assert (reading.kind, len(reading.table)) == (REAL[name][0], REAL[name][1])
    assert reading.table["value"].sum() == raw.iloc[:, 2].sum()
    assert reading.rejected.empty
    assert reading.table["value"].notna().all()


@pytest.mark.parametrize(
    "name", ["Appareils.csv", "Apparence dans les résultats de recherche.csv", "Filtres.csv", "Pages.csv"]
)
def test_real_files_of_search_console_without_queries_are_refused_with_the_reason(
    shared: Callable[..., Path], name: str
) -> None:
    with pytest.raises(BadFile, match="import the queries and the days"):
        read_export(shared("fixtures", "search", "gsc", "fr", name))
