"""Every topic and scenario of a study, scored: which alerts there were and are, with one id each for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from explorer.alert_budget import budget_days
from explorer.alerts import score
from explorer.panel import read_panel, read_search
from explorer.scenarios import Scenario, scenarios_of, triggers
from explorer.study import BadStudy, Study, Topic
from explorer.tallies import Binning, Tallies
from forecasting.errors import BadArgument

#: The grain at which a topic is watched: the finest that holds so many posts on average.
POSTS_PER_PERIOD = {"hour": 1.0, "day": 0.1}
#: Days between two false alarms of a whole study, however many topics it has.
STUDY_BUDGET = {"fewer": 91.3, "balanced": 30.4, "more": 7.0}
#: Quiet copies of the posts of a study that a rate of false alarms is measured on.
COPIES, COPY_DAYS = 6, 730
_FREQ = {"hour": "h", "day": "D", "week": "7D"}
_STEP = {"hour": pd.Timedelta(1, "h"), "day": pd.Timedelta(1, "D"), "week": pd.Timedelta(7, "D")}
_GRAIN = {"hour": "fine", "day": "day", "week": "week", "month": "month", "quarter": "month", "year": "month"}


@dataclass(frozen=True)
class Watched:
    """One series under watch: `side` "posts" or "search", `grain` as in a study, `scored` as explorer.alerts.score gives it."""

    topic: str
    label: str
    side: str
    grain: str
    freq: str
    scored: pd.DataFrame
    coverage: pd.DataFrame | None

    @property
    def kind(self) -> str:
        """The grain as the score knows it: "fine", "day", "week" or "month"."""
        return _GRAIN[self.grain]

    @property
    def step(self) -> pd.Timedelta:
        """The length of a period."""
        return _STEP[self.grain] if self.grain in _STEP else pd.Timedelta(self.scored["ds"].diff().median())


@dataclass(frozen=True)
class EarlyWarning:
    """The alerts of a study.

    `events`: one row an event, newest first: `id`, `topic`, `label`, `side`, `grain`, `kind`, `at` (when it was known: the end
    of its first alerting period), `last` (of its last one), `ds` (that first period), `observed`, `expected`, `lo`, `hi`,
    `ratio`, `score`, `threshold`, `return_days`, `posts` (in all its alerting periods), `alerts` (how many of these),
    `event` (its number in the series).
    `days_per_false_alarm`: what was announced for the whole study.
    `triggers`: one row a scenario that fired: `id`, `scenario`, `at`, `why`, `posts`, `authors`, `usual`, `severity`, `owner`,
    `answer`. `series`: what was watched. `unwatched`: topics for which nothing is known.
    """

    study: Study
    series: tuple[Watched, ...]
    events: pd.DataFrame
    triggers: pd.DataFrame
    unwatched: tuple[str, ...]
    days_per_false_alarm: float
    until: pd.Timestamp | None

    def of(self, topic: str, side: str = "posts") -> Watched | None:
        """Return the series of a topic, None when it is not watched."""
        return next((s for s in self.series if s.topic == topic and s.side == side), None)


def warnings_of(
    study: Study,
    tallies: Tallies | None = None,
    *,
    sensitivity: str = "balanced",
    budget: str | float | None = None,
) -> EarlyWarning:
    """Score every topic on both sides and every scenario of a study.

    Parameters
    ----------
    sensitivity : "fewer", "balanced" or "more" (STUDY_BUDGET). budget : instead of it, false alarms of the whole study in words
        ("about one a month") or as days between two. It is shared out evenly among the series; scenarios are not part of it.

    Raises
    ------
    BadStudy : no topics and no scenarios, or a scenario that cannot be read.
    """
    tallies = tallies or Tallies.of(study)
    watching = to_watch(study, tallies, sensitivity=sensitivity, budget=budget)
    # One thread: the regressions of a series are small, and a second thread would only wait for the first.
    with threadpool_limits(1):
        series = [scored(one, watching.each) for one in watching.raw]
    return conclude(watching, series, tallies)


@dataclass(frozen=True)
class Watching:
    """What is watched, not yet scored. `days`: between two false alarms of the study. `span` of its posts, None without."""

    study: Study
    raw: tuple[Watched, ...]
    days: float
    span: tuple[pd.Timestamp, pd.Timestamp] | None

    @property
    def each(self) -> float:
        """Days between two false alarms of one series."""
        return self.days * len(self.raw)


def to_watch(
    study: Study, tallies: Tallies, *, sensitivity: str = "balanced", budget: str | float | None = None
) -> Watching:
    """Return the series of a study as `warnings_of` scores them; raises what that raises."""
    if not study.topics and not scenarios_of(study):
        raise BadStudy("there is nothing to watch yet", study.path.name, "write [[topics]] or [[scenarios]] into it")
    if sensitivity not in STUDY_BUDGET:
        raise BadArgument(
            f"the sensitivity {sensitivity!r} is not known", "sensitivity", "pass fewer, balanced or more"
        )
    days = STUDY_BUDGET[sensitivity] if budget is None else budget_days(budget, sensitivity, "day")
    span = tallies.posts_span()
    raw: list[Watched] = []
    if span is not None:
        # Posts are watched by the hour or day: counting people by the week, as a panel does, would be work for nothing.
        raw += _posts_series(study, tallies, span)
        if study.topics:
            search, grain, freq = read_search(study, tallies)
            raw += _panel_series(study, search, "value", "search", grain, freq)
    elif study.topics:
        panel = read_panel(study, tallies)
        raw += _panel_series(study, panel.social, "posts", "posts", panel.grain, panel.freq)
        raw += _panel_series(study, panel.search, "value", "search", panel.grain, panel.freq)
    return Watching(study, tuple(raw), days, span)


def scored(raw: Watched, days: float) -> Watched:
    """Score one series, with a false alarm every `days` days."""
    return replace(raw, scored=score(raw.scored, freq=raw.freq, budget=days, coverage=raw.coverage))


def conclude(watching: Watching, series: Sequence[Watched], tallies: Tallies) -> EarlyWarning:
    """Return the alerts of series that are scored."""
    seen, span = {s.topic for s in series}, watching.span
    until = span[1] if span is not None else max((s.scored["ds"].max() for s in series), default=None)
    return EarlyWarning(
        watching.study,
        tuple(series),
        _events(tuple(series)),
        _triggers(scenarios_of(watching.study), tallies, span),
        tuple(t.id for t in watching.study.topics if t.id not in seen),
        watching.days,
        until,
    )


def measured_days(warned: EarlyWarning, sensitivity: str, *, seed: int = 0) -> tuple[float, float]:
    """Measure the false alarms of a sensitivity on quiet copies of this study's own series.

    A copy has the level, pattern and spread that was expected of each period, and no event: negative-binomial draws.

    Returns
    -------
    False alarms seen, and how many were announced, over the same time.
    """
    per_series = STUDY_BUDGET[sensitivity] * len(warned.series)
    rng = np.random.default_rng(seed)
    seen = announced = 0.0
    posts = [s for s in warned.series if s.side == "posts"]
    for watched in posts[:: max(1, len(posts) // COPIES)][:COPIES]:
        known = watched.scored.dropna(subset=["expected", "spread"]).tail(
            round(COPY_DAYS * pd.Timedelta(1, "D") / watched.step)
        )
        if len(known) < 3:
            continue
        mean, spread = known["expected"].to_numpy(float), np.maximum(known["spread"].to_numpy(float), 1.001)
        y = rng.negative_binomial(np.maximum(mean / (spread - 1), 1e-9), 1 / spread)
        found = score(pd.DataFrame({"ds": known["ds"], "y": y}), freq=watched.freq, budget=per_series)
        ready = found["state"].isin(["ready", "learning"])
        seen += float((found["alert"] & ready).sum())
        announced += float(ready.sum()) * (watched.step / pd.Timedelta(1, "D")) / per_series
    return seen, announced


def event_id(topic: str, side: str, ds: pd.Timestamp) -> str:
    """Return the name of an event: the same whatever the grain and however often the study is watched."""
    return f"{topic}/{side}/{ds:%Y-%m-%d}"


def _posts_series(study: Study, tallies: Tallies, span: tuple[pd.Timestamp, pd.Timestamp]) -> list[Watched]:
    hourly = dict(list(tallies.posts_by_topic(study.topics, Binning("hour")).groupby("topic")))
    coverage = tallies.small("coverage")
    coverage = coverage[coverage["table"] == "posts"]
    found = []
    for topic in study.topics:
        own = hourly.get(topic.id)
        if own is None:
            continue
        grain = _grain_for(float(own["posts"].sum()), span)
        step = _STEP[grain]
        # Weeks are counted back from the last whole one, so that the newest post always closes a period.
        last = span[1].floor("h" if grain == "hour" else "D")
        first = span[0].floor("h" if grain == "hour" else "D")
        edges = pd.date_range(end=last, start=last - ((last - first) // step) * step, freq=_FREQ[grain])
        if len(edges) < 3:
            continue
        at = edges.searchsorted(own["period"], side="right") - 1
        inside = (at >= 0) & (at < len(edges) - 1)
        y = np.bincount(at[inside], weights=own["posts"].to_numpy(float)[inside], minlength=len(edges) - 1)
        frame = pd.DataFrame({"ds": edges[:-1], "y": y})
        named = coverage[coverage["query"].isin([topic.social, topic.id, topic.label])]
        found.append(Watched(topic.id, topic.label, "posts", grain, _FREQ[grain], frame, named))
    return found


def _grain_for(posts: float, span: tuple[pd.Timestamp, pd.Timestamp]) -> str:
    for grain, least in POSTS_PER_PERIOD.items():
        if posts / max((span[1] - span[0]) / _STEP[grain], 1.0) >= least:
            return grain
    return "week"


def _panel_series(study: Study, table: pd.DataFrame, column: str, side: str, grain: str, freq: str) -> list[Watched]:
    known = table.dropna(subset=["period"]).sort_values("period", kind="stable")
    named = known.rename(columns={"period": "ds", column: "y"})[["topic", "ds", "y"]]
    series = {topic: own.drop(columns="topic") for topic, own in named.groupby("topic")}
    found = []
    for topic in study.topics:
        own = series.get(topic.id)
        if own is not None and own["y"].notna().sum() >= 3:
            found.append(Watched(topic.id, topic.label, side, grain, freq, own, None))
    return found


_EVENT_COLUMNS = [
    "id", "topic", "label", "side", "grain", "kind", "at", "last", "ds", "observed", "expected", "lo", "hi", "ratio", "score",
    "threshold", "return_days", "posts", "alerts", "event",
]  # fmt: skip


def _events(series: tuple[Watched, ...]) -> pd.DataFrame:
    rows = []
    for watched in series:
        if not watched.scored["alert"].any():
            continue
        spoken, step = watched.scored[watched.scored["alert"]], watched.step
        for number, group in spoken.groupby("event"):
            first = group.iloc[0]
            # The strongest period tells the event; its first one gives it its name and time.
            rows.append(
                {
                    "id": event_id(watched.topic, watched.side, first["ds"]),
                    "topic": watched.topic,
                    "label": watched.label,
                    "side": watched.side,
                    "grain": watched.grain,
                    "kind": first["kind"],
                    "at": first["ds"] + step,
                    "last": group["ds"].iloc[-1] + step,
                    "ds": first["ds"],
                    "observed": first["y"],
                    "posts": group["y"].sum(),
                    "alerts": len(group),
                    "event": int(number),
                    **{c: first[c] for c in ("expected", "lo", "hi", "ratio", "score", "threshold", "return_days")},
                }
            )
    table = pd.DataFrame(rows, columns=_EVENT_COLUMNS)
    return table.sort_values("at", ascending=False, kind="stable", ignore_index=True)


def _triggers(
    scenarios: tuple[Scenario, ...], tallies: Tallies, span: tuple[pd.Timestamp, pd.Timestamp] | None
) -> pd.DataFrame:
    columns = ["id", "scenario", "at", "why", "posts", "authors", "usual", "severity", "owner", "answer"]
    parts = []
    for scenario in scenarios if span is not None else ():
        assert span is not None
        fired = triggers(tallies.hits(scenario.topic), scenario, start=span[0], end=span[1])
        fired = fired.assign(
            scenario=scenario.name, severity=scenario.severity, owner=scenario.owner, answer=scenario.answer
        )
        fired["id"] = [f"scenario:{scenario.name}/{row.why}/{row.at:%Y-%m-%dT%H}" for row in fired.itertuples()]
        parts.append(fired[columns])
    kept = [p for p in parts if len(p)]
    table = pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=columns)
    return table.sort_values("at", ascending=False, kind="stable", ignore_index=True)


def topic_of(study: Study, name: str) -> Topic:
    """Return the topic or scenario behind an event."""
    for scenario in scenarios_of(study):
        if scenario.topic.id == name:
            return scenario.topic
    return study.topic(name)
