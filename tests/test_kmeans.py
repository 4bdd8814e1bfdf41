"""k-means of few points: the groups of scikit-learn, to the last point."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from explorer.text.kmeans import FEW, groupings


def _reference(points: np.ndarray, k: int, seed: int) -> np.ndarray:
    found = KMeans(k, n_init=3, random_state=seed).fit_predict(points)
    return np.unique(found, return_inverse=True)[1]


@pytest.mark.parametrize("seed", range(6))
def test_the_groups_are_those_of_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    n, d = int(random.integers(8, 60)), int(random.integers(1, 90))
    # Two blobs in a grid of few values: distances tie, and rounding decides as it does there.
    points = np.round(random.normal(size=(n, d)), 1) + np.repeat([[0.0], [1.0]], [n // 2, n - n // 2], axis=0)
    numbers = [1, 2, 3, 5, 7]
    for k, found in groupings(points, numbers, seed=seed).items():
        assert found.tolist() == _reference(points, k, seed).tolist()


def test_points_that_mirror_each_other_fall_to_the_side_they_fall_to_in_scikit_learn() -> None:
    points = np.vstack([np.eye(12), np.eye(12) + np.eye(12)[::-1]]) / 3
    for seed in range(4):
        for k, found in groupings(points, [2, 4, 9], seed=seed).items():
            assert found.tolist() == _reference(points, k, seed).tolist()


def test_points_that_coincide_make_fewer_groups_than_asked_for() -> None:
    points = np.repeat(np.eye(3), 4, axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = groupings(points, [5])[5]
        assert found.tolist() == _reference(points, 5, 0).tolist()
    assert found.max() == 2


def test_many_points_are_grouped_as_well() -> None:
    points = np.random.default_rng(0).normal(size=(FEW + 1, 3))
    assert groupings(points, [4])[4].tolist() == _reference(points, 4, 0).tolist()
