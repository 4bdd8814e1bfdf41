"""Trend class: each word has its shape, the evidence stands beside it, and one more week rarely changes what was said."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting import trend_class
from forecasting.errors import BadArgument, BadSeries
from forecasting.trend_class import trend_path

WEEKS = 208
T = np.arange(WEEKS)
NOISE = np.exp(0.05 * np.random.default_rng(4).normal(size=WEEKS))

SHAPES = {
    "emerging": 50 * NOISE * np.exp2(np.maximum(T - 150, 0) ** 2 / 1200),
    "sustained": 50 * NOISE,
    "seasonal": 50 * NOISE * np.exp(0.8 * np.sin(2 * np.pi * T / 52.18)),
    "peaked": 50 * NOISE * (1 + 3 * np.exp(-((T - 95) ** 2) / 300)),
    "fading": 200 * NOISE * np.exp2(-T / 60),
    "breakout": np.where(T < 202, 0.2, 60.0) * NOISE,
}


def frame(y: np.ndarray, uid: str = "a", freq: str = "W-MON") -> pd.DataFrame:
    return pd.DataFrame({"unique_id": uid, "ds": pd.date_range("2020-01-06", periods=len(y), freq=freq), "y": y})


@pytest.mark.parametrize("word", SHAPES)
def test_each_word_has_its_shape_in_weeks(word: str) -> None:
    row = trend_class(frame(SHAPES[word]), freq="W-MON").iloc[0]
    assert row["trend"] == word
    assert row["growth_lo"] <= row["growth"] <= row["growth_hi"]
    assert row["since"] <= pd.Timestamp("2020-01-06") + pd.Timedelta(weeks=WEEKS)
    assert row["n"] == WEEKS
    assert row["reason"] == ""


@pytest.mark.parametrize("word", ["sustained", "seasonal", "peaked", "fading"])
def test_each_word_has_its_shape_in_days_and_months_too(word: str) -> None:
    days = np.repeat(SHAPES[word], 7)
    assert trend_class(frame(days, freq="D"), freq="D")["trend"].item() == word
    months = SHAPES[word][:204].reshape(-1, 4).mean(axis=1)
    months = np.interp(np.linspace(0, 50, 48), np.arange(51), months)
    assert trend_class(frame(months, freq="MS"), freq="MS")["trend"].item() == word


def test_a_season_is_not_called_emerging_while_it_rises() -> None:
    wave = 50 * NOISE * np.exp(0.8 * np.sin(2 * np.pi * T / 52.18))
    assert set(trend_path(frame(wave), freq="W-MON")["trend"].tail(40)) == {"seasonal"}


@pytest.mark.parametrize("word", ["emerging", "peaked", "seasonal"])
def test_what_was_said_of_a_week_does_not_change_when_later_weeks_arrive(word: str) -> None:
    whole = trend_path(frame(SHAPES[word]), freq="W-MON")
    for end in (120, 177, 200):
        part = trend_path(frame(SHAPES[word][:end]), freq="W-MON")
        pd.testing.assert_frame_equal(part, whole.head(len(part)))
        assert trend_class(frame(SHAPES[word][:end]), freq="W-MON")["trend"].item() == part["trend"].iloc[-1]


def test_words_do_not_flicker_at_a_threshold() -> None:
    """A level that hovers at the bound of growth: without hysteresis the word would change every few weeks."""
    rng = np.random.default_rng(0)
    y = 50 * np.exp2(0.32 * T / 52) * np.exp(0.12 * rng.normal(size=WEEKS))
    words = trend_path(frame(y), freq="W-MON")["trend"].tail(100).tolist()
    assert sum(a != b for a, b in itertools.pairwise(words)) <= 5


def test_on_real_series_the_word_of_the_week_before_stands_in_most_weeks(shared: Callable[..., Path]) -> None:
    table = pd.read_csv(shared("data", "m4_weekly", "Weekly-train.csv.gz"), index_col=0).iloc[::30]
    changed = []
    for values in table.to_numpy(float):
        words = trend_path(frame(values[~np.isnan(values)][-200:]), freq="W-MON")["trend"].tail(104).tolist()
        changed += [a != b for a, b in itertools.pairwise(words)]
    assert np.mean(changed) < 0.06


def test_every_series_gets_a_row_and_what_cannot_be_told_says_why() -> None:
    odd = {
        "eight": np.arange(1.0, 9.0),
        "zeros": np.zeros(120),
        "missing": np.full(120, np.nan),
        "negative": np.arange(120.0) - 50,
        "gone": np.r_[np.ones(100), np.full(20, np.nan)],
        "constant": np.full(120, 7.0),
        "huge": np.full(120, 1e12),
    }
    table = trend_class(pd.concat([frame(v, k) for k, v in odd.items()]), freq="W-MON").set_index("unique_id")
    assert set(table.index) == set(odd)
    unknown = table.loc[["eight", "zeros", "missing", "negative"]]
    assert (unknown["trend"] == "cannot tell").all()
    assert (unknown["reason"] != "").all()
    assert (table.loc[["constant", "huge"], "trend"] == "sustained").all()


def test_wrong_questions_are_refused() -> None:
    with pytest.raises(BadArgument, match="yearly"):
        trend_class(frame(np.ones(20), freq="YS"), freq="YS")
    with pytest.raises(BadSeries, match="no column"):
        trend_class(pd.DataFrame({"unique_id": [], "ds": []}), freq="W")
