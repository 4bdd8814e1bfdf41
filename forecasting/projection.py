"""Search, voice and their gap forward in time: what the gap may become, and the windows to act in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from forecasting import ensemble
from forecasting.errors import BadArgument, Note, TooLittleData
from forecasting.frames import bound, check_horizon, check_levels
from forecasting.led_sides import lead_sides
from forecasting.peaks import next_peaks
from forecasting.sides import Sides, align

#: Origins that residual paths are taken from, at most: they cost one backtest each.
PATHS = 40
DRAWS = 2000
#: A gap above this many doublings (x1.4) is open: the topic is searched clearly more than it is spoken of.
OPEN = 0.5
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


def windows(projection: GapProjection, *, probability: float = 0.8) -> pd.DataFrame:
    """Return the spans of time in which a topic will probably be searched clearly more than it is spoken of.

    Parameters
    ----------
    projection : from `project`.
    probability : the gap lies above OPEN doublings with at least this probability in every period of a span.

    Returns
    -------
    One row a span, widest gap first: `topic`, `start`, `end` (first and last period), `periods`, `gap` (largest median in
    the span), `peak` (the period in which the topic is searched most), `probability` (the lowest of the span).
    """
    table = projection.gap
    searched = projection.search.set_index(["topic", "ds"])["yhat"]
    inside = table["p_open"] >= probability
    run = (inside != inside.groupby(table["topic"], sort=False).shift()).groupby(table["topic"], sort=False).cumsum()
    rows = []
    for (topic, _), part in table[inside].groupby(["topic", run[inside]], sort=False):
        interest = searched.reindex(pd.MultiIndex.from_frame(part[["topic", "ds"]]))
        peak = part["ds"].iloc[int(interest.fillna(-1).to_numpy().argmax())]
        span = (topic, part["ds"].iloc[0], part["ds"].iloc[-1], len(part), float(part["gap"].max()), peak)
        rows.append((*span, float(part["p_open"].min())))
    columns = ["topic", "start", "end", "periods", "gap", "peak", "probability"]
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values("gap", ascending=False, kind="stable", ignore_index=True)


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
    half = HALF * np.array([min(1.0, float(np.median(v[v > 0]))) if (v > 0).any() else 1.0 for v in sides.value])
    unit = half[:, None, None]
    residual = _paths(np.log(actual[1:] + unit) - np.log(point[1:] + unit))

    future, ahead = _draw(sides, whole, point[0], residual, half, width, draws, rng)
    gap, of_search, of_voice = np.log2(future[:, 0] / future[:, 1]), future[:, 0], future[:, 1]
    middle = np.median(gap, axis=0)
    starts = periods - h - step * np.arange(len(point) - 1)
    missed, weight = _missed(sides.value, whole, point[1:], starts, half, width)
    centre = weight * middle[:, 1:] + (1 - weight) * middle[:, :1]
    noise = (gap - middle)[:, :, 1:] * _few(1 + len(residual) * step / h, draws, rng)
    factor, covered = _correction(missed, noise, levels)
    gap = np.concatenate([gap[:, :, :1], centre + factor * noise], axis=2)
    now = np.median(gap[:, :, 0], axis=0)
    sign = np.where(now >= 0, 1.0, -1.0)[:, None]
    widening = (sign * gap[:, :, 1:] > sign * gap[:, :, :1]).mean(axis=0)
    table: dict[str, object] = {
        "topic": [t for t in sides.topics for _ in range(h)],
        "ds": sides.grain.future(sides.now, h).append([sides.grain.future(sides.now, h)] * (topics - 1)),
        "gap": np.median(gap[:, :, 1:], axis=0).ravel(),
    }
    for level in levels:
        ends = np.quantile(gap[:, :, 1:], [0.5 - level / 200, 0.5 + level / 200], axis=0)
        table |= {bound(s, level, "gap"): e.ravel() for s, e in zip(("lo", "hi"), ends, strict=True)}
    table["p_widening"] = widening.ravel()
    table["p_open"] = (gap[:, :, 1:] > OPEN).mean(axis=0).ravel()
    table |= {f"coverage-{level:g}": np.full(topics * h, c) for level, c in zip(levels, covered, strict=True)}
    table["gap_now"] = np.repeat(now, h)
    table["share_of_search"] = np.median(of_search[:, :, 1:], axis=0).ravel()
    table["share_of_voice"] = np.median(of_voice[:, :, 1:], axis=0).ravel()
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
    """Return simulated shares (draws, 2, topics, 1 + h) from the present on (column 0 is now), and the values ahead."""
    lo, hi = (np.nan_to_num(x[:, :, -width:]) for x in (sides.lo, sides.hi))
    past = np.where(whole[-width:], rng.uniform(lo, hi, (draws, *lo.shape)), 0.0)
    unit = half[:, None, None]
    ahead = np.maximum((point + unit) * np.exp(_mix(residual, draws, rng)) - unit, 0.0)
    return _shares(past, ahead, width, half), ahead


def _missed(
    value: np.ndarray, whole: np.ndarray, point: np.ndarray, starts: np.ndarray, half: np.ndarray, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return by how much the projected gap missed the gap that came (origins, topics, h) [doublings], and its recipe.

    The projection is the weighted mean of two guesses: the gap of the two sides' forecasts, and that the gap stays. The
    recipe (topics, 1) is the weight of the first, by inverse cubed mean error at past origins: a gap of two noisy sides
    is steadier than either (docs/forecasting-log.md).
    """
    h = point.shape[3]
    value = np.where(whole, value, 0.0)  # incomplete periods leave forecasts and truth alike
    moves, stays, came = [], [], []
    for forecast, start in zip(point, starts, strict=True):
        seen = value[None, :, :, max(0, start - width) : start]
        ahead = slice(start, start + h)
        guess, truth = (
            np.log2(share[0, 0] / share[0, 1])
            for share in (_shares(seen, a[None], width, half) for a in (forecast * whole[ahead], value[:, :, ahead]))
        )
        moves.append(guess[:, 1:])
        stays.append(np.repeat(guess[:, :1], h, axis=1))
        came.append(truth[:, 1:])
    move, stay, truth = np.array(moves), np.array(stays), np.array(came)
    error = np.stack([np.abs(guess - truth).mean(axis=(0, 2)) for guess in (move, stay)])
    inverse = (error / np.maximum(error.max(axis=0), 1e-12) + 1e-6) ** -3
    weight = (inverse[0] / inverse.sum(axis=0))[:, None]
    return weight * move + (1 - weight) * stay - truth, weight


def _few(stretches: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return (n, 1, 1) factors that turn the spread of few observations into Student's t.

    `stretches` of one horizon each, end to end, hold the past origins; overlapping origins know about twice as much.
    """
    freedom = 2 * stretches
    return np.sqrt(freedom / rng.chisquare(freedom, n))[:, None, None]


def _correction(missed: np.ndarray, noise: np.ndarray, levels: tuple[float, ...]) -> tuple[float, list[float]]:
    """Return the factor that makes 68 % of past misses fall inside the 68 % interval, and the coverage it then has.

    The factor is taken low in the distribution, where overlapping origins still agree; the tails are those of the draws.
    """
    unit = np.maximum(np.quantile(np.abs(noise), 0.68, axis=0), 1e-9)
    seen, drawn = np.abs(missed) / unit, np.abs(noise) / unit
    factor = float(np.quantile(seen, 0.68) / max(np.quantile(drawn, 0.68), 1e-9))
    return factor, [float((seen <= factor * np.quantile(drawn, level / 100)).mean()) for level in levels]


def _paths(residual: np.ndarray) -> np.ndarray:
    """Return residual paths (origins, 2, topics, h) with missing ones taken from the nearest other origin, else 0."""
    flat = pd.DataFrame(residual.reshape(len(residual), -1))
    return flat.ffill().bfill().fillna(0.0).to_numpy().reshape(residual.shape)


def _mix(residual: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return n error paths with the second moments of `residual`: two origins blended by a random angle, either sign.

    Blending makes a smooth distribution out of few origins; cos and sin keep the variance and all correlations.
    """
    first, second = rng.integers(len(residual), size=(2, n))
    angle = rng.uniform(0, 2 * np.pi, n)[:, None, None, None]
    return np.cos(angle) * residual[first] + np.sin(angle) * residual[second]


def _shares(past: np.ndarray, ahead: np.ndarray, width: int, half: np.ndarray) -> np.ndarray:
    """Return (n, 2, topics, 1 + h): share of each topic over the trailing window that ends j periods from now."""
    total = np.concatenate(
        [np.zeros_like(past[..., :1]), np.cumsum(np.concatenate([past, ahead], axis=3), axis=3)], axis=3
    )
    seen, h = past.shape[3], ahead.shape[3]
    end = seen + np.arange(h + 1)
    window = total[..., end] - total[..., np.maximum(end - width, 0)] + half[:, None, None]
    return window / window.sum(axis=2, keepdims=True)
