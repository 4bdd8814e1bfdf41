"""Sentences and small frames of an event's pace, its communities and what it left behind, for the Alerts page."""

from __future__ import annotations

import numpy as np
import pandas as pd

from explorer.crisis import Crisis
from explorer.early_warning import EarlyWarning
from explorer.event_impact import level_said
from explorer.fact import Fact
from explorer.words import Words

COMMUNITIES = 8


def after_said(found: Crisis, words: Words) -> str:
    """Return in one sentence whether the level is back where it was before."""
    after = found.after
    if after.why:
        return words(
            "Whether it is back to its old level cannot be told: {before} periods before and {after} since are too few.",
            before=words.number(after.before, 0), after=words.number(after.after, 0),
        )  # fmt: skip
    since = words.date(after.back_since) if after.back_since is not None else ""
    rate = words("day") if after.days == 1 else words("week") if after.days == 7 else words("period")
    mean = words(
        "On average it added {effect} posts a {period} ({lo} to {hi}).",
        effect=words.number(after.effect, 0), period=rate, lo=words.number(after.lo, 0), hi=words.number(after.hi, 0),
    )  # fmt: skip
    return f"{level_said(after.level_now, since, words)} {mean}"


def followers_said(found: Crisis, warned: EarlyWarning, words: Words) -> str:
    """Return what became of the followers of the brand's own accounts, or why that is not known."""
    if not warned.study.brand.get("accounts"):
        return words("Followers: the study does not name the brand's own accounts ([brand] accounts).")
    if found.followers.empty:
        return words(
            "Followers: the brand's own accounts posted too little before it to know what would have come; 28 days are needed."
        )
    last = found.followers.iloc[-1]
    lo, hi = last["yhat-lo-95"] - last["y"], last["yhat-hi-95"] - last["y"]
    said = {"lo": words.number(lo, 0), "hi": words.number(hi, 0), "date": words.date(last["ds"])}
    if lo > 0:
        return words(
            "Followers: {n} fewer than would have come without it ({lo} to {hi}), as of {date}.",
            n=words.number(last["lost"], 0), **said,
        )  # fmt: skip
    return words(
        "Followers: no loss beyond what is usual, as of {date} ({lo} to {hi} fewer than expected).", **said
    )  # fmt: skip


def doubling_fact(found: Crisis, warned: EarlyWarning) -> Fact:
    """Return the hours in which it doubled while it grew."""
    e = found.doubling
    known = np.isfinite(e.value)
    bounded = known and np.isfinite(e.lo) and np.isfinite(e.hi)
    return Fact(
        e.value if known else None, "hours", method="pace", lo=e.lo if bounded else None, hi=e.hi if bounded else None,
        level=e.level, n=e.n, n_of="periods", period=(found.onset, found.peak), simulated=warned.study.simulated,
    )  # fmt: skip


def communities_said(found: Crisis, words: Words) -> pd.DataFrame:
    """Return what each community did for the spread; empty where no source names a community."""
    table = found.communities.head(COMMUNITIES)
    if table.empty:
        return pd.DataFrame()
    return pd.DataFrame(
        {
            words("Community"): table["group"].map(lambda g: words("not named") if g == "unknown" else g),
            words("Posts"): table["posts"],
            words("People"): table["authors"],
            words("Share of posts"): table["share_of_posts"].map(lambda v: words.percent(v, 0)),
            words("Share of the spread"): [
                f"{words.percent(v, 0)} ({words.percent(a, 0)} … {words.percent(b, 0)})"
                for v, a, b in zip(table["credit"], table["credit_lo"], table["credit_hi"], strict=True)
            ],
            words("Amplification"): table["amplification"].map(lambda v: words.number(v, 1)),
        }
    )
