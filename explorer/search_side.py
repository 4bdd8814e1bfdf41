"""The search side of a study: terms of many files on one scale, summed to topics, brought to one grain."""

from __future__ import annotations

import numpy as np
import pandas as pd

from explorer.coverage import cover_frame
from explorer.notes import Note
from explorer.periods import ORDER, coarsen
from explorer.study import Study, fold
from explorer.tallies import Tallies
from sources.calibration import Fit, on_one_scale
from sources.long_series import on_one_long_scale


def interest_rows(study: Study, tallies: Tallies, notes: list[Note]) -> pd.DataFrame:
    """Interest rows of the study's terms: one place, one unit, one grain."""
    rows = tallies.interest([term for topic in study.topics for term in topic.search])
    rows = rows[rows["partial"].isna() | ~rows["partial"].fillna(False).astype(bool)]
    if rows.empty:
        notes.append(Note("no search"))
        return rows
    if study.geo and (rows["geo"] == study.geo).any():
        rows = rows[rows["geo"] == study.geo]
    elif rows["geo"].nunique() > 1:
        place = rows["geo"].value_counts().index[0]
        notes.append(Note("several places", {"place": place or "worldwide"}))
        rows = rows[rows["geo"] == place]
    elif study.geo and rows["geo"].iloc[0] != study.geo:
        notes.append(Note("other place", {"place": rows["geo"].iloc[0] or "worldwide", "asked": study.geo}))
    if rows["unit"].nunique() > 1:
        kept = rows.groupby("unit")["term"].nunique().idxmax()
        notes.append(Note("several units", {"kept": kept}))
        rows = rows[rows["unit"] == kept]
    if rows["grain"].nunique() > 1:
        terms = rows.groupby("grain")["term"].nunique()
        kept = min(terms.index[terms == terms.max()], key=ORDER.index)
        long = _stitched(rows, kept, notes)
        if long is not None:
            return long
        notes.append(Note("several grains", {"kept": kept}))
        rows = rows[rows["grain"] == kept]
    return rows


def _stitched(rows: pd.DataFrame, grain: str, notes: list[Note]) -> pd.DataFrame | None:
    """Join windows in `grain` under coarser answers of the same source, each term to one series; None where there are none."""
    fine = rows[rows["grain"] == grain]
    coarser = [g for g in ORDER[ORDER.index(grain) + 1 :] if (rows["grain"] == g).any()]
    spans = fine.groupby("scale")["period"].min().nunique()
    if not coarser or spans < 2 or fine["unit"].iloc[0] != "index" or fine["source"].nunique() > 1:
        return None
    whole = rows[(rows["grain"] == coarser[0]) & (rows["source"] == fine["source"].iloc[0])]
    if not set(fine["term"]) <= set(whole["term"]):
        return None
    names = {"scale": "request", "period": "ds"}
    series, fit = on_one_long_scale(fine.rename(columns=names), whole.rename(columns=names))
    series, apart = _main_component(series, fit)
    absent = sorted((set(fine["term"]) - set(series["term"])) | set(apart))
    if series.empty:
        return None
    if absent:
        notes.append(Note("terms unconnected", {"n": len(absent), "terms": ", ".join(absent[:5])}))
    notes.append(Note("stitched", {"n": int(fine["scale"].nunique()), "grain": coarser[0]}))
    if whole["scale"].nunique() > 1 and fit.noise is None:
        notes.append(Note("sampling unseen"))
    first = {c: fine[c].iloc[0] for c in ("geo", "unit", "source")}
    return (
        series.drop(columns="component")
        .rename(columns={"ds": "period"})
        .assign(
            scale="stitched", grain=grain, kind="measured", partial=False, fetched_at=fine["fetched_at"].max(), **first
        )
    )


def _main_component(series: pd.DataFrame, fit: Fit) -> tuple[pd.DataFrame, list[str]]:
    """Return the series of the component with most terms, and the terms that stand in none or another."""
    sizes = fit.component[fit.component >= 0].value_counts()
    main = sizes.index[0] if len(sizes) else -1
    return series[series["component"] == main], sorted(fit.component.index[fit.component != main])


def search_series(
    study: Study, rows: pd.DataFrame, grain: str, week_start: int, notes: list[Note]
) -> tuple[pd.DataFrame, str]:
    """Return `topic`, `period`, `value`, `lo`, `hi`, `scale_error` of every topic in `grain`, and the unit of the values."""
    columns = ["topic", "period", "value", "lo", "hi", "scale_error"]
    if rows.empty:
        return pd.DataFrame(columns=columns), "index"
    unit = rows["unit"].iloc[0]
    by_term = _one_series_per_term(rows, unit, notes)
    topic_of = {fold(term): topic.id for topic in study.topics for term in topic.search}
    terms = pd.DataFrame(
        [(fold(t), topic.id) for topic in study.topics for t in topic.search], columns=["fold", "topic"]
    )
    found = set(by_term["term"].map(fold))
    absent = [t for topic in study.topics for t in topic.search if fold(t) not in found]
    if absent:
        notes.append(Note("terms missing", {"n": len(absent), "terms": ", ".join(absent[:5])}))
    by_term["topic"] = by_term["term"].map(lambda t: topic_of[fold(t)])
    asked = terms[terms["fold"].isin(found)].groupby("topic").size()
    cells = by_term.groupby(["topic", "period"], sort=False)
    # One unknown term leaves the sum unknown; a function called for each cell would take minutes for many topics.
    unknown = by_term[["value", "lo", "hi"]].isna().groupby([by_term["topic"], by_term["period"]], sort=False).any()
    summed = cells[["value", "lo", "hi"]].sum().mask(unknown)
    summed = summed.assign(scale_error=cells["scale_error"].max(), n=cells.size())
    summed = summed.reset_index()
    # A topic with two terms of which one was not measured in a period is not half as much searched there: it is unknown.
    short = summed["n"] < summed["topic"].map(asked)
    summed.loc[short, ["value", "lo", "hi"]] = np.nan
    coarse = coarsen(
        summed,
        ["topic"],
        ["value", "lo", "hi"],
        grain=rows["grain"].iloc[0],
        to=grain,
        week_start=week_start,
        how="mean",
    )
    if "scale_error" not in coarse:
        coarse["scale_error"] = coarse["topic"].map(summed.groupby("topic")["scale_error"].max())
    return coarse[columns].sort_values(["topic", "period"], ignore_index=True), unit


def _one_series_per_term(rows: pd.DataFrame, unit: str, notes: list[Note]) -> pd.DataFrame:
    """`term`, `period`, `value`, `lo`, `hi`, `scale_error`: an index of several files is calibrated through shared terms."""
    if unit != "index" or rows["scale"].nunique() == 1:
        newest = rows.sort_values("fetched_at").drop_duplicates(["term", "period"], keep="last")
        return newest[["term", "period", "value", "lo", "hi"]].assign(scale_error=newest.get("scale_error", 0.0))
    whole = [s for s, group in rows.groupby("scale") if group["term"].nunique() == rows["term"].nunique()]
    if whole:
        rows = rows[rows["scale"].isin(whole)]
    requests = rows.rename(columns={"scale": "request", "period": "ds"})
    series, fit = on_one_scale(requests[["request", "term", "ds", "value", "lo", "hi"]])
    kept, apart = _main_component(series, fit)
    if apart:
        notes.append(Note("terms unconnected", {"n": len(apart), "terms": ", ".join(apart[:5])}))
    notes.append(Note("calibrated", {"n": int(rows["scale"].nunique())}))
    if fit.noise is None:
        notes.append(Note("sampling unseen"))
    kept = kept.rename(columns={"ds": "period"})
    return kept[["term", "period", "value", "lo", "hi", "scale_error"]]


def search_cover(rows: pd.DataFrame, search: pd.DataFrame) -> pd.DataFrame:
    """Return the coverage of the search side: complete where every topic has a value, partial where some have."""
    if search.empty:
        return cover_frame()
    whole = search.groupby("period")["value"].agg(lambda v: v.notna().mean())
    return cover_frame(
        side="search",
        source=", ".join(sorted(rows["source"].unique())),
        period=whole.index,
        status=np.select([whole == 1, whole > 0], ["complete", "partial"], "missing"),
        rows=search.groupby("period")["value"].count().to_numpy(),
    )
