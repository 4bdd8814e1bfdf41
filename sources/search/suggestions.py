"""Question mining: what search boxes propose when a question is begun. Ideas without a volume, never figures.

References
----------
https://www.mediawiki.org/wiki/API:Opensearch; Google's completion is undocumented and may change or close at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pandas as pd

from sources.breaker import Manners
from sources.connector import Caps, Health, Page, Query, State, Window, check
from sources.errors import BadQuery, Changed
from sources.search.wikipedia import CONTACT_NEED, MANNERS, WIKI, user_agent
from sources.transport import Answer, Wire

GOOGLE = "https://suggestqueries.google.com/complete/search"

#: How questions begin, by language.
STEMS: Mapping[str, tuple[str, ...]] = {
    "fr": (
        "qui",
        "que",
        "quoi",
        "comment",
        "pourquoi",
        "quand",
        "où",
        "combien",
        "quel",
        "quelle",
        "quels",
        "quelles",
        "est-ce que",
        "peut-on",
        "faut-il",
        "à quoi sert",
    ),
    "en": (
        "who",
        "what",
        "how",
        "why",
        "when",
        "where",
        "which",
        "how much",
        "is",
        "are",
        "can",
        "should",
        "does",
        "do i need",
    ),
}


class GoogleSuggest:
    """What Google's search box proposes for a term and for the questions that begin with it."""

    name = "google_suggest"
    caps = Caps(
        title="Google suggestions",
        gives="questions and phrases that Google proposes; ideas without volume",
        tables=("queries",),
        limits="about ten for each beginning; the proposals depend on where this machine is",
        terms="undocumented: may be refused or closed at any time; moderate use",
        links=("https://support.google.com/websearch/answer/7368877",),
        manners=Manners(spacing=2.0, jitter=2.0, budget=200, rest=1800.0, backoff=30.0),
        finest=timedelta(days=1),
        options={"questions": "false: ask the bare terms only"},
    )

    def __init__(
        self,
        options: Mapping[str, Any] | None = None,
        wire: Wire | None = None,
        *,
        url: str = GOOGLE,
        manners: Manners | None = None,
    ) -> None:
        self._options, self._url = dict(options or {}), url
        self._transport, self._manners = (wire or Wire()).opened()[0], manners or self.caps.manners

    def check(self) -> Health:
        """Return that it needs nothing; asks nobody."""
        return check(self.caps, self._options)

    def suggestions(self, text: str, *, language: str, geo: str = "") -> list[str]:
        """Return what is proposed for `text`, web addresses left out.

        Raises
        ------
        BadQuery : empty text. Throttled, NotAllowed, Unavailable, Changed : see sources.errors.
        """
        return _texts(self._ask(text, language, geo), text)

    def search(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield a page for the term itself and for each question that begins with it."""
        language = query.language[:2] or "en"

        def ask(text: str) -> Answer:
            return self._ask(text, language, query.geo)

        stems = STEMS.get(language, ()) if self._options.get("questions", True) else ()
        yield from _mine(query, state, stems, ask, "query")

    def _ask(self, text: str, language: str, geo: str) -> Answer:
        # oe asks for UTF-8; what the header says decides, because some clients are answered in Latin-1 all the same.
        params = {
            "client": "chrome",
            "hl": language,
            "q": _asked(text),
            "oe": "utf-8",
            **({"gl": geo[:2]} if geo else {}),
        }
        return self._transport.get(self._url, params=params, manners=self._manners)


class WikipediaTitles:
    """Titles of articles that begin like a term: how the subject divides."""

    name = "wikipedia_titles"
    caps = Caps(
        title="Wikipedia titles",
        gives="titles of articles that begin like a term; ideas without volume",
        tables=("queries",),
        needs=(CONTACT_NEED,),
        limits="ten for each term; one request at a time",
        terms="CC BY-SA; the contact is sent with every request",
        links=("https://www.mediawiki.org/wiki/API:Opensearch",),
        manners=MANNERS,
        finest=timedelta(days=1),
        options={
            "contact": "an e-mail address or web page, sent to Wikimedia (or the environment variable UNDERSAID_CONTACT)"
        },
    )

    def __init__(
        self,
        options: Mapping[str, Any] | None = None,
        wire: Wire | None = None,
        *,
        wiki: str = WIKI,
        manners: Manners = MANNERS,
    ) -> None:
        self._options, self._wiki = dict(options or {}), wiki
        self._transport, self._manners = (wire or Wire()).opened()[0], manners

    def check(self) -> Health:
        """Return whether a contact is set; asks nobody."""
        return check(self.caps, self._options)

    def search(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield the one page of titles."""
        url = self._wiki.format(language=query.language[:2] or "en")
        headers = {"User-Agent": user_agent(self._options)}

        def ask(text: str) -> Answer:
            params = {"action": "opensearch", "search": _asked(text), "limit": "10", "namespace": "0", "format": "json"}
            return self._transport.get(url, params=params, headers=headers, manners=self._manners)

        yield from _mine(query, state, (), ask, "topic")


def _mine(query: Query, state: State | None, stems: Iterable[str], ask: Any, item: str) -> Iterator[Page]:
    """Yield one page for each beginning; the state counts those that are done."""
    term = query.terms[0]
    beginnings = [term, *(f"{stem} {term}" for stem in stems)]
    for i in range(int((state or {}).get("done", 0)), len(beginnings)):
        answer = ask(beginnings[i])
        where = ", ".join(filter(None, (query.language, query.geo)))
        rows = ideas(_texts(answer, beginnings[i]), term=term, item=item, window=where)
        yield Page({"queries": rows}, complete=i == len(beginnings) - 1, state={"done": i + 1}, raw=(answer.content,))


def ideas(texts: Iterable[str], *, term: str, item: str, window: str) -> pd.DataFrame:
    """Return proposals as rows of the `queries` table: kind "idea", no value, so that nobody can add them up."""
    found = list(dict.fromkeys(t for t in texts if t and t.casefold() != term.casefold()))
    frame = pd.DataFrame({"query": pd.Series(found, dtype="object")})
    return frame.assign(
        term=term,
        item=item,
        ranking="list",
        value=float("nan"),
        lo=float("nan"),
        hi=float("nan"),
        kind="idea",
        unit="none",
        window=window,
    )


def _texts(answer: Answer, asked: str) -> list[str]:
    """Return the proposals of an answer `[asked, [texts], [descriptions], [addresses or more], {details}]`."""
    found = answer.json(list, prefix=True)
    shaped = len(found) >= 2 and isinstance(found[0], str) and isinstance(found[1], list)
    if not shaped or not all(isinstance(t, str) for t in found[1]):
        raise Changed("the proposals are not where they were", answer.host, "report it", sample=answer.content[:500])
    if " ".join(found[0].split()).casefold() != " ".join(asked.split()).casefold():
        raise Changed(
            f"asked for {asked!r}, answered for {found[0]!r}", answer.host, "try again", sample=answer.content[:500]
        )
    details = found[-1] if isinstance(found[-1], dict) else {}
    kinds = details.get("google:suggesttype") or []
    return [t.strip() for i, t in enumerate(found[1]) if i >= len(kinds) or kinds[i] != "NAVIGATION"]


def _asked(text: str) -> str:
    if not isinstance(text, str) or not text.strip():
        raise BadQuery("the text is empty", "terms", "give a word")
    return text.strip()
