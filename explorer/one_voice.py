"""One voice a group: accounts that repeat the same words within minutes are one person wherever people are counted."""

from __future__ import annotations

import pandas as pd

from explorer.repetition import Repetition
from explorer.study import Topic
from explorer.tallies import Binning
from explorer.tallies_people import PeopleTallies


def one_voice_a_group(
    social: pd.DataFrame, topics: tuple[Topic, ...], tallies: PeopleTallies, binning: Binning, found: Repetition
) -> pd.DataFrame:
    """Return `social` with each coordinated group counted as one person a topic and period.

    People who are there by coordinated posts alone are taken out of `authors`, each group put in once; who also wrote their own
    words stays. `posts` are left as they were written: raw stands beside corrected. What is not known (NaN) stays so.

    Parameters
    ----------
    social : `topic`, `period`, `authors` and more, as explorer.social_side.posts_series gives them.
    found : explorer.repetition.find_repetition of the same store.
    """
    if found.posts.empty:
        return social
    keys = ["topic", "period"]
    every = tallies.spoken(topics, binning)
    kept = tallies.spoken(topics, binning, None, found.posts)
    tagged = tallies.topics_among(topics, found.posts).merge(found.posts, on=["platform", "id"])
    tagged["period"] = _periods(tagged["created_at"], every)
    groups = tagged.groupby(keys, as_index=False)["group"].nunique()
    change = every[[*keys, "authors"]].merge(kept[[*keys, "authors"]], "left", keys, suffixes=("", "_kept"))
    change = change.merge(groups, "inner", keys).fillna({"authors_kept": 0})
    # A group of whom all also wrote on their own has added nobody.
    change["fewer"] = (change["authors"] - change["authors_kept"] - change["group"]).clip(lower=0)
    once = social.merge(change[[*keys, "fewer"]], "left", keys)
    once["authors"] = once["authors"] - once["fewer"].fillna(0)
    if "loud_authors" in once:
        once["loud_authors"] = once["loud_authors"].clip(upper=once["authors"])
    return once.drop(columns="fewer")


def _periods(instants: pd.Series, spoken: pd.DataFrame) -> pd.DatetimeIndex:
    """Return the last periods of `spoken` that had begun by then: every instant here is that of a post it holds."""
    starts = pd.DatetimeIndex(spoken["period"].drop_duplicates().sort_values())
    return starts[starts.searchsorted(instants, side="right") - 1]
