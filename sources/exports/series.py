"""Tables of numbers per period: counts of what is said, or interest in what is searched; one column a topic, or one row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sources.errors import BadFile, BadQuery
from sources.exports.columns import listed, match_columns
from sources.exports.dates import Where, dates
from sources.exports.headers import Table
from sources.exports.interest_values import interest_values
from sources.exports.mapping import Mapping
from sources.exports.numerals import Numbers, numbers
from sources.exports.period_rows import one_row_a_period
from sources.exports.periods import periods
from sources.exports.places import place_code
from sources.exports.reading import Reading, fitted
from sources.exports.series_plan import Plan, find_dates, find_side, plan_series
from sources.exports.words import BLANKS, plain

#: Words in the date column of rows that sum the others up.
SUMMARY_WORDS = frozenset(
    plain(word)
    for word in listed("""
        average, mean, total, totals, sum, median, max, min, std, all, overall, grand total, moyenne, somme, mediane,
        total general, sous total, ensemble, durchschnitt, mittelwert, summe, gesamt, promedio, media, suma, totale, somma
    """)
)


def read_series(table: Table, mapping: Mapping) -> Reading:
    """Read a table of periods as `counts` or `interest`.

    Whole numbers are counts unless something says that they are search interest: the mapping, a column called like one
    (`search volume`, `hits`), or the `isPartial` column that Trends clients write. Fractions can be either: the user is asked.

    Raises
    ------
    BadFile : no column of dates or of numbers, fractions whose side nobody tells, contradicting rows of one period.
    BadQuery : the mapping names a column that is not there.
    """
    known = match_columns(table.headers, "counts")
    named = {field: table.column(header) for field, header in mapping.columns.items()}
    date = find_dates(table, known, named)
    where = Where(table.name, table.headers[date], table.rows)
    stamps = dates(table.cells[date], where, order=mapping.date_order, timezone=mapping.timezone, days=True)
    table.notes += stamps.notes
    dated = ~np.isnat(stamps.stamp)
    _refuse_undated(table, date, stamps.reason, dated)
    grain, period, said = periods(stamps, dated, where, wanted=mapping.grain)
    table.notes += said
    found = {c: numbers(table.cells[c], decimal=mapping.decimal) for c in range(len(table.headers)) if c != date}
    plan = plan_series(table, date, period, dated, found, known, named, mapping)
    values = {c: found[c] for c in plan.values}
    kind = find_side(table, plan, values, dated, mapping)
    frame = _long(table, plan, values, period, dated, mapping)
    unit = _unit(kind, frame, mapping, table)
    for column in values:
        if values[column].note:
            table.notes.append(f"Column {table.headers[column]!r}: {values[column].note}.")
    frame = one_row_a_period(frame, ["topic", "geo"], table.name, table.rejects, table.notes)
    frame["period"], frame["grain"] = frame["period"].dt.tz_localize("UTC"), grain
    finish = _interest if kind == "interest" else _counts
    result = finish(table, frame, unit, mapping)
    columns = {"date": table.headers[date], **{f: table.headers[c] for f, c in _fields(plan, kind) if c is not None}}
    filled = mapping.filled(
        kind=kind,
        source="table",
        columns=columns,
        layout=plan.layout,
        unit=unit,
    )
    _note_unread(table, plan)
    rejected = table.rejects.frame()
    return Reading(kind, fitted(result, kind), table.notes, rejected, "table", filled, table.fingerprint)


def _fields(plan: Plan, kind: str) -> list[tuple[str, int | None]]:
    value = plan.values[0] if plan.layout == "long" else None
    return [
        ("topic", plan.topic),
        ("interest" if kind == "interest" else "count", value),
        ("authors", plan.authors),
        ("geo", plan.geo),
    ]


def _refuse_undated(table: Table, date: int, reason: np.ndarray, dated: np.ndarray) -> None:
    bad = ~dated
    if not bad.any():
        return
    cells = table.cells[date]
    words = [plain(c) for c in cells[bad]]
    why = [
        f"{c.strip(BLANKS)!r} marks a summary row, not a period; row left out"
        if w in SUMMARY_WORDS
        else f"{r or 'no date'}; row left out"
        for c, w, r in zip(cells[bad], words, reason[bad], strict=True)
    ]
    table.rejects.add(table.rows[bad], table.headers[date], cells[bad].to_numpy(), why)
    if bad.sum() * 2 > len(bad):
        first = why[0].removesuffix("; row left out")
        raise BadFile(
            f"{int(bad.sum())} of {len(bad)} rows have no date that can be read, the first says: {first}",
            f"row {table.rows[bad][0]} of {table.name}",
            "correct the dates, or set date_order or the date column in the mapping",
        )


def _long(
    table: Table, plan: Plan, values: dict[int, Numbers], period: np.ndarray, dated: np.ndarray, mapping: Mapping
) -> pd.DataFrame:
    places = (
        table.cells[plan.geo].str.strip(BLANKS)
        if plan.geo is not None
        else pd.Series(mapping.geo or "", index=range(len(period)))
    )
    codes = {p: place_code(p) for p in places.unique()}
    geo = np.array([codes[p] if codes[p] is not None else p for p in places], dtype=object)
    partial = (
        _truth(table.cells[plan.partial]) if plan.partial is not None else np.full(len(period), None, dtype=object)
    )
    authors = (
        numbers(table.cells[plan.authors], integer=True).value
        if plan.authors is not None
        else np.full(len(period), np.nan)
    )
    parts = []
    for column, found in values.items():
        if plan.topic is not None:
            topic = table.cells[plan.topic].str.strip(BLANKS).to_numpy(dtype=object)
        elif plan.one_topic:
            topic = np.full(len(period), _topic_of_file(table, column, mapping), dtype=object)
        else:
            topic = np.full(len(period), table.headers[column], dtype=object)
        bad = dated & (found.kind == "text")
        table.rejects.add(
            table.rows[bad],
            table.headers[column],
            table.cells[column][bad].to_numpy(),
            "not a number; the cell is left empty",
        )
        negative = dated & (found.value < 0)
        table.rejects.add(
            table.rows[negative],
            table.headers[column],
            table.cells[column][negative].to_numpy(),
            "below zero; the cell is left empty",
        )
        value = np.where(found.value < 0, np.nan, found.value)
        parts.append(
            pd.DataFrame(
                {
                    "topic": topic,
                    "geo": geo,
                    "period": period,
                    "value": value,
                    "found": found.kind,
                    "authors": authors,
                    "partial": partial,
                    "row": table.rows,
                    "whole": found.whole,
                }
            )[dated]
        )
    frame = pd.concat(parts, ignore_index=True)
    unnamed = frame["topic"] == ""
    if unnamed.any():
        table.rejects.add(
            frame["row"][unnamed].to_numpy(), table.headers[plan.topic or 0], "", "no topic; row left out"
        )
        frame = frame[~unnamed].reset_index(drop=True)
    if frame.empty:
        raise BadFile(
            "no row has a topic",
            table.name,
            "name the column of topics in the mapping: columns = {'topic': '<header>'}",
        )
    return frame


def _topic_of_file(table: Table, column: int, mapping: Mapping) -> str:
    if mapping.query is not None:
        return mapping.query
    stem = table.name.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".gz").rsplit(".", 1)[0]
    table.notes.append(
        f"No column names what {table.headers[column]!r} counts; the file name {stem!r} is used. Set query to name it."
    )
    return stem


def _truth(cells: pd.Series) -> np.ndarray:
    word = cells.str.strip(BLANKS).str.casefold()
    out = np.full(len(cells), None, dtype=object)
    out[word.isin(["true", "1", "vrai", "yes", "oui", "wahr"]).to_numpy(dtype=bool)] = True
    out[word.isin(["false", "0", "faux", "no", "non", "falsch"]).to_numpy(dtype=bool)] = False
    return out


def _unit(kind: str, frame: pd.DataFrame, mapping: Mapping, table: Table) -> str:
    """Return the unit of the figures; percents are turned into shares here."""
    percent = frame["found"].isin(["percent", "below_one_percent"]).any()
    if mapping.unit == "percent":
        plain_number = frame["found"] == "number"
        frame.loc[plain_number, "value"] /= 100
        percent = True
    wanted = "share" if mapping.unit == "percent" else mapping.unit
    known = frame["value"].dropna()
    in_one = bool(len(known)) and known.max() <= 1
    if wanted is None:
        if percent or (in_one and not frame["whole"].all()):
            wanted = "share"
        elif kind == "counts":
            wanted = "count"
            if not frame["whole"].all():
                table.notes.append(
                    "The figures have decimals; they are read as counts. If they are percents, set unit to 'percent'."
                )
        else:
            wanted = "index" if len(known) == 0 or known.max() <= 100 else "count"
    if wanted == "share" and len(known) and known.max() > 1:
        raise BadFile(
            f"shares lie between 0 and 1, but the file has {known.max():g}",
            table.name,
            "set unit to 'percent', or to 'count'",
        )
    if kind == "counts" and wanted not in ("count", "share"):
        raise BadQuery(f"counts have no unit {wanted!r}", "unit", "it is count, share or percent")
    return str(wanted)


def _counts(table: Table, frame: pd.DataFrame, unit: str, mapping: Mapping) -> pd.DataFrame:
    more = int((frame["authors"] > frame["value"]).sum())
    if more:
        table.notes.append(f"{more} periods have more authors than posts; check which column counts what.")
    return frame.rename(columns={"topic": "query", "value": "posts"}).assign(unit=unit)


def _interest(table: Table, frame: pd.DataFrame, unit: str, mapping: Mapping) -> pd.DataFrame:
    rounded = unit == "index" and bool(frame["whole"].all())
    cells = interest_values(Numbers(frame["value"].to_numpy(), frame["found"].to_numpy(), True), unit, rounded=rounded)
    frame[["value", "lo", "hi", "kind"]] = cells[["value", "lo", "hi", "kind"]].to_numpy()
    for column in ("value", "lo", "hi"):
        frame[column] = frame[column].astype("float64")
    frame["scale"] = table.raw.digest[:16]
    peaks = frame.groupby("topic")["value"].max()
    alone = unit == "index" and len(peaks) > 1 and bool((peaks == 100).all())
    if mapping.scale == "column" or (mapping.scale is None and alone):
        frame["scale"] = frame["scale"] + ":" + frame["topic"]
        if alone and mapping.scale is None:
            table.notes.append(
                "Every term reaches 100, so each was asked alone and has a scale of its own: "
                "levels cannot be compared between terms. "
                "Set scale to 'file' if they were asked together."
            )
    frame["partial"] = frame["partial"].astype("boolean")
    return frame.rename(columns={"topic": "term"}).assign(unit=unit)


def _note_unread(table: Table, plan: Plan) -> None:
    read = {plan.date, plan.topic, plan.authors, plan.geo, plan.partial, *plan.values}
    left = [h for i, h in enumerate(table.headers) if i not in read]
    if left:
        table.notes.append(f"Columns not read: {', '.join(left[:20])}{' …' if len(left) > 20 else ''}.")
