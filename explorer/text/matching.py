"""Which document answers a query: words, characters and, where installed, sentence vectors, with the signals laid open.

The vocabulary is fitted on queries and documents together. Fitted on documents alone, a vectoriser drops the words nobody wrote
and calls what is left of the query a good match: measured, that costs up to 11 points of AUC in finding unanswered queries.

References
----------
Spärck Jones (1972) for inverse document frequency; Robertson & Zaragoza (2009), "The probabilistic relevance framework: BM25
and beyond", for the form of it used for coverage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

from explorer.text.encoders import Encoder, EncoderName, encoder, similarity
from explorer.text.normal import as_texts, bare, fold, stem, words
from explorer.text.stopwords import ALL

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
    asked, held = [bare(t) for t in as_texts(queries)], [bare(t) for t in as_texts(documents)]
    model = encoder(encoder_name)
    if not asked or not held:
        return _nothing(len(asked))
    stems = [tokens(t) for t in asked], [tokens(t) for t in held]
    sides = [_word_side(*stems), _piece_side(asked, held)]
    cover = _coverage_side(*stems)
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
        order = np.argsort(-score, axis=1, kind="stable")[:, :k]
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


def tokens(text: str) -> list[str]:
    """Return the stems of the words of a text that carry a subject; all words where nothing else is left."""
    every = words(text)
    kept = [w for w in every if w not in ALL]
    return [stem(w) for w in kept or every]


def _word_side(asked: Sequence[list[str]], held: Sequence[list[str]]) -> tuple[Any, Any]:
    return _weighted(_counted([*held, *asked]), len(held))


def _piece_side(asked: Sequence[str], held: Sequence[str]) -> tuple[Any, Any]:
    """Pieces of 3 to 5 letters, none across words: those of a word are cut once, however many texts hold it."""
    split = [fold(t).split() for t in (*held, *asked)]
    place = {w: i for i, w in enumerate(dict.fromkeys(w for found in split for w in found))}
    cut = CountVectorizer(analyzer="char_wb", ngram_range=(3, 5), lowercase=False, dtype=np.float32)
    try:
        pieces = cut.fit_transform(place)
    except ValueError:  # not one letter in any text
        return _weighted(sparse.csr_matrix((len(split), 1), dtype=np.float32), len(held))
    return _weighted(_counted(split, place) @ pieces, len(held))


def _counted(split: Sequence[list[str]], place: dict[str, int] | None = None) -> Any:
    """Matrix [texts, words] of how often a word stands in a text."""
    place = place or {w: i for i, w in enumerate(dict.fromkeys(w for found in split for w in found))}
    columns = np.fromiter((place[w] for found in split for w in found), dtype=np.int32)
    starts = np.concatenate([[0], np.cumsum([len(found) for found in split])])
    values = np.ones(len(columns), dtype=np.float32)
    counts = sparse.csr_matrix((values, columns, starts), shape=(len(split), max(len(place), 1)))
    counts.sum_duplicates()
    return counts


def _weighted(counts: Any, n_held: int) -> tuple[Any, Any]:
    """The tf-idf rows of queries and of documents, their idf learned on both together."""
    both = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    return both[n_held:], both[:n_held]


def _coverage_side(asked: Sequence[list[str]], held: Sequence[list[str]]) -> tuple[Any, Any]:
    """Matrices whose product is the share of a query's idf that a document holds."""
    said = [set(found) for found in held]
    df = Counter(w for s in said for w in s)
    n = len(held)
    wanted = [set(found) for found in asked]
    place = {w: i for i, w in enumerate(dict.fromkeys(w for s in wanted for w in sorted(s)))}
    idf = np.array([np.log(1 + (n - df[w] + 0.5) / (df[w] + 0.5)) for w in place])
    query, document = _incidence(wanted, place), _incidence(said, place)
    weight = query @ sparse.diags(idf) if len(place) else query
    total = np.asarray(weight.sum(axis=1)).ravel()
    return sparse.diags(1.0 / np.maximum(total, 1e-9)) @ weight, document


def _incidence(sets: Sequence[set[str]], place: dict[str, int]) -> Any:
    rows, columns = [], []
    for i, found in enumerate(sets):
        here = [place[w] for w in sorted(found) if w in place]
        rows += [i] * len(here)
        columns += here
    return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(sets), max(len(place), 1)))


def _dense_side(asked: Sequence[str], held: Sequence[str], model: Encoder | None) -> tuple[Any, Any] | None:
    if model is None:
        return None
    return model.encode(asked, role="query"), model.encode(held, role="document")
