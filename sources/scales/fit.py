"""Find the factor of every answer and the value of every cell: weighted least squares with the cells profiled out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, sparse, stats
from scipy.sparse.linalg import splu

from sources.scales.answers import Answers, Array, Flags, Ints, components
from sources.scales.rounding import VARIANCE, alike

#: Gauss-Newton steps at most, those between which the noise is estimated anew, and the step that ends them.
STEPS = 20
NOISE_STEPS = 8
SETTLED = 1e-9
#: Values printed below this many steps tell more about rounding than about sampling.
CLEAR = 2.0
#: Common noise is believed where chance alone would explain the residuals in fewer than 1 - this of all fits.
SURE = 0.95
#: Fewer shared values than this say nothing about the law of the noise.
FEWEST = 30


@dataclass(frozen=True)
class Noise:
    """Variance of a printed value m of an answer with factor c: step^2 / 12 + counting c m + relative m^2.

    `counting` is what drawing a part of all searches gives (Poisson), `relative` a share of the value; both are drawn anew
    for every cell. `common` is the variance, of the logarithm, that all values of a term in one answer share.
    """

    counting: float = 0.0
    relative: float = 0.0
    common: float = 0.0

    def towards(self, other: Noise) -> Noise:
        """Return the law of cells half way between the two, with the common noise of the other."""
        return Noise((self.counting + other.counting) / 2, (self.relative + other.relative) / 2, other.common)

    def of_cell(self, x: Array) -> Array:
        """Variance of the logarithm of one draw of a cell, rounding and `common` apart."""
        return self.counting / np.maximum(x, 1e-300) + self.relative


@dataclass(frozen=True)
class Pairs:
    """The (term, request) pairs: position of each value's pair in `of`, and per pair its term, request and errors."""

    of: Ints
    term: Ints
    request: Ints
    alike: Array
    floor: Array

    def total(self, values: Array) -> Array:
        """Sum over the values of every pair."""
        return np.asarray(np.bincount(self.of, values, len(self.term)), float)


@dataclass(frozen=True)
class Scales:
    """What `fit_answers` found.

    By request: `s` (log factor), `component` (-1: no value). By cell: `x`. By value: `mean` = c x, `precision` (what the
    value tells about the logarithm of its cell or factor). By pair: `residual` (of the logarithm) and `error`, the variance
    it should have without `noise.common`. `normal`: normal matrix of the factors. `freedom` of the residuals of pairs;
    `draws` = False where no cell was drawn twice, so that nothing is known of the noise of sampling.
    """

    answers: Answers
    pairs: Pairs
    s: Array
    component: Ints
    x: Array
    mean: Array
    precision: Array
    residual: Array
    error: Array
    normal: sparse.csr_array
    noise: Noise
    freedom: int
    draws: bool


def fit_answers(answers: Answers, *, sampling: bool = True, start: Scales | None = None) -> Scales:
    """Fit y = c x + noise with one factor c an answer and one value x a cell.

    The factors start from the logarithm of sums over shared cells (least squares on the graph of requests) and are refined
    by Gauss-Newton steps; the law of the noise is estimated by moments in between. `sampling` = False assumes that nothing
    but rounding disturbs. `start`: an earlier fit of the same values to go on from.

    References
    ----------
    Aitken (1936), generalised least squares; Golub & Pereyra (1973), variable projection.
    """
    pairs = start.pairs if start else pairs_of(answers)
    component = components(answers)
    s = start.s if start else _start(answers, component)
    noise, draws = start.noise if start and sampling else Noise(), False
    for step in range(STEPS):
        x, mean, precision, normal = _state(answers, pairs, s, noise)
        score = np.asarray(np.bincount(answers.request, precision * (answers.value / mean - 1), len(s)), float)
        move = solve(normal, score, component)
        s = s + move
        if sampling and step < NOISE_STEPS:
            late = step > 1 or start is not None
            found, draws = _noise(answers, pairs, x, mean, precision, component, common=late)
            # Half way, once it is near: the noise moves the weights and the weights move the noise.
            noise = noise.towards(found) if late else found
        elif np.abs(move).max(initial=0) < SETTLED:
            break
    x, mean, precision, normal = _state(answers, pairs, s, noise)
    residual, error, freedom = _residuals(answers, pairs, x, mean, precision, component, noise)
    return Scales(answers, pairs, s, component, x, mean, precision, residual, error, normal, noise, freedom, draws)


def pairs_of(answers: Answers) -> Pairs:
    """Group the values by term and request; see `Pairs`."""
    n = len(answers.asked)
    number, of = np.unique(answers.term * n + answers.request, return_inverse=True)
    # Of zeros only an upper bound is known, and the same is true of all of them: their middles err together.
    floor = np.bincount(of, np.where(answers.floor, answers.unit, 0), len(number)) * np.sqrt(VARIANCE)
    return Pairs(of, number // n, number % n, alike(answers, of, len(number)), floor)


def solve(normal: sparse.csr_array, right: Array, component: Ints) -> Array:
    """Solve the singular system of log factors; the first request of every component is held at 0."""
    held = np.zeros(len(component), dtype=bool)
    held[np.unique(component, return_index=True)[1]] = True
    free = np.flatnonzero(~held & (component >= 0))
    out = np.zeros(right.shape)
    if len(free):
        out[free] = splu(sparse.csc_array(normal[free][:, free])).solve(right[free])
    return out


def _start(answers: Answers, component: Ints) -> Array:
    """Log factors by least squares on the logarithm of sums over the cells that two requests share."""
    n = len(answers.asked)
    one, two, gap, weight = [], [], [], []
    for values in by_term(answers):
        rows, i = np.unique(answers.request[values], return_inverse=True)
        cells, j = np.unique(answers.cell[values], return_inverse=True)
        printed, seen = (
            sparse.csr_array((v, (i, j)), shape=(len(rows), len(cells)))
            for v in (answers.value[values], np.ones(len(i)))
        )
        sums = (printed @ seen.T).toarray()
        a, b = np.nonzero(np.triu((sums > 0) & (sums.T > 0), 1))
        one.append(rows[a])
        two.append(rows[b])
        gap.append(np.log(sums[a, b] / sums[b, a]))
        weight.append(1 / (1 / sums[a, b] + 1 / sums[b, a]))
    if not one:
        return np.zeros(n)
    i, j = np.concatenate(one), np.concatenate(two)
    d, w = np.concatenate(gap), np.concatenate(weight)
    normal = sparse.coo_array((np.r_[w, w, -w, -w], (np.r_[i, j, i, j], np.r_[i, j, j, i])), shape=(n, n)).tocsr()
    pull = np.asarray(np.bincount(i, w * d, n) - np.bincount(j, w * d, n), float)
    return solve(normal, pull, component)


def by_term(answers: Answers) -> list[Ints]:
    """Positions of the values of every term that has some."""
    order = np.argsort(answers.term, kind="stable")
    return [p for p in np.split(order, np.flatnonzero(np.diff(answers.term[order])) + 1) if len(p)]


def _state(answers: Answers, pairs: Pairs, s: Array, noise: Noise) -> tuple[Array, Array, Array, sparse.csr_array]:
    """Cells, means, precisions and normal matrix at the factors `s`."""
    c, y, n = np.exp(s[answers.request]), answers.value, len(answers.cells)
    rounding = VARIANCE * answers.unit**2
    # From sums of the cell, never from the value itself: a value that happens to be low would be taken for a sure one, and
    # the noise would be read where chance made it large.
    mean = c * (np.bincount(answers.cell, y, n) / np.maximum(np.bincount(answers.cell, c, n), 1e-300))[answers.cell]
    mean = np.maximum(mean, 1e-12)
    # The variance depends on the mean and the mean on the weights: two rounds settle both well enough.
    for _ in range(2):
        spread = c**2 * (mean / c) ** 2 * noise.of_cell(mean / c)
        weight = 1 / (rounding + spread)
        x = np.bincount(answers.cell, weight * c * y, n) / np.maximum(
            np.bincount(answers.cell, weight * c * c, n), 1e-300
        )
        mean = np.maximum(c * x[answers.cell], 1e-12)
    # What errs together within a pair does not average out: the pair's weight is cut to what its sum can tell.
    own = pairs.total(rounding + mean**2 * noise.of_cell(x[answers.cell]))
    together = (pairs.alike - 1) * pairs.total(rounding) + pairs.floor**2 + noise.common * pairs.total(mean) ** 2
    weight = weight * (own / (own + together))[pairs.of]
    x = np.bincount(answers.cell, weight * c * y, n) / np.maximum(np.bincount(answers.cell, weight * c * c, n), 1e-300)
    mean = np.maximum(c * x[answers.cell], 1e-12)
    precision = weight * mean**2
    to_cell, share = shares(answers, precision)
    normal = sparse.diags_array(np.asarray(np.bincount(answers.request, precision, len(s)), float)) - to_cell.T @ share
    return x, mean, precision, sparse.csr_array(normal)


def shares(answers: Answers, precision: Array) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Cells x requests: precision, and each request's share of what is known of the cell."""
    shape = (len(answers.cells), len(answers.asked))
    whole = np.bincount(answers.cell, precision, shape[0])
    share = precision / whole[answers.cell]
    at = (answers.cell, answers.request)
    return sparse.csr_array((precision, at), shape=shape), sparse.csr_array((share, at), shape=shape)


def _noise(
    answers: Answers, pairs: Pairs, x: Array, mean: Array, precision: Array, component: Ints, *, common: bool
) -> tuple[Noise, bool]:
    """Estimate the law of the noise from what cells answered several times leave over, by moments."""
    cell, n = answers.cell, len(answers.cells)
    share = precision / np.bincount(cell, precision, n)[cell]
    left = answers.value / mean - 1
    rounding = VARIANCE * (answers.unit / mean) ** 2
    expected = rounding * (1 - 2 * share) + np.bincount(cell, share**2 * rounding, n)[cell]
    # Answers of one draw carry the same error of sampling: only what lies between draws shows it.
    _, drawn = np.unique(cell * (answers.draw.max(initial=0) + 1) + answers.draw[answers.request], return_inverse=True)
    in_draw = np.bincount(drawn, share)
    owner = np.zeros(len(in_draw), dtype=np.int64)
    owner[drawn] = cell
    shown = np.asarray(1 - 2 * in_draw[drawn] + np.bincount(owner, in_draw**2, n)[cell], float)
    use = (shown > 1e-6) & (mean > CLEAR * answers.unit) & ~answers.floor
    counting = relative = 0.0
    draws = bool(use.sum() >= FEWEST)
    if draws:
        whole = np.bincount(cell, precision, n)[cell]
        # The cell itself is known no better than 1 / whole.
        expected_and_cell = expected + shown / whole
        counting, relative = law(
            (left**2)[use], expected[use], shown[use], x[cell][use], scatter=expected_and_cell[use]
        )
    noise = Noise(counting, relative)
    if common:
        residual, error, freedom = _residuals(answers, pairs, x, mean, precision, component, noise)
        linked = _linked(pairs)
        noise = Noise(counting, relative, _moment(residual[linked], error[linked], freedom))
    return noise, draws


def law(
    squared: Array, rounding: Array, shown: Array, x: Array, *, scatter: Array | None = None
) -> tuple[float, float]:
    """Counting and relative part of the noise, by moments: E squared = rounding + shown (counting / x + relative).

    `squared`: squared relative residuals of values of mean x; `shown`: share of the sampling that they show; `scatter`: what
    they are weighted by (default: `rounding` and the noise found in a first pass).
    """
    design = np.column_stack([shown / x, shown])
    found = np.zeros(2)
    for _ in range(1 if scatter is not None else 2):
        weight = 1 / np.maximum(
            scatter if scatter is not None else rounding + design @ found + squared.mean() * 1e-3, 1e-12
        )
        rows = design * weight[:, None]
        size = np.abs(rows).max(axis=0)
        found, _ = optimize.nnls(rows / size, (squared - rounding) * weight)
        found = found / size
    return float(found[0]), float(found[1])


def _linked(pairs: Pairs) -> Flags:
    """Pairs whose term other requests answered too: the only ones with a residual."""
    return np.asarray(np.bincount(pairs.term)[pairs.term] > 1) if len(pairs.term) else np.zeros(0, dtype=bool)


def _residuals(
    answers: Answers, pairs: Pairs, x: Array, mean: Array, precision: Array, component: Ints, noise: Noise
) -> tuple[Array, Array, int]:
    """Residual of the logarithm of every pair, the variance rounding and sampling give it, and the degrees of freedom."""
    residual = pairs.total(precision * (answers.value / mean - 1)) / np.maximum(pairs.total(precision), 1e-300)
    rounding = pairs.alike * pairs.total(VARIANCE * answers.unit**2)
    sampling = pairs.total(mean**2 * noise.of_cell(x[answers.cell]))
    error = (rounding + sampling + pairs.floor**2) / pairs.total(mean) ** 2
    linked = _linked(pairs)
    requests = np.unique(pairs.request[linked])
    freedom = linked.sum() - len(np.unique(pairs.term[linked])) - len(requests) + len(np.unique(component[requests]))
    return residual, error, int(freedom)


def _moment(residual: Array, error: Array, freedom: int) -> float:
    """Variance to add so that the weighted sum of squares equals its degrees of freedom (DerSimonian & Laird 1986).

    0 unless the sum is larger than chance makes it in 95 of 100 fits: an estimate cut at 0 is otherwise too high on average.
    """

    def excess(added: float) -> float:
        return float(np.sum(residual**2 / (error + added))) - freedom

    if freedom <= 0 or excess(0.0) <= stats.chi2.ppf(SURE, freedom) - freedom:
        return 0.0
    return float(optimize.brentq(excess, 0.0, 10 * float(np.max(residual**2)) + 1e-12))
