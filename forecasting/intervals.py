"""Prediction intervals from the errors that forecasts really made: conformal, and what stands in for it on short series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from forecasting import members

#: Series with a backtest from which on errors are pooled across series.
MANY = 5
#: Series from which on each horizon has its own quantile; below, errors are taken to grow with the root of the horizon.
PER_HORIZON = 20
#: Part of a series' own backtest error in the unit of its interval; the rest is its recent naive error (log scale).
OWN = 0.6


@dataclass(frozen=True)
class Intervals:
    """Half-widths around the point forecast, how they came about, and how they would have fared.

    Parameters
    ----------
    half : (levels, n, h) half-widths, rising with the level.
    method : per series: "conformal-pooled", "conformal-series", "native-ets" or "naive-error".
    coverage : (levels, n) share of past values inside the interval built without their own origin; NaN if never tried.
    hits : (levels, K, n, h) that very comparison: 1 inside, 0 outside, NaN not scored.
    backtest : (levels, K, n, h) half-widths at the past origins.
    """

    half: np.ndarray
    method: tuple[str, ...]
    coverage: np.ndarray
    hits: np.ndarray
    backtest: np.ndarray


def conformal(
    point: np.ndarray,
    actual: np.ndarray,
    recent: np.ndarray,
    levels: Sequence[float],
    *,
    groups: np.ndarray | None = None,
    many: int = MANY,
) -> Intervals:
    """Return symmetric intervals whose width is a quantile of past absolute errors.

    With at least `many` backtested series, errors are divided by a unit (recent naive error ** 0.4 x own backtest error
    ** 0.6) and their quantile is taken over all series and origins, for each horizon. With fewer, each series stands
    alone: the finite-sample quantile of its errors over origins and horizons, which are taken to grow with the root of
    the horizon. A series with too few errors for the highest level keeps NaN (see `stand_in`).

    Parameters
    ----------
    point, actual : (1 + K, n, h); origin 0 is the present.
    recent : (1 + K, n) recent naive error.
    levels : per cents, rising.
    groups : (n,) labels; errors are pooled within a group only (Mondrian conformal). None = one group.

    References
    ----------
    Vovk, Gammerman & Shafer (2005), Algorithmic Learning in a Random World, ch. 4.5 for groups; Lei et al. (2018), JASA
    113 (split conformal); Wang & Hyndman (2024), arXiv 2410.13115 (multi-step errors). Time series are not exchangeable:
    there is no guarantee, which is why the realised coverage comes with the result.
    """
    error = np.abs(actual - point)
    error[0] = np.nan
    tested = np.isfinite(error[1:]).any(axis=(0, 2))
    half = np.full((len(levels), *error.shape), np.nan)
    if tested.sum() >= many:
        method = "conformal-pooled"
        labels = np.zeros(len(tested), dtype=int) if groups is None else groups
        for label in np.unique(labels):
            rows = labels == label
            half[:, :, rows] = _pooled(error[:, rows], recent[:, rows], tuple(levels))
    else:
        half, method = _alone(error, tuple(levels)), "conformal-series"
    complete = np.asarray(np.isfinite(half[:, 0]).all(axis=(0, 2)))
    method_ = tuple(method if ok else "" for ok in complete)
    with np.errstate(invalid="ignore"):
        hits = np.where(np.isfinite(error[1:]) & np.isfinite(half[:, 1:]), error[1:] <= half[:, 1:], np.nan)
    count = np.isfinite(hits).sum(axis=(1, 3))
    coverage = np.where(count > 0, np.nansum(hits, axis=(1, 3)) / np.maximum(count, 1), np.nan)
    return Intervals(half[:, 0], method_, coverage, hits, half[:, 1:])


def _pooled(error: np.ndarray, recent: np.ndarray, levels: tuple[float, ...]) -> np.ndarray:
    depth, n, h = error.shape
    tested = int(np.isfinite(error).any(axis=(0, 2)).sum())
    growth = np.ones(h) if tested >= PER_HORIZON else np.sqrt(np.arange(1, h + 1))
    half = np.full((len(levels), depth, n, h), np.nan)
    unit = np.stack([_unit(error, recent, k) for k in range(depth)])[:, :, None] * growth
    score = error / unit
    if tested >= PER_HORIZON and np.isfinite(score[1:]).all():
        return without_each(score[1:], np.array(levels) / 100)[:, :, None] * unit
    for k in range(depth):
        others = np.delete(score, k, axis=0).reshape(-1, h)
        known = others[np.isfinite(others).any(axis=1)]
        if not len(known):
            continue
        if tested >= PER_HORIZON:
            widths = np.nanquantile(known, np.array(levels) / 100, axis=0)
        else:
            ordered = np.sort(known[np.isfinite(known)])
            widths = np.array([[_finite_sample(ordered, level)] for level in levels])
        half[:, k] = widths[:, None] * unit[k]
    return np.where(np.isfinite(half), half, np.nan)


def without_each(score: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return (q, 1 + K, h): quantiles over origins and series of `score` (K, n, h), of all and with each origin left out.

    All values are sorted once. Of those that stay when an origin goes, the r-th stands as many places further up as values
    of that origin stand before it. Equal to np.quantile of what stays; no NaN may be among the scores.
    """
    origins, n, h = score.shape
    flat = score.reshape(-1, h).T
    order = np.argsort(flat, axis=1)
    ordered = np.take_along_axis(flat, order, axis=1)
    place = np.argsort(order // n, axis=1, kind="stable").reshape(h, origins, n)
    before = place - np.arange(n)  # values that stay, before each value of the origin

    def stays(rank: int) -> np.ndarray:
        return np.take_along_axis(ordered, rank + (before <= rank).sum(axis=2), axis=1)

    out = np.full((len(q), 1 + origins, h), np.nan)
    out[:, 0] = np.quantile(flat, q, axis=1)
    last = (origins - 1) * n - 1
    for i, at in enumerate(q * last if last >= 0 else ()):
        low, high = stays(int(at)), stays(min(int(at) + 1, last))
        share = at - int(at)
        out[i, 1:] = (low + (high - low) * share if share < 0.5 else high - (high - low) * (1 - share)).T
    return out


def _unit(error: np.ndarray, recent: np.ndarray, k: int) -> np.ndarray:
    """Return (n,): the unit of each series at origin k, from the errors at all other origins."""
    others = np.delete(error, k, axis=0)
    own = nanmean(others, axis=(0, 2))
    floor = np.maximum(recent[k], 1e-12)
    ratio = np.nanmedian(own / floor) if np.isfinite(own).any() else 1.0
    own = np.where(np.isfinite(own), own, ratio * floor)  # never backtested: the typical ratio of the others
    return floor ** (1 - OWN) * np.maximum(own, 1e-3 * floor) ** OWN


def _alone(error: np.ndarray, levels: tuple[float, ...]) -> np.ndarray:
    depth, n, h = error.shape
    growth = np.sqrt(np.arange(1, h + 1))
    score = error / growth
    half = np.full((len(levels), depth, n, h), np.nan)
    for i in range(n):
        for k in range(depth):
            others = np.delete(score[:, i], k, axis=0)
            others = np.sort(others[np.isfinite(others)])
            widths = [_finite_sample(others, level) for level in levels]
            if np.isfinite(widths).all():
                half[:, k, i] = np.array(widths)[:, None] * growth
    return half


def _finite_sample(scores: np.ndarray, level: float) -> float:
    """Return the ceil((n + 1) level)-th smallest of n sorted scores; infinity where n is too small for the level."""
    rank = math.ceil((len(scores) + 1) * level / 100)
    return float(scores[rank - 1]) if rank <= len(scores) else math.inf


def stand_in(y: np.ndarray, h: int, levels: Sequence[float]) -> tuple[np.ndarray, str]:
    """Return (levels, h) half-widths of a series without enough backtest, and their name.

    "native-ets": the forecast variance of the damped-trend model of statsmodels, with Student's t for the few degrees of
    freedom; "naive-error", below 12 values or where that model fails: the root mean squared change times sqrt(step).
    """
    changes = np.diff(y)
    step = np.arange(1, h + 1)
    sd, df, name = np.sqrt(np.mean(changes**2) * step), max(len(changes), 1), "naive-error"
    if len(y) >= 12 and np.ptp(y) > 0:
        variance = members.ets_variance(y, h)
        if np.isfinite(variance).all():
            sd, df, name = np.sqrt(variance), len(y) - 5, "native-ets"
    return np.array([stats.t.ppf(0.5 + level / 200, df) * sd for level in levels]), name


def nanmean(x: np.ndarray, axis: tuple[int, ...]) -> np.ndarray:
    """Return the mean of what is finite, NaN where nothing is, without numpy's warning."""
    known = np.isfinite(x)
    count = known.sum(axis=axis)
    return np.where(count > 0, np.where(known, x, 0.0).sum(axis=axis) / np.maximum(count, 1), np.nan)
