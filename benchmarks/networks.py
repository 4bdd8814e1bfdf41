"""Networks at size: planted communities found, seconds and memory, false claims of controversy on random networks.

    python benchmarks/networks.py [EDGES ...] [--random N]

Each size runs in a process of its own, on one core. Beside wall time stands processor time, which other work does
not lengthen. igraph's Leiden (2 iterations) is timed beside ours where it happens to be installed; it is GPL and no dependency
of this project.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pandas as pd

from explorer.communities import communities, controversy, sides
from explorer.illusions import majority_illusion, most_connected
from explorer.networks import Network, assortativity, from_pairs, modularity, nmi

COMMUNITIES = 40


def planted(edges: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return source, target, community: two camps of 20 communities, heavy-tailed attention, edges / 8 people.

    Of the edges 80 % stay in the community, 15 % in the camp, 5 % go anywhere.
    """
    rng = np.random.default_rng(seed)
    people = edges // 8
    community = rng.integers(0, COMMUNITIES, people)
    attraction = rng.pareto(1.3, people) + 1
    order = np.argsort(community, kind="stable")
    first = np.searchsorted(community[order], np.arange(COMMUNITIES + 1))
    reach = np.cumsum(attraction[order])
    source = (people * rng.random(edges) ** 1.8).astype(np.int64) * 2654435761 % people
    kind = rng.random(edges)
    into = community[source].copy()
    camp = kind > 0.8
    into[camp] = rng.integers(0, COMMUNITIES // 2, camp.sum()) * 2 + community[source[camp]] % 2
    anywhere = kind > 0.95
    into[anywhere] = rng.integers(0, COMMUNITIES, anywhere.sum())
    low = np.where(first[into] > 0, reach[np.maximum(first[into] - 1, 0)], 0)
    high = reach[first[into + 1] - 1]
    target = order[np.minimum(np.searchsorted(reach, low + (high - low) * rng.random(edges)), people - 1)]
    return source, target, community


def measure(edges: int) -> None:
    source, target, community = planted(edges)
    before = _peak()
    steps = []

    def timed(name: str, work):
        start, busy = time.perf_counter(), time.process_time()
        result = work()
        steps.append((name, time.perf_counter() - start, time.process_time() - busy))
        return result

    net: Network = timed("build", lambda: from_pairs(source, target, np.ones(edges), pd.RangeIndex(len(community))))
    joined = net.degree > 0
    found = timed("Leiden", lambda: communities(net))
    camp = community % 2
    score = timed("modularity", lambda: modularity(net, camp))
    like = timed("assortativity", lambda: assortativity(net, camp))
    walk = timed("random-walk controversy", lambda: controversy(net, pd.Series(camp), share=0.01, draws=20, nulls=0))
    most = most_connected(net, 0.1)
    seen = timed("majority illusion", lambda: majority_illusion(net, most, draws=3))
    halves = timed("two sides", lambda: sides(net, within=found))
    label = found.of["community"].to_numpy()
    print(f"{edges:,} interactions, {net.nodes:,} people, {net.pairs:,} pairs")
    print(f"  agreement with the planted communities (NMI) {nmi(label[joined], community[joined]):.3f}")
    print(f"  modularity {found.modularity:.4f}, stability over {found.runs} seeds {found.stability:.3f}")
    print(f"  camps: modularity {score:.4f}, assortativity {like[0]:.4f} ± {like[1]:.4f}")
    print(f"  camps found (NMI) {nmi(halves[joined], camp[joined]):.3f}, walks {walk.rwc:.4f} ± {walk.error:.4f}")
    print(f"  majority illusion with 10 % active {seen.sees:.3f}")
    print(f"  {'':<26}{'wall':>9}{'processor':>11}")
    for name, seconds, busy in [*steps, ("together", sum(s for _, s, _ in steps), sum(b for _, _, b in steps))]:
        print(f"  {name:<26}{seconds:7.2f} s{busy:9.2f} s")
    print(f"  peak memory {_peak():,.0f} MB ({before:,.0f} MB before)")
    _beside_igraph(net, community)


def _beside_igraph(net: Network, community: np.ndarray) -> None:
    try:
        import igraph
    except ImportError:
        print("  igraph is not installed: no time beside ours")
        return
    start = time.process_time()
    graph = igraph.Graph(n=net.nodes, edges=np.column_stack([net.source, net.target]))
    built = time.process_time()
    part = graph.community_leiden("modularity", weights=net.weight, n_iterations=2)
    done = time.process_time()
    label = np.array(part.membership)
    joined = net.degree > 0
    agreement = nmi(label[joined], community[joined])
    ours = _leiden_once(net)
    print(
        f"  igraph (processor): build {built - start:.2f} s, Leiden {done - built:.2f} s, NMI {agreement:.3f};"
        f" ours, one seed with its graph: {ours:.2f} s"
    )


def _leiden_once(net: Network) -> float:
    start = time.process_time()
    communities(net, runs=1)
    return time.process_time() - start


def random_networks(count: int) -> None:
    """Claim controversy on networks without sides: random pairs, and heavy-tailed degrees, dense and sparse."""
    rng = np.random.default_rng(1)
    claims = 0
    for k in range(count):
        people, edges = (300, 450) if k % 2 else (300, 1500)
        weight = np.ones(people) if k % 4 < 2 else rng.pareto(2.0, people) + 1
        ends = rng.choice(people, (2, edges), p=weight / weight.sum())
        net = from_pairs(ends[0], ends[1], np.ones(edges), pd.RangeIndex(people))
        claims += controversy(net, nulls=10, draws=40, seed=k).verdict == "controversial"
    print(f"random networks: controversy claimed on {claims} of {count} ({claims / count:.1%})")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("edges", nargs="*", type=int)
    parser.add_argument("--random", type=int, default=200, metavar="N", help="random networks to try; 0 = none")
    parser.add_argument("--here", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.here:
        measure(chosen.here)
    else:
        for size in chosen.edges or [1_000_000, 5_000_000]:
            subprocess.run([sys.executable, __file__, "--here", str(size)], check=True)
        if chosen.random:
            random_networks(chosen.random)
