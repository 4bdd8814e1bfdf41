"""The queries of a study gathered into needs and matched with pages and posts: what costs, before anything is concluded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pandas as pd

from explorer.brands import names_of, names_one
from explorer.content import pages_of
from explorer.need_clusters import cluster, join_languages
from explorer.need_posts import Spoken, read_posts
from explorer.need_queries import clean_queries
from explorer.need_seasons import places, seasons
from explorer.served import SIGNALS
from explorer.study import BadStudy, Study
from explorer.tallies import Tallies
from explorer.text import intent, match, question_type
from explorer.text.encoders import EncoderName
from explorer.text.matching import match_each
from explorer.text.translation import translations


@dataclass(frozen=True)
class Matched:
    """The queries of a study with their best matches, before anything is concluded from them: the costly part."""

    study: Study
    queries: pd.DataFrame
    traits: pd.DataFrame
    spoken: dict[str, Spoken]
    n_pages: int
    sources: tuple[str, ...]
    fetched_at: pd.Timestamp | None


def match_needs(
    study: Study,
    *,
    topic: str = "",
    tallies: Tallies | None = None,
    encoder_name: EncoderName | None = None,
    seed: int = 0,
    posts: bool = True,
) -> Matched:
    """Gather the queries of a study into needs and match them with pages and posts; see `explorer.needs.find_needs`.

    `posts` False leaves the posts unread, and nothing can be told of that side: the pages answer in a fraction of the time.
    """
    tallies = tallies or Tallies.of(study)
    rows = tallies.small("queries")
    queries = clean_queries(rows, study)
    # Who asks for a brand and nothing else looks for the brand: explorer.alternatives reads those.
    of_brands = (queries["topic"] == "") & names_one(queries["query"], names_of(study))
    queries = queries[(queries["topic"] == topic) if topic else ~of_brands].reset_index(drop=True)
    if queries.empty:
        raise BadStudy(
            "no queries are stored yet" + (f" for {topic!r}" if topic else ""),
            study.path.name,
            "import related queries, Search Console or a keyword tool's list, or collect suggestions",
        )
    pages = pages_of(study, tallies)
    if not posts:
        return _without_posts(queries, pages, rows, study, tallies, encoder_name, seed)
    # What gathers queries keeps Python busy, what reads posts the engine: each has a core of its own.
    with ThreadPoolExecutor(1) as aside:
        reading = aside.submit(_read, queries, study, tallies)
        found = _without_posts(queries, pages, rows, study, tallies, encoder_name, seed)
        return _with_read(found, reading.result(), encoder_name)


def with_posts(matched: Matched, *, tallies: Tallies | None = None, encoder_name: EncoderName | None = None) -> Matched:
    """Return what `match_needs` found without posts, with the posts read."""
    tallies = tallies or Tallies.of(matched.study)
    return _with_read(matched, _read(matched.queries, matched.study, tallies), encoder_name)


def best_matches(
    asked: list[str], documents: list[str], encoder_name: EncoderName | None, *, short: bool
) -> pd.DataFrame:
    """Return `match`, `document` and signals of the best match of each query."""
    return _told(match(asked, documents, encoder_name=encoder_name, short=short, k=1).best, documents)


def _without_posts(
    queries: pd.DataFrame,
    pages: pd.DataFrame,
    rows: pd.DataFrame,
    study: Study,
    tallies: Tallies,
    encoder_name: EncoderName | None,
    seed: int,
) -> Matched:
    queries = _served(_gathered(queries, study, encoder_name, seed), pages, encoder_name)
    queries, spoken = _unread(queries)
    queries["question"] = question_type(queries["query"])["label"].array
    queries["intent"] = intent(queries["query"])["label"].array
    sources = tuple(sorted(rows["source"].unique()))
    terms = [*queries["query"], *(term for t in study.topics for term in t.search)]
    traits = seasons(queries, study, tallies.interest(terms)).join(places(queries, study, tallies.small("regions")))
    return Matched(study, queries, traits, spoken, len(pages), sources, rows["fetched_at"].max())


def _with_read(matched: Matched, spoken: dict[str, Spoken], encoder_name: EncoderName | None) -> Matched:
    bare = matched.queries.drop(columns=[c for c in matched.queries if c.startswith("said_")])
    return replace(matched, queries=_said(bare, spoken, encoder_name), spoken=spoken)


def _told(best: pd.DataFrame, documents: list[str]) -> pd.DataFrame:
    best["match"] = [documents[d] if d >= 0 else None for d in best["document"]]
    return best[["match", "document", *SIGNALS]]


def _gathered(queries: pd.DataFrame, study: Study, encoder_name: EncoderName | None, seed: int) -> pd.DataFrame:
    """Add `need` (id) and `central`; needs are gathered topic by topic."""
    parts = []
    for topic, own in queries.groupby("topic", sort=True):
        common = study.topic(str(topic)).search if topic else ()
        groups = cluster(own["query"].tolist(), common=common, encoder_name=encoder_name, seed=seed)
        found = own.reset_index(drop=True).join(groups)
        pairs = translations(found["query"].tolist(), found["lang"].tolist(), encoder_name=encoder_name)
        found["need"] = f"{topic}/" + join_languages(found["need"], pairs).astype(str)
        parts.append(found)
    return pd.concat(parts, ignore_index=True)


def _served(queries: pd.DataFrame, pages: pd.DataFrame, encoder_name: EncoderName | None) -> pd.DataFrame:
    texts = (pages["title"].fillna("") + " " + pages["text"].fillna("")).str.strip().tolist()
    found = best_matches(queries["query"].tolist(), texts, encoder_name, short=False)
    found["page"] = [pages["id"].iloc[d] if d >= 0 else None for d in found["document"]]
    return queries.join(found.add_prefix("served_"))


def _unread(queries: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Spoken]]:
    nothing = best_matches(queries["query"].tolist(), [], None, short=True)
    spoken = {str(t): Spoken(pd.DataFrame(columns=["text", "posts"]), 0, "no posts") for t in queries["topic"].unique()}
    return queries.join(nothing.add_prefix("said_")), spoken


def _asked_of(queries: pd.DataFrame) -> dict[str, list[str]]:
    """Topic -> its queries."""
    return {str(topic): own["query"].tolist() for topic, own in queries.groupby("topic", sort=True)}


def _read(queries: pd.DataFrame, study: Study, tallies: Tallies) -> dict[str, Spoken]:
    return read_posts(study, tallies, _asked_of(queries), tallies.small("coverage"))


def _said(queries: pd.DataFrame, spoken: dict[str, Spoken], encoder_name: EncoderName | None) -> pd.DataFrame:
    asked, parts = _asked_of(queries), []
    groups = [(own, spoken[topic].texts["text"].tolist()) for topic, own in asked.items()]
    matches = match_each(groups, encoder_name=encoder_name, short=True, k=1)
    for (_, own), (_, texts), found in zip(queries.groupby("topic", sort=True), groups, matches, strict=True):
        parts.append(_told(found.best, texts).set_index(own.index).add_prefix("said_"))
    return queries.join(pd.concat(parts))
