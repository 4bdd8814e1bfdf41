"""Grains and periods: naming, aligning and coarsening of series, without ever turning a missing piece into a smaller number."""

from __future__ import annotations

import pandas as pd

#: Finest first.
ORDER = ("hour", "day", "week", "month", "quarter", "year")
_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.44, "quarter": 91.31, "year": 365.25}
_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


def coarsest(*grains: str) -> str:
    """Return the coarsest of the grains."""
    return max(grains, key=ORDER.index)


def frequency(grain: str, week_start: int = 0) -> str:
    """Return the pandas frequency whose stamps are the first day of the period; `week_start` 0 Monday .. 6 Sunday."""
    fixed = {"hour": "h", "day": "D", "month": "MS", "quarter": "QS", "year": "YS"}
    return fixed.get(grain) or f"W-{_WEEKDAYS[week_start]}"


def days(grain: str) -> float:
    """Return the mean length of a period in days."""
    return _DAYS[grain]


def next_start(period: pd.Timestamp, grain: str) -> pd.Timestamp:
    """Return the first instant after `period`."""
    offsets = {
        "hour": pd.Timedelta(hours=1),
        "day": pd.Timedelta(days=1),
        "week": pd.Timedelta(days=7),
        "month": pd.DateOffset(months=1),
        "quarter": pd.DateOffset(months=3),
        "year": pd.DateOffset(years=1),
    }
    return period + offsets[grain]


def start_of(instant: pd.Timestamp, grain: str, week_start: int = 0) -> pd.Timestamp:
    """Return the first instant of the period that holds `instant`."""
    day = instant.normalize()
    if grain == "hour":
        return instant.floor("h")
    if grain == "day":
        return day
    if grain == "week":
        return day - pd.Timedelta(days=(day.day_of_week - week_start) % 7)
    months = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}
    return day.replace(month=months[grain], day=1)


def coarsen(
    frame: pd.DataFrame,
    keys: list[str],
    columns: list[str],
    *,
    grain: str,
    to: str,
    week_start: int = 0,
    how: str = "sum",
) -> pd.DataFrame:
    """Bring long series from `grain` to the coarser grain `to`.

    Parameters
    ----------
    frame : `keys`, `period`, `columns`; NaN = missing.
    how : "sum" for counts, "mean" for an index.

    Returns
    -------
    The same columns. A coarse period of which any finer piece is missing is missing as a whole. Weeks that lie across two
    coarse periods are split by days.
    """
    if ORDER.index(to) <= ORDER.index(grain):
        return frame
    pieces = frame[[*keys, "period", *columns]].copy()
    pieces["_weight"] = 1.0
    pieces["_coarse"] = [start_of(p, to, week_start) for p in pieces["period"]]
    if grain == "week":
        pieces = _split_weeks(pieces, to)
    grouped = pieces.groupby([*keys, "_coarse"], sort=True)
    weights = grouped["_weight"].sum()
    out = pd.DataFrame(index=weights.index)
    for column in columns:
        weighted = (
            (pieces[column] * pieces["_weight"]).groupby([pieces[k] for k in [*keys, "_coarse"]]).sum(min_count=1)
        )
        lacking = pieces[column].isna().groupby([pieces[k] for k in [*keys, "_coarse"]]).any()
        out[column] = (weighted if how == "sum" else weighted / weights).mask(lacking)
    whole = [_pieces(c, grain, to) for c in out.index.get_level_values("_coarse")]
    out[columns] = out[columns].where(pd.Series(weights.to_numpy() >= [w - 1e-6 for w in whole], out.index), axis=0)
    return out.reset_index().rename(columns={"_coarse": "period"})


def _split_weeks(pieces: pd.DataFrame, to: str) -> pd.DataFrame:
    """Give each part of a week to the coarse period it lies in, by its days."""
    end = pieces["period"] + pd.Timedelta(days=6)
    last = [start_of(p, to) for p in end]
    tail = pieces[pd.Series(last, pieces.index) != pieces["_coarse"]].copy()
    tail["_coarse"] = pd.Series(last, pieces.index)[tail.index]
    tail["_weight"] = ((end[tail.index] - tail["_coarse"]).dt.days + 1) / 7
    pieces.loc[tail.index, "_weight"] = 1 - tail["_weight"]
    return pd.concat([pieces, tail], ignore_index=True)


def _pieces(coarse: pd.Timestamp, grain: str, to: str) -> float:
    """How many finer periods make up the coarse one that starts at `coarse`."""
    span = next_start(coarse, to) - coarse
    if grain in ("month", "quarter"):
        return {("month", "quarter"): 3, ("month", "year"): 12, ("quarter", "year"): 4}[grain, to]
    return float(span / pd.Timedelta(days=_DAYS[grain]))
