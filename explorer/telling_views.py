"""The conversation on a topic as sentences and small tables."""

from __future__ import annotations

import pandas as pd

from explorer.telling import Telling
from explorer.telling_phrases import EMOTION_NAMES, MEASURES, TONE_NAMES, TRAIT_NAMES
from explorer.words import Words

#: Values of a trait that stand in a table; the rest is joined.
_SHOWN = 4
#: Hashtags or sites in a table because many use them; half as many more because their share moved.
_CARRIED = 8
#: Change of volume in posts below which nothing is explained.
_FEW = 10


def volume_sentence(told: Telling, words: Words) -> str:
    """Return how much was said, by how many, now and before, in one sentence."""
    by = told.volume.set_index("when")[["posts", "reposts", "authors"]].reindex(["before", "now"]).fillna(0)
    return words(
        "{posts} posts and {reposts} reposts by {people} people in the second half of this time; before, "
        "{posts_before} posts by {people_before} people.",
        posts=words.number(by.loc["now", "posts"], 0),
        reposts=words.number(by.loc["now", "reposts"], 0),
        people=words.number(by.loc["now", "authors"], 0),
        posts_before=words.number(by.loc["before", "posts"], 0),
        people_before=words.number(by.loc["before", "authors"], 0),
    )


def change_sentence(told: Telling, words: Words) -> str:
    """Return what carries the change of volume: the part that explains most of it, of the trait that is told best."""
    parts = told.change[(told.change["part"] != "") & told.change["change"].notna()]
    total = told.change[told.change["trait"] == "platform"]["change"].sum()
    if parts.empty or abs(total) < _FEW:
        return words("The number of posts has hardly changed.")
    # A part can only explain what goes the way of the whole; a trait of one value explains nothing.
    several = parts.groupby("trait")["part"].transform("size") > 1
    leads = parts[several & (parts["change"] * total > 0) & (parts["coverage"] >= 0.5)]
    if leads.empty:
        return words("{total} posts; no platform, language or country carries it.", total=words.signed(total, 0))
    lead = leads.loc[leads["change"].abs().idxmax()]
    return words(
        "{total} posts against before; of these {part} ({trait}): {change}.",
        total=words.signed(total, 0),
        part=str(lead["part"]),
        trait=words(TRAIT_NAMES[lead["trait"]]),
        change=words.signed(float(lead["change"]), 0),
    )


def change_table(told: Telling, words: Words) -> pd.DataFrame:
    """Return the parts of the change, the largest first; those of one trait add up to the whole."""
    frame = told.change.groupby("trait", sort=False).head(_SHOWN)
    return pd.DataFrame(
        {
            words("By"): [words(TRAIT_NAMES[t]) for t in frame["trait"]],
            words("Part"): [p or words("not told") for p in frame["part"]],
            words("Before"): frame["before"].round(0),
            words("Now"): frame["after"].round(0),
            words("Change"): [words.signed(x, 0) for x in frame["change"]],
            words("Told of"): [words.percent(x, 0) for x in frame["coverage"]],
        }
    )


def echo_table(told: Telling, words: Words) -> pd.DataFrame:
    """Return what came back by kind: reach and engagement of different kinds are never added."""
    frame = told.echo[told.echo["known"] > 0]
    return pd.DataFrame(
        {
            words("What came back"): [_measure(m, words) for m in frame["measure"]],
            words("Per post"): [words.number(x, 1) for x in frame["mean"]],
            words("Per 1,000 followers"): [words.number(1000 * x, 2) if pd.notna(x) else "–" for x in frame["rate"]],
            words("Rests on posts"): frame["known"].astype(int),
            words("Told of"): [words.percent(x, 0) for x in frame["coverage"]],
        }
    )


def tone_table(told: Telling, words: Words) -> pd.DataFrame:
    """Return the tone, one row a labeller: labels of the source before ours."""
    rows = []
    for engine, part in told.tone.groupby("engine", sort=False):
        by = part.set_index("label")
        name = str(engine)
        who = (
            words("the source ({name})", name=name.removeprefix("imported: ")) if name.startswith("imported") else name
        )
        row: dict[str, str | int] = {words("Labelled by"): who}
        row |= {
            words(TONE_NAMES[t]): _span(by.loc[t, "share"], by.loc[t, "lo"], by.loc[t, "hi"], words) for t in TONE_NAMES
        }
        row |= {
            words("Posts"): int(part["n"].iloc[0]),
            words("Corrected"): words("yes") if part["corrected"].all() else words("no"),
        }
        rows.append(row)
    return pd.DataFrame(rows)


def emotions_table(told: Telling, words: Words) -> pd.DataFrame:
    """Return the emotions read in most posts."""
    frame = told.emotions.head(_SHOWN)
    return pd.DataFrame(
        {
            words("Emotion"): [words(EMOTION_NAMES[e]) for e in frame["label"]],
            words("Share"): [_span(r.share, r.lo, r.hi, words) for r in frame.itertuples()],
            words("Posts"): frame["n"],
            words("Corrected"): [words("yes") if c else words("no") for c in frame["corrected"]],
        }
    )


def carried_table(told: Telling, kind: str, words: Words) -> pd.DataFrame:
    """Return which share of people used a hashtag or linked a site, quarter by quarter: the most used, and what moved most."""
    frame = told.carried[told.carried["kind"] == kind]
    if frame.empty:
        return pd.DataFrame()
    name = words("Hashtag") if kind == "hashtag" else words("Site")
    wide = frame.pivot(index="item", columns="period", values="share")
    users = frame.groupby("item")["users"].first().sort_values(ascending=False, kind="stable")
    moved = (wide.max(axis=1) - wide.min(axis=1)).sort_values(ascending=False, kind="stable")
    first = list(dict.fromkeys([*users.index[:_CARRIED], *moved.index[: _CARRIED // 2]]))
    first.sort(key=lambda item: -users[item])
    table = pd.DataFrame({name: [f"#{i}" if kind == "hashtag" else i for i in first]})
    for period in wide.columns:
        table[words.date(period)] = [words.percent(x, 1) if pd.notna(x) else "–" for x in wide.loc[first, period]]
    return table


def carried_note(told: Telling, kind: str, words: Words) -> str:
    """Return on how much the table of hashtags or sites rests."""
    frame = told.carried[told.carried["kind"] == kind].drop_duplicates("period")
    lo, hi = frame["carrying"].min(), frame["carrying"].max()
    return words(
        "Share of the people of each quarter who used it; {lo} to {hi} of the posts carry any. Fewer than 10 people: no share.",
        lo=words.percent(lo, 0),
        hi=words.percent(hi, 0),
    )


def words_table(told: Telling, words: Words) -> pd.DataFrame:
    """Return the words that people say now and did not before, and those that have gone."""
    names = {"now": words("now"), "before": words("before")}
    frame = told.words.sort_values(["when", "strength"], ascending=False, kind="stable")
    return pd.DataFrame(
        {
            words("Word"): frame["word"],
            words("Said more"): frame["when"].map(names),
            words("People"): frame["authors"],
        }
    )


def time_table(told: Telling, trait: str, words: Words) -> pd.DataFrame:
    """Return the shares of the most frequent values of a trait quarter by quarter, with the share of posts that tell it."""
    frame = told.traits[told.traits["trait"] == trait]
    if frame.empty:
        return pd.DataFrame()
    first = frame.groupby("value")["posts"].sum().nlargest(_SHOWN).index
    wide = frame[frame["value"].isin(first)].pivot(index="period", columns="value", values="share")[list(first)]
    table = pd.DataFrame({words("Quarter from"): [words.date(t) for t in wide.index]}, index=wide.index)
    for value in first:
        table[str(value)] = [words.percent(x, 0) for x in wide[value].fillna(0)]
    table[words("Posts")] = frame.groupby("period")["posts"].sum()
    table[words("Told of")] = frame.groupby("period")["coverage"].first().map(lambda x: words.percent(x, 0))
    return table.reset_index(drop=True)


def agreement_sentence(told: Telling, words: Words) -> str:
    """Return how far our labels agree with those of the source; empty where nothing was labelled twice."""
    if told.agree.n == 0 or told.agree.share is None:
        return ""
    return words(
        "On {n} posts that both labelled, ours agree with the source in {share}.",
        n=words.number(told.agree.n, 0),
        share=words.percent(told.agree.share, 0),
    )


def _measure(code: str, words: Words) -> str:
    name, _, kind = code.partition(":")
    return f"{words(MEASURES[name])} ({kind})" if kind else words(MEASURES[name])


def _span(value: float, lo: float, hi: float, words: Words) -> str:
    return f"{words.percent(value, 0)} ({words.percent(lo, 0)} … {words.percent(hi, 0)})"
