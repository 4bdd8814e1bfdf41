"""Which column of a table of figures holds what, and whether the figures are counts or search interest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sources.errors import BadFile
from sources.exports.columns import POST_FIELDS, listed
from sources.exports.dates import share_of_dates
from sources.exports.headers import Table
from sources.exports.mapping import Mapping
from sources.exports.numerals import Numbers
from sources.exports.words import BLANKS, plain

_METRICS = {
    plain(n) for f in ("followers", "likes", "reposts", "replies", "views", "reach") for n in listed(POST_FIELDS[f])
}
#: Names of a column of figures that say nothing of what they count.
_GENERIC = frozenset(
    ["y", "value", "valeur", "valor", "wert", "valore", "n", "total", "number", "nombre", "numero", "anzahl", "volume"]
)
_BOTH_SIDES = "say which side it is: --as search or --as counts (mapping: kind 'interest' or 'counts')"


@dataclass
class Plan:
    """Which column of the table holds what."""

    date: int
    layout: str
    topic: int | None
    values: list[int]
    authors: int | None
    geo: int | None
    partial: int | None
    kind: str | None  # what the name of the value column says
    one_topic: bool = False  # the column of a wide table is called like a count, not like a topic


def find_dates(table: Table, known: dict[str, int], named: dict[str, int]) -> int:
    """Return the position of the column of dates: the user's, one called like dates, else the first that holds them.

    Raises
    ------
    BadFile : there is none.
    """
    if "date" in named:
        return named["date"]
    sample = table.cells.head(1000)
    if "date" in known and share_of_dates(sample[known["date"]]) >= 0.5:
        return known["date"]
    shares = {int(column): share_of_dates(sample[column]) for column in sample}
    best = max(shares, key=lambda column: shares[column])
    if shares[best] >= 0.6:
        return best
    if "date" in known:
        return known["date"]
    remedy = "name it: columns = {'date': '<header>'}; a table of pages or answers needs none (kind 'content')"
    raise BadFile("no column holds dates", table.name, remedy)


def plan_series(
    table: Table,
    date: int,
    period: np.ndarray,
    dated: np.ndarray,
    found: dict[int, Numbers],
    known: dict[str, int],
    named: dict[str, int],
    mapping: Mapping,
) -> Plan:
    """Return which column holds what.

    Parameters
    ----------
    period, dated : first instant of the period of each row, and whether the row has one.
    found : every column but the dates as numbers.
    known, named : positions of fields by the columns' names, and by the user's word.

    Raises
    ------
    BadFile : no column of numbers, or several where one is needed; the message lists them.
    """
    numeric = [c for c, n in found.items() if _is_numeric(n, dated)]
    numeric = [c for c in numeric if not _is_index(table, c, found[c])]
    pick = {**{f: c for f, c in known.items() if c != date}, **named}
    geo, partial = pick.get("geo"), pick.get("partial")
    geo = None if geo in numeric and "geo" not in named else geo
    numeric = [c for c in numeric if c not in (geo, partial)]
    topic = named.get("topic")
    if topic is None and (guess := pick.get("topic")) is not None and guess not in numeric:
        topic = guess
    if topic is None and mapping.layout != "wide":
        topic = _text_topic(table, period, dated, [c for c in found if c not in numeric and c not in (geo, partial)])
    layout = mapping.layout or ("long" if topic is not None else "wide")
    if layout == "wide":
        topic = None
    value_names = [f for f in ("interest", "count", "share") if pick.get(f) in numeric]
    if (
        mapping.kind is None
        and {"interest", "count"} <= set(value_names)
        and not named.keys() & {"value", "interest", "count", "share"}
    ):
        both = f"{table.headers[pick['interest']]!r} and {table.headers[pick['count']]!r}"
        raise BadFile(
            f"the columns {both} hold search interest and counts",
            table.name,
            f"import the file twice, and {_BOTH_SIDES}",
        )
    if mapping.kind == "counts":
        value_names.sort(key=lambda f: f == "interest")
    asked = next((named[f] for f in ("value", "interest", "count", "share") if f in named), None)
    if asked is not None and asked not in numeric:
        raise BadFile(
            f"the column {table.headers[asked]!r} holds no numbers", table.name, "name another column in the mapping"
        )
    authors = pick.get("authors") if pick.get("authors") in numeric else None
    side = "interest" if partial is not None else None
    if mapping.values:
        chosen = [table.column(h) for h in mapping.values]
        return Plan(date, layout, topic, chosen, None, geo, partial, side)
    if asked is not None or (layout == "long" and value_names):
        value = asked if asked is not None else pick[value_names[0]]
        said = side
        if value == pick.get("interest"):
            said = "interest"
        elif value == pick.get("count"):
            said = "counts"
        return Plan(date, layout, topic, [value], authors if authors != value else None, geo, partial, said)
    if layout == "long":
        values = [c for c in numeric if c != authors]
        if len(values) != 1:
            shown = ", ".join(repr(table.headers[c]) for c in values) or "none"
            raise BadFile(
                f"one column should hold the numbers of each topic, but these do: {shown}",
                table.name,
                "name it in the mapping: columns = {'count': '<header>'}",
            )
        return Plan(date, layout, topic, values, authors, geo, partial, side)
    return _wide(table, date, numeric, value_names, pick, authors, geo, partial, side)


def find_side(table: Table, plan: Plan, values: dict[int, Numbers], dated: np.ndarray, mapping: Mapping) -> str:
    """Return `interest` or `counts`: the user's word, else what the column names or the cells say, else counts.

    Raises
    ------
    BadFile : the figures are fractions and nothing tells the side; the remedy names the choice.
    """
    if mapping.kind in ("interest", "counts"):
        return mapping.kind
    if plan.kind == "interest":
        table.notes.append(
            "The figures are read as search interest, as a column name says. Use --as counts to change this."
        )
        return "interest"
    if any((n.kind[dated] == "below_one").any() for n in values.values()):
        table.notes.append('The figures are read as search interest, as cells "<1" show.')
        return "interest"
    fractions = [c for c, n in values.items() if _fractions(n, dated).any()]
    told = plan.kind == "counts" and not all(plain(table.headers[c]) in _GENERIC for c in values)
    if fractions and not told:
        column = fractions[0]
        row = np.flatnonzero(_fractions(values[column], dated))[0]
        cell = table.cells[column][row].strip(BLANKS)
        raise BadFile(
            f"row {table.rows[row]} of the column {table.headers[column]!r} holds the fraction {cell}: "
            "shares of what is said and search interest both look like this",
            table.name,
            _BOTH_SIDES,
        )
    flat = np.concatenate([n.value[dated] for n in values.values()])
    flat = flat[np.isfinite(flat)]
    if len(flat) and plan.kind is None:
        hint = " They lie between 0 and 100, as Google Trends figures do: if they are, use --as search."
        peaked = flat.min() >= 0 and flat.max() == 100
        table.notes.append(
            f"The figures are whole numbers; they are read as counts of what is said.{hint if peaked else ''}"
        )
    return "counts"


def _fractions(found: Numbers, dated: np.ndarray) -> np.ndarray:
    return dated & ((found.kind == "percent") | (np.modf(np.nan_to_num(found.value))[0] != 0))


def _wide(
    table: Table,
    date: int,
    numeric: list[int],
    value_names: list[str],
    pick: dict[str, int],
    authors: int | None,
    geo: int | None,
    partial: int | None,
    side: str | None,
) -> Plan:
    if not numeric:
        raise BadFile(
            "no column holds numbers", table.name, "check the decimal sign and the columns, or set kind in the mapping"
        )
    count = pick[value_names[0]] if value_names else None
    others = [c for c in numeric if c not in (count, authors)]
    metrics = [c for c in others if plain(table.headers[c]) in _METRICS]
    if count is not None and (authors is not None or len(others) == len(metrics)):
        # One topic with its count, its authors and figures of another nature beside them.
        said = "interest" if value_names[0] == "interest" else "counts" if value_names[0] == "count" else side
        return Plan(date, "wide", None, [count], authors, geo, partial, said, one_topic=True)
    return Plan(date, "wide", None, numeric, None, geo, partial, side)


def _is_numeric(found: Numbers, dated: np.ndarray) -> bool:
    kind = found.kind[dated]
    printed = kind[kind != "missing"]
    return len(printed) > 0 and bool(
        np.isin(printed, ["number", "percent", "below_one", "below_one_percent", "no_data"]).mean() >= 0.8
    )


def _is_index(table: Table, column: int, found: Numbers) -> bool:
    """Return whether a column only numbers the rows, as data frames written with their index have one."""
    if plain(table.headers[column]) not in ("", "index", "unnamed 0", f"column {column + 1}", "row", "no"):
        return False
    return len(found.value) > 1 and bool((np.diff(found.value) == 1).all())


def _text_topic(table: Table, period: np.ndarray, dated: np.ndarray, columns: list[int]) -> int | None:
    """Return the text column that tells apart the rows of one period, where periods repeat."""
    days = pd.Series(period[dated])
    if not days.duplicated().any():
        return None
    for column in columns:
        words = table.cells[column][dated].reset_index(drop=True)
        if (words.str.strip(BLANKS) != "").mean() > 0.9 and not pd.DataFrame(
            {"p": days, "w": words}
        ).duplicated().any():
            table.notes.append(
                f"Column {table.headers[column]!r} tells apart the rows of one period; it is read as the topic."
            )
            return column
    return None
