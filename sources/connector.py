"""What a connector is: three small protocols, what it says about itself, and where connectors are found.

A connector asks one service and gives pages of rows; it neither waits, retries, splits windows nor stores. All of that is
done once, for every connector, by `sources.collect`. How to add one in one file: docs/connectors.md.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

import pandas as pd

from sources.breaker import POLITE, Manners
from sources.errors import BadQuery, SourceError
from sources.transport import Wire

if TYPE_CHECKING:
    from sources.exports import Mapping as ExportMapping
    from sources.exports import Reading

#: Entry point group in which a distribution names its connectors: `name = "package.module:Class"`.
GROUP = "undersaid.sources"

#: Where a walk stands, as plain JSON; only the connector that wrote it can read it. None = at the beginning.
State = Mapping[str, Any]


class NotEnoughData(SourceError):
    """The service answered and has too little to show: an answer, not a fault. It is covered as `empty`."""


@dataclass(frozen=True, order=True)
class Window:
    """A span of time: `start` is inside, `end` is the first instant outside. Both aware."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """The length of the span."""
        return self.end - self.start

    def halves(self) -> tuple[Window, Window]:
        """Return the earlier and the later half, split at a whole second."""
        middle = (self.start + self.length / 2).replace(microsecond=0)
        return Window(self.start, middle), Window(middle, self.end)


@dataclass(frozen=True)
class Query:
    """One question. `table` names what is asked for: interest, regions, queries, posts or counts.

    Parameters
    ----------
    text : what posts or counts are matched by; '' for searches.
    terms : search terms asked together.
    name : under which the answer is stored and covered, when it is not `text` (a topic id).
    grain : hour | day | week | month | auto.
    options : whatever else belongs to the question, plain JSON.
    """

    table: str
    text: str = ""
    terms: tuple[str, ...] = ()
    name: str = ""
    geo: str = ""
    language: str = ""
    grain: str = "auto"
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """What coverage is written for: each term, or the query."""
        return self.terms or (self.name or self.text,)


@dataclass(frozen=True)
class Reject:
    """An item of an answer that could not be read: `reason` in words, `value` shortened."""

    value: str
    reason: str


@dataclass(frozen=True)
class Page:
    """One answer of a service, read.

    Parameters
    ----------
    rows : by table, without the stamp columns. Rows of posts may carry `author`: the driver replaces it by a pseudonym.
    complete : with this page everything inside the window has come. A walk that ends without such a page met a ceiling.
    state : where to go on after this page.
    raw : the answers as they came; the driver removes secrets and keeps them.
    covered : what the page really covers, where that is less than the window. Of the last page: it ends earlier (days not yet
        published) or starts later (what the service does not hold any more). Of the last page before a ceiling of a source
        that walks from new to old: it starts later.
    not_before : the service wants no further request before this instant.
    """

    rows: Mapping[str, pd.DataFrame]
    complete: bool
    state: State | None = None
    raw: tuple[bytes, ...] = ()
    rejected: tuple[Reject, ...] = ()
    notes: tuple[str, ...] = ()
    covered: Window | None = None
    not_before: datetime | None = None


@dataclass(frozen=True)
class Need:
    """What a connector cannot do without: `kind` is package, key (environment) or setting (environment or study file).

    `variable` names the environment variable, of a package what is to be installed.
    """

    kind: str
    name: str
    why: str
    variable: str = ""


@dataclass(frozen=True)
class Caps:
    """What a connector says about itself.

    Parameters
    ----------
    ceiling : most items that one query gives before the service stops without a word; None = none known.
    sparse : what does not match is left out here, so that many pages in a row may be empty (a stream).
    finest : shortest window worth asking for; windows that meet the ceiling are halved down to this.
    recheck : posts that one request can look at again, for a source that has `gone`; 0 = it cannot tell what was deleted.
    options : keys of its table in the study file, each with its meaning.
    """

    title: str
    gives: str
    tables: tuple[str, ...]
    limits: str
    terms: str
    needs: tuple[Need, ...] = ()
    links: tuple[str, ...] = ()
    manners: Manners = POLITE
    ceiling: int | None = None
    finest: timedelta = timedelta(hours=1)
    recheck: int = 0
    sparse: bool = False
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Health:
    """Whether a connector can work here, and in words what is missing."""

    works: bool
    why: str = ""


class Source(Protocol):
    """What all connectors share."""

    name: str
    caps: Caps

    def check(self) -> Health:
        """Return whether it can work here; asks nobody."""
        ...


@runtime_checkable
class SearchSource(Source, Protocol):
    """Answers questions on searching or reading: rows of interest, regions, queries."""

    def search(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield pages, from `state` on."""
        ...


@runtime_checkable
class PostSource(Source, Protocol):
    """Gives posts that match a query."""

    def posts(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield pages, from `state` on."""
        ...


@runtime_checkable
class RecheckSource(Source, Protocol):
    """Tells which posts are no longer shown; `caps.recheck` says how many at a time."""

    def gone(self, posts: pd.DataFrame) -> Sequence[str]:
        """Return the ids that are gone, of at most `caps.recheck` stored posts (`platform`, `id`, `url`)."""
        ...


@runtime_checkable
class CountSource(Source, Protocol):
    """Gives how many posts match a query, a period at a time."""

    def counts(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield pages, from `state` on."""
        ...


@runtime_checkable
class ExportReader(Protocol):
    """Reads the files of one tool."""

    def sniff(self, head: bytes, name: str) -> float:
        """Return how sure the reader is that the file is its own, 0..1."""
        ...

    def read(self, path: Path, mapping: ExportMapping | None = None) -> Reading:
        """Read a file."""
        ...


@dataclass(frozen=True)
class Subject:
    """A topic in plain values: the `search` terms that ask for it, the `social` query that speaks of it."""

    id: str
    search: tuple[str, ...] = ()
    social: str = ""


@dataclass(frozen=True)
class Brief:
    """What is to be collected, in plain values: the part of a study that connectors may see."""

    subjects: tuple[Subject, ...]
    window: Window
    geo: str = ""
    languages: tuple[str, ...] = ()
    grain: str = "auto"

    @property
    def terms(self) -> tuple[str, ...]:
        """The search terms of all subjects, each once whatever its letter case, in order."""
        found: dict[str, str] = {}
        for term in (t.strip() for subject in self.subjects for t in subject.search):
            if term:
                found.setdefault(term.casefold(), term)
        return tuple(found.values())


@dataclass(frozen=True)
class Ask:
    """One question to one source over one window.

    `further` proposes the questions that follow from answers: when all questions that share one and the same `further` are
    answered, it is called with them, in the order asked, each with the stored rows of its one page (none: it has no answer);
    what it returns is asked next, until it returns nothing. It must depend on nothing else: a run that was killed calls it
    again and goes on where it was. A question asked before is not asked again.
    """

    source: Source
    query: Query
    window: Window
    further: Callable[[Sequence[tuple[Ask, pd.DataFrame]]], Sequence[Ask]] | None = field(
        default=None, compare=False, repr=False
    )

    @property
    def key(self) -> str:
        """Id of the question: the same in every process."""
        q = self.query
        parts = [self.source.name, q.table, q.text, q.terms, q.name, q.geo, q.language, q.grain, q.options]
        parts += [self.window.start.isoformat(), self.window.end.isoformat()]
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def pages(self, window: Window, state: State | None) -> Iterator[Page]:
        """Return the walk of this question over `window`, from `state` on."""
        table, source = self.query.table, self.source
        if table == "posts":
            return cast(PostSource, source).posts(self.query, window, state)
        if table == "counts":
            return cast(CountSource, source).counts(self.query, window, state)
        return cast(SearchSource, source).search(self.query, window, state)


def connectors() -> dict[str, type[Any] | SourceError]:
    """Return the installed connectors by name; one that cannot be loaded is there as the error that says why."""
    found: dict[str, type[Any] | SourceError] = {}
    for point in sorted(metadata.entry_points(group=GROUP), key=lambda p: p.name):
        try:
            found[point.name] = point.load()
        except Exception as error:  # noqa: BLE001  (other people's code: one that fails must not take the others along)
            found[point.name] = BadQuery(
                f"this connector cannot be loaded ({error!r})", point.value, "update or remove it"
            )
    return found


def open_source(name: str, options: Mapping[str, Any] | None = None, wire: Wire | None = None) -> Source:
    """Return the connector `name`, set up with its table of the study file. Asks nobody.

    Raises
    ------
    BadQuery : no such connector, or an option that it does not know; the message names the near misses.
    """
    import difflib

    known = connectors()
    kind = known.get(name)
    if kind is None:
        near = difflib.get_close_matches(name, list(known), 1)
        remedy = f"did you mean {near[0]!r}" if near else f"known are {', '.join(known)}"
        raise BadQuery(f"there is no source {name!r}", f"[sources.{name}]", remedy)
    if isinstance(kind, SourceError):
        raise kind
    for option in options or {}:
        if option not in kind.caps.options:
            near = difflib.get_close_matches(option, list(kind.caps.options), 1)
            remedy = f"did you mean {near[0]!r}" if near else f"known are {', '.join(kind.caps.options) or 'none'}"
            raise BadQuery(f"unknown option {option!r}", f"[sources.{name}]", remedy)
    return cast(Source, kind(dict(options or {}), wire or Wire()))


def plan(brief: Brief, settings: Mapping[str, Mapping[str, Any]], wire: Wire | None = None) -> list[Ask]:
    """Return the questions that a study puts to its sources.

    Parameters
    ----------
    brief : topics, place, languages and span.
    settings : tables of the study file by source name; a source that is not named is not asked.

    Returns
    -------
    One `Ask` per question, in the order in which they are best asked. A source may plan for itself (`asks(brief)`); for
    the others it is one question per search term, or per social query.

    Raises
    ------
    BadQuery : an unknown source or option.
    """
    asks: list[Ask] = []
    wire = wire or Wire()
    now = wire.clock.now()
    for name, options in settings.items():
        source = open_source(name, options, wire)
        own = getattr(source, "asks", None)
        asks += own(brief) if own is not None else list(asks_of_each(source, brief, now))
    return asks


def asks_of_each(source: Source, brief: Brief, now: datetime, tables: Sequence[str] | None = None) -> Iterator[Ask]:
    """Yield one question per social query, or per search term, in periods that have ended; `tables` narrows what is asked.

    A day (or hour) that is still running is not asked for: it would be stored as complete. That also makes a plan of the
    same day the same plan, so that a run that was stopped is taken up again.
    """
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    ended = now.replace(minute=0, second=0, microsecond=0) if brief.grain == "hour" else today
    past = Window(brief.window.start, min(brief.window.end, ended))
    lists = Window(
        today, today + timedelta(days=1)
    )  # lists have no time of their own: they are of the day they are asked
    common: dict[str, Any] = {"geo": brief.geo, "grain": brief.grain, "language": next(iter(brief.languages), "")}
    for table in tables if tables is not None else source.caps.tables:
        if table in ("posts", "counts"):
            for subject in brief.subjects:
                if subject.social and past.length > timedelta(0):
                    yield Ask(source, Query(table, text=subject.social, **common), past)
        else:
            window = lists if table in ("queries", "regions") else past
            for term in brief.terms if window.length > timedelta(0) else ():
                yield Ask(source, Query(table, terms=(term,), **common), window)


def missing(caps: Caps, options: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> list[Need]:
    """Return what `caps` needs and is not here, without asking anybody."""
    env = os.environ if environ is None else environ

    def here(need: Need) -> bool:
        if need.kind == "package":
            return importlib.util.find_spec(need.name) is not None
        return bool(str(options.get(need.name, "")).strip() or env.get(need.variable, "").strip())

    return [need for need in caps.needs if not here(need)]


def check(caps: Caps, options: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Health:
    """Return whether everything that `caps` needs is here, without asking anybody."""
    told = []
    for need in missing(caps, options, environ):
        if need.kind == "package":
            told.append(f"the package {need.name} is missing: pip install '{need.variable or need.name}'")
        else:
            places = [f"the environment variable {need.variable}"] if need.variable else []
            places += [f"{need.name} in the study file"] if need.kind == "setting" else []
            told.append(f"{need.why}: set {' or '.join(places)}")
    return Health(not told, "; ".join(told))


def catalogue(environ: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return every installed connector: what it gives, needs and allows, and whether it works here. Asks nobody.

    Parameters
    ----------
    environ : environment in which keys are looked for; None = this process's.

    Returns
    -------
    `source`, `title`, `gives`, `tables`, `needs`, `limits`, `terms`, `links`, `options`, `works` (bool), `why` ('' when it
    works).
    """
    rows = []
    for name, kind in connectors().items():
        if isinstance(kind, SourceError):
            rows.append({"source": name, "works": False, "why": str(kind)})
            continue
        caps: Caps = kind.caps
        health = check(caps, {}, environ)
        rows.append(
            {
                "source": name,
                "title": caps.title,
                "gives": caps.gives,
                "tables": ", ".join(caps.tables),
                "needs": "; ".join(_say(n) for n in caps.needs) or "nothing",
                "limits": caps.limits,
                "terms": caps.terms,
                "links": " ".join(caps.links),
                "options": "; ".join(f"{k}: {v}" for k, v in caps.options.items()),
                "works": health.works,
                "why": health.why,
            }
        )
    columns = ["source", "title", "gives", "tables", "needs", "limits", "terms", "links", "options", "works", "why"]
    frame = pd.DataFrame(rows, columns=columns)
    text = [c for c in columns if c != "works"]
    frame[text] = frame[text].fillna("")
    return frame


def _say(need: Need) -> str:
    where = f" ({need.variable})" if need.variable else ""
    return f"{need.kind} {need.name}{where}: {need.why}"


def rejected(items: Iterable[tuple[object, str]]) -> tuple[Reject, ...]:
    """Return items with their reasons as `Reject`s, values shortened."""
    return tuple(Reject(str(value)[:80], reason) for value, reason in items)
