"""Emotions of a text: Plutchik's eight, from heads trained on subtitles (XED); indicative, to be read as shares of many posts.

Measured, a single French post is close to unreadable for a light model (macro F1 of the shipped heads in docs/models.md), and
every answer carries that reliability. The emotion column of a listening tool comes first: explorer.text.labels.

References
----------
Öhman, Pàmies, Kajava & Tiedemann (2020), "XED: a multilingual dataset for sentiment analysis and emotion detection", COLING
(labels CC BY 4.0); Plutchik (1980), "A general psychoevolutionary theory of emotion".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from explorer.text.heads import Head
from explorer.text.language import DEFAULT_LANGUAGES, language
from explorer.text.normal import as_texts
from explorer.text.trained import Engine, best_head

EMOTIONS = ("anger", "anticipation", "disgust", "fear", "joy", "sadness", "surprise", "trust")

Reliability = Literal["weak", "fair", "good"]

#: Macro F1 by cross-validation at and above which a head is called fair or good; below, weak.
FAIR, GOOD = 0.50, 0.65


def emotions(
    texts: Iterable[object],
    *,
    lang: str | None = None,
    languages: Sequence[str] = DEFAULT_LANGUAGES,
    engine: Engine = "auto",
) -> pd.DataFrame:
    """Return the emotion that speaks most from every text, and the chance of each.

    Parameters
    ----------
    texts : posts, reviews, questions.
    lang : language of all texts, where it is known; otherwise each text is looked at among `languages`.
    engine : "auto", "light", "use" or "e5" (explorer.text.trained); there is no lexicon of emotions under a free licence.

    Returns
    -------
    One row per text, in order: `label` (null where no emotion reaches the threshold of the head, where there is nothing to
    read or no head for the language), `confidence` (0..1, chance of the label), one column per emotion (0..1, chance that it is
    there; several may be), `reliability` ("weak", "fair", "good", from the head's measured macro F1; "none" without
    a head), `language`, `engine`, `version`.

    Raises
    ------
    BadFile : a head is asked for by name and none was trained. MissingExtra : its encoder is not installed.
    """
    rows = as_texts(texts)
    spoken = pd.Series([lang] * len(rows), dtype=object) if lang else language(rows, languages=languages)["label"]
    heads = {code: _head(code, engine) for code in spoken.dropna().unique()}
    names = list(dict.fromkeys(n for h in heads.values() if h is not None for n in h.labels)) or list(EMOTIONS)
    frame = pd.DataFrame(np.nan, index=range(len(rows)), columns=["confidence", *names])
    frame.insert(0, "label", pd.Series([None] * len(rows), dtype=object))
    extra = pd.DataFrame(
        {"reliability": "none", "language": spoken.to_numpy(), "engine": "none", "version": ""}, dtype=object
    )
    frame = pd.concat([frame, extra], axis=1)
    for code, head in heads.items():
        here = np.flatnonzero((spoken == code).to_numpy() & np.array([bool(t.strip()) for t in rows]))
        if head is None or not len(here):
            continue
        chances = head.predict_proba([rows[i] for i in here])
        over = chances - head.thresholds if head.kind == "several" else chances
        first = over.argmax(axis=1)
        told = over.max(axis=1) >= 0 if head.kind == "several" else np.ones(len(here), dtype=bool)
        frame.loc[here, list(head.labels)] = chances
        frame.loc[here[told], "label"] = [head.labels[k] for k in first[told]]
        frame.loc[here[told], "confidence"] = chances[np.flatnonzero(told), first[told]]
        frame.loc[here, ["reliability", "engine", "version"]] = [reliability(head), head.engine, head.version]
    return frame


def reliability(head: Head) -> Reliability:
    """Return how far a head can be trusted with one post, from its macro F1 on folds it has not seen."""
    score = float(head.card.get("macro_f1", 0.0))
    return "good" if score >= GOOD else "fair" if score >= FAIR else "weak"


def _head(lang: str, engine: Engine) -> Head | None:
    return None if engine == "lexicon" else best_head("emotions", lang, engine)
