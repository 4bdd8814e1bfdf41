"""The gap: what it measures, what its interval holds, what it refuses."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting import gap, gap_path
from forecasting.errors import BadArgument, BadSeries, TooLittleData
from forecasting.people import count_voices, half_sample_mode, mean_draws
from forecasting.rounded import level_draws
from tests.worlds import world


def constant(search: dict[str, float], authors: dict[str, float], weeks: int = 60) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two tables without any noise."""
    periods = pd.date_range("2024-01-01", periods=weeks, freq="W-MON")

    def long(values: dict[str, float], column: str) -> pd.DataFrame:
        return pd.concat([pd.DataFrame({"topic": t, "period": periods, column: v}) for t, v in values.items()])

    return long(search, "value"), long(authors, "authors").assign(posts=lambda d: d["authors"])


def test_a_topic_with_twice_the_share_of_search_has_a_gap_of_one_doubling() -> None:
    found = gap(*constant({"a": 40, "b": 60}, {"a": 250, "b": 750})).set_index("topic")
    assert found.loc["a", "gap"] == pytest.approx(np.log2(0.4 / 0.25), abs=0.03)
    assert found.loc["b", "gap"] == pytest.approx(np.log2(0.6 / 0.75), abs=0.03)
    assert found.loc["a", "share_of_search"] == pytest.approx(0.4, abs=0.005)
    assert found.loc["a", "verdict"] == "silent"


def test_scaling_either_side_changes_no_gap() -> None:
    search, social, _ = world(3)
    search["value"] = search["value"].astype(float)
    plain = gap(search, social)
    grown = gap(search.assign(value=search["value"] * 7, lo=search["value"] * 7, hi=search["value"] * 7), social)
    exact = gap(search.assign(lo=search["value"], hi=search["value"]), social)
    assert list(grown["topic"][:3]) == list(plain["topic"][:3])
    pd.testing.assert_series_equal(grown["gap"], exact["gap"], atol=1e-9)


def test_planted_gaps_are_found_and_intervals_hold_them() -> None:
    inside, ranks = [], []
    for seed in range(6):
        search, social, truth = world(seed)
        found = gap(search, social, seed=seed).set_index("topic").loc[truth.index]
        inside.append(((found["lo"] <= truth) & (truth <= found["hi"])).mean())
        ranks.append(found["gap"].corr(truth, method="spearman"))
        silent = set(found.index[found["verdict"] == "silent"])
        assert not silent & set(truth.index[truth <= 0])
    assert np.mean(ranks) > 0.9
    assert 0.8 <= np.mean(inside) <= 1.0


def test_the_published_worlds_reach_the_level_of_the_benchmark(shared) -> None:
    spec = importlib.util.spec_from_file_location("gap_world", shared("bench", "gap_world.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    scores = []
    for seed in range(100, 112):  # seeds nobody has looked at while building
        search, social, truth = module.world(seed)
        found = gap(search, social, seed=seed).set_index("topic").loc[truth.index]
        covered = ((found["lo"] <= truth) & (truth <= found["hi"])).mean()
        false = ((found["verdict"] == "silent") & (truth <= 0)).sum()
        scores.append((found["gap"].corr(truth, method="spearman"), covered, false))
    rank, covered, false = np.mean(scores, axis=0)
    assert rank > 0.93
    assert 0.84 <= covered <= 0.96
    assert false <= 0.1


def test_people_count_and_not_posts() -> None:
    search, social, _ = world(1)
    shouting = social.copy()
    one = shouting["topic"] == "topic01"
    shouting.loc[one, "posts"] += 5_000
    people = gap(search, social).set_index("topic")["gap"]
    still = gap(search, shouting).set_index("topic")["gap"]
    naive = gap(search, shouting.drop(columns="authors")).set_index("topic")["gap"]
    assert abs(still["topic01"] - people["topic01"]) < 0.3
    assert naive["topic01"] < people["topic01"] - 2


def test_an_account_that_never_stops_is_counted_once_and_named() -> None:
    search, social, truth = world(2, people=60, loud=(0, 5))
    found = gap(search, social).set_index("topic")
    assert "loud account counted once" in found.loc["topic00", "warning"]
    assert found.loc[["topic02", "topic03"], "warning"].str.contains("loud").sum() == 0
    uncorrected = gap(search, social.assign(posts=np.nan)).set_index("topic")
    off = (found["gap"] - truth).abs()
    raw = (uncorrected["gap"] - truth).abs()
    assert off[["topic00", "topic05"]].mean() < raw[["topic00", "topic05"]].mean()


def test_known_loud_accounts_are_replaced_by_one_voice_over_the_window() -> None:
    authors = np.array([[10.0] * 8, [4.0] * 8])
    loud = np.array([[0.0] * 8, [2.0] * 8])
    voices = count_voices(authors, authors, loud)
    assert voices.once[0].tolist() == [10.0] * 8
    assert voices.once[1].sum() == pytest.approx(2 * 8 + 2)
    assert voices.loud.tolist() == [0.0, 1.0]


def test_counts_without_authors_work_and_say_what_cannot_be_corrected() -> None:
    search, social, _ = world(4)
    found = gap(search, social.drop(columns="authors"))
    assert (found["voice"] == "posts").all()
    assert found["warning"].str.contains("loud voices cannot be corrected").all()


def test_missing_periods_leave_the_window_on_both_sides() -> None:
    search, social, _ = world(5)
    cut = social["period"] > social["period"].max() - pd.Timedelta(weeks=10)
    holed = social.copy()
    holed.loc[cut & (holed["topic"] == "topic03"), ["posts", "authors"]] = np.nan
    whole, shorter = gap(search, social, window=30), gap(search, holed, window=30)
    assert shorter["last_period"].iloc[0] == whole["last_period"].iloc[0] - pd.Timedelta(weeks=10)
    as_zero = gap(search, holed.fillna(0), window=30).set_index("topic")["gap"]
    kept = shorter.set_index("topic")["gap"]
    assert as_zero["topic03"] > kept["topic03"] + 0.3, "a missing period read as silence would look like a silent topic"


def test_a_topic_one_side_never_covers_is_listed_and_not_judged() -> None:
    search, social, _ = world(6)
    holed = social.copy()
    holed.loc[holed["topic"] == "topic07", ["posts", "authors"]] = np.nan
    found = gap(search, holed[holed["topic"] != "topic08"]).set_index("topic")
    for topic in ("topic07", "topic08"):
        assert found.loc[topic, "verdict"] == "cannot tell"
        assert found.loc[topic, "reason"] == "not fetched"
        assert np.isnan(found.loc[topic, "gap"])
    assert len(found) == 12


def test_a_topic_below_the_floor_of_the_index_is_not_taken_for_unsearched() -> None:
    search, social = constant({"a": 60, "b": 30, "c": 20, "faint": 0}, {"a": 300, "b": 200, "c": 100, "faint": 3})
    found = gap(search, social).set_index("topic").loc["faint"]
    assert 0 < found["share_of_search"] < 0.5 / 110
    assert found["hi"] - found["lo"] > 1
    assert found["hi"] > -1


def test_zero_below_one_and_missing_are_three_different_things() -> None:
    search, social = constant({"a": 60, "b": 30, "c": 20, "d": 0.0}, {"a": 300, "b": 200, "c": 100, "d": 10})
    is_d = search["topic"] == "d"
    bounds = search.assign(lo=np.maximum(search["value"] - 0.5, 0), hi=search["value"] + 0.5)
    zero = gap(bounds, social).set_index("topic").loc["d", "share_of_search"]
    below_one = bounds.copy()
    below_one.loc[is_d, ["value", "lo", "hi"]] = [0.5, 0.0, 1.0]
    faint = gap(below_one, social).set_index("topic").loc["d", "share_of_search"]
    missing = bounds.copy()
    missing.loc[is_d, ["value", "lo", "hi"]] = np.nan
    unknown = gap(missing, social).set_index("topic").loc["d"]
    assert zero < faint
    assert unknown["verdict"] == "cannot tell"
    assert np.isnan(unknown["share_of_search"])


def test_few_voices_give_a_wide_interval_and_nobody_is_not_infinite() -> None:
    search, social = constant({"a": 50, "b": 50, "c": 50}, {"a": 20, "b": 20, "c": 0})
    found = gap(search, social).set_index("topic")
    assert np.isfinite(found.loc["c", ["gap", "lo", "hi"]].astype(float)).all()
    assert found.loc["c", "verdict"] == "silent"
    assert found.loc["c", "reason"] == "nobody spoke"
    assert found.loc["c", "hi"] - found.loc["c", "lo"] > 2
    many = gap(*constant({"a": 50, "b": 50}, {"a": 1000, "b": 1000}))
    few = gap(*constant({"a": 50, "b": 50}, {"a": 2, "b": 2}))
    assert (few["hi"] - few["lo"]).mean() > 3 * (many["hi"] - many["lo"]).mean()


def test_a_coarser_scale_widens_the_interval_by_its_error() -> None:
    search, social, _ = world(7)
    sure = gap(search, social)
    unsure = gap(search.assign(scale_error=0.5), social)
    assert (unsure["hi"] - unsure["lo"]).median() > 2 * (sure["hi"] - sure["lo"]).median()


def test_many_topics_by_chance_are_not_called_silent() -> None:
    calls = 0
    for seed in range(12):
        search, social, _ = world(seed, topics=40)
        truth_free = social.copy()
        need = search.groupby("topic")["value"].mean()
        rng = np.random.default_rng(seed)
        mean = truth_free["topic"].map(need / need.sum()) * 2_000
        truth_free["authors"] = rng.negative_binomial(10, 10 / (10 + mean.clip(lower=0.5))).astype(float)
        truth_free["posts"] = truth_free["authors"]
        calls += (gap(search, truth_free, seed=seed)["verdict"] == "silent").sum()
    assert calls / (12 * 40) < 0.02


def test_same_seed_same_numbers() -> None:
    search, social, _ = world(8)
    pd.testing.assert_frame_equal(gap(search, social, seed=5), gap(search, social, seed=5))


def test_row_order_of_the_tables_does_not_matter() -> None:
    search, social, _ = world(8)
    shuffled = gap(search.sample(frac=1, random_state=1), social.sample(frac=1, random_state=2))
    plain = gap(search, social).set_index("topic")
    assert (shuffled.set_index("topic")["gap"] - plain["gap"]).abs().max() < 0.05


def test_refusals_name_what_is_missing() -> None:
    search, social, _ = world(9)
    with pytest.raises(TooLittleData, match="1 topic"):
        gap(search[search["topic"] == "topic00"], social)
    with pytest.raises(TooLittleData, match="do not overlap"):
        gap(search, social.assign(period=social["period"] + pd.Timedelta(days=7000)))
    with pytest.raises(TooLittleData, match="every search value"):
        gap(search.assign(value=0), social)
    with pytest.raises(TooLittleData, match="nobody speaks"):
        gap(search, social.assign(authors=0, posts=0))
    with pytest.raises(TooLittleData, match="30 are the least"):
        gap(*constant({"a": 5, "b": 5}, {"a": 0.1, "b": 0.1}))
    with pytest.raises(TooLittleData, match="3 period"):
        gap(*constant({"a": 5, "b": 5}, {"a": 50, "b": 50}, weeks=3))
    with pytest.raises(BadSeries, match="comes twice"):
        gap(pd.concat([search, search.head(1)]), social)
    with pytest.raises(BadSeries, match="negative"):
        gap(search.assign(value=-1), social)
    with pytest.raises(BadSeries, match="value"):
        gap(search.drop(columns="value"), social)
    with pytest.raises(BadArgument, match="between 0 and 1"):
        gap(search, social, level=90)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(4, 30), st.floats(1, 500))
def test_results_are_finite_and_ordered_for_any_table(seed: int, topics: int, weeks: int, people: float) -> None:
    rng = np.random.default_rng(seed)
    periods = pd.date_range("2024-01-01", periods=weeks, freq="W-MON")
    index = pd.MultiIndex.from_product([[f"t{i}" for i in range(topics)], periods], names=["topic", "period"])
    search = pd.DataFrame({"value": rng.integers(0, 101, len(index)).astype(float)}, index).reset_index()
    authors = rng.poisson(people, len(index)).astype(float)
    social = pd.DataFrame({"authors": authors, "posts": authors + rng.poisson(1, len(index))}, index).reset_index()
    try:
        found = gap(search, social)
    except TooLittleData:
        return
    assert np.isfinite(found[["gap", "lo", "hi", "lo80", "hi80", "lo95", "hi95"]].to_numpy()).all()
    assert (found["lo95"] <= found["lo80"]).all()
    assert (found["lo80"] <= found["gap"]).all()
    assert (found["gap"] <= found["hi80"]).all()
    assert (found["hi80"] <= found["hi95"]).all()
    assert found["share_of_search"].sum() == pytest.approx(1, abs=0.1)


def test_the_path_follows_a_gap_that_opens() -> None:
    search, social, _ = world(10)
    late = (search["topic"] == "topic01") & (search["period"] > search["period"].max() - pd.Timedelta(weeks=20))
    search.loc[late, "value"] = (search.loc[late, "value"] * 4).clip(upper=400)
    path = gap_path(search, social, window=10, every=5)
    own = path[path["topic"] == "topic01"].sort_values("period")
    assert own["gap"].iloc[-1] > own["gap"].iloc[0] + 1
    assert path["period"].max() == search["period"].max()
    assert (path["lo95"] <= path["gap"]).all()


def test_half_sample_mode_is_not_moved_by_a_loud_half() -> None:
    rng = np.random.default_rng(0)
    x = np.r_[rng.normal(0.3, 0.02, 60), rng.uniform(1, 3, 50)]
    assert half_sample_mode(x) == pytest.approx(0.3, abs=0.05)
    assert half_sample_mode(np.array([1.0, 1.1, 9.0])) == pytest.approx(1.05)


def test_rounding_does_not_bias_a_faint_level() -> None:
    """A level of 0.7 is printed mostly as 1: the plain mean is off, the censored level is not."""
    rng = np.random.default_rng(1)
    strong = rng.gamma(100, 0.4, (6, 104))
    faint = rng.gamma(12, 0.7 / 12, (1, 104))
    printed = np.round(np.vstack([strong, faint]))
    draws = level_draws(printed, np.maximum(printed - 0.5, 0), printed + 0.5, draws=800, rng=rng)
    lo, hi = np.quantile(draws[:, -1], [0.025, 0.975])
    assert lo < 0.7 < hi


def test_mean_draws_cover_the_mean_of_bursty_counts() -> None:
    hits = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        count = rng.negative_binomial(2, 2 / (2 + 20), (8, 52)).astype(float)
        draws = mean_draws(count, whole=True, draws=400, rng=rng)
        lo, hi = np.quantile(draws, [0.05, 0.95], axis=0)
        hits += ((lo <= 20) & (hi >= 20)).sum()
    assert 0.85 <= hits / (60 * 8) <= 0.97


def test_the_benchmark_script_is_where_the_readme_says() -> None:
    assert (Path(__file__).resolve().parent.parent / "benchmarks" / "gap_worlds.py").exists()
