"""How severe an event is, 0 to 100, against the topic's own past year, with what it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

#: What counts, and how much. Inputs that are missing drop out and the others share their weight.
WEIGHTS: Mapping[str, float] = {
    "volume": 0.25,
    "negative": 0.20,
    "authors": 0.15,
    "reach": 0.15,
    "breadth": 0.10,
    "search": 0.15,
}
ALERT, CRISIS = 40.0, 70.0
LEVELS = ("watch", "alert", "crisis")
#: Days of own history a day is ranked in, and the fewest that make a rank.
HISTORY, FEWEST = 365, 28


@dataclass(frozen=True)
class Severity:
    """`value` 0..100 with its `level` (one of LEVELS). `parts`: `input`, `value`, `rank` [0..1], `weight`, `points`, `days`.

    `missing`: inputs that are not known, whose weight the others carry.
    """

    value: float
    level: str
    parts: pd.DataFrame
    missing: tuple[str, ...]


def severity(days: pd.DataFrame, day: pd.Timestamp) -> Severity:
    """Return the severity of a day from the ranks of its inputs in the year before it.

    Each rank is the share of earlier days with a lower value (ties half); above the highest it goes on towards 1 with an
    exponential tail, so that a larger value never ranks lower. The severity is their weighted mean x 100.

    Parameters
    ----------
    days : as `inputs` returns them. day : one of them.
    """
    at = days.index.get_loc(day)
    assert isinstance(at, int)
    rows = []
    for name, weight in WEIGHTS.items():
        column = days[name].to_numpy(float) if name in days else np.full(len(days), np.nan)
        past = column[max(0, at - HISTORY) : at]
        past = past[np.isfinite(past)]
        known = np.isfinite(column[at]) and len(past) >= FEWEST
        rows.append((name, column[at], _rank(past, column[at]) if known else np.nan, weight, len(past)))
    parts = pd.DataFrame(rows, columns=["input", "value", "rank", "weight", "days"])
    known = parts["rank"].notna()
    total = parts.loc[known, "weight"].sum()
    parts["weight"] = np.where(known, parts["weight"] / total, 0.0) if total else 0.0
    parts["points"] = 100 * parts["weight"] * parts["rank"].fillna(0.0)
    value = float(parts["points"].sum()) if total else np.nan
    level = LEVELS[int(value >= ALERT) + int(value >= CRISIS)] if total else LEVELS[0]
    return Severity(value, level, parts, tuple(parts.loc[~known, "input"]))


def inputs(volume: pd.DataFrame, days: pd.DatetimeIndex, search: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return what severity is made of, one row a day.

    Parameters
    ----------
    volume : explorer.tallies.volume of one topic by day. days : the days that were collected.
    search : scored search series of the topic (explorer.alerts.score); a value holds from the end of its period on.

    Returns
    -------
    `volume` (posts against the mean of the 28 days before), `negative` (negative posts above what the 28 days before make
    expect), `authors` (people against the mean of the 28 days before), `reach` (followers of those who wrote), `breadth`
    (effective number of authors + countries), `search` (score).
    """
    table = volume.set_index("period").reindex(days)
    counts = table[["posts", "authors", "negative", "judged"]].fillna(0.0)
    before = counts.rolling(28, min_periods=7).mean().shift(1)
    squares = table["squares"].fillna(0.0)
    share = counts["negative"].rolling(28, min_periods=7).sum().shift(1) / counts["judged"].rolling(28).sum().shift(1)
    found = pd.DataFrame(index=days)
    found["volume"] = (counts["posts"] + 0.5) / (before["posts"] + 0.5)
    judged_ever = bool(counts["judged"].sum())
    found["negative"] = (
        (counts["negative"] - share.fillna(0.0) * counts["judged"]).clip(lower=0) if judged_ever else np.nan
    )
    found["authors"] = (counts["authors"] + 0.5) / (before["authors"] + 0.5)
    found["reach"] = table["reach"].where(table["reach"].notna(), np.where(counts["posts"] > 0, np.nan, 0.0))
    effective = counts["posts"] ** 2 / squares.where(squares > 0)
    found["breadth"] = effective.fillna(0.0) + table["countries"].fillna(0.0)
    found["search"] = np.nan
    if search is not None and len(search) > 1:
        end = pd.DatetimeIndex(search["ds"]) + search["ds"].diff().median()
        end = end.tz_localize("UTC") if end.tz is None else end
        found["search"] = pd.Series(search["score"].to_numpy(float), index=end).reindex(days, method="ffill").to_numpy()
    return found


def _rank(past: np.ndarray, value: float) -> float:
    n, top = len(past), past.max()
    if value > top:
        above = past[past >= np.quantile(past, 0.9)]
        scale = max(float((above - above.min()).mean()), 1e-9 + 0.05 * abs(top))
        return float(1 - np.exp(-(value - top) / scale) / (n + 1))
    return float(((past < value).sum() + 0.5 * (past == value).sum()) / (n + 1))
