"""What holds for any rows: a table of the store keeps null and zero apart, and the gap asks for shares of what is known."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecasting import gap
from forecasting.errors import BadSeries, TooLittleData
from sources.tables import TABLES, conform

WEEKS = pd.date_range("2024-01-01", periods=8, freq="W-MON")
NAMES = ["a", "b", "c"]
_DTYPES = {"string": "object", "int64": "Int64", "bool": "boolean", "double": "float64"}
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": st.sampled_from(["", " ", "0", "null", "NaN", "é😀"]) | st.text(max_size=6),
    "int64": st.sampled_from([0, -1, 2**53 + 1, 2**63 - 1]) | st.integers(-(2**63), 2**63 - 1),
    "bool": st.booleans(),
    "double": st.sampled_from([0.0, 5e-324, 1e308]) | st.floats(allow_nan=False, allow_infinity=False),
}
_TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@st.composite
def rows_of_a_table(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    """Rows of any table of the store, with a null wherever one may stand."""
    table = draw(st.sampled_from(sorted(TABLES)))
    fields = {}
    for field in TABLES[table]:
        values = _TIMES if pa.types.is_timestamp(field.type) else _VALUES[str(field.type)]
        fields[field.name] = st.none() | values if field.nullable else values
    return table, draw(st.lists(st.fixed_dictionaries(fields), min_size=1, max_size=3))


def framed(table: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows as the frame a reader gives."""
    return pd.DataFrame(
        {f.name: pd.Series([r[f.name] for r in rows], dtype=_DTYPES.get(str(f.type), "datetime64[us, UTC]"))
         for f in TABLES[table]}
    )  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows_of_a_table())
def test_a_null_stays_a_null_and_a_zero_a_zero_through_the_store(made: tuple[str, list[dict[str, Any]]]) -> None:
    table, rows = made
    written = io.BytesIO()
    pq.write_table(conform(framed(table, rows), table), written)
    read = pq.read_table(written)
    assert read.schema.equals(TABLES[table])
    assert read.to_pylist() == rows
    again = conform(read.to_pandas(integer_object_nulls=True), table)
    assert again.to_pylist() == rows


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows_of_a_table(), st.randoms(use_true_random=False))
def test_a_null_where_a_value_is_required_is_refused_by_name(made: tuple[str, list[dict[str, Any]]], dice: Any) -> None:
    table, rows = made
    field = dice.choice([f.name for f in TABLES[table] if not f.nullable])
    frame = framed(table, rows)
    with pytest.raises(ValueError, match=f"{field!r} has {len(rows)} empty"):
        conform(frame.assign(**{field: None}), table)
    with pytest.raises(ValueError, match=f"{field!r} has {len(rows)} empty"):
        conform(frame.drop(columns=field), table)


@st.composite
def panels(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Search and voice of three topics over eight weeks, loud enough to be measured."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng, index = np.random.default_rng(seed), pd.MultiIndex.from_product([NAMES, WEEKS], names=["topic", "period"])
    level = np.repeat(rng.uniform(5, 60, 3), len(WEEKS))
    search = pd.DataFrame({"value": rng.poisson(level) + 1.0}, index).reset_index()
    voice = rng.poisson(np.repeat(rng.uniform(20, 200, 3), len(WEEKS))) + 1.0
    return search, pd.DataFrame({"authors": voice, "posts": voice}, index).reset_index()


def by_topic(found: pd.DataFrame) -> pd.DataFrame:
    return found.set_index("topic").sort_index()


def same_gaps(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Equal but for the draws: less than a tenth of the interval apart."""
    one, other = by_topic(one), by_topic(other)
    width = one["hi95"] - one["lo95"]
    assert ((one["gap"] - other["gap"]).abs() < 0.1 * width).all()
    assert (one["n_authors"] == other["n_authors"]).all()


@settings(max_examples=6, deadline=None)
@given(panels(), st.integers(0, 2**32 - 1))
def test_the_order_of_rows_changes_no_gap(made: tuple[pd.DataFrame, pd.DataFrame], seed: int) -> None:
    search, social = made
    plain = gap(search, social)
    same_gaps(
        plain, gap(search.sample(frac=1, random_state=seed), social.sample(frac=1, random_state=seed + 1 & 2**32 - 1))
    )
    backwards = gap(search.sort_values(["topic", "period"], ascending=[True, False]), social)
    pd.testing.assert_frame_equal(backwards, plain)


@settings(max_examples=6, deadline=None)
@given(panels(), st.floats(0.01, 1000))
def test_a_factor_on_the_posts_of_all_topics_changes_no_gap(
    made: tuple[pd.DataFrame, pd.DataFrame], factor: float
) -> None:
    search, social = made
    shares = social.drop(columns="authors").assign(posts=social["posts"] + 0.25)  # no counts, so the draws are the same
    grown = shares.assign(posts=shares["posts"] * (factor + 1e-7))
    one, other = by_topic(gap(search, shares)), by_topic(gap(search, grown))
    assert set(one["voice"]) == set(other["voice"]) == {"shares"}
    np.testing.assert_allclose(one[["gap", "lo", "hi"]], other[["gap", "lo", "hi"]], atol=1e-6)


@settings(max_examples=6, deadline=None)
@given(panels(), st.sampled_from(NAMES), st.integers(0, len(WEEKS) - 1))
def test_a_week_that_was_not_fetched_is_left_out_and_a_silent_one_counted(
    made: tuple[pd.DataFrame, pd.DataFrame], topic: str, week: int
) -> None:
    search, social = made
    there = (social["topic"] == topic) & (social["period"] == WEEKS[week])
    unknown = gap(search, _with(social, there, np.nan))
    without = gap(search, social[social["period"] != WEEKS[week]])
    pd.testing.assert_frame_equal(unknown, without)
    silent = gap(search, _with(social, there, 0.0))
    assert set(unknown["n_periods"]) == {len(WEEKS) - 1}
    assert set(silent["n_periods"]) == {len(WEEKS)}


def test_a_topic_that_was_not_fetched_has_no_gap_and_a_silent_one_has() -> None:
    index = pd.MultiIndex.from_product([NAMES, WEEKS], names=["topic", "period"])
    search = pd.DataFrame({"value": 40.0}, index).reset_index()
    social = pd.DataFrame({"authors": 100.0, "posts": 100.0}, index).reset_index()
    there = social["topic"] == "b"
    assert by_topic(gap(search, _with(social, there, np.nan))).loc["b", ["reason", "verdict"]].tolist() == [
        "not fetched",
        "cannot tell",
    ]
    assert by_topic(gap(search, _with(social, there, np.nan)))["gap"].isna().tolist() == [False, True, False]
    assert by_topic(gap(search, _with(social, there, 0.0))).loc["b", "gap"] > 3


def _with(social: pd.DataFrame, there: pd.Series, value: float) -> pd.DataFrame:
    social = social.copy()
    social.loc[there, ["authors", "posts"]] = value
    return social


_NUMBER = st.sampled_from([0.0, 1.0, 50.0, np.nan, 0.5, 1e15]) | st.floats(0, 200)
_ODD = st.sampled_from([-1.0, np.inf, -np.inf])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(_NUMBER | _NUMBER | _ODD, min_size=24, max_size=24),
    st.lists(_NUMBER, min_size=24, max_size=24),
    st.sets(st.sampled_from(["topic", "period", "value", "authors", "posts"]), max_size=1),
    st.lists(st.integers(0, 23), max_size=26),
    st.integers(1, 60),
)
def test_any_numbers_give_gaps_or_a_named_error(
    values: list[float], voices: list[float], lacking: set[str], rows: list[int], window: int
) -> None:
    index = pd.MultiIndex.from_product([NAMES, WEEKS], names=["topic", "period"])
    search = pd.DataFrame({"value": values}, index).reset_index().drop(columns=lacking, errors="ignore")
    social = (
        pd.DataFrame({"authors": voices, "posts": voices}, index).reset_index().drop(columns=lacking, errors="ignore")
    )
    for left, right in ((search, social), (search.iloc[rows], social), (search, social.iloc[:0])):
        try:
            found = gap(left, right, window=window)
        except (BadSeries, TooLittleData):
            continue
        measured = found[found["reason"] != "not fetched"]
        assert np.isfinite(
            measured[["gap", "lo", "hi", "share_of_search", "share_of_voice"]].to_numpy(dtype=float)
        ).all()
        assert found.loc[found["reason"] == "not fetched", "gap"].isna().all()
