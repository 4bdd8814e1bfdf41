"""Queries gathered into needs, each named by what somebody typed.

The number of needs is chosen by one stated rule: among the numbers from 2 to 3 times the root of the number of queries, the
one with the highest mean silhouette; where none reaches MIN_SILHOUETTE in a list short enough to read, each query is a need of
its own. Without the ceiling the silhouette of short texts rises until every pair of like queries stands alone (2,564 labelled
queries of 155 needs: it chose 1,478; with it 152, adjusted Rand index 0.45).

References
----------
Rousseeuw (1987), "Silhouettes", J. Computational and Applied Mathematics 20; Arthur & Vassilvitskii (2007) for k-means++.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.metrics import silhouette_score
from sklearn.metrics.pairwise import cosine_distances

from explorer.text.cutting import tokens
from explorer.text.encoders import EncoderName
from explorer.text.kmeans import groupings
from explorer.text.normal import stem, words
from explorer.text.space import embed

#: Mean silhouette below which a grouping is not better than none.
MIN_SILHOUETTE = 0.1
#: Ceiling of needs, times the root of the number of queries; numbers tried up to it; queries that can be read singly.
_CEILING, _TRIED, _READABLE = 3.0, 10, 40
#: Queries a silhouette is measured on.
_SAMPLE = 2_000
#: A name must be this close to the middle of its need, as a share of the closest query.
_CENTRAL = 0.85


def cluster(
    queries: Sequence[str],
    *,
    k: int | None = None,
    common: Collection[str] = (),
    encoder_name: EncoderName | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Gather queries into needs.

    Parameters
    ----------
    queries : distinct queries.
    k : number of needs; by the silhouette if left out.
    common : words that all the queries were asked for, as those of the topic: they tell no need from another.
    encoder_name : sentence vectors beside words, None for words and their pieces alone.
    seed : of the start of k-means and of the decomposition.

    Returns
    -------
    One row per query, in order: `need` (0..), `central` (cosine with the middle of its need).
    """
    n = len(queries)
    if n < 3 and k is None:
        return pd.DataFrame({"need": np.arange(n), "central": np.ones(n)})
    points = embed(_without(queries, common), encoder_name=encoder_name, seed=seed)
    found = _chosen(points, seed) if k is None else groupings(points, [min(k, n)], seed=seed)[min(k, n)]
    middles = np.vstack([points[found == c].mean(axis=0) for c in range(found.max() + 1)])
    length = np.linalg.norm(middles, axis=1, keepdims=True)
    central = np.einsum("ij,ij->i", points, (middles / np.maximum(length, 1e-12))[found])
    return pd.DataFrame({"need": found, "central": central})


def join_languages(needs: pd.Series, pairs: Sequence[tuple[int, int]]) -> pd.Series:
    """Return needs of which those that are asked in two languages are one.

    Parameters
    ----------
    needs : need of each query. pairs : positions of queries that are translations of each other.

    Two needs are joined where at least half of the queries of the smaller one have a translation in the other: a need is not
    pulled into another by one query at its edge.
    """
    if not pairs:
        return needs
    size = needs.value_counts()
    met: dict[tuple[object, object], tuple[set[int], set[int]]] = {}
    for i, j in pairs:
        left, right = met.setdefault((needs.iloc[i], needs.iloc[j]), (set(), set()))
        left.add(i)
        right.add(j)
    order = {need: k for k, need in enumerate(size.index)}
    links = []
    for (a, b), (left, right) in met.items():
        inside = len(left) if size[a] <= size[b] else len(right)
        if a != b and 2 * inside >= min(size[a], size[b]):
            links.append((order[a], order[b]))
    if not links:
        return needs
    rows, columns = np.array(links).T
    joined = connected_components(
        csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(order),) * 2), directed=False
    )[1]
    first = {c: need for need, c in reversed(list(zip(size.index, joined, strict=True)))}
    return needs.map({need: first[c] for need, c in zip(size.index, joined, strict=True)})


def name_of(queries: pd.DataFrame) -> str:
    """Return the name of one need: of its queries near the middle the most searched, else the one nearest to it.

    Parameters
    ----------
    queries : `query`, `central`, `volume` (null where not known).
    """
    texts, central, volume = (queries[c].tolist() for c in ("query", "central", "volume"))
    near = [i for i in range(len(texts)) if central[i] >= _CENTRAL * max(central)]
    # A volume that is not known comes after every one that is.
    first = min(near, key=lambda i: (-(-1.0 if pd.isna(volume[i]) else volume[i]), -central[i], len(texts[i])))
    return str(texts[first])


def _without(queries: Sequence[str], common: Collection[str]) -> list[str]:
    """The queries without the words they share with the topic; a query of nothing else stays as it is."""
    left_out = {s for text in common for s in tokens(text)}
    kept = [" ".join(w for w in words(q) if stem(w) not in left_out) for q in queries]
    return [k if tokens(k) and k else q for k, q in zip(kept, queries, strict=True)]


def _chosen(points: NDArray[np.float64], seed: int) -> NDArray[np.int_]:
    n = len(points)
    ceiling = min(n - 1, round(_CEILING * n**0.5))
    alone = n <= _READABLE
    best, score = np.arange(n) if alone else np.zeros(n, dtype=int), MIN_SILHOUETTE if alone else -1.0
    # Few points: their distances are worked out once for all numbers of needs.
    apart = cosine_distances(points) if n <= _SAMPLE else None
    tried = np.unique(np.round(np.geomspace(2, ceiling, _TRIED)).astype(int)).tolist()
    for found in groupings(points, tried, seed=seed).values():
        if not 1 < len(np.unique(found)) < n:
            continue
        if apart is None:
            reached = float(silhouette_score(points, found, metric="cosine", sample_size=_SAMPLE, random_state=seed))
        else:
            reached = silhouette(apart, found)
        if reached > score + 1e-9:  # as good with fewer: fewer
            best, score = found, reached
    return best


def silhouette(apart: NDArray[np.float64], found: NDArray[np.int_]) -> float:
    """Return the mean silhouette of a grouping from the distances of its points (scikit-learn's, without its checks)."""
    member = np.eye(found.max() + 1)[found]
    size = member.sum(axis=0)
    rows = np.arange(len(found))
    to = apart @ member
    inside = to[rows, found] / np.maximum(size[found] - 1, 1)
    to = to / size
    to[rows, found] = np.inf
    nearest = to.min(axis=1)
    widest = np.maximum(inside, nearest)
    value = np.divide(nearest - inside, widest, out=np.zeros(len(found)), where=widest > 0)
    return float(np.where(size[found] > 1, value, 0.0).mean())
