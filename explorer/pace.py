"""The pace of an event: growth and doubling time, half-life after the peak, and how early it was seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

#: Bootstrap draws of a half-life.
DRAWS = 500


@dataclass(frozen=True)
class Estimate:
    """A value with its interval; NaN where it cannot be told. `n`: periods that it rests on."""

    value: float
    lo: float
    hi: float
    level: float
    n: int


def growth(y: np.ndarray, hours: float, *, level: float = 0.9) -> Estimate:
    """Return the growth of counts per hour (log scale), from a quasi-Poisson regression on time.

    Parameters
    ----------
    y : counts of consecutive periods. hours : length of one.
    """
    known = np.isfinite(y)
    n = int(known.sum())
    if n < 3 or y[known].sum() == 0:
        return Estimate(np.nan, np.nan, np.nan, level, n)
    t = np.arange(len(y))[known] * hours
    x, counts = np.column_stack([np.ones(n), t - t.mean()]), y[known]
    beta = np.array([np.log(counts.mean()), 0.0])
    for _ in range(25):
        mu = np.exp(np.clip(x @ beta, -20, 20))
        step = np.linalg.solve(x.T @ (x * mu[:, None]) + 1e-12 * np.eye(2), x.T @ (counts - mu))
        beta = beta + np.clip(step, -1, 1)
    mu = np.exp(x @ beta)
    dispersion = max(1.0, float(((counts - mu) ** 2 / mu).sum() / max(n - 2, 1)))
    error = np.sqrt(dispersion * np.linalg.inv(x.T @ (x * mu[:, None]))[1, 1])
    reach = stats.norm.isf((1 - level) / 2) * error
    return Estimate(float(beta[1]), float(beta[1] - reach), float(beta[1] + reach), level, n)


def doubling_time(rate: Estimate) -> Estimate:
    """Return the hours in which counts double at a growth rate; infinite where growth may be zero, NaN where it falls."""
    if not rate.value > 0:
        return Estimate(np.nan, np.nan, np.nan, rate.level, rate.n)
    slow = np.log(2) / rate.lo if rate.lo > 0 else np.inf
    return Estimate(float(np.log(2) / rate.value), float(np.log(2) / rate.hi), float(slow), rate.level, rate.n)


def half_life(excess: np.ndarray, hours: float, *, level: float = 0.9, draws: int = DRAWS, seed: int = 0) -> Estimate:
    """Return the hours from the peak until half of what came after it was spent.

    Parameters
    ----------
    excess : counts above what was expected, from the peak to the end of the event. hours : length of a period.
    draws, seed : of the bootstrap, which draws every count anew (Poisson).
    """
    counts = np.nan_to_num(np.maximum(excess, 0.0))
    n = len(counts)
    if n < 2 or counts.sum() < 10:
        return Estimate(np.nan, np.nan, np.nan, level, n)
    drawn = np.random.default_rng(seed).poisson(counts, (draws, n))
    spans = np.array([_half(row) for row in drawn if row.sum() > 0]) * hours
    lo, hi = np.quantile(spans, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(_half(counts) * hours), float(lo), float(hi), level, n)


def earliness(excess: np.ndarray, alert: int) -> float:
    """Return the share of an event's excess that was spent before the row of the alert; NaN where there was none."""
    counts = np.nan_to_num(np.maximum(excess, 0.0))
    total = counts.sum()
    return float(counts[:alert].sum() / total) if total > 0 else np.nan


@dataclass(frozen=True)
class Detection:
    """How soon events were seen: hours from onset to alert (median, 90 % point), and shares [0..1]."""

    n: int
    seen: float
    before_peak: float
    median_hours: float
    p90_hours: float
    earliness: float


def detection(events: pd.DataFrame) -> Detection:
    """Summarise the time to detection of events.

    Parameters
    ----------
    events : `onset`, `alert` (missing = never), `peak`, `earliness`, one row an event.
    """
    seen = events["alert"].notna()
    hours = (events["alert"] - events["onset"])[seen] / pd.Timedelta(1, "h")
    if not len(events):
        return Detection(0, np.nan, np.nan, np.nan, np.nan, np.nan)
    early = (events["alert"] < events["peak"]) & seen
    middle, late = (float(hours.median()), float(hours.quantile(0.9))) if seen.any() else (np.nan, np.nan)
    return Detection(
        len(events), float(seen.mean()), float(early.mean()), middle, late, float(events["earliness"].median())
    )


def _half(counts: np.ndarray) -> float:
    """Return the periods until half of `counts` is spent, within a period by its even flow."""
    spent = np.cumsum(counts)
    half = spent[-1] / 2
    at = int(np.searchsorted(spent, half))
    before = spent[at - 1] if at else 0.0
    return at + (half - before) / counts[at]
