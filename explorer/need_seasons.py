"""When and where a need is searched: the months in which it peaks, and the places that search it more than others.

A need has the season of its own queries where a source gives their months, else that of the searches for its topic, which is
said; with less than two whole years of months nothing is said. Places likewise.

References
----------
Friedman (1937), "The use of ranks to avoid the assumption of normality", JASA 32, for the test of a season over years;
Benjamini & Hochberg (1995), JRSS B 57, for many needs at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests

from explorer.study import Study, fold

#: Share of the seasons found that may be chance; whole years that are needed, and the most that are looked at.
FALSE_DISCOVERIES, MIN_YEARS, YEARS = 0.05, 2, 5
#: A place stands out from this many times the mean of the places, whatever the rounding; places that are named.
STANDS_OUT, NAMED = 1.25, 3

SEASONS = [
    "season",
    "season_peak",
    "season_months",
    "season_times",
    "season_lo",
    "season_hi",
    "season_years",
    "season_of",
]
PLACES = ["places", "places_of"]

Array = NDArray[np.float64]


def seasons(queries: pd.DataFrame, study: Study, interest: pd.DataFrame) -> pd.DataFrame:
    """Return the season of every need.

    Parameters
    ----------
    queries : `need`, `topic`, `query`. interest : the interest table, of the queries and of the study's search terms.

    Returns
    -------
    One row a need (index): `season` ("seasonal" | "none" | "cannot tell"), `season_peak` (month, 1..12), `season_months` (those
    above half of the peak), `season_times`, `season_lo`, `season_hi` (searches of the peak month, times the mean month; on
    average, least and most over the years), `season_years`, `season_of` ("queries" | "topic" | ""). All but the
    first and the last are null where there is no season.
    """
    months = _by_month(interest, study)
    topics = {t.id: [fold(x) for x in t.search] for t in study.topics}
    known = set(months.columns)
    of_topic = _judged({t: _series(months, known, terms) for t, terms in topics.items()})
    own = _judged({need: _series(months, known, asked) for need, asked in _asked(queries).items()})
    topic_of = queries.drop_duplicates("need").set_index("need")["topic"]
    rows = {}
    for need, topic in topic_of.items():
        row, source = own[str(need)], "queries"
        if row["season"] == "cannot tell" and topic in of_topic:
            row, source = of_topic[topic], "topic"
        rows[need] = row | {"season_of": source if row["season"] != "cannot tell" else ""}
    return pd.DataFrame.from_dict(rows, orient="index").reindex(columns=SEASONS)


def places(queries: pd.DataFrame, study: Study, regions: pd.DataFrame) -> pd.DataFrame:
    """Return where every need is searched more than elsewhere.

    Parameters
    ----------
    queries : `need`, `topic`, `query`. regions : the regions table.

    Returns
    -------
    One row a need (index): `places` (up to NAMED places, as the source prints them, most first; null where none is known, ""
    where none stands out), `places_of` ("queries" | "topic" | "").
    """
    known = {str(key): own.set_index("place")["times"] for key, own in _leading_places(regions).groupby("key")}
    topics = {t.id: [fold(x) for x in t.search] for t in study.topics}
    topic_of = queries.drop_duplicates("need").set_index("need")["topic"].to_dict()
    rows = {}
    for need, asked in _asked(queries).items():
        found, source = _first_places(known, asked), "queries"
        if found is None:
            found, source = _first_places(known, topics.get(topic_of[need], [])), "topic"
        rows[need] = {"places": found, "places_of": "" if found is None else source}
    return pd.DataFrame.from_dict(rows, orient="index").reindex(columns=PLACES)


def _asked(queries: pd.DataFrame) -> dict[str, list[str]]:
    """Need -> its folded queries, in order."""
    asked: dict[str, list[str]] = {}
    for need, query in zip(queries["need"], queries["query"], strict=True):
        asked.setdefault(str(need), []).append(fold(query))
    return asked


def _by_month(interest: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Mean a month of every term: rows are whole months, columns (unit, folded term)."""
    rows = interest[interest["grain"].isin(["day", "week", "month"]) & interest["value"].notna()]
    rows = rows[~rows["partial"].fillna(False).astype(bool)]
    if study.geo and (rows["geo"] == study.geo).any():
        rows = rows[rows["geo"] == study.geo]
    if rows.empty:
        return pd.DataFrame()
    rows = rows.assign(key=rows["term"].map({t: fold(t) for t in rows["term"].unique()}))
    # An index of one request cannot be set beside that of another: the longest of a term is taken.
    size = (
        rows.groupby(["unit", "key", "scale", "geo", "grain"])["period"]
        .nunique()
        .sort_values(ascending=False, kind="stable")
    )
    kept = size.reset_index().drop_duplicates(["unit", "key"])
    rows = rows.merge(kept[["unit", "key", "scale", "geo", "grain"]])
    month = rows["period"].dt.tz_localize(None).dt.to_period("M")
    wide = rows.assign(month=month).pivot_table(index="month", columns=["unit", "key"], values="value", aggfunc="mean")
    return wide.reindex(pd.period_range(wide.index.min(), wide.index.max(), freq="M"))


def _series(months: pd.DataFrame, known: Collection[Any], terms: Iterable[str]) -> pd.Series | None:
    """One series of several terms: searches are added; an index, which has no size, is averaged over its own mean.

    `known` : the columns of `months`. None where no term is one of them.
    """
    for unit in ("searches", "impressions", "index"):
        held = [(unit, t) for t in dict.fromkeys(terms) if (unit, t) in known]
        if held:
            part = months[held]
            return part.sum(axis=1, min_count=1) if unit != "index" else (part / part.mean()).mean(axis=1)
    return None


def _judged(series: Mapping[str, pd.Series | None]) -> dict[str, dict[str, Any]]:
    """The season of every series, at one false discovery rate for all of them."""
    years = {name: None if s is None else _years(s) for name, s in series.items()}
    tested = {name: _p_value(table) for name, table in years.items() if table is not None}
    passed = multipletests(list(tested.values()), alpha=FALSE_DISCOVERIES, method="fdr_bh")[0] if tested else []
    real = {name for name, yes in zip(tested, passed, strict=True) if yes}
    return {
        name: {"season": "cannot tell"} if table is None else _peak(table) if name in real else {"season": "none"}
        for name, table in years.items()
    }


def _years(series: pd.Series) -> Array | None:
    """[years, 12 months from January] of the log of a series without its straight trend; None below MIN_YEARS whole years."""
    known = series.loc[series.first_valid_index() : series.last_valid_index()] if series.notna().any() else series
    n = min(len(known) // 12, YEARS)
    if n < MIN_YEARS or not (known > 0).any():
        return None
    values = known.tail(12 * n)
    if values.isna().any():
        return None
    z = np.log(np.maximum(values.to_numpy(float), float(known[known > 0].min()) / 2))
    month = values.index.month.to_numpy() - 1
    # The slope beside the months, so that a peak near the end of the span is not taken for growth.
    around = np.column_stack([np.arange(len(z)), np.eye(12)[month]])
    slope = np.linalg.lstsq(around, z, rcond=None)[0][0]
    rest = (z - slope * np.arange(len(z))).reshape(n, 12)
    return np.asarray(rest[:, np.argsort(month[:12])])


def _p_value(years: Array) -> float:
    if np.ptp(years) < 1e-9:
        return 1.0
    return float(stats.friedmanchisquare(*years.T).pvalue)


def _peak(years: Array) -> dict[str, Any]:
    times = np.exp(years)
    times = times / times.mean(axis=1, keepdims=True)
    mean = times.mean(axis=0)
    top = int(mean.argmax())
    high = [int(m) + 1 for m in np.flatnonzero(mean >= 1 + (mean[top] - 1) / 2)]
    return {
        "season": "seasonal", "season_peak": top + 1, "season_months": ", ".join(map(str, high)),
        "season_times": float(mean[top]), "season_lo": float(times[:, top].min()), "season_hi": float(times[:, top].max()),
        "season_years": len(years),
    }  # fmt: skip


def _leading_places(regions: pd.DataFrame) -> pd.DataFrame:
    """`key` (folded term), `place`, `times` (the mean of its places; the least that rounding allows), at the finest level."""
    rows = regions[
        regions["value"].notna() & (regions["measure"] == "index") & regions["level"].isin(["region", "country"])
    ]
    rows = rows.assign(key=rows["term"].map(fold))
    finest = rows.groupby("key")["level"].transform("max")  # "region" comes after "country"
    rows = rows[rows["level"] == finest]
    rows = rows.sort_values("fetched_at").drop_duplicates(["key", "place"], keep="last")
    low = rows["lo"].fillna(rows["value"])
    return rows.assign(times=low / rows.groupby("key")["value"].transform("mean"))


def _first_places(known: Mapping[str, pd.Series], terms: list[str]) -> str | None:
    held = [known[t] for t in dict.fromkeys(terms) if t in known]
    if not held:
        return None
    times = pd.concat(held).groupby(level=0).mean().sort_values(ascending=False, kind="stable")
    return ", ".join(times[times >= STANDS_OUT].head(NAMED).index)
