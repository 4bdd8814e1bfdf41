"""Tables of how a site fared in a search engine: something, clicks, impressions, click rate, rank. Told by their arithmetic.

The words are translated in every export, the shape is not: the fourth column is the second divided by the third.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sources.errors import BadFile
from sources.exports.columns import listed
from sources.exports.date_patterns import can_be_date
from sources.exports.dates import Where, dates
from sources.exports.limits import limit_note
from sources.exports.mapping import Mapping, fingerprint
from sources.exports.numerals import Numbers, numbers
from sources.exports.period_rows import one_row_a_period
from sources.exports.periods import periods
from sources.exports.places import place_code
from sources.exports.rawtable import RawTable
from sources.exports.reading import Reading, Rejects, fitted
from sources.exports.words import BLANKS, plain, tidy

METRICS = ("clicks", "impressions", "ctr", "position")
#: Under this name the figures of a whole site are stored, over all that people typed.
ALL_QUERIES = "(all queries)"
_WORDS = {
    "clicks": """
        clicks, clics, klicks, clic, cliques, klikken, klikniecia, tiklama, kliknuti, klick, クリック数, 클릭수, 点击次数, клики
        """,
    "impressions": """
        impressions, impressionen, impresiones, impressioni, impressoes, vertoningen, wyswietlenia, goruntuleme, zobrazeni,
        visningar, 表示回数, 노출수, 展示次数, показы
        """,
    "ctr": "ctr, klickrate, avg ctr, average ctr, klickfrekvens, 클릭률, 点击率, taux de clics, tasa de clics, click rate",
    "position": """
        position, positie, posicion, posizione, posicao, pozycja, konum, pozice, avg position, average position, position
        moyenne, durchschnittliche position, posicion media, posizione media, posicao media, ortalama konum, prumerna pozice,
        genomsnittlig position, 掲載順位, 평균 게재순위, 平均排名, позиция
        """,
}
_METRIC_OF = {plain(w): metric for metric, words in _WORDS.items() for w in listed(words)}
_DEVICES = frozenset(
    plain(w)
    for w in listed("""
        desktop, mobile, tablet, ordinateur, tablette, computer, smartphone, escritorio, movil, tableta, computador, celular,
        dispositivi mobili, dispositivo movil, dispositivos moveis, komputer, urzadzenia mobilne, mobil, surfplatta, dator,
        パソコン, モバイル, タブレット, 데스크톱, 모바일, 태블릿, 桌面设备, 移动设备, 平板电脑, компьютер, планшет
    """)
)
_APPEARANCE = re.compile(
    r"search appearance|apparence dans les|darstellung in der suche|(?:aspecto|apariencia) en|aspetto nella|aparencia n|"
    r"検索での見え方"
)
_LOOK = 6  # rows among which the column names stand


@dataclass(frozen=True)
class Shape:
    """A table of site search: what its first column holds and where its figures are.

    `what` : queries | dates | countries | pages | devices | appearance. `compared`: two periods stand side by side.
    """

    what: str
    header: int
    columns: dict[str, int]
    compared: bool = False


@dataclass(frozen=True)
class Engine:
    """The service a table comes from; `limit` is the number of rows at which it cuts lists off."""

    source: str
    title: str
    limit: int | None = None


def recognise(raw: RawTable) -> Shape | None:
    """Return the shape of a table of site search, None if `raw` is none."""
    if raw.named or len(raw.cells) < 2:
        return None
    for position in range(min(_LOOK, len(raw.cells) - 1)):
        header = raw.top[position]
        if len(header) not in (4, 5, 9) or not all(header):
            continue
        body = raw.cells.iloc[position + 1 : position + 201, : len(header)]
        compared = len(header) == 9
        columns = _columns(header, body, compared)
        if columns is not None:
            return Shape(_what(header[0], body[0], raw.name), position, columns, compared)
    return None


def _columns(header: list[str], body: pd.DataFrame, compared: bool) -> dict[str, int] | None:
    """Return metric -> position: by the words where they are known, else by place, proved by clicks / impressions = rate."""
    found = {c: numbers(body[c], integer=True) for c in range(1, len(header))}
    if any(np.isin(f.kind, ["text", "no_data"]).mean() > 0.1 for f in found.values()):
        return None
    named: dict[str, int] = {}
    for c in range(1, len(header)):
        words = plain(header[c])
        metric = _METRIC_OF.get(words) or (compared and _METRIC_OF.get(words.split(" ")[-1])) or None
        if metric and metric not in named:  # of two compared periods the first is the current one
            named[metric] = c
    step = 2 if compared else 1
    placed = {m: 1 + step * i for i, m in enumerate(METRICS) if 1 + step * i < len(header)}
    if {"clicks", "impressions", "ctr"} <= set(named):
        return named
    percent = (found[placed["ctr"]].kind == "percent").mean() >= 0.9 if "ctr" in placed else False
    return {**placed} if percent and _rate_fits(found, placed) else None


def _rate_fits(found: dict[int, Numbers], placed: dict[str, int]) -> bool:
    clicks, impressions, rate = (found[placed[m]].value for m in ("clicks", "impressions", "ctr"))
    shown = np.isfinite(clicks) & np.isfinite(rate) & (impressions > 0)
    if not shown.any():
        return False
    return bool((np.abs(clicks[shown] / impressions[shown] - rate[shown]) <= 0.0051).mean() >= 0.8)


def _what(header: str, first: pd.Series, name: str) -> str:
    cells = [tidy(c) for c in first if tidy(c)]
    words = plain(header)
    if not cells:
        return "queries"
    if np.mean([can_be_date(" ".join(c.split())) for c in cells]) >= 0.8 and not _all_years(cells):
        return "dates"
    if np.mean([bool(re.match(r"https?://", c)) for c in cells]) >= 0.5:
        return "pages"
    if len(cells) <= 5 and np.mean([plain(c) in _DEVICES for c in cells]) >= 0.6:
        return "devices"
    if _APPEARANCE.search(words) or _APPEARANCE.search(plain(name)):
        return "appearance"
    if np.mean([bool(place_code(c)) for c in cells]) >= 0.6:
        return "countries"
    return "queries"


def _all_years(cells: list[str]) -> bool:
    return all(re.fullmatch(r"\d{4}", c) for c in cells)  # people do search for years


def read_queries(raw: RawTable, shape: Shape, mapping: Mapping, engine: Engine, window: str | None = None) -> Reading:
    """Read a list of queries with their impressions (or clicks), clicks and rank."""
    table = _Figures(raw, shape, mapping, engine)
    unit = "clicks" if mapping.unit == "clicks" else "impressions"
    value = table.value[unit]
    frame = pd.DataFrame(
        {
            "query": table.first,
            "value": value,
            "clicks": table.value["clicks"],
            "position": table.value["position"],
            "raw": raw.cells[shape.columns[unit]].iloc[shape.header + 1 :].str.strip(BLANKS).to_numpy(),
            "kind": np.where(np.isnan(value), "blank", np.where(value == 0, "zero", "measured")),
        }
    )
    keep = table.filled & ~frame["query"].duplicated().to_numpy()
    again = table.filled & ~keep
    reason = "the query is there twice; row left out"
    table.rejects.add(table.rows[again], table.header[0], table.first[again].to_numpy(), reason)
    table.rejects.add(table.rows[~table.filled], table.header[0], "", "no query; row left out")
    frame = frame[keep].assign(term="", item="query", ranking="list", unit=unit, window=window)
    notes, capped = table.notes, False
    rows = len(table.rows)
    if engine.limit is not None and raw.whole and rows == engine.limit:
        capped = True
        notes.append(
            f"{raw.name} has exactly {rows:,} queries: {engine.title} cuts the list there, so that rarer queries are missing. "
            "Filter by country, page or words and export again to see more."
        )
    elif raw.whole and (note := limit_note(rows, raw.name, "queries")):
        capped = True
        notes.append(note)
    notes.append(
        f"{engine.title} leaves out queries that few people typed, so a sum over queries is less than the total; totals are "
        "those of the days (Dates or Chart)."
    )
    return table.reading("queries", frame, unit, capped=capped)


def read_dates(raw: RawTable, shape: Shape, mapping: Mapping, engine: Engine, term: str | None = None) -> Reading:
    """Read figures per day, week or month as interest of the whole site."""
    table = _Figures(raw, shape, mapping, engine)
    unit = "clicks" if mapping.unit == "clicks" else "impressions"
    where = Where(raw.name, table.header[0], table.rows)
    body = raw.cells[0].iloc[shape.header + 1 :].reset_index(drop=True)
    stamps = dates(body, where, order=mapping.date_order, timezone=mapping.timezone, days=True)
    notes = table.notes
    notes += stamps.notes
    keep = ~np.isnat(stamps.stamp)
    reasons = [f"{r or 'no date'}; row left out" for r in stamps.reason[~keep]]
    table.rejects.add(table.rows[~keep], table.header[0], body[~keep].to_numpy(), reasons)
    if not keep.any():
        raise BadFile("no row has a date that can be read", raw.name, "export it again")
    grain, period, said = periods(stamps, keep, where, wanted=mapping.grain)
    notes += said
    name = mapping.query or term or ALL_QUERIES
    value = table.value[unit]
    frame = pd.DataFrame({"period": period, "value": value, "row": table.rows})[keep]
    frame["kind"] = np.where(frame["value"].isna(), "blank", np.where(frame["value"] == 0, "zero", "measured"))
    frame = frame.assign(term=name, geo=mapping.geo or "")
    frame = one_row_a_period(frame, ["term", "geo"], raw.name, table.rejects, notes)
    frame["period"] = frame["period"].dt.tz_localize("UTC")
    frame = frame.assign(grain=grain, unit=unit, scale=f"{engine.source.removesuffix('_export')}:{unit}")
    other = "clicks" if unit == "impressions" else "impressions"
    notes.append(
        f"The {unit} of the site are stored as interest under the name {name!r}; set query to name it, unit to {other!r} to "
        f"store the {other} instead."
    )
    notes.append(f"Days are those of {engine.title} (Pacific time), stamped with their date.")
    return table.reading("interest", frame, unit)


def read_countries(raw: RawTable, shape: Shape, mapping: Mapping, engine: Engine, window: str | None = None) -> Reading:
    """Read impressions by country."""
    table = _Figures(raw, shape, mapping, engine)
    value = table.value["impressions"]
    frame = pd.DataFrame({"place": table.first, "value": value})
    frame["kind"] = np.where(frame["value"].isna(), "blank", np.where(frame["value"] == 0, "zero", "measured"))
    frame = frame[table.filled].assign(
        term=mapping.query or ALL_QUERIES,
        level="country",
        measure="impressions",
        window=window,
        scale=f"{engine.source.removesuffix('_export')}:impressions",
    )
    return table.reading("regions", frame, "impressions")


def refusal(shape: Shape, name: str, engine: Engine) -> BadFile:
    """Return why a table that is understood fills none of our tables."""
    what = {
        "pages": "pages of the site with their clicks, without the queries that led to them",
        "devices": "devices with their clicks",
        "appearance": "kinds of results with their clicks",
    }[shape.what]
    return BadFile(
        f"this is {engine.title}'s list of {what}",
        name,
        "import the queries and the days of the same export (or the whole archive) instead",
    )


class _Figures:
    """The figures of a table of site search, and what was odd about them."""

    def __init__(self, raw: RawTable, shape: Shape, mapping: Mapping, engine: Engine) -> None:
        self.raw, self.mapping, self.engine = raw, mapping, engine
        if raw.unclosed is not None:
            raise BadFile("a quote is opened here and never closed", f"row {raw.unclosed} of {raw.name}", "close it")
        self.notes, self.rejects = list(raw.notes), Rejects()
        self.header = [tidy(c) for c in raw.cells.iloc[shape.header]]
        body = raw.cells.iloc[shape.header + 1 :].reset_index(drop=True)
        self.rows = raw.rows[shape.header + 1 :]
        self.first = body[0].str.strip(BLANKS)
        self.filled = (self.first != "").to_numpy(dtype=bool)
        for row, surplus in raw.long_rows:
            self.rejects.one(row, "", surplus, "the row has more cells than there are columns; row left out")
        decimal = mapping.decimal or _decimal(body, shape)
        self.value: dict[str, np.ndarray] = {}
        for metric in METRICS:
            if metric not in shape.columns:
                self.value[metric] = np.full(len(body), np.nan)
                continue
            column = shape.columns[metric]
            whole = metric in ("clicks", "impressions")
            found = numbers(body[column], decimal=None if whole else decimal, integer=whole)
            bad = found.kind == "text"
            values = body[column][bad].to_numpy()
            self.rejects.add(self.rows[bad], self.header[column], values, "not a number; the cell is left empty")
            self.value[metric] = found.value
            if found.note:
                self.notes.append(f"Column {self.header[column]!r}: {found.note}.")
        if shape.compared:
            self.notes.append(
                f"{raw.name} compares two periods: the first of each pair of columns is read, the second one is not. "
                "Export without comparison to have both."
            )
        more = self.value["clicks"] > self.value["impressions"]
        if more.any():
            rate = np.nanmax(self.value["clicks"][more] / np.maximum(self.value["impressions"][more], 1))
            self.notes.append(
                f"{int(more.sum()):,} rows of {raw.name} have more clicks than impressions (a click rate up to {rate:.0%}): "
                "one result can be clicked more than once. They are kept as printed."
            )

    def reading(self, kind: str, frame: pd.DataFrame, unit: str, *, capped: bool = False) -> Reading:
        filled = self.mapping.filled(kind=kind, source=self.engine.source, unit=None if kind == "regions" else unit)
        names = fingerprint(self.header)
        return Reading(
            kind,
            fitted(frame, kind),
            self.notes,
            self.rejects.frame(),
            self.engine.source,
            filled,
            names,
            capped=capped,
        )


def _decimal(body: pd.DataFrame, shape: Shape) -> str | None:
    """Return the decimal sign that the rates and ranks are printed with: 84,6 says it, 1,310 impressions do not."""
    for metric in ("position", "ctr"):
        if metric in shape.columns:
            cells = body[shape.columns[metric]].str.strip(BLANKS)
            for sign, pattern in ((",", r"^\d+,\d{1,2}(?:\s?%)?$"), (".", r"^\d+\.\d{1,2}(?:\s?%)?$")):
                if cells.str.replace("\u00a0", " ").str.replace("\u202f", " ").str.contains(pattern, regex=True).any():
                    return sign
    return None
