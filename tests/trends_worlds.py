"""A service like Google Trends with a planted truth: samples, divides by the peak of the answer, prints whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass
class Market:
    """Searches (terms x periods, in units of a faint term's mean) and the law by which they are answered.

    `sampled` searches of a term of mean 1 are drawn per period, anew for every answer (0: nothing is drawn); with `days`,
    all answers of one day share one draw, and `day` says which it is. `relative`: standard deviation of what else disturbs
    a cell. `asked` counts the answers.
    """

    searches: Array
    sampled: float = 0.0
    relative: float = 0.0
    days: bool = False
    seed: int = 0
    day: int = 0
    asked: int = 0
    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = self.names or [f"t{i:03d}" for i in range(len(self.searches))]

    def ask(self, group: Sequence[str]) -> pd.DataFrame:
        """Answer a group of terms: `term`, `ds`, `value` in 0..100 of the answer's own peak."""
        at = [self.names.index(term) for term in group]
        self.asked += 1
        rng = np.random.default_rng([self.seed, self.day if self.days else self.asked])
        seen = self.searches if self.days else self.searches[at]
        if self.sampled:
            seen = rng.poisson(seen * self.sampled) / self.sampled
        if self.relative:
            seen = seen * np.exp(rng.normal(0, self.relative, seen.shape))
        seen = seen[at] if self.days else seen
        return printed(seen, list(group))

    def ask_groups(self, groups: Sequence[Sequence[str]]) -> pd.DataFrame:
        """Answers of all groups as the table that `calibrate` reads."""
        return pd.concat([self.ask(g).assign(request=i) for i, g in enumerate(groups)], ignore_index=True)

    def levels(self, reference: str) -> pd.Series:
        """Return the true mean of every term, that of the reference 1."""
        mean = pd.Series(self.searches.mean(axis=1), self.names)
        return mean / mean[reference]


def market(seed: int, *, terms: int, decades: float, periods: int = 104, **law: float | bool) -> Market:
    """Terms spread over `decades` orders of magnitude, highest first: seasons, random walks and one burst each."""
    rng = np.random.default_rng([seed, 1])
    levels = 10 ** np.sort(rng.uniform(0, decades, terms))[::-1]
    t = np.arange(periods)
    phase, depth = rng.uniform(size=(terms, 1)), 0.3 * rng.uniform(size=(terms, 1))
    walk = np.exp(np.cumsum(rng.normal(0, 0.05, (terms, periods)), axis=1))
    burst = np.ones((terms, periods))
    burst[np.arange(terms), rng.integers(periods, size=terms)] += rng.exponential(1.5, terms)
    season = 1 + depth * np.sin(2 * np.pi * (t / 52 + phase))
    return Market(levels[:, None] * season * walk / walk.mean(axis=1, keepdims=True) * burst, seed=seed, **law)


def windows(names: Sequence[str], *, stride: int = 3, size: int = 5) -> list[list[str]]:
    """Groups of neighbours, each sharing `size - stride` terms with the next."""
    starts = [*range(0, max(len(names) - size, 0), stride), max(len(names) - size, 0)]
    return [list(names[i : i + size]) for i in starts]


def printed(seen: Array, names: Sequence[str]) -> pd.DataFrame:
    """Divide by the peak and round, as an answer is printed."""
    value = np.rint(100 * seen / max(seen.max(), 1e-300))
    n = seen.shape[1]
    return pd.DataFrame({"term": np.repeat(names, n), "ds": np.tile(np.arange(n), len(names)), "value": value.ravel()})


def long_series(seed: int, *, level: float, days: int = 3 * 364) -> Array:
    """Daily searches of one term over years: season, weekends, a random walk, six bursts."""
    rng = np.random.default_rng([seed, 2])
    t = np.arange(days)
    x = (1 + 0.35 * np.sin(2 * np.pi * t / 364)) * (1 + 0.2 * np.isin(t % 7, [5, 6]))
    x = x * np.exp(np.cumsum(rng.normal(0, 0.01, days)))
    for start in rng.integers(days - 10, size=6):
        x[start : start + 10] *= 1 + rng.exponential(2) * np.exp(-np.arange(10) / 3)
    return np.asarray(level * x / x.mean())
