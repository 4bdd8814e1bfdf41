"""What the answers disagree on beyond rounding: the only sign that the service drew samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from sources.scales.answers import EXACT, Array, Flags
from sources.scales.errors import leftover
from sources.scales.fit import Scales, fit_answers
from sources.scales.rounding import VARIANCE

#: One-sided level at which more than rounding leaves is believed.
SURE = 0.99


@dataclass(frozen=True)
class Excess:
    """By request: values `compared` with those of another answer, their squared residuals in steps of rounding (`total`), the
    sum that rounding leaves (`allowed`) and its standard deviation (`spread`).
    """

    compared: Array
    total: Array
    allowed: Array
    spread: Array

    @property
    def exceeds(self) -> Flags:
        """Whether a request disagrees with the others by more than rounding leaves in 99 of 100."""
        return np.asarray((self.compared > 0) & (self.total - self.allowed > stats.norm.ppf(SURE) * self.spread))

    @property
    def at_all(self) -> bool:
        """Whether all of them together do."""
        more = float((self.total - self.allowed).sum())
        return more > float(stats.norm.ppf(SURE) * np.sqrt((self.spread**2).sum()))


def beyond_rounding(scales: Scales) -> Excess:
    """Fit the answers of `scales` as if nothing but rounding disturbed them, and compare what that leaves over."""
    strict = fit_answers(scales.answers, sampling=False, start=scales)
    answers, n = strict.answers, len(strict.answers.asked)
    step = VARIANCE * (answers.unit / strict.mean) ** 2
    share = strict.precision / np.bincount(answers.cell, strict.precision)[answers.cell]
    # Answers on nearly one scale are rounded alike, which may leave less than independent errors do, or more: take the larger.
    alone = step * (1 - 2 * share) + np.bincount(answers.cell, share**2 * step)[answers.cell]
    expected = np.maximum(alone, leftover(strict)) / step
    # A peak is exact: what it leaves over is the error of the others.
    use = (share < 1) & ~answers.floor & (answers.unit > 2 * EXACT * answers.unit.max(initial=0))
    squared = (answers.value / strict.mean - 1) ** 2 / step
    compared, total, allowed = (
        np.asarray(np.bincount(answers.request, use * v, n), float) for v in (1.0, squared, expected)
    )
    # The square of a uniform error has variance 0.8 of its squared mean; periods rounded alike count as fewer.
    spread = np.sqrt(0.8 * np.bincount(answers.request, use * strict.pairs.alike[strict.pairs.of] * expected**2, n))
    return Excess(compared, total, allowed, spread)
