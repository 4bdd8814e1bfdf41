"""Windows to act in as a calendar file (iCalendar, RFC 5545): one all-day event a window, the same identity at every export."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta

import pandas as pd
from icalendar import Calendar, Event

from explorer.outputs.provenance import Provenance
from explorer.words import Words


def to_calendar(windows: pd.DataFrame, provenance: Provenance, words: Words, now: datetime) -> bytes:
    """Return the windows as an .ics file.

    Parameters
    ----------
    windows : `topic`, `label`, `start`, `end` (last day, inclusive), `peak`, `gap` [doublings], `probability` [0..1].

    Returns
    -------
    UTF-8 text with the line ends the standard asks for. A window keeps its UID as long as study, topic and start stay the same,
    so that importing a newer file moves an event instead of adding one.
    """
    calendar = Calendar()
    calendar.add("prodid", f"-//{provenance.program}//")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"Undersaid: {provenance.study}")
    for window in windows.itertuples():
        event = Event()
        identity = f"{provenance.study}\0{window.topic}\0{_day(window.start):%Y-%m-%d}"
        event.add("uid", hashlib.sha256(identity.encode()).hexdigest()[:32] + "@undersaid")
        event.add("dtstamp", now)
        event.add("dtstart", _day(window.start))
        event.add("dtend", _day(window.end) + timedelta(days=1))  # the standard's end is the first day no longer in
        event.add("summary", words("Act on {topic}", topic=window.label))
        event.add("transp", "TRANSPARENT")
        lines = [
            words("Peak: {date}", date=words.date(window.peak)),
            words("Gap: {factor} times more searched than said", factor=words.factor(window.gap)),
            words("Probability: {share}", share=words.percent(window.probability, 0)),
            provenance.method,
            provenance.command,
        ]
        if provenance.caution:
            lines.insert(0, provenance.caution)
        if provenance.simulated:
            lines.insert(0, words("Example data, simulated"))
        event.add("description", "\n".join(lines))
        calendar.add_component(event)
    return calendar.to_ical()


def _day(when: pd.Timestamp) -> date:
    return pd.Timestamp(when).date()
