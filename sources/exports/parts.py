"""Reading a file of posts in parts: a million posts in the memory of a hundred thousand.

The parts are judged as one file: order of day and month, notation of sentiment, columns and copies of a post are carried from
one part to the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sources.exports import sniff
from sources.exports.delimited import Dialect, column_cells, delimited_parts, find_dialect
from sources.exports.encodings import find_encoding
from sources.exports.headers import header_position, with_headers
from sources.exports.mapping import Mapping
from sources.exports.octets import OnDisk
from sources.exports.post_columns import choose
from sources.exports.rawtable import RawTable
from sources.exports.reader import TOOLBOX, read_export, read_posts_part, read_raw
from sources.exports.reading import Reading
from sources.exports.records import claims_json, is_json_lines, json_line_parts
from sources.exports.run import Run
from sources.exports.tools import prepared
from sources.exports.words import tidy

#: Bound of a file that is read in parts; `sniff.MAX_BYTES` is that of one held in memory.
MAX_BYTES = 20 * 1024**3
#: Workbooks, archives and Parquet have their index at the end.
_WHOLE = (b"PK\x03\x04", b"PK\x05\x06", b"PAR1", b"\xd0\xcf\x11\xe0", b"\x1f\x8b")
_LINE_BYTES = 1 << 26
_TWO_NUMBERS = re.compile(r"^\s*(\d{1,2})[-/.] ?(\d{1,2})[-/.] ?(?:\d{4}|\d{2})\b")

Progress = Callable[[int, int], None]


def read_in_parts(
    path: str | Path,
    mapping: Mapping | dict[str, Any] | None = None,
    rows: int = 100_000,
    *,
    secret: bytes | None = None,
    progress: Progress | None = None,
) -> Iterator[Reading]:
    """Read an exported file part by part, each as a reading of at most `rows` rows.

    Text tables and NDJSON of posts come in parts; their size on disk is bounded by MAX_BYTES only. Any other file, and a table
    that is not one of posts, comes as one reading, as `read_export` gives it.

    Every part has the mapping of the first; notes already given are not repeated. Copies of a post are refused across parts.
    `reading.digest` is that of the whole file and `reading.part` counts from 1, so that digest, mapping and part name a batch.
    Only the last part (`reading.last`) can be `capped`, and only it carries the `window` that the file names.

    Parameters
    ----------
    path, mapping, secret : see `read_export`.
    rows : rows of a part at most; wide or long rows make shorter parts.
    progress : called after each part with the bytes read and the bytes of the file.

    Raises
    ------
    BadFile, BadQuery : as `read_export`; a fault further down in the file is raised when its part is asked for.
    """
    place, how = Path(path), Mapping.of(mapping)
    try:
        octets = OnDisk(place, MAX_BYTES)
        opened = _open(place.name, octets, how, max(1, rows))
    except OSError:
        opened = None  # read_export says what is wrong with the path
    first = next(opened.tables, None) if opened is not None else None
    if opened is None or first is None:
        yield _whole(place, how, secret, progress)
        return
    run = Run(secret, last=first.whole)
    if first.whole:
        yield _told(read_raw(first, how, run), octets, progress)
        return
    how = _with_order(first, how, octets, opened.dialect)
    reading = read_raw(first, how, run)
    if reading.kind != "posts":
        yield _whole(place, how, secret, progress)
        return
    found = TOOLBOX.find(first) if reading.source != "table" else None
    position = found.position if found is not None else header_position(first, how)
    above = (first.cells.iloc[: position + 1], first.rows[: position + 1])
    pinned, said = reading.mapping, set(reading.notes)
    yield _told(reading, octets, progress)
    del reading, first
    for raw in opened.tables:
        run.part, run.last = run.part + 1, raw.whole
        table = raw if raw.named else _below(above, raw)
        part = read_posts_part(table, found.tool if found else None, position, _there(pinned, table, position), run)
        new = [note for note in part.notes if note not in said]
        said.update(new)
        yield _told(replace(part, notes=new, mapping=pinned), octets, progress)


def first_part(path: str | Path, mapping: Mapping, rows: int) -> RawTable | None:
    """Return the first `rows` rows of a file that is read in parts; None for one that is read as a whole, or not at all."""
    place = Path(path)
    try:
        opened = _open(place.name, OnDisk(place, MAX_BYTES), mapping, rows)
    except OSError:
        return None  # read_export says what is wrong with the path
    return next(opened.tables, None) if opened is not None else None


@dataclass(frozen=True)
class _Opened:
    """The parts of a file as cells; `dialect` is None for NDJSON."""

    tables: Iterator[RawTable]
    dialect: Dialect | None


def _open(name: str, octets: OnDisk, mapping: Mapping, rows: int) -> _Opened | None:
    """Return the parts of a text table or of NDJSON; None for a format that is read as a whole."""
    head = octets.head
    if head.startswith(_WHOLE) or not head.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        return None
    sniff.sniff(name, head)
    start = head.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").lstrip()[:1]
    if start in (b"[", b"{") and not mapping.delimiter:
        with octets.open() as stream:
            line = stream.readline(_LINE_BYTES)
        encoding = mapping.encoding or "utf-8"
        if b"\0" in line or not is_json_lines(line.decode(encoding, "replace")):
            return None
        encoding, _ = find_encoding(name, octets, mapping.encoding)
        return _Opened(json_line_parts(name, octets, encoding, octets.digest(), rows), None)
    if claims_json(name) and not mapping.delimiter:
        return None
    dialect = find_dialect(name, octets, mapping)
    return _Opened(delimited_parts(name, octets, dialect, octets.digest(), rows), dialect)


def _with_order(first: RawTable, mapping: Mapping, octets: OnDisk, dialect: Dialect | None) -> Mapping:
    """Return the mapping with the order of day and month, where the first part may not show it.

    A hundred thousand posts can all be of the first twelve days of a month. The whole file is looked through for a number
    above 12, which is met soon in nearly every file.
    """
    if mapping.date_order is not None or dialect is None:
        return mapping
    found = TOOLBOX.find(first)
    table = with_headers(first, mapping, found.position if found else None)
    tool = found.tool if found else None
    columns = [c.position for c in choose(prepared(table, tool) if tool else table, mapping, tool).get("date", ())]
    for column in (c for c in columns if c < len(table.headers)):
        sample = table.cells[column].head(200)
        if sample.map(lambda c: bool(_TWO_NUMBERS.match(c))).mean() < 0.5:
            continue
        for cell in column_cells(octets, dialect, column):
            numbers = _TWO_NUMBERS.match(cell)
            if numbers and (int(numbers[1]) > 12) != (int(numbers[2]) > 12):
                return replace(mapping, date_order="dmy" if int(numbers[1]) > 12 else "mdy")
    return mapping


def _below(above: tuple[pd.DataFrame, np.ndarray], raw: RawTable) -> RawTable:
    """Return a part with the titles and column names of the first part above it."""
    cells = pd.concat([above[0], raw.cells], ignore_index=True)
    return replace(raw, cells=cells, rows=np.concatenate([above[1], raw.rows]))


def _there(mapping: Mapping, raw: RawTable, position: int) -> Mapping:
    """Return the mapping without the columns that this part does not have: objects of NDJSON differ in their fields."""
    names = {tidy(c) for c in raw.cells.iloc[position if not raw.named else 0]}
    return replace(mapping, columns={f: h for f, h in mapping.columns.items() if h in names or h.startswith("column ")})


def _whole(place: Path, mapping: Mapping, secret: bytes | None, progress: Progress | None) -> Reading:
    reading = read_export(place, mapping=mapping, secret=secret)
    if progress is not None:
        size = place.stat().st_size
        progress(size, size)
    return reading


def _told(reading: Reading, octets: OnDisk, progress: Progress | None) -> Reading:
    pa.default_memory_pool().release_unused()
    if progress is not None:
        progress(octets.size if reading.last else octets.done(), octets.size)
    return reading
