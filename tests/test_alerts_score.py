"""The score of a series: no look-ahead, a budget that is met, a level shift said once, gaps told from silence."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer import return_level
from explorer.alert_budget import budget_days, budget_words
from explorer.alerts import readiness, score
from forecasting.errors import BadArgument, BadSeries, TooLittleData

HOUR = pd.Timedelta(1, "h")


def quiet(days: int, mean: float = 30, seed: int = 0, step: str = "h") -> pd.DataFrame:
    """Counts with a day and a week, and nothing else in them."""
    ds = pd.date_range("2025-03-03", periods=days * round(pd.Timedelta(1, "D") / pd.Timedelta(1, step)), freq=step)
    day = np.exp(0.6 * np.sin(2 * np.pi * (ds.hour - 9) / 24)) if step != "D" else 1.0
    level = mean * np.where(ds.day_of_week >= 5, 0.7, 1.0) * day
    return pd.DataFrame({"ds": ds, "y": np.random.default_rng(seed).negative_binomial(level, 1 / 2).astype(float)})


def with_burst(frame: pd.DataFrame, at: int, factor: float = 12, length: int = 8) -> pd.DataFrame:
    burst = frame.copy()
    burst.loc[at : at + length - 1, "y"] += factor * frame["y"].mean() * 0.7 ** np.arange(length)
    return burst.assign(y=burst["y"].round())


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    grain=st.sampled_from(["15min", "h", "D", "W-MON", "MS"]),
    cut=st.floats(0.2, 0.95),
    gap=st.booleans(),
    jump=st.sampled_from([1.0, 4.0]),
)
def test_appending_rows_never_changes_an_earlier_score(
    seed: int, grain: str, cut: float, gap: bool, jump: float
) -> None:
    rng = np.random.default_rng(seed)
    n = {"15min": 96 * 5, "h": 24 * 20, "D": 200, "W-MON": 170, "MS": 60}[grain]
    y = rng.negative_binomial(4, 0.2, n).astype(float)
    y[rng.integers(0, n, 3)] *= 15
    y[n // 2 :] *= jump
    if gap:
        y[n // 3 : n // 3 + 5] = np.nan
    whole = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=n, freq=grain), "y": y})
    part = score(whole.head(max(3, int(cut * n))), freq=grain)
    pd.testing.assert_frame_equal(score(whole, freq=grain).head(len(part)), part)


def test_a_burst_is_one_alert_and_grows_into_an_escalation() -> None:
    frame = with_burst(quiet(28), 24 * 20 + 3)
    found = score(frame)
    alerts = found[found["alert"]]
    first = alerts.iloc[alerts["score"].gt(0).argmax()]
    at = found.index[found["ds"] == frame["ds"][24 * 20 + 3]][0]
    inside = alerts[(alerts.index >= at) & (alerts.index < at + 24)]
    assert len(inside[inside["kind"] != "escalation"]) == 1
    assert inside.index[0] <= at + 1
    assert inside["event"].nunique() == 1
    assert found["y"][at] > found["hi"][at]
    assert inside["return_days"].iloc[0] > 7
    assert first["threshold"] > 0


def test_a_lasting_change_of_level_is_said_once() -> None:
    frame = quiet(60)
    frame.loc[frame.index >= 24 * 30, "y"] = frame["y"] * 4
    found = score(frame)
    after = found[found.index >= 24 * 30]
    assert (after["kind"] == "level shift").sum() == 1
    spoken = after[after["alert"]]
    assert spoken["event"].nunique() <= 5  # the rise itself, and what the budget of thirty days allows by chance
    later = found[found.index >= 24 * 40]
    assert later["expected"].mean() == pytest.approx(later["y"].mean(), rel=0.15)


def test_what_was_not_collected_is_a_gap_and_what_fell_silent_is_a_drop() -> None:
    frame = quiet(28, mean=80)
    missing, silent = frame.copy(), frame.copy()
    rows = slice(24 * 20, 24 * 20 + 11)
    missing.loc[rows, "y"] = np.nan
    silent.loc[rows, "y"] = 0
    gap, drop = score(missing), score(silent)
    assert (gap.loc[rows, "kind"] == "gap").all()
    assert not gap.loc[rows, "alert"].any()
    assert gap.loc[rows, "score"].isna().all()
    assert (gap.loc[rows, "state"] == "gap").all()
    assert (drop.loc[rows, "kind"] == "drop").sum() == 1


def test_a_window_that_was_capped_counts_as_not_collected() -> None:
    frame = quiet(20)
    start, end = frame["ds"][200], frame["ds"][210]
    covered = pd.DataFrame(
        [("capped", start, end), ("complete", frame["ds"][0], start)], columns=["status", "start", "end"]
    )
    found = score(frame, coverage=covered)
    assert list(found.index[found["kind"] == "gap"]) == list(range(200, 210))


def test_few_posts_are_no_alert_however_unusual() -> None:
    frame = quiet(28, mean=0.05)
    frame.loc[500, "y"] = 4
    assert not score(frame)["alert"].any()
    frame.loc[500:502, "y"] = 40
    assert score(frame)["alert"][500]


def test_it_works_in_its_first_week_and_says_what_it_cannot_do_yet() -> None:
    frame = with_burst(quiet(5), 24 * 4, factor=15)
    found = score(frame)
    assert found["alert"][24 * 4 : 24 * 4 + 3].any()
    assert found["state"].iloc[-1] == "learning"
    assert "week" in readiness(found)
    assert "threshold" in readiness(found)
    assert readiness(score(frame.head(4))) == ["start"]
    assert readiness(score(quiet(60))) == []


@pytest.mark.parametrize(("step", "days", "budget"), [("h", 150, 7.0), ("D", 900, 30.4)])
def test_the_announced_budget_is_met_on_quiet_series(step: str, days: int, budget: float) -> None:
    alerts = span = 0.0
    for seed in range(10):
        found = score(quiet(days, seed=seed, step=step), freq=step)
        ready = found["state"] == "ready"
        alerts += float((found["alert"] & ready).sum())
        span += float(ready.sum()) * (pd.Timedelta(1, step) / pd.Timedelta(1, "D"))
    assert alerts / (span / budget) == pytest.approx(1.0, abs=0.3)


def test_a_smaller_budget_alerts_less() -> None:
    frame = quiet(120, seed=3)
    counts = [int(score(frame, sensitivity=word)["alert"].sum()) for word in ("fewer", "balanced", "more")]
    assert counts == sorted(counts)
    assert counts[0] < counts[2]
    by_words = score(frame, budget="about one false alarm a week")
    assert by_words["threshold"].equals(score(frame, budget=7)["threshold"])


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("about one false alarm a month", 30.4),
        ("two a week", 3.5),
        ("one every 10 days", 10),
        ("1 per year", 365.25),
        ("une par mois", 30.4),
    ],
)
def test_a_budget_can_be_said_in_words(words: str, days: float) -> None:
    assert budget_days(words, "balanced", "fine") == pytest.approx(days)


def test_a_budget_is_said_back_in_words() -> None:
    assert budget_words(30) == "about one false alarm a month"
    assert budget_words(3.5) == "about 2 false alarms a week"


@pytest.mark.parametrize("words", ["often", "none a week", 0, -3])
def test_a_budget_that_cannot_be_read_is_refused(words: str | float) -> None:
    with pytest.raises(BadArgument):
        budget_days(words, "balanced", "fine")


def test_a_series_that_is_no_series_is_refused() -> None:
    ds = pd.date_range("2025-01-01", periods=4, freq="h")
    for y, dates in (([1, -1, 2, 3], ds), ([1, np.inf, 2, 3], ds), ([1, 2, 3, 4], [ds[0], ds[0], ds[2], ds[3]])):
        with pytest.raises(BadSeries):
            score(pd.DataFrame({"ds": dates, "y": y}))
    with pytest.raises(TooLittleData):
        score(pd.DataFrame({"ds": ds[:1], "y": [1.0]}))


def test_weekly_outbreaks_are_found_and_quiet_weeks_are_not() -> None:
    rng = np.random.default_rng(5)
    ds = pd.date_range("2018-01-01", periods=360, freq="7D")
    season = 20 * np.exp(0.5 * np.sin(2 * np.pi * np.arange(360) / 52.18))
    hits = false = weeks = 0
    for _ in range(12):
        y = rng.negative_binomial(season / 0.5, 1 / 1.5).astype(float)
        y[340:342] += np.rint(5 * np.sqrt(1.5 * season[340:342]))
        found = score(pd.DataFrame({"ds": ds, "y": y}))
        hits += bool(found["alert"][340:342].any())
        false += int(found["alert"][160:338].sum())
        weeks += 178
    assert hits >= 11
    assert false / weeks <= 0.015


# The scorer of the evidence folder leaves its files open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_real_brand_mentions_beat_every_published_detector(shared: Callable[..., Path]) -> None:
    path = shared("bench", "nab_score.py")
    spec = importlib.util.spec_from_file_location("nab_score", path)
    assert spec
    assert spec.loader
    nab = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(nab)
    root = shared("data", "nab", "labels").parent
    assert json.loads((root / "labels" / "combined_windows.json").read_text())
    truth = nab.load_truth(str(root), "realTweets")
    alerts = {}
    for name, series in truth.items():
        frame = pd.DataFrame({"ds": series.ts, "y": series.value})
        found = score(frame.groupby("ds", as_index=False)["y"].sum()).set_index("ds")["alert"]
        alerts[name] = found.reindex(series.ts).to_numpy().astype(float)
    reached = {p: nab.normalise(nab.raw_at(alerts, truth, p, 0.5), truth, p) for p in nab.PROFILES}
    assert reached["standard"] > 83.17
    assert reached["reward_low_FP_rate"] > 74.58
    assert reached["reward_low_FN_rate"] > 88.78
    assert nab.alarms(alerts, truth, 0.5, 0)["fa_per_week"] <= 0.6


@pytest.mark.parametrize(("n", "weight"), [(28, 0.0), (28, 1.0), (60, 0.5)])
@pytest.mark.parametrize("rarity", [7.0, 100.0])
def test_a_return_level_from_few_maxima_is_passed_as_rarely_as_announced(n: int, weight: float, rarity: float) -> None:
    """Over many pasts of n maxima of one known tail; the exact level of that tail would be passed more often."""
    rng = np.random.default_rng(5)
    past = return_level.quantile(rng.random((20_000, n)), weight)
    middle, high = np.quantile(past, [return_level.MIDDLE, return_level.HIGH], axis=1, method="weibull")
    curve = return_level.curves(np.array([n]), np.array([weight]))[0]
    level = np.interp(np.log(rarity), curve, return_level.LEVELS)
    nxt = return_level.quantile(rng.random(20_000), weight)
    passed = float((nxt > middle + (high - middle) * level).mean())
    assert passed == pytest.approx(1 - np.exp(-1 / rarity), rel=0.25)
    naive = float(return_level.quantile(np.array([np.exp(-1 / rarity)]), weight)[0])
    assert level > naive or rarity < 10


def test_a_rarer_budget_never_has_a_lower_threshold() -> None:
    curves = return_level.curves(np.array([12.0, 30.0, 90.0]), np.array([0.0, 0.7, 1.5]))
    assert (np.diff(curves, axis=1) >= 0).all()
