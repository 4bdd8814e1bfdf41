"""What a page shows when there is no answer, or not a whole one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from explorer.panel import Panel
from explorer.periods import days, next_start
from explorer.phrases import NOTES
from explorer.sentences import cut_off
from explorer.study import Study
from explorer.ui.answers import panel_of
from explorer.ui.links import link
from explorer.ui.text import plain
from explorer.words import Words
from forecasting.errors import ForecastError
from sources.errors import SourceError

#: Periods after the newest one until the picture counts as out of date.
STALE_PERIODS = 4


@contextmanager
def answering(say: Words, title: str = "") -> Iterator[None]:
    """Turn an error of ours into a sentence with a way out, and keep the page alive.

    `title` heads the page where the answer that would have headed it is missing.
    """
    try:
        yield
    except (SourceError, ForecastError) as error:
        if title:
            st.title(say("{title}: cannot be told yet", title=title))
        st.warning(plain(str(error)), icon=":material/info:")
        link("data", say("Go to the data"), icon=":material/database:")
        st.stop()


def empty(say: Words) -> None:
    """Show what an empty study needs, and stop."""
    st.title(say("Nothing to compare yet"))
    st.info(
        say("Nothing has been imported yet. Bring one file of searches and one of posts: the gap is measured at once.")
    )
    link("data", say("Import files"), icon=":material/upload_file:")
    st.stop()


def both_sides(opened: Study, say: Words) -> Panel:
    """Return the panel of a study; stop with what is missing named where a side has no data."""
    if not opened.topics:
        empty(say)
    panel = panel_of(opened)
    if panel.search.empty and panel.social.empty:
        empty(say)
    for side, code in ((panel.search, "no search"), (panel.social, "no voice")):
        if side.empty:
            st.title(say("Only one side yet"))
            st.info(say(NOTES[code]))
            link("data", say("Import files"), icon=":material/upload_file:")
            st.stop()
    return panel


def show_notes(study: Study, panel: Panel, say: Words) -> None:
    """Show what the reader must know about the data: limits that were met first, the rest folded away."""
    age = _age(panel)
    if age is not None and not study.simulated and age > STALE_PERIODS * days(panel.grain):
        told = say(
            "The newest period is {n} days old: fetch or import again for a picture of today.", n=say.number(age, 0)
        )
        st.badge(told, icon=":material/history:", color="orange")
    loud = [n for n in panel.notes if n.code.startswith("coverage")]
    for note in loud:
        st.warning(say(NOTES[note.code], **note.details), icon=":material/warning:")
    if panel.capped:
        st.warning(plain(cut_off(study, panel, say)), icon=":material/warning:")
    rest = [n for n in panel.notes if n not in loud]
    if rest:
        with st.expander(say("About these data ({n})", n=len(rest))):
            for note in rest:
                st.markdown("- " + plain(say(NOTES[note.code], **note.details)))


def _age(panel: Panel) -> float | None:
    """Days since the newest period that both sides cover ended; None without one."""
    if panel.search.empty or panel.social.empty:
        return None
    newest = min(panel.search["period"].max(), panel.social["period"].max())
    return float((pd.Timestamp(datetime.now(UTC)) - next_start(newest, panel.grain)) / pd.Timedelta(days=1))
