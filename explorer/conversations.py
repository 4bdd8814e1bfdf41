"""Conversations: volume, what came back, tone, words and where from, each with the share of posts it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from explorer.study import Topic
from explorer.tallies import Binning
from explorer.tallies_people import PeopleTallies
from explorer.tallies_ties import Span
from explorer.terms import distinctive
from explorer.voices import wilson

#: Traits of posts by which a conversation is told apart. Traits of persons (gender, age) are shown in groups only, elsewhere.
TOLD = ("lang", "country", "platform")


@dataclass(frozen=True)
class Conversation:
    """What was said of topics.

    `volume` : `topic`, (`period`,) `posts`, `reposts`, `authors`, `unsigned`. `echo` : see `echo`. `tone` : `topic`, `label`,
    `posts`, `share` of the labelled posts with `lo`, `hi`, and `coverage` (share of posts that carry a label). `traits` :
    `topic`, `trait`, `value`, `posts`, `share` of the posts where it is known, and `coverage`. `words` : `group` (topic),
    `word`, `authors`, `strength`.
    """

    volume: pd.DataFrame
    echo: pd.DataFrame
    tone: pd.DataFrame
    traits: pd.DataFrame
    words: pd.DataFrame


def converse(
    tallies: PeopleTallies, topics: Sequence[Topic], *, binning: Binning | None = None, span: Span | None = None
) -> Conversation:
    """Measure the conversation on topics; what a source does not tell is told as coverage, never as zero."""
    told = [shares(tallies.traits(topics, trait, span=span)).assign(trait=trait) for trait in TOLD]
    tone = shares(tallies.traits(topics, "sentiment_label", span=span)).rename(columns={"value": "label"})
    return Conversation(
        volume=tallies.spoken(topics, binning, span),
        echo=echo(tallies.echo(topics, binning, span)),
        tone=tone,
        traits=pd.concat(told, ignore_index=True),
        words=distinctive(tallies.words(topics, span=span, least=10), n=10),
    )


def shares(counted: pd.DataFrame, *, level: float = 0.9) -> pd.DataFrame:
    """Return the share of each value among the posts where it is known.

    Parameters
    ----------
    counted : `topic`, `value` (null = not told), `posts`.

    Returns
    -------
    `topic`, `value`, `posts`, `share`, `lo`, `hi` (Wilson 1927, posts as if independent) and `coverage` (share of the topic's
    posts that tell); the most frequent value first.
    """
    every = counted.groupby("topic")["posts"].sum()
    known = counted.dropna(subset=["value"]).copy()
    total = known.groupby("topic")["posts"].sum()
    n = known["topic"].map(total).to_numpy(float)
    known["share"] = known["posts"] / n
    known["lo"], known["hi"] = wilson(known["posts"].to_numpy(float), n, level)
    known["coverage"] = known["topic"].map(total / every)
    columns = ["topic", "value", "posts", "share", "lo", "hi", "coverage"]
    return known.sort_values(["topic", "posts"], ascending=[True, False], kind="stable")[columns].reset_index(drop=True)


def echo(counted: pd.DataFrame) -> pd.DataFrame:
    """Add to what came back its `mean` per post, its `rate` per follower reached (NaN = not told) and its `coverage`.

    Measures of different kinds (likes, a vendor's engagement, each kind of reach) stay apart and are never added.
    """
    followers = counted["followers"].where(counted["followers"] > 0)
    return counted.assign(
        mean=counted["total"] / counted["known"],
        rate=(counted["total"] / followers).where(~counted["measure"].str.startswith("reach")),
        coverage=counted["known"] / counted["posts"],
    )


def explain(before: pd.Series, after: pd.Series) -> pd.DataFrame:
    """Split a change of volume into the parts that carry it; the parts add up to the whole.

    Parameters
    ----------
    before, after : volume by part (community, topic, country), null = not collected there.

    Returns
    -------
    Per part `before`, `after`, `change`, `share` of the whole change; largest change first. A part that is unknown on one side
    is NaN, and so is the whole: what was not collected has not fallen silent.
    """
    frame = pd.DataFrame({"before": before, "after": after})
    seen = frame.index.isin(before.index) & frame.index.isin(after.index)
    # A part that only one side names was counted there and not met here: nothing, not unknown.
    frame = frame.where(frame.notna() | seen[:, None], 0.0)
    frame["change"] = frame["after"] - frame["before"]
    total = frame["change"].sum(skipna=False)
    frame["share"] = frame["change"] / total if total else np.nan
    return frame.sort_values("change", key=abs, ascending=False, kind="stable").rename_axis("part").reset_index()


def explain_mean(weight: pd.DataFrame, mean: pd.DataFrame) -> pd.DataFrame:
    """Split a change of a mean (likes per post, share of negative posts) into what moved it, part by part.

    Parameters
    ----------
    weight, mean : index = part, columns `before`, `after`: posts of the part, and the mean over them.

    Returns
    -------
    `part`, `mix` (the part grew or shrank against the others), `within` (its own mean changed), `change`; all of them add up
    to the change of the overall mean.

    References
    ----------
    Kitagawa (1955), components of a difference between two rates, with average weights.
    """
    share = weight / weight.sum()
    centre = (share * mean).sum().mean()
    mix = (share["after"] - share["before"]) * (mean.mean(axis=1) - centre)
    within = (mean["after"] - mean["before"]) * share.mean(axis=1)
    frame = pd.DataFrame({"mix": mix, "within": within, "change": mix + within})
    return frame.sort_values("change", key=abs, ascending=False, kind="stable").rename_axis("part").reset_index()
