"""XLSX workbooks: the sheet that looks like a table, its calculated values, dates as ISO text."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import re
import warnings
import zipfile
from typing import Any

import openpyxl

from sources.errors import BadFile, BadQuery
from sources.exports import sniff
from sources.exports.mapping import Mapping
from sources.exports.rawtable import Builder, RawTable

_EXCEL_ROWS = 1_048_576
_MAX_SHEETS = 256
_FORMULA = re.compile(rb"<f[ >/]")
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s")
_SAMPLE_ROWS = 50


def read_workbook(content: sniff.Content, mapping: Mapping, digest: str, *, limit: int | None = None) -> RawTable:
    """Return the cells of one sheet of a workbook.

    Formulas count by the value that was last calculated; one that was never calculated is kept as its own text.

    Raises
    ------
    BadFile : damaged, or no sheet holds anything.
    BadQuery : the sheet the user asked for is not there; the message lists those that are.
    """
    name, notes = content.name, list(content.notes)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and validations that it does not keep
            _check_sheets(name, content.data)
            book = openpyxl.load_workbook(io.BytesIO(content.data), read_only=True, data_only=True)
            sheet, rows = _choose(name, book, mapping.sheet, notes)
            formulas = _formulas(content.data, sheet, limit) if _has_formula(content.data) else {}
            table = _build(name, digest, sheet, rows, formulas, notes, limit, _unpacked(content.data))
            book.close()
    except (BadFile, BadQuery):
        raise
    except Exception as error:
        raise BadFile(
            f"the workbook is damaged ({type(error).__name__})", name, "open it in a spreadsheet and save it again"
        ) from error
    return table


def _choose(name: str, book: Any, wanted: str | None, notes: list[str]) -> tuple[str, Any]:
    """Return title and rows of the sheet to read: the user's choice, else the one with the most filled cells at its top."""
    sheets = {s.title: s for s in book.worksheets}
    if wanted is not None:
        if wanted not in sheets:
            raise BadQuery(f"{name} has no sheet {wanted!r}", "sheet", f"its sheets are {', '.join(map(repr, sheets))}")
        return wanted, sheets[wanted]
    sizes = {}
    for title, sheet in sheets.items():
        sheet.reset_dimensions()  # the size a file declares is often wrong
        sample = [
            sum(c is not None for c in row)
            for row in itertools.islice(sheet.iter_rows(max_row=_SAMPLE_ROWS, values_only=True), _SAMPLE_ROWS)
        ]
        sizes[title] = sum(n for n in sample if n >= 2)
    filled = [t for t, n in sizes.items() if n]
    if not filled:
        raise BadFile(
            "no sheet of the workbook holds a table", name, "export it again and check that the export has rows"
        )
    best = max(filled, key=lambda t: sizes[t])
    if len(filled) > 1:
        others = ", ".join(repr(t) for t in filled if t != best)
        notes.append(
            f"{name} has several sheets: {best!r} is read, {others} not; name a sheet in the mapping to change this."
        )
    return best, sheets[best]


def _build(
    name: str,
    digest: str,
    title: str,
    sheet: Any,
    formulas: dict[tuple[int, int], str],
    notes: list[str],
    limit: int | None,
    size: int,
) -> RawTable:
    sheet.reset_dimensions()
    held: list[tuple[int, list[str]]] = []
    width, total = 1, 0
    # openpyxl fills up to the row that a file names, be it the thousand-millionth: it is stopped after the last one of Excel.
    for number, cells in enumerate(sheet.iter_rows(max_row=_EXCEL_ROWS + 1, values_only=True), start=1):
        if number > _EXCEL_ROWS:
            raise BadFile(f"the sheet {title!r} has more rows than a workbook can", name, "export it again, or as CSV")
        total += len(cells)
        sniff.check_cells(name, total, size)
        row = [_text(c) for c in cells]
        for column in range(len(row)):
            if not row[column] and formulas:
                row[column] = formulas.get((number, column + 1), "")
        while row and not row[-1]:
            row.pop()
        if row:
            held.append((number, row))
            width = max(width, len(row))
            if width > sniff.MAX_COLUMNS:
                raise BadFile(
                    f"the sheet {title!r} has {width:,} columns", name, f"export at most {sniff.MAX_COLUMNS:,} columns"
                )
        if limit is not None and len(held) >= limit:
            break
    sniff.check_cells(name, width * len(held), size)
    builder = Builder(width)
    for start in range(0, len(held), Builder.BLOCK):
        block = held[start : start + Builder.BLOCK]
        builder.add([n for n, _ in block], [r + [""] * (width - len(r)) for _, r in block])
    cells, rows = builder.done()
    if formulas:
        notes.append(f"{len(formulas):,} formulas of sheet {title!r} were never calculated; they are kept as text.")
    if held and held[-1][0] >= _EXCEL_ROWS:
        notes.append(f"sheet {title!r} fills every row that Excel has: the export was probably cut there.")
    whole = limit is None or len(held) < limit
    return RawTable(name, digest, "xlsx", cells, rows, tuple(notes), sheet=title, whole=whole)


def _text(value: Any) -> str:
    """Return a cell as the text a CSV export of it would hold, dates in ISO form."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, dt.datetime):
        if value.time() == dt.time():
            return value.date().isoformat()
        return value.isoformat(sep=" ", timespec="seconds" if not value.microsecond else "microseconds")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return str(int(value))
    return str(value)


def _check_sheets(name: str, data: bytes) -> None:
    """Refuse a workbook of very many sheets before it is opened: opening takes time for each."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = len(_SHEET.findall(archive.read("xl/workbook.xml")))
    if sheets > _MAX_SHEETS:
        raise BadFile(f"the workbook has {sheets:,} sheets", name, "export the one sheet that is meant")


def _unpacked(data: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return sum(m.file_size for m in archive.infolist())


def _has_formula(data: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.namelist():
            if member.startswith("xl/worksheets/") and member.endswith(".xml"):
                with archive.open(member) as sheet:
                    tail = b""
                    while block := sheet.read(1 << 20):
                        if _FORMULA.search(tail + block):
                            return True
                        tail = block[-2:]
    return False


def _formulas(data: bytes, title: str, limit: int | None) -> dict[tuple[int, int], str]:
    """Return the formulas of a sheet that carry no calculated value, by (row, column)."""
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False)
    values = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    sheet, known = book[title], values[title]
    sheet.reset_dimensions()
    known.reset_dimensions()
    found = {}
    pairs = zip(
        sheet.iter_rows(max_row=_EXCEL_ROWS, values_only=True),
        known.iter_rows(max_row=_EXCEL_ROWS, values_only=True),
        strict=False,
    )
    for number, (cells, calculated) in enumerate(pairs, start=1):
        for column, (cell, value) in enumerate(zip(cells, calculated, strict=False), start=1):
            if isinstance(cell, str) and cell.startswith("=") and value is None:
                found[number, column] = cell
        if limit is not None and number >= 10 * limit:
            break
    book.close()
    values.close()
    return found
