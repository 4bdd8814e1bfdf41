"""What a study says: the gaps, where they go, and the facts behind every number. Pages, commands and exports draw from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from explorer.fact import Certainty, Fact, certainty
from explorer.known import holiday_country, own_events
from explorer.notes import Note
from explorer.panel import Panel, read_panel
from explorer.periods import frequency
from explorer.study import Study
from explorer.tallies import Tallies
from forecasting import gap
from forecasting.projection import GapProjection, project

#: One year back, or as much as makes a window where a period is longer than a week.
WINDOWS = {"hour": 24 * 28, "day": 365, "week": 52, "month": 24, "quarter": 12, "year": 20}
#: How far ahead is asked for by default; `project` caps it at a third of the history.
HORIZONS = {"hour": 48, "day": 28, "week": 26, "month": 12, "quarter": 4, "year": 3}


@dataclass(frozen=True)
class Gaps:
    """The gap of every topic of a study, and what it rests on.

    `table`: the columns of forecasting.gap plus `label` is left to the reader's language; `certainty` per topic.
    """

    study: Study
    panel: Panel
    table: pd.DataFrame
    level: float
    window: int
    corrected: bool

    def row(self, topic: str) -> pd.Series:
        """Return the row of one topic."""
        found = self.table[self.table["topic"] == topic]
        if found.empty:
            self.study.topic(topic)  # raises with the near misses if there is no such topic
            return pd.Series({"topic": topic, "verdict": "cannot tell", "reason": "not fetched", "warning": ""})
        return found.iloc[0]

    def fact(self, topic: str, column: str = "gap") -> Fact:
        """Return one number of one topic: `gap`, `share_of_search` or `share_of_voice`."""
        row = self.row(topic)
        value = row.get(column)
        has_interval = column == "gap" and pd.notna(value)
        people = pd.notna(row.get("n_authors"))
        return Fact(
            value=None if pd.isna(value) else float(value),
            unit="doublings" if column == "gap" else "share",
            method=column.replace("_", "-"),
            lo=float(row["lo"]) if has_interval else None,
            hi=float(row["hi"]) if has_interval else None,
            level=self.level if has_interval else None,
            n=_whole(row.get("n_authors") if people else row.get("n_posts")),
            n_of="people" if people else "posts",
            period=self.period,
            sources=self.panel.sources,
            fetched_at=self.panel.fetched_at,
            params={"window": self.window, "topics": len(self.table)},
            warnings=tuple(w for w in str(row.get("warning", "")).split("; ") if w),
            corrected=self.corrected,
            simulated=self.study.simulated,
        )

    @property
    def period(self) -> tuple[pd.Timestamp, pd.Timestamp] | None:
        """First and last period of the window."""
        known = self.table.dropna(subset=["gap"]) if "gap" in self.table else self.table.iloc[:0]
        return None if known.empty else (known["first_period"].iloc[0], known["last_period"].iloc[0])

    def of(self, verdict: str) -> list[str]:
        """Return the topics with this verdict, strongest first."""
        found = self.table[self.table["verdict"] == verdict]
        return list(found["topic"]) if verdict != "loud" else list(found["topic"])[::-1]


@dataclass(frozen=True)
class Outlook:
    """Both sides and the gap forward, with the panel they start from."""

    study: Study
    panel: Panel
    projection: GapProjection
    horizon: int
    corrected: bool


def find_gaps(
    study: Study,
    *,
    panel: Panel | None = None,
    corrected: bool = True,
    window: int | None = None,
    level: float = 0.9,
    seed: int = 0,
    tallies: Tallies | None = None,
) -> Gaps:
    """Measure the gap of every topic of `study`.

    `corrected` False counts posts instead of people and leaves loud accounts in: what a dashboard would show, for comparison.
    """
    panel = panel or read_panel(study, tallies)
    window = window or WINDOWS[panel.grain]
    table = gap(panel.search, voice_of(panel, corrected=corrected), window=window, level=level, seed=seed)
    # A topic without a gap says so too: that nothing can be told of it may come from the cap.
    capped = table["topic"].isin(panel.capped)
    table.loc[capped, "warning"] = [f"{w}; capped" if w else "capped" for w in table.loc[capped, "warning"]]
    table["certainty"] = [_certainty(row) for _, row in table.iterrows()]
    return Gaps(study, panel, table, level, window, corrected and panel.voice == "people")


def look_ahead(
    study: Study,
    *,
    panel: Panel | None = None,
    corrected: bool = True,
    horizon: int | None = None,
    seed: int = 0,
    members: tuple[str, ...] | None = None,
    tallies: Tallies | None = None,
) -> Outlook:
    """Project both sides and the gap of `study`."""
    panel = panel or read_panel(study, tallies)
    horizon = horizon or HORIZONS[panel.grain]
    settings: dict[str, Any] = {} if members is None else {"members": members}
    settings |= {"country": holiday_country(study), "events": own_events(study)}
    projection = project(
        panel.search,
        voice_of(panel, corrected=corrected),
        horizon,
        freq=frequency(panel.grain, panel.week_start),
        seed=seed,
        **settings,
    )
    return Outlook(study, panel, projection, horizon, corrected and panel.voice == "people")


def voice_of(panel: Panel, *, corrected: bool) -> pd.DataFrame:
    """Return the social side as people (`corrected`) or as every post that was written."""
    if corrected or panel.voice != "people":
        return panel.social
    return panel.social.drop(columns=["authors", "loud_authors"], errors="ignore")


def notes_of(answer: Gaps | Outlook) -> tuple[Note, ...]:
    """Return the notes of the panel behind an answer."""
    return answer.panel.notes


def _certainty(row: pd.Series) -> Certainty:
    if pd.isna(row.get("gap")):
        return "cannot tell"
    return certainty(row["lo80"], row["hi80"], row["lo95"], row["hi95"])


def _whole(value: Any) -> int | None:
    return None if value is None or pd.isna(value) else round(float(value))
