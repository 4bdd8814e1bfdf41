"""What lies around the needs, each worked out only when it is asked for: concerns, alternatives, what rises, the silent."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from explorer import charts
from explorer import further_views as views
from explorer.alternatives import Alternatives, alternatives
from explorer.concerns import Concerns, concerns
from explorer.content import stamp_of
from explorer.emerging import Emerging, find_emerging
from explorer.kept import kept
from explorer.needs import Needs
from explorer.silent import Silent, silent_audience
from explorer.study import Study, read_study
from explorer.ui.answers import key_of, panel_of
from explorer.ui.drawing import chart, draw
from explorer.ui.links import link
from explorer.ui.states import answering
from explorer.words import Words

# `pages` is in every key: what is worked out may rest on the files under [[content]], which change without the study.


@st.cache_data(max_entries=24, ttl="2h", show_spinner=False)
@kept
def _concerns(path: str, version: str, study_text: str, *, topic: str, pages: tuple[object, ...]) -> Concerns:
    return concerns(read_study(path), topic)


@st.cache_data(max_entries=6, ttl="2h", show_spinner=False)
@kept
def _alternatives(path: str, version: str, study_text: str, *, pages: tuple[object, ...]) -> Alternatives:
    return alternatives(read_study(path))


@st.cache_data(max_entries=6, ttl="2h", show_spinner=False)
@kept
def _emerging(path: str, version: str, study_text: str, *, pages: tuple[object, ...]) -> Emerging:
    opened = read_study(path)
    return find_emerging(opened, panel=panel_of(opened))


@st.cache_data(max_entries=6, ttl="2h", show_spinner=False)
@kept
def _silent(path: str, version: str, study_text: str, *, pages: tuple[object, ...]) -> Silent:
    return silent_audience(read_study(path))


def further(opened: Study, answer: Needs, say: Words) -> None:
    """Offer the four views; the one chosen is counted and shown."""
    st.subheader(say("Look further"))
    shown = {
        "rising": (say("Rising before posts"), _show_rising),
        "silent": (say("Who never speaks"), _show_silent),
        "alternatives": (say("Alternatives"), _show_alternatives),
        "concerns": (say("What keeps coming back"), _show_concerns),
    }
    # Bound by hand: the URL holds the view's name, not its label, so that a link is the same in both languages.
    asked = st.query_params.get("further", "")
    chosen = st.segmented_control(
        say("View"), list(shown), format_func=lambda v: shown[v][0], key="further_choice",
        default=asked if asked in shown else None, label_visibility="collapsed",
    )  # fmt: skip
    if chosen in shown:
        st.query_params["further"] = chosen
        with answering(say), st.spinner(say("Counting")):
            shown[chosen][1](opened, answer, say)
    else:
        st.query_params.pop("further", None)


def _show_rising(opened: Study, answer: Needs, say: Words) -> None:
    found = _emerging(*key_of(opened), pages=stamp_of(opened))
    table = views.rising(found, views.labels(opened, say), say)
    if table.empty:
        st.info(say("No topic rises on either side."))
    else:
        st.dataframe(table, hide_index=True)
    st.caption(views.false_alarms(found, say))
    needs = views.rising_needs(answer, say)
    if not needs.empty:
        st.markdown(say("**Needs that grow in search and that no post surely speaks of**"))
        st.dataframe(needs, hide_index=True)
    link("method", say("How it is counted"), icon=":material/menu_book:", m="emerging")


def _show_silent(opened: Study, answer: Needs, say: Words) -> None:
    found = _silent(*key_of(opened), pages=stamp_of(opened))
    names = views.labels(opened, say)
    st.dataframe(views.silence(found, answer, names, say), hide_index=True)
    st.caption(say("It rests on two assumptions: 1 to 4 searches a person and month, 5 to 100% of speakers seen."))
    mapped = list(dict.fromkeys(found.places["topic"]))
    if mapped:
        topic = st.selectbox(say("Places of"), mapped, format_func=lambda t: names[t], key="mapped")
        _draw_places(views.places(found, topic, say), say)
    link("method", say("How it is counted"), icon=":material/menu_book:", m="silent")


def _draw_places(every: pd.DataFrame, say: Words) -> None:
    """Countries as a map beside their dot plot, regions as a dot plot."""
    for level, table in every.groupby("level", sort=True):
        silent = list(table.loc[table["verdict"] == "silent", "place"])
        finding = (
            say("{places}: searched, hardly spoken of", places=", ".join(silent))
            if silent
            else say("No place stands out surely")
        )
        st.markdown(f"**{finding}**")
        shown = table[["place", "verdict_words", "people", "gap", "lo", "hi"]].round(2)
        shown.columns = [say("Place"), say("Verdict"), say("People"), say("Gap in doublings"), say("From"), say("To")]
        if level == "country":
            world = chart(charts.gap_map, table, say)
            st.vega_lite_chart(world, key="places_map", alt=finding)
        draw(chart(charts.places, table, say), finding, shown, say, key=f"places_{level}")


def _show_alternatives(opened: Study, answer: Needs, say: Words) -> None:
    if not opened.brands:
        st.info(say("The study names no alternative to compare with: add [[brands]] to its file, one for each."))
        return
    found = _alternatives(*key_of(opened), pages=stamp_of(opened))
    st.dataframe(views.switches(found, say), hide_index=True)
    if found.why:
        st.info(found.why)
    else:
        st.dataframe(views.shares(found, say), hide_index=True)
    if not found.together.empty:
        st.markdown(say("**Typed together, and who is left for whom**"))
        st.dataframe(views.together(found, say), hide_index=True)
    link("method", say("How it is counted"), icon=":material/menu_book:", m="alternatives")


def _show_concerns(opened: Study, answer: Needs, say: Words) -> None:
    names = views.labels(opened, say)
    topic = st.selectbox(say("Topic"), list(names), format_func=lambda t: names[t], key="concern_topic")
    _draw_concerns(opened, topic, say)


def coming_back(opened: Study, topic: str, say: Words) -> None:
    """Show what keeps coming back on one topic, once asked for: its posts are read whole."""
    st.subheader(say("What keeps coming back"))
    if st.toggle(say("Read the posts of this topic"), key="concerns"):
        with answering(say), st.spinner(say("Counting")):
            _draw_concerns(opened, topic, say)


def _draw_concerns(opened: Study, topic: str, say: Words) -> None:
    found = _concerns(*key_of(opened), topic=topic, pages=stamp_of(opened))
    if found.table.empty:
        st.info(say("Nothing is asked or complained of by 10 people or more."))
    else:
        st.dataframe(views.concerns(found, say), hide_index=True)
        beside = views.stakeholders(found, say)
        if not beside.empty:
            st.markdown(say("**By who says it**"))
            st.dataframe(beside, hide_index=True)
    st.caption(
        say(
            "{people} people and {posts} posts were read.",
            people=say.number(found.people, 0),
            posts=say.number(found.posts, 0),
        )
    )
    for event in found.skipped:
        st.caption(say("Too near an edge of the posts to compare: {event}.", event=event))
    link("method", say("How it is counted"), icon=":material/menu_book:", m="concerns")
