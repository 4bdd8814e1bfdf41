"""Segments: people grouped by what they do, as many groups as are stable, and who is heard less than their number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg, stats
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from explorer.voices import wilson

#: Smallest group that is described; nothing is ever said of fewer people.
K = 10
#: Mean agreement (adjusted Rand) between halves of the people below which there are no segments, only people: what Hennig
#: (2007) calls a valid, stable cluster.
STABLE = 0.75
#: How much of the disagreement between cuts of one cloud without groups segments may have.
AGAINST_CLOUD = 0.5
#: Posts from which a person has habits.
LEAST = 2
#: Numbers of segments that are tried.
TRIED = (2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16)
#: The largest communities, as many as enter as traits.
COMMUNITIES = 6

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Segments:
    """`of` : `author_key`, `segment` of people with two posts or more. `table` : one row a segment of at least 10 people:
    `segment`, `people`, the median
    `posts`, `followers` and share of each topic. `stability` : per number of segments tried, agreement 0..1.
    """

    of: pd.DataFrame
    table: pd.DataFrame
    stability: pd.Series


def segment(
    authors: pd.DataFrame, *, most: int = 16, draws: int = 5, seed: int = 0, community: pd.DataFrame | None = None
) -> Segments:
    """Group people by activity, topics, tone, reach and community; the number of groups is the surest.

    Who wrote once shows no habit and is left out. Only the components of the traits are kept in which people differ more than
    people who are alike would by chance (as many posts each, every post of the topic and tone that posts have on the whole);
    where there is none, no segments are claimed.

    Parameters
    ----------
    authors : `author_key`, `topic`, `posts`, `followers`, `negative`, `positive`, `labelled` (one row an author and topic).
    most : largest number of segments tried. `draws` : pairs of random halves of the people for each number.
    community : `author_key`, `group`: the larger communities enter as traits.

    References
    ----------
    Escofier & Pagès (1994), multiple factor analysis, for traits of several kinds at equal weight; Roy (1953) for the largest
    root, and Horn (1965) for components kept because they exceed those of random worlds; Ben-Hur, Elisseeff & Guyon (2002) and
    Lange et al. (2004): the number of clusters by the stability of clusterings of random parts; Liu, Hayes, Nobel & Marron
    (2008), SigClust, for one normal cloud as what there is without clusters; Hennig (2007), cluster-wise assessment of cluster
    stability. One segment is returned where none is stable.
    """
    often = authors.groupby("author_key")["posts"].transform("sum") >= LEAST
    people, shown = _people(authors[often], community)
    rng = np.random.default_rng(seed)
    # One thread: these matrices are small, and threads cost more than they bring.
    with threadpool_limits(1):
        weights = _weights(people.traits())
        points = _components(people, weights, rng)
        spread = points.std(axis=0)
        tried = [k for k in TRIED if k <= min(most, len(shown) // (2 * K)) and points.shape[1]]
        agreed = {k: _agreement([points] * draws, k, rng) for k in tried}
        stability = pd.Series({k: a.mean() for k, a in agreed.items()}, dtype=float)
        # Any cloud can be cut in two in the same place again and again: segments must disagree far less than cuts of normal
        # clouds of the same shape.
        stable = [
            k
            for k in tried
            if stability[k] >= STABLE
            and _firmer(
                agreed[k], _agreement([rng.normal(size=points.shape) * spread for _ in range(2 * draws)], k, rng)
            )
        ]
        best = _surest(stable, agreed)
        label = _cluster(points, best, seed).labels_ if best > 1 else np.zeros(len(shown), dtype=int)
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


@dataclass(frozen=True)
class _People:
    """What people did: `counts` of posts [people, topics], `tones` [people, (negative, positive, other)] of labelled posts,
    `reach` (log followers, centred; 0 where unknown), `groups` [people, communities] of 0 and 1.
    """

    keys: pd.Index
    topics: pd.Index
    counts: Array
    tones: Array
    reach: Array
    groups: Array

    def alike(self, rng: np.random.Generator) -> _People:
        """Return as many people who post as often and differ in nothing else: every post has the topic and tone that posts have
        on the whole, and followers and communities are dealt out at random.
        """
        total = self.counts.sum(axis=1).astype(int)
        mix = self.counts.sum(axis=0) / self.counts.sum()
        labelled = self.tones.sum(axis=1).astype(int)
        tone = self.tones.sum(axis=0) / max(labelled.sum(), 1)
        return _People(
            self.keys,
            self.topics,
            rng.multinomial(total, mix).astype(float),
            rng.multinomial(labelled, tone if labelled.sum() else [0.0, 0.0, 1.0]).astype(float),
            rng.permutation(self.reach),
            rng.permutation(self.groups),
        )

    def traits(self) -> list[Array]:
        """Return each kind of trait, centred: activity, tone, reach, topics, communities."""
        total = self.counts.sum(axis=1, keepdims=True)
        # One post more, neutral, for everyone: one labelled post does not make a person of one tone.
        tone = (self.tones[:, 1] - self.tones[:, 0]) / (self.tones.sum(axis=1) + 1)
        kinds = [np.log(total), tone, self.reach, np.sqrt(self.counts / total), self.groups]
        return [k - k.mean(axis=0) for k in (k.reshape(len(total), -1) for k in kinds)]


def _people(authors: pd.DataFrame, community: pd.DataFrame | None) -> tuple[_People, pd.DataFrame]:
    """Return what people did, and per person what is shown of a segment: share of each topic, `posts`, `followers`."""
    posts = authors.pivot_table(index="author_key", columns="topic", values="posts", aggfunc="sum", fill_value=0)
    by = authors.groupby("author_key")
    sums = by[["negative", "positive", "labelled"]].sum()
    other = sums["labelled"] - sums["negative"] - sums["positive"]
    followers = by["followers"].max()
    known = np.log1p(followers.astype(float))
    # Who shows no followers is put at the mean, where it pulls nobody anywhere.
    reach = (known - known.mean()).fillna(0).to_numpy(float)
    groups = np.zeros((len(posts), 0))
    if community is not None and len(community):
        group = community.set_index("author_key")["group"].reindex(posts.index)
        large = group.value_counts().head(COMMUNITIES).index
        groups = np.array([(group == g).to_numpy(float) for g in large]).reshape(len(large), len(posts)).T
    tones = np.stack([sums["negative"], sums["positive"], other], axis=1).astype(float)
    total = posts.sum(axis=1)
    people = _People(posts.index, posts.columns, posts.to_numpy(float), tones, reach, groups)
    return people, posts.div(total, axis=0).assign(posts=total, followers=followers)


def _weights(kinds: list[Array]) -> list[float]:
    """Return one over the first singular value of each kind of trait, so that each kind weighs as one trait."""
    largest = [np.linalg.norm(k, 2) if k.size else 0.0 for k in kinds]
    return [np.sqrt(len(k)) / x if x > 1e-9 else 0.0 for k, x in zip(kinds, largest, strict=True)]


def _weighed(people: _People, weights: list[float]) -> Array:
    return np.hstack([k * w for k, w in zip(people.traits(), weights, strict=True)])


def _components(people: _People, weights: list[float], rng: np.random.Generator, worlds: int = 60) -> Array:
    """Return the people in the components in which they vary more than people who are alike ever do: [people, components].

    Components are those of the variance in units of that of alike people (a generalised eigenproblem), so that a trait in
    which people differ as much as chance makes them never mixes with one in which they do not.
    """
    own = _weighed(people, weights)
    alike = [x.T @ x for x in (_weighed(people.alike(rng), weights) for _ in range(worlds))]
    unit = np.mean(alike, axis=0) + _RIDGE * len(own) * np.eye(own.shape[1])
    ratio, axes = linalg.eigh(own.T @ own, unit)
    edge = max(float(linalg.eigh(a, unit, eigvals_only=True)[-1]) for a in alike)
    return np.asarray(own @ axes[:, ratio > edge])


#: Variance added to every trait (1 = all of one kind), so that a direction in which nobody differs stays one.
_RIDGE = 0.01


def _surest(stable: list[int], agreed: dict[int, Array]) -> int:
    """Return the largest of the stable numbers that agree as well as the best of them, within one standard error.

    A cut of a group in two by chance is often found again as well, but never as surely as the groups themselves (the rule of
    one standard error: Breiman et al. 1984).
    """
    if not stable:
        return 1
    best = max(stable, key=lambda k: agreed[k].mean())
    least = agreed[best].mean() - agreed[best].std(ddof=1) / np.sqrt(len(agreed[best]))
    return max(k for k in stable if agreed[k].mean() >= least)


def _firmer(agreed: Array, cloud: Array) -> bool:
    """Return whether segments disagree at most half as much as cuts of a cloud, by more than two standard errors."""
    gain = AGAINST_CLOUD * (1 - cloud), 1 - agreed
    error = np.sqrt(sum(x.var(ddof=1) / len(x) for x in gain))
    return bool(gain[0].mean() - gain[1].mean() > 2 * error)


def _agreement(draws: list[Array], k: int, rng: np.random.Generator) -> Array:
    return np.array([_stability(points, k, rng) for points in draws])


def _stability(points: Array, k: int, rng: np.random.Generator) -> float:
    """Cluster two random halves, let both label everyone, and compare: chance agreement is 0."""
    order = rng.permutation(len(points))
    halves = order[: len(order) // 2], order[len(order) // 2 :]
    labels = [_cluster(points[h], k, int(rng.integers(0, 2**31))).predict(points) for h in halves]
    return float(adjusted_rand_score(*labels))


def _cluster(points: Array, k: int, seed: int) -> KMeans:
    return KMeans(k, n_init=3, random_state=seed).fit(points)
