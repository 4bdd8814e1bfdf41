"""Segments of people as small tables in words."""

from __future__ import annotations

import pandas as pd

from explorer.audiences import Audiences
from explorer.study import Study
from explorer.voice_phrases import HEARD
from explorer.words import Words

#: Characters of a question that are shown.
_EXCERPT = 160


def segments_table(found: Audiences, study: Study, words: Words) -> pd.DataFrame:
    """Return the segments, the largest first, with what their people do."""
    table = found.table
    names = {t.id: t.label_in(words.language) for t in study.topics}
    return pd.DataFrame(
        {
            words("Segment"): table["segment"] + 1,
            words("People"): table["people"],
            words("Posts a person"): table["posts"].round(0),
            words("Followers"): [words.number(x, 0) if pd.notna(x) else "–" for x in table["followers"]],
            words("Topics"): [", ".join(names.get(t, t) for t in ids) for ids in table["topics"]],
        }
    )


def questions_table(found: Audiences, words: Words) -> pd.DataFrame:
    """Return what each segment asks, and the page of the brand that comes closest."""
    asked = found.questions
    return pd.DataFrame(
        {
            words("Segment"): asked["segment"] + 1,
            words("Asks"): asked["text"].str.slice(0, _EXCERPT),
            words("Closest page"): [p if isinstance(p, str) else words("none") for p in asked["page"]],
            words("Of the question’s words"): [words.percent(x, 0) if pd.notna(x) else "–" for x in asked["held"]],
        }
    )


def heard_table(found: Audiences, words: Words) -> pd.DataFrame:
    """Return who is heard less or more than their number in the references, least heard first."""
    told = found.heard
    return pd.DataFrame(
        {
            words("Segment"): [words("all") if s == "all" else str(int(s) + 1) for s in told["segment"]],
            words("Compared with"): told["reference_name"],
            words("Group"): told["group"],
            words("Share of people"): [
                f"{words.percent(r.share)} ({words.percent(r.lo)} … {words.percent(r.hi)})"
                if pd.notna(r.share)
                else "–"
                for r in told.itertuples()
            ],
            words("Share there"): [words.percent(x) if pd.notna(x) else "–" for x in told["reference"]],
            words("Heard"): [words(HEARD[v]) for v in told["verdict"]],
        }
    )


def heard_sentence(found: Audiences, words: Words) -> str:
    """Return who is heard least against their number, in one sentence."""
    least = found.heard[(found.heard["segment"] == "all") & (found.heard["verdict"] == "under-represented")]
    if least.empty:
        return words("No group is clearly heard less than its number.")
    first = least.loc[least["ratio"].idxmin()]
    return words(
        "{group} is {share} of the people who speak, but {reference} of {name}.",
        group=first["group"],
        share=words.percent(first["share"]),
        reference=words.percent(first["reference"]),
        name=first["reference_name"],
    )
