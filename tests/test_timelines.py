"""The timeline of a crisis: what people change in it is kept, survives, follows the data, and leaves as files."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from icalendar import Calendar

from explorer.outputs.timeline import timeline_files
from explorer.study import new_study
from explorer.timelines import FILE_NAME, edited, keep, restore
from explorer.words import Words
from sources.errors import BadFile

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
EVENT = "fire/posts/2026-01-13"


def computed(peak: str = "2026-01-18 00:00") -> pd.DataFrame:
    rows = [
        ("2026-01-13 18:42", "first post", "Fire at my neighbour's"),
        ("2026-01-14 00:00", "alert", "Fire"),
        (peak, "peak", ""),
        ("2026-01-21 09:00", "answer", ""),
        ("2026-01-23 09:00", "answer", ""),
    ]
    table = pd.DataFrame(rows, columns=["at", "what", "text"])
    return table.assign(at=pd.to_datetime(table["at"], utc=True))


def changed(told: pd.DataFrame) -> pd.DataFrame:
    """What an editor gives back: a text changed, the alert deleted, an event of one's own at the end, times without zone."""
    after = told.drop(columns=["n", "by"]).assign(at=told["at"].dt.tz_localize(None))
    after.loc[after["what"] == "peak", "text"] = "The minister speaks"
    after = after[after["what"] != "alert"]
    own = {"at": pd.Timestamp("2026-01-15 08:30"), "what": "event", "text": "=Call of the press", "key": None}
    nowhere = {"at": pd.NaT, "what": "event", "text": "no date", "key": None}
    return pd.concat([after, pd.DataFrame([own, nowhere])], ignore_index=True)


def test_what_a_person_changes_is_appended_and_read_again(tmp_path: Path) -> None:
    told = edited(computed(), tmp_path, EVENT)
    assert list(told["by"].unique()) == ["computed"]
    assert keep(tmp_path, EVENT, told, changed(told), NOW) == 3
    kept = (tmp_path / FILE_NAME).read_bytes()
    again = edited(computed(), tmp_path, EVENT)
    assert again["n"].tolist() == [1, 2, 3, 4, 5]
    assert again["what"].tolist() == ["first post", "event", "peak", "answer", "answer"]
    assert again["by"].tolist() == ["computed", "written", "changed", "computed", "computed"]
    assert again["at"].iloc[1] == pd.Timestamp("2026-01-15 08:30", tz="UTC")
    assert edited(computed(), tmp_path, "another/posts/2026-01-13")["what"].tolist() == computed()["what"].tolist()
    same = again.drop(columns=["n", "by"])
    assert keep(tmp_path, EVENT, again, same, NOW) == 0, "nothing changed, nothing written"
    later = same.assign(text=same["text"].where(same["what"] != "event", "Call of the radio"))
    keep(tmp_path, EVENT, again, later, NOW)
    assert (tmp_path / FILE_NAME).read_bytes().startswith(kept), "what was said before stays"
    assert "Call of the radio" in edited(computed(), tmp_path, EVENT)["text"].tolist()
    assert edited(computed(), tmp_path, EVENT)["by"].tolist().count("written") == 1


def test_only_what_was_changed_is_laid_over_what_the_data_say(tmp_path: Path) -> None:
    told = edited(computed(), tmp_path, EVENT)
    keep(tmp_path, EVENT, told, changed(told), NOW)
    moved = edited(computed(peak="2026-01-19 00:00"), tmp_path, EVENT)
    peak = moved[moved["what"] == "peak"].iloc[0]
    assert peak["at"] == pd.Timestamp("2026-01-19", tz="UTC"), "the date was not touched: it follows the data"
    assert peak["text"] == "The minister speaks"


def test_changes_can_be_taken_back_and_begun_anew(tmp_path: Path) -> None:
    told = edited(computed(), tmp_path, EVENT)
    keep(tmp_path, EVENT, told, changed(told), NOW)
    restore(tmp_path, EVENT, NOW)
    pd.testing.assert_frame_equal(edited(computed(), tmp_path, EVENT), told)
    keep(tmp_path, EVENT, told, changed(told), NOW)
    assert len(edited(computed(), tmp_path, EVENT)) == 5
    assert len((tmp_path / FILE_NAME).read_text(encoding="utf-8").splitlines()) == 7


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        '{"event": "x"}',
        '{"event": "x", "key": "a", "what": "party"}',
        '{"event": "x", "key": "a", "at": "soon"}',
    ],
)
def test_a_line_that_is_no_event_is_named(line: str, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(json.dumps({"event": "x", "key": "*"}) + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(BadFile, match="line 2"):
        edited(computed(), tmp_path, EVENT)


def test_the_files_hold_the_timeline_as_people_left_it(tmp_path: Path) -> None:
    study = new_study(tmp_path / "s", name="Heat pumps")
    told = edited(computed(), tmp_path, EVENT)
    keep(tmp_path, EVENT, told, changed(told), NOW)
    files = timeline_files(edited(computed(), tmp_path, EVENT), study, EVENT, Words("en"), NOW)
    table = pd.read_csv(io.BytesIO(files["timeline.csv"]()))
    assert table["at"].iloc[0] == "2026-01-13 18:42"
    assert table["text"].iloc[1] == "'=Call of the press", "no cell runs"
    book = openpyxl.load_workbook(io.BytesIO(files["timeline.xlsx"]()))
    rows = list(book["Timeline"].iter_rows(values_only=True))
    assert rows[1][:2] == (1, pd.Timestamp("2026-01-13 18:42"))
    assert book["Timeline"]["B2"].number_format == "yyyy-mm-dd hh:mm"
    assert any("--event" in str(c.value) for row in book["About"].iter_rows() for c in row)
    entries = list(Calendar.from_ical(files["timeline.ics"]()).walk("VEVENT"))
    assert [str(e["summary"])[:2] for e in entries] == ["1.", "2.", "3.", "4.", "5."]
    assert entries[0].decoded("dtstart") == datetime(2026, 1, 13, 18, 42, tzinfo=UTC)
    moved = edited(computed(peak="2026-01-19 00:00"), tmp_path, EVENT)
    again = Calendar.from_ical(timeline_files(moved, study, EVENT, Words("fr"), NOW)["timeline.ics"]()).walk("VEVENT")
    assert [e["uid"] for e in again] == [e["uid"] for e in entries], "an entry keeps its identity when it moves"
