"""What the bytes of a file are, whatever its name says; what cannot be a table is refused with the way out."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass

from sources.errors import BadFile

#: Bounds of one file. Larger ones are cut by the tool that exported them, or belong into a database.
MAX_BYTES = 500 * 1024**2
MAX_ROWS = 5_000_000
MAX_COLUMNS = 1_000
#: A table has about one cell a byte at most, the delimiter; what has many more is padding of a few wide rows.
FREE_CELLS = 2_000_000
#: Unpacked to packed. Workbooks and tables pack to a tenth, at best to a fiftieth, a bomb to a thousandth.
MAX_RATIO = 200
FREE_BYTES = 4 * 1024**2  # unpacked to so little, no ratio is a bomb

_EXPORT_AGAIN = "export the table again as CSV or XLSX"
#: (first bytes, what it is, remedy)
_OTHERS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF document", _EXPORT_AGAIN),
    (b"\x89PNG", "a picture (PNG)", _EXPORT_AGAIN),
    (b"\xff\xd8\xff", "a picture (JPEG)", _EXPORT_AGAIN),
    (b"GIF8", "a picture (GIF)", _EXPORT_AGAIN),
    (b"II*\0", "a picture (TIFF)", _EXPORT_AGAIN),
    (b"MM\0*", "a picture (TIFF)", _EXPORT_AGAIN),
    (b"{\\rtf", "an RTF document", _EXPORT_AGAIN),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it and import the file inside"),
    (b"Rar!\x1a\x07", "a RAR archive", "unpack it and import the file inside"),
    (b"BZh", "a bzip2 archive", "unpack it and import the file inside"),
    (b"\xfd7zXZ\0", "an XZ archive", "unpack it and import the file inside"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", "unpack it and import the file inside"),
    (b"SQLite format 3\0", "a SQLite database", "export the table as CSV"),
    (b"ARROW1", "an Arrow file", "save it as Parquet"),
    (b"\x7fELF", "a program", _EXPORT_AGAIN),
)
_LFS = b"version https://git-lfs.github.com/spec/"
_ANNEX = re.compile(rb"^[./\w-]*\.git/annex/objects/|^/annex/objects/")
_MARKUP = re.compile(rb"^(?:<!doctype\s+html|<html|<head|<body|<table|<div|<meta|<script|<!--)", re.IGNORECASE)
_XML = re.compile(rb"^<\?xml", re.IGNORECASE)


@dataclass(frozen=True)
class Content:
    """A file as it came: its name, its bytes (unpacked), its format and what was noticed.

    `format` : text | xlsx | parquet | zip.
    """

    name: str
    data: bytes
    format: str
    notes: tuple[str, ...] = ()


def sniff(name: str, data: bytes) -> Content:
    """Return what `data` is, unpacking gzip.

    Raises
    ------
    BadFile : empty, too large, or a format that holds no table this reader knows; the sentence names the remedy.
    """
    notes: list[str] = []
    if data[:2] == b"\x1f\x8b":
        data = _gunzip(name, data)
        notes.append(f"{name} is compressed with gzip; the file inside is read.")
        if data[:2] == b"\x1f\x8b":
            raise BadFile("a gzip archive inside a gzip archive", name, "unpack it and import the file inside")
    check_size(name, len(data))
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        what = "the file is empty (0 bytes)" if not data else "the file holds nothing but blanks"
        raise BadFile(what, name, "export it again and check that the export has rows")
    found = _binary(name, data)
    _refuse_others(name, data)
    if found in ("xlsx", "parquet") and not name.lower().endswith((f".{found}", ".xlsm", ".pq")):
        notes.append(
            f"{name} is {'an XLSX workbook' if found == 'xlsx' else 'a Parquet file'} by its content and is read as one."
        )
    elif found == "text" and name.lower().endswith((".xlsx", ".xls", ".xlsm", ".parquet")):
        notes.append(f"{name} is a text file by its content and is read as one.")
    return Content(name, data, found, tuple(notes))


def check_size(name: str, size: int) -> None:
    """Raise BadFile when a file of `size` bytes is beyond the bound."""
    if size > MAX_BYTES:
        raise BadFile(
            f"the file has {size / 1024**2:,.0f} MB, more than the {MAX_BYTES / 1024**2:,.0f} MB that one import may have",
            name,
            "export a shorter period, or split it",
        )


def check_cells(name: str, cells: int, size: int) -> None:
    """Raise BadFile when a file of `size` bytes makes a table of far more cells than it has bytes."""
    if cells > FREE_CELLS + size:
        raise BadFile(
            f"its rows would fill {cells:,} cells, far more than the file has characters",
            name,
            "export it again: a few rows are much wider than the others",
        )


def check_ratio(name: str, packed: int, unpacked: int) -> None:
    """Raise BadFile when `packed` bytes become more than any table would."""
    if unpacked > FREE_BYTES and unpacked > MAX_RATIO * max(1, packed):
        raise BadFile(
            f"it unpacks to {unpacked / max(1, packed):,.0f} times its size, as no table does",
            name,
            "export it again; do not open it elsewhere",
        )


def _binary(name: str, data: bytes) -> str:
    if data[:4] == b"PAR1":
        return "parquet"
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _workbook_or_refuse(name, data)
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise BadFile(
                "the workbook is protected by a password", name, "save a copy without password and import that"
            )
        raise BadFile("this is an old Excel workbook (.xls)", name, "open it and save it as XLSX or CSV")
    return "text"


def _workbook_or_refuse(name: str, data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, UnicodeDecodeError) as error:
        raise BadFile("the file is a damaged ZIP archive or workbook", name, "download or export it again") from error
    names = [m.filename for m in members]
    if "xl/workbook.xml" in names:
        check_size(name, sum(m.file_size for m in members))
        for member in members:  # zipfile never reads beyond the size that a member claims
            check_ratio(name, member.compress_size, member.file_size)
        if any(m.flag_bits & 1 for m in members):
            raise BadFile(
                "the workbook is protected by a password", name, "save a copy without password and import that"
            )
        return "xlsx"
    if "xl/workbook.bin" in names:
        raise BadFile("this is a binary Excel workbook (.xlsb)", name, "save it as XLSX or CSV")
    if "mimetype" in names and "content.xml" in names:
        raise BadFile("this is an OpenDocument file", name, "save it as XLSX or CSV")
    if "word/document.xml" in names or "ppt/presentation.xml" in names:
        raise BadFile("this is a Word or PowerPoint document", name, _EXPORT_AGAIN)
    if any(n.startswith("Index/") and n.endswith(".iwa") for n in names):
        raise BadFile("this is a Numbers document", name, "export it as CSV or XLSX from Numbers")
    return "zip"


def no_table_inside(name: str, names: list[str]) -> BadFile:
    """Return the refusal of an archive that is none of the exports that come as one."""
    inside = ", ".join(n for n in names[:5] if not n.endswith("/")) or "nothing"
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return BadFile(f"this is a ZIP archive holding {inside}{more}", name, "unpack it and import the files one by one")


def _refuse_others(name: str, data: bytes) -> None:
    for magic, what, remedy in _OTHERS:
        if data.startswith(magic):
            raise BadFile(f"this is {what}, not a table", name, remedy)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        raise BadFile("this is a picture (WebP), not a table", name, _EXPORT_AGAIN)
    # Without zero bytes, so that UTF-16 is seen through as well.
    start = re.sub(rb"^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)", b"", data[:4096]).replace(b"\0", b"").lstrip()
    if start.startswith(_LFS):
        raise BadFile(
            "this is a Git LFS pointer, not the file itself", name, "run `git lfs pull` and import the file again"
        )
    if _ANNEX.match(start):
        raise BadFile(
            "this is a git-annex pointer, not the file itself", name, "run `git annex get` and import the file again"
        )
    if _MARKUP.match(start):
        raise BadFile(
            "this is a web page saved under the name of a table (often a login or consent page)",
            name,
            "download the export again while signed in, or open it in a spreadsheet and save it as CSV",
        )
    if _XML.match(start):
        raise BadFile("this is an XML file, not a table", name, "open it in a spreadsheet and save it as CSV or XLSX")


def _gunzip(name: str, data: bytes) -> bytes:
    machine = zlib.decompressobj(wbits=31)
    try:
        out = machine.decompress(data, MAX_BYTES + 1)
        rest = machine.unused_data
        while machine.eof and rest[:2] == b"\x1f\x8b" and len(out) <= MAX_BYTES:  # several members one after the other
            machine = zlib.decompressobj(wbits=31)
            out += machine.decompress(rest, MAX_BYTES + 1 - len(out))
            rest = machine.unused_data
    except zlib.error as error:
        raise BadFile("the gzip archive is damaged", name, "download or export it again") from error
    check_size(name, len(out))
    check_ratio(name, len(data), len(out))
    if not machine.eof:
        raise BadFile("the gzip archive is cut off", name, "download or export it again")
    return out
