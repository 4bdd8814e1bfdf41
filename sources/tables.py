"""The tables of the store as Arrow schemas: every column of the project is born here, with its unit.

Null is not zero: a null value means "not known", and `kind` or the coverage table says why.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

TIMESTAMP = pa.timestamp("us", tz="UTC")


def _field(name: str, kind: pa.DataType, what: str, *, required: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=not required, metadata={"what": what})


def _schema(*fields: pa.Field) -> pa.Schema:
    """Return the fields with the two columns that every stored row carries."""
    return pa.schema(
        [
            *fields,
            _field("source", pa.string(), "connector or reader that gave the row", required=True),
            _field("fetched_at", TIMESTAMP, "when the service answered, or the file was imported", required=True),
            _field("batch_id", pa.string(), "one import or one answer; a batch is stored once", required=True),
        ]
    )


#: Why an interest value is what it is. `measured` holds a number above the rounding floor; `zero` a printed 0, which the
#: services use for "less than half a unit"; `below_one` a printed "<1"; `no_data` a place or period for which the service
#: says it has not enough data; `blank` an empty cell of a file, of which nothing is known.
VALUE_KINDS = ("measured", "zero", "below_one", "no_data", "blank")

#: What an interest value counts. `index`: 0..100 relative to the largest value of its scale; `share`: 0..1 of the terms
#: asked together; the others are volumes.
UNITS = ("index", "share", "searches", "views", "impressions", "clicks", "count")

INTEREST = _schema(
    _field(
        "scale",
        pa.string(),
        "values with one scale id can be compared; an index of another scale cannot",
        required=True,
    ),
    _field("term", pa.string(), "search term or topic title as the service prints it", required=True),
    _field(
        "geo", pa.string(), "ISO 3166-1/-2 code where known, else the place as printed; '' = worldwide", required=True
    ),
    _field("period", TIMESTAMP, "first instant of the period", required=True),
    _field("grain", pa.string(), "hour | day | week | month | quarter | year", required=True),
    _field("value", pa.float64(), "interest in `unit`; null = missing"),
    _field("lo", pa.float64(), "lowest value that rounding allows"),
    _field("hi", pa.float64(), "highest value that rounding allows"),
    _field("kind", pa.string(), "one of VALUE_KINDS", required=True),
    _field("partial", pa.bool_(), "the period had not ended when it was measured; null = the file does not tell"),
    _field("unit", pa.string(), "one of UNITS", required=True),
)

REGIONS = _schema(
    _field("scale", pa.string(), "values with one scale id can be compared", required=True),
    _field("term", pa.string(), "search term as the service prints it", required=True),
    _field("place", pa.string(), "place name as printed", required=True),
    _field("level", pa.string(), "country | region | city | metro | unknown", required=True),
    _field(
        "measure", pa.string(), "index (one term, 0..100) | share (of several terms, 0..1) | impressions", required=True
    ),
    _field("value", pa.float64(), "in `measure`; null = missing"),
    _field("lo", pa.float64(), "lowest value that rounding allows"),
    _field("hi", pa.float64(), "highest value that rounding allows"),
    _field("kind", pa.string(), "one of VALUE_KINDS", required=True),
    _field("window", pa.string(), "time range as printed"),
)

QUERIES = _schema(
    _field("term", pa.string(), "the term the query relates to; '' = none", required=True),
    _field("query", pa.string(), "what people typed, or the title of a topic", required=True),
    _field("item", pa.string(), "query | topic", required=True),
    _field("ranking", pa.string(), "top | rising | list", required=True),
    _field(
        "value", pa.float64(), "top: index 0..100; rising: growth as a ratio (1.9 = +190 %); list: volume in `unit`"
    ),
    _field("lo", pa.float64(), "lowest value that rounding or a bucket allows"),
    _field("hi", pa.float64(), "highest value that rounding or a bucket allows"),
    _field(
        "kind",
        pa.string(),
        "measured | zero | below_one | breakout | blank | bucket (a range) | idea (no volume)",
        required=True,
    ),
    _field("unit", pa.string(), "index | growth | searches | impressions | clicks | none", required=True),
    _field("raw", pa.string(), "the cell as printed"),
    _field("window", pa.string(), "time range and place as printed"),
    _field(
        "clicks", pa.float64(), "clicks on the site's results, where the source is the site's own; null = not known"
    ),
    _field("position", pa.float64(), "average rank of the site in the results, 1 = first; null = not known"),
)

POSTS = _schema(
    _field("platform", pa.string(), "network or site; author keys are never compared across platforms", required=True),
    _field("id", pa.string(), "native id as text, else a hash of url or of author, time and text", required=True),
    _field("url", pa.string(), "address of the post"),
    _field("thread_id", pa.string(), "id of the conversation the post belongs to"),
    _field("kind", pa.string(), "post | reply | repost | quote | article | video | comment", required=True),
    _field("created_at", TIMESTAMP, "when it was published", required=True),
    _field("created_at_claimed", TIMESTAMP, "what the author's program claimed, where the network corrected it"),
    _field("time_quality", pa.string(), "ok | date_only | zone_assumed | clamped | suspect", required=True),
    _field("text", pa.string(), "plain text, handles masked; null = the export does not carry it"),
    _field("title", pa.string(), "title where there is one"),
    _field("text_is_excerpt", pa.bool_(), "the text is a piece that the tool cut out; null = no text, or not told"),
    _field("lang", pa.string(), "BCP-47 as declared by the source"),
    _field("lang_source", pa.string(), "declared (by the author) | detected (by the network or tool); null = not told"),
    _field("country", pa.string(), "ISO 3166-1 alpha-2, upper case"),
    _field("country_source", pa.string(), "whose country it is: author | post | site | page; never mixed in silence"),
    _field("region", pa.string(), "region as printed, of the same place as the country"),
    _field("author_key", pa.string(), "pseudonym of the author, per platform; null = the source does not tell who"),
    _field("author_kind", pa.string(), "person | organisation | page | group | media | bot as the source says"),
    _field("author_verified", pa.bool_(), "the network had verified the account"),
    _field("author_followers", pa.int64(), "followers when the post was made"),
    _field("in_reply_to", pa.string(), "id of the post replied to"),
    _field("repost_of", pa.string(), "id of the post passed on"),
    _field("quote_of", pa.string(), "id of the post quoted"),
    _field(
        "mentions",
        pa.string(),
        "pseudonyms of the accounts named, as a JSON list; null = nobody, or the source hides it",
    ),
    _field("like_count", pa.int64(), "null = unknown, 0 = measured zero"),
    _field("repost_count", pa.int64(), "null = unknown, 0 = measured zero"),
    _field("reply_count", pa.int64(), "null = unknown, 0 = measured zero"),
    _field("quote_count", pa.int64(), "null = unknown, 0 = measured zero"),
    _field("bookmark_count", pa.int64(), "null = unknown, 0 = measured zero"),
    _field("view_count", pa.int64(), "null = unknown, 0 = measured zero"),
    _field("reactions", pa.string(), 'reactions beside the like as JSON, {"love": 12, "angry": 0}; left out = unknown'),
    _field("engagement", pa.float64(), "the vendor's figure, never summed across kinds"),
    _field("engagement_kind", pa.string(), "interactions | weighted | earned | unspecified: what the figure counts"),
    _field("reach", pa.float64(), "the vendor's figure, never summed across kinds"),
    _field("reach_kind", pa.string(), "estimated | potential | impressions | own | unspecified: what the figure means"),
    _field("sentiment", pa.float64(), "the source's score on -1..1, null where it gives words only"),
    _field("sentiment_label", pa.string(), "positive | neutral | negative as the source says"),
    _field("sentiment_source", pa.string(), "who says so; labels of two sources are never mixed"),
    _field("gender", pa.string(), "female | male as the source says; only ever shown in groups of k >= 10"),
    _field("age_band", pa.string(), "age band as the source says; only ever shown in groups of k >= 10"),
    _field("links", pa.string(), "addresses in the post as a JSON list, names masked"),
    _field("domains", pa.string(), "their sites as a JSON list"),
    _field("tags", pa.string(), "hashtags, or the labels given in the tool, as a JSON list"),
    _field("community", pa.string(), "community as the source says"),
    _field("query", pa.string(), "the query, monitor or column that matched; '' = unknown", required=True),
    _field("raw_ref", pa.string(), "file and row, or archived answer, the post comes from"),
    _field("flags", pa.string(), "words: id_replaced, not_matched, removed, author_redacted, not_applicable:<column>"),
)

COUNTS = _schema(
    _field("query", pa.string(), "what was counted, as the source names it", required=True),
    _field("geo", pa.string(), "ISO code where known; '' = not told", required=True),
    _field("period", TIMESTAMP, "first instant of the period", required=True),
    _field("grain", pa.string(), "hour | day | week | month | quarter | year", required=True),
    _field("posts", pa.float64(), "posts, articles or sentences in the period; null = not fetched"),
    _field("authors", pa.float64(), "distinct authors in the period; null = the source does not tell"),
    _field("unit", pa.string(), "count | share (0..1 of everything the source counts)", required=True),
    _field("whole", pa.float64(), "everything the source counted in the period, matching or not; null = not told"),
    _field(
        "tone",
        pa.float64(),
        "mean tone on the source's own scale (GDELT: -100..100); null = not told",
    ),
)

COVERAGE_STATES = ("complete", "capped", "partial", "refused", "unavailable", "not_tried", "empty")

COVERAGE = _schema(
    _field("table", pa.string(), "interest | posts | counts | queries", required=True),
    _field("query", pa.string(), "term or query; '' = all of the batch", required=True),
    _field("start", TIMESTAMP, "first instant covered", required=True),
    _field("end", TIMESTAMP, "first instant no longer covered", required=True),
    _field("status", pa.string(), "one of COVERAGE_STATES", required=True),
    _field("rows", pa.int64(), "rows kept"),
    _field("rejected", pa.int64(), "rows refused"),
    _field("note", pa.string(), "why, in words"),
)

CONTENT = _schema(
    _field("id", pa.string(), "address or row of the page", required=True),
    _field("title", pa.string(), "title or question"),
    _field("text", pa.string(), "text or answer"),
    _field("lang", pa.string(), "BCP-47"),
)

JUDGEMENTS = _schema(
    _field("query", pa.string(), "the query, as it is shown", required=True),
    _field("side", pa.string(), "served (a page) | said (a post)", required=True),
    _field("document", pa.string(), "hash of the text that was shown beside it; '' = none", required=True),
    _field("answers", pa.bool_(), "the user says that the text answers the query", required=True),
    _field("coverage", pa.float64(), "share of the query's weight of words that the text holds, 0..1"),
    _field("word", pa.float64(), "cosine of words, 0..1"),
    _field("character", pa.float64(), "cosine of pieces of words, 0..1"),
)

TABLES: dict[str, pa.Schema] = {
    "interest": INTEREST,
    "regions": REGIONS,
    "queries": QUERIES,
    "posts": POSTS,
    "counts": COUNTS,
    "coverage": COVERAGE,
    "content": CONTENT,
    "judgements": JUDGEMENTS,
}

#: What makes a row the same row when it is met again; the latest `fetched_at` wins.
KEYS: dict[str, tuple[str, ...]] = {
    "interest": ("source", "scale", "term", "geo", "period"),
    "regions": ("source", "scale", "term", "place"),
    "queries": ("source", "term", "query", "item", "ranking", "window"),
    "posts": ("platform", "id"),
    "counts": ("source", "query", "geo", "period", "grain"),
    "coverage": ("source", "table", "query", "start", "end"),
    "content": ("source", "id"),
    "judgements": ("query", "side", "document"),
}

STAMP = ("source", "fetched_at", "batch_id")


def conform(frame: pd.DataFrame, table: str) -> pa.Table:
    """Return `frame` as an Arrow table with exactly the columns and types of `table`.

    Columns that the frame lacks become null; columns that the schema does not know are an error, because a
    column that nobody declared would be lost in silence.

    Raises
    ------
    ValueError : unknown column, or a null in a required column; the message names both.
    """
    schema = TABLES[table]
    unknown = [c for c in frame.columns if c not in schema.names]
    if unknown:
        raise ValueError(f"table {table!r} has no column {', '.join(map(repr, unknown))}")
    columns = []
    for field in schema:
        if field.name in frame:
            column = pa.Array.from_pandas(frame[field.name], type=field.type)
        else:
            column = pa.nulls(len(frame), field.type)
        if not field.nullable and column.null_count:
            raise ValueError(f"table {table!r}: column {field.name!r} has {column.null_count} empty values")
        columns.append(column)
    return pa.Table.from_arrays(columns, schema=schema)


def describe(table: str) -> pd.DataFrame:
    """Return the columns of `table` with type, meaning and whether they must be filled (for the Data page and the docs)."""
    return pd.DataFrame(
        [
            {
                "column": f.name,
                "type": str(f.type),
                "required": not f.nullable,
                "what": (f.metadata or {}).get(b"what", b"").decode(),
            }
            for f in TABLES[table]
        ]
    )
