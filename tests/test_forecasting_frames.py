"""From long frames to regular series: what is accepted, what is refused, and in which words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting.errors import BadArgument, BadSeries, ForecastError, TooLittleData
from forecasting.frames import bound, check_horizon, check_levels, fill, grain_of, log_offset, panel


def series(uid: object = "a", n: int = 8, freq: str = "W-MON", start: str = "2024-01-01") -> pd.DataFrame:
    return pd.DataFrame(
        {"unique_id": uid, "ds": pd.date_range(start, periods=n, freq=freq), "y": np.arange(n, dtype=float)}
    )


def test_rows_in_any_order_give_the_same_panel() -> None:
    df = pd.concat([series("b"), series("a", 12)])
    shuffled = df.sample(frac=1, random_state=1)
    one, two = panel(df, "W"), panel(shuffled, "W")
    assert one.ids == two.ids == ("a", "b")
    assert one.ends == two.ends
    for x, y in zip(one.values, two.values, strict=True):
        np.testing.assert_array_equal(x, y)


def test_a_period_without_a_row_is_missing_and_not_zero() -> None:
    df = series(n=8).drop(index=[3, 4])
    values = panel(df, "W-MON").values[0]
    assert np.isnan(values[3:5]).all()
    assert np.nansum(values) == 0 + 1 + 2 + 5 + 6 + 7


def test_missing_values_at_the_end_move_the_start_of_the_forecast() -> None:
    df = series(n=8)
    df.loc[6:, "y"] = np.nan
    assert panel(df, "W").ends[0] == pd.Timestamp("2024-02-05")


def test_a_date_that_comes_twice_is_refused_by_series_and_date() -> None:
    df = pd.concat([series("a"), series("b"), series("b").iloc[[2]]])
    with pytest.raises(BadSeries, match=r"series 'b': the period 2024-01-15 00:00 comes more than once; add up"):
        panel(df, "W")


def test_a_date_off_the_grid_is_refused() -> None:
    df = series()
    df.loc[5, "ds"] += pd.Timedelta(days=1)
    with pytest.raises(BadSeries, match="2024-02-06 00:00 lies off the grid"):
        panel(df, "W-MON")


def test_weeks_that_start_on_another_day_than_asked_are_refused_with_the_remedy() -> None:
    with pytest.raises(BadSeries, match="W-SUN"):
        panel(series(freq="W-MON"), "W-SUN")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.drop(columns="y"), "no column 'y'"),
        (lambda d: d.assign(unique_id=None), "no series id"),
        (lambda d: d.assign(ds=[pd.NaT, *d["ds"][1:]]), "no date"),
        (lambda d: d.assign(y=[np.inf, *d["y"][1:]]), "2024-01-01 is infinite"),
        (lambda d: d.assign(y="many"), "not a number"),
        (lambda d: d.assign(ds="soon"), "not a date"),
        (lambda d: d.assign(ds="03/04/2024"), "not a date"),
        (lambda d: d.assign(ds=range(8)), "dates are numbers"),
    ],
)
def test_a_broken_frame_is_refused_in_words(change: object, words: str) -> None:
    with pytest.raises(BadSeries, match=words):
        panel(change(series()), "W")  # type: ignore[operator]


def test_an_empty_frame_and_a_short_series_say_how_much_is_needed() -> None:
    with pytest.raises(TooLittleData, match="no rows"):
        panel(series().iloc[:0], "W")
    with pytest.raises(TooLittleData, match=r"series 'b': 3 observed values, at least 4"):
        panel(pd.concat([series("a"), series("b", 3)]), "W")
    with pytest.raises(TooLittleData, match="0 observed values"):
        panel(series().assign(y=np.nan), "W")


def test_text_dates_and_integer_text_values_are_read() -> None:
    df = series().assign(ds=lambda d: d["ds"].dt.strftime("%Y-%m-%d"), y=lambda d: d["y"].astype(int).astype(str))
    np.testing.assert_array_equal(panel(df, "W").values[0], np.arange(8.0))


@pytest.mark.parametrize("freq", ["2W", "B", "fortnight", "min"])
def test_an_unknown_grain_is_refused(freq: str) -> None:
    with pytest.raises(BadArgument, match="grain"):
        grain_of(freq)


@pytest.mark.parametrize(
    ("freq", "last", "following"),
    [
        ("h", "2024-03-31 23:00", ["2024-04-01 00:00", "2024-04-01 01:00"]),
        ("D", "2024-02-28", ["2024-02-29", "2024-03-01"]),
        ("W-SUN", "2024-12-29", ["2025-01-05", "2025-01-12"]),
        ("M", "2024-12-01", ["2025-01-01", "2025-02-01"]),
        ("ME", "2024-01-31", ["2024-02-29", "2024-03-31"]),
        ("Q", "2024-10-01", ["2025-01-01", "2025-04-01"]),
        ("Y", "2024-01-01", ["2025-01-01", "2026-01-01"]),
    ],
)
def test_future_dates_continue_the_grid(freq: str, last: str, following: list[str]) -> None:
    assert list(grain_of(freq).future(pd.Timestamp(last), 2)) == [pd.Timestamp(d) for d in following]


def test_plain_weeks_take_their_weekday_from_the_dates_and_utc_stays_utc() -> None:
    df = series(freq="W-WED").assign(ds=lambda d: d["ds"].dt.tz_localize("UTC"))
    data = panel(df, "W")
    assert data.grain.freq == "W-WED"
    assert str(data.grain.future(data.ends[0], 1).tz) == "UTC"


def test_gaps_are_bridged_by_straight_lines_for_fitting() -> None:
    np.testing.assert_array_equal(fill(np.array([1.0, np.nan, np.nan, 4.0, np.nan])), [1, 2, 3, 4, 4])


def test_the_offset_of_logarithms_is_the_median_of_what_is_positive_but_at_most_one() -> None:
    rng = np.random.default_rng(0)
    for n in range(1, 60):
        y = np.r_[0.0, np.round(rng.exponential(1.4, n), 1), np.nan]
        assert log_offset(y) == (min(1.0, float(np.median(y[y > 0]))) if (y > 0).any() else 1.0)
    assert log_offset(np.array([0.0, np.nan])) == 1.0


def test_arguments_without_meaning_are_refused() -> None:
    for h in (0, -1, 1.5, True):
        with pytest.raises(BadArgument, match="horizon"):
            check_horizon(h)  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match="level of 100"):
        check_levels((80, 100))
    assert check_levels((95, 80, 80)) == (80.0, 95.0)
    assert bound("lo", 97.5) == "yhat-lo-97.5"


def test_every_error_names_what_where_and_remedy() -> None:
    error = ForecastError("too short", "series 'a'", "wait")
    assert str(error) == "series 'a': too short; wait."
    assert (error.what, error.where, error.remedy) == ("too short", "series 'a'", "wait")
