"""How well levels are known: the covariance of term levels, with the rounding errors that repeat from answer to answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sources.scales.answers import Array, Ints
from sources.scales.fit import Scales, by_term, solve
from sources.scales.rounding import VARIANCE, correlation

#: Memory of one block of the request x request x period array, in numbers.
BLOCK = 4_000_000


@dataclass(frozen=True)
class Levels:
    """Log mean of every term's cells, its covariance (rows and columns of terms without cells are NaN and 0).

    `common` is the part of the covariance that rests on `Noise.common`.
    """

    log: Array
    covariance: Array
    common: Array


def levels_of(scales: Scales, others: sparse.csr_array | None = None) -> Levels:
    """Return the levels of the terms that `scales` was fitted on.

    `others` (terms x requests, rows summing to 1) says how terms that took no part in the fit rest on the factors: their
    covariance is that of the factors alone, their level stays NaN.

    A level is a linear function of all errors: of the term's own cells, and of the factors that brought them to one scale.
    Its covariance is the sandwich of these, not the inverse of the normal matrix: two answers whose scales are close round a
    series the same way, so that averaging them gains nothing, and the answers of one draw share their error of sampling.
    """
    answers, pairs = scales.answers, scales.pairs
    n_terms, n_requests = len(answers.terms), len(answers.asked)
    seen = np.bincount(answers.cell, minlength=len(answers.cells)) > 0
    term = np.zeros(len(answers.cells), dtype=np.int64)
    term[answers.cell] = answers.term
    x = np.where(seen, scales.x, 0.0)
    total, size = np.bincount(term, x, n_terms), np.bincount(term, seen, n_terms)
    part = x / np.maximum(total[term], 1e-300)
    share = scales.precision / np.bincount(answers.cell, scales.precision, len(answers.cells))[answers.cell]
    lean = sparse.csr_array((part[answers.cell] * share, (answers.term, answers.request)), shape=(n_terms, n_requests))
    lean = lean if others is None else lean + others
    score = _Sums(n_requests, n_terms)
    common = _Sums(n_requests, n_terms)
    first = np.searchsorted(pairs.term, np.arange(n_terms + 1))
    for values in by_term(answers):
        k = int(answers.term[values[0]])
        own = slice(first[k], first[k + 1])
        rows = pairs.request[own]
        grid = _Grid(scales, values, rows, np.sqrt(pairs.alike[own]), part)
        score.add(k, rows, *grid.white())
        log_floor = pairs.floor[own] / np.maximum(grid.total, 1e-300)
        score.add(k, rows, *grid.pairwise(log_floor**2))
        common.add(k, rows, *grid.pairwise(np.full(len(rows), scales.noise.common)))
    spread = solve(scales.normal, lean.T.toarray(), scales.component)
    white, shared = score.covariance(spread), common.covariance(spread)
    with np.errstate(divide="ignore"):
        log = np.log(total / np.maximum(size, 1))
    return Levels(np.where(size > 0, log, np.nan), white + shared, shared)


def leftover(scales: Scales) -> Array:
    """Variance that every value's (value / mean - 1) should have after the fit: its own error less its cell's."""
    out = np.zeros(len(scales.mean))
    part = np.zeros(len(scales.answers.cells))
    for values in by_term(scales.answers):
        rows = np.unique(scales.answers.request[values])
        grid = _Grid(scales, values, rows, np.ones(len(rows)), part)
        for at, cov in grid.blocks():
            share = grid.share[:, at]
            with_cell = np.einsum("abt,bt->at", cov, share)
            own = np.einsum("aat->at", cov)
            grid.left[:, at] = own - 2 * with_cell + np.einsum("at,at->t", with_cell, share)
        out[values] = grid.left[grid.row, grid.column]
    return out


class _Sums:
    """Covariance of the factors' score, of the terms' own errors, and between them, gathered term by term."""

    def __init__(self, n_requests: int, n_terms: int) -> None:
        self.score = np.zeros((n_requests, n_requests))
        self.between = np.zeros((n_requests, n_terms))
        self.own = np.zeros(n_terms)

    def add(self, term: int, rows: Ints, score: Array, between: Array, own: float) -> None:
        self.score[np.ix_(rows, rows)] += score
        self.between[rows, term] += between
        self.own[term] += own

    def covariance(self, spread: Array) -> Array:
        """Covariance of own error minus what the factors' errors take off."""
        mixed = spread.T @ self.between
        return np.asarray(np.diag(self.own) + spread.T @ (self.score @ spread) - mixed - mixed.T)


class _Grid:
    """One term's values as requests x cells."""

    def __init__(self, scales: Scales, values: Ints, rows: Ints, alike: Array, part: Array) -> None:
        answers = scales.answers
        self.row = i = np.searchsorted(rows, answers.request[values])
        cells, j = np.unique(answers.cell[values], return_inverse=True)
        self.column = j
        shape = (len(rows), len(cells))
        self.left = np.zeros(shape)

        def spread(what: Array) -> Array:
            out = np.zeros(shape)
            out[i, j] = what
            return out

        self.precision = spread(scales.precision[values])
        self.share = self.precision / self.precision.sum(axis=0)
        self.part = part[cells]
        step = spread(answers.unit[values] / scales.mean[values])
        self.printed = spread(scales.mean[values] / answers.unit[values])
        self.rounding = step * alike[:, None] * np.sqrt(VARIANCE)
        self.seen = spread(np.ones(len(values))) > 0
        self.sampling = scales.noise.of_cell(scales.x[cells])
        self.jitter = self.sampling * self.printed**2
        self.draw = answers.draw[rows]
        self.total = spread(scales.mean[values]).sum(axis=1)

    def blocks(self) -> Iterator[tuple[slice, Array]]:
        """Covariance, request x request by cell, of the errors of rounding and sampling; some cells at a time."""
        n, t = self.precision.shape
        same_draw = (self.draw[:, None] == self.draw)[:, :, None]
        width = max(1, BLOCK // (n * n))
        for start in range(0, t, width):
            at = slice(start, start + width)
            printed, jitter, seen = self.printed[:, at], self.jitter[:, at], self.seen[:, at]
            moved = np.where(same_draw, 0.0, jitter[:, None] + jitter)
            cov = correlation(printed[:, None] - printed, moved) * self.rounding[:, None, at] * self.rounding[:, at]
            cov += same_draw * self.sampling[at]
            yield at, cov * (seen[:, None] & seen)

    def white(self) -> tuple[Array, Array, float]:
        """Errors of rounding and sampling, drawn anew for every cell."""
        n = len(self.precision)
        score, between, own = np.zeros((n, n)), np.zeros(n), 0.0
        for at, cov in self.blocks():
            p, a, w = self.precision[:, at], self.share[:, at], self.part[at]
            # Error of a cell = sum of a e; score of a request = p (e - error of the cell).
            with_cell = np.einsum("abt,bt->at", cov, a)
            of_cell = np.einsum("at,at->t", with_cell, a)
            cross = (p * with_cell) @ p.T
            score += np.einsum("at,abt,bt->ab", p, cov, p) - cross - cross.T + (p * of_cell) @ p.T
            between += (p * (with_cell - of_cell)) @ w
            own += float(of_cell @ w**2)
        return score, between, own

    def pairwise(self, variance: Array) -> tuple[Array, Array, float]:
        """Errors that all values of a (term, request) pair share."""
        if not variance.any():
            n = len(variance)
            return np.zeros((n, n)), np.zeros(n), 0.0
        pull = np.diag(self.precision.sum(axis=1)) - self.precision @ self.share.T
        lean = self.share @ self.part
        return (pull * variance) @ pull.T, pull @ (variance * lean), float(lean**2 @ variance)
