"""Tone from a transformer of the user's choice (extra `transformers`): loaded from a local folder or from the user's hub cache.

The model is the user's to fetch: nothing is downloaded here unless `online` is said.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from explorer.text.encoders import MissingExtra
from explorer.text.normal import as_texts, mask
from explorer.text.tone import TONES
from sources.errors import Unavailable

#: Eight languages, French among them; the text must be masked as `mask` does (its README).
MODEL = "cardiffnlp/twitter-xlm-roberta-base-sentiment"

_MAX_TOKENS = 128


def transformer_tone(
    texts: Iterable[object],
    *,
    model: str = MODEL,
    revision: str | None = None,
    online: bool = False,
    batch: int = 32,
    pipe: Callable[..., Any] | None = None,
) -> pd.DataFrame:
    """Return the tone of every text from a transformer.

    Parameters
    ----------
    model : a folder, or a name in the cache of the hub. revision : of the model, to make a run repeatable.
    online : allow the model to be fetched. pipe : a loaded text-classification pipeline, used instead of loading one.

    Returns
    -------
    One row per text: `label` (null for an empty text), `confidence`, `engine`, `version`, as explorer.text.tone.

    Raises
    ------
    MissingExtra : transformers is not installed. Unavailable : the model is not on this machine.
    """
    rows = [mask(t).replace("\n", " ") for t in as_texts(texts)]
    ready = pipe or _load(model, revision, online=online)
    here = [i for i, t in enumerate(rows) if t.strip()]
    answers = ready([rows[i] for i in here], batch_size=batch) if here else []
    frame = pd.DataFrame({"label": pd.Series([None] * len(rows), dtype=object), "confidence": float("nan")})
    for i, answer in zip(here, answers, strict=True):
        best = max(answer, key=lambda entry: entry["score"])
        frame.loc[i, "label"], frame.loc[i, "confidence"] = _name(best["label"]), float(best["score"])
    return frame.assign(engine=f"transformers: {model}", version=revision or "")


def _name(label: str) -> str:
    """Models name their labels in words or as LABEL_0..2 in the order of TONES."""
    folded = label.lower()
    return TONES[int(folded[-1])] if folded.startswith("label_") else folded


def _load(model: str, revision: str | None, *, online: bool) -> Callable[..., Any]:
    if importlib.util.find_spec("transformers") is None:
        raise MissingExtra("transformers", "transformers")
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

    options = {"revision": revision, "local_files_only": not online}
    try:
        network = AutoModelForSequenceClassification.from_pretrained(model, **options)
        tokenizer = AutoTokenizer.from_pretrained(model, **options)
    except (OSError, ValueError) as error:
        raise Unavailable(
            f"the model is not on this machine ({str(error).splitlines()[0]})",
            model,
            "name its folder, or allow fetching it",
        ) from error
    classify: Callable[..., Any] = pipeline(
        "text-classification", model=network, tokenizer=tokenizer, top_k=None, truncation=True, max_length=_MAX_TOKENS
    )
    return classify
