"""How often a topic is searched in a month, where a keyword tool's volume anchors the index; nothing without an anchor."""

from __future__ import annotations

import numpy as np
import pandas as pd

from explorer.fact import Fact
from explorer.panel import Panel
from explorer.study import Study, fold
from explorer.tallies import Tallies
from sources.errors import BadQuery
from sources.volumes import anchor, anchors_of

#: The window of an index that a monthly average of a keyword tool stands for (Keyword Planner averages twelve months).
MONTHS = 12

LEVEL = 0.9
_COUNTED = {"week": "weeks", "day": "days"}


def monthly_searches(study: Study, panel: Panel, topic: str, tallies: Tallies | None = None) -> Fact | None:
    """Return the searches a month for a topic over the last twelve months; None where no volume anchors the index.

    A topic is an anchor where the volume of every one of its search terms is known: the sum of its terms' volumes stands
    beside its index. All other topics on the same scale follow from the anchors, with an interval that holds printing,
    calibration and what the anchors disagree about (`sources.volumes.anchor`). A single anchor is warned of: its interval is
    too narrow.
    """
    if panel.unit != "index" or panel.search.empty:
        return None
    last = panel.search.dropna(subset=["value"])["period"].max()
    first = last - pd.DateOffset(months=MONTHS)
    recent = panel.search[panel.search["period"] > first].dropna(subset=["value"])
    levels = _levels(recent)
    volumes = _volumes(study, anchors_of((tallies or Tallies.of(study)).small("queries")))
    if topic not in set(levels["term"]) or volumes.empty:
        return None
    try:
        found = anchor(levels, volumes, level=LEVEL)
    except BadQuery:  # no anchor is among the topics that have an index
        return None
    row = found[found["term"] == topic].iloc[0]
    if not np.isfinite(row["value"]):
        return None
    single = str(row["anchors"]).count(", ") == 0
    return Fact(
        value=float(row["value"]), unit="searches a month", method="volume", lo=float(row["lo"]), hi=float(row["hi"]),
        level=LEVEL, n=int(recent[recent["topic"] == topic].shape[0]), n_of=_COUNTED.get(panel.grain, ""),
        period=(recent["period"].min(), last),
        sources=tuple(dict.fromkeys([*panel.sources, *volumes["source"]])), fetched_at=panel.fetched_at,
        params={"anchors": row["anchors"]}, warnings=("one anchor",) if single else (), simulated=study.simulated,
    )  # fmt: skip


def _levels(recent: pd.DataFrame) -> pd.DataFrame:
    """Mean index of each topic, with what rounding and joining leave open at LEVEL."""
    rows = recent.groupby("topic").agg(
        level=("value", "mean"), lo=("lo", "mean"), hi=("hi", "mean"), scale_error=("scale_error", "max")
    )
    # scale_error is a standard error in doublings; 1.645 of them hold LEVEL on both sides.
    room = 2 ** (1.645 * rows["scale_error"].fillna(0.0))
    rows = rows.assign(lo=rows["lo"].fillna(rows["level"]) / room, hi=rows["hi"].fillna(rows["level"]) * room)
    return rows.rename_axis("term").reset_index().assign(component=0)[["term", "level", "lo", "hi", "component"]]


def _volumes(study: Study, known: pd.DataFrame) -> pd.DataFrame:
    """Volume of every topic all of whose search terms have one."""
    by_term = known.assign(fold=known["term"].map(fold)).drop_duplicates("fold").set_index("fold")
    rows = []
    for topic in study.topics:
        terms = list(dict.fromkeys(fold(t) for t in topic.search))
        if terms and all(t in by_term.index for t in terms):
            own = by_term.loc[terms]
            ends = {c: own[c].fillna(own["value"]).sum() for c in ("lo", "hi")}
            rows.append(
                {
                    "term": topic.id,
                    "value": own["value"].sum(),
                    **ends,
                    "unit": "searches",
                    "source": own["source"].iloc[0],
                }
            )
    return pd.DataFrame(rows, columns=["term", "value", "lo", "hi", "unit", "source"])
