"""Trees of who took it from whom: depth, branch sizes and structural virality, in linear time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.errors import BadSeries


@dataclass(frozen=True)
class Forest:
    """Cascades as arrays of one value a node.

    `ids`: names of the nodes. `parent`: row of the parent, -1 for the first of a cascade. `root`: row of that first one.
    `depth`: steps from it. `order`: rows, parents before their children. `branch`: nodes of the branch that starts here, itself
    included.
    """

    ids: pd.Index
    parent: np.ndarray
    root: np.ndarray
    depth: np.ndarray
    order: np.ndarray
    branch: np.ndarray

    @property
    def n(self) -> np.ndarray:
        """Nodes of the cascade that each node belongs to."""
        size: np.ndarray = self.branch[self.root]
        return size

    def summed_up(self, values: np.ndarray) -> np.ndarray:
        """Return, for each node, the sum of `values` over its whole branch, itself included."""
        return _summed_up(self.parent, self.order, values)


def forest_of_edges(child: Iterable[object], parent: Iterable[object]) -> Forest:
    """Return the forest of (child, parent) pairs; without a parent a node is a first post.

    Raises
    ------
    BadSeries : a node with two parents, or one that is its own ancestor.
    """
    children, parents = pd.Series(list(child)), pd.Series(list(parent))
    lone = parents.isna().to_numpy()
    codes, ids = pd.factorize(pd.concat([children, parents[~lone]], ignore_index=True))
    below, above = codes[: len(children)], codes[len(children) :]
    twice = pd.Series(below[~lone]).duplicated().to_numpy()
    if twice.any():
        name = ids[below[~lone][twice][0]]
        raise BadSeries(f"{name!r} has two parents", "edges", "keep the post it was taken from")
    up = np.full(len(ids), -1)
    up[below[~lone]] = above
    return forest(up, pd.Index(ids))


def forest(parent: np.ndarray, ids: pd.Index | None = None) -> Forest:
    """Return the forest of an array of parent rows (-1 = none)."""
    n = len(parent)
    names = pd.RangeIndex(n) if ids is None else ids
    root = np.where(parent < 0, np.arange(n), parent)
    depth = (parent >= 0).astype(np.int64)
    # Pointer doubling: every round looks twice as far up, so that a chain of a million needs twenty rounds.
    for _ in range(n.bit_length() + 1):
        depth = depth + depth[root]
        further = root[root]
        if np.array_equal(further, root):
            break
        root = further
    if n and (parent[root] >= 0).any():
        name = names[int(np.flatnonzero(parent[root] >= 0)[0])]
        raise BadSeries(f"{name!r} is among its own ancestors", "edges", "a post cannot be taken from a later one")
    order = np.argsort(depth, kind="stable")
    branch = _summed_up(parent, order, np.ones(n, dtype=np.int64))
    return Forest(names, parent, root, depth, order, branch)


def virality(trees: Forest) -> np.ndarray:
    """Return the structural virality of each node's cascade: the mean distance between two of its nodes; NaN for one node.

    An edge that cuts a branch of s nodes off a tree of n lies on s (n - s) of the n (n - 1) / 2 paths, hence
    2 / (n (n - 1)) x the sum over edges. 2 (1 - 1/n) for a star, (n + 1) / 3 for a chain.

    References
    ----------
    Goel, Anderson, Hofman & Watts (2016), The structural virality of online diffusion, Management Science 62(1).
    """
    n = trees.n.astype(np.int64)
    crossing = np.where(trees.parent >= 0, trees.branch * (n - trees.branch), 0)
    total = np.zeros(len(n), dtype=np.int64)
    np.add.at(total, trees.root, crossing)
    size = n.astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        result: np.ndarray = np.where(n > 1, 2.0 * total[trees.root] / (size * (size - 1)), np.nan)
    return result


def _summed_up(parent: np.ndarray, order: np.ndarray, values: np.ndarray) -> np.ndarray:
    # Plain lists: each sum needs the one below it, and lists are several times as fast here as arrays of one element.
    total, up = values.tolist(), parent.tolist()
    for row in order[::-1].tolist():
        above = up[row]
        if above >= 0:
            total[above] += total[row]
    return np.asarray(total, dtype=values.dtype)
