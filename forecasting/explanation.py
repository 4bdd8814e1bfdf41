"""What a series is made of, in Prophet's terms: trend, changepoints, seasons, holidays. It explains; it does not forecast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecasting import known_effects
from forecasting.errors import Note, TooLittleData
from forecasting.frames import Grain, panel
from forecasting.members import Batch
from forecasting.prophet_member import quiet

#: Observed values below which a trend with changepoints and a season are not told apart.
MIN_POINTS = 20
#: Changes of the trend smaller than this share of the largest are the shrinkage of Prophet's prior, not a bend.
CLEAR_BEND = 0.1


@dataclass(frozen=True)
class Explanation:
    """The parts of one series, ready to draw.

    Parameters
    ----------
    path : `ds`, `actual` (NaN = missing), `fitted`, `trend`, all in the unit of y.
    seasons : `season` ("weekly", "yearly", "daily"), `position` (days from the start of the cycle), `effect`.
    holidays : `event`, `effect`, `n` (times seen), strongest first.
    changepoints : `ds`, `change` of the trend's slope per year, strongest first.
    factors : effects multiply (1.2 = a fifth above the trend) and `change` is a growth factor a year; else they add, in the
        unit of y, and `change` is in that unit a year.
    share_explained : share of the variance that trend, seasons and holidays explain [0..1], on the scale of the fit.
    n : observed values.
    notes : what to know.
    """

    path: pd.DataFrame
    seasons: pd.DataFrame
    holidays: pd.DataFrame
    changepoints: pd.DataFrame
    factors: bool
    share_explained: float
    n: int
    notes: tuple[Note, ...]


def explain(
    df: pd.DataFrame, *, freq: str, country: str | None = None, events: pd.DataFrame | None = None
) -> Explanation:
    """Take one series apart with Prophet: on logarithms where it was never negative, so that effects are factors.

    Parameters
    ----------
    df : long frame [unique_id, ds, y] of one series. freq, country, events : as in `forecasting.forecast`.

    Returns
    -------
    Explanation: the path with its trend, the seasons, holidays and changepoints, and the share of the movement they explain.

    Raises
    ------
    TooLittleData : fewer than 20 observed values, or more than one series.
    BadArgument, BadSeries : as `forecasting.forecast`.

    References
    ----------
    Taylor & Letham (2018), Forecasting at scale, The American Statistician 72.
    """
    data = panel(df, freq)
    if len(data.ids) != 1:
        raise TooLittleData(f"{len(data.ids)} series, one is explained at a time", "explain", "choose one")
    y = data.values[0]
    n = int(np.isfinite(y).sum())
    if n < MIN_POINTS:
        raise TooLittleData(f"{n} observed values, at least {MIN_POINTS} are needed", "explain", "wait for more data")
    batch = Batch((y,), data.ends, data.grain, 1)
    factors = bool(batch.nonnegative[0])
    scaled, back = _scales(y, float(batch.offset[0]), factors=factors)
    dates = batch.dates(0)[0]
    known = known_effects.calendar(country, events, dates[0], dates[-1], data.grain)
    days = _periods(known, dates, data.grain) if known is not None else None
    plain = dates.tz_localize(None)
    with quiet():
        from prophet import Prophet

        model = Prophet(uncertainty_samples=0, holidays=days if days is not None and len(days) else None)
        model.fit(pd.DataFrame({"ds": plain, "y": scaled}))
        made = model.predict(pd.DataFrame({"ds": plain}))
        seasons = _seasons(model, data.grain.name, factors=factors)
    path = pd.DataFrame(
        {"ds": dates, "actual": y, "fitted": back(made["yhat"].to_numpy()), "trend": back(made["trend"].to_numpy())}
    )
    rest = scaled - made["yhat"].to_numpy()
    spread = float(np.nanvar(scaled))
    share = float(np.clip(1 - np.nanvar(rest) / spread, 0, 1)) if spread > 0 else 1.0
    return Explanation(
        path,
        seasons,
        _holidays(made, days, factors=factors),
        _bends(model, factors=factors),
        factors,
        share,
        n,
        _notes(model, factors=factors),
    )


def _scales(y: np.ndarray, offset: float, *, factors: bool) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    if not factors:
        return y, lambda x: x
    return np.log(y + offset), lambda x: np.maximum(np.exp(x) - offset, 0.0)


def _periods(known: known_effects.Calendar, dates: pd.DatetimeIndex, grain: Grain) -> pd.DataFrame:
    """Return Prophet's table of holidays: the periods that hold a day of an event."""
    names, inside = known.matrix(dates, grain)
    rows = [(name, day) for j, name in enumerate(names) for day in dates.tz_localize(None)[inside[:, j] > 0]]
    return pd.DataFrame(rows, columns=["holiday", "ds"])


def _seasons(model: Any, grain: str, *, factors: bool) -> pd.DataFrame:
    parts = [pd.DataFrame(columns=["season", "position", "effect"]).astype({"position": float, "effect": float})]
    for name, season in model.seasonalities.items():
        cycle = float(season["period"])
        steps = {"daily": 24, "weekly": 168 if grain == "hour" else 7}.get(name, 53)
        at = np.arange(steps) * cycle / steps
        start = pd.Timestamp("2018-01-01")  # a Monday, and the first day of a year
        table = model.setup_dataframe(pd.DataFrame({"ds": start + pd.to_timedelta(at, unit="D")}))
        effect = model.predict_seasonal_components(table)[name].to_numpy()
        parts.append(pd.DataFrame({"season": name, "position": at, "effect": np.exp(effect) if factors else effect}))
    return pd.concat(parts[1:] or parts, ignore_index=True)


def _holidays(made: pd.DataFrame, days: pd.DataFrame | None, *, factors: bool) -> pd.DataFrame:
    rows = []
    for name, own in days.groupby("holiday") if days is not None else ():
        on = made.loc[made["ds"].isin(own["ds"]), str(name)]
        effect = float(on.mean()) if len(on) else 0.0
        rows.append((str(name), float(np.exp(effect)) if factors else effect, len(own)))
    order = sorted(rows, key=lambda row: -abs(np.log(max(row[1], 1e-9)) if factors else row[1]))
    return pd.DataFrame(order, columns=["event", "effect", "n"])


def _bends(model: Any, *, factors: bool) -> pd.DataFrame:
    """Return the changepoints whose change of slope is more than the prior's shrinkage, strongest first."""
    change = (
        np.asarray(model.params["delta"]).mean(axis=0) * model.y_scale / (model.t_scale / pd.Timedelta(days=365.25))
    )
    when = pd.DatetimeIndex(model.changepoints)
    size = np.abs(change[: len(when)])
    keep = [
        i
        for i in np.argsort(-size, kind="stable")
        if size[i] > CLEAR_BEND * size.max() and size[i] > 1e-6 * model.y_scale
    ]
    return pd.DataFrame({"ds": when[keep], "change": np.exp(change[keep]) if factors else change[keep]})


def _notes(model: Any, *, factors: bool) -> tuple[Note, ...]:
    notes = [Note("explains_only", "", "Prophet explains here; its forecast counts only by its record on the past")]
    if factors:
        notes.append(Note("factors", "", "fitted on logarithms: effects multiply"))
    if "yearly" not in model.seasonalities:
        notes.append(Note("no_year", "", "under two years of data: no yearly season was looked for"))
    return tuple(notes)
