"""Valence of a text from a lexicon: VADER for English, its rules over a French lexicon for French. No training data needed.

The French words are those of vaderSentiment-fr (MIT; its package is not used, because it needs a GPL library), with a list of
our own. Boosters, negation, capitals, exclamation marks and "mais" work as VADER's do for English.

References
----------
Hutto & Gilbert (2014), "VADER: a parsimonious rule-based model for sentiment analysis of social media text", ICWSM.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from explorer.text.normal import bare, fold

MODELS = Path(__file__).with_name("models")

#: Languages that have a lexicon.
LANGUAGES = ("en", "fr")

#: `compound` at or beyond which a text is called positive or negative. English: 0.1 instead of VADER's 0.05, French 0.15; both
#: chosen on training files (UMSAB), not on test files.
THRESHOLDS = {"en": 0.1, "fr": 0.15}

VERSION = {"en": "vader-3.3.2", "fr": "vader-fr-1.3.4+added-1"}

_BOOST, _NEGATION, _CAPITALS, _EXCLAMATION, _ALPHA = 0.293, -0.74, 0.733, 0.292, 15.0
_DAMPING = (1.0, 0.95, 0.9)  # of a booster one, two and three words before

_MORE = frozenset(
    """
    absolument ainsi archi beaucoup carrement completement considerablement davantage entierement exceptionnellement
    excessivement extra extremement fort franchement grandement hyper incroyablement infiniment merveilleusement profondement
    sacrement specialement super tant tellement terriblement totalement trop tres ultra vachement vraiment enormement
    """.split()
)
_LESS = frozenset(
    "assez difficilement environ guere legerement moins peu plutot presque quasi quasiment rarement".split()
)
_NOT = frozenset("pas jamais plus rien aucunement nullement sans ni aucun aucune guere".split())
_TOKEN = re.compile(r"[:;=xX8][-o*']?[)(\]\[dDpP/\\|3]+|<3|[^\W\d_]+")
#: English words VADER would read in a French text ("fort", "pour") never count there: only signs are taken from it.
_SIGN = re.compile(r"[^\w\s]")


class Valence(NamedTuple):
    """`compound` on -1..1; `positive` and `negative`, sums of valences >= 0; `hits`, words that carried any."""

    compound: float
    positive: float
    negative: float
    hits: int


def valence(text: str, lang: str) -> Valence:
    """Return the valence of one text in a language of LANGUAGES.

    >>> valence("Service client lamentable, jamais de réponse !", "fr").compound < -0.5
    True
    """
    return _english(text) if lang == "en" else _french(text)


def lexicon_features(texts: Sequence[str], lang: str | None) -> np.ndarray:
    """Return [n, 6]: compound, its positive and negative part, and squashed sums and hits; zeros for other languages."""
    out = np.zeros((len(texts), 6), dtype=np.float32)
    if lang not in LANGUAGES:
        return out
    for i, text in enumerate(texts):
        v = valence(text, lang)
        out[i] = (
            v.compound,
            max(v.compound, 0.0),
            min(v.compound, 0.0),
            min(v.positive, 8.0) / 4,
            min(v.negative, 8.0) / 4,
            min(v.hits, 6) / 3,
        )
    return out


def _english(text: str) -> Valence:
    analyser = _vader()
    scores = analyser.polarity_scores(text)
    # VADER gives shares of the words; times their number they are sums again, comparable with the French ones.
    n = max(len(text.split()), 1)
    hits = round((1 - scores["neu"]) * n) if scores["pos"] or scores["neg"] else 0
    return Valence(scores["compound"], scores["pos"] * n, scores["neg"] * n, hits)


def _french(text: str) -> Valence:
    lexicon = _french_words()
    for sign in set(_SIGN.findall(text)):
        score = _emoji(sign)
        if score:
            text = text.replace(sign, " emojiplus " if score > 0 else " emojimoins ")
    tokens = _TOKEN.findall(bare(text))
    lower = [fold(t) for t in tokens]
    shouting = all(t.isupper() for t in tokens if len(t) > 2)
    values = np.zeros(len(tokens))
    for i, word in enumerate(lower):
        value = _look(word, lexicon)
        if value is None:
            value = _emoticon(tokens[i])
        if not value or word in _MORE or word in _LESS:
            continue
        if tokens[i].isupper() and len(word) > 2 and not shouting:
            value += math.copysign(_CAPITALS, value)
        for distance, damping in enumerate(_DAMPING, 1):
            if distance > i:
                break
            before = lower[i - distance]
            if before in _MORE or before in _LESS:
                value += math.copysign(_BOOST, value) * damping * (1 if before in _MORE else -1)
            if before in _NOT:
                value *= _NEGATION
                break
        values[i] = value
    if "mais" in lower:
        turn = lower.index("mais")
        values[:turn] *= 0.5
        values[turn + 1 :] *= 1.5
    total = float(values.sum())
    if total:
        total += math.copysign(min(text.count("!"), 4) * _EXCLAMATION, total)
    positive, negative = float(values[values > 0].sum()), float(-values[values < 0].sum())
    return Valence(total / math.sqrt(total * total + _ALPHA), positive, negative, int((values != 0).sum()))


def _look(word: str, lexicon: dict[str, float]) -> float | None:
    """Valence of a word, of its singular or of its masculine."""
    found = lexicon.get(word)
    if found is None and len(word) > 4:
        if word[-1] in "sxe":
            found = lexicon.get(word[:-1])
        if found is None and word.endswith("es"):
            found = lexicon.get(word[:-2])
    return found


@lru_cache(maxsize=4096)
def _emoticon(token: str) -> float:
    return 0.0 if token.isalpha() else float(_vader().lexicon.get(token, 0.0))


@lru_cache(maxsize=4096)
def _emoji(sign: str) -> float:
    analyser = _vader()
    return float(analyser.polarity_scores(sign)["compound"]) if sign in analyser.emojis else 0.0


@lru_cache(maxsize=1)
def _vader() -> Any:
    # Imported here: its lexicon is read from disk when it is made.
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


@lru_cache(maxsize=1)
def _french_words() -> dict[str, float]:
    words: dict[str, float] = {"emojiplus": 2.0, "emojimoins": -2.0}
    for name in ("lexicon_fr.json", "lexicon_fr_added.json"):
        words |= json.loads((MODELS / name).read_text(encoding="utf-8"))["words"]
    return words
