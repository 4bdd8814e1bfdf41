"""Tables of posts, one row a post: any export whose columns are called by a name that `columns` knows, or are mapped."""

from __future__ import annotations

import html
import re

import numpy as np
import pandas as pd

from sources import privacy
from sources.errors import BadFile
from sources.exports import post_values
from sources.exports.columns import match_columns
from sources.exports.dates import Dates, Where, dates
from sources.exports.headers import Table
from sources.exports.mapping import Mapping
from sources.exports.numerals import numbers
from sources.exports.post_ids import hashed_addresses, post_ids
from sources.exports.rawtable import TEXT
from sources.exports.reading import Reading, fitted
from sources.exports.words import BLANKS, plain

COUNTERS = {
    "likes": "like_count",
    "reposts": "repost_count",
    "replies": "reply_count",
    "views": "view_count",
    "followers": "author_followers",
}
_TAG = re.compile(
    r"</?(?:p|br|a|b|i|em|strong|span|div|u|ul|ol|li|blockquote|code|pre|h[1-6]|img)\b[^>]*>", re.IGNORECASE
)
_BREAK = re.compile(r"<(?:br|/p|/div|/li)\b[^>]*>", re.IGNORECASE)


def find_columns(table: Table, mapping: Mapping) -> dict[str, int]:
    """Return field of a post -> position of its column: what the mapping says, then what the names say."""
    named = {field: table.column(header) for field, header in mapping.columns.items()}
    known = {f: c for f, c in match_columns(table.headers, "posts").items() if c not in named.values()}
    found = {**known, **named}
    if "date" not in found and "time" in found:
        found["date"] = found.pop("time")
    if "platform" not in found:
        for position, header in enumerate(table.headers):
            named_so = plain(header) in ("source", "fuente", "quelle", "fonte") and position not in found.values()
            # In other files a column of this name tells the program that a post was written with.
            if named_so and post_values.platforms(table.cells[position].head(1000)).notna().mean() >= 0.9:
                found["platform"] = position
    return found


def read_posts(table: Table, mapping: Mapping, secret: bytes | None = None) -> Reading:
    """Read a table of posts.

    Names never leave this function: authors become keyed pseudonyms, handles in texts are masked, addresses lose them.

    Parameters
    ----------
    secret : key of the pseudonyms; None = `sources.privacy.load_secret`, asked for only if the file has authors.

    Raises
    ------
    BadFile : no column of dates, or no row with one.
    BadQuery : the mapping names a column that is not there.
    """
    found = find_columns(table, mapping)
    if "date" not in found:
        raise BadFile(
            "posts need a date, but no column is called like one", table.name, "name it: columns = {'date': '<header>'}"
        )
    stamps = _dates(table, found, mapping)
    keep = _keep(table, stamps, found)
    if not keep.any():
        reason = next((r for r in stamps.reason if r), "no date")
        raise BadFile(
            f"no row has a date that can be read, the first says: {reason}",
            table.name,
            "name another date column, or set date_order",
        )
    stamps = Dates(stamps.stamp[keep], stamps.precision[keep], stamps.quality[keep], stamps.reason[keep])
    table = table.taken(keep)
    get = {field: tidied(table.cells[c]) for field, c in found.items()}
    n = len(table.rows)
    frame = pd.DataFrame({"created_at": pd.Series(stamps.stamp).dt.tz_localize("UTC"), "time_quality": stamps.quality})
    url = get.get("url", _nothing(n))
    frame["platform"] = post_values.find_platforms(table, get.get("platform"), url, mapping.platform)
    author = get.get("author", _nothing(n))
    frame["text"] = plain_text(get["text"]) if "text" in get else None
    frame["title"] = plain_text(get["title"]) if "title" in get else None
    frame["kind"] = post_values.kinds(table, get, frame["text"])
    author = _reposter(get, author, frame["kind"])
    frame["id"] = post_ids(table, get, url, author, frame)
    if author.notna().any():
        frame["author_key"] = privacy.author_keys(
            frame["platform"], author, secret if secret is not None else privacy.load_secret()
        )
    frame["url"] = _map(url, author)
    for column in ("text", "title"):
        frame[column] = [privacy.mask_handles(t) if isinstance(t, str) else None for t in frame[column]]
    for field, column in COUNTERS.items():
        frame[column] = _counter(table, found.get(field)) if field in found else pd.array([pd.NA] * n, dtype="Int64")
    frame["reach"] = _numbers(table, found["reach"]) if "reach" in found else np.nan
    frame["sentiment_label"] = post_values.sentiment(get["sentiment"], table) if "sentiment" in get else None
    frame["lang"] = post_values.languages(get.get("lang"), n, mapping.lang)
    frame["country"] = post_values.countries(get.get("country"), n)
    for column in ("in_reply_to", "repost_of"):
        frame[column] = hashed_addresses(get[column].astype("object")) if column in get else None
    frame["community"] = get.get("community")
    query = get.get("query", _nothing(n)).fillna(mapping.query or "")
    frame["query"] = query if mapping.query is None or "query" in found else mapping.query
    frame = _once(table, frame)
    _note(table, found, frame)
    filled = mapping.filled(
        kind="posts",
        source="table",
        columns={f: table.headers[c] for f, c in found.items()},
    )
    return Reading(
        "posts", fitted(frame, "posts"), table.notes, table.rejects.frame(), "table", filled, table.fingerprint
    )


def _dates(table: Table, found: dict[str, int], mapping: Mapping) -> Dates:
    column = found["date"]
    cells, header = table.cells[column], table.headers[column]
    utc = "utc" in plain(header).split()
    where = Where(table.name, header, table.rows)
    if "time" in found and found["time"] != column:
        clock = table.cells[found["time"]].str.strip(BLANKS)
        dated = dates(cells, where, order=mapping.date_order)
        if (dated.quality == "date_only").mean() > 0.5 and clock.str.fullmatch(r"\d{1,2}[:hH.]\d{2}.*").mean() > 0.5:
            day = pd.Series(np.datetime_as_string(dated.stamp, unit="D"), dtype=TEXT).where(
                ~np.isnat(dated.stamp), cells
            )
            utc = utc or any(w.startswith("utc") for w in plain(table.headers[found["time"]]).split())
            joined = dates(day.str.cat(clock, sep=" ").str.strip(), where, timezone=mapping.timezone, utc=utc)
            table.notes += dated.notes
            return joined
    result = dates(cells, where, order=mapping.date_order, timezone=mapping.timezone, utc=utc)
    table.notes += result.notes
    return result


def _keep(table: Table, stamps: Dates, found: dict[str, int]) -> np.ndarray:
    keep = ~np.isnat(stamps.stamp)
    bad = ~keep
    reasons = [f"{r or 'no date'}; row left out" for r in stamps.reason[bad]]
    column = found["date"]
    table.rejects.add(table.rows[bad], table.headers[column], table.cells[column][bad].to_numpy(), reasons)
    return keep


def tidied(cells: pd.Series) -> pd.Series:
    """Return tidied cells, empty ones as null."""
    tidied = cells.str.strip(BLANKS)
    return tidied.where(tidied != "")


def _nothing(n: int) -> pd.Series:
    return pd.Series(np.full(n, np.nan), dtype=TEXT)


def plain_text(cells: pd.Series) -> pd.Series:
    """Return texts without markup and entities; the work is done only where there is some."""
    text = cells.astype("object")
    marked = cells.str.contains("<", regex=False).eq(True).to_numpy(dtype=bool)
    if marked.any():
        text[marked] = [_TAG.sub("", _BREAK.sub("\n", t)).strip() for t in text[marked]]
    coded = cells.str.contains("&", regex=False).eq(True).to_numpy(dtype=bool)
    if coded.any():
        text[coded] = [html.unescape(t) for t in text[coded]]
    return text.where(text.notna() & (text != ""), None)


def _reposter(get: dict[str, pd.Series], author: pd.Series, kind: pd.Series) -> pd.Series:
    """Return who acted: where a row tells who passed a post on, that is its author."""
    if "reposted_by" not in get:
        return author
    return get["reposted_by"].where((kind == "repost") & get["reposted_by"].notna(), author)


def _map(url: pd.Series, author: pd.Series) -> list[str | None]:
    return [
        privacy.mask_address(u, a if isinstance(a, str) else None) if isinstance(u, str) else None
        for u, a in zip(url, author, strict=True)
    ]


def _numbers(table: Table, column: int) -> np.ndarray:
    found = numbers(table.cells[column], integer=True)
    bad = found.kind == "text"
    table.rejects.add(
        table.rows[bad],
        table.headers[column],
        table.cells[column][bad].to_numpy(),
        "not a number; the cell is left empty",
    )
    if found.note:
        table.notes.append(f"Column {table.headers[column]!r}: {found.note}.")
    return found.value


def _counter(table: Table, column: int | None) -> pd.Series:
    value = _numbers(table, int(column or 0))
    return pd.Series(pd.array(np.round(value), dtype="Float64")).astype("Int64")


def _once(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the posts with each (platform, id) once; later copies are refused."""
    again = frame.duplicated(["platform", "id"]).to_numpy()
    if not again.any():
        return frame
    first = frame.loc[~again, ["platform", "id"]].assign(row=table.rows[~again])
    repeated = frame.loc[again, ["platform", "id"]].merge(first, on=["platform", "id"], how="left")["row"]
    table.rejects.add(
        table.rows[again],
        "id",
        frame["id"][again].to_numpy(),
        [f"the post of row {r} again; row left out" for r in repeated],
    )
    count = int(again.sum())
    table.notes.append(
        f"{count:,} row{'s' * (count > 1)} with a post that is already there {'were' if count > 1 else 'was'} left out."
    )
    return frame[~again]


def _note(table: Table, found: dict[str, int], frame: pd.DataFrame) -> None:
    assumed = int((frame["time_quality"] == "zone_assumed").sum())
    if assumed:
        table.notes.append(
            f"{assumed:,} posts carry a time without a zone; it is read as UTC. Set timezone in the mapping to change this."
        )
    suspect = int((frame["time_quality"] == "suspect").sum())
    if suspect:
        table.notes.append(
            f"{suspect:,} posts are dated before 1990 or after 2100; they are kept and marked as suspect."
        )
    reposts = int((frame["kind"] == "repost").sum())
    if reposts:
        table.notes.append(f"{reposts:,} of {len(frame):,} posts are reposts.")
    if "author" not in found:
        table.notes.append("No column names the authors, so people cannot be counted.")
    if "text" not in found:
        table.notes.append("No column holds the texts.")
    left = [h for i, h in enumerate(table.headers) if i not in found.values()]
    if left:
        table.notes.append(f"Columns not read: {', '.join(left[:20])}{' …' if len(left) > 20 else ''}.")
