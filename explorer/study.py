"""A study: what is compared, over which topics, from which sources. Reads and checks `study.toml`."""

from __future__ import annotations

import difflib
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import tomlkit

from sources.errors import SourceError
from sources.store import Store

FILE_NAME = "study.toml"
GRAINS = ("auto", "hour", "day", "week", "month", "quarter", "year")
ENGINES = ("duckdb", "spark")
#: Days for which raw answers, which hold names and texts as they came, are kept where the study does not say.
KEEP_RAW_DAYS = 30

_STUDY_KEYS = {"name", "geo", "languages", "grain", "start", "end", "engine", "simulated", "lawful_basis", "notice"}
_STUDY_KEYS |= {"keep_raw_days"}
_TOPIC_KEYS = {"id", "label", "label_en", "label_fr", "search", "social"}
_TOP_KEYS = {"study", "topics", "sources", "content", "scenarios", "events", "reference", "terms", "brand", "watch"}
_TOP_KEYS |= {"brands"}


class BadStudy(SourceError):
    """The study file cannot be used as it is: the message names the key and the remedy."""


@dataclass(frozen=True)
class Topic:
    """One topic of the panel: the `search` terms that ask for it, the `social` query (or count name) that speaks of it."""

    id: str
    label: str
    search: tuple[str, ...]
    social: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def label_in(self, language: str) -> str:
        """Return the label in `language` where the study gives one, else the label."""
        return self.labels.get(language, self.label)

    def names(self) -> set[str]:
        """Return the normalised names under which a table may hold this topic as a whole."""
        return {fold(n) for n in (self.id, self.label, self.social, *self.labels.values()) if n}


@dataclass(frozen=True)
class Study:
    """A checked study file. `path` is the file; the store stands in the folder `store` beside it.

    `lawful_basis` and `notice` say why personal data may be worked with and where people are told; `keep_raw_days` how long
    answers are kept as they came; `terms` what each source allowed when it was first collected.
    """

    path: Path
    name: str
    topics: tuple[Topic, ...]
    geo: str = ""
    languages: tuple[str, ...] = ("fr", "en")
    grain: str = "auto"
    start: datetime | None = None
    end: datetime | None = None
    engine: str = "duckdb"
    simulated: bool = False
    sources: Mapping[str, Any] = field(default_factory=dict)
    content: tuple[Mapping[str, Any], ...] = ()
    scenarios: tuple[Mapping[str, Any], ...] = ()
    events: tuple[Mapping[str, Any], ...] = ()
    reference: tuple[Mapping[str, Any], ...] = ()
    brand: Mapping[str, Any] = field(default_factory=dict)
    brands: tuple[Mapping[str, Any], ...] = ()
    watch: Mapping[str, Any] = field(default_factory=dict)
    lawful_basis: str = ""
    notice: str = ""
    keep_raw_days: int = KEEP_RAW_DAYS
    terms: Mapping[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        """The tables of this study."""
        return Store(self.path.parent / "store")

    def named(self, label: str, language: str) -> str:
        """Return the label of a topic in a language; what is no topic (a scenario) keeps its name."""
        return next((t.label_in(language) for t in self.topics if t.label == label), label)

    def topic(self, topic_id: str) -> Topic:
        """Return the topic with this id; raises BadStudy naming the near misses."""
        for topic in self.topics:
            if topic.id == topic_id:
                return topic
        near = difflib.get_close_matches(topic_id, [t.id for t in self.topics], 3, 0.3)
        hint = f"did you mean {' or '.join(map(repr, near))}" if near else "see [[topics]] in the study file"
        raise BadStudy(f"there is no topic {topic_id!r}", str(self.path), hint)


def fold(text: str) -> str:
    """Return `text` as names are compared: composed, case-folded, without outer quotes and doubled spaces."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(plain.split()).strip("\"'“”«» ")


def read_study(path: Path | str) -> Study:
    """Read a study file, or the `study.toml` of a folder.

    Raises
    ------
    BadStudy : no such file, not TOML (line named), an unknown key, a topic without terms, an id that comes twice.
    """
    file = Path(path)
    if file.is_dir():
        file = file / FILE_NAME
    if not file.exists():
        raise BadStudy(
            "there is no study here", str(file), "make one with 'undersaid new NAME', or name its folder with --study"
        )
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadStudy(f"not a TOML file ({error})", str(file), "correct that line") from error
    return _study(data, file)


def parse_study(text: str, path: Path) -> Study:
    """Return the study that `text` describes, as if it stood at `path`."""
    return _study(tomllib.loads(text), path)


def new_study(folder: Path | str, *, name: str, geo: str = "", languages: Iterable[str] = ("fr",)) -> Study:
    """Create `folder` with an empty study file; refuses to touch one that exists."""
    file = Path(folder) / FILE_NAME
    if file.exists():
        raise BadStudy("a study is here already", str(file), "choose another name, or open it with --study")
    document = tomlkit.document()
    document["study"] = {"name": name, "geo": geo, "languages": list(languages), "grain": "auto"}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(tomlkit.dumps(document), encoding="utf-8")
    except OSError as error:
        raise BadStudy(f"the folder cannot be written ({error.strerror})", str(file.parent)) from error
    return read_study(file)


def _study(data: dict[str, Any], file: Path) -> Study:
    _known(data, _TOP_KEYS, str(file), "table")
    head = data.get("study", {})
    _known(head, _STUDY_KEYS, f"{file}, [study]", "key")
    topics = tuple(_topic(t, i, file) for i, t in enumerate(data.get("topics", []), 1))
    seen: dict[str, Topic] = {}
    for topic in topics:
        if topic.id in seen:
            raise BadStudy(f"the topic id {topic.id!r} comes twice", str(file), "give each topic its own id")
        seen[topic.id] = topic
    grain, engine = head.get("grain", "auto"), head.get("engine", "duckdb")
    for value, allowed, key in ((grain, GRAINS, "grain"), (engine, ENGINES, "engine")):
        if value not in allowed:
            raise BadStudy(f"{key} is {value!r}", f"{file}, [study]", f"choose one of {', '.join(allowed)}")
    return Study(
        path=file,
        name=str(head.get("name", file.parent.name)),
        topics=topics,
        geo=str(head.get("geo", "")),
        languages=tuple(head.get("languages", ("fr", "en"))),
        grain=grain,
        start=_instant(head.get("start"), file, "start"),
        end=_instant(head.get("end"), file, "end"),
        engine=engine,
        simulated=bool(head.get("simulated", False)),
        sources=data.get("sources", {}),
        content=tuple(data.get("content", ())),
        scenarios=tuple(data.get("scenarios", ())),
        events=tuple(data.get("events", ())),
        reference=tuple(data.get("reference", ())),
        brand=_brand(data.get("brand", {}), file),
        brands=tuple(_alternative(b, i, file) for i, b in enumerate(data.get("brands", ()), 1)),
        watch=data.get("watch", {}),
        lawful_basis=str(head.get("lawful_basis", "")),
        notice=str(head.get("notice", "")),
        keep_raw_days=_days(head.get("keep_raw_days", KEEP_RAW_DAYS), file),
        terms={str(k): str(v) for k, v in data.get("terms", {}).items()},
    )


def _days(value: Any, file: Path) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadStudy(
            f"keep_raw_days is {value!r}", f"{file}, [study]", "write a whole number of days, 0 to keep none"
        )
    return value


def _topic(data: dict[str, Any], number: int, file: Path) -> Topic:
    where = f"{file}, topic {number}"
    _known(data, _TOPIC_KEYS, where, "key")
    if not data.get("id"):
        raise BadStudy("a topic has no id", where, 'add a line id = "a-short-name"')
    search = data.get("search", [])
    if isinstance(search, str):
        search = [search]
    if not search and not data.get("social"):
        raise BadStudy(
            f"topic {data['id']!r} has neither search terms nor a social query", where, "add search or social"
        )
    labels = {key[-2:]: str(value) for key, value in data.items() if key in ("label_en", "label_fr")}
    label = str(data.get("label", data["id"]))
    return Topic(str(data["id"]), label, tuple(str(s) for s in search), str(data.get("social", "")), labels)


def _brand(data: Any, file: Path) -> Mapping[str, Any]:
    where = f"{file}, [brand]"
    _known(data, {"name", "accounts", "search", "social"}, where, "key")
    accounts = data.get("accounts", [])
    if not isinstance(accounts, list) or not all(isinstance(a, str) for a in accounts):
        raise BadStudy(f"accounts is {accounts!r}", where, 'write accounts = ["platform:name", ...]')
    return dict(data)


def _alternative(data: Any, number: int, file: Path) -> Mapping[str, Any]:
    where = f"{file}, [[brands]] {number}"
    _known(data, {"name", "search", "social"}, where, "key")
    search = data.get("search", [])
    if not isinstance(data.get("name"), str) or not data["name"].strip():
        raise BadStudy("a brand has no name", where, 'add a line name = "..."')
    if not isinstance(search, list) or not all(isinstance(s, str) for s in search):
        raise BadStudy(f"search is {search!r}", where, 'write search = ["term", ...]')
    return dict(data)


def _known(data: Mapping[str, Any], allowed: set[str], where: str, kind: str) -> None:
    for key in data:
        if key not in allowed:
            near = difflib.get_close_matches(key, sorted(allowed), 1)
            remedy = f"did you mean {near[0]!r}" if near else f"known are {', '.join(sorted(allowed))}"
            raise BadStudy(f"unknown {kind} {key!r}", where, remedy)


def _instant(value: Any, file: Path, key: str) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise BadStudy(f"{key} is {value!r}", f"{file}, [study]", f"write a date without quotes, as {key} = 2024-01-01")
