"""Sentences of an alert that explain it: tone, who by size, countries, earlier cases, how soon it was known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from explorer.alert_card import Card
from explorer.alert_phrases import TIERS_SAID
from explorer.drill import ALERT
from explorer.words import Words

SIMILAR = 3
#: A shift of tone is named as one from this p-value on.
SHIFT = 0.05


def tone_said(card: Card, words: Words) -> str:
    """Return how many posts are negative now and were before, and whether that is more than chance."""
    tone = card.tone
    if not tone or not tone["n"]:
        return words("No source of these posts tells their tone.")
    now, lo, hi = (words.percent(tone[k], 0) for k in ("share", "lo", "hi"))
    if not tone["n_before"]:
        return words("Negative posts: {now} ({lo} to {hi}); before it none was judged.", now=now, lo=lo, hi=hi)
    said = words(
        "Negative posts: {now} ({lo} to {hi}), {before} in the four weeks before.",
        now=now, lo=lo, hi=hi, before=words.percent(tone["before"], 0),
    )  # fmt: skip
    shifted = np.isfinite(tone["p"]) and tone["p"] < SHIFT and tone["share"] > tone["before"]
    return said + " " + (words("The tone has worsened.") if shifted else words("That is no more than chance can do."))


def sizes_said(card: Card, words: Words) -> str:
    """Return how many people of which size spoke."""
    table = card.tiers
    if table.empty:
        return ""
    parts = [
        f"{words(TIERS_SAID[t])} – {words.number(n, 0)}"
        for t, n in zip(table["tier"], table["authors"].astype(float), strict=True)
        if n
    ]
    return words("People by followers: {parts}.", parts=" · ".join(parts)) if parts else ""


def countries_said(card: Card, words: Words) -> str:
    """Return the countries with most people, and those that hold more than of the whole topic."""
    table = card.countries
    if table.empty:
        return ""
    parts = [f"{c} {words.percent(s, 0)}" for c, s in zip(table["country"], table["share"], strict=True)][:SIMILAR]
    more = table.loc[table["lo"] > table["usual"], "country"].head(SIMILAR).tolist()
    said = words("Countries: {parts}.", parts=", ".join(parts))
    return said + (
        " " + words("More than in the whole topic: {countries}.", countries=words.list(more)) if more else ""
    )


def similar_said(card: Card, verdicts: Mapping[str, str], words: Words) -> str:
    """Return earlier cases of the same topic and side with what was said of them, those of like size first."""
    table = card.similar
    if table.empty:
        return words("No earlier case on this topic.")
    judged = {"real": words("worth it"), "false": words("false alarm"), "unsure": words("unsure")}
    parts = []
    for row in table.head(SIMILAR).itertuples():
        said = f", {judged[verdicts[row.id]]}" if row.id in verdicts else ""
        parts.append(
            words(
                "{date}: {seen} where {usual} are usual{verdict}",
                date=words.date(row.at),
                seen=words.number(row.observed, 0),
                usual=words.number(row.expected, 1),
                verdict=said,
            )
        )
    return words("Similar past cases: {cases}.", cases=" · ".join(parts))


def detection_said(drilled: pd.DataFrame, words: Words) -> list[str]:
    """Return what told of a crisis and how soon, from explorer.drill.drill of one event; what never fired comes last."""
    said = []
    for row in drilled.itertuples():
        name = words("The alert") if row.by == ALERT else words("Scenario “{name}”", name=row.by)
        if pd.isna(row.at):
            said.append(words("{name} would not have fired.", name=name))
        elif pd.notna(row.hours):
            hours = words.number(max(row.hours, 0.0), 0 if row.hours >= 10 else 1)
            share = words.percent(row.share_said, 0 if row.share_said >= 0.1 else 1)
            said.append(
                words(
                    "{name}: {hours} hours after the first post, when {share} of the posts had been said.",
                    name=name,
                    hours=hours,
                    share=share,
                )
            )
    return said
