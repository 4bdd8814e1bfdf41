"""What the past of one series adds to forecasts of another: two regressions, fitted anew at every past origin.

Arrays lie on one regular time axis, on the working scale (`own_past.Scale`). Row t belongs to the origin t: what is known
once period t is over. All origins are solved at once from running sums, so that a placebo costs a matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.own_past import TRAIN, Own, carried, limits

#: A coefficient with t-statistic t is multiplied by max(0, 1 - SHRINK / t²), so that a weak leader changes little.
SHRINK = 3.0
#: Pseudo-observations of zero that every coefficient of the led series itself is pulled by.
RIDGE = 2.0


@dataclass(frozen=True)
class Origins:
    """Forecasts at past origins, without and with a leader.

    Parameters
    ----------
    at : (n,) rows that are origins.
    error : (n,) what happened minus the forecast without the leader, in units of recent volatility; NaN = not yet known.
    gain : (S, n) what the leader adds to that forecast, in the same unit.
    unit : (n,) the unit, on the working scale.
    """

    at: np.ndarray
    error: np.ndarray
    gain: np.ndarray
    unit: np.ndarray


def lead_changes(known: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return (T, K): changes of the leader as they were known at each origin, column k the change k periods before it.

    Parameters
    ----------
    known : (T, K + 1), column k = the value of k periods before the origin as known at the origin; NaN = unknown then.
        A value not known yet is replaced by the last one that was, so that its change is zero.
    x : (T,) the series as known today; the bounds for extreme changes come from it, each from its own past.
    """
    filled = carried(known[:, ::-1])[:, ::-1]
    lo, hi = (np.r_[side, cut] for side, cut in zip((-np.inf, np.inf), limits(np.diff(carried(x))), strict=True))
    change = filled[:, :-1] - filled[:, 1:]
    back = np.arange(len(x))[:, None] - np.arange(change.shape[1])
    inside = np.maximum(back, 0)
    return np.where(back >= 1, np.clip(change, lo[inside], hi[inside]), np.nan)


def shifted(changes: np.ndarray, shift: int) -> np.ndarray:
    """Return `changes` (T, K) of a leader whose past was moved round in a circle: a placebo with the same own life."""
    lags = changes.shape[1]
    moved = np.r_[np.nan, np.roll(np.nan_to_num(changes[1:, 0]), shift)]
    out = np.full(changes.shape, np.nan)
    for k in range(lags):
        out[k:, k] = moved[: len(moved) - k]
    return out


def lead_columns(changes: np.ndarray, h: int) -> np.ndarray:
    """Return (T, K): for each lag L = 1..K, the part of the leader's change that bears on the next h periods.

    If y moves L periods after x, the h periods after the origin answer to the changes of x in the periods t+1-L .. t+h-L,
    of which those up to t are known. Nothing of x has to be forecast.
    """
    total = np.concatenate([np.zeros((len(changes), 1)), np.cumsum(changes, axis=1)], axis=1)
    lag = np.arange(1, changes.shape[1] + 1)
    return total[:, lag] - total[:, np.maximum(lag - h, 0)]


def choose_lag(own: Own, columns: np.ndarray, counts: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the lag (1..K) that BIC prefers for the next period, and by how much it lowers BIC (below 0: it does not).

    Parameters
    ----------
    columns : (T, K), or (S, T, K) for S leaders.
    counts : (B, T) how often each row counts (bootstrap); then `columns` is (T, K) and there are B answers.
    """
    target, w, z, rows = _rows(own, columns, 1)
    weight = np.ones((1, len(target))) if counts is None else counts[:, rows]
    gram = _moments(weight, w, w)
    inverse = np.linalg.inv(_ridge(gram, weight.sum(axis=1)))
    wy = weight @ (w * target[:, None])
    rest = weight @ target**2 - ((inverse @ wy[:, :, None])[:, :, 0] * wy).sum(axis=1)
    wz = w.T @ z if counts is None else _moments(weight, w, z[0])
    zz = (z**2).sum(axis=1) if counts is None else weight @ z[0] ** 2
    zy = target @ z if counts is None else weight @ (z[0] * target[:, None])
    solved = inverse @ wz
    spread = np.maximum(zz - (wz * solved).sum(axis=1), 1e-9 * zz + 1e-300)
    shared = zy - (wy[:, None, :] @ solved)[:, 0]
    explained = np.clip(shared**2 / spread / np.maximum(rest, 1e-300)[:, None], 0.0, 1 - 1e-12)
    n = weight.sum(axis=1)
    best = explained.argmax(axis=1)
    return best + 1, -n * np.log1p(-explained.max(axis=1)) - np.log(n)


def _moments(weight: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return (B, I, K): for each row of `weight` (B, T), the weighted products of the columns of (T, I) and (T, K)."""
    products = (left[:, :, None] * right[:, None, :]).reshape(len(left), -1)
    return (weight @ products).reshape(len(weight), left.shape[1], right.shape[1])


def residuals(own: Own) -> np.ndarray:
    """Return (T,): one-step errors of the whole-sample regression of a series on itself, NaN where there is none.

    These are the prewhitened, deseasonalised series whose cross-correlations can be read.
    """
    target, w, _, rows = _rows(own, np.zeros((len(own.level), 1)), 1)
    out = np.full(len(own.level), np.nan)
    gram = _ridge((w.T @ w)[None], np.array([float(len(w))]))[0]
    out[rows + 1] = target - w @ np.linalg.solve(gram, w.T @ target)
    return out


def roll(own: Own, column: np.ndarray, h: int) -> Origins:
    """Return the forecasts at every origin, each from the rows whose outcome was known there.

    Parameters
    ----------
    column : (S, T), the chosen column of each of S leaders (the true one and its placebos).
    h : periods ahead.
    """
    target, w, z, rows = _rows(own, column[:, :, None], h, future=True)
    z = z[:, :, 0]
    learned = np.isfinite(target)
    y, past = np.where(learned, target, 0.0), w * learned[:, None]
    # rows learned from at origin t end at t - h: the running sums are read there
    before = np.searchsorted(rows, rows - h, side="right") - 1
    count = np.cumsum(learned)
    enough = (before >= 0) & (count[np.maximum(before, 0)] >= TRAIN + 2 * w.shape[1])
    at, end = np.flatnonzero(enough), before[enough]
    gram = _ridge(np.cumsum(past[:, :, None] * past[:, None, :], axis=0)[end], count[end].astype(float))
    inverse = np.linalg.inv(gram)
    wy = np.cumsum(past * y[:, None], axis=0)[end]
    coefficient = np.einsum("tij,tj->ti", inverse, wy)
    rest = np.maximum(np.cumsum(y**2)[end] - (wy * coefficient).sum(axis=1), 1e-300)
    wz = np.cumsum(np.einsum("ti,st->sti", past, z), axis=1)[:, end]
    solved = np.einsum("tij,stj->sti", inverse, wz)
    zz = np.cumsum(np.where(learned, z, 0.0) ** 2, axis=1)[:, end]
    spread = np.maximum(zz - (wz * solved).sum(axis=2), 1e-9 * zz + 1e-300)
    shared = np.cumsum(z * y, axis=1)[:, end] - np.einsum("sti,ti->st", wz, coefficient)
    explained = np.clip(shared**2 / spread / rest, 0.0, 1 - 1e-12)
    t_squared = count[end] * explained / (1 - explained)
    shrink = np.clip(1 - SHRINK / np.maximum(t_squared, 1e-12), 0.0, 1.0)
    gain = shrink * shared / spread * (z[:, at] - np.einsum("sti,ti->st", solved, w[at]))
    error = target[at] - (w[at] * coefficient).sum(axis=1)
    return Origins(rows[at], error, gain, own.volatility[rows[at]])


def _rows(
    own: Own, columns: np.ndarray, h: int, *, future: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return target, regressors and leaders (S, n, K) of the complete rows in units of volatility, and the rows.

    With `future`, origins whose outcome is still unknown are kept, their target NaN.
    """
    cube = columns if columns.ndim == 3 else columns[None]
    target, w = own.target(h), own.regressors(h)
    complete = np.isfinite(w).all(axis=1) & np.isfinite(cube).all(axis=(0, 2)) & own.known
    rows = np.flatnonzero(complete if future else complete & np.isfinite(target))
    unit = own.volatility[rows]
    return target[rows] / unit, w[rows] / unit[:, None], cube[:, rows] / unit[:, None], rows


def _ridge(gram: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Return Gram matrices with RIDGE pseudo-observations on the diagonal: (B, q, q), each from n rows."""
    at = np.arange(gram.shape[-1])
    out = gram.copy()
    diagonal = gram[:, at, at]
    out[:, at, at] += RIDGE * diagonal / np.maximum(n, 1.0)[:, None] + 1e-9 * diagonal + 1e-12
    return out
