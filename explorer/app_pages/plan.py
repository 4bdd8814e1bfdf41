"""Plan: when should we act?"""

import streamlit as st

from explorer import campaign_views, charts, timing, ui, views
from explorer.campaigns import read_campaigns
from explorer.sentences import outlook_sentence, verdict_sentence
from explorer.words import Words

say: Words = ui.words()
study = ui.study()
ui.page_head(study, say)
with ui.answering(say, say("Plan")):
    panel = ui.both_sides(study, say)
    answer = ui.gaps_of(study)

topic = ui.choose_topic(answer, say)
label = views.labels(study, say.language).get(topic, topic)
heading = st.empty()
heading.title(verdict_sentence(answer, topic, say))  # what is known already, while what comes is worked out
ui.people_switch(panel, say)
slot = st.container()
with (
    slot.skeleton(height=600) if hasattr(slot, "skeleton") else st.spinner(say("Projecting search, posts and the gap")),
    ui.answering(say),
):
    outlook = ui.outlook_of(study)
    planned = read_campaigns(ui.folder_of(study))
sentence = outlook_sentence(outlook, topic, say)
heading.title(sentence)

with slot:
    for note in timing.plain_notes(outlook, say, topic):
        st.caption(ui.plain(note))
    voices = say("People who speak") if outlook.corrected else say("Posts")
    sides = {
        "search": (say("Search"), charts.SEARCH, say("Search index") if panel.unit == "index" else say("Searches")),
        "posts": (voices, charts.POSTS, voices),
        "gap": (say("Gap"), charts.GAP, say("Gap")),
    }
    marked = campaign_views.marks(campaign_views.days_to_mark(outlook, say), planned, topic)
    for series, (title, colour, axis) in sides.items():
        past, ahead = views.fan_frames(outlook, topic, series)
        if series == "gap":
            past = views.gap_history(ui.path_of(study), topic)
        st.subheader(title)
        if ahead.empty:
            st.info(say("This side could not be projected."))
            continue
        drawn = ui.chart(charts.fan, past, ahead, say, colour=colour, title=axis, factor=series == "gap", marks=marked)
        ui.draw(drawn, sentence, ahead, say, key=f"fan_{series}")
    st.caption(
        say("Solid: measured. Dashed: median of the projection, with the ranges that hold 80% and 95% of the outcomes.")
    )
    ui.record(outlook, topic, say)

    st.subheader(say("When to act"))
    for told in [*timing.action_sentences(outlook, topic, say), *timing.leader_sentences(outlook, say)]:
        st.write(ui.plain(told))
    st.subheader(say("Your plan"))
    ui.campaigns(study, outlook, planned, topic, say)

    season = views.seasonality(panel, study, say)
    st.subheader(say("When each topic is searched"))
    if season.empty:
        st.info(say("A whole year of searches is needed to see a season."))
    else:
        told = say("Search of each topic by month, against its own mean.")
        months = campaign_views.months_planned(planned, study, say)
        drawn = ui.chart(charts.months, season, say, title=say("against its own mean"), planned=months)
        ui.draw(drawn, told, season.drop(columns="topic"), say, key="months")
        if len(months):
            st.caption(say("A diamond marks a month that holds a campaign of yours."))

with st.container(horizontal=True, key="next"):
    ui.link("topic", say("Look into {topic}", topic=label), icon=":material/arrow_back:", topic=topic)
    ui.export_forecast(outlook, planned, say)
