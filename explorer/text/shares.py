"""Shares of labels, corrected for what a classifier is known to confuse, with an interval.

A classifier that calls one post in five by the wrong name bends every share it is used to count. The confusion measured on
texts it has not seen says by how much, and can be undone on the aggregate.

References
----------
Saerens, Latinne & Decaestecker (2002), "Adjusting the outputs of a classifier to new a priori probabilities", Neural
Computation 14: the iteration used; Forman (2008), "Quantifying counts and costs via classification", for adjusted counts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]

DRAWS = 400
_STEPS, _CLOSE = 500, 1e-7


def corrected_shares(
    given: Sequence[str | None],
    confusion: Array | None,
    labels: Sequence[str],
    *,
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
    table = _by_group(known[told], None if groups is None else np.asarray(groups, dtype=object)[told], k)
    counted = table.sum(axis=0) / n
    frame["counted"] = counted
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(len(table), np.full(len(table), 1 / len(table)), size=DRAWS)
    drawn = weights @ table
    drawn = drawn / np.maximum(drawn.sum(axis=1, keepdims=True), 1)
    if confusion is not None and confusion.sum():
        frame["corrected"] = _undo(counted[None, :], _rates(confusion)[None])[0]
        # Rows of the matrix are themselves samples: a Dirichlet around each (one added to every cell, Laplace).
        rates = np.stack([rng.dirichlet(row + 1.0, size=DRAWS) for row in confusion], axis=1)
        drawn = _undo(drawn, rates)
    edges = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    frame["lo"], frame["hi"] = edges
    return frame


def _by_group(known: NDArray[np.int_], groups: NDArray[np.object_] | None, k: int) -> Array:
    """[groups, labels] counts; every text its own group where none is known."""
    if groups is None:
        return np.eye(k)[known]
    alone = np.array([f"\0{i}" if g is None or pd.isna(g) else str(g) for i, g in enumerate(groups)])
    codes = pd.factorize(alone)[0]
    table = np.zeros((codes.max() + 1, k))
    np.add.at(table, (codes, known), 1.0)
    return table


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
