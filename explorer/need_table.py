"""One row a need, out of the rows of its queries: what is searched, and how surely nothing answers it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from explorer.fact import certainty
from explorer.need_clusters import name_of
from explorer.need_posts import Spoken
from explorer.served import SIGNALS, Chance, draws

_SPOKEN = {"answered": "spoken", "unanswered": "unspoken", "cannot tell": "cannot tell"}
_DRAWS = 400


def need_table(
    queries: pd.DataFrame, chance: dict[str, Chance], spoken: dict[str, Spoken], n_pages: int, level: float, seed: int
) -> pd.DataFrame:
    """Return one row per need; the columns are told in explorer.needs.find_needs.

    Parameters
    ----------
    queries : one row per query with its need, and both sides with match, signals and chance.
    chance : the chance of each side; spoken : what was read a topic.
    """
    drawn = {
        side: draws(queries[[f"{side}_{s}" for s in SIGNALS]].set_axis(list(SIGNALS), axis=1), c, n=_DRAWS, seed=seed)
        for side, c in chance.items()
    }
    rows = []
    for _, own in queries.groupby("need", sort=False):
        read = spoken[str(own["topic"].iloc[0])]
        row = _about(own)
        weight = own["volume"].fillna(own["volume"].mean()).fillna(1.0).to_numpy()
        weight = np.maximum(weight, 1e-9) / np.maximum(weight, 1e-9).sum()
        for side in ("served", "said"):
            row |= _side(own, side, drawn[side][:, own.index], weight, level)
        doubt = "no pages" if n_pages == 0 else ""
        row["served_why"] = doubt
        row["said_why"], row["said_warning"], row["n_texts"] = read.doubt, read.warning, read.n
        row["said"] = _SPOKEN[str(row["said"])]
        if read.doubt and row["said"] == "unspoken":
            row["said"] = row["said_sure"] = "cannot tell"
        rows.append(row)
    table = pd.DataFrame(rows)
    for side, lost, verdict in (("served", "unserved", "unanswered"), ("said", "unspoken", "unspoken")):
        order = pd.DataFrame({"v": (table[side] != verdict).astype(int), "d": table[f"{side}_why"] != ""})
        order["done"] = table[side].isin(["answered", "spoken"])
        order["sure"] = (table[f"{side}_sure"] != "clearly").astype(int)
        order["lost"], order["p"] = -table[lost].fillna(0.0), table[f"p_{side}"].fillna(0.5)
        place = order.sort_values(["done", "v", "d", "sure", "lost", "p"], kind="stable").index
        ranks = pd.Series(np.arange(1.0, len(table) + 1), index=place)
        table[f"{lost}_rank"] = ranks.reindex(table.index).where(table[f"p_{side}"].notna())
    return table.sort_values(["unserved_rank", "unspoken_rank"], na_position="last", ignore_index=True)


def _about(own: pd.DataFrame) -> dict[str, object]:
    """What is searched: name, volume, growth, question and intent of one need."""
    known = own.dropna(subset=["volume"])
    unit = known["unit"].mode().iloc[0] if len(known) else None
    known = known[known["unit"] == unit]
    rising = own[own["growth_lo"].notna()].sort_values("growth_lo", ascending=False)
    top = rising.iloc[0] if len(rising) else None
    asked = own.loc[own["question"] != "none", "question"]
    return {
        "need": own["need"].iloc[0],
        "name": name_of(own),
        "topic": own["topic"].iloc[0],
        "n_queries": len(own),
        "intent": own["intent"].mode().iloc[0],
        "question": asked.mode().iloc[0] if len(asked) else "none",
        "lang": own["lang"].dropna().mode().iloc[0] if own["lang"].notna().any() else None,
        "volume": known["volume"].sum(min_count=1),
        "volume_lo": known["volume_lo"].sum(min_count=1),
        "volume_hi": known["volume_hi"].sum(min_count=1),
        "unit": unit,
        "growth": None if top is None else top["growth"],
        "growth_lo": None if top is None else top["growth_lo"],
        "growth_of": None if top is None else top["query"],
    }


def _side(own: pd.DataFrame, side: str, drawn: np.ndarray, weight: np.ndarray, level: float) -> dict[str, object]:
    """Chance, interval, verdict and match of one need on one side, and the searches that are expected to find nothing."""
    lost = {"served": "unserved", "said": "unspoken"}[side]
    best = own.sort_values(f"{side}_p_answered", ascending=False).iloc[0]
    share = drawn @ weight
    p = float((own[f"{side}_p_answered"] * weight).sum(skipna=False))
    known = np.isfinite(p)
    edges = [(1 - level) / 2, (1 + level) / 2]
    lo, hi = np.quantile(share, edges) if known else (np.nan, np.nan)
    lo80, hi80, lo95, hi95 = np.quantile(share, [0.1, 0.9, 0.025, 0.975]) - 0.5 if known else (-0.5, 0.5, -0.5, 0.5)
    sure = certainty(lo80, hi80, lo95, hi95)
    volume = own["volume"].sum(min_count=1)
    # The printing leaves the volume open between its ends, whatever the chance: both are drawn together.
    low, high = (np.log(max(float(own[c].sum(min_count=1)), 1.0)) for c in ("volume_lo", "volume_hi"))
    sizes = np.exp(np.linspace(low, high, len(share))) if np.isfinite(volume) else np.full(len(share), np.nan)
    miss = np.quantile(sizes * (1 - np.random.default_rng(0).permutation(share)), edges) if known else [np.nan] * 2
    return {
        f"p_{side}": p if known else None,
        f"{side}_lo": lo,
        f"{side}_hi": hi,
        side: "cannot tell" if sure == "cannot tell" else "answered" if p > 0.5 else "unanswered",
        f"{side}_sure": sure,
        f"{side}_match": best[f"{side}_match"],
        f"{side}_query": best["query"],
        **({"served_page": best["served_page"]} if side == "served" else {}),
        lost: volume * (1 - p) if known else np.nan,
        f"{lost}_lo": miss[0],
        f"{lost}_hi": miss[1],
    }
