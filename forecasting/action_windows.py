"""The windows to act in: spans of time in which a topic will probably be searched clearly more than it is spoken of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from forecasting.projection import GapProjection

#: A gap above this many doublings (x1.4) is open: the topic is searched clearly more than it is spoken of.
OPEN = 0.5


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
