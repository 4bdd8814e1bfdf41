"""Sentiment as tools write it - words, codes, scores on four scales - as a label and a score from -1 to 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sources.exports.columns import listed
from sources.exports.headers import Table
from sources.exports.numerals import numbers
from sources.exports.run import Run
from sources.exports.words import plain

_TONES: dict[str, str] = {
    "positive": """
        positive, positif, positiv, positivo, positiva, pos, +, favorable, positiva a, pozytywny, pozytywna, olumlu,
        позитивная, позитивный, позитив, положительная, позитивна, позитивне, إيجابي, ポジティブ, 긍정, 正面
        """,
    "negative": """
        negative, negatif, negativ, negativo, negativa, neg, defavorable, desfavorable, negatywny, negatywna, olumsuz,
        негативная, негативный, негатив, отрицательная, негативна, негативне, سلبي, ネガティブ, 부정, 负面
        """,
    "neutral": """
        neutral, neutre, neutro, neutra, neu, mixed, mixte, mixto, mixta, gemischt, misto, neutralny, neutralna, notr,
        нейтральная, нейтральный, нейтрал, нейтральна, нейтральне, смешанная, محايد, ニュートラル, 중립, 中性
        """,
}
_TONE_OF = {plain(w): tone for tone, words in _TONES.items() for w in listed(words) if plain(w)}
#: Printed where a tool has not judged a post.
_NO_TONE = frozenset(
    ["", "unknown", "undefined", "none", "not rated", "na", "n a", "not labeled", "null", "inconnu", "desconocido", "u"]
)
#: One vendor's feed: P positive, N neutral, V negative. Without a V among them, N may as well mean negative.
_CODES = {"P": "positive", "N": "neutral", "V": "negative"}
_SPANS = (1.0, 5.0, 10.0, 100.0)
_LABELS = np.array(["negative", "neutral", "positive"], dtype=object)


@dataclass(frozen=True)
class Notation:
    """How a file writes sentiment: `kind` words | codes | score; a score is `middle` ± `span`."""

    kind: str
    middle: float = 0.0
    span: float = 1.0


def sentiments(
    cells: pd.Series, table: Table, header: str, run: Run, notation: Notation | None = None
) -> tuple[pd.Series, np.ndarray]:
    """Return the label (positive | neutral | negative) and the score (-1..1) that the source gives each post.

    A label is null where the source gives none or where its code is not known; a score is NaN where it gives only words. The
    label of a score is its sign, which is what the source says; where it would draw a line for "neutral" is not known.

    Parameters
    ----------
    cells : as printed, null where empty.
    notation : how this tool writes it, where that is known; otherwise judged from all cells of the file's first part.
    """
    codes, distinct = pd.factorize(cells.astype("object"))
    texts = [str(d) for d in distinct]
    known = notation or run.notation or _find(texts, table, header)
    run.notation = known
    labels: list[str | None] = [None] * len(texts)
    score = np.full(len(texts), np.nan)
    if known is not None and known.kind == "codes":
        labels = [_CODES.get(t.strip().upper()) or _TONE_OF.get(plain(t)) for t in texts]
    elif known is not None and known.kind == "score":
        value = _values(texts)
        score = (value - known.middle) / known.span
        outside = np.abs(score) > 1
        score[outside] = np.nan
        signs = [None if np.isnan(s) else str(_LABELS[int(np.sign(s)) + 1]) for s in score]
        labels = [s if s is not None else _TONE_OF.get(plain(t)) for s, t in zip(signs, texts, strict=True)]
    elif known is not None:
        labels = [_TONE_OF.get(plain(t)) for t in texts]
    unknown = [t for t, label in zip(texts, labels, strict=True) if label is None and plain(t) not in _NO_TONE]
    if unknown and known is not None:
        table.notes.append(f"Sentiment {unknown[0]!r} is not known and left empty ({len(unknown)} different words).")
    all_labels = np.array([*labels, None], dtype=object)[codes]  # factorize marks nulls by -1, which takes the last one
    return pd.Series(all_labels, index=cells.index, dtype="object"), np.append(score, np.nan)[codes]


def _find(texts: list[str], table: Table, header: str) -> Notation | None:
    judged = [t for t in texts if plain(t) not in _NO_TONE]
    letters = {t.strip().upper() for t in judged}
    if letters and letters <= set(_CODES):
        if "V" in letters:
            return Notation("codes")
        table.notes.append(
            f"Sentiment of column {header!r} is written {', '.join(sorted(letters))}: whether N is neutral or negative "
            "is not told; it is left empty."
        )
        return None
    if not judged:
        return None
    value = _values(judged)
    if np.isfinite(value).mean() < 0.9:
        return Notation("words")
    low, high = np.nanmin(value), np.nanmax(value)
    if low < 0:
        span = next((s for s in _SPANS if max(-low, high) <= s), None)
        return Notation("score", 0.0, span) if span else None
    if 5 < high <= 100:
        table.notes.append(f"Sentiment of column {header!r} is read as a score from 0 to 100 with 50 for neutral.")
        return Notation("score", 50.0, 50.0)
    table.notes.append(
        f"Sentiment of column {header!r} runs from {low:g} to {high:g}: whether its zero is neutral or negative is not "
        "told; it is left empty."
    )
    return None


def _values(texts: list[str]) -> np.ndarray:
    found = numbers(pd.Series(texts, dtype="str"))
    return np.where(found.kind == "percent", found.value * 100, found.value)
