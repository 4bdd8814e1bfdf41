"""The replay of past crises as a table that a person can read."""

from __future__ import annotations

import pandas as pd

from explorer.alert_phrases import KINDS, TRIGGER_WHY
from explorer.drill import ALERT
from explorer.words import Words


def drill_told(drilled: pd.DataFrame, words: Words, *, whole: bool = False) -> pd.DataFrame:
    """Return what told of each crisis, headings in the language.

    Parameters
    ----------
    drilled : from explorer.drill.drill. whole : every scenario of every crisis; else those that did not fire are only listed
        where another one did.
    """
    fired = drilled[(drilled["by"] != ALERT) & drilled["at"].notna()]
    covered = set(fired["crisis"]) - {""}
    table = drilled if whole else drilled[drilled["at"].notna() | drilled["crisis"].isin(covered)]

    def crisis(row: pd.Series) -> str:
        return f"{words.date(row['onset'])} · {row['label']}" if row["crisis"] else words("none")

    def why(row: pd.Series) -> str:
        if pd.isna(row["at"]):
            return "–"
        return words(KINDS[row["why"]] if row["by"] == ALERT else TRIGGER_WHY[row["why"]])

    return pd.DataFrame(
        {
            words("Crisis"): [crisis(row) for _, row in table.iterrows()],
            words("Told by"): [words("the alert") if by == ALERT else by for by in table["by"]],
            words("When"): [f"{at:%Y-%m-%d %H:%M}" if pd.notna(at) else words("not at all") for at in table["at"]],
            words("Hours after the first post"): table["hours"].map(lambda v: words.number(v, 1)).to_numpy(),
            words("Share already said"): table["share_said"].map(lambda v: words.percent(v, 1)).to_numpy(),
            words("Why"): [why(row) for _, row in table.iterrows()],
            words("Owner"): table["owner"].fillna("").to_numpy(),
        }
    )
