"""The seam where stored posts become posts: the newest version of each, and the topics it belongs to.

Like explorer.tallies: expressions that never name an engine.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
from ibis import _

from explorer import tallies_matching
from explorer.study import Topic
from explorer.tallies_engine import once
from sources.tables import KEYS, STAMP, TABLES

#: Columns of posts that no count reads: left on disk, where the others are worked out once and stay at hand.
UNREAD = (
    "thread_id", "created_at_claimed", "time_quality", "text_is_excerpt", "lang_source", "country_source", "author_verified",
    "reactions", "sentiment", "raw_ref", "flags", "query", "source", "fetched_at", "batch_id",
)  # fmt: skip
_KEY = list(KEYS["posts"])
Keep = Callable[[Any], Any]


@dataclass(frozen=True)
class Posts:
    """Stored posts, told apart by how often they are stored: few are more than once, and only those are put in order.

    Parameters
    ----------
    rows : all that is stored, every version of every post.
    absent : columns that hold nothing but nulls.
    keep : works an expression out once.
    single : the posts of which one version is stored.
    versions : all versions of the others.
    several : the newest of these, without the columns UNREAD.
    """

    rows: Any
    absent: frozenset[str]
    keep: Keep
    single: Any
    versions: Any
    several: Any

    @classmethod
    def of(cls, rows: Any, absent: frozenset[str], keep: Keep) -> Posts:
        """Tell stored rows apart."""
        again = keep(rows.group_by(_KEY).aggregate(_n=_.count()).filter(_._n > 1).drop("_n"))
        versions = _without(rows.semi_join(again, _KEY), absent, keep)
        several = _without(newest(versions, "posts", absent).drop(*UNREAD), absent, keep)
        return cls(rows, absent, keep, rows.anti_join(again, _KEY), versions, several)

    def kept(self, posts: Any) -> Any:
        """Work posts out once; columns without any value take no place, and are there all the same."""
        return _without(posts, self.absent, self.keep)

    @property
    def newest(self) -> Any:
        """The newest version of every post without the columns UNREAD."""
        return self.single.drop(*UNREAD).union(self.several)

    @property
    def instants(self) -> Any:
        """`created_at` and `n` whose sum is a number of posts: what is stored, less all versions of a post but its newest."""
        return ibis.union(
            self.rows.select("created_at", n=ibis.literal(1)),
            self.versions.select("created_at", n=ibis.literal(-1)),
            self.several.select("created_at", n=ibis.literal(1)),
        )

    def tagged(self, topics: Sequence[Topic]) -> Any:
        """Return posts x topics they belong to: by every query that matched them in their source, else by their own words."""
        names = pd.DataFrame(
            [(n.strip().lower(), t.id) for t in topics for n in {t.id, t.label, t.social, *t.labels.values()} if n],
            columns=["_name", "topic"],
        ).drop_duplicates()
        keep, mapping = self.keep, ibis.memtable(pa.Table.from_pandas(names, preserve_index=False))
        queries = self.rows.select("query").pipe(once).mutate(_name=_.query.strip().lower())
        named = keep(queries.inner_join(mapping, "_name").select("query", "topic"))
        # A second query that meets a post stores a version with its own name.
        met = keep(self.versions.inner_join(named, "query").select(*_KEY, "topic").pipe(once))
        # Only posts that no query of the study has matched are searched for words: that is the costly part.
        words = ibis.coalesce(_.title, "") + ibis.literal(" ") + ibis.coalesce(_.text, "")
        unmet = self.single.anti_join(named, "query"), self.several.anti_join(met, _KEY)
        rest = keep(ibis.union(*(posts.select(*_KEY, _words=words) for posts in unmet)))
        spoken = tallies_matching.spoken(rest, topics, keep)
        parts = [self.single.inner_join(named, "query"), self.several.inner_join(met, _KEY)]
        if spoken:
            parts.append(self.newest.inner_join(ibis.union(*spoken) if len(spoken) > 1 else spoken[0], _KEY))
        return ibis.union(*(part.select(*self.several.columns, "topic") for part in parts))


def _without(posts: Any, absent: Collection[str], keep: Keep) -> Any:
    columns, nulls = posts.columns, {c: ibis.null(posts[c].type()) for c in posts.columns if c in absent}
    return keep(posts.drop(*nulls)).mutate(**nulls).select(columns) if nulls else keep(posts)


def newest(rows: Any, table: str, absent: Collection[str] = ()) -> Any:
    """Return the newest row of every key (`sources.tables.KEYS`); `absent` names columns that hold nothing but nulls.

    Of rows that one batch brought twice, the one with the greater values stands, column by column: counts only grow, and every
    engine takes the same.
    """
    others = [n for n in TABLES[table].names if n not in (*KEYS[table], *STAMP, *absent)]
    order = [_[n].desc() for n in ("fetched_at", "batch_id", *others)]
    place = ibis.row_number().over(ibis.window(group_by=list(KEYS[table]), order_by=order))
    return rows.mutate(_place=place).filter(_._place == 0).drop("_place")
