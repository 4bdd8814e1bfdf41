"""Small worlds with a planted truth, made by the tests themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd


def world(
    seed: int = 0, *, topics: int = 12, weeks: int = 80, people: float = 900.0, loud: tuple[int, ...] = ()
) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Return (search, social, planted gap in doublings).

    Each topic has a need; it is searched in proportion, printed as whole numbers 0..100, and spoken of by people in
    proportion to need / 2^gap. Topics in `loud` have one account that writes all the time.
    """
    rng = np.random.default_rng(seed)
    level = np.exp(rng.normal(0, 1.0, topics))
    moves = np.exp(0.15 * np.cumsum(rng.normal(0, 0.3, (topics, weeks)), axis=1) / np.sqrt(np.arange(1, weeks + 1)))
    need = level[:, None] * moves
    gap = np.resize([1.5, 0.0, -1.2, 0.0], topics) + rng.normal(0, 0.05, topics)
    index = need / need.max() * 100
    printed = np.round(rng.poisson(index * 10) / 10)
    speak = need * np.exp2(-gap)[:, None]
    mean = people * speak / speak.sum(axis=0).mean()
    authors = rng.negative_binomial(10, 10 / (10 + mean)).astype(float)
    posts = authors + rng.poisson(0.3 * authors)
    for topic in loud:
        authors[topic] += 1
        posts[topic] += rng.poisson(4 * mean[topic] + 60)
    names = [f"topic{i:02d}" for i in range(topics)]
    periods = pd.date_range("2024-01-07", periods=weeks, freq="W-SUN", tz="UTC")

    def long(**columns: np.ndarray) -> pd.DataFrame:
        frame = pd.DataFrame({"topic": np.repeat(names, weeks), "period": np.tile(periods, topics)})
        return frame.assign(**{k: v.ravel() for k, v in columns.items()})

    last = slice(weeks - 52, weeks)
    share = need[:, last].sum(axis=1) / need[:, last].sum()
    voice = speak[:, last].sum(axis=1) / speak[:, last].sum()
    return long(value=printed), long(posts=posts, authors=authors), pd.Series(np.log2(share / voice), names)
