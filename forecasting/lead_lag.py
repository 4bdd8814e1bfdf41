"""Does the past of one series help to forecast another, by how many periods, and how sure is that?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from forecasting import lead_checks, leading
from forecasting.errors import BadArgument, Note, TooLittleData
from forecasting.frames import check_horizon
from forecasting.lead_checks import Check
from forecasting.own_past import Own, explain, scale_of
from forecasting.pairs import Pair, Series, Side, at_once, pair

#: Resamples behind the interval of the lag.
RESAMPLES = 200
#: What has to hold, in the order it is tested.
CHECKS = ("information", "correlation", "gain", "diebold_mariano", "clark_west", "placebo")


@dataclass(frozen=True)
class LeadLag:
    """Whether x helps to forecast y.

    Parameters
    ----------
    leads : True when every check of the rule holds. It never says that x causes y.
    periods : lag that BIC prefers: y answers that many periods after x.
    lo, hi : interval of the lag from resampled stretches of the history [periods].
    gain : share of the squared error at past origins that the leader saves at horizon h; negative = it does harm.
    p_value : one-sided, of the Diebold-Mariano test that the forecast with x is better.
    checks : by name, see CHECKS; also "reverse" (does y help to forecast x?), which is told and is no condition.
    h : periods ahead.
    n : past origins.
    notes : what was left out or assumed.
    """

    leads: bool
    periods: int
    lo: int
    hi: int
    gain: float
    p_value: float
    checks: Mapping[str, Check]
    h: int
    n: int
    notes: tuple[Note, ...]

    def __str__(self) -> str:
        """Return the finding in one sentence."""
        if self.leads:
            lag = f"{self.periods} period{'s' if self.periods > 1 else ''} ahead ({self.lo} to {self.hi})"
            return (
                f"x helps to forecast y {lag}; it saved {self.gain:.0%} of the squared error at {self.n} past origins."
            )
        failed = next((c.text for c in self.checks.values() if c.passed is False), "")
        return f"Nothing shows that x helps to forecast y: {failed}."


def lead_lag(
    x: Series,
    y: Series,
    *,
    max_lag: int,
    h: int = 1,
    seed: int = 0,
    freq: str | None = None,
    level: float = 0.95,
) -> LeadLag:
    """Test whether the past of x helps to forecast y beyond y's own past.

    Both series are put on logarithms, differenced, and rid of their season and of their own past (lags and harmonics by
    BIC); changes beyond 3 robust deviations are cut and rows are divided by recent volatility, so that spikes and restless
    spells decide nothing. One lag is chosen, once, by BIC. The claim then needs all of:

    information     the lag lowers BIC at all;
    correlation     the prewhitened series correlate at that lag beyond 1.96 / sqrt(effective n);
    gain            at past origins, each forecast made from what was known there, x saves at least 2 % of the squared error;
    diebold_mariano that saving has p < .05 (Harvey, Leybourne & Newbold), one-sided, at the horizon h;
    clark_west      so has the test for nested models, which forgives the larger model its noise;
    placebo         the same search (lag included) over circular shifts of x saves as much in at most 5 % of the shifts.

    "Leads" means "helps to forecast". A third series that moves both would look the same.

    Parameters
    ----------
    x, y : frames with `ds` and `y`, series indexed by dates, or arrays on one axis. A frame x may hold `known_at`, when a
        value became known: origins then see only what was known (see `forecasting.pairs.pair`).
    max_lag : longest lag that is looked at [periods].
    h : periods ahead that the forecast is judged at. Only changes of x up to the origin are used, never forecasts of x.
    seed : of the placebos and resamples.
    freq : the grain; None = told from the dates.
    level : coverage of `lo`, `hi`, 0..1.

    Returns
    -------
    LeadLag: the claim, the lag with its interval, the gain, its p-value and every check.

    Raises
    ------
    TooLittleData : a series never changes, or fewer than 20 past origins remain.
    BadSeries, BadArgument : as `forecasting.forecast`; max_lag below 1, level out of range.

    References
    ----------
    Haugh (1976), JASA 71 (prewhitened cross-correlation); Diebold & Mariano (1995), JBES 13; Harvey, Leybourne & Newbold
    (1997), IJF 13; Clark & West (2007), J. Econometrics 138; Cliff et al. (2021), Phys. Rev. Research 3 (effective n).
    """
    h, max_lag = _check(h, max_lag, level)
    sides = pair(x, y, max_lag, freq)
    there, changes, back = prepare(sides)
    forward = _direction(there, changes, h)
    if not forward.tests:
        raise _few(forward)
    return _judged(forward, _direction(back, _changes(sides.y, at_once(sides.y, max_lag)), h), sides, h, seed, level)


def lead_both(
    x: Side, y: Side, *, max_lag: int, h: int = 1, seed: int = 0, level: float = 0.95
) -> tuple[LeadLag, LeadLag]:
    """Return `lead_lag` of x and y and of y and x, for little more than the time of one: both look at the same two series.

    Raises
    ------
    As `lead_lag`; if one direction cannot be tested neither is.
    """
    h, max_lag = _check(h, max_lag, level)
    sides = pair(x, y, max_lag)
    there, changes, back = prepare(sides)
    both = _direction(there, changes, h), _direction(back, _changes(sides.y, at_once(sides.y, max_lag)), h)
    for one in both:
        if not one.tests:
            raise _few(one)
    return _judged(*both, sides, h, seed, level), _judged(*both[::-1], sides, h, seed, level)


@dataclass(frozen=True)
class _Direction:
    """One series as the leader of another, with the lag that BIC prefers: the tests, empty where past origins are too few."""

    own: Own
    changes: np.ndarray
    columns: np.ndarray
    periods: int
    bic: float
    error: np.ndarray
    gain: np.ndarray
    tests: dict[str, Check]

    @cached_property
    def residuals(self) -> np.ndarray:
        """What its own past leaves of the led series."""
        return leading.residuals(self.own)


def _direction(own: Own, changes: np.ndarray, h: int) -> _Direction:
    columns = leading.lead_columns(changes, 1)
    lag, bic = leading.choose_lag(own, columns)
    periods = int(lag[0])
    found = leading.roll(own, leading.lead_columns(changes, h)[None, :, periods - 1], h)
    error, gain = lead_checks.with_outcome(found)
    tests = lead_checks.accuracy(error, gain[0], h) if len(error) >= lead_checks.MIN_ORIGINS else {}
    return _Direction(own, changes, columns, periods, float(bic[0]), error, gain[0], tests)


def _few(tried: _Direction) -> TooLittleData:
    what = f"{len(tried.error)} past origins with a known outcome, at least {lead_checks.MIN_ORIGINS} are needed"
    return TooLittleData(what, "x, y", "fetch a longer common history or look less far ahead")


def _judged(found: _Direction, other: _Direction, sides: Pair, h: int, seed: int, level: float) -> LeadLag:
    checks = {
        "information": Check(found.bic > 0, found.bic, 0.0, f"a lag lowers BIC by {found.bic:.1f}"),
        "correlation": lead_checks.correlation(found.residuals, other.residuals, found.periods),
        **found.tests,
    }
    claimed = all(check.passed for check in checks.values())
    saved = lead_checks.saved_share(found.error, found.gain)
    n = len(found.columns)
    if claimed:
        rng = np.random.default_rng(seed)
        test = lead_checks.placebo(found.own, found.changes, h, saved, rng)
        counts = _resampled(n, rng)
    else:
        test, counts = lead_checks.not_run("placebo"), _first_resampled(n, seed)
    checks |= {"placebo": test, "reverse": lead_checks.reverse(other.bic > 0, other.tests)}
    lag, _ = leading.choose_lag(found.own, found.columns, counts)
    lo, hi = np.quantile(lag, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
    return LeadLag(
        claimed and bool(test.passed),
        found.periods,
        min(int(lo), found.periods),
        max(int(hi), found.periods),
        saved,
        checks["diebold_mariano"].value,
        checks,
        h,
        len(found.error),
        sides.notes,
    )


def prepare(sides: Pair) -> tuple[Own, np.ndarray, Own]:
    """Return y explained by its own past and both seasons, the changes of x as known at each origin, and x explained.

    Raises
    ------
    TooLittleData : a series never changes or has fewer than 12 values.
    """
    for values, name in ((sides.x, "x"), (sides.y, "y")):
        known = values[np.isfinite(values)]
        if len(known) < 12:
            raise TooLittleData(f"{len(known)} values, at least 12 are needed", name, "fetch a longer history")
        if not np.ptp(known) > 0:
            raise TooLittleData("the series never changes", name, "leave it out: nothing can lead it or be led by it")
    scale, other = scale_of(sides.x), scale_of(sides.y)
    x, y = explain(scale.there(sides.x), sides.grain), explain(other.there(sides.y), sides.grain)
    return _shared_season(y, x), _changes(sides.x, sides.known), _shared_season(x, y)


def _changes(x: np.ndarray, known: np.ndarray) -> np.ndarray:
    scale = scale_of(x)
    return leading.lead_changes(scale.there(known), scale.there(x))


def _shared_season(own: Own, other: Own) -> Own:
    """Return `own` with the harmonics of both: a season that only the other shows must not pass for a lead."""
    if other.harmonics <= own.harmonics:
        return own
    return replace(own, harmonics=other.harmonics, cycle=own.cycle if own.harmonics else other.cycle)


@lru_cache(maxsize=2)  # pairs of one length are resampled alike
def _first_resampled(n: int, seed: int) -> np.ndarray:
    return _resampled(n, np.random.default_rng(seed))


def _resampled(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return (RESAMPLES, n): how often each row is drawn, in stretches (stationary bootstrap)."""
    mean = max(2.0, n ** (1 / 3))
    fresh = rng.random((RESAMPLES, n)) < 1 / mean
    fresh[:, 0] = True
    begin = rng.integers(0, n, (RESAMPLES, n))
    place = np.maximum.accumulate(np.where(fresh, np.arange(n), 0), axis=1)
    drawn = (np.take_along_axis(begin, place, axis=1) + np.arange(n) - place) % n
    return np.stack([np.bincount(row, minlength=n) for row in drawn]).astype(float)


def _check(h: int, max_lag: int, level: float) -> tuple[int, int]:
    h = check_horizon(h)
    if isinstance(max_lag, bool) or int(max_lag) != max_lag or max_lag < 1:
        raise BadArgument(f"a longest lag of {max_lag!r} periods", "max_lag", "pass a whole number of at least 1")
    if not 0 < level < 1:
        raise BadArgument(f"level is {level}; it must lie between 0 and 1", "level", "pass e.g. 0.95")
    return h, int(max_lag)
