"""The tests that a lead has to pass, one by one, each with what was measured and what it is held against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from forecasting import leading
from forecasting.evaluation import diebold_mariano
from forecasting.leading import Origins
from forecasting.own_past import Own

#: A claim needs every test at this level.
ALPHA = 0.05
#: Share of the squared error at past origins that the leader must save.
MIN_GAIN = 0.02
#: Circular shifts of the leader that the same search is run on.
PLACEBOS = 199
#: Past origins that a claim needs at least.
MIN_ORIGINS = 20


@dataclass(frozen=True)
class Check:
    """One test of the rule.

    Parameters
    ----------
    passed : whether it speaks for the claim; None = not run, because the claim had failed before or it is no condition.
    value, bound : what was measured and what it is held against, in the unit that `text` names.
    text : one sentence.
    """

    passed: bool | None
    value: float
    bound: float
    text: str


def accuracy(error: np.ndarray, gain: np.ndarray, h: int) -> dict[str, Check]:
    """Return the checks of gain, Diebold-Mariano and Clark-West from errors (n,) without x and what x adds (n,)."""
    saved = saved_share(error, gain)
    without, led = error**2, (error - gain) ** 2
    dm = diebold_mariano(without, led, h)
    cw = diebold_mariano(without, led - gain**2, h)
    return {
        "gain": Check(saved >= MIN_GAIN, saved, MIN_GAIN, f"{saved:.1%} of the squared error saved at past origins"),
        "diebold_mariano": Check(
            dm.p_value < ALPHA,
            dm.p_value,
            ALPHA,
            f"p = {dm.p_value:.3f} that the forecast is no better (Diebold-Mariano)",
        ),
        "clark_west": Check(
            cw.p_value < ALPHA, cw.p_value, ALPHA, f"p = {cw.p_value:.3f} for nested models (Clark-West)"
        ),
    }


def correlation(led: np.ndarray, leader: np.ndarray, lag: int) -> Check:
    """Return the cross-correlation of two `leading.residuals` at `lag`, against 1.96 / sqrt of the effective n."""
    a, b = leader[:-lag], led[lag:]
    both = np.isfinite(a) & np.isfinite(b)
    a, b = _ranked(a[both]), _ranked(b[both])
    n = len(a)
    if n < 8 or not a.std() * b.std() > 0:
        return Check(False, 0.0, 1.0, "too few common changes to correlate")
    r = float(a @ b / np.sqrt((a @ a) * (b @ b)))
    reach = min(10, n // 4)
    own = [float((a[k:] @ a[:-k]) / (a @ a) * (b[k:] @ b[:-k]) / (b @ b)) for k in range(1, reach + 1)]
    effective = n / max(1.0, 1 + 2 * sum((1 - (k + 1) / n) * v for k, v in enumerate(own)))
    bound = float(1.96 / np.sqrt(effective))
    return Check(
        abs(r) > bound, r, bound, f"the prewhitened series correlate by {r:.2f} at that lag (bound {bound:.2f})"
    )


def placebo(y: Own, changes: np.ndarray, h: int, saved: float, rng: np.random.Generator) -> Check:
    """Run the same search on circular shifts of the leader and return how often it saves as much."""
    n, lags = changes.shape
    apart = lags + h
    shifts = rng.integers(apart, max(n - apart, apart + 1), PLACEBOS)
    fields = np.stack([leading.shifted(changes, int(s)) for s in shifts])
    lag, _ = leading.choose_lag(y, np.stack([leading.lead_columns(f, 1) for f in fields]))
    chosen = np.stack([leading.lead_columns(f, h)[:, k - 1] for f, k in zip(fields, lag, strict=True)])
    error, gain = with_outcome(leading.roll(y, chosen, h))
    p = (1 + sum(saved_share(error, g) >= saved for g in gain)) / (1 + PLACEBOS)
    return Check(p <= ALPHA, p, ALPHA, f"{p:.1%} of the placebos (x shifted in a circle) save as much")


def reverse(information: bool, tests: dict[str, Check]) -> Check:
    """Return whether y helps to forecast x: told beside the claim, no condition of it.

    Parameters
    ----------
    information : a lag of y lowers the BIC of x. tests : the `accuracy` of that direction; empty = too few past origins.
    """
    if not tests:
        return Check(None, np.nan, ALPHA, "too few past origins for the other direction")
    both = information and all(t.passed for t in tests.values())
    p = tests["diebold_mariano"].value
    told = "y helps to forecast x as well" if both else "y does not help to forecast x"
    return Check(None, p, ALPHA, f"{told} (p = {p:.3f})")


def not_run(name: str) -> Check:
    """Return the check of this name as not run."""
    return Check(None, np.nan, ALPHA, f"{name} not run: the claim had failed before")


def with_outcome(found: Origins) -> tuple[np.ndarray, np.ndarray]:
    """Return error (n,) and gain (S, n) of the origins whose outcome is known."""
    known = np.isfinite(found.error)
    return found.error[known], found.gain[:, known]


def saved_share(error: np.ndarray, gain: np.ndarray) -> float:
    """Return the share of the squared error that `gain` saves; negative = it does harm."""
    total = float(error @ error)
    return float(total - (error - gain) @ (error - gain)) / total if total > 0 else 0.0


def _ranked(values: np.ndarray) -> np.ndarray:
    """Return normal scores of the ranks: one spike cannot make a correlation."""
    if len(values) == 0:
        return values
    return special.ndtri((stats.rankdata(values) - 0.5) / len(values))
