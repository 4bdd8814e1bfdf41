"""The timeline of a crisis as it is taken away: table, spreadsheet, calendar."""

from __future__ import annotations

import hashlib
import shlex
from datetime import datetime, timedelta

import pandas as pd
from icalendar import Calendar, Event

from explorer.alert_phrases import BY_SAID, WHAT_SAID
from explorer.outputs.frames import to_csv
from explorer.outputs.provenance import Provenance
from explorer.outputs.report import Files
from explorer.outputs.workbook import table_workbook
from explorer.study import Study
from explorer.words import Words

#: Letters of a post that a timeline quotes.
QUOTED = 140


def timeline_frame(timeline: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return `n`, `at` (UTC), `what`, `event` (the same in words), `text`, `by` of a timeline as people left it."""
    return pd.DataFrame(
        {
            "n": timeline["n"],
            "at": timeline["at"],
            "what": timeline["what"],
            "event": timeline["what"].map(lambda w: words(WHAT_SAID[w])),
            "text": timeline["text"].str.slice(0, QUOTED),
            "by": timeline["by"],
        }
    )


def timeline_provenance(study: Study, event: str, words: Words, now: datetime) -> Provenance:
    """Return the provenance of the timeline of an event."""
    return Provenance(
        study=study.name,
        simulated=study.simulated,
        sources=tuple(study.sources),
        fetched_at=None,
        made_at=now,
        method=words("explorer.crisis, with what people changed in it"),
        command=f"undersaid alerts --study {shlex.quote(study.path.parent.name)} --event {shlex.quote(event)}",
        settings={"event": event},
    )


def timeline_files(
    timeline: pd.DataFrame, study: Study, event: str, words: Words, now: datetime, *, french: bool | None = None
) -> Files:
    """Return the files of a timeline (as explorer.timelines.edited gives it), made when they are asked for."""
    frame, about = timeline_frame(timeline, words), timeline_provenance(study, event, words, now)
    comma = words.language == "fr" if french is None else french
    written = frame.assign(at=frame["at"].dt.strftime("%Y-%m-%d %H:%M"))
    return {
        "timeline.csv": lambda: to_csv(written, french=comma),
        "timeline.xlsx": lambda: table_workbook(frame, words("Timeline"), about, words),
        "timeline.ics": lambda: timeline_calendar(timeline, about, words, now),
    }


def timeline_calendar(timeline: pd.DataFrame, provenance: Provenance, words: Words, now: datetime) -> bytes:
    """Return a timeline as an .ics file (RFC 5545): one entry an event, with the same identity at every export."""
    calendar = Calendar()
    calendar.add("prodid", f"-//{provenance.program}//")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"Undersaid: {provenance.study}")
    for row in timeline.itertuples():
        entry = Event()
        identity = f"{provenance.study}\0{provenance.settings['event']}\0{row.key}"
        entry.add("uid", hashlib.sha256(identity.encode()).hexdigest()[:32] + "@undersaid")
        entry.add("dtstamp", now)
        at = pd.Timestamp(row.at).floor("s").to_pydatetime()
        entry.add("dtstart", at)
        entry.add("dtend", at + timedelta(minutes=15))
        entry.add("summary", f"{row.n}. {words(WHAT_SAID[row.what])}")
        entry.add("transp", "TRANSPARENT")
        lines = [str(row.text)[:QUOTED], words(BY_SAID[row.by]), provenance.method, provenance.command]
        if provenance.simulated:
            lines.insert(0, words("Example data, simulated"))
        entry.add("description", "\n".join(line for line in lines if line))
        calendar.add_component(entry)
    return calendar.to_ical()
