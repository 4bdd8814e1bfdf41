"""Who speaks in a study and for how many: what the Voices page, the command and the exports show, worked out once."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from explorer.answers import Gaps, find_gaps
from explorer.fact import Fact
from explorer.panel import Panel, read_panel
from explorer.periods import next_start
from explorer.repetition import Repetition, find_repetition, groups_by_topic
from explorer.study import Study
from explorer.tallies_people import PeopleTallies
from explorer.tallies_ties import Span
from explorer.voices import TIERS, Concentration, Estimate, TooFewVoices, compare, concentration, lorenz


@dataclass(frozen=True)
class Speakers:
    """Who speaks of the topics of a study.

    `topics` : explorer.voices.compare, with `gap_raw` and `gap_corrected` [doublings], `lo80`, `hi80`, `verdict`, and per topic
    `voices2`, `gini`, `top10` (NaN where too few speak). `spread` : of all topics together; None where too few speak. `curve` :
    explorer.voices.lorenz of all topics. `sizes` : `tier`, `posts`, `authors`. `span` : what is counted; None = everything.
    """

    study: Study
    panel: Panel
    topics: pd.DataFrame
    spread: Concentration | None
    curve: pd.DataFrame
    sizes: pd.DataFrame
    repetition: Repetition
    span: Span | None

    def fact(self, name: str) -> Fact:
        """Return one number: `voices2`, `top10`, `top1`, `gini` or `repeated` (share of posts that are coordinated)."""
        spread = self.spread
        estimate: Estimate | None = getattr(spread, name, None) if spread is not None else None
        value = estimate.value if estimate is not None else None
        if name == "repeated":
            posts = self.topics["posts"].sum()
            value = float(self.topics["repeated"].sum() / posts) if posts else None
        last = None if self.span is None else self.span[1] - pd.Timedelta(days=1)
        return Fact(
            value=value,
            unit="people" if name == "voices2" else "share",
            method="coordinated" if name == "repeated" else "voices",
            lo=estimate.lo if estimate is not None else None,
            hi=estimate.hi if estimate is not None else None,
            level=spread.level if estimate is not None and spread is not None else None,
            n=spread.authors if spread is not None else None,
            n_of="voices",
            period=None if self.span is None or last is None else (self.span[0], last),
            sources=self.panel.sources,
            fetched_at=self.panel.fetched_at,
            warnings=("capped",) if any(n.code == "coverage capped" for n in self.panel.notes) else (),
            simulated=self.study.simulated,
        )


def find_speakers(
    study: Study, *, panel: Panel | None = None, tallies: PeopleTallies | None = None, seed: int = 0
) -> Speakers:
    """Count who speaks of every topic of `study` over the window of its gaps, raw and corrected.

    Raises
    ------
    TooFewVoices : the study holds no posts: counts without authors do not tell who speaks.
    """
    tallies = tallies or PeopleTallies.of(study)
    if not tallies.n_posts():
        raise TooFewVoices("no posts have been imported: counts alone do not tell who speaks; import or collect posts")
    panel = panel or read_panel(study, tallies)
    raw = find_gaps(study, panel=panel, corrected=False, seed=seed) if len(panel.search) else None
    span = window_of(raw)
    found = panel.repetition or find_repetition(tallies)
    groups = _within(found, span)
    table = compare(
        tallies.spoken(study.topics, None, span),
        tallies.spoken(study.topics, None, span, groups.posts),
        groups_by_topic(groups, tallies, list(study.topics)),
    )
    table = table.join(_spread_by_topic(tallies, study, span, seed), on="topic")
    if raw is not None:
        once = find_gaps(study, panel=panel, corrected=True, seed=seed)
        table = table.merge(raw.table[["topic", "gap"]].rename(columns={"gap": "gap_raw"}), "left", "topic").merge(
            once.table[["topic", "gap", "lo80", "hi80", "verdict"]].rename(columns={"gap": "gap_corrected"}),
            "left",
            "topic",
        )
    per = tallies.per_author(study.topics, span)
    every = per[per["topic"] == ""]
    try:
        spread = concentration(every["posts"], every["authors"], seed=seed)
    except TooFewVoices:
        spread = None
    sizes = tallies.sizes(study.topics, tuple(TIERS.values()), span)
    names = dict(enumerate(TIERS))
    sizes["tier"] = sizes["tier"].map(names).fillna("unknown")
    sizes = sizes.groupby("tier", as_index=False)[["posts", "authors"]].sum()
    order = table["raw"].fillna(0).sort_values(ascending=False).index
    curve = lorenz(every["posts"], every["authors"]) if len(every) else pd.DataFrame(columns=["authors", "posts"])
    return Speakers(study, panel, table.loc[order].reset_index(drop=True), spread, curve, sizes, groups, span)


def window_of(answer: Gaps | None) -> Span | None:
    """Return the window of the gaps as a span, so that what is said of voices is said of the same time."""
    period = answer.period if answer is not None else None
    if answer is None or period is None:
        return None
    return period[0], next_start(period[1], answer.panel.grain)


def _within(found: Repetition, span: Span | None) -> Repetition:
    """Return the bursts that began inside the span."""
    if span is None or found.posts.empty:
        return found
    bursts = found.bursts[(found.bursts["start"] >= span[0]) & (found.bursts["start"] < span[1])]
    posts = found.posts[found.posts["burst"].isin(bursts["burst"])]
    groups = found.groups[found.groups["group"].isin(bursts["group"])]
    return Repetition(posts, bursts.reset_index(drop=True), groups.reset_index(drop=True))


def _spread_by_topic(tallies: PeopleTallies, study: Study, span: Span | None, seed: int) -> pd.DataFrame:
    rows = {}
    for topic, per in tallies.per_author(study.topics, span).groupby("topic"):
        try:
            found = concentration(per["posts"], per["authors"], draws=100, seed=seed)
        except TooFewVoices:
            continue
        rows[topic] = {
            "voices2": found.voices2.value, "voices2_lo": found.voices2.lo, "voices2_hi": found.voices2.hi,
            "gini": found.gini.value, "top10": found.top10.value,
        }  # fmt: skip
    return pd.DataFrame.from_dict(
        rows, orient="index", columns=["voices2", "voices2_lo", "voices2_hi", "gini", "top10"]
    )
