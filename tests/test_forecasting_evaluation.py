"""The backtest and its measures: known answers, honest counts, and a test of equal accuracy with the right size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting.errors import TooLittleData
from forecasting.evaluation import backtest, diebold_mariano, interval_score, smape
from forecasting.frames import panel
from forecasting.rolling import cuts, naive2, naive_error, roll


def long(values: np.ndarray, uid: str = "a", freq: str = "D") -> pd.DataFrame:
    return pd.DataFrame(
        {"unique_id": uid, "ds": pd.date_range("2020-01-01", periods=len(values), freq=freq), "y": values}
    )


def test_naive_on_a_line_has_the_mase_that_one_computes_by_hand() -> None:
    table = backtest(long(np.arange(1.0, 41)), 4, freq="D", members=("theta",))
    naive = table[(table["scope"] == "series") & (table["model"] == "naive")].iloc[0]
    assert naive["mase"] == pytest.approx((1 + 2 + 3 + 4) / 4)
    assert naive["n"] == 16
    assert naive["origins"] == 4


def test_naive2_is_the_unit_of_owa_and_every_model_has_a_pooled_row() -> None:
    rng = np.random.default_rng(0)
    df = pd.concat([long(50 + rng.normal(size=90).cumsum(), f"s{i}") for i in range(3)])
    table = backtest(df, 5, freq="D", members=("theta", "damped"))
    assert set(table["model"]) == {"theta", "damped", "naive", "seasonal_naive", "naive2", "ensemble"}
    assert (table["scope"] == "series").sum() == 6 * 3
    pooled = table[table["scope"] == "pooled"].set_index("model")
    assert len(pooled) == 6
    assert pooled["unique_id"].isna().all()
    assert pooled.loc["naive2", "owa"] == pytest.approx(1)
    series = table[(table["model"] == "theta") & (table["scope"] == "series")]
    assert pooled.loc["theta", "mase"] == pytest.approx(series["mase"].mean())
    assert pooled.loc["theta", "n"] == series["n"].sum()


def test_a_season_makes_the_right_member_and_the_ensemble_better_than_naive() -> None:
    t = np.arange(200)
    y = 100 + 30 * np.sin(2 * np.pi * t / 7) + np.random.default_rng(1).normal(size=200)
    pooled = backtest(long(y), 7, freq="D", members=("theta", "seasonal_naive")).query("scope == 'pooled'")
    owa = pooled.set_index("model")["owa"]
    assert owa["seasonal_naive"] < 0.2
    assert owa["ensemble"] < 0.2
    assert pooled.set_index("model").loc["ensemble", "coverage-80"] == pytest.approx(0.8, abs=0.15)


def test_missing_periods_are_never_scored() -> None:
    y = np.arange(1.0, 61)
    y[[40, 45, 50]] = np.nan
    table = backtest(long(y), 5, freq="D", members=("theta",))
    assert set(table["n"]) == {17}
    theta = table[(table["model"] == "theta") & (table["scope"] == "series")]
    assert theta["mase"].iloc[0] < 2


def test_a_history_too_short_for_one_origin_is_refused_with_the_numbers() -> None:
    with pytest.raises(TooLittleData, match=r"the longest series has 9 periods, 11 are needed"):
        backtest(long(np.arange(9.0)), 5, freq="D")


def test_a_constant_history_has_no_mase_rather_than_an_infinite_one() -> None:
    df = pd.concat([long(np.full(40, 3.0), "flat"), long(np.arange(40.0), "line")])
    table = backtest(df, 4, freq="D", members=("theta",))
    flat = table[(table["unique_id"] == "flat") & (table["model"] == "theta")].iloc[0]
    assert np.isnan(flat["mase"])
    assert flat["smape"] == 0
    assert np.isfinite(table.query("scope == 'pooled'")["mase"]).all()


def test_origins_lie_one_horizon_apart_and_closer_where_history_is_short() -> None:
    assert cuts(100, 13, 4) == [87, 74, 61, 48]
    assert cuts(30, 6, 4) == [24, 18, 12, 6]
    assert cuts(22, 6, 4) == [16, 13, 10, 7]
    assert cuts(13, 6, 4) == [7, 6]
    assert cuts(11, 6, 4) == []
    assert cuts(100, 13, 3, 1) == [87, 86, 85]


def test_an_origin_sees_nothing_of_what_follows() -> None:
    y = 50 + np.random.default_rng(0).normal(size=120).cumsum()
    changed = y.copy()
    changed[-5:] += 1000
    members = ("theta", "theta_log", "damped", "ridge", "seasonal_naive")
    before, after = (roll(panel(long(v), "D"), 5, members, 4) for v in (y, changed))
    np.testing.assert_array_equal(before.point[1:], after.point[1:])
    assert not np.allclose(before.point[0], after.point[0])


def test_measures_follow_their_definitions() -> None:
    assert smape(np.array([100.0, 0.0]), np.array([50.0, 0.0])).tolist() == [pytest.approx(200 / 3), 0.0]
    assert np.isnan(smape(np.array([np.nan]), np.array([1.0]))).all()
    score = interval_score(np.array([5.0, 12.0, -1.0]), np.zeros(3), np.full(3, 10.0), 80)
    assert score.tolist() == pytest.approx([10, 10 + 10 * 2, 10 + 10 * 1])
    assert naive_error(np.array([1.0, 4, 2]), 1) == 2.5
    assert np.isnan(naive_error(np.array([1.0]), 1))


def test_naive2_puts_the_season_back() -> None:
    factors = np.array([0.5, 1.0, 1.5, 1.0])
    y = 100 * factors[np.arange(40) % 4]
    np.testing.assert_allclose(naive2(y[None], 4, 4)[0], 100 * factors, rtol=1e-6)
    assert naive2(np.arange(10.0)[None], 2, 1).tolist() == [[9.0, 9.0]]


def test_diebold_mariano_rarely_cries_wolf_and_sees_a_real_gain() -> None:
    rng = np.random.default_rng(0)
    false = true = 0
    for _ in range(300):
        shock = rng.normal(size=63)
        base = np.convolve(shock, np.ones(4), "valid") ** 2  # correlated up to lag 3, as losses of 4-step forecasts
        other = np.convolve(rng.normal(size=63), np.ones(4), "valid") ** 2
        false += diebold_mariano(base, other, h=4).p_value < 0.05
        true += diebold_mariano(base + 6, other, h=4).p_value < 0.05
    assert false / 300 < 0.10
    assert true / 300 > 0.8


def test_diebold_mariano_counts_pairs_and_measures_the_gain() -> None:
    loss = np.array([2.0, 4, 3, np.nan, 5, 3, 4])
    result = diebold_mariano(loss, loss / 2)
    assert result.n == 6
    assert result.gain == pytest.approx(0.5)
    assert result.p_value < 0.01
    assert diebold_mariano(loss, loss).p_value == 0.5
    assert diebold_mariano(np.full(9, 2.0), np.full(9, 1.0)).p_value == 0.0
    assert diebold_mariano(np.full(9, 1.0), np.full(9, 2.0)).p_value == 1.0
    with pytest.raises(TooLittleData, match="2 pairs"):
        diebold_mariano(loss[:2], loss[1:3])
