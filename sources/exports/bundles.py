"""Exports that come as several tables in one file: the archive that Search Console downloads, or the same as a workbook."""

from __future__ import annotations

import contextlib
import html
import io
import lzma
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace

from sources.errors import BadFile, SourceError
from sources.exports import search_console, sniff
from sources.exports.mapping import Mapping
from sources.exports.rawtable import RawTable

#: Bounds of an archive. Search Console packs seven tables of at most 1,000 rows.
MAX_MEMBERS = 40
MAX_MEMBER_BYTES = 20 * 1024**2
MAX_TOTAL_BYTES = 60 * 1024**2
MAX_RATIO = 200  # unpacked to packed; text of this kind packs to a fifth, a bomb to a thousandth
_SAMPLE_ROWS = 250
_TABLES = (".csv", ".tsv", ".txt")
_ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")
_SHEET = re.compile(rb'<(?:\w+:)?sheet [^>]*?name="([^"]*)"')

#: Opens the bytes of a table: name, content, mapping, rows at most.
Opener = Callable[[str, bytes, Mapping, int | None], RawTable]


def open_archive(content: sniff.Content, mapping: Mapping, digest: str, opener: Opener, limit: int | None) -> RawTable:
    """Return the tables of a Search Console archive: the first one, with the others as its siblings.

    Nothing is written to disk, and what a member claims to be does not matter: its bytes are read up to a bound.

    Raises
    ------
    BadFile : an archive of something else, nested, encrypted, larger than its bounds, or naming files outside of itself.
    """
    name = content.name
    with zipfile.ZipFile(io.BytesIO(content.data)) as archive:
        members = [m for m in archive.infolist() if not m.is_dir() and not _is_rubbish(m.filename)]
        names = [_readable(m) for m in members]
        for member, shown in zip(members, names, strict=True):
            _refuse_unsafe(name, member, shown)
        tables = [(m, n) for m, n in zip(members, names, strict=True) if n.lower().endswith(_TABLES)]
        if not tables:
            raise sniff.no_table_inside(name, names)
        if len(members) > MAX_MEMBERS:
            raise BadFile(
                f"the archive holds {len(members):,} files", name, "unpack it and import the files one by one"
            )
        opened, total = [], 0
        for member, shown in tables:
            data = _unpacked(name, archive, member, shown)
            total += len(data)
            if total > MAX_TOTAL_BYTES:
                raise BadFile("the archive unpacks to more than any export of this kind", name, "unpack it first")
            with contextlib.suppress(SourceError):  # an empty table, or one of another kind, does not spoil the others
                sample = opener(shown, data, mapping, _SAMPLE_ROWS)
                if search_console.belongs(sample):
                    opened.append(opener(shown, data, mapping, limit))
    if not opened:
        raise sniff.no_table_inside(name, names)
    first, *rest = opened
    notes = (*content.notes, *first.notes)
    return replace(first, digest=digest, notes=notes, siblings=tuple(rest), archive=name)


def open_workbook(
    content: sniff.Content, first: RawTable, mapping: Mapping, opener: Opener, limit: int | None
) -> RawTable:
    """Return `first`, the sheet that was chosen, with the other sheets as siblings if it is one of Search Console's."""
    if mapping.sheet is not None or search_console.recognise(first) is None:
        return first
    with zipfile.ZipFile(io.BytesIO(content.data)) as archive:
        titles = [html.unescape(t.decode("utf-8", "replace")) for t in _SHEET.findall(archive.read("xl/workbook.xml"))]
    others = []
    for title in titles:
        if title == first.sheet:
            continue
        with contextlib.suppress(SourceError):
            sheet = opener(content.name, content.data, replace(mapping, sheet=title), limit)
            if search_console.belongs(sheet):
                others.append(replace(sheet, name=f"{content.name} ({title})", notes=()))
    if not others:
        return first
    notes = tuple(n for n in first.notes if "several sheets" not in n)
    shown = f"{content.name} ({first.sheet})"
    return replace(first, name=shown, notes=notes, siblings=tuple(others), archive=content.name)


def _is_rubbish(path: str) -> bool:
    last = path.rsplit("/", 1)[-1]
    return path.startswith("__MACOSX/") or last in (".DS_Store", "Thumbs.db", "desktop.ini") or last.startswith("._")


def _readable(member: zipfile.ZipInfo) -> str:
    """Return the name of a member: older programs write UTF-8 without saying so, and it is then read as cp437."""
    name = member.filename
    if not member.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name)


def _refuse_unsafe(name: str, member: zipfile.ZipInfo, shown: str) -> None:
    parts = shown.replace("\\", "/").split("/")
    if ".." in parts or shown.startswith(("/", "\\")) or ":" in parts[0]:
        raise BadFile(f"the archive names a file outside of it ({shown!r})", name, "download the export again")
    if member.flag_bits & 1:
        raise BadFile("the archive is protected by a password", name, "unpack it and import the files one by one")
    if shown.lower().endswith((".zip", ".gz", ".7z", ".rar", ".tar")):
        raise BadFile(
            f"the archive holds another archive ({shown!r})", name, "unpack it and import the files one by one"
        )


def _unpacked(name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, shown: str) -> bytes:
    try:
        with archive.open(member) as stream:
            data = stream.read(MAX_MEMBER_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, OSError, EOFError, ValueError) as error:
        raise BadFile(f"the file {shown!r} inside the archive is damaged", name, "download the export again") from error
    if len(data) > MAX_MEMBER_BYTES or (len(data) > 1024**2 and len(data) > MAX_RATIO * max(1, member.compress_size)):
        raise BadFile(
            f"the file {shown!r} inside the archive unpacks to more than any export of this kind",
            name,
            "unpack it and import the files one by one",
        )
    if data.startswith(_ARCHIVES):
        raise BadFile(
            f"the archive holds another archive ({shown!r})", name, "unpack it and import the files one by one"
        )
    return data
