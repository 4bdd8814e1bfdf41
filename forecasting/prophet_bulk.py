"""Prophet's default model of many series at once: its design in numpy, shared by series of one calendar, without Stan.

Stock Prophet spends its time on a Stan process, JSON and frames for every series. Here the regressors are plain arrays built
once a calendar; the optimum of the posterior is found by prophet-batch's exact active-set solver for a batch of series.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

#: Prophet's defaults: changepoints at most, the share of the history that they may lie in, and the scales of the priors of
#: their size (Laplace), of the seasons and of slope and level (normal).
CHANGEPOINTS, RANGE, TAU = 25, 0.8, 0.05
SEASON_SCALE, LINE_SCALE = 10.0, 5.0
#: Its seasons: cycle [days], pairs of harmonics, history that switches one on [days], spacing that switches it off [days].
SEASONS = ((365.25, 10, 730.0, np.inf), (7.0, 3, 14.0, 7.0), (1.0, 4, 2.0, 1.0))
#: Relative change of the noise variance at which a series has converged.
TOLERANCE = 1e-10
#: Smallest noise; a fit that reaches it is perfect, and the posterior has no optimum.
SMALLEST = 1e-9
#: Series that are solved together at most: their Gram matrices take 18 kB each.
TOGETHER = 256


@dataclass(frozen=True)
class Calendar:
    """What the model sees of the dates of a series.

    Parameters
    ----------
    past : (T, p) regressors on the observed dates: time, one, a hinge a changepoint, harmonics. ahead : (h, p) on later dates.
    gram : (p, p) past.T @ past. hinges : changepoints.
    """

    past: np.ndarray
    ahead: np.ndarray
    gram: np.ndarray
    hinges: int


@dataclass(frozen=True)
class Fitted:
    """The optimum of one series: its log posterior and what it forecasts.

    Parameters
    ----------
    ahead : (h,) forecast; NaN = the posterior has no optimum (a perfect fit). log_posterior : as Stan's lp__; NaN likewise.
    """

    ahead: np.ndarray
    log_posterior: float


def fit(
    past: Sequence[pd.DatetimeIndex], values: Sequence[np.ndarray], ahead: Sequence[pd.DatetimeIndex]
) -> list[Fitted]:
    """Return the forecasts of Prophet with its default settings, at the exact optimum of its posterior.

    Parameters
    ----------
    past : rising dates of each series, no time zone, at least 2. values : as many finite values. ahead : dates to forecast.

    References
    ----------
    Taylor & Letham (2018), Forecasting at scale, The American Statistician 72; prophet.stan for the priors; Lee et al. (2007),
    Efficient sparse coding algorithms (feature-sign search, the solver).
    """
    out: list[Fitted] = [Fitted(np.full(len(dates), np.nan), np.nan) for dates in ahead]
    calendars: dict[tuple[bytes, bytes], Calendar] = {}
    groups: dict[tuple[int, int], list[tuple[int, Calendar]]] = {}
    for i, (before, y, after) in enumerate(zip(past, values, ahead, strict=True)):
        if y.min() == y.max():  # Stan is not asked about a constant either
            out[i] = Fitted(np.full(len(after), float(y[0])), np.nan)
            continue
        days = _days(before), _days(after)
        key = days[0].tobytes(), days[1].tobytes()
        calendar = calendars.setdefault(key, calendars.get(key) or _calendar(*days))
        groups.setdefault((calendar.past.shape[1], calendar.hinges), []).append((i, calendar))
    for group in groups.values():
        for start in range(0, len(group), TOGETHER):
            part = group[start : start + TOGETHER]
            for (i, _), found in zip(part, _solve([(c, values[j]) for j, c in part]), strict=True):
                out[i] = found
    return out


def _solve(problems: list[tuple[Calendar, np.ndarray]]) -> list[Fitted]:
    """Return the optimum of series with equally many regressors; one at a time if their system as a whole is singular."""
    from prophet_batch import batch  # over a second to import: only who asks for it pays

    unit = np.array([np.abs(y).max() for _, y in problems])
    scaled = [y / u for (_, y), u in zip(problems, unit, strict=True)]
    gram = np.stack([c.gram for c, _ in problems])
    moment = np.stack([y @ c.past for (c, _), y in zip(problems, scaled, strict=True)])
    square, n = np.array([y @ y for y in scaled]), np.array([float(len(y)) for y in scaled])
    hinges, p = problems[0][0].hinges, moment.shape[1]
    bend = np.zeros((len(problems), p), dtype=bool)
    bend[:, 2 : 2 + hinges] = True
    precision = np.where(bend, 0.0, 1 / SEASON_SCALE**2)
    precision[:, :2] = 1 / LINE_SCALE**2
    tau = np.full(len(problems), TAU)
    try:
        weight, noise = batch.solve_map(gram, moment, square, n, precision, bend, tau, tol=TOLERANCE)
    except np.linalg.LinAlgError:
        if len(problems) == 1:
            return [Fitted(np.full(len(problems[0][0].ahead), np.nan), np.nan)]
        return [found for problem in problems for found in _solve([problem])]
    height = batch.log_posterior(gram, moment, square, n, weight, noise, precision, bend, tau)
    found = []
    for (calendar, _), w, s, u, lp in zip(problems, weight, noise, unit, height, strict=True):
        ahead = calendar.ahead @ w * u
        whole = s > SMALLEST and np.isfinite(lp) and bool(np.isfinite(ahead).all())
        found.append(Fitted(ahead, float(lp)) if whole else Fitted(np.full(len(ahead), np.nan), np.nan))
    return found


def _calendar(days: np.ndarray, ahead: np.ndarray) -> Calendar:
    """Return the regressors of a history on `days`, and on the days `ahead`."""
    span, spacing = days[-1] - days[0], np.diff(days).min()
    inside = int(np.floor(len(days) * RANGE))
    count = min(CHANGEPOINTS, inside - 1)
    at = np.linspace(0, inside - 1, count + 1).round().astype(int)[1:] if count > 0 else np.array([0])
    bends = days[at]
    waves = [(cycle, pairs) for cycle, pairs, enough, coarse in SEASONS if span >= enough and spacing < coarse]

    def columns(when: np.ndarray) -> np.ndarray:
        t = (when - days[0]) / span
        hinge = np.maximum(t[:, None] - (bends - days[0]) / span, 0.0)
        parts = [t[:, None], np.ones((len(t), 1)), hinge]
        for cycle, pairs in waves:
            angle = 2 * np.pi * when[:, None] * np.arange(1, pairs + 1) / cycle
            parts += [np.sin(angle), np.cos(angle)]
        return np.concatenate(parts, axis=1)

    past = columns(days)
    return Calendar(past, columns(ahead), past.T @ past, len(bends))


def _days(dates: pd.DatetimeIndex) -> np.ndarray:
    return dates.to_numpy("datetime64[s]").astype(np.int64) / 86400
