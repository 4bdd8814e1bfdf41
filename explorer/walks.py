"""Random walks between two sides of a network, and random networks of the same degrees to set them against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from explorer.networks import Array, Network, Whole, from_pairs

#: Steps after which a walk that met nobody is given up (it sits in a corner without targets).
_LONGEST = 2000


def walks(net: Network, side: Whole, share: float, draws: int, rng: np.random.Generator) -> Array:
    """Return the random-walk controversy (Garimella et al. 2018) of each of `draws` sets of target nodes, `share` a side."""
    adjacency = net.adjacency
    starts, neighbours = adjacency.indptr.astype(np.int64), adjacency.indices
    reach = np.diff(starts)
    members = [np.flatnonzero((side == s) & (reach > 0)) for s in (0, 1)]
    if min(len(m) for m in members) < 2:
        return np.full(draws, np.nan)
    # All draws walk at once; each has targets of its own.
    end_at = np.full((draws, net.nodes), -1, dtype=np.int8)
    begin, of = [], []
    for draw in range(draws):
        for s, group in enumerate(members):
            # As the authors' code does it: drawn with replacement, each node once, so 10 % drawn are 9.5 % met.
            targets = np.unique(rng.choice(group, max(int(share * len(group)), 2)))
            if len(targets) < 2:
                targets = rng.choice(group, 2, replace=False)
            end_at[draw, targets] = s
            begin.append(targets)
            of.append(np.full(len(targets), draw))
    start, own = np.concatenate(begin), np.concatenate(of)
    here, ended = start.copy(), np.full(len(start), -1, dtype=np.int8)
    # Where nobody else was drawn in its component a walk can meet no one.
    _, component = connected_components(adjacency, directed=False)
    _, where, company = np.unique(
        own * (component.max() + 1) + component[start], return_inverse=True, return_counts=True
    )
    live = np.flatnonzero(company[where] > 1)
    for _ in range(_LONGEST):
        at = here[live]
        at = neighbours[starts[at] + (rng.random(len(live)) * reach[at]).astype(np.int64)]
        here[live] = at
        # Coming back to where it began does not end a walk.
        ended[live] = np.where(at == start[live], -1, end_at[own[live], at])
        live = live[ended[live] < 0]
        if not len(live):
            break
    scores = np.array([_score(side[start[own == d]], ended[own == d]) for d in range(draws)])
    return scores[np.isfinite(scores)]


def shuffled(net: Network, rng: np.random.Generator) -> Network:
    """Return a random network with the same degrees (configuration model; loops and repeated pairs swapped away, the few
    that resist left out). Weights travel with their edge.
    """
    ends = np.concatenate([net.source, net.target])
    rng.shuffle(ends)
    a, b = ends[: net.pairs].copy(), ends[net.pairs :].copy()
    for _ in range(20):
        low, high = np.minimum(a, b), np.maximum(a, b)
        key = low * net.nodes + high
        order = np.argsort(key, kind="stable")
        again = np.zeros(len(key), dtype=bool)
        again[order[1:]] = key[order[1:]] == key[order[:-1]]
        bad = np.flatnonzero((a == b) | again)
        if not len(bad):
            break
        # Swap one end of every bad edge with one end of an edge drawn at random.
        other = rng.integers(0, len(a), len(bad))
        other, at = np.unique(other, return_index=True)
        mine = bad[at]
        keep = ~np.isin(other, mine)
        mine, other = mine[keep], other[keep]
        b[mine], b[other] = b[other].copy(), b[mine].copy()
    return from_pairs(a, b, net.weight, net.names)


def _score(began: Whole, ended: NDArray[np.int8]) -> float:
    met = ended >= 0
    table = np.bincount(began[met] * 2 + ended[met], minlength=4).reshape(2, 2).astype(float)
    # Sides of unequal size would weigh by their size: walks begin equally often on both.
    table /= np.maximum(np.bincount(began, minlength=2)[:, None], 1)
    share = table / np.maximum(table.sum(axis=0, keepdims=True), 1e-12)
    return float(share[0, 0] * share[1, 1] - share[1, 0] * share[0, 1])
