"""What printing whole numbers does to sums: how alike the rounding errors of neighbouring periods and scales are."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import stats

from sources.scales.answers import Answers, Array, Ints

#: Rounding to a step of 1 leaves an error that is uniform on +-0.5: variance 1/12 (Sheppard 1898).
VARIANCE = 1 / 12


def correlation(apart: Array, jitter: Array) -> Array:
    """Correlation of the rounding errors of two values that are `apart` steps from each other.

    The rounding error is a sawtooth; for a value of unknown phase its autocorrelation is the periodic Bernoulli
    polynomial 1 - 6 d + 6 d^2. `jitter`, the variance of noise between the two in squared steps, wears it off.

    References
    ----------
    Widrow & Kollar (2008), Quantization Noise, ch. 5 and 9.
    """
    d = np.abs(apart) % 1.0
    return np.asarray((1 - 6 * d + 6 * d * d) * np.exp(-2 * np.pi**2 * jitter))


def alike(answers: Answers, pair: Ints, n_pairs: int) -> Array:
    """Variance of the summed rounding errors of a (term, request) pair over that of independent ones; 1 or more.

    A series that moves by less than a step from one period to the next is rounded the same way for many periods, and a
    flat one is rounded the same way in all. How far it moves is read from how often two printed values k periods apart
    are equal: for steps N(0, s^2) that share and the correlation of the errors are both functions of s.
    """
    periods = np.unique(answers.cells.get_level_values(1), return_inverse=True)[1][answers.cell]
    printed = np.full((n_pairs, int(periods.max()) + 1 if len(periods) else 0), np.nan)
    printed[pair, periods] = answers.value / np.maximum(answers.unit, 1e-12)
    seen = np.isfinite(printed)
    length = np.maximum(seen.sum(axis=1), 1)
    shares, errors = _equal_prints()
    factor = np.ones(n_pairs)
    for lag in range(1, printed.shape[1]):
        both = seen[:, lag:] & seen[:, :-lag]
        n = both.sum(axis=1)
        if not n.any():
            continue
        equal = (np.abs(np.where(both, printed[:, lag:] - printed[:, :-lag], 1.0)) < 1e-6).sum(axis=1)
        share = equal / np.maximum(n, 1)
        factor += 2 * n / length * np.interp(share, shares, errors)
    return factor


@cache
def _equal_prints() -> tuple[Array, Array]:
    """Return, for steps N(0, s^2): share of equal prints (rising) and the correlation of the rounding errors at that s."""
    s = np.geomspace(0.005, 3, 300)
    d = np.linspace(0, 1, 2001)
    density = 2 * stats.norm.pdf(d / s[:, None]) / s[:, None]
    share = np.trapezoid(density * (1 - d), d, axis=1)
    j = np.arange(1, 200)
    error = (6 / np.pi**2 * np.exp(-2 * (np.pi * j * s[:, None]) ** 2) / j**2).sum(axis=1)
    return np.r_[share[::-1], 1.0], np.r_[error[::-1], 1.0]
