"""Search and voice on one time axis: the topics and periods that both sides hold, and what had to be left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.errors import BadArgument, BadSeries, Note, TooLittleData
from forecasting.frames import Grain, Panel, panel

#: Fewer common periods than this and there are no past origins to learn the errors from.
MIN_PERIODS = 12


@dataclass(frozen=True)
class Sides:
    """Both sides on one time axis: arrays (2, topics, periods), side 0 = search, 1 = voice."""

    topics: tuple[object, ...]
    value: np.ndarray
    lo: np.ndarray
    hi: np.ndarray
    now: pd.Timestamp
    grain: Grain
    notes: tuple[Note, ...]

    def panel(self) -> Panel:
        """Return all series of both sides as one panel, search first, each in the order of the topics."""
        ids = tuple((side, t) for side in ("search", "social") for t in self.topics)
        values = tuple(self.value.reshape(-1, self.value.shape[2]))
        return Panel(ids, values, (self.now,) * len(ids), self.grain)


def align(search: pd.DataFrame, social: pd.DataFrame, freq: str, voice: str | None) -> Sides:
    """Return both sides on the periods from the latest start to the earliest end of any topic.

    Parameters and errors as in `projection.project_gap`.
    """
    column, notes = _voice(social, voice)
    frames = [_long(search, "search", "value"), _long(social, "social", column)]
    panels = [panel(f, freq, min_points=1) for f in frames]
    frames = [f.assign(ds=pd.to_datetime(f["ds"], format="ISO8601")) for f in frames]
    if (frames[0]["ds"].dt.tz is None) != (frames[1]["ds"].dt.tz is None):
        raise BadSeries("one side has a time zone and the other has none", "period", "bring both to UTC")
    if panels[0].grain != panels[1].grain:
        what = f"search lies on the grid {panels[0].grain.freq}, voice on {panels[1].grain.freq}"
        raise BadSeries(what, "search, social", "bring both to one grid first")
    topics = tuple(uid for uid in panels[0].ids if uid in set(panels[1].ids))
    for side, part in zip(("search", "social"), panels, strict=True):
        notes += [
            Note("topic_left_out", str(uid), f"only the {side} side knows it; the shares are taken over the others")
            for uid in part.ids
            if uid not in set(topics)
        ]
    if len(topics) < 2:
        what = f"{len(topics)} topics with values on both sides, at least 2 are needed"
        raise TooLittleData(what, "topics", "add topics, or fetch the side that is missing")
    rows = [[p.ids.index(t) for t in topics] for p in panels]
    ends = [p.ends[i] for p, at in zip(panels, rows, strict=True) for i in at]
    now, grain = min(ends), panels[0].grain
    starts = [grain.past(p.ends[i], len(p.values[i]))[0] for p, at in zip(panels, rows, strict=True) for i in at]
    axis = pd.date_range(max(starts), now, freq=grain.freq)
    if len(axis) < MIN_PERIODS:
        what = f"{len(axis)} periods that every topic holds on both sides, at least {MIN_PERIODS} are needed"
        raise TooLittleData(what, "periods", "fetch a longer history, or leave out the topic that is shortest")
    if max(ends) > now:
        text = f"values after {now:%Y-%m-%d} are not used: some topic or side ends there"
        notes.append(Note("periods_unused", "", text))
    cube = np.stack([_wide(f, "y", topics, axis) for f in frames])
    if (cube < 0).any():
        raise BadSeries("a value below zero", "search, social", "a share needs values of zero or more")
    lo, hi = (np.stack([_wide(f, c, topics, axis) for f in frames]) for c in ("lo", "hi"))
    lo, hi = np.where(np.isfinite(lo), lo, cube), np.where(np.isfinite(hi), hi, cube)
    return Sides(topics, cube, lo, np.maximum(lo, hi), now, grain, tuple(notes))


def _voice(social: pd.DataFrame, voice: str | None) -> tuple[str, list[Note]]:
    known = [c for c in ("authors", "posts") if c in social and social[c].notna().any()]
    if voice is not None and voice not in ("authors", "posts"):
        raise BadArgument(f"voice cannot be {voice!r}", "voice", "pass 'authors' or 'posts'")
    if not known or (voice is not None and voice not in known):
        what = f"no values in the column {voice or 'authors'!r}"
        raise TooLittleData(what, "social", "fetch authors, or at least posts")
    column = voice or known[0]
    loud = Note(
        "voice_is_posts", "social", "voice is counted in posts: a few loud accounts cannot be told from many people"
    )
    return column, [loud] if column == "posts" else []


def _long(frame: pd.DataFrame, side: str, column: str) -> pd.DataFrame:
    when = "period" if "period" in frame else "ds"
    absent = [c for c in ("topic", when, column) if c not in frame]
    if absent:
        raise BadSeries(f"no column {', '.join(map(repr, absent))}", side, "see the docstring of project_gap")
    out = frame.rename(columns={"topic": "unique_id", when: "ds", column: "y"})
    return out[[c for c in ("unique_id", "ds", "y", "lo", "hi") if c in out]]


def _wide(frame: pd.DataFrame, column: str, topics: tuple[object, ...], axis: pd.DatetimeIndex) -> np.ndarray:
    if column not in frame:
        return np.full((len(topics), len(axis)), np.nan)
    table = frame.pivot(index="unique_id", columns="ds", values=column)
    return table.reindex(index=list(topics), columns=axis).to_numpy(float)
