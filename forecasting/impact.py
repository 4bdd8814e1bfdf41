"""What an event changed: observed against what would have come without it, and whether the old level is back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from forecasting.counterfactual import Counterfactual, learn
from forecasting.errors import BadArgument, BadSeries, Note, TooLittleData
from forecasting.frames import Grain, fill, panel
from forecasting.own_past import scale_of
from forecasting.pairs import grain_from
from forecasting.placebos import DRAWS, MIN_BEFORE, futures, placebos, widening

#: The level is back when the effect at the end lies within this share of the expected level.
MARGIN = 0.1
#: So many stragglers, or more, outside their intervals would come by chance at least so often once the level is back.
BY_CHANCE = 0.05
#: Share of the periods after the event, from its end, that decides whether the level is back; at least 3 periods.
END = 0.25


@dataclass(frozen=True)
class Impact:
    """What an event changed.

    Parameters
    ----------
    effect, lo, hi : mean effect of the periods from the event on [unit of y a period].
    relative, relative_lo, relative_hi : the same as a share of what was expected; NaN where nothing was expected.
    total, total_lo, total_hi : sum over those periods [unit of y].
    p_value : two-sided, that as much happens at a date without an event.
    path : one row a period from the event on: `ds`, `y`, `expected`, `expected-lo`, `expected-hi`, `effect`, `lo`, `hi`,
        `total`.
    half_life : periods until the effect has fallen to half of its largest and stays there; NaN = not yet, or no effect.
    level_now : "back" (the effect at the end lies within 10 % of the expected level, with its interval), "not back" (its
        interval leaves out zero), "cannot tell".
    back_since : first date whose interval covers zero and from which no more periods lie outside theirs than `level` lets
        out by chance, no two in a row; None = not yet, or never left.
    now, now_lo, now_hi : relative effect at the end.
    placebo : the same question at dates before the event, counterfactual cut off there: `ds`, `effect`, `lo`, `hi`,
        `covers`.
    fit : before the event: `error` mean absolute one-step error as a share of the mean level, `explained` share of the
        change's variance explained, `coverage` of placebo intervals, `n` periods.
    controls : names of the series that the counterfactual leans on.
    level : coverage of the intervals, 0..1.
    notes : what was left out or assumed.
    """

    effect: float
    lo: float
    hi: float
    relative: float
    path: pd.DataFrame
    relative_lo: float
    relative_hi: float
    total: float
    total_lo: float
    total_hi: float
    p_value: float
    half_life: float
    level_now: str
    back_since: pd.Timestamp | None
    now: float
    now_lo: float
    now_hi: float
    placebo: pd.DataFrame
    fit: dict[str, float]
    controls: tuple[str, ...]
    level: float
    notes: tuple[Note, ...]


def impact(
    df: pd.DataFrame,
    event: str | pd.Timestamp,
    *,
    level: float = 0.95,
    freq: str | None = None,
    seed: int = 0,
) -> Impact:
    """Estimate what an event changed in `y`, against a counterfactual learned before it.

    Before the event y follows a local level, a season where it has one, and a regression on the other columns, which must
    be series that the event left alone (statsmodels' UnobservedComponents, on logarithms where no value is negative).
    That model goes on through the event; what is observed minus what it expects is the effect. Its intervals are as
    honest as the model, so they are scaled by how far the same model missed at dates without an event (placebos).

    Parameters
    ----------
    df : one row a period: `ds`, `y` (NaN = missing), and any number of control columns.
    event : date; the period that holds it is the first that may be affected.
    level : coverage of the intervals, 0..1.
    freq : the grain; None = told from the dates.
    seed : of the draws.

    Returns
    -------
    Impact: mean effect, total and relative effect with intervals, path, decay, whether the level is back, placebos, fit.

    Raises
    ------
    TooLittleData : fewer than 16 observed periods before the event, none after it, or nothing ever changes before it.
    BadSeries : a column is absent, dates off the grid or twice, infinite values.
    BadArgument : an event outside the dates, a level outside 0..1.

    References
    ----------
    Brodersen et al. (2015), Annals of Applied Statistics 9 (counterfactual from a state-space model with controls);
    Harvey (1989) (local level); Abadie, Diamond & Hainmueller (2010), JASA 105 (placebos).
    """
    if not 0 < level < 1:
        raise BadArgument(f"level is {level}; it must lie between 0 and 1", "level", "pass e.g. 0.95")
    ds, y, others, grain, notes = _read(df, freq)
    start = _first_after(ds, event)
    scale = scale_of(y)
    before = y[:start]
    observed, later = int(np.isfinite(before).sum()), int(np.isfinite(y[start:]).sum())
    if observed < MIN_BEFORE:
        what = f"{observed} observed periods before the event, at least {MIN_BEFORE} are needed"
        raise TooLittleData(what, "y", "fetch a longer history")
    if not later:
        raise TooLittleData("no observed period from the event on", "y", "wait for data, or take an earlier event")
    if not np.nanmax(before) > np.nanmin(before):
        raise TooLittleData(
            "the series never changes before the event", "y", "there is no usual change to compare with"
        )
    model = learn(scale.there(y), others, start, grain)
    notes += model.notes
    length = len(y) - start
    placebo, missed = placebos(model, scale, y, ds, start, length, level, seed)
    factor, freedom = widening(missed)
    draws = futures(model, scale, start, length, factor, freedom, np.random.default_rng(seed))
    return _answer(model, y, ds, start, draws, placebo, level, tuple(notes))


def _answer(
    model: Counterfactual,
    y: np.ndarray,
    ds: pd.DatetimeIndex,
    start: int,
    draws: np.ndarray,
    placebo: pd.DataFrame,
    level: float,
    notes: tuple[Note, ...],
) -> Impact:
    after = y[start:]
    known = np.isfinite(after)
    tails = [(1 - level) / 2, (1 + level) / 2]
    expected = np.median(draws, axis=0)
    low, high = np.quantile(draws, tails, axis=0)
    path = pd.DataFrame({"ds": ds[start:], "y": after, "expected": expected, "expected-lo": low, "expected-hi": high})
    path = path.assign(effect=after - expected, lo=after - high, hi=after - low)
    path["total"] = np.where(known, np.nancumsum(after - expected), np.nan)

    def mean(part: np.ndarray) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        usual = draws[:, part].mean(axis=1)
        lo, hi = np.quantile(usual, tails)
        middle, seen = float(np.median(usual)), float(after[part].mean())
        ends = (seen - middle, seen - float(hi), seen - float(lo))
        share = tuple(e / middle if middle > 0 else np.nan for e in ends)
        return ends, share  # type: ignore[return-value]

    effect, relative = mean(known)
    last = known.copy()
    last[: max(0, len(last) - max(3, round(END * len(last))))] = False
    ending, now = mean(last if last.any() else known)
    out = (path["lo"] > 0) | (path["hi"] < 0)
    back = back_from(out.to_numpy(), known, level)
    if ending[1] > 0 or ending[2] < 0:
        state = "not back"
    elif np.isfinite(now[1]) and max(abs(now[1]), abs(now[2])) <= MARGIN:
        state = "back"
    else:
        state = "cannot tell"
    usual = draws[:, known].mean(axis=1)
    beyond = float(np.mean(np.abs(usual - np.median(usual)) >= abs(effect[0])))
    n = int(known.sum())
    fit = {**model.fit, "coverage": float(placebo["covers"].mean()) if len(placebo) else np.nan, "n": float(start)}
    total = [n * e for e in effect]
    return Impact(
        effect=effect[0],
        lo=effect[1],
        hi=effect[2],
        relative=relative[0],
        path=path,
        relative_lo=relative[1],
        relative_hi=relative[2],
        total=total[0],
        total_lo=total[1],
        total_hi=total[2],
        p_value=max(beyond, 1 / (DRAWS + 1)),
        half_life=_half_life(path) if effect[1] > 0 or effect[2] < 0 or out.any() else np.nan,
        level_now=state,
        back_since=ds[start + back] if back is not None else None,
        now=now[0],
        now_lo=now[1],
        now_hi=now[2],
        placebo=placebo,
        fit=fit,
        controls=model.controls,
        level=level,
        notes=notes,
    )


def back_from(out: np.ndarray, known: np.ndarray, level: float) -> int | None:
    """Return from which period on those outside their interval are no more than chance; None = never, or none ever was.

    Of quiet periods `1 - level` lie outside by construction: to wait for the last of them would report the end late.
    """
    if not out.any():
        return None
    twice = out & np.append(out[1:], False)
    first = int(np.flatnonzero(out)[0])
    for at in range(max(first, int(np.flatnonzero(twice)[-1]) + 2 if twice.any() else 0), len(out)):
        if known[at] and not out[at]:
            later, n = int(out[at:].sum()), int(known[at:].sum())
            if stats.binom.sf(later - 1, n, 1 - level) > BY_CHANCE:
                return at
    return None


def _read(df: pd.DataFrame, freq: str | None) -> tuple[pd.DatetimeIndex, np.ndarray, pd.DataFrame, Grain, list[Note]]:
    """Return dates, y, controls on the same dates, the grain, and notes."""
    absent = [c for c in ("ds", "y") if c not in df]
    if absent:
        raise BadSeries(f"no column {', '.join(map(repr, absent))}", "frame", "name the columns ds and y")
    names = [c for c in df.columns if c not in ("ds", "y", "unique_id")]
    freq = freq or grain_from(df["ds"])
    own = panel(df[["ds", "y"]].assign(unique_id="y"), freq, min_points=1)
    grain, ds = own.grain, own.grain.past(own.ends[0], len(own.values[0]))
    others, notes = pd.DataFrame(index=ds), []
    for name in names:
        try:
            side = panel(df[["ds", name]].rename(columns={name: "y"}).assign(unique_id=str(name)), grain.freq)
        except TooLittleData:
            notes.append(Note("control_left_out", str(name), "it holds too few values"))
            continue
        values = pd.Series(side.values[0], grain.past(side.ends[0], len(side.values[0]))).reindex(ds)
        if values.isna().mean() > 0.2:
            notes.append(Note("control_left_out", str(name), f"{values.isna().mean():.0%} of its periods are missing"))
            continue
        full = fill(values.to_numpy(float))
        others[str(name)] = scale_of(full).there(full)
    return ds, own.values[0], others, grain, notes


def _first_after(ds: pd.DatetimeIndex, event: str | pd.Timestamp) -> int:
    """Return the place of the period that holds the event."""
    try:
        when = pd.Timestamp(event)
    except (ValueError, TypeError) as error:
        raise BadArgument(f"{event!r} is not a date", "event", "write it as 2024-01-31") from error
    if pd.isna(when):
        raise BadArgument("the event has no date", "event", "write it as 2024-01-31")
    if (when.tz is None) != (ds.tz is None):
        when = when.tz_localize(ds.tz) if when.tz is None else when.tz_convert("UTC").tz_localize(None)
    at = int(ds.searchsorted(when, side="right")) - 1
    if at < 1 or when > ds[-1] + (ds[-1] - ds[-2]):
        what = f"the event {when:%Y-%m-%d} lies outside the data ({ds[0]:%Y-%m-%d} to {ds[-1]:%Y-%m-%d})"
        raise BadArgument(what, "event", "take a date inside, with history before it")
    return at


def _half_life(path: pd.DataFrame) -> float:
    """Return the periods after the largest effect until it is below half of it for good (median of 3 against noise)."""
    size = path["effect"].interpolate().rolling(3, center=True, min_periods=1).median().abs().to_numpy()
    top = int(np.nanargmax(size))
    above = np.flatnonzero(size[top:] > size[top] / 2)
    end = top + above[-1] + 1
    return float(end - top) if end < len(size) else np.nan
