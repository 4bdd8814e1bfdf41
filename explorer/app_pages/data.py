"""Data: what is in here, and can it be trusted?"""

import streamlit as st

from explorer import charts, ui, views
from explorer.words import Words

say: Words = ui.words()
study = ui.study()
ui.page_head(study, say)

st.title(say("What these figures rest on"))
ui.studies(study, say)
panel = None
if study.topics:
    with ui.answering(say):
        panel = ui.panel_of(study)
    ui.show_notes(study, panel, say)
else:
    st.info(say("No topics yet: type them under “Topics”, or bring two files that share names."))
if panel is not None and len(bars := views.coverage_bars(panel, say)):
    st.subheader(say("Which periods are covered"))
    told = say("Coverage of {sources}.", sources=say.list(list(panel.sources)))
    ui.draw(ui.chart(charts.coverage_strip, bars, say), told, bars.drop(columns="status"), say, key="coverage")
    st.caption(
        say("Only periods that both sides cover completely are compared. What was not fetched is unknown, not silent.")
    )

st.subheader(say("Bring your own files"))
st.markdown(
    say(
        "One file of searches (a Google Trends export, or a table with dates and topics) and one of posts or counts. "
        "The files stay on this machine."
    )
)
ui.upload(say)

stored = ui.stored(study, say)
st.subheader(say("Topics"))
with st.expander(say("What is searched and said for each of {n} topics", n=len(study.topics)), expanded=stored.empty):
    ui.topics(study, say)
st.subheader(say("Sources"))
with st.expander(say("Fetch from {n} sources", n=len(study.sources)) if study.sources else say("Connect sources")):
    ui.sources(study, say)

st.subheader(say("What is stored"))
if stored.empty:
    st.info(say("Nothing yet."))
else:
    st.dataframe(stored, hide_index=True, key="stored", alt=say("Imported files and their rows."))
with st.expander(say("The study file")):
    st.code(ui.study_file(study), language="toml")
