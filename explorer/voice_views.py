"""What the Voices page shows, as sentences and small frames made from the answers."""

from __future__ import annotations

import pandas as pd

from explorer.circles import LINKS, Circles
from explorer.voice_phrases import BELIEFS, CONFLICTS, OPINIONS, REPEATED_BY
from explorer.who_speaks import Speakers
from explorer.words import Words

#: Characters of a repeated text that are shown.
_EXCERPT = 160


def voices_headline(answer: Speakers, words: Words) -> str:
    """Return in one sentence who speaks, and for how many."""
    spread = answer.spread
    if spread is None:
        return words("Too few people speak to say how the voices are spread.")
    return words(
        "{people} people wrote {posts} posts, but it sounds like {voices} equal voices.",
        people=words.number(spread.authors, 0),
        posts=words.number(spread.posts, 0),
        voices=words.number(spread.voices2.value, 0),
    )


def interval(answer: Speakers, name: str, words: Words) -> str:
    """Return the interval of a fact in its own unit; empty where there is none."""
    number = answer.fact(name)
    if number.lo is None or number.hi is None:
        return ""
    if number.unit == "share":
        return f"{words.percent(number.lo, 0)} … {words.percent(number.hi, 0)}"
    return f"{words.number(number.lo, 0)} … {words.number(number.hi, 0)}"


def shares(answer: Speakers, words: Words) -> pd.DataFrame:
    """Return `topic`, `label`, `raw`, `corrected`, `lo`, `hi`, `shift` [doublings], `louder` ('raw' | 'corrected')."""
    frame = answer.topics[["topic", "raw", "corrected", "lo", "hi", "shift"]].dropna(subset=["raw", "corrected"])
    frame = frame.sort_values("shift", kind="stable")
    names = {t.id: t.label_in(words.language) for t in answer.study.topics}
    frame["label"] = frame["topic"].map(names)
    frame["louder"] = ["raw" if r > c else "corrected" for r, c in zip(frame["raw"], frame["corrected"], strict=True)]
    return frame.reset_index(drop=True)


def inflated_sentence(answer: Speakers, words: Words) -> str:
    """Return which topic a few accounts make look loudest, in one sentence."""
    frame = shares(answer, words)
    clear = frame[(frame["shift"] < -0.1) & (frame["raw"] > frame["hi"])]
    if clear.empty:
        return words("No topic looks clearly louder than the people who speak of it.")
    first = clear.iloc[0]
    return words(
        "{topic} takes {raw} of all posts, but {corrected} of the people who speak.",
        topic=first["label"],
        raw=words.percent(first["raw"]),
        corrected=words.percent(first["corrected"]),
    )


def voices_table(answer: Speakers, words: Words) -> pd.DataFrame:
    """Return every topic raw beside corrected, in words, for reading and for files."""
    table = answer.topics
    names = {t.id: t.label_in(words.language) for t in answer.study.topics}
    empty = pd.Series(float("nan"), table.index)
    return pd.DataFrame(
        {
            words("Topic"): table["topic"].map(names),
            words("Posts"): table["posts"],
            words("Reposts"): table["reposts"],
            words("Coordinated posts"): table["repeated"],
            words("People"): table["people"],
            words("Effective voices"): table["voices2"].round(0),
            words("Share of posts"): table["raw"].map(words.percent),
            words("Share of people"): table["corrected"].map(words.percent),
            words("Gap counting posts"): table.get("gap_raw", empty).map(words.signed),
            words("Gap counting people"): table.get("gap_corrected", empty).map(words.signed),
        }
    )


def bursts_table(answer: Speakers, words: Words) -> pd.DataFrame:
    """Return the coordinated bursts, newest first."""
    bursts = answer.repetition.bursts.sort_values("start", ascending=False)
    return pd.DataFrame(
        {
            words("Group"): bursts["group"],
            words("When"): [words.date(t, "hour") for t in bursts["start"]],
            words("Accounts"): bursts["accounts"],
            words("Within minutes"): bursts["minutes"].round(1),
            words("In common"): [words(REPEATED_BY[b]) for b in bursts["by"]],
            words("What is repeated"): bursts["words"].str.slice(0, _EXCERPT),
        }
    )


def circles_headline(circles: Circles, words: Words) -> str:
    """Return how many communities there are, what ties them, and whether two camps keep to themselves."""
    n = words.number(len(circles.table), 0)
    told = (
        words("{n} communities of people who link the same addresses.", n=n)
        if circles.ties == LINKS
        else words("{n} communities of people who answer, name or pass on one another.", n=n)
    )
    return f"{told} {words(CONFLICTS[circles.conflict.verdict])}" if circles.conflict is not None else told


def circles_table(circles: Circles, words: Words) -> pd.DataFrame:
    """Return the communities, the largest first."""
    table = circles.table
    names = {t.id: t.label_in(words.language) for t in circles.study.topics}
    return pd.DataFrame(
        {
            words("Community"): table["community"] + 1,
            words("People"): table["people"],
            words("Stays inside"): [words.percent(x, 0) for x in table["inside"]],
            words("By chance"): [words.percent(x, 0) for x in table["expected"]],
            words("Own words"): [", ".join(w) for w in table["words"]],
            words("Topics"): [", ".join(names.get(t, t) for t in ids) for ids in table["topics"]],
            words("Countries"): [", ".join(c) for c in table["countries"]],
            words("Negative"): [words.percent(x, 0) for x in table["negative"]],
            words("Asks"): table["question"],
        }
    )


def illusions_table(circles: Circles, words: Words) -> pd.DataFrame:
    """Return per topic who holds it and who sees it as the majority's."""
    table = circles.illusions
    names = {t.id: t.label_in(words.language) for t in circles.study.topics}
    told = {True: words("yes"), False: words("no")}
    return pd.DataFrame(
        {
            words("Topic"): table["topic"].map(names),
            words("Speak of it"): [words.percent(x) for x in table["share"]],
            words("Most around them speak of it"): [words.percent(x) for x in table["sees"]],
            words("Interval"): [
                f"{words.percent(a)} … {words.percent(b)}" for a, b in zip(table["lo"], table["hi"], strict=True)
            ],
            words("By chance"): [words.percent(x) for x in table["by_chance"]],
            words("Majority illusion"): [told[bool(x)] for x in table["illusion"]],
        }
    )


def consensus_table(circles: Circles, words: Words) -> pd.DataFrame:
    """Return what the top posts show beside what people say."""
    table = circles.consensus
    if table.empty:  # no source tells the tone of a post
        return table
    table = table[table["verdict"] != "not measured"]
    names = {t.id: t.label_in(words.language) for t in circles.study.topics}
    spans = [
        [
            f"{words.percent(v, 0)} ({words.percent(a, 0)} … {words.percent(b, 0)})"
            for v, a, b in zip(*cells, strict=True)
        ]
        for cells in (
            (table["seen"], table["seen_lo"], table["seen_hi"]),
            (table["held"], table["held_lo"], table["held_hi"]),
        )
    ]
    return pd.DataFrame(
        {
            words("Topic"): table["topic"].map(names),
            words("Opinion"): [words(OPINIONS[o]) for o in table["opinion"]],
            words("In the top posts"): spans[0],
            words("Among people"): spans[1],
            words("A reader is led to believe"): [words(BELIEFS[v]) for v in table["verdict"]],
        }
    )


def movers_table(moved: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return which communities move a topic."""
    other = words("in no community, or in small ones")
    names = [other if c < 0 else words("community {n}", n=int(c) + 1) for c in moved["community"]]
    return pd.DataFrame(
        {
            words("Who"): names,
            words("Before"): [words.number(x, 1) for x in moved["before"]],
            words("Now"): [words.number(x, 1) for x in moved["after"]],
            words("Change"): [words.signed(x, 1) for x in moved["change"]],
            words("First above twice its usual"): [words.date(t) for t in moved["first"]],
        }
    )


def movers_sentence(moved: pd.DataFrame, words: Words) -> str:
    """Return in one sentence who moves a topic."""
    total = float(moved["change"].sum()) if len(moved) else 0.0
    if moved.empty or abs(total) < 1:
        return words("The number of people who speak of it has hardly changed.")
    lead = moved.loc[(moved["change"] * (1 if total > 0 else -1)).idxmax()]
    who = (
        words("people in no larger community")
        if lead["community"] < 0
        else words("community {n}", n=int(lead["community"]) + 1)
    )
    return words(
        "{total} people a period against before; of these {who}: {change}.",
        total=words.signed(total, 1), who=who, change=words.signed(float(lead["change"]), 1),
    )  # fmt: skip
