"""This session: its language, its study, its switches."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.answers import Gaps
from explorer.demo import example_study
from explorer.panel import Panel
from explorer.study import Study, new_study, read_study
from explorer.ui.text import plain
from explorer.views import labels
from explorer.words import Words, best_language

_MARK = "language"


def words() -> Words:
    """Return the words of this session's language."""
    return Words(st.session_state.get(_MARK, best_language(st.context.locale)))


def choose_language() -> Words:
    """Draw the language switch, bound to the URL, and return the words of the language chosen."""
    default = best_language(st.context.locale).upper()
    chosen = st.segmented_control(
        "Langue / Language",
        ["FR", "EN"],
        default=default,
        key="lang",
        bind="query-params",
        label_visibility="collapsed",
        required=True,
    )
    st.session_state[_MARK] = (chosen or default).lower()
    spoken = words()
    # Screen readers pronounce a page by this attribute, and Streamlit always says "en".
    script = f"<script>document.documentElement.lang = '{spoken.language}'</script>"
    st.html(script, unsafe_allow_javascript=True)
    return spoken


def study() -> Study:
    """Return the study of this session: the one made from uploads, the one the server was started with, or the example."""
    own = st.session_state.get("own_study")
    if own:
        return read_study(own)
    given = os.environ.get("UNDERSAID_STUDY")
    return read_study(given) if given else example_study()


def own_study() -> Study:
    """Return the study that uploads of this session go to: the server's own, or a new one that no other session sees.

    Nothing is ever added to the example.
    """
    given = os.environ.get("UNDERSAID_STUDY")
    if given and not st.session_state.get("own_study") and not read_study(given).simulated:
        return read_study(given)
    if "own_study" not in st.session_state:
        folder = Path(tempfile.mkdtemp(prefix="undersaid-"))
        st.session_state["own_study"] = str(new_study(folder / "study", name=words()("My study")).path)
    return read_study(st.session_state["own_study"])


def corrected() -> bool:
    """Return whether loud voices are corrected for, app-wide."""
    return bool(st.session_state.get("people", True))


def keep_head(slot: Any) -> None:
    """Remember the place in the page head where the open study is shown: it is known only after the page has opened it."""
    st.session_state["head"] = slot


def page_head(opened: Study, say: Words) -> None:
    """Show which study is open, and whether its data are simulated."""
    with st.session_state["head"], st.container(horizontal=True, vertical_alignment="center", key="study_name"):
        st.caption(plain(opened.name), width="content")
        if opened.simulated:
            st.badge(say("Example data, simulated"), icon=":material/science:", color="orange")


def people_switch(panel: Panel, say: Words) -> None:
    """Draw the app-wide switch between people and posts, where the source tells people apart."""
    if panel.voice == "people":
        st.toggle(
            say("Count people, loud accounts once"),
            value=True,
            key="people",
            bind="query-params",
            help=say(
                "Off: every post counts, as most dashboards do. Compare both to see what loud accounts do to the picture."
            ),
        )


def choose_topic(answer: Gaps, say: Words) -> str:
    """Draw the choice of topic, bound to the URL; the most silent topic comes first."""
    names = labels(answer.study, say.language)
    topics = list(answer.table["topic"])
    chosen = st.selectbox(
        say("Topic"), topics, format_func=lambda t: names.get(t, t), key="topic_choice", index=_asked(topics)
    )
    st.query_params["topic"] = chosen
    return str(chosen)


def _asked(topics: list[str]) -> int:
    asked = st.query_params.get("topic", "")
    return topics.index(asked) if asked in topics else 0
