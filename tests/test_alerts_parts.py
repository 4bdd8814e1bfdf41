"""The parts of a score that work on all rows at once, each against the plain loop or the library function it stands for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from explorer import alert_budget, baseline, return_level
from explorer.alert_events import drops
from explorer.count_quantiles import negative_binomial


@pytest.mark.parametrize("q", [0.025, 0.5, 0.975])
def test_quantiles_of_counts_are_those_of_scipy(q: float) -> None:
    rng = np.random.default_rng(0)
    mean = np.concatenate([np.exp(rng.uniform(-9, 6, 1500)), [0.0, 50.0, np.nan, 3.0]])
    dispersion = np.concatenate([1 + np.exp(rng.uniform(-8, 5, 1500)), [1.0, 1.0, 2.0, 3000.0]])
    phi = np.maximum(dispersion, 1.001)
    wanted = stats.nbinom.ppf(q, np.maximum(mean, 1e-6) / (phi - 1), 1 / phi)
    np.testing.assert_array_equal(negative_binomial(mean, dispersion, q), wanted)


def test_levels_and_rarities_are_read_off_curves_as_interpolation_does() -> None:
    rng = np.random.default_rng(1)
    curve = return_level.curves(rng.uniform(10, 95, 20), rng.uniform(0, 1.6, 20))
    curve[0, 5:9] = curve[0, 5]  # a flat stretch
    for wanted in (-9.0, curve[0, 5], curve[3, 0], curve[4, -1], 3.7, 99.0):
        plain = [np.interp(wanted, blocks, return_level.LEVELS) for blocks in curve]
        np.testing.assert_array_equal(alert_budget._levels(curve, wanted), plain)
    level = np.concatenate([rng.uniform(-6, 25, 300), return_level.LEVELS, [np.nan]])
    row = rng.integers(0, len(curve), len(level))
    plain = [np.interp(x, return_level.LEVELS, curve[r]) for x, r in zip(level, row, strict=True)]
    np.testing.assert_array_equal(alert_budget._rarities(curve, row, level), plain)


def test_the_shape_of_a_day_is_the_median_of_the_days_of_its_kind_before_it() -> None:
    rng = np.random.default_rng(2)
    relative = rng.uniform(0.5, 2, (50, 24))
    relative[rng.random((50, 24)) < 0.2] = np.nan
    relative[:, 7] = np.nan
    weekend = np.arange(50) % 7 >= 5
    found = baseline._hour_factor(relative, weekend)

    def plain(days: np.ndarray, towards: np.ndarray | float) -> np.ndarray:
        n = np.isfinite(days).sum(axis=0)
        middle = np.nanmedian(np.where(n > 0, days, 0.0), axis=0)
        return (middle * n + baseline.SHRINK * towards) / (n + baseline.SHRINK)

    np.testing.assert_array_equal(found[0], 1.0)
    for d in range(1, 50):
        past = relative[max(0, d - baseline.SHAPE_DAYS) : d]
        same = past[weekend[max(0, d - baseline.SHAPE_DAYS) : d] == weekend[d]]
        factor = plain(past, 1.0)
        np.testing.assert_array_equal(found[d], plain(same, factor) if len(same) >= 2 else factor)


def test_a_drop_begins_below_a_tenth_of_the_least_of_the_same_hours_before() -> None:
    ds = pd.date_range("2026-01-01", periods=24 * 20, freq="h")
    y = np.random.default_rng(3).poisson(30, len(ds)).astype(float)
    y[300:330], y[100:104] = 0.0, np.nan
    grid = baseline.regular(pd.DataFrame({"ds": ds, "y": y}).sample(frac=1, random_state=0), "h")
    count = pd.Series(baseline.window_sum(y, 6))
    before = pd.concat([count.shift(24 * d) for d in range(1, 8)], axis=1)
    least = before.min(axis=1).where(before.notna().sum(axis=1) >= 6)
    assert drops(grid).tolist() == [int(np.argmax((least >= 20) & (count < 0.1 * least)))]


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Paris"])
@pytest.mark.parametrize("freq", ["W-MON", "2W-WED", "D", "MS"])
def test_a_grid_has_the_dates_that_pandas_counts(freq: str, zone: str | None) -> None:
    dates = pd.date_range("2026-01-01 06:00", periods=30, freq=freq, tz=zone)
    rows = pd.DataFrame({"ds": dates, "y": 1.0}).drop(index=[4, 9])
    grid = baseline.regular(rows, freq)
    assert grid.ds.equals(dates)
    assert np.flatnonzero(np.isnan(grid.y)).tolist() == [4, 9]
