"""How unusual a moment is: the mean of three standardised views of the same counts, each against its own past.

For counts from minutes to days. Weeks and months have another engine (explorer.outbreak).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from explorer.baseline import Expected, Grid, earlier, window_sum

#: How far back "usual" reaches: two weeks of hours, four weeks of days. Both hold whole weeks; shorter and last week's burst
#: is forgotten, longer and a slow change of level stays unusual for too long (docs/alerts-log.md).
MEMORY = {"fine": pd.Timedelta(14, "D"), "day": pd.Timedelta(28, "D")}
#: Rows needed before anything can be called unusual.
FIRST = {"fine": pd.Timedelta(8, "h"), "day": pd.Timedelta(10, "D")}
#: Until so much is known there is no pattern to compare with; what it would miss then would count as usual for two weeks.
PATTERN_FROM = {"fine": pd.Timedelta(2, "D"), "day": pd.Timedelta(14, "D")}
#: Smallest spread on the scale of square roots, so that a series of zeros is not startled by a single post.
FLOOR = 0.3
HOUR, SHIFT = pd.Timedelta(1, "h"), pd.Timedelta(6, "h")


@dataclass(frozen=True)
class Views:
    """The `score` of each row (NaN while too little is known), and whether its longest view stands out most (`slow`)."""

    score: np.ndarray
    slow: np.ndarray

    def after(self, first: int, new: Views) -> Views:
        """Return these views, with those of `new` from row `first` on."""
        late = np.arange(len(self.score)) >= first
        return Views(np.where(late, new.score, self.score), np.where(late, new.slow, self.slow))


def burst_score(grid: Grid, expected: Expected, start: int = 0) -> Views:
    """Return how unusual each row is.

    The score is the mean of three z-scores of square roots of counts: the period against its usual level, the last hour
    against its own, the last six hours against level x hour x weekday. The short spans see a burst first, the long one sees
    what rises slowly; level and pattern each have a vote because a record burst stands out of both. Hours have the period
    against level and against pattern, and the six hours; days have the first two. "Usual" is mean and standard deviation of
    the last two weeks (four for days) before the row; past bursts stay in it, so that the second of two equal bursts is less
    unusual than the first. While the days in it are few, the score is held back by the error of that mean.

    Parameters
    ----------
    start : row at which history begins, 0 or the row of the last change of level; rows before it get NaN.
    """
    views = [_view(grid, None, grid.step, start)]
    views.append(_view(grid, None, HOUR, start) if grid.step < HOUR else _view(grid, expected, grid.step, start))
    if grid.step < SHIFT:
        views.append(_view(grid, expected, SHIFT, start))
    known = np.isfinite(views)
    total = np.where(known, views, 0.0).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        score = np.where(known[0], total / known.sum(axis=0), np.nan)
        return Views(score * _held_back(grid, start), views[-1] > views[0])


def _held_back(grid: Grid, start: int) -> np.ndarray:
    """Return sqrt(n / (n + 1)) for the n days (weeks, for days) that "usual" rests on, 1 where memory is full."""
    unit = pd.Timedelta(1, "D") if grid.grain == "fine" else pd.Timedelta(7, "D")
    full = MEMORY[grid.grain] / unit
    n = np.clip((np.arange(len(grid.y)) - start) * (grid.step / unit), 0.0, full)
    held: np.ndarray = np.sqrt(n / (n + 1)) / np.sqrt(full / (full + 1))
    return held


def _view(grid: Grid, expected: Expected | None, span: pd.Timedelta, start: int) -> np.ndarray:
    k = grid.rows(span)
    value = np.sqrt(window_sum(grid.y[start:], k) + 0.375)
    if expected is not None:
        mean = (expected.root_level * expected.shape)[start:] ** 2
        value = value - np.sqrt(window_sum(mean, k) + 0.375)
        if start == 0:
            value[: grid.rows(PATTERN_FROM[grid.grain])] = np.nan
    past = pd.Series(value).rolling(grid.rows(MEMORY[grid.grain]), min_periods=max(8, grid.rows(FIRST[grid.grain])))
    usual, spread = earlier(past.mean()), earlier(past.std())
    z = np.full(len(grid.y), np.nan)
    z[start:] = (value - usual) / np.maximum(spread, FLOOR)
    return z
