"""By how much past projections of the gap missed: the paths to draw from, the recipe, and the width of the interval."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd


def missed_gaps(
    value: np.ndarray, whole: np.ndarray, point: np.ndarray, starts: np.ndarray, half: np.ndarray, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return by how much the projected gap missed the gap that came (origins, topics, h) [doublings], and its recipe.

    The projection is the weighted mean of two guesses: the gap of the two sides' forecasts, and that the gap stays. The
    recipe (topics, 1) is the weight of the first, by inverse cubed mean error at past origins: a gap of two noisy sides
    is steadier than either (docs/forecasting-log.md).
    """
    h = point.shape[3]
    value = np.where(whole, value, 0.0)  # incomplete periods leave forecasts and truth alike
    moves, stays, came = [], [], []
    for forecast, start in zip(point, starts, strict=True):
        seen = value[None, :, :, max(0, start - width) : start]
        ahead = slice(start, start + h)
        guess, truth = (
            np.log2(share[0, 0] / share[0, 1])
            for share in (
                trailing_shares(seen, a[None], width, half) for a in (forecast * whole[ahead], value[:, :, ahead])
            )
        )
        moves.append(guess[:, 1:])
        stays.append(np.repeat(guess[:, :1], h, axis=1))
        came.append(truth[:, 1:])
    move, stay, truth = np.array(moves), np.array(stays), np.array(came)
    error = np.stack([np.abs(guess - truth).mean(axis=(0, 2)) for guess in (move, stay)])
    inverse = (error / np.maximum(error.max(axis=0), 1e-12) + 1e-6) ** -3
    weight = (inverse[0] / inverse.sum(axis=0))[:, None]
    return weight * move + (1 - weight) * stay - truth, weight


def few(stretches: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return (n,) factors that turn the spread of few observations into Student's t.

    `stretches` of one horizon each, end to end, hold the past origins; overlapping origins know about twice as much.
    """
    freedom = 2 * stretches
    return np.sqrt(freedom / rng.chisquare(freedom, n))


def correction(missed: np.ndarray, noise: np.ndarray, levels: tuple[float, ...]) -> tuple[float, list[float]]:
    """Return the factor that makes 68 % of past misses fall inside the 68 % interval, and the coverage it then has.

    The factor is taken low in the distribution, where overlapping origins still agree; the tails are those of the draws.

    Parameters
    ----------
    missed : (origins, topics, h). noise : (topics, h, draws).
    """
    size = np.abs(noise)
    unit = np.maximum(np.quantile(size, 0.68, axis=-1), 1e-9)
    size /= unit[..., None]
    seen = np.abs(missed) / unit
    middle, *ends = np.quantile(size, [0.68, *(level / 100 for level in levels)], overwrite_input=True)
    factor = float(np.quantile(seen, 0.68) / max(middle, 1e-9))
    return factor, [float((seen <= factor * end).mean()) for end in ends]


def error_paths(residual: np.ndarray) -> np.ndarray:
    """Return residual paths (origins, 2, topics, h) with missing ones taken from the nearest other origin, else 0."""
    flat = pd.DataFrame(residual.reshape(len(residual), -1))
    return flat.ffill().bfill().fillna(0.0).to_numpy().reshape(residual.shape)


def mix(residual: np.ndarray, n: int, rng: np.random.Generator, at_once: int) -> Iterator[np.ndarray]:
    """Yield n error paths with the second moments of `residual`, `at_once` of them in an array.

    Two origins are blended by a random angle, either sign. Blending makes a smooth distribution out of few origins; cos and
    sin keep the variance and all correlations.
    """
    first, second = rng.integers(len(residual), size=(2, n))
    angle = rng.uniform(0, 2 * np.pi, n)[:, None, None, None]
    for start in range(0, n, at_once):
        some = slice(start, start + at_once)
        yield np.cos(angle[some]) * residual[first[some]] + np.sin(angle[some]) * residual[second[some]]


def median(draws: np.ndarray) -> np.ndarray:
    """Return the median along the last axis, as np.median, which looks for two places at once and takes thrice as long.

    No NaN may be among the draws.
    """
    n = draws.shape[-1]
    half = np.partition(draws, n // 2, axis=-1)
    upper = half[..., n // 2]
    return upper if n % 2 else (half[..., : n // 2].max(axis=-1) + upper) / 2


def trailing_shares(past: np.ndarray, ahead: np.ndarray, width: int, half: np.ndarray) -> np.ndarray:
    """Return (n, 2, topics, 1 + h): share of each topic over the trailing window that ends j periods from now."""
    total = np.concatenate(
        [np.zeros_like(past[..., :1]), np.cumsum(np.concatenate([past, ahead], axis=3), axis=3)], axis=3
    )
    seen, h = past.shape[3], ahead.shape[3]
    end = seen + np.arange(h + 1)
    window = total[..., end] - total[..., np.maximum(end - width, 0)] + half[:, None, None]
    return window / window.sum(axis=2, keepdims=True)
