"""How high the maxima of blocks go by chance, told from the median and the 90 % point of the few blocks that were seen.

The threshold for one false alarm in many blocks lies beyond anything that was seen, so it depends on the shape of the tail
and on how well two quantiles of n blocks are known. Both are taken into account: the tail stands between the normal and
Gumbel's, and the level is predictive: it is passed once in the announced number of blocks on average over what the two
quantiles might have been, not only if they are exact.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import stats
from scipy.special import gammaincinv

#: Quantiles of the maxima that a level rests on: a tenth of all blocks may hold events without moving it.
MIDDLE, HIGH = 0.5, 0.9
#: Blocks and weights at which the predictive curve is worked out; between them it is interpolated (in 1 / blocks).
BLOCKS, WEIGHTS = np.array([12.0, 18.0, 28.0, 50.0, 90.0]), np.array([0.0, 0.5, 1.0, 1.5])
#: Levels, in ways from the median to the 90 % point, at which it is worked out.
LEVELS = np.concatenate([np.arange(-4.0, 0.0, 0.4), np.arange(0.0, 4.0, 0.1), np.arange(4.0, 20.1, 1.0)])
#: Draws of the two quantiles (a Sobol sequence).
DRAWS = 1024
#: Chance of a block below which no more is told.
LEAST = 1e-8


def quantile(p: np.ndarray, weight: float) -> np.ndarray:
    """Return the p-quantile of maxima whose median is 0 and whose 90 % point is 1.

    `weight` 0: normal; 1: Gumbel, the limit of maxima of independent scores; above 1: longer still, as of rare clustered
    counts. In between the quantiles are mixed, so that median and 90 % point stay.
    """
    normal = stats.norm.ppf(p) / stats.norm.ppf(HIGH)
    middle, high = (-np.log(-np.log(q)) for q in (MIDDLE, HIGH))
    gumbel = (-np.log(-np.log(p)) - middle) / (high - middle)
    mixed: np.ndarray = (1 - weight) * normal + weight * gumbel
    return mixed


def curves(n: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the natural logarithm of the blocks between two maxima above each of LEVELS.

    Parameters
    ----------
    n : blocks that the two quantiles rest on. weight : see `quantile`. Both one value a row of the answer.
    """
    table = _table()
    i, u = _between(1 / BLOCKS, 1 / np.clip(n, BLOCKS[0], BLOCKS[-1]))
    j, v = _between(WEIGHTS, np.clip(weight, WEIGHTS[0], WEIGHTS[-1]))
    u, v = u[:, None], v[:, None]
    low = (1 - v) * table[i, j] + v * table[i, j + 1]
    high = (1 - v) * table[i + 1, j] + v * table[i + 1, j + 1]
    mixed: np.ndarray = (1 - u) * low + u * high
    return mixed


def _between(knots: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the knot before each value, and the share of the way to the next one; knots rise or fall."""
    way = 1 if knots[0] < knots[-1] else -1
    position = np.interp(at, knots[::way], np.arange(float(len(knots)))[::way])
    first = np.minimum(np.floor(position).astype(int), len(knots) - 2)
    return first, position - first


@lru_cache(maxsize=1)
def _table() -> np.ndarray:
    """Return `curves` at all knots [blocks, weights, levels]."""
    sobol = stats.qmc.Sobol(3, seed=0).random(DRAWS).clip(1e-9, 1 - 1e-9)
    p = np.concatenate([np.geomspace(1e-9, 0.05, 200), np.linspace(0.05, 0.9, 300), 1 - np.geomspace(0.1, 1e-12, 400)])
    p = np.unique(p)
    left = np.log(-np.log(p))
    out = np.empty((len(BLOCKS), len(WEIGHTS), len(LEVELS)))
    for i, n in enumerate(BLOCKS):
        # Order statistics of uniform numbers are ratios of sums of gamma variables.
        parts = [gammaincinv((n + 1) * a, sobol[:, k]) for k, a in enumerate((MIDDLE, HIGH - MIDDLE, 1 - HIGH))]
        low, high = parts[0] / sum(parts), (parts[0] + parts[1]) / sum(parts)
        for j, weight in enumerate(WEIGHTS):
            x = quantile(p, weight)
            middle, top = np.interp(low, p, x)[:, None], np.interp(high, p, x)[:, None]
            rate = np.exp(np.interp(middle + (top - middle) * LEVELS, x, left))
            chance = (-np.expm1(-rate)).mean(axis=0)
            out[i, j] = -np.log(-np.log1p(-np.clip(chance, LEAST, 1 - LEAST)))
    return out
