"""The chance that a document answers a query, from how well the best one matches.

What a match is worth differs from one collection to the next, so no cut of a score travels. The default coefficients are a
prior, as wide as two collections were found to differ; the user's own confirmations narrow it.

References
----------
Hoerl & Kennard (1970) for the ridge penalty; le Cessie & van Houwelingen (1992), "Ridge estimators in logistic regression",
Applied Statistics 41(1); MacKay (1992) for the curvature at the optimum as the uncertainty of what was learnt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from explorer.fact import Certainty, certainty

Array = NDArray[np.float64]

#: What the chance is read from; `explorer.text.matching` says what they measure.
SIGNALS = ("coverage", "word", "character")

#: Intercept and one coefficient a signal, fitted on Banking77 (770 customer questions, the posts of half of 77 needs removed).
BANKING = (-3.344, 0.742, 2.033, 4.142)
#: The same on the French labour code's search (titles of pages only). Kept to tell how far two collections differ, not used.
LABOUR = (-2.224, 1.510, -0.755, 2.946)

#: How far the coefficients of a new collection may lie from the default, one standard deviation in logits. The intercepts
#: of the two above differ by 1.1; their slopes by more, but against each other, so that their answers differ by about 1.
_SPREAD = (1.1, 0.5, 0.5, 0.5)


#: The user's own confirmations from which on an absence may be claimed on the 80 % interval; until then the coefficients are
#: those of another collection, and only the 95 % interval claims one. What answers is claimed on either.
CONFIRMED = 10


@dataclass(frozen=True)
class Chance:
    """Coefficients of intercept and SIGNALS with their covariance; `n` confirmations they were narrowed by."""

    mean: Array
    covariance: Array
    n: int = 0


def default() -> Chance:
    """Return what is believed before the user has confirmed anything: Banking77's coefficients, and a wide doubt."""
    return Chance(np.array(BANKING), np.diag(np.square(_SPREAD)))


def calibrated(judgements: pd.DataFrame) -> Chance:
    """Return the chance narrowed by the user's own answers, by logistic regression with a ridge towards the default.

    Parameters
    ----------
    judgements : `coverage`, `word`, `character` of a match and `answers` (bool: the user says that it answers the query).

    Returns
    -------
    The default where there is no judgement. With few of them it moves little; no number of them makes it certain.
    """
    prior = default()
    known = judgements.dropna(subset=[*SIGNALS, "answers"])
    if known.empty:
        return prior
    x, y = _design(known), known["answers"].to_numpy(dtype=float)
    penalty = np.linalg.inv(prior.covariance)
    beta = prior.mean.copy()
    for _ in range(50):  # Newton: the penalised likelihood is strictly concave
        p = _logistic(x @ beta)
        curve = x.T @ (x * (p * (1 - p))[:, None]) + penalty
        step = np.linalg.solve(curve, x.T @ (y - p) - penalty @ (beta - prior.mean))
        beta = beta + step
        if np.abs(step).max() < 1e-9:
            break
    p = _logistic(x @ beta)
    curve = x.T @ (x * (p * (1 - p))[:, None]) + penalty
    return Chance(beta, np.linalg.inv(curve), len(known))


def p_answered(signals: pd.DataFrame, chance: Chance | None = None, *, level: float = 0.9) -> pd.DataFrame:
    """Return the chance that the best match of each query answers it.

    Parameters
    ----------
    signals : `coverage`, `word`, `character` of the best match, each 0..1; null where there was nothing to match with.
    chance : `calibrated(...)` on the user's own answers; the default if left out, which holds for no collection in particular.
    level : coverage of the interval, 0..1.

    Returns
    -------
    `p_answered`, `lo`, `hi` [0..1], `verdict` ("answered" | "unanswered" | "cannot tell") and `certainty` ("clearly": the 95 %
    interval lies on one side of one half; "probably": the 80 % one does; else "cannot tell"; see `concluded`).
    Null signals give a null chance.
    """
    chance = chance or default()
    x = _design(signals)
    logit, error = x @ chance.mean, np.sqrt(np.einsum("ij,jk,ik->i", x, chance.covariance, x))
    reach = norm.ppf(0.5 + level / 2) * error
    sure = _certainties(logit, error)
    told = [concluded(float(a), c, chance.n) for a, c in zip(logit, sure, strict=True)]
    return pd.DataFrame(
        {
            "p_answered": _logistic(logit),
            "lo": _logistic(logit - reach),
            "hi": _logistic(logit + reach),
            "verdict": [verdict for verdict, _ in told],
            "certainty": [sure for _, sure in told],
        },
        index=signals.index,
    )


def concluded(logit: float, sure: Certainty, n: int) -> tuple[str, Certainty]:
    """Return verdict and certainty of a chance of which the interval says `sure`, after `n` confirmations of the user."""
    if sure == "cannot tell" or (logit <= 0 and sure == "probably" and n < CONFIRMED):
        return "cannot tell", "cannot tell"
    return ("answered" if logit > 0 else "unanswered"), sure


def draws(signals: pd.DataFrame, chance: Chance, *, n: int, seed: int) -> Array:
    """Return [n, queries] chances under `n` draws of the coefficients: queries of one draw err together, as in reality."""
    beta = np.random.default_rng(seed).multivariate_normal(chance.mean, chance.covariance, size=n)
    return _logistic(beta @ _design(signals).T)


def _design(signals: pd.DataFrame) -> Array:
    values = signals[list(SIGNALS)].to_numpy(dtype=float)
    return np.column_stack([np.ones(len(values)), values])


def _logistic(logit: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-logit)))


def _certainties(logit: Array, error: Array) -> list[Certainty]:
    near, far = norm.ppf(0.9) * error, norm.ppf(0.975) * error
    ends = zip(logit, logit - near, logit + near, logit - far, logit + far, strict=True)
    return [certainty(*told) if np.isfinite(a) else "cannot tell" for a, *told in ends]
