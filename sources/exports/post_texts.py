"""Texts of posts as people wrote them: without markup, entities, and the words that stand for a text taken away."""

from __future__ import annotations

import html
import re

import pandas as pd

_TAG = re.compile(
    r"</?(?:p|br|a|b|i|em|strong|mark|span|div|u|ul|ol|li|blockquote|code|pre|h[1-6]|img)\b[^>]*>", re.IGNORECASE
)
_BREAK = re.compile(r"\s*(?:<(?:br|/?p|/?div|/?li)\b[^>]*>\s*)+", re.IGNORECASE)
_REMOVED = frozenset(["[removed]", "[deleted]", "[ removed by reddit ]", "[deleted by user]", "[supprimé]", "redacted"])


def plain_text(cells: pd.Series) -> pd.Series:
    """Return texts without markup and entities; the work is done only where there is some."""
    text = cells.astype("object")
    marked = cells.str.contains("<", regex=False).eq(True).to_numpy(dtype=bool)
    if marked.any():
        text[marked] = [_TAG.sub("", _BREAK.sub("\n", t)).strip() for t in text[marked]]
    coded = cells.str.contains("&", regex=False).eq(True).to_numpy(dtype=bool)
    if coded.any():
        text[coded] = [html.unescape(t) for t in text[coded]]
    return text.where(text.notna() & (text != ""), None)


def without_removed(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return texts with null for those that were taken away ("[removed]"), and which ones these are."""
    short = text.str.len().le(20).eq(True)
    gone = pd.Series(False, index=text.index)
    if short.any():
        gone[short] = text[short].str.casefold().isin(_REMOVED)
    return text.where(~gone, None), gone
