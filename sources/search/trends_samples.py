"""Asking Google Trends and keeping every sample: what is known is not asked again, what is asked is asked alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any

import pandas as pd

from sources.breaker import Gate, Manners, state_folder
from sources.clock import Clock
from sources.connector import NotEnoughData
from sources.errors import NeedsKey, NotAllowed, Throttled, Unavailable
from sources.questions import Questions, Sample
from sources.search import trends_answers
from sources.search.trends_arguments import Question

if TYPE_CHECKING:
    from sources.search.trends_client import TrendsClient


class TrendsSamples:
    """Samples of questions: from the kept ones, or from Google."""

    def __init__(self, questions: Questions, *, gate: Gate, clock: Clock, base: str, manners: Manners) -> None:
        self.questions = questions
        self._gate, self._clock, self._base, self._manners = gate, clock, base, manners
        self._clients: dict[str, TrendsClient] = {}

    def sample(self, asked: Question, ask: Mapping[str, Any]) -> tuple[Sample, bool]:
        """Return the sample that answers a question and whether it was there before."""
        kept = self._kept(asked, ask)
        if kept is not None:
            return kept, True
        try:
            with self._gate.alone(self.client(asked.language).host, self._manners):
                kept = self._kept(asked, ask)  # another window may have asked while this one waited
                if kept is not None:
                    return kept, True
                answer = self._fetch(asked)
                sample = Sample("", asked.asked, answer, self._clock.now())
                try:
                    if asked.kind == "lookup":
                        trends_answers.topics(answer["data"])
                    else:
                        read_sample(asked, sample)
                except NotEnoughData:
                    # An answer like any other: kept, so that Google is not asked again for nothing.
                    self.questions.keep(asked.asked, answer, now=self._clock.now())
                    raise
                return self.questions.keep(asked.asked, answer, now=self._clock.now()), False
        except (Throttled, Unavailable):
            old = self.questions.samples(asked.asked)
            if ask.get("stale_ok") and old:
                return old[-1], True
            raise

    def _kept(self, asked: Question, ask: Mapping[str, Any]) -> Sample | None:
        if ask.get("fresh"):
            return None
        now, lifetime = self._clock.now(), asked.lifetime(self._clock.now())
        latest = self.questions.latest(asked.asked, now=now, lifetime=lifetime)
        wanted = int(ask.get("samples", 1))
        # Within a day Google repeats itself: another sample is worth asking for on another day only.
        if (
            latest is not None
            and lifetime is None
            and wanted > 1
            and now.date() > latest.fetched_at.astimezone(UTC).date()
        ):
            return latest if len(self.questions.samples(asked.asked)) >= wanted else None
        return latest

    def _fetch(self, asked: Question) -> dict[str, Any]:
        client = self.client(asked.language)
        if asked.kind == "lookup":
            found = client.suggestions(asked.terms[0])
            return {"data": {"topics": found}}
        try:
            return self._explore_and_read(client, asked)
        except NeedsKey:
            # A token works once; new ones are asked for, and only once.
            try:
                return self._explore_and_read(client, asked)
            except NeedsKey as error:
                self._gate.refused(client.host, self._manners)
                raise NotAllowed(
                    "Google refused the question twice", client.host, "import the CSV from trends.google.com instead"
                ) from error

    def _explore_and_read(self, client: TrendsClient, asked: Question) -> dict[str, Any]:
        client.explore(asked)
        titles = trends_answers.titles_of(client.explored)
        if asked.kind == "related":
            return {**self._related(client, asked), "titles": titles}
        if asked.kind == "time":
            chart, url = client.interest_over_time_widget, client.INTEREST_OVER_TIME_URL
        else:
            chart, url = client.interest_by_region_widget, client.INTEREST_BY_REGION_URL
        request, token = _chart(chart, asked)
        if asked.kind == "regions":
            request = {**request, "resolution": asked.resolution, "includeLowSearchVolumeGeos": False}
        trends_answers.terms_of(request, asked)
        return {"request": request, "data": client.widget(url, request, token), "titles": titles}

    def _related(self, client: TrendsClient, asked: Question) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for item, charts in (
            ("query", client.related_queries_widget_list),
            ("topic", client.related_topics_widget_list),
        ):
            for chart in charts:
                request, token = _chart(chart, asked)
                restriction = request.get("restriction")
                if not isinstance(restriction, dict):
                    raise trends_answers.changed("a chart of related searches does not say of what", request)
                trends_answers.terms_of({"comparisonItem": [restriction]}, asked)
                found[item] = client.widget(client.RELATED_QUERIES_URL, request, token)
        if not found:
            raise trends_answers.changed("no chart of related searches was offered", client.explored.get("widgets", []))
        return found

    def client(self, language: str) -> TrendsClient:
        """Return the conversation in `language`; nothing is opened before its first question."""
        if language not in self._clients:
            from sources.search.trends_client import TrendsClient

            self._clients[language] = TrendsClient(
                language=language,
                gate=self._gate,
                clock=self._clock,
                manners=self._manners,
                base=self._base,
                cookies=state_folder() / "google_trends_visitor.json",
            )
        return self._clients[language]


def read_sample(asked: Question, sample: Sample) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the rows of a sample, with its id as `scale`, and what there is to say of them."""
    answer = sample.answer
    if asked.kind == "time":
        rows = trends_answers.timeline(answer["data"], answer["request"], asked)
        if rows["partial"].any():
            return rows.assign(scale=sample.request), ("the last period had not ended when it was asked",)
        return rows.assign(scale=sample.request), ()
    if asked.kind == "regions":
        rows = trends_answers.regions(answer["data"], answer["request"], asked)
        return rows.assign(scale=f"{sample.request}:{rows['measure'].iloc[0]}"), ()
    parts = [trends_answers.related(answer[item], asked, item) for item in ("query", "topic") if item in answer]
    rows = pd.concat([p for p in parts if len(p)], ignore_index=True) if any(map(len, parts)) else parts[0]
    return rows, ()


def _chart(chart: Any, asked: Question) -> tuple[dict[str, Any], str]:
    """Return request and token of a chart.

    Raises
    ------
    Changed : the chart is missing; never is the one of another question taken for it.
    """
    request, token = (chart.get("request"), chart.get("token")) if isinstance(chart, dict) else (None, None)
    if not isinstance(request, dict) or not isinstance(token, str):
        raise trends_answers.changed(f"no chart was offered for {', '.join(asked.terms)}", chart)
    return request, token
