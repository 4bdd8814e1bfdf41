"""What people typed, from every source, as one row a query: spellings joined, volumes with what their printing leaves open."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from explorer.study import Study, fold
from explorer.text import language, question_type
from explorer.text.normal import as_texts, stem, words
from explorer.text.stopwords import ALL

#: Grammar that turns a query into its opposite, and is kept when spellings are compared.
_TELLING = frozenset(
    [
        "avec",
        "sans",
        "pas",
        "non",
        "ni",
        "contre",
        "with",
        "without",
        "not",
        "no",
        "avant",
        "apres",
        "before",
        "after",
        "ou",
        "or",
    ]
)

#: A word seen once is taken for a slip of one that was seen this often, if one letter tells them apart.
_SLIP_OF = 5
_SLIP_FROM = 7  # letters; in shorter words one letter makes another word

#: Units that are volumes, in the order in which they are preferred; they are never added.
VOLUME_UNITS = ("searches", "impressions")


def clean_queries(rows: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return one row per query of the study, spellings of one query joined.

    Parameters
    ----------
    rows : the queries table. Titles of topics (`item` "topic") are not what anybody typed and are left out.

    Returns
    -------
    `query` (the spelling that most people use), `spellings` (how many), `topic` (id; "" where none fits), `lang`, `volume`,
    `volume_lo`, `volume_hi` in `unit` ("searches" a month, or "impressions"; all null where no source tells a volume, as
    suggestions do), `growth`, `growth_lo` (ratio: 1.9 = +190 %; a breakout has only `growth_lo`), `sources`. The volume of
    joined spellings is the largest of them and the interval reaches to their sum: tools count close spellings together,
    each under every one of them, and do not say where they do.
    """
    typed = rows[(rows["item"] == "query") & (rows["query"].str.strip() != "")]
    # The store gives rows in no order: one is fixed here, so that the same store always gives the same needs.
    typed = typed.sort_values(["fetched_at", "source", "query", "ranking"]).reset_index(drop=True)
    if typed.empty:
        return pd.DataFrame({c: [] for c in _COLUMNS})
    typed["key"] = _keys(typed["query"].tolist())
    typed["topic"] = _topics(typed, study)
    growing, listed = typed[typed["unit"] == "growth"], typed[typed["unit"].isin(VOLUME_UNITS)]
    volumes, growth = _volumes(listed), _growth(growing)
    first = typed.groupby("key", sort=False)
    frame = pd.DataFrame(
        {
            "query": _spellings(typed),
            "spellings": first["query"].agg(lambda q: len({fold(x) for x in q})),
            "topic": first["topic"].agg(lambda t: next((x for x in t if x), "")),
            "sources": first["source"].agg(lambda s: ", ".join(sorted(set(s)))),
        }
    )
    frame = frame.join(volumes).join(growth)
    locale = study.geo or None
    frame["lang"] = language(frame["query"], languages=study.languages or ("fr", "en"), locale=locale)["label"].array
    return frame.reindex(columns=_COLUMNS).reset_index(drop=True)


_COLUMNS = [
    "query", "spellings", "topic", "lang", "volume", "volume_lo", "volume_hi", "unit", "growth", "growth_lo", "sources",
]  # fmt: skip


def same_query(queries: Iterable[object]) -> list[str]:
    """Return a key per query; queries with one key are spellings of each other: accents, order, endings, blanks, slips.

    >>> len(set(same_query(["Prix pompe à chaleur", "pompe a chaleur prix", "prix pompes à chaleur"])))
    1
    """
    return _keys(as_texts(queries))


def _keys(queries: Sequence[str]) -> list[str]:
    kinds = dict(zip(dict.fromkeys(queries), question_type(dict.fromkeys(queries))["label"], strict=True))
    stems = {q: tuple(stem(w) for w in words(q) if w not in ALL or w in _TELLING) or tuple(words(q)) for q in kinds}
    slips = _slips(Counter(s for found in stems.values() for s in set(found)))
    key: dict[str, str] = {}
    first: dict[tuple[str, str], str] = {}
    for query, found in stems.items():
        mended = sorted(slips.get(s, s) for s in found)
        # "air-eau" and "air eau", "ma prime rénov" and "maprimerénov": the same letters in the same order.
        joined = "".join(words(query))
        kind = kinds[query] or "none"
        own = first.setdefault((joined, kind), " ".join(mended) + "|" + kind)
        key[query] = own
    return [key[q] for q in queries]


def _slips(seen: Counter[str]) -> dict[str, str]:
    """Return rare stem -> common stem for pairs that one letter tells apart."""
    holes: dict[str, list[str]] = {}
    for word, n in seen.items():
        if n >= _SLIP_OF and len(word) >= _SLIP_FROM - 1 and word.isalpha():
            for short in _without_one(word):
                holes.setdefault(short, []).append(word)
    found = {}
    for word, n in seen.items():
        if n == 1 and len(word) >= _SLIP_FROM and word.isalpha():
            near = {w for short in _without_one(word) for w in holes.get(short, ()) if abs(len(w) - len(word)) <= 1}
            near.discard(word)
            if len(near) == 1:
                found[word] = near.pop()
    return found


def _without_one(word: str) -> set[str]:
    return {word} | {word[:i] + word[i + 1 :] for i in range(1, len(word))}


def _topics(typed: pd.DataFrame, study: Study) -> list[str]:
    """The topic of each row: by the term it was given for, else the topic whose search term it holds whole."""
    topic_of = {fold(t): topic.id for topic in study.topics for t in topic.search}
    inside = [
        (frozenset(stem(w) for w in words(t) if w not in ALL), topic.id) for topic in study.topics for t in topic.search
    ]
    inside.sort(key=lambda pair: -len(pair[0]))
    found = []
    for term, query in zip(typed["term"], typed["query"], strict=True):
        own = topic_of.get(fold(term)) if term else None
        if own is None:
            held = {stem(w) for w in words(query)}
            own = next((topic for need, topic in inside if need and need <= held), "")
        found.append(own)
    return found


def _spellings(typed: pd.DataFrame) -> pd.Series:
    """The spelling of each key, keys in the order in which they first stand; only keys with several have to be weighed."""
    found = typed.drop_duplicates("key").set_index("key")["query"].map(lambda q: " ".join(q.split()))
    several = typed["key"].map(typed.groupby("key")["query"].nunique()) > 1
    for key, rows in typed[several].groupby("key", sort=False):
        found[key] = _best_spelling(rows)
    return found


def _best_spelling(rows: pd.DataFrame) -> str:
    volume = rows["value"].where(rows["unit"].isin(VOLUME_UNITS)).fillna(-1.0)
    marks = rows["query"].map(lambda q: sum(unicodedata.combining(c) > 0 for c in unicodedata.normalize("NFD", q)))
    # As many searches: the spelling with the accents, which is the one to print.
    return " ".join(
        str(rows.assign(v=volume, m=marks).sort_values(["v", "m"], ascending=False)["query"].iloc[0]).split()
    )


def _volumes(listed: pd.DataFrame) -> pd.DataFrame:
    columns = ["volume", "volume_lo", "volume_hi", "unit"]
    known = listed[listed["value"].notna() | listed["hi"].notna()].copy()
    if known.empty:
        return pd.DataFrame(columns=columns)
    known["order"] = known["unit"].map({u: i for i, u in enumerate(VOLUME_UNITS)})
    known = known[known["order"] == known.groupby("key")["order"].transform("min")]
    # Of one spelling in one source the newest row counts; of several sources, and of several spellings, see clean_queries.
    known = known.drop_duplicates(["key", "source", "query"], keep="last")
    known["lo"], known["hi"] = known["lo"].fillna(known["value"]), known["hi"].fillna(known["value"])
    spelt = known.groupby(["key", "query"], sort=False).agg(
        value=("value", "max"), lo=("lo", "min"), hi=("hi", "max"), unit=("unit", "first")
    )
    joined = spelt.groupby("key", sort=False).agg(
        volume=("value", "max"), volume_lo=("lo", "max"), volume_hi=("hi", "sum"), unit=("unit", "first")
    )
    return joined.replace({np.inf: np.nan})


def _growth(growing: pd.DataFrame) -> pd.DataFrame:
    newest = growing.drop_duplicates("key", keep="last").set_index("key")
    return pd.DataFrame({"growth": newest["value"], "growth_lo": newest["lo"].fillna(newest["value"])})
