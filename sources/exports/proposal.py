"""How a file would be read, shown before it is: format, columns with what they are taken for, the first refused rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from sources.errors import SourceError
from sources.exports.headers import Table, with_headers
from sources.exports.mapping import Mapping, fingerprint
from sources.exports.parts import first_part
from sources.exports.rawtable import RawTable
from sources.exports.reader import open_table, read_raw, read_whole
from sources.exports.reading import Reading, Rejects
from sources.exports.run import Run

SAMPLE_ROWS = 2000
#: What a column of a wide table is: a topic, with its figures below.
TOPIC = "topic column"
_SAMPLES = 3  # values shown of a column
_SHOWN = 60  # characters shown of a value
_REJECTED = 20  # refused rows shown
_PREVIEW_KEY = b"\0" * 32  # a preview shows no authors, so it needs no key of the user's


@dataclass(frozen=True)
class ProposedColumn:
    """A column of the file, the field it is taken for (None = not read) and a few of its values."""

    header: str
    field: str | None
    samples: tuple[str, ...]


@dataclass(frozen=True)
class Proposal:
    """How the beginning of a file is understood.

    Parameters
    ----------
    mapping : as the file would be read; correct it and read with it. It names every column that is read.
    kind, source : table and reader; kind is None where the file leaves it open.
    question : what the user has to answer or correct before the file can be read, with the remedy; "" = nothing.
    rejected : the first rows that would be refused.
    confidence : 0..1; the share of sampled rows that are kept, lowered for a guessed encoding, 0 while a question is open.
    fingerprint : of the column names, under which a corrected mapping can be kept for the next file of this kind.
    rows : rows looked at; `whole` = these are all.
    """

    name: str
    format: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    header_row: int | None
    kind: str | None
    source: str | None
    columns: tuple[ProposedColumn, ...]
    mapping: Mapping
    notes: tuple[str, ...]
    rejected: pd.DataFrame
    question: str
    confidence: float
    fingerprint: str
    rows: int
    whole: bool
    table: pd.DataFrame = field(default_factory=pd.DataFrame)


def propose(name: str, content: bytes, mapping: Mapping | dict[str, Any] | None = None) -> Proposal:
    """Return how a file would be read, from its first rows.

    A file that is understood but leaves something open (which side, which order of day and month) does not raise: the
    question is in the proposal, and the columns are there to answer it.

    Parameters
    ----------
    mapping : what the user has said or corrected so far.

    Raises
    ------
    BadFile : the file is no table at all, such as a picture or an empty file.
    BadQuery : the mapping itself is not one.
    """
    how = Mapping.of(mapping)
    return _proposal(name, open_table(name, content, how, limit=SAMPLE_ROWS), how)


def propose_file(path: str | Path, mapping: Mapping | dict[str, Any] | None = None) -> Proposal:
    """Return how a file on disk would be read; as `propose`, without holding a large one in memory."""
    how = Mapping.of(mapping)
    name, first = Path(path).name, first_part(path, how, SAMPLE_ROWS)
    return _proposal(name, first, how) if first is not None else propose(name, read_whole(path), how)


def _proposal(name: str, raw: RawTable, how: Mapping) -> Proposal:
    reading, table, question = None, None, ""
    try:
        reading = read_raw(raw, how, Run(_PREVIEW_KEY))
    except SourceError as error:
        question = str(error)
    if reading is None or reading.source == "table":
        try:
            table = with_headers(raw, how)
        except SourceError as error:
            question = question or str(error)
    found = reading.mapping if reading is not None else how
    header_row = table.header_row or None if table is not None else None
    return Proposal(
        name=name,
        format=raw.format,
        encoding=raw.encoding,
        delimiter=raw.delimiter,
        sheet=raw.sheet,
        header_row=header_row,
        kind=reading.kind if reading is not None else how.kind,
        source=reading.source if reading is not None else how.source,
        columns=_columns(table, found, reading),
        mapping=found,
        notes=tuple(reading.notes) if reading is not None else raw.notes,
        rejected=reading.rejected.head(_REJECTED) if reading is not None else Rejects().frame(),
        question=question,
        confidence=_confidence(raw, reading),
        fingerprint=reading.fingerprint
        if reading is not None
        else fingerprint(table.headers if table is not None else []),
        rows=len(raw.cells),
        whole=raw.whole,
        table=reading.table.head(_REJECTED) if reading is not None else pd.DataFrame(),
    )


def _columns(table: Table | None, found: Mapping, reading: Reading | None) -> tuple[ProposedColumn, ...]:
    if table is None:
        return ()
    fields = {header: name for name, header in found.columns.items()}
    topics: set[str] = set()
    if reading is not None and reading.kind in ("interest", "counts") and reading.mapping.layout == "wide":
        topics = set(reading.table["term" if reading.kind == "interest" else "query"])
    return tuple(
        ProposedColumn(h, fields.get(h, TOPIC if h in topics else None), _samples(table.cells[i]))
        for i, h in enumerate(table.headers)
    )


def _samples(cells: pd.Series) -> tuple[str, ...]:
    filled = cells[cells.str.strip() != ""].drop_duplicates().head(_SAMPLES)
    return tuple(c if len(c) <= _SHOWN else c[: _SHOWN - 1] + "…" for c in filled)


def _confidence(raw: RawTable, reading: Reading | None) -> float:
    if reading is None:
        return 0.0
    refused = reading.rejected["row"].nunique()
    kept = max(0.0, 1 - refused / max(1, len(raw.cells)))
    guessed = any("guessed" in note for note in raw.notes)
    return round(kept * (0.6 if guessed else 1.0), 3)
