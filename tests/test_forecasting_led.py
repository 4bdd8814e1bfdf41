"""Forecasts with a leader: a proven leader is used and named, an unproven one changes nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting import forecast, forecast_led
from forecasting.frames import grain_of
from forecasting.led import moves, trust
from tests.test_forecasting_lead_lag import frame, led, walk

FAST = {"members": ("theta_log", "damped_log")}


def long(columns: dict[str, np.ndarray]) -> pd.DataFrame:
    return pd.concat([frame(v).assign(unique_id=k) for k, v in columns.items()], ignore_index=True)


def test_a_proven_leader_is_used_and_named_and_an_unproven_one_changes_nothing() -> None:
    x = {"led": walk(), "free": walk(seed=8)}
    y = {"led": led(x["led"], 2, 1.2), "free": walk(seed=9)}
    plain = forecast(long(y), 4, freq="W-MON", **FAST).set_index("unique_id")
    table = forecast_led(long(y), long(x), 4, freq="W-MON", seed=0, **FAST).set_index("unique_id")
    assert (table.loc["led", "leader"] == "led").all()
    assert (table.loc["led", "lead_periods"] == 2).all()
    assert table.loc["led", "lead_note"].iloc[0] == "led helps to forecast it 2 periods ahead and is used"
    assert (table.loc["led", "yhat"] != plain.loc["led", "yhat"]).any()
    assert (table.loc["led", "yhat-lo-80"] < table.loc["led", "yhat"]).all()
    assert (table.loc["led", "yhat"] < table.loc["led", "yhat-hi-80"]).all()
    assert table.loc["free", "leader"].isna().all()
    pd.testing.assert_frame_equal(table.loc[["free"], plain.columns], plain.loc[["free"]])


def test_with_a_leader_the_error_of_the_next_weeks_falls() -> None:
    plain_error, led_error = [], []
    for seed in range(8):
        x = walk(160, seed=seed)
        y = led(x, 2, 1.5, seed=100 + seed)
        past = long({"a": y[:156]})
        for table, errors in (
            (forecast(past, 2, freq="W-MON", **FAST), plain_error),
            (forecast_led(past, long({"a": x[:156]}), 2, freq="W-MON", **FAST), led_error),
        ):
            errors.append(np.abs(np.log(table["yhat"].to_numpy() / y[156:158])).mean())
    assert np.mean(led_error) < 0.8 * np.mean(plain_error)


def test_an_origin_is_moved_only_by_what_was_known_there() -> None:
    x = walk(160)
    y = led(x, 2, 1.2)
    grain = grain_of("W-MON")
    early, late = moves(x[:150], y[:150], 2, 3, 6, grain), moves(x, y, 2, 3, 6, grain)
    assert np.abs(early[-1]).max() > 0
    np.testing.assert_allclose(early[-20:], late[130:150], atol=0.02)


def test_an_addition_counts_as_far_as_it_helped_before_and_never_by_what_came_later() -> None:
    rng = np.random.default_rng(0)
    gain = rng.normal(size=200)
    helps, useless = trust(gain + rng.normal(size=200), gain, 1), trust(rng.normal(size=200), gain, 1)
    assert helps[0] == 0
    assert helps[-1] > 0.8
    assert useless[-1] < 0.1
    assert (trust(-gain, gain, 1) == 0).all()
    assert trust(2 * gain + rng.normal(size=200), gain, 1).max() <= 1
    late = np.r_[gain[:150] + rng.normal(size=150), np.full(50, np.nan)]
    np.testing.assert_array_equal(trust(late, gain, 4)[:150], trust(np.r_[late[:150], gain[150:] * 9], gain, 4)[:150])
    error = gain + rng.normal(size=200)
    assert 0 < trust(error, gain, 8)[60] < trust(error, gain, 1)[60]  # overlapping errors know less


def test_a_leader_that_ends_before_the_series_is_left_out_and_said() -> None:
    x, y = walk(), led(walk(), 2, 1.2)
    table = forecast_led(long({"a": y}), long({"a": x}).iloc[:-3], 2, freq="W-MON", **FAST)
    assert table["leader"].isna().all()
    assert "ends too early" in table["lead_note"].iloc[0]
