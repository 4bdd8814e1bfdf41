"""Search, voice and their gap forward in time: what the gap may become, and the windows to act in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from forecasting import ensemble
from forecasting.action_windows import OPEN
from forecasting.errors import BadArgument, Note, TooLittleData
from forecasting.frames import bound, check_horizon, check_levels, log_offset
from forecasting.gap_errors import correction, error_paths, few, median, missed_gaps, mix, trailing_shares
from forecasting.led_sides import lead_sides
from forecasting.peaks import next_peaks
from forecasting.sides import Sides, align

#: Origins that residual paths are taken from, at most: they cost one backtest each.
PATHS = 40
DRAWS = 2000
#: Futures that are drawn at once: what is drawn then stays in the processor's cache.
AT_ONCE = 16
#: A level that a zero count may hide, in units of the count: added before logarithms and ratios.
HALF = 0.5


@dataclass(frozen=True)
class GapProjection:
    """What the gap may become.

    Parameters
    ----------
    gap : one row per (topic, ds): `gap` the median [doublings], `gap-lo-80`, `gap-hi-80`, ..., `p_widening` [0..1],
        `p_open` (probability that the gap is above OPEN doublings, 0..1),
        `gap_now` [doublings], `share_of_search`, `share_of_voice` (medians, 0..1), `coverage-80`, ... realised coverage
        of such intervals at past origins (all topics together, NaN if untested).
    search, social : the two sides: `topic`, `ds`, `yhat`, `yhat-lo-80`, ... and how they were made, as in `forecast`.
    now : the last period that both sides hold.
    smooth : periods of the trailing window.
    notes : what was capped, left out or assumed.
    peaks : when each side stands highest, see `forecasting.peaks.next_peaks`.
    leaders : who helps to forecast whom, see `forecasting.led_sides.lead_sides`; empty when not asked.
    """

    gap: pd.DataFrame
    search: pd.DataFrame
    social: pd.DataFrame
    now: pd.Timestamp
    smooth: int
    notes: tuple[Note, ...]
    peaks: pd.DataFrame = field(default_factory=pd.DataFrame)
    leaders: pd.DataFrame = field(default_factory=pd.DataFrame)


@threadpool_limits.wrap(limits=1)  # many small matrices: a second thread would only wait for the first
def project(
    search: pd.DataFrame,
    social: pd.DataFrame,
    h: int,
    *,
    freq: str,
    levels: Sequence[float] = ensemble.LEVELS,
    seed: int = 0,
    smooth: int | None = None,
    voice: str | None = None,
    members: Sequence[str] | None = None,
    draws: int = DRAWS,
    leaders: bool = True,
    country: str | None = None,
    events: pd.DataFrame | None = None,
) -> GapProjection:
    """Project the search-versus-voice gap of every topic h periods ahead.

    gap = log2(share of search / share of voice), each share taken over all topics and over a trailing window of `smooth`
    periods: at horizon j the window holds smooth - j observed and j projected periods, so that the projection starts
    where the last observed gap ends. Both sides are forecast with `forecast`'s ensemble; its errors at past origins are
    kept as whole paths, for all topics and both sides at once, and laid on the forecasts (on a log scale). Errors thus
    stay dependent across horizons, topics and sides, and the shares are recomputed in every draw.

    Parameters
    ----------
    search : one row per (topic, period): `topic`, `period` (or `ds`), `value` >= 0 on one common scale; with `lo`, `hi`
        the value is drawn evenly between them (rounding).
    social : one row per (topic, period): `topic`, `period` (or `ds`), `authors` and/or `posts`; NaN = not fetched.
    h : periods ahead; cut to a third of the common history, which is noted.
    freq : grain of both sides, see `forecast`.
    levels : coverage of the intervals [per cent].
    seed : of the draws; equal seeds give equal results.
    smooth : periods of the trailing window; None = 13 weeks, 28 days, 3 months, 168 hours, 2 quarters, 1 year.
    voice : "authors" or "posts"; None = authors where the column holds any, else posts (noted: loud accounts count fully).
    members : members of the ensemble; None = the cheap ones, for there are up to 40 origins.
    draws : number of simulated futures.
    leaders : test whether either side helps to forecast the other, and use it where that is proven (noted).
    country, events : holidays and events known in advance, see `forecast`; those that show an effect are noted.

    Returns
    -------
    GapProjection. In its table `gap`, `p_widening` is the probability that the gap at that date is larger than today in
    the direction it has today: P(s * gap_ds > s * gap_now), s = +1 where gap_now >= 0 (searched more than spoken of),
    else -1. 0.5 means that nothing is known; a gap that closes and opens on the other side is not widening.

    Raises
    ------
    TooLittleData : fewer than 2 topics on both sides, fewer than 12 common periods, no period of the last window that is
        complete on both sides.
    BadSeries : negative values, and as `forecast`.
    BadArgument : no such `voice` column, smooth < 1, and as `forecast`.

    References
    ----------
    Aitchison (1986) for log-ratios of shares; Efron & Tibshirani (1993) ch. 8 for residual paths as blocks; Gart & Zweifel
    (1967) for the half unit added to counts.
    """
    h, levels = check_horizon(h), check_levels(levels)
    sides = align(search, social, freq, voice)
    width = sides.grain.smooth if smooth is None else smooth
    if width < 1 or int(width) != width:
        raise BadArgument(f"a window of {width!r} periods", "smooth", "pass a whole number of at least 1")
    periods = sides.value.shape[2]
    notes = list(sides.notes)
    if h > periods // 3:
        text = f"{h} periods asked, {periods // 3} projected: a third of the {periods} periods that both sides hold"
        notes.append(Note("horizon_capped", "h", text))
        h = periods // 3
    whole = np.isfinite(sides.value).all(axis=(0, 1))
    if not whole[-width:].any():
        what = f"none of the last {width} periods is complete for all topics on both sides"
        raise TooLittleData(what, "window", "fetch the missing periods or pass a longer smooth=")
    if not whole[-width:].all():
        text = f"{int((~whole[-width:]).sum())} of the last {width} periods are incomplete and left out of both sides"
        notes.append(Note("periods_incomplete", "window", text))
    room = max(0, min(periods - h - ensemble.rolling.MIN_TRAIN, periods // 2 - h))
    step = max(1, room // PATHS)
    data = sides.panel()
    combined = ensemble.combine(
        data, h, levels=levels, members=members, origins=room // step + 1, nonnegative=True, step=step, cheap=True,
        country=country, events=events,
    )  # fmt: skip
    notes += [note for note in combined.notes if note.code == "known_effects"]
    led = pd.DataFrame()
    if leaders:
        combined, led, said = lead_sides(sides, combined, step, seed)
        notes += said
    rng = np.random.default_rng(seed)
    return replace(_project(sides, combined, whole, step, int(width), levels, rng, draws, tuple(notes)), leaders=led)


def project_gap(
    search: pd.DataFrame, social: pd.DataFrame, h: int, *, freq: str, level: float = 0.9, seed: int = 0, **settings: Any
) -> pd.DataFrame:
    """Project the gap of every topic and return it as one table; see `project`, whose `gap` this is.

    Parameters
    ----------
    search, social, h, freq, seed : as in `project`; further `settings` are passed on to it.
    level : coverage of `lo`, `hi`, 0..1, as in `forecasting.gap`.

    Returns
    -------
    `topic`, `ds`, `gap`, `lo`, `hi` [doublings], `p_widening`, `p_open` [0..1], `gap_now`, `share_of_search`,
    `share_of_voice`.

    Raises
    ------
    As `project`, and BadArgument for a level out of range.
    """
    if not 0 < level < 1:
        raise BadArgument(f"level is {level}; it must lie between 0 and 1", "project_gap")
    percent = round(100 * level, 6)
    table = project(search, social, h, freq=freq, levels=(percent,), seed=seed, **settings).gap
    names = {bound("lo", percent, "gap"): "lo", bound("hi", percent, "gap"): "hi"}
    columns = ["topic", "ds", "gap", "lo", "hi", "p_widening", "p_open", "gap_now", "share_of_search", "share_of_voice"]
    return table.rename(columns=names)[columns]


def _project(
    sides: Sides,
    combined: ensemble.Combined,
    whole: np.ndarray,
    step: int,
    width: int,
    levels: tuple[float, ...],
    rng: np.random.Generator,
    draws: int,
    notes: tuple[Note, ...],
) -> GapProjection:
    topics, periods = len(sides.topics), sides.value.shape[2]
    h = combined.point.shape[2]
    cube = (-1, 2, topics, h)
    point, actual = combined.point.reshape(cube), combined.rolling.actual.reshape(cube)
    half = HALF * np.array([log_offset(v) for v in sides.value])
    unit = half[:, None, None]
    residual = error_paths(np.log(actual[1:] + unit) - np.log(point[1:] + unit))

    share, ahead = _draw(sides, whole, point[0], residual, half, width, draws, rng)
    gap = np.log2(share[0] / share[1])  # (topics, 1 + h, draws), as all that follows
    middle = median(gap)
    starts = periods - h - step * np.arange(len(point) - 1)
    missed, weight = missed_gaps(sides.value, whole, point[1:], starts, half, width)
    centre = weight * middle[:, 1:] + (1 - weight) * middle[:, :1]
    noise = (gap[:, 1:] - middle[:, 1:, None]) * few(1 + len(residual) * step / h, draws, rng)
    factor, covered = correction(missed, noise, levels)
    today, gap = gap[:, :1], centre[..., None] + factor * noise
    now = median(today)
    sign = np.where(now >= 0, 1.0, -1.0)[..., None]
    table: dict[str, object] = {
        "topic": [t for t in sides.topics for _ in range(h)],
        "ds": sides.grain.future(sides.now, h).append([sides.grain.future(sides.now, h)] * (topics - 1)),
    }
    asked = {"gap": 0.5} | {bound(s, x, "gap"): 0.5 + z * x / 200 for x in levels for s, z in (("lo", -1), ("hi", 1))}
    quantiles = np.quantile(gap, list(asked.values()), axis=2)
    table |= {name: found.ravel() for name, found in zip(asked, quantiles, strict=True)}
    table["p_widening"] = (sign * gap > sign * today).mean(axis=2).ravel()
    table["p_open"] = (gap > OPEN).mean(axis=2).ravel()
    table |= {f"coverage-{level:g}": np.full(topics * h, c) for level, c in zip(levels, covered, strict=True)}
    table["gap_now"] = np.repeat(now, h)
    for name, of in zip(("share_of_search", "share_of_voice"), share, strict=True):
        table[name] = median(of[:, 1:]).ravel()
    both = ensemble.frame(replace(combined, notes=()))
    side = np.array([uid[0] for uid in both["unique_id"]])
    both = both.assign(unique_id=[uid[1] for uid in both["unique_id"]]).rename(columns={"unique_id": "topic"})
    search, social = (both[side == s].reset_index(drop=True) for s in ("search", "social"))
    peaks = next_peaks(ahead, sides.value, sides.grain.future(sides.now, h), sides.topics)
    return GapProjection(pd.DataFrame(table), search, social, sides.now, width, notes, peaks)


def _draw(
    sides: Sides,
    whole: np.ndarray,
    point: np.ndarray,
    residual: np.ndarray,
    half: np.ndarray,
    width: int,
    draws: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return simulated shares (2, topics, 1 + h, draws) from the present on (column 0 is now), and the values ahead."""
    lo, hi = (np.nan_to_num(x[:, :, -width:]) for x in (sides.lo, sides.hi))
    past = np.where(whole[-width:], rng.uniform(lo, hi, (draws, *lo.shape)), 0.0)
    unit = half[:, None, None]
    ahead = np.empty((*point.shape, draws))
    share = np.empty((*point.shape[:2], 1 + point.shape[2], draws))
    for i, noise in enumerate(mix(residual, draws, rng, AT_ONCE)):
        some = slice(i * AT_ONCE, (i + 1) * AT_ONCE)
        future = np.maximum((point + unit) * np.exp(noise) - unit, 0.0)
        ahead[..., some] = np.moveaxis(future, 0, -1)
        share[..., some] = np.moveaxis(trailing_shares(past[some], future, width, half), 0, -1)
    return share, ahead
