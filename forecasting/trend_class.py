"""One word for where a series stands (emerging, sustained, seasonal, peaked, fading, breakout), with its evidence.

The rules, in the order they are asked. `level` is the mean of the last 8 weeks (3 months, 2 quarters); `growth` is its
ratio to the same weeks a year before, or to the 8 weeks before where there is no such year, with a 95 % interval; `max`
is the highest such mean of the last 5 years. Each word has a threshold to be entered and an easier one to be kept:

word        entered when                                                                          kept while
breakout    level > 51 x the mean of the year before, or that mean was below the noise floor      > 36 x
            (half a unit) and level is at least 5 units
seasonal    the season explains >= 60 % of what is left beside the trend (two years at least),    >= 42 %, x 0.73 .. 1.38
            and growth lies between x 0.8 and x 1.25
emerging    growth > x 1.25 with its interval above 1, faster than 8 weeks before, and            > x 1.17, level >= 0.56 max,
            level >= 0.8 max                                                                      no longer faster is allowed
peaked      level < 0.7 max, the maximum older than a quarter of the history, and level had       level < 0.79 max
            been below 0.7 max before it
fading      growth < x 0.8 with its interval below 1                                              < x 0.855
sustained   none of these: the level holds, or grows without getting faster                       always

A new word must hold for 2 periods in a row before it replaces the old one, and the history is walked through from its
beginning, so that what was said of a past week never changes when another week arrives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy import stats

from forecasting.errors import BadArgument
from forecasting.frames import Grain, grain_of, panel

CLASSES = ("breakout", "seasonal", "emerging", "peaked", "fading", "sustained")
#: Below this many units a level cannot be told from rounding and chance, and above so many times it, it can.
NOISE_FLOOR, CLEAR = 0.5, 10.0
#: Google's own bound for "breakout": + 5,000 %.
BREAKOUT = 51.0
GROWTH = float(np.log2(1.25))
SEASON = 0.6
NEAR_MAX, BELOW_MAX = 0.8, 0.7
OLD = 0.25
#: Exit thresholds relative to entry (the hysteresis that alert users ask for: reference in docs/validation.md).
EASE = 0.7
#: Periods in a row that a new word must hold.
CONFIRM = 2
YEARS = 5
#: Periods between two looks at the season: it does not change from week to week.
EVERY = 4
#: Periods of the level and of the year, by grain. Hours and days are summed to weeks first.
WINDOWS = {"week": (8, 52), "month": (3, 12), "quarter": (2, 4)}


@dataclass(frozen=True)
class Evidence:
    """What the rules look at, at one date; NaN = cannot be told."""

    growth: float
    lo: float
    hi: float
    before: float
    against: str
    of_max: float
    max_age: float
    rose: bool
    season: float
    base: float
    level: float


def trend_class(df: pd.DataFrame, *, freq: str) -> pd.DataFrame:
    """Return the trend class of every series, with the evidence.

    Parameters
    ----------
    df : long frame `unique_id`, `ds`, `y` >= 0 or missing; hours and days are summed to whole weeks.
    freq : grain, as in `forecasting.forecast`.

    Returns
    -------
    One row a series: `unique_id`; `trend` (a word of CLASSES, or "cannot tell"); `since` first date of that word;
    `growth`, `growth_lo`, `growth_hi` [doublings]; `against` "year" | "before" (what growth is measured against);
    `faster` growth minus that of 8 weeks before [doublings]; `of_max` level / highest level [0..1]; `max_age` age of the
    highest level / length of the history [0..1]; `season` share explained [0..1]; `of_base` level / mean of the year
    before; `level` [unit of y]; `n` periods; `reason`, "" or why there is no word. The rules stand at the top of this file.

    Raises
    ------
    BadArgument : an unknown grain, or years. BadSeries : as `forecasting.forecast`.

    References
    ----------
    Wang, Smith & Hyndman (2006) for the strength of a season; Newey & West (1987) for the interval of growth.
    """
    if grain_of(freq).name == "year":
        raise BadArgument("yearly values hold no trend class", "freq", "pass quarters or a finer grain")
    rows: list[dict[str, object]] = []
    if {"unique_id", "y"} <= set(df.columns):
        empty = df.groupby("unique_id", sort=False)["y"].count().loc[lambda count: count == 0].index
        blank = {"trend": "cannot tell", "since": pd.NaT, "n": 0}
        rows = [{"unique_id": uid, **_row(blank, None, "no value was ever observed")} for uid in empty]
        df = df[~df["unique_id"].isin(empty)]
        if rows and df.empty:
            return pd.DataFrame(rows)
    data = panel(df, freq, min_points=1)
    for uid, y, end in zip(data.ids, data.values, data.ends, strict=True):
        rows.append({"unique_id": uid, **_classify(pd.Series(y, data.grain.past(end, len(y))), data.grain)})
    return pd.DataFrame(rows)


def trend_path(df: pd.DataFrame, *, freq: str) -> pd.DataFrame:
    """Return what `trend_class` said at every past period of every series.

    Parameters and errors as in `trend_class`.

    Returns
    -------
    One row per (unique_id, ds) from the first period with a word on: `unique_id`, `ds`, `trend`.
    """
    data = panel(df, freq, min_points=1)
    parts = []
    for uid, y, end in zip(data.ids, data.values, data.ends, strict=True):
        own, short, year = in_weeks(pd.Series(y, data.grain.past(end, len(y))), data.grain)
        if (own.dropna() >= 0).all():
            words = [(own.index[t], word) for t, word, _, _ in _walk(own.to_numpy(float), short, year)]
            parts.append(pd.DataFrame(words, columns=["ds", "trend"]).assign(unique_id=uid))
    empty = pd.DataFrame({"unique_id": [], "ds": pd.to_datetime([]), "trend": []})
    return pd.concat(parts, ignore_index=True)[["unique_id", "ds", "trend"]] if parts else empty


def in_weeks(y: pd.Series, grain: Grain) -> tuple[pd.Series, int, int]:
    """Return the series (hours and days summed to whole weeks), and its periods of the level and of the year."""
    if grain.name == "year":
        raise BadArgument("yearly values hold no trend class", "freq", "pass quarters or a finer grain")
    if grain.name not in ("hour", "day"):
        return (y, *WINDOWS[grain.name])
    weeks = y.resample("W-MON", label="left", closed="left")
    own = weeks.sum(min_count=1).where(weeks.size() == {"hour": 168, "day": 7}[grain.name])
    return (own.loc[own.first_valid_index() : own.last_valid_index()], *WINDOWS["week"])


def _classify(y: pd.Series, grain: Grain) -> dict[str, object]:
    y, short, year = in_weeks(y, grain)
    values = y.to_numpy(float)
    blank: dict[str, object] = {"trend": "cannot tell", "since": pd.NaT, "n": int(np.isfinite(values).sum())}
    if (values[np.isfinite(values)] < 0).any():
        return _row(blank, None, "a value is below zero: levels cannot be compared as ratios")
    if len(values) < 2 * short:
        return _row(blank, None, f"{len(values)} periods, at least {2 * short} are needed")
    said = list(_walk(values, short, year))
    if not said or said[-1][0] != len(values) - 1:
        return _row(blank, None, "the last periods are missing, or nothing was ever above zero")
    _, word, since, found = said[-1]
    return _row({**blank, "trend": word, "since": y.index[since]}, found, "")


def _walk(values: np.ndarray, short: int, year: int) -> Iterator[tuple[int, str, int, Evidence]]:
    """Yield (period, word, period it holds from, evidence) from the beginning on, where there is something to say."""
    means = pd.Series(values).rolling(short, min_periods=max(1, short // 2)).mean().to_numpy()
    word, since, waiting, rival, season = "", 0, 0, "", np.nan
    for t in range(2 * short, len(values) + 1):
        start = max(0, t - YEARS * year)
        if (t - 2 * short) % EVERY == 0:
            season = _season(values[start:t], year)
        found = _evidence(values[start:t], means[start:t], season, short, year)
        if not np.isfinite(found.growth):
            continue
        best = next(c for c in CLASSES if _holds(c, found, 1.0))
        if not word:
            word, since = best, t - 1
        kept = _holds(word, found, EASE) and not _outranked(word, best)
        waiting = 0 if kept or best == word else (waiting + 1 if best == rival else 1)
        rival = best
        if waiting >= CONFIRM:
            word, since, waiting = best, t - 1, 0
        yield t - 1, word, since, found


def _outranked(word: str, best: str) -> bool:
    """Return whether the newcomer may replace a word that still holds: only "sustained" always holds."""
    return best != word and (word == "sustained" or best == "breakout")


def _holds(word: str, e: Evidence, ease: float) -> bool:
    """Return whether a rule holds; `ease` < 1 loosens its thresholds."""
    growth = GROWTH * ease
    if word == "breakout":
        return e.base > BREAKOUT * ease
    if word == "seasonal":
        return e.against == "year" and e.season >= SEASON * ease and abs(e.growth) <= GROWTH / ease
    if word == "emerging":
        risen = e.growth > growth and (e.lo > 0 or ease < 1)
        return risen and e.of_max >= NEAR_MAX * ease and (not e.growth <= e.before or ease < 1)
    if word == "peaked":
        return e.of_max < 1 - (1 - BELOW_MAX) * ease and e.max_age > OLD * ease and e.rose
    if word == "fading":
        return e.growth < -growth and (e.hi < 0 or ease < 1)
    return True


def _evidence(y: np.ndarray, means: np.ndarray, season: float, short: int, year: int) -> Evidence:
    n = len(y)
    now = y[-short:]
    level = float(means[-1])
    against = "year" if n >= year + short and np.isfinite(means[-1 - year]) else "before"
    lag = year if against == "year" else short
    growth, half = _ratio(now, y[n - short - lag : n - lag])
    before = np.nan
    if n >= lag + 2 * short:
        before, _ = _ratio(y[-2 * short : -short], y[n - 2 * short - lag : n - short - lag])
    top = float(np.nanmax(means)) if np.isfinite(means).any() else np.nan
    at = int(np.nanargmax(means)) if np.isfinite(means).any() else n - 1
    earlier = means[: max(at - short, 0)]
    rose = bool(np.isfinite(earlier).any() and np.nanmin(earlier) < BELOW_MAX * top)
    past = y[max(0, n - short - year) : n - short]
    known = past[np.isfinite(past)]
    base = level / known.mean() if len(known) and known.mean() > 0 else np.nan
    if len(known) and known.mean() < NOISE_FLOOR:
        base = np.inf if level >= CLEAR * NOISE_FLOOR else np.nan
    of_max = level / top if top > 0 else np.nan
    return Evidence(
        growth, growth - half, growth + half, before, against, of_max, (n - 1 - at) / n, rose, season, base, level
    )


def _ratio(now: np.ndarray, then: np.ndarray) -> tuple[float, float]:
    """Return log2 of the ratio of two means and the half-width of its 95 % interval."""
    parts = [v[np.isfinite(v)] for v in (now, then)]
    if min(len(v) for v in parts) < 2 or max(v.max() for v in parts) <= 0:
        return np.nan, np.nan
    floor = min(NOISE_FLOOR, *(float(v[v > 0].min()) / 2 for v in parts if (v > 0).any()))
    means = [max(float(v.mean()), floor) for v in parts]
    variance = sum(_of_mean(v) / m**2 for v, m in zip(parts, means, strict=True))
    t = _quantile(sum(len(v) for v in parts) - 2)
    return float(np.log2(means[0] / means[1])), t * float(np.sqrt(variance)) / float(np.log(2))


@lru_cache
def _quantile(freedom: int) -> float:
    return float(stats.t.ppf(0.975, freedom))


def _of_mean(v: np.ndarray) -> float:
    """Return the variance of a mean whose values are correlated (Bartlett weights, two lags)."""
    n, c = len(v), v - v.mean()
    total = float(c @ c) + 2 * sum((1 - k / 3) * float(c[k:] @ c[:-k]) for k in (1, 2) if n > k)
    return max(total, float(c @ c) / 2) / n / (n - 1)


def _season(y: np.ndarray, year: int) -> float:
    """Return the share of the variance beside a smooth trend that three harmonics of the year explain, adjusted."""
    n = len(y)
    if n < 2 * year:
        return np.nan
    z = np.log1p(y)
    t = np.arange(n)
    pairs = min(3, (year - 1) // 2)
    angle = 2 * np.pi * t[:, None] * np.arange(1, pairs + 1) / (365.25 / 7 if year == 52 else year)
    trend = np.vander(t / n, 4)
    w = np.column_stack([trend, np.cos(angle), np.sin(angle)])
    known = np.isfinite(z)
    if known.sum() < w.shape[1] + year:
        return np.nan
    rest = z[known] - w[known] @ np.linalg.lstsq(w[known], z[known], rcond=None)[0]
    plain = z[known] - trend[known] @ np.linalg.lstsq(trend[known], z[known], rcond=None)[0]
    total = float(plain @ plain)
    if total <= 1e-12 * n:
        return 0.0
    free = known.sum() - w.shape[1]
    return max(0.0, 1 - float(rest @ rest) / free / (total / (known.sum() - 4)))


def _row(row: dict[str, object], e: Evidence | None, reason: str) -> dict[str, object]:
    names = ("growth", "growth_lo", "growth_hi", "faster", "of_max", "max_age", "season", "of_base", "level")
    figures = [np.nan] * len(names)
    if e is not None:
        figures = [e.growth, e.lo, e.hi, e.growth - e.before, e.of_max, e.max_age, e.season, e.base, e.level]
    return {**row, **dict(zip(names, figures, strict=True)), "against": e.against if e else "", "reason": reason}
