"""Taking answers away: one popover, every format, made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

from explorer.answers import Gaps, Outlook
from explorer.outputs.frames import forecast_frame, gaps_frame, to_csv, to_parquet
from explorer.outputs.provenance import gaps_provenance, outlook_provenance
from explorer.outputs.workbook import forecast_workbook, gaps_workbook
from explorer.study import Study
from explorer.words import Words


def export_gaps(answer: Gaps, say: Words) -> None:
    """Offer the table of gaps as CSV, Parquet and XLSX; the files are made when they are asked for."""
    about = gaps_provenance(answer, say, datetime.now(UTC))
    frame = gaps_frame(answer, say.language, about)
    _offer(
        "gaps",
        {
            "csv": lambda: to_csv(frame, french=say.language == "fr"),
            "xlsx": lambda: gaps_workbook(frame, about, say),
            "parquet": lambda: to_parquet(frame, about),
        },
        about.command,
        say,
    )


def export_forecast(answer: Outlook, say: Words) -> None:
    """Offer the tidy forecast as CSV, Parquet and XLSX; the files are made when they are asked for."""
    about = outlook_provenance(answer, say, datetime.now(UTC))
    frame = forecast_frame(answer, say.language, about)
    _offer(
        "forecast",
        {
            "csv": lambda: to_csv(frame, french=say.language == "fr"),
            "xlsx": lambda: forecast_workbook(frame, about, say),
            "parquet": lambda: to_parquet(frame, about),
        },
        about.command,
        say,
    )


def _offer(name: str, makers: dict[str, Callable[[], bytes]], command: str, say: Words) -> None:
    titles = {"csv": say("Table (CSV)"), "xlsx": say("Spreadsheet (XLSX)"), "parquet": say("For programs (Parquet)")}
    with st.popover(say("Take it away"), icon=":material/download:"):
        for kind, maker in makers.items():
            st.download_button(
                titles[kind],
                maker,
                file_name=f"{name}.{kind}",
                key=f"export_{name}_{kind}",
                on_click="ignore",
                width="stretch",
            )
        st.caption(say("The same from the command line"))
        st.code(command, language="bash", wrap_lines=True)


def study_file(opened: Study) -> str:
    """Return the text of the study file, for those who want to keep it."""
    return opened.path.read_text(encoding="utf-8")
