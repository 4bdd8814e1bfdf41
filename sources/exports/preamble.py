"""What tools print above the column names: the query, the period, the time zone, the address the posts belong to."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from sources.errors import BadFile
from sources.exports.columns import listed
from sources.exports.dates import Where, dates
from sources.exports.rawtable import TEXT
from sources.exports.words import plain, tidy

_LABELS = {
    "query": "query, query name, brand, topic, topic name, search, search name, monitor, input name, requete, theme",
    "start": "from, start, start date, date from, since, du, desde, von, dal, date range start",
    "end": "to, end, end date, date to, until, au, hasta, bis, al, date range end",
    "zone": "timezone, time zone, fuseau horaire, zona horaria, zeitzone, fuso orario",
    "url": "source url, post url, url, source, exported from",
}
_LABEL_OF = {plain(w): fact for fact, words in _LABELS.items() for w in listed(words)}


@dataclass(frozen=True)
class Facts:
    """What the rows above the column names tell; "" and None where they do not.

    `window`: first instant and first instant after the period that was exported.
    """

    query: str = ""
    zone: str | None = None
    url: str = ""
    window: tuple[pd.Timestamp, pd.Timestamp] | None = None


def read_facts(preamble: list[tuple[int, list[str]]], name: str) -> Facts:
    """Return the facts of a preamble; a label and its value may share a row, or stand one below the other."""
    said: dict[str, str] = {}
    rows = [[c for c in row if c] for _, row in preamble]
    for i, row in enumerate(rows):
        if not row:
            continue
        label, _, rest = row[0].partition(":") if "://" not in row[0] else (row[0], "", "")
        fact = _LABEL_OF.get(plain(label))
        below = rows[i + 1] if i + 1 < len(rows) else []
        value = row[1] if len(row) > 1 else tidy(rest)
        if not value and len(below) == 1 and not below[0].endswith(":"):
            value = below[0]
        if fact and value:
            said.setdefault(fact, value)
    return Facts(said.get("query", ""), _zone(said.get("zone", "")), said.get("url", ""), _window(said, name))


def _zone(printed: str) -> str | None:
    try:
        return str(ZoneInfo(printed)) if printed else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _window(said: dict[str, str], name: str) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    if "start" not in said or "end" not in said:
        return None
    cells = pd.Series([said["start"], said["end"]], dtype=TEXT)
    try:
        found = dates(cells, Where(name, "", np.zeros(2, dtype="int64")))
    except BadFile:
        return None  # two days of which nobody can tell day from month are no period
    if np.isnat(found.stamp).any():
        return None
    first, last = (pd.Timestamp(s, tz="UTC") for s in found.stamp)
    last += pd.Timedelta(days=1) if found.precision[1] == "day" else pd.Timedelta(microseconds=1)
    return (first, last) if first < last else None
