"""The forecast: members weighted, for each series, by how well they did at earlier origins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecasting import intervals, rolling
from forecasting import members as methods
from forecasting.errors import Note
from forecasting.frames import Panel, bound, check_horizon, check_levels, fill, panel
from forecasting.intervals import Intervals
from forecasting.known_effects import Calendar, known_in_advance, told
from forecasting.rolling import Rolling
from forecasting.weighting import weights

#: A series that was never negative and changes by more than this share of its mean from period to period is modelled on
#: logarithms only: an additive season or trend means nothing there (chosen on earlier origins: docs/forecasting-log.md).
NOISY = 0.3
ORIGINS = 4
LEVELS = (80, 95)


@dataclass(frozen=True)
class Combined:
    """A rolling evaluation with the ensemble on top.

    Parameters
    ----------
    panel, rolling : what was forecast, and the members' forecasts.
    levels : coverage of the intervals [per cent], rising.
    weights : (members, n) of the present forecast; they add up to 1.
    point : (1 + K, n, h) the ensemble; at a past origin its weights come from the other origins only (cross-fitted).
    intervals : half-widths, method and realised coverage.
    method : per series: "weighted by backtest" | "equal weights" (too short for one) | "last value" (no member answers).
    nonnegative : (n,) series whose forecasts and bounds stop at zero.
    notes : what the result should say about itself.
    """

    panel: Panel
    rolling: Rolling
    levels: tuple[float, ...]
    weights: np.ndarray
    point: np.ndarray
    intervals: Intervals
    method: tuple[str, ...]
    nonnegative: np.ndarray
    notes: tuple[Note, ...]


def forecast(
    df: pd.DataFrame,
    h: int,
    *,
    freq: str,
    levels: Sequence[float] = LEVELS,
    seed: int = 0,
    members: Sequence[str] | None = None,
    origins: int = ORIGINS,
    nonnegative: bool | None = None,
    keep_members: bool = False,
    country: str | None = None,
    events: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Forecast every series h periods ahead, with intervals, and say how.

    Each member forecasts each series from `origins` past dates; members are combined with weights 1 / error**6 per
    series, and the interval is a quantile of the errors the combination made there (conformal).

    Parameters
    ----------
    df : long frame, one row per (unique_id, ds): `y` a number or missing. Rows may come in any order; periods without
        a row are missing, not zero: they are bridged for fitting and never scored.
    h : periods to forecast, counted from the last observed period of each series.
    freq : grain: "h", "D", "W", "W-MON" ..., "MS" (or "M"), "QS" (or "Q"), "YS" (or "Y").
    levels : coverage of the intervals [per cent].
    seed : kept for members that draw random numbers; those of today do not.
    members : names out of `forecasting.members.MEMBERS`; None = all that fit, without those that cost too much for so
        many series (said in `note`).
    origins : past origins, one horizon apart (closer on short series).
    nonnegative : forecasts and bounds stop at zero; None = for series that were never negative.
    keep_members : add one column per member with its own forecast.
    country : code of the country whose public holidays are known in advance, e.g. "FR" or "DE-BY" (hours, days and weeks;
        coarser grains hold them in their season). None = no holidays.
    events : the user's own events, past and to come: `event` (what comes again keeps its name), `ds`, `end` (optional).

    Returns
    -------
    One row per (unique_id, ds), sorted, ds continuing the series' own grid:
    `yhat`, `yhat-lo-80`, `yhat-hi-80`, ... in the unit of y;
    `method` how the members were weighted ("weighted by backtest" | "equal weights" | "last value");
    `members` with their weights, e.g. "theta 0.61, damped 0.39";
    `interval` "conformal-pooled" | "conformal-series" | "native-ets" | "naive-error";
    `coverage-80`, ... realised coverage of that interval in the backtest [0..1], NaN where there was none;
    `origins` past origins the weights rest on; `note` what else to know, "" if nothing.

    Raises
    ------
    BadArgument : unknown grain or member, h < 1, a level outside 0..100.
    BadSeries : a column, id or date is missing, a date comes twice or lies off the grid, a value is infinite.
    TooLittleData : no rows, or a series with fewer than 4 observed values.

    References
    ----------
    Makridakis, Spiliotis & Assimakopoulos (2020), The M4 Competition, IJF 36; Pawlikowski & Chorowska (2020), Weighted
    ensemble of statistical models, IJF 36 (weights from rolling-origin errors).
    """
    combined = combine(
        panel(df, freq),
        h,
        levels=levels,
        members=members,
        origins=origins,
        nonnegative=nonnegative,
        country=country,
        events=events,
    )
    return frame(combined, keep_members=keep_members)


def combine(
    data: Panel,
    h: int,
    *,
    levels: Sequence[float] = LEVELS,
    members: Sequence[str] | None = None,
    origins: int = ORIGINS,
    nonnegative: bool | None = None,
    step: int | None = None,
    beside: Sequence[str] = (),
    cheap: bool = False,
    country: str | None = None,
    events: pd.DataFrame | None = None,
) -> Combined:
    """Return the ensemble of a checked panel with everything it rests on (see `forecast`).

    `step` sets the distance of the origins; members named in `beside` are run but not weighted; `cheap` leaves the costly
    members out of the default without a word.
    """
    h, levels = check_horizon(h), check_levels(levels)
    known = known_in_advance(data, h, country, events)
    names, left_out = methods.choose(members, len(data.ids))
    if cheap and members is None:
        names, left_out = tuple(n for n in names if methods.MEMBERS[n].max_series is None), ()
    allowed = [n in names for n in dict.fromkeys((*names, *beside))]
    never_negative = np.array([bool(np.nanmin(y) >= 0) for y in data.values])
    names = tuple(dict.fromkeys((*names, *beside)))
    if members is None:
        rolled = _roll_sparing(data, h, names, origins, step, never_negative, known)
        additive = np.array([methods.MEMBERS[n].additive for n in names])
    else:
        rolled = rolling.roll(data, h, names, origins, step=step, known=known)
        additive = np.zeros(len(names), dtype=bool)
    noisy = never_negative & (rolled.relative > NOISY)  # (1 + K, n)
    suited = np.array(allowed)[:, None] & ~(additive[:, None] & noisy[:, None])
    groups = _groups(rolled)
    point, weight, method = _weighted(rolled, suited, groups + 10 * noisy)
    floor = never_negative if nonnegative is None else np.full(len(data.ids), nonnegative)
    point = np.where(floor[:, None], np.maximum(point, 0.0), point)
    found = intervals.conformal(point, rolled.actual, rolled.recent, levels, groups=groups)
    found = _complete(found, data, h, levels)
    notes = _notes(data, left_out, rolled.relative[0], noisy[0] if members is None else ())
    notes += told(data, rolled.effects, country, known)
    return Combined(data, rolled, levels, weight, point, found, method, floor, notes)


def frame(combined: Combined, *, keep_members: bool = False) -> pd.DataFrame:
    """Return the present forecast of `combined` as the long frame that `forecast` documents."""
    data, rolling, found, levels = combined.panel, combined.rolling, combined.intervals, combined.levels
    n, h = combined.point.shape[1:]
    point = combined.point[0]
    out: dict[str, object] = {
        "unique_id": [uid for uid in data.ids for _ in range(h)],
        "ds": data.grain.future(data.ends[0], h).append([data.grain.future(end, h) for end in data.ends[1:]]),
        "yhat": point.ravel(),
    }
    for a, level in enumerate(levels):
        lo, hi = point - found.half[a], point + found.half[a]
        out[bound("lo", level)] = np.where(combined.nonnegative[:, None], np.maximum(lo, 0.0), lo).ravel()
        out[bound("hi", level)] = hi.ravel()
    used = [_recipe(rolling.names, combined.weights[:, i]) for i in range(n)]
    common = "; ".join(str(note) for note in combined.notes if not note.where)
    own: dict[str, list[str]] = {}
    for note in combined.notes:
        own.setdefault(note.where, []).append(note.text)
    notes = ["; ".join(t for t in (common, *own.get(str(uid), [])) if t) for uid in data.ids]
    columns = {"method": combined.method, "members": used, "interval": found.method}
    out |= {name: np.repeat(np.array(value, dtype=object), h) for name, value in columns.items()}
    for a, level in enumerate(levels):
        out[f"coverage-{level:g}"] = np.repeat(found.coverage[a], h)
    out["origins"] = np.repeat(rolling.origins, h)
    out["note"] = np.repeat(np.array(notes, dtype=object), h)
    if keep_members:
        out |= {name: rolling.point[0, m].ravel() for m, name in enumerate(rolling.names)}
    return pd.DataFrame(out)


def _roll_sparing(
    data: Panel,
    h: int,
    names: tuple[str, ...],
    origins: int,
    step: int | None,
    never_negative: np.ndarray,
    known: Calendar | None,
) -> Rolling:
    """Return the rolling forecasts, with the costly additive members run only on series that they may be weighted for."""
    costly = tuple(n for n in names if methods.MEMBERS[n].additive and methods.MEMBERS[n].max_series is not None)
    cheap = tuple(n for n in names if n not in costly)
    rolled = rolling.roll(data, h, cheap, origins, step=step, known=known)
    calm = np.flatnonzero(~(never_negative & (rolled.relative[0] > NOISY)))
    point = np.full((len(rolled.point), len(names), *rolled.point.shape[2:]), np.nan)
    point[:, [names.index(n) for n in cheap]] = rolled.point
    if costly and len(calm):
        some = Panel(
            tuple(data.ids[i] for i in calm),
            tuple(data.values[i] for i in calm),
            tuple(data.ends[i] for i in calm),
            data.grain,
        )
        extra = rolling.roll(some, h, costly, origins, step=step, known=known).point
        at = [names.index(n) for n in costly]
        point[np.ix_(np.arange(len(extra)), np.array(at), calm)] = extra
    return replace(rolled, names=names, point=point)


def _weighted(
    rolled: Rolling, suited: np.ndarray, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Return the combined forecasts at every origin, the present weights, and how each series was weighted."""
    point = rolled.naive2.copy()
    each = [weights(rolled, k, suited[k], groups[k]) for k in range(len(point))]
    for k, weight in enumerate(each):
        sums = (weight[:, :, None] * np.where(np.isfinite(rolled.point[k]), rolled.point[k], 0.0)).sum(axis=0)
        point[k] = np.where(weight.sum(axis=0)[:, None] > 0, sums, point[k])
    present = each[0]
    named = ("weighted by backtest" if tested else "equal weights" for tested in np.greater(rolled.origins, 0))
    method = tuple(
        m if answered else "last value" for m, answered in zip(named, np.greater(present.sum(axis=0), 0), strict=True)
    )
    return point, present, method


def _groups(rolled: Rolling) -> np.ndarray:
    """Return (n,) the third of relative noise that a series belongs to; one group where thirds would be too small."""
    tested = rolled.origins > 0
    if tested.sum() < 3 * intervals.PER_HORIZON:
        return np.zeros(len(tested), dtype=int)
    return np.digitize(rolled.relative[0], np.quantile(rolled.relative[0][tested], [1 / 3, 2 / 3]))


def _notes(
    data: Panel, left_out: Sequence[str], relative: np.ndarray, noisy: Sequence[bool] | np.ndarray
) -> tuple[Note, ...]:
    n = len(data.ids)
    notes = [
        Note("member_left_out", "", f"{name} left out: it costs too much for {n} series; name it in members=")
        for name in left_out
    ]
    for i, flag in enumerate(noisy):
        if flag:
            text = f"changes by {relative[i]:.0%} from period to period: members on logarithms only"
            notes.append(Note("logarithms_only", str(data.ids[i]), text))
    for uid, y in zip(data.ids, data.values, strict=True):
        share = float(np.isnan(y).mean())
        if share > 0.1:
            notes.append(Note("gaps_bridged", str(uid), f"{share:.0%} of the periods are missing and were bridged"))
    return tuple(notes)


def _complete(found: Intervals, data: Panel, h: int, levels: tuple[float, ...]) -> Intervals:
    """Return the intervals with a stand-in for every series that has too little backtest."""
    half, method = found.half.copy(), list(found.method)
    for i, name in enumerate(found.method):
        if not name:
            half[:, i], method[i] = intervals.stand_in(fill(data.values[i]), h, levels)
    return replace(found, half=half, method=tuple(method))


def _recipe(names: tuple[str, ...], weight: np.ndarray) -> str:
    order = np.argsort(-weight, kind="stable")
    return ", ".join(f"{names[m]} {weight[m]:.2f}" for m in order if weight[m] >= 0.005)
