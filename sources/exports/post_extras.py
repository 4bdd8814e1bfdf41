"""What some tools tell of a post beside the common fields: reactions, links, tags, demography, who the author is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import urlsplit

import numpy as np
import pandas as pd

from sources import privacy
from sources.exports.columns import listed
from sources.exports.headers import Table
from sources.exports.numerals import numbers
from sources.exports.tools import Tool, entries, named_columns
from sources.exports.words import plain

_GENDERS = {
    "female": "female, f, woman, femme, mujer, femenino, frau, weiblich, femminile, feminino, женский, жіноча",
    "male": "male, m, man, homme, hombre, masculino, mann, mannlich, maschile, мужской, чоловіча",
}
_GENDER_OF = {plain(w): gender for gender, words in _GENDERS.items() for w in listed(words)}
_AUTHOR_KINDS = {
    "person": "individual, person, user, profile, creator, human, personal",
    "organisation": "organizational, organisational, organization, organisation, business, company, brand, government",
    "page": "page, facebook page",
    "group": "group, facebook group, public group",
    "media": "media, publisher, news, journalist",
}
_AUTHOR_KIND_OF = {plain(w): kind for kind, words in _AUTHOR_KINDS.items() for w in listed(words)}
_YES = frozenset(["true", "1", "yes", "oui", "si", "ja", "verified", "blue", "blue verified", "business", "government"])
_NO = frozenset(["false", "0", "no", "non", "nein", "none", "not verified", "unverified"])
_AGE_BANDS = ((18, 24), (25, 34), (35, 44), (45, 54), (55, 64))
_LINK_KEYS = ("expanded_url", "unwound_url", "url", "href", "uri", "value")
_TAG_KEYS = ("tag", "name", "text", "title", "value")
_BETWEEN_LINKS = re.compile(r"\s*\|\s*|\s*[,;]\s*(?=https?://)|\s+")
_BETWEEN_TAGS = re.compile(r"\s*[|,;]\s*|\s+(?=#)")


def mapped(cells: pd.Series, change: Callable[[str], object]) -> pd.Series:
    """Return `change` of every cell, worked out once for each distinct one; null stays null."""
    return cells.map({v: change(v) for v in cells.dropna().unique()}).astype("object")


def genders(cells: pd.Series) -> pd.Series:
    """Return female | male, null for everything else, also where a tool prints that it does not know."""
    return mapped(cells, lambda v: _GENDER_OF.get(plain(v)))


def age_bands(cells: pd.Series) -> pd.Series:
    """Return age bands as printed; an exact age is put into its band, because with a place it can name a person."""

    def band(printed: str) -> str | None:
        found = re.fullmatch(r"(\d{1,3})(?: (?:years?|ans|anos|jahre))?", plain(printed))
        if not found:
            return printed if re.search(r"\d", printed) else None
        age = int(found[1])
        return next((f"{a}-{b}" for a, b in _AGE_BANDS if a <= age <= b), "65+" if age > 64 else "under 18")

    return mapped(cells, band)


def author_kinds(cells: pd.Series) -> pd.Series:
    """Return person | organisation | page | group | media, null where the word is not known."""
    return mapped(cells, lambda v: _AUTHOR_KIND_OF.get(plain(v)))


def truths(cells: pd.Series) -> pd.Series:
    """Return yes and no as printed in any of the languages; null for everything else."""
    words = cells.map({v: plain(v) for v in cells.dropna().unique()}).astype("object")
    known = words.map(lambda w: True if w in _YES else False if w in _NO else pd.NA, na_action="ignore")
    return known.astype("boolean")


def links_of(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the addresses in each post and their sites, as JSON lists; names in addresses are masked."""
    found = mapped(cells, lambda v: tuple(u for u in _items(v, _BETWEEN_LINKS, _LINK_KEYS) if "." in u))
    links = found.map(lambda us: _dumped([privacy.mask_address(u) for u in us]), na_action="ignore")
    domains = found.map(lambda us: _dumped(dict.fromkeys(filter(None, map(site, us)))), na_action="ignore")
    return links.astype("object"), domains.astype("object")


def tags_of(cells: pd.Series) -> pd.Series:
    """Return the tags of each post as a JSON list, without the sign before them."""
    return mapped(
        cells, lambda v: _dumped([t.lstrip("#＃") for t in _items(v, _BETWEEN_TAGS, _TAG_KEYS) if t.strip("#＃")])
    )


def lists_of(cells: pd.Series) -> pd.Series:
    """Return cells that hold several words as JSON lists."""
    return mapped(cells, lambda v: _dumped(_items(v, _BETWEEN_TAGS, _TAG_KEYS)))


def joined(table: Table, positions: list[int]) -> pd.Series:
    """Return the cells of columns that repeat one name, joined by bars."""
    cells = table.cells[positions[0]]
    for position in positions[1:]:
        other = table.cells[position]
        cells = cells.where(other == "", cells.where(cells == "", cells + "|") + other)
    return cells


def reaction_columns(table: Table, tool: Tool | None) -> set[int]:
    """Return the positions of the columns that count reactions beside the like."""
    return set(_reaction_columns(table, tool).values()) if tool is not None else set()


def reactions(table: Table, tool: Tool) -> pd.Series:
    """Return the counts of reactions beside the like as JSON; a kind whose cell is empty is left out, because it is unknown."""
    columns, n = _reaction_columns(table, tool), len(table.rows)
    result = np.full(n, None, dtype=object)
    if columns:
        counts = np.column_stack([numbers(table.cells[c], integer=True).value for c in columns.values()])
        for i in np.flatnonzero(np.isfinite(counts).any(axis=1)):
            result[i] = json.dumps({k: int(v) for k, v in zip(columns, counts[i], strict=True) if np.isfinite(v)})
    return pd.Series(result, dtype="object")


def _reaction_columns(table: Table, tool: Tool) -> dict[str, int]:
    there = named_columns(table)
    found = {
        k: next((there[n][0] for n, _ in entries(names) if n in there), None) for k, names in tool.reactions.items()
    }
    return {kind: position for kind, position in found.items() if position is not None}


def site(url: str) -> str:
    """Return the site of an address, without www.

    >>> site("https://www.lemonde.fr/a?b=1"), site("lemonde.fr/a")
    ('lemonde.fr', 'lemonde.fr')
    """
    try:
        host = urlsplit(url if "//" in url else f"//{url}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def _items(printed: str, between: re.Pattern[str], keys: tuple[str, ...]) -> list[str]:
    """Return the items of a cell: a JSON or Python list of texts or objects, else texts between separators."""
    text = printed.strip()
    if text[:1] == "[":
        try:
            inner = json.loads(text)
        except ValueError:
            return [i for i in re.split(r"['\"]?\s*,\s*['\"]?", text.strip("[]'\" ")) if i]
        items = [next((i[k] for k in keys if i.get(k)), None) if isinstance(i, dict) else i for i in inner]
        return [str(i).strip() for i in items if i not in (None, "")]
    return [i for i in between.split(text) if i]


def _dumped(items: object) -> str | None:
    out = list(items)  # type: ignore[call-overload]
    return json.dumps(out, ensure_ascii=False) if out else None
