"""Exponential smoothing of many series at once: simple, theta and damped trend, over a grid of parameters.

Every recursion is linear in its starting state, so that the best starting state of each grid point is a least-squares
solution, found in the same pass (no numerical optimiser). Matrices are left-aligned as in `seasonal`.
"""

from __future__ import annotations

import numpy as np

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
    grid = damped_grid()
    alpha, beta, phi = grid.T
    order = np.argsort(-lengths, kind="stable")
    zs, ns = z[order], lengths[order]
    centre, unit = zs[:, 0].copy(), np.nanmax(np.abs(zs - zs[:, :1]), axis=1)
    unit = np.where(unit > 0, unit, 1.0)
    zs = (zs - centre[:, None]) / unit[:, None]
    n, points = len(zs), len(grid)
    level, trend, sse = (np.zeros((n, points)) for _ in range(3))
    cross = np.zeros((2, n, points))  # sums of error x response, for the two starting states
    gram = np.zeros((3, n, points))  # 00, 01, 11
    response = np.zeros((n, 4, points))  # level and trend left at the end by a unit of each starting state
    unit_level, unit_trend = (
        np.array([1.0, 0.0])[:, None] * np.ones(points),
        np.array([0.0, 1.0])[:, None] * np.ones(points),
    )
    gram_now = np.zeros((3, points))
    errors, products = np.empty((n, points)), np.empty((n, points))
    for t in range(zs.shape[1]):
        k = int(np.searchsorted(-ns, -t, side="left"))
        if k == 0:
            break
        error, product = errors[:k], products[:k]
        # the response of the one-step error to a unit of starting level or trend is minus the response of the forecast
        step = unit_level + phi * unit_trend
        trend[:k] *= phi
        level[:k] += trend[:k]
        np.subtract(zs[:k, t, None], level[:k], out=error)
        sse[:k] += np.multiply(error, error, out=product)
        cross[0, :k] += np.multiply(error, step[0], out=product)
        cross[1, :k] += np.multiply(error, step[1], out=product)
        level[:k] += np.multiply(alpha, error, out=product)
        trend[:k] += np.multiply(beta, error, out=product)
        gram_now += np.stack([step[0] ** 2, step[0] * step[1], step[1] ** 2])
        unit_level, unit_trend = step - alpha * step, phi * unit_trend - beta * step
        done = ns[:k] == t + 1
        if done.any():
            rows = np.flatnonzero(done)
            gram[:, rows] = gram_now[:, None]
            response[rows] = np.concatenate([unit_level, unit_trend])[None]
    ridge = 1e-9 * (gram[0] + gram[2])  # a starting trend that phi has forgotten leaves the system singular
    a00, a11, a01 = gram[0] + ridge, gram[2] + ridge, gram[1]
    det = a00 * a11 - a01**2
    s0 = (a11 * cross[0] - a01 * cross[1]) / det
    s1 = (a00 * cross[1] - a01 * cross[0]) / det
    sse = np.maximum(sse - s0 * cross[0] - s1 * cross[1], 0.0)
    level += s0 * response[:, 0] + s1 * response[:, 1]
    trend += s0 * response[:, 2] + s1 * response[:, 3]
    floor = 1e-12 * ns[:, None]
    fit = -0.5 * ns[:, None] * np.log(sse + floor) * sharpness
    weight = np.exp(fit - fit.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    damping = np.cumsum(phi[:, None] ** np.arange(1, h + 1), axis=1)  # (P, h)
    ahead = (weight * level).sum(axis=1)[:, None] + (weight * trend) @ damping
    back = np.argsort(order, kind="stable")
    return (ahead * unit[:, None] + centre[:, None])[back]
