"""What a plan looks like beside the projection: in which window a campaign lies, with what chance, and which days are known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from explorer.answers import Outlook
from explorer.campaign_phrases import PLACES, PROSPECTS
from explorer.campaigns import Campaign
from explorer.known import holidays_between, own_events
from explorer.panel import Panel
from explorer.periods import next_start, start_of
from explorer.study import Study
from explorer.views import labels, windows_to_act
from explorer.words import Words

#: Windows drawn on the chart of the plan, widest gap first: more than these no eye tells apart.
SHOWN = 20
#: Kinds of days that are drawn, weakest first.
HOLIDAY, EVENT, CAMPAIGN = "holiday", "event", "campaign"
_MARKS = ["name", "kind", "start", "end"]


def prospects(answer: Outlook, campaigns: Sequence[Campaign]) -> pd.DataFrame:
    """Set campaigns beside the projected gap, topic by topic.

    Returns
    -------
    One row per (campaign, topic): `campaign` (id), `topic`, `probability` (0..1: the lowest chance, over the projected periods
    that the campaign touches, that the gap is open; missing where none is projected), `periods` touched, `projected` of them,
    `window_start`, `window_end` (first and last day of the window that most of it lies in; missing outside of all),
    `place` ("inside" | "partly" | "outside" | "not projected").
    """
    found = windows_to_act(answer, Words("en"))
    panel, rows = answer.panel, []
    for campaign in campaigns:
        touched = _touched(campaign, panel)
        for topic in campaign.topics:
            own = answer.projection.gap[answer.projection.gap["topic"] == topic]
            known = own[own["ds"].dt.tz_localize(None).isin(touched)]
            best, most = None, 0
            for window in found[found["topic"] == topic].itertuples():
                first, last = _plain(window.start), _plain(window.end)
                within = sum(first <= period <= last for period in touched)
                if within > most:
                    best, most = (first, last), within
            place = "inside" if most == len(touched) else "partly" if most else "outside"
            rows.append(
                {
                    "campaign": campaign.id,
                    "topic": topic,
                    "probability": float(known["p_open"].min()) if len(known) else float("nan"),
                    "periods": len(touched),
                    "projected": len(known),
                    "window_start": best[0] if best else pd.NaT,
                    "window_end": best[1] if best else pd.NaT,
                    "place": place if len(known) else "not projected",
                }
            )
    columns = ["campaign", "topic", "probability", "periods", "projected", "window_start", "window_end", "place"]
    return pd.DataFrame(rows, columns=columns)


def prospect_sentences(answer: Outlook, campaign: Campaign, words: Words) -> list[str]:
    """Return in which window a campaign lies and with what chance, one sentence a topic."""
    names = labels(answer.study, words.language)
    out = []
    for row in prospects(answer, [campaign]).itertuples():
        details = {
            "topic": names.get(row.topic, row.topic),
            "chance": words.percent(row.probability, 0),
            "start": words.date(row.window_start),
            "end": words.date(row.window_end),
        }
        said = words(PROSPECTS[str(row.place)], **details)
        if 0 < row.projected < row.periods:
            counts = {"n": words.number(row.projected, 0), "total": words.number(row.periods, 0)}
            said += " " + words("Only {n} of its {total} periods are projected.", **counts)
        out.append(said)
    return out


def campaign_table(answer: Outlook, campaigns: Sequence[Campaign], words: Words) -> pd.DataFrame:
    """Return the plan as a table to read or take away, one row per (campaign, topic); columns headed in the language."""
    names = labels(answer.study, words.language)
    known = {c.id: c for c in campaigns}
    rows = [
        {
            words("Campaign"): known[row.campaign].name,
            words("Topic"): names.get(row.topic, row.topic),
            words("From"): pd.Timestamp(known[row.campaign].start),
            words("To"): pd.Timestamp(known[row.campaign].end),
            words("Place"): words(PLACES[str(row.place)]),
            words("Chance that the gap is open, at its lowest"): row.probability,
            words("Channel"): known[row.campaign].channel,
            words("Note"): known[row.campaign].note,
        }
        for row in prospects(answer, campaigns).itertuples()
    ]
    return pd.DataFrame(rows)


def days_known(study: Study, first: pd.Timestamp, last: pd.Timestamp, words: Words) -> pd.DataFrame:
    """Return public holidays and the study's own events from `first` to `last`: `name`, `kind`, `start`, `end` (last day)."""
    dated = holidays_between(study, first.date(), last.date(), words.language)
    rows = [(name, HOLIDAY, pd.Timestamp(day), pd.Timestamp(day)) for day, name in dated]
    events = own_events(study)
    for event in events.itertuples() if events is not None else ():
        rows.append((event.event, EVENT, _plain(event.ds), _plain(event.end)))
    frame = pd.DataFrame(rows, columns=_MARKS)
    near = (frame["end"] >= _plain(first)) & (frame["start"] <= _plain(last))
    return frame[near].sort_values("start", ignore_index=True)


def days_to_mark(answer: Outlook, words: Words) -> pd.DataFrame:
    """Return the known days that the charts of a projection mark: own events of all times, holidays of the time ahead."""
    first, last = answer.panel.search["period"].min(), answer.projection.gap["ds"].max()
    every = days_known(answer.study, first, last, words)
    # Holidays of past years would hide the line that they are to explain.
    return every[(every["kind"] == EVENT) | (every["end"] >= _plain(answer.projection.now))]


def marks(known: pd.DataFrame, campaigns: Sequence[Campaign], topic: str = "") -> pd.DataFrame:
    """Return the days to mark on a chart: those that are known, and the campaigns on `topic` (all of them if left out)."""
    own = [
        (c.name, CAMPAIGN, pd.Timestamp(c.start), pd.Timestamp(c.end))
        for c in campaigns
        if not topic or topic in c.topics
    ]
    return pd.concat([known, pd.DataFrame(own, columns=_MARKS)], ignore_index=True) if own else known


def plan_rows(answer: Outlook, campaigns: Sequence[Campaign], known: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return the bars of the chart of the plan: `row`, `name`, `kind`, `start`, `end` (first instant no longer in).

    Campaigns come first, then the widest windows (SHOWN at most, a row a topic), then events and holidays.
    """
    found = windows_to_act(answer, words).head(SHOWN)
    chances = [words.percent(p, 0) for p in found["probability"]]
    open_ = pd.DataFrame(
        {
            "row": found["label"],
            "name": [words("Window to act: {chance} or more", chance=c) for c in chances],
            "kind": "window",
            "start": [_plain(s) for s in found["start"]],
            "end": [_plain(end) + pd.Timedelta(days=1) for end in found["end"]],
        }
    )
    days = marks(known, campaigns)
    titles = {HOLIDAY: words("Public holidays"), EVENT: words("Own events"), CAMPAIGN: words("Campaigns")}
    dated = days.assign(row=days["kind"].map(titles), end=days["end"] + pd.Timedelta(days=1))
    parts = [dated[dated["kind"] == CAMPAIGN], open_, dated[dated["kind"] == EVENT], dated[dated["kind"] == HOLIDAY]]
    filled = [p for p in parts if len(p)]
    return pd.concat(filled, ignore_index=True)[["row", *_MARKS]] if filled else pd.DataFrame(columns=["row", *_MARKS])


def months_planned(campaigns: Sequence[Campaign], study: Study, words: Words) -> pd.DataFrame:
    """Return in which months of the year each topic has a campaign: `label`, `month` (1..12), `names`."""
    names = labels(study, words.language)
    rows = []
    for campaign in campaigns:
        spanned = pd.period_range(campaign.start, campaign.end, freq="M")
        rows += [
            (names.get(t, t), m, campaign.name) for t in campaign.topics for m in sorted({p.month for p in spanned})
        ]
    frame = pd.DataFrame(rows, columns=["label", "month", "names"])
    return frame.groupby(["label", "month"], as_index=False)["names"].agg(", ".join)


def planned_at(periods: pd.Series, topics: pd.Series, campaigns: Sequence[Campaign], panel: Panel) -> list[str]:
    """Return for each (period, topic) the names of the campaigns on that topic that touch the period; '' for none."""
    planned: dict[tuple[str, pd.Timestamp], list[str]] = {}
    for campaign in campaigns:
        for topic in campaign.topics:
            for period in _touched(campaign, panel):
                planned.setdefault((topic, period), []).append(campaign.name)
    plain = pd.to_datetime(periods).dt.tz_localize(None)
    return ["; ".join(planned.get((topic, period), [])) for topic, period in zip(topics, plain, strict=True)]


def _touched(campaign: Campaign, panel: Panel) -> list[pd.Timestamp]:
    """Periods of the panel's grain of which the campaign holds at least one day."""
    period = start_of(pd.Timestamp(campaign.start), panel.grain, panel.week_start)
    out = []
    while period < pd.Timestamp(campaign.end) + pd.Timedelta(days=1):
        out.append(period)
        period = next_start(period, panel.grain)
    return out


def _plain(moment: pd.Timestamp | date) -> pd.Timestamp:
    stamp = pd.Timestamp(moment)
    return stamp.tz_localize(None) if stamp.tzinfo else stamp
