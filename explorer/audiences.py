"""Audiences: segments of people by what they do, what each asks, what answers it, and who is heard less than their number."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from explorer.content import pages_of
from explorer.references import Reference, read_references
from explorer.segments import LEAST, K, Segments, represented, segment
from explorer.served import SIGNALS, calibrated, draws, p_answered
from explorer.study import Study
from explorer.tallies_people import PeopleTallies
from explorer.tallies_ties import Span
from explorer.text.matching import match
from sources.disclosure import ALL, people_in_groups

#: People that are put into segments: enough to be stable, few enough to wait for (seconds).
SAMPLE = 4000
#: Questions of a segment that are matched with the pages, those that most people met first.
QUESTIONS = 60
#: Topics named a segment or group.
TOPICS = 3


@dataclass(frozen=True)
class Audiences:
    """Segments of at least 10 people.

    `segments` : explorer.segments. `table` : `segment`, `people`, `posts`, `followers` (medians), `topics` (ids, most spoken of
    first). `questions` : `segment`, `topic`, `text`, `page` (title of the closest page of the brand; null = no content, or none
    with a word in common), `p_answered`, `lo`, `hi` (0..1) and `verdict` ("answered" | "unanswered" | "cannot tell",
    explorer.served). `answered` : `segment`, `asked` (questions read), counts of the verdicts, `share` of them expected to
    be answered with `lo`, `hi`. `heard` : `segment` ("all" = everybody), `reference`, `by`, explorer.segments.represented and,
    for everybody, `topics` (ids that at least 10 people of the group speak of, those set apart most first). `people` : in the
    sample and with two posts or more; `once` : left out, for they wrote once. `pages` : of content. `unmatched` : names of
    references of which no group is among those who speak.
    """

    segments: Segments
    table: pd.DataFrame
    questions: pd.DataFrame
    answered: pd.DataFrame
    heard: pd.DataFrame
    people: int
    pages: int
    unmatched: tuple[str, ...] = ()
    once: int = 0


def find_audiences(
    study: Study,
    *,
    tallies: PeopleTallies | None = None,
    span: Span | None = None,
    members: pd.DataFrame | None = None,
    sample: int = SAMPLE,
    seed: int = 0,
) -> Audiences | None:
    """Group a random sample of people by what they do and describe the groups; None where fewer than 20 people speak
    more than once.

    Parameters
    ----------
    members : `author_key`, `group`, the communities (explorer.circles), which enter as a trait of people.

    Raises
    ------
    BadStudy : a reference of the study cannot be read.
    """
    tallies = tallies or PeopleTallies.of(study)
    references = read_references(study)
    if not tallies.n_posts():
        return None
    authors = tallies.author_topics(study.topics, sample, span)
    total = authors.groupby("author_key")["posts"].sum()
    count = int((total >= LEAST).sum())
    if count < 2 * K:
        return None
    found = segment(authors, seed=seed, community=members)
    shown = found.of[found.of["segment"].isin(found.table["segment"])]
    table = found.table[["segment", "people", "posts", "followers"]].copy()
    names = [t.id for t in study.topics if t.id in found.table]
    mix = authors.merge(shown, on="author_key").groupby(["segment", "topic"])["posts"].sum().unstack(fill_value=0)
    table["topics"] = [
        list(mix.loc[s, names].nlargest(TOPICS).index) if s in mix.index else [] for s in table["segment"]
    ]
    groups = shown.rename(columns={"segment": "group"})
    asked = tallies.questions(study.topics, groups, QUESTIONS, span).rename(columns={"group": "segment"})
    asked["text"] = asked["text"].map(_question)
    asked = asked.drop_duplicates(["segment", "text"], ignore_index=True)
    pages = pages_of(study, tallies)
    judged = tallies.small("judgements")
    judged = judged[judged["side"] == "served"]
    questions, answered = _answered(asked, pages, judged, seed)
    heard, unmatched = _heard(tallies, study, span, shown, references)
    return Audiences(found, table, questions, answered, heard, count, len(pages), unmatched, len(total) - count)


def _answered(
    asked: pd.DataFrame, pages: pd.DataFrame, judged: pd.DataFrame, seed: int, level: float = 0.9
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Set the closest page beside every question with the chance that it answers, and count the verdicts a segment."""
    texts = (pages["title"].fillna("") + "\n" + pages["text"].fillna("")).tolist()
    best = match(asked["text"].tolist(), texts, k=1).best
    titles = pages["title"].fillna(pages["id"]).tolist()
    chance = calibrated(judged)
    questions = asked.reset_index(drop=True).assign(page=[titles[d] if d >= 0 else None for d in best["document"]])
    signals = best[list(SIGNALS)].reset_index(drop=True)
    questions = questions.join(p_answered(signals, chance, level=level).drop(columns="certainty"))
    drawn = draws(signals, chance, n=_DRAWS, seed=seed)
    rng, edges = np.random.default_rng(seed), [(1 - level) / 2, (1 + level) / 2]
    rows = []
    for segment_, part in questions.groupby("segment"):
        verdicts = part["verdict"].value_counts()
        # Other questions of these people would be answered to another share: they are drawn anew beside the chance.
        weight = rng.multinomial(len(part), np.full(len(part), 1 / len(part)), size=_DRAWS) / len(part)
        lo, hi = np.quantile((drawn[:, part.index] * weight).sum(axis=1), edges)
        counts = {v: int(verdicts.get(v, 0)) for v in ("answered", "unanswered", "cannot tell")}
        share = part["p_answered"].mean(skipna=False)
        rows.append({"segment": segment_, "asked": len(part), **counts, "share": share, "lo": lo, "hi": hi})
    columns = ["segment", "asked", "answered", "unanswered", "cannot tell", "share", "lo", "hi"]
    return questions, pd.DataFrame(rows, columns=columns)


_DRAWS = 400
#: People in no segment: they count among all.
_OTHERS = "others"


def _question(text: str) -> str:
    """Return the first sentence that ends in a question mark, with what leads up to it where it is short ("and you?")."""
    ends = text.index("?") + 1
    parts = re.split(r"(?<=[.!…])\s+", text[:ends])
    own = parts.pop()
    while parts and len(own.split()) < _SENTENCE:
        own = f"{parts.pop()} {own}"
    return own


#: Words from which a sentence stands for itself.
_SENTENCE = 5


def _heard(
    tallies: PeopleTallies, study: Study, span: Span | None, shown: pd.DataFrame, references: list[Reference]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    frames, unmatched = [], []
    for reference in references:
        people = tallies.people(study.topics, span, (reference.by,)).merge(shown, "left", "author_key")
        people["segment"] = people["segment"].astype("Int64").astype("string").fillna(_OTHERS)
        counted = people_in_groups(people, ["segment", reference.by])
        counted = counted[counted[reference.by] != ALL]
        if not reference.values.index.isin(counted[reference.by]).any():
            unmatched.append(reference.name)
            continue
        for name, part in counted[counted["segment"] != _OTHERS].groupby("segment", sort=False):
            spoken = part.set_index(reference.by)["people"]
            if (spoken.reindex(reference.values.index).fillna(0) >= K).sum() < 2 and name != ALL:
                continue
            told = represented(spoken, reference.values).assign(
                segment=name, reference_name=reference.name, by=reference.by
            )
            topics = _spoken_of(tallies, study, reference.by, span) if name == ALL else {}
            frames.append(told.assign(topics=[topics.get(g, []) for g in told["group"]]))
    columns = [
        "segment",
        "reference_name",
        "by",
        "group",
        "people",
        "share",
        "lo",
        "hi",
        "reference",
        "ratio",
        "verdict",
        "topics",
    ]
    heard = pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)
    return heard, tuple(unmatched)


def _spoken_of(tallies: PeopleTallies, study: Study, by: str, span: Span | None) -> dict[str, list[str]]:
    """Return the topics that set each group apart most among those that at least 10 of its people speak of."""
    counted = tallies.traits(study.topics, by, span=span)
    counted = counted[counted["value"].notna()].assign(
        here=lambda f: f["authors"] / f.groupby("value")["authors"].transform("sum"),
        there=lambda f: f.groupby("topic")["authors"].transform("sum") / f["authors"].sum(),
    )
    shown = counted[counted["authors"] >= K].assign(apart=lambda f: f["here"] / f["there"])
    shown = shown.sort_values(["apart", "topic"], ascending=[False, True])
    return {str(v): part["topic"].head(TOPICS).tolist() for v, part in shown.groupby("value")}
