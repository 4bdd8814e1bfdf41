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
from explorer.proposals import slug
from explorer.studies import make, of_name
from explorer.study import Study, read_study
from explorer.ui.text import PageWords, plain
from explorer.views import labels
from explorer.words import Words, best_language

_MARK = "language"
_OWN = "own_study"


def words() -> Words:
    """Return the words of this session's language."""
    return PageWords(st.session_state.get(_MARK, best_language(st.context.locale)))


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
    """Return the study of this session: the one chosen or made here, the one the server was started with, or the example."""
    asked = st.query_params.get("study", "")
    if asked and _OWN not in st.session_state and (folder := _kept_folder()) and (found := of_name(folder, asked)):
        st.session_state[_OWN] = str(found.path)
    own = st.session_state.get(_OWN)
    if own and Path(own).exists():
        return read_study(own)
    return default_study()


def default_study() -> Study:
    """Return the study the server was started with, or the example."""
    given = os.environ.get("UNDERSAID_STUDY")
    return read_study(given) if given else example_study()


def studies_folder() -> Path:
    """Return where studies made here are kept: the folder the server was given, or one that this session alone knows."""
    kept = _kept_folder()
    if kept is not None:
        return kept
    if "own_folder" not in st.session_state:
        st.session_state["own_folder"] = tempfile.mkdtemp(prefix="undersaid-")
    return Path(st.session_state["own_folder"])


def studies_are_kept() -> bool:
    """Return whether what is made here outlives the session, and is seen by everyone who can open the app."""
    return _kept_folder() is not None


def open_study(chosen: Study | None) -> None:
    """Make `chosen` the study of this session; None goes back to the one it began with."""
    st.session_state.pop(_OWN, None)
    st.query_params.pop("study", None)
    st.query_params.pop("topic", None)
    if chosen is not None:
        st.session_state[_OWN] = str(chosen.path)
        if studies_are_kept():
            st.query_params["study"] = chosen.path.parent.name


def own_study() -> Study:
    """Return the study that uploads of this session go to: the open one, or a new one where that is the example.

    Nothing is ever added to the example.
    """
    opened = study()
    if not opened.simulated:
        return opened
    say = words()
    name = say("My study")
    for number in range(2, 100):
        if not (studies_folder() / slug(name)).exists():
            break
        name = say("My study {n}", n=number)
    made = make(studies_folder(), name)
    open_study(made)
    return made


def folder_of(opened: Study) -> Path:
    """Return where what people say is kept: beside the study; what is said of the example lives as long as the session."""
    if not opened.simulated:
        return opened.path.parent
    if "verdicts" not in st.session_state:
        st.session_state["verdicts"] = tempfile.mkdtemp(prefix="undersaid-verdicts-")
    return Path(st.session_state["verdicts"])


def _kept_folder() -> Path | None:
    given = os.environ.get("UNDERSAID_STUDIES")
    return Path(given) if given else None


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
    topics = list(answer.table["topic"])
    names = {t: t for t in topics} | labels(answer.study, say.language)
    # A label of the language before is no topic: Streamlit takes what cannot be named back to the one that the URL asks for.
    chosen = st.selectbox(
        say("Topic"), topics, format_func=lambda t: names[t], key="topic_choice", index=_asked(topics)
    )
    st.query_params["topic"] = chosen
    return str(chosen)


def _asked(topics: list[str]) -> int:
    asked = st.query_params.get("topic", "")
    return topics.index(asked) if asked in topics else 0
