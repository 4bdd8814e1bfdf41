"""Text tables: comma, semicolon, tab or bar between the cells, any line end, quotes that hold line breaks."""

from __future__ import annotations

import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sources.errors import BadFile
from sources.exports import sniff
from sources.exports.cycles import no_cycles
from sources.exports.encodings import find_encoding, looks_like_text
from sources.exports.mapping import Mapping
from sources.exports.octets import Octets, octets_of
from sources.exports.rawtable import Builder, RawTable
from sources.exports.words import tidy

DELIMITERS = (",", ";", "\t", "|")
#: Cells of a part of a streamed file may take so many bytes; wide or long rows make shorter parts.
PART_BYTES = 24 * 1024**2
_SAMPLE_ROWS = 200
_SAMPLE_CHARS = 1_000_000
# The standard library's bound of 131,072 characters a cell is below what listening tools export. In a stream a cell beyond
# this one is a quote that nobody closed: it would swallow the rest of the file.
_CELL_CHARS = 2**31 - 1
_STREAMED_CELL_CHARS = 1 << 24


@dataclass(frozen=True)
class Dialect:
    """How a text table is written; `width` is its number of columns."""

    encoding: str
    delimiter: str
    width: int
    quoted: bool
    notes: tuple[str, ...]


def find_dialect(name: str, content: bytes | Octets, mapping: Mapping) -> Dialect:
    """Return how the text table `content` is written.

    Raises
    ------
    BadFile : no text, or more columns than one import may have.
    BadQuery : the encoding the user asked for does not fit.
    """
    data = octets_of(content)
    encoding, notes = find_encoding(name, data, mapping.encoding)
    with _open(data, encoding) as text:
        sample = text.read(_SAMPLE_CHARS)
    if not looks_like_text(sample):
        raise BadFile("the file does not hold text", name, "export the table again as CSV or XLSX")
    if "\0" in sample:
        notes.append(f"{name} holds NUL characters; they were left out.")
    csv.field_size_limit(_CELL_CHARS)
    delimiter = mapping.delimiter or find_delimiter(sample)
    width, widest = _width(sample, delimiter)
    if width > sniff.MAX_COLUMNS:
        what = f"the row has {width:,} cells"
        raise BadFile(what, f"row {widest} of {name}", f"export at most {sniff.MAX_COLUMNS:,} columns")
    return Dialect(encoding, delimiter, width, _all_quoted(sample, delimiter), tuple(notes))


def read_delimited(content: sniff.Content, mapping: Mapping, digest: str, *, limit: int | None = None) -> RawTable:
    """Return the cells of a text table.

    Parameters
    ----------
    limit : stop after so many rows; None = read all, up to `sniff.MAX_ROWS`.

    Raises
    ------
    BadFile : no text, or more rows or columns than one import may have.
    BadQuery : the encoding the user asked for does not fit.
    """
    name, data = content.name, octets_of(content.data)
    dialect = find_dialect(name, data, mapping)
    builder = Builder(dialect.width)
    long_rows: list[tuple[int, str]] = []
    count, last, size = 0, 1, len(content.data)
    block = builder.block if limit is None else min(limit, builder.block)
    for numbers, rows in _blocks(data, dialect, block):
        kept_numbers, kept = _fitted(numbers, rows, dialect, long_rows)
        builder.add(kept_numbers, kept)
        count += len(kept)
        last = numbers[-1]
        if limit is not None and count >= limit:
            break
        sniff.check_cells(name, count * dialect.width, size)
        if count > sniff.MAX_ROWS:
            raise BadFile(
                f"the file has more than {sniff.MAX_ROWS:,} rows", name, "export a shorter period, or split it"
            )
    whole = limit is None or count < limit
    unclosed = last if whole and _ends_inside_quotes(data, dialect, last) else None
    return _table(name, digest, dialect, builder, long_rows, whole, unclosed, content.notes)


def delimited_parts(name: str, data: Octets, dialect: Dialect, digest: str, rows: int) -> Iterator[RawTable]:
    """Yield the cells of a text table in parts of at most `rows` rows; the last one is marked as `whole`.

    Raises
    ------
    BadFile : a quote is opened and never closed; the message names its row.
    """
    builder, long_rows, last, count = Builder(dialect.width), list[tuple[int, str]](), 1, 0
    blocks = _blocks(data, dialect, max(1, min(rows, builder.block // 8)), name)  # small, for the sake of memory
    for numbers, cells in blocks:
        if builder.count and (builder.count + len(cells) > rows or builder.bytes > PART_BYTES):
            yield _table(name, digest, dialect, builder, long_rows, False, None, ())
            builder, long_rows = Builder(dialect.width), []
        builder.add(*_fitted(numbers, cells, dialect, long_rows))
        last, count = numbers[-1], count + len(numbers)
        sniff.check_cells(name, count * dialect.width, data.size)
    unclosed = last if _ends_inside_quotes(data, dialect, last) else None
    yield _table(name, digest, dialect, builder, long_rows, True, unclosed, ())


def column_cells(data: Octets, dialect: Dialect, column: int) -> Iterator[str]:
    """Yield the cells of one column of a text table, without holding more than a row."""
    for _, rows in _blocks(data, dialect, 1_000):
        for row in rows:
            if column < len(row):
                yield row[column]


def find_delimiter(sample: str) -> str:
    """Return the delimiter that cuts most rows of `sample` into one same number of cells, at least two."""
    text = sample[:200_000]
    lines = list(itertools.islice(_lines(io.StringIO(text, newline="")), 400))
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        widths = Counter(len(r) for r in itertools.islice(_rows(iter(lines), delimiter), _SAMPLE_ROWS) if any(r))
        several = {w: n for w, n in widths.items() if w >= 2}
        if not several:
            continue
        # The modal width, weighted by its rows: a comma inside a few texts does not win over a tab in every row.
        width, n = max(several.items(), key=lambda item: (item[1], item[0]))
        score = (n / sum(widths.values()), width)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _table(
    name: str,
    digest: str,
    dialect: Dialect,
    builder: Builder,
    long_rows: list[tuple[int, str]],
    whole: bool,
    unclosed: int | None,
    notes: tuple[str, ...],
) -> RawTable:
    cells, lines = builder.done()
    return RawTable(
        name,
        digest,
        "csv",
        cells,
        lines,
        (*notes, *dialect.notes),
        encoding=dialect.encoding,
        delimiter=dialect.delimiter,
        quoted=dialect.quoted,
        long_rows=tuple(long_rows),
        unclosed=unclosed,
        whole=whole,
    )


def _fitted(
    numbers: list[int], rows: list[list[str]], dialect: Dialect, long_rows: list[tuple[int, str]]
) -> tuple[list[int], list[list[str]]]:
    """Return the rows with exactly as many cells as there are columns; those with more go to `long_rows`."""
    width = dialect.width
    kept_numbers, kept = [], []
    for number, row in zip(numbers, rows, strict=True):
        if len(row) != width:
            if len(row) > width:
                surplus = [c for c in row[width:] if tidy(c)]
                if surplus:
                    long_rows.append((number, f" {dialect.delimiter} ".join(surplus)))
                    continue
                row = row[:width]
            else:
                if not any(row):
                    continue
                row = row + [""] * (width - len(row))
        kept_numbers.append(number)
        kept.append(row)
    return kept_numbers, kept


def _width(sample: str, delimiter: str) -> tuple[int, int]:
    """Return how many columns the table has, and the line that ends its widest row; empty cells at the end not counted."""
    width, widest = 1, 1
    rows = csv.reader(_lines(io.StringIO(sample, newline="")), delimiter=delimiter)
    for row in itertools.islice(rows, _SAMPLE_ROWS):
        filled = len(row)
        while filled and not tidy(row[filled - 1]):
            filled -= 1
        if filled > width:
            width, widest = filled, rows.line_num
    return width, widest


def _blocks(
    data: Octets, dialect: Dialect, size: int, streamed: str = ""
) -> Iterator[tuple[list[int], list[list[str]]]]:
    """Yield blocks of rows with the line of the file each row starts at; `streamed` names a file read as a stream."""
    with _open(data, dialect.encoding) as text:
        reader = csv.reader(_lines(text), delimiter=dialect.delimiter)
        end = 0
        while True:
            numbers, rows = [], []
            csv.field_size_limit(_STREAMED_CELL_CHARS if streamed else _CELL_CHARS)
            try:
                with no_cycles():
                    for row in itertools.islice(reader, size):
                        numbers.append(end + 1)
                        rows.append(row)
                        end = reader.line_num
            except csv.Error as error:
                raise BadFile(
                    "a quote is opened here and never closed", f"row {end + 1} of {streamed}", "close it or remove it"
                ) from error
            if not rows:
                return
            yield numbers, rows


def _open(data: Octets, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(data.open(), encoding=encoding, errors="strict", newline="")


def _lines(stream: io.TextIOBase) -> Iterator[str]:
    """Yield the lines of `stream` without NUL characters."""
    return (line.replace("\0", "") if "\0" in line else line for line in stream)


def _rows(lines: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=delimiter)


def _ends_inside_quotes(data: Octets, dialect: Dialect, start: int) -> bool:
    """Return whether the last record, which starts at line `start`, is cut off inside quotes."""
    with _open(data, dialect.encoding) as text:
        rest = itertools.islice(_lines(text), start - 1, None)
        try:
            for _ in csv.reader(rest, delimiter=dialect.delimiter, strict=True):
                pass
        except csv.Error as error:
            return "unexpected end of data" in str(error)
    return False


def _all_quoted(sample: str, delimiter: str) -> bool:
    first = next((line for line in sample.splitlines() if tidy(line)), "")
    return len(first) > 1 and all(c[:1] == c[-1:] == '"' for c in tidy(first).split(delimiter))
