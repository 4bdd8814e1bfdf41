"""The questions of benchmarks/engine.py three times: as the product asks them, as SQL by hand, and in pandas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

#: What the questions below need of a post.
COLUMNS = (
    "platform", "id", "kind", "created_at", "text", "author_key", "author_followers", "country", "like_count",
    "sentiment_label", "query",
)  # fmt: skip
LOUD = 5

SQL = {
    "periods": "select date_trunc('week', created_at) as period, count(*) as posts from newest group by all",
    "voice": f"""
        with own as (select topic, date_trunc('week', created_at) as period, author_key, count(*) as n
                     from said where kind <> 'repost' group by all),
        people as (select topic, period, sum(n) as posts, count(author_key) as authors,
                          sum((author_key is not null and n >= {LOUD})::int) as loud_authors,
                          sum(case when author_key is null then n else 0 end) as unsigned from own group by all),
        passed as (select topic, date_trunc('week', created_at) as period, count(*) as reposts
                   from said where kind = 'repost' group by all)
        select * from people full join passed using (topic, period)""",
    "volume": """
        with by_author as (select topic, date_trunc('day', created_at) as period, author_key, count(*) as n,
                sum((sentiment_label = 'negative')::int) as negative, count(sentiment_label) as judged,
                max(author_followers) as followers from said group by all),
        people as (select topic, period, sum(n) as posts, count(author_key) as authors,
                sum(case when author_key is not null then n * n else n end) as squares, sum(negative) as negative,
                sum(judged) as judged, sum(followers) as reach from by_author group by all),
        places as (select topic, date_trunc('day', created_at) as period, count(distinct country) as countries
                   from said group by all)
        select * from people join places using (topic, period)""",
    "authors": """
        with own as (select platform, id, author_key, topic from said where kind <> 'repost' and author_key is not null),
        every as (select distinct platform, id, author_key, '' as topic from own),
        per as (select topic, author_key, count(*) as posts from (from own union all by name from every) group by all)
        select topic, posts, count(*) as authors from per group by all""",
    "traits": """
        select topic, date_trunc('month', created_at) as period, country as value, count(*) as posts,
               count(distinct author_key) as authors from said where kind <> 'repost' group by all""",
    "opinions": """
        with per as (select topic, author_key, sum((sentiment_label = 'negative')::int) as negative,
                sum((sentiment_label = 'neutral')::int) as neutral, sum((sentiment_label = 'positive')::int) as positive
            from said where kind <> 'repost' and author_key is not null and sentiment_label is not null group by all),
        most as (select *, greatest(negative, neutral, positive) as n from per)
        select topic, negative = n as negative, neutral = n as neutral, positive = n as positive, count(*) as authors
        from most group by all""",
    "ranked": """
        select topic, id, author_key, sentiment_label, like_count as count from said
        where kind <> 'repost' and like_count > 0
        qualify row_number() over (partition by topic order by like_count desc, id) <= 25""",
    "repeated": r"""
        with own as (select platform, id, author_key, created_at, text, trim(regexp_replace(regexp_replace(regexp_replace(
                lower(text), 'https?://[^\s"''<>\],]+', ' ', 'g'), '@\w+', ' ', 'g'), '[^\p{L}\p{N}]+', ' ', 'g')) as key
            from newest where kind <> 'repost' and author_key is not null and text is not null),
        long as (from own where length(key) >= 40),
        shared as (select platform, key from long group by all having count(distinct author_key) >= 3)
        select long.* from long semi join shared using (platform, key)""",
}


def product(folder: Path, memory: str = "") -> tuple[Callable[[], Any], dict[str, Callable[[], pd.DataFrame]]]:
    """Return how the product opens a study, and its questions."""
    from explorer.study import read_study
    from explorer.tallies import Binning
    from explorer.tallies_engine import is_large, open_engine
    from explorer.tallies_texts import TextTallies

    study = read_study(folder)
    engine = open_engine("duckdb", large=is_large(study.store.files("posts")))
    engine.raw_sql("SET threads = 1")
    if memory:
        engine.raw_sql(f"SET memory_limit = '{memory}'")
    tallies, topics = TextTallies(study.store, engine, topics=study.topics), study.topics

    def opened() -> None:
        tallies._tagged(topics)

    return opened, {
        "periods": lambda: tallies.posts_per_period(Binning("week")),
        "voice": lambda: tallies.voice(topics, Binning("week")),
        "volume": lambda: tallies.volume(topics, Binning("day")),
        "authors": lambda: tallies.per_author(topics),
        "traits": lambda: tallies.traits(topics, "country", Binning("month")),
        "opinions": lambda: tallies.opinions(topics),
        "ranked": lambda: tallies.ranked(topics, 25),
        "repeated": lambda: tallies.repeated_texts(accounts=3, characters=40),
    }


def by_hand(folder: Path, memory: str = "") -> tuple[Callable[[], Any], dict[str, Callable[[], pd.DataFrame]]]:
    """Return the same in SQL: the newest posts and their topics as two tables, with the columns that are asked for."""
    import duckdb

    from explorer.study import read_study

    study, connection = read_study(folder), duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'; SET threads = 1")
    if memory:
        connection.execute(f"SET memory_limit = '{memory}'")
    names = pd.DataFrame({"query": [t.label.lower() for t in study.topics], "topic": [t.id for t in study.topics]})
    files = study.store.files("posts")

    def opened() -> None:
        connection.register("names", names)
        connection.execute(
            f"""create temp table newest as select {", ".join(COLUMNS)} from read_parquet({files!r})
            qualify row_number() over (partition by platform, id order by fetched_at desc, batch_id desc) = 1;
            create temp table said as select newest.* exclude (query), topic from newest
            join (select distinct platform, id, topic from read_parquet({files!r}) p
                  join names on lower(trim(p.query)) = names.query) using (platform, id)"""
        )

    return opened, {name: lambda q=query: connection.execute(q).df() for name, query in SQL.items()}


def pandas(folder: Path, memory: str = "") -> tuple[Callable[[], Any], dict[str, Callable[[], pd.DataFrame]]]:
    """Return the same in pandas, each question in the shortest way that is not slow."""
    import pyarrow.dataset as ds

    from explorer.study import read_study

    study, held = read_study(folder), {}

    def opened() -> None:
        table = ds.dataset(study.store.files("posts")).to_table(columns=[*COLUMNS, "fetched_at", "batch_id"])
        rows = table.to_pandas()
        del table
        names = pd.Series({t.label.lower(): t.id for t in study.topics}, name="topic")
        met = rows[["platform", "id", "query"]].assign(topic=rows["query"].str.strip().str.lower().map(names))
        met = met.dropna(subset="topic")[["platform", "id", "topic"]].drop_duplicates()
        newest = rows.sort_values(["fetched_at", "batch_id"]).drop_duplicates(["platform", "id"], keep="last")
        held["newest"] = newest.drop(columns=["fetched_at", "batch_id", "query"])
        held["said"] = held["newest"].merge(met, on=["platform", "id"])

    def own() -> pd.DataFrame:
        return held["said"][held["said"]["kind"] != "repost"]

    def period(frame: pd.DataFrame, unit: str) -> pd.Series:
        at = frame["created_at"].dt.tz_localize(None)
        if unit == "M":
            return at.dt.to_period("M").dt.start_time
        day = at.dt.floor("D")
        return day if unit == "D" else day - pd.to_timedelta(day.dt.dayofweek, "D")

    def periods() -> pd.DataFrame:
        return period(held["newest"], "W").value_counts().rename("posts").reset_index()

    def voice() -> pd.DataFrame:
        rows = own()
        per = rows.assign(period=period(rows, "W")).groupby(["topic", "period", "author_key"], dropna=False).size()
        per = per.rename("n").reset_index()
        known = per["author_key"].notna()
        per = per.assign(loud_authors=known & (per["n"] >= LOUD), authors=known, unsigned=per["n"].where(~known, 0))
        people = per.groupby(["topic", "period"])[["n", "authors", "loud_authors", "unsigned"]].sum()
        passed = held["said"][held["said"]["kind"] == "repost"]
        passed = passed.assign(period=period(passed, "W")).groupby(["topic", "period"]).size().rename("reposts")
        return people.join(passed, how="outer").reset_index()

    def volume() -> pd.DataFrame:
        rows = held["said"].assign(
            period=period(held["said"], "D"), negative=held["said"]["sentiment_label"] == "negative"
        )
        per = rows.groupby(["topic", "period", "author_key"], dropna=False).agg(
            n=("id", "size"), negative=("negative", "sum"), judged=("sentiment_label", "count"),
            followers=("author_followers", "max"),
        ).reset_index()  # fmt: skip
        per["squares"] = per["n"].where(per["author_key"].isna(), per["n"] ** 2)
        people = per.groupby(["topic", "period"]).agg(
            posts=("n", "sum"), authors=("author_key", "count"), squares=("squares", "sum"), negative=("negative", "sum"),
            judged=("judged", "sum"), reach=("followers", "sum"),
        )  # fmt: skip
        return people.join(rows.groupby(["topic", "period"])["country"].nunique()).reset_index()

    def authors() -> pd.DataFrame:
        rows = own()[["platform", "id", "author_key", "topic"]].dropna(subset="author_key")
        every = rows.drop_duplicates(["platform", "id", "author_key"]).assign(topic="")
        per = pd.concat([rows, every]).groupby(["topic", "author_key"]).size().rename("posts").reset_index()
        return per.groupby(["topic", "posts"]).size().rename("authors").reset_index()

    def traits() -> pd.DataFrame:
        rows = own()
        grouped = rows.assign(period=period(rows, "M")).groupby(["topic", "period", "country"], dropna=False)
        return grouped.agg(posts=("id", "size"), authors=("author_key", "nunique")).reset_index()

    def opinions() -> pd.DataFrame:
        rows = own().dropna(subset=["author_key", "sentiment_label"])
        per = rows.groupby(["topic", "author_key", "sentiment_label"]).size().unstack(fill_value=0)
        most = per.eq(per.max(axis=1), axis=0)
        return most.groupby(["topic", *most.columns]).size().rename("authors").reset_index()

    def ranked() -> pd.DataFrame:
        rows = own()
        rows = rows[rows["like_count"] > 0].sort_values(["like_count", "id"], ascending=[False, True])
        return rows.groupby("topic").head(25)[["topic", "id", "author_key", "sentiment_label", "like_count"]]

    def repeated() -> pd.DataFrame:
        rows = held["newest"]
        rows = rows[rows["kind"] != "repost"].dropna(subset=["author_key", "text"])
        key = rows["text"].str.lower().str.replace(r"https?://[^\s\"'<>\],]+", " ", regex=True)
        key = key.str.replace(r"@\w+", " ", regex=True).str.replace(r"[\W_]+", " ", regex=True).str.strip()
        rows = rows.assign(key=key)[key.str.len() >= 40]
        many = rows.groupby(["platform", "key"])["author_key"].transform("nunique") >= 3
        return rows[many]

    asked = (periods, voice, volume, authors, traits, opinions, ranked, repeated)
    return opened, {job.__name__: job for job in asked}


ENGINES = {"product": product, "duckdb": by_hand, "pandas": pandas}
