"""Impact: a planted effect is measured, quiet dates stay quiet, and "back to its level" is said only when it is shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting import impact
from forecasting.errors import BadArgument, BadSeries, ForecastError, TooLittleData
from forecasting.impact import back_from

EVENT = "2023-02-15"  # a Wednesday: its week begins on the 13th, the 111th of the world


def world(n: int = 150, *, seed: int = 0, effect: np.ndarray | float = 0.0, noise: float = 0.03) -> pd.DataFrame:
    """y follows a control; from week 110 on it is multiplied by 1 + effect."""
    rng = np.random.default_rng(seed)
    control = 100 * np.exp(0.03 * np.cumsum(rng.normal(size=n)))
    y = 2 * control * np.exp(noise * rng.normal(size=n))
    y[110:] *= 1 + effect
    ds = pd.date_range("2021-01-04", periods=n, freq="W-MON")
    return pd.DataFrame({"ds": ds, "y": y, "control": control, "unrelated": 10 + rng.normal(size=n)})


def test_a_planted_fall_is_measured_with_its_interval_and_is_not_back_a_year_later() -> None:
    found = impact(world(effect=-0.3), EVENT)
    assert found.path["ds"].iloc[0] == pd.Timestamp("2023-02-13")
    assert found.relative_lo < -0.3 < found.relative_hi
    assert found.relative == pytest.approx(-0.3, abs=0.03)
    assert found.hi < 0
    assert found.total == pytest.approx(found.effect * 40)
    assert found.p_value < 0.01
    assert found.level_now == "not back"
    assert found.back_since is None
    assert np.isnan(found.half_life)


def test_an_effect_that_decays_has_a_half_life_and_the_level_comes_back() -> None:
    found = impact(world(effect=0.6 * 0.8 ** np.arange(40)), EVENT)
    assert 2 <= found.half_life <= 5  # 0.8 ** 3.1 = one half
    assert found.level_now == "back"
    assert pd.Timestamp("2023-04-01") < found.back_since < pd.Timestamp("2023-10-01")
    assert found.lo > 0


def test_a_level_that_came_back_is_not_reported_late_for_the_few_periods_that_chance_lets_out() -> None:
    rng = np.random.default_rng(4)
    known, lags, waited = np.ones(70, dtype=bool), [], []
    for _ in range(400):
        out = rng.random(70) < 0.05
        out[:6] = True
        back = back_from(out, known, 0.95)
        lags.append(70 if back is None else back - 6)
        waited.append(int(np.flatnonzero(out)[-1]) - 5)
    assert np.median(waited) > 30, "the last stray period is what the rule must not wait for"
    assert np.median(lags) == 0
    assert np.mean(np.array(lags) <= 2) > 0.8
    assert back_from(np.ones(70, dtype=bool), known, 0.95) is None
    assert back_from(np.zeros(70, dtype=bool), known, 0.95) is None
    half = np.arange(70) % 2 == 0
    assert back_from(half, known, 0.95) >= 65, "every other period outside is no chance"


def test_where_too_little_is_known_it_says_cannot_tell() -> None:
    noisy = world(n=118, noise=0.5).drop(columns=["control", "unrelated"])
    found = impact(noisy, EVENT)
    assert found.lo < 0 < found.hi
    assert found.level_now == "cannot tell"


def test_only_controls_that_go_with_the_series_are_leaned_on_and_the_rest_is_named() -> None:
    found = impact(world(), EVENT)
    assert found.controls == ("control",)
    assert [(n.code, n.where) for n in found.notes] == [("control_left_out", "unrelated")]
    without = impact(world().drop(columns=["control", "unrelated"]), EVENT)
    assert found.hi - found.lo < 0.5 * (without.hi - without.lo)
    assert found.fit["explained"] > without.fit["explained"]


def test_a_control_keeps_a_common_shock_from_passing_for_an_effect() -> None:
    data = world()
    data.loc[110:, ["y", "control"]] *= 1.8
    assert impact(data, EVENT).lo < 0 < impact(data, EVENT).hi
    assert impact(data.drop(columns=["control", "unrelated"]), EVENT).lo > 0


def test_quiet_dates_are_covered_as_often_as_promised() -> None:
    covered = [(f := impact(world(seed=i, noise=0.06), EVENT)).lo <= 0 <= f.hi for i in range(20)]
    assert np.mean(covered) >= 0.9
    narrow = impact(world(), EVENT, level=0.5)
    wide = impact(world(), EVENT, level=0.95)
    assert narrow.hi - narrow.lo < 0.6 * (wide.hi - wide.lo)


def test_placebo_dates_lie_before_the_event_and_later_data_do_not_touch_them() -> None:
    plain, hit = impact(world(), EVENT), impact(world(effect=2.0), EVENT)
    assert (plain.placebo["ds"] < pd.Timestamp(EVENT)).all()
    assert len(plain.placebo) > 20
    pd.testing.assert_frame_equal(plain.placebo, hit.placebo)
    assert plain.fit["coverage"] == pytest.approx(plain.placebo["covers"].mean())
    assert impact(world(), EVENT).effect == plain.effect


def test_a_season_is_no_effect() -> None:
    rng = np.random.default_rng(3)
    wave = np.exp(np.sin(2 * np.pi * np.arange(200) / 52.18))
    ds = pd.date_range("2020-01-06", periods=200, freq="W-MON")
    data = pd.DataFrame({"ds": ds, "y": 100 * wave * np.exp(0.05 * rng.normal(size=200))})
    found = impact(data, ds[185])
    assert found.lo < 0 < found.hi
    assert found.relative_hi - found.relative_lo < 0.5


ODD = {
    "zeros then something": np.r_[np.zeros(60), np.ones(20)],
    "constant": np.full(80, 5.0),
    "zeros": np.zeros(80),
    "one spike": np.r_[np.zeros(30), 50.0, np.zeros(49)],
    "gaps": np.where(np.arange(80) % 3 == 0, np.nan, 10.0 + np.arange(80) % 7),
    "negative": np.sin(np.arange(80.0)) * 5,
    "huge": 1e12 * (1 + np.arange(80) % 5),
    "missing after": np.r_[10.0 + np.arange(60) % 7, np.full(20, np.nan)],
    "eight points": 1.0 + np.arange(8),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_series_are_refused_by_name_or_answered_with_finite_numbers(name: str) -> None:
    y = ODD[name]
    data = pd.DataFrame({"ds": pd.date_range("2022-01-03", periods=len(y), freq="W-MON"), "y": y})
    try:
        found = impact(data, data["ds"].iloc[len(y) * 3 // 4])
    except ForecastError:
        return
    assert np.isfinite([found.effect, found.lo, found.hi, found.total, found.p_value]).all()
    assert np.isfinite(found.path[["expected", "expected-lo", "expected-hi"]]).all(axis=None)


def test_wrong_questions_are_refused() -> None:
    data = world()
    with pytest.raises(BadArgument, match="outside the data"):
        impact(data, "2031-01-01")
    with pytest.raises(BadArgument, match="not a date"):
        impact(data, "someday")
    with pytest.raises(BadArgument, match="level"):
        impact(data, EVENT, level=95)
    with pytest.raises(TooLittleData, match="before the event"):
        impact(data, "2021-02-01")
    with pytest.raises(BadSeries, match="more than once"):
        impact(pd.concat([data, data.tail(1)]), EVENT)
    with pytest.raises(BadSeries, match="no column"):
        impact(data.drop(columns="y"), EVENT)
