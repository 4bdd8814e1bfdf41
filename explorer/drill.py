"""Past crises replayed through the present settings: what would have told of them, how soon, and how much was said by then."""

from __future__ import annotations

import numpy as np
import pandas as pd

from explorer.crisis import course
from explorer.early_warning import EarlyWarning, topic_of
from explorer.scenarios import scenarios_of
from explorer.spread import cascades, parents
from explorer.tallies import Tallies
from forecasting.errors import TooLittleData

DAY = pd.Timedelta(1, "D")
COLUMNS = (
    "crisis", "label", "onset", "first_post", "posts", "by", "at", "why", "hours", "share_said", "people", "severity", "owner",
)  # fmt: skip
#: What told of a crisis: a scenario by its name, or the alert on the volume.
ALERT = "alert"


def drill(
    warned: EarlyWarning, tallies: Tallies, *, event: str = "", since: pd.Timestamp | None = None
) -> pd.DataFrame:
    """Return when each scenario, and the alert, would have told of each past crisis.

    A scenario belongs to a crisis when it fires between a day before its onset and its end, on words that posts of the crisis
    carry. What fired on anything else is listed with no crisis: such are the false alarms of a scenario.

    Parameters
    ----------
    event : id of one event; default all events on the side of posts. since : only what was known from then on.

    Returns
    -------
    One row per crisis and scenario, and one per crisis for the alert (`by` = ALERT), newest crisis first, each in order of
    time: `crisis` (id of the event, "" = none), `label`, `onset`, `first_post` (of its largest cascade if that had begun by
    the alert, else the first from the onset on), `posts` (all that were
    collected of it), `by`, `at` (NaT = it would not have fired), `why`, `hours` (time to detection, from the first post to
    `at`), `share_said` (share of `posts` that had been said by then), `people`, `severity`, `owner`.

    Raises
    ------
    TooLittleData : no such event.
    """
    rows = warned.events[warned.events["side"] == "posts"]
    if event:
        rows = rows[rows["id"] == event]
        if rows.empty:
            raise TooLittleData(
                f"there is no event {event!r} among the posts", "the alerts", "choose one from the list"
            )
    fired = warned.triggers
    if since is not None:
        rows, fired = rows[rows["at"] >= since], fired[fired["at"] >= since]
    found: list[dict[str, object]] = []
    told: set[str] = set()
    for _, row in rows.iterrows():
        _, onset, end = course(warned, row)
        nodes = parents(tallies.posts_between([topic_of(warned.study, str(row["topic"]))], onset, end))
        mine = _of(warned, tallies, nodes, onset, end)
        told |= set(mine["id"])
        found += replayed(warned, row, onset, nodes, mine)
    stray = fired[~fired["id"].isin(told)] if not event else fired.head(0)
    found += [
        {
            "crisis": "",
            "by": t.scenario,
            "at": t.at,
            "why": t.why,
            "people": t.authors,
            "severity": t.severity,
            "owner": t.owner,
        }
        for t in stray.itertuples()
    ]
    table = pd.DataFrame(found, columns=list(COLUMNS))
    for name in ("onset", "first_post", "at"):
        table[name] = pd.to_datetime(table[name], utc=True)
    return table


def replayed(
    warned: EarlyWarning, row: pd.Series, onset: pd.Timestamp, nodes: pd.DataFrame, triggers: pd.DataFrame
) -> list[dict[str, object]]:
    """Return the rows of one crisis: its alert and every scenario of the study, those that would not have fired last."""
    first, said = _first(nodes, row["at"]), np.sort(_stamps(nodes.loc[nodes["collected"], "created_at"]))
    common = {"crisis": row["id"], "label": row["label"], "onset": onset, "first_post": first, "posts": len(said)}

    def told(by: str, at: pd.Timestamp, **more: object) -> dict[str, object]:
        known = pd.notna(at) and pd.notna(first) and len(said) > 0
        hours = (at - first) / pd.Timedelta(1, "h") if known else np.nan
        share = float(np.searchsorted(said, _stamps(pd.Series([at]))[0], "right")) / len(said) if known else np.nan
        return {**common, "by": by, "at": at, "hours": hours, "share_said": share, **more}

    rows = [told(ALERT, row["at"], why=row["kind"], people=np.nan)]
    for scenario in scenarios_of(warned.study):
        mine = triggers[triggers["scenario"] == scenario.name].sort_values("at")
        more: dict[str, object] = {"severity": scenario.severity, "owner": scenario.owner}
        if len(mine):
            rows.append(
                told(scenario.name, mine["at"].iloc[0], why=mine["why"].iloc[0], people=mine["authors"].iloc[0], **more)
            )
        else:
            rows.append(told(scenario.name, pd.NaT, why="", people=np.nan, **more))
    return sorted(rows, key=lambda r: (pd.isna(r["at"]), r["at"] if pd.notna(r["at"]) else onset))


def _of(
    warned: EarlyWarning, tallies: Tallies, nodes: pd.DataFrame, onset: pd.Timestamp, end: pd.Timestamp
) -> pd.DataFrame:
    """Return the triggers of a crisis: fired in its time, on posts that are its own."""
    inside = warned.triggers[(warned.triggers["at"] >= onset - DAY) & (warned.triggers["at"] < end)]
    hours = {s.name: pd.Timedelta(max(s.hours, 24), "h") for s in scenarios_of(warned.study)}
    topics = {s.name: s.topic for s in scenarios_of(warned.study)}
    own = set(nodes["id"])
    kept = []
    for trigger in inside.itertuples():
        name = str(trigger.scenario)
        behind = tallies.posts_between([topics[name]], trigger.at - hours[name], trigger.at + pd.Timedelta(1, "s"))
        kept.append(bool(own & set(behind["id"])))
    return inside[np.array(kept, dtype=bool)]


def _first(nodes: pd.DataFrame, alert: pd.Timestamp) -> pd.Timestamp:
    known = nodes[nodes["collected"]]
    largest = cascades(nodes)
    largest = largest[largest["collected"].astype(bool)].head(1)
    roots = known[known["id"].isin(largest["root"]) & (known["created_at"] <= alert)]
    came = (roots if len(roots) else known)["created_at"]
    return pd.Timestamp(came.min()) if len(came) else pd.NaT


def _stamps(times: pd.Series) -> np.ndarray:
    return times.dt.as_unit("us").astype("int64").to_numpy()
