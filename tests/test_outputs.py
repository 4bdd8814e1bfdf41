"""What leaves the house: formats that open again, provenance inside, and no cell that runs."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from icalendar import Calendar

from explorer.answers import Gaps, Outlook, find_gaps
from explorer.commands import console
from explorer.demo import example_study
from explorer.outputs.calendar import to_calendar
from explorer.outputs.frames import FORECAST_COLUMNS, forecast_frame, gaps_frame, neutralise, to_csv, to_parquet
from explorer.outputs.page import Part, to_page
from explorer.outputs.provenance import gaps_provenance, outlook_provenance
from explorer.outputs.report import forecast_files, gaps_files
from explorer.outputs.whole import whole_files, write_files
from explorer.outputs.workbook import forecast_workbook, gaps_workbook
from explorer.views import windows_to_act
from explorer.whole import work_out
from explorer.words import Words
from sources.errors import Unavailable
from tests.test_app import small_study

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
EVIL = ["=HYPERLINK(1)", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "plain", "http://example.invalid"]


@pytest.fixture(scope="module")
def gaps(example) -> Gaps:
    return find_gaps(example)


def test_csv_opens_in_a_spreadsheet_and_in_pandas(gaps: Gaps) -> None:
    about = gaps_provenance(gaps, Words("en"), NOW)
    frame = gaps_frame(gaps, "en", about)
    english, french = to_csv(frame), to_csv(frame, french=True)
    assert english.startswith(b"\xef\xbb\xbf")
    back = pd.read_csv(io.BytesIO(english))
    pd.testing.assert_series_equal(back["gap"], frame["gap"], check_names=False)
    other = pd.read_csv(io.BytesIO(french), sep=";", decimal=",")
    pd.testing.assert_series_equal(other["gap"], frame["gap"], check_names=False)
    assert back["simulated"].all()
    assert (back["source_ids"] == "example (simulated)").all()


def test_parquet_carries_its_provenance(gaps: Gaps) -> None:
    about = gaps_provenance(gaps, Words("en"), NOW)
    table = pq.read_table(io.BytesIO(to_parquet(gaps_frame(gaps, "en", about), about)))
    stored = json.loads(table.schema.metadata[b"undersaid"])
    assert stored["simulated"] is True
    assert stored["command"].startswith("undersaid gaps --study ")
    assert stored["settings"]["window"] == "52"
    assert table.num_rows == 14


def test_workbook_is_formatted_and_tells_where_it_comes_from(gaps: Gaps) -> None:
    say = Words("fr")
    about = gaps_provenance(gaps, say, NOW)
    book = openpyxl.load_workbook(io.BytesIO(gaps_workbook(gaps_frame(gaps, "fr", about), about, say)))
    sheet = book["Écarts"]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref is not None
    assert sheet.max_row == 15
    assert len(sheet._charts) == 1
    lines = {row[0].value: row[1].value for row in book["À propos"].iter_rows()}
    assert lines["Données"] == "Données d’exemple, simulées"
    assert "undersaid gaps" in lines["Pour le refaire"]


def test_forecast_table_is_tidy_and_its_workbook_opens(outlook: Outlook) -> None:
    say = Words("en")
    about = outlook_provenance(outlook, say, NOW)
    frame = forecast_frame(outlook, "en", about)
    assert tuple(frame.columns) == FORECAST_COLUMNS
    assert set(frame["series"]) == {"search", "posts", "gap"}
    future = frame[frame["median"].notna()]
    assert (future["horizon"] >= 1).all()
    assert future["horizon"].max() == 8
    assert (frame.loc[frame["actual"].notna(), "horizon"] <= 0).all()
    assert (future["lo95"] <= future["lo80"]).all()
    assert (future["hi80"] <= future["hi95"]).all()
    assert not frame.duplicated(["topic", "series", "date"]).any()
    assert future.loc[future["series"] != "gap", ["lo80", "lo95"]].min().min() >= 0
    book = openpyxl.load_workbook(io.BytesIO(forecast_workbook(frame, about, say)))
    assert book.sheetnames == ["Forecast", "Gap forward", "About"]


def test_other_peoples_text_never_becomes_a_formula(gaps: Gaps) -> None:
    about = gaps_provenance(gaps, Words("en"), NOW)
    frame = gaps_frame(gaps, "en", about).head(len(EVIL)).assign(label=EVIL)
    safe = pd.read_csv(io.BytesIO(to_csv(frame)))["label"]
    assert not safe.str.startswith(("=", "+", "-", "@", "\t")).any()
    book = openpyxl.load_workbook(io.BytesIO(gaps_workbook(frame, about, Words("en"))))
    cells = [c for row in book["Gaps"].iter_rows() for c in row]
    assert not [c for c in cells if c.data_type == "f"]
    assert not [c for c in cells if c.hyperlink]
    assert {c.value for c in cells} >= {"=HYPERLINK(1)"}, "the text itself is kept as text"


@pytest.mark.parametrize("french", [False, True], ids=["English", "French"])
@pytest.mark.parametrize(
    "cell",
    [
        *EVIL,
        "a;=1+1",
        "a,=1+1",
        "a\t@x",
        "a\r=1+1",
        "a\r\n=1+1",
        "a\n+1",
        "＝1+1",
        '";=1+1',
        "\r\n=1",
        ",;=1",
        "a;-1,-2",
    ],
)
def test_no_cell_of_a_csv_is_a_formula_whichever_separator_the_reader_expects(cell: str, french: bool) -> None:
    frame = pd.DataFrame({"n": [1, 2], "text": pd.Categorical([cell, "fine"]), cell: ["x", "y"]})
    written = to_csv(frame, french=french).decode("utf-8-sig")
    for separator in ",;\t":
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            rows = csv.reader(
                io.StringIO(written.replace("\r", "\n"), newline=None), delimiter=separator, quoting=quoting
            )
            for found in (c.lstrip('"') for row in rows for c in row):
                assert not found.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝")), found


def test_a_table_for_programs_is_neutral_too_and_a_terminal_obeys_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    frame = pd.DataFrame({"text": ["=1+1", "\x1b]52;c;ZXZpbA==\x07 [red]x\x9b2J"]})
    console.show(frame, console.Format.csv)
    assert "\n'=1+1" in capsys.readouterr().out
    console.show(frame, console.Format.table)
    console.line(frame["text"][1])
    shown = capsys.readouterr().out
    assert "\x1b]" not in shown
    assert "\x9b" not in shown
    assert "[red]x" in shown, "letters stay as they are"


def test_headers_are_neutralised_too_and_numbers_are_left_alone() -> None:
    frame = neutralise(pd.DataFrame({"=A1": [-1.5, 2.0], "ok": ["-x", None]}))
    assert list(frame.columns) == ["'=A1", "ok"]
    assert frame["'=A1"].tolist() == [-1.5, 2.0]
    assert frame["ok"].iloc[0] == "'-x"
    assert pd.isna(frame["ok"].iloc[1])


def test_an_export_holds_no_path_of_this_machine(gaps: Gaps, outlook: Outlook) -> None:
    for about in (gaps_provenance(gaps, Words("en"), NOW), outlook_provenance(outlook, Words("en"), NOW)):
        assert "/" not in about.command.split("--study ")[1].split()[0]


def test_a_report_writes_every_format_or_says_why_not(tmp_path: Path) -> None:
    study = small_study(tmp_path / "study")
    whole = work_out(study)
    files = write_files(whole_files(whole, Words("en"), NOW), tmp_path / "out")
    kinds = {f.name for f in files}
    assert kinds >= {f"gaps.{k}" for k in ("csv", "xlsx", "parquet", "html", "svg", "png", "pptx")}
    assert kinds >= {
        "forecast.csv",
        "forecast.xlsx",
        "forecast.parquet",
        "forecast.html",
        "forecast.pptx",
        "windows.ics",
    }
    assert all(
        f.stat().st_size > 300 for f in files if not f.name.startswith("alerts.")
    )  # nothing left its course here
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(Unavailable, match="choose another --to"):
        write_files(whole_files(whole, Words("en"), NOW), blocked / "out")


def test_slides_hold_native_charts_and_the_method_in_the_notes(gaps: Gaps, outlook: Outlook) -> None:
    pptx = pytest.importorskip("pptx")
    deck = pptx.Presentation(io.BytesIO(gaps_files(gaps, Words("fr"), NOW)["gaps.pptx"]()))
    first = deck.slides[0]
    assert first.shapes.title.text.startswith("4 sujets sur 14")
    chart = next(s.chart for s in first.shapes if s.has_chart)
    assert [p.name for p in chart.plots[0].series] == ["Part de recherche", "Part de voix"]
    assert chart.part.chart_workbook.xlsx_part is not None, "a native chart can be edited"
    assert "undersaid gaps" in first.notes_slide.notes_text_frame.text
    assert "Données d’exemple, simulées" in first.notes_slide.notes_text_frame.text
    ahead = pptx.Presentation(io.BytesIO(forecast_files(outlook, Words("en"), NOW)["forecast.pptx"]()))
    assert len(ahead.slides) == 14


def test_the_page_opens_offline_and_shows_text_of_others_as_text(gaps: Gaps) -> None:
    page = gaps_files(gaps, Words("fr"), NOW)["gaps.html"]().decode("utf-8")
    assert page.startswith('<!doctype html><html lang="fr">')
    assert page.count("<svg") == 2
    assert not re.search(r"""(src|href)=["']https?:""", page), "nothing is fetched"
    assert "<script" not in page
    assert "Données d’exemple, simulées" in page
    evil = Part("<script>alert(1)</script>", table=pd.DataFrame({"=x": ["<b>bold</b>"]}))
    shown = to_page("a < b", [evil], gaps_provenance(gaps, Words("en"), NOW), Words("en")).decode()
    assert "<script>" not in shown
    assert "&lt;b&gt;bold" in shown


def test_windows_become_events_that_keep_their_identity(outlook: Outlook) -> None:
    about = outlook_provenance(outlook, Words("fr"), NOW)
    found = windows_to_act(outlook, Words("fr"))
    assert len(found) >= 3
    first = Calendar.from_ical(to_calendar(found, about, Words("fr"), NOW))
    again = Calendar.from_ical(to_calendar(found, about, Words("fr"), NOW))
    events = list(first.walk("VEVENT"))
    assert [str(e["uid"]) for e in events] == [str(e["uid"]) for e in again.walk("VEVENT")]
    assert len({str(e["uid"]) for e in events}) == len(events) == len(found)
    start, end = events[0]["dtstart"].dt, events[0]["dtend"].dt
    assert start == found.iloc[0]["start"].date()
    assert (end - found.iloc[0]["end"].date()).days == 1, "the standard's end is the first day no longer in"
    assert "Agir sur" in str(events[0]["summary"])
    assert "simulées" in str(events[0]["description"])


def test_pictures_are_pictures(gaps: Gaps) -> None:
    files = gaps_files(gaps, Words("fr"), NOW)
    assert files["gaps.png"]().startswith(b"\x89PNG")
    svg = files["gaps.svg"]().decode()
    assert "<svg" in svg
    assert "plus cherché" in svg


def test_the_example_is_made_once_and_is_the_same_every_time(tmp_path: Path) -> None:
    first = example_study(tmp_path)
    version = first.store.version()
    assert example_study(tmp_path).store.version() == version
    assert first.simulated
