"""Long frames in, regular series out: the checks, the time grid and the grain that every forecast starts from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

from forecasting.errors import BadArgument, BadSeries, TooLittleData

#: Fewer observed values than this and no method is better than a guess.
MIN_POINTS = 4


@dataclass(frozen=True)
class Grain:
    """How often a series is observed, and what that implies.

    Parameters
    ----------
    name : hour | day | week | month | quarter | year.
    freq : pandas alias of the grid, e.g. "W-MON".
    seasons : candidate season lengths in periods, longest first; () = none.
    period : season length of the naive error that scales MASE, and of Naive2 (M4: 1 for weekly and daily data).
    memory : periods of history that the smoothing members look at.
    span : periods of history that the regressions learn from.
    recent : periods over which the present level of noise is measured.
    lags_long, lags_short : past values that the regressions read, beside one horizon's worth.
    smooth : periods of the trailing window over which a share is steady enough to be compared.
    """

    name: str
    freq: str
    seasons: tuple[int, ...]
    period: int
    memory: int
    span: int
    recent: int
    lags_long: int
    lags_short: int
    smooth: int

    def windows(self, lags: int, h: int) -> int:
        """Return the history a regression on `lags` + h values needs: that, and half a season more windows than h."""
        return lags + 2 * h + (self.seasons[-1] // 2 if self.seasons else 2)

    def future(self, last: pd.Timestamp, h: int) -> pd.DatetimeIndex:
        """Return the `h` dates that follow `last`."""
        return _dates(self.freq, h + 1, start=last)[1:]

    def past(self, last: pd.Timestamp, n: int) -> pd.DatetimeIndex:
        """Return the `n` dates that end with `last`."""
        return _dates(self.freq, n, end=last)


@lru_cache(maxsize=512)
def _dates(freq: str, n: int, **edge: pd.Timestamp) -> pd.DatetimeIndex:
    """Return `n` dates from `start` or up to `end`; kept, because series that stand side by side share them."""
    (at,) = edge.values()
    if freq.startswith("W") and str(at.tz) in ("None", "UTC") and to_offset(freq).is_on_offset(at):
        freq = "7D"  # the same; pandas counts anchored weeks one by one
    return pd.date_range(periods=n, freq=freq, **edge)


_GRAINS = {
    "h": Grain("hour", "h", (168, 24), 24, 1008, 1344, 336, 168, 24, 168),
    "D": Grain("day", "D", (7,), 1, 365, 1096, 112, 56, 28, 28),
    "W": Grain("week", "W", (52,), 1, 260, 1040, 104, 104, 52, 13),
    "M": Grain("month", "MS", (12,), 12, 120, 240, 36, 24, 12, 3),
    "Q": Grain("quarter", "QS", (4,), 4, 60, 80, 16, 8, 4, 2),
    "Y": Grain("year", "YS", (), 1, 40, 40, 10, 4, 2, 1),
}
_ALIASES = {"H": "h", "M": "MS", "Q": "QS", "Y": "YS", "A": "YS", "AS": "YS"}


def grain_of(freq: str) -> Grain:
    """Return the grain of a pandas frequency alias.

    Parameters
    ----------
    freq : "h", "D", "W" or "W-MON" ... "W-SUN", "MS" (or "M"), "ME", "QS" (or "Q"), "QE", "YS" (or "Y"), "YE". "M", "Q"
        and "Y" mean periods stamped with their first day, as everywhere in this project.

    Raises
    ------
    BadArgument : any other alias, and multiples such as "2W".
    """
    alias = _ALIASES.get(str(freq), str(freq))
    try:
        offset = to_offset(alias)
    except ValueError:
        offset = None
    family = alias.split("-")[0]
    base = _GRAINS.get({"MS": "M", "ME": "M", "QS": "Q", "QE": "Q", "YS": "Y", "YE": "Y"}.get(family, family))
    if base is None or offset is None or offset.n != 1:
        raise BadArgument(f"the grain {freq!r} is not known", "freq", "pass one of 'h', 'D', 'W', 'MS', 'QS', 'YS'")
    return Grain(**{**base.__dict__, "freq": alias})


@dataclass(frozen=True)
class Panel:
    """Regular series of one grain, in the order of their ids.

    Parameters
    ----------
    ids : one id a series, sorted.
    values : per series a float array from its first to its last observed period; NaN = missing, never at either end.
    ends : the period of the last value of each series.
    grain : the common grain.
    """

    ids: tuple[object, ...]
    values: tuple[np.ndarray, ...]
    ends: tuple[pd.Timestamp, ...]
    grain: Grain

    @property
    def lengths(self) -> np.ndarray:
        """Periods from the first to the last value of each series."""
        return np.array([len(v) for v in self.values])

    def observed(self) -> np.ndarray:
        """Values that are not missing, per series."""
        return np.array([int(np.isfinite(v).sum()) for v in self.values])


def panel(df: pd.DataFrame, freq: str, *, min_points: int = MIN_POINTS) -> Panel:
    """Return the checked, regular form of a long frame.

    Rows may come in any order; a period without a row, or with a missing `y`, is missing and stays so. Missing values at
    the end are dropped: a series is forecast from its last observed period on.

    Parameters
    ----------
    df : `unique_id`, `ds` (a date, or text in ISO 8601), `y` (a number); other columns are ignored.
    freq : the grain, see `grain_of`. "W" alone takes the weekday from the dates.
    min_points : observed values that every series must have.

    Raises
    ------
    BadArgument : the grain is not known.
    BadSeries : a column is absent, an id or a date is missing, a date lies off the grid or comes twice, a value is not a
        finite number.
    TooLittleData : no rows, or a series with fewer than `min_points` values.
    """
    grain = grain_of(freq)
    frame = _columns(df)
    if grain.freq == "W":
        grain = Grain(**{**grain.__dict__, "freq": f"W-{frame['ds'].iloc[0].strftime('%a').upper()}"})
    step = _steps(frame, grain)
    frame = frame.assign(step=step).sort_values(["unique_id", "step"], kind="stable")
    twice = frame.duplicated(["unique_id", "step"])
    if twice.any():
        row = frame[twice].iloc[0]
        remedy = "add up or average the rows of one period first"
        raise BadSeries(f"the period {row['ds']:%Y-%m-%d %H:%M} comes more than once", _name(row["unique_id"]), remedy)
    known = frame[frame["y"].notna()]
    ids, values, ends, short = [], [], [], []
    groups = dict(list(known.groupby("unique_id", sort=False)))
    for uid in sorted(frame["unique_id"].unique(), key=_order):
        group = groups.get(uid)
        if group is None or len(group) < min_points:
            short.append((uid, 0 if group is None else len(group)))
            continue
        at = group["step"].to_numpy()
        y = np.full(at[-1] - at[0] + 1, np.nan)
        y[at - at[0]] = group["y"].to_numpy(float)
        ids.append(uid)
        values.append(y)
        ends.append(group["ds"].iloc[-1])
    if short:
        uid, n = short[0]
        more = f" (and {len(short) - 1} more series)" if len(short) > 1 else ""
        remedy = "leave such series out or give them a longer history"
        raise TooLittleData(f"{n} observed values, at least {min_points} are needed{more}", _name(uid), remedy)
    return Panel(tuple(ids), tuple(values), tuple(ends), grain)


def check_horizon(h: int) -> int:
    """Return `h` as an int, or raise BadArgument when it is not a whole number of at least 1."""
    if isinstance(h, bool) or int(h) != h or h < 1:
        raise BadArgument(f"a horizon of {h!r} periods", "h", "pass a whole number of at least 1")
    return int(h)


def check_levels(levels: Sequence[float]) -> tuple[float, ...]:
    """Return the levels in rising order, or raise BadArgument when one lies outside 0..100 (per cent, exclusive)."""
    out = tuple(sorted({float(level) for level in levels}))
    wrong = [level for level in out if not 0 < level < 100]
    if wrong:
        raise BadArgument(
            f"a level of {wrong[0]:g} per cent", "levels", "pass per cents between 0 and 100, e.g. (80, 95)"
        )
    return out


def bound(side: str, level: float, model: str = "yhat") -> str:
    """Return the column name of an interval end, e.g. "yhat-lo-80"."""
    return f"{model}-{side}-{level:g}"


def fill(y: np.ndarray) -> np.ndarray:
    """Return `y` with inner gaps bridged by straight lines and the last value carried to the end (for fitting only)."""
    missing = np.isnan(y)
    if not missing.any():
        return y
    at = np.arange(len(y))
    return np.interp(at, at[~missing], y[~missing])


def log_offset(y: np.ndarray) -> float:
    """Return what is added to a series before logarithms: 1 (log1p), less where its typical positive value is below 1."""
    positive = y[y > 0]
    # Where most of them reach 1 so does their median, which takes long to find.
    if not len(positive) or 2 * np.count_nonzero(positive >= 1) > len(positive):
        return 1.0
    return min(1.0, float(np.median(positive)))


def alike(sizes: Sequence[int] | np.ndarray, most: int | None = None) -> Iterator[np.ndarray]:
    """Yield the places of equal `sizes`, the smallest first, `most` of them at once: what can be stacked in one array."""
    sizes = np.asarray(sizes)
    for size in np.unique(sizes):
        at = np.flatnonzero(sizes == size)
        yield from np.split(at, range(most, len(at), most)) if most else [at]


def _columns(df: pd.DataFrame) -> pd.DataFrame:
    absent = [c for c in ("unique_id", "ds", "y") if c not in df.columns]
    if absent:
        raise BadSeries(f"no column {', '.join(map(repr, absent))}", "frame", "name the columns unique_id, ds and y")
    if df.empty:
        raise TooLittleData("the frame has no rows", "frame", "pass at least one series")
    frame = df[["unique_id", "ds", "y"]].reset_index(drop=True)
    if frame["unique_id"].isna().any():
        raise BadSeries("a row has no series id", "unique_id", "give every row the id of its series")
    if frame["unique_id"].dtype.name == "category":
        frame["unique_id"] = frame["unique_id"].astype(frame["unique_id"].cat.categories.dtype)
    if pd.api.types.is_numeric_dtype(frame["ds"]):
        raise BadSeries("the dates are numbers", "ds", "turn them into dates first")
    try:
        frame["ds"] = pd.to_datetime(frame["ds"], format="ISO8601")
        frame["y"] = pd.to_numeric(frame["y"]).astype("float64")
    except (ValueError, TypeError) as error:
        raise BadSeries(
            f"not a date or not a number ({error})", "ds, y", "write dates as 2024-01-31 and numbers without signs"
        ) from error
    if frame["ds"].isna().any():
        row = frame[frame["ds"].isna()].iloc[0]
        raise BadSeries("a row has no date", _name(row["unique_id"]), "drop the row or give it a date")
    if np.isinf(frame["y"]).any():
        row = frame[np.isinf(frame["y"])].iloc[0]
        raise BadSeries(f"the value at {row['ds']:%Y-%m-%d} is infinite", _name(row["unique_id"]), "set it to missing")
    return frame


def _steps(frame: pd.DataFrame, grain: Grain) -> np.ndarray:
    """Return each row's place on the grid, counted from the first date of the frame."""
    dates = pd.DatetimeIndex(frame["ds"].unique()).sort_values()
    grid = pd.date_range(dates[0], dates[-1], freq=grain.freq)
    at = grid.get_indexer(dates)
    if len(grid) == 0 or (at < 0).any():
        wrong = dates[at < 0][0] if len(grid) else dates[0]
        row = frame[frame["ds"] == wrong].iloc[0]
        remedy = f"stamp every {grain.name} with one date of the grid {grain.freq!r}, or pass another freq"
        raise BadSeries(f"the date {wrong:%Y-%m-%d %H:%M} lies off the grid", _name(row["unique_id"]), remedy)
    return pd.Series(at, index=dates).reindex(frame["ds"]).to_numpy()


def _name(uid: object) -> str:
    return f"series {uid!r}"


def _order(uid: object) -> tuple[str, object]:
    """Sort key that also orders ids of mixed types."""
    return (type(uid).__name__, uid)
