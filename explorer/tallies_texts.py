"""The seam where texts are read: bounded random samples of posts, never all of them."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import pandas as pd
from ibis import _

from explorer.study import Topic
from explorer.tallies import Binning, period_of
from explorer.tallies_engine import once
from explorer.tallies_people import PeopleTallies
from explorer.tallies_ties import ADDRESS, Span


class TextTallies(PeopleTallies):
    """The tables of one store, with samples of what is written."""

    def texts(self, topics: Sequence[Topic], span: Span | None = None, *, limit: int = 1000) -> pd.DataFrame:
        """Return a random sample of posts in people's own words: `text`, `lang`, `author_key`, `sentiment_label`,
        `sentiment_source`; the same at every call. At most `limit` rows, each post once.
        """
        own = self._once(topics, span).filter((_.kind != "repost") & _.text.notnull())
        # The hash of an id has nothing to do with what the post says or when.
        chosen = own.order_by([_.id.hexdigest("md5"), _.platform, _.id]).limit(limit)
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
        chosen = own.filter(_.text != "").order_by([_.id.hexdigest("md5"), _.platform, _.id, _.topic]).limit(limit)
        return self._frame(
            chosen.select(
                "topic", "author_key", "text", "lang", "created_at", "platform", "author_kind", "community",
                "sentiment_label", followers=_.author_followers,
            )
        )  # fmt: skip

    def carried(self, topics: Sequence[Topic], binning: Binning, span: Span | None = None) -> pd.DataFrame:
        """Return the hashtags and sites that posts carry: `kind` ('hashtag' | 'site'), `item`, `period`, `posts`, `authors`.

        Hashtags are those of the source and those in the text, in lower case and without their sign; sites are hosts of the
        links, without "www.". `item` "" counts the posts that carry any of the kind, and `kind` "" all posts of the period.
        Posts without an author key are left out, as nobody can be counted by them.
        """
        own = self._once(topics, span).filter((_.kind != "repost") & _.author_key.notnull())
        own = own.mutate(period=period_of(_.created_at, binning))
        each = own.select("platform", "id", "author_key", "period", "text", "tags", "domains", "links")
        words = each.text.lower().re_replace(ADDRESS, " ").re_split(r"[^\p{L}\p{N}_#]+")
        signed = each.mutate(item=words).mutate(item=_.item.unnest())
        signed = signed.filter(_.item.re_search(r"^#[\p{L}\p{N}_]*\p{L}[\p{L}\p{N}_]*$")).mutate(item=_.item.substr(1))
        given = each.filter(_.tags.notnull()).mutate(item=_.tags.lower().re_split(r'"\s*,\s*"|^\s*\["|"\]\s*$'))
        hosts = each.filter(_.domains.notnull()).mutate(item=_.domains.lower().re_split(r"[\s\"\[\],]+"))
        linked = each.filter(_.domains.isnull())
        pieces = ibis.coalesce(linked.links, linked.text).lower().re_split(r"[\s\"\[\],<>()']+")
        linked = linked.mutate(item=pieces).mutate(item=_.item.unnest()).filter(_.item.re_search("^https?://."))
        linked = linked.mutate(item=_.item.re_extract("^https?://([^/:?#]+)", 1))
        columns = ["platform", "id", "author_key", "period", "item"]
        every = {
            "hashtag": (signed, given.mutate(item=_.item.unnest())),
            "site": (hosts.mutate(item=_.item.unnest()), linked),
        }
        rows = [each.select(*columns[:-1], item=ibis.literal(""), kind=ibis.literal(""))]
        for kind, parts in every.items():
            # Taken once a post: a tag that the source gives and the text repeats is one.
            met = ibis.union(*(p.select(columns) for p in parts))
            met = met.mutate(item=_.item.re_replace(r"^www\.", "").strip()).filter(_.item != "").pipe(once)
            met = met.mutate(kind=ibis.literal(kind))
            rows += [met, met.mutate(item=ibis.literal("")).pipe(once)]
        per = ibis.union(*(r.select(*columns, "kind") for r in rows)).group_by("kind", "item", "period")
        counted = per.aggregate(posts=_.count(), authors=_.author_key.nunique())
        return self._frame(counted.order_by("kind", "item", "period"))
