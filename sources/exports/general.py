"""Any table that is no export of a known tool: which of our tables it fills, and reading it as that."""

from __future__ import annotations

from sources.errors import BadFile
from sources.exports.columns import match_columns
from sources.exports.content import read_content
from sources.exports.dates import share_of_dates
from sources.exports.headers import Table
from sources.exports.mapping import Mapping
from sources.exports.post_columns import find_columns
from sources.exports.posts import read_posts
from sources.exports.reading import Reading
from sources.exports.run import Run
from sources.exports.series import read_series

_KNOWN = ("interest", "counts", "posts", "content")


def read_table(table: Table, mapping: Mapping, run: Run) -> Reading:
    """Read a table by the kind that the mapping names, else by the one that its columns speak for.

    Raises
    ------
    BadFile : the columns speak for no kind, or the rows cannot be read; the message says what is missing.
    BadQuery : the mapping does not fit the file.
    """
    kind = mapping.kind or find_kind(table, mapping)
    if kind == "posts":
        return read_posts(table, mapping, run)
    if kind == "content":
        return read_content(table, mapping)
    if kind in ("interest", "counts", "counts_or_interest"):
        return read_series(table, mapping)
    raise BadFile(
        f"a table of this shape cannot be read as {kind}",
        table.name,
        f"only exports of Google Trends can; say one of {', '.join(_KNOWN)}",
    )


def find_kind(table: Table, mapping: Mapping) -> str:
    """Return the kind of table that the columns speak for.

    Texts with a date are posts, texts without one content, numbers with a date a series.
    """
    found = find_columns(table, mapping)
    sample = table.cells.head(1000)
    dated = ("date" in found and share_of_dates(sample[found["date"]]) >= 0.5) or "date" in mapping.columns
    numeric_date = "date" in found and sample[found["date"]].str.fullmatch(r"\s*\d{9,19}(?:\.\d+)?\s*").mean() > 0.5
    worded = [f for f in ("text", "title") if f in found and _worded(table, found[f])]
    social = {"author", "id", "url", "likes", "reposts", "replies", "views", "followers", "sentiment", "reach"} & set(
        found
    )
    if worded and (dated or numeric_date):
        return "posts"
    if {"text", "title"} & set(mapping.columns):
        return "posts" if dated else "content"
    content = match_columns(table.headers, "content")
    if not dated and not numeric_date and _worded_any(table, content):
        if {"author", "likes", "reposts", "replies", "followers"} & social and "date" not in found and "text" in found:
            raise BadFile(
                "this looks like posts, but no column is called like a date",
                table.name,
                "name it: columns = {'date': '<header>'}",
            )
        return "content"
    if (dated or numeric_date) and len({"author", "url"} & social) and len(social) >= 2:
        return "posts"
    return "counts_or_interest"


def _worded_any(table: Table, content: dict[str, int]) -> bool:
    """Return whether the columns speak for content: a text, or at least a title with an address."""
    worded = {f for f in ("title", "text") if f in content and _worded(table, content[f])}
    return "text" in worded or ("title" in worded and "url" in content)


def _has_letter(text: str) -> bool:
    return any(c.isalpha() for c in text)


def _worded(table: Table, column: int) -> bool:
    """Return whether a column holds words: most cells that are not empty have a letter, and they are not dates."""
    cells = table.cells[column].head(1000)
    filled = cells[cells.str.strip() != ""]
    return len(filled) > 0 and sum(map(_has_letter, filled)) >= 0.5 * len(filled) and share_of_dates(filled) < 0.5
