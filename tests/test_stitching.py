"""One long series out of overlapping windows and a coarser answer over all of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sources.calibration import stitch
from sources.errors import BadQuery
from tests.trends_worlds import long_series

DAYS = 2 * 364
WINDOW, STEP = 252, 84


def answer(rng: np.random.Generator, x: np.ndarray, sampled: float, days: int = 1) -> np.ndarray:
    """Draw, average over `days`, divide by the peak, round."""
    drawn = rng.poisson(x * sampled) / sampled if sampled else x
    drawn = drawn.reshape(-1, days).mean(axis=1)
    return np.rint(100 * drawn / drawn.max())


def asked(x: np.ndarray, seed: int, *, sampled: float, step: int = STEP) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Windows over x, and weeks over all of it."""
    rng = np.random.default_rng(seed)
    starts = sorted({*range(0, len(x) - WINDOW + 1, step), len(x) - WINDOW})
    rows = [
        pd.DataFrame({"window": i, "ds": np.arange(s, s + WINDOW), "value": answer(rng, x[s : s + WINDOW], sampled)})
        for i, s in enumerate(starts)
    ]
    weeks = pd.DataFrame({"ds": np.arange(0, len(x), 7), "value": answer(rng, x, sampled, 7)})
    return pd.concat(rows, ignore_index=True), weeks


def drift(found: np.ndarray, x: np.ndarray) -> float:
    """Median log error of four-week means."""
    means = [v.reshape(-1, 28).mean(axis=1) / v.mean() for v in (found, x)]
    return float(np.median(np.abs(np.log(means[0] / means[1]))))


@pytest.mark.parametrize(("level", "sampled"), [(400.0, 1.0), (20.0, 1.0), (2.0, 1.0), (20.0, 0.0)])
def test_the_interval_of_a_day_holds_what_it_says_with_and_without_sampling(level: float, sampled: float) -> None:
    hits = []
    for seed in range(3):
        x = long_series(seed, level=level, days=DAYS)
        days, weeks = asked(x, seed, sampled=sampled)
        found = stitch(days, anchors=weeks)
        truth = x / x.mean() * found["value"].mean()
        hits.append(((found["lo"] <= truth) & (truth <= found["hi"])).mean())
    assert 0.90 <= np.mean(hits) <= 0.99


def test_the_level_drifts_less_than_in_the_average_of_unscaled_windows() -> None:
    ours, theirs = [], []
    for seed in range(3):
        x = long_series(seed, level=20, days=DAYS)
        days, weeks = asked(x, seed, sampled=1)
        ours.append(drift(stitch(days, anchors=weeks)["value"].to_numpy(), x))
        plain = days.groupby("ds")["value"].mean().to_numpy().reshape(-1, 7)
        bent = plain / plain.mean(axis=1, keepdims=True) * weeks["value"].to_numpy()[:, None]
        theirs.append(drift(bent.ravel(), x))
    assert np.mean(ours) < 0.8 * np.mean(theirs)


def test_a_new_peak_does_not_move_the_level_of_a_window() -> None:
    x = np.full(400, 50.0) + 20 * np.sin(np.arange(400) / 9)
    x[390] = 500.0
    rows = [
        pd.DataFrame(
            {"window": i, "ds": np.arange(s, s + 220), "value": answer(np.random.default_rng(0), x[s : s + 220], 0)}
        )
        for i, s in enumerate((0, 180))
    ]
    found = stitch(pd.concat(rows))["value"].to_numpy()
    ratio = (found / found.mean()) / (x / x.mean())
    assert ratio[:180].mean() == pytest.approx(ratio[220:390].mean(), rel=0.02)
    assert found.max() == 100
    assert found.argmax() == 390


def test_windows_without_a_common_day_are_joined_by_a_coarser_answer_and_else_refused() -> None:
    x = long_series(1, level=200, days=DAYS)
    days, weeks = asked(x, 1, sampled=1, step=364)
    days = days[(days["window"] == 0) | (days["window"] == days["window"].max())].replace({"window": {2: 1}})
    assert days.groupby("ds").size().max() == 1
    with pytest.raises(BadQuery, match="nothing joins window 1 to window 0"):
        stitch(days)
    found = stitch(days, anchors=weeks)
    known = found["ds"].to_numpy()
    truth = x[known] / x[known].mean() * found["value"].mean()
    halves = [np.log(found["value"][part] / truth[part]).mean() for part in (known < 300, known > 300)]
    assert abs(halves[0] - halves[1]) < 0.02
    assert 0.9 <= ((found["lo"] <= truth) & (truth <= found["hi"])).mean() <= 1


def test_a_day_without_data_stays_missing_and_a_zero_is_a_small_value() -> None:
    x = long_series(2, level=2, days=DAYS)
    days, weeks = asked(x, 2, sampled=1)
    days["has_data"] = days["ds"] != 100
    found = stitch(days, anchors=weeks).set_index("ds")
    assert found.loc[100].isna().all()
    assert len(found) == DAYS
    zero = days.groupby("ds")["value"].max() == 0
    assert zero.any()
    low = found.loc[zero[zero].index.difference([100])]
    assert (low["lo"] == 0).all()
    assert (low["hi"] > 0).all()


def test_dates_weeks_and_months_are_understood_and_order_changes_nothing() -> None:
    x = long_series(3, level=50, days=DAYS)
    days, _ = asked(x, 3, sampled=1)
    start = pd.Timestamp("2022-01-01", tz="UTC")
    days["ds"] = start + pd.to_timedelta(days["ds"], unit="D")
    by_day = pd.Series(x, pd.date_range(start, periods=DAYS, freq="D"))
    months = by_day.resample("MS").mean()
    anchors = pd.DataFrame({"ds": months.index, "value": np.rint(100 * months / months.max()).to_numpy()})
    found = stitch(days, anchors=anchors)
    assert found["ds"].is_monotonic_increasing
    assert drift(found["value"].to_numpy(), x) < 0.02
    shuffled = stitch(days.sample(frac=1, random_state=1), anchors=anchors)
    pd.testing.assert_frame_equal(found, shuffled, rtol=1e-4)


def test_further_samples_narrow_the_interval() -> None:
    x = long_series(4, level=20, days=DAYS)
    once, weeks = asked(x, 4, sampled=1)
    more = pd.concat([asked(x, seed, sampled=1)[0].assign(sample=seed) for seed in range(4, 8)])

    def width(days: pd.DataFrame) -> float:
        found = stitch(days, anchors=weeks)
        return float(((found["hi"] - found["lo"]) / found["value"].mean()).median())

    assert width(more) < 0.65 * width(once)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (pd.DataFrame({"window": [0], "ds": [0]}), "value"),
        (pd.DataFrame({"window": [0, 0], "ds": [0, 1], "value": [0.0, 0.0]}), "nothing above zero"),
        (pd.DataFrame({"window": [0, 0], "ds": [0, 1], "value": [5.0, -3.0]}), "-3"),
    ],
)
def test_what_is_no_window_is_refused(rows: pd.DataFrame, said: str) -> None:
    with pytest.raises(BadQuery, match=said):
        stitch(rows)
