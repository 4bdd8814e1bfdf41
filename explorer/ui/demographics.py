"""The part of a page that says who the people are, in groups of 10 or more."""

from __future__ import annotations

import streamlit as st

from explorer.demographic_views import by_topic_table, by_trait_table
from explorer.demographics import Demographics, demographics
from explorer.kept import kept
from explorer.study import Study, read_study
from explorer.tallies_people import PeopleTallies
from explorer.tallies_ties import Span
from explorer.ui.answers import key_of
from explorer.who_speaks import Speakers
from explorer.words import Words


def who_they_are(opened: Study, answer: Speakers, say: Words) -> None:
    """Show gender and age of the people who speak, where the export has them; say so where it has not."""
    st.subheader(say("Gender and age"))
    found = _demographics(*key_of(opened), span=answer.span)
    if not found.told:
        st.info(say("Gender and age: not in this data. No source of this study says who its authors are."))
        return
    told = say("People by gender and age band, as the source says. A dash stands for a group left out.")
    if found.known is not None:
        known = say("Told of {share} of {n} people.", share=say.percent(found.known, 0), n=say.number(found.people, 0))
        told = f"{told} {known}"
    st.markdown(told)
    st.dataframe(by_trait_table(found, say), hide_index=True, key="demographics", alt=told)
    if len(found.by_topic):
        told = say("People by gender and by the topic that they write on alone.")
        st.markdown(told)
        st.dataframe(by_topic_table(found, opened, say), hide_index=True, key="demographics_topic", alt=told)
    else:
        st.caption(say("By topic it is not shown: beside the first table it would tell of fewer than 10 people."))
    st.caption(
        say(
            "No group of fewer than 10 people is shown, nor any by which one could be worked out from sums and differences."
        )
    )


@st.cache_data(max_entries=12, ttl="2h", show_spinner=False)
@kept
def _demographics(path: str, version: str, study_text: str, *, span: Span | None) -> Demographics:
    opened = read_study(path)
    return demographics(PeopleTallies.of(opened).people(opened.topics, span))
