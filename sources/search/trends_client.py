"""pytrends 4.9 as transport only: it builds the request and finds the tokens, and nothing it parses is used.

Left to itself it asks the network in its constructor, keeps the geography and the widgets of the question before, takes a 429
for an answer, and fails on urllib3 2 when it retries. All of that is overridden here.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from pytrends.request import BASE_TRENDS_URL, TrendReq

from sources.breaker import Gate, Manners
from sources.clock import Clock
from sources.errors import BadQuery, Changed, NeedsKey, NotAllowed, Throttled, Unavailable
from sources.search.trends_arguments import Question
from sources.transport import CONNECT_SECONDS, READ_SECONDS, Answer, clean, judge

log = logging.getLogger(__name__)

_FILE_INSTEAD = "import the CSV from trends.google.com instead"
_SUSPECTS = "shorten the terms (Google refuses long ones), or check place, dates and category"
_REMEDIES = {400: _SUSPECTS, 413: _SUSPECTS, 414: _SUSPECTS}
_COOKIE_FIELDS = ("name", "value", "domain", "path", "expires")


class TrendsClient(TrendReq):
    """One conversation with Google Trends. Asks nobody before the first question."""

    def __init__(self, *, language: str, gate: Gate, clock: Clock, manners: Manners, base: str, cookies: Path) -> None:
        self._gate, self._clock, self._manners, self._base, self._jar = gate, clock, manners, base.rstrip("/"), cookies
        self._session: requests.Session | None = None
        self.explored: dict[str, Any] = {}
        # tz=0: all stamps in UTC. Never pytrends' own retries: they pass an argument that urllib3 2 has dropped.
        super().__init__(
            hl=language, tz=0, geo="", timeout=(CONNECT_SECONDS, READ_SECONDS), retries=0, backoff_factor=0
        )

    @property
    def host(self) -> str:
        """The host that turns are taken for."""
        return urlsplit(self._base).netloc

    def GetGoogleCookie(self) -> dict[str, str]:  # noqa: N802  (pytrends' name)
        """Ask nobody: pytrends calls this in its constructor."""
        return {}

    def build_payload(
        self,
        kw_list: list[str],
        cat: int = 0,
        timeframe: str = "today 5-y",
        geo: str = "",
        gprop: str = "",
    ) -> None:
        """Ask for the tokens of a question; what is left of the one before is dropped first."""
        self.geo = geo
        self.interest_over_time_widget: dict[str, Any] = {}
        self.interest_by_region_widget: dict[str, Any] = {}
        self.related_topics_widget_list: list[dict[str, Any]] = []
        self.related_queries_widget_list: list[dict[str, Any]] = []
        self.explored = {}
        try:
            super().build_payload(list(kw_list), cat, timeframe, geo, gprop)
        except (KeyError, TypeError, AttributeError) as error:
            raise self._changed("the list of charts is not where it was") from error

    def explore(self, question: Question) -> None:
        """Ask for the tokens of `question`."""
        self.build_payload(list(question.terms), question.category, question.timeframe, question.geo, question.product)

    def widget(self, url: str, request: dict[str, Any], token: str) -> dict[str, Any]:
        """Return the `default` part of the data of one chart.

        Raises
        ------
        NeedsKey : the token is used up; ask for new ones and try once more.
        """
        params = {"req": json.dumps(request), "token": token, "tz": str(self.tz)}
        found = self._get_data(url, params=params).get("default")
        if not isinstance(found, dict):
            raise self._changed("the answer has no 'default' part")
        return found

    def _get_data(self, url: str, method: str = "get", trim_chars: int = 0, **kwargs: Any) -> dict[str, Any]:
        self._first_visit()
        answer = self._send(method, url.replace(BASE_TRENDS_URL, self._base, 1), **kwargs)
        if answer.status in (401, 403):
            raise NeedsKey(
                f"the token of the question is not accepted (HTTP {answer.status})", self.host, _FILE_INSTEAD
            )
        try:
            judge(answer, now=self._clock.now(), remedies=_REMEDIES)
            found: dict[str, Any] = answer.json(dict, prefix=True)
        except Throttled as error:
            error.retry_at = self._gate.refused(self.host, self._manners, error.retry_at)
            error.remedy = f"leave it in peace until {error.retry_at:%H:%M} UTC, or {_FILE_INSTEAD}"
            raise
        except NotAllowed:
            # A page for humans: asking again makes it worse, and working around it is not ours to do.
            self._gate.refused(self.host, self._manners, final=True)
            raise
        self._gate.served(self.host)
        if url == self.GENERAL_URL:
            self.explored = found
        return found

    def _send(self, method: str, url: str, *, follow: bool = False, **kwargs: Any) -> Answer:
        session = self._opened()
        try:
            with self._gate.turn(self.host, self._manners):
                response = session.request(
                    method, url, timeout=self.timeout, headers=self.headers, allow_redirects=follow, **kwargs
                )
        except requests.exceptions.Timeout as error:
            raise Unavailable("no answer in time", self.host, f"check the connection, or {_FILE_INSTEAD}") from error
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
            raise BadQuery("the address cannot be asked", self.host, "report it") from error
        except requests.exceptions.RequestException as error:
            # Never the error's own text: it holds the address, and with it the token.
            what = (
                "it cannot be reached"
                if isinstance(error, requests.exceptions.ConnectionError)
                else "the answer broke off"
            )
            raise Unavailable(what, self.host, f"check the connection, or {_FILE_INSTEAD}") from error
        self._keep_cookies(session)
        headers = {k.lower(): v for k, v in response.headers.items()}
        return Answer(response.url or url, response.status_code, headers, response.content, self._clock.now())

    def _first_visit(self) -> None:
        """Visit the home page when no visitor cookie is there: returning visitors are served where strangers are not."""
        if any(c.name == "NID" for c in self._opened().cookies):
            return
        with contextlib.suppress(Unavailable):  # the question itself decides
            answer = self._send("get", f"{self._base}/explore/", follow=True)
            if answer.status == 429:
                log.info("the home page of %s asked to slow down", self.host)

    def _opened(self) -> requests.Session:
        if self._session is None:
            self._session = requests.Session()
            self._recall_cookies(self._session)
        return self._session

    def _recall_cookies(self, session: requests.Session) -> None:
        try:
            kept = json.loads(self._jar.read_text(encoding="utf-8"))
            for cookie in kept:
                session.cookies.set(**{k: cookie[k] for k in _COOKIE_FIELDS})
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError):
            log.warning("the visitor cookie cannot be read; a new one is asked for")

    def _keep_cookies(self, session: requests.Session) -> None:
        found = [{k: getattr(c, k) for k in _COOKIE_FIELDS} for c in session.cookies]
        text = json.dumps(found)
        try:
            if self._jar.exists() and self._jar.read_text(encoding="utf-8") == text:
                return
            self._jar.parent.mkdir(parents=True, exist_ok=True)
            draft = self._jar.with_name(f"{self._jar.name}.{os.getpid()}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                out.write(text)
            draft.replace(self._jar)
        except OSError as error:
            log.warning("the visitor cookie cannot be kept (%s)", error.strerror)

    def _changed(self, what: str) -> Changed:
        sample = clean(json.dumps(self.explored).encode())
        return Changed(what, self.host, f"report it with the kept answer; meanwhile {_FILE_INSTEAD}", sample=sample)
