"""Files that name their columns themselves: JSON, one object a line (NDJSON), and Parquet."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sources.errors import BadFile
from sources.exports import sniff
from sources.exports.encodings import find_encoding
from sources.exports.mapping import Mapping
from sources.exports.octets import Octets
from sources.exports.rawtable import TEXT, Builder, RawTable, drop_blank, text_array
from sources.exports.wrappers import items_of, items_of_line

_MAX_DEPTH = 4
#: Of a Parquet file, where a column of nothing takes no bytes.
MAX_CELLS = 300_000_000


def read_json(content: sniff.Content, mapping: Mapping, digest: str, *, limit: int | None = None) -> RawTable | None:
    """Return the cells of a JSON list of objects, of an answer that holds one, or of one object a line; None if it is no JSON.

    Nested objects become columns with dotted names (`public_metrics.like_count`); lists stay JSON text.

    Raises
    ------
    BadFile : JSON that is broken (the line is named) or holds no objects.
    """
    name, notes = content.name, list(content.notes)
    start = content.data[:256].removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\0")[:1]
    claimed = claims_json(name)
    if not claimed and start not in (b"[", b"{") and content.data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return None
    encoding, said = find_encoding(name, content.data, mapping.encoding)
    text = content.data.decode(encoding).lstrip("\ufeff \t\r\n")
    if text[:1] not in ("[", "{"):
        if claimed:
            raise BadFile("the file does not start like JSON ([ or {)", name, "export it again")
        return None
    numbered: Iterator[tuple[int, Any]]
    try:
        whole = json.loads(text)
        items, where = items_of(whole)
        if where:
            notes.append(f"{name}: the list under {where!r} is read.")
        kind, numbered = "json", iter(enumerate(items, start=1))
    except RecursionError as error:
        raise BadFile("the JSON is nested too deeply", name, "export it as CSV") from error
    except ValueError as error:
        lines = _json_lines(name, text)
        if lines is None:
            if claimed:
                raise BadFile(f"the JSON is broken: {error}", name, "export it again") from error
            return None
        kind, numbered = "ndjson", lines
    return _gather(name, digest, kind, numbered, [*notes, *said], encoding, limit, len(content.data))


def claims_json(name: str) -> bool:
    """Return whether a file calls itself JSON: what is then none is refused and not read as another table."""
    return name.lower().endswith((".json", ".ndjson", ".jsonl", ".json.gz", ".ndjson.gz", ".jsonl.gz"))


def is_json_lines(head: str) -> bool:
    """Return whether a text that begins so has one JSON object a line: its first line is one, and more lines follow."""
    first, end, _ = head.lstrip("\ufeff \t\r\n").partition("\n")
    if not end or not first.startswith("{"):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def json_line_parts(name: str, data: Octets, encoding: str, digest: str, rows: int) -> Iterator[RawTable]:
    """Yield the cells of a file with one JSON object a line in parts of at most `rows` rows; the last one is marked as `whole`.

    Raises
    ------
    BadFile : a line that is no JSON object; the message names it.
    """
    with io.TextIOWrapper(data.open(), encoding=encoding, errors="strict") as text:
        numbered = _walk(name, (line.lstrip("\ufeff") for line in text))
        part = list(itertools.islice(numbered, rows))
        cells = 0
        while part:
            following = list(itertools.islice(numbered, rows))
            raw = _gather(name, digest, "ndjson", iter(part), [], encoding, None, data.size)
            cells += raw.cells.size
            sniff.check_cells(name, cells, data.size)
            part = following  # freed before the cells are worked on
            yield raw if not following else replace(raw, whole=False)


def read_parquet(content: sniff.Content, digest: str, *, limit: int | None = None) -> RawTable:
    """Return the cells of a Parquet file as text; times keep their zone.

    Raises
    ------
    BadFile : damaged, or more rows or columns than one import may have.
    """
    name = content.name
    try:
        file = pq.ParquetFile(pa.BufferReader(content.data))
        rows, width = file.metadata.num_rows, file.metadata.num_columns
        if rows > sniff.MAX_ROWS or width > sniff.MAX_COLUMNS or (rows if limit is None else limit) * width > MAX_CELLS:
            raise BadFile(f"the file has {rows:,} rows and {width:,} columns", name, "split it")
        # Read as they lie there, each word once: a word of a megabyte in a million rows takes a megabyte, and is counted.
        texts = [c for c, t in zip(file.schema_arrow.names, file.schema_arrow.types, strict=True) if _is_text(t)]
        file = pq.ParquetFile(pa.BufferReader(content.data), read_dictionary=texts)
        table = file.read() if limit is None else next(file.iter_batches(limit), None)
        if isinstance(table, pa.RecordBatch):
            table = pa.Table.from_batches([table])
        elif table is None:
            table = file.schema_arrow.empty_table()
        table.validate(full=True)  # text that is none would come up wherever it is first looked at
        sniff.check_size(name, sum(_text_bytes(chunk) for column in table.columns for chunk in column.chunks))
        columns = [_as_text(c) for c in table.flatten().flatten().columns]
        names = table.flatten().flatten().column_names
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise BadFile(f"the Parquet file is damaged ({type(error).__name__})", name, "write it again") from error
    header = pd.DataFrame({i: pd.Series([n], dtype=TEXT) for i, n in enumerate(names)})
    body = pd.DataFrame({i: pd.Series(c, dtype=TEXT) for i, c in enumerate(columns)})
    cells = pd.concat([header, body], ignore_index=True) if len(body) else header
    cells, numbers = drop_blank(cells, _range(len(cells)))
    whole = limit is None or rows <= limit
    return RawTable(name, digest, "parquet", cells, numbers, content.notes, named=True, whole=whole)


def _json_lines(name: str, text: str) -> Iterator[tuple[int, Any]] | None:
    """Return (line, object) of one object a line; None when the first line is not one."""
    lines = io.StringIO(text)
    first = next((line for line in lines if line.strip()), "")
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return None
    return _walk(name, io.StringIO(text))


def _walk(name: str, lines: Iterable[str]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadFile(
                "this line is not a JSON object", f"row {number} of {name}", "correct the line or remove it"
            ) from error
        yield from ((number, i) for i in items_of_line(item))


def _gather(
    name: str,
    digest: str,
    kind: str,
    numbered: Iterator[tuple[int, Any]],
    notes: list[str],
    encoding: str,
    limit: int | None,
    size: int,
) -> RawTable:
    flat: list[dict[str, str]] = []
    numbers: list[int] = []
    names: dict[str, None] = {}
    total = 0
    for number, item in itertools.islice(numbered, limit):
        total += 1
        if total > sniff.MAX_ROWS:
            raise BadFile(
                f"the file has more than {sniff.MAX_ROWS:,} rows", name, "export a shorter period, or split it"
            )
        if not isinstance(item, dict):
            continue
        row: dict[str, str] = {}
        _flatten(item, "", row, 0)
        names.update(dict.fromkeys(row))
        if len(names) > sniff.MAX_COLUMNS:
            raise BadFile(f"the objects have over {sniff.MAX_COLUMNS:,} different fields", name, "export fewer, or CSV")
        flat.append(row)
        numbers.append(number)
        sniff.check_cells(name, len(names) * len(flat), size)
    if not flat:
        raise BadFile("the JSON holds no list of objects", name, "export a list of objects, or CSV")
    if len(flat) < total:
        notes.append(f"{name}: {total - len(flat):,} items are no objects and were left out.")
    header = list(names)
    builder = Builder(max(1, len(header)))
    builder.add([0], [header or [""]])
    for start in range(0, len(flat), Builder.BLOCK):
        block = flat[start : start + Builder.BLOCK]
        builder.add(numbers[start : start + Builder.BLOCK], [[row.get(h, "") for h in header] or [""] for row in block])
    cells, rows = builder.done()
    whole = limit is None or total < limit
    return RawTable(name, digest, kind, cells, rows, tuple(notes), named=True, encoding=encoding, whole=whole)


def _flatten(value: Any, path: str, into: dict[str, str], depth: int) -> None:
    if isinstance(value, dict) and depth < _MAX_DEPTH:
        for key, inner in value.items():
            _flatten(inner, f"{path}.{key}" if path else str(key), into, depth + 1)
    elif isinstance(value, str):
        into[path] = value
    elif value is None:
        into.setdefault(path, "")
    elif isinstance(value, bool):
        into[path] = "TRUE" if value else "FALSE"
    elif isinstance(value, (int, float)):
        into[path] = repr(value)
    elif isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        into[path] = value[0]
    else:
        into[path] = json.dumps(value, ensure_ascii=False)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _text_bytes(chunk: pa.Array) -> int:
    """Return how many bytes the text of a chunk takes when every cell holds its own."""
    if not pa.types.is_dictionary(chunk.type) or not _is_text(chunk.type.value_type):
        return 0
    return int(pc.sum(pc.binary_length(chunk.dictionary).take(chunk.indices).cast(pa.int64())).as_py() or 0)


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of any type as text, null as empty."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_timestamp(kind):
        # Without its zone the column holds UTC; the Z says so where there was a zone.
        shown = pc.strftime(pc.cast(column, pa.timestamp("us")), format="%Y-%m-%d %H:%M:%S")
        column = shown if kind.tz is None else pc.binary_join_element_wise(shown, pa.scalar("Z"), pa.scalar(""))
    elif pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        plain = [None if v is None else json.dumps(v, ensure_ascii=False, default=str) for v in column.to_pylist()]
        column = pa.chunked_array([text_array(plain)])
    return pc.fill_null(pc.cast(column, pa.large_string()), "")


def _range(n: int) -> Any:
    """Return the row numbers of a file whose column names stand apart: 0 for them, then 1, 2, ..."""
    return pd.RangeIndex(n).to_numpy(dtype="int64", copy=True)
