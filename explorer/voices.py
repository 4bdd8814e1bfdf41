"""Who speaks, and for how many: posts per author, the effective number of voices, and every topic raw beside corrected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from forecasting.errors import TooLittleData

Array = NDArray[np.float64]

#: Lowest followers of a tier of accounts (everyday, nano, micro, mid, macro, mega), as influencer marketing uses them.
TIERS = {"everyday": 0, "nano": 1_000, "micro": 10_000, "mid": 50_000, "macro": 500_000, "mega": 1_000_000}

#: Fewer authors than this: how voices are spread over them cannot be told.
FEW_AUTHORS = 10


class TooFewVoices(TooLittleData):
    """Nothing can be said about who speaks; the message says what is missing."""


@dataclass(frozen=True)
class Estimate:
    """A number with its interval. `value` is exact for the posts collected; `lo`, `hi` tell how far other authors drawn
    from the same crowd would move it.
    """

    value: float
    lo: float
    hi: float


@dataclass(frozen=True)
class Concentration:
    """How posts are spread over authors.

    `authors`, `posts` : counts. `gini` : 0 = everyone writes as much, 1 = one account writes everything. `top1`, `top10` :
    share of posts [0..1] of the most active 1 % and 10 % of authors. `voices1`, `voices2` : effective number of voices (Hill
    numbers of order 1 and 2): as many authors of equal activity would be as diverse. Order 0 is `authors` itself. `level` :
    coverage of the intervals [0..1].
    """

    authors: int
    posts: int
    gini: Estimate
    top1: Estimate
    top10: Estimate
    voices1: Estimate
    voices2: Estimate
    level: float


def concentration(
    posts: Iterable[float] | pd.Series,
    authors: Iterable[float] | pd.Series | None = None,
    *,
    level: float = 0.9,
    draws: int = 500,
    seed: int = 0,
) -> Concentration:
    """Measure how posts are spread over authors.

    Parameters
    ----------
    posts : posts of every author, > 0; or, with `authors`, the distinct numbers of posts.
    authors : how many authors wrote that many posts; None = one each.
    level : coverage of the intervals, 0..1. `draws`, `seed` : of the bootstrap over authors.

    Raises
    ------
    TooFewVoices : fewer than 10 authors.
    ValueError : a number of posts that is not above zero, or unequal lengths.

    References
    ----------
    Hill (1973), Diversity and evenness; Jost (2006), Entropy and diversity; Efron & Tibshirani (1993), ch. 12, bootstrap-t
    over authors with jackknife errors: of all intervals tried the one that misses least under heavy tails.

    >>> even = concentration([3] * 40)
    >>> even.gini.value, round(even.voices2.value)
    (0.0, 40)
    """
    size = np.asarray(list(posts), dtype=float)
    count = np.ones(len(size)) if authors is None else np.asarray(list(authors), dtype=float)
    if len(size) != len(count):
        raise ValueError(f"{len(size)} numbers of posts stand beside {len(count)} numbers of authors")
    if not np.isfinite(size).all() or (size <= 0).any():
        raise ValueError("every author has at least one post; leave out those without")
    size, where = np.unique(size, return_inverse=True)
    count = np.bincount(where, count, minlength=len(size)).astype(float)
    n = int(count.sum())
    if n < FEW_AUTHORS:
        raise TooFewVoices(f"{n} authors are too few to say how voices are spread; {FEW_AUTHORS} are needed")
    value = _measures(size, count[None, :])[:, 0]
    work, error = _with_error(size, count[None, :])
    drawn = np.random.default_rng(seed).multinomial(n, count / n, size=draws).astype(float)
    others, errors = _with_error(size, drawn)
    low, high = _studentised(work[:, 0], error[:, 0], others, errors, level)
    spans = zip(_from_work(low, n), _from_work(high, n), strict=True)
    gini, top1, top10, voices1, voices2 = (
        Estimate(float(v), float(a), float(b)) for v, (a, b) in zip(value, spans, strict=True)
    )
    return Concentration(n, round(float(size @ count)), gini, top1, top10, voices1, voices2, level)


def lorenz(posts: Iterable[float], authors: Iterable[float]) -> pd.DataFrame:
    """Return the curve of concentration: `authors`, `posts`, cumulated shares [0..1] from the most active author on."""
    frame = pd.DataFrame({"size": list(posts), "count": list(authors)}, dtype=float).sort_values(
        "size", ascending=False
    )
    people, written = frame["count"].cumsum(), (frame["size"] * frame["count"]).cumsum()
    curve = pd.DataFrame({"authors": people / people.iloc[-1], "posts": written / written.iloc[-1]})
    return pd.concat([pd.DataFrame({"authors": [0.0], "posts": [0.0]}), curve], ignore_index=True)


def compare(spoken: pd.DataFrame, heard: pd.DataFrame, voices: pd.DataFrame, *, level: float = 0.9) -> pd.DataFrame:
    """Set every topic's share raw beside corrected.

    Raw is what a dashboard shows: the share of all posts, reposts included. Corrected: one person, one voice, whatever they
    repeat; posts of coordinated accounts are taken out and each group of them is one voice.

    Parameters
    ----------
    spoken : `topic`, `posts`, `reposts`, `authors`, distinct over the window, of all posts.
    heard : the same without the coordinated posts.
    voices : `topic`, `groups`: coordinated groups that spoke on it; may be empty.

    Returns
    -------
    Per topic `posts`, `reposts`, `authors`, `repeated` (coordinated posts), `groups`, `people`, `raw` and `corrected` shares
    [0..1] with `lo`, `hi` of the corrected one, `shift` [doublings, corrected against raw] and `posts_per_author`.

    References
    ----------
    Goodman (1965) for simultaneous intervals of multinomial shares; here per topic, with the score interval of Wilson (1927).
    """
    table = spoken[["topic", "posts", "reposts", "authors"]].merge(
        heard[["topic", "posts", "authors"]].rename(columns={"posts": "_own", "authors": "_people"}), "left", "topic"
    )
    table = table.merge(voices[["topic", "groups"]], "left", "topic") if len(voices) else table.assign(groups=0)
    table[["_own", "_people", "groups"]] = table[["_own", "_people", "groups"]].fillna(0)
    table["repeated"] = table["posts"] - table["_own"]
    table["people"] = table["_people"] + table["groups"]
    raw, people = table["posts"] + table["reposts"], table["people"]
    table["raw"], table["corrected"] = raw / raw.sum(), people / people.sum()
    table["lo"], table["hi"] = wilson(people.to_numpy(float), float(people.sum()), level)
    with np.errstate(divide="ignore", invalid="ignore"):
        table["shift"] = np.log2(table["corrected"] / table["raw"])
        table["posts_per_author"] = table["posts"] / table["authors"].replace(0, np.nan)
    return table.drop(columns=["_own", "_people"]).astype({"groups": int})


def wilson(hits: Array, n: float | Array, level: float = 0.9) -> tuple[Array, Array]:
    """Return the score interval of shares hits / n (Wilson 1927); NaN where n is 0."""
    z = stats.norm.ppf(0.5 + level / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = hits / n
        centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * np.asarray(n) ** 2))
    return np.maximum(centre - half, 0), np.minimum(centre + half, 1)


def _measures(size: Array, count: Array) -> Array:
    """Return gini, top 1 %, top 10 %, Hill 1, Hill 2 of every row of `count` (authors per size, sizes ascending)."""
    authors, posts = count.sum(axis=1), count @ size
    below = np.cumsum(count, axis=1)
    # Sum of ranks of the authors of a size is n*(r_first + r_last)/2 (Gini by ranks, ties share theirs).
    ranks = count * (2 * below - count + 1) / 2
    gini = 2 * (ranks @ size) / (authors * posts) - (authors + 1) / authors
    tops = [_top(size, count, authors, posts, share) for share in (0.01, 0.10)]
    share = size[None, :] / posts[:, None]
    hill1 = np.exp(-(count * share * np.log(share)).sum(axis=1))
    hill2 = 1 / (count * share**2).sum(axis=1)
    return np.stack([np.maximum(gini, 0), *tops, hill1, hill2])


def _top(size: Array, count: Array, authors: Array, posts: Array, share: float) -> Array:
    """Return the share of posts of the most active `share` of authors, a part of an author counted in part."""
    wanted = (authors * share)[:, None]
    falling = count[:, ::-1]
    taken = np.clip(wanted - (np.cumsum(falling, axis=1) - falling), 0, falling)
    return (taken @ size[::-1]) / posts


def _with_error(size: Array, count: Array) -> tuple[Array, Array]:
    """Return the measures of every row of `count` on their scale of work, and their jackknife standard errors."""
    work = _to_work(_measures(size, count), count)
    variance = np.zeros_like(work)
    for s in range(len(size)):
        # One author of this size left out: the same for every author of the size.
        here = count[:, s] > 0
        less = count[here].copy()
        less[:, s] -= 1
        moved = _to_work(_measures(size, less), less) - work[:, here]
        variance[:, here] += count[here, s] * moved**2
    return work, np.sqrt(variance)


def _to_work(value: Array, count: Array) -> Array:
    """Log odds for shares, log of voices per author for the Hill numbers: scales on which errors are closest to normal."""
    share = np.clip(value[:3], 1e-9, 1 - 1e-9)
    return np.concatenate([np.log(share / (1 - share)), np.log(value[3:] / count.sum(axis=1))])


def _from_work(work: Array, authors: int) -> Array:
    return np.concatenate([1 / (1 + np.exp(-work[:3])), np.exp(work[3:]) * authors])


def _studentised(work: Array, error: Array, others: Array, errors: Array, level: float) -> tuple[Array, Array]:
    """Return the bounds of the bootstrap-t interval; a measure that no author moves has no width."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (others - work[:, None]) / errors
    t = np.where(errors > 1e-9, t, 0.0)
    low, high = np.quantile(t, [0.5 - level / 2, 0.5 + level / 2], axis=1)
    return work - high * error, work - low * error
