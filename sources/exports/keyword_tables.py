"""Tables of keywords with their monthly searches: Google Keyword Planner, Semrush, Ahrefs. Never a silent 0.

They become `queries`, with the interval that a step or a range leaves open; figures by month become `interest` too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sources.errors import BadFile, BadQuery
from sources.exports.columns import listed
from sources.exports.date_patterns import can_be_date
from sources.exports.dates import Where, dates
from sources.exports.limits import limit_note
from sources.exports.mapping import Mapping, fingerprint
from sources.exports.numerals import numbers
from sources.exports.places import country_code
from sources.exports.rawtable import TEXT, RawTable
from sources.exports.reading import Reading, Rejects, fitted
from sources.exports.run import Run
from sources.exports.volumes import are_buckets, volumes
from sources.exports.words import BLANKS, plain, tidy

#: Row counts at which these tools cut a list.
LIMITS = (1_000, 2_500, 5_000, 10_000, 20_000, 30_000, 50_000, 100_000)
_MONTH = re.compile(r"^[^:：]{3,40}[\u00a0\u202f ]?[:：]\s*(?P<month>\S.*)$")
_SPAN = re.compile(r"\((?P<from>\d{1,2}[-/.]\d{4})\s*[-–—]\s*(?P<to>\d{1,2}[-/.]\d{4})\)\s*$")


@dataclass(frozen=True)
class KeywordTool:
    """Keyword tables of one tool.

    Parameters
    ----------
    signs : column names that tell the tool, of which `needed` have to be there beside a keyword and a volume.
    keyword, volume, country, position : names of these columns, best first.
    months : the tool prints one column a month ("Searches: Oct 2020").
    trend : names of the column that holds all months in one cell; without the months' names it is not read.
    """

    source: str
    title: str
    signs: str
    volume: str
    needed: int = 2
    keyword: str = "keyword"
    country: str = ""
    position: str = ""
    months: bool = False
    trend: str = ""


@dataclass(frozen=True)
class Shape:
    """Where the column names are, and which column holds what."""

    header: int
    columns: dict[str, int]


KEYWORD_PLANNER = KeywordTool(
    source="google_keyword_planner_export",
    title="Keyword Planner",
    keyword="keyword, keywords, mot cle, mots cles, palabra clave, parola chiave, palavra chave, zoekwoord, slowo kluczowe",
    signs="""
        currency, three month change, yoy change, competition, competition indexed value, top of page bid low range, top of page
        bid high range, ad impression share, organic impression share, organic average position, in account, in plan,
        segmentation,
        devise, variation sur trois mois, variation d une annee sur l autre, concurrence, concurrence valeur indexee,
        wahrung, anderung in drei monaten, veranderung gegenuber dem vorjahr, wettbewerb, wettbewerb indexwert,
        moneda, cambio en tres meses, cambio interanual, competencia, competencia valor indexado,
        valuta, concorrenza, concorrenza valore indicizzato, moeda, concorrencia, concorrencia valor indexado
        """,
    volume="""
        avg monthly searches, average monthly searches, nombre moyen de recherches mensuelles, moy des recherches mensuelles,
        recherches mensuelles moyennes, durchschn suchanfragen pro monat, durchschnittliche suchanfragen pro monat, promedio de
        busquedas mensuales, prom de busquedas mensuales, media ricerche mensili, media de pesquisas mensais, gem maandelijkse
        zoekopdrachten, srednia miesieczna liczba wyszukiwan
        """,
    months=True,
)
SEMRUSH = KeywordTool(
    source="semrush_export",
    title="Semrush",
    signs="""
        keyword difficulty, keyword difficulty index, competitive density, serp features, serp features by keyword, number of
        results, intent, keyword intents, cpc usd, cpc eur, cpc gbp, trends, trend, potential traffic, click potential, content
        references, keyword seed, topic, page, previous position, traffic cost, position type
        """,
    needed=3,
    volume="volume, search volume",
    country="database",
    position="position",
    trend="trend, trends",
)
AHREFS = KeywordTool(
    source="ahrefs_export",
    title="Ahrefs",
    signs="""
        parent keyword, parent topic, cps, global volume, traffic potential, global traffic potential, return rate, last
        update, first seen, intents, clicks per search, kd, difficulty, sv trend*, volume desktop pct, volume mobile pct,
        organic traffic, current position, current url, branded, non branded
        """,
    needed=2,
    volume="volume, search volume",
    country="country, country code",
    position="current position, position",
    trend="sv trend*, volume trend*, sv trend",
)
KEYWORD_TOOLS = (KEYWORD_PLANNER, SEMRUSH, AHREFS)


def recognise(tool: KeywordTool, raw: RawTable) -> Shape | None:
    """Return the shape of a keyword table of `tool`, None if `raw` is none."""
    if raw.named:
        return None
    for position, row in enumerate(raw.top[:15]):
        names = [plain(c) if len(c) < 80 else "" for c in row]
        columns = {
            field: at
            for field in ("keyword", "volume", "country", "position", "trend")
            if (at := _find(names, getattr(tool, field))) is not None
        }
        if "keyword" not in columns or not ({"volume"} <= columns.keys() or (tool.months and _months(row))):
            continue
        if sum(_find(names, sign) is not None for sign in listed(tool.signs)) >= tool.needed:
            return Shape(position, columns)
    return None


def read(tool: KeywordTool, raw: RawTable, shape: Shape, mapping: Mapping, _run: Run) -> Reading:
    """Read a keyword table: one row a keyword as `queries`, and the months it prints as `interest`.

    Raises
    ------
    BadFile : no row has a keyword.
    BadQuery : interest is asked for and the file has no months.
    """
    table = _Keywords(tool, raw, shape, mapping)
    queries = table.queries()
    interest = table.interest()
    if mapping.kind == "interest":
        if interest is None:
            raise BadQuery(
                f"{raw.name} has no figures by month", "kind", "import it as queries, or export the months too"
            )
        return replace(interest, also=(queries,))
    return replace(queries, also=() if interest is None else (interest,))


class _Keywords:
    """The rows of a keyword table and what was noticed about them."""

    def __init__(self, tool: KeywordTool, raw: RawTable, shape: Shape, mapping: Mapping) -> None:
        if raw.unclosed is not None:
            raise BadFile("a quote is opened here and never closed", f"row {raw.unclosed} of {raw.name}", "close it")
        self.tool, self.raw, self.mapping, self.columns = tool, raw, mapping, shape.columns
        self.notes, self.rejects = list(raw.notes), Rejects()
        self.header = [tidy(c) for c in raw.cells.iloc[shape.header]]
        self.body = raw.cells.iloc[shape.header + 1 :].reset_index(drop=True)
        self.rows = raw.rows[shape.header + 1 :]
        for row, surplus in raw.long_rows:
            self.rejects.one(row, "", surplus, "the row has more cells than there are columns; row left out")
        self.keyword = self.body[self.columns["keyword"]].str.strip(BLANKS)
        self.months = _months(self.header) if tool.months else []
        self.window = self._window(raw.top[: shape.header])
        self.keep = self._one_row_a_keyword()
        if not self.keep.any():
            raise BadFile("no row has a keyword", raw.name, "export it again and check that the export has rows")
        self.buckets = self._buckets()

    def queries(self) -> Reading:
        cells = self.body[self.columns["volume"]] if "volume" in self.columns else pd.Series("", index=self.body.index)
        found = volumes(cells, buckets=self.buckets, decimal=self.mapping.decimal)
        bad = (found.pop("bad") & self.keep).to_numpy()
        name = self.header[self.columns["volume"]] if "volume" in self.columns else ""
        self.rejects.add(self.rows[bad], name, cells[bad].to_numpy(), "not a volume; the cell is left empty")
        frame = found.assign(query=self.keyword, raw=cells.str.strip(BLANKS), position=np.nan, window=self.window)
        if "position" in self.columns:
            frame["position"] = numbers(self.body[self.columns["position"]]).value
        if "country" in self.columns:
            place = self.body[self.columns["country"]].str.strip(BLANKS)
            codes = {p: country_code(p) or p for p in place.unique()}
            frame["window"] = [
                ", ".join(filter(None, (self.window, codes[p]))) or None for p in place
            ]  # one keyword is there once for each country
        frame = frame[self.keep].assign(term="", item="query", ranking="list", unit="searches")
        self._note_queries(frame)
        notes, capped = self.notes, False
        if self.raw.whole and (note := limit_note(len(self.rows), self.raw.name, "keywords", LIMITS)):
            capped = True
            notes.append(note)
        return replace(self._reading("queries", frame, notes, self.rejects, capped), window=_instants(self.window))

    def interest(self) -> Reading | None:
        """Return the figures by month; None where the file has none."""
        notes: list[str] = []
        long = self._month_columns() if self.months else self._trend_cells(notes)
        if long is None or not long["value"].notna().any():
            if self.months and self.buckets:
                self.notes.append("The months are empty: accounts that spend little are given ranges, and no months.")
            return None
        rejects = Rejects()
        bad = long.pop("bad").to_numpy(dtype=bool)
        rejects.add(
            long["row"][bad].to_numpy(), "", long["raw"][bad].to_numpy(), "not a volume; the cell is left empty"
        )
        # A keyword of which no month is known was not measured: it has no series.
        known = long.groupby("term")["value"].transform(lambda v: v.notna().any())
        unknown = long.loc[~known, "term"].nunique()
        if unknown:
            notes.append(f"{unknown:,} keywords have no figure in any month; they have no series.")
        long = long[known].sort_values(["place", "period"], kind="stable")
        scale = f"{self.tool.source.removesuffix('_export')}:searches"
        if self.mapping.geo is None and "country" not in self.columns:
            # Without the place, two exports may be of two places: their volumes must not replace one another.
            scale += f":{self.raw.digest[:16]}"
            notes.append("The file does not name the place of these searches; set geo in the mapping to name it.")
        frame = long.assign(grain="month", unit="searches", scale=scale)
        return self._reading("interest", frame, notes, rejects, False)

    def _month_columns(self) -> pd.DataFrame:
        parts = []
        for column, month in self.months:
            found = volumes(self.body[column], decimal=self.mapping.decimal)
            part = found.assign(
                term=self.keyword, raw=self.body[column], period=month, geo=self.mapping.geo or "", row=self.rows
            )
            parts.append(part.assign(place=np.arange(len(part)))[self.keep])
        return pd.concat(parts, ignore_index=True)

    def _trend_cells(self, notes: list[str]) -> pd.DataFrame | None:
        """Return the months that one cell holds, where the column's name says which months they are."""
        if "trend" not in self.columns:
            return None
        column = self.columns["trend"]
        months = _span(self.header[column])
        if months is None:
            self.notes.append(
                f"Column {self.header[column]!r} holds a trend without the names of its months; it is not read."
            )
            return None
        cells = self.body[column].str.strip(BLANKS + "[]")
        lists = cells.str.split(r"[,;|\s]+", regex=True)
        right = lists.str.len().eq(len(months)).to_numpy(dtype=bool) & self.keep
        if not right.any():
            return None
        wrong = int((self.keep & ~right & (cells != "").to_numpy()).sum())
        if wrong:
            notes.append(
                f"{wrong:,} trends have another number of figures than {len(months)} months; they are not read."
            )
        place = pd.Series(self.mapping.geo or "", index=self.body.index)
        if self.mapping.geo is None and "country" in self.columns:
            place = self.body[self.columns["country"]].map(lambda p: country_code(p) or tidy(p))
        flat = pd.Series([c for cell in lists[right] for c in cell], dtype=TEXT)
        each = np.repeat(np.flatnonzero(right), len(months))
        found = volumes(flat, decimal=self.mapping.decimal)
        return found.assign(
            term=self.keyword.iloc[each].to_numpy(),
            raw=flat,
            period=pd.to_datetime(np.tile(months.to_numpy(), int(right.sum())), utc=True),
            geo=place.iloc[each].to_numpy(),
            row=self.rows[each],
            place=each,
        )

    def _one_row_a_keyword(self) -> np.ndarray:
        """Return which rows count: with a keyword, and of several pages that rank for one the best placed."""
        filled = (self.keyword != "").to_numpy(dtype=bool)
        self.rejects.add(self.rows[~filled], self.header[self.columns["keyword"]], "", "no keyword; row left out")
        same = pd.DataFrame({"k": self.keyword.str.casefold()})
        if "country" in self.columns:
            same["c"] = self.body[self.columns["country"]].str.strip(BLANKS)
        order = np.arange(len(same))
        if "position" in self.columns:
            rank = numbers(self.body[self.columns["position"]]).value
            order = np.argsort(np.where(np.isfinite(rank), rank, np.inf), kind="stable")
        again = np.zeros(len(same), dtype=bool)
        again[order] = same.iloc[order].duplicated().to_numpy()
        again &= filled
        self.rejects.add(
            self.rows[again],
            self.header[self.columns["keyword"]],
            self.keyword[again].to_numpy(),
            "the keyword is there more than once; row left out",
        )
        return filled & ~again

    def _buckets(self) -> bool:
        if not self.tool.months or "volume" not in self.columns:
            return False
        value = numbers(self.body[self.columns["volume"]], integer=True).value
        monthly = None
        if self.months:
            monthly = np.column_stack([numbers(self.body[c], integer=True).value for c, _ in self.months])
        return are_buckets(value, monthly)

    def _note_queries(self, frame: pd.DataFrame) -> None:
        kinds = frame["kind"].value_counts()
        if self.buckets:
            self.notes.append(
                "The volumes are ranges (10 to 100, 100 to 1,000, …), which accounts that spend little are given: "
                "`lo` and `hi` hold them, the value is the number printed."
            )
        blank, zero = int(kinds.get("blank", 0)), int(kinds.get("zero", 0))
        if blank:
            self.notes.append(f"{blank:,} keywords have no volume: that is not known, and not zero.")
        if zero:
            self.notes.append(
                f"{zero:,} keywords have a printed volume of 0: fewer than 10 searches a month, not none."
            )

    def _window(self, above: list[list[str]]) -> str | None:
        """Return the period as printed above the column names; a title such as "Keyword Stats 2021-…" names none."""
        for row in above:
            text = ", ".join(c for c in row if c)
            if re.search(r"\d{4}.*[-–—].*\d{4}", text) and not plain(text).startswith("keyword stats"):
                return text
        return None

    def _reading(self, kind: str, frame: pd.DataFrame, notes: list[str], rejects: Rejects, capped: bool) -> Reading:
        filled = self.mapping.filled(kind=kind, source=self.tool.source)
        names = fingerprint(self.header)
        source = self.tool.source
        return Reading(kind, fitted(frame, kind), notes, rejects.frame(), source, filled, names, capped=capped)


def _find(names: list[str], wanted: str) -> int | None:
    """Return the position of the first of the wanted names; a trailing * stands for any ending."""
    for name in listed(wanted):
        word = plain(name)
        for position, there in enumerate(names):
            if there == word or (name.endswith("*") and there.startswith(word)):
                return position
    return None


def _months(header: list[str]) -> list[tuple[int, pd.Timestamp]]:
    """Return (position, month) of the columns called like "Searches: Oct 2020"."""
    found = [(i, m["month"]) for i, h in enumerate(header) if len(h) < 80 and (m := _MONTH.match(h))]
    found = [(i, text) for i, text in found if can_be_date(" ".join(text.split()))]
    if not found:
        return []
    cells = pd.Series([text for _, text in found], dtype=TEXT)
    read = dates(cells, Where("", "", np.zeros(len(cells), dtype="int64")), order="dmy")
    return [
        (i, pd.Timestamp(stamp, tz="UTC"))
        for (i, _), stamp, precision in zip(found, read.stamp, read.precision, strict=True)
        if precision == "month" and not np.isnat(stamp)
    ]


def _instants(window: str | None) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return the first instant of a printed period and the first one after it."""
    ends = re.split(r"\s+[-–—]\s+", window or "")
    if len(ends) != 2:
        return None
    try:
        found = dates(pd.Series(ends, dtype=TEXT), Where("", "", np.zeros(2, dtype="int64")))
    except BadFile:
        return None  # nobody can tell its days from its months
    if np.isnat(found.stamp).any():
        return None
    first, last = (pd.Timestamp(s, tz="UTC") for s in found.stamp)
    return (first, last + pd.Timedelta(days=1)) if first <= last else None


def _span(header: str) -> pd.DatetimeIndex | None:
    """Return the months that a name such as "SV trend (09-2024 - 08-2026)" spans."""
    found = _SPAN.search(header)
    if not found:
        return None
    first, last = (pd.to_datetime(re.sub(r"[/.]", "-", found[g]), format="%m-%Y") for g in ("from", "to"))
    return pd.date_range(first, last, freq="MS", tz="UTC") if first <= last else None
