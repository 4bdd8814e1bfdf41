"""Who the people are that speak, where the data tell: in groups of 10 or more, which no two tables give away in part."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from explorer.tallies_people import PERSONAL
from sources.disclosure import ALL, UNKNOWN, people_in_groups

#: The value of `topic` of people who wrote on several topics.
SEVERAL = "several"


@dataclass(frozen=True)
class Demographics:
    """Who speaks, in groups.

    `by_trait`: `gender`, `age_band`, `people` (null = left out), `suppressed`; "all" = a sum, "unknown" = not told. `by_topic`:
    `topic` (people who wrote on that topic alone, or on "several"), `gender`, `people`, `suppressed`; empty where it would give
    away what `by_trait` leaves out. Both are empty where the data tell no trait. `people` : all who speak. `known` : share of
    them (0..1) of whom a trait is told, null where fewer than 10 are told or not told.
    """

    by_trait: pd.DataFrame
    by_topic: pd.DataFrame
    people: int
    known: float | None

    @property
    def told(self) -> bool:
        """Whether the data tell who people are at all."""
        return not self.by_trait.empty


def demographics(people: pd.DataFrame) -> Demographics:
    """Count people by gender and age, and by topic and gender, so that both tables side by side name nobody.

    Each table alone is protected by sources.disclosure. They share the sums by gender, and nothing else: with each of these
    published in both, whatever fits the one table fits with whatever fits the other, and together they tell no more than alone.
    Where a sum is left out in either, the one could complete the other, and the table by topic is not published.

    Parameters
    ----------
    people : `author_key`, `topic` (null = several), `gender`, `age_band` (null = unknown): PeopleTallies.people. One study is
        published over one window: tables over windows that overlap could be subtracted from each other.
    """
    count = int(people["author_key"].nunique())
    told = people[list(PERSONAL)].notna().any(axis=1) if count else pd.Series(dtype=bool)
    if not told.any():
        return Demographics(_empty(*PERSONAL), _empty("topic", "gender"), count, 0.0 if count else None)
    by_trait = people_in_groups(people, list(PERSONAL))
    by_topic = people_in_groups(people.assign(topic=people["topic"].fillna(SEVERAL)), ["topic", "gender"])
    sums = by_trait[by_trait["age_band"] == ALL], by_topic[by_topic["topic"] == ALL]
    if people["gender"].isna().all() or any(s["suppressed"].any() for s in sums):
        by_topic = _empty("topic", "gender")
    return Demographics(by_trait, by_topic, count, _known(by_trait))


def _known(by_trait: pd.DataFrame) -> float | None:
    """Return the share of people who are not unknown in both, from published figures alone."""
    figure = by_trait.set_index(list(PERSONAL))["people"]
    every = figure[(ALL, ALL)]
    # The group of nobody known is not there at all when everyone is known.
    nothing = figure.get((UNKNOWN, UNKNOWN), 0)
    if pd.isna(every) or pd.isna(nothing) or not every:
        return None
    return float(1 - nothing / every)


def _empty(*by: str) -> pd.DataFrame:
    frame = pd.DataFrame({name: pd.Series(dtype=object) for name in by})
    return frame.assign(people=pd.Series(dtype="Int64"), suppressed=pd.Series(dtype=bool))
