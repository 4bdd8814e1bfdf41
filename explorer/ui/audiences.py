"""The part of a page that tells segments of people, what they ask, what answers it, and who is heard less than their number."""

from __future__ import annotations

import streamlit as st

from explorer import audience_views
from explorer.audiences import Audiences, find_audiences
from explorer.content import stamp_of
from explorer.kept import kept
from explorer.study import Study, read_study
from explorer.ui.answers import key_of
from explorer.ui.voices import circles_of, speakers_of
from explorer.words import Words


def audiences(opened: Study, say: Words) -> None:
    """Show segments of at least 10 people, their questions with the closest page and verdict, and the references."""
    st.subheader(say("Segments"))
    with st.spinner(say("Looking for segments")):
        found = _audiences(*key_of(opened), pages=stamp_of(opened))
    if found is None:
        st.info(say("Too few people speak more than once to group them by what they do."))
        return
    n, once = say.number(found.people, 0), say.number(found.once, 0)
    if len(found.table) > 1:
        told = say(
            "{k} groups of people who do alike, in a random sample of {n} who wrote more than once.",
            k=len(found.table),
            n=n,
        )
    else:
        told = say("No stable segments among {n} people who wrote more than once: everybody is one group.", n=n)
    told = f"{told} {say('{once} wrote once and show no habit.', once=once)}"
    st.markdown(told)
    st.dataframe(audience_views.segments_table(found, opened, say), hide_index=True, key="segments", alt=told)
    if len(found.questions):
        text = audience_views.answered_sentence(found, say)
        st.markdown(text)
        st.dataframe(audience_views.answered_table(found, say), hide_index=True, key="answered", alt=text)
        text = say("What each segment asks, the page of yours that comes closest, and the chance that it answers.")
        st.markdown(text)
        st.dataframe(audience_views.questions_table(found, say), hide_index=True, key="asks", alt=text)
        st.caption(
            say(
                "The chance rests on likeness of words and on your own answers on the Needs page; each answer narrows it."
            )
        )
        if not found.pages:
            st.caption(say("No pages were imported: bring them in with undersaid import FILE --as content."))
    if found.unmatched:
        names = ", ".join(found.unmatched)
        st.caption(say("No group of {names} is told by the posts: name the groups as the posts do.", names=names))
    elif found.heard.empty:
        st.caption(
            say("To see who is heard less than their number, give a census, customers or searches as [[reference]].")
        )
    if len(found.heard):
        text = audience_views.heard_sentence(found, say)
        st.markdown(text)
        st.dataframe(audience_views.heard_table(found, opened, say), hide_index=True, key="heard", alt=text)
        st.caption(say("Groups of fewer than 10 people are left out, and no other figure gives them away."))


@st.cache_data(max_entries=12, ttl="2h", show_spinner=False)
@kept
def _audiences(path: str, version: str, study_text: str, *, pages: tuple[object, ...]) -> Audiences | None:
    opened = read_study(path)
    # Segments take who answers whom as a trait, whatever ties are looked at on the page.
    return find_audiences(opened, span=speakers_of(opened).span, members=circles_of(opened).members)
