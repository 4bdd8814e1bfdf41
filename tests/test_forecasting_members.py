"""Each forecasting method against a truth that was planted, or against an independent implementation."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from forecasting import members, pooled, prophet_member, seasonal, smoothing
from forecasting.errors import BadArgument
from forecasting.frames import grain_of
from forecasting.members import Batch


def batch(*values: np.ndarray, freq: str = "W-MON", h: int = 6) -> Batch:
    ends = tuple(pd.Timestamp("2024-01-01") for _ in values)
    return Batch(tuple(np.asarray(v, float) for v in values), ends, grain_of(freq), h)


def rows(*values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    lengths = np.array([len(v) for v in values])
    matrix = np.full((len(values), lengths.max()), np.nan)
    for row, value in zip(matrix, values, strict=True):
        row[: len(value)] = value
    return matrix, lengths


def test_simple_smoothing_equals_the_plain_recursion_on_series_of_unequal_length() -> None:
    rng = np.random.default_rng(0)
    series = [rng.normal(size=n) for n in (30, 7, 18)]
    alphas = np.array([0.2, 0.7])
    sse, last = smoothing.ses(*rows(*series), alphas)
    for i, y in enumerate(series):
        for j, alpha in enumerate(alphas):
            level, total = (y[:10].mean() if alpha < 0.5 else y[0]), 0.0
            for t, value in enumerate(y):
                total += (value - level) ** 2 if t else 0.0
                level += alpha * (value - level)
            assert sse[i, j] == pytest.approx(total)
            assert last[i, j] == pytest.approx(level)


def test_theta_of_a_line_adds_half_its_slope() -> None:
    forecast = smoothing.theta(*rows(10 + 2.0 * np.arange(40)), 3)
    np.testing.assert_allclose(np.diff(forecast[0]), 1.0)
    assert forecast[0, 0] == pytest.approx(10 + 2.0 * 39 + 1, abs=0.1)


def test_damped_trend_continues_a_damped_trend_without_noise() -> None:
    level, trend, y = 100.0, 8.0, []
    for _ in range(60):
        trend *= 0.9
        level += trend
        y.append(level)
    truth = level + trend * np.cumsum(0.9 ** np.arange(1, 9))
    np.testing.assert_allclose(smoothing.damped(*rows(np.array(y)), 8)[0], truth, rtol=1e-3)


def test_damped_trend_of_past_origins_equals_that_of_each_beginning_alone() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.poisson(9, 30).astype(float), np.r_[np.full(12, 4.0), rng.normal(1e6, 10, 8)]
    beginnings = [first, second[:13], first[:9], second, second[:5], first[:21], -first[:9], rng.normal(size=150)]
    assert smoothing.carriers(beginnings).tolist() == [0, 3, 0, 3, 3, 0, 6, 7]
    together = smoothing.damped(*rows(*beginnings), 4)
    for made, y in zip(together, beginnings, strict=True):
        np.testing.assert_allclose(made, smoothing.damped(*rows(y), 4)[0], rtol=1e-9)


def test_batches_side_by_side_forecast_as_each_batch_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    series = [rng.poisson(mean, 200).astype(float) for mean in (0.3, 4, 900)]
    series[1][60] = np.nan
    batches = [batch(*(y[:end] for y in series)) for end in (200, 130, 60, 5)]
    names = [name for name, member in members.MEMBERS.items() if member.max_series is None]
    expected = [members.run(b, names) for b in batches]
    for most in (members.SIDE_BY_SIDE, 700):  # all at once, and two by two
        monkeypatch.setattr(members, "SIDE_BY_SIDE", most)
        for found, wanted in zip(members.run_all(batches, names), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_damped_trend_averages_least_squares_fits_of_its_grid() -> None:
    y = np.array([3.0, 5, 4, 7, 9, 8, 8, 11, 10, 13, 12, 12, 15, 14])
    loss, made = [], []
    for alpha, beta, phi in smoothing.damped_grid():

        def run(level: float, trend: float, values: np.ndarray) -> tuple[np.ndarray, float, float]:
            errors = []
            for value in values:
                trend *= phi  # noqa: B023
                level += trend
                errors.append(value - level)
                level += alpha * errors[-1]  # noqa: B023
                trend += beta * errors[-1]  # noqa: B023
            return np.array(errors), level, trend

        base, *units = run(0, 0, y), run(1, 0, 0 * y), run(0, 1, 0 * y)
        start = np.linalg.lstsq(np.stack([u[0] for u in units], axis=1), -base[0], rcond=None)[0]
        errors, level, trend = run(start[0], start[1], y)
        loss.append(errors @ errors)
        made.append(level + trend * np.cumsum(phi ** np.arange(1, 4)))
    weight = (np.array(loss) / min(loss)) ** (-len(y) / 2)
    expected = weight @ np.array(made) / weight.sum()
    np.testing.assert_allclose(smoothing.damped(*rows(y), 3)[0], expected, rtol=1e-4)


def test_damped_trend_by_grid_agrees_with_maximum_likelihood_of_statsmodels() -> None:
    rng = np.random.default_rng(3)
    differences = []
    for _ in range(8):
        y = 500 + np.cumsum(rng.normal(0.5, 3, 150)) + rng.normal(0, 4, 150)
        ours = smoothing.damped(*rows(y), 10)[0]
        theirs = ETSModel(pd.Series(y), error="add", trend="add", damped_trend=True).fit(disp=False).forecast(10)
        differences.append(np.abs(ours - theirs.to_numpy()).mean() / np.abs(np.diff(y)).mean())
    assert np.median(differences) < 0.25


def test_many_series_at_once_give_what_each_gives_alone() -> None:
    rng = np.random.default_rng(1)
    series = [50 + np.cumsum(rng.normal(size=n)) for n in (170, 300, 40, 9)]
    names = ["naive", "seasonal_naive", "theta", "theta_log", "damped", "damped_log"]
    together = members.run(batch(*series), names)
    for i, y in enumerate(series):
        np.testing.assert_allclose(together[:, i], members.run(batch(y), names)[:, 0], rtol=1e-9)


def test_the_seasonal_test_is_the_m4_formula() -> None:
    rng = np.random.default_rng(2)
    for amplitude in (0.0, 0.3, 3.0):
        y = 10 + amplitude * np.sin(2 * np.pi * np.arange(90) / 12) + rng.normal(size=90)
        d = y - y.mean()
        acf = [float(d[k:] @ d[:-k]) / float(d @ d) for k in range(1, 13)]
        limit = 1.645 * np.sqrt((1 + 2 * sum(a**2 for a in acf[:11])) / 90)
        assert seasonal.is_seasonal(*rows(y), 12)[0] == (abs(acf[11]) > limit)


def test_white_noise_rarely_passes_for_seasonal() -> None:
    noise = np.random.default_rng(5).normal(size=(400, 120))
    assert seasonal.is_seasonal(noise, np.full(400, 120), 12).mean() < 0.15


@pytest.mark.parametrize("additive", [False, True])
def test_planted_seasonal_factors_are_found_and_put_back(additive: bool) -> None:
    factors = np.array([0.5, 0.8, 1.0, 1.1, 1.4, 1.2, 1.0])
    t = np.arange(101)
    y = 200 + 30 * (factors - 1)[t % 7] if additive else (200 + t) * factors[t % 7]
    adjusted = seasonal.adjust(*rows(y), (7,), 7, additive=additive)
    expected = factors[(101 + np.arange(7)) % 7]
    assert adjusted.period[0] == 7
    np.testing.assert_allclose(adjusted.factors[0], 30 * (expected - 1) if additive else expected, atol=0.01)
    np.testing.assert_allclose(adjusted.z[0], 200 if additive else 200 + t, rtol=0.01)


def test_hours_take_the_week_where_days_differ_and_the_day_where_they_do_not() -> None:
    rng = np.random.default_rng(0)
    t = np.arange(24 * 7 * 5)
    daily = 50 + 10 * np.sin(2 * np.pi * t / 24) + rng.normal(size=len(t))
    weekly = daily + 20 * ((t // 24) % 7 >= 5)
    assert list(seasonal.adjust(*rows(weekly, daily[: 24 * 10]), (168, 24), 3).period) == [168, 24]


def test_the_pooled_regression_learns_a_rule_that_no_single_series_could_teach() -> None:
    rng = np.random.default_rng(4)
    series = []
    for _ in range(40):
        y = np.zeros(60)
        for t in range(1, 60):
            y[t] = -0.8 * y[t - 1] + rng.normal()
        series.append(y * rng.uniform(1, 1e6))
    past, truth = [y[:-1] for y in series], np.array([y[-1] for y in series])
    unit, last = np.array([np.abs(y).mean() for y in series]), np.array([y[-1] for y in past])

    def error(**options: int) -> float:
        forecast = pooled.pooled_ridge(past, 1, 5, noise=12, span=60, common=1.0, own=1000.0, **options)[:, 0]
        return float(np.mean(np.abs(forecast - truth) / unit))

    naive = float(np.mean(np.abs(last - truth) / unit))
    assert error() < 0.5 * naive
    assert error() < 0.7 * error(pool=10**9)


def test_a_series_departs_from_the_common_rule_where_its_own_past_says_so() -> None:
    rng = np.random.default_rng(5)
    walks = [rng.normal(size=120).cumsum() for _ in range(30)]
    saw = np.tile([0.0, 1.0, 3.0], 40)  # its next value follows from the last three, unlike that of a walk
    made = pooled.pooled_ridge([*walks, saw], 3, 7, noise=20, span=120, own=1.0)
    np.testing.assert_allclose(made[-1], [0, 1, 3], atol=0.2)


def test_one_spike_does_not_steer_the_regression() -> None:
    saw = np.tile([0.0, 1.0, 3.0], 60)
    spiked = saw.copy()
    spiked[50] = 1e6
    made = pooled.pooled_ridge([spiked], 3, 7, noise=20, span=180, own=1.0)
    np.testing.assert_allclose(made[0], [0, 1, 3], atol=0.3)


def test_the_regression_has_no_answer_for_a_series_that_is_too_short() -> None:
    made = pooled.pooled_ridge([np.arange(10.0), np.arange(30.0)], 3, 9, noise=5, span=50)
    assert np.isnan(made[0]).all()
    assert np.isfinite(made[1]).all()


def test_a_member_that_explodes_or_lacks_history_answers_with_missing_values() -> None:
    steep = np.exp(np.arange(30.0))
    forecast = members.run(batch(steep, np.arange(5.0), h=60), ["theta_log", "damped", "ridge"])
    assert np.isnan(forecast[0, 0]).all()
    assert np.isnan(forecast[1:, 1]).all()


def test_logarithms_are_for_series_that_were_never_negative() -> None:
    up = 5 + np.arange(20.0)
    forecast = members.run(batch(up, up - 10), ["theta_log"])
    assert np.isfinite(forecast[0, 0]).all()
    assert np.isnan(forecast[0, 1]).all()


def test_statsmodels_ets_answers_at_any_scale() -> None:
    y = 5 + np.random.default_rng(0).normal(size=60).cumsum() ** 2
    small, large = members.run(batch(y, y * 1e12), ["ets"])[0]
    np.testing.assert_allclose(large / 1e12, small, rtol=1e-3)


def test_prophet_answers_quietly_and_gives_the_loggers_back(capfd: pytest.CaptureFixture[str]) -> None:
    t = np.arange(140)
    y = 100 + 20 * np.sin(2 * np.pi * t / 7) + 0.1 * t
    y[30:33] = np.nan
    forecast = members.run(batch(y, np.zeros(140), freq="D", h=7), ["prophet"])[0]
    truth = 100 + 20 * np.sin(2 * np.pi * (140 + np.arange(7)) / 7) + 14
    np.testing.assert_allclose(forecast[0], truth, atol=2)
    assert np.isfinite(forecast[1]).all()
    captured = capfd.readouterr()
    assert captured.err == captured.out == ""
    assert not logging.getLogger("cmdstanpy").disabled
    assert not logging.getLogger("prophet").disabled


def test_prophet_in_bulk_forecasts_what_stock_prophet_forecasts() -> None:
    from prophet import Prophet

    t = np.arange(800)
    rng = np.random.default_rng(0)
    series = [
        100 + 0.05 * t + 20 * np.sin(2 * np.pi * t / 7) + 10 * np.cos(2 * np.pi * t / 365.25) + rng.normal(0, 2, 800),
        50 + np.abs(t[:60] - 30.0) + rng.normal(0, 1, 60),
    ]
    both = batch(*series, freq="D", h=7)
    bulk = members.run(both, ["prophet"])[0]
    for i, y in enumerate(series):
        past, ahead = both.dates(i)
        with prophet_member.quiet():
            model = Prophet(uncertainty_samples=0).fit(pd.DataFrame({"ds": past, "y": y}))
            stock = model.predict(pd.DataFrame({"ds": ahead}))["yhat"]
        np.testing.assert_allclose(bulk[i], stock, rtol=0.02)


def test_members_are_chosen_by_number_of_series_and_costly_ones_are_reported() -> None:
    few, dropped = members.choose(None, 3)
    assert {"theta", "damped", "ets", "prophet"} <= set(few)
    assert dropped == ()
    many, dropped = members.choose(None, 500)
    assert {"theta", "ridge"} <= set(many)
    assert set(dropped) == {"ets", "prophet"}
    with pytest.raises(BadArgument, match=r"'arima'.*theta"):
        members.choose(["arima"], 3)
    with pytest.raises(BadArgument, match="no member is named"):
        members.choose([], 3)
