"""Windows over one series, and coarser answers over all of it: the factor of every answer and the value of every period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse, stats

from sources.scales.answers import Array, Flags, Ints
from sources.scales.fit import CLEAR, FEWEST, Noise, law
from sources.scales.rounding import VARIANCE, correlation

#: Gauss-Newton steps at most, those between which the noise is estimated anew, and the step that ends them.
STEPS = 40
NOISE_STEPS = 12
SETTLED = 1e-7
#: Least value, in printed steps, at which the spread of a value is taken.
LEAST = 0.25
#: Share of the largest value that counts as nothing.
TINY = 1e-12


@dataclass(frozen=True)
class Series:
    """Printed values as windows x periods (NaN: none), and those of anchors, each a mean over some periods.

    By window and period: `value`, `unit` (width of what rounding allows), `floor` (a printed 0). `rounding`, by window:
    variance of its summed rounding errors in units of what independent ones have. By anchor value: `coarse`, `coarse_unit`,
    `anchor` (which answer) and the row of `means` (anchor values x periods) that averages its periods.
    """

    value: Array
    unit: Array
    floor: Flags
    rounding: Array
    coarse: Array
    coarse_unit: Array
    anchor: Ints
    means: sparse.csr_array

    @property
    def n_windows(self) -> int:
        """Windows, which come before the anchors among the factors."""
        return len(self.value)

    @property
    def periods(self) -> Array:
        """Periods under each anchor value."""
        return np.diff(self.means.indptr).astype(float)


@dataclass(frozen=True)
class Joined:
    """What `join` found: `z` by period, `s` (log factor) by window and anchor, `noise`, and the errors of z.

    `error`: variance of z relative to z times the mean error of the series; `own`: variance that rounding and sampling give
    the mean of the windows' values of a period, factors known; `draws`: samples that this mean is worth.
    """

    z: Array
    s: Array
    noise: Noise
    error: Array
    own: Array
    draws: Array


def join(series: Series, start: Array) -> Joined:
    """Fit printed = c z + noise for all windows and anchors at once, from log factors `start`.

    Gauss-Newton steps on z and log c with z eliminated (its normal matrix is diagonal but for one term an anchor value);
    weights and the values hidden behind printed zeros are renewed at every step.

    References
    ----------
    Golub & Pereyra (1973), variable projection; Tobin (1958) and Dempster, Laird & Rubin (1977) for values below the floor.
    """
    s, noise = start, Noise()
    z = _means(series, s)
    for step in range(STEPS):
        system = _System(series, z, s, noise)
        dz, ds = system.step()
        z, s = np.maximum(z + dz, TINY * z.max()), s + ds
        if step < NOISE_STEPS:
            noise = noise.towards(_noise(series, z, s, noise)) if step else _noise(series, z, s, noise)
        elif np.abs(ds).max(initial=0) < SETTLED and np.abs(dz).max() < SETTLED * z.max():
            break
    system = _System(series, z, s, noise)
    weight = system.weight / system.weight.sum(axis=0)
    own = 1 / system.diagonal
    alike = np.maximum(1 + _repeated(series, z, s, noise, weight) / own, LEAST)
    z = np.where(z > 2 * TINY * z.max(), z, 0.0)
    return Joined(z, s, noise, system.error() * alike, own * alike, 1 / np.sum(weight**2, axis=0))


def _means(series: Series, s: Array) -> Array:
    """Value of every period by the windows alone, the finer ones with more weight."""
    c = np.exp(s[: series.n_windows])[:, None]
    seen = np.isfinite(series.value)
    weight = np.where(seen, c**2, 0.0)
    return np.asarray(np.nansum(weight * series.value / c, axis=0) / weight.sum(axis=0))


class _System:
    """Normal equations at one point, the periods eliminated: Z = diag + means' P means by Woodbury's identity."""

    def __init__(self, series: Series, z: Array, s: Array, noise: Noise) -> None:
        n = series.n_windows
        c, c_coarse = np.exp(s[:n])[:, None], np.exp(s[n:])[series.anchor]
        seen = np.isfinite(series.value)
        self.z = z
        mean = c * z
        value, variance = _expected(series, mean, c, noise)
        variance = variance + (series.rounding[:, None] - 1) * VARIANCE * series.unit**2
        left = np.where(seen, (value - mean) / variance, 0.0)
        self.weight = np.where(seen, c**2 / variance, 0.0)
        self.diagonal = self.weight.sum(axis=0)
        slope = self.weight * z
        average = series.means @ z
        at = np.maximum(average, LEAST * series.coarse_unit / c_coarse)
        spread = noise.of_cell(at) * at**2 / series.periods
        precision = 1 / (VARIANCE * series.coarse_unit**2 / c_coarse**2 + spread)
        off = precision * (series.coarse / c_coarse - average)
        self.means = series.means
        inner = (
            sparse.diags_array(1 / precision) + series.means @ sparse.diags_array(1 / self.diagonal) @ series.means.T
        )
        self.inner = np.linalg.inv(inner.toarray()) if len(precision) else np.zeros((0, 0))
        k = len(s) - n
        which = sparse.csr_array(
            (np.ones(len(precision)), (np.arange(len(precision)), series.anchor)), (len(precision), k)
        )
        by_anchor = (series.means.T @ (sparse.diags_array(precision * average) @ which)).toarray()
        self.between = np.hstack([slope.T, by_anchor])
        own = np.r_[(slope * z).sum(axis=1), which.T @ (precision * average**2)]
        self.right = (left * c).sum(axis=0) + series.means.T @ off
        self.score = np.r_[(left * mean).sum(axis=1), which.T @ (off * average)]
        self.moved = self.solve(self.between)
        # The first answer holds the scale, which is free.
        schur = (np.diag(own) - self.between.T @ self.moved)[1:, 1:]
        self.factors = np.zeros((len(s), len(s)))
        self.factors[1:, 1:] = np.linalg.pinv(schur, hermitian=True)

    def solve(self, right: Array) -> Array:
        """Multiply by the inverse of the periods' normal matrix."""
        d = self.diagonal if right.ndim == 1 else self.diagonal[:, None]
        first = right / d
        return np.asarray(first - (self.means.T @ (self.inner @ (self.means @ first))) / d)

    def step(self) -> tuple[Array, Array]:
        """Steps of z and of the log factors."""
        ds = self.factors @ (self.score - self.between.T @ self.solve(self.right))
        ds = np.clip(ds, -1, 1)
        return self.solve(self.right) - self.moved @ ds, ds

    def error(self) -> Array:
        """Variance of z, less what moves the whole series."""
        n = len(self.z)
        under = np.asarray((self.means @ sparse.diags_array(1 / self.diagonal)).toarray()) if len(self.inner) else None
        own = 1 / self.diagonal
        if under is not None:
            own = own - np.einsum("pt,pt->t", under, self.inner @ under)
        own = own + np.einsum("tm,tm->t", self.moved @ self.factors, self.moved)
        flat = np.full(n, 1 / n)
        with_mean = self.solve(flat) + self.moved @ (self.factors @ (self.moved.T @ flat))
        part = self.z / self.z.mean()
        return np.maximum(own - 2 * part * with_mean + part**2 * (flat @ with_mean), 0.0)


def _repeated(series: Series, z: Array, s: Array, noise: Noise, share: Array) -> Array:
    """Covariance, by period, of the rounding errors of windows on nearly one scale, which round a value the same way."""
    c = np.exp(s[: series.n_windows])[:, None]
    mean, out = c * z / series.unit, np.zeros(len(z))
    jitter = noise.of_cell(z) * mean**2
    step = np.sqrt(VARIANCE) * series.unit / c * share
    for a in range(len(mean) - 1):
        for b in np.flatnonzero((share[a] * share[a + 1 :]).any(axis=1)) + a + 1:
            at = np.flatnonzero(share[a] * share[b])
            together = correlation(mean[a, at] - mean[b, at], jitter[a, at] + jitter[b, at])
            out[at] += 2 * step[a, at] * step[b, at] * together
    return out


def _expected(series: Series, mean: Array, c: Array, noise: Noise) -> tuple[Array, Array]:
    """Printed values, zeros as what the noise expects behind them, and the variance of rounding and sampling."""
    at = np.maximum(mean, LEAST * series.unit)
    sampling = at**2 * noise.of_cell(at / c)
    sd = np.sqrt(sampling) + TINY
    top = series.unit
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        a, b = -mean / sd, (top - mean) / sd
        inside = stats.norm.cdf(b) - stats.norm.cdf(a)
        hidden = mean - sd * (stats.norm.pdf(b) - stats.norm.pdf(a)) / inside
    hidden = np.where(inside > 1e-8, hidden, np.clip(mean, 0, top))
    # One search drawn prints more than a 0 hides: none was drawn.
    hidden = np.where(noise.counting * c >= top, 0.0, np.clip(hidden, 0, top))
    return np.where(series.floor, hidden, series.value), VARIANCE * series.unit**2 + sampling


def _noise(series: Series, z: Array, s: Array, noise: Noise) -> Noise:
    """Law of sampling, by moments, from periods that several windows answered, else from windows under anchors."""
    n = series.n_windows
    c = np.exp(s[:n])[:, None]
    mean, seen = c * z, np.isfinite(series.value)
    value, variance = _expected(series, mean, c, noise)
    rounding = VARIANCE * series.unit**2 / c**2
    use = seen & (mean > CLEAR * series.unit) & ~series.floor
    weight = np.where(seen, c**2 / variance, 0.0)
    found = _moments(value / c, weight, rounding, use, np.ones_like(mean))
    if found is not None or not len(series.coarse):
        return found or Noise()
    # Each value of an anchor beside the means of the windows that cover its periods.
    means, size = series.means, series.periods
    whole = (means @ seen.T.astype(float)).T > 1 - 1e-9
    under = np.where(whole, (means @ np.where(seen, value / c, 0.0).T).T, np.nan)
    under_rounding = (means.power(2) @ np.where(seen, rounding, 0.0).T).T
    rows = np.zeros((len(s) - n, len(size)))
    beside = np.full_like(rows, np.nan)
    at = (series.anchor, np.arange(len(size)))
    c_coarse = np.exp(s[n:])[series.anchor]
    beside[at], rows[at] = series.coarse / c_coarse, VARIANCE * series.coarse_unit**2 / c_coarse**2
    values, steps = np.vstack([under, beside]), np.vstack([under_rounding, rows])
    seen = np.isfinite(values)
    spread = steps + noise.of_cell(np.nan_to_num(means @ z)) * (means @ z) ** 2 / size
    weights = np.where(seen, 1 / np.where(seen, spread, 1.0), 0.0)
    return _moments(values, weights, steps, seen, np.broadcast_to(1 / size, values.shape)) or Noise()


def _moments(value: Array, weight: Array, rounding: Array, use: Flags, drawn: Array) -> Noise | None:
    """Noise that explains what answers of one value disagree on beyond rounding; None where too few of them do.

    `drawn`: variance of sampling of a value in units of that of one period.
    """
    total = weight.sum(axis=0)
    share = weight / np.maximum(total, 1e-300)
    x = np.nansum(np.where(weight > 0, share * value, 0.0), axis=0)
    use = use & (share < 1 - 1e-6) & (x > 0)
    if use.sum() < FEWEST:
        return None

    def leftover(of: Array) -> Array:
        of = np.where(weight > 0, of, 0.0)
        return of * (1 - 2 * share) + (share**2 * of).sum(axis=0)

    at = np.broadcast_to(x, value.shape)[use]
    return Noise(*law((value[use] / at - 1) ** 2, leftover(rounding)[use] / at**2, leftover(drawn)[use], at))
