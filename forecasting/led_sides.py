"""Search and voice lead each other: which side helps to forecast the other, and the forecasts moved by it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from forecasting.ensemble import Combined
from forecasting.errors import Note
from forecasting.lead_lags import lead_lags
from forecasting.led import MAX_LAG, moved_by, moves, used_note
from forecasting.own_past import scale_of
from forecasting.sides import Sides, align

NAMES = ("search", "social")


def lead_sides(sides: Sides, combined: Combined, step: int, seed: int) -> tuple[Combined, pd.DataFrame, list[Note]]:
    """Return the forecasts moved by proven leaders, who leads whom, and what to say of it.

    Every topic is tested in both directions, all tests judged together. A proven leader is used only if, at the same past
    origins that the intervals rest on, the forecasts with it missed no more than those without.

    Parameters
    ----------
    combined : the ensemble over `sides.panel()`, origins `step` periods apart.

    Returns
    -------
    The forecasts; one row a topic and direction with the columns of `lead_lags` (`leader`, `follower` = "search" or
    "social") and `topic`, `used`; notes on the leaders that are used.
    """
    topics, periods = len(sides.topics), sides.value.shape[2]
    h, lag = combined.point.shape[2], MAX_LAG[sides.grain.name]
    table = _tested(sides, seed)
    asked = [(s, i) for s in (0, 1) for i in range(topics)]
    point, notes, used = combined.point.copy(), [], []
    ends = [periods, *(periods - h - step * k for k in range(len(point) - 1))]
    for (s, i), row in zip(asked, table.itertuples(), strict=True):
        used.append(False)
        if not row.leads:
            continue
        x, y = sides.value[s, i], sides.value[1 - s, i]
        move = moves(x, y, int(row.periods), h, lag, sides.grain)[np.array(ends) - 1]
        at = (1 - s) * topics + i
        with_leader = moved_by(point[:, at], move, scale_of(y))
        actual = combined.rolling.actual[1:, at]
        if _missed(with_leader[1:], actual) <= _missed(point[1:, at], actual):
            point[:, at], used[-1] = with_leader, True
            notes.append(used_note(NAMES[s], str(sides.topics[i]), row))
    table = table.assign(used=used)
    return replace(combined, point=point), table, notes


def who_leads(
    search: pd.DataFrame, social: pd.DataFrame, *, freq: str, voice: str | None = None, seed: int = 0
) -> pd.DataFrame:
    """Return, for every topic and both directions, whether one side helps to forecast the other.

    Parameters and errors as in `forecasting.project_gap`.

    Returns
    -------
    The columns of `lead_lags` with `leader`, `follower` = "search" or "social", and `topic`.
    """
    return _tested(align(search, social, freq, voice), seed)


def _tested(sides: Sides, seed: int) -> pd.DataFrame:
    topics, periods = len(sides.topics), sides.value.shape[2]
    dates = sides.grain.past(sides.now, periods)
    long = pd.concat(
        pd.DataFrame({"unique_id": f"{name} {i}", "ds": dates, "y": sides.value[s, i]})
        for s, name in enumerate(NAMES)
        for i in range(topics)
    )
    # Both directions of a topic one after the other: they explain the same two series.
    asked = [(s, i) for i in range(topics) for s in (0, 1)]
    pairs = [(f"{NAMES[s]} {i}", f"{NAMES[1 - s]} {i}") for s, i in asked]
    lag = MAX_LAG[sides.grain.name]
    table = lead_lags(long, long, max_lag=lag, h=1, seed=seed, freq=sides.grain.freq, pairs=pairs)
    names = {"leader": [NAMES[s] for s, _ in asked], "follower": [NAMES[1 - s] for s, _ in asked]}
    table = table.assign(**names, topic=[sides.topics[i] for _, i in asked])
    return table.sort_values("leader", kind="stable", ignore_index=True)


def _missed(point: np.ndarray, actual: np.ndarray) -> float:
    """Return the mean absolute error on logarithms, as far as something is known."""
    error = np.abs(np.log1p(np.maximum(point, 0)) - np.log1p(np.maximum(actual, 0)))
    known = np.isfinite(error)
    return float(error[known].mean()) if known.any() else 0.0
