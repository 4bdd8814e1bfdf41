"""Whether a rise is more than the way a series has always wandered, for many series at once.

The level of a series (8 weeks, 3 months, 2 quarters) is compared with the same weeks a year before. Searches wander: a value
above its mean is followed by others above it, so that two such levels differ by more than their spread within would suggest.
The test takes how far a series wanders from its own past: an autoregression of order one around its season, fitted on the
periods before the level, gives the spread of the difference. Every period many series are looked at, so their p-values are held
to a false discovery rate, and a rise counts once it was found half a level before, too.

References
----------
Kendall (1954), "Note on bias in the estimation of autocorrelation", Biometrika 41; Benjamini & Hochberg (1995), JRSS B 57.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests

from forecasting.frames import panel
from forecasting.trend_class import NOISE_FLOOR, WINDOWS, in_weeks

#: Share of the rises found that may be chance, at any one period.
FALSE_DISCOVERIES = 0.05

Array = NDArray[np.float64]


def proven_rises(df: pd.DataFrame, *, freq: str, rate: float = FALSE_DISCOVERIES) -> pd.DataFrame:
    """Return at which periods each series had risen by more than it wanders.

    Parameters
    ----------
    df : long frame `unique_id`, `ds`, `y` >= 0 or missing; hours and days are summed to whole weeks.
    freq : grain, as in `forecasting.forecast`; not years.
    rate : false discovery rate over the series of one period, 0..1.

    Returns
    -------
    `unique_id`, `ds`, `p_value` (one-sided; null while the series is too short: a year, a level and half a year),
    `proven` (bool: at this period and half a level before, the p-value passes Benjamini-Hochberg). What was said of a past
    period does not change when another arrives.

    Raises
    ------
    BadArgument : an unknown grain, or years.
    """
    data = panel(df, freq, min_points=1)
    parts = []
    short = WINDOWS.get(data.grain.name, WINDOWS["week"])[0]
    for uid, y, end in zip(data.ids, data.values, data.ends, strict=True):
        own, short, year = in_weeks(pd.Series(y, data.grain.past(end, len(y))), data.grain)
        p = _p_values(own.to_numpy(float), short, year)
        parts.append(pd.DataFrame({"unique_id": uid, "ds": own.index, "p_value": p}))
    if not parts:
        return pd.DataFrame({"unique_id": [], "ds": pd.to_datetime([]), "p_value": [], "proven": []})
    table = pd.concat(parts, ignore_index=True)
    table["found"] = table.groupby("ds")["p_value"].transform(lambda p: found(p.to_numpy(float), rate))
    before = table.groupby("unique_id")["found"].shift(max(1, short // 2), fill_value=False)
    table["proven"] = table["found"].astype(bool) & before.astype(bool)
    return table.drop(columns="found")


def found(p: Array, rate: float) -> NDArray[np.bool_]:
    """Return which p-values pass the step-up rule of Benjamini & Hochberg; a missing one never does."""
    passed = np.isfinite(p)
    if passed.any():
        passed[passed] = multipletests(p[passed], alpha=rate, method="fdr_bh")[0]
    return passed


def _p_values(y: Array, short: int, year: int) -> Array:
    p = np.full(len(y), np.nan)
    z = np.log(np.maximum(y, NOISE_FLOOR))
    for t in range(year + short + year // 2, len(y) + 1):
        now, then = y[t - short : t], y[t - short - year : t - year]
        if min(np.isfinite(now).sum(), np.isfinite(then).sum()) < max(2, short // 2):
            continue
        growth = np.log(max(float(np.nanmean(now)), NOISE_FLOOR) / max(float(np.nanmean(then)), NOISE_FLOOR))
        spread, freedom = _wandering(z[: t - short], short, year)
        p[t - 1] = stats.t.sf(growth / spread, freedom) if spread > 0 else float(growth <= 0)
    return p


def _wandering(z: Array, short: int, year: int) -> tuple[float, float]:
    """Standard deviation of the difference of two levels a year apart for a series that only wanders [log units], and the
    number of independent values it was learnt from: values that follow each other count for less than one each."""
    n = len(z)
    angle = 2 * np.pi * np.arange(n) / (365.25 / 7 if year == 52 else year)
    around = np.column_stack([np.ones(n), np.arange(n) / n, np.cos(angle), np.sin(angle)])
    known = np.isfinite(z)
    rest = np.zeros(n)
    rest[known] = z[known] - around[known] @ np.linalg.lstsq(around[known], z[known], rcond=None)[0]
    power = float(rest @ rest)
    freedom = int(known.sum()) - around.shape[1]
    if power <= 1e-12 * n or freedom < 1:
        return 0.0, 1.0
    rho = float(rest[1:] @ rest[:-1]) / power
    rho = float(np.clip(rho + (1 + 4 * rho) / n, 0.0, 0.95))
    lags = np.arange(1, short)
    of_mean = power / freedom / short * (1 + 2 * float(((1 - lags / short) * rho**lags).sum()))
    return float(np.sqrt(2 * of_mean)), max(1.0, freedom * (1 - rho) / (1 + rho))
