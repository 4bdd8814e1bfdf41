"""Interaction networks as arrays: made from edges, measured by what the field measures (modularity, assortativity, closure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Network:
    """An undirected weighted network. `source`, `target`: node numbers of each pair, once; `names`: what each node is."""

    source: Whole
    target: Whole
    weight: Array
    names: pd.Index

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.names)

    @property
    def pairs(self) -> int:
        """How many pairs of nodes are connected."""
        return len(self.source)

    @cached_property
    def degree(self) -> Whole:
        """Neighbours of every node."""
        ends = np.concatenate([self.source, self.target])
        return np.bincount(ends, minlength=self.nodes).astype(np.int64)

    @cached_property
    def strength(self) -> Array:
        """Sum of the weights at every node."""
        out, into = (np.bincount(end, self.weight, self.nodes) for end in (self.source, self.target))
        return np.asarray(out + into, dtype=float)

    @cached_property
    def adjacency(self) -> csr_array:
        """The symmetric matrix of weights, rows and columns in the order of `names`."""
        half = csr_array((self.weight, (self.source, self.target)), shape=(self.nodes, self.nodes))
        return (half + half.T).tocsr()

    def labels(self, of: pd.Series | dict[Any, Any]) -> NDArray[Any]:
        """Return the label of every node in the order of `names`; NaN where a node has none."""
        return pd.Series(of).reindex(self.names).to_numpy()


def network(edges: pd.DataFrame, *, nodes: Sequence[Any] | pd.Index | None = None) -> Network:
    """Return the network of `edges`: direction dropped, weights of one pair added, loops and missing ends left out.

    Parameters
    ----------
    edges : `source`, `target`, and `weight` (> 0) if known, else 1.
    nodes : all nodes, where some have no edge, or where only these are wanted.
    """
    known = edges[edges["source"].notna() & edges["target"].notna()]
    weight = known["weight"].to_numpy(float) if "weight" in known else np.ones(len(known))
    ends = np.concatenate([known["source"].to_numpy(), known["target"].to_numpy()])
    if nodes is None:
        code, names = pd.factorize(ends, sort=True)
    else:
        names = pd.Index(nodes).unique()
        code = names.get_indexer(pd.Index(ends))
    half = len(known)
    source, target = code[:half].astype(np.int64), code[half:].astype(np.int64)
    return from_pairs(source, target, weight, pd.Index(names))


def from_pairs(source: Whole, target: Whole, weight: Array, names: pd.Index) -> Network:
    """Return a network from node numbers; -1 means an end that is not among the nodes."""
    keep = (source != target) & (source >= 0) & (target >= 0)
    low, high = np.minimum(source, target)[keep], np.maximum(source, target)[keep]
    key = low * len(names) + high
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    summed = np.add.reduceat(weight[keep][order], first) if len(first) else np.zeros(0)
    return Network(key[first] // len(names), key[first] % len(names), summed, names)


def modularity(net: Network, side: NDArray[Any]) -> float:
    """Return the modularity of a partition (Newman & Girvan 2004): weight inside minus what strengths alone would give."""
    group, count = _groups(side)
    total = net.weight.sum()
    if total == 0:
        return float("nan")
    inside = net.weight[group[net.source] == group[net.target]].sum() / total
    of = np.bincount(group, net.strength, count) / (2 * total)
    return float(inside - (of**2).sum())


def assortativity(net: Network, side: NDArray[Any]) -> tuple[float, float]:
    """Return how much like meets like (-1..1) and its standard error.

    References
    ----------
    Newman (2003), Mixing patterns in networks: r = (tr e - |e²|) / (1 - |e²|), its error by the jackknife over edges.
    """
    group, count = _groups(side)
    a, b, w = group[net.source], group[net.target], net.weight
    total = w.sum()
    e = np.bincount(a * count + b, w, count * count).reshape(count, count)
    e = (e + e.T) / (2 * total)
    trace, ends = np.trace(e), e.sum(axis=1)
    square = (ends**2).sum()
    if square >= 1:
        return float("nan"), float("nan")
    r = (trace - square) / (1 - square)
    share = w / total
    same = (a == b).astype(float)
    less_trace = (trace - share * same) / (1 - share)
    moved = share / 2
    less_square = square - 2 * moved * (ends[a] + ends[b]) + moved**2 * np.where(a == b, 4, 2)
    less_square /= (1 - share) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        others = (less_trace - less_square) / (1 - less_square)
    error = np.sqrt(np.nansum((others - r) ** 2))
    return float(r), float(error)


def closure(net: Network, side: NDArray[Any]) -> pd.DataFrame:
    """Return how closed each group is: `group`, `nodes`, `strength`, `inside` (share of its weight that stays inside),
    `expected` (that share if partners were met in proportion to their strength), `ei` (external-internal index, -1 = all
    inside, +1 = all outside; Krackhardt & Stern 1988).
    """
    group, count = _groups(side)
    a, b = group[net.source], group[net.target]
    inner = np.bincount(a[a == b], 2 * net.weight[a == b], count)
    of = np.bincount(group, net.strength, count)
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = inner / of
    names = pd.unique(pd.Series(side).dropna())
    frame = pd.DataFrame(
        {
            "nodes": np.bincount(group, minlength=count),
            "strength": of,
            "inside": inside,
            "expected": of / max(of.sum(), 1e-12),
            "ei": 1 - 2 * inside,
        }
    )
    frame.insert(0, "group", _names(side))
    return frame[frame["group"].isin(names)].reset_index(drop=True)


def nmi(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return the normalised mutual information of two partitions (arithmetic mean; Danon et al. 2005): 1 = the same."""
    a, n = _groups(first)
    b, m = _groups(second)
    joint = np.unique(a * m + b, return_counts=True)[1] / len(a)
    h = [_entropy(np.bincount(x, minlength=k) / len(x)) for x, k in ((a, n), (b, m))]
    return 1.0 if sum(h) == 0 else float(2 * (sum(h) - _entropy(joint)) / sum(h))


def _entropy(p: Array) -> float:
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())


def _groups(side: NDArray[Any]) -> tuple[Whole, int]:
    code, names = pd.factorize(np.asarray(side), sort=True, use_na_sentinel=False)
    return code.astype(np.int64), len(names)


def _names(side: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(pd.factorize(np.asarray(side), sort=True, use_na_sentinel=False)[1])
