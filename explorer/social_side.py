"""The social side of a study: people and posts a period, from posts where there are any, else from counts."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from explorer.coverage import cover_frame, holes
from explorer.notes import Note
from explorer.periods import coarsen, days, frequency, next_start, start_of
from explorer.study import Study, fold
from explorer.tallies import Binning, Tallies

Voice = Literal["people", "posts", "shares", "none"]

#: Posts without an author key: up to this share they are left out of the count of people; above it, people cannot be counted.
UNSIGNED_LIMIT = 0.2


def counts_rows(study: Study, tallies: Tallies) -> pd.DataFrame:
    """Return the stored counts that name a topic of the study, with its id in `topic`."""
    rows = tallies.counts()
    topic_of = {name: topic.id for topic in study.topics for name in topic.names()}
    rows["topic"] = rows["query"].map(lambda q: topic_of.get(fold(q)))
    return rows[rows["topic"].notna()].reset_index(drop=True)


def counts_series(
    study: Study, rows: pd.DataFrame, grain: str, week_start: int, notes: list[Note]
) -> tuple[pd.DataFrame, Voice, pd.DataFrame]:
    """Return `topic`, `period`, `posts`, `authors` from counts, what the voice counts, and the coverage."""
    columns = ["topic", "period", "posts", "authors"]
    if rows.empty:
        notes.append(Note("no voice"))
        return pd.DataFrame(columns=columns), "none", cover_frame()
    absent = [t.label for t in study.topics if t.id not in set(rows["topic"])]
    if absent:
        notes.append(Note("topics without counts", {"n": len(absent), "topics": ", ".join(absent[:5])}))
    if rows["source"].nunique() > 1:
        kept = rows.groupby("source")["fetched_at"].max().idxmax()
        notes.append(Note("several count sources", {"kept": kept}))
        rows = rows[rows["source"] == kept]
    own = grain_of(rows)
    rows = rows[rows["grain"] == own].sort_values("fetched_at")
    rows = rows.drop_duplicates(["topic", "query", "period"], keep="last")
    series = rows.groupby(["topic", "period"], as_index=False).agg(
        posts=("posts", lambda v: v.sum(skipna=False)),
        # Authors of two queries overlap by an unknown number: they cannot be added.
        authors=("authors", lambda v: v.iloc[0] if len(v) == 1 else np.nan),
    )
    share = rows["unit"].iloc[0] == "share"
    cover = series.groupby("period")["posts"].agg(lambda v: v.notna().all())
    coverage = cover_frame(
        side="social",
        source=rows["source"].iloc[0],
        period=cover.index,
        status=np.where(cover, "complete", "partial"),
        rows=series.groupby("period")["posts"].sum().to_numpy(),
    )
    how = "mean" if share else "sum"
    if own is not None and own != grain:
        series = coarsen(series, ["topic"], ["posts"], grain=own, to=grain, week_start=week_start, how=how)
        series["authors"] = np.nan
    voice: Literal["people", "posts", "shares"] = "shares" if share else "posts"
    if not share and series["authors"].notna().all():
        voice = "people"
    else:
        series["authors"] = np.nan
        notes.append(Note("no authors"))
    return series[columns], voice, coverage


def posts_series(
    study: Study, tallies: Tallies, grain: str, week_start: int, notes: list[Note]
) -> tuple[pd.DataFrame, Voice, pd.DataFrame]:
    """Return who speaks of every topic, counted from the posts themselves, what the voice counts, and the coverage."""
    binning = Binning(grain, week_start)
    spoken = tallies.voice(study.topics, binning)
    overall = tallies.posts_per_period(binning)
    collected = _collected(overall, tallies, grain, week_start)
    heard = set(spoken["topic"].unique())
    silent = [t.label for t in study.topics if t.id not in heard]
    if silent:
        notes.append(Note("topics without posts", {"n": len(silent), "topics": ", ".join(silent[:5])}))
    complete = collected.index[collected == "complete"]
    grid = pd.MultiIndex.from_product([[t.id for t in study.topics], complete], names=["topic", "period"])
    # Inside a collected period no post of a topic is a measured zero; outside, nothing is known and no row is made.
    social = spoken.set_index(["topic", "period"]).reindex(grid).fillna(0.0).astype(float).reset_index()
    missing = holes(tallies.small("coverage"), "posts", study, grain, pd.DatetimeIndex(complete))
    if len(missing):
        cut = pd.MultiIndex.from_frame(social[["topic", "period"]]).isin(
            pd.MultiIndex.from_frame(missing[["topic", "period"]])
        )
        social.loc[cut, ["posts", "authors", "reposts", "loud_authors"]] = np.nan
        # The strip shows a period as it is for the topic that is worst off.
        collected.loc[missing["period"]] = missing["status"].to_numpy()
    total, unsigned = social["posts"].sum(), social["unsigned"].sum()
    voice: Literal["people", "posts"] = "people"
    if total and unsigned / total > UNSIGNED_LIMIT:
        notes.append(Note("no authors"))
        social["authors"], voice = np.nan, "posts"
        social = social.drop(columns="loud_authors")
    elif unsigned:
        notes.append(Note("some unsigned", {"share": float(unsigned / total)}))
    cover = cover_frame(
        side="social",
        source=_posts_source(tallies),
        period=collected.index,
        status=collected.to_numpy(),
        rows=overall.set_index("period")["posts"].reindex(collected.index).fillna(0).to_numpy(),
    )
    return social.drop(columns="unsigned"), voice, cover


def _collected(overall: pd.DataFrame, tallies: Tallies, grain: str, week_start: int) -> pd.Series:
    """Status of every period from the first to the last post: complete, partial (at an edge) or missing (no post)."""
    span = tallies.posts_span()
    if span is None:
        return pd.Series(dtype=str)
    first, last = span
    periods = pd.date_range(start_of(first, grain, week_start), last, freq=frequency(grain, week_start))
    seen = overall.set_index("period")["posts"].reindex(periods).fillna(0)
    status = pd.Series(np.where(seen > 0, "complete", "missing"), index=periods)
    # How far from a boundary the first or last post may lie before the edge period counts as cut off: a tenth of a period,
    # or three times the mean distance between posts where they are rare (a longer pause has a chance of exp(-3) = 5 %).
    length = pd.Timedelta(days=days(grain))
    slack = max(length / 10, (last - first) / max(float(seen.sum()), 1) * 3)
    if first - periods[0] > slack:
        status.iloc[0] = "partial"
    if next_start(periods[-1], grain) - last > slack:
        status.iloc[-1] = "partial"
    return status


def _posts_source(tallies: Tallies) -> str:
    names = tallies.small("coverage")
    names = names[names["table"] == "posts"]["source"].unique()
    return ", ".join(sorted(names)) if len(names) else "posts"


def grain_of(rows: pd.DataFrame) -> str | None:
    """Return the grain most rows have; None without rows."""
    return None if rows.empty else str(rows["grain"].value_counts().index[0])
