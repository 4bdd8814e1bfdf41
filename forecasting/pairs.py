"""Two series on one time axis, with what was known of the leader at each origin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import pandas as pd

from forecasting.errors import BadArgument, BadSeries, ForecastError, Note, TooLittleData
from forecasting.frames import MIN_POINTS, Grain, grain_of, panel

#: Older periods than this are left out: they say little about today and cost much.
LONGEST = 1500


@dataclass(frozen=True)
class Pair:
    """A possible leader and the series it may lead.

    Parameters
    ----------
    x, y : (T,) values, NaN = missing, both observed at the first period.
    known : (T, K + 1), column k = the leader's value of k periods before the origin as known at the origin; NaN = unknown.
    grain : of both; without dates a grain that knows no season.
    last : the last period, None without dates.
    notes : what was left out or assumed.
    """

    x: np.ndarray
    y: np.ndarray
    known: np.ndarray
    grain: Grain
    last: pd.Timestamp | None
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Side:
    """One series on its grid, checked: values from its first to its last observed period (NaN = missing), known at once."""

    values: np.ndarray
    end: pd.Timestamp
    grain: Grain


Series: TypeAlias = pd.DataFrame | pd.Series | np.ndarray | list | Side


def pair(x: Series, y: Series, lags: int, freq: str | None = None) -> Pair:
    """Return both series on the periods that both cover.

    Parameters
    ----------
    x, y : frames with `ds` and `y`, series indexed by dates, or arrays of equal length (then one axis without dates).
        `x` may hold `known_at`, when each value was published or fetched; then one period may come several times, and an
        origin sees the newest value that was known when its period was over. Without it a value is known at once.
    lags : K, how far back the leader may be read [periods].
    freq : the grain; None = told from the dates.

    Raises
    ------
    BadSeries, BadArgument : as `forecasting.forecast`; arrays of different lengths.
    TooLittleData : no period that both cover.
    """
    if isinstance(x, Side) and isinstance(y, Side):
        return _paired((x, y), lags, None, [])
    if not isinstance(x, pd.DataFrame | pd.Series) and not isinstance(y, pd.DataFrame | pd.Series):
        return _without_dates(_array(x, "x"), _array(y, "y"), lags, freq)
    first, second = _frame(x, "x"), _frame(y, "y")
    freq = freq or grain_from(second["ds"])
    notes = []
    if "known_at" in second:
        second = second.sort_values("known_at", kind="stable").drop_duplicates("ds", keep="last")
        notes.append(Note("vintages_unused", "y", "the series to be led is used as known today"))
    versions = first if "known_at" in first else None
    if versions is not None:
        first = versions.sort_values("known_at", kind="stable").drop_duplicates("ds", keep="last")
    panels = [panel(f.assign(unique_id=name), freq) for f, name in ((first, "x"), (second, "y"))]
    sides = tuple(Side(p.values[0], p.ends[0], p.grain) for p in panels)
    return _paired(sides, lags, versions, notes)


def sides_of(frame: pd.DataFrame, freq: str) -> dict[object, Side]:
    """Return the series of a long frame by id, those that can be checked together; `pair` says of the others what is wrong.

    Where `known_at` tells what was known when, nothing is returned: one period may come several times.
    """
    known = frame[frame["y"].notna()]
    if "known_at" in frame or known.empty:
        return {}
    try:
        checked = panel(known, freq, min_points=1)
    except ForecastError:
        return {}
    sides = zip(checked.ids, checked.values, checked.ends, strict=True)
    enough = checked.observed() >= MIN_POINTS
    return {i: Side(v, e, checked.grain) for (i, v, e), good in zip(sides, enough, strict=True) if good}


def _paired(sides: tuple[Side, ...], lags: int, versions: pd.DataFrame | None, notes: list[Note]) -> Pair:
    if sides[0].grain != sides[1].grain:
        what = f"x lies on the grid {sides[0].grain.freq}, y on {sides[1].grain.freq}"
        raise BadSeries(what, "x, y", "bring both to one grid first")
    grain = sides[0].grain
    own = [pd.Series(s.values, grain.past(s.end, len(s.values))) for s in sides]
    if (own[0].index.tz is None) != (own[1].index.tz is None):
        raise BadSeries("one series has a time zone and the other has none", "ds", "bring both to UTC")
    axis = own[0].index.intersection(own[1].index)
    both = np.array([s.reindex(axis).to_numpy() for s in own])
    begun = np.flatnonzero(np.isfinite(both).all(axis=0))
    if not len(begun):
        raise TooLittleData("no period that both series cover", "x, y", "fetch both for the same span of time")
    if max(s.index[-1] for s in own) > axis[-1]:
        notes.append(
            Note("periods_unused", "", f"values after {axis[-1]:%Y-%m-%d} are not used: one series ends there")
        )
    start = max(begun[0], len(axis) - LONGEST)
    if start > begun[0]:
        notes.append(Note("history_cut", "", f"only the last {len(axis) - start} periods are used"))
        start = begun[begun >= start][0]
    axis, both = axis[start:], both[:, start:]
    known = at_once(both[0], lags) if versions is None else _vintages(versions, axis, grain, lags)
    return Pair(both[0], both[1], known, grain, axis[-1], tuple(notes))


def grain_from(ds: pd.Series) -> str:
    """Return the grain that dates lie on, told from their usual distance.

    Raises
    ------
    BadArgument : fewer than two dates, or a distance that is no grain.
    """
    dates = pd.DatetimeIndex(pd.to_datetime(ds, format="ISO8601").dropna().unique()).sort_values()
    remedy = "pass freq='h', 'D', 'W', 'MS', 'QS' or 'YS'"
    if len(dates) < 2:
        raise BadArgument("the grain cannot be told from fewer than two dates", "freq", remedy)
    days = float(np.median(np.diff(dates).astype("timedelta64[s]").astype(float))) / 86400
    start = "S" if (dates.day == 1).all() else "E"
    known = {(0.04, 0.05): "h", (0.99, 1.01): "D", (6.9, 7.1): "W", (28, 31): "M", (89, 93): "Q", (364, 367): "Y"}
    for (lo, hi), name in known.items():
        if lo <= days <= hi:
            return name + start if name in ("M", "Q", "Y") else name
    raise BadArgument(f"dates {days:g} days apart are no grain", "freq", remedy)


def _without_dates(x: np.ndarray, y: np.ndarray, lags: int, freq: str | None) -> Pair:
    if len(x) != len(y):
        what = f"x has {len(x)} values and y {len(y)}, and neither has dates"
        raise BadSeries(what, "x, y", "pass arrays of one length, or frames with ds and y")
    grain = replace(grain_of(freq), freq=freq) if freq else replace(grain_of("D"), name="period", seasons=())
    begun = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if not len(begun):
        raise TooLittleData("no period that both series cover", "x, y", "fetch both for the same span of time")
    start = begun[begun >= max(begun[0], min(len(x) - LONGEST, begun[-1]))][0]
    notes = (
        () if freq else (Note("no_dates", "", "arrays carry no dates: no season is looked for unless freq is given"),)
    )
    return Pair(x[start:], y[start:], at_once(x[start:], lags), grain, None, notes)


def _array(values: Series, name: str) -> np.ndarray:
    try:
        out = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise BadSeries(f"not a row of numbers ({error})", name, "pass numbers, or a frame with ds and y") from error
    if out.ndim != 1:
        raise BadSeries(f"{out.ndim} dimensions", name, "pass one series")
    if np.isinf(out).any():
        raise BadSeries("a value is infinite", name, "set it to missing")
    return out


def _frame(values: Series, name: str) -> pd.DataFrame:
    if isinstance(values, pd.DataFrame):
        absent = [c for c in ("ds", "y") if c not in values]
        if absent:
            raise BadSeries(f"no column {', '.join(map(repr, absent))}", name, "name the columns ds and y")
        out = values[[c for c in ("ds", "y", "known_at") if c in values]].reset_index(drop=True)
    elif isinstance(values, pd.Series) and isinstance(values.index, pd.DatetimeIndex | pd.PeriodIndex):
        index = values.index.to_timestamp() if isinstance(values.index, pd.PeriodIndex) else values.index
        out = pd.DataFrame({"ds": index, "y": values.to_numpy()})
    else:
        raise BadSeries("no dates, while the other series has them", name, "pass a frame with ds and y")
    if out.empty:
        raise TooLittleData("no rows", name, "pass a series with values")
    if pd.api.types.is_numeric_dtype(out["ds"]):
        raise BadSeries("the dates are numbers", name, "turn them into dates first")
    try:
        when = {c: pd.to_datetime(out[c], format="ISO8601") for c in ("ds", "known_at") if c in out}
    except (ValueError, TypeError) as error:
        raise BadSeries(f"not a date ({error})", name, "write dates as 2024-01-31") from error
    return out.assign(**when)


def at_once(x: np.ndarray, lags: int) -> np.ndarray:
    """Return (T, K + 1), column k the value of k periods before: what was known of a series whose values are known at once."""
    out = np.full((len(x), lags + 1), np.nan)
    for k in range(lags + 1):
        out[k:, k] = x[: len(x) - k]
    return out


def _vintages(versions: pd.DataFrame, axis: pd.DatetimeIndex, grain: Grain, lags: int) -> np.ndarray:
    """Return (T, K + 1): what was known of each of the last K + 1 periods when the period of the origin was over."""
    over = axis[1:].append(grain.future(axis[-1], 1))
    out = np.full((len(axis), lags + 1), np.nan)
    stamps = versions.dropna(subset=["known_at"]).sort_values("known_at", kind="stable")
    if stamps["known_at"].dt.tz is None and axis.tz is not None:
        stamps = stamps.assign(known_at=stamps["known_at"].dt.tz_localize(axis.tz))
    elif stamps["known_at"].dt.tz is not None and axis.tz is None:
        stamps = stamps.assign(known_at=stamps["known_at"].dt.tz_convert("UTC").dt.tz_localize(None))
    for period, group in stamps.groupby("ds", sort=False):
        at = axis.get_indexer([period])[0]
        if at < 0:
            continue
        seen = np.searchsorted(group["known_at"].to_numpy(), over[at : at + lags + 1].to_numpy(), side="right") - 1
        for k, which in enumerate(seen):
            if which >= 0 and at + k < len(axis):
                out[at + k, k] = group["y"].iloc[which]
    return out
