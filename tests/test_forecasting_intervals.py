"""Intervals cover what they promise, from errors that did not help to build them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting import intervals
from forecasting.ensemble import forecast
from forecasting.intervals import conformal, stand_in

MEMBERS = ("theta", "damped")


def autoregressive(n_series: int, n: int, seed: int, phi: float = 0.7) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, noise = np.zeros((n_series, n)), rng.normal(size=(n_series, n))
    for t in range(1, n):
        y[:, t] = phi * y[:, t - 1] + noise[:, t]
    return y * rng.uniform(1, 1000, (n_series, 1))


def coverage(y: np.ndarray, h: int, group: int) -> dict[int, float]:
    """Return the share of the last h values that lie inside intervals made from what came before, groups apart."""
    hits: dict[int, list[float]] = {80: [], 95: []}
    dates = pd.date_range("2020-01-06", periods=y.shape[1] - h, freq="W-MON")
    for start in range(0, len(y), group):
        part = y[start : start + group]
        frames = [pd.DataFrame({"unique_id": i, "ds": dates, "y": row[:-h]}) for i, row in enumerate(part)]
        out = forecast(pd.concat(frames), h, freq="W", members=MEMBERS)
        for level, found in hits.items():
            lo, hi = (out[f"yhat-{s}-{level}"].to_numpy().reshape(-1, h) for s in ("lo", "hi"))
            found.append(float(((lo <= part[:, -h:]) & (part[:, -h:] <= hi)).mean()))
    return {level: float(np.mean(found)) for level, found in hits.items()}


def test_pooled_intervals_cover_simulated_autoregressions() -> None:
    found = coverage(autoregressive(240, 140, seed=1), h=6, group=240)
    assert found[80] == pytest.approx(0.80, abs=0.04)
    assert found[95] == pytest.approx(0.95, abs=0.025)


def test_intervals_of_series_that_stand_alone_cover_too() -> None:
    found = coverage(autoregressive(60, 140, seed=2), h=8, group=1)
    assert found[80] == pytest.approx(0.80, abs=0.07)
    assert found[95] == pytest.approx(0.95, abs=0.04)


def test_intervals_without_a_backtest_cover_most() -> None:
    found = coverage(autoregressive(60, 24, seed=3), h=6, group=1)
    assert 0.72 < found[80] < 0.97
    assert found[95] > 0.88


def test_an_origin_does_not_widen_its_own_interval() -> None:
    rng = np.random.default_rng(0)
    actual = rng.normal(size=(5, 1, 12))
    point, recent = np.zeros((5, 1, 12)), np.ones((5, 1))
    calm = conformal(point, actual, recent, (80.0,)).backtest[0, 1, 0]
    actual[2] *= 1000
    wild = conformal(point, actual, recent, (80.0,)).backtest[0]
    np.testing.assert_allclose(wild[1, 0], calm)
    assert (wild[0, 0] > 10 * calm).all()


def test_an_origin_does_not_widen_its_own_interval_among_many_series_either() -> None:
    actual = np.random.default_rng(0).normal(size=(5, 30, 6))
    point, recent = np.zeros((5, 30, 6)), np.ones((5, 30))
    calm = conformal(point, actual, recent, (90.0,)).backtest[0, 1]
    actual[2] *= 1000
    wild = conformal(point, actual, recent, (90.0,)).backtest[0]
    assert wild[1].mean() < 1.05 * calm.mean()
    assert wild[0].mean() > 10 * calm.mean()


def test_groups_of_series_keep_their_own_quantiles() -> None:
    actual = np.random.default_rng(0).normal(size=(5, 60, 6))
    actual[1:, :30] = np.abs(actual[1:, :30]) ** 4  # one half has far heavier tails
    point, recent = np.zeros((5, 60, 6)), np.repeat([3.0, 0.8], 30) * np.ones((5, 1))
    groups = np.repeat([0, 1], 30)
    one, two = (conformal(point, actual, recent, (80.0,), groups=g).coverage[0] for g in (None, groups))
    assert abs(two[:30].mean() - 0.8) < 0.03
    assert abs(two[30:].mean() - 0.8) < 0.03
    assert one[30:].mean() < 0.76


def test_a_level_needs_enough_errors_for_its_finite_sample_quantile() -> None:
    scores = np.arange(1.0, 20.0)
    assert intervals._finite_sample(scores, 95) == 19
    assert intervals._finite_sample(scores[:-1], 95) == np.inf
    assert intervals._finite_sample(np.arange(1.0, 10.0), 80) == 8


def test_stand_in_widths_grow_with_level_and_horizon_and_say_their_name() -> None:
    y = np.random.default_rng(0).normal(size=40).cumsum()
    half, name = stand_in(y, 6, (80, 95))
    assert name == "native-ets"
    assert (half[1] > half[0]).all()
    assert half[0, 5] > half[0, 0]
    half, name = stand_in(y[:6], 4, (80,))
    assert name == "naive-error"
    np.testing.assert_allclose(half[0] / half[0, 0], np.sqrt(np.arange(1, 5)))
    assert stand_in(np.full(30, 2.0), 3, (80,))[0].tolist() == [[0.0, 0.0, 0.0]]


def test_native_widths_scale_with_the_unit_of_the_series() -> None:
    y = 5 + np.random.default_rng(1).normal(size=30)
    np.testing.assert_allclose(stand_in(y * 1e12, 3, (80,))[0] / 1e12, stand_in(y, 3, (80,))[0], rtol=1e-3)


def test_realised_coverage_is_the_share_of_past_values_inside() -> None:
    rng = np.random.default_rng(2)
    actual, point, recent = rng.normal(size=(5, 30, 4)), np.zeros((5, 30, 4)), np.ones((5, 30))
    found = conformal(point, actual, recent, (80.0, 95.0))
    inside = np.abs(actual[1:]) <= found.backtest[0]
    np.testing.assert_allclose(found.coverage[0], inside.mean(axis=(0, 2)))
    assert found.coverage[1].mean() == pytest.approx(0.95, abs=0.03)
    assert (found.half[1] >= found.half[0]).all()


@pytest.mark.parametrize("shape", [(1, 4, 2), (2, 1, 3), (7, 23, 3)])
def test_quantiles_without_each_origin_are_those_of_what_stays(shape: tuple[int, int, int]) -> None:
    score = np.round(np.random.default_rng(0).exponential(size=shape), 1)  # many are equal
    q = np.array([0.0, 0.31, 0.8, 0.95, 1.0])
    found = intervals.without_each(score, q)
    np.testing.assert_array_equal(found[:, 0], np.quantile(score.reshape(-1, shape[2]), q, axis=0))
    for k in range(shape[0]):
        rest = np.delete(score, k, axis=0).reshape(-1, shape[2])
        np.testing.assert_array_equal(found[:, 1 + k], np.quantile(rest, q, axis=0) if len(rest) else np.nan)
