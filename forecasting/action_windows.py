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
    columns = ["topic", "start", "end", "periods", "gap", "peak", "probability"]
    table = projection.gap.merge(projection.search[["topic", "ds", "yhat"]], "left", ["topic", "ds"])
    inside = table["p_open"] >= probability
    if not inside.any():
        return pd.DataFrame(columns=columns)
    run = (inside != inside.groupby(table["topic"], sort=False).shift()).groupby(table["topic"], sort=False).cumsum()
    open_ = table.assign(run=run, yhat=table["yhat"].fillna(-1))[inside]
    spans = open_.groupby(["topic", "run"], sort=False)
    found = spans.agg(
        start=("ds", "first"),
        end=("ds", "last"),
        periods=("ds", "size"),
        gap=("gap", "max"),
        probability=("p_open", "min"),
    )
    found["peak"] = open_["ds"].loc[spans["yhat"].idxmax()].array
    return found.reset_index()[columns].sort_values("gap", ascending=False, kind="stable", ignore_index=True)
