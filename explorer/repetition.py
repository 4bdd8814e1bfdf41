"""Coordinated repetition: the same words, or the same links, by several accounts within minutes, found, named and set apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from explorer.study import Topic
from explorer.tallies_people import PeopleTallies

#: What makes a repetition coordinated. Several accounts with the same words of some length within minutes do not happen by
#: chance; the same link does (a headline of the hour), so for links alone the same pair of accounts must meet again.
ACCOUNTS = 3
MINUTES = 10
CHARACTERS = 40
MEETINGS = 2


@dataclass(frozen=True)
class Repetition:
    """Coordinated posts.

    `posts` : `platform`, `id`, `author_key`, `created_at`, `burst`, `group`. `bursts` : one row a burst: `burst`, `group`,
    `start`, `minutes`, `posts`, `accounts`, `by` ('words' | 'link'), `words` (the text or the address). `groups` : accounts
    that appear together again and again: `group`, `accounts`, `bursts`, `posts`.
    """

    posts: pd.DataFrame
    bursts: pd.DataFrame
    groups: pd.DataFrame


def find_repetition(
    tallies: PeopleTallies, *, accounts: int = ACCOUNTS, minutes: float = MINUTES, characters: int = CHARACTERS
) -> Repetition:
    """Find the coordinated posts of a store, on every platform, whatever their topic."""
    texts = tallies.repeated_texts(accounts=accounts, characters=characters)
    links = tallies.shared_links(accounts=accounts)
    return coordinated(texts, links, accounts=accounts, minutes=minutes)


def coordinated(
    texts: pd.DataFrame,
    links: pd.DataFrame,
    *,
    accounts: int = ACCOUNTS,
    minutes: float = MINUTES,
    meetings: int = MEETINGS,
) -> Repetition:
    """Find bursts: at least `accounts` accounts with the same words, or the same link, no two neighbours `minutes` apart.

    Parameters
    ----------
    texts, links : `platform`, `id`, `author_key`, `created_at`, `key` (the words or the address); `text` in `texts`.
    meetings : a burst of a link alone counts for accounts that meet in so many bursts of different links.

    References
    ----------
    Giglietto et al. (2020), coordinated link sharing within minutes; Pacheco et al. (2021), networks of accounts that share
    the same traces.
    """
    by_words = _bursts(texts.assign(by="words"), accounts, minutes)
    by_link = _bursts(links.assign(by="link", text=links["key"]), accounts, minutes)
    by_link = _again(by_link[~by_link["id"].isin(by_words["id"])], accounts, meetings)
    found = pd.concat([by_words, by_link], ignore_index=True)
    if found.empty:
        return _nothing()
    found["burst"] = found.groupby(["by", "platform", "key", "_run"], sort=False).ngroup()
    first = found.groupby("burst")["created_at"].transform("min")
    order = {
        b: i + 1 for i, b in enumerate(found.assign(_first=first).sort_values(["_first", "burst"])["burst"].unique())
    }
    found["burst"] = found["burst"].map(order)
    found["group"] = _groups(found)
    bursts = found.groupby("burst", as_index=False).agg(
        group=("group", "first"),
        start=("created_at", "min"),
        minutes=("created_at", lambda t: (t.max() - t.min()).total_seconds() / 60),
        posts=("id", "nunique"),
        accounts=("author_key", "nunique"),
        by=("by", "first"),
        words=("text", "first"),
    )
    groups = found.groupby("group", as_index=False).agg(
        accounts=("author_key", "nunique"), bursts=("burst", "nunique"), posts=("id", "nunique")
    )
    columns = ["platform", "id", "author_key", "created_at", "burst", "group"]
    return Repetition(found[columns].drop_duplicates(["platform", "id"]).reset_index(drop=True), bursts, groups)


def groups_by_topic(found: Repetition, tallies: PeopleTallies, topics: list[Topic]) -> pd.DataFrame:
    """Return `topic`, `groups` (coordinated groups that spoke on it), `repeated` (their posts there)."""
    if found.posts.empty:
        return pd.DataFrame({"topic": [], "groups": [], "repeated": []})
    tagged = tallies.topics_among(topics, found.posts).merge(found.posts, on=["platform", "id"])
    return tagged.groupby("topic", as_index=False).agg(groups=("group", "nunique"), repeated=("id", "nunique"))


def _bursts(rows: pd.DataFrame, accounts: int, minutes: float) -> pd.DataFrame:
    """Return the rows of runs of posts with one key whose neighbours lie at most `minutes` apart, by enough accounts."""
    rows = rows.sort_values(["platform", "key", "created_at", "id"]).reset_index(drop=True)
    new = (rows[["platform", "key"]] != rows[["platform", "key"]].shift()).any(axis=1)
    apart = rows["created_at"].diff() > pd.Timedelta(minutes=minutes)
    rows["_run"] = (new | apart).cumsum()
    many = rows.groupby("_run")["author_key"].transform("nunique") >= accounts
    return rows[many].reset_index(drop=True)


def _again(rows: pd.DataFrame, accounts: int, meetings: int) -> pd.DataFrame:
    """Keep the rows of accounts that meet in at least `meetings` bursts of different links, where enough of them remain."""
    if rows.empty:
        return rows
    met = rows[["key", "_run", "author_key"]].drop_duplicates()
    person, people = pd.factorize(met["author_key"])
    link, _ = pd.factorize(met["key"])
    run, _ = pd.factorize(met["_run"])
    # Accounts x links, each pair of accounts counted once a link however often it met there.
    pairs = _pairs(person, run, link)
    counts = pairs.groupby(["a", "b"])["link"].nunique()
    often = counts[counts >= meetings].reset_index()
    known = set(people[np.unique(often[["a", "b"]].to_numpy().ravel())]) if len(often) else set()
    kept = rows[rows["author_key"].isin(known)]
    many = kept.groupby("_run")["author_key"].transform("nunique") >= accounts
    return kept[many]


def _pairs(person: np.ndarray, run: np.ndarray, link: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame({"a": person, "run": run, "link": link})
    # A link that thousands share within minutes is news: its pairs would be millions and say nothing.
    frame = frame[frame.groupby("run")["a"].transform("size") <= 200]
    both = frame.merge(frame[["a", "run"]].rename(columns={"a": "b"}), on="run")
    return both[both["a"] < both["b"]]


def _groups(found: pd.DataFrame) -> np.ndarray:
    """Number the groups of accounts that are linked through the bursts they share, the largest first."""
    person, people = pd.factorize(found["author_key"])
    burst = found["burst"].to_numpy() + len(people)
    size = int(burst.max()) + 1
    graph = coo_array((np.ones(len(person)), (person, burst)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    mine = label[person]
    rank = pd.Series(mine).value_counts(sort=True).index
    return pd.Series(mine).map({old: new + 1 for new, old in enumerate(rank)}).to_numpy()


def _nothing() -> Repetition:
    return Repetition(
        pd.DataFrame(columns=["platform", "id", "author_key", "created_at", "burst", "group"]),
        pd.DataFrame(columns=["burst", "group", "start", "minutes", "posts", "accounts", "by", "words"]),
        pd.DataFrame(columns=["group", "accounts", "bursts", "posts"]),
    )
