"""Text tables: comma, semicolon, tab or bar between the cells, any line end, quotes that hold line breaks."""

from __future__ import annotations

import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterator

from sources.errors import BadFile
from sources.exports import sniff
from sources.exports.encodings import find_encoding, looks_like_text
from sources.exports.mapping import Mapping
from sources.exports.rawtable import Builder, RawTable
from sources.exports.words import tidy

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_ROWS = 200
_SAMPLE_CHARS = 1_000_000


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
    name, data, notes = content.name, content.data, list(content.notes)
    encoding, said = find_encoding(name, data, mapping.encoding)
    notes += said
    sample = _open(data, encoding).read(_SAMPLE_CHARS)
    if not looks_like_text(sample):
        raise BadFile("the file does not hold text", name, "export the table again as CSV or XLSX")
    if "\0" in sample:
        notes.append(f"{name} holds NUL characters; they were left out.")
    # The standard library's bound of 131,072 characters a cell is below what listening tools export.
    csv.field_size_limit(2**31 - 1)
    delimiter = mapping.delimiter or find_delimiter(sample)
    width = _width(sample, delimiter)
    if width > sniff.MAX_COLUMNS:
        raise BadFile(f"a row has {width:,} cells", name, f"export at most {sniff.MAX_COLUMNS:,} columns")
    builder, long_rows = Builder(width), []
    count, last = 0, 1
    block = Builder.BLOCK if limit is None else min(limit, Builder.BLOCK)
    for numbers, rows in _blocks(data, encoding, delimiter, block):
        kept_numbers, kept = [], []
        for number, row in zip(numbers, rows, strict=True):
            if len(row) != width:
                if len(row) > width:
                    surplus = [c for c in row[width:] if tidy(c)]
                    if surplus:
                        long_rows.append((number, f" {delimiter} ".join(surplus)))
                        continue
                    row = row[:width]
                else:
                    if not any(row):
                        continue
                    row = row + [""] * (width - len(row))
            kept_numbers.append(number)
            kept.append(row)
        builder.add(kept_numbers, kept)
        count += len(kept)
        last = numbers[-1]
        if limit is not None and count >= limit:
            break
        if count > sniff.MAX_ROWS:
            raise BadFile(
                f"the file has more than {sniff.MAX_ROWS:,} rows", name, "export a shorter period, or split it"
            )
    whole = limit is None or count < limit
    cells, lines = builder.done()
    return RawTable(
        name,
        digest,
        "csv",
        cells,
        lines,
        tuple(notes),
        encoding=encoding,
        delimiter=delimiter,
        quoted=_all_quoted(sample, delimiter),
        long_rows=tuple(long_rows),
        unclosed=last if whole and _ends_inside_quotes(data, encoding, delimiter, last) else None,
        whole=whole,
    )


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


def _width(sample: str, delimiter: str) -> int:
    """Return how many columns the table has: the widest of the first rows, empty cells at their ends not counted."""
    width = 1
    for row in itertools.islice(_rows(_lines(io.StringIO(sample, newline="")), delimiter), _SAMPLE_ROWS):
        filled = len(row)
        while filled and not tidy(row[filled - 1]):
            filled -= 1
        width = max(width, filled)
    return width


def _blocks(data: bytes, encoding: str, delimiter: str, size: int) -> Iterator[tuple[list[int], list[list[str]]]]:
    """Yield blocks of rows with the line of the file each row starts at."""
    reader = csv.reader(_lines(_open(data, encoding)), delimiter=delimiter)
    end = 0
    while True:
        numbers, rows = [], []
        for row in itertools.islice(reader, size):
            numbers.append(end + 1)
            rows.append(row)
            end = reader.line_num
        if not rows:
            return
        yield numbers, rows


def _open(data: bytes, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), encoding=encoding, errors="strict", newline="")


def _lines(stream: io.TextIOBase) -> Iterator[str]:
    """Yield the lines of `stream` without NUL characters."""
    return (line.replace("\0", "") if "\0" in line else line for line in stream)


def _rows(lines: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=delimiter)


def _ends_inside_quotes(data: bytes, encoding: str, delimiter: str, start: int) -> bool:
    """Return whether the last record, which starts at line `start`, is cut off inside quotes."""
    rest = itertools.islice(_lines(_open(data, encoding)), start - 1, None)
    try:
        for _ in csv.reader(rest, delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _all_quoted(sample: str, delimiter: str) -> bool:
    first = next((line for line in sample.splitlines() if tidy(line)), "")
    return len(first) > 1 and all(c[:1] == c[-1:] == '"' for c in tidy(first).split(delimiter))
