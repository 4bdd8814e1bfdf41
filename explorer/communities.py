"""Communities and camps: Leiden communities with their stability, two sides, and random-walk controversy with its error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from explorer.networks import Array, Network, Whole, from_pairs, modularity, network, nmi
from explorer.walks import shuffled, walks

#: Communities with fewer people than this are not described: what is said of them would be said of persons.
SMALLEST = 10
#: Mean agreement (NMI) of runs with different seeds below which communities are called unstable.
STABLE = 0.7
#: Pairs from which on communities are looked for with two seeds instead of five.
LARGE = 500_000


@dataclass(frozen=True)
class Communities:
    """A partition of people by whom they interact with.

    `of` : one row a node: `node`, `community` (0 = the largest), `certain` (share of runs that put it with most of its
    community). `modularity` of the partition; `stability`: mean agreement (NMI, 0..1) between runs with different seeds.
    """

    of: pd.DataFrame
    modularity: float
    stability: float
    runs: int


@dataclass(frozen=True)
class Controversy:
    """Random-walk controversy of a network with two sides.

    `rwc` : as observed, -1..1, 1 = nobody leaves their side. `error` : its standard error from the nodes and walks drawn.
    `null`, `null_spread` : mean and standard deviation of the score in random networks with the same degrees. `corrected` :
    observed minus null. `lo`, `hi` : interval of `corrected`. `p_value` : chance of such a score without sides.
    `verdict` : 'controversial' | 'no sign' | 'not tested'. `sides` : nodes a side.
    """

    rwc: float
    error: float
    null: float | None
    null_spread: float | None
    corrected: float | None
    lo: float | None
    hi: float | None
    p_value: float | None
    verdict: str
    sides: tuple[int, int]
    level: float


def communities(
    net: Network, *, runs: int | None = None, resolution: float = 1.0, iterations: int = 3, seed: int = 0
) -> Communities:
    """Find communities with the Leiden algorithm and say how far they depend on chance.

    Parameters
    ----------
    runs : with different seeds; the partition with the highest modularity is returned, the others measure its stability. If
        left out, 5, and 2 from LARGE pairs on, where runs differ little and each takes seconds; the result says how many.
    resolution : above 1 gives more, smaller communities.

    References
    ----------
    Traag, Waltman & van Eck (2019), From Louvain to Leiden; Staudt et al. (2016), NetworKit. Stability over seeds as in
    Lancichinetti & Fortunato (2012).
    """
    if net.pairs == 0:
        frame = pd.DataFrame({"node": net.names, "community": np.arange(net.nodes), "certain": np.nan})
        return Communities(frame, float("nan"), float("nan"), 0)
    if runs is None:
        runs = 2 if net.pairs >= LARGE else 5
    graph = _graph(net)
    found = [_leiden(graph, resolution, iterations, seed + run) for run in range(max(runs, 1))]
    scores = [modularity(net, f) for f in found]
    best = found[int(np.argmax(scores))]
    agree = [nmi(found[i], found[j]) for i in range(len(found)) for j in range(i)]
    size = np.bincount(best)
    rank = np.empty(len(size), dtype=np.int64)
    rank[np.argsort(-size, kind="stable")] = np.arange(len(size))
    certain = np.mean([_together(best, f) for f in found if f is not best] or [np.full(net.nodes, np.nan)], axis=0)
    frame = pd.DataFrame({"node": net.names, "community": rank[best], "certain": certain})
    return Communities(frame, max(scores), float(np.mean(agree)) if agree else float("nan"), len(found))


def sides(net: Network, *, seed: int = 0, within: Communities | None = None) -> NDArray[np.int64]:
    """Return the side (0 or 1) of every node: Leiden communities merged pairwise for modularity, then nodes moved greedily.

    Sides are found in every network, also where there are none: only their score tells. `within` : communities of this very
    network, where they are known already; else they are looked for with `seed`.
    """
    if within is not None:
        group = within.of["community"].to_numpy()
    else:
        group = _leiden(_graph(net), 1.0, 3, seed) if net.pairs else np.arange(net.nodes) % 2
    group = _merge(net, group)
    return _move(net, group)


def controversy(
    edges: pd.DataFrame | Network,
    sides_of: pd.Series | dict[Any, Any] | None = None,
    *,
    share: float = 0.1,
    draws: int = 60,
    nulls: int = 20,
    found: bool = True,
    level: float = 0.9,
    seed: int = 0,
) -> Controversy:
    """Measure how far a random walker of either side stays there before meeting people of the other.

    From a random node of a side the walk goes on until it meets one of the `share` of nodes drawn from each side; RWC =
    P(X|X) P(Y|Y) - P(X|Y) P(Y|X), where P(A|B) is the chance that a walk that ended in B began in A. The score of a sparse
    random network is far from zero; that of `nulls` random networks with the same degrees, with sides found in the same way,
    is subtracted, and a controversy is claimed only where the observed score exceeds what they give (one-sided, 1 %).

    Parameters
    ----------
    edges : `source`, `target`, `weight` if known; or a Network. Loops are left out.
    sides_of : node -> side, two values; nodes without one are left out. None = found in the network itself.
    share : of nodes drawn a side, 0..1. `draws` : how often they are drawn anew.
    nulls : random networks for the correction; 0 = none, and no verdict.
    found : the given sides were found in this very network (so they fit its noise); False = known from elsewhere.

    Raises
    ------
    ValueError : not two sides, or a side with fewer than two nodes.

    References
    ----------
    Garimella, De Francisci Morales, Gionis & Mathioudakis (2018), Quantifying controversy on social media; Salloum, Chen &
    Kivelä (2022), Separating polarization from noise, for the correction.
    """
    net = edges if isinstance(edges, Network) else network(edges)
    given = sides_of is not None
    side = sides(net, seed=seed) if sides_of is None else _two(net, sides_of)
    if given and (side < 0).any():
        net, side = _among(net, side)
    counts = np.bincount(side, minlength=2)
    if counts.min() < 2:
        raise ValueError(f"a side has {counts.min()} nodes; a walk needs at least two on each")
    rng = np.random.default_rng(seed)
    values = walks(net, side, share, draws, rng)
    rwc, error = (
        float(values.mean()),
        float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan"),
    )
    size = (int(counts[0]), int(counts[1]))
    if nulls < 2:
        return Controversy(rwc, error, None, None, None, None, None, None, "not tested", size, level)
    null = []
    for k in range(nulls):
        other = shuffled(net, rng)
        theirs = side if given and not found else sides(other, seed=seed + 1000 + k)
        few = np.bincount(theirs, minlength=2).min() < 2
        null.append(np.nan if few else float(walks(other, theirs, share, max(draws // 4, 5), rng).mean()))
    known = np.array([v for v in null if np.isfinite(v)])
    if len(known) < 2:
        return Controversy(rwc, error, None, None, None, None, None, None, "not tested", size, level)
    mean, spread = float(known.mean()), float(known.std(ddof=1))
    # A new network among those seen: Student's prediction interval.
    step = spread * np.sqrt(1 + 1 / len(known)) + 1e-12
    p = float(stats.t.sf((rwc - mean) / step, len(known) - 1))
    z = stats.t.ppf(0.5 + level / 2, len(known) - 1)
    half = z * np.sqrt(step**2 + (error if np.isfinite(error) else 0) ** 2)
    verdict = "controversial" if p <= 0.01 else "no sign"
    return Controversy(
        rwc, error, mean, spread, rwc - mean, rwc - mean - half, rwc - mean + half, p, verdict, size, level
    )


def _graph(net: Network) -> Any:
    import networkit as nk  # it brings matplotlib along, which nothing else of a page needs

    data = (net.weight, (net.source.astype(np.uint32), net.target.astype(np.uint32)))
    return nk.GraphFromCoo(data, n=net.nodes, weighted=True, directed=False)


def _leiden(graph: Any, resolution: float, iterations: int, seed: int) -> Whole:
    import networkit as nk

    # One thread: with more the same seed gives different communities.
    threads = nk.getMaxNumberOfThreads()
    nk.setNumberOfThreads(1)
    nk.setSeed(seed + 1, False)
    try:
        run = nk.community.ParallelLeiden(graph, iterations=iterations, gamma=resolution)
        run.run()
        found = np.asarray(run.getPartition().getVector(), dtype=np.int64)
    finally:
        nk.setNumberOfThreads(threads)
    return np.unique(found, return_inverse=True)[1].astype(np.int64)


def _together(best: Whole, other: Whole) -> Array:
    """Return for every node whether `other` puts it with the plurality of its community."""
    pair = pd.DataFrame({"best": best, "other": other})
    size = pair.groupby(["best", "other"]).size()
    most = size.groupby("best").idxmax()
    home = {int(b): int(o) for b, o in most}
    return (pair["best"].map(home) == pair["other"]).to_numpy(float)


def _merge(net: Network, group: Whole) -> Whole:
    """Merge groups two by two, the pair whose union loses least modularity first, until two are left."""
    count = int(group.max()) + 1
    total = net.weight.sum()
    strength = np.bincount(group, net.strength, count) / (2 * total)
    if count > _MANY:
        group = _fold(net, group, strength)
        count = int(group.max()) + 1
        strength = np.bincount(group, net.strength, count) / (2 * total)
    a, b = group[net.source], group[net.target]
    between = np.bincount(a * count + b, net.weight, count * count).reshape(count, count) / (2 * total)
    between = between + between.T
    label = np.arange(count)
    alive = list(range(count))
    while len(alive) > 2:
        part = np.ix_(alive, alive)
        gain = 2 * (between[part] - np.outer(strength[alive], strength[alive]))
        np.fill_diagonal(gain, -np.inf)
        # Equal halves are what is looked for: of two groups without ties the smaller are joined.
        gain -= 1e-9 * np.add.outer(strength[alive], strength[alive])
        i, j = np.unravel_index(int(np.argmax(gain)), gain.shape)
        keep, gone = alive[i], alive[j]
        between[keep] += between[gone]
        between[:, keep] += between[:, gone]
        strength[keep] += strength[gone]
        label[label == gone] = keep
        alive.remove(gone)
    return (label[group] != alive[0]).astype(np.int64)


#: Groups that are merged pair by pair; smaller ones first join the group they are most tied to.
_MANY = 64


def _fold(net: Network, group: Whole, strength: Array) -> Whole:
    """Join the groups beyond the largest to the one of these they are most tied to; those without a tie form one group."""
    rank = np.argsort(np.argsort(-strength, kind="stable"), kind="stable")
    group = rank[group]
    ends = np.concatenate([group[net.source], group[net.target]])
    others = np.concatenate([group[net.target], group[net.source]])
    small = (ends >= _MANY) & (others < _MANY)
    pair = pd.DataFrame({"small": ends[small], "large": others[small], "w": np.tile(net.weight, 2)[small]})
    tie = pair.groupby(["small", "large"], as_index=False)["w"].sum().sort_values("w", kind="stable")
    home = np.minimum(np.arange(len(strength)), _MANY)
    home[tie["small"].to_numpy()] = tie["large"].to_numpy()
    return np.unique(home[group], return_inverse=True)[1].astype(np.int64)


def _move(net: Network, side: Whole, passes: int = 10) -> Whole:
    """Move nodes to the side that gains modularity, a random half of the willing at a time so that neighbours do not swap."""
    rng = np.random.default_rng(0)
    total = net.weight.sum()
    if total == 0:
        return side
    best, score = side, modularity(net, side)
    for _ in range(passes):
        mark = 2.0 * side - 1
        pull = net.adjacency @ mark - net.strength * (net.strength @ mark) / (2 * total)
        willing = np.flatnonzero((pull * mark < -1e-12) & (rng.random(net.nodes) < 0.5))
        if not len(willing):
            break
        side = side.copy()
        side[willing] = 1 - side[willing]
        now = modularity(net, side)
        if now > score:
            best, score = side, now
    return best


def _two(net: Network, sides_of: pd.Series | dict[Any, Any]) -> Whole:
    code, names = pd.factorize(net.labels(sides_of), sort=True)
    if len(names) != 2:
        raise ValueError(f"controversy is measured between two sides; {len(names)} were given")
    return code.astype(np.int64)


def _among(net: Network, side: Whole) -> tuple[Network, Whole]:
    """Return the part of the network whose nodes have a side."""
    keep = np.flatnonzero(side >= 0)
    number = np.full(net.nodes, -1, dtype=np.int64)
    number[keep] = np.arange(len(keep))
    return from_pairs(number[net.source], number[net.target], net.weight, net.names[keep]), side[keep]
