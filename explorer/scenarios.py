"""Crises imagined in advance: what their words are, when they fire, and when they would have fired in the past."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from explorer.alerts import score
from explorer.study import BadStudy, Study, Topic

#: A topic with less than this many posts a day is rare: any match from enough different people counts.
RARE_PER_DAY = 1.0
#: Days before the window that tell how rare, and how negative, the scenario usually is.
BEFORE = pd.Timedelta(28, "D")
#: A share of negative posts is compared from so many posts on, one-sided at this level.
NEGATIVE_POSTS, NEGATIVE_ALPHA = 20, 0.001
SEVERITIES = (1, 2, 3)
_KEYS = {"name", "terms", "severity", "owner", "answer", "authors", "hours"}
_MICRO = pd.Timedelta(1, "us")
WHY = ("rare", "common", "negative")


@dataclass(frozen=True)
class Scenario:
    """One scenario of a study.

    `authors`: different people within `hours` that make a rare scenario fire. `severity`: 1 (nuisance) to 3 (danger).
    `answer`: the prepared answer.
    """

    name: str
    terms: tuple[str, ...]
    severity: int = 2
    owner: str = ""
    answer: str = ""
    authors: int = 2
    hours: int = 24

    @property
    def topic(self) -> Topic:
        """The scenario as something whose posts can be counted."""
        words = " OR ".join(f'"{t}"' for t in self.terms)
        return Topic(f"scenario:{self.name}", self.name, (), words)


def scenarios_of(study: Study) -> tuple[Scenario, ...]:
    """Return the scenarios of a study file.

    Raises
    ------
    BadStudy : an unknown key, no name or terms, a name twice, a number out of range; the message names the scenario.
    """
    found: dict[str, Scenario] = {}
    for number, given in enumerate(study.scenarios, 1):
        where = f"{study.path}, scenario {number}"
        scenario = _scenario(given, where)
        if scenario.name in found:
            raise BadStudy(f"the scenario {scenario.name!r} comes twice", where, "give each its own name")
        found[scenario.name] = scenario
    return tuple(found.values())


def triggers(hits: pd.DataFrame, scenario: Scenario, *, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """Return when a scenario fires, looking back only.

    Rare (less than one post a day in the four weeks before): enough different people within the window. Else the alert of its
    own daily series, or a share of negative posts of the last day above that of the four weeks before (one-sided test of two
    proportions). It fires again only after the condition has been over.

    Parameters
    ----------
    hits : its posts: `created_at`, `author_key`, `negative` (True, False or None where nobody judged it).
    start, end : what was collected.

    Returns
    -------
    `at`, `why` (one of WHY), `posts` and `authors` of the window, `usual` (posts a day before it), in order of time.
    """
    ordered = hits.sort_values("created_at", ignore_index=True)
    if ordered.empty:
        return pd.DataFrame(columns=["at", "why", "posts", "authors", "usual"])
    fired = [*_rare(ordered, scenario), *_common(ordered, start, end), *_negative(ordered)]
    table = pd.DataFrame(fired, columns=["at", "why", "posts", "authors", "usual"])
    return table.sort_values("at", kind="stable", ignore_index=True)


def _scenario(given: Mapping[str, Any], where: str) -> Scenario:
    if unknown := set(given) - _KEYS:
        raise BadStudy(f"unknown key {sorted(unknown)[0]!r}", where, f"known are {', '.join(sorted(_KEYS))}")
    terms = given.get("terms", ())
    if not given.get("name") or not terms or isinstance(terms, str):
        raise BadStudy("a scenario needs a name and a list of terms", where, 'add name = "..." and terms = ["..."]')
    numbers = {key: given.get(key, default) for key, default in (("severity", 2), ("authors", 2), ("hours", 24))}
    for key, value in numbers.items():
        if not isinstance(value, int) or value < 1 or (key == "severity" and value not in SEVERITIES):
            allowed = "1, 2 or 3" if key == "severity" else "a whole number from 1 on"
            raise BadStudy(f"{key} is {value!r}", where, f"write {allowed}")
    return Scenario(
        str(given["name"]),
        tuple(str(t) for t in terms),
        owner=str(given.get("owner", "")),
        answer=str(given.get("answer", "")),
        **numbers,
    )


def _rare(hits: pd.DataFrame, scenario: Scenario) -> list[tuple[pd.Timestamp, str, int, int, float]]:
    window = pd.Timedelta(scenario.hours, "h")
    times = hits["created_at"]
    # Times are compared as whole numbers of one unit.
    stamps = times.dt.as_unit("us").astype("int64").to_numpy()
    wide, long = window // _MICRO, BEFORE // _MICRO
    earlier = np.searchsorted(stamps, stamps - wide, "right") - np.searchsorted(stamps, stamps - wide - long, "right")
    usual = earlier / (BEFORE / pd.Timedelta(1, "D"))
    inside: deque[int] = deque()
    fired, armed = [], True
    for row, at in enumerate(stamps):
        inside.append(row)
        while stamps[inside[0]] <= at - wide:
            inside.popleft()
        people = hits["author_key"].iloc[list(inside)].nunique()
        met = people >= scenario.authors
        if met and armed and usual[row] < RARE_PER_DAY:
            fired.append((times[row], "rare", len(inside), people, float(usual[row])))
        # While the condition holds it is the same event.
        armed = not met
    return fired


def _common(
    hits: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp
) -> list[tuple[pd.Timestamp, str, int, int, float]]:
    day = pd.Timedelta(1, "D")
    days = pd.date_range(start.floor("D"), end.floor("D") - day, freq="D")  # the running day is not over
    if len(days) < 2:
        return []
    of_day = hits["created_at"].dt.floor("D")
    found = score(pd.DataFrame({"ds": days, "y": of_day.value_counts().reindex(days, fill_value=0)}), freq="D")
    people = hits.groupby(of_day)["author_key"].nunique()
    rows = found[found["alert"] & found["kind"].isin(["spike", "rise"]) & (found["expected"] >= RARE_PER_DAY)]
    return [
        (row.ds + day, "common", int(row.y), int(people.get(row.ds, 0)), float(row.expected))
        for row in rows.itertuples()
    ]


def _negative(hits: pd.DataFrame) -> list[tuple[pd.Timestamp, str, int, int, float]]:
    judged = hits[hits["negative"].notna()]
    if len(judged) < 2 * NEGATIVE_POSTS:
        return []
    times = judged["created_at"].reset_index(drop=True)
    stamps = times.dt.as_unit("us").astype("int64").to_numpy()
    bad = np.concatenate([[0], np.cumsum(judged["negative"].astype(bool))])
    day, long = pd.Timedelta(1, "D") // _MICRO, BEFORE // _MICRO
    a, b = np.searchsorted(stamps, stamps - day, "right"), np.searchsorted(stamps, stamps - day - long, "right")
    here = np.arange(1, len(stamps) + 1)
    n, n0 = here - a, a - b
    x, x0 = bad[here] - bad[a], bad[a] - bad[b]
    pooled = (x + x0) / np.maximum(n + n0, 1)
    error = np.sqrt(pooled * (1 - pooled) * (1 / np.maximum(n, 1) + 1 / np.maximum(n0, 1)))
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (x / np.maximum(n, 1) - x0 / np.maximum(n0, 1)) / error
    over = (n >= NEGATIVE_POSTS) & (n0 >= NEGATIVE_POSTS) & (z > stats.norm.isf(NEGATIVE_ALPHA))
    first = np.flatnonzero(over & ~np.concatenate([[False], over[:-1]]))
    people = judged["author_key"].reset_index(drop=True)
    per_day = n0 / (BEFORE / pd.Timedelta(1, "D"))
    fired, last = [], -np.inf
    for row in first:
        # The test flickers around its level: within a day it is the same event.
        if stamps[row] - last >= day:
            fired.append(
                (times[row], "negative", int(n[row]), people.iloc[a[row] : row + 1].nunique(), float(per_day[row]))
            )
        last = stamps[row]
    return fired
