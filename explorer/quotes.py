"""Quotes that show what is said and not by whom: no handle, no name, no number to call, and too short to be looked up whole."""

from __future__ import annotations

import re
from collections.abc import Iterable

from explorer.text.normal import fold
from sources.privacy import mask_handles

#: Words of a quote: enough to hear the concern, too few to find most posts by.
WORDS = 14
#: What stands where a name or a number stood.
NAME, NUMBER = "[…]", "[n]"

_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s.\-]?\d){5,}")
_WORD = re.compile(r"[^\W\d_][\w’'\-]*")
_OPENS = re.compile(r"[.!?…:;«»\"“”()\[\]\n•–—]\s*$")
_ELIDED = re.compile(r"^(?:[cdjlmnst]|qu)['’]", re.IGNORECASE)


def masked(text: str, *, known: Iterable[str] = (), n_words: int = WORDS) -> str:
    """Return `text` without what tells a person, cut to `n_words`.

    Handles, e-mail addresses, web addresses and long numbers go. So does every word with a capital that does not open a
    sentence: a name of a person cannot be told from that of a place or a firm by rules, so all of them are taken for persons
    but those in `known`. A first word of a sentence keeps its capital; a name standing there alone is not seen.

    Parameters
    ----------
    known : names that may stand, as the study's own search terms and brands; compared folded, word by word.
    n_words : words kept; "…" says that there were more.

    >>> masked("Merci @Marie_D, Paul Durand de Nantes me dit que la pompe siffle", known=["pompe"])
    'Merci @user, […] de […] me dit que la pompe siffle'
    """
    plain = mask_handles(_ADDRESS.sub("", text))
    plain = _LONG_NUMBER.sub(NUMBER, plain)
    allowed = {w for name in known for w in fold(name).split()}
    plain = _WORD.sub(lambda m: _word(m, plain, allowed), plain)
    plain = re.sub(rf"{re.escape(NAME)}(?:[\s\-]+{re.escape(NAME)})+", NAME, plain)
    pieces = plain.split()
    return " ".join(pieces[:n_words]) + ("…" if len(pieces) > n_words else "")


def _word(found: re.Match[str], text: str, allowed: set[str]) -> str:
    word = found.group()
    elided = _ELIDED.match(word)
    start = elided.end() if elided else 0
    core = word[start:].rstrip("'’-")
    if not core or not core[0].isupper() or word == "I" or word.startswith(("I'", "I’")):
        return word
    before = text[: found.start()].rstrip()
    opens = not before or bool(_OPENS.search(before + " ")) or before.endswith("@user")
    marked = found.start() > 0 and text[found.start() - 1] in "@#"
    # A word all in capitals is shouted or an abbreviation; a name written so is one too, and cannot be told.
    if marked or fold(core) in allowed or any(fold(p) in allowed for p in core.split("-")):
        return word
    if opens and not elided:
        following = text[found.end() :].lstrip(" ")
        # Two capitals in a row at the start are a full name: "Paul Durand dit ...".
        return NAME if following[:1].isupper() and following[1:2].islower() else word
    return word[:start] + NAME
