"""Windows to act in and campaigns as a calendar file (iCalendar, RFC 5545): all-day events of the same identity every time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import pandas as pd
from icalendar import Calendar, Event

from explorer.campaigns import Campaign
from explorer.outputs.provenance import Provenance
from explorer.words import Words


def to_calendar(
    windows: pd.DataFrame,
    provenance: Provenance,
    words: Words,
    now: datetime,
    campaigns: Sequence[Campaign] = (),
    said: Mapping[str, Sequence[str]] | None = None,
) -> bytes:
    """Return the windows, and the campaigns that are planned, as an .ics file.

    Parameters
    ----------
    windows : `topic`, `label`, `start`, `end` (last day, inclusive), `peak`, `gap` [doublings], `probability` [0..1].
    said : campaign id -> what is known of its dates, one sentence a topic.

    Returns
    -------
    UTF-8 text with the line ends the standard asks for. A window keeps its UID as long as study, topic and start stay the same,
    a campaign as long as its id does, so that importing a newer file moves an event instead of adding one.
    """
    calendar = Calendar()
    calendar.add("prodid", f"-//{provenance.program}//")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"Undersaid: {provenance.study}")
    for window in windows.itertuples():
        lines = [
            words("Peak: {date}", date=words.date(window.peak)),
            words("Gap: {factor} times more searched than said", factor=words.factor(window.gap)),
            words("Probability: {share}", share=words.percent(window.probability, 0)),
        ]
        identity = f"{provenance.study}\0{window.topic}\0{_day(window.start):%Y-%m-%d}"
        span = (_day(window.start), _day(window.end))
        title = words("Act on {topic}", topic=window.label)
        calendar.add_component(_event(identity, title, span, lines, provenance, words, now))
    for campaign in campaigns:
        told = [campaign.channel, campaign.note, *(said or {}).get(campaign.id, ())]
        identity, span = f"{provenance.study}\0campaign\0{campaign.id}", (campaign.start, campaign.end)
        title = words("Campaign: {name}", name=campaign.name)
        calendar.add_component(_event(identity, title, span, [t for t in told if t], provenance, words, now))
    return calendar.to_ical()


def _event(
    identity: str,
    title: str,
    span: tuple[date, date],
    lines: list[str],
    provenance: Provenance,
    words: Words,
    now: datetime,
) -> Event:
    """Return an all-day event from the first to the last day of `span`."""
    event = Event()
    event.add("uid", hashlib.sha256(identity.encode()).hexdigest()[:32] + "@undersaid")
    event.add("dtstamp", now)
    event.add("dtstart", span[0])
    event.add("dtend", span[1] + timedelta(days=1))  # the standard's end is the first day no longer in
    event.add("summary", title)
    event.add("transp", "TRANSPARENT")
    head = [words("Example data, simulated")] if provenance.simulated else []
    head += [provenance.caution] if provenance.caution else []
    event.add("description", "\n".join([*head, *lines, provenance.method, provenance.command]))
    return event


def _day(when: pd.Timestamp) -> date:
    return pd.Timestamp(when).date()
