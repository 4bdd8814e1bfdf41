"""What a study knows in advance reaches its projection: holidays of its country, and events that its file names."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.known import holiday_country, own_events
from explorer.study import BadStudy, Study
from forecasting.projection import project


def study(**changes: object) -> Study:
    return replace(Study(path=Path("study.toml"), name="s", topics=()), **changes)


def test_a_country_without_a_calendar_has_no_holidays() -> None:
    assert holiday_country(study(geo="FR")) == "FR"
    assert holiday_country(study(geo="FR-IDF")) == "FR"
    assert holiday_country(study(geo="")) is None
    assert holiday_country(study(geo="ZZ")) is None


def test_events_are_read_and_an_incomplete_one_is_named() -> None:
    assert own_events(study()) is None
    found = own_events(study(events=({"name": "Sales", "start": date(2026, 1, 7)},)))
    assert found is not None
    assert found.iloc[0].tolist() == ["Sales", pd.Timestamp("2026-01-07"), pd.Timestamp("2026-01-07")]
    with pytest.raises(BadStudy, match="event 1"):
        own_events(study(events=({"name": "Sales"},)))


def test_an_event_of_the_past_is_expected_when_it_comes_again() -> None:
    rng = np.random.default_rng(3)
    days = pd.date_range("2024-01-01", periods=120, freq="D")
    sales = pd.to_datetime(["2024-01-20", "2024-02-13", "2024-03-11", "2024-04-09", "2024-05-04"])
    level = np.where(days.isin(sales), 300.0, 100.0)
    search, social = [], []
    for topic in ("a", "b"):
        value = rng.poisson(level if topic == "a" else 100, len(days)).astype(float)
        search.append(pd.DataFrame({"topic": topic, "period": days, "value": value}))
        social.append(
            pd.DataFrame({"topic": topic, "period": days, "authors": rng.poisson(40, len(days)).astype(float)})
        )
    events = pd.DataFrame({"event": "sales", "ds": sales})
    given = {"h": 7, "freq": "D", "leaders": False, "draws": 200, "members": ("seasonal_naive", "theta")}
    known = project(pd.concat(search), pd.concat(social), events=events, **given)
    blind = project(pd.concat(search), pd.concat(social), **given)
    day = sales[-1]
    ahead = [p.search.set_index(["topic", "ds"])["yhat"][("a", day)] for p in (known, blind)]
    assert ahead[0] > 200
    assert ahead[1] < 150
    assert any("sales" in str(note) for note in known.notes)
