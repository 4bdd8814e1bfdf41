"""Which series have a season, and their seasonal factors: the M4 test and classical decomposition, on many series at once.

All functions take left-aligned matrices: one row a series, its first value in column 0, NaN beyond its end, and no NaN
before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: One-sided 95 % point of the normal distribution: the "90 % test" of the M4 competition.
CRITICAL = 1.645


@dataclass(frozen=True)
class Adjusted:
    """Seasonally adjusted series, and how to put the season back.

    Parameters
    ----------
    z : (n, T), the adjusted values, left-aligned.
    lengths : (n,), values of each row.
    factors : (n, h), seasonal factor of each future period; 1 (or 0 where `additive`) without a season.
    additive : (n,), whether the factor is added (a row with values <= 0) or multiplied.
    period : (n,), the season length that was found; 1 = none.
    """

    z: np.ndarray
    lengths: np.ndarray
    factors: np.ndarray
    additive: np.ndarray
    period: np.ndarray

    def restore(self, forecast: np.ndarray) -> np.ndarray:
        """Return the forecast (n, h) of the adjusted series with the season put back."""
        return np.where(self.additive[:, None], forecast + self.factors, forecast * self.factors)


def adjust(y: np.ndarray, lengths: np.ndarray, seasons: tuple[int, ...], h: int, *, additive: bool = False) -> Adjusted:
    """Return the series without their season.

    A row is adjusted for the first of `seasons` whose lag-m autocorrelation passes the M4 test; factors are multiplied
    where all values are positive, else (or with `additive`, for series on a log scale) added.

    References
    ----------
    Makridakis, Spiliotis & Assimakopoulos (2020), The M4 Competition, IJF 36: the test and the decomposition of Naive2.
    """
    n, width = y.shape
    valid = np.arange(width) < lengths[:, None]
    positive = np.where(valid, y, 1.0).min(axis=1) > 0
    plus = np.full(n, additive) | ~positive
    z, factors = y.copy(), np.where(plus[:, None], 0.0, 1.0) * np.ones((n, h))
    period = np.ones(n, dtype=int)
    for m in seasons:
        rows = np.flatnonzero((period == 1) & (lengths >= 3 * m))
        rows = rows[is_seasonal(y[rows], lengths[rows], m)] if len(rows) else rows
        if not len(rows):
            continue
        period[rows] = m
        for group, add in ((rows[plus[rows]], True), (rows[~plus[rows]], False)):
            if len(group):
                index = seasonal_index(y[group], lengths[group], m, additive=add)
                inside = index[:, np.arange(width) % m]
                z[group] = y[group] - inside if add else y[group] / inside
                ahead = (lengths[group][:, None] + np.arange(h)) % m
                factors[group] = np.take_along_axis(index, ahead, axis=1)
    return Adjusted(z, lengths, factors, plus, period)


def is_seasonal(y: np.ndarray, lengths: np.ndarray, m: int) -> np.ndarray:
    """Return (n,) bool: does the lag-m autocorrelation lie outside Bartlett's limit at 90 %?"""
    valid = np.arange(y.shape[1]) < lengths[:, None]
    mean = np.where(valid, y, 0.0).sum(axis=1) / lengths
    d = np.where(valid, y - mean[:, None], 0.0)
    size = np.abs(d).max(axis=1, keepdims=True)
    d = d / np.where(size > 0, size, 1.0)  # keeps the sums of squares of 1e12-sized values exact enough
    spectrum = np.fft.rfft(d, n=y.shape[1] + m + 1, axis=1)
    auto = np.fft.irfft(np.abs(spectrum) ** 2, n=y.shape[1] + m + 1, axis=1)[:, : m + 1]
    flat = size[:, 0] == 0
    acf = auto[:, 1:] / np.where(flat, 1.0, auto[:, 0])[:, None]
    limit = CRITICAL / np.sqrt(lengths) * np.sqrt(1 + 2 * (acf[:, : m - 1] ** 2).sum(axis=1))
    return (lengths >= 3 * m) & ~flat & (np.abs(acf[:, m - 1]) > limit)


def seasonal_index(y: np.ndarray, lengths: np.ndarray, m: int, *, additive: bool) -> np.ndarray:
    """Return (n, m): the mean ratio (or difference) to the centred moving average at each position of the cycle.

    Position 0 is that of column 0. The indices of a row average 1 (or 0 when additive).
    """
    n, width = y.shape
    half = m // 2
    kernel = np.ones(m) / m if m % 2 else np.r_[0.5, np.ones(m - 1), 0.5] / m
    windows = np.lib.stride_tricks.sliding_window_view(y, len(kernel), axis=1)
    trend = windows @ kernel  # NaN beyond the end of a row spreads to every window that touches it
    ratio = np.full((n, width + (-width) % m), np.nan)
    middle = y[:, half : half + trend.shape[1]]
    if additive:
        ratio[:, half : half + trend.shape[1]] = middle - trend
    else:
        ratio[:, half : half + trend.shape[1]] = middle / trend
    cycles = ratio.reshape(n, -1, m)
    count = np.isfinite(cycles).sum(axis=1)
    index = np.where(np.isfinite(cycles), cycles, 0.0).sum(axis=1) / np.maximum(count, 1)
    mean = index.mean(axis=1, keepdims=True)
    return index - mean if additive else index / mean
