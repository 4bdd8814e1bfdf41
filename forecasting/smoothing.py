"""Exponential smoothing of many series at once: simple, theta and damped trend, over a grid of parameters.

Every recursion is linear in its starting state, so that the best starting state of each grid point is a least-squares
solution, found in the same pass (no numerical optimiser). Matrices are left-aligned as in `seasonal`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Rows that damped smoothing goes through at once at most: what it keeps of them then stays in the processor's cache.
CHUNK = 64
ALPHAS = np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.999])


def theta(z: np.ndarray, lengths: np.ndarray, h: int, *, damping: float = 1.0) -> np.ndarray:
    """Return (n, h): simple exponential smoothing with half the slope of the least-squares line as drift.

    With `damping` < 1 each further step adds less, as a drift of logarithms must: it would grow without bound.

    References
    ----------
    Assimakopoulos & Nikolopoulos (2000), The theta model, IJF 16; Hyndman & Billah (2003), Unmasking the theta method.
    """
    sse, last = ses(z, lengths, ALPHAS)
    best = sse.argmin(axis=1)
    rows = np.arange(len(z))
    alpha, level = ALPHAS[best], last[rows, best]
    behind = (1 - (1 - alpha) ** lengths) / alpha  # by how many steps the level trails a line
    ahead = behind[:, None] + np.cumsum(damping ** np.arange(h)) - 1
    return level[:, None] + 0.5 * slope(z, lengths)[:, None] * ahead


def slope(z: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return (n,): slope per period of the least-squares line through each row."""
    valid = np.arange(z.shape[1]) < lengths[:, None]
    t = np.where(valid, np.arange(z.shape[1]) - (lengths[:, None] - 1) / 2, 0.0)
    return (t * np.where(valid, z, 0.0)).sum(axis=1) / np.maximum((t**2).sum(axis=1), 1.0)


def ses(z: np.ndarray, lengths: np.ndarray, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum of squared one-step errors and the last level of simple exponential smoothing, both (n, A).

    A slow level (alpha < 0.5) starts at the mean of the first ten values, a fast one at the first value.
    """
    order = np.argsort(-lengths, kind="stable")
    zs, ns = z[order], lengths[order]
    head = zs[:, :10]
    start = np.nanmean(head, axis=1)
    level = np.where(alphas < 0.5, start[:, None], zs[:, :1])
    sse = np.zeros_like(level)
    for t in range(zs.shape[1]):
        k = int(np.searchsorted(-ns, -t, side="left"))  # rows longer than t
        if k == 0:
            break
        error = zs[:k, t, None] - level[:k]
        if t:
            sse[:k] += error**2
        level[:k] += alphas * error
    back = np.argsort(order, kind="stable")
    return sse[back], level[back]


def damped_grid() -> np.ndarray:
    """Return (P, 3): alpha, beta, phi of the grid; beta is the trend's own gain (beta <= alpha)."""
    grid = [
        (a, a * b, p)
        for a in (0.02, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.999)
        for b in (0.0001, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7)
        for p in (0.8, 0.86, 0.9, 0.94, 0.98)
    ]
    return np.array(grid)


def damped(z: np.ndarray, lengths: np.ndarray, h: int, *, sharpness: float = 1.0) -> np.ndarray:
    """Return (n, h): damped-trend exponential smoothing, averaged over a grid of parameters.

    Each grid point (alpha, beta, phi) is weighted by its Gaussian likelihood with the starting level and trend at their
    least-squares values, raised to `sharpness` (infinity = the best point only). Averaging costs nothing here and guards
    against the flat likelihood of short series.

    References
    ----------
    Gardner & McKenzie (1985), Forecasting trends in time series, Management Science 31; Hyndman, Koehler, Ord & Snyder
    (2008), Forecasting with Exponential Smoothing, model (A, Ad, N).
    """
    centre, unit = z[:, 0], np.nanmax(np.abs(z - z[:, :1]), axis=1)
    unit = np.where(unit > 0, unit, 1.0)
    carrier = carriers([row[:n] for row, n in zip(z, lengths, strict=True)])
    out = np.empty((len(z), h))
    heads = np.unique(carrier)
    heads = heads[np.argsort(-lengths[heads], kind="stable")]
    for some in np.split(heads, range(CHUNK, len(heads), CHUNK)):
        place = np.full(len(z), -1)
        place[some] = np.arange(len(some))
        rows = np.flatnonzero(place[carrier] >= 0)
        at = place[carrier[rows]]
        values = (z[some] - centre[some, None]) / unit[some, None]
        reads = _Reads(at, lengths[rows], unit[some][at] / unit[rows])
        ahead = _damped(values, lengths[some], reads, h, sharpness)
        out[rows] = ahead * unit[some][at, None] + centre[rows, None]
    return out


def carriers(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Return (n,): for each row the place of a row that begins with it, itself where there is no longer one.

    The past origins of one series are beginnings of one another, and a recursion has to go through them only once.
    """
    keys = [np.ascontiguousarray(row).tobytes() for row in rows]
    order = sorted(range(len(keys)), key=keys.__getitem__)  # a beginning stands right before what it begins
    out = np.arange(len(keys))
    for here, following in zip(order[-2::-1], order[:0:-1], strict=True):
        if keys[following].startswith(keys[here]):
            out[here] = out[following]
    return out


@dataclass(frozen=True)
class _Reads:
    """Where a forecast is read: at row `at`, after `lengths` values, whose unit is `share` times smaller than the row's."""

    at: np.ndarray
    lengths: np.ndarray
    share: np.ndarray


def _damped(z: np.ndarray, lengths: np.ndarray, reads: _Reads, h: int, sharpness: float) -> np.ndarray:
    """Return (reads, h) forecasts of rows that start at 0, the longest row first."""
    grid = damped_grid()
    alpha, beta, phi = grid.T
    n, points = len(z), len(grid)
    level, trend, sse = (np.zeros((n, points)) for _ in range(3))
    cross = np.zeros((2, n, points))  # sums of error x response, for the two starting states
    # level and trend left by a unit of starting level, and by a unit of starting trend: the same for all rows
    unit_level, unit_trend = (np.outer(state, np.ones(points)) for state in ((1.0, 0.0), (0.0, 1.0)))
    gram = np.zeros((3, points))  # 00, 01, 11
    errors, products = np.empty((n, points)), np.empty((n, points))
    damping = np.cumsum(phi[:, None] ** np.arange(1, h + 1), axis=1)  # (P, h)
    out = np.empty((len(reads.at), h))
    for t in range(z.shape[1]):
        k = int(np.searchsorted(-lengths, -t, side="left"))
        if k == 0:
            break
        error, product = errors[:k], products[:k]
        # the response of the one-step error to a unit of starting level or trend is minus the response of the forecast
        step = unit_level + phi * unit_trend
        trend[:k] *= phi
        level[:k] += trend[:k]
        np.subtract(z[:k, t, None], level[:k], out=error)
        sse[:k] += np.multiply(error, error, out=product)
        cross[0, :k] += np.multiply(error, step[0], out=product)
        cross[1, :k] += np.multiply(error, step[1], out=product)
        level[:k] += np.multiply(alpha, error, out=product)
        trend[:k] += np.multiply(beta, error, out=product)
        gram += np.stack([step[0] ** 2, step[0] * step[1], step[1] ** 2])
        unit_level, unit_trend = step - alpha * step, phi * unit_trend - beta * step
        read = np.flatnonzero(reads.lengths == t + 1)
        if not len(read):
            continue
        at = reads.at[read]
        ridge = 1e-9 * (gram[0] + gram[2])  # a starting trend that phi has forgotten leaves the system singular
        a00, a11, a01 = gram[0] + ridge, gram[2] + ridge, gram[1]
        det = a00 * a11 - a01**2
        c0, c1 = cross[0, at], cross[1, at]
        s0, s1 = (a11 * c0 - a01 * c1) / det, (a00 * c1 - a01 * c0) / det
        best = np.maximum(sse[at] - s0 * c0 - s1 * c1, 0.0) * reads.share[read, None] ** 2
        fit = -0.5 * (t + 1) * np.log(best + 1e-12 * (t + 1)) * sharpness
        weight = np.exp(fit - fit.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        last_level = level[at] + s0 * unit_level[0] + s1 * unit_level[1]
        last_trend = trend[at] + s0 * unit_trend[0] + s1 * unit_trend[1]
        out[read] = (weight * last_level).sum(axis=1)[:, None] + (weight * last_trend) @ damping
    return out
