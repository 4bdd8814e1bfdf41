"""Studies in the app: which is open, a new one from typed topics, and one less."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from babel import Locale

from explorer.studies import delete, listed, make
from explorer.study import Study, read_study
from explorer.ui.session import default_study, open_study, studies_are_kept, studies_folder
from explorer.ui.text import plain
from explorer.words import Words
from sources.errors import SourceError

#: Languages a market can be said to speak.
_LANGUAGES = ("fr", "en", "de", "es", "it", "nl", "pt")


def studies(opened: Study, say: Words) -> None:
    """Draw which study is open and the ways to another: choose, make, delete."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="studies"):
        _choice(opened, say)
        with st.popover(say("New study"), icon=":material/add:"):
            _new(say)
        if opened.path.parent.parent == studies_folder():
            with st.popover(say("Delete"), icon=":material/delete:"):
                _delete(opened, say)
    if not studies_are_kept():
        st.caption(
            say(
                "Studies made here are seen by this session alone and go with it. To keep them, start the app with "
                "“undersaid app --studies FOLDER”."
            )
        )


def _choice(opened: Study, say: Words) -> None:
    own = listed(studies_folder())
    if not own:
        return
    first = default_study()
    options: list[Path] = [first.path, *(f / first.path.name for f in own if f / first.path.name != first.path)]
    names = {path: read_study(path).name for path in options}
    chosen = st.selectbox(
        say("Study"), options, options.index(opened.path) if opened.path in options else 0, format_func=lambda p: names[p],
        key=f"study_{opened.path}",
    )  # fmt: skip
    if chosen != opened.path:
        open_study(None if chosen == first.path else read_study(chosen))
        st.rerun()


def _new(say: Words) -> None:
    with st.form("new_study", border=False, enter_to_submit=False):
        name = st.text_input(say("Name"), key="new_name")
        world = Locale.parse(say.locale)
        places = {"": say("the whole world")} | {
            c: n for c, n in world.territories.items() if len(c) == 2 and c != "ZZ"
        }
        codes = sorted(places, key=lambda c: (c != "", places[c]))
        country = st.selectbox(
            say("Market"), codes, codes.index("FR"), format_func=places.__getitem__, key="new_country"
        )
        spoken = st.multiselect(
            say("Languages of the market"),
            _LANGUAGES,
            [say.language],
            format_func=lambda c: world.languages[c],
            key="new_spoken",
        )
        topics = st.text_area(
            say("Topics, one a line"), key="new_topics",
            placeholder=say("heat pump noise\nsolar panel price\nchimney sweeping"),
            help=say("At least two: the gap compares topics with each other. You can change them afterwards."),
        )  # fmt: skip
        done = st.form_submit_button(say("Make the study"), type="primary")
    if not done:
        return
    try:
        made = make(studies_folder(), name, geo=country, languages=spoken or [say.language], topics=topics.splitlines())
    except SourceError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    open_study(made)
    st.rerun()


def _delete(opened: Study, say: Words) -> None:
    st.markdown(plain(say("“{name}” goes with everything stored for it. This cannot be undone.", name=opened.name)))
    if st.button(say("Delete for good"), type="primary", key="delete_study"):
        try:
            delete(opened, studies_folder())
        except SourceError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        open_study(None)
        st.rerun()
