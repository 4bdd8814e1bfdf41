"""Shares of labels, corrected for what a classifier is known to confuse, with an interval.

A classifier that calls one post in five by the wrong name bends every share it is used to count. The confusion measured on
texts it has not seen says by how much, and can be undone on the aggregate.

References
----------
Saerens, Latinne & Decaestecker (2002), "Adjusting the outputs of a classifier to new a priori probabilities", Neural
Computation 14: the iteration used; Forman (2008), "Quantifying counts and costs via classification", for adjusted counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]

DRAWS = 400
_STEPS, _CLOSE = 500, 1e-7


def corrected_shares(
    given: Sequence[str | None],
    confusion: Array | Mapping[str, Array] | None,
    labels: Sequence[str],
    *,
    readers: Sequence[object] | None = None,
    groups: Sequence[object] | None = None,
    level: float = 0.9,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the share of every label among the texts that carry one.

    Parameters
    ----------
    given : label of every text; null where none could be given (those are counted in `unlabelled` and never spread).
    confusion : [labels, labels] counts, rows true, columns given, on texts the classifier had not seen; None = not measured,
        the share is then only counted and `corrected` is null.
    groups : the author of every text, where known: the bootstrap then draws authors, so that one author is not many witnesses.
    level : coverage of `lo`, `hi`. seed : of the draws.

    Returns
    -------
    One row per label: `label`, `counted` (0..1, as classified), `corrected`, `lo`, `hi` (0..1: the interval holds sampling of
    the texts and of the confusion matrix), `n` (texts with a label), `unlabelled`.
    """
    places = {name: k for k, name in enumerate(labels)}
    known = np.array([places.get(str(g), -1) if g is not None and not pd.isna(g) else -1 for g in given], dtype=int)
    told = known >= 0
    n, k = int(told.sum()), len(labels)
    frame = pd.DataFrame({"label": list(labels), "counted": np.nan, "corrected": np.nan, "lo": np.nan, "hi": np.nan})
    frame["n"], frame["unlabelled"] = n, len(known) - n
    if not n:
        return frame
    names = np.full(len(known), "") if readers is None else np.asarray(readers, dtype=object).astype(str)
    codes, read_by = pd.factorize(names[told], sort=True)
    table = _by_group(
        codes * k + known[told], None if groups is None else np.asarray(groups, dtype=object)[told], k * len(read_by)
    )
    counts = table.sum(axis=0)
    frame["counted"] = counts.reshape(-1, k).sum(axis=0) / n
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(len(table), np.full(len(table), 1 / len(table)), size=DRAWS)
    drawn = (weights @ table).reshape(DRAWS, -1, k)
    matrices = _matrices(confusion, read_by)
    if matrices is not None:
        frame["corrected"] = _whole(counts.reshape(1, -1, k), [_rates(m)[None] for m in matrices])[0]
        # Rows of the matrix are themselves samples: a Dirichlet around each (one added to every cell, Laplace).
        rates = [np.stack([rng.dirichlet(row + 1.0, size=DRAWS) for row in m], axis=1) for m in matrices]
        shares = _whole(drawn, rates)
    else:
        shares = drawn.sum(axis=1) / np.maximum(drawn.sum(axis=(1, 2))[:, None], 1)
    edges = np.quantile(shares, [(1 - level) / 2, (1 + level) / 2], axis=0)
    frame["lo"], frame["hi"] = edges
    return frame


def _by_group(known: NDArray[np.int_], groups: NDArray[np.object_] | None, k: int) -> Array:
    """[groups, cells] counts; every text its own group where none is known."""
    if groups is None:
        return np.eye(k)[known]
    alone = np.array([f"\0{i}" if g is None or pd.isna(g) else str(g) for i, g in enumerate(groups)])
    codes = pd.factorize(alone)[0]
    table = np.zeros((codes.max() + 1, k))
    np.add.at(table, (codes, known), 1.0)
    return table


def _matrices(confusion: Array | Mapping[str, Array] | None, read_by: Sequence[str]) -> list[Array] | None:
    """Return the matrix of every reader; None where one of them was not measured."""
    found = [confusion.get(name) if isinstance(confusion, Mapping) else confusion for name in read_by]
    known = [m for m in found if m is not None and m.sum()]
    return known if len(known) == len(found) else None


def _whole(counts: Array, rates: Sequence[Array]) -> Array:
    """[rows, readers, labels] counts -> [rows, labels] shares: each reader's share undone, joined by the texts it read."""
    read = counts.sum(axis=2)
    parts = [_undo(counts[:, i] / np.maximum(read[:, i, None], 1), rate) for i, rate in enumerate(rates)]
    return sum(p * read[:, i, None] for i, p in enumerate(parts)) / np.maximum(read.sum(axis=1)[:, None], 1)


def _rates(confusion: Array) -> Array:
    padded = np.asarray(confusion, dtype=float) + 1.0
    return padded / padded.sum(axis=1, keepdims=True)


def _undo(counted: Array, rates: Array) -> Array:
    """Shares p >= 0 that explain `counted` = p @ rates best (maximum likelihood by expectation-maximisation), row by row."""
    share = np.full_like(counted, 1 / counted.shape[1])
    for _ in range(_STEPS):
        joint = share[:, :, None] * rates
        back = joint / np.maximum(joint.sum(axis=1, keepdims=True), 1e-300)
        new = (back * counted[:, None, :]).sum(axis=2)
        if np.abs(new - share).max() < _CLOSE:
            return new
        share = new
    return share
