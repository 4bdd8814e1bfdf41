"""Searches a month of one topic, where a keyword tool's volumes anchor the index."""

from __future__ import annotations

import streamlit as st

from explorer.fact import Fact
from explorer.kept import kept
from explorer.panel import Panel
from explorer.study import Study, read_study
from explorer.ui.answers import key_of, panel_of
from explorer.ui.facts import fact
from explorer.volume import monthly_searches
from explorer.words import Words


@st.cache_data(max_entries=64, ttl="2h", show_spinner=False)
@kept
def _volume(path: str, version: str, study_text: str, *, topic: str) -> Fact | None:
    opened = read_study(path)
    return monthly_searches(opened, panel_of(opened), topic)


def volume(opened: Study, panel: Panel, topic: str, say: Words) -> None:
    """Show the searches a month, or say what is missing to know them."""
    found = _volume(*key_of(opened), topic=topic)
    if found is not None:
        meaning = say("Searches a month over the last year: the index, anchored to volumes of a keyword tool.")
        fact(found, say("Searches a month"), say.number(found.value, 0), meaning, say)
    elif panel.unit == "index":
        st.caption(
            say("The index counts nothing by itself: import a keyword tool’s volumes for a number of searches a month.")
        )
