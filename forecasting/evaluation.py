"""How good the forecasts were: the backtest, the losses of the M4 competition, and the Diebold-Mariano test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from forecasting import ensemble, intervals
from forecasting.errors import TooLittleData
from forecasting.frames import panel

#: Models that stand beside the members in every backtest.
YARDSTICKS = ("naive", "seasonal_naive")


def backtest(
    df: pd.DataFrame,
    h: int,
    *,
    freq: str,
    origins: int = ensemble.ORIGINS,
    levels: Sequence[float] = ensemble.LEVELS,
    members: Sequence[str] | None = None,
    nonnegative: bool | None = None,
    country: str | None = None,
    events: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return how every member, and their ensemble, forecast the past.

    The forecasts are those that the weights and intervals of `forecast` rest on. At each origin the ensemble takes its
    weights, and every model its interval, from the other origins only (cross-fitting), so that no value helps to judge
    itself. Weights from later origins are thereby allowed: the figures say how well the method suits these series.

    Parameters
    ----------
    df, h, freq, levels, members, nonnegative, country, events : as in `forecast`.
    origins : past origins, one horizon apart (closer on short series).

    Returns
    -------
    One row per (unique_id, model) with scope "series", and one per model with scope "pooled" and unique_id missing:
    `mase` mean absolute error / in-sample naive error (seasonal for hours, months, quarters as in M4; NaN for a constant
    history); `smape` [per cent]; `owa` mean of both relative to Naive2 (1 = as good as naive); `msis-80`, ... mean interval
    score in units of MASE; `coverage-80`, ... share of values inside the interval [0..1], NaN where no interval could be
    built; `n` values scored; `origins` origins they come from. Pooled figures are means over series, as in M4; models
    are the members, "naive", "seasonal_naive", "naive2" and "ensemble".

    Raises
    ------
    TooLittleData : no series is long enough for a single past origin (6 + h periods), and as `forecast`.
    BadArgument, BadSeries : as `forecast`.

    References
    ----------
    Tashman (2000), Out-of-sample tests of forecasting accuracy, IJF 16; Hyndman & Koehler (2006), IJF 22 (MASE).
    """
    data = panel(df, freq)
    combined = ensemble.combine(
        data,
        h,
        levels=levels,
        members=members,
        origins=origins,
        nonnegative=nonnegative,
        beside=YARDSTICKS,
        country=country,
        events=events,
    )
    rolling, levels = combined.rolling, combined.levels
    if not rolling.origins.any():
        longest = int(data.lengths.max())
        raise TooLittleData(
            f"the longest series has {longest} periods, {h + 6} are needed for one past origin",
            "backtest",
            "shorten the horizon or wait for more data",
        )
    models = dict(zip(rolling.names, np.moveaxis(rolling.point, 1, 0), strict=True))
    models |= {"naive2": rolling.naive2, "ensemble": combined.point}
    rows = {name: _scores(point, combined, levels) for name, point in models.items()}
    base = rows["naive2"]
    tables = []
    for name, table in rows.items():
        mean = table.mean(numeric_only=True).to_frame().T.assign(n=table["n"].sum(), origins=table["origins"].max())
        ratio = [table[c] / base[c].where(base[c] > 0) for c in ("smape", "mase")]
        both = base["mase"].notna() & table["mase"].notna()
        pooled = (
            [table.loc[both, c].mean() / base.loc[both, c].mean() for c in ("smape", "mase")]
            if both.any()
            else [np.nan]
        )
        tables.append(table.assign(unique_id=list(data.ids), scope="series", model=name, owa=(ratio[0] + ratio[1]) / 2))
        tables.append(mean.assign(unique_id=None, scope="pooled", model=name, owa=float(np.mean(pooled))))
    result = pd.concat(tables, ignore_index=True)
    first = ["unique_id", "scope", "model", "mase", "smape", "owa"]
    result = result[first + [c for c in result.columns if c not in first]]
    return result.astype({"n": "int64", "origins": "int64"})


def _scores(point: np.ndarray, combined: ensemble.Combined, levels: Sequence[float]) -> pd.DataFrame:
    """Return one row per series: the losses of one model over all past origins."""
    rolling = combined.rolling
    actual, past, scale = rolling.actual[1:], point[1:], rolling.scale[1:, :, None]
    known = np.isfinite(actual) & np.isfinite(past)
    mean = intervals.nanmean
    found = combined.intervals
    if point is not combined.point:
        found = intervals.conformal(point, rolling.actual, rolling.recent, levels)
    columns = {
        "mase": mean(np.abs(actual - past) / scale, axis=(0, 2)),
        "smape": mean(smape(actual, past), axis=(0, 2)),
    }
    for a, level in enumerate(levels):
        lo, hi = past - found.backtest[a], past + found.backtest[a]
        lo = np.where(combined.nonnegative[:, None], np.maximum(lo, 0.0), lo)
        columns[f"msis-{level:g}"] = mean(interval_score(actual, lo, hi, level) / scale, axis=(0, 2))
        columns[f"coverage-{level:g}"] = found.coverage[a]
    return pd.DataFrame(columns).assign(n=known.sum(axis=(0, 2)), origins=known.any(axis=2).sum(axis=0))


def smape(actual: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """Return 200 |y - f| / (|y| + |f|) elementwise, 0 where both are 0, NaN where the actual is missing [per cent]."""
    size = np.abs(actual) + np.abs(forecast)
    return 200 * np.abs(actual - forecast) / np.where(size == 0, 1.0, size)


def interval_score(actual: np.ndarray, lo: np.ndarray, hi: np.ndarray, level: float) -> np.ndarray:
    """Return width plus the penalty 2/alpha x distance for values outside, elementwise (Gneiting & Raftery 2007)."""
    tail = 1 - level / 100
    return (hi - lo) + 2 / tail * np.maximum(lo - actual, 0) + 2 / tail * np.maximum(actual - hi, 0)


@dataclass(frozen=True)
class DieboldMariano:
    """Outcome of the test that two forecasts are equally good.

    Parameters
    ----------
    statistic : positive when the second forecast is better.
    p_value : one-sided probability of such a statistic if the second were no better.
    gain : share of the first loss that the second saves.
    n : forecasts compared.
    """

    statistic: float
    p_value: float
    gain: float
    n: int


def diebold_mariano(loss: np.ndarray, other: np.ndarray, h: int = 1) -> DieboldMariano:
    """Test whether `other` forecasts better than the forecast with `loss`, one loss a date in time order.

    Parameters
    ----------
    loss, other : losses at the same dates, equal length; dates where either is NaN are left out.
    h : horizon; losses of h-step forecasts are correlated up to lag h - 1, with Bartlett weights in the variance so that
        it cannot be negative.

    References
    ----------
    Diebold & Mariano (1995), JBES 13; Harvey, Leybourne & Newbold (1997), IJF 13 (small-sample correction).
    """
    d = np.asarray(loss, float) - np.asarray(other, float)
    known = np.isfinite(d)
    d, first = d[known], np.asarray(loss, float)[known]
    n = len(d)
    if n < max(3, h + 1):
        raise TooLittleData(f"{n} pairs of losses, at least {max(3, h + 1)} are needed", "loss", "use more origins")
    gain = float(d.mean() / first.mean()) if first.mean() else 0.0
    if not np.ptp(d) > 0:  # the difference never varies: nothing, or everything, is proven
        statistic = float(np.sign(d[0]) * np.inf) if d[0] else 0.0
        return DieboldMariano(statistic, {0.0: 0.5}.get(statistic, float(statistic < 0)), gain, n)
    c = d - d.mean()
    variance = (c @ c) / n + 2 * sum((1 - k / h) * (c[k:] @ c[:-k]) / n for k in range(1, h))
    correction = np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)
    statistic = float(d.mean() / np.sqrt(variance / n) * correction)
    return DieboldMariano(statistic, float(stats.t.sf(statistic, n - 1)), gain, n)
