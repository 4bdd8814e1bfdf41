"""Labels a listening tool brought beside labels of ours: theirs come first, and how far both agree is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import cohen_kappa_score


@dataclass(frozen=True)
class Agreement:
    """How far two labellers agree on the texts both labelled: `n` texts, `share` equal, Cohen's `kappa` (1 full, 0 as chance).

    `share` and `kappa` are null where nothing was labelled twice; `kappa` also where both use a single label.
    """

    n: int
    share: float | None
    kappa: float | None


def prefer_imported(ours: pd.DataFrame, imported: pd.Series, source: pd.Series | str) -> pd.DataFrame:
    """Return `ours` with the label of the listening tool wherever it gave one.

    Parameters
    ----------
    ours : `label`, `confidence`, `engine`, `version` and any more, one row a text (explorer.text.tone).
    imported : label of the tool in the same order; null where it gave none.
    source : the tool's name, one or one a text; it stands in `engine` as "imported: NAME".

    Returns
    -------
    A frame like `ours`; imported rows have no confidence (the tool tells none) and no version. Sources are never averaged.
    """
    theirs = imported.reset_index(drop=True)
    given = theirs.notna().to_numpy()
    names = pd.Series([source] * len(ours)) if isinstance(source, str) else source.reset_index(drop=True)
    frame = ours.reset_index(drop=True).copy()
    frame.loc[given, "label"] = theirs[given].astype(object)
    frame.loc[given, "confidence"] = np.nan
    frame.loc[given, "engine"] = ("imported: " + names[given].astype(str)).astype(object)
    frame.loc[given, "version"] = ""
    return frame


def agreement(ours: pd.Series, imported: pd.Series) -> Agreement:
    """Return how far our labels and those of the listening tool agree.

    References
    ----------
    Cohen (1960), "A coefficient of agreement for nominal scales".
    """
    both = pd.DataFrame({"a": ours.to_numpy(), "b": imported.to_numpy()}).dropna()
    if both.empty:
        return Agreement(0, None, None)
    a, b = both["a"].astype(str), both["b"].astype(str)
    share = float((a == b).mean())
    if len({*a, *b}) == 1:
        return Agreement(len(both), share, None)
    return Agreement(len(both), share, float(cohen_kappa_score(a, b)))
