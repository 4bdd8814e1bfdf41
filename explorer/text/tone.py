"""Tone of a text: negative, neutral or positive, with the engine that said so and how sure it is.

Without any training data a lexicon speaks; a head trained on the user's own labelled files (`undersaid train-tone`) takes its
place wherever one is installed for the language. Labels of the user's listening tool come before both: explorer.text.labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from explorer.text import lexicons
from explorer.text.language import DEFAULT_LANGUAGES, language
from explorer.text.normal import as_texts
from explorer.text.trained import Engine, best_head

TONES = ("negative", "neutral", "positive")

COLUMNS = ["label", "confidence", "language", "engine", "version"]


def tone(
    texts: Iterable[object],
    *,
    lang: str | None = None,
    languages: Sequence[str] = DEFAULT_LANGUAGES,
    engine: Engine = "auto",
) -> pd.DataFrame:
    """Return the tone of every text.

    Parameters
    ----------
    texts : posts, reviews, questions.
    lang : language of all texts, where it is known; otherwise each text is looked at among `languages`.
    engine : "auto" takes the strongest trained head whose parts are installed and falls back to the lexicon; "lexicon",
        "light", "use" and "e5" name one (explorer.text.trained).

    Returns
    -------
    One row per text, in order: `label` (one of TONES; null where there is nothing to read or no engine for the language),
    `confidence` (0..1, probability of the label; null for a lexicon, which has none), `language`, `engine` ("none" where no
    engine knows the language), `version`. What a label is worth on average stands in docs/models.md; shares of labels are
    corrected by explorer.text.shares.

    Raises
    ------
    BadFile : a head is asked for by name and none was trained; the message names the command.
    MissingExtra : its encoder is not installed.

    Examples
    --------
    >>> tone(["Service client lamentable, jamais de réponse !"], lang="fr", engine="lexicon")["label"].tolist()
    ['negative']
    """
    rows = as_texts(texts)
    spoken = pd.Series([lang] * len(rows), dtype=object) if lang else language(rows, languages=languages)["label"]
    frame = pd.DataFrame(index=range(len(rows)), columns=COLUMNS, dtype=object)
    frame["confidence"] = np.nan
    frame["language"] = spoken.to_numpy()
    frame[["engine", "version"]] = ["none", ""]
    for code in spoken.dropna().unique():
        here = np.flatnonzero((spoken == code).to_numpy() & np.array([bool(t.strip()) for t in rows]))
        if not len(here):
            continue
        head = best_head("tone", code, engine)
        part = [rows[i] for i in here]
        if head is not None:
            chances = head.predict_proba(part)
            given = chances.argmax(axis=1)
            frame.loc[here, "label"] = [head.labels[k] for k in given]
            frame.loc[here, "confidence"] = chances.max(axis=1)
            frame.loc[here, ["engine", "version"]] = [head.engine, head.version]
        elif code in lexicons.LANGUAGES:
            frame.loc[here, "label"] = lexicon_tone(part, code)
            frame.loc[here, ["engine", "version"]] = [f"lexicon-{code}", lexicons.VERSION[code]]
    return frame


def lexicon_tone(texts: Sequence[str], lang: str) -> list[str]:
    """Return the tone that the lexicon of a language gives every text."""
    compound = np.array([lexicons.valence(text, lang).compound for text in texts])
    edge = lexicons.THRESHOLDS[lang]
    return [TONES[k] for k in np.where(compound >= edge, 2, np.where(compound <= -edge, 0, 1))]
