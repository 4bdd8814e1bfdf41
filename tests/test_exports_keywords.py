"""Keyword tables with monthly searches - Keyword Planner, Semrush, Ahrefs - and search volumes as they are printed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sources import read_export
from sources.errors import BadQuery
from sources.exports.volumes import LADDER, volumes
from tests.exports import read, text_of

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
PLANNER = [
    "Keyword", "Currency", "Avg. monthly searches", "Three month change", "YoY change", "Competition",
    "Competition (indexed value)", "Top of page bid (low range)", "Top of page bid (high range)", "Ad impression share",
    "Organic impression share", "Organic average position", "In account?", "In plan?",
    *(f"Searches: {m} 2025" for m in MONTHS), "Concept: Bruit",
]  # fmt: skip
ABOVE = ("Keyword Stats 2026-01-11 at 23_10_18", '"January 1, 2025 - December 31, 2025"')


def planner(rows: list[list[object]], above: tuple[str, ...] = ABOVE, header: list[str] | None = None) -> bytes:
    return text_of(header or PLANNER, rows, delimiter="\t", above=above).encode("utf-16")


def keyword(name: str, average: object, months: list[object]) -> list[object]:
    return [name, "EUR", average, " --", "900%", "Low", 4, "0,18", "1,02", "", "", "", "", "", *months, ""]


def test_keyword_planner_gives_averages_and_months_with_the_room_that_steps_leave() -> None:
    months = [110, 90, 90, 70, 50, 40, 40, 50, 70, 90, 110, 140]
    reading = read(planner([keyword("pompe à chaleur bruit", 90, months)]), "Keyword Stats 2026.csv", geo="FR")
    row, series = reading.table.iloc[0], reading.also[0].table
    assert (reading.kind, reading.source) == ("queries", "google_keyword_planner_export")
    assert (row["query"], row["value"], row["unit"], row["kind"]) == (
        "pompe à chaleur bruit",
        90,
        "searches",
        "measured",
    )
    assert (row["lo"], row["hi"]) == (pytest.approx(np.sqrt(70 * 90)), pytest.approx(np.sqrt(90 * 110)))
    assert row["window"] == "January 1, 2025 - December 31, 2025"
    assert reading.window == (pd.Timestamp("2025-01-01", tz="UTC"), pd.Timestamp("2026-01-01", tz="UTC"))
    assert (series["value"].tolist(), set(series["unit"]), set(series["geo"])) == (months, {"searches"}, {"FR"})
    assert series["period"].iloc[0] == pd.Timestamp("2025-01-01", tz="UTC")
    assert set(series["scale"]) == {"google_keyword_planner:searches"}


def test_f4_missing_volumes_are_never_a_zero_and_a_printed_zero_is_fewer_than_ten() -> None:
    rows = [keyword("a", "", [""] * 12), keyword("b", " --", [" --"] * 12), keyword("c", 0, [0] * 12)]
    reading = read(planner(rows))
    assert reading.table["kind"].tolist() == ["blank", "blank", "zero"]
    assert reading.table["value"].isna().tolist() == [True, True, False]
    assert (reading.table["lo"].iloc[2], reading.table["hi"].iloc[2]) == (0, 10)
    assert set(reading.also[0].table["term"]) == {"c"}
    assert any("2 keywords have no volume: that is not known, and not zero" in note for note in reading.notes)


def test_f4_buckets_of_accounts_that_spend_little_are_ranges() -> None:
    rows = [keyword(f"k{v}", v, [""] * 12) for v in (0, 50, 500, 5000, 50000, 500000)]
    reading = read(planner(rows))
    assert reading.table[["lo", "hi"]].values.tolist() == [
        [0, 10],
        [10, 100],
        [100, 1000],
        [1000, 10_000],
        [10_000, 100_000],
        [100_000, 1_000_000],
    ]
    assert set(reading.table["kind"]) == {"bucket"}
    assert reading.also == ()
    assert any("The volumes are ranges" in note for note in reading.notes)
    with pytest.raises(BadQuery, match="no figures by month"):
        read(planner(rows), kind="interest")


@pytest.mark.parametrize("printed", ["1K – 10K", "1K-10K", "1 000 - 10 000", "1,000 – 10,000", "1 k à 10 k"])
def test_f4_printed_ranges_keep_their_ends(printed: str) -> None:
    row = volumes(pd.Series([printed])).iloc[0]
    assert row.tolist() == [5000, 1000, 10_000, "bucket", False]


@pytest.mark.parametrize(
    ("printed", "value", "lo", "hi", "kind"),
    [
        ("<10", 5, 0, 10, "bucket"),
        ("0-10", 5, 0, 10, "bucket"),
        ("-5", np.nan, np.nan, np.nan, "blank"),
        ("n/a", np.nan, np.nan, np.nan, "blank"),
        ("12.1K", 12_100, np.sqrt(9900 * 12_100), np.sqrt(12_100 * 14_800), "measured"),
        ("1 234", 1234, 1233.5, 1234.5, "measured"),
        ("2300", 2300, 2250, 2350, "measured"),
        ("0", 0, 0, 10, "zero"),
    ],
)
def test_every_printed_volume_is_a_number_with_its_room_or_nothing(
    printed: str, value: float, lo: float, hi: float, kind: str
) -> None:
    row = volumes(pd.Series([printed])).iloc[0]
    np.testing.assert_allclose([row["value"], row["lo"], row["hi"]], [value, lo, hi])
    assert row["kind"] == kind


def test_steps_of_the_ladder_leave_no_gap_between_their_intervals() -> None:
    rows = volumes(pd.Series([f"{v:.0f}" for v in LADDER]))
    np.testing.assert_allclose(rows["hi"].to_numpy()[:-1], rows["lo"].to_numpy()[1:])


def test_a_keyword_planner_file_without_title_lines_or_with_a_column_more_is_still_one() -> None:
    header = [*PLANNER[:2], "Segmentation", *PLANNER[2:]]
    row = keyword("a", 90, [90] * 12)
    reading = read(planner([[*row[:2], "", *row[2:]]], above=(), header=header))
    assert (reading.source, reading.table["value"].tolist()) == ("google_keyword_planner_export", [90])


def test_a_keyword_planner_file_saved_as_utf_8_with_commas_in_french_is_read() -> None:
    header = [
        "Mot clé", "Devise", "Nombre moyen de recherches mensuelles", "Variation sur trois mois", "Concurrence",
        "Concurrence (valeur indexée)", *(f"Recherches : {m} 2025" for m in ("janv.", "févr.", "mars")),
    ]  # fmt: skip
    reading = read(text_of(header, [["bruit", "EUR", "1 300", "0 %", "Faible", 4, 1300, 1000, 1600]], delimiter=";"))
    assert (reading.source, reading.table["value"].tolist()) == ("google_keyword_planner_export", [1300])
    assert reading.also[0].table["period"].dt.strftime("%Y-%m").tolist() == ["2025-01", "2025-02", "2025-03"]


def test_a_keyword_met_twice_is_read_once() -> None:
    reading = read(planner([keyword("a", 90, [90] * 12), keyword("A", 90, [90] * 12), keyword("", 10, [10] * 12)]))
    assert reading.table["query"].tolist() == ["a"]
    assert reading.rejected["reason"].str.contains("more than once|no keyword").tolist() == [True, True]


SEMRUSH = [
    "Keyword", "Intent", "Volume", "Trend", "Keyword Difficulty", "CPC (USD)", "Competitive Density", "SERP Features",
    "Number of Results",
]  # fmt: skip


def test_semrush_volumes_are_read_and_a_trend_without_months_is_not() -> None:
    trend = "0.44,0.54,0.54,0.66,0.81,1.00,0.81,0.66,0.54,0.54,0.44,0.44"
    rows = [["pompe bruit", "Informational", 1300, trend, 30, 1.2, 0.9, "Sitelinks, Image", 12_000_000]]
    reading = read(text_of(SEMRUSH, rows))
    assert (reading.source, reading.table["value"].tolist(), reading.also) == ("semrush_export", [1300], ())
    assert any("a trend without the names of its months" in note for note in reading.notes)


AHREFS = [
    "#", "Keyword", "Country", "Difficulty", "Volume", "CPC", "CPS", "Parent Keyword", "Last Update", "SERP Features",
    "Global volume", "Traffic potential", "Global traffic potential", "First seen", "Intents",
]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_ahrefs_volumes_are_read_by_country_in_both_of_its_encodings(encoding: str) -> None:
    rows: list[list[object]] = [
        [1, "pompe bruit", "fr", 12, 1300, 0.5, 1.1, "pompe", "2026-01-01", "", 1500, 200, 260, "2016-01-01", "Info"],
        [2, "pompe bruit", "be", 12, 200, 0.5, 1.1, "pompe", "2026-01-01", "", 1500, 200, 260, "2016-01-01", "Info"],
        [3, "clim", "fr", "", "", "", "", "", "2026-01-01", "", "", "", "", "", ""],
    ]
    reading = read(text_of(AHREFS, rows, delimiter="\t").encode(encoding))
    assert reading.source == "ahrefs_export"
    assert reading.table[["query", "window"]].values.tolist() == [
        ["pompe bruit", "FR"],
        ["pompe bruit", "BE"],
        ["clim", "FR"],
    ]
    np.testing.assert_array_equal(reading.table["value"], [1300, 200, np.nan])


def test_ahrefs_months_are_those_that_the_name_of_the_column_spans() -> None:
    header = [*AHREFS, "SV trend (10-2025 - 12-2025)"]
    row = [1, "pompe bruit", "fr", 12, 1300, 0.5, 1.1, "pompe", "2026-01-01", "", 1500, 200, 260, "2016-01-01", "Info"]
    series = read(text_of(header, [[*row, "1000, 1300, 1600"]])).also[0].table
    assert series["period"].dt.strftime("%Y-%m").tolist() == ["2025-10", "2025-11", "2025-12"]
    assert (series["value"].tolist(), set(series["geo"])) == ([1000, 1300, 1600], {"FR"})


def test_the_real_keyword_planner_file_is_read_to_the_last_figure(shared: Callable[..., Path]) -> None:
    path = shared("fixtures", "search", "ads", "KeywordStats.2021.utf16.full-preamble.csv")
    reading = read_export(path)
    raw = pd.read_csv(path, sep="\t", encoding="utf-16", skiprows=2)
    assert len(reading.table) == len(raw) == 14
    assert reading.table["value"].sum() == raw["Avg. monthly searches"].sum()
    assert reading.table["kind"].value_counts().to_dict() == {"measured": 10, "blank": 4}
    months = [c for c in raw if c.startswith("Searches:")]
    series = reading.also[0].table
    assert (len(series), series["value"].sum()) == (120, raw[months].sum().sum())
    assert (series["kind"] == "zero").sum() == int((raw[months] == 0).sum().sum())
