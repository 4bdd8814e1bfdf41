"""Google Trends exports without time: interest by place (`geoMap.csv`) and related queries or topics."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from sources.errors import BadFile
from sources.exports.columns import listed
from sources.exports.interest_values import interest_values
from sources.exports.mapping import Mapping, fingerprint
from sources.exports.numerals import MISSING, Numbers, numbers
from sources.exports.places import place_code
from sources.exports.rawtable import TEXT, RawTable
from sources.exports.reading import Reading, Rejects, fitted
from sources.exports.words import BLANKS, plain, tidy

SOURCE = "google_trends_export"
#: `<term>: (<place or range>)`; a term may hold ": (" itself, so the last one counts.
NAMED = re.compile(r"^(?P<term>.*?)[\u00a0\u202f]?[:：] ?[(（](?P<inside>(?:(?![:：] ?[(（]).)*)[)）]\s*$", re.DOTALL)
_BLOCKS = ("top", "rising")
#: Header of the column of places -> level; the website translates it.
_LEVELS: dict[str, str] = {
    "country": "country, pays, land, pais, paese, negara, 国, 국가, 国家, 國家, країна, quoc gia, ulke, kraj, страна",
    "city": """
        city, ville, stadt, ciudad, citta, cidade, kota, 市区町村, 都市, 도시, 城市, місто, thanh pho, sehir, stad, miasto,
        город
        """,
    "metro": "metro, dma",
    "region": """
        region, zone de diffusion, bundesland, subregion, regione, regiao, estado, wilayah, 地域, 都道府県, 地区, 지역, регіон,
        khu vuc, bolge, alt bolge
        """,
}
_LEVEL_OF = {plain(word): level for level, words in _LEVELS.items() for word in listed(words)}
_MAP_NAME = re.compile(r"geo_?map", re.IGNORECASE)
_RELATED_NAME = re.compile(r"related_?(queries|entities|topics|searches)", re.IGNORECASE)


def map_header(head: list[list[str]], name: str) -> int | None:
    """Return the row with the header of an export by place, None if there is none."""
    for i, row in enumerate(head[:5]):
        names = [c for c in row[1:] if c]
        if len(row) < 2 or not names or not row[0]:
            continue
        dated = all((found := NAMED.match(n)) and re.search(r"\d", found["inside"]) for n in names)
        if dated or _MAP_NAME.search(name):
            values = [c for r in head[i + 1 :] for c in r[1:]]
            if not values and not head[i + 1 :]:
                return None
            kinds = numbers(pd.Series(values or [""], dtype=TEXT)).kind
            return i if (kinds != "text").mean() >= 0.9 else None
    return None


def read_map(raw: RawTable, position: int, mapping: Mapping) -> Reading:
    """Read interest by place.

    One term: an index, 100 = the place with the largest share of searches for it. Several terms: each term's share of the
    searches for all of them within the place; a different measure, kept apart. An empty cell is the website's way to say
    that there are not enough searches (kind "no_data").
    """
    notes, rejects = list(raw.notes), Rejects()
    header = [tidy(c) for c in raw.cells.iloc[position]]
    body, rows = raw.cells.iloc[position + 1 :].reset_index(drop=True), raw.rows[position + 1 :]
    if not len(body):
        raise BadFile(
            "the file holds column names and no rows", raw.name, "export it again and check that the export has rows"
        )
    columns = [c for c in range(1, len(header)) if header[c]]
    found = {c: numbers(body[c], decimal=mapping.decimal) for c in columns}
    percents = any(np.isin(f.kind, ["percent", "below_one_percent"]).any() for f in found.values())
    measure = mapping.unit if mapping.unit in ("index", "share") else "share" if percents else "index"
    if not percents and len(columns) > 1 and mapping.unit is None:
        measure = _measure_of_bare_numbers(found, notes)
    place = body[0].str.strip(BLANKS)
    unnamed = (place == "").to_numpy(dtype=bool)
    rejects.add(rows[unnamed], header[0], "", "no place; row left out")
    places, said = _distinct_places(place[~unnamed])
    notes += said
    level = _level(header[0], place[~unnamed])
    parts = []
    for column in columns:
        match = NAMED.match(header[column])
        term, window = (match["term"], tidy(match["inside"])) if match else (header[column], None)
        values = found[column]
        bad = (values.kind == "text") & ~unnamed
        rejects.add(rows[bad], header[column], body[column][bad].to_numpy(), "not a number; the cell is left empty")
        frame = interest_values(values, measure, rounded=percents or measure == "index", blank="no_data")
        parts.append(frame[~unnamed].assign(term=term, window=window, place=places.to_numpy()))
    if not parts:
        raise BadFile("no column holds a term", raw.name, "export it again")
    table = pd.concat(parts, ignore_index=True).assign(
        level=level, measure=measure, scale=f"{raw.digest[:16]}:{measure}"
    )
    if measure == "share":
        notes.append(
            "Several terms: each value is a share among the terms asked, within the place; places cannot be compared by it."
        )
    filled = mapping.filled(kind="regions", source=SOURCE)
    return Reading("regions", fitted(table, "regions"), notes, rejects.frame(), SOURCE, filled, fingerprint(header))


def _measure_of_bare_numbers(found: dict[int, Numbers], notes: list[str]) -> str:
    """Return the measure of several terms whose percent signs a spreadsheet has removed."""
    values = np.vstack([f.value for f in found.values()])
    known = values[~np.isnan(values)]
    if not known.size:
        return "index"
    total = np.nansum(values, axis=0)[np.isfinite(values).any(axis=0)]
    if known.max() <= 1 and not np.isin(known, [0.0, 1.0]).all():
        notes.append("The values are shares between 0 and 1, as a spreadsheet stores percents.")
        return "share"
    if len(total) and (np.abs(total - 100) <= 3).mean() >= 0.8:
        for f in found.values():
            f.value[:] /= 100
        notes.append("The values of each place add up to 100: they are read as percents without their sign.")
        return "share"
    return "index"


def _distinct_places(place: pd.Series) -> tuple[pd.Series, list[str]]:
    """Return names that are unique: the website prints some cities twice without saying which is which."""
    again = place.groupby(place).cumcount()
    twice = place[again > 0]
    if not len(twice):
        return place, []
    named = place.where(again == 0, place + " #" + (again + 1).astype(str))
    return named, [
        f"{len(twice)} places are printed more than once, e.g. {twice.iloc[0]!r}; the later ones are numbered."
    ]


def _level(word: str, place: pd.Series) -> str:
    known = _LEVEL_OF.get(plain(word))
    countries = np.mean([bool(place_code(p)) for p in place.head(200)]) if len(place) else 0.0
    if countries >= 0.6:
        return "country"
    return known or "unknown"


def is_related(head: list[list[str]], name: str) -> bool:
    """Return whether the rows are blocks of `query, value` under one-cell titles."""
    blocks = _blocks(head)
    if not blocks:
        return False
    titled = any(head[start][0].strip().casefold() in _BLOCKS for start, _ in blocks)
    return titled or bool(_RELATED_NAME.search(name))


def _blocks(rows: list[list[str]]) -> list[tuple[int, int]]:
    """Return (title row, end) of each block: a one-cell row, then rows of two cells."""
    found: list[tuple[int, int]] = []
    for i, row in enumerate(rows[:-1]):
        if len([c for c in row if c]) != 1 or not row[0] or len(rows[i + 1]) != 2:
            continue
        value = rows[i + 1][1]
        numeric = numbers(pd.Series([value], dtype=TEXT)).kind[0] != "text"
        if not (numeric or found or row[0].casefold() in _BLOCKS) or NAMED.match(value):
            continue
        end = i + 1
        while end < len(rows) and len(rows[end]) == 2:
            end += 1
        found.append((i, end))
    return found


def read_related(raw: RawTable, mapping: Mapping) -> Reading:
    """Read related queries or topics: the most searched (index) and the fastest growing (growth as a ratio)."""
    notes, rejects = list(raw.notes), Rejects()
    rows = raw.head(len(raw.cells))
    blocks = _blocks(rows)
    term, window = _subject(rows[: blocks[0][0]])
    if not term:
        notes.append(f"{raw.name} does not name the term its queries relate to.")
    parts = []
    inside = np.zeros(len(rows), dtype=bool)
    for start, end in blocks:
        inside[start:end] = True
        queries = [rows[i][0] for i in range(start + 1, end)]
        cells = pd.Series([rows[i][1] for i in range(start + 1, end)], dtype=TEXT)
        ranking = _ranking(rows[start][0], cells)
        frame = _top(cells) if ranking == "top" else _rising(cells)
        parts.append(frame.assign(query=queries, ranking=ranking, raw=cells.to_numpy(), row=raw.rows[start + 1 : end]))
    for i in range(blocks[0][0], len(rows)):
        if not inside[i]:
            rejects.one(int(raw.rows[i]), "", ", ".join(rows[i]), "not a query with its value; row left out")
    table = pd.concat(parts, ignore_index=True)
    item = _item(raw.name, table["query"], notes)
    again = table.duplicated(["ranking", "query"])
    if again.any():
        # Two topics of one title: the file carries no id that would tell them apart.
        count = table.groupby(["ranking", "query"]).cumcount()
        table["query"] = table["query"].where(count == 0, table["query"] + " #" + (count + 1).astype(str))
        notes.append(f"{int(again.sum())} titles are printed more than once; the later ones are numbered.")
    table = table.assign(term=term, item=item, window=window)
    filled = mapping.filled(kind="queries", source=SOURCE)
    return Reading(
        "queries", fitted(table, "queries"), notes, rejects.frame(), SOURCE, filled, fingerprint(["related", item])
    )


def _subject(above: list[list[str]]) -> tuple[str, str | None]:
    """Return term and window from the line `<term>: (<range>, <place>)`, which a spreadsheet may have cut at its comma."""
    for row in above:
        found = NAMED.match(", ".join(c for c in row if c))
        if found:
            return found["term"], tidy(found["inside"])
    return "", None


def _ranking(title: str, cells: pd.Series) -> str:
    if title.casefold() in _BLOCKS:
        return title.casefold()
    found = numbers(cells)
    whole = (
        np.isin(found.kind, ["number", "below_one"]).all()
        and found.value[np.isfinite(found.value)].max(initial=0) <= 100
    )
    return "top" if whole and not cells.str.contains(r"[+%]").any() else "rising"


def _top(cells: pd.Series) -> pd.DataFrame:
    frame = interest_values(numbers(cells), "index", rounded=True)
    kind = frame["kind"].replace({"zero": "measured", "no_data": "blank"})
    return frame.assign(kind=kind, unit="index")


def _rising(cells: pd.Series) -> pd.DataFrame:
    """Return growth as a ratio: +190 % is 1.9. A word instead of a number is a breakout, whatever the language."""
    digits = cells.str.replace(r"[^0-9\-−]", "", regex=True).str.replace("−", "-", regex=False)
    value = pd.to_numeric(digits, errors="coerce").to_numpy(dtype=float) / 100
    # Growth is printed in whole percents, so that a point or comma inside can only separate thousands.
    empty = cells.str.strip(BLANKS).str.casefold().isin(MISSING).to_numpy(dtype=bool)
    kind = np.where(np.isfinite(value), "measured", np.where(empty, "blank", "breakout"))
    return pd.DataFrame({"value": value, "lo": value - 0.005, "hi": value + 0.005, "kind": kind, "unit": "growth"})


def _item(name: str, queries: pd.Series, notes: list[str]) -> str:
    found = _RELATED_NAME.search(name)
    if found:
        return "topic" if found[1].lower() in ("entities", "topics") else "query"
    # The website prints queries in lower case and titles of topics with capitals.
    item = "topic" if queries.str.contains("[A-ZÀ-ÖØ-Þ]").mean() > 0.3 else "query"
    notes.append(
        f"The file name does not tell queries from topics; they are taken as {'topics' if item == 'topic' else 'queries'}."
    )
    return item
