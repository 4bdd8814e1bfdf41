"""Which row of a file holds the column names: export tools put titles above it, people put a second row below."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sources.errors import BadFile, BadQuery
from sources.exports.columns import count_known
from sources.exports.date_patterns import can_be_date
from sources.exports.mapping import Mapping, fingerprint
from sources.exports.numerals import numbers
from sources.exports.rawtable import TEXT, RawTable
from sources.exports.reading import Rejects
from sources.exports.words import plain, tidy


@dataclass
class Table:
    """A file with its column names: what the general readers work on.

    Parameters
    ----------
    headers : column names as printed; a column without a name is called "column N".
    cells : text cells below the header; columns are positions in `headers`.
    rows : 1-based row of the file of each row of `cells`.
    preamble : rows above the header, as (row, cells).
    derived : how many columns at the end are not of the file but worked out from its others.
    """

    name: str
    headers: list[str]
    cells: pd.DataFrame
    rows: np.ndarray
    header_row: int
    raw: RawTable
    preamble: list[tuple[int, list[str]]]
    notes: list[str]
    rejects: Rejects = field(default_factory=Rejects)
    derived: int = 0

    def column(self, header: str) -> int:
        """Return the position of the column called `header`; case, accents and punctuation make no difference.

        Raises
        ------
        BadQuery : there is none; the message lists those there are.
        """
        if header in self.headers:
            return self.headers.index(header)
        wanted = plain(header)
        for position, name in enumerate(self.headers):
            if wanted and plain(name) == wanted:
                return position
        shown = ", ".join(map(repr, self.headers[:30]))
        raise BadQuery(f"{self.name} has no column {header!r}", "columns", f"its columns are {shown}")

    def taken(self, keep: np.ndarray) -> Table:
        """Return the table with the rows where `keep` is true."""
        return Table(
            self.name,
            self.headers,
            self.cells[keep].reset_index(drop=True),
            self.rows[keep],
            self.header_row,
            self.raw,
            self.preamble,
            self.notes,
            self.rejects,
            self.derived,
        )

    @property
    def own(self) -> list[str]:
        """The column names of the file itself."""
        return self.headers[: len(self.headers) - self.derived]

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint of the column names."""
        return fingerprint(self.own)


def with_headers(raw: RawTable, mapping: Mapping, position: int | None = None) -> Table:
    """Return `raw` cut into header and rows; rows with more cells than there are columns are refused.

    Parameters
    ----------
    position : row of `raw.cells` that holds the column names, where the caller knows it.

    Raises
    ------
    BadFile : no header, no row below it, a single column, or a quote that is never closed; the message names the row.
    BadQuery : the header row or a column that the user named is not there.
    """
    name = raw.name
    if raw.unclosed is not None:
        raise BadFile(
            "a quote is opened here and never closed", f"row {raw.unclosed} of {name}", "close it or remove it"
        )
    if len(raw.cells) == 0:
        raise BadFile("the file holds no row", name, "export it again and check that the export has rows")
    if raw.cells.shape[1] < 2:
        raise BadFile(
            "the file has one column only",
            name,
            "export it with its other columns, or set the delimiter in the mapping",
        )
    if position is None:
        position = header_position(raw, mapping)
    header = [tidy(c) for c in raw.cells.iloc[position]]
    named = max((i for i, h in enumerate(header) if h), default=-1) + 1
    if named < 2:
        raise BadFile(
            f"row {raw.rows[position]} should hold the column names but has {named}",
            name,
            "set header_row in the mapping",
        )
    body, rows = raw.cells.iloc[position + 1 :], raw.rows[position + 1 :]
    rejects, notes = Rejects(), list(raw.notes)
    for row, surplus in raw.long_rows:
        rejects.one(row, "", surplus, f"the row has more cells than the {named} columns; row left out")
    if len(body) == 0:
        raise BadFile(
            "the file holds column names and no rows", name, "export it again and check that the export has rows"
        )
    keep = np.ones(len(body), dtype=bool)
    for column in range(named, raw.cells.shape[1]):
        # Mostly nothing is there, and a broken row may have thousands of cells.
        cells = body[column].to_numpy(dtype=object)
        filled = cells != ""
        filled[filled] = [bool(tidy(c)) for c in cells[filled]]
        if filled.mean() > 0.5:
            notes.append(f"Column {column + 1} of {name} has no name and is not read.")
            continue
        new = filled & keep
        if not new.any():
            continue
        rejects.add(
            rows[new],
            "",
            body[column][new].to_numpy(),
            f"the row has more cells than the {named} columns; row left out",
        )
        keep &= ~filled
    body = body.loc[:, list(range(named))][keep].reset_index(drop=True)
    rows = rows[keep]
    if len(body) == 0:
        raise BadFile(
            "the file holds column names and no rows", name, "export it again and check that the export has rows"
        )
    headers = [h or f"column {i + 1}" for i, h in enumerate(header[:named])]
    above = raw.head(position) if position else []
    preamble = list(zip(raw.rows[:position].tolist(), above, strict=True))
    if preamble:
        first, last = preamble[0][0], preamble[-1][0]
        what = f"Row {first}" if first == last else f"Rows {first} to {last}"
        notes.append(f"{what} of {name}, above the column names, {'is' if first == last else 'are'} not read as data.")
    return Table(name, headers, body, rows, int(raw.rows[position]), raw, preamble, notes, rejects)


def header_position(raw: RawTable, mapping: Mapping) -> int:
    """Return the row of `raw.cells` that holds the column names.

    Raises
    ------
    BadFile : the first row already holds data.
    BadQuery : the row that the user named is not there.
    """
    if raw.named:
        return 0
    if mapping.header_row is not None:
        at = np.flatnonzero(raw.rows == mapping.header_row)
        if not len(at):
            raise BadQuery(
                f"row {mapping.header_row} of {raw.name} is blank or not there", "header_row", "name another row"
            )
        return int(at[0])
    head = raw.top
    if mapping.columns:
        wanted = {plain(h) for h in (*mapping.columns.values(), *mapping.values)}
        for i, row in enumerate(head):
            if wanted <= {plain(c) for c in row}:
                return i
    scores = [count_known(row) if sum(map(bool, row)) >= 2 else 0 for row in head]
    best = max(scores, default=0)
    if best >= 3 or (best == 2 and not _values_below(head, scores.index(best))):
        return next(i for i, s in enumerate(scores) if s >= max(2, 0.75 * best))
    first = _first_dated(head)
    if first is not None:
        above = [i for i in range(first) if sum(map(bool, head[i])) >= 2]
        if not above:
            raise BadFile(
                f"row {raw.rows[first]} already holds data: there are no column names",
                raw.name,
                "add a row with the column names above it, or set header_row in the mapping",
            )
        return above[-1]
    if best:
        return scores.index(best)
    widths = [sum(map(bool, row)) for row in head]
    return widths.index(max(widths))


def _values_below(head: list[list[str]], position: int) -> bool:
    """Return whether another row of names lies between `position` and the first row with a date."""
    first = _first_dated(head)
    return first is not None and first > position + 1


def _first_dated(head: list[list[str]]) -> int | None:
    """Return the first row that starts with a date and goes on with numbers."""
    for i, row in enumerate(head):
        if len(row) < 2 or not row[0] or not can_be_date(" ".join(row[0].split())):
            continue
        kinds = numbers(pd.Series([c for c in row[1:] if c], dtype=TEXT)).kind
        if len(kinds) and np.isin(kinds, ["number", "percent", "below_one", "missing", "no_data"]).mean() >= 0.5:
            return i
    return None
