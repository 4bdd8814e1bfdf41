"""The seam where texts are read: bounded random samples of posts, never all of them."""

from __future__ import annotations

from collections.abc import Sequence

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
