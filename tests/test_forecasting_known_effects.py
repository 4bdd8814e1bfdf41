"""Holidays and events known in advance: planted effects come back, and nothing is seen that is not there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting import backtest, forecast
from forecasting.errors import BadArgument, BadSeries

CHEAP = ("seasonal_naive", "theta_log", "damped_log")


def days(start: str, n: int, *, noise: float = 0.03, seed: int = 0) -> pd.DataFrame:
    ds = pd.date_range(start, periods=n)
    week = 1 + 0.3 * np.cos(2 * np.pi * np.arange(n) / 7)
    y = 1000 * week * np.exp(np.random.default_rng(seed).normal(0, noise, n))
    return pd.DataFrame({"unique_id": "a", "ds": ds, "y": y})


def planted(df: pd.DataFrame, when: list[str], factor: float) -> pd.DataFrame:
    return df.assign(y=df["y"].where(~df["ds"].isin(pd.to_datetime(when)), df["y"] * factor))


def test_an_event_that_comes_again_is_forecast_with_its_effect_and_named() -> None:
    dates = ["2023-03-08", "2023-05-17", "2023-08-02", "2023-10-11"]
    df = planted(days("2023-01-01", 330), dates, 3.0)
    events = pd.DataFrame({"event": "sale", "ds": [*dates, "2023-12-01"]})
    out = forecast(df, 10, freq="D", members=CHEAP, events=events)
    plain = forecast(df, 10, freq="D", members=CHEAP)
    hit = out["ds"] == "2023-12-01"
    assert out.loc[hit, "yhat"].item() == pytest.approx(3 * plain.loc[hit, "yhat"].item(), rel=0.15)
    np.testing.assert_allclose(out.loc[~hit, "yhat"], plain.loc[~hit, "yhat"], rtol=0.15)
    assert "known in advance: sale" in out["note"].iloc[0]


def test_public_holidays_of_the_country_lower_its_days_and_the_backtest_gains() -> None:
    df = days("2021-01-01", 3 * 365 + 355)
    holidays = [
        f"{y}-{d}" for y in (2021, 2022, 2023, 2024) for d in ("05-01", "05-08", "07-14", "08-15", "11-01", "11-11")
    ]
    df = planted(df, [*holidays, "2021-12-25", "2022-12-25", "2023-12-25"], 0.3)
    out = forecast(df, 10, freq="D", members=CHEAP, country="FR")
    christmas = out.loc[out["ds"] == "2024-12-25", "yhat"].item()
    beside = out.loc[out["ds"] == "2024-12-26", "yhat"].item()
    assert christmas < 0.5 * beside
    early = df[df["ds"] < "2024-11-20"]
    with_, without = (
        backtest(early, 14, freq="D", members=CHEAP, country=c)
        .set_index(["scope", "model"])
        .loc[("pooled", "ensemble")]
        for c in ("FR", None)
    )
    assert with_["mase"] < 0.95 * without["mase"]


def test_an_event_without_effect_changes_nothing_and_the_result_says_so() -> None:
    df = days("2023-01-01", 330)
    events = pd.DataFrame({"event": "rumour", "ds": ["2023-03-08", "2023-05-17", "2023-08-02", "2023-12-01"]})
    out = forecast(df, 10, freq="D", members=CHEAP, events=events)
    pd.testing.assert_series_equal(out["yhat"], forecast(df, 10, freq="D", members=CHEAP)["yhat"])
    assert "no holiday or event has shown a clear effect" in out["note"].iloc[0]


def test_an_event_seen_once_is_not_believed() -> None:
    df = planted(days("2023-01-01", 330), ["2023-05-17"], 5.0)
    events = pd.DataFrame({"event": "sale", "ds": ["2023-05-17", "2023-12-01"]})
    assert "no holiday or event" in forecast(df, 10, freq="D", members=CHEAP, events=events)["note"].iloc[0]


def test_effects_on_weeks_hours_and_series_below_zero() -> None:
    ds = pd.date_range("2021-01-04", periods=150, freq="W-MON")
    rng = np.random.default_rng(0)
    when = ds[[20, 60, 95, 130]] + pd.Timedelta(days=3)
    events = pd.DataFrame({"event": "fair", "ds": [*when, ds[-1] + pd.Timedelta(days=16)]})
    y = rng.normal(0, 1, 150)
    y[[20, 60, 95, 130]] += 30
    out = forecast(pd.DataFrame({"unique_id": "w", "ds": ds, "y": y}), 4, freq="W", members=("theta",), events=events)
    assert out["yhat"].iloc[1] == pytest.approx(30, abs=4)
    assert out["yhat"].drop(1).abs().max() < 4
    hours = pd.date_range("2024-01-01", periods=24 * 60, freq="h")
    y = 50 + 10 * np.sin(2 * np.pi * np.arange(len(hours)) / 24) + rng.normal(0, 1, len(hours))
    fair = ["2024-01-20", "2024-02-05", "2024-02-20"]
    y[np.isin(hours.normalize(), pd.to_datetime(fair))] *= 2
    events = pd.DataFrame({"event": "fair", "ds": [*fair, "2024-03-01"]})
    out = forecast(pd.DataFrame({"unique_id": "h", "ds": hours, "y": y}), 24, freq="h", members=CHEAP, events=events)
    assert out["yhat"].mean() == pytest.approx(100, rel=0.1)


def test_months_leave_holidays_to_their_season_and_say_so() -> None:
    df = pd.DataFrame(
        {"unique_id": "m", "ds": pd.date_range("2020-01-01", periods=36, freq="MS"), "y": np.arange(36.0)}
    )
    out = forecast(df, 3, freq="MS", members=("theta",), country="FR")
    assert "left to the season" in out["note"].iloc[0]


def test_an_origin_learns_nothing_of_an_event_from_what_follows() -> None:
    df = planted(days("2023-01-01", 330), ["2023-11-10", "2023-11-14", "2023-11-20"], 4.0)
    events = pd.DataFrame({"event": "sale", "ds": ["2023-11-10", "2023-11-14", "2023-11-20"]})
    one = backtest(df, 28, freq="D", members=CHEAP, origins=1, events=events)
    other = backtest(df, 28, freq="D", members=CHEAP, origins=1)
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize(
    ("events", "words"),
    [
        (pd.DataFrame({"name": ["x"], "ds": ["2023-01-01"]}), "no column 'event'"),
        (pd.DataFrame({"event": ["x"], "ds": [pd.NaT]}), "no name or no date"),
        (pd.DataFrame({"event": ["x"], "ds": ["2023-02-01"], "end": ["2023-01-01"]}), "ends before it starts"),
    ],
)
def test_broken_events_are_refused_in_words(events: pd.DataFrame, words: str) -> None:
    with pytest.raises(BadSeries, match=words):
        forecast(days("2023-01-01", 60), 5, freq="D", members=("theta",), events=events)


def test_an_unknown_country_is_refused_with_the_remedy() -> None:
    with pytest.raises(BadArgument, match="ISO 3166"):
        forecast(days("2023-01-01", 60), 5, freq="D", members=("theta",), country="XX")
