"""Many requests on one scale: levels, intervals, faint and unconnected terms, and which requests to ask next."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from sources.calibration import calibrate, fit_scales, hard_bounds, on_one_scale, quality
from sources.errors import BadQuery
from sources.planner import ask_all, next_requests
from tests.trends_worlds import market, printed, windows

LAWS = {
    "rounding only": {},
    "sampling": {"sampled": 20.0},
    "sampling and more": {"sampled": 20.0, "relative": 0.05},
}


def scored(seeds: range, **kwargs: float | bool) -> tuple[list[float], list[bool], int]:
    """Log errors, hits of the interval and terms left out, over worlds of terms sorted by level."""
    errors: list[float] = []
    hits: list[bool] = []
    left_out = 0
    for seed in seeds:
        world = market(seed, **kwargs)  # type: ignore[arg-type]
        reference = world.names[len(world.names) // 2]
        found = calibrate(world.ask_groups(windows(world.names)), reference=reference).set_index("term")
        truth = world.levels(reference)[found.index]
        left_out += int(found["level"].isna().sum())
        others = found.index != reference
        errors += np.log(found["level"] / truth).abs()[others].tolist()
        hits += ((found["lo"] <= truth) & (truth <= found["hi"]))[others].tolist()
    return errors, hits, left_out


@pytest.mark.parametrize("law", LAWS)
def test_levels_are_found_and_the_interval_holds_what_it_says(law: str) -> None:
    errors, hits, left_out = scored(range(16), terms=14, decades=2, **LAWS[law])
    assert left_out == 0
    assert np.median(errors) < (0.004 if law == "rounding only" else 0.015)
    assert 0.90 <= np.mean(hits) <= 0.99


def test_the_error_is_a_fraction_of_that_of_peaks_along_a_chain() -> None:
    world = market(4, terms=20, decades=3, sampled=20)
    requests = world.ask_groups(windows(world.names))
    found = calibrate(requests, reference=world.names[0]).set_index("term")["level"]
    peaks = requests.groupby(["request", "term"])["value"].max()
    chain = {world.names[0]: 1.0}
    for request in sorted(requests["request"].unique()):
        own = peaks[request]
        known = next(t for t in own.index if t in chain)
        chain |= {t: chain[known] * own[t] / own[known] for t in own.index if t not in chain}
    ours = np.log(found / world.levels(world.names[0])[found.index]).abs().median()
    highest = pd.Series(world.searches.max(axis=1), world.names) / world.searches[0].max()
    theirs = np.log(pd.Series(chain) / highest).abs().median()
    assert ours < theirs / 4


def test_the_level_is_that_of_the_mean_and_the_reference_is_one() -> None:
    rows = printed(np.array([[10.0, 20, 30], [5, 10, 15]]), ["a", "b"]).assign(request=1)
    found = calibrate(rows, reference="a").set_index("term")
    assert found.loc["a", ["level", "lo", "hi"]].tolist() == [1, 1, 1]
    assert found.loc["b", "level"] == pytest.approx(0.5, abs=0.01)
    assert found.loc["b", "lo"] < 0.5 < found.loc["b", "hi"]


def test_terms_that_nothing_connects_are_told_apart_and_never_guessed() -> None:
    world = market(1, terms=10, decades=1)
    found = calibrate(world.ask_groups([world.names[:5], world.names[5:]])).set_index("term")
    assert found["component"].nunique() == 2
    own = found["component"] == found.loc[found["level"] == 1, "component"].iloc[0]
    assert own.sum() == 5
    assert found.loc[~own, ["level", "lo", "hi"]].isna().all(axis=None)


def test_a_term_of_zeros_is_an_interval_that_may_end_at_zero() -> None:
    series = np.array([np.full(50, 80.0), np.full(50, 0.2)]) * np.linspace(0.8, 1.2, 50)
    found = calibrate(printed(series, ["high", "faint"]).assign(request=1)).set_index("term")
    assert found.loc["faint", "lo"] == 0
    assert found.loc["faint", "hi"] > 0.2 / 80


def test_what_the_service_does_not_have_is_missing_and_not_zero() -> None:
    world = market(2, terms=5, decades=1)
    rows = world.ask_groups([world.names]).assign(has_data=True)
    before = calibrate(rows, reference="t000").set_index("term")["level"]
    gone = (rows["term"] == "t001") & (rows["ds"] > 80)
    rows.loc[gone, "value"], rows.loc[gone, "has_data"] = 0.0, False
    after = calibrate(rows, reference="t000").set_index("term")["level"]
    truth = world.searches[1, :81].mean() / world.searches[0].mean()
    assert after["t001"] == pytest.approx(truth, rel=0.02)
    assert after["t002"] == pytest.approx(before["t002"])


def test_an_answer_out_of_the_services_cache_counts_once() -> None:
    world = market(3, terms=8, decades=1, sampled=20)
    rows = world.ask_groups(windows(world.names))
    again = pd.concat([rows, rows[rows["request"] == 0].assign(request=99)])
    pd.testing.assert_frame_equal(calibrate(rows), calibrate(again))


def test_the_order_of_the_rows_changes_nothing() -> None:
    world = market(3, terms=12, decades=2, sampled=20)
    rows = world.ask_groups(windows(world.names))
    shuffled = calibrate(rows.sample(frac=1, random_state=0), reference="t003").set_index("term")
    straight = calibrate(rows, reference="t003").set_index("term")
    pd.testing.assert_frame_equal(straight, shuffled.loc[straight.index], rtol=1e-5)


def test_repeated_samples_narrow_the_interval() -> None:
    world = market(5, terms=6, decades=1, sampled=5)
    once = world.ask_groups(windows(world.names))
    many = pd.concat([world.ask_groups(windows(world.names)).assign(sample=i) for i in range(6)])

    def width(rows: pd.DataFrame) -> float:
        found = calibrate(rows, reference="t000")
        return float(np.log(found["hi"] / found["lo"]).median())

    assert width(many) < 0.7 * width(once)


def test_bounds_of_rounding_hold_the_truth_and_are_refuted_by_sampling() -> None:
    exact = market(6, terms=12, decades=2)
    bounds = hard_bounds(exact.ask_groups(windows(exact.names)), reference="t005")
    assert bounds is not None
    truth = exact.levels("t005").to_numpy()
    assert ((bounds["lo"] <= truth * (1 + 1e-6)) & (truth <= bounds["hi"] * (1 + 1e-6))).all()
    drawn = market(6, terms=12, decades=2, sampled=2)
    assert hard_bounds(drawn.ask_groups(windows(drawn.names)), reference="t005") is None


def test_quality_tells_answers_that_rounding_explains_from_others() -> None:
    exact, drawn = market(7, terms=14, decades=2), market(7, terms=14, decades=2, sampled=2)
    good, bad = (quality(w.ask_groups(windows(w.names))) for w in (exact, drawn))
    assert good.rounding_possible
    assert good.share == 0
    assert not bad.rounding_possible
    assert bad.share == 1
    assert bad.noise is not None
    assert bad.noise.counting + bad.noise.relative > 0


def test_a_single_request_says_that_nothing_is_known_of_sampling() -> None:
    world = market(8, terms=5, decades=1, sampled=20)
    assert fit_scales(world.ask_groups([world.names])).noise is None


@pytest.mark.parametrize("shared_terms", [1, 2])
def test_answers_out_of_one_draw_say_that_sampling_cannot_be_seen(shared_terms: int) -> None:
    for law, seen in ({"sampled": 20.0}, True), ({"sampled": 20.0, "days": True}, False), ({}, False):
        world = market(16, terms=13, decades=1.5, **law)  # type: ignore[arg-type]
        fit = fit_scales(world.ask_groups(windows(world.names, stride=5 - shared_terms)))
        assert (fit.noise is not None) is seen, law


def test_a_cell_of_which_one_draw_shows_nothing_does_not_carry_the_noise() -> None:
    # Faint terms on fine scales: here and there one answer drew nothing where the next drew twice as many as usual.
    found = []
    for seed in range(4):
        world = market(seed, terms=9, decades=0.4, sampled=5)
        fit = fit_scales(world.ask_groups(windows(world.names)))
        assert fit.noise is not None
        level = world.searches.mean(axis=1)
        level = level * np.exp(np.median(fit.levels[world.names] - np.log(level)))
        found.append(np.mean(fit.noise.of_cell(level) * 5 * world.searches.mean(axis=1)))
    assert np.mean(found) == pytest.approx(1, abs=0.1)


def test_every_series_is_brought_to_the_scale_of_the_largest() -> None:
    world = market(9, terms=9, decades=2)
    series, fit = on_one_scale(world.ask_groups(windows(world.names)))
    wide = series.pivot(index="term", columns="ds", values="value").loc[world.names].to_numpy()
    truth = 100 * world.searches / world.searches[:5].max()
    assert np.nanmedian(np.abs(np.log(wide[:7] / truth[:7]))) < 0.02
    assert (series["lo"] <= series["value"]).all()
    assert (series["value"] <= series["hi"]).all()
    assert series["scale_error"].between(0, 0.1).all()
    assert len(fit.factors) == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows.drop(columns="term"), "term"),
        (lambda rows: rows.assign(value=-1.0), "-1"),
        (lambda rows: rows.assign(value=0.0), "above zero"),
    ],
)
def test_what_is_no_interest_is_refused(change: Callable[[pd.DataFrame], pd.DataFrame], said: str) -> None:
    rows = market(0, terms=5, decades=1).ask(["t000", "t001"]).assign(request=0)
    with pytest.raises(BadQuery, match=said):
        calibrate(change(rows))


def test_an_unknown_reference_and_a_coverage_of_95_are_refused() -> None:
    rows = market(0, terms=5, decades=1).ask(["t000", "t001"]).assign(request=0)
    with pytest.raises(BadQuery, match="'x'"):
        calibrate(rows, reference="x")
    with pytest.raises(BadQuery, match="between 0 and 1"):
        calibrate(rows, level=95)


def test_the_plan_places_every_term_within_its_budget() -> None:
    world = market(11, terms=22, decades=3, sampled=20)
    names = list(np.random.default_rng(0).permutation(world.names))
    found = calibrate(ask_all(names, world.ask, 14), reference="t004").set_index("term")
    assert world.asked == 14
    assert found["level"].notna().all()
    assert np.log(found["level"] / world.levels("t004")[found.index]).abs().median() < 0.03


def test_the_plan_asks_next_where_the_interval_is_widest() -> None:
    world = market(12, terms=10, decades=2, sampled=20)
    often = [g for g in windows(world.names) for _ in range(6)][:-5]
    rows = world.ask_groups(often)
    before = calibrate(rows, reference="t000").set_index("term")
    widest = np.log(before["hi"] / before["lo"]).idxmax()
    (group,) = next_requests(world.names, rows, 1)
    assert widest in group
    more = pd.concat([rows, world.ask(group).assign(request=99)])
    after = calibrate(more, reference="t000").set_index("term")
    assert np.log(after["hi"] / after["lo"])[widest] < np.log(before["hi"] / before["lo"])[widest]


def test_the_plan_joins_what_nothing_connects_first() -> None:
    world = market(13, terms=10, decades=1)
    rows = world.ask_groups([world.names[:5], world.names[5:]])
    (group,) = next_requests(world.names, rows, 1)
    assert set(group) & set(world.names[:5])
    assert set(group) & set(world.names[5:])


@pytest.mark.parametrize(("terms", "size"), [(["a"], 5), (["a", "a"], 5), ("ab", 5), (["a", "b"], 6), (["a", "b"], 1)])
def test_a_plan_of_nothing_is_refused(terms: list[str], size: int) -> None:
    with pytest.raises(BadQuery):
        next_requests(terms, None, 3, size=size)


def test_real_batches_are_all_placed(shared) -> None:  # type: ignore[no-untyped-def]
    folder = shared("data", "google_trends_raw_batches_gtab")
    rows = pd.read_parquet(next(folder.glob("*.parquet"))).rename(
        columns={"batch": "request", "date": "ds", "keyword": "term", "interest": "value"}
    )
    first = rows[rows["request"] < 40]
    found = calibrate(first)
    assert (found["component"] == 0).all()
    assert found["level"].gt(0).all()
    assert 0 < quality(first).share < 1
