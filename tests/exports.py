"""Small exported files that tests write themselves, and reading them with the check that every reading fits its table."""

from __future__ import annotations

import csv
import io
import zipfile

import openpyxl
import pandas as pd

from sources.exports import Reading, read_bytes
from sources.tables import conform

SECRET = bytes(range(32))


def text_of(header: list[str], rows: list[list[object]], delimiter: str = ",", above: tuple[str, ...] = ()) -> str:
    out = io.StringIO()
    out.writelines(line + "\n" for line in above)
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


def workbook_of(title: str, rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(content: str | bytes, name: str = "mentions.csv", **mapping: object) -> Reading:
    data = content if isinstance(content, bytes) else content.encode()
    reading = read_bytes(name, data, mapping=mapping, secret=SECRET)
    stamped = reading.table.assign(source=reading.source, fetched_at=pd.Timestamp("2026-01-01", tz="UTC"), batch_id="b")
    assert conform(stamped, reading.kind).num_rows == len(reading.table)
    return reading


def rows_of(header: list[str], *rows: dict[str, object]) -> list[list[object]]:
    return [[row.get(h, "") for h in header] for row in rows]


def zipped(members: dict[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()
