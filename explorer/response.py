"""Before and after an answer: what would have come without it, what it changed, and what the brand lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from explorer.pace import Estimate, growth


@dataclass(frozen=True)
class Effect:
    """An answer at `at`: `observed` excess in the `hours` after it, against `expected` without it; `ratio` observed / expected.

    NaN where the event still grew at that moment, so that no decline could be carried forward.
    """

    at: pd.Timestamp
    hours: float
    observed: float
    expected: Estimate
    ratio: Estimate
    half_life_before: float
    half_life_after: float


def do_nothing(excess: np.ndarray, row: int, periods: int, hours: float, *, level: float = 0.8) -> Estimate:
    """Return the excess of the next periods if the decline goes on as it was at `row`: a forecast from rows up to it only.

    Parameters
    ----------
    excess : counts above what was expected. row : the last known one. periods : how far ahead. hours : length of one.
    """
    peak = int(np.nanargmax(np.nan_to_num(excess[: row + 1]))) if row >= 0 else 0
    past = np.maximum(excess[peak : row + 1], 0.0)
    rate = growth(past, hours, level=level)
    if rate.n < 3 or not rate.value < 0:
        return Estimate(np.nan, np.nan, np.nan, level, rate.n)
    recent = past[-max(3, len(past) // 2) :]
    # The level now: the fitted line through the recent counts, not the last count alone.
    t = (np.arange(len(recent)) - len(recent) + 1) * hours
    weight = np.exp(rate.value * t)
    now = float(np.nansum(recent) / weight.sum())
    ahead = np.arange(1, periods + 1) * hours
    totals = [float(now * np.exp(r * ahead).sum()) for r in (rate.value, rate.lo, min(rate.hi, 0.0))]
    noise = 1.28 * np.sqrt(max(totals[0], 1.0))
    return Estimate(totals[0], max(totals[1] - noise, 0.0), totals[2] + noise, level, rate.n)


def effect(excess: np.ndarray, times: pd.DatetimeIndex, at: pd.Timestamp, span: pd.Timedelta) -> Effect:
    """Return what changed after an answer at `at`, over `span`."""
    step = times[1] - times[0]
    hours = float(step / pd.Timedelta(1, "h"))
    row = int(times.searchsorted(at, side="right")) - 2  # the last period that was over
    periods = max(1, round(span / step))
    expected = do_nothing(excess, row, periods, hours)
    after = excess[row + 1 : row + 1 + periods]
    observed = float(np.nansum(np.maximum(after, 0.0))) if len(after) == periods else np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = [observed / v if v else np.nan for v in (expected.value, expected.hi, expected.lo)]
    before, later = (
        growth(np.maximum(excess[max(0, row - periods + 1) : row + 1], 0.0), hours),
        growth(np.maximum(after, 0.0), hours),
    )
    return Effect(
        at,
        float(span / pd.Timedelta(1, "h")),
        observed,
        expected,
        Estimate(ratio[0], ratio[1], ratio[2], expected.level, expected.n),
        _half_life(before),
        _half_life(later),
    )


def follower_loss(followers: pd.DataFrame, onset: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """Return followers against what they would have been, day by day from the onset to the end.

    Parameters
    ----------
    followers : `ds` (day), `y` (followers), at least 28 days before the onset.

    Returns
    -------
    `ds`, `y`, `yhat`, `yhat-lo-80`, `yhat-hi-80`, `yhat-lo-95`, `yhat-hi-95`, `lost` = yhat - y. Empty with less history.
    """
    days = followers.assign(ds=pd.DatetimeIndex(followers["ds"]).tz_localize(None).normalize())
    daily = days.groupby("ds")["y"].last().asfreq("D").interpolate(limit=7)
    first, last = onset.tz_localize(None).normalize(), end.tz_localize(None).normalize()
    past = daily[daily.index < first].dropna()
    ahead = daily[(daily.index >= first) & (daily.index <= last)]
    if len(past) < 28 or not len(ahead):
        return pd.DataFrame(columns=["ds", "y", "yhat", "lost"])
    values = pd.Series(past.to_numpy(float), index=pd.DatetimeIndex(past.index, freq="D"))
    # Followers are a slow level with a trend that flattens out: one damped model, not an ensemble.
    fitted = ETSModel(values, error="add", trend="add", damped_trend=True).fit(disp=False)
    prediction = fitted.get_prediction(start=len(values), end=len(values) + len(ahead) - 1)
    found = pd.DataFrame({"ds": ahead.index, "y": ahead.to_numpy(float), "yhat": prediction.predicted_mean.to_numpy()})
    for level in (80, 95):
        bounds = prediction.pred_int(alpha=1 - level / 100)
        found[f"yhat-lo-{level}"], found[f"yhat-hi-{level}"] = (
            bounds.iloc[:, 0].to_numpy(),
            bounds.iloc[:, 1].to_numpy(),
        )
    return found.assign(lost=found["yhat"] - found["y"])


def _half_life(rate: Estimate) -> float:
    return float(-np.log(2) / rate.value) if rate.value < 0 else np.nan
