"""Segments of people as small tables in words."""

from __future__ import annotations

import pandas as pd

from explorer.audiences import Audiences
from explorer.need_phrases import NEED_VERDICTS
from explorer.study import Study
from explorer.voice_phrases import HEARD
from explorer.words import Words

#: Characters of a question that are shown, and questions a segment.
_EXCERPT, _SHOWN = 160, 3


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
    asked = found.questions.groupby("segment").head(_SHOWN)
    return pd.DataFrame(
        {
            words("Segment"): asked["segment"] + 1,
            words("Asks"): asked["text"].str.slice(0, _EXCERPT),
            words("Closest page"): [p if isinstance(p, str) else words("none") for p in asked["page"]],
            words("Chance that it answers"): [_span(r.p_answered, r.lo, r.hi, words, 0) for r in asked.itertuples()],
            words("Verdict"): [words(NEED_VERDICTS[v]) for v in asked["verdict"]],
        }
    )


def answered_table(found: Audiences, words: Words) -> pd.DataFrame:
    """Return how many of each segment's questions the pages of the brand answer."""
    told = found.answered
    return pd.DataFrame(
        {
            words("Segment"): told["segment"] + 1,
            words("Questions read"): told["asked"],
            words("Clearly or probably answered"): told["answered"],
            words("Clearly or probably unanswered"): told["unanswered"],
            words("Cannot tell"): told["cannot tell"],
            words("Expected to be answered"): [_span(r.share, r.lo, r.hi, words, 0) for r in told.itertuples()],
        }
    )


def answered_sentence(found: Audiences, words: Words) -> str:
    """Return which segment finds fewest answers, in one sentence."""
    told = found.answered.dropna(subset=["share"])
    if told.empty:
        return words("No segment asks anything in what was read, or no page of yours is imported.")
    least = told.loc[told["share"].idxmin()]
    return words(
        "Segment {segment} finds fewest answers: {unanswered} of its {asked} questions that most people met are "
        "answered by no page of yours, {answered} are, and of {open} it cannot be told.",
        segment=int(least["segment"]) + 1,
        unanswered=int(least["unanswered"]),
        asked=int(least["asked"]),
        answered=int(least["answered"]),
        open=int(least["cannot tell"]),
    )


def heard_table(found: Audiences, study: Study, words: Words) -> pd.DataFrame:
    """Return who is heard less or more than their number in the references, least heard first."""
    told = found.heard
    names = {t.id: t.label_in(words.language) for t in study.topics}
    return pd.DataFrame(
        {
            words("Segment"): [words("all") if s == "all" else str(int(s) + 1) for s in told["segment"]],
            words("Compared with"): told["reference_name"],
            words("Group"): told["group"],
            words("Share of people"): [_span(r.share, r.lo, r.hi, words, 1) for r in told.itertuples()],
            words("Share there"): [words.percent(x) if pd.notna(x) else "–" for x in told["reference"]],
            words("Heard"): [words(HEARD[v]) for v in told["verdict"]],
            words("Unheard"): [
                words.percent(r.reference - r.share) if r.verdict == "under-represented" else "–"
                for r in told.itertuples()
            ],
            words("Speaks more of"): [", ".join(names.get(t, t) for t in ids) or "–" for ids in told["topics"]],
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


def _span(value: float, lo: float, hi: float, words: Words, digits: int) -> str:
    if pd.isna(value):
        return "–"
    return f"{words.percent(value, digits)} ({words.percent(lo, digits)} … {words.percent(hi, digits)})"
