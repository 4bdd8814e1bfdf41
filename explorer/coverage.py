"""Which periods each side covers, and how completely. What was not fetched is unknown; it is never read as silence."""

from __future__ import annotations

import pandas as pd

from explorer.periods import next_start
from explorer.study import Study, fold

COLUMNS = ["side", "source", "period", "status", "rows"]

#: Coverage states in which nothing, or everything there was, has been fetched.
WHOLE = ("complete", "empty")


def cover_frame(**columns: object) -> pd.DataFrame:
    """Return a coverage frame with COLUMNS; empty without arguments."""
    frame = pd.DataFrame(columns) if columns else pd.DataFrame(columns=COLUMNS)
    return frame[COLUMNS]


def capped_topics(coverage: pd.DataFrame, table: str, study: Study) -> tuple[str, ...]:
    """Return the ids of the topics of which a collection stopped at a limit, and which no complete one has covered since.

    A cap looks exactly like silence: whatever is said of these topics has to say so.
    """
    found: set[str] = set()
    own = coverage[coverage["table"] == table]
    for row in own[own["status"] == "capped"].itertuples():
        same = own[(own["query"] == row.query) & (own["status"] == "complete") & (own["fetched_at"] >= row.fetched_at)]
        if ((same["start"] <= row.start) & (same["end"] >= row.end)).any():
            continue
        found |= set(_topics_of(str(row.query), study))
    return tuple(t.id for t in study.topics if t.id in found)


def _topics_of(query: str, study: Study) -> list[str]:
    """Return the topics that a row of coverage speaks of: all where it names no query."""
    if not query:
        return [t.id for t in study.topics]
    name = fold(query)
    return [t.id for t in study.topics if name in {*t.names(), *map(fold, t.search)}][-1:]


def holes(coverage: pd.DataFrame, table: str, study: Study, grain: str, periods: pd.DatetimeIndex) -> pd.DataFrame:
    """Return the (topic, period) pairs of `table` that were not collected whole.

    A window that spans every period tells nothing about where it was cut off (an export that ends at a row limit): it is
    left to the notes. A window that another, complete collection of the same query covers is no hole.

    Parameters
    ----------
    coverage : the stored coverage table.
    periods : first instants of the periods in question, in order.

    Returns
    -------
    `topic`, `period`, `status`; one row per hole.
    """
    found: list[dict[str, object]] = []
    own = coverage[coverage["table"] == table]
    if own.empty or not len(periods):
        return pd.DataFrame(found, columns=["topic", "period", "status"])
    for row in own[~own["status"].isin(WHOLE)].itertuples():
        if row.start <= periods[0] and row.end >= next_start(periods[-1], grain):
            continue
        topics = _topics_of(str(row.query), study)
        same = own[(own["query"] == row.query) & (own["status"] == "complete") & (own["fetched_at"] >= row.fetched_at)]
        for period in periods[
            (periods < row.end) & (periods > row.start - (next_start(periods[0], grain) - periods[0]))
        ]:
            if (
                (same["start"] <= period) & (same["end"] >= next_start(period, grain)) & (same.index != row.Index)
            ).any():
                continue
            found += [{"topic": topic, "period": period, "status": row.status} for topic in topics]
    return pd.DataFrame(found, columns=["topic", "period", "status"]).drop_duplicates(["topic", "period"])
