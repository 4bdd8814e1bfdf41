"""From scores to alerts: one alert an event, again only when it grows by a third, a lasting change of level said once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from explorer.baseline import Expected, Grid, window_sum

#: An open event alerts again when its score is this much higher than at its last alert.
ESCALATION = 1.3
#: An event is over when the count of the last four hours (one day, for days) is back within this factor of what was expected
#: before it began, plus two deviations.
BACK = 1.25
QUIET = {"fine": pd.Timedelta(4, "h"), "day": pd.Timedelta(1, "D")}
#: An event that has not come back for so long is a new level: history begins anew with it.
LASTING = {"fine": pd.Timedelta(48, "h"), "day": pd.Timedelta(10, "D")}
#: The same for weeks and months: over below this share of the threshold; a new level after so many periods.
EXIT = 0.7
LASTING_PERIODS = {"week": 8, "month": 4}
#: Fewer posts than this within the hour (or the period, if longer) are no alert, however unusual.
MIN_COUNT = 5
#: A drop: six hours (one day) with less than a tenth of the least that the same hours of the seven days before held, when
#: that least is large enough for chance to be out of the question.
DROP, DROP_LEAST, DROP_DAYS = 0.1, 20, 7
DROP_SPAN = {"fine": pd.Timedelta(6, "h"), "day": pd.Timedelta(1, "D")}

KINDS = ("", "spike", "rise", "escalation", "level shift", "drop", "gap")


@dataclass(frozen=True)
class Found:
    """What an events pass found: row numbers of alerts with their kind and event, and the row of a change of level, if any.

    `shift` is (row at which the event began, row at which it became a level shift); the pass stops there.
    """

    rows: tuple[int, ...]
    kinds: tuple[str, ...]
    events: tuple[int, ...]
    shift: tuple[int, int] | None


def find_events(
    grid: Grid,
    expected: Expected,
    score: np.ndarray,
    slow: np.ndarray,
    threshold: np.ndarray,
    *,
    first: int = 0,
    event: int = 0,
    min_count: int = MIN_COUNT,
) -> Found:
    """Walk through the rows from `first` on and return the alerts up to the next change of level.

    Parameters
    ----------
    slow : rows whose longest view stands out more than their shortest: a rise rather than a spike.
    event : number of the last event before `first`.
    """
    enough = window_sum(grid.y, grid.rows(pd.Timedelta(1, "h"))) >= min_count
    with np.errstate(invalid="ignore"):
        candidates = np.flatnonzero((score >= threshold) & enough)
    rows: list[int] = []
    kinds: list[str] = []
    events: list[int] = []
    at = first
    while (i := int(np.searchsorted(candidates, at))) < len(candidates):
        begin = int(candidates[i])
        event += 1
        rows.append(begin)
        kinds.append("rise" if slow[begin] else "spike")
        events.append(event)
        end, lasting = _close(grid, expected, begin)
        last = score[begin]
        for row in candidates[i + 1 : np.searchsorted(candidates, end)]:
            if score[row] >= ESCALATION * last:
                rows.append(int(row))
                kinds.append("escalation")
                events.append(event)
                last = score[row]
        if lasting:
            return Found(tuple(rows), tuple(kinds), tuple(events), (begin, end))
        at = end
    return Found(tuple(rows), tuple(kinds), tuple(events), None)


def _close(grid: Grid, expected: Expected, begin: int) -> tuple[int, bool]:
    """Return the first row after the event, and whether it has become a change of level there."""
    quiet = grid.rows(QUIET[grid.grain])
    horizon = max(grid.rows(LASTING[grid.grain]), quiet)
    stop = min(begin + horizon + 1, len(grid.y))
    rows = slice(begin + 1, stop)
    # The level from before the event: what it made of the level is no measure of whether it is over.
    before = (expected.root_level[begin] * expected.shape[rows]) ** 2 * _scale(expected, begin)
    usual = window_sum(before, quiet)
    seen = window_sum(grid.y[rows], quiet)
    noise = 2 * np.sqrt(expected.dispersion[begin] * (usual + 1))
    over = (seen <= BACK * usual + noise) & (np.arange(1, len(usual) + 1) >= quiet)
    if over.any():
        return begin + 1 + int(np.argmax(over)), False
    if stop <= begin + horizon:
        return stop, False  # the series ends with the event open
    # An event of which most was not collected is over, not lasting.
    lasting = bool(np.isfinite(grid.y[rows]).mean() >= 0.5)
    return begin + horizon, lasting


def _scale(expected: Expected, row: int) -> float:
    """Return what turns a squared mean root into a mean at `row`."""
    square = (expected.root_level[row] * expected.shape[row]) ** 2
    return float(expected.mean[row] / square) if square > 0 else 1.0


def find_outbreaks(
    grid: Grid, score: np.ndarray, threshold: np.ndarray, enough: np.ndarray, *, first: int = 0, event: int = 0
) -> Found:
    """Do the same for weeks and months: an event is over with the first period well below the threshold."""
    with np.errstate(invalid="ignore"):
        candidates = np.flatnonzero((score >= threshold) & enough)
        over = np.flatnonzero(score < EXIT * threshold)
    rows: list[int] = []
    kinds: list[str] = []
    events: list[int] = []
    at = first
    while (i := int(np.searchsorted(candidates, at))) < len(candidates):
        begin = int(candidates[i])
        event += 1
        rows.append(begin)
        kinds.append("spike")
        events.append(event)
        ends = over[np.searchsorted(over, begin) :]
        lasting = begin + LASTING_PERIODS[grid.grain]
        end = int(ends[0]) if len(ends) else len(score)
        last = score[begin]
        for row in candidates[i + 1 : np.searchsorted(candidates, min(end, lasting + 1))]:
            if score[row] >= ESCALATION * last:
                rows.append(int(row))
                kinds.append("escalation")
                events.append(event)
                last = score[row]
        if lasting < min(end, len(score)):
            return Found(tuple(rows), tuple(kinds), tuple(events), (begin, lasting))
        at = end
    return Found(tuple(rows), tuple(kinds), tuple(events), None)


def drops(grid: Grid) -> np.ndarray:
    """Return the first row of each drop; a drop ends when half of the usual is back."""
    span = DROP_SPAN[grid.grain]
    seen = window_sum(grid.y, grid.rows(span))
    day = grid.rows(pd.Timedelta(1, "D"))
    days = DROP_DAYS if grid.grain == "fine" else 2 * DROP_DAYS
    before = np.concatenate([np.full(day * days, np.nan), seen])
    earlier = np.stack([before[day * (days - d) :][: len(seen)] for d in range(1, days + 1)])
    least = np.where(np.isfinite(earlier).sum(axis=0) >= days - 1, np.fmin.reduce(earlier, axis=0), np.nan)
    with np.errstate(invalid="ignore"):
        low = (least >= DROP_LEAST) & (seen < DROP * least)
        back = seen >= 0.5 * least
    begins, at = [], 0
    rows = np.flatnonzero(low)
    while (i := int(np.searchsorted(rows, at))) < len(rows):
        begins.append(int(rows[i]))
        after = np.flatnonzero(back[rows[i] :])
        if not len(after):
            break
        at = int(rows[i]) + int(after[0])
    return np.array(begins, dtype=int)
