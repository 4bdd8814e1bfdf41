"""Which columns of a table are which field of a post, and their cells: one column a field, or the first filled of several."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from sources.exports import post_values
from sources.exports.columns import match_columns
from sources.exports.headers import Table
from sources.exports.mapping import Mapping
from sources.exports.numerals import numbers
from sources.exports.rawtable import TEXT
from sources.exports.tools import Tool, entries, has_name, header_name, named_columns
from sources.exports.words import BLANKS, plain

#: Fields for which a name that the tool's list does not know is looked up in the general list: tools rename columns.
_GENERAL = frozenset(["date", "text", "title", "url", "author", "lang", "sentiment"])


@dataclass(frozen=True)
class Choice:
    """A column that holds a field, and what the tool means by it ("" = nothing particular)."""

    position: int
    label: str = ""


Choices = dict[str, tuple[Choice, ...]]


def find_columns(table: Table, mapping: Mapping) -> dict[str, int]:
    """Return field of a post -> position of its column: what the mapping says, then what the names say."""
    named = {field: table.column(header) for field, header in mapping.columns.items()}
    known = {f: c for f, c in match_columns(table.headers, "posts").items() if c not in named.values()}
    found = {**known, **named}
    if "date" not in found and "time" in found:
        found["date"] = found.pop("time")
    if "platform" not in found:
        for position, header in enumerate(table.headers):
            named_so = plain(header) in ("source", "fuente", "quelle", "fonte") and position not in found.values()
            # In other files a column of this name tells the program that a post was written with.
            if named_so and post_values.platforms(table.cells[position].head(1000)).notna().mean() >= 0.9:
                found["platform"] = position
    return found


def choose(table: Table, mapping: Mapping, tool: Tool | None) -> Choices:
    """Return the columns of every field, best first; `likes@x` are those that count for posts of one network only."""
    if tool is None:
        return {f: (Choice(c),) for f, c in find_columns(table, mapping).items()}
    there = named_columns(table)
    found: Choices = {}
    for field, names in tool.columns.items():
        chosen = tuple(Choice(c, label) for name, label in entries(names) for c in _positions(name, there))
        if chosen:
            found[field] = chosen
    taken = {c.position for chosen in found.values() for c in chosen}
    ignored = {name for name, _ in entries(tool.ignored)}
    for field, position in match_columns(table.headers, "posts").items():
        free = position not in taken and not any(has_name(i, {header_name(table.headers[position])}) for i in ignored)
        if field in _GENERAL and field not in found and free:
            found[field] = (Choice(position),)
    for field, header in mapping.columns.items():
        found = {f: c for f, c in found.items() if f.split("@")[0] != field}
        found[field] = (Choice(table.column(header)),)
    if "date" not in found and "time" in found:
        found["date"] = found.pop("time")
    return found


def _positions(name: str, there: dict[str, list[int]]) -> list[int]:
    if name.endswith("*"):
        return [c for n, columns in there.items() if n.startswith(name[:-1].rstrip()) for c in columns]
    return there.get(name, [])


class Picks:
    """The cells of each field of a table of posts: tidied text, null where empty.

    Reads like a mapping from field to cells. `platform` has to be set before fields that depend on the network are read.
    """

    def __init__(self, table: Table, choices: Choices) -> None:
        self.table, self.choices = table, choices
        self.platform: pd.Series | None = None
        self._kept: dict[str, tuple[pd.Series, pd.Series | None]] = {}

    def __contains__(self, field: str) -> bool:
        return field in self.choices or any(f.split("@")[0] == field for f in self.choices)

    def __getitem__(self, field: str) -> pd.Series:
        return self._pick(field)[0]

    def get(self, field: str) -> pd.Series:
        """Return the cells of a field, all null where the file has no such column."""
        if field not in self:
            return self.nothing
        return self[field]

    def labels(self, field: str) -> pd.Series:
        """Return what the tool means by the column that each row's cell comes from; null where the cell is empty."""
        labels = self._pick(field)[1]
        cells = self[field]
        if labels is None:
            label = self._all(field)[0].label
            return pd.Series(label, index=cells.index, dtype="object").where(cells.notna(), None)
        return labels

    def header(self, field: str) -> str:
        """Return the name of the first column that holds the field, for messages."""
        return self.table.headers[self._all(field)[0].position]

    def numbers(self, field: str, *, integer: bool = True) -> np.ndarray:
        """Return a field as numbers; a cell that is none is refused and left empty."""
        table, cells, header = self.table, self[field].fillna(""), self.header(field)
        found = numbers(cells, integer=integer)
        bad = found.kind == "text"
        table.rejects.add(table.rows[bad], header, cells[bad].to_numpy(), "not a number; the cell is left empty")
        if found.note:
            table.notes.append(f"Column {header!r}: {found.note}.")
        return found.value

    def counter(self, field: str) -> pd.Series:
        """Return a field as whole numbers, null where the file does not tell."""
        if field not in self:
            return pd.Series(pd.array([pd.NA] * len(self.table.rows), dtype="Int64"))
        return pd.Series(pd.array(np.round(self.numbers(field)), dtype="Float64")).astype("Int64")

    @property
    def used(self) -> set[int]:
        """Positions of all columns that hold a field."""
        return {c.position for chosen in self.choices.values() for c in chosen}

    @property
    def columns(self) -> dict[str, str]:
        """Field -> name of its first column."""
        fields = dict.fromkeys(f.split("@")[0] for f in self.choices)
        return {f: self.header(f) for f in fields if self._all(f)[0].position < len(self.table.own)}

    @cached_property
    def nothing(self) -> pd.Series:
        """As many nulls as the table has rows."""
        return pd.Series(np.full(len(self.table.rows), np.nan), dtype=TEXT)

    def _all(self, field: str) -> tuple[Choice, ...]:
        special = [c for f, chosen in self.choices.items() if f.startswith(f"{field}@") for c in chosen]
        return (*self.choices.get(field, ()), *special)

    def _pick(self, field: str) -> tuple[pd.Series, pd.Series | None]:
        if field not in self._kept:
            special = {f.split("@")[1]: c for f, c in self.choices.items() if f.startswith(f"{field}@")}
            self._kept[field] = self._first_filled(self.choices.get(field, ()), special)
        return self._kept[field]

    def _first_filled(
        self, general: tuple[Choice, ...], special: dict[str, tuple[Choice, ...]]
    ) -> tuple[pd.Series, pd.Series | None]:
        if not special and len(general) == 1:
            return tidied(self.table.cells[general[0].position]), None
        cells = self.nothing
        labels = pd.Series(None, index=range(len(cells)), dtype="object")
        networks = set(self.platform.unique()) if self.platform is not None else set()
        for network in networks & special.keys():
            here = self.platform == network
            for choice in special[network]:
                cells, labels = self._fill(cells, labels, choice, here)
        for choice in general:
            cells, labels = self._fill(cells, labels, choice, None)
        return cells, labels

    def _fill(
        self, cells: pd.Series, labels: pd.Series, choice: Choice, here: pd.Series | None
    ) -> tuple[pd.Series, pd.Series]:
        new = tidied(self.table.cells[choice.position])
        take = cells.isna() & new.notna()
        if here is not None:
            take &= here
        if not take.any():
            return cells, labels
        return cells.where(~take, new), labels.where(~take, choice.label)


def tidied(cells: pd.Series) -> pd.Series:
    """Return tidied cells, empty ones as null."""
    tidied = cells.str.strip(BLANKS)
    return tidied.where(tidied != "")
