"""Weights: skill counts, luck does not, and nobody is weighted for an answer it did not give."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.rolling import Rolling
from forecasting.weighting import shrink, weights


def rolling(error: np.ndarray) -> Rolling:
    """Return origins at which the actual is 0 and member m misses series i by `error` (origins, members, n)."""
    k, m, n = error.shape
    point = np.concatenate([np.zeros((1, m, n)), error])[..., None] * np.ones(2)
    nothing = np.zeros((k + 1, n, 2))
    actual = nothing.copy()
    actual[0] = np.nan
    ones = np.ones((k + 1, n))
    return Rolling(tuple("abcdef"[:m]), point, nothing, actual, ones, ones, ones)


def of(error: np.ndarray, **options: np.ndarray) -> np.ndarray:
    m, n = error.shape[1:]
    suited = options.get("suited", np.ones((m, n), dtype=bool))
    return weights(rolling(error), 0, suited, options.get("groups", np.arange(n)))


def test_weights_add_up_and_twice_the_error_weighs_far_less() -> None:
    weight = of(np.tile(np.array([1.0, 2.0])[None, :, None], (4, 1, 1)))[:, 0]
    assert weight.sum() == pytest.approx(1)
    assert weight[0] / weight[1] == pytest.approx(2**6)


def test_one_origin_at_which_a_member_fails_does_not_decide() -> None:
    error = np.ones((4, 2, 1))
    error[:, 1] = 0.5
    error[2, 1] = 5.0  # mean error 1.6 against 1, geometric mean 0.9
    weight = of(error)[:, 0]
    assert weight[1] > weight[0]


def test_an_origin_is_left_out_of_its_own_weights() -> None:
    error = np.ones((3, 2, 1))
    error[0, 1] = 1e-3
    rolled = rolling(error)
    everything = np.ones((2, 1), dtype=bool)
    np.testing.assert_allclose(weights(rolled, 1, everything, np.zeros(1))[:, 0], [0.5, 0.5])
    assert weights(rolled, 2, everything, np.zeros(1))[1, 0] > 0.9


def test_who_does_not_answer_or_is_not_suited_gets_nothing() -> None:
    rolled = rolling(np.ones((4, 3, 1)))
    rolled.point[0, 0] = np.nan
    suited = np.array([[True], [False], [True]])
    assert weights(rolled, 0, suited, np.zeros(1))[:, 0].tolist() == [0, 0, 1]
    rolled.point[0, 2] = np.nan
    assert weights(rolled, 0, suited, np.zeros(1))[:, 0].tolist() == [0, 0, 0]


def test_without_a_past_all_who_answer_weigh_alike() -> None:
    rolled = rolling(np.full((2, 3, 1), np.nan))
    assert weights(rolled, 0, np.ones((3, 1), dtype=bool), np.zeros(1))[:, 0].tolist() == pytest.approx([1 / 3] * 3)


def test_an_exact_hit_does_not_take_all_by_infinity() -> None:
    error = np.ones((4, 2, 1))
    error[:, 1] = 0.0
    weight = of(error)[:, 0]
    assert np.isfinite(weight).all()
    assert weight[1] == pytest.approx(1)


def test_luck_is_shrunk_away_and_skill_is_kept() -> None:
    rng = np.random.default_rng(0)
    luck = rng.normal(0, 0.3, (4, 3, 60))
    luck -= luck.mean(axis=1, keepdims=True)
    assert np.abs(shrink(luck, np.zeros(60))).max() < 0.25 * np.abs(luck.mean(axis=0)).max()
    skill = np.sign(rng.normal(size=(1, 1, 60))) * np.array([1.0, -1.0, 0.0])[None, :, None]
    kept = shrink(skill + 0.2 * luck, np.zeros(60))
    np.testing.assert_allclose(kept, skill[0], atol=0.15)


def test_a_small_group_is_left_as_it_is() -> None:
    relative = np.random.default_rng(0).normal(size=(4, 3, 4))
    np.testing.assert_allclose(shrink(relative, np.zeros(4)), relative.mean(axis=0))
