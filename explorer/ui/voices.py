"""Who speaks in the open study, cached, and its way out as files."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from explorer.circles import ANSWERS, LINKS, Circles, find_circles, movers
from explorer.kept import kept
from explorer.outputs.voices import voices_files
from explorer.study import Study, read_study
from explorer.tallies_people import PeopleTallies
from explorer.ui.answers import key_of, panel_of
from explorer.ui.exports import offer
from explorer.who_speaks import Speakers, find_speakers
from explorer.words import Words


@st.cache_data(max_entries=12, ttl="2h", show_spinner=False)
@kept
def _speakers(path: str, version: str, study_text: str) -> Speakers:
    opened = read_study(path)
    return find_speakers(opened, panel=panel_of(opened))


@st.cache_data(max_entries=12, ttl="2h", show_spinner=False)
@kept
def _circles(path: str, version: str, study_text: str, *, links: bool = False) -> Circles:
    span = _speakers(path, version, study_text).span
    return find_circles(read_study(path), ties=LINKS if links else ANSWERS, span=span)


@st.cache_data(max_entries=48, ttl="2h", show_spinner=False)
@kept
def _movers(path: str, version: str, study_text: str, *, topic: str) -> pd.DataFrame:
    opened = read_study(path)
    panel = panel_of(opened)
    circles = _circles(path, version, study_text)
    return movers(circles, topic, PeopleTallies.of(opened), grain=panel.grain, week_start=panel.week_start)


def speakers_of(opened: Study) -> Speakers:
    """Return who speaks, from the cache where nothing has changed."""
    return _speakers(*key_of(opened))


def circles_of(opened: Study, *, links: bool = False) -> Circles:
    """Return the communities by who answers whom, or by who links the same, from the cache where nothing has changed."""
    return _circles(*key_of(opened), links=links)


def topic_movers_of(opened: Study, topic: str) -> pd.DataFrame:
    """Return which communities move a topic, from the cache; empty where no posts tell who speaks."""
    if panel_of(opened).voice != "people":
        return pd.DataFrame()
    return _movers(*key_of(opened), topic=topic)


def export_voices(answer: Speakers, say: Words) -> None:
    """Offer every topic raw beside corrected as files."""
    files = voices_files(answer, Words(say.language))
    offer(files, f"undersaid voices --study {answer.study.path.parent.name}", say)
