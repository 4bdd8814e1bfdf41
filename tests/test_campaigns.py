"""The plan: campaigns are kept beside the study, set against the windows, and taken away in every file."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pptx
import pytest
from icalendar import Calendar
from streamlit.testing.v1 import AppTest

from explorer import views
from explorer.answers import Outlook
from explorer.campaign_views import days_known, plan_rows, prospect_sentences, prospects
from explorer.campaigns import FILE_NAME, Campaign, drop_campaign, keep_campaign, read_campaigns
from explorer.outputs.report import forecast_files
from explorer.study import BadStudy
from explorer.words import Words
from tests.test_app import open_page, small_study, text

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
SPRING = Campaign("spring", "Spring", date(2026, 3, 2), date(2026, 3, 29), ("noise",), "radio", "two spots a day")


def test_a_campaign_is_kept_changed_and_removed_and_comments_of_the_file_stay(tmp_path: Path) -> None:
    keep_campaign(tmp_path, SPRING)
    path = tmp_path / FILE_NAME
    path.write_text("# agreed with sales\n" + path.read_text() + "# and nothing more\n")
    later = Campaign("summer", "=Summer", date(2026, 6, 1), date(2026, 6, 1), ("noise", "price"))
    keep_campaign(tmp_path, later)
    keep_campaign(tmp_path, Campaign("spring", "Spring", date(2026, 3, 9), date(2026, 4, 5), ("noise",), "radio"))
    kept = read_campaigns(tmp_path)
    assert [(c.id, c.start, c.note) for c in kept] == [
        ("spring", date(2026, 3, 9), ""),
        ("summer", date(2026, 6, 1), ""),
    ]
    assert "# agreed with sales" in path.read_text()
    assert "# and nothing more" in path.read_text()
    drop_campaign(tmp_path, "spring")
    assert read_campaigns(tmp_path) == [later]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('[[campaigns]]\nid = "a"\nname = "A"\nstart = 2026-03-02\nend = 2026-03-01', "ends before it starts"),
        ('[[campaigns]]\nid = "a"\nname = "A"\nstart = "2026-03-02"', "has no date"),
        ('[[campaigns]]\nname = "A"\nstart = 2026-03-02', "no id or no name"),
        ('[[campaigns]]\nid = "a"\nname = "A"\nstart = 2026-03-02\ntopic = "x"', "unknown key 'topic'"),
        ("campaigns = 3", "something else"),
        ("[[campaigns", "not a TOML file"),
    ],
)
def test_a_bad_plan_is_refused_and_never_written_over(tmp_path: Path, written: str, said: str) -> None:
    (tmp_path / FILE_NAME).write_text(written)
    with pytest.raises(BadStudy, match=said):
        read_campaigns(tmp_path)
    with pytest.raises(BadStudy, match=said):
        keep_campaign(tmp_path, SPRING)
    assert (tmp_path / FILE_NAME).read_text() == written


def test_a_campaign_is_set_against_the_windows_of_its_topics(outlook: Outlook) -> None:
    window = views.windows_to_act(outlook, Words("en")).iloc[0]
    gap = outlook.projection.gap
    own = gap[(gap["topic"] == window["topic"]) & gap["ds"].between(window["start"], window["end"])]
    first, last = window["start"].date(), window["end"].date()
    shut = gap.groupby("topic")["p_open"].max().idxmin()
    day = pd.Timedelta(days=1)
    plans = [
        Campaign("in", "In", first, last, (window["topic"], shut)),
        Campaign("late", "Late", last, (window["end"] + 70 * day).date(), (window["topic"],)),
        Campaign("gone", "Gone", date(2020, 1, 1), date(2020, 1, 31), (window["topic"],)),
    ]
    found = prospects(outlook, plans).set_index(["campaign", "topic"])
    inside = found.loc[("in", window["topic"])]
    assert inside["place"] == "inside"
    assert inside["probability"] == own["p_open"].min() == window["probability"]
    assert inside["periods"] == inside["projected"] == len(own)
    assert found.loc[("in", shut), "place"] == "outside"
    assert found.loc[("in", shut), "probability"] < 0.8
    assert found.loc[("late", window["topic"]), "place"] == "partly"
    assert found.loc[("gone", window["topic"]), "place"] == "not projected"
    assert pd.isna(found.loc[("gone", window["topic"]), "probability"]), "what is not projected has no chance of zero"
    assert "are projected" in prospect_sentences(outlook, plans[1], Words("en"))[0]


def test_every_file_of_the_projection_holds_the_campaigns(outlook: Outlook) -> None:
    say, now = Words("en"), outlook.projection.now
    outlook = only(outlook, "bruit", "prix")
    plan = Campaign(
        "c1", "=Cool houses", (now + pd.Timedelta(days=9)).date(), (now + pd.Timedelta(days=15)).date(), ("bruit",)
    )
    files = forecast_files(outlook, say, NOW, campaigns=[plan])
    events = [e for e in Calendar.from_ical(files["windows.ics"]()).walk("VEVENT") if "Cool" in str(e["summary"])]
    assert [(e["dtstart"].dt, e["dtend"].dt) for e in events] == [
        (plan.start, date.fromordinal(plan.end.toordinal() + 1))
    ]
    assert "Heat pump noise: inside the window to act" in str(events[0]["description"])
    table = pd.read_csv(io.BytesIO(files["forecast.csv"]()))
    marked = table[table["campaign"].notna()]
    assert set(marked["topic"]) == {"bruit"}
    assert set(marked["campaign"]) == {"'=Cool houses"}, "a name that begins like a formula is put in quotes"
    starts = pd.to_datetime(marked["date"]).dt.tz_localize(None).unique()
    assert all(pd.Timestamp(plan.start) - pd.Timedelta(days=7) < s <= pd.Timestamp(plan.end) for s in starts)
    sheet = openpyxl.load_workbook(io.BytesIO(files["forecast.xlsx"]()))["Campaigns"]
    assert (sheet["A2"].value, sheet["A2"].data_type) == ("=Cool houses", "s")
    assert b"=Cool houses" in files["forecast.html"]()
    deck = pptx.Presentation(io.BytesIO(files["forecast.pptx"]()))
    cells = [c.text for s in deck.slides[-1].shapes if s.has_table for c in s.table.iter_cells()]
    assert "=Cool houses" in cells


def test_holidays_and_own_events_are_drawn_in_the_language(outlook: Outlook) -> None:
    event = {"name": "Sales", "start": date(2026, 7, 8), "end": date(2026, 7, 21)}
    answer = replace(outlook, study=replace(outlook.study, events=(event,)))
    first, last = pd.Timestamp("2026-07-01"), pd.Timestamp("2026-07-31")
    days = days_known(answer.study, first, last, Words("fr"))
    assert list(days["name"]) == ["Sales", "Fête nationale"]
    assert list(plan_rows(answer, [], days, Words("fr"))["row"].tail(2)) == ["Événements propres", "Jours fériés"]


def test_a_campaign_is_typed_kept_changed_and_removed_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = small_study(tmp_path / "s", weeks=30)
    app = open_page("plan", study, monkeypatch)
    fill(app, "Quiet nights", date(2024, 9, 2), date(2024, 9, 15))
    app.button(key="campaign_keep").click().run()
    assert not app.exception
    (kept,) = read_campaigns(study.path.parent)
    assert (kept.name, kept.start, kept.end) == ("Quiet nights", date(2024, 9, 2), date(2024, 9, 15))
    app.selectbox(key="campaign_choice").set_value(kept.id).run()
    assert app.text_input(key="campaign_name").value == "Quiet nights"
    app.text_input(key="campaign_name").set_value("Quiet days").run()
    app.button(key="campaign_keep").click().run()
    assert [(c.id, c.name) for c in read_campaigns(study.path.parent)] == [(kept.id, "Quiet days")]
    (study.path.parent / FILE_NAME).write_text("not toml")
    assert "plan.toml" in text(open_page("plan", study, monkeypatch))


def only(outlook: Outlook, *topics: str) -> Outlook:
    """Return a projection as if the study had but a few topics."""
    sides = {s: getattr(outlook.projection, s) for s in ("gap", "search", "social")}
    few = {s: frame[frame["topic"].isin(topics)] for s, frame in sides.items()}
    study = replace(outlook.study, topics=tuple(outlook.study.topic(t) for t in topics))
    panel = replace(outlook.panel, capped=())
    return replace(outlook, study=study, panel=panel, projection=replace(outlook.projection, **few))


def fill(app: AppTest, name: str, start: date, end: date) -> None:
    app.text_input(key="campaign_name").set_value(name).run()
    app.date_input(key="campaign_dates").set_value((start, end)).run()
