"""Both sides of a study on one grid: what is searched and what is said, topic by topic, period by period."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from explorer.coverage import capped_topics
from explorer.notes import Note
from explorer.one_voice import one_voice_a_group
from explorer.periods import coarsest, frequency
from explorer.repetition import Repetition, find_repetition
from explorer.search_side import interest_rows, search_cover, search_series
from explorer.social_side import Voice, counts_rows, counts_series, grain_of, posts_series
from explorer.study import BadStudy, Study
from explorer.tallies import Binning, Tallies
from explorer.tallies_people import PeopleTallies


@dataclass(frozen=True)
class Panel:
    """What both sides give.

    `search`: topic, period, value, lo, hi, scale_error. `social`: topic, period, posts, authors, reposts, loud_authors.
    NaN = not known; a zero was measured. `coverage`: side, source, period, status, rows. `week_start`: 0 Monday .. 6 Sunday.
    `capped`: topics of which the collection of what is said stopped at a limit. `repetition`: the coordinated posts found while
    people were counted; None where they were not counted.
    """

    grain: str
    week_start: int
    search: pd.DataFrame
    social: pd.DataFrame
    coverage: pd.DataFrame
    notes: tuple[Note, ...]
    sources: tuple[str, ...]
    fetched_at: pd.Timestamp | None
    unit: str
    voice: Voice
    capped: tuple[str, ...] = ()
    repetition: Repetition | None = None

    @property
    def freq(self) -> str:
        """The pandas frequency of the periods."""
        return frequency(self.grain, self.week_start)


def read_panel(study: Study, tallies: Tallies | None = None) -> Panel:
    """Read both sides of `study` from its store.

    Where people are counted, accounts that repeat the same words within minutes are one person (explorer.one_voice). A side
    that was never imported gives an empty frame and a note, not an error: the caller decides what it needs.

    Raises
    ------
    BadStudy : the study has no topics.
    """
    if not study.topics:
        raise BadStudy(
            "the study has no topics yet",
            study.path.name,
            "import one file of searches and one of what is said whose names belong together, or write [[topics]] into it",
        )
    tallies = tallies or Tallies.of(study)
    notes: list[Note] = []
    interest = interest_rows(study, tallies, notes)
    counts = counts_rows(study, tallies)
    has_posts = tallies.n_posts() > 0
    grain, week_start = _periods(study, interest, counts, has_posts=has_posts)
    search, unit = search_series(study, interest, grain, week_start, notes)
    repetition = None
    if has_posts:
        social, voice, social_cover = posts_series(study, tallies, grain, week_start, notes)
        if voice == "people":
            repetition = _coordinated(tallies, notes)
            binning = Binning(grain, week_start)
            social = one_voice_a_group(social, study.topics, PeopleTallies.over(tallies), binning, repetition)
        if len(counts):
            notes.append(Note("counts unused", {"rows": len(counts)}))
    else:
        social, voice, social_cover = counts_series(study, counts, grain, week_start, notes)
    search, social = (_clip(f, study) for f in (search, social))
    coverage = pd.concat([search_cover(interest, search), social_cover], ignore_index=True)
    _note_caps(tallies, notes)
    stamps = [f["fetched_at"].max() for f in (interest, counts) if len(f)]
    if has_posts:
        stamps.append(tallies.small("coverage")["fetched_at"].max())
    fetched = max((s for s in stamps if pd.notna(s)), default=None)
    sources = tuple(dict.fromkeys(coverage["source"]))
    capped = capped_topics(tallies.small("coverage"), "posts" if has_posts else "counts", study)
    return Panel(
        grain, week_start, search, social, coverage, tuple(notes), sources, fetched, unit, voice, capped, repetition
    )


def read_search(study: Study, tallies: Tallies) -> tuple[pd.DataFrame, str, str]:
    """Return the search side as `read_panel` reads it, its grain, and the pandas frequency of its periods; no post is read."""
    notes: list[Note] = []
    interest, counts = interest_rows(study, tallies, notes), counts_rows(study, tallies)
    grain, week_start = _periods(study, interest, counts, has_posts=tallies.n_posts() > 0)
    search, _ = search_series(study, interest, grain, week_start, notes)
    return _clip(search, study), grain, frequency(grain, week_start)


def _periods(study: Study, interest: pd.DataFrame, counts: pd.DataFrame, *, has_posts: bool) -> tuple[str, int]:
    """Return the grain at which both sides are read, and the weekday on which its weeks begin."""
    search_grain = interest["grain"].iloc[0] if len(interest) else None
    grain = study.grain
    if grain == "auto":
        grain = coarsest(*[g for g in (search_grain, None if has_posts else grain_of(counts)) if g] or ["week"])
    return grain, _week_start(interest, counts)


def _coordinated(tallies: Tallies, notes: list[Note]) -> Repetition:
    found = find_repetition(PeopleTallies.over(tallies))
    if len(found.posts):
        notes.append(Note("coordinated once", {"n": len(found.posts), "groups": found.posts["group"].nunique()}))
    return found


def _note_caps(tallies: Tallies, notes: list[Note]) -> None:
    coverage = tallies.small("coverage")
    for status in ("capped", "partial", "refused", "unavailable"):
        hit = coverage[coverage["status"] == status]
        if len(hit):
            notes.append(
                Note(f"coverage {status}", {"source": ", ".join(sorted(hit["source"].unique())), "n": len(hit)})
            )


def _clip(frame: pd.DataFrame, study: Study) -> pd.DataFrame:
    if frame.empty:
        return frame
    keep = pd.Series(True, frame.index)
    if study.start:
        keep &= frame["period"] >= pd.Timestamp(study.start)
    if study.end:
        keep &= frame["period"] <= pd.Timestamp(study.end)
    return frame[keep].reset_index(drop=True)


def _week_start(*frames: pd.DataFrame) -> int:
    for frame in frames:
        weekly = frame[frame["grain"] == "week"] if len(frame) else frame
        if len(weekly):
            return int(weekly["period"].dt.day_of_week.mode().iloc[0])
    return 0
