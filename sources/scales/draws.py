"""Which answers came out of one draw of searches: a service that samples once a day repeats the errors of that day."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from sources.scales.answers import Answers, Array, Ints
from sources.scales.fit import Scales, by_term, fit_answers
from sources.scales.rounding import VARIANCE, correlation

#: Two answers are of one draw if that is e^5 times as likely as two draws.
EVIDENCE = 5.0
#: Rounds of fitting and sorting into draws.
ROUNDS = 3
#: Rounding on nearly one scale leaves at least this share of what independent errors leave: the scales are not known exactly.
LEAST = 0.1


def fit_with_draws(answers: Answers) -> Scales:
    """Fit; where nothing is said of draws, find out which answers share one and fit again.

    Answers of one draw agree but for rounding, which hides the noise of sampling and makes it err together.
    """
    scales = fit_answers(answers)
    if len(np.unique(answers.draw)) < len(answers.draw):
        return scales
    for _ in range(ROUNDS):
        draw = _draws(scales)
        if (draw == scales.answers.draw).all():
            break
        scales = fit_answers(replace(answers, draw=draw), start=scales)
    return scales


def _draws(scales: Scales) -> Ints:
    """Number of the draw of every request, by likelihood of their differences beyond rounding."""
    n = len(scales.answers.asked)
    evidence = _evidence(scales)
    graph = sparse.csr_array(evidence > EVIDENCE)
    _, label = csgraph.connected_components(graph, directed=False)
    first = np.full(n, n)
    np.minimum.at(first, label, np.arange(n))
    return first[label].astype(np.int64)


def _evidence(scales: Scales) -> Array:
    """Log likelihood ratio, request by request, of one draw against two."""
    answers, n = scales.answers, len(scales.answers.asked)
    out = np.zeros((n, n))
    for values in by_term(answers):
        rows, i = np.unique(answers.request[values], return_inverse=True)
        cells, j = np.unique(answers.cell[values], return_inverse=True)
        mean, unit, left = (np.full((len(rows), len(cells)), np.nan) for _ in range(3))
        mean[i, j], unit[i, j] = scales.mean[values], answers.unit[values]
        left[i, j] = np.where(answers.floor[values], np.nan, answers.value[values] / scales.mean[values] - 1)
        alike = np.zeros(len(rows))
        alike[i] = scales.pairs.alike[scales.pairs.of[values]]
        sampling = 2 * scales.noise.of_cell(scales.x[cells])
        step = VARIANCE * (unit / mean) ** 2
        for a in range(len(rows) - 1):
            b = slice(a + 1, None)
            both = step[a] + step[b]
            repeated = correlation(mean[a] / unit[a] - mean[b] / unit[b], np.zeros(1)) * np.sqrt(step[a] * step[b])
            rounding = np.maximum(both - 2 * repeated, LEAST * both)
            apart = (left[a] - left[b]) ** 2
            ratio = np.log1p(sampling / rounding) - apart * (1 / rounding - 1 / (rounding + sampling))
            out[rows[a], rows[b]] += np.nansum(ratio, axis=1) / 2 / np.maximum(alike[a], alike[b])
    return out
