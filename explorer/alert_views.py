"""Small frames that the Alerts page draws, made from a crisis: what it shows and nothing more."""

from __future__ import annotations

import numpy as np
import pandas as pd

from explorer.alert_phrases import EVIDENCE, PARTS_SAID, SPEAKS, TIERS_SAID, WHAT_SAID
from explorer.crisis import Crisis
from explorer.early_warning import EarlyWarning
from explorer.fact import Fact
from explorer.words import Words

BEFORE, AFTER = 21, 10  # periods around an event
NODES = 250  # of a tree that a person can read


def events_table(warned: EarlyWarning, given: dict[str, str], words: Words) -> pd.DataFrame:
    """Return the events newest first, with the verdicts, headings in the language."""
    from explorer.alert_phrases import KINDS

    table = warned.events
    verdict = {"real": words("worth it"), "false": words("false alarm"), "unsure": words("unsure")}
    return pd.DataFrame(
        {
            words("Known since"): table["at"].map(lambda t: words.date(t)),
            words("Topic"): table["label"].map(lambda label: warned.study.named(label, words.language)),
            words("Side"): table["side"].map({"posts": words("Posts"), "search": words("Search")}),
            words("Kind"): table["kind"].map(lambda k: words(KINDS[k])),
            words("Seen"): table["observed"].round(0),
            words("Usual"): table["expected"].round(1),
            words("By chance once in … days"): table["return_days"].round(0),
            words("Verdict"): table["id"].map(lambda i: verdict.get(given.get(i, ""), "")),
        }
    )


def strongest(warned: EarlyWarning) -> str | None:
    """Return the event that stands out most among those of the last year, on the side of posts if there is one."""
    table = warned.events
    if table.empty:
        return None
    recent = table[table["at"] > table["at"].max() - pd.Timedelta(365, "D")]
    posts = recent[recent["side"] == "posts"]
    chosen = posts if len(posts) else recent
    return str(chosen.loc[(chosen["score"] / chosen["threshold"]).idxmax(), "id"])


def around(warned: EarlyWarning, row: pd.Series, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """Return the series from some periods before `start` to some after `end`, as the chart draws it."""
    watched = warned.of(str(row["topic"]), str(row["side"]))
    assert watched is not None
    scored = watched.scored
    if scored["ds"].dt.tz is None:
        start, end = (t.tz_localize(None) if t.tzinfo else t for t in (start, end))
    inside = (scored["ds"] >= start - BEFORE * watched.step) & (scored["ds"] <= end + AFTER * watched.step)
    found = scored.loc[inside, ["ds", "y", "expected", "lo", "hi", "alert"]].rename(columns={"ds": "date"})
    # What the event itself made of the level is not what is usual: from its alert on, what was usual then.
    late = found["date"] >= row["ds"]
    found[["expected", "lo", "hi"]] = found[["expected", "lo", "hi"]].astype(float)
    found.loc[late, ["expected", "lo", "hi"]] = [float(row["expected"]), float(row["lo"]), float(row["hi"])]
    return found


def flags(told: pd.DataFrame, path: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return the numbered events within a path with the height of their flags: neighbours in time take turns.

    Parameters
    ----------
    told : `n`, `at`, `what`, as explorer.timelines.edited gives it. path : `date`, `y`, as `around` gives it.
    """
    inside = told["at"].between(path["date"].min(), path["date"].max() + path["date"].diff().median())
    table = told[inside].rename(columns={"at": "date"})[["date", "n", "what"]]
    top = float(path["y"].max())
    return table.assign(
        level=top * (1.12 + 0.16 * (np.arange(len(table)) % 4)), what=table["what"].map(lambda w: words(WHAT_SAID[w]))
    )


def tree_frames(found: Crisis, words: Words) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return nodes and links of the largest cascade, the largest branches of it if it has more than NODES posts."""
    from explorer.trees import forest

    if found.cascades.empty:
        return pd.DataFrame(), pd.DataFrame()
    own = found.nodes[found.nodes["root"] == found.cascades["root"].iloc[0]].reset_index(drop=True)
    row = pd.Series(np.arange(len(own)), index=own["id"])
    parent = own["parent"].map(row).fillna(-1).astype(int).to_numpy()
    trees = forest(parent)
    kept = np.zeros(len(own), dtype=bool)
    # A branch is only kept with its whole way up, and the largest come first.
    kept[np.lexsort((trees.depth, -trees.branch))[:NODES]] = True
    children: dict[int, list[int]] = {}
    for at in np.flatnonzero(kept & (parent >= 0)):
        children.setdefault(int(parent[at]), []).append(int(at))
    height = _heights(int(np.flatnonzero(parent < 0)[0]), children, len(own))
    from explorer.carriers import tier

    sized = tier(own["author_followers"])
    followers = pd.to_numeric(own["author_followers"])
    nodes = pd.DataFrame(
        {
            "date": own["created_at"],
            "y": height,
            "tier_words": sized.map(lambda t: words(TIERS_SAID[t])),
            "size": np.log10(followers.fillna(0) + 10),
            "followers": followers,
        }
    )
    below = np.flatnonzero(kept & (parent >= 0))
    up = parent[below]
    links = pd.DataFrame(
        {
            "date": nodes["date"].to_numpy()[up], "y": height[up], "date2": nodes["date"].to_numpy()[below],
            "y2": height[below],
        }
    )  # fmt: skip
    return nodes[kept], links


def tiers_said(found: Crisis, words: Words) -> pd.DataFrame:
    """Return who carried it, sizes in words, smallest accounts first."""
    order = list(TIERS_SAID)
    table = found.tiers.assign(group_words=found.tiers["group"].map(lambda t: words(TIERS_SAID[t])))
    return table.sort_values("group", key=lambda g: g.map(order.index), ignore_index=True)


def evidence_said(found: Crisis, words: Words) -> pd.DataFrame:
    """Return what speaks for answering or for watching, in words."""
    table = found.evidence
    shown = [
        words.percent(v, 0) if w == "small accounts" else words.number(v, 1 if abs(v) < 100 else 0)
        for w, v in zip(table["what"], table["value"], strict=True)
    ]
    return pd.DataFrame(
        {
            words("What"): table["what"].map(lambda w: words(EVIDENCE[w])),
            words("Value"): shown,
            words("Speaks for"): table["speaks"].map(lambda s: words(SPEAKS[s])),
        }
    )


def severity_fact(found: Crisis, warned: EarlyWarning) -> Fact:
    """Return the severity as a number that explains itself."""
    value = found.severity.value
    return Fact(
        value if np.isfinite(value) else None, "points", method="severity", n=int(found.severity.parts["days"].max()),
        n_of="days", period=(found.onset, found.end), simulated=warned.study.simulated,
    )  # fmt: skip


def severity_parts(found: Crisis, words: Words) -> str:
    """Return in a sentence how many points each input gives, and which are not known."""
    parts = found.severity.parts[found.severity.parts["rank"].notna()]
    told = [
        f"{words(PARTS_SAID[p])} {words.number(v, 0)}" for p, v in zip(parts["input"], parts["points"], strict=True)
    ]
    said = words("Points: {parts}.", parts=", ".join(told))
    absent = [words(PARTS_SAID[p]) for p in found.severity.missing]
    if absent:
        said += " " + words("Not known, their weight is shared out: {parts}.", parts=", ".join(absent))
    return said


def small_fact(found: Crisis, warned: EarlyWarning) -> Fact:
    """Return how much is due to small accounts."""
    s = found.small
    known = np.isfinite(s.value)
    return Fact(
        s.value if known else None, "share", method="spread", lo=s.lo if known else None,
        hi=s.hi if known else None, level=s.level,
        n=s.authors, n_of="people", period=(found.onset, found.end), simulated=warned.study.simulated,
    )  # fmt: skip


def half_life_fact(found: Crisis, warned: EarlyWarning) -> Fact:
    """Return the hours from the peak until half was spent."""
    e = found.half_life
    known = np.isfinite(e.value)
    return Fact(
        e.value if known else None, "hours", method="pace", lo=e.lo if known else None, hi=e.hi if known else None,
        level=e.level, n=int(found.nodes["collected"].sum()), n_of="posts", period=(found.peak, found.end),
        simulated=warned.study.simulated,
    )  # fmt: skip


def _heights(root: int, children: dict[int, list[int]], n: int) -> np.ndarray:
    """Return a line for each leaf and the middle of its children for each branch."""
    height = np.zeros(n)
    order, stack = [], [root]
    while stack:
        at = stack.pop()
        order.append(at)
        stack += children.get(at, [])
    line = 0
    for at in order:
        if not children.get(at):
            height[at], line = line, line + 1
    for at in reversed(order):
        if children.get(at):
            height[at] = np.mean([height[c] for c in children[at]])
    return height


def alone(row: pd.Series, path: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return the alert itself as the only numbered event, where no crisis can be traced."""
    at = row["at"] if path["date"].dt.tz is not None or row["at"].tzinfo is None else row["at"].tz_localize(None)
    return pd.DataFrame({"date": [at], "n": [1], "what": [words("Alert")], "level": [float(path["y"].max()) * 1.12]})


def spread_sentence(found: Crisis, words: Words) -> str:
    """Return the origin and the shape of the largest cascade in a sentence."""
    if found.cascades.empty or found.cascades["n"].iloc[0] < 2:
        return words("Nobody passed on a post of another: there is no cascade to draw.")
    top = found.cascades.iloc[0]
    root = found.nodes[found.nodes["id"] == top["root"]].iloc[0]
    followers = root["author_followers"]
    who = (
        words("an account with {n} followers", n=words.number(float(followers), 0))
        if pd.notna(followers)
        else words("an account of unknown size")
    )
    sentence = words(
        "The largest cascade has {n} posts and began on {date} with {who}; its longest chain has {depth} steps.",
        n=words.number(int(top["n"]), 0), date=words.date(root["created_at"]), who=who,
        depth=words.number(int(top["depth"]), 0),
    )  # fmt: skip
    virality = words("Structural virality: {v} (a broadcast has 2).", v=words.number(float(top["virality"]), 1))
    if not top["inferred"]:
        return f"{sentence} {virality}"
    guessed = words(
        "{share} of the links are inferred, not told by the network.", share=words.percent(float(top["inferred"]), 0)
    )
    return f"{sentence} {virality} {guessed}"


def answers_said(found: Crisis, words: Words) -> list[str]:
    """Return what followed each answer, against what would have come without it."""
    said = []
    for effect in found.answers:
        when = words.date(effect.at)
        ratio = effect.ratio
        if not np.isfinite(ratio.value):
            said.append(words("Answer of {date}: what would have come without it cannot be told.", date=when))
            continue
        share, lo, hi = (words.percent(v, 0) for v in (ratio.value, ratio.lo, ratio.hi))
        text = words(
            "Answer of {date}: in the {hours} hours after it came {share} of what would have come without it ({lo} to {hi}).",
            date=when, hours=words.number(effect.hours, 0), share=share, lo=lo, hi=hi,
        )  # fmt: skip
        said.append(text)
    return said
