"""Search volumes as keyword tools print them: steps of Google's ladder, ranges, buckets, and nothing; never a silent 0."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from sources.exports.numerals import numbers
from sources.exports.rawtable import TEXT
from sources.exports.words import BLANKS

#: Monthly searches that Keyword Planner prints up to a million; between two of them there is nothing. Seen in its exports and
#: in those of the tools that buy its figures. Above 100 each step is about 1.22 times the one below.
# fmt: off
LADDER = np.array([
    10, 20, 30, 40, 50, 70, 90, 110, 140, 170, 210, 260, 320, 390, 480, 590, 720, 880, 1_000, 1_300, 1_600, 1_900, 2_400, 2_900,
    3_600, 4_400, 5_400, 6_600, 8_100, 9_900, 12_100, 14_800, 18_100, 22_200, 27_100, 33_100, 40_500, 49_500, 60_500, 74_000,
    90_500, 110_000, 135_000, 165_000, 201_000, 246_000, 301_000, 368_000, 450_000, 550_000, 673_000, 823_000, 1_000_000,
    1_220_000, 1_500_000, 1_830_000, 2_240_000, 2_740_000, 3_350_000, 4_090_000, 5_000_000, 6_120_000, 7_480_000, 9_140_000,
], dtype=float)
# fmt: on
#: What accounts with little spending are given instead -> the range it stands for.
BUCKETS = {
    0.0: (0.0, 10.0),
    50.0: (10.0, 100.0),
    500.0: (100.0, 1_000.0),
    5_000.0: (1_000.0, 10_000.0),
    50_000.0: (10_000.0, 100_000.0),
    500_000.0: (100_000.0, 1_000_000.0),
    5_000_000.0: (1_000_000.0, 10_000_000.0),
}
_RANGE = re.compile(r"^(?P<lo>[\d.,\s]+[A-Za-z]{0,3})\s*(?:-|–|—|à|a|to|bis|~)\s*(?P<hi>[\d.,\s]+[A-Za-z]{0,3})$")
_BELOW = re.compile(r"^<\s?(?P<hi>[\d.,\s]+[A-Za-z]{0,3})$")
_STEP = 1.22  # ratio of two neighbouring steps


def volumes(cells: pd.Series, *, buckets: bool = False, decimal: str | None = None) -> pd.DataFrame:
    """Return `value`, `lo`, `hi` [searches a month], `kind` and `bad` of printed volumes.

    A step of the ladder stands for everything nearer to it than to its neighbours (in ratio); another number for half a unit
    of its last digit that is not 0; a printed 0 for fewer than the lowest step of 10. A range keeps its ends; its value is the
    number that the tool itself prints for such a range (5 times the lower end), so that both exports of one keyword agree.
    The interval holds what the printing leaves open, not the error of the tool.

    Parameters
    ----------
    buckets : the numbers are those of BUCKETS and stand for ranges.

    `bad` marks cells that are neither a volume nor empty; their value is null.
    """
    texts = cells.astype(TEXT).fillna("").str.strip(BLANKS)
    found = numbers(texts, integer=True, decimal=decimal)
    value = found.value.copy()
    lo, hi = np.full(len(value), np.nan), np.full(len(value), np.nan)
    kind = np.full(len(value), "blank", dtype=object)
    known = np.isfinite(value) & (value >= 0)
    kind[known] = "measured"
    lo[known], hi[known] = _rounding(value[known])
    zero = known & (value == 0)
    kind[zero] = "zero"
    below = found.kind == "below_one"
    value[below], lo[below], hi[below], kind[below] = 0.5, 0.0, 1.0, "below_one"
    bad = (found.kind == "text") | (np.isfinite(found.value) & (found.value < 0))
    value[bad & np.isfinite(value)] = np.nan
    if buckets:
        for printed, (low, high) in BUCKETS.items():
            here = known & (value == printed)
            lo[here], hi[here], kind[here] = low, high, "bucket"
    for i in np.flatnonzero(bad):
        ends = _range(texts.iloc[i])
        if ends is not None:
            lo[i], hi[i] = ends
            value[i] = 5 * ends[0] if ends[0] and round(ends[1] / ends[0]) == 10 else (ends[0] + ends[1]) / 2
            kind[i], bad[i] = "bucket", False
    return pd.DataFrame({"value": value, "lo": lo, "hi": hi, "kind": kind, "bad": bad})


def are_buckets(value: np.ndarray, monthly: np.ndarray | None) -> bool:
    """Return whether volumes are buckets: only such numbers, and no month beside them, or one that the ladder lacks.

    Parameters
    ----------
    monthly : figures of the months, one row a keyword; None = the file has no columns for them.
    """
    known = value[np.isfinite(value)]
    if not len(known) or not np.isin(known, list(BUCKETS)).all():
        return False
    if monthly is not None and np.isfinite(monthly).any():
        return False
    off_ladder = ~np.isin(known, [0.0, *LADDER])
    return bool(off_ladder.any()) or monthly is not None


def _rounding(value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    steps = np.concatenate([[0.0], LADDER])
    at = np.minimum(np.searchsorted(steps, value), len(steps) - 1)
    on_step = steps[at] == value
    below, above = steps[np.maximum(at - 1, 0)], steps[np.minimum(at + 1, len(steps) - 1)]
    above = np.where(at == len(steps) - 1, value * _STEP, above)
    lo = np.where(below > 0, np.sqrt(below * value), np.where(value > 0, 5.0, 0.0))
    hi = np.where(value > 0, np.sqrt(value * above), steps[1])
    unit = _last_unit(value)
    return np.where(on_step, lo, value - unit / 2), np.where(on_step, hi, value + unit / 2)


def _last_unit(value: np.ndarray) -> np.ndarray:
    """Return the unit of the last digit that is not zero: 100 for 2,300, 1 for 2,301."""
    whole = np.round(value).astype("int64")
    unit = np.ones(len(whole))
    for power in range(1, 12):
        unit = np.where((whole % 10**power == 0) & (whole > 0), 10.0**power, unit)
    return unit


def _range(printed: str) -> tuple[float, float] | None:
    found = _RANGE.match(printed) or _BELOW.match(printed)
    if not found:
        return None
    ends = numbers(pd.Series([found.groupdict().get("lo", "0"), found["hi"]], dtype=TEXT), integer=True).value
    return (float(ends[0]), float(ends[1])) if np.isfinite(ends).all() and ends[0] < ends[1] else None
