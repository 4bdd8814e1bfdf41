"""Google Trends, live: interest over time, by region, related queries and topics, topic lookup.

There is no open official API. The questions go through pytrends, which is used as transport only, at the pace of a patient
reader: one at a time for all processes of this machine, with a breaker on disk and every answer kept by its question. An index
counts nothing: 100 is the largest value of that one answer, and the same question has other numbers tomorrow.

References
----------
https://support.google.com/trends/answer/4365533 (what the numbers are); https://pypi.org/project/pytrends/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from sources.breaker import Manners
from sources.connector import Ask, Brief, Caps, Health, Need, Page, Query, State, Window, check
from sources.errors import BadQuery
from sources.questions import Questions
from sources.search import trends_answers
from sources.search.trends_arguments import TOPIC, question
from sources.search.trends_plan import questions
from sources.search.trends_samples import TrendsSamples, read_sample
from sources.transport import Wire

HOME = "https://trends.google.com/trends"

#: The only published measurement: 8 to 10 strangers' sessions in a quarter of an hour are refused, for 35 minutes or more.
MANNERS = Manners(
    spacing=8.0, jitter=7.0, budget=120, budget_window=3600.0, strikes=3, rest=2400.0, patience=90.0, backoff=60.0
)


@dataclass(frozen=True)
class Reply:
    """Rows of one answer. `request` is the id of the sample; `cached` True when it was asked before."""

    table: str
    rows: pd.DataFrame
    request: str
    fetched_at: datetime
    cached: bool
    notes: tuple[str, ...] = ()
    raw: bytes = b""
    titles: Mapping[str, str] = field(default_factory=dict)


class GoogleTrends:
    """Questions to Google Trends. Neither import nor construction asks anybody."""

    name = "google_trends"
    caps = Caps(
        title="Google Trends",
        gives="interest over time and by region as an index 0 to 100, related queries and topics; no volumes",
        tables=("interest", "regions", "queries"),
        needs=(Need("package", "pytrends", "speaks to Google Trends"),),
        limits="5 terms a question; days up to 269 days, weeks up to 5 years; refusals last 40 minutes and more",
        terms="no open API: Google may refuse at any time; personal and moderate use; name Google Trends as the source",
        links=(
            "https://trends.google.com",
            "https://support.google.com/trends/answer/4365533",
            "https://policies.google.com/terms",
        ),
        manners=MANNERS,
        finest=timedelta(days=1),
        options={
            "category": "number of a category, 0 = all",
            "property": "'' = web, images, news, youtube, froogle",
            "language": "language of place and topic names, such as fr",
            "anchor": "the term that the first questions share, so that more than five can be calibrated",
            "requests": "number of questions that bring more than five terms to one scale, at most; about 0.6 a term",
            "regions": "REGION, CITY, COUNTRY or DMA: also ask each term by place",
            "related": "true: also ask each term's related queries and topics",
            "samples": "number of answers for closed windows, asked again on other days until they are there",
        },
    )

    def __init__(
        self,
        options: Mapping[str, Any] | None = None,
        wire: Wire | None = None,
        *,
        questions: Questions | None = None,
        base: str = HOME,
        manners: Manners = MANNERS,
    ) -> None:
        self._options, self._wire = dict(options or {}), wire or Wire()
        self._samples = TrendsSamples(
            questions or Questions(), gate=self._wire.opened()[1], clock=self._wire.clock, base=base, manners=manners
        )

    def check(self) -> Health:
        """Return whether pytrends is here; asks nobody."""
        return check(self.caps, self._options)

    def interest_over_time(self, terms: Sequence[str], **ask: Any) -> Reply:
        """Return interest over time of one to five terms, on the scale of this one answer.

        Parameters
        ----------
        terms : search terms, or topic ids such as "/m/0663v" (see `lookup`).
        ask : `timeframe` ("today 5-y", "2024-01-01 2024-12-31", a Window), `geo`, `category`, `property`, `language`;
            `fresh` (ask again although an answer is kept), `samples` (wanted answers of different days),
            `stale_ok` (an old answer rather than an error).

        Returns
        -------
        Rows of the table `interest`: `value` [index 0..100], `lo`, `hi`, `kind`, `partial`, `scale` = the request's id.

        Raises
        ------
        BadQuery : an argument is wrong; nothing was sent. Throttled, NotAllowed, Unavailable, Changed : see sources.errors.
        NotEnoughData : Google has too few searches to show anything.
        """
        return self._reply("time", terms, ask)

    def interest_by_region(self, terms: Sequence[str], *, resolution: str, **ask: Any) -> Reply:
        """Return interest by place: an `index` for one term, each term's `share` within the place for several.

        Parameters
        ----------
        resolution : COUNTRY, REGION, CITY or DMA; honoured or refused, never replaced.
        ask : as for `interest_over_time`.

        Returns
        -------
        Rows of the table `regions`.

        Raises
        ------
        As `interest_over_time`; BadQuery also when Google answers at another level.
        """
        return self._reply("regions", terms, {**ask, "resolution": resolution})

    def related(self, term: str, **ask: Any) -> Reply:
        """Return what else is searched by those who search `term`: queries and topics, top and rising.

        Returns
        -------
        Rows of the table `queries`; none when Google has none to give.

        Raises
        ------
        As `interest_over_time`.
        """
        return self._reply("related", [term], ask)

    def lookup(self, text: str, *, language: str = "en-US") -> pd.DataFrame:
        """Return the topics that `text` may mean: `id`, `title`, `type`. A topic counts every wording and language of a thing.

        Raises
        ------
        As `interest_over_time`.
        """
        now = self._wire.clock.now()
        asked = question("lookup", [text], now=now, timeframe="all", language=language)
        return trends_answers.topics(self._samples.sample(asked, {})[0].answer["data"])

    def samples(self, terms: Sequence[str], **ask: Any) -> pd.DataFrame:
        """Return every kept answer to a question of `interest_over_time`, with its `fetched_at`; asks nobody."""
        asked = question("time", terms, now=self._wire.clock.now(), **self._settings(ask))
        kept = [
            read_sample(asked, s)[0].assign(fetched_at=s.fetched_at)
            for s in self._samples.questions.samples(asked.asked)
        ]
        return (
            pd.concat(kept, ignore_index=True)
            if kept
            else pd.DataFrame(columns=["term", "period", "value", "fetched_at"])
        )

    def asks(self, brief: Brief) -> list[Ask]:
        """Return the questions for a study; see `sources.search.trends_plan`."""
        return questions(self, brief, self._options, self._wire.clock.now())

    def search(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield the one page that answers `query`."""
        options = {**query.options, "geo": query.geo, "timeframe": window}
        if query.language:
            options["language"] = query.language
        if query.table == "interest":
            reply = self.interest_over_time(query.terms, samples=int(self._options.get("samples", 1)), **options)
            got = reply.rows["grain"].iloc[0]
            notes = reply.notes
            if query.grain not in ("auto", got):
                notes += (f"asked for one value a {query.grain}, Google gives one a {got} for a range of this length",)
        elif query.table == "regions":
            reply, notes = self.interest_by_region(query.terms, **options), ()
        elif query.table == "queries":
            reply, notes = self.related(query.terms[0], **options), ()
        else:
            raise BadQuery(f"Google Trends has no table {query.table!r}", self.name)
        yield Page({reply.table: reply.rows}, complete=True, raw=(reply.raw,), notes=notes)

    def _settings(self, ask: Mapping[str, Any]) -> dict[str, Any]:
        own: dict[str, Any] = {k: self._options[k] for k in ("category", "property", "language") if k in self._options}
        return {**own, **{k: v for k, v in ask.items() if k not in ("fresh", "samples", "stale_ok")}}

    def _reply(self, kind: str, terms: Sequence[str], ask: Mapping[str, Any]) -> Reply:
        asked = question(kind, terms, now=self._wire.clock.now(), **self._settings(ask))
        sample, cached = self._samples.sample(asked, ask)
        rows, notes = read_sample(asked, sample)
        titles = sample.answer.get("titles", {})
        notes += tuple(f"{id_} is the topic {title}" for id_, title in titles.items())
        notes += tuple(
            f"{t} is a topic whose title Google did not tell" for t in asked.terms if TOPIC.match(t) and t not in titles
        )
        age = self._wire.clock.now() - sample.fetched_at
        if cached and age > timedelta(hours=1):
            notes += (f"answered on {sample.fetched_at:%Y-%m-%d %H:%M} UTC and kept since",)
        table = {"time": "interest", "regions": "regions", "related": "queries"}[kind]
        raw = json.dumps(sample.answer, ensure_ascii=False, sort_keys=True).encode()
        return Reply(table, rows, sample.request, sample.fetched_at, cached, notes, raw, titles)


def spread(samples: pd.DataFrame) -> pd.DataFrame:
    """Return mean and spread of the samples of one question, a row per term and period.

    Google draws a new sample of its searches every day. The mean is steadier than any of them, and its spread says how far a
    single answer can be trusted.

    Parameters
    ----------
    samples : as `GoogleTrends.samples` gives them: `term`, `period`, `value`, `fetched_at`; values that are null are left out.

    Returns
    -------
    `term`, `period`, `mean`, `sd` (null for one sample), `n`, `least`, `most`, `first`, `last` (when they were asked).
    """
    known = samples.dropna(subset=["value"])
    grouped = known.groupby(["term", "period"], sort=True)
    return grouped.agg(
        mean=("value", "mean"),
        sd=("value", "std"),
        n=("value", "size"),
        least=("value", "min"),
        most=("value", "max"),
        first=("fetched_at", "min"),
        last=("fetched_at", "max"),
    ).reset_index()


__all__ = ["GoogleTrends", "Reply", "spread"]
