"""A crisis from its first post to its end: stage, severity, pace, spread, answers, and what speaks for answering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from explorer.aftermath import AFTER, Aftermath, aftermath, followers_of
from explorer.alert_card import begin
from explorer.carriers import Share, against_topic, carriers, concentration, small_accounts, tier
from explorer.early_warning import EarlyWarning, Watched, topic_of
from explorer.pace import Estimate, doubling_time, earliness, growth, half_life
from explorer.response import Effect, do_nothing, effect, follower_loss
from explorer.severity import Severity, inputs, severity
from explorer.spread import cascades, parents
from explorer.stages import stages
from explorer.tallies import Binning, Tallies
from forecasting.errors import TooLittleData

#: What may stand in a timeline.
WHAT = ("first post", "scenario", "alert", "picked up", "peak", "answer", "half gone", "closed", "event")
#: Accounts of this size, and the press, count as picking a matter up.
PICK_UP = 50_000
DAY = pd.Timedelta(1, "D")
_ENDS = ("closed", "normal")


@dataclass(frozen=True)
class Crisis:
    """What is known of one event. NaN and empty frames where it cannot be told.

    `path`: scored series with `stage` and `excess` against the level before the event, from the onset's weeks on. `timeline`:
    `n`, `at`, `what` (one of WHAT), `text`, in order of time. `nodes`, `cascades`: its posts as explorer.spread gives them.
    `tiers`, `countries`, `communities`: who carried it. `voices`: concentration of posts by account. `earliness`: share of the
    excess before the alert. `after`: its level against the old one. `followers`: of the brand's own accounts, see
    response.follower_loss; empty = not known.
    `evidence`: `what`, `value`, `lo`, `hi`, `speaks` ('answer', 'watch' or 'neither').
    """

    event: pd.Series
    onset: pd.Timestamp
    peak: pd.Timestamp
    end: pd.Timestamp
    stage: str
    severity: Severity
    growth: Estimate
    doubling: Estimate
    half_life: Estimate
    earliness: float
    path: pd.DataFrame = field(repr=False)
    timeline: pd.DataFrame = field(repr=False)
    nodes: pd.DataFrame = field(repr=False)
    cascades: pd.DataFrame = field(repr=False)
    small: Share = field(repr=False)
    tiers: pd.DataFrame = field(repr=False)
    countries: pd.DataFrame = field(repr=False)
    communities: pd.DataFrame = field(repr=False)
    voices: Mapping[str, float] = field(repr=False)
    answers: tuple[Effect, ...] = field(repr=False)
    after: Aftermath
    followers: pd.DataFrame = field(repr=False)
    evidence: pd.DataFrame = field(repr=False)


def crisis_of(
    warned: EarlyWarning, event: str, tallies: Tallies, *, now: pd.Timestamp | None = None, own: Sequence[str] = ()
) -> Crisis:
    """Return everything about an event as it stood at `now`.

    Parameters
    ----------
    event : id of an event on the side of posts. now : default the last post collected. own : author keys of the brand's own
        accounts, whose posts are its answers.

    Raises
    ------
    TooLittleData : no such event, or one of searches only.
    """
    rows = warned.events[(warned.events["id"] == event) & (warned.events["side"] == "posts")]
    if rows.empty:
        raise TooLittleData(f"there is no event {event!r} among the posts", "the alerts", "choose one from the list")
    row = rows.iloc[0]
    topic = topic_of(warned.study, str(row["topic"]))
    watched = warned.of(topic.id)
    now = warned.until if now is None else now
    assert watched is not None
    assert now is not None
    path, onset, end = course(warned, row, now)
    during = path[(path["ds"] >= onset) & (path["ds"] < end)]
    peak_row = int(np.nanargmax(during["excess"].to_numpy())) if during["excess"].notna().any() else 0
    peak = pd.Timestamp(during["ds"].iloc[peak_row])
    hours = watched.step / pd.Timedelta(1, "h")
    excess = during["excess"].to_numpy(float)
    alert_row = int((during["ds"] < row["ds"]).sum()) + 1  # known when the period that alerted was over
    rising = growth(during["y"].to_numpy(float)[: max(alert_row + 2, 3)], hours)
    nodes = parents(tallies.posts_between([topic], onset, end))
    answered = _answer_times(nodes, warned, own, onset, end)
    times = pd.DatetimeIndex(path["ds"])
    effects = tuple(effect(path["excess"].to_numpy(float), times, at, DAY) for at in answered if at < times[-1])
    days = _inputs(tallies, topic, warned, end)
    worst = days[(days.index >= onset.floor("D")) & (days.index < end)]
    severe = max((severity(days, d) for d in worst.index), key=lambda s: np.nan_to_num(s.value, nan=-1.0))
    life = half_life(excess[peak_row:], hours)
    found = Crisis(
        row, onset, peak, end, str(path["stage"].iloc[-1]), severe, rising, doubling_time(rising), life,
        earliness(excess, alert_row), path, pd.DataFrame(), nodes, cascades(nodes), small_accounts(nodes),
        carriers(nodes, tier(nodes["author_followers"])), against_topic(nodes, tallies.people_by_country(topic)),
        carriers(nodes, nodes["community"]) if nodes["community"].notna().any() else pd.DataFrame(),
        concentration(nodes.groupby("author_key").size()), effects, aftermath(path, onset, end),
        _followers(tallies, own, onset, min(end + AFTER, now)), pd.DataFrame(),
    )  # fmt: skip
    told = _timeline(found, warned, answered, watched)
    return _with(found, timeline=told, evidence=_evidence(found, warned, watched, hours))


def course(
    warned: EarlyWarning, row: pd.Series, now: pd.Timestamp | None = None
) -> tuple[pd.DataFrame, pd.Timestamp, pd.Timestamp]:
    """Return the path of an event (a row of EarlyWarning.events on the side of posts) up to `now`, its onset and its end."""
    watched = warned.of(str(row["topic"]))
    now = warned.until if now is None else now
    assert watched is not None
    assert now is not None
    path = _path(watched, warned, row, now)
    return path, begin(watched, row["ds"]), _end(path, row["ds"], watched)


def _with(found: Crisis, **changed: Any) -> Crisis:
    from dataclasses import replace

    return replace(found, **changed)


def _path(watched: Watched, warned: EarlyWarning, row: pd.Series, now: pd.Timestamp) -> pd.DataFrame:
    """Return the scored series up to `now` with stage, and excess against the level from before the event."""
    scored = watched.scored[watched.scored["ds"] + watched.step <= now].copy()
    weak = warned.triggers.loc[warned.triggers["at"] <= now, "at"].tolist()
    scored["stage"] = stages(scored, grain=watched.kind, step=watched.step, weak=weak)
    first = int((scored["ds"] < row["ds"]).sum())
    # What the event itself made of the level is no measure of what it was.
    before = scored["expected"].iloc[:first].tail(28).median()
    ordinary = np.where(np.arange(len(scored)) >= first, np.minimum(scored["expected"], before), scored["expected"])
    scored["ordinary"] = ordinary
    scored["excess"] = scored["y"] - ordinary
    return scored.reset_index(drop=True)


def _end(path: pd.DataFrame, alert: pd.Timestamp, watched: Watched) -> pd.Timestamp:
    """Return when the event that alerted in the period `alert` was over, or the end of the path while it is not."""
    later = path[path["ds"] >= alert]
    over = later[later["stage"].isin(_ENDS)]
    return pd.Timestamp(over["ds"].iloc[0] if len(over) else path["ds"].iloc[-1] + watched.step)


def _inputs(tallies: Tallies, topic: Any, warned: EarlyWarning, end: pd.Timestamp) -> pd.DataFrame:
    volume = tallies.volume([topic], Binning("day"))
    span = tallies.posts_span()
    assert span is not None
    days = pd.date_range(span[0].floor("D"), min(end, span[1]).floor("D"), freq="D")
    searched = warned.of(topic.id, "search")
    return inputs(volume, days, searched.scored if searched else None)


def _followers(tallies: Tallies, own: Sequence[str], onset: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    posts = tallies.account(own) if own else pd.DataFrame(columns=["created_at", "author_key", "author_followers"])
    return follower_loss(followers_of(posts[posts["created_at"] <= end]), onset, end)


def _answer_times(
    nodes: pd.DataFrame, warned: EarlyWarning, own: Sequence[str], onset: pd.Timestamp, end: pd.Timestamp
) -> list[pd.Timestamp]:
    spoken = nodes.loc[nodes["author_key"].isin(list(own)), "created_at"].tolist()
    written = [
        pd.Timestamp(str(e["date"]), tz="UTC")
        if pd.Timestamp(str(e["date"])).tzinfo is None
        else pd.Timestamp(str(e["date"]))
        for e in warned.study.events
        if e.get("kind") == "answer" and e.get("date")
    ]
    return sorted({t for t in [*spoken, *written] if onset <= t < end})


def _timeline(found: Crisis, warned: EarlyWarning, answered: list[pd.Timestamp], watched: Watched) -> pd.DataFrame:
    rows: list[tuple[pd.Timestamp, str, str]] = []
    nodes = found.nodes[found.nodes["collected"]]
    largest = found.cascades[found.cascades["collected"]].head(1)
    if len(largest):
        origin = nodes[nodes["id"] == largest["root"].iloc[0]].iloc[0]
        rows.append((origin["created_at"], "first post", str(origin["text"] or "")))
    for trigger in warned.triggers.itertuples():
        if found.onset - DAY <= trigger.at < found.end:
            rows.append((trigger.at, "scenario", trigger.scenario))
    rows.append((found.event["at"], "alert", str(found.event["label"])))
    big = nodes[(nodes["author_followers"] >= PICK_UP) | (nodes["kind"] == "article")]
    if len(big):
        first = big.iloc[0]
        rows.append((first["created_at"], "picked up", str(first["title"] or first["text"] or first["platform"] or "")))
    rows.append((found.peak, "peak", ""))
    rows += [(at, "answer", "") for at in answered]
    if np.isfinite(found.half_life.value):
        rows.append((found.peak + pd.Timedelta(found.half_life.value, "h"), "half gone", ""))
    if found.stage in _ENDS:
        rows.append((found.end, "closed", ""))
    for given in warned.study.events:
        at = pd.Timestamp(str(given.get("date", "")))
        at = at.tz_localize("UTC") if at is not pd.NaT and at.tzinfo is None else at
        if at is not pd.NaT and found.onset - 7 * DAY <= at < found.end + 28 * DAY and given.get("kind") != "answer":
            rows.append((at, "event", str(given.get("label", ""))))
    table = pd.DataFrame(rows, columns=["at", "what", "text"]).sort_values("at", kind="stable", ignore_index=True)
    # One number an instant that a reader can point at: of several triggers of one scenario the first tells the story.
    table = table[~(table["what"].eq("scenario") & table.duplicated(["what", "text"]))].reset_index(drop=True)
    table.insert(0, "n", np.arange(1, len(table) + 1))
    return table


def _evidence(found: Crisis, warned: EarlyWarning, watched: Watched, hours: float) -> pd.DataFrame:
    """Return what speaks for answering and for watching; never an order."""
    path = found.path
    excess = path["excess"].to_numpy(float)
    ordinary = float(path["ordinary"].iloc[-1]) * 24 / hours  # posts of an ordinary day
    left = do_nothing(excess, len(excess) - 1, max(1, round(7 * 24 / hours)), hours)
    searched = warned.of(str(found.event["topic"]), "search")
    spill = np.nan
    if searched is not None:
        ends = searched.scored["ds"] + searched.step
        ends = ends.dt.tz_localize("UTC") if ends.dt.tz is None else ends
        inside = searched.scored[(ends > found.onset) & (ends <= found.end + searched.step)]
        spill = float((inside["score"] / inside["threshold"]).max()) if len(inside) else np.nan
    big = found.nodes["author_followers"] >= PICK_UP
    press = found.nodes["kind"] == "article"
    picked = float((big | press).sum())
    worst = max((t.severity for t in _fired(found, warned)), default=np.nan)
    people = found.nodes.groupby("author_key").size()
    effective = concentration(people)["n_eff"]
    none = (np.nan, np.nan)

    def side(value: float, answer: bool, watch: bool) -> str:
        return "neither" if not np.isfinite(value) else "answer" if answer else "watch" if watch else "neither"

    rows = [
        ("remaining", left.value, left.lo, left.hi, side(left.value, left.lo > ordinary, left.hi < ordinary)),
        ("breadth", effective, *none, side(effective, effective >= 100, effective < 20)),
        ("search", spill, *none, side(spill, spill >= 1, spill < 0.5)),
        ("picked up", picked, *none, side(picked, picked >= 3, picked == 0)),
        ("small accounts", found.small.value, found.small.lo, found.small.hi, "neither"),
        ("scenario", worst, *none, side(worst, worst >= 3, worst <= 1)),
    ]
    return pd.DataFrame(rows, columns=["what", "value", "lo", "hi", "speaks"])


def _fired(found: Crisis, warned: EarlyWarning) -> list[Any]:
    return [t for t in warned.triggers.itertuples() if found.onset - DAY <= t.at < found.end]
