"""A rise counts when it is more than the series has always wandered, over all series that are looked at."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting.errors import BadArgument
from forecasting.rise import found, proven_rises

WEEKS = pd.date_range("2023-01-01", periods=156, freq="W-SUN")


def wandering(rng: np.random.Generator, rho: float, size: float) -> np.ndarray:
    log = np.zeros(len(WEEKS))
    for t in range(1, len(log)):
        log[t] = rho * log[t - 1] + rng.normal(0, size)
    return 30 * np.exp(log)


def long(series: dict[str, np.ndarray]) -> pd.DataFrame:
    return pd.concat(
        [pd.DataFrame({"unique_id": n, "ds": WEEKS, "y": y}) for n, y in series.items()], ignore_index=True
    )


def test_series_that_only_wander_are_hardly_ever_proven_and_a_planted_rise_is() -> None:
    rng = np.random.default_rng(0)
    idle = {f"idle{i}": wandering(rng, 0.7, 0.15) for i in range(20)}
    rise = wandering(rng, 0.7, 0.15) * np.where(np.arange(156) < 130, 1.0, 4.0)
    table = proven_rises(long({**idle, "rise": rise}), freq="W-SUN")
    asked = table[table["p_value"].notna()]
    of_rise = asked[(asked["unique_id"] == "rise") & (asked["ds"] >= WEEKS[142])]
    assert of_rise["proven"].all()
    # 20 series of 70 weeks each: a plain 95 % interval of the growth would call hundreds of these weeks a rise.
    assert asked.loc[asked["unique_id"] != "rise", "proven"].mean() < 0.02


def test_what_was_said_of_a_past_week_stays_and_too_short_a_past_says_nothing() -> None:
    rng = np.random.default_rng(1)
    frame = long({"a": wandering(rng, 0.5, 0.3), "b": wandering(rng, 0.5, 0.3)})
    whole = proven_rises(frame, freq="W-SUN")
    cut = proven_rises(frame[frame["ds"] < WEEKS[130]], freq="W-SUN")
    both = cut.merge(whole, on=["unique_id", "ds"], suffixes=("", "_later"))
    assert len(both) == 260
    pd.testing.assert_series_equal(both["p_value"], both["p_value_later"], check_names=False)
    assert (both["proven"] == both["proven_later"]).all()
    assert whole.groupby("unique_id")["p_value"].apply(lambda p: p.isna().sum()).tolist() == [85, 85]


def test_a_rise_must_hold_for_half_a_level_and_years_cannot_be_asked() -> None:
    rng = np.random.default_rng(2)
    table = proven_rises(long({"x": wandering(rng, 0.3, 0.05) * np.where(np.arange(156) < 120, 1, 3)}), freq="W-SUN")
    first_found = table.loc[table["p_value"] < 0.05, "ds"].min()
    assert table.loc[table["proven"], "ds"].min() == first_found + pd.Timedelta(weeks=4)
    years = pd.DataFrame({"unique_id": "x", "ds": pd.date_range("2000", periods=9, freq="YS"), "y": 1.0})
    with pytest.raises(BadArgument):
        proven_rises(years, freq="YS")


def test_the_step_up_rule_is_that_of_benjamini_and_hochberg() -> None:
    # Table 1 of their paper: of 15 p-values the first four are rejected at 0.05.
    p = np.array(
        [
            0.0001,
            0.0004,
            0.0019,
            0.0095,
            0.0201,
            0.0278,
            0.0298,
            0.0344,
            0.0459,
            0.3240,
            0.4262,
            0.5719,
            0.6528,
            0.7590,
            1.0,
        ]
    )
    assert found(p, 0.05).sum() == 4
    assert not found(np.array([np.nan, 0.9]), 0.05).any()
    assert found(np.array([0.01, np.nan]), 0.05).tolist() == [True, False]
