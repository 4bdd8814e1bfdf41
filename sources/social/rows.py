"""What all connectors for posts do with an answer: check its shape, read its items one by one, keep null apart from zero."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pandas as pd

from sources import boolean
from sources.connector import Reject
from sources.errors import Changed
from sources.transport import clean

_COUNTS = (
    "author_followers",
    "like_count",
    "repost_count",
    "reply_count",
    "quote_count",
    "bookmark_count",
    "view_count",
)
_REQUIRED = ("platform", "id", "kind", "created_at", "time_quality", "query")


def items_of(answer: Any, key: str, *, where: str, raw: bytes = b"") -> list[Any]:
    """Return the list under `key` of a JSON object; a client library's emptiness is never taken for an empty answer.

    Raises
    ------
    Changed : not an object, no such key, or not a list.
    """
    found = answer.get(key) if isinstance(answer, Mapping) else None
    if not isinstance(found, list):
        raise Changed(f"the answer holds no list {key!r}", where, "report it with the kept answer", sample=clean(raw))
    return found


def read_items(
    items: Iterable[Any], read: Callable[[Any], dict[str, Any] | None], *, where: str, raw: bytes = b""
) -> tuple[list[dict[str, Any]], tuple[Reject, ...]]:
    """Read items one by one: one that cannot be read is rejected with its reason and costs none of the others.

    Parameters
    ----------
    read : gives the columns of a post; None for an item that is none (an advertisement).

    Raises
    ------
    Changed : there are items and not one of them can be read.
    """
    rows: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    n = 0
    for item in items:
        n += 1
        try:
            row = read(item)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            named = str(item.get("id", item) if isinstance(item, Mapping) else item)
            rejects.append(Reject(named[:80], f"{type(error).__name__}: {error}"))
            continue
        if row is not None:
            rows.append(row)
    if n and len(rejects) == n:
        raise Changed(
            f"none of {n} items can be read ({rejects[0].reason})",
            where,
            "report it with the kept answer",
            sample=clean(raw),
        )
    return rows, tuple(rejects)


def posts_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return posts as a frame that has the required columns without rows too; counts keep their nulls."""
    frame = pd.DataFrame(rows) if rows else pd.DataFrame(columns=list(_REQUIRED))
    frame["created_at"] = pd.to_datetime(frame["created_at"], utc=True)
    for column in _COUNTS:
        if column in frame:
            frame[column] = frame[column].astype("Int64")
    return frame


def count(value: Any) -> int | None:
    """Return a counter: a whole number, also written as text; None where none is told. A negative score stays negative."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    number = int(value)
    if isinstance(value, float) and (math.isnan(value) or number != value):
        raise ValueError(f"{value!r} is not a whole number")
    return number


def instant(value: Any) -> datetime:
    """Return an instant in UTC from ISO text or seconds since 1970.

    Raises
    ------
    ValueError : neither, without a zone, or outside the years 1971 to 2100.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        found = datetime.fromtimestamp(value, UTC)
    else:
        found = datetime.fromisoformat(str(value))
        if found.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        found = found.astimezone(UTC)
    if not 1971 <= found.year <= 2100:
        raise ValueError(f"{value!r} is no time of a post")
    return found


def plain(markup: str | None) -> str | None:
    """Return the text of a piece of HTML, paragraphs and breaks as new lines; None stays None.

    >>> plain("Une pompe <i>à</i> chaleur&#x27;s<p>bruit<br>fort")
    "Une pompe à chaleur's\\nbruit\\nfort"
    """
    if markup is None:
        return None
    reader = _Text()
    reader.feed(markup)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line)


def listed(values: Iterable[str]) -> str | None:
    """Return texts as the JSON list that the posts table holds; None without any."""
    found = list(dict.fromkeys(v for v in values if v))
    return json.dumps(found, ensure_ascii=False) if found else None


def flag_unmatched(rows: list[dict[str, Any]], query: str) -> list[dict[str, Any]]:
    """Flag posts whose own words do not hold the query: services match by stems, transcripts and meanings too."""
    for row in rows:
        words = " ".join(filter(None, (row.get("title"), row.get("text"), row.get("tags"))))
        if words and not boolean.matches(query, words):
            row["flags"] = " ".join(filter(None, (row.get("flags"), "not_matched")))
    return rows


class _Text(HTMLParser):
    """Collects what a reader sees; code and quotes are text like any other."""

    _BREAKS = frozenset({"p", "br", "li", "div", "pre", "blockquote", "h1", "h2", "h3", "tr"})
    _UNSEEN = frozenset({"script", "style"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in self._UNSEEN
        if tag in self._BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in self._UNSEEN and self._hidden > 0
        if tag in self._BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(re.sub(r"\s+", " ", data))
