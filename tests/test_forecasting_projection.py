"""The projected gap: it starts where the observed gap ends, keeps what belongs together, and says what it left out."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecasting import gap_errors, project_gap, projection
from forecasting.action_windows import windows
from forecasting.errors import BadArgument, BadSeries, TooLittleData
from forecasting.projection import GapProjection

TOPICS = ("ants", "bees", "cats", "dogs")


def long(values: np.ndarray, column: str, topics: tuple[str, ...] = TOPICS) -> pd.DataFrame:
    periods = pd.date_range("2022-01-03", periods=values.shape[1], freq="W-MON")
    frame = pd.DataFrame({"topic": np.repeat(topics, values.shape[1]), "period": np.tile(periods, len(topics))})
    return frame.assign(**{column: values.ravel()})


def world(
    n: int = 104, *, seed: int = 0, drift: float = 0.0, noise: float = 0.1, shared: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return search and voice of four topics; the gap of the last grows by `drift` doublings a week.

    With `shared`, the noise of both sides is the same, so that it cancels in the gap.
    """
    rng = np.random.default_rng(seed)
    level = np.array([40.0, 30.0, 20.0, 10.0])[:, None]
    error = rng.normal(0, noise, (2, 4, n))
    search = level * np.exp(error[0])
    voice = 20 * level * np.exp(error[0 if shared else 1])
    search[3] *= np.exp2(drift * np.arange(n))
    return search, voice


def project(search: np.ndarray, voice: np.ndarray, h: int = 8, **options: object) -> GapProjection:
    # Who leads is half the cost and the concern of two tests only.
    options = {"draws": 400, "members": ("theta_log", "damped_log"), "leaders": False, **options}
    return projection.project(long(search, "value"), long(voice, "authors"), h, freq="W", **options)  # type: ignore[arg-type]


def test_a_steady_world_keeps_its_gap_and_knows_nothing_of_widening() -> None:
    search, voice = world()
    voice[3] *= 0.25  # dogs: searched, not spoken of
    result = project(search, voice)
    table = result.gap
    share = np.array([0.4, 0.3, 0.2, 0.1])
    silent = share * [1, 1, 1, 0.25]
    truth = np.log2(share / (silent / silent.sum()))
    np.testing.assert_allclose(table.groupby("topic")["gap"].mean(), truth, atol=0.12)
    assert table.groupby("topic")["p_widening"].mean().between(0.05, 0.95).all()
    assert result.smooth == 13
    assert result.now == pd.Timestamp("2023-12-25")
    assert list(table["ds"].unique()) == list(pd.date_range("2024-01-01", periods=8, freq="W-MON"))


def test_a_topic_that_drifts_apart_is_very_probably_widening_and_goes_on() -> None:
    search, voice = world(drift=0.02, noise=0.03)
    table = project(search, voice, 12).gap
    dogs = table[table["topic"] == "dogs"]
    assert dogs["p_widening"].iloc[-1] > 0.9
    assert dogs["gap"].iloc[-1] > dogs["gap_now"].iloc[-1] + 0.03
    louder = project(voice / 20, search * 20, 12).gap  # the other side drifts: below zero, and further below
    dogs = louder[louder["topic"] == "dogs"]
    assert dogs["gap_now"].iloc[0] < 0
    assert dogs["p_widening"].iloc[-1] > 0.9
    closing = project(search[:, ::-1], voice, 12).gap
    assert closing[closing["topic"] == "dogs"]["p_widening"].iloc[-1] < 0.1


def test_the_projection_starts_where_the_observed_gap_ends() -> None:
    search, voice = world(seed=3)
    first = project(search, voice, 8).gap.groupby("topic").first()
    assert (first["gap"] - first["gap_now"]).abs().max() < 0.1
    assert ((first["gap-hi-80"] - first["gap-lo-80"]) < 0.3).all()


def test_intervals_are_nested_hold_the_median_and_shares_add_up() -> None:
    table = project(*world(), levels=(50, 80, 95)).gap
    ends = [f"gap-{s}-{level}" for s, level in (("lo", 95), ("lo", 80), ("lo", 50))]
    ends += ["gap", *(f"gap-hi-{level}" for level in (50, 80, 95))]
    assert (np.diff(table[ends], axis=1) >= 0).all()
    for share in ("share_of_search", "share_of_voice"):
        np.testing.assert_allclose(table.groupby("ds")[share].sum(), 1, atol=0.01)


def test_errors_that_both_sides_share_cancel_in_the_gap() -> None:
    def width(shared: bool) -> float:
        table = project(*world(noise=0.3, shared=shared)).gap
        return float((table["gap-hi-80"] - table["gap-lo-80"]).mean())

    assert width(shared=True) < 0.4 * width(shared=False)


def test_realised_coverage_stands_beside_the_interval() -> None:
    table = project(*world()).gap
    assert table["coverage-80"].nunique() == 1
    assert table["coverage-80"].iloc[0] == pytest.approx(0.8, abs=0.15)
    assert (table["coverage-95"] >= table["coverage-80"]).all()


def test_intervals_hold_the_gap_that_comes_in_simulated_worlds() -> None:
    inside, width = [], 13
    for seed in range(200, 210):
        search, voice = world(112, seed=seed, noise=0.25)
        table = project(search[:, :104], voice[:, :104], members=("theta_log",)).gap
        value = np.stack([search, voice])
        for j in range(1, 9):
            share = value[:, :, 104 + j - width : 104 + j].sum(axis=2)
            share /= share.sum(axis=1, keepdims=True)
            part = table[table["ds"] == table["ds"].unique()[j - 1]]
            came = np.log2(share[0] / share[1])
            inside.append(((part["gap-lo-80"] <= came) & (came <= part["gap-hi-80"])).mean())
    assert np.mean(inside) == pytest.approx(0.8, abs=0.1)


def test_equal_seeds_give_equal_results_and_order_does_not_matter() -> None:
    search, voice = world()
    one, two = (project(search, voice, seed=4, leaders=True) for _ in range(2))
    pd.testing.assert_frame_equal(one.gap, two.gap)
    assert not one.gap.equals(project(search, voice, seed=5).gap)
    s, v = long(search, "value").sample(frac=1, random_state=0), long(voice, "authors").sample(frac=1, random_state=1)
    mixed = projection.project(s, v, 8, freq="W", draws=400, members=("theta_log", "damped_log"), seed=4)
    pd.testing.assert_frame_equal(one.gap, mixed.gap)


def test_both_sides_come_back_as_fans() -> None:
    result = project(*world())
    for side, level in ((result.search, 40), (result.social, 800)):
        assert {"topic", "ds", "yhat", "yhat-lo-80", "yhat-hi-95", "interval", "members"} <= set(side.columns)
        assert len(side) == 4 * 8
        assert side[side["topic"] == "ants"]["yhat"].mean() == pytest.approx(level, rel=0.2)


def test_the_horizon_is_cut_to_a_third_of_the_history_and_the_cut_is_noted() -> None:
    search, voice = world(30)
    result = project(search, voice, 26)
    assert result.gap["ds"].nunique() == 10
    assert [note.code for note in result.notes] == ["horizon_capped"]
    assert "26 periods asked, 10 projected" in str(result.notes[0])


def test_topics_of_one_side_only_are_left_out_and_named() -> None:
    search, voice = world()
    frame = long(voice, "authors")
    result = projection.project(
        long(search, "value"), frame[frame["topic"] != "cats"], 4, freq="W", draws=50, members=("theta",)
    )
    assert set(result.gap["topic"]) == {"ants", "bees", "dogs"}
    assert [(n.code, n.where) for n in result.notes] == [("topic_left_out", "cats")]


def test_posts_stand_in_for_authors_only_with_a_note() -> None:
    search, voice = world()
    both = long(voice, "authors").assign(posts=lambda d: d["authors"] * 3)
    assert projection.project(long(search, "value"), both, 4, freq="W", draws=50, members=("theta",)).notes == ()
    posts = projection.project(
        long(search, "value"), both.drop(columns="authors"), 4, freq="W", draws=50, members=("theta",)
    )
    assert [n.code for n in posts.notes] == ["voice_is_posts"]
    with pytest.raises(TooLittleData, match="'posts'"):
        projection.project(long(search, "value"), both.drop(columns="posts"), 4, freq="W", voice="posts")


def test_periods_that_one_side_lacks_leave_both_sides_of_the_window() -> None:
    search, voice = world(noise=0.01)
    holed = voice.copy()
    holed[0, -6:-1] = np.nan
    result = project(search, holed)
    assert "periods_incomplete" in [n.code for n in result.notes]
    np.testing.assert_allclose(result.gap["gap_now"], project(search, voice).gap["gap_now"], atol=0.02)
    later = voice.copy()
    later[1, -2:] = np.nan
    result = project(search, later)
    assert result.now == pd.Timestamp("2023-12-11")
    assert "periods_unused" in [n.code for n in result.notes]


def test_rounding_widens_the_gap_of_a_rarely_searched_topic() -> None:
    search, voice = world(noise=0.02)
    search[3] = 0.0
    frame = long(search, "value")
    blurred = frame.assign(lo=np.maximum(frame["value"] - 0.5, 0), hi=frame["value"] + 0.5)
    plain, drawn = (
        projection.project(f, long(voice, "authors"), 4, freq="W", draws=400, members=("theta_log",))
        for f in (frame, blurred)
    )
    first = [p.gap[p.gap["topic"] == "dogs"].iloc[0] for p in (plain, drawn)]
    assert np.isfinite(first[0]["gap"])
    assert first[1]["gap-hi-80"] - first[1]["gap-lo-80"] > first[0]["gap-hi-80"] - first[0]["gap-lo-80"]


def test_refusals_name_what_is_missing() -> None:
    search, voice = world()
    with pytest.raises(TooLittleData, match="1 topics with values on both sides"):
        projection.project(long(search[:1], "value", ("ants",)), long(voice[:1], "authors", ("ants",)), 4, freq="W")
    with pytest.raises(TooLittleData, match="8 periods that every topic holds"):
        project(search[:, :8], voice[:, :8])
    with pytest.raises(BadSeries, match="below zero"):
        project(-search, voice)
    with pytest.raises(BadSeries, match="'value'"):
        projection.project(long(voice, "authors"), long(voice, "authors"), 4, freq="W")
    naive = long(voice, "authors")
    aware = long(search, "value").assign(period=lambda d: d["period"].dt.tz_localize("UTC"))
    with pytest.raises(BadSeries, match="time zone"):
        projection.project(aware, naive, 4, freq="W")
    with pytest.raises(BadSeries, match="more than once"):
        projection.project(long(search, "value"), pd.concat([naive, naive.tail(1)]), 4, freq="W")
    with pytest.raises(BadArgument, match="smooth"):
        project(search, voice, smooth=0)
    with pytest.raises(BadArgument, match="voice"):
        projection.project(long(search, "value"), long(voice, "authors"), 4, freq="W", voice="likes")
    empty = voice.copy()
    empty[0, -4:-1] = np.nan
    empty[1, -1] = np.nan
    empty[1, -2] = 5.0
    search[2, -2:-1] = np.nan
    with pytest.raises(TooLittleData, match="none of the last 2 periods is complete"):
        project(search, np.where(np.isnan(empty) & (np.arange(104) == 103), np.nan, empty), smooth=2)


def test_twelve_periods_are_enough_and_zero_counts_are_finite() -> None:
    search, voice = world(12)
    voice[2] = 0.0
    table = project(search, voice, 4).gap
    assert np.isfinite(table.drop(columns=["topic", "ds"]).to_numpy()).all()
    assert (table[table["topic"] == "cats"]["gap"] > 5).all()


def test_windows_are_the_spans_that_stay_open() -> None:
    base = project(*world(noise=0.02))
    table = base.gap.copy()
    table["p_open"] = 0.1
    bees = table.index[table["topic"] == "bees"]
    table.loc[bees[[1, 2, 5]], "p_open"] = [0.9, 0.85, 0.99]
    table.loc[bees, "gap"] = np.arange(8.0)
    search = base.search.copy()
    search.loc[search["topic"] == "bees", "yhat"] = [0, 9, 3, 0, 0, 0, 0, 0]
    found = windows(dataclasses.replace(base, gap=table, search=search))
    assert list(found["topic"]) == ["bees", "bees"]
    assert list(found["periods"]) == [1, 2]
    assert list(found["gap"]) == [5.0, 2.0]
    assert list(found["probability"]) == [0.99, 0.85]
    assert found.loc[1, "start"] == found.loc[1, "peak"] == table.loc[bees[1], "ds"], (
        "the peak is where it is searched most"
    )
    assert found.loc[1, "end"] == table.loc[bees[2], "ds"]
    assert windows(base, probability=1.1).empty


def test_the_short_form_is_the_gap_of_the_long_one() -> None:
    search, voice = world(noise=0.02)
    sides = long(search, "value"), long(voice, "authors")
    whole = projection.project(*sides, 4, freq="W", draws=300, levels=(90,)).gap
    short = project_gap(*sides, 4, freq="W", draws=300, level=0.9)
    assert list(short.columns[:6]) == ["topic", "ds", "gap", "lo", "hi", "p_widening"]
    np.testing.assert_allclose(short[["lo", "hi"]], whole[["gap-lo-90", "gap-hi-90"]])
    with pytest.raises(BadArgument, match="between 0 and 1"):
        project_gap(*sides, 4, freq="W", level=90)


def test_blended_paths_keep_variance_and_dependence() -> None:
    rng = np.random.default_rng(0)
    common = rng.normal(size=(40, 1, 1, 6)).cumsum(axis=3)
    residual = np.concatenate([common, common + 0.1 * rng.normal(size=(40, 1, 1, 6))], axis=1)
    drawn = np.concatenate(list(gap_errors.mix(residual, 20_000, rng, 3_000)))[:, :, 0]
    raw = residual[:, :, 0]
    np.testing.assert_allclose((drawn**2).mean(axis=0), (raw**2).mean(axis=0), rtol=0.1)
    assert np.corrcoef(drawn[:, 0, 5], drawn[:, 1, 5])[0, 1] > 0.95
    assert np.corrcoef(drawn[:, 0, 4], drawn[:, 0, 5])[0, 1] > 0.8


def test_a_side_that_leads_is_used_and_said_and_one_that_does_not_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    search = 100 * np.exp(np.cumsum(0.12 * rng.normal(size=(4, 156)), axis=1))
    voice = 300 * np.exp(np.cumsum(0.05 * rng.normal(size=(4, 156)), axis=1))
    change = np.diff(np.log(search[3]))
    voice[3, 3:] *= np.exp(np.cumsum(0.8 * change[:-2]))
    with_leaders = project(search, voice, 4, leaders=True)
    without = project(search, voice, 4)
    used = with_leaders.leaders[with_leaders.leaders["used"]]
    assert used[["leader", "topic", "periods"]].to_numpy().tolist() == [["search", "dogs", 2.0]]
    assert len(with_leaders.leaders) == 8
    assert [n.where for n in with_leaders.notes if n.code == "leader_used"] == ["dogs"]
    assert without.leaders.empty
    moved = with_leaders.social["yhat"] != without.social["yhat"]
    assert set(with_leaders.social.loc[moved, "topic"]) == {"dogs"}
    pd.testing.assert_series_equal(with_leaders.search["yhat"], without.search["yhat"])


def test_the_next_peak_of_a_seasonal_topic_is_found_with_its_chance() -> None:
    search, voice = world(n=156, noise=0.05)
    week = np.arange(156)
    search[0] *= np.exp(1.0 * np.cos(2 * np.pi * (week - 164) / 52))  # the next peak lies 9 weeks ahead
    peaks = project(search, voice, 16, members=("theta_log", "seasonal_naive")).peaks.set_index(["side", "topic"])
    ants = peaks.loc[("search", "ants")]
    due = pd.Timestamp("2022-01-03") + pd.Timedelta(weeks=164)
    assert abs(ants["peak"] - due) <= pd.Timedelta(weeks=2)
    assert ants["lo"] <= ants["peak"] <= ants["hi"]
    assert ants["p_rise"] > 0.9
    assert peaks.loc[("social", "ants"), "p_rise"] < 0.5
    assert peaks["probability"].between(0, 1).all()


def test_the_median_of_draws_is_that_of_numpy() -> None:
    rng = np.random.default_rng(2)
    for n in (1, 2, 7, 300):
        draws = rng.normal(size=(3, 4, n))
        np.testing.assert_array_equal(gap_errors.median(draws), np.median(draws, axis=-1))
