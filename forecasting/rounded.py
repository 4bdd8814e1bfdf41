"""The mean level of a rounded, sampled index: draws of what the level may have been, floor included.

Search services print whole numbers after drawing a sample. A printed 0 means "somewhere below one half", so the mean of the
printed numbers is biased near the floor, and its error is not Gaussian there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from forecasting.people import mean_draws

Array = NDArray[np.float64]

#: Below this mean (in rounding units) the rounding is modelled cell by cell; above it, rounding noise is 1/12 unit^2 a cell.
FLOOR = 3.0
GRID = np.exp(np.linspace(np.log(0.005), np.log(60.0), 500))
#: Steps of the table of a distribution function inside a cell.
STEPS = 64


@dataclass(frozen=True)
class Noise:
    """How an index varies around its level m: sampling variance `sampling`*m, and total variance sampling*m + (spread*m)^2."""

    sampling: float
    spread: float


def level_draws(value: Array, lo: Array, hi: Array, *, draws: int, rng: np.random.Generator) -> Array:
    """Draw the mean level of every topic given its rounded values.

    Above the floor the level is the mean of the values, with the variance of rounding (Sheppard 1898: unit^2/12 a cell)
    and of sampling. Near the floor the values are taken as interval-censored observations of a gamma variable (Tobin 1958
    for the idea of a limited observation): the level's likelihood on a grid, times a log-normal prior fitted to the levels
    of the whole panel (empirical Bayes, Robbins 1956), then the censored cells imputed given the level.

    Values that were not rounded (volumes, shares) are drawn by the noise of their successive differences alone.

    Parameters
    ----------
    value : topics x periods, the printed values, >= 0.
    lo, hi : topics x periods, what rounding allows; equal to `value` where nothing was rounded.
    draws : number of draws.

    Returns
    -------
    draws x topics, in the unit of `value`; never 0 for a topic whose values are all below the floor.
    """
    unit = np.median(hi - lo, axis=1)
    # A printed 0 is half a unit wide, so a topic that is mostly 0 shows half of its rounding unit.
    unit = np.where(np.median(value, axis=1) < unit, unit * 2, unit)
    exact = unit <= 0
    result = np.empty((draws, len(value)))
    if exact.any():
        result[:, exact] = mean_draws(value[exact], whole=False, draws=draws, rng=rng)
    if (~exact).any():
        step = unit[~exact, None]
        cells = tuple(table[~exact] / step for table in (value, lo, hi))
        result[:, ~exact] = _rounded_draws(*cells, draws=draws, rng=rng) * step.T
    return result


def _rounded_draws(value: Array, low: Array, high: Array, *, draws: int, rng: np.random.Generator) -> Array:
    """Draw levels in rounding units."""
    periods = value.shape[1]
    mean = value.mean(axis=1)
    noise = fit_noise(value)
    error = np.sqrt((1 / 12 + noise.sampling * mean) / periods)
    result = mean + error * rng.standard_normal((draws, len(mean)))
    # A topic far above the floor cannot be drawn below it.
    result = np.maximum(result, np.maximum(mean / 10, 0.5 / periods))
    near_floor = mean < FLOOR
    if near_floor.any():
        prior = _level_prior(np.where(near_floor, np.maximum(mean, 0.2), mean))
        for topic in np.flatnonzero(near_floor):
            result[:, topic] = _censored_draws(low[topic], high[topic], noise, prior, draws, rng)
    return result


def fit_noise(scaled: Array) -> Noise:
    """Estimate sampling noise and total spread from the topics that stand clear of the floor.

    Sampling comes from successive differences (von Neumann 1941), which slow movement does not touch, as the part of their
    variance that grows with m rather than with m^2 (non-negative least squares over topics).
    """
    mean = scaled.mean(axis=1)
    clear = mean >= 2
    if clear.sum() < 3:
        clear = mean > 0
    if not clear.any() or scaled.shape[1] < 3:
        return Noise(0.05, 0.3)
    m = mean[clear]
    quick = np.maximum(np.mean(np.diff(scaled[clear], axis=1) ** 2, axis=1) / 2 - 1 / 12, 0)
    weight = 1 / (0.02 * m**2 + 0.1 * m + 1 / 12)
    (sampling, _), _ = optimize.nnls(np.column_stack([m, m**2]) * weight[:, None], quick * weight)
    total = np.maximum(np.var(scaled[clear], axis=1, ddof=1) - 1 / 12 - sampling * m, 0)
    spread = float(np.median(np.sqrt(total) / m))
    return Noise(max(float(sampling), 1e-3), min(max(spread, 0.07), 2.0))


def _level_prior(mean: Array) -> Array:
    """Log prior on GRID: log-normal with the centre and spread of the panel's levels."""
    logs = np.log(mean)
    width = max(float(np.std(logs)), 0.5)
    return np.asarray(-0.5 * ((np.log(GRID) - np.mean(logs)) / width) ** 2)


def _censored_draws(low: Array, high: Array, noise: Noise, prior: Array, draws: int, rng: np.random.Generator) -> Array:
    variance = noise.sampling * GRID + (noise.spread * GRID) ** 2
    shape, scale = GRID**2 / variance, variance / GRID
    cells, counts = np.unique(np.column_stack([low, high]), axis=0, return_counts=True)
    below = stats.gamma.cdf(np.maximum(cells[:, :1], 0), shape, scale=scale)
    above = stats.gamma.cdf(cells[:, 1:], shape, scale=scale)
    inside = np.maximum(above - below, 1e-300)
    posterior = counts @ np.log(inside) + prior
    weight = np.exp(posterior - posterior.max())
    pick = rng.choice(len(GRID), draws, p=weight / weight.sum())

    total = np.zeros(draws)
    for cell in range(len(cells)):
        u = rng.random((counts[cell], draws))
        total += _inside_cell(cells[cell], u, pick, shape, scale).sum(axis=0)
    level = total / counts.sum()
    sampled = level + np.sqrt(noise.sampling * level / counts.sum()) * rng.standard_normal(draws)
    return np.maximum(sampled, 0.02 * GRID[pick])


def _inside_cell(cell: Array, u: Array, pick: NDArray[np.int64], shape: Array, scale: Array) -> Array:
    """Return the quantiles u (periods, draws) of the gammas (shape[pick], scale[pick]) cut to the cell [low, high].

    By a table of the distribution function with 64 steps, finer towards nought where it is steep: within a ten-thousandth of a
    rounding unit of its inverse, which takes ten times as long.
    """
    low, high = max(float(cell[0]), 0.0), float(cell[1])
    x = low + (high - low) * np.linspace(0, 1, STEPS + 1) ** (3 if low == 0 else 1)
    levels, of_draw = np.unique(pick, return_inverse=True)
    table = special.gammainc(shape[levels, None], x / scale[levels, None])
    mass = table[:, -1:] - table[:, :1]
    table = np.divide(table - table[:, :1], mass, out=np.zeros_like(table), where=mass > 0)
    # All tables end to end, each on a stretch of its own, so that one search serves all draws.
    stretch = 2.0 * np.arange(len(levels))
    found = np.interp(u + stretch[of_draw], (table + stretch[:, None]).ravel(), np.tile(x, len(levels)))
    # Where the model gives a cell no mass at all, the cell itself is the better witness.
    return np.where((mass[of_draw, 0] > 0), found, cell.mean())
