"""Alerts: is something happening, how big will it be, and does it need an answer?"""

import streamlit as st

from explorer import alert_views, card_views, charts, ui
from explorer.alert_phrases import READINESS
from explorer.alerts import readiness
from explorer.notices import by_chance, headline, searched
from explorer.ui import crisis as parts
from explorer.ui import warning
from explorer.ui.states import empty
from explorer.verdicts import verdicts
from explorer.words import Words

say: Words = ui.words()
study = ui.study()
ui.page_head(study, say)
heading = st.empty()
with ui.answering(say, say("Alerts")):
    if not study.topics and not study.scenarios:
        empty(say)
    with st.spinner(say("Scoring every topic against its own past")):
        warned = warning.choose_sensitivity(study, say)
if warned.events.empty:
    heading.title(say("Nothing unusual has happened"))
    st.info(say("No topic has left what is usual for it in the data collected so far."))
    for series in warned.series[:1]:
        for code in readiness(series.scored):
            st.caption(say(READINESS[code]))
    warning.list_events(study, warned, say)
    st.stop()

event = warning.choose_event(warned, say)
with ui.answering(say, say("Alerts")), st.spinner(say("Tracing where it came from")):
    card, crisis, drilled = warning.explained(study, warned, event)
row = card.event
named = ui.plain(warned.study.named(row["label"], say.language))
heading.title(say("{label}: {headline}", label=named, headline=headline(card, say)))
st.markdown(f"{by_chance(row, say)} {searched(card, say)}")
if len(card.terms):
    st.markdown(say("New words: {terms}.", terms=ui.plain(", ".join(card.terms["term"]))))
if len(card.posts):
    st.markdown(f"{card_views.tone_said(card, say)} {card_views.sizes_said(card, say)}")
st.markdown(card_views.similar_said(card, verdicts(ui.folder_of(study)), say))
if crisis is not None:
    parts.show_numbers(crisis, warned, say)

st.subheader(say("What happened, in order"))
start, end = (crisis.onset, crisis.end) if crisis is not None else (card.since, row["last"])
path = alert_views.around(warned, row, start, end)
with ui.answering(say):
    told = parts.told_of(study, crisis, say) if crisis is not None else None
events = alert_views.flags(told, path, say) if told is not None else alert_views.alone(row, path, say)
axis = say("Posts") if row["side"] == "posts" else say("Search")
ui.draw(ui.chart(charts.timeline, path, events, say, title=axis), headline(card, say), path, say, key="timeline")
if crisis is not None and told is not None:
    parts.show_timeline(study, crisis, told, say)
    parts.show_course(crisis, warned, say)

    st.subheader(say("How soon it was known"))
    for sentence in card_views.detection_said(drilled, say):
        st.markdown("- " + sentence)

    st.subheader(say("How it spread"))
    parts.show_spread(crisis, say)

    st.subheader(say("Answer, or watch?"))
    parts.weigh(crisis, say)

st.subheader(say("First posts"))
for post in card.first.itertuples():
    with st.container(border=True):
        st.caption(f"{say.date(post.created_at)} · {ui.plain(post.platform)}")
        st.text(post.text or "–")
warning.judge(study, warned, event, say)

st.subheader(say("All alerts"))
warning.list_events(study, warned, say)
with st.expander(say("How many false alarms to expect")):
    warning.show_sensitivities(study, say)
ui.link("method", say("How alerts are made"), icon=":material/menu_book:", m="alerts")
