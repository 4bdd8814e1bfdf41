"""Taking answers away: one popover, every format, made when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from explorer.answers import Gaps, Outlook
from explorer.campaigns import Campaign
from explorer.outputs.provenance import gaps_provenance, outlook_provenance
from explorer.outputs.report import Files, forecast_files, gaps_files
from explorer.study import Study
from explorer.words import Words


def export_gaps(answer: Gaps, say: Words) -> None:
    """Offer the ranking of gaps in every format; the files are made when they are asked for."""
    now = datetime.now(UTC)
    words = Words(say.language)  # files hold no Markdown
    offer(gaps_files(answer, words, now), gaps_provenance(answer, words, now).command, say)


def export_forecast(answer: Outlook, campaigns: Sequence[Campaign], say: Words) -> None:
    """Offer the projection and what is planned in it in every format; the files are made when they are asked for."""
    now = datetime.now(UTC)
    words = Words(say.language)
    files = forecast_files(answer, words, now, campaigns=campaigns)
    offer(files, outlook_provenance(answer, words, now).command, say)


def offer(files: Files, command: str, say: Words) -> None:
    """Show the popover of files, and the command that makes the same."""
    titles = {
        "csv": say("Table (CSV)"),
        "xlsx": say("Spreadsheet (XLSX)"),
        "parquet": say("For programs (Parquet)"),
        "pptx": say("Slides (PPTX)"),
        "html": say("Page that opens offline (HTML)"),
        "svg": say("Chart to edit (SVG)"),
        "png": say("Chart as a picture (PNG)"),
        "ics": say("For the calendar (ICS)"),
    }
    with st.popover(say("Take it away"), icon=":material/download:"):
        for name, maker in files.items():
            kind = name.rsplit(".", 1)[1]
            st.download_button(
                titles[kind], maker, file_name=name, key=f"export_{name}", on_click="ignore", width="stretch"
            )
        st.caption(say("The same from the command line"))
        st.code(command, language="bash", wrap_lines=True)


def study_file(opened: Study) -> str:
    """Return the text of the study file, for those who want to keep it."""
    return opened.path.read_text(encoding="utf-8")
