"""How many people speak: draws of the mean number of voices a period, loud accounts counted once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Voices:
    """People who speak, topics x periods: `heard` as counted, `once` with loud accounts counted once.

    `loud` is the probability, per topic, that it holds such an account (0, 0.5 or 1); `usual_rate` the panel's usual number
    of posts per author and period.
    """

    heard: Array
    once: Array
    loud: Array
    usual_rate: float


def count_voices(authors: Array, posts: Array, loud_authors: Array | None = None) -> Voices:
    """Find the topics where an account speaks without pause, and count such an account once instead of once a period.

    Where the loud accounts of a period are known (`loud_authors`), they are replaced by one voice each over the window.
    Where they are not, a topic whose posts per author stand far above the panel's usual rate must hold at least one such
    account: one author in every period with an excess of posts is replaced by one voice over the window. The usual rate is
    the half-sample mode (Bickel & Fruehwirth 2006) of the lower half of the topics' rates: loudness only ever adds posts,
    so most topics may be loud before the rate moves.

    Parameters
    ----------
    authors, posts : topics x periods, counts, no missing values.
    loud_authors : topics x periods, how many of `authors` are accounts known to post without pause.
    """
    topics, periods = authors.shape
    total = authors.sum(axis=1)
    spoken = total > 0
    rate = np.divide(posts.sum(axis=1), total, out=np.ones(topics), where=spoken)
    lower = np.sort(rate[spoken])[: (spoken.sum() + 1) // 2]
    usual = float(np.exp(half_sample_mode(np.log(np.maximum(lower, 1.0))))) if len(lower) else 1.0
    if loud_authors is not None:
        once = np.maximum(authors - loud_authors * (1 - 1 / periods), 0)
        return Voices(authors, once, (loud_authors.sum(axis=1) > 0).astype(float), usual)
    excess = posts - usual * authors
    # Excess posts against their own Poisson noise: one ordinary author more or less must not look loud.
    clear = excess.sum(axis=1) / np.sqrt(np.maximum(usual * total, 1.0))
    probability = np.select(
        [(rate > 1.5 * usual) & (clear > 5), (rate > 1.25 * usual) & (clear > 2.5)], [1.0, 0.5], default=0.0
    )
    present = (excess > 0) & (authors > 0)
    return Voices(authors, np.maximum(authors - present * (1 - 1 / periods), 0), probability, usual)


def half_sample_mode(x: Array) -> float:
    """Return the mode of a sample by halving to its densest half until two or three values remain."""
    x = np.sort(np.asarray(x, dtype=float))
    while len(x) > 3:
        half = (len(x) + 1) // 2
        widths = x[half - 1 :] - x[: len(x) - half + 1]
        start = int(np.argmin(widths))
        x = x[start : start + half]
    if len(x) == 3:
        return float(x[:2].mean() if x[1] - x[0] < x[2] - x[1] else x[1:].mean() if x[1] - x[0] > x[2] - x[1] else x[1])
    return float(x.mean())


def people_draws(voices: Voices, *, draws: int, rng: np.random.Generator) -> Array:
    """Draw the mean number of voices a period of every topic, draws x topics; loud accounts enter with their probability."""
    heard = mean_draws(voices.heard, whole=True, draws=draws, rng=rng)
    once = mean_draws(voices.once, whole=True, draws=draws, rng=rng)
    return np.asarray(np.where(rng.random(heard.shape) < voices.loud, once, heard))


def mean_draws(count: Array, *, whole: bool, draws: int, rng: np.random.Generator) -> Array:
    """Draw the mean of a topic's counts a period.

    The variance of the irregular part comes from successive differences (von Neumann 1941), so that slow movement of the
    need is not taken for error; it is inflated by the part's own autocorrelation (long-run variance of an AR(1)), shrunk
    towards the panel's mean-variance law var = a m + b m^2 (negative binomial), and itself drawn from its scaled
    inverse chi-square. Counts never vary less than Poisson. Draws are gamma, so few voices give a skewed interval.

    Parameters
    ----------
    count : topics x periods.
    whole : True when `count` counts things, False when it holds shares (no Poisson floor then).

    Returns
    -------
    draws x topics, > 0.
    """
    topics, periods = count.shape
    mean = count.mean(axis=1)
    variance = np.mean(np.diff(count, axis=1) ** 2, axis=1) / 2
    variance = _shrink(variance, mean, periods) * _autocorrelation_factor(count)
    if whole:
        variance = np.maximum(variance, mean)
        mean_up = mean + 0.5 / periods  # Jeffreys: no voice at all is not an impossible voice
        variance = np.maximum(variance, mean_up)
    else:
        positive = mean[mean > 0]
        mean_up = np.maximum(mean, 0.5 * positive.min() / periods if len(positive) else 1.0)
        variance = np.maximum(variance, (1e-6 * mean_up) ** 2)
    freedom = max(2 * (periods - 1) / 3, 1.0)
    drawn = variance * freedom / rng.chisquare(freedom, (draws, topics))
    # A draw of the variance that is far out would leave the mean itself undetermined: bounded at ten times the estimate.
    of_mean = np.minimum(drawn, 10 * variance) / periods
    shape = mean_up**2 / of_mean
    return np.maximum(rng.gamma(shape) / shape * mean_up, 1e-12 * mean_up.max())


def _shrink(variance: Array, mean: Array, periods: int) -> Array:
    """Half of the way, on the log scale, from a topic's own variance to the panel's law; all of it when n is small."""
    known = (variance > 0) & (mean > 0)
    if known.sum() < 4:
        return variance
    relative = variance[known] / mean[known] ** 2
    law = np.column_stack([1 / mean[known], np.ones(known.sum())])
    coefficients, *_ = np.linalg.lstsq(law / relative[:, None] ** 0.5, relative**0.5, rcond=None)
    pooled = np.maximum(np.column_stack([mean, mean**2]) @ np.maximum(coefficients, 0), 1e-12)
    own = 2 * (periods - 1) / 3
    weight = own / (own + 20)
    return np.where(known, np.exp(weight * np.log(np.maximum(variance, 1e-12)) + (1 - weight) * np.log(pooled)), pooled)


def _autocorrelation_factor(count: Array) -> float:
    """Return (1 + r)/(1 - r) of the irregular part, r the panel's median lag-1 autocorrelation, at least 1."""
    periods = count.shape[1]
    if periods < 16:
        return 1.0
    width = min(13, periods // 2 * 2 - 1)
    padded = np.pad(count, ((0, 0), (width // 2, width // 2)), mode="reflect")
    slow = np.lib.stride_tricks.sliding_window_view(padded, width, axis=1).mean(axis=2)
    rest = count - slow
    power = np.sum(rest**2, axis=1)
    seen = power > 0
    if not seen.any():
        return 1.0
    r = np.sum(rest[seen, 1:] * rest[seen, :-1], axis=1) / power[seen]
    # Subtracting a moving mean of `width` leaves white noise an autocorrelation of about -1/width.
    typical = float(np.median(r)) + 1 / width
    return float(np.clip((1 + typical) / (1 - typical), 1.0, 3.0))
