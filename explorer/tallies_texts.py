"""The seam where texts are read: bounded random samples of posts, never all of them."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import pandas as pd
from ibis import _

from explorer.study import Topic
from explorer.tallies_people import PeopleTallies, Span


class TextTallies(PeopleTallies):
    """The tables of one store, with samples of what is written."""

    def texts(self, topics: Sequence[Topic], span: Span | None = None, *, limit: int = 1000) -> pd.DataFrame:
        """Return a random sample of posts in people's own words: `text`, `lang`, `author_key`, `sentiment_label`,
        `sentiment_source`; the same at every call. At most `limit` rows, each post once.
        """
        own = self._once(topics, span).filter((_.kind != "repost") & _.text.notnull())
        # The hash of an id has nothing to do with what the post says or when.
        chosen = own.order_by([_.id.hash(), _.platform, _.id]).limit(limit)
        return self._frame(chosen.select("text", "lang", "author_key", "sentiment_label", "sentiment_source"))

    def utterances(
        self, topics: Sequence[Topic], span: Span | None = None, *, limit: int = 3000, without: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Return a random sample of posts with who wrote them and what kind of author that is; the same at every call.

        Columns: `topic`, `author_key`, `text` (title and text), `lang`, `created_at`, `platform`, `author_kind`, `community`,
        `followers`, `sentiment_label`. Posts without an author key are left out, as nobody can be counted by them, and so are
        those of the accounts `without`. At most `limit` rows; a post of several topics is a row of each.
        """
        own = self._own(topics, span).filter(_.author_key.notnull() & ~_.author_key.isin(list(without)))
        own = own.mutate(text=(ibis.coalesce(_.title, "") + ibis.literal(" ") + ibis.coalesce(_.text, "")).strip())
        chosen = own.filter(_.text != "").order_by([_.id.hash(), _.platform, _.id, _.topic]).limit(limit)
        return self._frame(
            chosen.select(
                "topic", "author_key", "text", "lang", "created_at", "platform", "author_kind", "community",
                "sentiment_label", followers=_.author_followers,
            )
        )  # fmt: skip
