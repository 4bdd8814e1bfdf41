"""The forecasting methods behind one signature: a batch of series in, one row of h values a series out.

A member says by a row of NaN that it cannot answer for a series; what then happens is the ensemble's affair.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from forecasting import pooled, prophet_member, seasonal, smoothing
from forecasting.errors import BadArgument
from forecasting.frames import Grain, fill, log_offset

#: Each step ahead keeps this share of the drift of a logarithm.
DRIFT_DAMPING = 0.9
#: Values of the series that are put side by side at most (32 MB an array).
SIDE_BY_SIDE = 4_000_000


@dataclass(frozen=True)
class Batch:
    """Series of one grain, each ending at its forecast origin.

    Parameters
    ----------
    values : one float array a series, NaN = missing, the last value may be missing too.
    ends : the last known period of each series, of which the origin lies `later` periods before.
    grain, h : the common grain and horizon.
    later : periods that are held back, per series; () = none.
    """

    values: tuple[np.ndarray, ...]
    ends: tuple[pd.Timestamp, ...]
    grain: Grain
    h: int
    later: tuple[int, ...] = ()
    _adjusted: dict[tuple[int, bool], seasonal.Adjusted] = field(default_factory=dict, repr=False)

    @cached_property
    def lengths(self) -> np.ndarray:
        """Periods of each series."""
        return np.array([len(y) for y in self.values])

    def dates(self, i: int) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex]:
        """Return the dates of series `i` up to its origin, and the h dates after it."""
        held = self.later[i] if self.later else 0
        dates = self.grain.past(self.ends[i], len(self.values[i]) + held)
        past = dates[: len(self.values[i])]
        return past, self.grain.future(past[-1], self.h)

    @cached_property
    def filled(self) -> tuple[np.ndarray, ...]:
        """The series with gaps bridged, for fitting only."""
        return tuple(fill(y) for y in self.values)

    @cached_property
    def nonnegative(self) -> np.ndarray:
        """Whether a series never falls below zero."""
        return np.array([y.min() >= 0 for y in self.filled])

    @cached_property
    def offset(self) -> np.ndarray:
        """What is added before a logarithm: 1 for counts (log1p), less for series whose typical value is below 1."""
        return np.array([log_offset(y) for y in self.filled])

    @cached_property
    def logs(self) -> tuple[np.ndarray, ...]:
        """The filled series on a log scale; zeros for a series that has negative values."""
        rows = zip(self.filled, self.offset, self.nonnegative, strict=True)
        return tuple(np.log(y + c) if ok else np.zeros_like(y) for y, c, ok in rows)

    def unlog(self, forecast: np.ndarray) -> np.ndarray:
        """Return log-scale forecasts (n, h) as values; NaN for a series that has negative values."""
        with np.errstate(over="ignore"):
            values = np.exp(forecast) - self.offset[:, None]
        return np.where(self.nonnegative[:, None], values, np.nan)

    def adjusted(self, cap: int, *, log: bool = False) -> seasonal.Adjusted:
        """Return the last `cap` values of each series without their season (computed once a batch)."""
        key = (cap, log)
        if key not in self._adjusted:
            tails = [y[-cap:] for y in (self.logs if log else self.filled)]
            lengths = np.array([len(t) for t in tails])
            matrix = np.full((len(tails), int(lengths.max())), np.nan)
            for row, tail in zip(matrix, tails, strict=True):
                row[: len(tail)] = tail
            self._adjusted[key] = seasonal.adjust(matrix, lengths, self.grain.seasons, self.h, additive=log)
        return self._adjusted[key]


@dataclass(frozen=True)
class Member:
    """One method.

    Parameters
    ----------
    name : its column name.
    what : one sentence for people.
    run : from a batch to (n, h) forecasts.
    needs : from a grain and a horizon to the periods of history without which it does not answer.
    additive : its season, trend and errors add up; left out by default where a series calls for logarithms.
    alone : it looks at each series by itself and is cheap, so that series of several batches can stand side by side.
    max_series : series beyond which it is left out by default, being costly; None = never.
    """

    name: str
    what: str
    run: Callable[[Batch], np.ndarray]
    needs: Callable[[Grain, int], int]
    additive: bool = False
    alone: bool = False
    max_series: int | None = None


def run(batch: Batch, names: Iterable[str]) -> np.ndarray:
    """Return (members, n, h): the forecasts of each member, NaN where it cannot answer or answers nonsense.

    Nonsense is a value more than ten times larger than anything the series has shown (an exploding trend).
    """
    largest = np.array([np.abs(y).max() for y in batch.filled])
    out = []
    for name in names:
        member = MEMBERS[name]
        short = batch.lengths < member.needs(batch.grain, batch.h)
        if short.all():
            out.append(np.full((len(short), batch.h), np.nan))
            continue
        forecast = np.asarray(member.run(batch), dtype=float)
        with np.errstate(invalid="ignore"):
            wild = ~(np.abs(forecast) <= 10 * largest[:, None]).all(axis=1)
        out.append(np.where((wild | short)[:, None], np.nan, forecast))
    return np.stack(out)


def run_all(batches: Sequence[Batch], names: Sequence[str]) -> list[np.ndarray]:
    """Return what `run` gives for each batch, all of one grain and horizon.

    Members that look at each series alone get the series of many batches at once: these are the past origins of the same
    series, of which the smoothing members go through each but once (`smoothing.carriers`).
    """
    alone = [i for i, name in enumerate(names) if MEMBERS[name].alone]
    others = [i for i, name in enumerate(names) if not MEMBERS[name].alone]
    out = [np.full((len(names), len(batch.values), batch.h), np.nan) for batch in batches]
    for batch, found in zip(batches, out, strict=True) if others else ():
        found[others] = run(batch, [names[i] for i in others])
    sizes = np.array([len(batch.values) * int(batch.lengths.max()) for batch in batches])
    for some in np.split(np.arange(len(batches)), np.flatnonzero(np.diff(np.cumsum(sizes) // SIDE_BY_SIDE)) + 1):
        if alone:
            together = _side_by_side([batches[k] for k in some])
            made = run(together, [names[i] for i in alone])
            ends = np.cumsum([len(batches[k].values) for k in some])
            for k, part in zip(some, np.split(made, ends[:-1], axis=1), strict=True):
                out[k][alone] = part
    return out


def _side_by_side(batches: Sequence[Batch]) -> Batch:
    return Batch(
        tuple(y for batch in batches for y in batch.values),
        tuple(end for batch in batches for end in batch.ends),
        batches[0].grain,
        batches[0].h,
        tuple(periods for batch in batches for periods in batch.later or (0,) * len(batch.values)),
    )


def choose(names: Sequence[str] | None, n_series: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the members to run and those left out by default because they cost too much for `n_series` series.

    Raises
    ------
    BadArgument : a name that is not in `MEMBERS`, or no name at all.
    """
    if names is not None:
        unknown = [n for n in names if n not in MEMBERS]
        if unknown or not names:
            what = f"no member is called {unknown[0]!r}" if unknown else "no member is named"
            raise BadArgument(what, "members", f"choose among {', '.join(MEMBERS)}")
        return tuple(dict.fromkeys(names)), ()
    fit = [m for m in MEMBERS.values() if m.name in DEFAULT]
    costly = [m for m in fit if m.max_series is not None and n_series > m.max_series]
    return tuple(m.name for m in fit if m not in costly), tuple(m.name for m in costly)


def naive(batch: Batch) -> np.ndarray:
    """Return the last value, h times."""
    return np.repeat(np.array([y[-1] for y in batch.filled])[:, None], batch.h, axis=1)


def seasonal_naive(batch: Batch) -> np.ndarray:
    """Return the last season, repeated: the longest season of which two have been seen (the last value without one)."""
    out = np.full((len(batch.values), batch.h), np.nan)
    for i, y in enumerate(batch.filled):
        season = next((m for m in batch.grain.seasons if len(y) >= 2 * m), 1)
        out[i] = y[-season:][np.arange(batch.h) % season]
    return out


def _theta(batch: Batch, *, log: bool) -> np.ndarray:
    adjusted = batch.adjusted(batch.grain.memory, log=log)
    damping = DRIFT_DAMPING if log else 1.0
    forecast = adjusted.restore(smoothing.theta(adjusted.z, adjusted.lengths, batch.h, damping=damping))
    return batch.unlog(forecast) if log else forecast


def _damped(batch: Batch, *, log: bool) -> np.ndarray:
    adjusted = batch.adjusted(batch.grain.memory, log=log)
    forecast = adjusted.restore(smoothing.damped(adjusted.z, adjusted.lengths, batch.h))
    return batch.unlog(forecast) if log else forecast


def _ridge(batch: Batch, *, short: bool, log: bool) -> np.ndarray:
    grain = batch.grain
    lags = (grain.lags_short if short else grain.lags_long) + batch.h
    series = batch.logs if log else batch.filled
    forecast = pooled.pooled_ridge(series, batch.h, lags, noise=grain.recent, span=grain.span)
    return batch.unlog(forecast) if log else forecast


def ets(batch: Batch) -> np.ndarray:
    """Return the maximum-likelihood damped-trend model of statsmodels on the seasonally adjusted series."""
    adjusted = batch.adjusted(batch.grain.memory)
    out = np.full((len(batch.values), batch.h), np.nan)
    for i, (row, n) in enumerate(zip(adjusted.z, adjusted.lengths, strict=True)):
        if n >= 10 and np.ptp(row[:n]) > 0:
            fit, unit = _fit_ets(row[:n])
            if fit is not None:
                out[i] = fit.forecast(batch.h) * unit
    return adjusted.restore(out)


def ets_variance(y: np.ndarray, h: int) -> np.ndarray:
    """Return the variance of the h forecast errors of that model, NaN where it cannot be fitted."""
    fit, unit = _fit_ets(y)
    if fit is None:
        return np.full(h, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = fit.get_prediction(start=len(y), end=len(y) + h - 1).summary_frame(alpha=0.05)
    return ((table["pi_upper"] - table["pi_lower"]).to_numpy() / (2 * stats.norm.ppf(0.975)) * unit) ** 2


def _fit_ets(y: np.ndarray) -> tuple[Any, float]:
    """Return the fitted model of `y`, and the unit it was divided by (the optimiser stalls at values like 1e12)."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel  # a second to import, and few series need it

    unit = float(np.abs(y).max()) or 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it may stop before full convergence; the backtest judges the outcome
        try:
            return ETSModel(pd.Series(y / unit), error="add", trend="add", damped_trend=True).fit(disp=False), unit
        except (ValueError, np.linalg.LinAlgError):
            return None, unit


MEMBERS: dict[str, Member] = {
    m.name: m
    for m in (
        Member("naive", "the last value", naive, lambda g, h: 1, additive=True, alone=True),
        Member("seasonal_naive", "the last season again", seasonal_naive, lambda g, h: 2, additive=True, alone=True),
        Member(
            "theta",
            "theta: level and half the trend",
            partial(_theta, log=False),
            lambda g, h: 4,
            additive=True,
            alone=True,
        ),
        Member("theta_log", "theta on logarithms", partial(_theta, log=True), lambda g, h: 4, alone=True),
        Member("damped", "damped trend", partial(_damped, log=False), lambda g, h: 6, additive=True, alone=True),
        Member("damped_log", "damped trend on logarithms", partial(_damped, log=True), lambda g, h: 6, alone=True),
        Member(
            "ridge",
            "regression on the past, two seasons",
            partial(_ridge, short=False, log=False),
            lambda g, h: g.windows(g.lags_long, h),
            additive=True,
        ),
        Member(
            "ridge_log",
            "regression on the past, two seasons, logarithms",
            partial(_ridge, short=False, log=True),
            lambda g, h: g.windows(g.lags_long, h),
        ),
        Member(
            "ridge_short",
            "regression on the past, one season",
            partial(_ridge, short=True, log=False),
            lambda g, h: g.windows(g.lags_short, h),
            additive=True,
        ),
        Member(
            "ridge_short_log",
            "regression on the past, one season, logarithms",
            partial(_ridge, short=True, log=True),
            lambda g, h: g.windows(g.lags_short, h),
        ),
        Member(
            "ets",
            "damped trend by maximum likelihood (statsmodels)",
            ets,
            lambda g, h: 10,
            additive=True,
            max_series=50,
        ),
        Member("prophet", "Prophet as shipped", prophet_member.prophet, lambda g, h: 20, additive=True, max_series=20),
    )
}

#: Members that are weighted unless the caller names others.
DEFAULT = tuple(MEMBERS)
