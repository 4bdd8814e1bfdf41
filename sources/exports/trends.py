"""Google Trends website exports: recognised by their shape, because every word in them is translated.

Files of interest over time are read here; `trends_other` reads the map and the related queries. Shapes seen from 2018 to 2026:
the classic `multiTimeline.csv` (category, blank line, header `<period word>,<term>: (<place>)`), the same after a
spreadsheet (preamble gone, trailing commas, local dates), and `time_series_<place>_<from>_<to>.csv` (no preamble, text in
quotes, the place in the file name only). What their cells mean: docs/formats.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sources.errors import BadFile
from sources.exports import trends_other
from sources.exports.date_patterns import can_be_date
from sources.exports.dates import Dates, Where, dates
from sources.exports.interest_values import interest_values
from sources.exports.mapping import Mapping, fingerprint
from sources.exports.numerals import numbers
from sources.exports.period_rows import one_row_a_period
from sources.exports.periods import periods
from sources.exports.places import place_code
from sources.exports.rawtable import RawTable
from sources.exports.reading import Reading, Rejects, fitted, period_length
from sources.exports.run import Run
from sources.exports.words import BLANKS, plain, tidy

SOURCE = trends_other.SOURCE
_NEW_NAME = re.compile(r"^time_series_(?P<geo>.*?)_(?P<start>\d{8}-\d{4})_(?P<end>\d{8}-\d{4})", re.IGNORECASE)
_TIMELINE_NAME = re.compile(r"multi_?timeline|^time_series_", re.IGNORECASE)
_LOOK = 12  # rows among which the first period is looked for


@dataclass(frozen=True)
class Shape:
    """What a Trends export is: `timeline` | `map` | `related`, and the row of its cells that holds the header."""

    what: str
    header: int


def recognise(raw: RawTable) -> Shape | None:
    """Return the shape of a Google Trends export, None if `raw` is none.

    Evidence counted: `<term>: (<place>)` headers, "<1" cells, the untranslated file names, a category line above the header
    or text in quotes together with a largest value of 100. Numbers must lie between 0 and 100.
    """
    if raw.named or len(raw.cells) < 2:
        return None
    head = raw.head(400)
    if trends_other.is_related(head, raw.name):
        return Shape("related", 0)
    first = next((i for i, row in enumerate(head[:_LOOK]) if _dated(row)), None)
    if first is not None:
        return Shape("timeline", first - 1) if first and _is_timeline(raw, head, first) else None
    header = trends_other.map_header(head, raw.name)
    return Shape("map", header) if header is not None else None


def read(raw: RawTable, shape: Shape, mapping: Mapping, _run: Run) -> Reading:
    """Read a Google Trends export of the given shape.

    Raises
    ------
    BadFile : mixed grains, contradicting rows of one period, no usable row; the message names the row.
    """
    if shape.what == "related":
        return trends_other.read_related(raw, mapping)
    if shape.what == "map":
        return trends_other.read_map(raw, shape.header, mapping)
    return _timeline(raw, shape.header, mapping)


def _dated(row: list[str]) -> bool:
    return len(row) >= 1 and bool(row[0]) and can_be_date(" ".join(row[0].split()))


def _is_timeline(raw: RawTable, head: list[list[str]], first: int) -> bool:
    header = head[first - 1]
    if len(header) < 2 or _dated(header):
        return False
    body = raw.cells.iloc[first : first + 400, 1 : len(header)]
    found = numbers(pd.concat([body[c] for c in body], ignore_index=True))
    values = found.value[np.isfinite(found.value)]
    usable = np.isin(found.kind, ["number", "below_one", "missing", "no_data"])
    if usable.mean() < 0.9 or (values < 0).any() or (values > 100).any() or not found.whole:
        return False
    names = [h for h in header[1:] if h]
    above = [row for row in head[: first - 1] if any(row)]
    category = len(above) == 1 and len([c for c in above[0] if c]) == 1 and bool(re.search(r"[:：]", above[0][0]))
    peak = len(values) > 0 and values.max() == 100  # counts below a title line look the same but for this
    new = raw.quoted and plain(header[0]) == "time" and peak
    return (
        all(trends_other.NAMED.match(h) for h in names)
        or (category and peak)
        or bool((found.kind == "below_one").any())
        or bool(_TIMELINE_NAME.search(raw.name))
        or new
    )


def _timeline(raw: RawTable, position: int, mapping: Mapping) -> Reading:
    notes, rejects = list(raw.notes), Rejects()
    if raw.unclosed is not None:
        raise BadFile(
            "a quote is opened here and never closed", f"row {raw.unclosed} of {raw.name}", "close it or remove it"
        )
    header = [tidy(c) for c in raw.cells.iloc[position]]
    body, rows = raw.cells.iloc[position + 1 :].reset_index(drop=True), raw.rows[position + 1 :]
    where = Where(raw.name, header[0], rows)
    stamps = dates(body[0], where, order=mapping.date_order, timezone=mapping.timezone, days=True)
    notes += stamps.notes
    keep = _keep_dated(body, rows, stamps, rejects, raw.name, header[0])
    grain, period, said = periods(stamps, keep, where, wanted=mapping.grain)
    notes += said
    if grain == "hour" and not mapping.timezone and (stamps.quality[keep] == "zone_assumed").any():
        notes.append(
            "Hourly stamps carry no time zone; they are read as UTC. Set timezone in the mapping to change this."
        )
    new = _NEW_NAME.match(raw.name)
    exported = _export_instant(new["end"]) if new else None
    parts = []
    seen: dict[tuple[str, str], int] = {}
    for column in range(1, len(header)):
        if not header[column] and (body[column].str.strip(BLANKS) == "").all():
            continue
        term, place = _term_and_place(header[column], new["geo"] if new else mapping.geo)
        geo = place_code(place) if mapping.geo is None else mapping.geo
        geo = place if geo is None else geo
        if (term, geo) in seen:
            same = (body[column] == body[seen[term, geo]]).all()
            if not same:
                raise BadFile(
                    f"the column {header[column]!r} is there twice with different values",
                    raw.name,
                    "remove one of them",
                )
            notes.append(f"The column {header[column]!r} is there twice with the same values; it is read once.")
            continue
        seen[term, geo] = column
        found = numbers(body[column], decimal=mapping.decimal)
        bad = keep & (found.kind == "text")
        rejects.add(rows[bad], header[column], body[column][bad].to_numpy(), "not a number; the cell is left empty")
        outside = keep & ((found.value < 0) | (found.value > 100))
        if outside.any():
            row = rows[np.flatnonzero(outside)[0]]
            raise BadFile(
                f"the value {body[column][outside].iloc[0]} is outside 0 to 100",
                f"row {row} of {raw.name}",
                "correct it, or read the file as a table with source 'table' in the mapping",
            )
        frame = interest_values(found, "index", rounded=found.whole)
        parts.append(frame.assign(term=term, geo=geo, period=period, row=rows)[keep])
    if not parts:
        raise BadFile("no column holds a term", raw.name, "export it again")
    if not new and mapping.geo is None and any(not trends_other.NAMED.match(header[c]) for c in seen.values()):
        notes.append(
            "The column names do not tell the place; it is taken as worldwide. Set geo in the mapping to change this."
        )
    table = pd.concat(parts, ignore_index=True)
    table = one_row_a_period(table, ["term", "geo"], raw.name, rejects, notes)
    table["grain"], table["unit"], table["scale"] = grain, "index", raw.digest[:16]
    table["partial"] = _partial(table["period"], grain, exported, notes)
    table["period"] = table["period"].dt.tz_localize("UTC")
    filled = mapping.filled(kind="interest", source=SOURCE)
    rejected = rejects.frame()
    if len(rejected):
        notes.append(f"{len(rejected):,} cells or rows of {raw.name} were refused; see the list of refused rows.")
    return Reading("interest", fitted(table, "interest"), notes, rejected, SOURCE, filled, fingerprint(header))


def _term_and_place(header: str, geo: str | None) -> tuple[str, str]:
    found = trends_other.NAMED.match(header)
    return (found["term"], tidy(found["inside"])) if found else (header, geo or "")


def _keep_dated(
    body: pd.DataFrame, rows: np.ndarray, stamps: Dates, rejects: Rejects, name: str, column: str
) -> np.ndarray:
    keep = ~np.isnat(stamps.stamp)
    bad = ~keep
    reason = np.where(stamps.reason[bad] == "", "no date", stamps.reason[bad])
    rejects.add(rows[bad], column, body[0][bad].to_numpy(), [f"{r}; row left out" for r in reason])
    if not keep.any():
        raise BadFile(f"no row has a date that can be read, the first says: {reason[0]}", name, "export it again")
    return keep


def _export_instant(text: str) -> pd.Timestamp | None:
    try:
        return pd.Timestamp(pd.to_datetime(text, format="%Y%m%d-%H%M"))
    except ValueError:
        return None


def _partial(period: pd.Series, grain: str, exported: pd.Timestamp | None, notes: list[str]) -> pd.Series:
    """Return whether each period had not ended when the file was made; null where the file does not tell when that was."""
    if exported is None:
        return pd.Series([pd.NA] * len(period), index=period.index, dtype="boolean")
    open_ = period + period_length(grain) > exported
    if open_.any():
        notes.append(
            f"The last period, {period.max():%Y-%m-%d}, had not ended when the file was made ({exported:%Y-%m-%d %H:%M})."
        )
    return open_.astype("boolean")
