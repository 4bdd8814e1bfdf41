"""How a file is to be read: what the reader found out by itself, or what the user has corrected."""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Iterable
from collections.abc import Mapping as AnyMapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sources.errors import BadQuery
from sources.exports.columns import FIELDS
from sources.exports.words import plain
from sources.tables import UNITS

#: Tables a file can fill, with what the command line calls them (`--as`).
KINDS = {
    "interest": "search",
    "counts": "counts",
    "posts": "posts",
    "content": "content",
    "regions": "regions",
    "queries": "queries",
}
GRAINS = ("hour", "day", "week", "month", "quarter", "year")
DATE_ORDERS = ("dmy", "mdy", "ymd")
LAYOUTS = ("wide", "long")
SCALES = ("file", "column")
#: `percent` is what a file may print; it is stored as a share.
FILE_UNITS = (*UNITS, "percent")

_CHOICES: dict[str, tuple[str, ...]] = {
    "kind": tuple(KINDS),
    "date_order": DATE_ORDERS,
    "layout": LAYOUTS,
    "grain": GRAINS,
    "scale": SCALES,
    "unit": FILE_UNITS,
    "decimal": (".", ","),
}
#: What `columns` may name; "value" is the figure of a series whatever its side.
_FIELDS = {"value"} | {name for fields_ in FIELDS.values() for name in fields_}


@dataclass(frozen=True)
class Mapping:
    """What a reader needs to know about a file. None = find out from the file.

    Parameters
    ----------
    kind : table the file fills: interest | counts | posts | content | regions | queries. "search" means interest.
    source : reader to use: `table`, or the name of a family of exports such as `google_trends_export`.
    columns : canonical column name -> header in the file, e.g. {"date": "Jour", "text": "Contenu"}.
    values : headers of a wide table that are read as topics; empty = all that hold numbers.
    date_order : order of day, month and year in dates such as 03/04/2024: dmy | mdy | ymd.
    encoding : name of the character encoding, as Python knows it.
    delimiter : one character between the cells of a text table.
    header_row : row of the file that holds the column names; the first row is 1.
    sheet : name of the sheet of a workbook.
    layout : wide (one column a topic) | long (one row a topic and period).
    grain : hour | day | week | month | quarter | year.
    unit : what the numbers are: one of sources.tables.UNITS, or percent.
    timezone : IANA zone of times that carry none, e.g. Europe/Paris; without it UTC is assumed and said.
    decimal : decimal sign of the numbers.
    scale : whether the index columns of a file share one scale (`file`) or have one each (`column`).
    platform, geo, query, lang : value for every row of a file that does not carry the column itself.

    Raises
    ------
    BadQuery : a value that is none of the allowed ones; the message lists them.
    """

    kind: str | None = None
    source: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    values: tuple[str, ...] = ()
    date_order: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None
    sheet: str | None = None
    layout: str | None = None
    grain: str | None = None
    unit: str | None = None
    timezone: str | None = None
    decimal: str | None = None
    scale: str | None = None
    platform: str | None = None
    geo: str | None = None
    query: str | None = None
    lang: str | None = None

    def __post_init__(self) -> None:
        if self.kind == "search":
            object.__setattr__(self, "kind", "interest")
        object.__setattr__(self, "values", tuple(self.values))
        object.__setattr__(self, "columns", dict(self.columns))
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value is not None and value not in choices:
                raise _refuse(name, value, f"it is one of {', '.join(choices)}")
        unknown = sorted(set(self.columns) - _FIELDS)
        if unknown:
            raise _refuse("the column field", unknown[0], f"it is one of {', '.join(sorted(_FIELDS))}")
        if self.delimiter is not None and len(self.delimiter) != 1:
            raise _refuse("delimiter", self.delimiter, "it is one character, such as ; or a tab")
        if self.header_row is not None and (not isinstance(self.header_row, int) or self.header_row < 1):
            raise _refuse("header_row", self.header_row, "the first row of a file is 1")
        if self.timezone is not None:
            try:
                ZoneInfo(self.timezone)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise _refuse("timezone", self.timezone, "give an IANA name such as Europe/Paris") from error
        if self.encoding is not None:
            try:
                known = codecs.lookup(self.encoding)._is_text_encoding
            except LookupError:
                known = False
            if not known:
                raise _refuse("encoding", self.encoding, "give a name such as utf-8 or cp1252")

    @classmethod
    def of(cls, mapping: Mapping | AnyMapping[str, Any] | None) -> Mapping:
        """Return `mapping` as a Mapping; a plain dictionary of the same names is accepted."""
        if mapping is None:
            return cls()
        if isinstance(mapping, Mapping):
            return mapping
        known = {f.name for f in fields(cls)}
        unknown = sorted(set(mapping) - known)
        if unknown:
            raise BadQuery(
                f"a mapping has no field {', '.join(map(repr, unknown))}",
                "mapping",
                f"its fields are {', '.join(sorted(known))}",
            )
        try:
            return cls(**mapping)
        except (TypeError, ValueError, AttributeError) as error:
            raise BadQuery(f"a mapping cannot be made of this ({error})", "mapping", "see docs/formats.md") from error

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that are set, as plain values."""
        plain_fields = {k: v for k, v in asdict(self).items() if v not in (None, {}, ())}
        if "values" in plain_fields:
            plain_fields["values"] = list(plain_fields["values"])
        return plain_fields

    def to_json(self) -> str:
        """Return the mapping as JSON, the same text for the same mapping."""
        return json.dumps(self.to_dict(), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Mapping:
        """Return the mapping that `to_json` wrote.

        Raises
        ------
        BadQuery : the text is not a mapping.
        """
        try:
            read = json.loads(text)
        except ValueError as error:
            raise BadQuery("this is not a mapping in JSON", "mapping", "correct it, or propose a new one") from error
        if not isinstance(read, dict):
            raise BadQuery("this is not a mapping in JSON", "mapping", "correct it, or propose a new one")
        return cls.of(read)

    def filled(self, **found: Any) -> Mapping:
        """Return this mapping with what the reader found out where the user said nothing."""
        return replace(self, **{k: v for k, v in found.items() if v is not None and getattr(self, k) in (None, {}, ())})


def fingerprint(headers: Iterable[str]) -> str:
    """Return a short text that two files share when they have the same set of column names, in any order and case.

    A corrected mapping is remembered under it, so that the next export of the same tool is read without asking.
    """
    names = sorted({plain(h) for h in headers if plain(h)})
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def _refuse(name: str, value: object, remedy: str) -> BadQuery:
    return BadQuery(f"{name} {value!r} is not known", "mapping", remedy)
