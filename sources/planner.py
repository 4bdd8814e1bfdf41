"""Which terms to ask together next, so that as few requests as possible put all of them on one scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sources.errors import BadQuery
from sources.scales.answers import Array, Ints
from sources.scales.fit import Noise
from sources.scales.place import place
from sources.scales.rounding import VARIANCE
from sources.search.trends_arguments import MOST_TERMS, STRIDE

#: Standard deviation, of the logarithm, granted to a term of which only zeros are known.
FAINT = 2.0
#: A largest value of an answer, in printed steps.
PEAK = 100.0


def next_requests(
    terms: Sequence[str],
    requests_so_far: pd.DataFrame | None,
    budget: int,
    *,
    size: int = MOST_TERMS,
    again: bool = True,
) -> list[list[str]]:
    """Propose the next requests; ask them and call again with all answers until the budget is spent.

    First a look at a few terms; then a rough pass of all terms beside a common anchor of middling level. Groups that no
    shared term connects are joined before anything else. Then the terms, sorted by level, in windows of five that share two
    with the next; last, where the interval is widest, the group of neighbours that tells most (greedy D-optimal design).

    Parameters
    ----------
    terms : the terms to calibrate, at least two, all different.
    requests_so_far : the answers as for `sources.calibration.calibrate`, of these terms or more; None or empty at first.
    budget : requests that may still be asked.
    size : terms in a request, 2..5.
    again : a group may be asked again, of a service that draws a new sample for every answer. False: only new groups.

    Returns
    -------
    Groups of at most `size` terms, at most `budget` of them; fewer where the answers to these decide what comes next. Empty
    when the budget is 0, when no term shows anything, or when no new group is left and none may be asked again.

    Raises
    ------
    BadQuery : fewer than two terms, a term twice, or a size the service does not take.

    References
    ----------
    Fedorov (1972), Theory of Optimal Experiments, for the exchange of designs by determinant.
    """
    if isinstance(terms, str) or len(set(terms)) < 2 or len(set(terms)) < len(terms):
        raise BadQuery("a scale needs at least two terms, each of them once", "next_requests")
    terms = list(terms)
    if not 2 <= size <= MOST_TERMS:
        raise BadQuery(f"a request cannot hold {size} terms", "next_requests", f"choose 2 to {MOST_TERMS}")
    if budget <= 0:
        return []
    if requests_so_far is None or requests_so_far.empty:
        return [terms[:size]]
    known = _Known(terms, requests_so_far)
    if not known.entries:
        # Nothing has shown yet: what was never asked, and then there is no more to learn.
        new = [t for t, n in zip(terms, known.times, strict=True) if not n]
        return [new[i : i + size] for i in range(0, len(new), size)][:budget]
    for step in (_unseen, _apart, _once, _hidden):
        groups = step(known, size)
        if groups:
            return groups[:budget]
    return _widest(known, size, budget, again=again)


def ask_all(
    terms: Sequence[str], ask: Callable[[list[str]], pd.DataFrame], budget: int, *, size: int = MOST_TERMS
) -> pd.DataFrame:
    """Ask what `next_requests` proposes, round by round, and return all answers as the table that `calibrate` reads.

    Parameters
    ----------
    ask : takes a group of terms, returns `term`, `ds`, `value` and what else `calibrate` understands.
    terms, budget, size : as for `next_requests`.
    """
    answers: list[pd.DataFrame] = []
    while len(answers) < budget:
        so_far = pd.concat(answers, ignore_index=True) if answers else None
        groups = next_requests(terms, so_far, budget - len(answers), size=size)
        if not groups:
            break
        for group in groups:
            answers.append(ask(group).assign(request=len(answers)))
    return (
        pd.concat(answers, ignore_index=True) if answers else pd.DataFrame(columns=["request", "term", "ds", "value"])
    )


class _Known:
    """What the answers so far say of the terms: what was asked, on which scale each stands, how high, how faint."""

    def __init__(self, terms: list[str], requests: pd.DataFrame) -> None:
        self.terms = terms
        number = {t: i for i, t in enumerate(terms)}
        groups = requests.groupby("request", sort=False)["term"].unique()
        self.asked = {frozenset(number[t] for t in group if t in number) for group in groups}
        self.times = np.array([sum(i in group for group in self.asked) for i in range(len(terms))])
        self.placed = place(requests, "next_requests")
        at = self.placed.terms.get_indexer(pd.Index(terms))
        self.component = np.where(at >= 0, self.placed.home()[at], -1)
        self.main = int(np.bincount(self.component[self.component >= 0], minlength=1).argmax())
        self.entries = {
            int(c): np.where(at >= 0, self.placed.in_component(int(c))[at], -1)
            for c in np.unique(self.placed.component)
        }

    def sorted(self, component: int, *, faint: bool) -> Ints:
        """Positions of the terms of a component, the highest level first, with or without the faint ones."""
        if component not in self.entries:
            return np.flatnonzero(self.component == component)
        entry = self.entries[component]
        at = np.flatnonzero((self.component == component) & (entry >= 0))
        at = at if faint else at[~self.placed.faint[entry[at]]]
        return at[np.argsort(-self.placed.log[entry[at]], kind="stable")]

    def faint(self) -> Ints:
        """Positions of the terms of the main component of which only zeros are known."""
        return np.setdiff1d(self.sorted(self.main, faint=True), self.sorted(self.main, faint=False))

    def higher(self, component: int) -> int:
        """Return 1 where the terms of `component` hid those of the main one, -1 where they were hidden, 0 if unknown."""
        here, there = self.entries[self.main], self.entries.get(component, np.full(len(self.terms), -1))
        both = (here >= 0) & (there >= 0)
        hidden_here, hidden_there = self.placed.faint[here[both]], self.placed.faint[there[both]]
        return int(np.sign(int(hidden_there.sum()) - int(hidden_here.sum())))

    def fresh(self, groups: list[list[int]], size: int) -> list[list[str]]:
        """Return the groups of at least two terms that were not asked before, by name and without repeats."""
        short = [tuple(dict.fromkeys(int(i) for i in group))[:size] for group in groups]
        new = {frozenset(g): g for g in short if len(g) > 1 and frozenset(g) not in self.asked}
        return [[self.terms[i] for i in group] for group in new.values()]


def _unseen(known: _Known, size: int) -> list[list[str]]:
    """The rough pass: terms never asked, beside an anchor that shows next to most."""
    new = np.flatnonzero(known.times == 0)
    clear = known.sorted(known.main, faint=False)
    # Too high an anchor hides the others, too low a one is hidden.
    anchor = clear[len(clear) // 3 : len(clear) // 3 + 1]
    step = size - len(anchor)
    return known.fresh([[*anchor, *new[i : i + step]] for i in range(0, len(new), step)], size)


def _apart(known: _Known, size: int) -> list[list[str]]:
    """Join every other component to the main one, by terms that should be next to each other in level."""
    main = known.sorted(known.main, faint=False)
    half = size // 2
    groups: list[list[int]] = []
    for number in np.unique(known.component[known.component != known.main]):
        other = known.sorted(int(number), faint=False)
        higher = known.higher(int(number))
        if higher > 0:
            groups.append([*main[:half], *other[::-1][: size - half]])
        elif higher < 0:
            groups.append([*main[::-1][:half], *other[: size - half]])
        groups.append([*main[:1], *other[:1], *main[len(main) // 2 :][:1], *other[-1:], *main[-1:]])
    return known.fresh(groups, size)


def _once(known: _Known, size: int) -> list[list[str]]:
    """Windows over the terms sorted by level, where they hold a term that was asked only once."""
    order = known.sorted(known.main, faint=True)
    step = max(1, min(STRIDE, size - 1))
    starts = [*range(0, max(len(order) - size, 0), step), max(len(order) - size, 0)]
    windows = [order[i : i + size] for i in starts]
    return known.fresh([[*w] for w in windows if (known.times[w] < 2).any()], size)


def _hidden(known: _Known, size: int) -> list[list[str]]:
    """Terms of which only zeros are known, beside the lowest term that shows."""
    faint = known.faint()
    lowest = known.sorted(known.main, faint=False)[-1:]
    return known.fresh([[*lowest, *faint[i : i + size - 1]] for i in range(0, len(faint), size - 1)], size)


def _widest(known: _Known, size: int, budget: int, *, again: bool) -> list[list[str]]:
    """Greedy D-optimal groups, each of which holds the term that is then known worst and has a group left to ask."""
    order = known.sorted(known.main, faint=True)
    if len(order) < 2:
        return []
    design = _Design.of(known, order)
    place_of = {int(i): at for at, i in enumerate(order)}
    asked = set() if again else {frozenset(place_of.get(i, -1) for i in group) for group in known.asked}
    groups: list[list[str]] = []
    while len(groups) < budget:
        group = design.best(size, asked)
        if group is None:
            break
        design.ask(group)
        if not again:
            asked.add(frozenset(group.tolist()))
        groups.append([known.terms[order[i]] for i in group])
    return groups


@dataclass
class _Design:
    """Terms sorted by level: expected series, covariance of the logarithm of their levels, and the noise of an answer."""

    series: Array
    covariance: Array
    noise: Noise

    @classmethod
    def of(cls, known: _Known, order: Ints) -> _Design:
        """Take over what is known; a faint term is expected flat, and its level hardly known."""
        placed, entry = known.placed, known.entries[known.main][order]
        answers = placed.scales.answers
        periods, t = np.unique(answers.cells.get_level_values(1), return_inverse=True)
        series = np.full((len(placed.term), len(periods)), np.nan)
        series[answers.term, t[answers.cell]] = placed.scales.x[answers.cell]
        flat = np.exp(placed.log)[:, None]
        series = np.where(np.isnan(series), flat, series)[entry]
        covariance = placed.levels.covariance[np.ix_(entry, entry)].copy()
        covariance[np.diag_indices(len(entry))] += np.where(placed.faint[entry], FAINT**2, 0.0)
        return cls(series, covariance, placed.scales.noise)

    def information(self, group: Ints) -> Array:
        """Information on the levels of a group that one more answer is expected to give, its factor profiled out."""
        series = self.series[group]
        mean = PEAK * series / series.max()
        variance = VARIANCE + mean**2 * self.noise.of_cell(series)
        own = 1 / (1 / (mean**2 / variance).sum(axis=1) + self.noise.common)
        return np.asarray(np.diag(own) - np.outer(own, own) / own.sum())

    def best(self, size: int, asked: set[frozenset[int]]) -> Ints | None:
        """Return the group around the term known worst whose answer shrinks the determinant most, none of `asked`."""
        n = len(self.series)
        size = min(size, n)
        # Known worst relative to the mean level: the scale as a whole is free.
        centred = self.covariance - self.covariance.mean(axis=0)
        for worst in np.argsort(-np.diag(centred - centred.mean(axis=1)[:, None]), kind="stable"):
            groups = {tuple(g) for g in _around(int(worst), n, size)}
            gain = {g: self._gain(np.array(g)) for g in sorted(groups) if frozenset(g) not in asked}
            if gain:
                return np.array(max(gain, key=lambda g: gain[g]))
        return None

    def ask(self, group: Ints) -> None:
        """Take the expected answer into the covariance."""
        information = self.information(group)
        inner = np.linalg.solve(np.eye(len(group)) + information @ self.covariance[np.ix_(group, group)], information)
        rows = self.covariance[:, group]
        self.covariance = self.covariance - rows @ inner @ rows.T

    def _gain(self, group: Ints) -> float:
        information = self.information(group)
        return float(np.linalg.slogdet(np.eye(len(group)) + information @ self.covariance[np.ix_(group, group)])[1])


def _around(worst: int, n: int, size: int) -> list[list[int]]:
    """Groups of neighbours in level that hold `worst`: every window, close and stretched."""
    groups: list[list[int]] = []
    for stride in range(1, max(2, min(4, n // size) + 1)):
        for place_ in range(size):
            start = worst - stride * place_
            group = [start + stride * i for i in range(size)]
            if group[0] >= 0 and group[-1] < n:
                groups.append(group)
    return groups or [list(range(size))]
