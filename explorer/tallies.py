"""The seam: everything that reads the big tables, as Ibis expressions that never name an engine.

Big tables in, small frames out. DuckDB in this process by default; the same expressions run on Spark.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import ibis
import pandas as pd
import pyarrow as pa
from ibis import _

from explorer import tallies_beginnings
from explorer.study import Study, Topic, fold
from explorer.tallies_engine import cached, instant, is_large, once, open_engine, read_files, to_arrow
from explorer.tallies_posts import Posts, newest
from sources.store import Store
from sources.tables import TABLES

#: Ibis' unit of truncation for every grain.
UNITS = {"hour": "h", "day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}

#: An account with this many posts on one topic in one period speaks without pause; ordinary authors of a topic write 1 or 2.
LOUD_POSTS = {"hour": 3, "day": 4, "week": 5, "month": 15, "quarter": 45, "year": 180}

#: Studies whose posts stay worked out in memory: the one that is looked at, and the one before.
_KEPT_OPEN = 2
_OPENED: OrderedDict[tuple[Any, ...], Tallies] = OrderedDict()
_OPENING = threading.Lock()


@dataclass(frozen=True)
class Binning:
    """How instants become periods. `week_start`: 0 Monday .. 6 Sunday (Google Trends weeks start on Sunday)."""

    grain: str
    week_start: int = 0


@dataclass(frozen=True)
class _Stored:
    files: tuple[str, ...]
    rows: Any
    absent: frozenset[str]  # columns that no file has a value of


class Tallies:
    """The tables of one store, opened in one engine, for any number of threads.

    What is worked out of the posts stays as it was when it was opened; the other tables are read when they are asked for.

    Parameters
    ----------
    topics : of the whole study. Posts are then told apart once for all of them: a post that a query of one topic has met is not
        searched for the words of another.
    """

    def __init__(self, store: Store, engine: Any = None, *, topics: Sequence[Topic] = ()) -> None:
        self._store, self._topics = store, tuple(topics)
        self._rows: dict[str, _Stored] = {}
        self._versions: Posts | None = None
        self._newest: Any = None
        self._kept = 0
        self._tags: dict[tuple[tuple[str, ...], ...], Any] = {}
        self._large = is_large(store.files("posts"))
        self._engine = engine if engine is not None else open_engine("duckdb", large=self._large)
        self._turn = threading.RLock()
        self._unused: deque[str] = deque()

    @classmethod
    def of(cls, study: Study) -> Self:
        """Return the tables of a study as they are now; what is worked out for the same posts is not worked out again."""
        root, files = study.store.root, tuple(study.store.files("posts"))
        key = (root, files, study.engine, _names(study.topics))
        with _OPENING:
            for old in [k for k in _OPENED if k[0] == root and k[1] != files]:
                del _OPENED[old]  # what has been forgotten since leaves the memory too
            if key not in _OPENED:
                _OPENED[key] = Tallies(
                    study.store, open_engine(study.engine, large=is_large(files)), topics=study.topics
                )
            _OPENED.move_to_end(key)
            while len(_OPENED) > _KEPT_OPEN:
                _OPENED.popitem(last=False)
            return cls.over(_OPENED[key])

    @classmethod
    def over(cls, tallies: Tallies) -> Self:
        """Return the same tables, counted as this class counts."""
        if isinstance(tallies, cls):
            return tallies
        same = cls.__new__(cls)
        same.__dict__ = tallies.__dict__
        return same

    def latest(self, table: str) -> Any:
        """Return the table with the newest row of every key, as an expression; empty when nothing was stored."""
        rows = self._stored(table)
        return newest(rows, table, self._absent(table))

    def interest(self, terms: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the interest rows, of `terms` only if given; `term` is compared as names are (`study.fold`)."""
        frame = self._frame(self.latest("interest"))
        if terms is not None:
            asked = {fold(t) for t in terms}
            frame = frame[frame["term"].isin([t for t in frame["term"].unique() if fold(t) in asked])]
        return frame.reset_index(drop=True)

    def counts(self) -> pd.DataFrame:
        """Return the rows of the counts table."""
        return self._frame(self.latest("counts"))

    def small(self, table: str) -> pd.DataFrame:
        """Return a table that is small by nature (coverage, queries, regions, content)."""
        return self._frame(self.latest(table))

    def n_posts(self) -> int:
        """Return the number of distinct posts stored."""
        return int(self._frame(self._told_apart().instants.aggregate(n=_.n.sum().fill_null(0))).loc[0, "n"])

    def post_queries(self) -> list[str]:
        """Return the names of the queries that matched the posts in their source, without the unknown ones."""
        # Over all versions of a post: names need no newest one, and finding it takes memory by the row.
        named = self._stored("posts").filter(_.query != "").group_by("query").aggregate(n=_.count())
        return list(self._frame(named.order_by([_.n.desc(), _.query]).limit(500))["query"])

    def posts_span(self) -> tuple[pd.Timestamp, pd.Timestamp] | None:
        """Return the first and last instant of the stored posts; None when there are none."""
        posts = self._posts()
        row = self._frame(posts.aggregate(first=_.created_at.min(), last=_.created_at.max())).iloc[0]
        return None if pd.isna(row["first"]) else (row["first"], row["last"])

    def posts_per_period(self, binning: Binning) -> pd.DataFrame:
        """Return `period`, `posts` of all posts, whatever their topic: a period without any post was not collected."""
        instants = self._told_apart().instants.mutate(period=period_of(_.created_at, binning))
        counted = instants.group_by("period").aggregate(posts=_.n.sum()).filter(_.posts > 0)
        return self._frame(counted.order_by("period"))

    def posts_by_topic(self, topics: Sequence[Topic], binning: Binning) -> pd.DataFrame:
        """Return `topic`, `period`, `posts` (reposts included), one row per (topic, period) that has at least one."""
        said = self._tagged(topics).mutate(period=period_of(_.created_at, binning))
        return self._frame(said.group_by("topic", "period").aggregate(posts=_.count()).order_by("topic", "period"))

    def voice(self, topics: Sequence[Topic], binning: Binning) -> pd.DataFrame:
        """Return who speaks of what: one row per (topic, period) that has at least one post.

        Columns: `topic`, `period`, `posts` (reposts not counted), `reposts`, `authors` (distinct, reposts not counted),
        `loud_authors` (accounts with at least LOUD_POSTS posts), `unsigned` (posts without an author key).
        """
        said = self._tagged(topics).mutate(period=period_of(_.created_at, binning))
        own = said.filter(_.kind != "repost")
        by_author = own.group_by("topic", "period", "author_key").aggregate(n=_.count())
        people = by_author.group_by("topic", "period").aggregate(
            posts=_.n.sum(),
            authors=_.author_key.count(),
            loud_authors=(_.author_key.notnull() & (_.n >= LOUD_POSTS[binning.grain])).sum(),
            unsigned=ibis.cases((_.author_key.isnull(), _.n), else_=0).sum(),
        )
        passed_on = said.filter(_.kind == "repost").group_by("topic", "period").aggregate(reposts=_.count())
        joined = people.outer_join(passed_on, ["topic", "period"])
        return self._frame(
            joined.select(
                topic=ibis.coalesce(joined.topic, joined.topic_right),
                period=ibis.coalesce(joined.period, joined.period_right),
                posts=joined.posts.fill_null(0),
                reposts=joined.reposts.fill_null(0),
                authors=joined.authors.fill_null(0),
                loud_authors=joined.loud_authors.fill_null(0),
                unsigned=joined.unsigned.fill_null(0),
            ).order_by("topic", "period")
        )

    def sample(self, topic: Topic, n: int = 5) -> pd.DataFrame:
        """Return posts of a topic that many people met: `created_at`, `platform`, `kind`, `text`, `like_count`, `country`."""
        said = self._tagged([topic]).filter((_.kind != "repost") & _.text.notnull())
        chosen = said.order_by([_.like_count.fill_null(0).desc(), _.id]).limit(n)
        return self._frame(chosen.select("created_at", "platform", "kind", "text", "like_count", "country"))

    def volume(self, topics: Sequence[Topic], binning: Binning) -> pd.DataFrame:
        """Return how much of each topic there was: one row per (topic, period) that has at least one post, reposts included.

        Columns: `topic`, `period`, `posts`, `authors`, `squares` (sum of squared posts of an author, for the effective number),
        `negative` (posts labelled so) and `judged` (posts with a label), `reach` (followers, each account once; null = not
        known), `countries`.
        """
        said = self._tagged(topics).mutate(period=period_of(_.created_at, binning))
        by_author = said.group_by("topic", "period", "author_key").aggregate(
            n=_.count(),
            negative=(_.sentiment_label == "negative").sum(),
            judged=_.sentiment_label.count(),
            followers=_.author_followers.max(),
        )
        people = by_author.group_by("topic", "period").aggregate(
            posts=_.n.sum(),
            authors=_.author_key.count(),
            squares=ibis.cases((_.author_key.notnull(), _.n * _.n), else_=_.n).sum(),
            negative=_.negative.sum(),
            judged=_.judged.sum(),
            reach=_.followers.sum(),
        )
        places = said.group_by("topic", "period").aggregate(countries=_.country.nunique())
        joined = people.inner_join(places, ["topic", "period"])
        return self._frame(joined.order_by("topic", "period"))

    def hits(self, topic: Topic, limit: int = 200_000) -> pd.DataFrame:
        """Return the newest posts of a topic, oldest first: `id`, `created_at`, `author_key`, `negative` (null = unjudged)."""
        newest = self._tagged([topic]).order_by([_.created_at.desc(), _.id]).limit(limit)
        chosen = newest.select("id", "created_at", "author_key", negative=_.sentiment_label == "negative")
        return self._frame(chosen.order_by(["created_at", "id"]))

    def posts_between(
        self, topics: Sequence[Topic], start: pd.Timestamp, end: pd.Timestamp, limit: int = 200_000
    ) -> pd.DataFrame:
        """Return the posts of topics in [`start`, `end`), each once, oldest first, with what spread and cards need of them."""
        inside = self._tagged(topics).filter((_.created_at >= instant(start)) & (_.created_at < instant(end)))
        columns = [
            "id", "platform", "kind", "created_at", "author_key", "author_kind", "author_followers", "country", "text",
            "title", "links", "in_reply_to", "repost_of", "quote_of", "sentiment_label", "community", "url",
        ]  # fmt: skip
        posts = inside.select(columns).pipe(once).order_by(["created_at", "id"]).limit(limit)
        return self._frame(posts)

    def people_by_country(self, topic: Topic) -> pd.Series:
        """Return the accounts that wrote on a topic by country; those without a country are left out."""
        known = self._tagged([topic]).filter(_.country.notnull() & _.author_key.notnull())
        frame = self._frame(known.group_by("country").aggregate(authors=_.author_key.nunique()))
        return frame.set_index("country")["authors"]

    def account(self, author_keys: Sequence[str]) -> pd.DataFrame:
        """Return what accounts posted, whatever the topic: `id`, `created_at`, `author_key`, `author_followers`, `text`."""
        own = self._posts().filter(_.author_key.isin(list(author_keys)) & (_.kind != "repost"))
        chosen = own.select("id", "created_at", "author_key", "author_followers", "text")
        return self._frame(chosen.order_by(["created_at", "id"]))

    def distinct_texts(
        self, topics: Sequence[Topic], stems: Mapping[str, Sequence[str]], *, limit: int, others: int
    ) -> pd.DataFrame:
        """Return distinct texts of the posts of some topics, and how many distinct ones each topic has.

        Parameters
        ----------
        topics : all topics of the study, so that posts are told apart once for all of them.
        stems : per id of a topic asked for, beginnings of folded words; up to `limit` of its texts that hold a word which
            begins like one, and up to `others` of the rest. What is left out is chosen by a hash of the text: the same on every
            engine, like by chance.

        Returns
        -------
        `topic`, `text`, `posts` (that say it; reposts not counted), `holds` (one of the stems), `every` (distinct texts there
        are of the topic).
        """
        columns = ["topic", "text", "posts", "holds", "every"]
        if not stems or not self.n_posts():
            return pd.DataFrame({c: [] for c in columns})
        said = self._tagged(topics).filter(_.topic.isin(list(stems)) & (_.kind != "repost"))
        said = said.mutate(text=(ibis.coalesce(_.title, "") + ibis.literal(" ") + ibis.coalesce(_.text, "")).strip())
        distinct = said.filter(_.text != "").group_by("topic", "text").aggregate(posts=_.count())
        texts = self._keep(distinct.mutate(mark=_.text.hexdigest("md5")))
        if any(stems.values()):
            held = tallies_beginnings.holding(texts, stems, self._keep).mutate(_held=ibis.literal(value=True))
            texts = texts.left_join(held, ["topic", "mark"]).select(*texts.columns, holds=_._held.notnull())
        else:
            texts = texts.mutate(holds=ibis.literal(value=False))
        order = ibis.row_number().over(ibis.window(group_by=["topic", "holds"], order_by=[_.mark]))
        ranked = texts.mutate(place=order, every=_.count().over(ibis.window(group_by="topic")))
        kept = ranked.filter(_.place < ibis.ifelse(_.holds, limit, others)).order_by(["topic", "holds", "place"])
        return self._frame(kept.select(columns))

    def topics_of(self, topics: Sequence[Topic]) -> pd.DataFrame:
        """Return `platform`, `id`, `topic` of every post that belongs to a topic; a post may belong to several."""
        return self._frame(self._tagged(topics).select("platform", "id", "topic"))

    def _tagged(self, topics: Sequence[Topic]) -> Any:
        """Posts x topics they belong to: by every query that matched them in their source, else by their own words."""
        key = _names(topics)
        if topics and set(key) < set(_names(self._topics)):
            return self._tagged(self._topics).filter(_.topic.isin([t.id for t in topics]))
        with self._turn:
            if key not in self._tags:
                posts = self._told_apart()
                self._tags[key] = posts.kept(posts.tagged(topics))
            return self._tags[key]

    def _stored(self, table: str) -> Any:
        """Every stored row of a table, older versions included, as an expression."""
        files = tuple(self._store.files(table))
        if not files:
            # What is kept of it forgets which columns are never null, and only rows of the same kind go together.
            return ibis.memtable(pa.schema([f.with_nullable(True) for f in TABLES[table]]).empty_table())
        with self._turn:
            if table not in self._rows or self._rows[table].files != files:
                rows = read_files(self._engine, files)
                absent = {n: t for n, t in ibis.Schema.from_pyarrow(TABLES[table]).items() if n not in rows.columns}
                others = [n for n in rows.columns if n not in TABLES[table].names]
                rows = rows.mutate(**{name: ibis.null(kind) for name, kind in absent.items()})
                rows = rows.select(*TABLES[table].names, *others)
                self._rows[table] = _Stored(files, rows, frozenset(absent))
            return self._rows[table].rows

    def _absent(self, table: str) -> frozenset[str]:
        return self._rows[table].absent if table in self._rows else frozenset()

    def _told_apart(self) -> Posts:
        with self._turn:
            if self._versions is None:
                rows = self._stored("posts")
                self._versions = Posts.of(rows, self._absent("posts"), self._keep)
            return self._versions

    def _posts(self) -> Any:
        """The newest version of every post without the columns UNREAD."""
        with self._turn:
            if self._newest is None:
                posts = self._told_apart()
                # The files of a large study are read anew for each question: they are packed already.
                self._newest = posts.newest if self._large else posts.kept(posts.newest)
            return self._newest

    def _keep(self, expression: Any) -> Any:
        """Work an expression out once and return the result as a table of this session, which goes when nobody uses it."""
        with self._turn:
            if self._engine.name == "pyspark":
                return cached(self._engine, expression)
            while self._unused:
                # By hand: Ibis 12 leaves the name out of the statement with the sqlglot of today.
                self._engine.raw_sql(f"DROP TABLE {self._unused.popleft()}")
            self._kept += 1
            name = f"kept_{self._kept}"
            table = self._engine.create_table(name, expression)
            # Dropped with the next one that is kept: a table may lose its last user in the midst of another query.
            weakref.finalize(table.op(), self._unused.append, name)
            return table

    def _frame(self, expression: Any) -> pd.DataFrame:
        # Through Arrow: Ibis 12's own pandas conversion touches an option that pandas 3 warns about.
        with self._turn:
            frame: pd.DataFrame = to_arrow(self._engine, expression).to_pandas()
        for column in frame.select_dtypes("datetime").columns:
            frame[column] = frame[column].dt.tz_localize("UTC")
        return frame


def period_of(instant: Any, binning: Binning) -> Any:
    """First instant of the period that holds `instant`."""
    unit = UNITS[binning.grain]
    if binning.grain != "week" or binning.week_start == 0:
        return instant.truncate(unit)
    shift = ibis.interval(days=binning.week_start)
    return (instant - shift).truncate(unit) + shift


def _names(topics: Sequence[Topic]) -> tuple[tuple[str, ...], ...]:
    """Return what decides which posts belong to each topic."""
    return tuple((t.id, t.social, t.label, *sorted(t.labels.values())) for t in topics)
