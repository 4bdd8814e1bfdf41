"""Queries in French and in English that ask for the same thing: a small lexicon of our own, and words that both share.

Precision comes before recall: two queries are translations when every word that carries a subject has its counterpart, the kind
of question is the same, and numbers are equal. A word the lexicon does not hold counts only where both languages write it alike
(names, "installation", "photovoltaïque"). With sentence vectors two queries also are when each is the other's nearest beyond a
threshold; a need that is missed stays two needs, which a reader can see.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from explorer.text.encoders import EncoderName, encoder, similarity
from explorer.text.normal import stem, words
from explorer.text.questions import question_type
from explorer.text.stopwords import ALL

_LEXICON = Path(__file__).with_name("models") / "lexicon_fr_en.txt"
#: Words of a phrase of the lexicon, at most.
_LONGEST = 4
#: Likeness from which vectors alone call two queries translations, by encoder (docs/models.md).
NEAR = {"use": 0.75, "e5": 0.70}
#: Endings that English writes otherwise, longest first, and the letters from which two words are compared with them.
_ENDINGS = (
    ("ifications", "ification"), ("iques", "ic"), ("ique", "ic"), ("ical", "ic"), ("ites", "ity"), ("ite", "ity"),
    ("aires", "ary"), ("aire", "ary"), ("euses", "er"), ("euse", "er"), ("eurs", "er"), ("eur", "er"), ("ors", "er"),
    ("or", "er"), ("isme", "ism"), ("iste", "ist"), ("ies", "y"), ("ie", "y"), ("es", ""), ("s", ""), ("e", ""),
)  # fmt: skip
_COGNATE = 4


def translations(
    queries: Sequence[str], langs: Sequence[str | None], *, encoder_name: EncoderName | None = None
) -> list[tuple[int, int]]:
    """Return pairs of positions (French, English) of queries that ask for the same thing.

    Parameters
    ----------
    queries : distinct queries.
    langs : "fr", "en", or another (those are left out), one a query; where the lexicon knows more of its words in the other of
        the two, that one is believed: three words are few for a detector, and the lexicon is sure.
    encoder_name : sentence vectors beside the lexicon, None for the lexicon alone.

    Raises
    ------
    MissingExtra : the encoder is not installed.
    """
    spoken = [_spoken(query, own) for query, own in zip(queries, langs, strict=True)]
    sides = {lang: [i for i, own in enumerate(spoken) if own == lang] for lang in ("fr", "en")}
    if not sides["fr"] or not sides["en"]:
        return []
    # A price is a word of the lexicon as well, and "what" is how a search engine is asked for anything.
    kinds = question_type(queries)["label"].replace({"what": "none", "price": "none"}).tolist()
    asked: dict[tuple[frozenset[str], str], list[int]] = {}
    for i in sides["fr"]:
        asked.setdefault((concepts(queries[i], "fr"), kinds[i]), []).append(i)
    found = {(i, j) for j in sides["en"] for i in asked.get((concepts(queries[j], "en"), kinds[j]), ()) if queries[i]}
    found = {(i, j) for i, j in found if concepts(queries[i], "fr")}
    return sorted(found | _nearest(queries, sides, kinds, encoder_name))


@lru_cache(maxsize=50_000)
def concepts(query: str, lang: str) -> frozenset[str]:
    """Return what a query is made of, in no language: entries of the lexicon, and other words in a spelling both share.

    >>> concepts("prix d'une pompe à chaleur en 2024", "fr") == concepts("heat pump price 2024", "en")
    True
    """
    phrases = _lexicon()[lang]
    left = [w for w in words(query) if len(w) > 1 or w.isdigit()]
    found: list[str] = []
    while left:
        for n in range(min(_LONGEST, len(left)), 0, -1):
            entry = phrases.get(tuple(stem(w) for w in left[:n]))
            if entry is not None:
                found.append(entry)
                break
        else:
            n = 1
            if left[0] not in ALL:
                found.append(cognate(left[0]))
        left = left[n:]
    return frozenset(found)


def cognate(word: str) -> str:
    """Return a folded word as both languages might write it.

    >>> cognate("photovoltaique"), cognate("photovoltaic"), cognate("compresseur"), cognate("compressor")
    ('photovoltaic', 'photovoltaic', 'compresser', 'compresser')
    """
    for ending, other in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _COGNATE:
            return word[: -len(ending)] + other
    return word


@lru_cache(maxsize=1)
def _lexicon() -> dict[str, dict[tuple[str, ...], str]]:
    """Language -> stems of a phrase -> entry."""
    held: dict[str, dict[tuple[str, ...], str]] = {"fr": {}, "en": {}}
    for number, line in enumerate(_LEXICON.read_text(encoding="utf-8").splitlines()):
        if line.startswith("#") or not line.strip():
            continue
        for lang, side in zip(("fr", "en"), line.split(" = "), strict=True):
            for phrase in side.split(","):
                key = tuple(stem(w) for w in words(phrase) if len(w) > 1 or w.isdigit())
                # A word of two entries keeps the first: which one is meant cannot be told.
                held[lang].setdefault(key, f"#{number}")
    return held


def _nearest(
    queries: Sequence[str], sides: dict[str, list[int]], kinds: Sequence[str], name: EncoderName | None
) -> set[tuple[int, int]]:
    model = encoder(name)
    if model is None or name is None:
        return set()
    left, right = (model.encode([queries[i] for i in sides[lang]]) for lang in ("fr", "en"))
    near = similarity(left, right, model.floor)
    mutual = (
        (near == near.max(axis=1, keepdims=True)) & (near == near.max(axis=0, keepdims=True)) & (near >= NEAR[name])
    )
    pairs = ((sides["fr"][int(i)], sides["en"][int(j)]) for i, j in np.argwhere(mutual))
    return {(i, j) for i, j in pairs if kinds[i] == kinds[j] and not _differ(queries[i], queries[j])}


def _spoken(query: str, lang: str | None) -> str | None:
    if lang not in ("fr", "en"):
        return lang
    other = "en" if lang == "fr" else "fr"
    known = {own: sum(c.startswith("#") for c in concepts(query, own)) for own in (lang, other)}
    return other if known[other] > known[lang] else lang


def _differ(french: str, english: str) -> bool:
    """Whether two queries say different things for sure: other numbers, or a word of the lexicon on each side, not the same."""
    left, right = concepts(french, "fr"), concepts(english, "en")
    apart = [any(c.startswith("#") for c in own) for own in (left - right, right - left)]
    return _numbers(french) != _numbers(english) or all(apart)


def _numbers(query: str) -> set[str]:
    return {w for w in words(query) if any(c.isdigit() for c in w)}
