"""Terms placed on the scale of their component: the clear ones by the fit, the faint ones as what their zeros leave open."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse, stats

from sources.scales.answers import Answers, Array, Flags, Ints, components, read_answers
from sources.scales.bounds import rounding_bounds
from sources.scales.draws import fit_with_draws
from sources.scales.errors import Levels, levels_of
from sources.scales.fit import Scales

#: A term tells the scale of a request if it printed one step a period or more, and this many times what its zeros may hide ...
CLEAR = 2.0
#: ... or this many times what they may hide, where nothing clearer connects the request.
WEAK = 0.5


@dataclass(frozen=True)
class Placed:
    """Terms by component; a term whose requests nothing connects has one entry in each of their components.

    By entry: `term` (position in `terms`), `component`, `log` (log mean of the cells), `size` (cells), `faint`, and for the
    faint ones `low`, `high` (what the zeros leave open, as factors of the mean) and `count` (values of the mean's sum in
    units of one search drawn; inf where sampling is not seen). `answers` holds the values placed, its terms are the entries.
    """

    terms: pd.Index
    answers: Answers
    scales: Scales
    levels: Levels
    term: Ints
    component: Ints
    log: Array
    size: Array
    faint: Flags
    low: Array
    high: Array
    count: Array

    def in_component(self, number: int) -> Ints:
        """Entry of every term in that component, -1 where it has none."""
        out = np.full(len(self.terms), -1, dtype=np.int64)
        at = np.flatnonzero(self.component == number)
        out[self.term[at]] = at
        return out

    def home(self, preferred: int | None = None) -> Ints:
        """Component of every term: the preferred one if it stands there, else the one with most terms; -1 if in none."""
        sizes = np.bincount(self.component, minlength=1)
        rank = sizes.astype(float)
        if preferred is not None:
            rank[preferred] = np.inf
        out = np.full(len(self.terms), -1, dtype=np.int64)
        for at in np.argsort(rank[self.component], kind="stable"):
            out[self.term[at]] = self.component[at]
        return out


def place(requests: pd.DataFrame, caller: str = "calibrate") -> Placed:
    """Read, connect and fit the requests, then place the terms that are too faint to take part in the fit."""
    answers = read_answers(requests, caller)
    terms = answers.terms
    linked = _links(answers)
    component = _renumbered(components(answers.where(linked)), answers, linked)
    known = component[answers.request] >= 0
    # A term's zeros beside values of its own say nothing more; without such values they are all there is.
    entry = answers.term * (component.max(initial=0) + 1) + np.maximum(component[answers.request], 0)
    clear = np.isin(entry, entry[linked])
    kept = known & (linked | ~clear)
    numbers, of = np.unique(entry[kept], return_inverse=True)
    term, home = numbers // (component.max(initial=0) + 1), numbers % (component.max(initial=0) + 1)
    index = pd.MultiIndex.from_arrays([terms[term], home])
    linked = linked[kept]
    answers = _by_component(replace(answers.where(kept), term=of.astype(np.int64), terms=index), home)
    scales = fit_with_draws(answers.where(linked))
    faint = ~np.isin(np.arange(len(index)), of[linked])
    log, low, high, count, lean = _faint(answers.where(~linked), scales)
    levels = levels_of(scales, lean)
    size = np.bincount(answers.term[np.unique(answers.cell, return_index=True)[1]], minlength=len(index)).astype(float)
    return Placed(
        terms, answers, scales, levels, term, home, np.where(faint, log, levels.log), size, faint, low, high, count
    )


def interval(placed: Placed, at: int, level: float) -> tuple[Array, Array]:
    """Return lowest and highest level of every entry relative to entry `at`, with coverage `level`."""
    levels = placed.levels
    own = np.diag(levels.covariance)
    variance = np.maximum(own + own[at] - 2 * levels.covariance[at], 0)
    common = np.maximum(np.diag(levels.common) + levels.common[at, at] - 2 * levels.common[at], 1e-300)
    # A variance estimated from few residuals is itself uncertain: Student's t, degrees of freedom by Satterthwaite (1946).
    freedom = np.clip(placed.scales.freedom * np.minimum(variance / common, 1e6) ** 2, 1, 1e9)
    wide = stats.t.ppf((1 + level) / 2, freedom) * np.sqrt(variance)
    z = float(stats.norm.ppf((1 + level) / 2))
    middle = placed.log - placed.log[at]
    # What was drawn is counted in searches: few of them say little, none of them does not say none.
    drawn = np.isfinite(placed.count)
    count, low, high = np.where(drawn, placed.count, 1.0), placed.low, placed.high
    low = np.where(drawn, _counts(count * low, z, -1) / count, low)
    high = np.where(drawn, _counts(count * high, z, 1) / count, high)
    return np.exp(middle - wide) * low, np.exp(middle + wide) * high


def certain(placed: Placed, at: int) -> tuple[Array, Array] | None:
    """Return what rounding alone makes certain of every entry relative to entry `at`, None if rounding explains nothing."""
    bounds = rounding_bounds(placed.answers, at)
    if bounds is None:
        return None
    size = np.log(placed.size) - np.log(placed.size[at])
    return np.exp(bounds[0] - size), np.exp(bounds[1] - size)


def _counts(n: Array, z: float, side: int) -> Array:
    """Score interval of a Poisson mean of which n were counted (Wilson's, for counts)."""
    return np.asarray(n + z * z / 2 + side * z * np.sqrt(n + z * z / 4))


def _links(answers: Answers) -> Flags:
    """Values of the (term, request) pairs that may tell the scale of their request."""
    n = len(answers.asked)
    _, pair = np.unique(answers.term * n + answers.request, return_inverse=True)
    shown = np.bincount(pair, np.where(answers.floor, 0, answers.value))[pair]
    hidden = np.bincount(pair, np.where(answers.floor, answers.hi, 0))[pair]
    steps = np.bincount(pair, answers.unit)[pair]
    linked = (shown >= steps) & (shown >= CLEAR * hidden)
    weak = (shown > 0) & (shown >= WEAK * hidden) & ~linked
    while weak.any():
        part = components(answers.where(linked))
        part = np.where(part < 0, len(part) + len(answers.cells) + np.arange(len(part)), part)
        # A weak pair is let in only where its cells join requests that are still apart.
        values = np.flatnonzero(linked | weak)
        ends = pd.Series(part[answers.request[values]]).groupby(answers.cell[values])
        apart = np.zeros(len(answers.cells), dtype=bool)
        spread = ends.max() != ends.min()
        apart[spread.index[spread]] = True
        added = weak & np.isin(pair, pair[weak & apart[answers.cell]])
        if not added.any():
            break
        linked, weak = linked | added, weak & ~added
    return linked


def _renumbered(component: Ints, answers: Answers, linked: Flags) -> Ints:
    """Number the components by the first term, in the order asked for, that stands in them."""
    order = np.argsort(answers.term[linked], kind="stable")
    met = dict.fromkeys(component[answers.request[linked][order]].tolist())
    new = {old: number for number, old in enumerate(met)}
    return np.array([new.get(int(c), -1) for c in component], dtype=np.int64)


def _by_component(answers: Answers, home: Ints) -> Answers:
    """Give every component cells of its own: what a term showed elsewhere is no measure of it here."""
    n = int(home.max(initial=0)) + 1
    numbers, cell = np.unique(answers.cell * n + home[answers.term], return_inverse=True)
    return replace(answers, cell=cell.astype(np.int64), cells=answers.cells[numbers // n])


def _faint(answers: Answers, scales: Scales) -> tuple[Array, Array, Array, Array, sparse.csr_array]:
    """Place the terms left out of the fit by the factors it found.

    Return log mean, the lowest and highest mean their zeros leave open as factors of it, the sum in units of one search
    drawn, and how the terms rest on the factors (terms x requests).
    """
    n_terms, n_requests = len(answers.terms), len(answers.asked)
    c = np.exp(scales.s[answers.request])
    # The finer the scale, the less a zero hides.
    weight = (c / answers.unit) ** 2
    weight = weight / np.bincount(answers.cell, weight, len(answers.cells))[answers.cell] / c
    middle, lo, hi = (np.bincount(answers.term, v * weight, n_terms) for v in (answers.value, answers.lo, answers.hi))
    size = np.bincount(answers.term[np.unique(answers.cell, return_index=True)[1]], minlength=n_terms)
    left_out = size > 0
    share = answers.value * weight / middle[answers.term]
    lean = sparse.csr_array((share, (answers.term, answers.request)), shape=(n_terms, n_requests))
    counting = scales.noise.counting

    def only(values: Array, otherwise: float) -> Array:
        return np.where(left_out, values, otherwise)

    with np.errstate(divide="ignore", invalid="ignore"):
        count = only(middle / counting, np.inf) if counting > 0 else np.full(n_terms, np.inf)
        return np.log(only(middle / size, np.nan)), only(lo / middle, 1.0), only(hi / middle, 1.0), count, lean
