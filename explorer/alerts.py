"""Alerts on a series of counts: one default from five minutes to months, no look-ahead, a budget of false alarms in words."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from explorer.alert_budget import budget_days, limits
from explorer.alert_events import KINDS, MIN_COUNT, Found, drops, find_events, find_outbreaks
from explorer.baseline import Grid, expected, regular, shape
from explorer.burst_score import burst_score
from explorer.count_quantiles import negative_binomial
from explorer.outbreak import Outbreak, outbreak_score

#: What a row can be told: nothing was collected; too little past; threshold still partly a typical one; all of its own.
STATES = ("gap", "starting", "learning", "ready")
#: Weekly and monthly counts: together with the three periods before, an alert rests on at least this many.
RECENT = 4
#: Days beyond which no return period is told: it rests on the tail of a curve, not on anything that was seen.
LONGEST = 36_525.0

__all__ = ["KINDS", "STATES", "readiness", "score"]


def score(
    df: pd.DataFrame,
    *,
    freq: str | None = None,
    budget: str | float | None = None,
    sensitivity: str = "balanced",
    min_count: int = MIN_COUNT,
    level: float = 0.95,
    coverage: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Score every period of a series against its own past, and say where to alert.

    Causal: appending rows never changes the score, threshold or alert of an earlier row. Nothing is fitted to the whole
    series, and nothing needs setting: the same default serves counts per five minutes and per week.

    Parameters
    ----------
    df : `ds` (first instant of the period), `y` (count >= 0; NaN or no row = not collected, which is not zero).
    freq : pandas alias; None = read from the first rows (give it when those may have gaps).
    budget : false alarms that a quiet series may give, as words ("about one false alarm a month") or days between two of
        them; None = what `sensitivity` stands for.
    sensitivity : "fewer" | "balanced" | "more".
    min_count : posts within the hour (or the period, if longer) below which nothing is an alert.
    level : coverage of `lo`..`hi`, 0..1.
    coverage : `start`, `end`, `status`; periods that touch a window whose status is neither complete nor empty count as
        not collected.

    Returns
    -------
    One row per period from the first to the last, gaps included:
    `ds`, `y`; `expected`, `lo`, `hi` [same unit], the negative-binomial interval of an ordinary count, and `spread`, its
    variance / mean; `ratio` = y / expected;
    `excess` = y - expected where positive; `score` and the `threshold` it is held against; `return_days`: by chance such a
    score comes about once in so many days, at most LONGEST; `alert`; `kind` ('' | 'spike' | 'rise' | 'escalation' |
    'level shift' | 'drop' | 'gap'; a level shift is said once and is no new alert, a gap never is one); `event` (number of the
    event, 0 = none); `state` (one of STATES).

    Raises
    ------
    BadSeries, BadArgument, TooLittleData : see explorer.baseline.regular and explorer.alert_budget.budget_days.

    References
    ----------
    The views and their choice: docs/alerts-log.md. Weekly and monthly counts: Noufaily et al. (2013), explorer.outbreak.
    """
    grid = regular(df, freq)
    if coverage is not None:
        grid = _uncover(grid, coverage)
    days = budget_days(budget, sensitivity, grid.grain)
    found = _fine(grid, days, min_count) if grid.grain in ("fine", "day") else _coarse(grid, days, min_count)
    tail = (1 - level) / 2
    state = np.select([np.isnan(grid.y), np.isnan(found.score), found.own < 1], STATES[:3], default=STATES[3])
    columns = {
        "ds": grid.ds,
        "y": grid.y,
        "expected": found.mean,
        "lo": negative_binomial(found.mean, found.dispersion, tail),
        "hi": negative_binomial(found.mean, found.dispersion, 1 - tail),
        "spread": found.dispersion,
        "ratio": grid.y / found.mean,
        "excess": np.maximum(grid.y - found.mean, 0.0),
        "score": found.score,
        "threshold": found.threshold,
        "return_days": np.minimum(found.return_days, LONGEST),
        "alert": found.alert,
        "kind": found.kind,
        "event": found.event,
        "state": state,
    }
    return pd.DataFrame(columns)


def readiness(scored: pd.DataFrame) -> list[str]:
    """Return what the alerts of a scored series cannot do yet, as codes of explorer.alert_phrases.READINESS."""
    known = scored[scored["y"].notna()]
    state = known["state"].iloc[-1] if len(known) else "starting"
    if state == "ready":
        return []
    if state == "starting":
        return ["start"]
    span = known["ds"].iloc[-1] - known["ds"].iloc[0]
    coarse = scored["ds"].diff().median() >= pd.Timedelta(6, "D")
    missing = ["threshold"] if not coarse else []
    if not coarse and span < pd.Timedelta(3, "D"):
        missing.append("day")
    if not coarse and span < pd.Timedelta(14, "D"):
        missing.append("week")
    return [*missing, "year"] if coarse and span < pd.Timedelta(730, "D") else missing


@dataclass(frozen=True)
class _Scored:
    """Arrays of one value a row."""

    mean: np.ndarray
    dispersion: np.ndarray
    score: np.ndarray
    threshold: np.ndarray
    return_days: np.ndarray
    own: np.ndarray
    alert: np.ndarray
    kind: np.ndarray
    event: np.ndarray


def _uncover(grid: Grid, coverage: pd.DataFrame) -> Grid:
    y = grid.y.copy()
    zone = grid.ds.tz
    for status, *window in zip(coverage["status"], coverage["start"], coverage["end"], strict=True):
        if status in ("complete", "empty"):
            continue
        start, end = (pd.Timestamp(t) for t in window)
        if zone is None and start.tzinfo is not None:
            start, end = start.tz_convert("UTC").tz_localize(None), end.tz_convert("UTC").tz_localize(None)
        y[(grid.ds + grid.step > start) & (grid.ds < end)] = np.nan
    return replace(grid, y=y)


def _fine(grid: Grid, days: float, min_count: int) -> _Scored:
    """Minutes to days: burst score, own return level; after a change of level history begins anew."""
    factor = shape(grid)
    usual = expected(grid, factor)
    views = burst_score(grid, usual)
    limit = limits(grid, views.score, days)
    out = _empty(grid)
    first = event = 0
    while True:
        found = find_events(
            grid, usual, views.score, views.slow, limit.threshold, first=first, event=event, min_count=min_count
        )
        event = _mark(out, found, event)
        if found.shift is None:
            break
        begin, confirmed = found.shift
        first = confirmed + 1
        usual = usual.after(first, expected(grid, factor, begin))
        views = views.after(first, burst_score(grid, usual, begin))
        limit = limits(grid, views.score, days)
    for row in drops(grid):
        if not out.alert[row]:
            event += 1
            out.alert[row], out.kind[row], out.event[row] = True, "drop", event
    return replace(
        out,
        mean=usual.mean,
        dispersion=usual.dispersion,
        score=views.score,
        threshold=limit.threshold,
        return_days=limit.return_days,
        own=limit.own,
    )


def _coarse(grid: Grid, days: float, min_count: int) -> _Scored:
    """Weeks and longer: regression with yearly waves; the budget is the tail probability of one period."""
    alpha = min(grid.step / pd.Timedelta(days, "D"), 0.5)
    threshold = np.full(len(grid.y), stats.norm.isf(alpha))
    recent = pd.Series(grid.y).rolling(RECENT, min_periods=1).sum().to_numpy()
    out = _empty(grid)
    shifts: tuple[tuple[int, int], ...] = ()
    usual = outbreak_score(grid)
    first = event = 0
    while True:
        found = find_outbreaks(grid, usual.score, threshold, recent >= min_count, first=first, event=event)
        event = _mark(out, found, event)
        if found.shift is None:
            break
        shifts += (found.shift,)
        first = found.shift[1] + 1
        usual = _after(usual, first, outbreak_score(grid, shifts))
    with np.errstate(divide="ignore"):
        chance = grid.step / pd.Timedelta(1, "D") / stats.norm.sf(usual.score)
    return replace(
        out,
        mean=usual.mean,
        dispersion=usual.dispersion,
        score=usual.score,
        threshold=threshold,
        return_days=chance,
        own=np.where(usual.waves > 0, 1.0, 0.0),
    )


def _after(old: Outbreak, first: int, new: Outbreak) -> Outbreak:
    late = np.arange(len(old.mean)) >= first
    return Outbreak(
        *(np.where(late, getattr(new, f), getattr(old, f)) for f in ("mean", "dispersion", "score", "waves"))
    )


def _empty(grid: Grid) -> _Scored:
    n = len(grid.y)
    nothing = np.full(n, np.nan)
    kind = np.where(np.isnan(grid.y), "gap", "").astype(object)
    unset = (nothing, nothing, nothing, nothing, nothing, nothing)
    return _Scored(*unset, np.zeros(n, dtype=bool), kind, np.zeros(n, dtype=int))


def _mark(out: _Scored, found: Found, event: int) -> int:
    """Write the alerts of one pass; returns the number of the last event."""
    rows = list(found.rows)
    out.alert[rows] = True
    out.kind[rows] = found.kinds
    out.event[rows] = found.events
    event = max([event, *found.events])
    if found.shift is not None:
        confirmed = found.shift[1]
        out.kind[confirmed], out.event[confirmed] = "level shift", event
    return event
