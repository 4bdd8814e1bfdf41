"""Rolling origins: what every member would have forecast at past dates, and what then happened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from forecasting import members
from forecasting.frames import Panel, alike
from forecasting.intervals import nanmean
from forecasting.known_effects import Calendar, learn, restore
from forecasting.members import Batch
from forecasting.seasonal import is_seasonal, seasonal_index

#: Periods that must stay before the oldest origin; less history teaches a member nothing.
MIN_TRAIN = 6


@dataclass(frozen=True)
class Rolling:
    """Forecasts of every member at every origin; origin 0 is the present, origin k >= 1 lies in the past.

    Parameters
    ----------
    names : the members.
    point : (1 + K, members, n, h) forecasts, NaN where a member has no answer or a series does not reach back so far.
    naive2 : (1 + K, n, h) forecasts of M4's Naive2.
    actual : (1 + K, n, h) what then happened, NaN where missing; all NaN at origin 0.
    scale : (1 + K, n) mean absolute (seasonal) naive error up to the origin, the unit of MASE; NaN where it is 0.
    recent : (1 + K, n) mean absolute change over the last `grain.recent` periods up to the origin.
    relative : (1 + K, n) `recent` as a share of the mean size over the same periods; 0 for a series of zeros.
    effects : per series the events known in advance whose effect the present forecast carries.
    """

    names: tuple[str, ...]
    point: np.ndarray
    naive2: np.ndarray
    actual: np.ndarray
    scale: np.ndarray
    recent: np.ndarray
    relative: np.ndarray
    effects: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def missed(self) -> np.ndarray:
        """Mean absolute error of each member at each past origin (K, members, n), NaN where nothing could be scored."""
        return nanmean(np.abs(self.actual[1:, None] - self.point[1:]), axis=(3,))

    @property
    def origins(self) -> np.ndarray:
        """Past origins of each series at which something could be scored."""
        return np.isfinite(self.actual[1:]).any(axis=2).sum(axis=0)


def cuts(n: int, h: int, origins: int, step: int | None = None) -> list[int]:
    """Return the lengths of history at the past origins of a series of `n` periods, the latest first.

    Origins lie one horizon apart (or `step`), closer where the series is short, so that all h values are known at each
    of them and `MIN_TRAIN` periods stay before the oldest.
    """
    room = n - h - MIN_TRAIN
    if room < 0 or origins < 1:
        return []
    stride = step or h
    if origins > 1:
        stride = max(1, min(stride, room // (origins - 1)))
    return [n - h - k * stride for k in range(min(origins, room // stride + 1))]


def roll(
    panel: Panel,
    h: int,
    names: tuple[str, ...],
    origins: int,
    *,
    step: int | None = None,
    known: Calendar | None = None,
) -> Rolling:
    """Return the forecasts of each member from the present and from up to `origins` past origins of each series.

    Each origin is cut at a distance from the end of each series itself; a pooled member therefore learns, at an origin,
    from what all series had shown up to the same distance from their ends. Effects of what is `known` in advance are learned
    anew at each origin, from what lies before it.
    """
    n = len(panel.ids)
    back = [cuts(len(y), h, origins, step) for y in panel.values]
    depth = max((len(b) for b in back), default=0)
    point = np.full((1 + depth, len(names), n, h), np.nan)
    naive2_, actual = (np.full((1 + depth, n, h), np.nan) for _ in range(2))
    scale, recent, relative = (np.full((1 + depth, n), np.nan) for _ in range(3))
    asked, batches = [], []
    for k in range(1 + depth):
        rows = np.array([i for i in range(n) if k == 0 or len(back[i]) >= k])
        ends = [len(panel.values[i]) if k == 0 else back[i][k - 1] for i in rows]
        tails = [panel.values[i][:end] for i, end in zip(rows, ends, strict=True)]
        seen = np.array([np.isfinite(y).sum() >= 2 for y in tails])
        rows, tails = rows[seen], [y for y, ok in zip(tails, seen, strict=True) if ok]
        if not len(rows):
            continue
        later = tuple(len(panel.values[i]) - len(y) for i, y in zip(rows, tails, strict=True))
        asked.append((k, rows))
        batches.append(Batch(tuple(tails), tuple(panel.ends[i] for i in rows), panel.grain, h, later))
    found, told = _run(batches, names, known)
    for (k, rows), batch, made in zip(asked, batches, found, strict=True):
        point[k][:, rows] = made
        for same in alike(batch.lengths):
            at, y = rows[same], np.stack([batch.filled[j] for j in same])
            naive2_[k, at] = naive2(y, h, panel.grain.period)
            scale[k, at] = naive_error(y, panel.grain.period)
            tail = y[:, -panel.grain.recent - 1 :]
            recent[k, at] = naive_error(tail, 1)
            size = np.abs(tail).mean(axis=1)
            relative[k, at] = np.divide(recent[k, at], size, out=np.zeros(len(at)), where=size > 0)
            if k:
                end = y.shape[1]
                actual[k, at] = [panel.values[i][end : end + h] for i in at]
    return Rolling(names, point, naive2_, actual, np.where(scale > 0, scale, np.nan), recent, relative, told)


def _run(
    batches: list[Batch], names: tuple[str, ...], known: Calendar | None
) -> tuple[list[np.ndarray], tuple[tuple[str, ...], ...]]:
    """Return the members' forecasts with the effects of what is known in advance, and whose effects the first batch carries."""
    if known is None:
        return members.run_all(batches, names), ((),) * len(batches[0].values)
    learned = [_learned(batch, known) for batch in batches]
    found = members.run_all([cleaned for cleaned, _, _ in learned], names)
    for batch, point, (_, ahead, _) in zip(batches, found, learned, strict=True):
        for i, (y, effect) in enumerate(zip(batch.values, ahead, strict=True)):
            point[:, i] = restore(point[:, i], effect, y)
    return found, learned[0][2]


def _learned(batch: Batch, known: Calendar) -> tuple[Batch, list[np.ndarray], tuple[tuple[str, ...], ...]]:
    """Return the batch without the effects of what is known in advance, the effects ahead, and whose they are."""
    cache: dict[tuple[object, int], tuple[list[str], np.ndarray]] = {}
    cleaned, ahead, told = [], [], []
    for i, y in enumerate(batch.values):
        past, future = batch.dates(i)
        if (past[-1], len(y)) not in cache:
            cache[past[-1], len(y)] = known.matrix(past.append(future), batch.grain)
        events, days = cache[past[-1], len(y)]
        clean, effect, believed = learn(y, days[: len(y)], days[len(y) :], batch.grain)
        cleaned.append(clean)
        ahead.append(effect)
        told.append(tuple(name for name, ok in zip(events, believed, strict=True) if ok))
    return replace(batch, values=tuple(cleaned), _adjusted={}), ahead, tuple(told)


def naive2(y: np.ndarray, h: int, m: int) -> np.ndarray:
    """Return (n, h): M4's Naive2, the last seasonally adjusted value, with its multiplicative season put back.

    Parameters
    ----------
    y : (n, T) series of equal length without gaps.
    """
    n, length = y.shape
    out = np.repeat(y[:, -1:], h, axis=1)
    if m > 1 and length >= 3 * m:
        lengths = np.full(n, length)
        at = np.flatnonzero((y.min(axis=1) > 0) & is_seasonal(y, lengths, m))
        if len(at):
            index = seasonal_index(y[at], lengths[at], m, additive=False)
            out[at] = out[at] / index[:, [(length - 1) % m]] * index[:, (length + np.arange(h)) % m]
    return out


def naive_error(y: np.ndarray, m: int) -> np.ndarray:
    """Return the mean absolute m-step change along the last axis of `y`; NaN when it is not longer than m."""
    return np.abs(y[..., m:] - y[..., :-m]).mean(axis=-1) if y.shape[-1] > m else np.full(y.shape[:-1], np.nan)
