"""Text as rules and vectors read it: folded, masked, split into words. Pure functions over strings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import pandas as pd

#: Letters that do not decompose, and quotes that keyboards write in many ways.
_OTHERS = {
    "œ": "oe",
    "æ": "ae",
    "ß": "ss",
    "ø": "o",
    "đ": "d",
    "ł": "l",
    "ı": "i",
    "’": "'",
    "‘": "'",
    "ʼ": "'",
    "´": "'",
}


def _letters() -> dict[int, str]:
    table: dict[int, str] = {}
    for code in range(0xC0, 0x250):
        lower = chr(code).lower()
        base = "".join(c for c in unicodedata.normalize("NFD", lower) if not unicodedata.combining(c))
        table[code] = _OTHERS.get(base, base)
    return table | {ord(k): v for k, v in _OTHERS.items()} | {0x00A0: " ", 0x202F: " ", 0x2009: " ", 0xFEFF: ""}


_FOLDED = _letters()
_MARKS = re.compile("[\u0300-\u036f]")
_URL = re.compile(r"(?:https?://|www\.)\S+|\bhttp\b", re.IGNORECASE)
_USER = re.compile(r"(?<![\w.])@\w+")
#: A word: letters and digits, with inner apostrophes, hyphens and points kept out.
_WORD = re.compile(r"[^\W_]+")
#: What French joins to the next word.
_ELIDED = re.compile(r"\b(?:l|d|qu|j|n|s|c|m|t|jusqu|lorsqu|puisqu|quelqu|aujourd)'(?=\w)")


@lru_cache(maxsize=20_000)
def fold(text: str) -> str:
    """Return `text` in lower case without accents, with plain apostrophes and single blanks.

    >>> fold("L’été  à Évreux, CŒUR")
    "l'ete a evreux, coeur"
    """
    return " ".join(plain(text).split())


def plain(text: str) -> str:
    """Return `text` folded as `fold` does, its blanks left as they are; for texts that nobody asks for twice."""
    lower = text.lower()
    # No letter of ASCII is folded.
    return lower if lower.isascii() else _MARKS.sub("", lower.translate(_FOLDED))


def mask(text: str) -> str:
    """Return `text` with addresses as `http` and handles as `@user`, the convention of the labelled tweet sets (TweetEval)."""
    if "@" in text:
        text = _USER.sub("@user", text)
    return _URL.sub("http", text) if "http" in text or "www." in text else text


def bare(text: str) -> str:
    """Return `text` without addresses, handles and number signs: what is left is language."""
    if "http" in text.lower() or "www." in text.lower():
        text = _URL.sub(" ", text)
    return (_USER.sub(" ", text) if "@" in text else text).replace("#", " ")


def words(text: str) -> list[str]:
    """Return the folded words of `text`, French elisions taken off.

    >>> words("Qu'est-ce que l'isolation ?")
    ['est', 'ce', 'que', 'isolation']
    """
    folded = fold(text)
    return _WORD.findall(_ELIDED.sub(" ", folded) if "'" in folded else folded)


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Return a folded FR or EN word without the endings of number, gender and tense that change nothing for a search.

    Light on purpose (after Savoy's minimal French stemmer): a stem that is too long only costs a match between two forms,
    one that is too short joins words that have nothing to do with each other.

    References
    ----------
    Savoy (1999), "A stemming procedure and stopword list for general French corpora", JASIS 50(10).
    """
    if len(word) < 5 or any(c.isdigit() for c in word):
        return word[:-1] if len(word) == 4 and word[-1] == "s" and word[-2] not in "sui" else word
    if word.endswith("aux"):
        return word[:-2] + "l" if not word.endswith("eaux") else word[:-1]
    if word[-1] in "sx" and word[-2] not in "s":
        word = word[:-1]
    for ending in ("ement", "ment", "ing", "er", "ed", "ee", "ez"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
            break
    if word[-1] == "e" and len(word) > 4:
        word = word[:-1]
    if word[-1] == "e" and len(word) > 4:
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word[-1] == word[-2] else word


def as_texts(texts: Iterable[object]) -> list[str]:
    """Return `texts` as strings; a missing text becomes the empty string, which every function answers with null.

    Raises
    ------
    TypeError : a single string was passed where a list of texts is meant.
    """
    if isinstance(texts, str):
        raise TypeError("one string was passed; pass a list of texts, as in tone([text])")
    return ["" if t is None or (not isinstance(t, str) and pd.isna(t)) else str(t) for t in texts]
