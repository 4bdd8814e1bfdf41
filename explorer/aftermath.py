"""What an event left behind: is the level back where it was, and what became of the brand's followers?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.errors import TooLittleData
from forecasting.impact import impact

#: How long after its end an event is followed, and how far back the old level is learned: later and older things are others.
AFTER, BEFORE = pd.Timedelta(56, "D"), pd.Timedelta(840, "D")
#: Below this many posts a day the level is that of weeks, counted from the onset: a day of none says nothing.
BUSY = 5.0
DAY = pd.Timedelta(1, "D")


@dataclass(frozen=True)
class Aftermath:
    """The level after an event against the one before it.

    `level_now`: "back", "not back" or "cannot tell", see forecasting.impact. `back_since`: from when on no more periods lie
    outside what was expected than chance lets out; None = not yet, or not known. `effect` [posts a period] with `lo`, `hi` of
    `level`: mean from the onset on. `before`, `after`: observed periods, each of `days`. `why`: "" or "little", too little to
    tell anything.
    """

    level_now: str
    back_since: pd.Timestamp | None
    effect: float
    lo: float
    hi: float
    level: float
    days: int
    before: int
    after: int
    why: str = ""


def aftermath(path: pd.DataFrame, onset: pd.Timestamp, end: pd.Timestamp, *, level: float = 0.95) -> Aftermath:
    """Return whether the level is back, against a counterfactual that was learned before the onset.

    Parameters
    ----------
    path : `ds`, `y` (posts a period, NaN = not collected), up to now. onset, end : of the event.
    level : coverage of the interval.
    """
    inside = path[(path["ds"] >= onset - BEFORE) & (path["ds"] < end + AFTER)]
    step = inside["ds"].diff().median()
    per_day = inside.loc[inside["ds"] < onset, "y"].mean() / (step / DAY)
    days = max(1 if per_day >= BUSY else 7, round(step / DAY)) if pd.notna(per_day) else 7
    start = onset if step >= DAY else onset.floor("D")
    frame = _summed(inside, start, days, step) if len(inside) > 1 else pd.DataFrame({"ds": [], "y": []})
    earlier = frame["ds"] < start
    before, after = (int(frame.loc[side, "y"].notna().sum()) for side in (earlier, ~earlier))
    try:
        found = impact(frame, start, level=level)
    except TooLittleData:
        return Aftermath("cannot tell", None, np.nan, np.nan, np.nan, level, days, before, after, "little")
    return Aftermath(
        found.level_now, found.back_since, found.effect, found.lo, found.hi, level, days, before, after
    )  # fmt: skip


def followers_of(posts: pd.DataFrame) -> pd.DataFrame:
    """Return the followers of accounts day by day, as their own posts carried them.

    Parameters
    ----------
    posts : `created_at`, `author_key`, `author_followers` of the accounts, missing = not told.

    Returns
    -------
    `ds` (day, UTC), `y` (followers of all accounts, NaN on days when one of them is not known), as response.follower_loss reads
    them. A number is carried on for seven days at most.
    """
    known = posts.dropna(subset=["author_followers", "author_key"]).sort_values("created_at")
    if known.empty:
        return pd.DataFrame({"ds": pd.DatetimeIndex([], tz="UTC"), "y": np.array([], dtype=float)})
    by = known.assign(ds=known["created_at"].dt.floor("D")).groupby(["ds", "author_key"])["author_followers"].last()
    table = by.astype(float).unstack().asfreq("D").ffill(limit=7)
    return table.sum(axis=1, skipna=False).rename("y").rename_axis("ds").reset_index()


def _summed(path: pd.DataFrame, start: pd.Timestamp, days: int, step: pd.Timedelta) -> pd.DataFrame:
    """Return sums of `days` counted from `start` both ways; NaN where a part was not collected, partial ends left out."""
    if step >= days * DAY:
        return path[["ds", "y"]].reset_index(drop=True)
    length = days * DAY
    number = (path["ds"] - start) // length
    grouped = path["y"].groupby(number).agg(["sum", "size", "count"])
    whole = grouped[grouped["size"] == round(length / step)]
    y = whole["sum"].where(whole["count"] == whole["size"])
    return pd.DataFrame({"ds": start + whole.index * length, "y": y.to_numpy(float)})
