"""Linear heads over hashed words, characters, lexicon and sentence vectors: fitted, stored and read without pickle.

Features are hashed, so that a stored head holds numbers and no words of the texts it was fitted on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from explorer.text.encoders import EncoderName
from explorer.text.features import BITS, Features, features
from sources.errors import BadFile

FORMAT = 1

#: Weight of sentence vectors in a stored head (format 1).
_STORED_WEIGHT = 4.0

Kind = Literal["one", "several"]


@dataclass(frozen=True)
class Head:
    """A fitted head.

    Attributes
    ----------
    labels : what it tells apart. kind : "one" label a text, or "several".
    lang : the language it was fitted on. encoder : what it needs beside the text; None = nothing.
    columns, idf : hashed columns that are kept, and their inverse document frequency.
    coef, intercept : [labels, columns + lexicon + dense] and [labels].
    thresholds : probability from which a label is given (kind "several").
    confusion : rows = true label, columns = given label, counts by cross-validation on the training files.
    card : data, licence, figures and limits, as printed in docs/models.md.
    """

    labels: tuple[str, ...]
    kind: Kind
    lang: str
    encoder: EncoderName | None
    sparse: bool
    bits: int
    columns: np.ndarray = field(repr=False)
    idf: np.ndarray = field(repr=False)
    coef: np.ndarray = field(repr=False)
    intercept: np.ndarray = field(repr=False)
    thresholds: np.ndarray = field(repr=False)
    confusion: np.ndarray = field(repr=False)
    card: Mapping[str, Any] = field(repr=False)

    @property
    def engine(self) -> str:
        """Name of the engine for the column `engine`."""
        return f"linear-{self.lang}" + (f"+{self.encoder}" if self.encoder else "")

    @property
    def version(self) -> str:
        """Version for the column `version`."""
        return str(self.card.get("version", FORMAT))

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Return [n, labels]; rows sum to 1 for kind "one".

        Raises
        ------
        MissingExtra : the head needs an encoder that is not installed.
        """
        read = features(texts, lang=self.lang, encoder_name=self.encoder, sparse_block=self.sparse, bits=self.bits)
        return self.of_features(read)

    def of_features(self, read: Features) -> np.ndarray:
        """Return what `predict_proba` does, of texts whose features are counted already."""
        score = read.design(self.bits, self.columns, self.idf, weight=_STORED_WEIGHT) @ self.coef.T
        return _probabilities(np.asarray(score) + self.intercept, self.kind)


def _probabilities(score: np.ndarray, kind: Kind) -> np.ndarray:
    if kind == "several":
        return 1.0 / (1.0 + np.exp(-np.clip(score, -30, 30)))
    score = np.exp(score - score.max(axis=1, keepdims=True))
    return score / score.sum(axis=1, keepdims=True)


def fit_head(
    texts: Sequence[str] | Features,
    truth: np.ndarray,
    labels: Sequence[str],
    *,
    kind: Kind = "one",
    lang: str,
    encoder_name: EncoderName | None = None,
    sparse_block: bool = True,
    bits: int = BITS,
    penalty: float = 1.0,
    dense_weight: float = 1.0,
    keep: int | None = None,
    card: Mapping[str, Any] | None = None,
) -> Head:
    """Fit a head.

    Parameters
    ----------
    texts : or their features, counted with the same `lang`, `encoder_name`, `sparse_block` and `bits`.
    truth : kind "one": [n] numbers of labels; kind "several": [n, labels] of 0 and 1.
    penalty : C of the logistic regression (inverse strength of the L2 penalty).
    dense_weight : length of a sentence vector, on average and from their middle, beside words of length 1. Vectors of one
        encoder stand close together and those of another apart: without the middle taken off, one weight cannot serve both.
    keep : keep only so many hashed columns, those with the largest coefficients, and fit again; None = all that occur.

    Returns
    -------
    The head, without thresholds and confusion (zeros): explorer.text.training measures them.
    """
    read = (
        texts
        if isinstance(texts, Features)
        else features(texts, lang=lang, encoder_name=encoder_name, sparse_block=sparse_block, bits=bits)
    )
    columns, idf = _columns(read)
    centre, weight = _scale(read.dense, dense_weight)
    for attempt in range(2):
        design = read.design(bits, columns, idf, centre=centre, weight=weight)
        coef, intercept = _regress(design, truth, len(labels), kind, penalty)
        if attempt or keep is None or keep >= len(columns):
            break
        size = np.abs(coef[:, : len(columns)]).max(axis=0) * idf
        best = np.sort(np.argsort(-size, kind="stable")[:keep])
        columns, idf = columns[best], idf[best]
    if read.dense is not None:  # the stored head reads the vectors as the encoder gives them
        own = coef[:, -read.dense.shape[1] :] * weight
        intercept = intercept - own @ centre
        coef = np.hstack([coef[:, : -read.dense.shape[1]], own / _STORED_WEIGHT])
    n = len(labels)
    return Head(
        labels=tuple(labels),
        kind=kind,
        lang=lang,
        encoder=encoder_name,
        sparse=read.counts is not None,
        bits=bits,
        columns=columns.astype(np.int32),
        idf=idf,
        coef=coef.astype(np.float32),
        intercept=intercept.astype(np.float32),
        thresholds=np.full(n, 0.5, dtype=np.float32),
        confusion=np.zeros((n, n)),
        card=dict(card or {}),
    )


def _columns(read: Features) -> tuple[np.ndarray, np.ndarray]:
    """Hashed columns that occur, in large collections twice or more, and their inverse document frequency."""
    if read.counts is None:
        return np.arange(0), np.zeros(0, dtype=np.float32)
    n = read.counts.shape[0]
    df = np.asarray((read.counts > 0).sum(axis=0)).ravel()
    columns = np.flatnonzero(df >= 2) if n > 500 else np.flatnonzero(df)
    return columns, (np.log((1 + n) / (1 + df[columns])) + 1).astype(np.float32)


def _scale(dense: np.ndarray | None, length: float) -> tuple[np.ndarray, float]:
    """Middle of the vectors, and the factor that brings their mean distance from it to `length`."""
    if dense is None:
        return np.zeros(0), 1.0
    centre = dense.mean(axis=0)
    spread = float(np.sqrt(np.square(dense - centre).sum(axis=1).mean()))
    return centre, length / spread if spread > 0 else length


def _regress(
    design: sparse.csr_matrix, truth: np.ndarray, n_labels: int, kind: Kind, penalty: float
) -> tuple[np.ndarray, np.ndarray]:
    if kind == "several":
        parts = [_regress(design, truth[:, k], 2, "one", penalty) for k in range(n_labels)]
        # A two-label fit has one row per label; their difference is the log odds.
        return np.vstack([c[1] - c[0] for c, _ in parts]), np.array([b[1] - b[0] for _, b in parts])
    model = LogisticRegression(C=penalty, class_weight="balanced", max_iter=400, tol=1e-3)
    model.fit(design, truth)
    if len(model.classes_) != n_labels:
        raise ValueError(
            f"the labelled texts hold {len(model.classes_)} of {n_labels} labels; every label needs examples"
        )
    if n_labels == 2:
        return np.vstack([-model.coef_[0] / 2, model.coef_[0] / 2]), np.array([-1, 1]) * model.intercept_[0] / 2
    return model.coef_, model.intercept_


def save_head(head: Head, path: Path | str) -> Path:
    """Write a head as .npz: arrays of numbers and one JSON text, no pickle."""
    file = Path(path).with_suffix(".npz")
    about = {
        "format": FORMAT,
        "labels": head.labels,
        "kind": head.kind,
        "lang": head.lang,
        "encoder": head.encoder,
        "sparse": head.sparse,
        "bits": head.bits,
        "card": dict(head.card),
    }
    draft = file.with_name(f"{file.stem}.part.npz")
    with draft.open("wb") as out:
        np.savez_compressed(
            out,
            about=np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), dtype=np.uint8),
            columns=head.columns,
            idf=head.idf.astype(np.float16),
            coef=head.coef.astype(np.float16),
            intercept=head.intercept,
            thresholds=head.thresholds,
            confusion=head.confusion,
        )
    draft.replace(file)
    return file


def load_head(path: Path | str) -> Head:
    """Read a head that `save_head` wrote.

    Raises
    ------
    BadFile : not such a file, or written by another version of the program.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            about = json.loads(stored["about"].tobytes().decode())
            if about.get("format") != FORMAT:
                raise BadFile(
                    f"written in format {about.get('format')}, this program reads {FORMAT}", str(path), "train it again"
                )
            arrays = {
                k: stored[k].astype(np.float32) if stored[k].dtype == np.float16 else stored[k]
                for k in ("columns", "idf", "coef", "intercept", "thresholds", "confusion")
            }
    except (OSError, KeyError, ValueError, EOFError) as error:
        raise BadFile(f"not a trained head ({error})", str(path), "train one with: undersaid train-tone") from error
    keys = ("kind", "lang", "encoder", "sparse", "bits", "card")
    return Head(labels=tuple(about["labels"]), **{k: about[k] for k in keys}, **arrays)
