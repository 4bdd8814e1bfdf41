"""Writes down what was planted: reads the finished drafts back into a `Truth`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sources.example import brands, crisis, market, places, queries
from sources.example.market import CHATTER, IDS, TOPICS, WEEKS, Latent
from sources.example.people import People
from sources.example.phrases import link_of
from sources.example.truth import Capped, Crisis, Emerging, Leading, Seasonal, Truth

VERDICT = 0.5  # doublings beyond which a planted gap counts as silent or loud
#: Tiers by followers at posting time: everyday < 1 k, nano < 10 k, micro < 50 k, mid < 500 k, macro < 1 M, mega.
TIERS = {"everyday": 0, "nano": 1_000, "micro": 10_000, "mid": 50_000, "macro": 500_000, "mega": 1_000_000}


def record(
    latent: Latent,
    people: People,
    full: pd.DataFrame,
    cut: np.ndarray,
    capped: tuple[pd.Timestamp, pd.Timestamp],
    named: pd.DataFrame,
) -> Truth:
    """Return the truth of a world.

    Parameters
    ----------
    full : every post with its draft and its author's traits, in order of time, those that were not fetched included.
    cut : which of them were not fetched, and `capped`, the window of that.
    named : the posts that name a brand and no topic, which come after the others.
    """
    kept = full[~cut]
    speak = latent.speak.copy()
    speak[IDS.index(market.CRISIS)] += _crisis_people(latent, full)
    topics = _topics(latent.need, speak)
    known = _queries(kept)
    weeks = latent.weeks.tz_localize("UTC")
    key = people.frame["author_key"].to_numpy()
    authors = _authors(people, np.union1d(kept["author"].to_numpy(), named["author"].to_numpy()))
    name = {CHATTER: "", **dict(enumerate(IDS))}
    return Truth(
        topics=topics,
        gap=topics["gap"],
        need=pd.DataFrame(latent.need.T, index=weeks, columns=IDS),
        speak=pd.DataFrame(speak.T, index=weeks, columns=IDS),
        silent=market.SILENT,
        loud=tuple(topics.index[topics["verdict"] == "loud"]),
        inflated={topic: tuple(key[people.numbers("loud", topic)]) for topic in market.INFLATED},
        leading=Leading(market.LEADING, _topic(market.LEADING).lag),
        seasonal=_seasonal(),
        emerging=Emerging(
            market.EMERGING,
            weeks[WEEKS - market.RISE_ONSET],
            weeks[WEEKS - market.RISE_ONSET + market.RISE_DELAY],
            market.RISE,
        ),
        crisis=_crisis(full),
        cascade=_cascade(full),
        coordinated=_coordinated(full),
        queries=known,
        unanswered_queries=tuple(known.loc[~known["served"], "query"]),
        unspoken_queries=tuple(known.loc[~known["said"], "query"]),
        communities=dict(zip(authors["author_key"], authors["community"], strict=True)),
        authors=authors,
        posts=pd.concat(
            [
                pd.DataFrame({"id": kept["id"], "topic": kept["topic"].map(name)}).join(
                    kept[["lang", "tone", "form", "role", "community", "need"]]
                ),
                named[["id", "lang", "community"]].assign(
                    topic="", tone="neutral", form="", role="brand talk", need=""
                ),
            ],
            ignore_index=True,
        ),
        brands=_brands(named),
        regions=dict(places.SILENT_REGIONS),
        capped=Capped(market.CAPPED_TOPIC, _topic(market.CAPPED_TOPIC).social, *capped, int(cut.sum())),
    )


def _topic(name: str) -> market.Topic:
    return TOPICS[IDS.index(name)]


def _crisis_people(latent: Latent, full: pd.DataFrame) -> np.ndarray:
    """Return how many people the crisis made write, by week."""
    writing = full[(full["role"] == "crisis") & (full["kind"] != "repost")]
    week = np.searchsorted(latent.weeks.as_unit("s").asi8, writing["time"].to_numpy(), side="right") - 1
    people = pd.DataFrame({"week": week, "author": writing["author"].to_numpy()}).drop_duplicates()
    return np.bincount(people["week"], minlength=WEEKS)


def _topics(need: np.ndarray, speak: np.ndarray) -> pd.DataFrame:
    topics = market.planted_gap(need, speak)
    roles = dict.fromkeys(market.SILENT, "silent") | dict.fromkeys(market.INFLATED, "inflated")
    roles |= {
        market.LEADING: "leading",
        market.SEASONAL: "seasonal",
        market.EMERGING: "emerging",
        market.CRISIS: "crisis",
    }
    topics.insert(0, "label", [t.label for t in TOPICS])
    topics.insert(1, "role", [roles.get(t.id, "") for t in TOPICS])
    topics["verdict"] = np.select([topics["gap"] > VERDICT, topics["gap"] < -VERDICT], ["silent", "loud"], "balanced")
    return topics


def _seasonal() -> Seasonal:
    amplitude, day = _topic(market.SEASONAL).season
    return Seasonal(market.SEASONAL, (pd.Timestamp("2025-01-01") + pd.Timedelta(day - 1, "D")).month, amplitude)


def _queries(kept: pd.DataFrame) -> pd.DataFrame:
    known = queries.planted()
    count = kept.loc[kept["kind"] != "repost", "need"].value_counts()
    return known.assign(said_posts=known["query"].map(count).fillna(0).astype(int))


def _brands(named: pd.DataFrame) -> pd.DataFrame:
    typed = [(q, v) for q, v in zip(queries.planted()["query"], queries.planted()["volume"], strict=True)]
    typed += [pair for brand in brands.BRANDS for pair in (*brand.leaving, *brand.queries)]
    rows = []
    for brand in brands.BRANDS:
        naming = sum(volume for query, volume in typed if brand.name.lower() in query.lower())
        own = named[named["text"].str.contains(brand.name, regex=False)]
        row = {
            "brand": brand.name,
            "interest": brand.interest,
            "searched_leaving": sum(v for _, v in brand.leaving) / naming,
        }
        rows.append(row | {"said_leaving": own["leaves"].mean(), "people": own["author"].nunique()})
    return pd.DataFrame(rows)


def _authors(people: People, wrote: np.ndarray) -> pd.DataFrame:
    columns = ["author_key", "platform", "community", "lang", "country", "region", "followers", "role", "topic"]
    return people.frame.loc[wrote, columns].reset_index(drop=True)


def _crisis(full: pd.DataFrame) -> Crisis:
    posts = full[full["role"] == "crisis"]
    created = pd.to_datetime(posts["time"], unit="s", utc=True)
    origin = posts[(posts["form"] == "origin") & (posts["kind"] == "post")].iloc[0]
    answers = posts[posts["form"] == "brand"]
    days = pd.to_datetime(crisis.days(int(origin["time"])), unit="s", utc=True)
    return Crisis(
        topic=market.CRISIS,
        brand=crisis.BRAND,
        terms=("Calorène", "incendie", "feu"),
        start=created.iloc[0],
        press_from=days[crisis.PRESS_DAY],
        peak_day=created.dt.floor("D").value_counts().idxmax(),
        end=days[-1] + pd.Timedelta(1, "D"),
        first_answer=pd.Timestamp(int(answers["time"].iloc[0]), unit="s", tz="UTC"),
        origin_id=str(origin["id"]),
        origin_author=str(origin["author_key"]),
        brand_author=str(answers["author_key"].iloc[0]),
        answer_ids=tuple(answers["id"]),
        ids=tuple(posts["id"]),
    )


def _cascade(full: pd.DataFrame) -> pd.DataFrame:
    nodes = full[(full["role"] == "crisis") & (full["kind"] == "repost")]
    tier = pd.cut(nodes["followers"], [*TIERS.values(), np.inf], right=False, labels=list(TIERS)).astype(str)
    return pd.DataFrame(
        {
            "child": nodes["id"].to_numpy(),
            "parent": full["id"].to_numpy()[nodes["parent"]],
            "created_at": pd.to_datetime(nodes["time"].to_numpy(), unit="s", utc=True),
            "followers": nodes["followers"].to_numpy(),
            "country": nodes["country"].to_numpy(),
            "tier": tier.to_numpy(),
        }
    )


def _coordinated(full: pd.DataFrame) -> pd.DataFrame:
    posts = full[full["role"] == "coordinated"]
    burst = posts["burst"].astype(int)
    return pd.DataFrame(
        {
            "burst": burst.to_numpy(),
            "id": posts["id"].to_numpy(),
            "author_key": posts["author_key"].to_numpy(),
            "created_at": pd.to_datetime(posts["time"].to_numpy(), unit="s", utc=True),
            "text": posts["text"].to_numpy(),
            "link": [link_of(b) for b in burst],
        }
    )
