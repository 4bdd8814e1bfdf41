"""Needs have the season and the places of their own queries, else of their topic, else nothing is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.need_seasons import places, seasons
from explorer.need_views import season, where
from explorer.study import Study, read_study
from explorer.words import Words

MONTHS = pd.date_range("2023-01-01", periods=36, freq="MS", tz="UTC")
QUERIES = pd.DataFrame(
    {"need": ["a", "b", "c"], "topic": ["heat", "heat", ""], "query": ["Purger radiateur", "autre chose", "sans sujet"]}
)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    text = '[study]\nname = "x"\ngeo = "FR"\n[[topics]]\nid = "heat"\nlabel = "Heat"\nsearch = ["chauffage"]\n'
    file = tmp_path / "study.toml"
    file.write_text(text, encoding="utf-8")
    return read_study(file)


def interest(term: str, values: np.ndarray, unit: str = "index", months: pd.DatetimeIndex = MONTHS) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "term": term,
            "geo": "FR",
            "period": months,
            "grain": "month",
            "value": values,
            "unit": unit,
            "scale": term,
            "partial": None,
        }
    )


def wave(peak: int, size: float, growth: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    month = MONTHS.month.to_numpy()
    cycle = size * np.cos(2 * np.pi * (month - peak) / 12)
    return 50 * np.exp(cycle + growth * np.arange(36) + rng.normal(0, 0.05, 36))


def test_a_need_has_the_season_of_its_queries_else_of_its_topic_else_none_is_told(study: Study) -> None:
    own = interest("purger  RADIATEUR", wave(10, 0.5, 0.0, 0), unit="searches")
    table = seasons(QUERIES, study, pd.concat([own, interest("chauffage", wave(1, 0.9, 0.03, 1))]))
    assert table["season"].tolist() == ["seasonal", "seasonal", "cannot tell"]
    assert table["season_of"].tolist() == ["queries", "topic", ""]
    # Growth of 3 % a month does not move the peak to the end of the year.
    assert table["season_peak"].tolist()[:2] == [10, 1]
    assert table.loc["a", "season_times"] == pytest.approx(np.exp(0.5) / np.i0(0.5), rel=0.08)
    assert table.loc["a", "season_lo"] < table.loc["a", "season_times"] < table.loc["a", "season_hi"]
    assert set(table.loc["a", "season_months"].split(", ")) >= {"9", "10", "11"}
    assert season(table.loc["b"], Words("fr")) == "janvier : ×1,9 (1,8 … 2,0 sur 3 ans) (d’après son sujet)"
    assert season(table.loc["c"], Words("en")) == "cannot tell"


def test_chance_makes_no_season_and_less_than_two_years_tell_nothing(study: Study) -> None:
    many = pd.DataFrame({"need": [f"n{i}" for i in range(60)], "topic": "", "query": [f"q{i}" for i in range(60)]})
    rng = np.random.default_rng(3)
    idle = pd.concat([interest(f"q{i}", 50 * np.exp(rng.normal(0, 0.3, 36))) for i in range(60)])
    assert (seasons(many, study, idle)["season"] == "seasonal").sum() <= 1
    short = interest("purger radiateur", wave(10, 0.5, 0, 0)[:23], months=MONTHS[:23])
    assert set(seasons(QUERIES, study, short)["season"]) == {"cannot tell"}
    holed = interest("purger radiateur", np.where(np.arange(36) == 20, np.nan, wave(10, 0.5, 0, 0)))
    assert seasons(QUERIES, study, holed).loc["a", "season"] == "cannot tell"


def test_places_are_those_of_the_query_else_of_its_topic(study: Study) -> None:
    rows = [
        (term, place, level, value, value - 0.5)
        for term, level, values in (
            ("chauffage", "region", {"Bretagne": 100, "Corse": 40, "Occitanie": 40}),
            ("purger radiateur", "region", {"Bretagne": 50, "Corse": 50, "Occitanie": 50}),
            ("chauffage", "country", {"FR": 100, "BE": 10, "CH": 10}),
        )
        for place, value in values.items()
    ]
    regions = pd.DataFrame(rows, columns=["term", "place", "level", "value", "lo"])
    regions = regions.assign(measure="index", fetched_at=pd.Timestamp("2026-01-01", tz="UTC"))
    table = places(QUERIES, study, regions)
    assert table["places"].tolist()[:2] == ["", "Bretagne"]
    assert table["places_of"].tolist() == ["queries", "topic", ""]
    assert [where(row, Words("en")) for _, row in table.iterrows()] == [
        "no place stands out",
        "Bretagne (its topic)",
        "cannot tell",
    ]
    assert places(QUERIES, study, regions.iloc[:0])["places"].isna().all()
