"""A brand beside its alternatives: share of search against share of voice, and who is looked for together with leaving words.

The switch is *in search, not yet in posts* where the share of a brand's searches that ask how to leave it lies above the share
of the people speaking of it who speak of leaving, interval clear of interval.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from explorer.answers import find_gaps
from explorer.brands import brand_topics
from explorer.need_posts import cut_off
from explorer.need_queries import VOLUME_UNITS, clean_queries
from explorer.study import BadStudy, Study, Topic
from explorer.tallies_texts import TextTallies
from explorer.text.normal import as_texts, fold, words
from forecasting.errors import ForecastError

#: Posts of one brand that are read, and people below which their silence on leaving says nothing (rule of three: 1 in 20).
POSTS, FEW = 3_000, 60
#: Draws behind the interval of a share of searches.
DRAWS = 2_000

#: Words of leaving in folded text. Words that also mean something at home ("annuler une commande") are left out.
_LEAVING = re.compile(
    r"\b(?:"
    r"alternatives?|quitt(?:er|e|es|ent|ons|ez|ant)|remplac(?:er|e|es|ent|ant|ement)s?|resili(?:er|e|es|ent|ation)s?"
    r"|changer (?:de|pour)|desabonn\w+|se desinscrire|concurrents? (?:de|a|d)\b|equivalents? (?:de|a)\b|partir de chez"
    r"|au lieu (?:de|d)\b|plutot que|passer (?:de|chez)|migrer|en finir avec|rompre (?:le|mon|son) contrat"
    r"|switch(?:ing|ed)? (?:from|to|away)|leav(?:e|ing)|cancel(?:l?ing|l?ation)?|replac(?:ing|ement)s? for|instead of"
    r"|competitors? (?:of|to)|unsubscrib\w+|get(?:ting)? rid of|migrat(?:e|ing)|similar to|moving away from"
    r")\b"
)
_COMPARING = re.compile(r"\b(?:vs|versus|ou|or|contre|compared|compar(?:er|aison|ison)|difference|mieux|better)\b")


@dataclass(frozen=True)
class Alternatives:
    """A brand and its alternatives.

    `shares` : one row a brand: `brand`, `own` (the study's), `share_of_search`, `share_of_voice` (0..1 among these brands),
    `gap` [doublings] with `lo`, `hi`, `verdict`, `n_authors`. Empty where `why` says what is missing.
    `leaving` : one row a brand: `brand`, `queries`, `searches` (a month, that ask how to leave it), `of` (all that name it),
    `searched`, `searched_lo`, `searched_hi` (share; the interval is that of which queries are listed), `people` (naming it),
    `leavers`, `said`, `said_lo`, `said_hi` (Wilson), `verdict` ("in search, not in posts" | "in posts, not in search" |
    "cannot tell"), `reason` ("", "no volumes", "no posts", "few people", "capped", "overlap": the intervals do).
    `together` : `brand`, `other` ("" = none named), `kind` ("leaving" | "comparing" | "together"), `queries`, `searches`,
    `example`, most searched first; brand -> other is the direction of leaving where `kind` is "leaving".
    """

    shares: pd.DataFrame
    leaving: pd.DataFrame
    together: pd.DataFrame
    level: float
    why: str = ""


def leaving(texts: Iterable[object]) -> list[bool]:
    """Return of every text whether it holds words of leaving, French or English.

    >>> leaving(["résilier contrat Calorène", "prix Calorène", "switching from Calorène to Boréal"])
    [True, False, True]
    """
    return [bool(_LEAVING.search(fold(t))) for t in as_texts(texts)]


def alternatives(
    study: Study, *, tallies: TextTallies | None = None, level: float = 0.9, seed: int = 0
) -> Alternatives:
    """Set the brand of a study beside its alternatives.

    Parameters
    ----------
    level : coverage of the intervals.

    Raises
    ------
    BadStudy : the study names fewer than two brands; the message shows how.
    """
    brands = brand_topics(study)
    if len(brands) < 2:
        raise BadStudy(
            "the study names no alternative to compare with",
            study.path.name,
            'add [brand] name = "Ours" and for each alternative [[brands]] name = "Theirs"',
        )
    tallies = tallies or TextTallies(study.store)
    beside = replace(study, topics=brands)
    shares, why = _shares(beside, tallies, level, seed)
    shares["own"] = shares["brand"] == study.brand.get("name")
    queries = _queries(study, tallies, brands)
    accounts = [str(a) for a in study.brand.get("accounts", ())]
    spoken = pd.DataFrame([_spoken(beside, t, tallies, accounts, level) for t in brands])
    searched = _searched(queries, brands, level, seed)
    return Alternatives(shares, _verdicts(searched.merge(spoken, on="brand")), _together(queries), level, why)


def _shares(beside: Study, tallies: TextTallies, level: float, seed: int) -> tuple[pd.DataFrame, str]:
    columns = ["brand", "share_of_search", "share_of_voice", "gap", "lo", "hi", "verdict", "n_authors"]
    try:
        table = find_gaps(beside, tallies=tallies, level=level, seed=seed).table
    except (BadStudy, ForecastError) as error:
        return pd.DataFrame(columns=columns), str(error)
    label = {t.id: t.label for t in beside.topics}
    return table.assign(brand=table["topic"].map(label)).reindex(columns=columns), ""


def _queries(study: Study, tallies: TextTallies, brands: tuple[Topic, ...]) -> pd.DataFrame:
    """Queries that name a brand: `query`, volumes, `brands` (named, in order), `kind`."""
    rows = tallies.small("queries")
    found = clean_queries(rows, study) if len(rows) else clean_queries(rows.iloc[:0], study)
    spelt = [(tuple(words(n)), t.label) for t in brands for n in {t.label, *t.search}]
    named = [_named(words(q), spelt) for q in found["query"]]
    found = found.assign(brands=named)[np.array([bool(n) for n in named], dtype=bool)].copy()
    folded = [fold(q) for q in found["query"]]
    found["kind"] = [
        "leaving" if _LEAVING.search(q) else "comparing" if len(n) > 1 and _COMPARING.search(q) else "together"
        for q, n in zip(folded, found["brands"], strict=True)
    ]
    found["left"] = [_left(q, n) for q, n in zip(folded, found["brands"], strict=True)]
    return found.reset_index(drop=True)


def _named(held: list[str], spelt: list[tuple[tuple[str, ...], str]]) -> list[str]:
    at: dict[str, int] = {}
    for name, brand in spelt:
        for i in range(len(held) - len(name) + 1):
            if name and tuple(held[i : i + len(name)]) == name:
                at[brand] = min(i, at.get(brand, i))
    return sorted(at, key=lambda b: at[b])


def _left(query: str, named: list[str]) -> str:
    """The brand that is left: the first one named after the first word of leaving, else the first one named."""
    found = _LEAVING.search(query)
    after = [] if found is None else [b for b in named if query.find(fold(b), found.start()) >= 0]
    # "Boréal au lieu de Calorène": what stands after the word is left, what stands before it is taken.
    return after[0] if after else named[0]


def _searched(queries: pd.DataFrame, brands: tuple[Topic, ...], level: float, seed: int) -> pd.DataFrame:
    rows = []
    for topic in brands:
        naming = queries[np.array([topic.label in n for n in queries["brands"]], dtype=bool)]
        away = ((naming["kind"] == "leaving") & (naming["left"] == topic.label)).to_numpy(dtype=bool)
        row = {"brand": topic.label, "queries": int(away.sum()), "searches": np.nan, "of": np.nan}
        row |= {"searched": np.nan, "searched_lo": np.nan, "searched_hi": np.nan}
        known = ((naming["unit"] == VOLUME_UNITS[0]) & (naming["volume"] > 0)).to_numpy(dtype=bool)
        if known.any():
            volume, leaves = naming["volume"].to_numpy(dtype=float)[known], away[known]
            row |= {"searches": volume[leaves].sum(), "of": volume.sum()}
            row |= dict(
                zip(("searched", "searched_lo", "searched_hi"), _share(volume, leaves, level, seed), strict=True)
            )
        rows.append(row)
    return pd.DataFrame(rows)


def _share(volume: np.ndarray, leaves: np.ndarray, level: float, seed: int) -> tuple[float, float, float]:
    """Share of volume that leaves, with its interval over the queries (Rubin 1981, the Bayesian bootstrap). Where no query
    leaves, or every one does, its open end is where one more query of the middle size, of the other kind, would put it.
    """
    share = float(volume[leaves].sum() / volume.sum())
    weight = np.random.default_rng(seed).dirichlet(np.ones(len(volume)), size=DRAWS) * volume
    lo, hi = np.quantile(weight[:, leaves].sum(1) / weight.sum(1), [(1 - level) / 2, (1 + level) / 2])
    one = float(np.median(volume) / (volume.sum() + np.median(volume)))
    return share, float(min(lo, 1 - one)) if leaves.all() else float(lo), float(hi) if leaves.any() else one


def _spoken(beside: Study, topic: Topic, tallies: TextTallies, accounts: list[str], level: float) -> dict[str, object]:
    row: dict[str, object] = {"brand": topic.label, "people": 0, "leavers": 0}
    row |= {"said": np.nan, "said_lo": np.nan, "said_hi": np.nan, "reason": "no posts"}
    if not tallies.n_posts():
        return row
    posts = tallies.utterances([topic], limit=POSTS, without=accounts)
    people = posts["author_key"].nunique()
    if not people:
        return row
    away = posts[leaving(posts["text"])]["author_key"].nunique()
    lo, hi = proportion_confint(away, people, alpha=1 - level, method="wilson")
    capped = cut_off(beside, topic.id, tallies.small("coverage"))
    reason = "capped" if capped else "few people" if people < FEW else ""
    return row | {
        "people": people,
        "leavers": away,
        "said": away / people,
        "said_lo": lo,
        "said_hi": hi,
        "reason": reason,
    }


def _verdicts(table: pd.DataFrame) -> pd.DataFrame:
    table["reason"] = table["reason"].where(table["searched"].notna(), "no volumes")
    ahead, behind = table["searched_lo"] > table["said_hi"], table["searched_hi"] < table["said_lo"]
    told = np.select([ahead, behind], ["in search, not in posts", "in posts, not in search"], "cannot tell")
    table["reason"] = np.where((table["reason"] == "") & (told == "cannot tell"), "overlap", table["reason"])
    table["verdict"] = np.where(table["reason"] == "", told, "cannot tell")
    return table


def _together(queries: pd.DataFrame) -> pd.DataFrame:
    columns = ["brand", "other", "kind", "queries", "searches", "example"]
    rows = []
    for row in queries.itertuples():
        others = [b for b in row.brands if b != row.left]
        if not others and row.kind != "leaving":
            continue
        rows += [(row.left, other, row.kind, row.volume, row.query) for other in others or [""]]
    frame = pd.DataFrame(rows, columns=["brand", "other", "kind", "volume", "query"])
    if frame.empty:
        return pd.DataFrame(columns=columns)
    frame = frame.sort_values("volume", ascending=False, na_position="last")
    grouped = frame.groupby(["brand", "other", "kind"], sort=False)
    table = grouped.agg(
        queries=("query", "size"), searches=("volume", lambda v: v.sum(min_count=1)), example=("query", "first")
    )
    return table.reset_index().sort_values("searches", ascending=False, na_position="last", ignore_index=True)[columns]
