"""Comparing words across languages and writing habits: `Created_At`, `createdAt` and `CREATED AT` are one name."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: Blanks and invisible marks that exports put inside and around cells: no-break, narrow, thin, direction marks, BOM.
BLANKS = " \t\r\n\v\f\u00a0\u202f\u2007\u2009\u200b\u200e\u200f\u2060\ufeff\u3000"

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER = re.compile(r"[^\w]+|_+")


def tidy(text: str) -> str:
    """Return `text` without surrounding blanks of any kind."""
    return text.strip(BLANKS)


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return `text` as lower-case words of letters and digits, without accents.

    >>> plain("createdAt"), plain("Date de création"), plain(" Reach (new)")
    ('created at', 'date de creation', 'reach new')
    """
    text = _CAMEL.sub(" ", unicodedata.normalize("NFKC", text))
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    # Re-composed, because Hangul and kana also fall apart in NFKD.
    return _OTHER.sub(" ", unicodedata.normalize("NFKC", bare)).strip()
