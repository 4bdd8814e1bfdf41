"""An alert that explains itself: since when, what is new, who began, through whom, and whether silent people look it up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import CountVectorizer
from statsmodels.stats.proportion import proportion_confint, proportions_ztest

from explorer.carriers import TIERS, against_topic, tier
from explorer.early_warning import EarlyWarning, Watched, topic_of
from explorer.tallies import Tallies

BEFORE = pd.Timedelta(28, "D")
#: A term is new when so many different people use it and its log-odds stand out by so many deviations.
TERM_AUTHORS, TERM_Z, TERMS = 3, 3.0, 8
FIRST_POSTS = 5
_NO_POSTS = pd.DataFrame(
    columns=["id", "platform", "kind", "created_at", "author_key", "author_followers", "country", "text", "title", "url",
             "sentiment_label"]
).assign(created_at=pd.Series(dtype="datetime64[us, UTC]"))  # fmt: skip
_WORD = r"(?u)\b[^\W\d_][\w’'-]{2,}\b"
#: With fewer people than this in the weeks before, the words of all topics tell what is new.
FEW_BEFORE = 20
#: What search says: the silent look it up; they do not (yet); the period has not ended; nothing is known.
SEARCH = ("confirmed", "not seen", "too early", "unknown")


@dataclass(frozen=True)
class Card:
    """Everything an alert rests on. Frames are small; empty where nothing is known.

    `event`: its row in EarlyWarning.events. `terms`: `term`, `authors`, `before`, `z`. `first`: the first posts, `created_at`,
    `platform`, `text`, `author_followers`. `tiers`: `tier`, `posts`, `authors`. `countries`: as carriers.against_topic.
    `tone`: share of negative posts now and before with the p-value. `search`: one of SEARCH. `similar`: earlier events of the
    topic on the same side, those that stood out as much first.
    """

    event: pd.Series
    since: pd.Timestamp
    posts: pd.DataFrame
    terms: pd.DataFrame
    first: pd.DataFrame
    tiers: pd.DataFrame
    countries: pd.DataFrame
    tone: dict[str, float]
    search: str
    similar: pd.DataFrame


def explain(warned: EarlyWarning, event: str, tallies: Tallies) -> Card:
    """Return the card of an event.

    Raises
    ------
    KeyError : no such event.
    """
    rows = warned.events[warned.events["id"] == event]
    if rows.empty:
        raise KeyError(event)
    row = rows.iloc[0]
    topic = topic_of(warned.study, str(row["topic"]))
    watched = warned.of(topic.id, str(row["side"]))
    assert watched is not None
    since = begin(watched, row["ds"])
    end = row["last"]
    with_posts = tallies.posts_span() is not None  # counts alone tell how much, not who
    posts = tallies.posts_between([topic], _utc(since - BEFORE), _utc(end)) if with_posts else _NO_POSTS
    now, past = posts[posts["created_at"] >= _utc(since)], posts[posts["created_at"] < _utc(since)]
    enough = past["author_key"].nunique() >= FEW_BEFORE
    sized = tier(now["author_followers"])
    by_size = now.assign(tier=sized).groupby("tier").agg(posts=("id", "size"), authors=("author_key", "nunique"))
    others = warned.events[
        (warned.events["topic"] == row["topic"])
        & (warned.events["side"] == row["side"])
        & (warned.events["at"] < row["at"])
    ]
    apart = (np.log(others["ratio"].astype(float)) - np.log(float(row["ratio"]))).abs()
    kept = [t for t in [*TIERS, "unknown"] if t in by_size.index]
    return Card(
        row,
        since,
        now,
        new_terms(now, past if enough or not with_posts else _all_topics(warned, tallies, since)),
        now.head(FIRST_POSTS)[["created_at", "platform", "kind", "text", "author_followers", "url"]],
        by_size.reindex(kept).reset_index(),
        against_topic(now, tallies.people_by_country(topic)) if len(now) else pd.DataFrame(),
        _tone(now, past),
        _search(warned, topic.id, row["at"]),
        others.loc[apart.sort_values(kind="stable").index].head(5),
    )


def begin(watched: Watched, ds: pd.Timestamp) -> pd.Timestamp:
    """Return since when an event that alerted at `ds` was above its expectation: the first of the run of periods before it."""
    scored = watched.scored
    above = (scored["y"] > scored["expected"]).to_numpy()
    row = int(np.flatnonzero(scored["ds"] == ds)[0])
    while row > 0 and above[row - 1] and scored["score"].iloc[row - 1] > 0.5 * scored["threshold"].iloc[row - 1]:
        row -= 1
    return pd.Timestamp(scored["ds"].iloc[row])


def new_terms(now: pd.DataFrame, past: pd.DataFrame) -> pd.DataFrame:
    """Return the words and pairs of words that came up: those of more people than before, by log-odds with a prior.

    Returns
    -------
    `term`, `authors` (who use it now), `before` (who did in the weeks before), `z`; strongest first.

    References
    ----------
    Monroe, Colaresi & Quinn (2008), Fightin' Words, Political Analysis 16(4).
    """
    columns = ["term", "authors", "before", "z"]
    parts = [_said_by_author(now), _said_by_author(past)]
    if parts[0].empty:
        return pd.DataFrame(columns=columns)
    counter = CountVectorizer(ngram_range=(1, 2), binary=True, token_pattern=_WORD, min_df=TERM_AUTHORS)
    try:
        counter.fit(parts[0])
    except ValueError:  # no term has enough people behind it
        return pd.DataFrame(columns=columns)
    here, there = (
        np.asarray(counter.transform(p).sum(axis=0)).ravel() if len(p) else np.zeros(len(counter.vocabulary_))
        for p in parts
    )
    n, n0 = len(parts[0]), len(parts[1])
    prior = 0.5
    odds = np.log((here + prior) / (n - here + prior)) - np.log((there + prior) / (n0 - there + prior))
    z = odds / np.sqrt(1 / (here + prior) + 1 / (there + prior))
    table = pd.DataFrame(
        {"term": counter.get_feature_names_out(), "authors": here.astype(int), "before": there.astype(int), "z": z}
    )
    table = table[table["z"] >= TERM_Z].sort_values(["z", "authors"], ascending=False)
    # A pair and its words say the same thing: the pair is kept where as many people use it.
    spoken: list[str] = []
    for term in table["term"]:
        if not any(term in s.split() or set(term.split()) & set(s.split()) for s in spoken):
            spoken.append(term)
    return table[table["term"].isin(spoken[:TERMS])].reset_index(drop=True)


def _all_topics(warned: EarlyWarning, tallies: Tallies, since: pd.Timestamp) -> pd.DataFrame:
    return tallies.posts_between(warned.study.topics, _utc(since - BEFORE), _utc(since), limit=20_000)


def _said_by_author(posts: pd.DataFrame) -> pd.Series:
    own = posts[(posts["kind"] != "repost") & (posts["text"].notna() | posts["title"].notna())]
    text = own["title"].fillna("") + " " + own["text"].fillna("")
    author = own["author_key"].where(own["author_key"].notna(), own["id"])
    return text.groupby(author).agg(" ".join)


def _tone(now: pd.DataFrame, past: pd.DataFrame) -> dict[str, float]:
    counts = []
    for posts in (now, past):
        judged = posts[posts["sentiment_label"].notna()]
        counts.append((int((judged["sentiment_label"] == "negative").sum()), len(judged)))
    (x, n), (x0, n0) = counts
    if not n:
        return {}
    lo, hi = proportion_confint(x, n, 0.1, "wilson")
    p = float(proportions_ztest([x, x0], [n, n0], alternative="larger")[1]) if n0 and 0 < x + x0 < n + n0 else np.nan
    return {"share": x / n, "lo": lo, "hi": hi, "n": n, "before": x0 / n0 if n0 else np.nan, "n_before": n0, "p": p}


def _search(warned: EarlyWarning, topic: str, at: pd.Timestamp) -> str:
    watched = warned.of(topic, "search")
    if watched is None:
        return "unknown"
    scored = watched.scored
    moment = at if scored["ds"].dt.tz is not None else at.tz_localize(None)
    here = scored[(scored["ds"] + watched.step > moment - watched.step) & (scored["ds"] <= moment + watched.step)]
    over = here[here["y"].notna()]
    if (over["y"] > over["hi"]).any():
        return "confirmed"
    return "not seen" if (over["ds"] + watched.step > moment).any() else "too early"


def _utc(moment: pd.Timestamp) -> pd.Timestamp:
    return moment if moment.tzinfo is not None else moment.tz_localize("UTC")
