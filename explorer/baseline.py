"""What is normal for a series of counts: a regular grid, and the expected count by level, hour and weekday with its interval.

Everything here is causal: the value of a row depends on rows before it only, so that a figure never changes afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

from explorer.count_quantiles import negative_binomial
from forecasting.errors import BadArgument, BadSeries, TooLittleData

#: Half-life of the level: a topic's usual volume moves over days, a burst over hours.
LEVEL_HALF_LIFE = pd.Timedelta(3, "D")
#: Days from which the shape of a day, and the factor of a weekday, are learnt (medians: half of them may be unusual).
SHAPE_DAYS, WEEKDAY_DAYS = 28, 56
#: How far back the spread around the expected count is learnt; its largest 2 % are cut back, which takes 3.6 % off the mean
#: of a squared normal deviation: chi2(3).cdf(c) + 0.02 c = 0.964 at c = chi2(1).ppf(0.98).
SPREAD = {"fine": pd.Timedelta(28, "D"), "day": pd.Timedelta(56, "D")}
CUT, CUT_TAKES = 0.98, 0.964
#: Pseudo-days that pull a shape towards "no shape" while few days are known.
SHRINK = 2.0
HOURS = 24
_CALENDAR = {"week": 7.0, "month": 30.4, "quarter": 91.3, "year": 365.2}


@dataclass(frozen=True)
class Grid:
    """A regular series. `y` is NaN where nothing is known; `step` is the length of a period (its mean for months).

    `grain`: "fine" (below a day), "day", "week" or "month" (all longer ones).
    """

    ds: pd.DatetimeIndex
    y: np.ndarray
    step: pd.Timedelta
    grain: str

    def rows(self, span: pd.Timedelta) -> int:
        """Return how many periods `span` holds, at least 1."""
        return max(1, round(span / self.step))


def regular(df: pd.DataFrame, freq: str | None = None) -> Grid:
    """Return `df` on a regular grid; a period without a row is missing, not zero.

    Parameters
    ----------
    df : `ds` (dates, any order, each once), `y` (counts >= 0; NaN = not known).
    freq : pandas alias ("5min", "h", "D", "W", "MS"); None = read from the distances of the first rows. Give it for a stream
        whose first rows may have gaps, so that more rows cannot change what is read from them.

    Raises
    ------
    BadSeries : a column is absent, a date comes twice or lies off the grid, a value is negative or infinite.
    TooLittleData : fewer than two rows and no `freq`.
    """
    for column in ("ds", "y"):
        if column not in df:
            raise BadSeries(f"there is no column {column!r}", "the series", "name the date ds and the count y")
    if not len(df):
        raise TooLittleData("the series has no rows", remedy="collect or import some first")
    dates, values = pd.DatetimeIndex(pd.to_datetime(df["ds"])), pd.to_numeric(df["y"]).to_numpy(float)
    if not dates.is_monotonic_increasing:
        order = dates.argsort()
        dates, values = dates[order], values[order]
    if not dates.is_unique:
        raise BadSeries(f"{dates[dates.duplicated()][0]} comes twice", "ds", "add the rows of one period together")
    wrong = np.isinf(values) | (values < 0)
    if wrong.any():
        raise BadSeries(
            f"the count at {dates[wrong][0]} is negative or infinite",
            "y",
            "counts are 0 or more; leave unknown ones empty",
        )
    offset = _offset(dates, freq)
    grid = _grid(dates[0], dates[-1], offset)
    y = values
    if not grid.equals(dates):
        at = grid.get_indexer(dates)
        if (at < 0).any():
            raise BadSeries(f"{dates[at < 0][0]} lies off the grid of {offset.freqstr}", "ds", "pass freq= as it is")
        y = np.full(len(grid), np.nan)
        y[at] = values
    step, grain = _step(offset)
    return Grid(grid, y, step, grain)


def _grid(first: pd.Timestamp, last: pd.Timestamp, offset: pd.tseries.offsets.BaseOffset) -> pd.DatetimeIndex:
    weekly = isinstance(offset, pd.offsets.Week) and offset.is_on_offset(first) and str(first.tz) in ("None", "UTC")
    # The same; pandas counts anchored weeks one by one.
    return pd.date_range(first, last, freq=pd.Timedelta(7 * offset.n, "D") if weekly else offset)


def _offset(dates: pd.DatetimeIndex, freq: str | None) -> pd.tseries.offsets.BaseOffset:
    if freq is not None:
        try:
            offset = to_offset(freq)
        except ValueError as error:
            raise BadArgument(f"the grain {freq!r} is not known", "freq", "pass 5min, h, D, W or MS") from error
        # "W" means the weekday that the dates have.
        return to_offset(f"W-{dates[0].strftime('%a').upper()}") if offset.freqstr == "W-SUN" else offset
    if len(dates) < 2:
        raise TooLittleData("one row does not tell its grain", "freq", "pass freq= ('5min', 'h', 'D', 'W' or 'MS')")
    gap = pd.Series(dates[:50]).diff().min()
    days = gap / pd.Timedelta(1, "D")
    if days < 7:
        return to_offset(gap)
    if days == 7:
        return to_offset(f"W-{dates[0].strftime('%a').upper()}")
    for low, high, alias in ((28, 31, "MS"), (90, 92, "QS"), (365, 366, "YS")):
        if low <= days <= high and (dates.day == 1).all():
            return to_offset(alias)
    return to_offset(gap)


def _step(offset: pd.tseries.offsets.BaseOffset) -> tuple[pd.Timedelta, str]:
    name = type(offset).__name__
    for word, days in _CALENDAR.items():
        if name.lower().startswith(word) and isinstance(getattr(offset, "n", 1), int):
            step = pd.Timedelta(days * offset.n, "D")
            return step, "week" if word == "week" else "month"
    step = pd.Timedelta(offset)
    day = pd.Timedelta(1, "D")
    if step < day:
        return step, "fine"
    return step, "day" if step < 6 * day else "week" if step < 25 * day else "month"


def window_sum(values: np.ndarray, k: int) -> np.ndarray:
    """Return the sum over the `k` rows that end with each row, scaled up where up to half of them are missing, else NaN."""
    known = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(known)])
    end = np.arange(1, len(values) + 1)
    start = np.maximum(end - k, 0)
    n = count[end] - count[start]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(2 * n >= np.minimum(k, end), (total[end] - total[start]) * k / n, np.nan)


def earlier(values: pd.Series | np.ndarray, rows: int = 1) -> np.ndarray:
    """Return, for each row, the value so many rows before it; NaN where there is none."""
    known = np.asarray(values)
    return np.concatenate([np.full(min(rows, len(known)), np.nan), known[: max(len(known) - rows, 0)]])


def shape(grid: Grid) -> np.ndarray:
    """Return the factor of hour and weekday for each row, on the scale of square roots, learnt from earlier days only.

    Hour of day: median over the last 28 days of the hour's share of its day, for working days and weekends apart as soon
    as two of the kind are known. Weekday: median over the last 8 weeks of the day against the seven days before it.
    """
    root = np.sqrt(grid.y + 0.375)
    day = ((grid.ds.normalize() - grid.ds[0].normalize()) // pd.Timedelta(1, "D")).to_numpy()
    weekday = (grid.ds[0].day_of_week + np.arange(day[-1] + 1)) % 7
    hour = grid.ds.hour.to_numpy() if grid.grain == "fine" else np.zeros(len(grid.y), dtype=int)
    by_hour, of_day = _day_table(root, day, hour)
    factor = _weekday_factor(of_day)[day]
    if grid.grain == "fine":
        factor = factor * _hour_factor(by_hour / of_day[:, None], weekday >= 5)[day, hour]
    return factor


def _day_table(root: np.ndarray, day: np.ndarray, hour: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean root per (day, hour) and per day; NaN where nothing is known."""
    known = np.isfinite(root)
    total, count = np.zeros((day[-1] + 1, HOURS)), np.zeros((day[-1] + 1, HOURS))
    np.add.at(total, (day[known], hour[known]), root[known])
    np.add.at(count, (day[known], hour[known]), 1)
    with np.errstate(invalid="ignore"):
        by_hour = total / count
        of_day = total.sum(axis=1) / count.sum(axis=1)
    return by_hour, of_day


def _hour_factor(relative: np.ndarray, weekend: np.ndarray) -> np.ndarray:
    # One window a day with the SHAPE_DAYS before it, the days of the other kind left out of the second.
    before = np.full((SHAPE_DAYS, relative.shape[1]), np.nan)
    days = len(relative)
    past = np.lib.stride_tricks.sliding_window_view(np.concatenate([before, relative]), SHAPE_DAYS, axis=0)[:days]
    kind = np.concatenate([np.full(SHAPE_DAYS, -1), weekend])
    same = np.lib.stride_tricks.sliding_window_view(kind, SHAPE_DAYS)[:days] == weekend[:, None]
    factor = _shrunk(past, 1.0)
    alike = _shrunk(np.where(same[:, None], past, np.nan), factor)
    return np.where(same.sum(axis=1)[:, None] >= 2, alike, factor)


def _weekday_factor(of_day: np.ndarray) -> np.ndarray:
    relative = of_day / earlier(pd.Series(of_day).rolling(7, min_periods=5).mean())
    # One row a day with the same weekdays before it; two of them must have been lived through.
    same = np.column_stack([earlier(relative, lag) for lag in range(7, WEEKDAY_DAYS + 1, 7)])
    factor: np.ndarray = np.where(np.arange(len(of_day)) >= 14, _shrunk(same, 1.0), 1.0)
    return factor


def _shrunk(days: np.ndarray, towards: np.ndarray | float) -> np.ndarray:
    """Return the median over the last axis, pulled `towards` a value while days are few; unknown hours take that value."""
    n = np.isfinite(days).sum(axis=-1)
    ordered = np.sort(days, axis=-1)  # what is not known comes last
    low, high = (
        np.take_along_axis(ordered, np.maximum(at, 0)[..., None], axis=-1)[..., 0] for at in ((n - 1) // 2, n // 2)
    )
    middle = np.where(n > 0, (low + high) / 2, 0.0)
    result: np.ndarray = (middle * n + SHRINK * towards) / (n + SHRINK)
    return result


@dataclass(frozen=True)
class Expected:
    """What was expected of each row before it was seen.

    `root_level` and `shape` multiply to the expected square root; `mean` is the expected count, `dispersion` its variance
    divided by its mean (1 = Poisson).
    """

    root_level: np.ndarray
    shape: np.ndarray
    mean: np.ndarray
    dispersion: np.ndarray

    def after(self, first: int, new: Expected) -> Expected:
        """Return these expectations, with those of `new` from row `first` on."""
        late = np.arange(len(self.mean)) >= first
        names = ("root_level", "shape", "mean", "dispersion")
        return Expected(*(np.where(late, getattr(new, n), getattr(self, n)) for n in names))

    def interval(self, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the negative-binomial interval that holds a share `level` of normal counts."""
        tail = (1 - level) / 2
        return (
            negative_binomial(self.mean, self.dispersion, tail),
            negative_binomial(self.mean, self.dispersion, 1 - tail),
        )


def expected(grid: Grid, factor: np.ndarray, start: int = 0) -> Expected:
    """Return level x shape and the spread around it, from the rows before each row but not before `start`.

    The level is an exponential average (half-life three days) of the square roots without their shape, which no single burst
    can carry far; counts far above it (eight roots of the mean) are cut back before mean and dispersion learn from them.
    """
    half_life = LEVEL_HALF_LIFE / grid.step
    y = np.where(np.arange(len(grid.y)) < start, np.nan, grid.y)
    bare = pd.Series(np.sqrt(y + 0.375) / factor)
    root = earlier(bare.ewm(halflife=half_life, ignore_na=False).mean())
    square = (root * factor) ** 2
    # The square of a mean root is below the mean: by how much is learnt, never below what a Poisson count would need.
    window, few = grid.rows(SPREAD[grid.grain]), max(8, grid.rows(pd.Timedelta(8, "h")))
    cut = np.minimum(y, square + 8 * np.sqrt(np.maximum(square, 1.0)))
    seen = np.isfinite(cut) & np.isfinite(square)
    counted, meant = (
        earlier(pd.Series(np.where(seen, x, np.nan)).rolling(window, min_periods=few).sum()) for x in (cut, square)
    )
    ratio = np.clip(counted / np.maximum(meant, 1e-9), 0.5, 2.0)
    mean = np.maximum(square * np.where(np.isnan(ratio), 1.0, ratio), 1e-3)
    squared = (y - mean) ** 2 / mean
    cap = earlier(pd.Series(squared).rolling(window, min_periods=few).quantile(CUT))
    spread = earlier(pd.Series(np.minimum(squared, cap)).rolling(window, min_periods=few).mean()) / CUT_TAKES
    return Expected(root, factor, mean, np.where(np.isnan(spread), 1.0, np.maximum(spread, 1.0)))
