"""Reading an exported file: from its bytes to rows of one table.

Each family of exports is one file with `recognise(raw)` and `read(raw, shape, mapping)`; the general table comes last and
takes what no family recognises. A new family is added to `FAMILIES`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from sources.errors import BadFile, BadQuery, SourceError
from sources.exports import bing, keyword_tables, profiles, search_console, sniff, trends, twarc_counts
from sources.exports.answers import ANSWERS
from sources.exports.bundles import open_archive, open_workbook
from sources.exports.delimited import read_delimited
from sources.exports.general import read_table
from sources.exports.headers import with_headers
from sources.exports.listening import LISTENING
from sources.exports.mapping import Mapping
from sources.exports.posts import read_posts
from sources.exports.rawtable import RawTable
from sources.exports.reading import Reading
from sources.exports.records import read_json, read_parquet
from sources.exports.research import RESEARCH
from sources.exports.run import Run
from sources.exports.spreadsheet import read_workbook
from sources.exports.tools import Tool, Toolbox


@dataclass(frozen=True)
class Family:
    """Exports of one tool: the tables they fill, how they are recognised and how they are read.

    A mapping that names columns or a layout means that the file is to be read as a general table, unless it names the source.
    """

    source: str
    kinds: tuple[str, ...]
    recognise: Callable[[RawTable], Any]
    read: Callable[[RawTable, Any, Mapping, Run], Reading]


#: Tools whose exports are tables of posts; the columns that the user names are read on top of those they are known by.
TOOLBOX = Toolbox((*LISTENING, *RESEARCH, *ANSWERS))


FAMILIES: tuple[Family, ...] = (
    Family(trends.SOURCE, ("interest", "regions", "queries"), trends.recognise, trends.read),
    *(
        Family(t.source, ("queries", "interest"), partial(keyword_tables.recognise, t), partial(keyword_tables.read, t))
        for t in keyword_tables.KEYWORD_TOOLS
    ),
    Family(bing.SOURCE, ("queries", "interest"), bing.recognise, bing.read),
    Family(search_console.SOURCE, ("queries", "interest", "regions"), search_console.recognise, search_console.read),
    Family(twarc_counts.SOURCE, ("counts",), twarc_counts.recognise, twarc_counts.read),
    Family(profiles.SOURCE, ("posts",), profiles.recognise, profiles.read),
)


def read_export(
    path: str | Path, *, mapping: Mapping | dict[str, Any] | None = None, secret: bytes | None = None
) -> Reading:
    """Read an exported file as rows of one table.

    Understood without being told: Google Trends website files of every age and language; tables of posts, of counts or search
    interest per period, and of content, as CSV, TSV, XLSX, Parquet, JSON or NDJSON (docs/formats.md). What cannot be known is
    asked: the error says which word of the mapping answers it.

    Parameters
    ----------
    path : the file.
    mapping : what is known about it, as a Mapping or a dictionary of its fields, e.g. {"kind": "interest"}.
    secret : key for the pseudonyms of authors; None = the user's own, see `sources.privacy.load_secret`.

    Returns
    -------
    Reading with `kind` (the table it fills), `table` (that table's columns, without the stamp), `notes` and `rejected`.

    Raises
    ------
    BadFile : the file cannot be read as data; the sentence names the file, the row and the remedy.
    BadQuery : the mapping does not fit the file, or is no mapping.
    """
    return read_bytes(Path(path).name, read_whole(path), mapping=mapping, secret=secret)


def read_whole(path: str | Path) -> bytes:
    """Return the bytes of a file.

    Raises
    ------
    BadFile : it is not there, no file, beyond the bound of size, or may not be opened.
    """
    place = Path(path)
    try:
        if place.is_dir():
            raise BadFile("this is a folder, not a file", str(place), "name a file inside it")
        sniff.check_size(str(place), place.stat().st_size)
        return place.read_bytes()
    except FileNotFoundError as error:
        raise BadFile("there is no such file", str(place), "check the path") from error
    except (OSError, ValueError) as error:
        raise BadFile(
            f"the file cannot be opened ({getattr(error, 'strerror', None) or error})",
            str(place),
            "check its permissions",
        ) from error


def read_bytes(
    name: str, content: bytes, *, mapping: Mapping | dict[str, Any] | None = None, secret: bytes | None = None
) -> Reading:
    """Read the bytes of an exported file called `name`; as `read_export`, for uploads."""
    how = Mapping.of(mapping)
    return read_raw(open_table(name, content, how), how, Run(secret))


def open_table(name: str, content: bytes, mapping: Mapping, *, limit: int | None = None) -> RawTable:
    """Return the cells of a file of any format; `limit` stops after so many rows."""
    digest = hashlib.sha256(content).hexdigest()
    opened = sniff.sniff(name, content)
    if opened.format == "zip":
        return open_archive(opened, mapping, digest, _open, limit)
    if opened.format == "xlsx":
        return open_workbook(opened, read_workbook(opened, mapping, digest, limit=limit), mapping, _open, limit)
    if opened.format == "parquet":
        return read_parquet(opened, digest, limit=limit)
    as_json = None if mapping.delimiter else read_json(opened, mapping, digest, limit=limit)
    return as_json if as_json is not None else read_delimited(opened, mapping, digest, limit=limit)


def read_posts_part(raw: RawTable, tool: Tool | None, position: int, mapping: Mapping, run: Run) -> Reading:
    """Read a further part of a file whose first part was one of posts, in the same way."""
    reading = read_posts(with_headers(raw, mapping, position), mapping, run, tool)
    return replace(reading, digest=raw.digest)


def _open(name: str, content: bytes, mapping: Mapping, limit: int | None) -> RawTable:
    return open_table(name, content, mapping, limit=limit)


def read_raw(raw: RawTable, mapping: Mapping, run: Run) -> Reading:
    """Read cells by the family or tool that recognises them, else as a general table."""
    known = {f.source for f in FAMILIES} | {t.source for t in TOOLBOX.tools} | {"table"}
    if mapping.source is not None and mapping.source not in known:
        raise BadQuery(f"there is no reader {mapping.source!r}", "source", f"it is one of {', '.join(sorted(known))}")
    try:
        return replace(_read(raw, mapping, run), digest=raw.digest)
    except SourceError as error:
        # Whoever has the archive does not know the names of what is in it.
        if raw.archive and raw.archive not in error.where:
            error.where = f"{raw.archive}, {error.where or raw.name}"
        raise


def _read(raw: RawTable, mapping: Mapping, run: Run) -> Reading:
    described = bool(mapping.columns or mapping.layout or mapping.header_row)
    for family in FAMILIES:
        right_kind = mapping.kind is None or mapping.kind in family.kinds
        # A user who describes a table wants it read as that.
        if right_kind and (mapping.source == family.source or (mapping.source is None and not described)):
            shape = family.recognise(raw)
            if shape is not None:
                return family.read(raw, shape, mapping, run)
    if mapping.kind in (None, "posts") and mapping.source != "table":
        found = TOOLBOX.find(raw)
        if found is not None and mapping.source in (None, found.tool.source):
            position = None if mapping.header_row else found.position
            return read_posts(with_headers(raw, mapping, position), mapping, run, found.tool)
    if mapping.source not in (None, "table"):
        raise BadFile(f"this is not an export of {mapping.source}", raw.name, "leave source out of the mapping")
    return read_table(with_headers(raw, mapping), mapping, run)
