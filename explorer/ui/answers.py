"""The answers of a study, cached."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from explorer.answers import Gaps, Outlook, find_gaps, look_ahead, voice_of
from explorer.kept import kept
from explorer.panel import Panel, read_panel
from explorer.study import Study, read_study
from explorer.tallies import Tallies
from explorer.timing import movers, trends
from explorer.ui.session import corrected
from forecasting import gap_path

# Keyed by the study's path and the version of its store, so that new data give a new answer and nothing else does. The path of
# an uploaded study is random: another session cannot name it.


@st.cache_data(max_entries=24, ttl="2h", show_spinner=False)
@kept
def _panel(path: str, version: str, study_text: str) -> Panel:
    return read_panel(read_study(path))


@st.cache_data(max_entries=48, ttl="2h", show_spinner=False)
@kept
def _gaps(path: str, version: str, study_text: str, *, people: bool) -> Gaps:
    return find_gaps(read_study(path), panel=_panel(path, version, study_text), corrected=people)


@st.cache_data(max_entries=24, ttl="2h", show_spinner=False)
@kept
def _outlook(path: str, version: str, study_text: str, *, people: bool, horizon: int | None) -> Outlook:
    return look_ahead(read_study(path), panel=_panel(path, version, study_text), corrected=people, horizon=horizon)


@st.cache_data(max_entries=24, ttl="2h", show_spinner=False)
@kept
def _path(path: str, version: str, study_text: str, *, people: bool) -> pd.DataFrame:
    panel = _panel(path, version, study_text)
    every = max(round(panel.search["period"].nunique() / 60), 1)
    return gap_path(panel.search, voice_of(panel, corrected=people), every=every)


def key_of(opened: Study) -> tuple[str, str, str]:
    """Return what an answer is cached by: where the study is, and the version of its store and its file."""
    return str(opened.path), opened.store.version(), opened.path.read_text(encoding="utf-8")


def panel_of(opened: Study) -> Panel:
    """Return both sides of a study, from the cache where nothing has changed."""
    return _panel(*key_of(opened))


def gaps_of(opened: Study) -> Gaps:
    """Return the gaps of a study, from the cache where nothing has changed."""
    return _gaps(*key_of(opened), people=corrected())


def outlook_of(opened: Study, horizon: int | None = None) -> Outlook:
    """Return the projection of a study, from the cache where nothing has changed."""
    return _outlook(*key_of(opened), people=corrected(), horizon=horizon)


def path_of(opened: Study) -> pd.DataFrame:
    """Return the gap of every topic through time, from the cache where nothing has changed."""
    return _path(*key_of(opened), people=corrected())


@st.cache_data(max_entries=24, ttl="2h", show_spinner=False)
@kept
def _trends(path: str, version: str, study_text: str) -> pd.DataFrame:
    return trends(_panel(path, version, study_text))


def trends_of(opened: Study) -> pd.DataFrame:
    """Return where the search of every topic stands, from the cache where nothing has changed."""
    return _trends(*key_of(opened))


@st.cache_data(max_entries=64, ttl="2h", show_spinner=False)
@kept
def _sample(path: str, version: str, study_text: str, *, topic: str) -> pd.DataFrame:
    opened = read_study(path)
    return Tallies.of(opened).sample(opened.topic(topic))


def sample_of(opened: Study, topic: str) -> pd.DataFrame:
    """Return posts of a topic that many people met."""
    return _sample(*key_of(opened), topic=topic)


@st.cache_data(max_entries=24, ttl="2h", show_spinner=False)
@kept
def _movers(path: str, version: str, study_text: str, *, people: bool) -> pd.DataFrame:
    return movers(_panel(path, version, study_text), corrected=people)


def movers_of(opened: Study) -> pd.DataFrame:
    """Return who helps to forecast whom in a study, from the cache where nothing has changed."""
    return _movers(*key_of(opened), people=corrected())
