"""What may be asked of Google Trends: every argument is checked here, before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sources.connector import Window
from sources.errors import BadQuery

MOST_TERMS = 5
#: Windows of terms sorted by level move on by this many, so that neighbours share two.
STRIDE = 3
FIRST = datetime(2004, 1, 1, tzinfo=UTC)
PROPERTIES = ("", "images", "news", "youtube", "froogle")
RESOLUTIONS = ("COUNTRY", "REGION", "CITY", "DMA")

#: Longest range, in days, for which the service answers in hours and in days; up to WEEKS it answers in weeks, then in months.
HOURS, DAYS, WEEKS = 7, 269, 1889

TOPIC = re.compile(r"^/[mg]/[0-9a-z_]+$")
_GEO = re.compile(r"^[A-Z]{2}(-[A-Z0-9]{1,3}(-\d{3})?)?$")
_RELATIVE = re.compile(r"^(?:now (?P<now>7-d)|today (?P<n>1|3|12|5)-(?P<unit>m|y)|(?P<all>all))$")
_ABSOLUTE = re.compile(r"^(\d{4}-\d{2}-\d{2})(T\d{2})? (\d{4}-\d{2}-\d{2})(T\d{2})?$")


@dataclass(frozen=True)
class Question:
    """One question to Google Trends, checked. `terms` in a fixed order; `timeframe` as it is sent."""

    kind: str  # time | regions | related | lookup
    terms: tuple[str, ...]
    window: Window
    timeframe: str
    geo: str = ""
    category: int = 0
    product: str = ""
    language: str = "en-US"
    resolution: str = ""
    live: bool = False

    @property
    def asked(self) -> Mapping[str, Any]:
        """The question in full, with dates, as the key under which its answers are kept."""
        return {
            "source": "google_trends",
            "kind": self.kind,
            "terms": list(self.terms),
            "geo": self.geo,
            "start": self.window.start.isoformat(),
            "end": self.window.end.isoformat(),
            "hours": self.live or "T" in self.timeframe,
            "category": self.category,
            "property": self.product,
            "language": self.language,
            "resolution": self.resolution,
            "tz": 0,
        }

    def lifetime(self, now: datetime) -> timedelta | None:
        """How long an answer stays good: an hour for a live window, a day while the end is near, else for ever."""
        if self.kind == "lookup":
            return timedelta(days=30)
        if self.live:
            return timedelta(hours=1)
        return timedelta(hours=24) if now - self.window.end < timedelta(days=3) else None


def question(
    kind: str,
    terms: Sequence[str],
    *,
    now: datetime,
    timeframe: str | Window = "today 5-y",
    geo: str = "",
    category: int = 0,
    property: str = "",
    language: str = "en-US",
    resolution: str = "",
) -> Question:
    """Return a checked question.

    Raises
    ------
    BadQuery : the message names the argument; nothing has been sent.
    """
    checked = _terms(terms, most=1 if kind in ("related", "lookup") else MOST_TERMS)
    if geo and not _known_place(geo):
        hint = f"did you mean {geo.upper()!r}" if _known_place(geo.upper()) else "use a code such as FR, FR-J or US-NY"
        raise BadQuery(f"there is no place {geo!r}", "geo", hint)
    if isinstance(category, bool) or not isinstance(category, int) or not 0 <= category <= 9999:
        raise BadQuery(
            f"{category!r} is no category", "category", "use the number in the address of the website, 0 for all"
        )
    if property not in PROPERTIES:
        raise BadQuery(
            f"there is no property {property!r}", "property", f"choose one of {', '.join(map(repr, PROPERTIES))}"
        )
    if kind == "regions":
        _check_resolution(resolution, geo)
    window, text, live = _span(timeframe, now)
    return Question(kind, checked, window, text, geo, category, property, language, resolution, live)


def _terms(terms: Sequence[str], *, most: int) -> tuple[str, ...]:
    if isinstance(terms, str) or not isinstance(terms, Sequence):
        raise BadQuery("the terms are one text", "terms", "give a list of terms, also for one")
    if not 1 <= len(terms) <= most:
        raise BadQuery(
            f"{len(terms)} terms were given",
            "terms",
            f"give 1 to {most}; more go into several questions that share a term",
        )
    seen: dict[str, str] = {}
    for term in terms:
        if not isinstance(term, str) or not term.strip():
            raise BadQuery(f"the term {term!r} is empty", "terms", "remove it")
        key = " ".join(term.split()).casefold()
        if key in seen:
            raise BadQuery(f"the terms {seen[key]!r} and {term!r} are the same", "terms", "remove one of them")
        seen[key] = term
    # One order for one set: the same question, however it was written, has one id.
    return tuple(" ".join(seen[k].split()) for k in sorted(seen))


def _known_place(geo: str) -> bool:
    from sources.exports.places import country_code

    return bool(_GEO.match(geo)) and country_code(geo[:2]) == geo[:2]


def _check_resolution(resolution: str, geo: str) -> None:
    if resolution not in RESOLUTIONS:
        raise BadQuery(
            f"there is no resolution {resolution!r}", "resolution", f"choose one of {', '.join(RESOLUTIONS)}"
        )
    if resolution == "COUNTRY" and geo:
        raise BadQuery(f"{geo} is not made of countries", "resolution", "choose REGION or CITY, or leave geo empty")
    if resolution == "REGION" and "-" in geo:
        raise BadQuery(f"{geo} is a region already", "resolution", "choose CITY, or DMA in the United States")
    if resolution == "DMA" and geo[:2] != "US":
        raise BadQuery("metropolitan areas exist for the United States only", "resolution", "choose CITY or REGION")


def _span(timeframe: str | Window, now: datetime) -> tuple[Window, str, bool]:
    if isinstance(timeframe, Window):
        hours = timeframe.start.time() != datetime.min.time() or timeframe.end.time() != datetime.min.time()
        start, end = timeframe.start, timeframe.end
        text = (
            f"{start:%Y-%m-%dT%H} {end:%Y-%m-%dT%H}"
            if hours
            else f"{start:%Y-%m-%d} {end - timedelta(days=1):%Y-%m-%d}"
        )
        _check_span(start, end, now, text)
        return timeframe, text, False
    found = _RELATIVE.match(timeframe) if isinstance(timeframe, str) else None
    if found:
        return _relative(found, now), timeframe, bool(found["now"])
    absolute = _ABSOLUTE.match(timeframe) if isinstance(timeframe, str) else None
    if not absolute or bool(absolute[2]) != bool(absolute[4]):
        raise BadQuery(
            f"the timeframe {timeframe!r} cannot be asked",
            "timeframe",
            "write two dates as '2024-01-01 2024-12-31', or today 1-m, 3-m, 12-m, 5-y, now 7-d, all "
            "(finer than an hour is not kept)",
        )
    try:
        start = datetime.fromisoformat(absolute[1] + (absolute[2] or "T00")).replace(tzinfo=UTC)
        end = datetime.fromisoformat(absolute[3] + (absolute[4] or "T00")).replace(tzinfo=UTC)
    except ValueError as error:
        raise BadQuery(f"a date of {timeframe!r} does not exist", "timeframe", "correct it") from error
    if not absolute[2]:
        end += timedelta(days=1)
    _check_span(start, end, now, timeframe)
    return Window(start, end), timeframe, False


def _relative(found: re.Match[str], now: datetime) -> Window:
    if found["now"]:
        hour = now.replace(minute=0, second=0, microsecond=0)
        return Window(hour - timedelta(days=7), hour + timedelta(hours=1))
    end = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    if found["all"]:
        return Window(FIRST, end)
    days = {"m": 365.25 / 12, "y": 365.25}[found["unit"]] * int(found["n"])
    return Window(end - timedelta(days=round(days)), end)


def _check_span(start: datetime, end: datetime, now: datetime, text: str) -> None:
    if start >= end:
        raise BadQuery(f"the start comes after the end in {text!r}", "timeframe", "exchange them")
    if start < FIRST:
        raise BadQuery(f"{text!r} begins before 2004", "timeframe", "Google Trends begins on 2004-01-01")
    if end.date() > now.date() + timedelta(days=1):
        raise BadQuery(f"{text!r} ends in the future", "timeframe", f"end it on {now:%Y-%m-%d} or before")


def windows(span: Window, grain: str) -> list[Window]:
    """Return the spans to ask so that the service answers in `grain`: one, or several that overlap by a third.

    Several are on several scales: they are joined by `sources.calibration.stitch`, for which the whole span, asked once
    in the coarser grain that it is answered in, comes first.
    """
    longest = {"hour": HOURS, "day": 252, "week": 1820}.get(grain)
    most = {"hour": HOURS, "day": DAYS, "week": WEEKS}.get(grain)
    if longest is None or most is None or span.length <= timedelta(days=most):
        return [span]
    step, length = timedelta(days=longest * 2 // 3 or 1), timedelta(days=longest)
    found, end = [], span.end
    while end - length > span.start:
        found.append(Window(end - length, end))
        end -= step
    return [span, *reversed([*found, Window(span.start, min(span.start + length, span.end))])]
