"""Every question that the seam answers, asked with something that has an answer: what one engine says, all must say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from explorer.study import Study
from explorer.tallies import Binning, Tallies
from explorer.tallies_people import PeopleTallies
from explorer.tallies_texts import TextTallies

Question = Callable[[TextTallies, "Given"], Any]


class Given:
    """What the questions are asked with: the topics, a span, posts and groups of authors, the same for every engine."""

    def __init__(self, study: Study, tallies: TextTallies) -> None:
        self.topics = study.topics
        self.topic = study.topics[0]
        first, last = tallies.posts_span() or (pd.NaT, pd.NaT)
        self.span = (first + (last - first) / 4, first + (last - first) / 2)
        speakers = tallies.speakers(self.topics)["author_key"].drop_duplicates().head(3000)
        self.groups = pd.DataFrame({"author_key": speakers, "group": [f"g{i % 4}" for i in range(len(speakers))]})
        self.authors = list(speakers.head(40))
        self.posts = tallies.topics_of(self.topics)[["platform", "id"]].drop_duplicates().sort_values("id").head(500)


WEEK, MONTH = Binning("week", 6), Binning("month")
KINDS = ("repost", "reply", "quote", "mention", "same link")

#: Name of the function -> the questions asked of it.
QUESTIONS: dict[str, tuple[Question, ...]] = {
    "interest": (lambda t, g: t.interest(), lambda t, g: t.interest([g.topic.search[0]])),
    "counts": (lambda t, g: t.counts(),),
    "small": tuple(lambda t, g, n=n: t.small(n) for n in ("coverage", "queries", "regions", "content", "judgements")),
    "n_posts": (lambda t, g: t.n_posts(),),
    "post_queries": (lambda t, g: t.post_queries(),),
    "posts_span": (lambda t, g: t.posts_span(),),
    "posts_per_period": tuple(
        lambda t, g, b=b: t.posts_per_period(Binning(b)) for b in ("hour", "day", "week", "month", "quarter", "year")
    ),
    "posts_by_topic": tuple(lambda t, g, b=b: t.posts_by_topic(g.topics, Binning(b)) for b in ("hour", "week")),
    "voice": (lambda t, g: t.voice(g.topics, WEEK), lambda t, g: t.voice(g.topics[:2], MONTH)),
    "sample": (lambda t, g: t.sample(g.topic, 20),),
    "volume": (lambda t, g: t.volume(g.topics, Binning("day")),),
    "hits": (lambda t, g: t.hits(g.topic, 500),),
    "posts_between": (lambda t, g: t.posts_between(g.topics, *g.span, 2000),),
    "people_by_country": (lambda t, g: t.people_by_country(g.topic),),
    "account": (lambda t, g: t.account(g.authors),),
    "distinct_texts": (
        lambda t, g: t.distinct_texts(g.topics, {g.topic.id: ["pri", "ba"], g.topics[1].id: []}, limit=50, others=20),
    ),
    "topics_of": (lambda t, g: t.topics_of(g.topics),),
    "per_author": (lambda t, g: t.per_author(g.topics), lambda t, g: t.per_author(g.topics, g.span)),
    "spoken": (
        lambda t, g: t.spoken(g.topics, None, g.span),
        lambda t, g: t.spoken(g.topics, WEEK, None, g.posts),
    ),
    "topics_among": (lambda t, g: t.topics_among(g.topics, g.posts),),
    "author_topics": (lambda t, g: t.author_topics(g.topics, 200),),
    "traits": tuple(
        lambda t, g, n=n: t.traits(g.topics, n, MONTH) for n in ("country", "lang", "platform", "sentiment_label")
    ),
    "people": (lambda t, g: t.people(g.topics),),
    "echo": (lambda t, g: t.echo(g.topics, MONTH), lambda t, g: t.echo(g.topics)),
    "words": (lambda t, g: t.words(g.topics, least=5), lambda t, g: t.words(g.topics, g.groups, g.span)),
    "by_group": (lambda t, g: t.by_group(g.topics, g.groups, MONTH),),
    "group_traits": (lambda t, g: t.group_traits(g.topics, g.groups, "country"),),
    "questions": (lambda t, g: t.questions(g.topics, g.groups, 20),),
    "ranked": (lambda t, g: t.ranked(g.topics, 25),),
    "opinions": (lambda t, g: t.opinions(g.topics),),
    "speakers": (lambda t, g: t.speakers(g.topics),),
    "sizes": (lambda t, g: t.sizes(g.topics, (0, 1000, 10_000)),),
    "repeated_texts": (lambda t, g: t.repeated_texts(accounts=3, characters=40),),
    "shared_links": (lambda t, g: t.shared_links(accounts=3),),
    "interactions": (lambda t, g: t.interactions(KINDS), lambda t, g: t.interactions(KINDS[:3], g.topics, g.span)),
    "texts": (lambda t, g: t.texts(g.topics, limit=300),),
    "utterances": (lambda t, g: t.utterances(g.topics, limit=300, without=g.authors[:3]),),
    "carried": (lambda t, g: t.carried(g.topics, MONTH),),
}
#: What is no question: how tables are opened, and an expression that the questions are made of.
OTHERS = {"of", "over", "latest"}


def public() -> set[str]:
    """Return the names of everything that the seam offers."""
    rooms = {*TextTallies.__mro__, PeopleTallies, Tallies} - {object}
    return {name for room in rooms for name in vars(room) if not name.startswith("_")}


def differences(here: TextTallies, there: TextTallies, given: Given) -> Iterator[str]:
    """Yield what two engines answer differently, question by question: nothing where they agree."""
    for name, questions in QUESTIONS.items():
        for number, question in enumerate(questions):
            try:
                pd.testing.assert_frame_equal(
                    as_frame(question(here, given)), as_frame(question(there, given)), check_dtype=False, rtol=1e-9
                )
            except Exception as error:  # noqa: BLE001 - whatever an engine refuses is a difference
                yield f"{name} {number}: {type(error).__name__} {str(error)[:400]}"


def answers(tallies: TextTallies, given: Given) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield a name and the answer to every question as a frame."""
    for name, questions in QUESTIONS.items():
        for number, question in enumerate(questions):
            yield f"{name} {number}", as_frame(question(tallies, given))


def as_frame(answer: Any) -> pd.DataFrame:
    """Return any answer as a frame whose rows can be compared: sorted, times in UTC, an absent value None."""
    if isinstance(answer, pd.Series):
        answer = answer.rename("value").rename_axis("key").reset_index()
    if not isinstance(answer, pd.DataFrame):
        answer = pd.DataFrame({"value": list(answer) if isinstance(answer, list | tuple) else [answer]})
    plain = pd.DataFrame({c: _plain(answer[c]) for c in answer})
    order = plain.astype(str).sort_values(list(plain), kind="stable").index
    return plain.loc[order].reset_index(drop=True)


def _plain(column: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[us]")
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        return column.astype("float64")
    kept = column.astype(object)
    if kept.dropna().map(lambda v: isinstance(v, bool)).all() and kept.notna().any():
        return kept.astype("float64")
    return kept.where(kept.notna(), None)
