"""The simulated authors: who they are, where, how many follow them, which communities and topics they belong to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sources.example.market import COMMUNITIES, TOPICS, Latent
from sources.example.places import COUNTRIES, REGION_NAMES, REGIONS, SILENT_REGIONS

REGULARS = 9000
#: Platforms of the simulation; the names cannot be taken for a real service.
MICROBLOG, FORUM, PRESS = "simulated-microblog", "simulated-forum", "simulated-press"
PLATFORMS = (MICROBLOG, FORUM, PRESS)
ENGLISH = 0.115  # share of authors who write in English; of posts, about 0.08
COUNTRY_UNKNOWN = 0.12  # share of authors whose country no tool tells
POOL = 40  # people interested in a topic, as a multiple of those who write in an average week
LOUD_ACCOUNTS = 5  # per inflated topic
COORDINATED_ACCOUNTS = 14

#: Followers: median and spread (standard deviation of the log) by community.
_FOLLOWERS = {
    "households": (120, 1.4),
    "thrifty": (140, 1.4),
    "climate": (450, 1.8),
    "sceptics": (300, 1.8),
    "installers": (380, 1.5),
    "press": (14_000, 1.4),
}


@dataclass(frozen=True)
class People:
    """Authors as a frame (row = author number) and, per topic, the numbers and weights of those interested in it.

    Columns: `author_key`, `platform`, `community`, `lang`, `country` (true), `country_known`, `region` ('' abroad), `town`
    (tuple index), `followers` (NaN where the platform shows none), `activity`, `role` (regular | loud | coordinated |
    origin | brand), `topic` (the topic of a loud account, else '').
    """

    frame: pd.DataFrame
    pools: dict[str, tuple[np.ndarray, np.ndarray]]

    def numbers(self, role: str, topic: str = "") -> np.ndarray:
        """Return the author numbers of a role, for loud accounts those of `topic`."""
        return np.flatnonzero((self.frame["role"] == role) & (self.frame["topic"] == topic))


def populate(rng: np.random.Generator, market: Latent) -> People:
    """Return the authors of the world."""
    frame = pd.concat([_regulars(rng), _specials(rng)], ignore_index=True)
    # Numbers in the key are shuffled so that a key tells nothing about its author.
    shuffled = rng.permutation(len(frame)) + 10_000
    frame.insert(0, "author_key", [f"simulated-{number}" for number in shuffled])
    frame["country_known"] = rng.random(len(frame)) >= COUNTRY_UNKNOWN
    mean = market.speak.mean(1)
    regular = (frame["role"] == "regular").to_numpy()
    crowd = frame["community"].to_numpy()
    region = frame["region"].to_numpy()
    pools = {}
    for k, topic in enumerate(TOPICS):
        weight = np.where(regular, 1.0, 0.0)
        for community, factor in topic.crowd:
            weight[crowd == community] *= factor
        weight[np.isin(region, SILENT_REGIONS.get(topic.id, ()))] = 0.0
        size = max(round(POOL * mean[k]), 60)
        members = np.sort(rng.choice(len(frame), size, replace=False, p=weight / weight.sum()))
        activity = frame["activity"].to_numpy()[members]
        pools[topic.id] = (members, activity / activity.sum())
    return People(frame, pools)


def _regulars(rng: np.random.Generator) -> pd.DataFrame:
    community = rng.choice(list(COMMUNITIES), REGULARS, p=list(COMMUNITIES.values()))
    english = rng.random(REGULARS) < ENGLISH
    spread = rng.random(REGULARS)
    press = community == "press"
    platform = np.where(press, np.where(spread < 0.5, MICROBLOG, PRESS), np.where(spread < 0.72, MICROBLOG, FORUM))
    country, region = _homes(rng, english)
    return _frame(rng, platform, community, np.where(english, "en", "fr"), country, region, "regular")


def _specials(rng: np.random.Generator) -> pd.DataFrame:
    """Loud accounts, coordinated accounts, the account that starts the hoax, and the brand's own."""
    loud = [("installers", "solaire"), ("installers", "isolation"), ("climate", "recharge")]
    rows = [(c, "loud", t) for c, t in loud for _ in range(LOUD_ACCOUNTS)]
    rows += [("sceptics", "coordinated", "")] * COORDINATED_ACCOUNTS
    rows += [("sceptics", "origin", ""), ("installers", "brand", "")]
    community, role, topic = (np.array(column) for column in zip(*rows, strict=True))
    count = len(rows)
    country, region = _homes(rng, np.zeros(count, dtype=bool))
    frame = _frame(rng, np.full(count, MICROBLOG), community, np.full(count, "fr"), country, region, role)
    frame["topic"] = topic
    at_home = frame["role"].isin(["origin", "brand"])
    frame.loc[at_home, ["country", "region"]] = ["FR", "Normandie"]
    frame.loc[frame["role"] == "origin", "followers"] = 187.0
    frame.loc[frame["role"] == "brand", "followers"] = 21_400.0
    return frame


def _homes(rng: np.random.Generator, english: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    names = np.array(list(COUNTRIES))
    french_weight, english_weight = (np.array([c[i] for c in COUNTRIES.values()], dtype=float) for i in (0, 1))
    count = len(english)
    abroad_fr = rng.choice(names, count, p=french_weight / french_weight.sum())
    abroad_en = rng.choice(names, count, p=english_weight / english_weight.sum())
    country = np.where(english, abroad_en, abroad_fr)
    weight = np.array([w for w, _ in REGIONS.values()])
    region = rng.choice(REGION_NAMES, count, p=weight / weight.sum())
    return country, np.where(country == "FR", region, "")


def _frame(
    rng: np.random.Generator,
    platform: np.ndarray,
    community: np.ndarray,
    lang: np.ndarray,
    country: np.ndarray,
    region: np.ndarray,
    role: str | np.ndarray,
) -> pd.DataFrame:
    count = len(community)
    median = np.array([_FOLLOWERS[c][0] for c in community], dtype=float)
    spread = np.array([_FOLLOWERS[c][1] for c in community])
    followers = np.rint(median * np.exp(spread * rng.normal(0, 1, count)))
    return pd.DataFrame(
        {
            "platform": platform,
            "community": community,
            "lang": lang,
            "country": country,
            "region": region,
            "town": rng.integers(0, 1000, count),
            "followers": np.where(platform == MICROBLOG, np.minimum(followers, 2_000_000), np.nan),
            "activity": np.exp(rng.normal(0, 0.8, count)),
            "role": role,
            "topic": "",
        }
    )


def town_of(people: pd.DataFrame) -> np.ndarray:
    """Return the town each author names: one of the region's, or of the country's abroad."""
    inside = {name: towns for name, (_, towns) in REGIONS.items()}
    outside = {name: towns for name, (_, _, towns) in COUNTRIES.items()}
    choices = [inside[r] if r else outside[c] for r, c in zip(people["region"], people["country"], strict=True)]
    return np.array([towns[n % len(towns)] for towns, n in zip(choices, people["town"], strict=True)], dtype=object)
