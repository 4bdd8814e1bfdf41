"""What people around one make believe: majority illusion in a network, false consensus in ranked posts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from explorer.networks import Network, network
from explorer.voices import wilson


@dataclass(frozen=True)
class MajorityIllusion:
    """How many people see an opinion as the majority's.

    `share` : of all people who hold it [0..1]. `sees` : share of people with neighbours more than half of whom hold it;
    `lo`, `hi` : its interval. `by_chance` : the same if as many holders were spread at random. `people` : with neighbours.
    `illusion` : True where fewer than half hold it, while more see it as the majority's than hold it and than chance would make
    see it, the whole interval of `sees` above both.
    """

    share: float
    sees: float
    lo: float
    hi: float
    by_chance: float
    people: int
    illusion: bool
    level: float


def majority_illusion(
    edges: pd.DataFrame | Network, active: Iterable[Any], *, level: float = 0.9, draws: int = 20, seed: int = 0
) -> MajorityIllusion:
    """Measure the majority illusion: the share of people most of whose neighbours hold what most people do not.

    Parameters
    ----------
    edges : `source`, `target`; or a Network. Direction and weight make no difference.
    active : the nodes that hold the opinion.
    draws : random placements of as many holders, for `by_chance`.

    Raises
    ------
    ValueError : no node has a neighbour.

    References
    ----------
    Lerman, Yan & Wu (2016), The majority illusion in social networks, PLoS ONE 11(2) e0147617. Interval by Wilson (1927):
    people are taken as a sample; that they share neighbours is not corrected for.
    """
    net = edges if isinstance(edges, Network) else network(edges)
    connected = net.degree > 0
    n = int(connected.sum())
    if n == 0:
        raise ValueError("nobody has a neighbour: nothing can be seen around anyone")
    holds = net.names.isin(list(active)) & connected
    sees = _sees(net, holds)
    rng = np.random.default_rng(seed)
    nodes = np.flatnonzero(connected)
    chance = []
    for _ in range(draws):
        placed = np.zeros(net.nodes, dtype=bool)
        placed[rng.choice(nodes, int(holds.sum()), replace=False)] = True
        chance.append(_sees(net, placed).sum() / n)
    hits = float(sees.sum())
    lo, hi = wilson(np.array([hits]), float(n), level)
    share, by_chance = float(holds.sum() / n), float(np.mean(chance)) if chance else float("nan")
    illusion = share < 0.5 and float(lo[0]) > max(by_chance, share)
    return MajorityIllusion(share, hits / n, float(lo[0]), float(hi[0]), by_chance, n, illusion, level)


def most_connected(net: Network, share: float) -> pd.Index:
    """Return the `share` of nodes with most neighbours, ties in the order of the nodes: whose opinion is seen most."""
    order = np.argsort(-net.degree, kind="stable")
    return net.names[order[: int(share * net.nodes)]]


def false_consensus(top: pd.DataFrame, people: pd.DataFrame, *, level: float = 0.9, least: int = 10) -> pd.DataFrame:
    """Set what a reader of the top-ranked posts would believe beside what people say.

    Parameters
    ----------
    top : `topic`, `sentiment_label` of the posts that a reader meets first; null = not labelled.
    people : `topic`, `negative`, `neutral`, `positive`: posts of an author by label, or only which label most of them have.
        An author counts with the label of most of their posts; one whose labels tie counts in parts. `authors`: of how many
        authors that is so; 1 if left out.
    least : labelled posts, and people, below which nothing is said.

    Returns
    -------
    Per topic and `opinion` ('negative' | 'positive'): `seen` (share of the labelled top posts), `seen_lo`, `seen_hi`, `held`
    (share of people), `held_lo`, `held_hi`, `difference`, `n_top`, `n_people`, `verdict` ('looks more common' | 'looks less
    common' | 'cannot tell' | 'not measured') and `reason`.
    """
    labels = ("negative", "neutral", "positive")
    rows = []
    for topic in sorted(set(top["topic"]) | set(people["topic"])):
        seen = top.loc[(top["topic"] == topic) & top["sentiment_label"].isin(labels), "sentiment_label"]
        of_topic = people[people["topic"] == topic]
        own = of_topic[list(labels)].to_numpy(float)
        authors = of_topic["authors"].to_numpy(float) if "authors" in of_topic else np.ones(len(own))
        most = own == own.max(axis=1, keepdims=True) if len(own) else np.zeros((0, 3), dtype=bool)
        parts = authors @ (most / most.sum(axis=1, keepdims=True)) if len(own) else np.zeros(3)
        for opinion in ("negative", "positive"):
            hits = np.array([(seen == opinion).sum(), parts[labels.index(opinion)]], dtype=float)
            n = np.array([len(seen), authors.sum()], dtype=float)
            rows.append(_believed(topic, opinion, hits, n, level, least))
    return pd.DataFrame(rows)


def _believed(topic: str, opinion: str, hits: np.ndarray, n: np.ndarray, level: float, least: int) -> dict[str, Any]:
    low, high = wilson(hits, n, level)
    with np.errstate(divide="ignore", invalid="ignore"):
        seen, held = hits / n
    # Newcombe (1998), method 10: the interval of a difference from two score intervals.
    difference = seen - held
    lo = difference - np.sqrt((seen - low[0]) ** 2 + (high[1] - held) ** 2)
    hi = difference + np.sqrt((high[0] - seen) ** 2 + (held - low[1]) ** 2)
    reason = ""
    if n[0] < least:
        reason = "too few top posts carry a tone label"
    elif n[1] < least:
        reason = "too few people carry a tone label"
    verdict = "looks more common" if lo > 0 else "looks less common" if hi < 0 else "cannot tell"
    return {
        "topic": topic, "opinion": opinion, "seen": seen, "seen_lo": low[0], "seen_hi": high[0], "held": held,
        "held_lo": low[1], "held_hi": high[1], "difference": difference, "lo": lo, "hi": hi, "n_top": int(n[0]),
        "n_people": int(n[1]), "verdict": "not measured" if reason else verdict, "reason": reason,
    }  # fmt: skip


def _sees(net: Network, holds: np.ndarray) -> np.ndarray:
    """Return for every node whether more than half of its neighbours hold the opinion."""
    held = holds.astype(float)
    around = np.bincount(net.source, held[net.target], net.nodes) + np.bincount(net.target, held[net.source], net.nodes)
    seen: np.ndarray = (net.degree > 0) & (around > net.degree / 2)
    return seen
