"""Forecasts that use a leading series: the leader is proven first, then moves the forecast by what it is known to add."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecasting import ensemble, leading
from forecasting.errors import Note
from forecasting.frames import Grain, bound, check_horizon, check_levels, grain_of
from forecasting.lead_lag import prepare
from forecasting.lead_lags import lead_lags
from forecasting.own_past import Scale, scale_of
from forecasting.pairs import pair

#: How far back a leader may be read, by grain [periods].
MAX_LAG = {"hour": 24, "day": 14, "week": 8, "month": 6, "quarter": 4, "year": 2}
#: A leader never moves a forecast by more than this on the working scale (logarithms: a factor of 4.5).
MOST = 1.5


def forecast_led(
    df: pd.DataFrame,
    leaders: pd.DataFrame,
    h: int,
    *,
    freq: str,
    pairs: Iterable[tuple[object, object]] | None = None,
    levels: Sequence[float] = ensemble.LEVELS,
    seed: int = 0,
    max_lag: int | None = None,
    **settings: Any,
) -> pd.DataFrame:
    """Forecast as `forecasting.forecast`, with the leading series of every series that a leader is proven for.

    All pairs are tested with `lead_lags`. Where the claim holds, the forecast of the series is moved by what the leader's
    changes up to now add to its own past, with coefficients learned at each horizon and shrunk by their uncertainty, and the
    addition is weighed by how clearly it helped at past origins at that horizon: where it did not, the forecast stays.

    Parameters
    ----------
    df, h, freq, levels, seed : as in `forecast`; further `settings` are passed on to it.
    leaders : long frame `unique_id`, `ds`, `y` (and `known_at`) of possible leaders.
    pairs : (id of the leader, id of the series); None = namesakes.
    max_lag : longest lag [periods]; None = 8 weeks, 14 days, 6 months, 24 hours, 4 quarters, 2 years.

    Returns
    -------
    The columns of `forecast`, and `leader` (id, None = none is proven), `lead_periods`, `lead_gain` (share of the squared
    error it saved one period ahead at past origins), `lead_note` in words. The interval keeps its width: it is moved with
    the forecast, never narrowed.

    Raises
    ------
    As `forecast` and `lead_lags`.
    """
    h, levels = check_horizon(h), check_levels(levels)
    table = ensemble.forecast(df, h, freq=freq, levels=levels, seed=seed, **settings)
    max_lag = max_lag or MAX_LAG[grain_of(freq).name]
    found = lead_lags(leaders, df, max_lag=max_lag, h=1, seed=seed, freq=freq, pairs=pairs)
    proven = found[found["leads"]].sort_values("p_value").drop_duplicates("follower")
    table = table.assign(leader=None, lead_periods=np.nan, lead_gain=np.nan, lead_note="")
    values = ["yhat", *(bound(side, level) for level in levels for side in ("lo", "hi"))]
    for row in proven.itertuples():
        x = leaders[leaders["unique_id"] == row.leader]
        y = df[df["unique_id"] == row.follower]
        sides = pair(x, y, max_lag, freq)
        at = (table["unique_id"] == row.follower).to_numpy()
        if sides.last is None or table.loc[at, "ds"].iloc[0] != sides.grain.future(sides.last, 1)[0]:
            table.loc[at, "lead_note"] = f"{row.leader} ends too early to be used"
            continue
        scale, moved = scale_of(sides.y), moves(sides.x, sides.y, int(row.periods), h, max_lag, sides.grain)[-1]
        table.loc[at, values] = moved_by(table.loc[at, values].to_numpy(float), moved[:, None], scale)
        table.loc[at, ["leader", "lead_periods", "lead_gain"]] = [row.leader, row.periods, row.gain]
        table.loc[at, "lead_note"] = f"{row.leader} helps to forecast it {row.periods:.0f} periods ahead and is used"
    return table


def moves(x: np.ndarray, y: np.ndarray, lag: int, h: int, max_lag: int, grain: Grain) -> np.ndarray:
    """Return (T, h): by how much the leader moves the forecast at each origin, on the working scale of y; 0 = not at all.

    Parameters
    ----------
    x, y : (T,) leader and series on one axis, NaN = missing; the last row is the present.
    lag : of the leader [periods].

    Raises
    ------
    TooLittleData : as `lead_lag`.
    """
    sides = pair(x, y, max_lag, grain.freq)
    own, changes, _ = prepare(sides)
    out = np.zeros((len(y), h))
    for step in range(1, h + 1):
        if len(own.level) <= step:
            break
        found = leading.roll(own, leading.lead_columns(changes, step)[None, :, lag - 1], step)
        added = found.gain[0] * found.unit
        trusted = trust(found.error, found.gain[0], step)
        out[len(y) - len(own.level) + found.at, step - 1] = np.clip(trusted * added, -MOST, MOST)
    return out


def trust(error: np.ndarray, gain: np.ndarray, step: int) -> np.ndarray:
    """Return (n,) weights of what a leader adds at each origin, 0..1, from the earlier origins whose outcome was known there.

    The weight is the coefficient of the errors on the additions, shrunk as every coefficient here by its t-statistic, of which
    errors that overlap over `step` periods leave only a part: an addition that has not clearly helped so far is left out.

    Parameters
    ----------
    error, gain : (n,) as in `leading.Origins`; NaN error = not yet known.

    References
    ----------
    Bates & Granger (1969), Operational Research Quarterly 20, for the weight of a second forecast.
    """
    known = np.isfinite(error)
    e, g = np.where(known, error, 0.0), np.where(known, gain, 0.0)

    def before(values: np.ndarray) -> np.ndarray:
        return np.r_[np.zeros(step), np.cumsum(values)][: len(values)]

    shared, size, total, n = before(e * g), before(g * g), before(e * e), before(known.astype(float))
    explained = np.divide(shared**2, size, out=np.zeros_like(size), where=size > 0)
    noise = np.maximum(total - explained, 1e-12) / np.maximum(n - 1, 1)
    t_squared = explained / noise / step
    coefficient = np.clip(np.divide(shared, size, out=np.zeros_like(size), where=size > 0), 0.0, 1.0)
    return coefficient * np.clip(1 - leading.SHRINK / np.maximum(t_squared, 1e-12), 0.0, 1.0)


def moved_by(values: np.ndarray, moved: np.ndarray, scale: Scale) -> np.ndarray:
    """Return values of the series moved on its working scale; what is below zero on a logarithmic scale stays."""
    if not np.isfinite(scale.shift):
        return values + moved * scale.unit
    inside = np.maximum(values + scale.shift, 1e-12)
    out = inside * np.exp(moved) - scale.shift
    return np.where(values + scale.shift > 0, np.where(values >= 0, np.maximum(out, 0.0), out), values)


def used_note(leader: str, topic: str, row: Any) -> Note:
    """Return the note that a projection says when it uses a leader."""
    follower = "posts" if leader == "search" else "search"
    lag = f"{row.periods:.0f} period{'s' if row.periods > 1 else ''}"
    text = f"{leader} helps to forecast {follower} {lag} ahead ({row.gain:.0%} of the squared error saved) and is used"
    return Note("leader_used", str(topic), text)
