"""What a listening tool would add to a post: followers, counts, reach and, for some, a tone label. Unknown stays null."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sources.example.people import FORUM, MICROBLOG, PRESS

GROWTH = 0.12  # yearly growth of followers
TONE_LABELLED = 0.55  # share of microblog posts and articles that carry a tone label
TONE_WRONG = 0.12  # share of wrong labels among them
REACH_KNOWN = 0.6  # share of microblog posts with a reach figure
VIRAL = 8.0  # likes of crisis posts, as a multiple
TONES = ("positive", "neutral", "negative")


def engage(rng: np.random.Generator, posts: pd.DataFrame, years: np.ndarray) -> pd.DataFrame:
    """Return the columns of followers, counts, reach and tone label.

    Parameters
    ----------
    posts : `platform`, `kind`, `parent`, `role`, `tone`, `author`, `followers`; rows in order of time.
    years : time since the first week, in years.
    """
    count = len(posts)
    platform, kind, parent = (posts[c].to_numpy() for c in ("platform", "kind", "parent"))
    microblog, forum, press = (platform == name for name in (MICROBLOG, FORUM, PRESS))
    repost = kind == "repost"
    followers = np.rint(posts["followers"].to_numpy() * (1 + GROWTH * years))
    audience = np.where(microblog, np.nan_to_num(followers), 250.0)
    appeal = 0.4 + 0.03 * audience**0.75 * rng.gamma(0.6, 1.0, count)
    appeal *= np.where((posts["role"] == "crisis").to_numpy(), VIRAL, 1.0)
    answered = _children(parent, kind == "reply", count)
    passed_on = _children(parent, repost, count)
    reach = np.where(
        microblog & (rng.random(count) < REACH_KNOWN), np.rint(audience * rng.uniform(0.05, 0.4, count)), np.nan
    )
    # An outlet's audience belongs to the outlet, so it must not change from one article to the next.
    outlet = np.exp(rng.normal(10.2, 1.2, int(posts["author"].max()) + 1))[posts["author"].to_numpy()]
    wrong = rng.random(count) < TONE_WRONG
    label = np.where(wrong, rng.choice(TONES, count), posts["tone"].to_numpy()).astype(object)
    label[~((microblog | press) & (rng.random(count) < TONE_LABELLED))] = None
    return pd.DataFrame(
        {
            "author_followers": _integers(followers, microblog),
            "like_count": _integers(rng.poisson(appeal), (microblog | forum) & ~repost),
            "repost_count": _integers(passed_on + rng.poisson(0.02 * appeal), microblog),
            "reply_count": _integers(answered + rng.poisson(0.02 * appeal), (microblog | forum) & ~repost),
            "view_count": _integers(rng.poisson(25 + 12 * appeal), forum),
            "reach": np.where(press, np.rint(outlet), reach),
            "sentiment_label": label,
        }
    )


def _children(parent: np.ndarray, of_kind: np.ndarray, count: int) -> np.ndarray:
    return np.bincount(parent[of_kind & (parent >= 0)], minlength=count)


def _integers(values: np.ndarray, known: np.ndarray) -> pd.Series:
    return pd.Series(np.where(known, values, np.nan)).astype("Int64")
