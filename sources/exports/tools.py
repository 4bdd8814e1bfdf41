"""What the post exports of one tool look like: how they are told from other files, and which column means what.

A tool is a table of names. Its readers differ in nothing else but a few functions that work out a column from others
(`derive`) or that know when a printed zero is no measurement (`no_measure`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

import pandas as pd

from sources.exports.columns import listed
from sources.exports.headers import Table
from sources.exports.rawtable import TEXT, RawTable
from sources.exports.sentiments import Notation
from sources.exports.words import plain

#: Begins the names of columns that are worked out and not in the file.
DERIVED = "derived"
_NAME_CHARS = 80  # longer cells are texts, not column names
_COPY = re.compile(r"\.\d+$")  # pandas numbers repeated names: "Created Time.1"
_TITLE_SIGNS = 3  # a title line that only one tool prints counts as much as so many column names


@dataclass(frozen=True, eq=False)
class Tool:
    """Post exports of one tool.

    Parameters
    ----------
    source : what the rows are stamped with, e.g. "brandwatch_export".
    title : the tool's name.
    signs : column names that this tool uses and others hardly do, comma-separated; a trailing * stands for any ending.
    needed : how many of them a file must have.
    columns : field -> column names, best first; a row takes the first that is filled. `name = label` says what the column is
        (reach = potential). A field `likes@x` holds for posts of that network only and comes before `likes`.
    reactions : kind of reaction -> column names.
    titles : texts in the rows above the column names that only this tool prints.
    ignored : names that must never be taken for a field, although they sound like one.
    platform : network of every post, where there is only one; a function decides from the column names.
    strict_platform : a printed name that is no known network is that of a site, so the network is the address's or "web".
    utc : times without a zone are UTC.
    lang_source : declared | detected.
    notation : how sentiment is written.
    derive : works out columns from others: name -> cells of a further column called "derived <name>", or position -> cells that
        stand in for those of the file.
    no_measure : column of the posts -> where a printed 0 means "not applicable".
    web_kind : kind of posts of sites that are not told otherwise, e.g. "article".
    """

    source: str
    title: str
    signs: str
    columns: dict[str, str]
    needed: int = 3
    reactions: dict[str, str] = field(default_factory=dict)
    titles: tuple[str, ...] = ()
    ignored: str = ""
    platform: str | Callable[[list[str]], str | None] | None = None
    strict_platform: bool = False
    utc: bool = False
    lang_source: str | None = None
    notation: Notation | None = None
    derive: Callable[[Table], dict[str | int, pd.Series]] | None = None
    no_measure: dict[str, Callable[[pd.DataFrame, Table], pd.Series]] = field(default_factory=dict)
    web_kind: str = "post"

    def platform_of(self, headers: list[str]) -> str | None:
        """Return the network of all posts of a file with these columns; None if it has to be told row by row."""
        return self.platform(headers) if callable(self.platform) else self.platform


@dataclass(frozen=True)
class Found:
    """A file recognised as one of a tool: the row of its cells that holds the column names."""

    tool: Tool
    position: int


class Toolbox:
    """The tools that are known, with an index from column names to tools: a file is looked through once, for all of them."""

    def __init__(self, tools: tuple[Tool, ...]) -> None:
        self.tools = tools
        self._signs: dict[str, list[Tool]] = {}
        self._beginnings: list[tuple[str, Tool]] = []
        for tool in tools:
            for name, _ in entries(tool.signs):
                if name.endswith("*"):
                    self._beginnings.append((name[:-1].rstrip(), tool))
                else:
                    self._signs.setdefault(name, []).append(tool)

    def find(self, raw: RawTable) -> Found | None:
        """Return the tool whose names a row of the file shows most of; None if no tool has as many as it needs."""
        rows = raw.top[:1] if raw.named else raw.top
        best, most = None, 0
        titles = " ".join(c for row in rows[:10] for c in row[:2] if len(c) <= _NAME_CHARS)
        for position, row in enumerate(rows):
            if len(row) < 3 and not raw.named:
                continue
            names = {header_name(c) for c in row if c and len(c) <= _NAME_CHARS}
            for tool, count in self._counts(names, titles if position else "").items():
                if count >= tool.needed and count > most:
                    best, most = Found(tool, position), count
        return best

    def _counts(self, names: set[str], titles: str) -> dict[Tool, int]:
        counts: dict[Tool, int] = {}
        for name in names:
            for tool in self._signs.get(name, ()):
                counts[tool] = counts.get(tool, 0) + 1
        for beginning, tool in self._beginnings:
            if any(name.startswith(beginning) for name in names):
                counts[tool] = counts.get(tool, 0) + 1
        for tool in self.tools if titles else ():
            if any(title in titles for title in tool.titles) and len(names & _all_names(tool)) >= 3:
                counts[tool] = counts.get(tool, 0) + _TITLE_SIGNS
        return counts


def header_name(header: str) -> str:
    """Return a column name as it is compared: without case, accents, punctuation and the number of a repeated name.

    >>> header_name("Created Time.1"), header_name("Reach (SUM)")
    ('created time', 'reach sum')
    """
    return plain(_COPY.sub("", header))


def has_name(name: str, names: set[str]) -> bool:
    """Return whether `name`, or a beginning of it marked by *, is among `names`."""
    if name.endswith("*"):
        return any(n.startswith(name[:-1].rstrip()) for n in names)
    return name in names


def prepared(table: Table, tool: Tool) -> Table:
    """Return the table with the columns that the tool works out from others."""
    extra = tool.derive(table) if tool.derive else {}
    if not extra:
        return table
    cells = table.cells.copy(deep=False)
    headers = list(table.headers)
    for name, values in extra.items():
        text = values.astype(TEXT).fillna("").to_numpy()
        if isinstance(name, int):
            cells[name] = pd.Series(text, dtype=TEXT)
            continue
        cells[len(headers)] = pd.Series(text, dtype=TEXT)
        headers.append(f"{DERIVED} {name}")
    return replace(table, headers=headers, cells=cells, derived=len(headers) - len(table.headers))


def named_columns(table: Table) -> dict[str, list[int]]:
    """Return compared name -> positions of the columns called so: some tools repeat names."""
    found: dict[str, list[int]] = {}
    for position, header in enumerate(table.headers):
        found.setdefault(header_name(header), []).append(position)
    return found


@lru_cache(maxsize=1024)
def entries(names: str) -> tuple[tuple[str, str], ...]:
    """Return (compared name, label) of a list such as "reach new = estimated, impressions"."""
    out = []
    for entry in listed(names):
        name, _, label = entry.partition("=")
        star = "*" if name.strip().endswith("*") else ""
        out.append((plain(name) + star, label.strip()))
    return tuple(out)


def _all_names(tool: Tool) -> set[str]:
    return {name for names in tool.columns.values() for name, _ in entries(names)}
