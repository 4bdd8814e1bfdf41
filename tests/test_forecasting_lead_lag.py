"""Lead and lag: a true lead is found at its lag, an unrelated series is not, and nothing is said that was not known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.lead_lag import lead_of, m4_pairs, plain_test, shared_season
from forecasting import lead_lag, lead_lags
from forecasting.errors import BadArgument, BadSeries, ForecastError, TooLittleData
from forecasting.own_past import unexplained


def walk(n: int = 156, *, seed: int = 0, noise: float = 0.1) -> np.ndarray:
    return 200 * np.exp(noise * np.cumsum(np.random.default_rng(seed).normal(size=n)))


def led(x: np.ndarray, lag: int, strength: float, *, seed: int = 1, noise: float = 0.1) -> np.ndarray:
    change = np.diff(np.log(x))
    own = np.random.default_rng(seed).normal(0, noise, len(change))
    own[lag:] += strength * change[:-lag]
    return 500 * np.exp(np.r_[0.0, np.cumsum(own)])


def frame(y: np.ndarray, start: str = "2021-01-04", freq: str = "W-MON") -> pd.DataFrame:
    return pd.DataFrame({"ds": pd.date_range(start, periods=len(y), freq=freq), "y": y})


@pytest.mark.parametrize("lag", [1, 3, 6])
def test_a_true_lead_is_found_at_its_lag_and_not_the_other_way_round(lag: int) -> None:
    x = walk()
    y = led(x, lag, 1.0)
    found = lead_lag(frame(x), frame(y), max_lag=8, h=1, seed=0)
    assert found.leads
    assert found.periods == lag
    assert found.lo <= lag <= found.hi <= lag + 2
    assert found.gain > 0.25
    assert found.p_value < 0.01
    assert "helps to forecast" in str(found)
    assert "cause" not in str(found)
    back = lead_lag(frame(y), frame(x), max_lag=8, h=1, seed=0)
    assert not back.leads
    assert "y helps to forecast x as well" in back.checks["reverse"].text


def test_a_falling_answer_counts_as_a_lead_too() -> None:
    x = walk()
    assert lead_lag(frame(x), frame(led(x, 2, -1.0)), max_lag=6).leads


def test_independent_walks_are_rarely_called_leaders() -> None:
    claims = sum(lead_lag(walk(seed=i), walk(seed=1000 + i), max_lag=8, freq="W").leads for i in range(40))
    assert claims <= 2


def test_a_shared_season_is_no_lead() -> None:
    wave = np.sin(2 * np.pi * np.arange(208) / 52.18)
    claims = 0
    for i in range(30):
        x = walk(208, seed=i, noise=0.05) * np.exp(0.8 * wave)
        y = walk(208, seed=500 + i, noise=0.05) * np.exp(0.8 * np.roll(wave, 3))
        claims += lead_lag(frame(x), frame(y), max_lag=8).leads
    assert claims <= 2


def test_a_common_spike_makes_no_lead() -> None:
    claims = 0
    for i in range(20):
        x, y = walk(seed=i), walk(seed=100 + i)
        x[80] *= 30
        y[82] *= 30
        claims += lead_lag(frame(x), frame(y), max_lag=8).leads
    assert claims <= 1


def test_the_same_seed_gives_the_same_answer_and_later_values_of_the_leader_change_nothing() -> None:
    x = walk(160)
    y = led(x, 2, 0.8)
    first = lead_lag(frame(x[:156]), frame(y[:156]), max_lag=6, seed=3)
    again = lead_lag(frame(x), frame(y[:156]), max_lag=6, seed=3)
    assert first.gain == again.gain
    assert first.p_value == again.p_value
    assert (first.periods, first.lo, first.hi) == (again.periods, again.lo, again.hi)
    assert [note.code for note in again.notes] == ["periods_unused"]


def test_a_leader_that_is_published_too_late_is_no_leader() -> None:
    x = walk()
    y = led(x, 2, 1.0)
    dated = frame(x)
    at_once = lead_lag(dated.assign(known_at=dated["ds"] + pd.Timedelta(weeks=1)), frame(y), max_lag=6)
    late = lead_lag(dated.assign(known_at=dated["ds"] + pd.Timedelta(weeks=5)), frame(y), max_lag=6)
    assert at_once.leads
    assert at_once.gain == lead_lag(dated, frame(y), max_lag=6).gain
    assert not late.leads


def test_an_origin_sees_the_value_of_its_day_not_the_later_revision() -> None:
    x = walk()
    y = led(x, 2, 1.0)
    rumour = walk(seed=77)
    dated = frame(x)
    first = frame(rumour).assign(known_at=dated["ds"] + pd.Timedelta(weeks=1))
    revised = dated.assign(known_at=dated["ds"] + pd.Timedelta(weeks=26))
    both = pd.concat([first, revised], ignore_index=True)
    assert not lead_lag(both, frame(y), max_lag=6).leads


def test_many_pairs_are_judged_together() -> None:
    def long(columns: dict[str, np.ndarray]) -> pd.DataFrame:
        return pd.concat([frame(v).assign(unique_id=k) for k, v in columns.items()], ignore_index=True)

    x = {f"s{i}": walk(seed=i) for i in range(12)}
    y = {f"s{i}": led(x[f"s{i}"], 2, 1.2, seed=50 + i) if i < 2 else walk(seed=200 + i) for i in range(12)}
    y["short"], x["short"] = np.arange(1.0, 9.0), np.arange(2.0, 10.0)
    y["flat"], x["flat"] = np.full(156, 3.0), walk(seed=9)
    table = lead_lags(long(x), long(y), max_lag=6, seed=0).set_index("leader")
    assert table["leads"].to_dict() == {k: k in ("s0", "s1") for k in x}
    assert (table["q_value"].dropna() >= table["p_value"].dropna()).all()
    assert table.loc[["short", "flat"], "p_value"].isna().all()
    assert "never changes" in table.loc["flat", "note"]
    crossed = lead_lags(long(x), long(y), max_lag=6, pairs=[("s0", "s1"), ("s0", "nobody")])
    assert crossed["leads"].tolist() == [False, False]
    assert "nobody" in crossed["note"][1]


def test_both_directions_asked_together_are_answered_as_each_by_itself() -> None:
    x = walk()
    columns = {
        "a": x,
        "b": led(x, 2, 1.2),
        "gaps": np.where(np.arange(156) % 9 == 4, np.nan, walk(seed=3)),
        "flat": 0 * x,
    }
    both = pd.concat([frame(v).assign(unique_id=k) for k, v in columns.items()], ignore_index=True)
    pairs = [
        ("a", "b"),
        ("gaps", "a"),
        ("b", "a"),
        ("a", "gaps"),
        ("flat", "a"),
        ("a", "flat"),
        ("a", "a"),
        ("b", "gaps"),
    ]
    together = lead_lags(both, both, max_lag=6, seed=4, pairs=pairs)
    assert together["leads"].tolist() == [True, *[False] * 7]
    pd.testing.assert_frame_equal(together, lead_lags(both, both.copy(), max_lag=6, seed=4, pairs=pairs))


def test_one_decomposition_tells_what_every_first_columns_leave_unexplained() -> None:
    rng = np.random.default_rng(0)
    full, y = rng.normal(size=(40, 7)), rng.normal(size=40)
    poor = full.copy()
    poor[:, 3], poor[:, 5] = 0.0, full[:, 0] - 2 * full[:, 2]  # neither can explain anything more
    for w in (full, poor):
        plain = [y - w[:, :k] @ np.linalg.lstsq(w[:, :k], y, rcond=None)[0] for k in range(1, 8)]
        np.testing.assert_allclose(unexplained(w, y), [rest @ rest for rest in plain], rtol=1e-9)


ODD = {
    "eight points": np.arange(1.0, 9.0),
    "constant": np.full(120, 5.0),
    "zeros": np.zeros(120),
    "one spike": np.r_[np.zeros(60), 50.0, np.zeros(59)],
    "gaps": np.where(np.arange(120) % 3 == 0, np.nan, walk(120)),
    "negative": walk(120) - 200,
    "huge": walk(120) * 1e12,
    "all missing": np.full(120, np.nan),
    "empty": np.array([]),
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("side", ["x", "y"])
def test_odd_series_are_refused_by_name_or_answered_with_finite_numbers(name: str, side: str) -> None:
    other = walk(len(ODD[name]), seed=5)
    x, y = (ODD[name], other) if side == "x" else (other, ODD[name])
    try:
        found = lead_lag(frame(x), frame(y), max_lag=4, freq="W-MON")
    except ForecastError:
        return
    assert np.isfinite([found.gain, found.p_value, found.lo, found.hi]).all()


def test_wrong_questions_are_refused() -> None:
    x = frame(walk())
    with pytest.raises(BadSeries, match="more than once"):
        lead_lag(pd.concat([x, x]), x, max_lag=4)
    with pytest.raises(BadArgument, match="longest lag"):
        lead_lag(x, x, max_lag=0)
    with pytest.raises(BadSeries, match="no column"):
        lead_lag(x.rename(columns={"y": "value"}), x, max_lag=4)
    with pytest.raises(BadSeries, match="neither has dates"):
        lead_lag([1.0, 2.0], [1.0], max_lag=1)
    with pytest.raises(TooLittleData, match="no period"):
        lead_lag(x, frame(walk(), start="2031-01-06"), max_lag=4)


def test_arrays_without_dates_are_answered_and_say_that_no_season_was_looked_for() -> None:
    x = walk()
    found = lead_lag(x, led(x, 2, 1.0), max_lag=6)
    assert found.leads
    assert [note.code for note in found.notes] == ["no_dates"]


def test_on_real_unrelated_series_claims_are_rare_and_true_leads_are_found_more_often_than_by_the_plain_test(
    shared: Callable[..., Path],
) -> None:
    pairs = m4_pairs(shared("data", "m4_weekly", "Weekly-train.csv.gz"), 40, seed=11)
    strong = lead_of(pairs, 0.4)
    claims = [
        np.mean([lead_lag(x, y, max_lag=8, freq="W-MON").leads for x, y in part])
        for part in (pairs, shared_season(pairs, seed=11), strong)
    ]
    assert max(claims[:2]) <= 0.05
    assert claims[2] >= np.mean([plain_test(x, y) < 0.05 for x, y in strong])
