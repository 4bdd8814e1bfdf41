"""Small frames that the charts draw, made from the answers: what a page shows and nothing more."""

from __future__ import annotations

import numpy as np
import pandas as pd
from babel.dates import get_month_names

from explorer.answers import Gaps, Outlook, voice_of
from explorer.panel import Panel
from explorer.periods import days, next_start
from explorer.phrases import VERDICTS
from explorer.study import Study
from explorer.words import Words
from forecasting.action_windows import windows

#: Periods in the base of an index: a year, so that no single noisy week sets the scale.
_YEAR_DAYS = 365


def ranking(answer: Gaps, words: Words) -> pd.DataFrame:
    """Return the measured topics with label and verdict in words, highest gap first."""
    known = answer.table.dropna(subset=["gap"]).copy()
    known["label"] = known["topic"].map(labels(answer.study, words.language)).fillna(known["topic"])
    known["verdict_words"] = known["verdict"].map(lambda v: words(VERDICTS[v]))
    return known


def labels(study: Study, language: str) -> dict[str, str]:
    """Return topic id -> label in `language`."""
    return {topic.id: topic.label_in(language) for topic in study.topics}


def indexed_pair(panel: Panel, topic: str, *, corrected: bool) -> pd.DataFrame:
    """Return search and voice of one topic as `date`, `series`, `index` with the mean of the first year = 100.

    A side whose first year is all zero has no base and is left out.
    """
    voice = voice_of(panel, corrected=corrected)
    column = "authors" if corrected and panel.voice == "people" else "posts"
    parts = []
    for frame, name, values in ((panel.search, "search", "value"), (voice, "posts", column)):
        own = frame[frame["topic"] == topic][["period", values]].dropna().sort_values("period")
        base = own[values].head(max(round(_YEAR_DAYS / days(panel.grain)), 1)).mean() if len(own) else np.nan
        if base and base > 0:
            parts.append(pd.DataFrame({"date": own["period"], "series": name, "index": own[values] / base * 100}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["date", "series", "index"])


def seasonality(panel: Panel, study: Study, words: Words) -> pd.DataFrame:
    """Return how far the search of each topic lies from its own mean in each month of the year.

    Only whole years are used, so that growth does not look like a season; fewer than 12 months give an empty frame.

    Returns
    -------
    `topic`, `label`, `month` (1..12), `month_name`, `deviation` [doublings].
    """
    columns = ["topic", "label", "month", "month_name", "deviation"]
    frame = panel.search.dropna(subset=["value"])
    if frame.empty or panel.grain in ("year", "quarter"):
        return pd.DataFrame(columns=columns)
    last = frame["period"].max()
    years = int((last - frame["period"].min()).days + days(panel.grain)) // _YEAR_DAYS
    if years < 1:
        return pd.DataFrame(columns=columns)
    recent = frame[frame["period"] > last - pd.Timedelta(days=_YEAR_DAYS * years)]
    by_month = recent.assign(month=recent["period"].dt.month).groupby(["topic", "month"])["value"].mean()
    mean = recent.groupby("topic")["value"].mean()
    ratio = (by_month / mean.reindex(by_month.index.get_level_values("topic")).to_numpy()).rename("ratio").reset_index()
    # Half a unit keeps a month at the floor of the index from running away to minus infinity.
    ratio["deviation"] = np.log2(np.maximum(ratio["ratio"], 0.5 / ratio["topic"].map(mean).clip(lower=0.5)))
    names = get_month_names("abbreviated", locale=words.locale)
    ratio["month_name"] = ratio["month"].map(lambda m: names[m])
    ratio["label"] = ratio["topic"].map(labels(study, words.language)).fillna(ratio["topic"])
    return ratio[columns].sort_values(["label", "month"], ignore_index=True)


def fan_frames(answer: Outlook, topic: str, series: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return history (`date`, `value`) and projection (`date`, `median`, `lo80`...) of one side of one topic."""
    panel, projection = answer.panel, answer.projection
    voice = "authors" if answer.corrected else "posts"
    if series == "gap":
        future, column = projection.gap, "gap"
        past = pd.DataFrame({"date": [projection.now], "value": [_now(projection.gap, topic)]})
    else:
        future, column = (projection.search if series == "search" else projection.social), "yhat"
        side, values = (panel.search, "value") if series == "search" else (panel.social, voice)
        own = side[side["topic"] == topic].dropna(subset=[values]).sort_values("period")
        past = own[["period", values]].rename(columns={"period": "date", values: "value"})
    ahead = future[future["topic"] == topic].rename(columns={"ds": "date", column: "median"})
    for level in (80, 95):
        ahead = ahead.rename(columns={f"{column}-lo-{level}": f"lo{level}", f"{column}-hi-{level}": f"hi{level}"})
    return past, ahead[["date", "median", "lo80", "hi80", "lo95", "hi95"]]


def windows_to_act(answer: Outlook, words: Words) -> pd.DataFrame:
    """Return the windows in which a topic will very probably be searched more than said, widest gap first.

    The columns of forecasting.action_windows.windows, with `end` the last day of the last period, plus `label` in the language.
    """
    found = windows(answer.projection)
    last = [(next_start(end, answer.panel.grain) - pd.Timedelta(1, "ns")).normalize() for end in found["end"]]
    found["end"] = pd.Series(last, found.index, found["start"].dtype)
    return found.assign(label=found["topic"].map(labels(answer.study, words.language)).fillna(found["topic"]))


def gap_history(path: pd.DataFrame, topic: str) -> pd.DataFrame:
    """Return the gap of one topic through time as `date`, `value`."""
    own = path[path["topic"] == topic].sort_values("period")
    return own[["period", "gap"]].rename(columns={"period": "date", "gap": "value"})


def _now(gap: pd.DataFrame, topic: str) -> float:
    own = gap.loc[gap["topic"] == topic, "gap_now"]
    return float(own.iloc[0]) if len(own) else float("nan")


def coverage_bars(panel: Panel, words: Words) -> pd.DataFrame:
    """Return runs of periods with one status as bars: `name`, `start`, `end`, `status`, `status_words`, `rows`."""
    states = {
        "complete": words("complete"),
        "partial": words("partial"),
        "missing": words("missing"),
        "capped": words("capped"),
    }
    sides = {"search": words("Search"), "social": words("Posts")}
    bars = []
    for (side, source), group in panel.coverage.groupby(["side", "source"], sort=False):
        ordered = group.sort_values("period")
        runs = (ordered["status"] != ordered["status"].shift()).cumsum()
        for _, run in ordered.groupby(runs):
            status = str(run["status"].iloc[0])
            bars.append(
                {
                    "name": f"{sides[str(side)]}: {source}",
                    "start": run["period"].iloc[0],
                    "end": next_start(run["period"].iloc[-1], panel.grain),
                    "status": status,
                    "status_words": states.get(status, status),
                    "rows": float(run["rows"].sum()),
                }
            )
    return pd.DataFrame(bars, columns=["name", "start", "end", "status", "status_words", "rows"])
