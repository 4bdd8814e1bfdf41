"""The audience that never speaks: how large a part of the interest, in which places and languages, and what it asks.

Nobody can count those who are silent. What is known are searches a month and people who write in a month; two assumptions stand
between them, and their whole range goes into the interval (constants below, told on the Method page).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from babel import Locale
from numpy.typing import NDArray
from scipy import stats

from explorer.need_queries import VOLUME_UNITS, clean_queries
from explorer.study import Study, fold
from explorer.tallies import Binning
from explorer.tallies_people import PeopleTallies
from explorer.text.normal import fold as bare_fold

#: How often one person who cares searches in a month, and which part of those who speak anywhere a collection sees: neither is
#: known, so each is drawn from its whole range, on a log scale.
SEARCHES_A_PERSON = (1.0, 4.0)
SEEN = (0.05, 1.0)
#: Months that count, draws, smallest group of people whose number is shown.
MONTHS, DRAWS, K = 12, 4_000, 10

#: French regions as services print them in English.
_ENGLISH = {
    "brittany": "bretagne", "normandy": "normandie", "corsica": "corse", "burgundy-franche-comte": "bourgogne-franche-comte",
    "provence-alpes-cote d'azur": "provence-alpes-cote d'azur", "pays-de-la-loire": "pays de la loire",
}  # fmt: skip

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Silent:
    """What is known of the silent part of every topic.

    `table` : one row a topic: `topic`, `searches`, `searches_lo`, `searches_hi` (a month), `people` (who write a month),
    `silent`, `lo`, `hi` (share of the people who search that never write, 0..1, of `level`), `months`, `why` ("", "no volumes",
    "no posts"; then the share is null).
    `places` : `topic`, `level` ("region" | "country"), `place` (as printed), `code` (a country's ISO 3166-1 code; a region's
    folded name), `searched`, `said` (times the mean of the places),
    `gap` [doublings], `lo`, `hi`, `people` (null = 1 to 9), `verdict` ("silent" | "loud" | "cannot tell": the interval that
    holds for all places of the topic together lies on one side of 0).
    `languages` : `topic`, `lang`, `searched`, `said` (shares, 0..1).
    """

    table: pd.DataFrame
    places: pd.DataFrame
    languages: pd.DataFrame
    level: float


def silent_audience(study: Study, *, tallies: PeopleTallies | None = None, level: float = 0.9, seed: int = 0) -> Silent:
    """Return how much of the interest in each topic never speaks, and where and in which language it is."""
    tallies = tallies or PeopleTallies(study.store)
    rows = tallies.small("queries")
    asked = clean_queries(rows, study)
    asked = asked[asked["unit"] == VOLUME_UNITS[0]]
    spoken = tallies.spoken(study.topics, Binning("month")) if tallies.n_posts() else pd.DataFrame()
    table = pd.DataFrame([_share(t.id, asked, spoken, study, tallies, level, seed) for t in study.topics])
    return Silent(table, _places(study, tallies, level, seed), _languages(study, asked, tallies), level)


def _share(
    topic: str, asked: pd.DataFrame, spoken: pd.DataFrame, study: Study, tallies: PeopleTallies, level: float, seed: int
) -> dict[str, object]:
    own = asked[asked["topic"] == topic]
    row: dict[str, object] = {"topic": topic, "searches": np.nan, "searches_lo": np.nan, "searches_hi": np.nan}
    row |= {"people": np.nan, "silent": np.nan, "lo": np.nan, "hi": np.nan, "months": 0, "why": ""}
    if own["volume"].notna().any():
        row |= {
            c: own[v].sum()
            for c, v in (("searches", "volume"), ("searches_lo", "volume_lo"), ("searches_hi", "volume_hi"))
        }
    people = _monthly(topic, spoken)
    mean = float(people.mean()) if len(people) else np.nan
    small = 0 < mean < K
    row |= {"people": np.nan if small else mean, "months": len(people)}
    if not own["volume"].notna().any():
        return row | {"why": "no volumes"}
    if not len(people):
        return row | {"why": "no posts"}
    rng = np.random.default_rng(seed)
    low, high = max(float(row["searches_lo"]), 1.0), max(float(row["searches_hi"]), 1.0)  # type: ignore[arg-type]
    searches = _spread(rng, low, max(high, low))
    searchers = searches / _spread(rng, *SEARCHES_A_PERSON)
    # The mean of the months, drawn from its own uncertainty: months differ by more than chance.
    error = float(people.std(ddof=1) / np.sqrt(len(people))) if len(people) > 1 else float(people.mean() ** 0.5)
    drift = error * stats.t.rvs(max(len(people) - 1, 1), size=DRAWS, random_state=rng)
    # What is not shown must not show through its share: any number below k is taken for as likely.
    month = rng.uniform(0, K, DRAWS) if small else np.maximum(mean + drift, 0.0)
    speakers = month / _spread(rng, *SEEN)
    drawn = 1 - np.minimum(speakers / searchers, 1.0)
    lo, mid, hi = np.quantile(drawn, [(1 - level) / 2, 0.5, (1 + level) / 2])
    return row | {"silent": float(mid), "lo": float(lo), "hi": float(hi)}


def _spread(rng: np.random.Generator, low: float, high: float) -> Array:
    """Draws between two ends, every doubling as likely as the next."""
    return np.exp(rng.uniform(float(np.log(low)), float(np.log(high)), DRAWS))


def _monthly(topic: str, spoken: pd.DataFrame) -> pd.Series:
    """People a month over the last whole months; a month in which nobody wrote on the topic is one of none."""
    if spoken.empty:
        return pd.Series(dtype=float)
    months = pd.date_range(spoken["period"].min(), spoken["period"].max(), freq="MS")
    own = spoken[spoken["topic"] == topic].set_index("period")["authors"].reindex(months).fillna(0.0)
    # First and last month are cut by the edge of the collection.
    return own.iloc[1:-1].tail(MONTHS).astype(float) if len(own) > 2 else own.iloc[:0]


def _places(study: Study, tallies: PeopleTallies, level: float, seed: int) -> pd.DataFrame:
    columns = ["topic", "level", "place", "code", "searched", "said", "gap", "lo", "hi", "people", "verdict"]
    regions = tallies.small("regions")
    if regions.empty or not tallies.n_posts():
        return pd.DataFrame(columns=columns)
    topic_of = {fold(term): t.id for t in study.topics for term in t.search}
    regions = regions.assign(topic=regions["term"].map(lambda t: topic_of.get(fold(t))))
    regions = regions[regions["topic"].notna() & regions["value"].notna() & (regions["measure"] == "index")]
    parts = []
    for scale, trait in (("region", "region"), ("country", "country")):
        searched = regions[regions["level"] == scale]
        if searched.empty:
            continue
        spoken = tallies.traits(study.topics, trait)
        spoken = spoken[spoken["value"].notna()]
        spoken = spoken.assign(key=[_key(v, scale) for v in spoken["value"]])
        every = spoken.groupby("key")["authors"].sum()
        for topic, own in searched.groupby("topic"):
            # Each term has its own 100: brought to a mean of 1, the terms of a topic are averaged.
            own = own.assign(key=[_key(p, scale) for p in own["place"]])
            own = own.assign(
                **{c: own[c] / own.groupby("term")["value"].transform("mean") for c in ("value", "lo", "hi")}
            )
            index = own.groupby("key").agg(
                place=("place", "first"), value=("value", "mean"), lo=("lo", "mean"), hi=("hi", "mean")
            )
            index = index[index.index.isin(every.index)]
            if len(index) < 3:
                continue
            here = spoken[spoken["topic"] == topic].groupby("key")["authors"].sum().reindex(index.index).fillna(0.0)
            found = _gaps(index, here, every.reindex(index.index), level, seed)
            parts.append(found.assign(topic=topic, level=scale))
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _gaps(index: pd.DataFrame, here: pd.Series, every: pd.Series, level: float, seed: int) -> pd.DataFrame:
    """Gap of every place: how much it searches against how much it speaks, each relative to the mean of the places.

    A place speaks much or little relative to how much it speaks of all topics of the study, so that how many people live there
    and use these networks falls out.
    """
    rng = np.random.default_rng(seed)
    n = len(index)
    small = ((here > 0) & (here < K)).to_numpy()
    # What is not shown must not show through its gap: any number below k is taken for as likely.
    counts = np.where(small, rng.integers(1, K, (DRAWS, n)), here.to_numpy()[None, :])
    spoken = rng.gamma(counts + 0.5)
    base = rng.gamma(np.broadcast_to(every.to_numpy(float) + 0.5, (DRAWS, n)))
    base = base / base.sum(1, keepdims=True)
    low, high = index["lo"].fillna(index["value"]), index["hi"].fillna(index["value"])
    searched = rng.uniform(np.maximum(low, 1e-6), np.maximum(high, low + 1e-6), (DRAWS, n))
    asked = searched / (searched * base).sum(1, keepdims=True)
    said = spoken / spoken.sum(1, keepdims=True) / base
    drawn = np.log2(asked / said)
    edges = [(1 - level) / 2, 0.5, (1 + level) / 2]
    lo, mid, hi = np.quantile(drawn, edges, axis=0)
    strict = (1 - level) / n / 2
    far = np.quantile(drawn, [strict, 1 - strict], axis=0)
    return pd.DataFrame(
        {
            "place": index["place"].to_numpy(),
            "code": index.index.to_numpy(),
            "searched": np.median(asked, axis=0),
            "said": np.median(said, axis=0),
            "gap": mid,
            "lo": lo,
            "hi": hi,
            "people": pd.array(np.where(small, np.nan, here.to_numpy()), dtype="Float64").astype("Int64"),
            "verdict": np.select([far[0] > 0, far[1] < 0], ["silent", "loud"], "cannot tell"),
        }
    ).sort_values("gap", ascending=False, ignore_index=True)


def _key(place: object, scale: str) -> str:
    """The name under which a place of either side is met: a region folded, a country as its ISO code."""
    name = bare_fold(str(place))
    if scale == "region":
        return _ENGLISH.get(name, name)
    return name.upper() if len(name) == 2 else _countries().get(name, name)


def _countries() -> dict[str, str]:
    return {bare_fold(n): c for lang in ("en", "fr") for c, n in Locale(lang).territories.items() if len(c) == 2}


def _languages(study: Study, asked: pd.DataFrame, tallies: PeopleTallies) -> pd.DataFrame:
    columns = ["topic", "lang", "searched", "said"]
    if asked.empty or not tallies.n_posts():
        return pd.DataFrame(columns=columns)
    searched = asked[asked["topic"] != ""].groupby(["topic", "lang"])["volume"].sum()
    spoken = tallies.traits(study.topics, "lang")
    spoken = spoken[spoken["value"].notna()].assign(lang=lambda d: d["value"].str[:2])
    said = spoken.groupby(["topic", "lang"])["authors"].sum()
    # A language of fewer than k people is left out of both sides.
    said = said[said >= K]
    both = pd.concat({"searched": searched, "said": said}, axis=1).fillna(0.0)
    both = both / both.groupby("topic").transform("sum")
    return both.reset_index().reindex(columns=columns)
