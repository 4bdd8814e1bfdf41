"""What the past of one series adds to forecasts of another: two regressions, fitted anew at every past origin.

Arrays lie on one regular time axis, on a log scale where the values allow it. Row t belongs to the origin t: what is known
once period t is over. All origins are solved at once from running sums, so that a placebo costs a matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.frames import Grain

#: Settings chosen on the first half of the M4 Weekly series (docs/forecasting-log.md).
#: Changes beyond this many robust standard deviations of their past are cut: one spike should not make a coefficient.
CLIP = 3.0
#: Periods after which an absolute change weighs half in the volatility that rows are divided by.
HALF_LIFE = 13
#: A coefficient with t-statistic t is multiplied by max(0, 1 - SHRINK / t²), so that a weak leader changes little.
SHRINK = 3.0
#: Pseudo-observations of zero that every coefficient of the led series itself is pulled by.
RIDGE = 2.0
#: Rows a regression learns from before the first origin, beside two for each coefficient.
TRAIN = 20
#: Most lagged changes and harmonics that the information criterion may choose.
AR = {"hour": 6, "day": 7}
AR_OTHER = 4
HARMONICS = 3
#: Length of the year in periods, for grains whose longest season in `Grain` is shorter or only about a year.
YEAR = {"day": 365.25, "week": 365.25 / 7}


@dataclass(frozen=True)
class Own:
    """A series and how it explains itself.

    Parameters
    ----------
    level : (T,) values on the working scale, gaps carried forward, extreme changes cut.
    known : (T,) whether the value was observed.
    volatility : (T,) recent mean absolute change, median 1.
    lags : lagged changes in the regression.
    cycle, harmonics : season length in periods and pairs of harmonics; 0 harmonics = none.
    season : periods after which the change of a year (week, day) ago enters; 0 = it does not.
    """

    level: np.ndarray
    known: np.ndarray
    volatility: np.ndarray
    lags: int
    cycle: float
    harmonics: int
    season: int

    def target(self, h: int) -> np.ndarray:
        """Return (T,): the change over the h periods after each origin, NaN where an end was not observed."""
        out = np.full(len(self.level), np.nan)
        both = self.known[h:] & self.known[:-h]
        out[:-h] = np.where(both, self.level[h:] - self.level[:-h], np.nan)
        return out

    def regressors(self, h: int) -> np.ndarray:
        """Return (T, q): constant, lagged changes, harmonics, the change of the same h periods one season ago."""
        n = len(self.level)
        columns = [np.ones((n, 1)), lagged(np.diff(self.level, prepend=np.nan), self.lags)]
        columns.append(_harmonics(n, self.cycle, self.harmonics))
        if self.season:
            columns.append(_season_ago(self.level, h, self.season)[:, None])
        return np.concatenate(columns, axis=1)


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


def working_scale(y: np.ndarray) -> np.ndarray:
    """Return log(y + c) for a series that is never negative, else y in units of its typical change.

    c is 1 (log1p), less where the typical positive value is below 1.
    """
    positive = y[np.isfinite(y) & (y > 0)]
    if np.nanmin(y) < 0:
        change = np.nanmean(np.abs(np.diff(y)))
        return y / change if change > 0 else y
    return np.log(y + (min(1.0, float(np.median(positive))) if len(positive) else 1.0))


def explain(y: np.ndarray, grain: Grain) -> Own:
    """Return a series (working scale, NaN = missing) with the autoregression and season that BIC chooses for it.

    The choice looks at the whole series; it can only help the forecast without a leader, hence never a claim.
    """
    known = np.isfinite(y)
    level = pd.Series(y).ffill().to_numpy()
    change = np.diff(level)
    lo, hi = limits(change)
    level = level[0] + np.r_[0.0, np.cumsum(np.clip(change, lo, hi))]
    size = pd.Series(np.where(known[1:] & known[:-1], np.abs(np.diff(level)), np.nan))
    recent = size.ewm(halflife=HALF_LIFE, ignore_na=True).mean().to_numpy()
    usual = size.expanding().mean().to_numpy()
    volatility = np.maximum(recent, 0.3 * usual)
    volatility = pd.Series(np.r_[np.nan, volatility]).bfill().to_numpy()
    middle = np.nanmedian(volatility)
    volatility = np.maximum(volatility / middle, 1e-3) if middle > 0 else np.ones_like(level)
    blank = Own(level, known, volatility, 0, 1.0, 0, 0)
    return Own(level, known, volatility, *_structure(blank, grain))


def lagged(change: np.ndarray, lags: int) -> np.ndarray:
    """Return (T, lags): the change of each period and of the periods before it; 0 before the beginning."""
    out = np.zeros((len(change), lags))
    for k in range(lags):
        out[k:, k] = change[: len(change) - k]
    return np.nan_to_num(out)


def limits(change: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds that each change is cut at, from the changes up to it (never from later ones)."""
    past = pd.Series(change).expanding(5)
    middle = past.median()
    spread = 1.4826 * (pd.Series(change) - middle).abs().expanding(5).median()
    spread = np.maximum(spread, past.std() / 4)
    return tuple((middle + side * CLIP * spread).fillna(side * np.inf).to_numpy() for side in (-1, 1))


def lead_changes(known: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return (T, K): changes of the leader as they were known at each origin, column k the change k periods before it.

    Parameters
    ----------
    known : (T, K + 1), column k = the value of k periods before the origin as known at the origin; NaN = unknown then.
        A value not known yet is replaced by the last one that was, so that its change is zero.
    x : (T,) the series as known today; the bounds for extreme changes come from it, each from its own past.
    """
    filled = pd.DataFrame(known[:, ::-1]).ffill(axis=1).to_numpy()[:, ::-1]
    lo, hi = limits(np.diff(pd.Series(x).ffill().to_numpy(), prepend=np.nan))
    change = filled[:, :-1] - filled[:, 1:]
    back = np.arange(len(x))[:, None] - np.arange(change.shape[1])
    inside = np.maximum(back, 0)
    return np.where(back >= 1, np.clip(change, lo[inside], hi[inside]), np.nan)


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
    gram = np.einsum("bt,ti,tj->bij", weight, w, w)
    inverse = np.linalg.inv(_ridge(gram, weight.sum(axis=1)))
    wy = np.einsum("bt,ti,t->bi", weight, w, target)
    rest = np.einsum("bt,t->b", weight, target**2) - np.einsum("bi,bij,bj->b", wy, inverse, wy)
    moment = "bt,ti,tk->bik" if counts is not None else "bt,ti,stk->sik"
    wz = np.einsum(moment, weight, w, z[0] if counts is not None else z)
    zz = np.einsum("bt,tk->bk", weight, z[0] ** 2) if counts is not None else (z**2).sum(axis=1)
    zy = np.einsum("bt,tk,t->bk", weight, z[0], target) if counts is not None else np.einsum("stk,t->sk", z, target)
    solved = inverse @ wz
    spread = np.maximum(zz - (wz * solved).sum(axis=1), 1e-9 * zz + 1e-300)
    shared = zy - np.einsum("sik,si->sk", solved, np.broadcast_to(wy, (len(solved), wy.shape[1])))
    explained = np.clip(shared**2 / spread / np.maximum(rest, 1e-300)[:, None], 0.0, 1 - 1e-12)
    n = weight.sum(axis=1)
    best = explained.argmax(axis=1)
    return best + 1, -n * np.log1p(-explained.max(axis=1)) - np.log(n)


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


def _structure(own: Own, grain: Grain) -> tuple[int, float, int, int]:
    """Return (lags, cycle, harmonics, season) with the smallest BIC for the next period."""
    n = len(own.level)
    most = AR.get(grain.name, AR_OTHER)
    cycles = [(float(m), m) for m in grain.seasons]
    if grain.name in YEAR:
        year = YEAR[grain.name]
        cycles = [(year, round(year)), *(c for c in cycles if c[1] != round(year))]
    options = [(0.0, 0, 0)]
    for cycle, m in cycles:
        if n >= 2 * m:
            options += [(cycle, k, 0) for k in range(1, min(HARMONICS, (m - 1) // 2) + 1)]
        if n >= 2 * m + TRAIN:
            options += [(cycle, k, m) for k in range(min(HARMONICS, (m - 1) // 2) + 1)]
    unit = own.volatility
    target = own.target(1) / unit
    changes = lagged(np.diff(own.level, prepend=np.nan), most)
    complete = np.isfinite(target)
    complete[:most] = False
    for m in (m for _, _, m in options):
        complete[:m] = False
    best, chosen = np.inf, (0, 1.0, 0, 0)
    rows = np.flatnonzero(complete)
    if len(rows) < TRAIN:
        return chosen
    for cycle, k, m in options:
        season = [_season_ago(own.level, 1, m)[:, None]] if m else []
        other = np.concatenate([np.ones((n, 1)), _harmonics(n, cycle, k), *season], axis=1)
        for p in range(most + 1):
            w = np.concatenate([other, changes[:, :p]], axis=1)[rows] / unit[rows, None]
            fitted, *_ = np.linalg.lstsq(w, target[rows], rcond=None)
            rest = target[rows] - w @ fitted
            bic = len(rows) * np.log(max(float(rest @ rest), 1e-12) / len(rows)) + w.shape[1] * np.log(len(rows))
            if bic < best:
                best, chosen = bic, (p, cycle if k or m else 1.0, k, m)
    return chosen


def _harmonics(n: int, cycle: float, pairs: int) -> np.ndarray:
    angle = 2 * np.pi * np.arange(n)[:, None] * np.arange(1, pairs + 1) / max(cycle, 1.0)
    return np.concatenate([np.cos(angle), np.sin(angle)], axis=1)


def _season_ago(level: np.ndarray, h: int, season: int) -> np.ndarray:
    """Return (T,): the change of the same h periods one season (or more, if h is longer) ago; 0 before that is known."""
    back = season * -(-h // season)
    out = np.zeros(len(level))
    t = np.arange(back, len(level))
    out[t] = level[t + h - back] - level[t - back]
    return out
