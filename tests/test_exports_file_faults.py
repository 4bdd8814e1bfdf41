"""Files that a search tool can hand over, F1 to F16 of the list of faults: each is read right or refused in one sentence."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.importing import import_bytes
from explorer.outputs.frames import to_csv
from explorer.study import new_study
from forecasting import forecast
from forecasting.errors import TooLittleData
from sources.errors import BadFile, BadQuery
from sources.exports import propose, sniff
from tests.exports import read, workbook_of

WEEKS = pd.date_range("2024-01-07", periods=30, freq="7D")


def timeline(
    term: str = "chauffage", place: str = "France", *, values: list[object] | None = None, day: str = "%Y-%m-%d"
) -> str:
    cells = values if values is not None else [*range(1, 30), 100]
    rows = "".join(f"{d.strftime(day)},{v}\n" for d, v in zip(WEEKS, cells, strict=False))
    return f"Catégorie\u00a0: Toutes catégories\n\nSemaine,{term}: ({place})\n{rows}"


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-16", ""),
        ("utf-16-le", "read as UTF-16-LE"),
        ("utf-16-be", "read as UTF-16-BE"),
        ("utf-8-sig", ""),
        ("cp1252", "cp1252 was guessed"),
        ("mac_roman", "was guessed"),
    ],
)
def test_f1_every_encoding_is_decoded_and_what_was_guessed_is_said(encoding: str, said: str) -> None:
    reading = read(timeline("été œuvré à l'étage").encode(encoding), "m.csv")
    assert len(reading.table) == 30
    assert any(said in note for note in reading.notes) if said else not any("guessed" in note for note in reading.notes)


def test_f1_turkish_letters_are_not_taken_for_central_european_and_the_user_may_choose() -> None:
    content = (
        timeline("işkur başvuru ığdır", "Türkiye")
        .replace("Catégorie\u00a0: Toutes catégories", "Kategori: Tümü")
        .encode("cp1254")
    )
    assert set(read(content, "m.csv").table["term"]) == {"işkur başvuru ığdır"}
    assert set(read(content, "m.csv", encoding="cp1250").table["term"]) == {"iţkur baţvuru ýđdýr"}
    assert propose("m.csv", content).encoding == "cp1254"
    with pytest.raises(BadQuery, match="cannot be read as ascii"):
        read(content, "m.csv", encoding="ascii")


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u202f", "\u2009"])
def test_f2_any_delimiter_and_any_blank_in_numbers_give_the_same_counts(delimiter: str, blank: str) -> None:
    rows = "".join(f"{d:%d/%m/%Y}{delimiter}1{blank}20{i % 10}\n" for i, d in enumerate(WEEKS))
    table = read(f"Date{delimiter}bruit\n{rows}", "m.csv").table
    assert table["posts"].tolist() == [1200 + i % 10 for i in range(30)]


def test_f2_a_point_for_thousands_is_resolved_for_the_whole_file_and_not_per_cell() -> None:
    related = 'Categoria: Todas as categorias\n"pac: (2024, Brasil)"\n\nTOP\na,100\nb,50\n\nRISING\n{}\n'
    brazil = read(related.format("c,Mais 1.600%\nd,Mais 250%"), "r.csv").table
    english = read(related.format('c,"+1,600%"\nd,+250%'), "r.csv").table
    for table in (brazil, english):
        assert table[table["ranking"] == "rising"]["value"].tolist() == [16, 2.5]


@pytest.mark.parametrize(
    "above",
    [
        "",
        "\n",
        "Category: All categories\n\n",
        "Category: All categories,\n,\n",
        "类别：所有类别\r\n\r\n",
        "Kategorie: Alle\n\n",
    ],
)
def test_f3_a_preamble_may_be_there_or_not_in_any_language_and_with_trailing_commas(above: str) -> None:
    body = timeline().split("\n\n", 1)[1]
    reading = read(above + (body.replace("\n", "\r\n") if "\r" in above else body), "multiTimeline.csv")
    assert (reading.kind, len(reading.table), set(reading.table["term"])) == ("interest", 30, {"chauffage"})


def test_f4_each_way_of_printing_little_or_nothing_keeps_its_own_meaning() -> None:
    cells = [*["<1", "<\u00a01", "< 1", "", "0"] * 5, 7, 8, 9, 10, 100]
    table = read(timeline(values=cells), "m.csv").table
    assert table["kind"].tolist() == [*["below_one", "below_one", "below_one", "blank", "zero"] * 5, *["measured"] * 5]
    assert (table["kind"].eq("zero") == table["value"].eq(0)).all()
    related = (
        'Category: All categories\n"pac: (2024, France)"\n\nTOP\na,100\nb,<1\n\nRISING\nc,Breakout\nd,Record\ne,+50%\n'
    )
    rising = read(related, "r.csv").table.query("ranking == 'rising'")
    assert rising["kind"].tolist() == ["breakout", "breakout", "measured"]
    assert rising["value"].isna().tolist() == [True, True, False]
    assert rising["raw"].tolist() == ["Breakout", "Record", "+50%"]


@pytest.mark.parametrize("day", ["%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d.%m.%Y", "%Y-%m-%dT00"])
def test_f5_dates_of_every_order_are_read_from_the_whole_column(day: str) -> None:
    table = read(timeline(day=day), "m.csv", grain="week").table
    assert table["period"].dt.strftime("%Y-%m-%d").tolist() == [f"{d:%Y-%m-%d}" for d in WEEKS]


def test_f5_serial_days_of_a_spreadsheet_are_dates() -> None:
    serial = [(d - pd.Timestamp("1899-12-30")).days for d in WEEKS]
    rows: list[list[object]] = [["Date", "bruit"], *([s, i] for i, s in enumerate(serial))]
    assert read(workbook_of("a", rows), "m.xlsx").table["period"].iloc[0] == pd.Timestamp("2024-01-07", tz="UTC")


def test_f5_days_that_can_be_read_both_ways_are_asked_about() -> None:
    rows = "".join(f"0{d}/0{m}/2024,{d}\n" for m in (1, 5) for d in (2, 9, 4))
    with pytest.raises(BadFile, match=r"set date_order"):
        read("Date,bruit\n" + rows, "m.csv")


@pytest.mark.parametrize(
    "term",
    [
        '"""pompe: (air)"" + eau"',
        "vue.js + vuejs",
        "🔥 chaleur",
        "مضخة حرارية",
        "热泵",
        "x" * 200,
        "iphone 15",
        '"a, b"',
    ],
)
def test_f6_terms_are_kept_to_the_letter(term: str) -> None:
    head = f'"{term[1:-1]}: (France)"' if term.startswith('"') else f"{term}: (France)"
    body = timeline().replace("chauffage: (France)", head)
    told = term[1:-1].replace('""', '"') if term.startswith('"') else term
    assert set(read(body, "m.csv").table["term"]) == {told}


def test_f7_unsorted_rows_gaps_and_repeated_rows_are_sorted_kept_missing_and_reported() -> None:
    head, *rows = timeline().split("\n\n", 1)[1].strip().split("\n")
    rows = [r for i, r in enumerate(rows) if i not in (4, 5)]
    reading = read("\n".join([head, *rows[::-1], rows[3]]), "m.csv")
    assert len(reading.table) == 28
    assert reading.table["period"].is_monotonic_increasing
    assert not reading.table["period"].isin(WEEKS[[4, 5]].tz_localize("UTC")).any()
    assert len(reading.rejected) == 1
    with pytest.raises(BadFile, match="row"):
        read("\n".join([head, *rows, rows[3].replace(",4", ",77")]), "m.csv")


def test_f7_two_grains_in_one_file_are_refused() -> None:
    days = "".join(f"2024-08-{d:02d},{d}\n" for d in range(1, 31))
    with pytest.raises(BadFile, match=r"m\.csv"):
        read(timeline() + days, "m.csv")


def test_f8_two_files_of_one_term_have_two_scales_and_are_never_one_series(tmp_path: Path) -> None:
    study = new_study(tmp_path / "s", name="s", geo="FR", languages=["fr"])
    for name, values in (("a.csv", [*range(1, 30), 100]), ("b.csv", [100, *range(2, 31)])):
        import_bytes(study, name, timeline(values=list(values)).encode(), now=datetime(2025, 1, 1, tzinfo=UTC))
    stored = study.store.read("interest").to_pandas()
    assert stored.groupby("scale").size().tolist() == [30, 30]


def test_f9_an_index_and_shares_by_place_are_two_measures_and_unknown_places_stay() -> None:
    one = read(
        "Category: All categories\n\nCountry,pac: (1/1/24 - 6/1/24)\nFrance,100\nAtlantis,\nChad,<1\n", "g.csv"
    ).table
    two = read(
        "Category: All categories\n\nCity,pac: (1/1/24 - 6/1/24),clim: (1/1/24 - 6/1/24)\nParis,97%,3%\nParis,50%,50%\n",
        "g.csv",
    )
    assert (set(one["measure"]), one["place"].tolist()) == ({"index"}, ["France", "Atlantis", "Chad"])
    assert one["kind"].tolist() == ["measured", "no_data", "below_one"]
    assert (set(two.table["measure"]), len(two.table)) == ({"share"}, 4)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"<html><body>Sign in to continue</body></html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS pointer"),
        (b"PK\x03\x04", "damaged ZIP archive"),
    ],
)
def test_f11_what_is_no_table_is_refused_in_a_plain_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        read(content, "m.csv")


def test_f11_a_numbers_document_is_named_and_a_workbook_named_csv_is_read() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("Index/Document.iwa", b"x")
    with pytest.raises(BadFile, match=r"a Numbers document.*export it as CSV or XLSX"):
        read(out.getvalue(), "m.csv")
    rows: list[list[object]] = [["Date", "bruit"], *([f"{d:%Y-%m-%d}", i] for i, d in enumerate(WEEKS))]
    assert len(read(workbook_of("a", rows), "m.csv").table) == 30


def test_f12_a_file_beyond_the_bound_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sniff, "MAX_BYTES", 100)
    with pytest.raises(BadFile, match=r"MB.*export a shorter period, or split it"):
        read(timeline(), "m.csv")


def test_f13_a_formula_for_a_term_is_kept_as_text_and_neutralised_on_export(tmp_path: Path) -> None:
    term = '=HYPERLINK(""http://evil.example"")'
    table = read(timeline().replace("chauffage: (France)", f'"{term}: (France)"'), "m.csv").table
    assert set(table["term"]) == {term.replace('""', '"')}
    assert "\n=HYPERLINK" not in to_csv(table[["term"]]).decode("utf-8-sig").replace(chr(34), "")


def test_f16_a_file_whose_values_are_all_missing_is_refused_and_not_filled() -> None:
    content = "Date,a\n" + "".join(f"{d:%Y-%m-%d},\n" for d in WEEKS)
    with pytest.raises(BadFile, match="no column holds numbers"):
        read(content, "m.csv", kind="interest")


def test_f16_one_period_is_read_and_forecast_by_nobody() -> None:
    table = read("Date,a\n2024-01-07,5\n", "m.csv", kind="interest").table
    series = table.assign(unique_id=table["term"], ds=table["period"].dt.tz_localize(None), y=table["value"])
    with pytest.raises(TooLittleData):
        forecast(series[["unique_id", "ds", "y"]], 4, freq="W-SUN", seed=0)


def test_f16_equal_values_are_kept_as_they_are() -> None:
    table = read(timeline(values=[50] * 30), "m.csv").table
    np.testing.assert_array_equal(table["value"], 50)
