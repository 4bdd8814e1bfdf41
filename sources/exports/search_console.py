"""Google Search Console performance exports: single tables, the archive as it is downloaded, or the workbook; any language."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace

from sources.errors import BadFile, BadQuery
from sources.exports import site_search
from sources.exports.columns import listed
from sources.exports.mapping import Mapping
from sources.exports.places import place_code
from sources.exports.rawtable import RawTable
from sources.exports.reading import Reading
from sources.exports.run import Run
from sources.exports.site_search import Engine, Shape
from sources.exports.words import plain

SOURCE = "google_search_console_export"
CUT = 1_000  # rows at which the website cuts every list
ENGINE = Engine(SOURCE, "Search Console", CUT)
KINDS = {"queries": "queries", "dates": "interest", "countries": "regions"}

_SITE = re.compile(r"^(?:https?_*)?(?P<site>.+?)[ _-]+Performance[ _-]on[ _-]", re.IGNORECASE)
_FILTER_WORDS = frozenset(
    plain(w)
    for w in listed("filter, filters, filtre, filtro, filtr, filtre uygula, フィルタ, 필터, 过滤器, фильтр, 篩選器")
)
_FILTERS = {
    "date": "date, dates, datum, fecha, data, 日付, 날짜, 日期, дата, tarih",
    "search type": """
        search type, type de recherche, suchtyp, tipo de busqueda, tipo di ricerca, tipo de pesquisa, zoektype, 検索タイプ
        """,
    "query": "query, queries, requete, requetes, suchanfrage, suchanfragen, consulta, consultas, zoekopdracht, クエリ",
    "country": "country, pays, land, pais, paese, 国, 국가",
}
_FILTER_OF = {plain(w): name for name, words in _FILTERS.items() for w in listed(words)}


@dataclass(frozen=True)
class Filters:
    """What the export was narrowed to. `others` are settings that no column of our tables has a place for."""

    window: str | None = None
    term: str | None = None
    geo: str | None = None
    others: tuple[tuple[str, str], ...] = ()


def recognise(raw: RawTable) -> Shape | None:
    """Return the shape of a table of Search Console; one of its tables is enough."""
    shape = site_search.recognise(raw)
    if shape is None:
        return Shape("filters", 0, {}) if _is_filters(raw) else None
    names = [plain(h) for h in raw.top[shape.header]]
    return None if any(n.startswith("avg ") for n in names) else shape  # Bing writes averages so


def belongs(raw: RawTable) -> bool:
    """Return whether a table of an archive is one of Search Console's."""
    return recognise(raw) is not None


def read(raw: RawTable, shape: Shape, mapping: Mapping, _run: Run) -> Reading:
    """Read the tables of an export: queries, days, countries. Totals come from the days, never from the queries.

    Raises
    ------
    BadFile : a table that fills none of ours (pages, devices, kinds of results, settings); the message says what to import.
    BadQuery : the mapping asks for a kind that this export does not hold.
    """
    shapes = {table.name: recognise(table) for table in raw.siblings}
    tables = [(raw, shape), *((t, s) for t in raw.siblings if (s := shapes[t.name]) is not None)]
    filters = next((_filters(t) for t, s in tables if s.what == "filters"), Filters())
    how = replace(mapping, geo=mapping.geo if mapping.geo is not None else filters.geo)
    readings: dict[str, Reading] = {}
    left = []
    for table, of in tables:
        if of.what in KINDS and KINDS[of.what] not in readings:
            readings[KINDS[of.what]] = _read_one(table, of, how, filters)
        elif of.what != "filters":
            left.append((table, of))
    if not readings:
        raise _refusal(raw, shape)
    kinds = [mapping.kind] if mapping.kind else [k for k in KINDS.values() if k in readings]
    if kinds[0] not in readings:
        held = ", ".join(KINDS[k] for k in KINDS if KINDS[k] in readings)
        raise BadQuery(
            f"{raw.name} holds no {mapping.kind}", "kind", f"it holds {held}; import the table of days for interest"
        )
    for reading in readings.values():
        _of_site(reading, raw.archive or raw.name)
    _compare(readings)
    first = readings[kinds[0]]
    if left:
        names = ", ".join(t.name for t, _ in left)
        first.notes.append(f"Not read: {names}. They hold neither queries nor days nor countries.")
    if filters.others:
        said = ", ".join(f"{label} = {value}" for label, value in filters.others)
        first.notes.append(
            f"The export was filtered ({said}): its figures are those of this part of the site's searches."
        )
    return replace(first, also=tuple(r for k, r in readings.items() if k != kinds[0]))


def _read_one(raw: RawTable, shape: Shape, mapping: Mapping, filters: Filters) -> Reading:
    if shape.what == "queries":
        return site_search.read_queries(raw, shape, mapping, ENGINE, filters.window)
    if shape.what == "countries":
        return site_search.read_countries(raw, shape, mapping, ENGINE, filters.window)
    reading = site_search.read_dates(raw, shape, mapping, ENGINE, filters.term)
    if filters.others:
        # Figures of a part of the searches are not comparable with those of all.
        part = hashlib.sha256(repr(sorted(filters.others)).encode()).hexdigest()[:8]
        reading.table["scale"] = reading.table["scale"] + f":{part}"
    return reading


def _of_site(reading: Reading, name: str) -> None:
    """Add the site to the scale of a reading: only the name of an archive tells it, and sites must not mix."""
    found = _SITE.match(name.rsplit("/", 1)[-1])
    if found and "scale" in reading.table:
        reading.table["scale"] = reading.table["scale"] + ":" + found["site"].strip("_- ")


def _compare(readings: dict[str, Reading]) -> None:
    """Say how much of the total the listed queries make up, and which period they cover."""
    if not {"queries", "interest"} <= readings.keys():
        return
    queries, days = readings["queries"], readings["interest"]
    listed_, total = queries.table["value"].sum(), days.table["value"].sum()
    if total > 0 and set(queries.table["unit"]) == set(days.table["unit"]):
        unit = days.table["unit"].iloc[0]
        queries.notes.append(
            f"The queries listed make up {listed_ / total:.0%} of the {total:,.0f} {unit} of these days."
        )
    readings["queries"] = replace(queries, window=days.covered)


def _refusal(raw: RawTable, shape: Shape) -> BadFile:
    if shape.what == "filters":
        return BadFile(
            "these are the settings of a Search Console export, without figures",
            raw.name,
            "import the queries and the days of the same export (or the whole archive) instead",
        )
    return site_search.refusal(shape, raw.name, ENGINE)


def _is_filters(raw: RawTable) -> bool:
    rows = raw.top
    return (
        not raw.named
        and 1 < len(raw.cells) <= 20
        and all(len(row) <= 2 for row in rows)
        and len(rows[0]) == 2
        and plain(rows[0][0]) in _FILTER_WORDS
    )


def _filters(raw: RawTable) -> Filters:
    said: dict[str, str] = {}
    others = []
    for label, value in (row for row in raw.top[1:] if len(row) == 2):
        name = _FILTER_OF.get(plain(label))
        if name is None or name in said or (name == "search type" and plain(value) != "web"):
            others.append((label, value))
        else:
            said[name] = value
    geo = place_code(said["country"]) if "country" in said else None
    if "country" in said and geo is None:
        others.append(("country", said["country"]))
    term = said["query"].lstrip("+=~ ") if "query" in said else None
    return Filters(said.get("date"), term, geo, tuple(others))
