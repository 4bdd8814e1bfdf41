"""What rounding alone makes certain: levels as a system of difference constraints, its tightest bounds as shortest paths."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from sources.scales.answers import Answers, Array, Ints
from sources.scales.fit import by_term

#: Slack of every constraint, of the logarithm: what sums of printed digits lose in floating point.
SLACK = 1e-9


def rounding_bounds(answers: Answers, reference: int) -> tuple[Array, Array] | None:
    """Return the lowest and highest log ratio of every term's sum to the reference's that rounding allows.

    With X the sum of a term over its cells and c the factor of an answer, log(sum of lo) <= log X + log c <= log(sum of hi);
    and where two answers share a cell, c x must lie within what each printed, which bounds c / c'. All of these bound a
    difference of two unknowns, so that the tightest bounds that follow from all of them are the shortest paths from the
    reference. None: the constraints contradict each other (a negative cycle), which proves that more than rounding differs
    between the answers.

    References
    ----------
    Cormen et al., Introduction to Algorithms, "Difference constraints and shortest paths"; Bellman (1958), Ford (1956).
    """
    graph = _constraints(answers)
    try:
        above = csgraph.bellman_ford(graph, indices=reference)
        below = csgraph.bellman_ford(graph.T.tocsr(), indices=reference)
    except csgraph.NegativeCycleError:
        return None
    n = len(answers.terms)
    return -below[:n], above[:n]


def _constraints(answers: Answers) -> sparse.csr_array:
    """Edges u -> v of weight w for v <= u + w; nodes are the terms (log X), then the requests (minus log c)."""
    n_terms = len(answers.terms)
    sources: list[Ints] = []
    targets: list[Ints] = []
    weights: list[Array] = []

    def edge(u: Ints, v: Ints, w: Array) -> None:
        keep = np.isfinite(w)
        sources.append(u[keep])
        targets.append(v[keep])
        weights.append(w[keep] + SLACK)

    with np.errstate(divide="ignore", invalid="ignore"):
        for values in by_term(answers):
            term = int(answers.term[values[0]])
            rows, i = np.unique(answers.request[values], return_inverse=True)
            cells, j = np.unique(answers.cell[values], return_inverse=True)
            lo, hi = (np.full((len(rows), len(cells)), np.nan) for _ in range(2))
            lo[i, j], hi[i, j] = np.log(answers.lo[values]), np.log(answers.hi[values])
            node, here = n_terms + rows, np.full(len(rows), term)
            edge(here, node, -np.log(np.nansum(np.exp(lo), axis=1)))
            # An answer that lacks some of the term's periods bounds its sum from below only.
            whole = np.isfinite(hi).all(axis=1)
            edge(node[whole], here[whole], np.log(np.exp(hi[whole]).sum(axis=1)))
            for a in range(len(rows)):
                ratio = hi - lo[a]
                ratio[~np.isfinite(ratio)] = np.inf
                others = np.arange(len(rows)) != a
                edge(node[others], np.full(others.sum(), node[a]), ratio[others].min(axis=1))
    u, v, w = np.concatenate(sources), np.concatenate(targets), np.concatenate(weights)
    # The tightest of several constraints on one pair; a sparse array would add them up.
    order = np.lexsort((w, v, u))
    first = np.flatnonzero(np.diff(u[order], prepend=-1) | np.diff(v[order], prepend=-1))
    u, v, w = u[order][first], v[order][first], w[order][first]
    n = n_terms + len(answers.asked)
    return sparse.csr_array((w, (u, v)), shape=(n, n))
