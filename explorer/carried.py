"""What posts carry: hashtags, sites and words, and how people's use of them changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from explorer.study import Topic
from explorer.tallies import Binning
from explorer.tallies_texts import TextTallies
from explorer.tallies_ties import Span
from explorer.terms import distinctive
from explorer.voices import wilson

Kind = Literal["hashtag", "site"]
KINDS: tuple[Kind, ...] = ("hashtag", "site")

#: Fewer people than this who used a thing in all: it is one circle's habit, and not shown.
FEW_USERS = 3
#: Periods with fewer people than this have no shares.
FEW_PEOPLE = 10


def through_time(
    tallies: TextTallies, topics: Sequence[Topic], span: Span, *, grain: str = "quarter", level: float = 0.9
) -> pd.DataFrame:
    """Return which share of the people of a period used each hashtag or linked each site.

    Returns
    -------
    `kind`, `item`, `period`, `people` (who used it), `of` (people who spoke), `share` (0..1; NaN where fewer than FEW_PEOPLE
    spoke) with `lo`, `hi` (Wilson 1927), `posts`, `users` (sum of `people` over the periods), and `carrying`: the share of the
    period's posts that carry any of the kind. Every period that has posts is a row, with 0 where nobody used the item.
    """
    columns = ["kind", "item", "period", "people", "of", "share", "lo", "hi", "posts", "users", "carrying"]
    counted = tallies.carried(topics, Binning(grain), span)
    whole = counted[counted["kind"] == ""].set_index("period")
    frames = []
    for kind in KINDS:
        own = counted[counted["kind"] == kind]
        some = own[own["item"] == ""].set_index("period")["posts"]
        items = own[own["item"] != ""]
        users = items.groupby("item")["authors"].sum()
        users = users[users >= FEW_USERS]
        if users.empty:
            continue
        grid = pd.MultiIndex.from_product([users.index, whole.index], names=["item", "period"])
        frame = items.set_index(["item", "period"])[["authors", "posts"]].reindex(grid, fill_value=0).reset_index()
        frame["of"] = frame["period"].map(whole["authors"])
        told = frame["of"] >= FEW_PEOPLE
        frame["share"] = (frame["authors"] / frame["of"]).where(told)
        lo, hi = wilson(frame["authors"].to_numpy(float), frame["of"].to_numpy(float), level)
        frame["lo"], frame["hi"] = pd.Series(lo).where(told), pd.Series(hi).where(told)
        frame["users"] = frame["item"].map(users)
        frame["carrying"] = frame["period"].map(some.reindex(whole.index).fillna(0) / whole["posts"])
        frames.append(frame.rename(columns={"authors": "people"}).assign(kind=kind))
    if not frames:
        return pd.DataFrame(columns=columns)
    every = pd.concat(frames, ignore_index=True)
    return every.sort_values(["kind", "users", "item", "period"], ascending=[True, False, True, True])[
        columns
    ].reset_index(drop=True)


def words_come_and_gone(
    tallies: TextTallies, topics: Sequence[Topic], halves: dict[str, Span], *, n: int = 8
) -> pd.DataFrame:
    """Return the words that set the two halves of a span apart: `when` (a key of `halves`), `word`, `authors`, `strength`.

    People are counted, not posts; how a word must stand out is told in explorer.terms.distinctive.
    """
    parts = [tallies.words(topics, span=span, least=FEW_USERS).assign(group=when) for when, span in halves.items()]
    return distinctive(pd.concat(parts, ignore_index=True), n=n).rename(columns={"group": "when"})
