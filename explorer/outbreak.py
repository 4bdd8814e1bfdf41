"""How unusual a week or a month is: a harmonic quasi-Poisson regression on its own past, and the tail of its count.

Farrington's idea with the yearly pattern modelled instead of cut out; made for weekly and monthly counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from explorer.baseline import Grid

#: Years of history that a fit looks at, and the latest periods it leaves out so that an outbreak does not excuse itself.
YEARS = 6
GUARD = {"week": 4, "month": 1}
#: Periods needed for a score at all; years from which on the fit carries one, and two, waves a year.
FEWEST = {"week": 8, "month": 6}
ONE_WAVE, TWO_WAVES = 2.0, 3.0
#: Past counts this many normal deviates above the fit weigh less (1 / deviate squared), as past outbreaks must.
OUTLYING = 2.58
#: The variance that is left of normal deviates none of which was an outbreak: (1 - c f(c)) / (F(c) + E[1 / z^2; z > c]).
LEFT = 0.967
#: Without a yearly pattern only this much of the past is compared.
LEVEL_ONLY = 0.5  # years
ROUNDS = 3
#: Standard deviation of the mean of two standard normal scores that share half of what they rest on (correlation 1 / sqrt 2).
PAIR = 0.924
PERIODS = {"week": 52.1775, "month": 12.0}


@dataclass(frozen=True)
class Outbreak:
    """Per row: expected `mean`, `dispersion` (variance / mean, with the error of the fit), `score` (normal quantile).

    `waves`: how many yearly waves the fit of the row carried; -1 = too little past for a fit.
    """

    mean: np.ndarray
    dispersion: np.ndarray
    score: np.ndarray
    waves: np.ndarray


def outbreak_score(grid: Grid, shifts: tuple[tuple[int, int], ...] = ()) -> Outbreak:
    """Return what was expected of each row from the rows before it, and how far in the tail its count lies.

    The score is the mean of two views, scaled to a standard normal: the count, and its sum with the count before, because what
    breaks out is reported over more than one period. On the simulations of Noufaily et al. it finds four outbreaks in a hundred
    more than the count alone, at the same rate of false alarms (docs/alerts-log.md).

    Parameters
    ----------
    shifts : changes of level as (row at which it began, row at which that was known); each adds a step to the fits of the
        rows after the latter.

    References
    ----------
    Farrington et al. (1996), JRSS A 159; Noufaily et al. (2013), Statistics in Medicine 32(7), for reweighting and the
    negative-binomial quantile.
    """
    n = len(grid.y)
    found = Outbreak(np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan), np.full(n, -1))
    year, guard = PERIODS[grid.grain], GUARD[grid.grain]
    known = np.isfinite(grid.y)
    count = np.concatenate([[0], np.cumsum(known)])  # known rows before each
    first = int(np.argmax(known)) if known.any() else n
    for waves, low, high in ((0, 0.0, ONE_WAVE), (1, ONE_WAVE, TWO_WAVES), (2, TWO_WAVES, np.inf)):
        age = (np.arange(n) - first) / year
        rows = np.flatnonzero((age >= low) & (age < high) & (count[:n] >= FEWEST[grid.grain]))
        if len(rows):
            reach = round(year * (YEARS if waves else LEVEL_ONLY))
            # A young series cannot spare its latest periods.
            _fill(found, grid.y, rows, reach, guard if waves else 1, waves, year, shifts)
    return replace(found, score=_two_views(grid.y, found.mean, found.dispersion))


def _two_views(y: np.ndarray, mean: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    alone = _tail(y, mean, dispersion)
    pair = _tail(y[1:] + y[:-1], mean[1:] + mean[:-1], np.maximum(dispersion[1:], dispersion[:-1]))
    both = (alone[1:] + pair) / (2 * PAIR)
    score = alone.copy()
    score[1:] = np.where(np.isfinite(both), both, alone[1:])
    return score


def _tail(y: np.ndarray, mean: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """Return the normal quantile of the chance to see less than `y`; NaN where something is not known."""
    known = np.isfinite(y) & np.isfinite(mean)
    phi = np.maximum(np.where(known, dispersion, 2.0), 1.001)
    size = np.maximum(np.where(known, mean, 1.0) / (phi - 1), 1e-6)
    chance = stats.nbinom.sf(np.ceil(np.where(known, y, 0.0)) - 1, size, 1 / phi)
    return np.where(known, stats.norm.isf(np.clip(chance, 1e-300, 1 - 1e-16)), np.nan)


def _fill(
    found: Outbreak,
    y: np.ndarray,
    rows: np.ndarray,
    reach: int,
    guard: int,
    waves: int,
    year: float,
    shifts: tuple[tuple[int, int], ...],
) -> None:
    """Fit all `rows` at once and write what was expected of them into `found`."""
    offset = np.arange(-reach, -guard + 1)
    index = rows[:, None] + offset
    past = np.where(index >= 0, y[np.maximum(index, 0)], np.nan)
    known = np.isfinite(past)
    enough = known.sum(axis=1) >= 4
    # A young series has few of the periods that a fit looks at.
    reached = known.any(axis=0)
    rows, offset = rows[enough], offset[reached]
    past, known, index = (x[enough][:, reached] for x in (past, known, index))
    if not len(rows):
        return
    design, now = _design(offset, waves, year, index, rows, shifts)
    mean, dispersion, error = _fit(np.where(known, past, 0.0), known, design, now)
    found.mean[rows], found.waves[rows] = mean, waves
    found.dispersion[rows] = np.maximum(dispersion + mean * error, 1.001)


def _design(
    offset: np.ndarray,
    waves: int,
    year: float,
    index: np.ndarray,
    rows: np.ndarray,
    shifts: tuple[tuple[int, int], ...],
) -> tuple[np.ndarray, np.ndarray]:
    """Return the regressors of the past, (past, p) or with steps (rows, past, p), and of the present (rows, p)."""
    t = offset / year
    columns = [np.ones_like(t)]
    present = [1.0]
    if waves:
        columns.append(t)
        present.append(0.0)
    for j in range(1, waves + 1):
        columns += [np.cos(2 * np.pi * j * t), np.sin(2 * np.pi * j * t)]
        present += [1.0, 0.0]
    past = np.stack(columns, axis=-1)
    now = np.tile(present, (len(rows), 1))
    if shifts:
        past = np.broadcast_to(past, (len(rows), *past.shape))
    for begin, confirmed in shifts:
        before = (index < begin).astype(float) * (rows > confirmed)[:, None]
        past = np.concatenate([past, before[..., None]], axis=-1)
        now = np.concatenate([now, np.zeros((len(rows), 1))], axis=1)
    return past, now


def _fit(y: np.ndarray, known: np.ndarray, x: np.ndarray, now: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reweighted quasi-Poisson regressions, one a row, by Newton's method: mean now, dispersion, variance of log mean."""
    n, p = known.sum(axis=1), x.shape[-1]
    weight = known.astype(float)
    beta = np.zeros((len(y), p))
    beta[:, 0] = np.log(np.maximum((y * weight).sum(axis=1) / n, 0.05))
    ridge = 1e-6 * np.eye(p)
    for turn in range(ROUNDS):
        for _ in range(6 if turn == 0 else 2):
            mu = np.exp(np.clip(_fitted(x, beta), -6, 16))
            information = _information(x, weight * mu) + ridge
            step = np.linalg.solve(information, _gradient(x, weight * (y - mu))[..., None])[..., 0]
            beta = beta + np.clip(step, -1, 1)
        mu = np.exp(np.clip(_fitted(x, beta), -6, 16))
        dispersion = (weight * (y - mu) ** 2 / mu).sum(axis=1) / np.maximum(n - p, 1) / (LEFT if turn else 1.0)
        dispersion = np.maximum(dispersion, 1.0)
        if turn < ROUNDS - 1:
            residual = _normal(y, mu, dispersion[:, None])
            weight = np.where(residual > OUTLYING, 1 / np.maximum(residual, 1e-9) ** 2, 1.0)
            weight = weight * known
            weight *= (n / weight.sum(axis=1))[:, None]
    mean = np.exp(np.clip(np.einsum("tp,tp->t", now, beta), -6, 16))
    error = dispersion * np.einsum("tp,tpq,tq->t", now, np.linalg.inv(information), now)
    return mean, dispersion, np.minimum(error, 1.0)


def _normal(y: np.ndarray, mean: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """Return counts as normal deviates, those of a gamma variable with their mean and variance (Wilson & Hilferty 1931).

    Few or clustered counts have a long upper tail: on the scale of a symmetric residual ordinary weeks would look like
    outbreaks, would weigh less, and leave an expectation that others then exceed.
    """
    form = mean / dispersion
    root = np.cbrt(np.maximum(y - 0.5, 0.0) / mean)
    result: np.ndarray = 3 * np.sqrt(form) * (root - 1 + 1 / (9 * form))
    return result


# One design for all rows (two dimensions) is the usual case and a matter of three matrix products; steps make it one a row.


def _fitted(x: np.ndarray, beta: np.ndarray) -> np.ndarray:
    result: np.ndarray = beta @ x.T if x.ndim == 2 else np.matmul(x, beta[..., None])[..., 0]
    return result


def _gradient(x: np.ndarray, residual: np.ndarray) -> np.ndarray:
    result: np.ndarray = residual @ x if x.ndim == 2 else np.matmul(residual[:, None, :], x)[:, 0]
    return result


def _information(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    if x.ndim == 3:
        result: np.ndarray = np.matmul((x * weight[..., None]).transpose(0, 2, 1), x)
        return result
    p = x.shape[1]
    return (weight @ (x[:, :, None] * x[:, None, :]).reshape(len(x), p * p)).reshape(-1, p, p)
