"""What one event changed in what is searched or said on a topic: the question of forecasting.impact, asked of a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from explorer.answers import voice_of
from explorer.known import own_events
from explorer.panel import Panel, read_panel
from explorer.study import BadStudy, Study
from explorer.words import Words
from forecasting.impact import Impact, impact

Side = Literal["search", "voice"]


@dataclass(frozen=True)
class Changed:
    """What an event changed in one series. `event`: its name, "" for a bare date; `unit`: "searches", "people" or "posts"."""

    study: Study
    topic: str
    side: Side
    unit: str
    event: str
    start: pd.Timestamp
    found: Impact


def what_changed(
    study: Study,
    topic: str,
    event: str,
    *,
    side: Side = "voice",
    controls: Sequence[str] = (),
    level: float = 0.95,
    panel: Panel | None = None,
    seed: int = 0,
) -> Changed:
    """Return what `event` changed in one side of `topic`, against a counterfactual that was learned before it.

    Parameters
    ----------
    event : the name of one of the study's [[events]] (its first day counts), or a date. controls : topics that the event
        left alone: the counterfactual may lean on them. level : coverage of the intervals, 0..1.

    Raises
    ------
    BadStudy : no such topic, or neither an event of that name nor a date.
    TooLittleData, BadArgument : as `forecasting.impact`.
    """
    for name in (topic, *controls):
        study.topic(name)
    name, start = _when(study, event)
    panel = panel or read_panel(study)
    social = voice_of(panel, corrected=True)
    people = panel.voice == "people" and "authors" in social
    column = "value" if side == "search" else "authors" if people else "posts"
    table = panel.search if side == "search" else social
    if table.empty:
        what = "nothing is known of what is searched" if side == "search" else "nothing is known of what is said"
        raise BadStudy(what, study.path.name, "import a file of it, or collect it, first")
    wide = table.pivot(index="period", columns="topic", values=column)
    own = wide[topic] if topic in wide else pd.Series(index=wide.index, dtype=float)
    frame = pd.DataFrame({"ds": wide.index, "y": own.to_numpy(float)})
    for control in dict.fromkeys(c for c in controls if c != topic and c in wide):
        frame[control] = wide[control].to_numpy(float)
    known = frame["y"].notna()
    frame = frame.loc[known.idxmax() : known[::-1].idxmax()] if known.any() else frame
    found = impact(frame, start, level=level, freq=panel.freq, seed=seed)
    unit = "searches" if side == "search" else "people" if people else "posts"
    return Changed(study, topic, side, unit, name, start, found)


def impact_frame(changed: Changed, language: str) -> pd.DataFrame:
    """Return one row of plain values: effect, interval, relative effect, whether the level is back, placebos, fit before."""
    found = changed.found
    return pd.DataFrame(
        [
            {
                "topic": changed.topic,
                "label": changed.study.topic(changed.topic).label_in(language),
                "series": changed.unit,
                "event": changed.event,
                "from": found.path["ds"].iloc[0],
                "to": found.path["ds"].iloc[-1],
                "level": found.level,
                **{name: getattr(found, name) for name in _FIGURES},
                "back_since": found.back_since,
                "placebos": len(found.placebo),
                "placebo_coverage": found.fit["coverage"],
                "fit_error": found.fit["error"],
                "fit_explained": found.fit["explained"],
                "periods_before": found.fit["n"],
                "controls": "; ".join(found.controls),
                "notes": "; ".join(str(note) for note in found.notes),
            }
        ]
    )


_FIGURES = (
    "effect", "lo", "hi", "relative", "relative_lo", "relative_hi", "total", "total_lo", "total_hi", "p_value", "half_life",
    "level_now", "now", "now_lo", "now_hi",
)  # fmt: skip


def impact_said(changed: Changed, words: Words) -> list[str]:
    """Return the finding in sentences: effect, level, placebos, fit."""
    found = changed.found
    share = found.relative == found.relative
    details = {
        "effect": words.number(found.effect, 1),
        "lo": words.number(found.lo, 1),
        "hi": words.number(found.hi, 1),
        "share": words.percent(found.relative, 0) if share else "–",
        "low": words.percent(found.relative_lo, 0) if share else "–",
        "high": words.percent(found.relative_hi, 0) if share else "–",
        "level": words.percent(found.level, 0),
    }
    lines = [
        words(
            "Mean effect a period: {effect} ({lo} to {hi}, {level} interval), {share} of what was expected.", **details
        )
    ]
    if found.lo <= 0 <= found.hi:
        lines.append(words("That is no more than happens without an event."))
    since = words.date(found.back_since) if found.back_since is not None else ""
    lines.append(level_said(found.level_now, since, words))
    if len(found.placebo):
        covered = {"share": words.percent(found.fit["coverage"], 0), "n": words.number(len(found.placebo), 0)}
        lines.append(words("At {n} dates before it without an event, the interval held zero in {share}.", **covered))
    lines.append(
        words(
            "Before the event the counterfactual missed by {error} of the level from one period to the next ({n} periods).",
            error=words.percent(found.fit["error"], 0), n=words.number(found.fit["n"], 0),
        )
    )  # fmt: skip
    return lines


def level_said(level_now: str, since: str, words: Words) -> str:
    """Return in one sentence whether a level is back: `level_now` of forecasting.impact; `since` a date or ""."""
    if level_now == "not back":
        return words("It is not back to its old level.")
    if level_now == "back" and since:
        return words("It is back to its old level since {date}.", date=since)
    if level_now == "back":
        return words("It is back to its old level.")
    if since:
        return words(
            "Whether it is back to its old level cannot be told for sure; since {date} it lies within what was usual.",
            date=since,
        )
    return words("Whether it is back to its old level cannot be told yet.")


def _when(study: Study, event: str) -> tuple[str, pd.Timestamp]:
    named = own_events(study)
    if named is not None:
        rows = named[named["event"].str.casefold() == event.strip().casefold()]
        if len(rows):
            return str(rows["event"].iloc[0]), rows["ds"].iloc[0]
    try:
        when = pd.Timestamp(event)
    except ValueError:
        when = pd.NaT
    if pd.isna(when):
        known = ", ".join(named["event"].unique()) if named is not None else ""
        remedy = "write it as 2026-01-31" + (f", or name one of: {known}" if known else ", or add it to [[events]]")
        raise BadStudy(f"{event!r} is neither a date nor an event of the study", study.path.name, remedy)
    return "", when
