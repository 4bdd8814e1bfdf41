"""From instants to periods: which grain a column of dates has, and whether it has one at all."""

from __future__ import annotations

import numpy as np

from sources.errors import BadFile
from sources.exports.dates import Dates, Where
from sources.exports.words import plain

#: Words that head a column of periods, as a hint where a single row leaves the grain open.
_HINTS = {
    "hour": "hour time heure hora ora stunde uhrzeit jam 時間 시간 小时",
    "day": "day jour tag dia giorno hari date 日 일 天 день ngay gun",
    "week": "week semaine woche semana settimana minggu 週 주 周 тиждень tuan hafta",
    "month": "month mois monat mes mese bulan 月 월 月份 місяць thang ay",
    "year": "year annee jahr ano anno tahun 年 년 рік nam yil",
}
_DAY = np.timedelta64(1, "D")
_US = {"hour": 3_600_000_000, "day": 86_400_000_000}


def periods(
    found: Dates, keep: np.ndarray, where: Where, *, wanted: str | None = None
) -> tuple[str, np.ndarray, list[str]]:
    """Return the grain of a column of dates, the first instant of each row's period, and what was assumed.

    Parameters
    ----------
    found : the column, see `sources.exports.dates`.
    keep : rows that count (those with a date).
    wanted : grain that the user names.

    Raises
    ------
    BadFile : two grains in one column, a spacing that is none of the known grains, or too few rows to tell; the message
        names the row and says how to go on.
    """
    stamps, rows, precision = found.stamp[keep], where.rows[keep], found.precision[keep]
    if wanted is not None:
        return wanted, floor(found.stamp, wanted), []
    kinds = set(precision)
    fine = kinds & {"hour", "minute", "second"}
    coarse = kinds - fine
    if len(coarse) + bool(fine) > 1:
        common = max(kinds, key=lambda k: int((precision == k).sum()))
        odd = rows[np.flatnonzero(precision != common)[0]]
        raise BadFile(
            f"the dates have two grains: most name a {common}, row {odd} a {precision[np.flatnonzero(precision != common)[0]]}",
            where.name,
            "keep the rows of one grain in a file",
        )
    if coarse and coarse <= {"year", "quarter", "month", "week"}:
        return coarse.pop(), found.stamp, []
    distinct, first = np.unique(stamps, return_index=True)
    midnight = (distinct == distinct.astype("datetime64[D]")).all()
    if not midnight and not _daily_at_one_hour(distinct):
        grain, notes = _hours(distinct, where, rows[first])
    else:
        grain, notes = _days(distinct.astype("datetime64[D]"), where, rows[first], timed=not midnight)
    return grain, floor(found.stamp, grain), notes


def floor(stamps: np.ndarray, grain: str) -> np.ndarray:
    """Return the first instant of the period each stamp lies in; weeks start where the file lets them start."""
    unit = {"hour": "h", "day": "D", "week": "D", "month": "M", "quarter": "M", "year": "Y"}[grain]
    floored = stamps.astype(f"datetime64[{unit}]")
    if grain == "quarter":
        floored = floored - (floored.astype("int64") % 3).astype("timedelta64[M]")
    result = floored.astype("datetime64[us]")
    result[np.isnat(stamps)] = np.datetime64("NaT")
    return result


def hinted(header: str) -> str | None:
    """Return the grain that the header of a date column names, if it names one."""
    word = plain(header)
    return next((g for g, words in _HINTS.items() if word and word in words.split()), None)


def _daily_at_one_hour(stamps: np.ndarray) -> bool:
    """Return whether all stamps lie a whole number of days apart: midnight of another zone."""
    return len(stamps) > 1 and bool((np.diff(stamps.astype("int64")) % _US["day"] == 0).all())


def _hours(stamps: np.ndarray, where: Where, rows: np.ndarray) -> tuple[str, list[str]]:
    steps = np.diff(stamps.astype("int64"))
    if len(steps) == 0:
        return "hour", []
    if (stamps.astype("int64") % _US["hour"]).any() or (steps % _US["hour"]).any():
        usual = float(np.median(steps)) / 60e6
        raise BadFile(
            f"the rows are {usual:g} minutes apart; the finest grain is an hour",
            where.name,
            "sum the rows to hours before, or map the file as posts",
        )
    hours = steps // _US["hour"]
    _refuse_mix(hours, "hour", where, rows)
    _refuse_odd(hours, "hours", (1,), where)
    return "hour", []


def _days(days: np.ndarray, where: Where, rows: np.ndarray, *, timed: bool) -> tuple[str, list[str]]:
    notes = ["Days that start at another hour than midnight UTC are stamped with their date."] if timed else []
    steps = np.diff(days).astype("int64")
    if len(steps) == 0:
        hint = hinted(where.column)
        if hint in ("day", "week", "month", "year"):
            return hint, [*notes, f"One period only: {where.column!r} is taken as its length."]
        raise BadFile(
            "one period does not tell how long it is", where.name, "set grain in the mapping (day, week, month, year)"
        )
    of_month = (days - days.astype("datetime64[M]")).astype("int64") + 1
    last_of_month = ((days + _DAY).astype("datetime64[M]") > days.astype("datetime64[M]")).all()
    if (steps >= 28).all() and ((of_month == of_month[0]).all() or last_of_month):
        grain = _months(days.astype("datetime64[M]").astype("int64"), where, rows)
        if of_month[0] != 1:
            notes.append(f"Each {grain} is stamped with its first day, where the file prints another.")
        return grain, notes
    if (steps % 7 == 0).all():
        _refuse_mix(steps // 7, "week", where, rows)
        return "week", notes
    _refuse_mix(steps, "day", where, rows)
    _refuse_odd(steps, "days", (1,), where)
    return "day", notes


def _months(months: np.ndarray, where: Where, rows: np.ndarray) -> str:
    steps = np.diff(months)
    if (steps % 12 == 0).all():
        return "year"
    if (steps % 3 == 0).all() and len(steps) >= 2:
        _refuse_mix(steps // 3, "quarter", where, rows)
        return "quarter"
    _refuse_mix(steps, "month", where, rows)
    return "month"


def _refuse_mix(steps: np.ndarray, grain: str, where: Where, rows: np.ndarray) -> None:
    """Raise when the steps are even on both sides of one row, but not the same: two exports in one file."""
    single = steps == 1
    turns = np.flatnonzero(single[1:] != single[:-1]) + 1
    if len(turns) != 1:
        return
    one, other = steps[: turns[0]], steps[turns[0] :]
    if single[-1]:
        one, other = other, one
    usual = int(np.median(other))
    if len(one) >= 3 and len(other) >= 3 and (other == usual).mean() >= 0.7:
        raise BadFile(
            f"the grain changes at row {rows[turns[0] + 1 if single[0] else turns[0]]}: "
            f"rows are one {grain} apart on one side and {usual} {grain}s on the other",
            where.name,
            "keep the rows of one grain in a file",
        )


def _refuse_odd(steps: np.ndarray, unit: str, known: tuple[int, ...], where: Where) -> None:
    """Raise when nearly all rows lie a fixed number of days or hours apart that is no grain of the tables."""
    values, counts = np.unique(steps, return_counts=True)
    usual, share = int(values[counts.argmax()]), counts.max() / counts.sum()
    if usual not in known and share >= 0.8 and len(steps) >= 3:
        raise BadFile(
            f"the rows are {usual} {unit} apart, which is none of the known grains (hour, day, week, month, quarter, year)",
            where.name,
            f"set grain to {unit[:-1]!r} if each row counts one {unit[:-1]}, or sum the rows to a known grain before",
        )
