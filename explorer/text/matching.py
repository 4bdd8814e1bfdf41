"""Which document answers a query: words, characters and, where installed, sentence vectors, with the signals laid open.

The vocabulary is fitted on queries and documents together. Fitted on documents alone, a vectoriser drops the words nobody wrote
and calls what is left of the query a good match: measured, that costs up to 11 points of AUC in finding unanswered queries.

References
----------
Spärck Jones (1972) for inverse document frequency; Robertson & Zaragoza (2009), "The probabilistic relevance framework: BM25
and beyond", for the form of it used for coverage.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer

from explorer.text.cutting import Cut, Numbers, Rows, cut, piece_counts, word_counts
from explorer.text.encoders import Encoder, EncoderName, encoder, similarity
from explorer.text.normal import as_texts, bare

Array = NDArray[np.float64]

#: Columns of `Matches.best` that tell how good the best match is, each 0..1.
SIGNALS = ("coverage", "word", "character", "dense")

#: Queries scored at once: bounds memory at CHUNK x documents x 4 signals.
CHUNK = 512


@dataclass(frozen=True)
class Matches:
    """Matches of queries in documents.

    `best`: one row per query: `query`, `document` (position of the best one; -1 where there is none), `score`, and the largest
    value over the documents of each signal: `coverage` (share of the query's weight of words that one document holds), `word`
    and `character` (cosines of tf-idf), `dense` (cosine of vectors, stretched; null without an encoder).
    `top`: the k best a query: `query`, `rank` (1..k), `document`, `score`.
    """

    best: pd.DataFrame
    top: pd.DataFrame


def match(
    queries: Iterable[object],
    documents: Iterable[object],
    *,
    encoder_name: EncoderName | None = None,
    short: bool = False,
    k: int = 5,
) -> Matches:
    """Find the best documents for every query.

    Parameters
    ----------
    queries, documents : texts; addresses and handles are left out. A document may be a title with its text.
    encoder_name : "use" or "e5" to add sentence vectors, None for words and characters alone.
    short : documents are short posts, not pages: vectors then weigh more, because posts paraphrase.
    k : documents a query in `top`.

    Returns
    -------
    Matches. `score` orders documents for one query; it is no probability, and a fixed cut of it means something else in every
    collection: calibrate (explorer.needs) or show the match beside the claim.

    Raises
    ------
    MissingExtra : the encoder is not installed.
    """
    return match_each([(queries, documents)], encoder_name=encoder_name, short=short, k=k)[0]


def match_each(
    groups: Iterable[tuple[Iterable[object], Iterable[object]]],
    *,
    encoder_name: EncoderName | None = None,
    short: bool = False,
    k: int = 5,
) -> list[Matches]:
    """Find the best documents for the queries of each group among the documents of that group; see `match`.

    Each group is matched as if it were alone, while the words that groups share are cut once for all of them.
    """
    model = encoder(encoder_name)
    texts: list[str] = []
    found: list[_Group | int] = []
    for queries, documents in groups:
        asked, held = [bare(t) for t in as_texts(queries)], [bare(t) for t in as_texts(documents)]
        # Documents first: the order in which words are met is the order in which they are numbered.
        own = _Group(asked, held, len(texts)) if asked and held else None
        texts += [*held, *asked] if own else []
        found.append(own or len(asked))
    every = cut(texts)
    return [_nothing(own) if isinstance(own, int) else _matched(own, every, model, short=short, k=k) for own in found]


@dataclass(frozen=True)
class _Group:
    """Queries and documents of one group, and where its texts start among all that are cut."""

    asked: list[str]
    held: list[str]
    start: int


def _matched(group: _Group, every: Cut, model: Encoder | None, *, short: bool, k: int) -> Matches:
    asked, held = group.asked, group.held
    at = group.start, group.start + len(held) + len(asked)
    stems = every.stems.part(*at)
    sides = [
        _weighted(word_counts(stems), len(held)),
        _weighted(piece_counts(every, every.chunks.part(*at)), len(held)),
    ]
    cover = _coverage_side(stems.part(len(held), len(stems)), stems.part(0, len(held)), every.names)
    dense = _dense_side(asked, held, model)
    weights = _weights(model, short=short)
    best, top = [], []
    for start in range(0, len(asked), CHUNK):
        part = slice(start, start + CHUNK)
        word, character = ((q[part] @ d.T).toarray() for q, d in sides)
        coverage = (cover[0][part] @ cover[1].T).toarray()
        signals = {"coverage": coverage, "word": word, "character": character}
        if model is not None and dense is not None:
            signals["dense"] = similarity(dense[0][part], dense[1], model.floor)
        score = sum(weights[name] * value for name, value in signals.items())
        # Of documents that are as good the first, either way.
        order = np.argsort(-score, axis=1, kind="stable")[:, :k] if k > 1 else score.argmax(axis=1)[:, None]
        rows = np.arange(len(score))
        frame = pd.DataFrame({"query": start + rows, "document": order[:, 0], "score": score[rows, order[:, 0]]})
        for name in SIGNALS:
            frame[name] = signals[name].max(axis=1) if name in signals else np.nan
        frame.loc[frame["score"] <= 0, "document"] = -1
        best.append(frame)
        n = order.shape[1]
        top.append(
            pd.DataFrame(
                {
                    "query": np.repeat(start + rows, n),
                    "rank": np.tile(np.arange(1, n + 1), len(rows)),
                    "document": order.ravel(),
                    "score": np.take_along_axis(score, order, axis=1).ravel(),
                }
            )
        )
    found = pd.concat(top, ignore_index=True)
    return Matches(pd.concat(best, ignore_index=True), found[found["score"] > 0].reset_index(drop=True))


def _weights(model: Encoder | None, *, short: bool) -> dict[str, float]:
    """What each signal is worth in the order: pages share words with queries, short posts paraphrase them."""
    if model is None:
        return {"coverage": 0.1, "word": 0.3, "character": 0.6}
    if short:
        return {"coverage": 0.0, "word": 0.1, "character": 0.1, "dense": 0.8}
    return {"coverage": 0.1, "word": 0.2, "character": 0.35, "dense": 0.35}


def _nothing(n: int) -> Matches:
    best = pd.DataFrame({"query": np.arange(n), "document": -1, "score": 0.0})
    for name in SIGNALS:
        best[name] = np.nan
    return Matches(best, pd.DataFrame(columns=["query", "rank", "document", "score"]))


def _weighted(counts: Any, n_held: int) -> tuple[Any, Any]:
    """The tf-idf rows of queries and of documents, their idf learned on both together."""
    both = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    return both[n_held:], both[:n_held]


def _coverage_side(asked: Rows, held: Rows, names: Sequence[str]) -> tuple[Any, Any]:
    """Matrices whose product is the share of a query's idf that a document holds."""
    wanted = [
        sorted(set(asked.values[a:b].tolist()), key=names.__getitem__)
        for a, b in zip(asked.starts[:-1], asked.starts[1:], strict=True)
    ]
    place = {w: i for i, w in enumerate(dict.fromkeys(w for s in wanted for w in s))}
    column = np.full(len(names), -1)
    column[list(place)] = list(place.values())
    document = _incidence(column[held.values], held.starts, len(place))
    said, n = np.bincount(document.indices, minlength=len(place)), len(held)
    idf = np.array([np.log(1 + (n - df + 0.5) / (df + 0.5)) for df in said.tolist()])
    query = _incidence(column[asked.values], asked.starts, len(place))
    weight = query @ sparse.diags(idf) if len(place) else query
    total = np.asarray(weight.sum(axis=1)).ravel()
    return sparse.diags(1.0 / np.maximum(total, 1e-9)) @ weight, document


def _incidence(columns: Numbers, starts: Numbers, n: int) -> Any:
    """Matrix [texts, n] of ones where a text holds a word; words of a negative number are none of the n."""
    known = columns >= 0
    ends = np.concatenate([[0], np.cumsum(known)])[starts]
    held = sparse.csr_matrix((np.ones(ends[-1]), columns[known], ends), shape=(len(starts) - 1, max(n, 1)))
    held.sum_duplicates()
    held.data[:] = 1.0
    return held


def _dense_side(asked: Sequence[str], held: Sequence[str], model: Encoder | None) -> tuple[Any, Any] | None:
    if model is None:
        return None
    return model.encode(asked, role="query"), model.encode(held, role="document")
