"""The alerts of a study as they are taken away: tidy frame, provenance, files."""

from __future__ import annotations

import shlex
from datetime import datetime

import pandas as pd

from explorer.early_warning import EarlyWarning
from explorer.outputs.frames import to_csv, to_parquet
from explorer.outputs.provenance import Provenance
from explorer.outputs.report import Files
from explorer.outputs.workbook import table_workbook
from explorer.panel import Panel
from explorer.sentences import cut_off
from explorer.words import Words


def alerts_frame(answer: EarlyWarning, language: str) -> pd.DataFrame:
    """Return one row an event (the columns of EarlyWarning.events), newest first, with its age and method beside it."""
    return answer.events.assign(
        label=answer.events["label"].map(lambda label: answer.study.named(label, language)),
        method="negative-binomial score against the series' own past, explorer.alerts",
        days_per_false_alarm=answer.days_per_false_alarm,
        until=answer.until,
        simulated=answer.study.simulated,
    )


def alerts_provenance(answer: EarlyWarning, panel: Panel, words: Words, now: datetime) -> Provenance:
    """Return the provenance of a table of alerts; `panel` tells the sources and their age."""
    return Provenance(
        study=answer.study.name,
        simulated=answer.study.simulated,
        sources=panel.sources,
        fetched_at=panel.fetched_at,
        made_at=now,
        method=words("every topic scored against its own past, explorer.early_warning"),
        command=f"undersaid alerts --study {shlex.quote(answer.study.path.parent.name)}",
        settings={"days_per_false_alarm": answer.days_per_false_alarm, "series": len(answer.series)},
        caution=cut_off(answer.study, panel, words),
    )


def alerts_files(
    answer: EarlyWarning, panel: Panel, words: Words, now: datetime, *, french: bool | None = None
) -> Files:
    """Return the files of the alerts, made when they are asked for."""
    frame, about = alerts_frame(answer, words.language), alerts_provenance(answer, panel, words, now)
    comma = words.language == "fr" if french is None else french
    # An alert may be known by the hour, which the dates of other tables leave out.
    written = frame.assign(**{c: frame[c].dt.strftime("%Y-%m-%d %H:%M") for c in ("at", "last", "ds") if len(frame)})
    return {
        "alerts.csv": lambda: to_csv(written, french=comma),
        "alerts.xlsx": lambda: table_workbook(frame, words("Alerts"), about, words),
        "alerts.parquet": lambda: to_parquet(frame, about),
    }
