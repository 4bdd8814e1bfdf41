"""Alerts: is something happening, how big will it be, and does it need an answer?"""

import streamlit as st

from explorer import aftermath_views, alert_views, charts, ui
from explorer.alert_phrases import LEVELS_SAID, READINESS, STAGES_SAID
from explorer.alerts import readiness
from explorer.notices import by_chance, headline, searched
from explorer.ui import warning
from explorer.ui.states import empty
from explorer.words import Words

say: Words = ui.words()
study = ui.study()
ui.page_head(study, say)
heading = st.empty()
with ui.answering(say):
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
with ui.answering(say), st.spinner(say("Tracing where it came from")):
    card, crisis = warning.explained(study, warned, event)
row = card.event
heading.title(say("{label}: {headline}", label=ui.plain(row["label"]), headline=headline(card, say)))
st.markdown(f"{by_chance(row, say)} {searched(card, say)}")
if len(card.terms):
    st.markdown(say("New words: {terms}.", terms=ui.plain(", ".join(card.terms["term"]))))

if crisis is not None:
    with st.grid(4, key="facts"):
        severe, double, life, small = (
            alert_views.severity_fact(crisis, warned),
            aftermath_views.doubling_fact(crisis, warned),
            alert_views.half_life_fact(crisis, warned),
            alert_views.small_fact(crisis, warned),
        )
        meaning = say("Against the topic's own past year; 40 is an alert, 70 a crisis.")
        level = say(LEVELS_SAID[crisis.severity.level])
        ui.fact(severe, say("Severity"), f"{say.number(severe.value, 0)} · {level}", meaning, say)
        hours = "–" if double.value is None else say("{n} hours", n=say.number(double.value, 0))
        ui.fact(double, say("Doubling time"), hours, say("While it grew, until two periods after the alert."), say)
        hours = "–" if life.value is None else say("{n} hours", n=say.number(life.value, 0))
        ui.fact(life, say("Half-life"), hours, say("From the peak until half of what came after it was spent."), say)
        told = say("Share of what was passed on that goes back to accounts below 10,000 followers.")
        ui.fact(small, say("Due to small accounts"), say.percent(small.value, 0), told, say)

st.subheader(say("What happened, in order"))
start, end = (crisis.onset, crisis.end) if crisis is not None else (card.since, row["last"])
path = alert_views.around(warned, row, start, end)
events = alert_views.flags(crisis, path, say) if crisis is not None else alert_views.alone(row, path, say)
axis = say("Posts") if row["side"] == "posts" else say("Search")
ui.draw(charts.timeline(path, events, say, title=axis), headline(card, say), path, say, key="timeline")
if crisis is not None:
    st.caption(say("Stage now: {stage}.", stage=say(STAGES_SAID[crisis.stage])))
    st.markdown(f"{aftermath_views.after_said(crisis, say)} {aftermath_views.followers_said(crisis, warned, say)}")
    warning.edit_timeline(alert_views.told(crisis, say), say)

    st.subheader(say("How it spread"))
    st.markdown(alert_views.spread_sentence(crisis, say))
    nodes, links = alert_views.tree_frames(crisis, say)
    if len(links):
        told = say("The largest cascade as a tree: each point a post, each line to the post it was taken from.")
        ui.draw(charts.tree(nodes, links, say), told, nodes.drop(columns=["y", "size"]), say, key="tree")
    sizes = alert_views.tiers_said(crisis, say)
    if sizes["credit"].notna().any():
        told = say("Who carried it: the spread due to accounts of each size, beside their share of posts.")
        ui.draw(charts.carried(sizes, say), told, sizes.drop(columns="group"), say, key="carried")
    if len(crisis.countries):
        st.dataframe(
            alert_views.countries_said(crisis, say), hide_index=True, key="countries",
            alt=say("Countries of the people in it, against those of the whole topic."),
        )  # fmt: skip

    groups = aftermath_views.communities_said(crisis, say)
    if len(groups):
        told = say(
            "Communities as their sources name them. Amplification: share of what was passed on, over share of posts."
        )
        st.dataframe(groups, hide_index=True, key="communities", alt=told)
        st.caption(told)
    else:
        st.caption(say("No source of these posts names a community, so none can be compared."))

    st.subheader(say("Answer, or watch?"))
    st.caption(say("What speaks for each. It is evidence, not an order: an answer can itself spread the matter."))
    weighed = alert_views.evidence_said(crisis, say)
    st.dataframe(weighed, hide_index=True, key="evidence", alt=say("What speaks for answering and for watching."))
    for sentence in alert_views.answers_said(crisis, say):
        st.markdown("- " + sentence)

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
