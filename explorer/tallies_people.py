"""The seam where people are counted: who speaks how often, in which words, what came back.

Like explorer.tallies: expressions that never name an engine; big tables in, small frames out. Reposts pass on, they do not
speak: unless a function says so, only posts in an author's own words count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
from ibis import _

from explorer.study import Topic
from explorer.tallies import Binning, period_of
from explorer.tallies_engine import once
from explorer.tallies_ties import ADDRESS, Span, TieTallies

#: Traits that posts or authors carry, by which a conversation is broken down.
TRAITS = ("lang", "country", "region", "platform", "kind", "sentiment_label", "community")
#: Traits of persons: never counted here, handed on with their keys to sources.disclosure alone.
PERSONAL = ("gender", "age_band")
#: Counts that a post may carry; null = unknown.
COUNTS = ("like_count", "repost_count", "reply_count", "quote_count", "bookmark_count", "view_count")


class PeopleTallies(TieTallies):
    """The tables of one store, counted by people. A span is first instant, first instant no longer; None = everything."""

    def per_author(self, topics: Sequence[Topic], span: Span | None = None) -> pd.DataFrame:
        """Return how many authors wrote how many posts: `topic`, `posts` (of one author), `authors` (who wrote that many).

        Topic "" stands for all topics together, where a post of several topics counts once. Posts without an author key are
        left out.
        """
        own = self._own(topics, span).filter(_.author_key.notnull())
        every = own.select("platform", "id", "author_key").pipe(once).mutate(topic=ibis.literal(""))
        both = own.select("platform", "id", "author_key", "topic").union(
            every.select("platform", "id", "author_key", "topic")
        )
        per = both.group_by("topic", "author_key").aggregate(posts=_.count())
        return self._frame(per.group_by("topic", "posts").aggregate(authors=_.count()).order_by("topic", "posts"))

    def spoken(
        self,
        topics: Sequence[Topic],
        binning: Binning | None,
        span: Span | None = None,
        without: pd.DataFrame | None = None,
    ) -> pd.DataFrame:
        """Return `topic`, (`period`,) `posts`, `reposts`, `authors`, `unsigned`, distinct authors over the period or the span.

        `without` (`platform`, `id`): posts that are not counted, such as coordinated ones.
        """
        said = self._within(self._tagged(topics), span)
        if without is not None and len(without):
            said = said.anti_join(self._given(without, ["platform", "id"]), ["platform", "id"])
        by = ["topic"]
        if binning is not None:
            said, by = said.mutate(period=period_of(_.created_at, binning)), ["topic", "period"]
        own = _.kind != "repost"
        per = said.group_by(by).aggregate(
            posts=own.sum(),
            reposts=(~own).sum(),
            authors=_.author_key.nunique(where=own),
            unsigned=(own & _.author_key.isnull()).sum(),
        )
        return self._frame(per.order_by(by))

    def topics_among(self, topics: Sequence[Topic], posts: pd.DataFrame) -> pd.DataFrame:
        """Return `platform`, `id`, `topic` of the posts given (`platform`, `id`)."""
        tagged = self._tagged(topics).select("platform", "id", "topic")
        return self._frame(tagged.semi_join(self._given(posts, ["platform", "id"]), ["platform", "id"]).pipe(once))

    def author_topics(self, topics: Sequence[Topic], limit: int, span: Span | None = None) -> pd.DataFrame:
        """Return `author_key`, `platform`, `topic`, `posts`, `followers`, `negative`, `positive`, `labelled` of authors.

        Of more than `limit` authors those whose keys come first are taken: a keyed pseudonym is random, so it is a sample.
        """
        own = self._own(topics, span).filter(_.author_key.notnull())
        chosen = own.select("author_key").pipe(once).order_by("author_key").limit(limit)
        own = own.semi_join(chosen, "author_key")
        label = _.sentiment_label
        per = own.group_by("author_key", "platform", "topic").aggregate(
            posts=_.count(),
            followers=_.author_followers.max(),
            negative=(label == "negative").sum(),
            positive=(label == "positive").sum(),
            labelled=label.notnull().sum(),
        )
        return self._frame(per.order_by("author_key", "topic"))

    def traits(
        self, topics: Sequence[Topic], trait: str, binning: Binning | None = None, span: Span | None = None
    ) -> pd.DataFrame:
        """Return `topic`, (`period`,) `value` (of the trait; null = unknown), `posts`, `authors`.

        Raises ValueError for a trait of persons (PERSONAL): their raw counts never leave, see explorer.demographics.
        """
        _not_personal(trait)
        own = self._own(topics, span).mutate(value=_[trait])
        by = ["topic", "value"]
        if binning is not None:
            own, by = own.mutate(period=period_of(_.created_at, binning)), ["topic", "period", "value"]
        per = own.group_by(by).aggregate(posts=_.count(), authors=_.author_key.nunique())
        return self._frame(per.order_by(by))

    def people(
        self, topics: Sequence[Topic], span: Span | None = None, traits: Sequence[str] = ("topic", *PERSONAL)
    ) -> pd.DataFrame:
        """Return `author_key` and the traits of everyone who wrote on a topic, one row a person, for sources.disclosure only.

        A trait is null where it is unknown or differs between posts; so is `topic` for who wrote on several.
        """
        own = self._own(topics, span).filter(_.author_key.notnull())
        one = {c: ibis.ifelse(_[c].nunique() == 1, _[c].min(), ibis.null("string")) for c in traits}
        return self._frame(own.group_by("author_key").aggregate(**one).order_by("author_key"))

    def echo(self, topics: Sequence[Topic], binning: Binning | None = None, span: Span | None = None) -> pd.DataFrame:
        """Return what came back: per `topic` (, `period`) and `measure`, its `total` over the `known` of `posts`.

        Measures: the counts a post carries (`like_count`, ...), and `engagement:<kind>` and `reach:<kind>` as vendors give
        them, never added across kinds. `followers` is the sum of the authors' followers over those posts.
        """
        own = self._own(topics, span)
        by = ["topic"]
        if binning is not None:
            own, by = own.mutate(period=period_of(_.created_at, binning)), ["topic", "period"]
        base = own.group_by(by).aggregate(_all=_.count())
        parts = []
        for name in COUNTS:
            part = own.filter(_[name].notnull()).group_by(by)
            parts.append(
                part.aggregate(
                    total=_[name].sum().cast("float64"),
                    known=_.count(),
                    followers=_.author_followers.sum().cast("float64"),
                ).mutate(measure=ibis.literal(name))
            )
        for name in ("engagement", "reach"):
            part = own.filter(_[name].notnull())
            kind = part[f"{name}_kind"].fill_null("unspecified")
            part = part.mutate(measure=ibis.literal(f"{name}:") + kind)
            parts.append(
                part.group_by([*by, "measure"]).aggregate(
                    total=_[name].sum(), known=_.count(), followers=_.author_followers.sum().cast("float64")
                )
            )
        columns = [*by, "measure", "total", "known", "followers"]
        every = ibis.union(*(p.select(columns) for p in parts))
        joined = every.inner_join(base, by)
        return self._frame(joined.select(*columns, posts=_._all).order_by([*by, "measure"]))

    def words(
        self, topics: Sequence[Topic], groups: pd.DataFrame | None = None, span: Span | None = None, *, least: int = 3
    ) -> pd.DataFrame:
        """Return in how many authors' posts a word stands: `group`, `word`, `authors`, words of at least `least` authors.

        `groups` (`author_key`, `group`) puts authors into groups; without it the topics are the groups. Hashtags keep their
        sign. Authors are counted, not posts: what one account repeats is one voice.
        """
        own = self._own(topics, span).filter(_.author_key.notnull() & _.text.notnull())
        if groups is None:
            own = own.mutate(group=_.topic)
        else:
            own = own.inner_join(self._given(groups, ["author_key", "group"]), "author_key")
        clean = _.text.lower().re_replace(ADDRESS, " ").re_replace(r"@\w+", " ")
        own = own.select("author_key", "group", word=clean.re_split(r"[^\p{L}\p{N}#]+")).mutate(word=_.word.unnest())
        per = own.filter(_.word.length() >= 3).select("author_key", "group", "word").pipe(once)
        counted = per.group_by("group", "word").aggregate(authors=_.count())
        shared = counted.group_by("word").aggregate(n=_.authors.sum()).filter(_.n >= least).drop("n")
        return self._frame(counted.semi_join(shared, "word").order_by(["group", _.authors.desc(), "word"]))

    def by_group(
        self, topics: Sequence[Topic], groups: pd.DataFrame, binning: Binning, span: Span | None = None
    ) -> pd.DataFrame:
        """Return `topic`, `period`, `group`, `authors`, `posts` of authors put into groups (`author_key`, `group`)."""
        own = self._own(topics, span).inner_join(self._given(groups, ["author_key", "group"]), "author_key")
        own = own.mutate(period=period_of(_.created_at, binning))
        per = own.group_by("topic", "period", "group").aggregate(authors=_.author_key.nunique(), posts=_.count())
        return self._frame(per.order_by("topic", "period", "group"))

    def group_traits(
        self, topics: Sequence[Topic], groups: pd.DataFrame, trait: str, span: Span | None = None
    ) -> pd.DataFrame:
        """Return `group`, `value` (of a trait not personal, or topic; null = unknown), `authors`, `posts`."""
        _not_personal(trait)
        own = self._own(topics, span).inner_join(self._given(groups, ["author_key", "group"]), "author_key")
        per = own.group_by("group", value=_[trait]).aggregate(authors=_.author_key.nunique(), posts=_.count())
        return self._frame(per.order_by(["group", _.authors.desc(), "value"]))

    def questions(
        self, topics: Sequence[Topic], groups: pd.DataFrame, limit: int, span: Span | None = None
    ) -> pd.DataFrame:
        """Return the posts with a question mark that most people met: `group`, `topic`, `text`, at most `limit` a group."""
        own = self._own(topics, span).filter(_.text.contains("?"))
        own = own.inner_join(self._given(groups, ["author_key", "group"]), "author_key")
        own = own.mutate(met=ibis.coalesce(_.like_count, 0) + ibis.coalesce(_.reply_count, 0))
        rank = ibis.row_number().over(ibis.window(group_by="group", order_by=[_.met.desc(), _.id]))
        first = own.mutate(_rank=rank).filter(_._rank < limit)
        return self._frame(first.order_by(["group", "_rank"]).select("group", "topic", "text"))

    def ranked(self, topics: Sequence[Topic], n: int, by: str = "like_count", span: Span | None = None) -> pd.DataFrame:
        """Return the `n` first posts a topic that a reader meets when posts are ranked by a count: `topic`, `id`,
        `author_key`, `count`, `sentiment_label` (null = unknown).
        """
        own = self._own(topics, span).filter(_[by].notnull() & (_[by] > 0))
        rank = ibis.row_number().over(ibis.window(group_by="topic", order_by=[_[by].desc(), _.id]))
        first = own.mutate(_rank=rank).filter(_._rank < n)
        return self._frame(
            first.order_by(["topic", "_rank"]).select("topic", "id", "author_key", "sentiment_label", count=_[by])
        )

    def opinions(self, topics: Sequence[Topic], span: Span | None = None) -> pd.DataFrame:
        """Return what authors say of a topic on the whole: `topic`, `negative`, `neutral`, `positive` (whether most of an
        author's labelled posts have that label; several where they tie), `authors` (of whom that is so).
        """
        own = self._own(topics, span).filter(_.author_key.notnull() & _.sentiment_label.notnull())
        labels = ("negative", "neutral", "positive")
        posts = {label: (_.sentiment_label == label).sum() for label in labels}
        per = own.group_by("topic", "author_key").aggregate(**posts)
        most = ibis.greatest(*(per[label] for label in labels))
        per = per.select("topic", **{label: per[label] == most for label in labels})
        return self._frame(per.group_by("topic", *labels).aggregate(authors=_.count()).order_by("topic", *labels))

    def speakers(self, topics: Sequence[Topic], span: Span | None = None) -> pd.DataFrame:
        """Return `topic`, `author_key` of everyone who wrote on a topic."""
        own = self._own(topics, span).filter(_.author_key.notnull())
        return self._frame(own.select("topic", "author_key").pipe(once).order_by("topic", "author_key"))

    def sizes(self, topics: Sequence[Topic], bounds: Sequence[int], span: Span | None = None) -> pd.DataFrame:
        """Return `topic`, `tier` (index into `bounds`, the lowest followers of a tier; null = unknown), `posts`, `authors`."""
        own = self._own(topics, span)
        most = own.filter(_.author_key.notnull()).group_by("author_key").aggregate(_followers=_.author_followers.max())
        own = own.select("topic", "author_key").left_join(most, "author_key")
        tier = own._followers * 0 - 1
        for bound in bounds:
            tier = tier + (own._followers >= bound).cast("int64")
        per = own.mutate(tier=tier).group_by("topic", "tier").aggregate(posts=_.count(), authors=_.author_key.nunique())
        return self._frame(per.order_by("topic", "tier"))

    def _own(self, topics: Sequence[Topic], span: Span | None) -> Any:
        return self._within(self._tagged(topics), span).filter(_.kind != "repost")

    def _given(self, frame: pd.DataFrame, columns: list[str]) -> Any:
        return ibis.memtable(pa.Table.from_pandas(frame[columns].drop_duplicates(), preserve_index=False))


def _not_personal(trait: str) -> None:
    if trait in PERSONAL:
        raise ValueError(f"{trait} is a trait of persons: count it in explorer.demographics, in groups of k or more")
