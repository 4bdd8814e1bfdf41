"""The question of an event asked at dates without one: how far its counterfactual misses there, and futures as wide as that."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from forecasting.counterfactual import Counterfactual
from forecasting.own_past import Scale

#: Periods before the event that the counterfactual needs at least.
MIN_BEFORE = 16
#: Dates without an event that the same question is asked at, at most.
PLACEBOS = 40
DRAWS = 2000


def placebos(
    model: Counterfactual,
    scale: Scale,
    y: np.ndarray,
    ds: pd.DatetimeIndex,
    start: int,
    length: int,
    level: float,
    seed: int,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Ask the same question at dates before the event: return them, and by how many standard errors the model missed."""
    length = min(length, max(1, start // 4))
    first = max(MIN_BEFORE - 4, start // 3)
    room = start - length
    dates = np.unique(np.linspace(first, room, PLACEBOS).astype(int)) if room >= first else np.array([], dtype=int)
    rows, missed = [], []
    z = scale.there(y)
    half = float(stats.norm.ppf((1 + level) / 2))
    for at in dates:
        known = np.isfinite(z[at : at + length])
        if not known.any():
            continue
        middle, spread = model.ahead(at, length)
        weight = known / known.sum()
        error = float(np.nan_to_num(z[at : at + length] - middle) @ weight)
        sd = float(np.sqrt(max(weight @ spread @ weight, 1e-300)))
        missed.append(error / sd)
        rows.append((ds[at], error, sd))
    found = np.array(missed)
    factor, freedom = widening(found)
    reach = factor * (float(stats.t.ppf((1 + level) / 2, freedom)) if freedom else half)
    frame = pd.DataFrame(rows, columns=["ds", "effect", "sd"])
    frame = frame.assign(lo=frame["effect"] - reach * frame["sd"], hi=frame["effect"] + reach * frame["sd"])
    return frame.assign(covers=(frame["lo"] <= 0) & (frame["hi"] >= 0)).drop(columns="sd"), found


def widening(missed: np.ndarray) -> tuple[float, float]:
    """Return the factor for the model's spread and the degrees of freedom of its tails, from misses at placebo dates.

    The factor never narrows the model's own interval. Overlapping placebos know less than their number.
    """
    if len(missed) < 3:
        return 1.0, 0.0
    return max(1.0, float(np.sqrt(np.mean(missed**2)))), max(3.0, len(missed) / 3)


def futures(
    model: Counterfactual,
    scale: Scale,
    start: int,
    length: int,
    factor: float,
    freedom: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return (DRAWS, length) futures without the event, in the unit of y."""
    middle, spread = model.ahead(start, length)
    root = np.linalg.cholesky(spread + 1e-10 * np.trace(spread) / length * np.eye(length) + 1e-300 * np.eye(length))
    noise = rng.standard_normal((DRAWS, length)) @ root.T
    if freedom:
        noise *= np.sqrt(freedom / rng.chisquare(freedom, DRAWS))[:, None]
    z = middle + factor * noise
    if np.isfinite(scale.shift):
        return np.maximum(scale.back(np.minimum(z, 700.0)), 0.0)
    return scale.back(z)
