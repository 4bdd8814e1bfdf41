"""The forecast: planted truths, fallbacks that say their name, and series that no method likes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecasting import ensemble
from forecasting.ensemble import forecast
from forecasting.errors import BadArgument, BadSeries, TooLittleData

QUICK = ("seasonal_naive", "theta", "theta_log", "damped", "damped_log", "ridge", "ridge_log")


def long(values: np.ndarray, uid: str = "a", freq: str = "W-MON", start: str = "2020-01-06") -> pd.DataFrame:
    return pd.DataFrame({"unique_id": uid, "ds": pd.date_range(start, periods=len(values), freq=freq), "y": values})


def seasonal(n: int, seed: int = 0, noise: float = 2.0) -> np.ndarray:
    t = np.arange(n)
    return 100 + 40 * np.sin(2 * np.pi * t / 52) + 0.05 * t + np.random.default_rng(seed).normal(0, noise, n)


def test_a_season_with_noise_is_forecast_almost_to_its_noise() -> None:
    y = seasonal(273)
    out = forecast(long(y[:260]), 13, freq="W", members=QUICK)
    truth = seasonal(273, noise=0.0)[260:]
    error = np.abs(out["yhat"] - truth).mean()
    assert error < 2 * 2.0
    assert error < 0.25 * np.abs(y[259] - truth).mean()
    inside = (out["yhat-lo-95"] <= y[260:]) & (y[260:] <= out["yhat-hi-95"])
    assert inside.mean() >= 0.8


def test_the_result_names_its_columns_and_continues_the_dates() -> None:
    out = forecast(long(seasonal(120)), 3, freq="W", levels=(50, 97.5), members=("theta", "naive"), keep_members=True)
    assert list(out.columns) == [
        *("unique_id", "ds", "yhat", "yhat-lo-50", "yhat-hi-50", "yhat-lo-97.5", "yhat-hi-97.5"),
        *("method", "members", "interval", "coverage-50", "coverage-97.5", "origins", "note", "theta", "naive"),
    ]
    assert list(out["ds"]) == list(pd.date_range("2022-04-25", periods=3, freq="W-MON"))
    assert set(out["method"]) == {"weighted by backtest"}


def test_the_member_that_was_right_before_gets_the_weight() -> None:
    season = np.tile([10.0, 50.0, 20.0, 80.0, 30.0, 60.0, 40.0], 20)
    out = forecast(long(season, freq="D"), 7, freq="D", members=("naive", "seasonal_naive"))
    assert out["members"].iloc[0] == "seasonal_naive 1.00"
    np.testing.assert_allclose(out["yhat"], season[:7])
    walk = np.random.default_rng(0).normal(size=400).cumsum() + 500
    out = forecast(long(walk, freq="D"), 7, freq="D", members=("naive", "seasonal_naive"))
    assert out["members"].iloc[0].startswith("naive")


def test_very_noisy_positive_series_are_modelled_on_logarithms_only() -> None:
    rng = np.random.default_rng(0)
    noisy, calm = np.exp(rng.normal(5, 0.5, 150)), 100 + rng.normal(0, 1, 150)
    out = forecast(pd.concat([long(noisy, "noisy", "D"), long(calm, "calm", "D")]), 3, freq="D", origins=2)
    used = out.groupby("unique_id")["members"].first()
    assert all(part.split()[0].endswith("_log") for part in used["noisy"].split(", "))
    assert "damped 0" in used["calm"]


def test_missing_periods_are_not_taken_for_zero() -> None:
    y = np.full(80, 50.0)
    y[np.random.default_rng(1).choice(np.arange(1, 79), 30, replace=False)] = np.nan
    out = forecast(long(y), 4, freq="W", members=QUICK)
    np.testing.assert_allclose(out["yhat"], 50, rtol=1e-3)
    assert out["note"].iloc[0] == "38% of the periods are missing and were bridged"


def test_series_that_were_never_negative_stay_so_and_others_may_go_below() -> None:
    falling = np.maximum(60 - np.arange(60.0), 1)
    out = forecast(pd.concat([long(falling, "a"), long(falling - 50, "b")]), 8, freq="W", members=QUICK)
    a, b = out[out["unique_id"] == "a"], out[out["unique_id"] == "b"]
    assert (a[["yhat", "yhat-lo-80", "yhat-lo-95"]] >= 0).all().all()
    assert (b["yhat-lo-95"] < -45).any()
    free = forecast(long(falling), 8, freq="W", members=QUICK, nonnegative=False)
    assert (free["yhat-lo-95"] < 0).any()


@pytest.mark.parametrize(
    ("n", "h", "method", "interval"),
    [
        (4, 3, "equal weights", "naive-error"),
        (8, 13, "equal weights", "naive-error"),
        (14, 13, "equal weights", "native-ets"),
        (12, 2, "weighted by backtest", "native-ets"),
        (80, 8, "weighted by backtest", "conformal-series"),
    ],
)
def test_short_series_fall_back_and_say_how(n: int, h: int, method: str, interval: str) -> None:
    out = forecast(long(seasonal(n)), h, freq="W", members=QUICK)
    assert out["method"].iloc[0] == method
    assert out["interval"].iloc[0] == interval
    assert np.isfinite(out[["yhat", "yhat-lo-95", "yhat-hi-95"]].to_numpy()).all()
    assert out["coverage-80"].isna().all() == (interval != "conformal-series")


def test_a_member_that_cannot_answer_leaves_the_last_value_and_says_so() -> None:
    out = forecast(long(seasonal(20)), 4, freq="W", members=("ridge",))
    assert set(out["method"]) == {"last value"}
    assert set(out["yhat"]) == {seasonal(20)[-1]}


def test_many_series_leave_the_costly_members_out_and_say_so() -> None:
    df = pd.concat([long(seasonal(30, i), f"s{i:03d}") for i in range(60)])
    out = forecast(df, 3, freq="W")
    assert "prophet left out" in out["note"].iloc[0]
    assert set(out["interval"]) == {"conformal-pooled"}


def test_a_short_series_among_many_borrows_its_interval() -> None:
    df = pd.concat([*(long(seasonal(60, i), f"s{i:03d}") for i in range(25)), long(seasonal(6), "young")])
    out = forecast(df, 6, freq="W", members=QUICK)
    young = out[out["unique_id"] == "young"]
    assert set(young["interval"]) == {"conformal-pooled"}
    assert young["coverage-80"].isna().all()
    assert (young["yhat-hi-80"] > young["yhat"]).all()


HARD = {
    "eight points": np.array([3.0, 1, 4, 1, 5, 9, 2, 6]),
    "constant": np.full(70, 7.0),
    "zeros": np.zeros(70),
    "one spike": np.where(np.arange(70) == 40, 1e6, 3.0),
    "spike at the end": np.where(np.arange(70) == 69, 1e6, 3.0),
    "gaps": np.where(np.arange(70) % 3 == 0, 5.0 + np.arange(70), np.nan),
    "negative": -(np.arange(70.0) ** 2),
    "huge": 1e12 * (2 + np.sin(np.arange(70.0))),
    "tiny": 1e-9 * (2 + np.sin(np.arange(70.0))),
    "mostly zero": np.where(np.arange(70) % 9 == 0, 4.0, 0.0),
    "explosive": np.exp(np.arange(70) / 2.0),
    "step": np.where(np.arange(70) < 35, 10.0, 1000.0),
}


@pytest.mark.parametrize("name", HARD)
def test_hard_series_get_a_finite_quiet_forecast(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    prophet = name in ("constant", "one spike", "gaps", "huge")  # it costs most of the time
    out = forecast(long(HARD[name]), 5, freq="W", members=None if prophet else (*QUICK, "ets"))
    numbers = out[["yhat", "yhat-lo-80", "yhat-hi-80", "yhat-lo-95", "yhat-hi-95"]].to_numpy()
    assert np.isfinite(numbers).all()
    assert (numbers[:, 3] <= numbers[:, 1]).all()
    assert (numbers[:, 1] <= numbers[:, 0]).all()
    assert (numbers[:, 0] <= numbers[:, 2]).all()
    assert (numbers[:, 2] <= numbers[:, 4]).all()
    assert capfd.readouterr() == ("", "")


def test_constant_series_are_continued_exactly() -> None:
    for name, level in (("constant", 7.0), ("zeros", 0.0)):
        out = forecast(long(HARD[name]), 5, freq="W", members=QUICK)
        np.testing.assert_allclose(out[["yhat", "yhat-lo-95", "yhat-hi-95"]], level, atol=1e-9)


def test_all_hard_series_together_give_finite_forecasts_too() -> None:
    df = pd.concat([long(y, name) for name, y in HARD.items()] * 1)
    more = pd.concat([long(y[::-1], f"{name} reversed") for name, y in HARD.items()])
    out = forecast(pd.concat([df, more]), 5, freq="W", members=QUICK)
    assert np.isfinite(out[["yhat", "yhat-lo-95", "yhat-hi-95"]].to_numpy()).all()


def test_thirty_years_of_days() -> None:
    t = np.arange(365 * 30)
    y = 200 + 50 * (t % 7 >= 5) + np.random.default_rng(0).normal(0, 5, len(t))
    out = forecast(long(y, freq="D", start="1994-01-01"), 14, freq="D", members=QUICK)
    np.testing.assert_allclose(out["yhat"], 200 + 50 * ((len(t) + np.arange(14)) % 7 >= 5), atol=8)


@pytest.mark.parametrize("freq", ["h", "D", "W-SUN", "MS", "QS", "YS"])
def test_every_grain_is_forecast(freq: str) -> None:
    y = 50 + 10 * np.sin(np.arange(60) * 2 * np.pi / 12) + np.random.default_rng(0).normal(size=60)
    out = forecast(long(y, freq=freq, start="1961-01-01"), 4, freq=freq, members=QUICK)
    assert np.isfinite(out["yhat"]).all()
    assert (np.abs(out["yhat"] - 50) < 30).all()


def test_refusals_are_typed_and_name_the_remedy() -> None:
    df = long(seasonal(30))
    with pytest.raises(BadSeries, match="more than once"):
        forecast(pd.concat([df, df.tail(1)]), 3, freq="W")
    with pytest.raises(TooLittleData, match="at least 4"):
        forecast(df.head(3), 3, freq="W")
    with pytest.raises(BadArgument, match="horizon"):
        forecast(df, 0, freq="W")
    with pytest.raises(BadArgument, match="level"):
        forecast(df, 3, freq="W", levels=(80, 195))
    with pytest.raises(BadArgument, match="'oracle'"):
        forecast(df, 3, freq="W", members=("oracle",))


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.lists(st.one_of(st.none(), st.floats(0, 1e9), st.integers(0, 20)), min_size=4, max_size=60),
        min_size=1,
        max_size=3,
    ),
    st.integers(1, 9),
)
def test_any_nonnegative_series_gives_finite_ordered_nonnegative_numbers_or_a_typed_refusal(
    series: list[list[float | None]], h: int
) -> None:
    df = pd.concat([long(np.array(y, dtype=float), f"s{i}") for i, y in enumerate(series)])
    if any(sum(v is not None for v in y) < 4 for y in series):
        with pytest.raises(TooLittleData, match="at least 4 are needed"):
            forecast(df, h, freq="W", members=QUICK)
        return
    out = forecast(df, h, freq="W", members=QUICK)
    numbers = out[["yhat-lo-95", "yhat-lo-80", "yhat", "yhat-hi-80", "yhat-hi-95"]].to_numpy()
    assert np.isfinite(numbers).all()
    assert (numbers >= 0).all()
    assert (np.diff(numbers, axis=1) >= 0).all()


@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.permutations(range(6)), st.integers(0, 1000))
def test_the_order_of_rows_and_series_does_not_matter(order: list[int], seed: int) -> None:
    frames = [long(seasonal(70 + 5 * i, i), f"s{i}") for i in range(6)]
    straight = forecast(pd.concat(frames), 4, freq="W", members=QUICK)
    mixed = pd.concat([frames[i] for i in order]).sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(straight, forecast(mixed, 4, freq="W", members=QUICK))


def test_an_unrelated_series_does_not_change_the_point_forecast_of_few_series() -> None:
    one = forecast(long(seasonal(150)), 4, freq="W", members=QUICK)
    two = forecast(pd.concat([long(seasonal(150)), long(1e9 * seasonal(40, 5), "z")]), 4, freq="W", members=QUICK)
    np.testing.assert_allclose(two[two["unique_id"] == "a"]["yhat"], one["yhat"])


def test_positive_series_scale_with_their_unit_where_nothing_is_counted() -> None:
    y = seasonal(150)
    members = ("theta", "damped", "ridge")
    small, large = (forecast(long(y * k), 4, freq="W", members=members) for k in (1.0, 1e6))
    np.testing.assert_allclose(large["yhat"], small["yhat"] * 1e6, rtol=1e-5)


def test_weights_add_up_and_reward_the_smaller_error() -> None:
    combined = ensemble.combine(ensemble.panel(long(seasonal(150)), "W"), 4, members=QUICK)
    weights = combined.weights[:, 0]
    assert weights.sum() == pytest.approx(1)
    rolling = combined.rolling
    error = np.abs(rolling.actual[1:, None, 0] - rolling.point[1:, :, 0]).mean(axis=2)
    geometric = np.exp(np.log(error).mean(axis=0))
    able = np.isfinite(geometric)
    assert (np.argsort(-weights[able]) == np.argsort(geometric[able])).all()
