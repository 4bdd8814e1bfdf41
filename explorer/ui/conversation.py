"""The part of a page that tells the conversation on a topic."""

from __future__ import annotations

import streamlit as st

from explorer import telling_views
from explorer.answers import Gaps
from explorer.kept import kept
from explorer.study import Study, read_study
from explorer.tallies_ties import Span
from explorer.telling import Telling, tell
from explorer.ui.answers import key_of
from explorer.who_speaks import window_of
from explorer.words import Words


def conversation(opened: Study, answer: Gaps, topic: str, say: Words) -> None:
    """Show volume, what came back, tone, emotions, languages and countries of a topic, and what changed its volume."""
    span = window_of(answer)
    # Counts without posts hold no conversation, only its size.
    if span is None or "loud_authors" not in answer.panel.social:
        return
    with st.spinner(say("Reading the conversation")):
        told = _told(*key_of(opened), topic=topic, span=span)
    if told.volume["posts"].sum() == 0:
        return
    st.subheader(say("What is said, and what changed"))
    st.markdown(f"{telling_views.volume_sentence(told, say)} {telling_views.change_sentence(told, say)}")
    with st.expander(say("What carries the change")):
        table = telling_views.change_table(told, say)
        st.dataframe(table, hide_index=True, key="change", alt=telling_views.change_sentence(told, say))
        st.caption(
            say("The parts of one trait add up to the whole change; “told of” is the share of posts that tell it.")
        )
    with st.expander(say("What came back")):
        text = say("Reach and engagement by kind; kinds are never added.")
        st.dataframe(telling_views.echo_table(told, say), hide_index=True, key="echo", alt=text)
        st.caption(text)
    with st.expander(say("Tone and emotions")):
        _tone(told, say)
    with st.expander(say("Languages and countries over time")):
        for trait, text in (("lang", say("Languages by quarter")), ("country", say("Countries by quarter"))):
            table = telling_views.time_table(told, trait, say)
            st.markdown(f"**{text}**")
            if table.empty:
                st.info(say("Not in this data."))
            else:
                st.dataframe(table, hide_index=True, key=f"time_{trait}", alt=text)
        st.caption(say("Shares of the posts that tell it; how many do stands beside."))
    with st.expander(say("Hashtags, sites and words over time")):
        _carried(told, say)


def _carried(told: Telling, say: Words) -> None:
    for kind, text in (("hashtag", say("Hashtags by quarter")), ("site", say("Linked sites by quarter"))):
        table = telling_views.carried_table(told, kind, say)
        st.markdown(f"**{text}**")
        if table.empty:
            st.info(say("Not in this data, or used by fewer than 3 people."))
            continue
        note = telling_views.carried_note(told, kind, say)
        st.dataframe(table, hide_index=True, key=f"carried_{kind}", alt=f"{text}. {note}")
        st.caption(note)
    text = say("Words of the second half of this time against the first, counted by people")
    st.markdown(f"**{text}**")
    table = telling_views.words_table(told, say)
    if table.empty:
        st.info(say("No word sets the two halves apart."))
    else:
        st.dataframe(table, hide_index=True, key="carried_words", alt=text)


def _tone(told: Telling, say: Words) -> None:
    text = say(
        "Tone read in a random sample of {n} posts; labels of the source come first.", n=say.number(told.read, 0)
    )
    st.markdown(text)
    if told.tone.empty:
        st.info(say("No labels in the source, and no engine for the language of these posts."))
    else:
        st.dataframe(telling_views.tone_table(told, say), hide_index=True, key="tone", alt=text)
        st.caption(telling_views.agreement_sentence(told, say))
    if len(told.emotions):
        weak = (told.emotions["reliability"] == "weak").any()
        hint = say("weak: to be read as an indication, never for one post") if weak else say("fair")
        st.markdown(say("Emotions ({hint})", hint=hint))
        table = telling_views.emotions_table(told, say)
        st.dataframe(table, hide_index=True, key="emotions", alt=say("Share of posts by emotion."))
        st.caption(
            say("Corrected for the emotions that the reader was measured to confuse on texts it had not seen.")
            if told.emotions["corrected"].all()
            else say("As read, not corrected: what a weak reader confuses differs from one kind of text to another.")
        )


@st.cache_data(max_entries=48, ttl="2h", show_spinner=False)
@kept
def _told(path: str, version: str, study_text: str, *, topic: str, span: Span) -> Telling:
    return tell(read_study(path), topic, span)
