"""Audiences: segments of people by what they do, what each asks, what answers it, and who is heard less than their number."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from explorer.references import Reference, read_references
from explorer.segments import K, Segments, represented, segment
from explorer.study import Study
from explorer.tallies_people import PeopleTallies, Span
from explorer.text.matching import match
from sources.disclosure import ALL, people_in_groups

#: People that are put into segments, and questions shown a segment: enough to be stable, few enough to wait for.
SAMPLE, QUESTIONS = 1500, 3


@dataclass(frozen=True)
class Audiences:
    """Segments of at least 10 people.

    `segments` : explorer.segments. `table` : `segment`, `people`, `posts`, `followers` (medians), `topics` (ids, most spoken of
    first). `questions` : `segment`, `topic`, `text`, `page` (title of the closest page of the brand; null = no content, or none
    with a word in common), `held` (share of the weight of the question's words that one page holds, 0..1). `heard` : `segment`
    ("all" = everybody), `reference`, `by` and explorer.segments.represented. `people` : in the sample. `pages` : of content.
    """

    segments: Segments
    table: pd.DataFrame
    questions: pd.DataFrame
    heard: pd.DataFrame
    people: int
    pages: int


def find_audiences(
    study: Study,
    *,
    tallies: PeopleTallies | None = None,
    span: Span | None = None,
    members: pd.DataFrame | None = None,
    sample: int = SAMPLE,
    seed: int = 0,
) -> Audiences | None:
    """Group a random sample of people by what they do and describe the groups; None where fewer than 20 people speak.

    Parameters
    ----------
    members : `author_key`, `group`, the communities (explorer.circles), which enter as a trait of people.

    Raises
    ------
    BadStudy : a reference of the study cannot be read, or names no group of those who speak.
    """
    tallies = tallies or PeopleTallies.of(study)
    references = read_references(study)
    if not tallies.n_posts():
        return None
    authors = tallies.author_topics(study.topics, sample, span)
    count = authors["author_key"].nunique()
    if count < 2 * K:
        return None
    found = segment(authors, most=6, draws=5, seed=seed, community=members)
    shown = found.of[found.of["segment"].isin(found.table["segment"])]
    table = found.table[["segment", "people", "posts", "followers"]].copy()
    names = [t.id for t in study.topics if t.id in found.table]
    mix = authors.merge(shown, on="author_key").groupby(["segment", "topic"])["posts"].sum().unstack(fill_value=0)
    table["topics"] = [list(mix.loc[s, names].nlargest(3).index) if s in mix.index else [] for s in table["segment"]]
    groups = shown.rename(columns={"segment": "group"})
    asked = tallies.questions(study.topics, groups, QUESTIONS, span).rename(columns={"group": "segment"})
    pages = tallies.small("content")
    return Audiences(
        found, table, _answered(asked, pages), _heard(tallies, study, span, shown, references), count, len(pages)
    )


def _answered(asked: pd.DataFrame, pages: pd.DataFrame) -> pd.DataFrame:
    """Set the closest page beside every question: whether it answers is for a reader to say, how close it is is measured."""
    if pages.empty or asked.empty:
        return asked.assign(page=None, held=float("nan"))
    texts = (pages["title"].fillna("") + "\n" + pages["text"].fillna("")).tolist()
    best = match(asked["text"].tolist(), texts).best
    titles = pages["title"].fillna(pages["id"]).tolist()
    return asked.assign(
        page=[titles[d] if d >= 0 else None for d in best["document"]], held=best["coverage"].to_numpy()
    )


def _heard(
    tallies: PeopleTallies, study: Study, span: Span | None, shown: pd.DataFrame, references: list[Reference]
) -> pd.DataFrame:
    frames = []
    for reference in references:
        people = tallies.people(study.topics, span, (reference.by,)).merge(shown, on="author_key")
        people["segment"] = people["segment"].astype(str)
        counted = people_in_groups(people, ["segment", reference.by])
        counted = counted[counted[reference.by] != ALL]
        for name, part in counted.groupby("segment", sort=False):
            spoken = part.set_index(reference.by)["people"]
            if (spoken.reindex(reference.values.index).fillna(0) >= K).sum() < 2 and name != ALL:
                continue
            told = represented(spoken, reference.values)
            frames.append(told.assign(segment=name, reference_name=reference.name, by=reference.by))
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
    ]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)
