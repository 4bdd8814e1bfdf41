"""Who writes what, when and in answer to whom: drafts of the simulated posts, without their words.

A draft frame has the columns `author` (number), `topic` (number, -1 = no topic), `time` (seconds since 1970, UTC), `kind`,
`parent` (row in the same frame, -1 = none), `form` (what the post does) and `role` (which part of the world made it).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sources.example.market import (
    CHATTER,
    COMMUNITIES,
    IDS,
    INFLATED,
    LEADING,
    OVERDISPERSION,
    TOPICS,
    WEEKS,
    Latent,
)
from sources.example.people import MICROBLOG, PLATFORMS, PRESS, People
from sources.example.phrases import available

DAY = 86_400
FORMS = ("question", "complaint", "praise", "news", "ad", "advice")
#: What members of a community write: weights of FORMS.
_HABITS = {
    "households": (0.50, 0.25, 0.13, 0.00, 0.00, 0.12),
    "thrifty": (0.35, 0.35, 0.10, 0.02, 0.00, 0.18),
    "climate": (0.10, 0.10, 0.38, 0.24, 0.00, 0.18),
    "sceptics": (0.12, 0.65, 0.02, 0.16, 0.00, 0.05),
    "installers": (0.05, 0.05, 0.20, 0.10, 0.30, 0.30),
    "press": (0.00, 0.00, 0.00, 1.00, 0.00, 0.00),
}
_LOUD_HABITS = (0.05, 0.00, 0.40, 0.15, 0.30, 0.10)
EXTRA_POSTS = 0.32  # further posts of a person in a week in which they write on a topic
LOUD_WEEKS = 0.35  # share of weeks in which a loud account campaigns
#: Its mean posts in such a week.
LOUD_POSTS = {"solaire": 28.0, "isolation": 18.0, "recharge": 18.0}
HOMOPHILY = {"reply": 0.70, "repost": 0.90}  # share of answers, and of reposts, that stay inside the community
MEMORY = 21 * DAY  # nobody answers anything older
COORDINATED_BURSTS = 9
COORDINATED_MINUTES = 8
#: Posts of an hour of the day, UTC.
_HOURS = np.array([3, 2, 1, 1, 2, 5, 10, 14, 14, 13, 14, 17, 17, 14, 13, 14, 16, 19, 22, 24, 21, 15, 9, 5], dtype=float)


def regulars(rng: np.random.Generator, market: Latent, people: People) -> pd.DataFrame:
    """Draft the posts of ordinary authors: each topic-week has its number of distinct people, each of whom writes."""
    authors, topics, weeks = [], [], []
    for k, topic in enumerate(TOPICS):
        members, weight = people.pools[topic.id]
        size = 60.0 if topic.id == LEADING else OVERDISPERSION
        count = rng.negative_binomial(size, size / (size + market.speak[k]))
        count = np.minimum(count, len(members) // 2)
        authors += [rng.choice(members, n, replace=False, p=weight, shuffle=False) for n in count]
        topics.append(np.full(count.sum(), k))
        weeks.append(np.repeat(np.arange(WEEKS), count))
    author, topic_number, week = (np.concatenate(part) for part in (authors, topics, weeks))
    extra = np.repeat(np.arange(len(author)), rng.poisson(EXTRA_POSTS, len(author)))
    first = np.arange(len(author) + len(extra)) < len(author)
    author, topic_number, week = (np.concatenate([x, x[extra]]) for x in (author, topic_number, week))
    time = _moment(rng, market, week)
    platform = people.frame["platform"].to_numpy()[author]
    kind = _kinds(rng, platform, first)
    form = _forms(rng, people, author, topic_number)
    drafts = pd.DataFrame(
        {"author": author, "topic": topic_number, "time": time, "kind": kind, "parent": -1, "form": form}
    ).assign(role="regular")
    return _attach(rng, drafts, people)


def loud(rng: np.random.Generator, market: Latent, people: People) -> pd.DataFrame:
    """Draft the posts of the loud minority: a handful of accounts that post about a thousand times on an inflated topic."""
    parts = []
    for topic in INFLATED:
        accounts = people.numbers("loud", topic)
        campaign = rng.random((len(accounts), WEEKS)) < LOUD_WEEKS
        posts = np.where(campaign, rng.poisson(LOUD_POSTS[topic], campaign.shape), 0)
        cell = np.repeat(np.arange(posts.size), posts.ravel())
        parts.append(
            pd.DataFrame(
                {
                    "author": accounts[cell // WEEKS],
                    "topic": IDS.index(topic),
                    "time": _moment(rng, market, cell % WEEKS),
                    "form": rng.choice(FORMS, len(cell), p=_LOUD_HABITS),
                }
            )
        )
    return pd.concat(parts, ignore_index=True).assign(kind="post", parent=-1, role="loud")


def coordinated(rng: np.random.Generator, market: Latent, people: People) -> pd.DataFrame:
    """Draft the coordinated bursts: same text and link by a set of accounts within minutes. Adds the column `burst`."""
    accounts = people.numbers("coordinated")
    parts = []
    for burst in range(COORDINATED_BURSTS):
        week = WEEKS - 44 + 4 * burst + int(rng.integers(0, 3))
        start = int(_moment(rng, market, np.array([week]))[0])
        size = int(rng.integers(8, len(accounts) - 1))
        members = np.sort(rng.choice(accounts, size, replace=False))
        seconds = np.sort(rng.integers(0, COORDINATED_MINUTES * 60, size))
        topic = "chaudiere" if burst % 2 == 0 else "factures"
        parts.append(
            pd.DataFrame({"author": members, "topic": IDS.index(topic), "time": start + seconds, "burst": burst})
        )
    return pd.concat(parts, ignore_index=True).assign(kind="post", parent=-1, form="complaint", role="coordinated")


def chatter(rng: np.random.Generator, market: Latent, people: People, count: int = 420) -> pd.DataFrame:
    """Draft posts that use the market's words for something else and that no topic's query may match."""
    regular = np.flatnonzero(
        (people.frame["role"] == "regular") & (people.frame["platform"] != PRESS) & (people.frame["lang"] == "fr")
    )
    time = _moment(rng, market, rng.integers(0, WEEKS, count))
    author = rng.choice(regular, count)
    return pd.DataFrame({"author": author, "time": time}).assign(
        topic=CHATTER, kind="post", parent=-1, form="chatter", role="chatter"
    )


def join(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the parts in order of time as one frame, with `parent` pointing to rows of the result."""
    offsets = np.cumsum([0, *(len(p) for p in parts[:-1])])
    shifted = [
        p.assign(parent=np.where(p["parent"] >= 0, p["parent"] + o, -1)) for p, o in zip(parts, offsets, strict=True)
    ]
    joined = pd.concat(shifted, ignore_index=True)
    order = np.argsort(joined["time"].to_numpy(), kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    parent = joined["parent"].to_numpy()
    joined["parent"] = np.where(parent >= 0, rank[parent], -1)
    return joined.iloc[order].reset_index(drop=True)


def time_of_day(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return seconds after midnight UTC as French-speaking people post them."""
    return rng.choice(24, count, p=_HOURS / _HOURS.sum()) * 3600 + rng.integers(0, 3600, count)


def _moment(rng: np.random.Generator, market: Latent, week: np.ndarray) -> np.ndarray:
    start = market.weeks.as_unit("s").asi8[week]
    return start + rng.integers(0, 7, len(week)) * DAY + time_of_day(rng, len(week))


def _kinds(rng: np.random.Generator, platform: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return post, reply, repost or article; whoever is counted as writing (`first`) never merely reposts."""
    draw = rng.random(len(platform))
    kind = np.where(draw < 0.34, "reply", "post")
    more = np.select([draw < 0.60, draw < 0.80], ["repost", "reply"], "post")
    kind = np.where(~first & (platform == MICROBLOG), more, kind)
    return np.where(platform == PRESS, "article", kind)


def _forms(rng: np.random.Generator, people: People, author: np.ndarray, topic: np.ndarray) -> np.ndarray:
    names = list(COMMUNITIES)
    habit = np.array([_HABITS[name] for name in names])
    mood = np.array([t.mood for t in TOPICS])
    exists = np.stack([available(lang, FORMS) for lang in ("fr", "en")])
    weight = habit[None, None, :, :] * (mood * exists)[:, :, None, :]
    below = np.cumsum(weight / weight.sum(3, keepdims=True), axis=3)
    english = (people.frame["lang"].to_numpy()[author] == "en").astype(np.int64)
    limits = below[english, topic, _community(people)[author]][:, :-1]
    return np.array(FORMS)[(rng.random(len(author))[:, None] > limits).sum(1)]


def _community(people: People) -> np.ndarray:
    return pd.Categorical(people.frame["community"], categories=list(COMMUNITIES)).codes.astype(np.int64)


def _attach(rng: np.random.Generator, drafts: pd.DataFrame, people: People) -> pd.DataFrame:
    """Give replies and reposts a parent of the same topic and platform, mostly of the same community.

    A reply that finds nothing to answer becomes a post; a repost that finds nothing is dropped.
    """
    names = len(COMMUNITIES)
    community = _community(people)
    author = drafts["author"].to_numpy()
    topic, time, kind = (drafts[c].to_numpy() for c in ("topic", "time", "kind"))
    platform = pd.Categorical(people.frame["platform"], categories=list(PLATFORMS)).codes.astype(np.int64)[author]
    followers = people.frame["followers"].fillna(0).to_numpy()[author]
    span = np.int64(time.max() + DAY)

    def key(of_topic: np.ndarray, of_community: np.ndarray, of_platform: np.ndarray, at: np.ndarray) -> np.ndarray:
        return ((of_topic * names + of_community) * len(PLATFORMS) + of_platform) * span + at

    target = np.flatnonzero(kind == "post")
    target_key = key(topic[target], community[author[target]], platform[target], time[target])
    order = np.argsort(target_key, kind="stable")
    target, target_key = target[order], target_key[order]
    asks = np.flatnonzero(np.isin(kind, ["reply", "repost"]))
    own = community[author[asks]]
    stays = rng.random(len(asks)) < np.where(kind[asks] == "reply", HOMOPHILY["reply"], HOMOPHILY["repost"])
    other = (own + rng.integers(1, names, len(asks))) % names
    wanted = np.where(stays, own, other)
    after = np.searchsorted(target_key, key(topic[asks], wanted, platform[asks], time[asks]))
    before = np.searchsorted(target_key, key(topic[asks], wanted, platform[asks], time[asks] - MEMORY))
    found = after > before
    # Of two candidates, mostly recent, the account with more followers is answered.
    width = np.maximum(after - before, 1)
    first, second = (before + ((1 - rng.random(len(asks)) ** 2) * width).astype(np.int64) for _ in range(2))
    first, second = (np.clip(x, 0, len(target) - 1) for x in (first, second))
    chosen = np.where(followers[target[first]] >= followers[target[second]], target[first], target[second])
    found &= author[chosen] != author[asks]
    parent = np.full(len(drafts), -1)
    parent[asks[found]] = chosen[found]
    lost = asks[~found]
    kind = kind.copy()
    kind[lost[kind[lost] == "reply"]] = "post"
    result = drafts.assign(parent=parent, kind=kind)
    keep = ~((kind == "repost") & (parent < 0))
    rank = np.cumsum(keep) - 1
    result["parent"] = np.where(parent >= 0, rank[parent], -1)
    return result[keep].reset_index(drop=True)
