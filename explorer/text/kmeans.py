"""k-means of few points, many times over: scikit-learn's start and steps without the checks of every single fit.

Some twenty points are grouped in the time it takes to ask whether they are an array. The random numbers, the order of every
sum and the rule to stop are scikit-learn's, so that the groups are (tests/test_kmeans.py); many points are left to it.

References
----------
Lloyd (1982), "Least squares quantization in PCM", IEEE Transactions on Information Theory 28; Arthur & Vassilvitskii (2007),
"k-means++: the advantages of careful seeding", SODA, with the greedy trials of scikit-learn's `kmeans_plusplus`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import dgemm
from sklearn.cluster import KMeans

Array = NDArray[np.float64]
Labels = NDArray[np.int_]

#: Points up to which the checks cost more than the fit.
FEW = 256
#: Starts of each grouping, steps of each start, and the shift of the middles that counts as none, as a share of the variance.
_STARTS, _STEPS, _TOLERANCE = 3, 300, 1e-4


def groupings(points: Array, numbers: Sequence[int], *, seed: int = 0) -> dict[int, Labels]:
    """Return for each number of groups the best of three starts of k-means, as `KMeans(k, n_init=3, random_state=seed)` does.

    Parameters
    ----------
    points : [n, d]. numbers : of groups, each 1..n. seed : of every start.

    Returns
    -------
    Number of groups -> [n] group of each point, 0.. without gaps; fewer groups than asked for where points coincide.
    """
    middle = np.ascontiguousarray(points - points.mean(axis=0))
    near = float(np.mean(np.var(points, axis=0))) * _TOLERANCE
    found = {}
    for k in numbers:
        labels = _best(middle, k, near, seed) if len(points) <= FEW else None
        if labels is None:
            labels = KMeans(k, n_init=_STARTS, random_state=seed).fit_predict(points)
        found[k] = np.unique(labels, return_inverse=True)[1]
    return found


def _best(points: Array, k: int, near: float, seed: int) -> Labels | None:
    """The groups of the best start; None where a group lost its points, which are too few to be worth a rule of ours."""
    random, squares = np.random.RandomState(seed), _squares(points)
    best, least = None, np.inf
    for _ in range(_STARTS):
        found = _steps(points, points[_start(points, squares, k, random)], near)
        if found is None:
            return None
        labels, inertia = found
        # The same groups with other numbers are not better, whatever rounding says.
        if best is None or (inertia < least and not _same(labels, best)):
            best, least = labels, inertia
    return best


def _start(points: Array, squares: Array, k: int, random: np.random.RandomState) -> list[int]:
    """The points to start from, drawn by their squared distance to the nearest of those before, the best of a few a draw."""
    n, trials = len(points), 2 + int(np.log(k))
    one = np.ones((n, 1))
    # As `choice` draws one of n that weigh the same.
    share = np.cumsum(np.full(n, 1 / n))
    chosen = [int(np.searchsorted(share / share[-1], random.random_sample(), side="right"))]
    nearest = _apart(points, squares, chosen)
    pot = (nearest @ one[:, 0])[0]
    for _ in range(1, k):
        drawn = random.uniform(size=trials) * pot
        tried = np.minimum(np.searchsorted(np.cumsum(nearest), drawn), n - 1)
        left = np.minimum(nearest, _apart(points, squares, tried))
        pots = (left @ one)[:, 0]
        best = int(pots.argmin())
        pot, nearest = pots[best], left[best]
        chosen.append(int(tried[best]))
    return chosen


def _apart(points: Array, squares: Array, chosen: Sequence[int] | Labels) -> Array:
    """Squared distances [chosen, n]."""
    apart = -2 * (points[chosen] @ points.T)
    apart += squares[chosen][:, None]
    apart += squares
    return np.maximum(apart, 0, out=apart)


def _steps(points: Array, middles: Array, near: float) -> tuple[Labels, float] | None:
    """Groups and inertia that Lloyd's steps lead to; None where a group loses all its points."""
    before = None
    for _ in range(_STEPS):
        labels = _nearest(points, middles)
        size = np.bincount(labels, minlength=len(middles))
        if not size.all():
            return None
        moved = _sums(points, labels, len(middles)) * (1.0 / size)[:, None]
        shift, middles = float(_squares(moved - middles).sum()), moved
        if before is not None and np.array_equal(labels, before):
            return labels, _inertia(points, middles[labels])
        if shift <= near:
            break
        before = labels
    labels = _nearest(points, middles)
    return labels, _inertia(points, middles[labels])


def _nearest(points: Array, middles: Array) -> Labels:
    """The nearest middle of every point, by |c|^2 - 2 x c: the square of the point is the same for all of them."""
    apart = np.empty((len(points), len(middles)))
    apart[:] = _squares(middles)
    # SciPy's product, the one that scikit-learn takes: another may round a tie to the other side.
    found: Labels = dgemm(-2.0, middles.T, points.T, 1.0, apart.T, trans_a=1, overwrite_c=1).argmin(axis=0)
    return found


def _sums(points: Array, labels: Labels, k: int) -> Array:
    """Sum of the points of every group, one after the other."""
    sums = np.zeros((k, points.shape[1]))
    for label, point in zip(labels.tolist(), points, strict=True):
        sums[label] += point
    return sums


def _inertia(points: Array, middles: Array) -> float:
    """Sum of the squared distances of points to their middles, added by fours and then one after the other."""
    apart = np.square(points - middles)
    whole = apart.shape[1] // 4 * 4
    fours = apart[:, 0:whole:4] + apart[:, 1:whole:4] + apart[:, 2:whole:4] + apart[:, 3:whole:4]
    of_point = np.cumsum(np.hstack([fours, apart[:, whole:]]), axis=1)[:, -1]
    return float(np.cumsum(of_point)[-1])


def _squares(rows: Array) -> Array:
    return np.asarray(np.einsum("ij,ij->i", rows, rows))


def _same(left: Labels, right: Labels) -> bool:
    """Whether every group of `left` lies in one of `right`."""
    pairs = set(zip(left.tolist(), right.tolist(), strict=True))
    return len(pairs) == len({a for a, _ in pairs})
