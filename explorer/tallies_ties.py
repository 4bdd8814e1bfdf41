"""The seam where ties between people are counted: who answers, names and passes on whom, and who repeats the same.

Like explorer.tallies: expressions that never name an engine; big tables in, small frames out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import ibis
import pandas as pd
from ibis import _

from explorer.study import Topic
from explorer.tallies import Tallies
from explorer.tallies_engine import instant, once

Span = tuple[pd.Timestamp, pd.Timestamp]
Interaction = Literal["repost", "reply", "quote", "mention", "same link"]
#: The column that names the post that an interaction answers.
PARENTS: dict[str, str] = {"repost": "repost_of", "reply": "in_reply_to", "quote": "quote_of"}
#: Authors of one address beyond which it ties nobody: it is the news of the day, and its pairs grow with the square.
MOST_LINKING = 100
#: An address in a text.
ADDRESS = r"https?://[^\s\"'<>\],]+"
#: What stands between words, handles included, unless it is one blank: that would be replaced by itself, word by word.
_BETWEEN = r"(?: ?(?:@\w+|[^\p{L}\p{N} ])|  )(?:@\w+|[^\p{L}\p{N}])*"


class TieTallies(Tallies):
    """The tables of one store, counted by ties. A span is first instant, first instant no longer; None = everything."""

    def repeated_texts(self, *, accounts: int, characters: int) -> pd.DataFrame:
        """Return the posts whose words at least `accounts` authors wrote letter by letter, addresses and handles aside.

        Columns: `platform`, `id`, `author_key`, `created_at`, `text`, `key` (the words compared). Texts shorter than
        `characters` are left out: people say "thank you" in the same words without arranging it.
        """
        own = self._posts().filter((_.kind != "repost") & _.author_key.notnull() & _.text.notnull())
        # Kept, or the words are made up anew for each use; and only as a number, of which equal words have the same.
        words = _words(own.text)
        marks = self._keep(own.select("platform", "id", _mark=words.hash(), _length=words.length()))
        marks = marks.filter(_._length >= characters + 2)  # with the blank at each end
        several = marks.group_by("platform", "_mark").aggregate(_n=_.count()).filter(_._n >= accounts)
        alike = self._keep(marks.semi_join(several, ["platform", "_mark"]).select("platform", "id"))
        some = own.semi_join(alike, ["platform", "id"]).select("platform", "id", "author_key", "created_at", "text")
        some = self._keep(some.mutate(key=_words(some.text)))
        shared = some.group_by("platform", "key").aggregate(_n=_.author_key.nunique()).filter(_._n >= accounts)
        chosen = some.semi_join(shared, ["platform", "key"]).mutate(key=_.key.strip())
        return self._frame(chosen.order_by("platform", "key", "created_at", "id"))

    def shared_links(self, *, accounts: int) -> pd.DataFrame:
        """Return the addresses that at least `accounts` authors of one platform posted: `platform`, `id`, `author_key`,
        `created_at`, `key` (the address); one row per post and address.
        """
        own = self._links(self._posts().filter((_.kind != "repost") & _.author_key.notnull()))
        shared = own.group_by("platform", "key").aggregate(n=_.author_key.nunique()).filter(_.n >= accounts).drop("n")
        return self._frame(own.semi_join(shared, ["platform", "key"]).order_by("platform", "key", "created_at", "id"))

    def interactions(
        self, kinds: Sequence[Interaction], topics: Sequence[Topic] | None = None, span: Span | None = None
    ) -> pd.DataFrame:
        """Return who answers whom: `kind`, `source`, `target` (author keys), `weight` (how often), strongest first.

        An interaction whose other side was not collected has a null target: how many they are says how much is missing.
        Answers to oneself are left out, and so is the name of someone in an answer to that very person. A "same link" ties the
        authors who posted one address, each pair with 1 / (authors of the address - 1) as in Newman (2001): what everybody
        links ties nobody. Addresses of more than MOST_LINKING authors are left out.
        """
        posts = self._within(self._posts(), span) if topics is None else self._once(topics, span)
        known = self._posts().select("platform", parent="id", target="author_key")
        parts = []
        for kind in kinds:
            if kind == "same link":
                pairs = self._linking(posts)
            elif kind == "mention":
                pairs = self._naming(posts, known)
            else:
                parent = PARENTS[kind]
                asks = posts.filter(_[parent].notnull() & _.author_key.notnull())
                asks = asks.select("platform", parent=_[parent], source=_.author_key)
                pairs = asks.left_join(known, ["platform", "parent"]).group_by("source", "target")
                pairs = pairs.aggregate(weight=_.count().cast("float64"))
            parts.append(pairs.mutate(kind=ibis.literal(kind)).select("kind", "source", "target", "weight"))
        every = ibis.union(*parts) if len(parts) > 1 else parts[0]
        kept = every.filter(_.target.isnull() | (_.source != _.target))
        return self._frame(kept.order_by([_.weight.desc(), _.kind, _.source, _.target]))

    def _naming(self, posts: Any, known: Any) -> Any:
        """Return who names whom: `source`, `target` (null where the account named never wrote here), `weight`."""
        own = posts.filter((_.kind != "repost") & _.mentions.notnull() & _.author_key.notnull())
        own = own.select(
            "platform", "id", "in_reply_to", source=_.author_key, named=_.mentions.re_split(r'[\s"\[\],]+')
        )
        own = own.mutate(named=_.named.unnest()).filter(_.named != "").pipe(once)
        answered = own.select("platform", "id", parent=_.in_reply_to).filter(_.parent.notnull()).pipe(once)
        answered = answered.inner_join(known, ["platform", "parent"]).select("platform", "id", named="target")
        own = own.anti_join(answered, ["platform", "id", "named"])
        writers = known.select(named="target").filter(_.named.notnull()).pipe(once).mutate(target=_.named)
        return own.left_join(writers, "named").group_by("source", "target").aggregate(weight=_.count().cast("float64"))

    def _linking(self, posts: Any) -> Any:
        """Return who links the same: `source` < `target`, `weight`."""
        own = self._links(posts.filter((_.kind != "repost") & _.author_key.notnull()))
        own = own.select("platform", "author_key", "key").pipe(once)
        size = own.group_by("platform", "key").aggregate(n=_.count()).filter((_.n >= 2) & (_.n <= MOST_LINKING))
        own = own.inner_join(size, ["platform", "key"]).select("platform", "key", "n", source=_.author_key)
        other = own.select("platform", "key", target="source")
        pairs = own.inner_join(other, ["platform", "key"]).filter(_.source < _.target)
        return pairs.group_by("source", "target").aggregate(weight=(1 / (_.n - 1)).sum())

    def _links(self, own: Any) -> Any:
        """Return `platform`, `id`, `author_key`, `created_at`, `key`: a row for each address that a post holds."""
        own = own.mutate(key=ibis.coalesce(_.links, _.text)).filter(_.key.contains("://"))
        pieces = _.key.re_split(r"[\s\"\[\],]+")
        own = own.select("platform", "id", "author_key", "created_at", key=pieces).mutate(key=_.key.unnest())
        return own.filter(_.key.re_search(r"^https?://.")).pipe(once)

    def _once(self, topics: Sequence[Topic], span: Span | None) -> Any:
        """Posts of any of the topics, each once."""
        hit = self._tagged(topics).select("platform", "id").pipe(once)
        return self._within(self._posts().semi_join(hit, ["platform", "id"]), span)

    def _within(self, posts: Any, span: Span | None) -> Any:
        if span is None:
            return posts
        return posts.filter((_.created_at >= instant(span[0])) & (_.created_at < instant(span[1])))


def _words(text: Any) -> Any:
    """Return what is compared of a text: a blank at both ends, as taking ends off is dearer than to clean what is between."""
    return (ibis.literal(" ") + text.lower() + " ").re_replace(ADDRESS, " ").re_replace(_BETWEEN, " ")
