"""Circles of a study: who talks with whom, what each community says, who moves a topic, what people there believe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from explorer.communities import SMALLEST, STABLE, Communities, Controversy, communities, controversy
from explorer.illusions import false_consensus, majority_illusion
from explorer.networks import Network, assortativity, closure, network
from explorer.study import Study
from explorer.tallies import Binning
from explorer.tallies_people import PeopleTallies
from explorer.tallies_ties import Interaction, Span
from explorer.terms import distinctive

#: What ties people: what they do to one another, or what they point to.
ANSWERS: tuple[Interaction, ...] = ("repost", "reply", "quote", "mention")
LINKS: tuple[Interaction, ...] = ("same link",)
#: Posts that a reader of a ranked page meets.
TOP_POSTS = 30
#: Periods in a quarter of a year, or as many as make a trend where periods are short.
QUARTER = {"hour": 24, "day": 28, "week": 13, "month": 3, "quarter": 2, "year": 2}
#: Fewer connected people than this: no communities are looked for.
FEW_PEOPLE = 50


@dataclass(frozen=True)
class Circles:
    """Communities of the people who speak of a study's topics.

    `table` : one row a community of at least 10 people: `community`, `people`, `inside` and `expected` (share of its
    interactions that stay inside, and by chance), `certain`, `words`, `topics`, `countries`, `negative` (share of labelled
    posts; NaN = not measured), `question`. `members` : `author_key`, `group`. `illusions`, `consensus` : explorer.illusions.
    `like` : assortativity of the communities with its error. `known` : share of interactions whose other side was collected.
    `ties` : what ties the people.
    `notes` : codes of explorer.voice_phrases.NOT_MEASURED.
    """

    study: Study
    ties: tuple[Interaction, ...]
    found: Communities | None
    table: pd.DataFrame
    members: pd.DataFrame
    conflict: Controversy | None
    like: tuple[float, float] | None
    illusions: pd.DataFrame
    consensus: pd.DataFrame
    people: int
    known: float
    notes: tuple[str, ...]


def find_circles(
    study: Study,
    *,
    ties: Sequence[Interaction] = ANSWERS,
    tallies: PeopleTallies | None = None,
    span: Span | None = None,
    seed: int = 0,
) -> Circles:
    """Find the communities of a study from what ties its people, and describe those of at least 10 people."""
    tallies = tallies or PeopleTallies.of(study)
    edges = tallies.interactions(ties, study.topics, span)
    notes = ["mentions"] if "mention" in ties and not (edges["kind"] == "mention").any() else []
    known = (
        float(edges.loc[edges["target"].notna(), "weight"].sum() / edges["weight"].sum())
        if len(edges)
        else float("nan")
    )
    consensus = false_consensus(
        tallies.ranked(study.topics, TOP_POSTS, span=span), tallies.opinions(study.topics, span)
    )
    if consensus.empty or (consensus["verdict"] == "not measured").all():
        notes.append("tone")
    net = network(edges)
    if net.nodes < FEW_PEOPLE:
        empty = pd.DataFrame(columns=["author_key", "group"])
        nothing = pd.DataFrame()
        return Circles(
            study,
            tuple(ties),
            None,
            nothing,
            empty,
            None,
            None,
            nothing,
            consensus,
            net.nodes,
            known,
            (*notes, "network"),
        )
    part = communities(net, seed=seed)
    if not part.stability >= STABLE:
        notes.append("unstable")
    label = part.of["community"].to_numpy()
    size = np.bincount(label)
    members = pd.DataFrame({"author_key": net.names, "group": label})
    members = members[size[label] >= SMALLEST].reset_index(drop=True)
    table = _describe(tallies, study, net, part, members, span)
    conflict = controversy(net, draws=40, nulls=10, seed=seed)
    seen = _illusions(net, tallies.speakers(study.topics, span))
    return Circles(
        study,
        tuple(ties),
        part,
        table,
        members,
        conflict,
        assortativity(net, label),
        seen,
        consensus,
        net.nodes,
        known,
        tuple(notes),
    )


def movers(
    circles: Circles, topic: str, tallies: PeopleTallies, *, grain: str, week_start: int, last: int | None = None
) -> pd.DataFrame:
    """Say which communities move a topic: people over the last periods against as many before, community by community.

    Communities with fewer than 10 people on the topic in that time are joined with those in none, so that no row tells of a
    few persons. `last` : periods; a quarter of a year if left out.

    Returns
    -------
    `community` (-1 = people in none), `before`, `after` (people a period), `change` (adds up to that of the whole), `share` of
    the change, and `first` (the first period in which it stood above twice its own median before).
    """
    columns = ["community", "before", "after", "change", "share", "first"]
    binning = Binning(grain, week_start)
    topics = [circles.study.topic(topic)]
    grid = pd.DatetimeIndex(tallies.posts_per_period(binning)["period"])
    half = min(last or QUARTER[grain], len(grid) // 2)
    if half < 2:
        return pd.DataFrame(columns=columns)
    span = (grid[-2 * half], grid[-1] + (grid[-1] - grid[-2]))
    active = tallies.speakers(topics, span)[["author_key"]].merge(circles.members, "left", "author_key")
    size = active["group"].map(active["group"].value_counts())
    active["group"] = active["group"].where(size >= SMALLEST).fillna(-1).astype("int64")
    everyone = tallies.speakers(topics)[["author_key"]].merge(active, "left", "author_key")
    everyone["group"] = everyone["group"].fillna(-1).astype("int64")
    counted = tallies.by_group(topics, everyone, binning)
    wide = counted.pivot_table(index="period", columns="group", values="authors", fill_value=0)
    wide = wide.reindex(grid, fill_value=0)
    before, after = wide.iloc[-2 * half : -half].mean(), wide.iloc[-half:].mean()
    risen = wide.iloc[-half:].gt(2 * wide.iloc[:-half].median().clip(lower=1), axis=1)
    frame = pd.DataFrame({"before": before, "after": after, "change": after - before})
    frame["first"] = risen.idxmax().where(risen.any())
    total = frame["change"].sum()
    frame["share"] = frame["change"] / total if total else np.nan
    frame = frame.rename_axis("community").reset_index()[columns]
    return frame.sort_values("change", key=abs, ascending=False, ignore_index=True)


def _describe(
    tallies: PeopleTallies, study: Study, net: Network, part: Communities, members: pd.DataFrame, span: Span | None
) -> pd.DataFrame:
    label = part.of["community"].to_numpy()
    table = closure(net, label).rename(columns={"group": "community", "nodes": "people"})
    table = table[table["people"] >= SMALLEST][["community", "people", "inside", "expected"]]
    table = table.merge(part.of.groupby("community")["certain"].mean().reset_index(), "left", "community")
    table = table.sort_values("people", ascending=False, kind="stable").set_index("community")
    words = distinctive(tallies.words(study.topics, members, span, least=SMALLEST).query("authors >= @SMALLEST"))
    table["words"] = words.groupby("group")["word"].agg(list)
    for trait, name in (("topic", "topics"), ("country", "countries")):
        counted = tallies.group_traits(study.topics, members, trait, span).dropna(subset=["value"])
        counted = counted[counted["authors"] >= SMALLEST]
        table[name] = counted.groupby("group").head(3).groupby("group")["value"].agg(list)
    tone = tallies.group_traits(study.topics, members, "sentiment_label", span).dropna(subset=["value"])
    posts = tone.pivot_table(index="group", columns="value", values="posts", fill_value=0, aggfunc="sum")
    labelled = posts.sum(axis=1)
    negative = posts["negative"] if "negative" in posts else posts.sum(axis=1) * 0
    table["negative"] = (negative / labelled).where(labelled >= 30)
    asked = tallies.questions(study.topics, members, 1, span).set_index("group")["text"]
    table["question"] = asked
    for name in ("words", "topics", "countries"):
        table[name] = [value if isinstance(value, list) else [] for value in table[name]]
    return table.reset_index()


def _illusions(net: Network, speakers: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for topic, who in speakers.groupby("topic"):
        seen = majority_illusion(net, who["author_key"], draws=5)
        rows.append(
            {"topic": topic, "share": seen.share, "sees": seen.sees, "lo": seen.lo, "hi": seen.hi,
             "by_chance": seen.by_chance, "people": seen.people, "illusion": seen.illusion}
        )  # fmt: skip
    return pd.DataFrame(rows)
