"""Distinctive words: what one group says more than the others, by people, not by posts."""

from __future__ import annotations

import numpy as np
import pandas as pd


def distinctive(words: pd.DataFrame, *, n: int = 8, least: float = 10.83, doublings: float = 0.5) -> pd.DataFrame:
    """Return the words that set each group apart: `group`, `word`, `authors`, `strength`, strongest first, at most `n` a group.

    Parameters
    ----------
    words : `group`, `word`, `authors` (people of the group who used it).
    least : log-likelihood ratio by which a word must stand out; 10.83 = one chance in a thousand.
    doublings : how much more often than elsewhere it must be used, so that words that everybody uses stand out nowhere and no
        list of stop words is needed.

    References
    ----------
    Dunning (1993), Accurate methods for the statistics of surprise and coincidence.
    """
    columns = ["group", "word", "authors", "strength"]
    if words.empty or words["group"].nunique() < 2:
        return pd.DataFrame(columns=columns)
    frame = words[["group", "word", "authors"]].copy()
    here = frame["authors"].to_numpy(float)
    total = frame["group"].map(frame.groupby("group")["authors"].sum()).to_numpy(float)
    every = frame["word"].map(frame.groupby("word")["authors"].sum()).to_numpy(float)
    there, rest = every - here, frame["authors"].sum() - total
    share = every / (total + rest)
    with np.errstate(divide="ignore", invalid="ignore"):
        likelihood = here * np.log(here / (total * share)) + np.where(
            there > 0, there * np.log(there / (rest * share)), 0
        )
        # Half a person is added to both sides, so that a word nobody uses elsewhere has a finite ratio.
        ratio = np.log2(((here + 0.5) / total) / ((there + 0.5) / rest))
    frame["strength"] = 2 * likelihood
    frame = frame[(frame["strength"] >= least) & (ratio >= doublings)]
    frame = frame.sort_values(["group", "strength", "word"], ascending=[True, False, True])
    return frame.groupby("group").head(n)[columns].reset_index(drop=True)
