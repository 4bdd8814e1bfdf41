"""Does the past of one series help to forecast another, by how many periods, and how sure is that?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from forecasting import leading
from forecasting.errors import BadArgument, Note, TooLittleData
from forecasting.evaluation import diebold_mariano
from forecasting.frames import check_horizon
from forecasting.leading import Origins
from forecasting.own_past import Own, explain, scale_of
from forecasting.pairs import Pair, Series, pair

#: A claim needs every test at this level.
ALPHA = 0.05
#: Share of the squared error at past origins that the leader must save.
MIN_GAIN = 0.02
#: Circular shifts of the leader that the same search is run on.
PLACEBOS = 199
#: Resamples behind the interval of the lag.
RESAMPLES = 200
#: Past origins that a claim needs at least.
MIN_ORIGINS = 20
#: What has to hold, in the order it is tested.
CHECKS = ("information", "correlation", "gain", "diebold_mariano", "clark_west", "placebo")


@dataclass(frozen=True)
class Check:
    """One test of the rule.

    Parameters
    ----------
    passed : whether it speaks for the claim; None = not run, because the claim had failed before or it is no condition.
    value, bound : what was measured and what it is held against, in the unit that `text` names.
    text : one sentence.
    """

    passed: bool | None
    value: float
    bound: float
    text: str


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
    h, max_lag = check_horizon(h), _check_lag(max_lag)
    if not 0 < level < 1:
        raise BadArgument(f"level is {level}; it must lie between 0 and 1", "level", "pass e.g. 0.95")
    sides = pair(x, y, max_lag, freq)
    there, changes, back = prepare(sides)
    rng = np.random.default_rng(seed)
    columns = leading.lead_columns(changes, 1)
    lag, bic = leading.choose_lag(there, columns)
    periods = int(lag[0])
    found = leading.roll(there, leading.lead_columns(changes, h)[None, :, periods - 1], h)
    error, gain = _known(found)
    if len(error) < MIN_ORIGINS:
        what = f"{len(error)} past origins with a known outcome, at least {MIN_ORIGINS} are needed"
        raise TooLittleData(what, "x, y", "fetch a longer common history or look less far ahead")
    checks = {
        "information": Check(bool(bic[0] > 0), float(bic[0]), 0.0, f"a lag lowers BIC by {bic[0]:.1f}"),
        "correlation": _correlation(there, back, periods),
        **_accuracy(error, gain[0], h),
    }
    claimed = all(check.passed for check in checks.values())
    checks["placebo"] = _placebo(there, changes, h, _saved(error, gain[0]), rng) if claimed else _not_run("placebo")
    checks["reverse"] = _reverse(sides, back, h)
    lo, hi = _lag_interval(there, columns, level, rng)
    return LeadLag(
        claimed and bool(checks["placebo"].passed),
        periods,
        min(lo, periods),
        max(hi, periods),
        _saved(error, gain[0]),
        checks["diebold_mariano"].value,
        checks,
        h,
        len(error),
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
    changes = leading.lead_changes(scale.there(sides.known), scale.there(sides.x))
    return _shared_season(y, x), changes, _shared_season(x, y)


def _shared_season(own: Own, other: Own) -> Own:
    """Return `own` with the harmonics of both: a season that only the other shows must not pass for a lead."""
    if other.harmonics <= own.harmonics:
        return own
    return replace(own, harmonics=other.harmonics, cycle=own.cycle if own.harmonics else other.cycle)


def _accuracy(error: np.ndarray, gain: np.ndarray, h: int) -> dict[str, Check]:
    saved = _saved(error, gain)
    without, led = error**2, (error - gain) ** 2
    dm = diebold_mariano(without, led, h)
    cw = diebold_mariano(without, led - gain**2, h)
    return {
        "gain": Check(saved >= MIN_GAIN, saved, MIN_GAIN, f"{saved:.1%} of the squared error saved at past origins"),
        "diebold_mariano": Check(
            dm.p_value < ALPHA,
            dm.p_value,
            ALPHA,
            f"p = {dm.p_value:.3f} that the forecast is no better (Diebold-Mariano)",
        ),
        "clark_west": Check(
            cw.p_value < ALPHA, cw.p_value, ALPHA, f"p = {cw.p_value:.3f} for nested models (Clark-West)"
        ),
    }


def _correlation(y: Own, x: Own, lag: int) -> Check:
    """Return the cross-correlation of the prewhitened series at `lag`, against 1.96 / sqrt of the effective n."""
    a, b = leading.residuals(x)[:-lag], leading.residuals(y)[lag:]
    both = np.isfinite(a) & np.isfinite(b)
    a, b = _ranked(a[both]), _ranked(b[both])
    n = len(a)
    if n < 8 or not a.std() * b.std() > 0:
        return Check(False, 0.0, 1.0, "too few common changes to correlate")
    r = float(a @ b / np.sqrt((a @ a) * (b @ b)))
    reach = min(10, n // 4)
    own = [float((a[k:] @ a[:-k]) / (a @ a) * (b[k:] @ b[:-k]) / (b @ b)) for k in range(1, reach + 1)]
    effective = n / max(1.0, 1 + 2 * sum((1 - (k + 1) / n) * v for k, v in enumerate(own)))
    bound = float(1.96 / np.sqrt(effective))
    return Check(
        abs(r) > bound, r, bound, f"the prewhitened series correlate by {r:.2f} at that lag (bound {bound:.2f})"
    )


def _ranked(values: np.ndarray) -> np.ndarray:
    """Return normal scores of the ranks: one spike cannot make a correlation."""
    if len(values) == 0:
        return values
    return stats.norm.ppf((stats.rankdata(values) - 0.5) / len(values))


def _placebo(y: Own, changes: np.ndarray, h: int, saved: float, rng: np.random.Generator) -> Check:
    """Run the same search on circular shifts of the leader and return how often it saves as much."""
    n, lags = changes.shape
    apart = lags + h
    shifts = rng.integers(apart, max(n - apart, apart + 1), PLACEBOS)
    fields = np.stack([leading.shifted(changes, int(s)) for s in shifts])
    lag, _ = leading.choose_lag(y, np.stack([leading.lead_columns(f, 1) for f in fields]))
    chosen = np.stack([leading.lead_columns(f, h)[:, k - 1] for f, k in zip(fields, lag, strict=True)])
    error, gain = _known(leading.roll(y, chosen, h))
    p = (1 + sum(_saved(error, g) >= saved for g in gain)) / (1 + PLACEBOS)
    return Check(p <= ALPHA, p, ALPHA, f"{p:.1%} of the placebos (x shifted in a circle) save as much")


def _reverse(sides: Pair, x: Own, h: int) -> Check:
    """Return whether y helps to forecast x: told beside the claim, no condition of it."""
    scale = scale_of(sides.y)
    lags = sides.known.shape[1] - 1
    z = scale.there(sides.y)
    known = np.full((len(z), lags + 1), np.nan)
    for k in range(lags + 1):
        known[k:, k] = z[: len(z) - k]
    changes = leading.lead_changes(known, z)
    lag, bic = leading.choose_lag(x, leading.lead_columns(changes, 1))
    error, gain = _known(leading.roll(x, leading.lead_columns(changes, h)[None, :, lag[0] - 1], h))
    if len(error) < MIN_ORIGINS:
        return Check(None, np.nan, ALPHA, "too few past origins for the other direction")
    tests = _accuracy(error, gain[0], h)
    both = bool(bic[0] > 0) and all(t.passed for t in tests.values())
    p = tests["diebold_mariano"].value
    told = "y helps to forecast x as well" if both else "y does not help to forecast x"
    return Check(None, p, ALPHA, f"{told} (p = {p:.3f})")


def _lag_interval(y: Own, columns: np.ndarray, level: float, rng: np.random.Generator) -> tuple[int, int]:
    """Return the interval of the lag that BIC prefers, over resampled stretches (stationary bootstrap)."""
    n = len(columns)
    mean = max(2.0, n ** (1 / 3))
    fresh = rng.random((RESAMPLES, n)) < 1 / mean
    fresh[:, 0] = True
    begin = rng.integers(0, n, (RESAMPLES, n))
    place = np.maximum.accumulate(np.where(fresh, np.arange(n), 0), axis=1)
    drawn = (np.take_along_axis(begin, place, axis=1) + np.arange(n) - place) % n
    counts = np.stack([np.bincount(row, minlength=n) for row in drawn]).astype(float)
    lag, _ = leading.choose_lag(y, columns, counts)
    lo, hi = np.quantile(lag, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
    return int(lo), int(hi)


def _known(found: Origins) -> tuple[np.ndarray, np.ndarray]:
    known = np.isfinite(found.error)
    return found.error[known], found.gain[:, known]


def _saved(error: np.ndarray, gain: np.ndarray) -> float:
    total = float(error @ error)
    return float(total - (error - gain) @ (error - gain)) / total if total > 0 else 0.0


def _not_run(name: str) -> Check:
    return Check(None, np.nan, ALPHA, f"{name} not run: the claim had failed before")


def _check_lag(max_lag: int) -> int:
    if isinstance(max_lag, bool) or int(max_lag) != max_lag or max_lag < 1:
        raise BadArgument(f"a longest lag of {max_lag!r} periods", "max_lag", "pass a whole number of at least 1")
    return int(max_lag)
