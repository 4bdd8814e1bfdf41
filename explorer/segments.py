"""Segments: people grouped by what they do, as many groups as are stable, and who is heard less than their number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

from explorer.voices import wilson

#: Smallest group that is described; nothing is ever said of fewer people.
K = 10
#: Mean agreement (adjusted Rand) between halves of the people below which there are no segments, only people.
STABLE = 0.6
#: By how much segments must agree better than those of traits dealt out at random.
ABOVE_CHANCE = 0.1


@dataclass(frozen=True)
class Segments:
    """`of` : `author_key`, `segment`. `table` : one row a segment of at least 10 people: `segment`, `people`, the median
    `posts`, `followers` and share of each topic. `stability` : per number of segments tried, agreement 0..1.
    """

    of: pd.DataFrame
    table: pd.DataFrame
    stability: pd.Series


def segment(
    authors: pd.DataFrame, *, most: int = 8, draws: int = 10, seed: int = 0, community: pd.DataFrame | None = None
) -> Segments:
    """Group people by activity, topics, tone, reach and community; the number of groups is the most that is stable.

    Parameters
    ----------
    authors : `author_key`, `topic`, `posts`, `followers`, `negative`, `positive`, `labelled` (one row an author and topic).
    most : largest number of segments tried. `draws` : pairs of random halves of the people for each number.
    community : `author_key`, `group`: the larger communities enter as traits.

    References
    ----------
    Ben-Hur, Elisseeff & Guyon (2002) and Lange et al. (2004): the number of clusters by the stability of clusterings of random
    parts. One segment is returned where none is stable.
    """
    traits, shown = _traits(authors, community)
    rng = np.random.default_rng(seed)
    # Any spread of activity can be cut in two in the same place again and again: what counts is how much more stable the
    # segments are than those of people whose traits are dealt out at random.
    dealt = np.stack([rng.permutation(column) for column in traits.T], axis=1)
    tried = range(2, min(most, len(traits) // (2 * K)) + 1)
    stability = pd.Series({k: _stability(traits, k, draws, rng) for k in tried}, dtype=float)
    chance = pd.Series({k: _stability(dealt, k, draws, rng) for k in tried}, dtype=float)
    stable = stability[(stability >= STABLE) & (stability >= chance + ABOVE_CHANCE)]
    # Of numbers about as stable as the best, the largest: it says more.
    best = int(stable.index[stable >= stable.max() - 0.02].max()) if len(stable) else 1
    label = _cluster(traits, best, seed).labels_ if best > 1 else np.zeros(len(traits), dtype=int)
    rank = pd.Series(label).value_counts().index
    label = pd.Series(label).map({old: new for new, old in enumerate(rank)}).to_numpy()
    of = pd.DataFrame({"author_key": shown.index, "segment": label})
    described = shown.groupby(label).median()
    described.insert(0, "people", np.bincount(label))
    table = described[described["people"] >= K].rename_axis("segment").reset_index()
    return Segments(of, table, stability)


def represented(spoken: pd.Series, reference: pd.Series, *, level: float = 0.9) -> pd.DataFrame:
    """Set the share of each group among those who speak beside its share in a reference the user gives.

    Parameters
    ----------
    spoken : people who speak by group (region, language, age band); suppressed groups are null.
    reference : the same groups in a census, among customers or in searches; any unit, shares are taken.

    Returns
    -------
    Per group of the reference: `people`, `share`, `lo`, `hi`, `reference` (share), `ratio` [doublings; negative = heard less
    than their number], `verdict` ('under-represented' | 'over-represented' | 'cannot tell' | 'suppressed'); least heard first.
    A verdict needs the whole interval on one side after correction for the number of groups (Benjamini & Hochberg 1995).

    Raises
    ------
    ValueError : no group is in both, or a reference that is not positive.
    """
    common = reference.index[reference.index.isin(spoken.index)]
    if not len(common):
        raise ValueError("no group of the reference is among those who speak; name the groups alike in both")
    if not (reference[common] > 0).all():
        raise ValueError("every group of the reference needs a number above zero")
    people = spoken.reindex(common).astype(float)
    known = people.notna() & (people >= K)
    n = people[known].sum()
    frame = pd.DataFrame(
        {"people": people.where(known), "reference": reference[common] / reference[common[known]].sum()}
    )
    frame["share"] = frame["people"] / n
    frame["lo"], frame["hi"] = wilson(frame["people"].to_numpy(float), float(n), level)
    frame["ratio"] = np.log2(frame["share"] / frame["reference"])
    tests = [
        stats.binomtest(int(row.people), int(n), min(float(row.reference), 1.0)).pvalue if ok else np.nan
        for row, ok in zip(frame.itertuples(), known, strict=True)
    ]
    adjusted = np.full(len(frame), np.nan)
    adjusted[known.to_numpy()] = stats.false_discovery_control(np.array(tests)[known.to_numpy()])
    clear = adjusted <= 1 - level
    frame["verdict"] = np.select(
        [~known.to_numpy(), clear & (frame["ratio"] < 0), clear & (frame["ratio"] > 0)],
        ["suppressed", "under-represented", "over-represented"],
        "cannot tell",
    )
    columns = ["people", "share", "lo", "hi", "reference", "ratio", "verdict"]
    return frame[columns].sort_values("ratio", kind="stable").rename_axis("group").reset_index()


def _traits(authors: pd.DataFrame, community: pd.DataFrame | None) -> tuple[NDArray[np.float64], pd.DataFrame]:
    posts = authors.pivot_table(index="author_key", columns="topic", values="posts", aggfunc="sum", fill_value=0)
    total = posts.sum(axis=1)
    by = authors.groupby("author_key")
    sums = by[["negative", "positive", "labelled"]].sum()
    tone = ((sums["positive"] - sums["negative"]) / sums["labelled"].where(sums["labelled"] > 0)).fillna(0.0)
    followers = by["followers"].max()
    shown = posts.div(total, axis=0)
    known = np.log1p(followers.astype(float))
    parts = [
        StandardScaler().fit_transform(
            pd.DataFrame({"posts": np.log(total), "tone": tone, "reach": known.fillna(known.mean())}).fillna(0)
        ),
        # Topics weigh as one trait together: a person is one mix.
        np.sqrt(shown.to_numpy(float)) * np.sqrt(2),
    ]
    if community is not None:
        group = community.set_index("author_key")["group"].reindex(shown.index)
        large = group.value_counts().head(6).index
        parts.append(
            np.stack([(group == g).to_numpy(float) for g in large], axis=1) if len(large) else np.zeros((len(shown), 0))
        )
    return np.hstack(parts), shown.assign(posts=total, followers=followers)


def _stability(traits: NDArray[np.float64], k: int, draws: int, rng: np.random.Generator) -> float:
    """Cluster two random halves, let both label everyone, and compare: chance agreement is 0."""
    scores = []
    for _ in range(draws):
        order = rng.permutation(len(traits))
        seeds = rng.integers(0, 2**31, 2)
        halves = order[: len(order) // 2], order[len(order) // 2 :]
        labels = [_cluster(traits[h], k, int(s)).predict(traits) for h, s in zip(halves, seeds, strict=True)]
        scores.append(adjusted_rand_score(*labels))
    return float(np.mean(scores))


def _cluster(traits: NDArray[np.float64], k: int, seed: int) -> KMeans:
    return KMeans(k, n_init=3, random_state=seed).fit(traits)
