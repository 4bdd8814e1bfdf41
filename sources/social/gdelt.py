"""GDELT DOC 2.0: how many news articles speak of something, of how many in all, and in which tone, day by day.

News, not people: `authors` is null. The service sheds load (429 even on the first request of the day): it is asked once in five
seconds, and what it has answered is kept.

References
----------
https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts/ (query operators, modes `timelinevolraw` and `timelinetone`)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from sources.breaker import Manners
from sources.connector import Caps, Health, Page, Query, State, Window, check
from sources.errors import BadQuery, Changed, Throttled
from sources.social.clauses import all_of, quoted
from sources.social.rows import items_of
from sources.transport import Answer, Wire, clean

API = "https://api.gdeltproject.org/api/v2/doc/doc"
FIRST = datetime(2017, 1, 1, tzinfo=UTC)
#: One question; the service answers in days from a week on, in hours or quarters of an hour below.
SPAN = timedelta(days=366)
#: It refuses phrases of fewer letters than this as too short.
SHORTEST = 3
_REFUSALS = re.compile(
    r"too short|too long|too common|invalid|not (?:a )?valid|unrecognized|illegal|must be", re.IGNORECASE
)
_SLOW_DOWN = re.compile(r"limit requests|one every", re.IGNORECASE)
_LANGUAGES = {
    "ar": "arabic", "de": "german", "en": "english", "es": "spanish", "fr": "french", "it": "italian", "ja": "japanese",
    "nl": "dutch", "pl": "polish", "pt": "portuguese", "ru": "russian", "sv": "swedish", "tr": "turkish", "zh": "chinese",
}  # fmt: skip


class Gdelt:
    """Volume and tone of news coverage. Neither import nor construction asks anybody."""

    name = "gdelt"
    caps = Caps(
        title="GDELT news",
        gives="news articles a day that match, of all articles seen, and their mean tone, since 2017",
        tables=("counts",),
        limits="one request in five seconds, and less when it is busy; articles, not people",
        terms="free for any use with the name of the GDELT Project and a link to it",
        links=("https://www.gdeltproject.org/about.html#termsofuse",),
        manners=Manners(spacing=5.5, jitter=1.0, strikes=3, rest=900.0, patience=120.0, backoff=20.0),
        finest=timedelta(days=1),
        options={
            "country": "where the newspapers are, as GDELT writes it (france, unitedkingdom)",
            "language": "language of the articles as GDELT writes it; the study's if left out, 'any' for all",
        },
    )

    def __init__(
        self,
        options: Mapping[str, Any] | None = None,
        wire: Wire | None = None,
        *,
        api: str = API,
        manners: Manners | None = None,
    ) -> None:
        self._options, self._api = dict(options or {}), api
        self._transport, self._manners = (wire or Wire()).opened()[0], manners or self.caps.manners

    def check(self) -> Health:
        """Return that it needs nothing; asks nobody."""
        return check(self.caps, self._options)

    def counts(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield a page a year: articles and tone of every day.

        Raises
        ------
        BadQuery : the span begins before 2017, or the query has words that the service refuses.
        """
        if window.start < FIRST:
            raise BadQuery(f"{window.start:%Y-%m-%d} is before {FIRST:%Y-%m-%d}", "GDELT", "begin in 2017 or later")
        asked = self._text(query)
        at = datetime.fromisoformat(state["from"]) if state else window.start
        while at < window.end:
            span = Window(at, min(at + SPAN, window.end))
            volumes, tones = self._timeline(asked, "timelinevolraw", span), self._timeline(asked, "timelinetone", span)
            rows, notes = _days(_points(volumes, norm=True), _points(tones), span)
            rows = rows.assign(query=query.text, geo="", grain="day", unit="count")
            at = span.end
            yield Page(
                {"counts": rows},
                complete=at >= window.end,
                state={"from": at.isoformat()},
                raw=(volumes.content, tones.content),
                notes=notes,
            )

    def _text(self, query: Query) -> str:
        choices, unwanted = all_of(query.text, service=self.caps.title)
        for term in (*(t for c in choices for t in c), *unwanted):
            if len(term) < SHORTEST:
                raise BadQuery(f"{term!r} is too short for GDELT", f"query {query.text!r}", "write a longer phrase")
        parts = [quoted(c[0]) if len(c) == 1 else f"({' OR '.join(map(quoted, c))})" for c in choices]
        parts += [f"-{quoted(t)}" for t in unwanted]
        language = str(self._options.get("language", "") or _LANGUAGES.get(query.language[:2].lower(), "any"))
        parts += [f"sourcelang:{language}"] if language != "any" else []
        if country := str(self._options.get("country", "")).strip():
            parts.append(f"sourcecountry:{country.replace(' ', '').lower()}")
        return " ".join(parts)

    def _timeline(self, asked: str, mode: str, span: Window) -> Answer:
        params = {
            "query": asked,
            "mode": mode,
            "format": "json",
            "timelinesmooth": "0",
            "startdatetime": f"{span.start:%Y%m%d%H%M%S}",
            "enddatetime": f"{span.end - timedelta(seconds=1):%Y%m%d%H%M%S}",
        }
        answer = self._transport.get(self._api, params=params, manners=self._manners)
        said = answer.text.strip()
        # It refuses in plain words with status 200.
        if said and said[:1] not in "{[<" and len(said) < 500:
            if _SLOW_DOWN.search(said):
                raise Throttled(f"it answered: {said}", answer.host, "try again in some minutes")
            if _REFUSALS.search(said):
                raise BadQuery(f"it answered: {said}", answer.host, "change the query")
        return answer


def _points(answer: Answer, *, norm: bool = False) -> pd.DataFrame:
    """Return the series of a timeline: `at`, `value` and, where asked for, `norm`. No article at all is no row."""
    found = answer.json(dict)
    if not found:
        return pd.DataFrame({"at": pd.to_datetime([], utc=True), "value": [], "norm": []})
    series = items_of(found, "timeline", where=answer.host, raw=answer.content)
    try:
        points = [p for s in series for p in s["data"]]
        at = pd.to_datetime([p["date"] for p in points], format="%Y%m%dT%H%M%SZ", utc=True)
        values = np.array([float(p["value"]) for p in points])
        norms = np.array([float(p["norm"]) if norm else np.nan for p in points])
    except (KeyError, TypeError, ValueError) as error:
        what = f"the timeline has another shape ({error!r})"
        raise Changed(what, answer.host, "report it with the kept answer", sample=clean(answer.content)) from error
    return pd.DataFrame({"at": at, "value": values, "norm": norms})


def _days(volumes: pd.DataFrame, tones: pd.DataFrame, span: Window) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return `period`, `posts`, `whole`, `tone` by day: articles added up, tone weighted by articles."""
    joined = volumes.merge(tones.rename(columns={"value": "tone"})[["at", "tone"]], on="at", how="left")
    joined["period"] = joined["at"].dt.floor("D")
    joined = joined[(joined["at"] >= span.start) & (joined["at"] < span.end)]
    told = joined["tone"].notna() & (joined["value"] > 0)  # the tone of no article is printed as 0 and means nothing
    joined["weighed"] = (joined["tone"] * joined["value"]).where(told)
    joined["weight"] = joined["value"].where(told)
    days = joined.groupby("period").agg(
        posts=("value", "sum"), whole=("norm", "sum"), weighed=("weighed", "sum"), weight=("weight", "sum")
    )
    days["tone"] = days["weighed"] / days["weight"].replace(0.0, np.nan)
    expected = pd.date_range(pd.Timestamp(span.start).floor("D"), pd.Timestamp(span.end) - pd.Timedelta("1s"), freq="D")
    missing = len(expected) - len(days) if len(days) else 0
    notes = (f"GDELT told nothing of {missing} of {len(expected)} days",) if missing > 0 else ()
    return days[["posts", "whole", "tone"]].reset_index(), notes
