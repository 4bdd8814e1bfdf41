"""The whole report: every answer at once, the same in one process and in two, and what cannot be told named."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from explorer import whole
from explorer.answers import look_ahead
from explorer.early_warning import warnings_of
from explorer.outputs.alerts import alerts_files, alerts_provenance
from explorer.outputs.whole import whole_files, write_files
from explorer.study import Study
from explorer.whole import PARTS, Whole, work_out
from explorer.words import Words
from tests.test_app import small_study

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def beside(example: Study) -> Whole:
    """The report of the example world, with its forecast and alerts worked out in a process of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whole, "FEW_TOPICS", 1)
        return work_out(example)


def test_a_second_process_answers_the_same(example: Study, beside: Whole) -> None:
    parts: list[str] = []
    alone = work_out(example, processes=1, done=parts.append)
    assert tuple(parts) == PARTS
    assert not alone.refused
    assert not beside.refused
    pd.testing.assert_frame_equal(alone.gaps.table, beside.gaps.table)
    pd.testing.assert_frame_equal(alone.speakers.topics, beside.speakers.topics)
    pd.testing.assert_frame_equal(alone.needs.table, beside.needs.table)
    pd.testing.assert_frame_equal(alone.outlook.projection.gap, beside.outlook.projection.gap)
    pd.testing.assert_frame_equal(alone.warned.events, beside.warned.events)


def test_it_says_what_each_part_says_by_itself(example: Study, beside: Whole) -> None:
    pd.testing.assert_frame_equal(beside.outlook.projection.gap, look_ahead(example).projection.gap)
    by_itself = warnings_of(example)
    pd.testing.assert_frame_equal(beside.warned.events, by_itself.events)
    pd.testing.assert_frame_equal(beside.warned.triggers, by_itself.triggers)
    assert beside.warned.until == by_itself.until


def test_every_part_becomes_files_that_open_again(beside: Whole, tmp_path: Path) -> None:
    files = {f.name: f for f in write_files(whole_files(beside, Words("fr"), NOW), tmp_path)}
    assert {name.partition(".")[0] for name in files} == {"gaps", "forecast", "windows", "voices", "needs", "alerts"}
    rows = list(csv.DictReader(io.StringIO(files["alerts.csv"].read_text(encoding="utf-8-sig")), delimiter=";"))
    assert [row["id"] for row in rows] == list(beside.warned.events["id"])
    assert {row["simulated"] for row in rows} == {"True"}
    about = json.loads(pq.read_schema(files["alerts.parquet"]).metadata[b"undersaid"])
    assert about["command"].startswith("undersaid alerts --study ")
    assert about["sources"] == ["example (simulated)"]
    book = openpyxl.load_workbook(files["alerts.xlsx"])
    assert book.worksheets[0].max_row == len(rows) + 1
    assert files["voices.svg"].read_text(encoding="utf-8").startswith("<svg")


def test_an_alert_known_by_the_hour_keeps_its_hour_and_a_cap_is_told(beside: Whole) -> None:
    hours = beside.warned.events.assign(at=beside.warned.events["at"] + pd.Timedelta(5, "h"))
    by_hour = replace(beside.warned, events=hours)
    table = alerts_files(by_hour, beside.panel, Words("en"), NOW)["alerts.csv"]()
    assert set(pd.read_csv(io.BytesIO(table))["at"].str[-6:]) == {" 05:00"}
    told = alerts_provenance(by_hour, beside.panel, Words("en"), NOW).caution
    assert told.startswith("Stopped at a limit, there is more than was counted: Grants"), (
        "what was cut off looks like silence"
    )
    assert not alerts_provenance(by_hour, replace(beside.panel, capped=()), Words("en"), NOW).caution


def test_what_cannot_be_told_is_named_and_keeps_nothing_else_back(tmp_path: Path) -> None:
    parts: list[str] = []
    told = work_out(small_study(tmp_path / "study"), done=parts.append)
    assert tuple(parts) == PARTS, "progress goes on over what cannot be told"
    assert set(told.refused) == {"voices", "needs"}, "a study of two files of counts: no posts, no queries"
    assert "no posts have been imported" in told.refused["voices"]
    names = set(whole_files(told, Words("en"), NOW))
    assert {"gaps.csv", "forecast.csv", "alerts.csv"} <= names
    assert not names & {"voices.csv", "needs.csv"}
