"""Google's "trending now" feed: what is searched much more than usual today, with a lower bound of the searches.

The feed holds ten to twenty items and forgets them within a day: what it said is kept in the archive of raw answers.

References
----------
https://trends.google.com/trending (the feed's address stands behind its RSS button); https://pypi.org/project/defusedxml/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import pandas as pd
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from sources.breaker import Manners
from sources.connector import Ask, Brief, Caps, Health, Page, Query, Reject, State, Window, check
from sources.errors import BadQuery, Changed, NotAllowed
from sources.transport import Wire, clean

FEED = "https://trends.google.com/trending/rss"
#: Namespaces of the feed now and before 2025.
_NAMESPACES = ("https://trends.google.com/trending/rss", "https://trends.google.com/trends/trendingsearches/daily")
_TRAFFIC = re.compile(r"^(\d[\d.,\s\u00a0\u202f]*)\s*([KMB])?\s*\+?$", re.IGNORECASE)
_FACTORS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}


class GoogleTrending:
    """Today's trending searches of a country."""

    name = "google_trending"
    caps = Caps(
        title="Google trending searches",
        gives="today's fastest rising searches of a country, with a lower bound of how often",
        tables=("queries",),
        limits="ten to twenty items, forgotten within a day; one country a feed",
        terms="public feed; name Google Trends as the source",
        links=("https://trends.google.com/trending",),
        manners=Manners(spacing=10.0, jitter=5.0, rest=2400.0, backoff=60.0),
        finest=timedelta(days=1),
        options={"geo": "country of the feed; the study's if left out"},
    )

    def __init__(
        self,
        options: Mapping[str, Any] | None = None,
        wire: Wire | None = None,
        *,
        url: str = FEED,
        manners: Manners | None = None,
    ) -> None:
        self._options, self._url, self._wire = dict(options or {}), url, wire or Wire()
        self._transport, self._manners = self._wire.opened()[0], manners or self.caps.manners

    def check(self) -> Health:
        """Return that it needs nothing; asks nobody."""
        return check(self.caps, self._options)

    def asks(self, brief: Brief) -> list[Ask]:
        """Return the one question: what is trending today."""
        geo = str(self._options.get("geo", brief.geo))[:2]
        if not geo:
            raise BadQuery(
                "the feed is of one country, and the study names none", "[sources.google_trending]", 'add geo = "FR"'
            )
        now = self._wire.clock.now()
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        window = Window(today, today + timedelta(days=1))
        return [Ask(self, Query("queries", name=f"trending in {geo}", geo=geo), window)]

    def search(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield the one page of the feed."""
        answer = self._transport.get(self._url, params={"geo": query.geo}, manners=self._manners)
        rows, rejected = read_feed(answer.content, geo=query.geo)
        yield Page({"queries": rows}, complete=True, raw=(answer.content,), rejected=rejected)


def read_feed(content: bytes, *, geo: str) -> tuple[pd.DataFrame, tuple[Reject, ...]]:
    """Return the items of a feed as rows of the `queries` table, and those that could not be read.

    "100+" is a lower bound: `lo` 100, `value` and `hi` unknown. An item without traffic has none of the three.

    Raises
    ------
    NotAllowed : a web page instead of the feed. Changed : not a feed, or XML that would harm (entities).
    """
    head = content.lstrip()[:200].lower()
    if head.startswith((b"<!doctype html", b"<html")):
        raise NotAllowed(
            "a web page came instead of the feed", "Google trending", "open trends.google.com/trending instead"
        )
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise Changed(
            f"the feed is not the XML that was expected ({error})",
            "Google trending",
            "report it",
            sample=clean(content),
        ) from error
    channel = root.find("channel") if root.tag == "rss" else None
    if channel is None:
        raise Changed("the feed has no channel", "Google trending", "report it", sample=clean(content))
    rows, rejected = [], []
    for item in channel.findall("item"):
        title = (item.findtext("title") or "").strip()
        if not title:
            rejected.append(Reject("", "an item without a title"))
            continue
        printed = _of(item, "approx_traffic")
        least = _least(printed)
        rows.append(
            {
                "query": title,
                "lo": least,
                "kind": "blank" if least is None else "bucket",
                "raw": printed or None,
                "window": f"{_day(item.findtext('pubDate') or '')}, {geo}".removeprefix(", "),
            }
        )
    frame = pd.DataFrame(rows, columns=["query", "lo", "kind", "raw", "window"]).drop_duplicates(
        "query", ignore_index=True
    )
    frame["lo"] = frame["lo"].astype("float64")
    nothing = float("nan")
    return frame.assign(term="", item="query", ranking="list", value=nothing, hi=nothing, unit="searches"), tuple(
        rejected
    )


def _of(item: Element, name: str) -> str:
    for namespace in _NAMESPACES:
        text = item.findtext(f"{{{namespace}}}{name}")
        if text:
            return text.strip()
    return ""


def _least(printed: str) -> float | None:
    found = _TRAFFIC.match(printed)
    if not found:
        return None
    factor = _FACTORS[(found[2] or "").lower()]
    digits = found[1].strip()
    # "1.5M" has a decimal sign; without a unit a point or comma separates thousands.
    number = digits.replace(",", ".") if factor > 1 else re.sub(r"\D", "", digits)
    try:
        return float(re.sub(r"\s", "", number)) * factor
    except ValueError:
        return None


def _day(text: str) -> str:
    try:
        when: datetime = parsedate_to_datetime(text)
    except ValueError:
        return ""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
