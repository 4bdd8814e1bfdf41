"""A series explained by its own past: changes on a log scale, recent lags, a season, and how volatile it has been.

Arrays lie on one regular time axis. Row t belongs to the origin t: what is known once period t is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from forecasting.frames import Grain, log_offset

#: Changes beyond this many robust standard deviations of their past are cut: one spike should not make a coefficient.
CLIP = 3.0
#: Periods after which an absolute change weighs half in the volatility that rows are divided by.
HALF_LIFE = 13
#: Rows that the choice of lags and season needs.
TRAIN = 20
#: Most lagged changes and harmonics that the information criterion may choose.
AR = {"hour": 6, "day": 7}
AR_OTHER = 4
HARMONICS = 3
#: Length of the year in periods, for grains whose longest season in `Grain` is shorter or only about a year.
YEAR = {"day": 365.25, "week": 365.25 / 7}


@dataclass(frozen=True)
class Scale:
    """The scale a series is modelled on: log(y + shift), or y / unit where a value was negative.

    Parameters
    ----------
    shift : added before logarithms, in the unit of the series; NaN = no logarithms.
    unit : typical change of a series that may be negative.
    """

    shift: float
    unit: float = 1.0

    def there(self, y: np.ndarray) -> np.ndarray:
        """Return y on the working scale."""
        return np.log(y + self.shift) if np.isfinite(self.shift) else y / self.unit

    def back(self, z: np.ndarray) -> np.ndarray:
        """Return values of the working scale in the unit of y."""
        return np.exp(z) - self.shift if np.isfinite(self.shift) else z * self.unit


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


def scale_of(y: np.ndarray) -> Scale:
    """Return the scale of a series: logarithms of a series that was never negative, else units of its typical change.

    The shift is 1 (log1p), less where the typical positive value is below 1.
    """
    known = y[np.isfinite(y)]
    if len(known) and known.min() < 0:
        change = float(np.abs(np.diff(known)).mean()) if len(known) > 1 else 0.0
        return Scale(np.nan, change or 1.0)
    return Scale(log_offset(known))


def explain(y: np.ndarray, grain: Grain) -> Own:
    """Return a series (working scale, NaN = missing) with the autoregression and season that BIC chooses for it.

    The choice looks at the whole series; it can only help the forecast without a leader, hence never a claim.
    """
    return _explained(y.tobytes(), grain)


@lru_cache(maxsize=4)  # each series of a pair is asked for in both directions
def _explained(values: bytes, grain: Grain) -> Own:
    y = np.frombuffer(values)
    known = np.isfinite(y)
    level = carried(y)
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


def carried(values: np.ndarray) -> np.ndarray:
    """Return values with what is missing replaced by the last known one along the last axis; NaN before the first."""
    place = np.where(np.isnan(values), 0, np.arange(values.shape[-1]))
    return np.take_along_axis(values, np.maximum.accumulate(place, axis=-1), axis=-1)


def limits(change: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds that each change is cut at, from the changes up to it (never from later ones)."""
    return _limits(change.tobytes())


@lru_cache(maxsize=4)  # a series is asked for as the leader and as the one that is led
def _limits(change: bytes) -> tuple[np.ndarray, np.ndarray]:
    past = pd.Series(np.frombuffer(change)).expanding(5)
    middle = past.median().to_numpy()
    away = pd.Series(np.abs(np.frombuffer(change) - middle)).expanding(5)
    spread = np.maximum(1.4826 * away.median().to_numpy(), past.std().to_numpy() / 4)
    lo, hi = (middle + side * CLIP * spread for side in (-1, 1))
    return np.where(np.isnan(lo), -np.inf, lo), np.where(np.isnan(hi), np.inf, hi)


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
        w = np.concatenate([other, changes], axis=1)[rows] / unit[rows, None]
        rest = unexplained(w, target[rows])[other.shape[1] - 1 :]
        size = other.shape[1] + np.arange(most + 1)
        bic = len(rows) * np.log(np.maximum(rest, 1e-12) / len(rows)) + size * np.log(len(rows))
        p = int(bic.argmin())
        if bic[p] < best:
            best, chosen = bic[p], (p, cycle if k or m else 1.0, k, m)
    return chosen


def unexplained(w: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return (q,): the squares that the regression of y on the first 1, 2, ... q columns of w (n, q) leaves."""
    q, r = np.linalg.qr(w)
    if (np.abs(np.diag(r)) > 1e-10 * np.linalg.norm(w, axis=0)).all():
        rest: np.ndarray = y[:, None] - np.cumsum(q * (y @ q), axis=1)
        return (rest**2).sum(axis=0)
    # Columns that others determine: one decomposition no longer tells what each explains.
    first = (w[:, :k] for k in range(1, w.shape[1] + 1))
    return np.array([((y - x @ np.linalg.lstsq(x, y, rcond=None)[0]) ** 2).sum() for x in first])


@lru_cache(maxsize=32)
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
