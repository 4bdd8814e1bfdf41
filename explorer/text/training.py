"""Training a head on labelled files that the user holds, with its penalty, confusion and thresholds by cross-validation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, f1_score, recall_score
from sklearn.model_selection import KFold, StratifiedKFold

from explorer.text.encoders import EncoderName
from explorer.text.features import features
from explorer.text.heads import Head, Kind, fit_head
from explorer.text.normal import fold, mask
from forecasting.errors import TooLittleData

#: Inverse strengths of the penalty that are tried; the best by cross-validation is taken.
PENALTIES = (0.3, 1.0, 3.0)

#: Penalty and weight of the sentence vectors that are tried where a head has an encoder; the best by cross-validation is taken.
WITH_VECTORS = ((0.3, 1.0), (1.0, 1.0), (3.0, 1.0), (0.3, 2.0), (1.0, 2.0))

#: Hashed columns that a stored head keeps: 40,000 lose nothing measurable against all of them (docs/models.md).
KEEP = 40_000

FOLDS = 5
MIN_A_LABEL = 20


def train_head(
    texts: Sequence[str],
    labels: Sequence[str] | np.ndarray,
    names: Sequence[str],
    *,
    task: str,
    lang: str,
    kind: Kind = "one",
    encoder_name: EncoderName | None = None,
    settings: Sequence[tuple[float, float]] | None = None,
    keep: int | None = KEEP,
    about: Mapping[str, Any] | None = None,
    now: datetime,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Head:
    """Fit a head and measure it on folds it has not seen.

    Parameters
    ----------
    texts : as they were written; texts that are the same after masking and folding are used once.
    labels : kind "one": one of `names` a text; kind "several": [n, names] of 0 and 1.
    names : the labels, in the order the head gives probabilities.
    settings : pairs of penalty and weight of the sentence vectors to choose from by cross-validation; PENALTIES or WITH_VECTORS
        if left out.
    about : source, licence and remarks of the data, for the card.
    now : instant of training, for the card. progress : called with (fits done, fits in all).

    Returns
    -------
    The head with `confusion` (rows true, columns given, counts over the folds), `thresholds` and its `card`: n, folds, macro
    F1 and macro recall with their standard error over folds, the penalty taken.

    Raises
    ------
    TooLittleData : a label has fewer than MIN_A_LABEL texts; the message names it.
    """
    used = list({fold(mask(t)): i for i, t in reversed(list(enumerate(texts))) if t.strip()}.values())[::-1]
    own = [texts[i] for i in used]
    truth = _truth(labels, names, kind)[used]
    held = truth.sum(axis=0) if kind == "several" else np.bincount(truth, minlength=len(names))
    for name, n in zip(names, held, strict=True):
        if n < MIN_A_LABEL:
            raise TooLittleData(
                f"the label {name!r} has {int(n)} texts", f"{task} {lang}", f"give {MIN_A_LABEL} or more"
            )
    folds = _folds(truth, kind, seed)
    tried = settings or (WITH_VECTORS if encoder_name else [(penalty, 1.0) for penalty in PENALTIES])
    total, done = len(tried) * len(folds) + 1, 0
    read = features(own, lang=lang, encoder_name=encoder_name)
    best: tuple[float, tuple[float, float], np.ndarray, list[float]] | None = None
    for penalty, weight in tried:
        chances = np.zeros((len(own), len(names)))
        scores = []
        for seen, unseen in folds:
            part = fit_head(
                read.rows(seen), truth[seen], names, kind=kind, lang=lang, encoder_name=encoder_name,
                penalty=penalty, dense_weight=weight, keep=keep,
            )  # fmt: skip
            chances[unseen] = part.of_features(read.rows(unseen))
            scores.append(_macro_f1(truth[unseen], chances[unseen], kind))
            done += 1
            if progress:
                progress(done, total)
        score = float(np.mean(scores))
        if best is None or score > best[0]:
            best = (score, (penalty, weight), chances, scores)
    assert best is not None  # there is always a setting to try
    score, (penalty, weight), chances, scores = best
    thresholds = _thresholds(truth, chances) if kind == "several" else np.full(len(names), 0.5)
    given = chances.argmax(axis=1)
    dominant = truth if kind == "one" else np.where(truth.sum(axis=1) == 1, truth.argmax(axis=1), -1)
    told = dominant >= 0
    card = {
        **(about or {}),
        "task": task, "lang": lang, "encoder": encoder_name, "n": len(own), "folds": len(folds), "penalty": penalty,
        **({"dense_weight": weight} if encoder_name else {}),
        "labels": {n: int(k) for n, k in zip(names, held, strict=True)},
        "macro_f1": score, "macro_f1_se": float(np.std(scores, ddof=1) / np.sqrt(len(scores))),
        "macro_recall": _macro_recall(dominant[told], given[told], len(names)),
        "trained_at": now.isoformat(timespec="seconds"), "version": f"{now:%Y-%m-%d}",
    }  # fmt: skip
    head = fit_head(
        read, truth, names, kind=kind, lang=lang, encoder_name=encoder_name, penalty=penalty, dense_weight=weight, keep=keep,
        card=card,
    )  # fmt: skip
    if progress:
        progress(total, total)
    confusion = confusion_matrix(dominant[told], given[told], labels=range(len(names)))
    return replace(head, confusion=confusion.astype(float), thresholds=thresholds.astype(np.float32))


def _truth(labels: Sequence[str] | np.ndarray, names: Sequence[str], kind: Kind) -> np.ndarray:
    if kind == "several":
        return np.asarray(labels, dtype=int)
    place = {name: k for k, name in enumerate(names)}
    return np.array([place[str(label)] for label in labels])


def _folds(truth: np.ndarray, kind: Kind, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    if kind == "one":
        return list(StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(truth, truth))
    return list(KFold(FOLDS, shuffle=True, random_state=seed).split(truth))


def _macro_f1(truth: np.ndarray, chances: np.ndarray, kind: Kind) -> float:
    if kind == "one":
        return float(f1_score(truth, chances.argmax(axis=1), average="macro", zero_division=0))
    return float(f1_score(truth, chances >= 0.5, average="macro", zero_division=0))


def _macro_recall(truth: np.ndarray, given: np.ndarray, n: int) -> float:
    return float(recall_score(truth, given, average="macro", labels=range(n), zero_division=0))


def _thresholds(truth: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Probability per label from which its F1 over the unseen folds is largest."""
    grid = np.linspace(0.1, 0.9, 33)
    return np.array(
        [
            grid[int(np.argmax([f1_score(truth[:, k], chances[:, k] >= edge, zero_division=0) for edge in grid]))]
            for k in range(truth.shape[1])
        ]
    )
