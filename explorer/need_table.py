"""One row a need, out of the rows of its queries: what is searched, and how surely nothing answers it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explorer.fact import certainty
from explorer.need_clusters import name_of
from explorer.need_posts import Spoken
from explorer.served import SIGNALS, Chance, concluded, draws

_SPOKEN = {"answered": "spoken", "unanswered": "unspoken", "cannot tell": "cannot tell"}
_DRAWS = 400

Array = NDArray[Any]


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
    queries = queries.reset_index(drop=True)
    names = {need: name_of(own) for need, own in queries.groupby("need", sort=False)}
    # Columns as arrays: a hundred small frames would cost more than all the numbers in them.
    every = {c: queries[c].to_numpy() for c in queries.columns}
    places = queries.groupby("need", sort=False).indices
    for need in queries["need"].unique():
        at = places[need]
        own = {c: v[at] for c, v in every.items()}
        read = spoken[str(own["topic"][0])]
        row = {"need": need, "name": names[need], **_about(own)}
        volume = own["volume"].astype(float)
        weight = np.where(np.isnan(volume), np.nanmean(volume) if np.isfinite(volume).any() else 1.0, volume)
        weight = np.maximum(weight, 1e-9) / np.maximum(weight, 1e-9).sum()
        for side in ("served", "said"):
            row |= _side(own, side, drawn[side][:, at], weight, level, chance[side].n)
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


def _about(own: dict[str, Array]) -> dict[str, object]:
    """What is searched: volume, growth, question and intent of one need."""
    counted = [u for u, v in zip(own["unit"], own["volume"], strict=True) if pd.notna(v)]
    unit = _most(counted)
    known = np.array([u == unit and pd.notna(v) for u, v in zip(own["unit"], own["volume"], strict=True)], dtype=bool)
    rising = own["growth_lo"].astype(float)
    top = int(np.nanargmax(rising)) if np.isfinite(rising).any() else None
    langs = [x for x in own["lang"] if isinstance(x, str)]
    return {
        "topic": own["topic"][0],
        "n_queries": len(own["query"]),
        "intent": _most(own["intent"]),
        "question": _most([q for q in own["question"] if q != "none"]) or "none",
        "lang": ", ".join(sorted(set(langs), key=lambda x: (-langs.count(x), x))) or None,
        **{c: _sum(own[c].astype(float)[known]) for c in ("volume", "volume_lo", "volume_hi")},
        "unit": unit,
        "growth": None if top is None else own["growth"][top],
        "growth_lo": None if top is None else rising[top],
        "growth_of": None if top is None else own["query"][top],
    }


def _most(values: Iterable[str]) -> str | None:
    """The most frequent value, of those that are as frequent the first in the alphabet; None where there is none."""
    counted = Counter(values)
    return min(counted, key=lambda v: (-counted[v], v)) if counted else None


def _sum(values: Array) -> float:
    """The sum of what is known; NaN where nothing is."""
    known = values[~np.isnan(values)]
    return float(known.sum()) if len(known) else float("nan")


def _side(own: dict[str, Array], side: str, drawn: Array, weight: Array, level: float, n: int) -> dict[str, object]:
    """Chance, interval, verdict and match of one need on one side, and the searches that are expected to find nothing.

    `n` : confirmations of the user on this side.
    """
    lost = {"served": "unserved", "said": "unspoken"}[side]
    chance = own[f"{side}_p_answered"].astype(float)
    best = int(np.argmax(np.where(np.isnan(chance), -1.0, chance)))
    share = drawn @ weight
    p = float((chance * weight).sum())
    known = np.isfinite(p)
    edges = [(1 - level) / 2, (1 + level) / 2]
    told = np.quantile(share, [*edges, 0.1, 0.9, 0.025, 0.975]) if known else np.full(6, np.nan)
    lo, hi = told[:2]
    sure = certainty(*(told[2:] - 0.5)) if known else certainty(-0.5, 0.5, -0.5, 0.5)
    verdict, sure = concluded(p - 0.5, sure, n)
    volume, smallest, largest = (_sum(own[c].astype(float)) for c in ("volume", "volume_lo", "volume_hi"))
    # The printing leaves the volume open between its ends, whatever the chance: both are drawn together.
    low, high = (np.log(max(v, 1.0)) for v in (smallest, largest))
    sizes = np.exp(np.linspace(low, high, len(share))) if np.isfinite(volume) else np.full(len(share), np.nan)
    miss = np.quantile(sizes * (1 - np.random.default_rng(0).permutation(share)), edges) if known else [np.nan] * 2
    return {
        f"p_{side}": p if known else None,
        f"{side}_lo": lo,
        f"{side}_hi": hi,
        side: verdict,
        f"{side}_sure": sure,
        f"{side}_match": own[f"{side}_match"][best],
        f"{side}_query": own["query"][best],
        **({"served_page": own["served_page"][best]} if side == "served" else {}),
        lost: volume * (1 - p) if known else np.nan,
        f"{lost}_lo": miss[0],
        f"{lost}_hi": miss[1],
    }
