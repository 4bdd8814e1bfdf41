"""Dates as tools print them, read for a whole column at once so that 03/04/2024 means the same in every row."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sources.exports.date_orders import find_order
from sources.exports.date_patterns import can_be_date, match_dates
from sources.exports.date_zones import utc_offset
from sources.exports.rawtable import TEXT
from sources.exports.words import BLANKS

_PIVOT = 70  # two-digit years from 70 on belong to the last century (POSIX takes 69)
_FIRST, _LAST = 1990, 2100  # posts dated outside are marked as suspect

_RANGE = r"^(?P<first>\d[\d/.\-]*\d)(?: ?[–—~] ?| - | to | au | bis | al | a )(?P<last>\d[\d/.\-]*\d)$"
_PRECISION = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")


@dataclass(frozen=True)
class Dates:
    """A column of cells as instants.

    Parameters
    ----------
    stamp : datetime64[us], UTC; NaT where there is no date.
    precision : year | quarter | month | week | day | hour | minute | second; "" where there is no date.
    quality : ok | date_only | zone_assumed | suspect (see table posts); "" where there is no date.
    reason : why a cell that is not empty gives no date; "" otherwise.
    notes : what was assumed.
    order : order of day and month that was found for dates such as 03/04/2024; None where there are none of this form.
    """

    stamp: np.ndarray
    precision: np.ndarray
    quality: np.ndarray
    reason: np.ndarray
    notes: tuple[str, ...] = ()
    order: str | None = None


class Where(NamedTuple):
    """Where a column stands, for messages: file, header and row numbers."""

    name: str
    column: str
    rows: np.ndarray


class _How(NamedTuple):
    order: str | None
    timezone: str | None
    utc: bool
    days: bool


def dates(
    cells: pd.Series,
    where: Where,
    *,
    order: str | None = None,
    timezone: str | None = None,
    utc: bool = False,
    days: bool = False,
) -> Dates:
    """Return text cells as instants.

    Parameters
    ----------
    order : order of day, month and year where it is known; None = inferred from the whole column.
    timezone : IANA zone of times that carry none.
    utc : such times are known to be UTC.
    days : a column in which every time is midnight holds days, which no zone moves.

    Raises
    ------
    BadFile : the order of day and month cannot be told, or the column holds both; the message names rows.
    """
    codes, distinct = pd.factorize(cells.astype(TEXT), use_na_sentinel=False)
    texts = pd.Series(distinct, dtype=TEXT).fillna("").str.strip(BLANKS).str.replace(f"[{BLANKS}]+", " ", regex=True)
    found = _distinct(texts, codes, where, _How(order, timezone, utc, days))
    return replace(
        found,
        stamp=found.stamp[codes],
        precision=found.precision[codes],
        quality=found.quality[codes],
        reason=found.reason[codes],
    )


def share_of_dates(cells: pd.Series) -> float:
    """Return which share of the different cells that are not empty can be a date in some order; bare numbers are none."""
    distinct = {t for c in cells.unique() if (t := " ".join(c.strip(BLANKS).split()))}
    return sum(map(can_be_date, distinct)) / len(distinct) if distinct else 0.0


def _distinct(texts: pd.Series, codes: np.ndarray, where: Where, how: _How) -> Dates:
    n = len(texts)
    names, part = match_dates(texts)
    notes: list[str] = []
    year, month, day = part["y"].copy(), part["m"].copy(), part["d"].copy()
    ab = names == "ab"
    found = None
    if ab.any():
        found, said = find_order(
            part["a"], part["b"], _century(part["y"], part["short"]), part["dot"], ab, codes, where, texts, how.order
        )
        notes += said
        a, b = part["a"], part["b"]
        month[ab] = (b if found == "dmy" else a if found == "mdy" else b)[ab]
        day[ab] = (a if found == "dmy" else b if found == "mdy" else part["y"])[ab]
        if found == "ymd":
            year[ab] = a[ab]
            part["short"] = part["short"] | ab
    named = np.isin(names, ["twitter", "dmony", "mondy", "monyear", "monyy"])
    month[named] = part["mon"][named]
    year = _century(year, part["short"])
    quarter = names == "quarter"
    month[quarter] = part["q"][quarter] * 3 - 2
    month[(names == "year") | (names == "week")] = 1
    day[np.isin(names, ["ym", "year", "quarter", "monyear", "monyy"])] = 1
    day[names == "week"] = 4
    precision = np.full(n, "", dtype=object)
    precision[names != ""] = "day"
    for pattern, grain in (
        ("ym", "month"),
        ("monyear", "month"),
        ("monyy", "month"),
        ("year", "year"),
        ("quarter", "quarter"),
        ("week", "week"),
    ):
        precision[names == pattern] = grain
    for key, grain in (("H", "hour"), ("M", "minute"), ("S", "second")):
        precision[(part[key] >= 0) & (names != "")] = grain
    stamp, valid = _compose(year, month, day, part)
    reason = np.full(n, "", dtype=object)
    week = names == "week"
    stamp[week] = _week_start(stamp[week], part["w"][week], np.maximum(part["wd"][week], 1))
    valid[week] &= (part["w"][week] >= 1) & (part["w"][week] <= 53)
    stamp, valid, names, said = _numbers(texts, names, part, stamp, valid, precision)
    notes += said
    bad_months = (names == "monyy") & ~_consecutive_months(stamp, (names == "monyy") & valid, codes)
    has_time = np.isin(precision, _PRECISION[5:])
    offset, zoned, zone_problem = _zones(part["z"], stamp, valid & has_time, how.timezone, how.days)
    stamp = stamp - offset
    filled = (texts != "").to_numpy(dtype=bool)
    for mask, sentence in (
        (filled & (names == ""), "{} is not a date"),
        ((names != "") & ~valid, "the date {} does not exist"),
        (valid & bad_months, "{} has no year"),
        (valid & zone_problem, "the time zone of {} is not known; set timezone in the mapping"),
    ):
        at = np.flatnonzero(mask & (reason == ""))
        reason[at] = [sentence.format(repr(t if len(t) <= 40 else t[:40] + "…")) for t in texts.iloc[at]]
    refused = (reason != "") | (names == "")
    stamp[refused] = np.datetime64("NaT")
    precision[refused] = ""
    quality = np.where(
        refused,
        "",
        np.where(~has_time, "date_only", np.where(zoned | how.utc | bool(how.timezone), "ok", "zone_assumed")),
    ).astype(object)
    years = stamp.astype("datetime64[Y]").astype(int) + 1970
    quality[~refused & ((years < _FIRST) | (years > _LAST))] = "suspect"
    result = Dates(stamp, precision, quality, reason, tuple(notes), found)
    return _ranges(texts, result, where, how.order)


def _century(years: np.ndarray, short: np.ndarray) -> np.ndarray:
    short = short & (years >= 0) & (years < 100)
    return np.where(short, years + np.where(years < _PIVOT, 2000, 1900), years)


def _compose(
    year: np.ndarray, month: np.ndarray, day: np.ndarray, part: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return instants and whether such a date exists; the numpy calendar is proleptic Gregorian."""
    hour, minute, second = (np.maximum(part[k], 0) for k in ("H", "M", "S"))
    ap = np.array([str(a)[:1].lower() if a else "" for a in part["ap"]])
    twelve = ap != ""
    valid = (
        (year >= 1)
        & (year <= 9999)
        & (month >= 1)
        & (month <= 12)
        & (day >= 1)
        & (hour <= 23)
        & (minute <= 59)
        & (second <= 60)
    )
    valid &= ~twelve | ((hour >= 1) & (hour <= 12))
    hour = np.where(twelve, hour % 12 + np.where(ap == "p", 12, 0), hour)
    second = np.minimum(second, 59)  # a leap second has no number of its own
    y, m, d = np.where(valid, year, 1970), np.where(valid, month, 1), np.where(valid, day, 1)
    first = (y - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (m - 1).astype("timedelta64[M]")
    days = ((first + np.timedelta64(1, "M")).astype("datetime64[D]") - first.astype("datetime64[D]")).astype("int64")
    valid &= d <= days
    stamp = first.astype("datetime64[D]") + (np.where(valid, d, 1) - 1).astype("timedelta64[D]")
    micro = (hour * 3600 + minute * 60 + second) * 1_000_000 + part["us"]
    stamp = stamp.astype("datetime64[us]") + micro.astype("timedelta64[us]")
    return stamp, valid


def _week_start(fourth: np.ndarray, week: np.ndarray, weekday: np.ndarray) -> np.ndarray:
    """Return the day of an ISO 8601 week; the fourth of January is always in week 1."""
    days = fourth.astype("datetime64[D]")
    monday = days - ((days.astype("int64") + 3) % 7).astype("timedelta64[D]")
    return (monday + (7 * (week - 1) + weekday - 1).astype("timedelta64[D]")).astype("datetime64[us]")


def _numbers(
    texts: pd.Series,
    names: np.ndarray,
    part: dict[str, np.ndarray],
    stamp: np.ndarray,
    valid: np.ndarray,
    precision: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Read columns of bare numbers: seconds, milliseconds or microseconds since 1970, serial days of Excel, or yyyymm."""
    notes: list[str] = []
    # Ten digits are a date with its hour only if every one of them is; otherwise they are seconds since 1970.
    lengths = texts.str.len().to_numpy()
    for length in (10, 12, 14):
        some = (names == "compact") & (lengths == length) & texts.str.isdigit().to_numpy(dtype=bool)
        if some.any() and not valid[some].all():
            names[some] = "number"
    twins = names == "twin"
    if twins.any():
        if valid[twins].all():
            notes.append(
                f"dates such as {texts[twins].iloc[0]} are two days written one after the other; the first is read."
            )
        else:
            names[twins] = "number"
    bare = np.flatnonzero(names == "number")
    if not len(bare):
        return stamp, valid, names, notes
    value = pd.to_numeric(texts.iloc[bare].str.replace(",", ".", regex=False), errors="coerce").to_numpy(dtype=float)
    digits = texts.iloc[bare].str.replace(r"^-|[.,]\d*$", "", regex=True).str.len().to_numpy()
    micros = np.full(len(bare), np.nan)
    kinds = (
        (
            (digits == 5) & (value >= 20_000) & (value <= 80_000),
            lambda v: (v - 25_569) * 86_400e6,
            "serial days of a spreadsheet",
        ),
        # Only a count of seconds goes below zero: some posts claim dates before 1970.
        (((digits >= 9) | (value < 0)) & (digits <= 10), lambda v: v * 1e6, "seconds since 1970"),
        ((digits >= 12) & (digits <= 13), lambda v: v * 1e3, "milliseconds since 1970"),
        ((digits >= 15) & (digits <= 16), lambda v: v, "microseconds since 1970"),
        ((digits >= 18) & (digits <= 19), lambda v: v / 1e3, "nanoseconds since 1970"),
    )
    for mask, convert, what in kinds:
        if mask.any():
            micros[mask] = convert(value[mask])
            notes.append(f"numbers such as {texts.iloc[bare[mask][0]]} are read as {what}.")
            serial = what.startswith("serial")
            whole = np.mod(value[mask], 1) == 0
            precision[bare[mask]] = np.where(whole, "day", "second") if serial else "second"
            if not serial:
                part["z"][bare[mask]] = "Z"
    months = (digits == 6) & (value % 100 >= 1) & (value % 100 <= 12) & (value >= 180_001) & (value <= 210_012)
    if months.any():
        year, month = value[months].astype("int64") // 100, value[months].astype("int64") % 100
        first = (year - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (month - 1).astype("timedelta64[M]")
        micros[months] = first.astype("datetime64[us]").astype("int64")
        precision[bare[months]] = "month"
    good = np.isfinite(micros)
    stamp[bare[good]] = np.round(micros[good]).astype("int64").astype("datetime64[us]")
    valid[bare] = good
    names[bare[~good]] = ""
    return stamp, valid, names, notes


def _consecutive_months(stamp: np.ndarray, which: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return whether two-digit years with a month name can be believed: 09-Jan, 09-Feb ... follow one another month by month.

    Alone, 09-Jan may also be the ninth of January of a year that nobody wrote down.
    """
    months = np.unique(stamp[which].astype("datetime64[M]").astype("int64"))
    believed = len(months) >= 6 and bool((np.diff(months) == 1).all())
    return np.full(len(stamp), believed)


def _zones(
    zones: np.ndarray, stamp: np.ndarray, timed: np.ndarray, timezone: str | None, days: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what to subtract to get UTC, whether the cell names its zone, and whether that zone is unknown."""
    codes, distinct = pd.factorize(zones)
    offsets = [utc_offset(z) for z in distinct]
    minutes = np.array([o if o is not None else 0 for o in offsets], dtype="int64")[codes]
    unknown = np.array([o is None for o in offsets])[codes]
    zoned = np.array([bool(z) for z in distinct])[codes]
    if timezone:  # stands in for a zone name that is not known, too
        zoned, unknown = zoned & ~unknown, np.zeros(len(codes), dtype=bool)
    offset = minutes.astype("timedelta64[m]").astype("timedelta64[us]")
    if timezone:
        naive = timed & ~zoned
        midnight = stamp[naive] == stamp[naive].astype("datetime64[D]")
        if naive.any() and not (days and midnight.all()):
            local = pd.DatetimeIndex(stamp[naive])
            # An hour that clocks repeat cannot be told apart: its first pass, in summer time, is taken.
            placed = local.tz_localize(timezone, ambiguous=np.ones(len(local), dtype=bool), nonexistent="shift_forward")
            offset[naive] = local.to_numpy() - placed.tz_convert(dt.UTC).tz_localize(None).to_numpy()
    return offset, zoned, unknown


def _ranges(texts: pd.Series, result: Dates, where: Where, order: str | None) -> Dates:
    """Read periods printed as first and last day by their first day."""
    open_ = np.isnat(result.stamp) & (texts != "").to_numpy(dtype=bool)
    if not open_.any():
        return result
    found = pc.extract_regex(pa.array(texts[open_], type=pa.large_string()), pattern=_RANGE)
    hit = pc.is_valid(found).to_numpy(zero_copy_only=False)
    if not hit.any():
        return result
    at = np.flatnonzero(open_)[hit]
    first = pd.Series(pc.struct_field(found, "first"), dtype=TEXT)[hit].reset_index(drop=True)
    inner = dates(first, Where(where.name, where.column, np.zeros(len(first), dtype="int64")), order=order)
    for name in ("stamp", "precision", "quality", "reason"):
        getattr(result, name)[at] = getattr(inner, name)
    return replace(
        result,
        notes=(*result.notes, *inner.notes, "periods printed as first and last day are stamped with their first day."),
    )
