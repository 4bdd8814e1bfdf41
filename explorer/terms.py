"""Distinctive words: what one group says more than the others, by people, not by posts."""

from __future__ import annotations

import numpy as np
import pandas as pd


def distinctive(words: pd.DataFrame, *, n: int = 8, z: float = 1.96) -> pd.DataFrame:
    """Return the words that set each group apart: `group`, `word`, `authors`, `z`, strongest first, at most `n` a group.

    Parameters
    ----------
    words : `group`, `word`, `authors` (people of the group who used it).
    z : standard errors by which a word must stand out.

    References
    ----------
    Monroe, Colaresi & Quinn (2008), Fightin' words: log odds ratio of a group against all others, with the whole as an
    informative Dirichlet prior, divided by its standard error. Words that everybody uses stand out nowhere, so no list of
    stop words is needed.
    """
    columns = ["group", "word", "authors", "z"]
    if words.empty or words["group"].nunique() < 2:
        return pd.DataFrame(columns=columns)
    wide = words.pivot_table(index="word", columns="group", values="authors", aggfunc="sum", fill_value=0).astype(float)
    counts = wide.to_numpy()
    prior = counts.sum(axis=1, keepdims=True)
    prior = prior * (_PRIOR / prior.sum())
    total, weight = counts.sum(axis=0, keepdims=True), prior.sum()
    rest, rest_total = counts.sum(axis=1, keepdims=True) - counts, total.sum() - total
    mine = np.log((counts + prior) / (total + weight - counts - prior))
    theirs = np.log((rest + prior) / (rest_total + weight - rest - prior))
    score = (mine - theirs) / np.sqrt(1 / (counts + prior) + 1 / (rest + prior))
    long = pd.DataFrame(score, index=wide.index, columns=wide.columns).stack().rename("z").reset_index()
    long = long.merge(words, on=["group", "word"]).query("z >= @z")
    long = long.sort_values(["group", "z", "word"], ascending=[True, False, True])
    return long.groupby("group").head(n)[columns].reset_index(drop=True)


#: Weight of the prior in words: about as many as a small group says.
_PRIOR = 500.0
