"""Topic: what is going on here, and how sure is it?"""

import streamlit as st

from explorer import charts, timing, ui, views, voice_views
from explorer.sentences import verdict_sentence
from explorer.words import Words

say: Words = ui.words()
study = ui.study()
ui.page_head(study, say)
with ui.answering(say, say("Topic")):
    panel = ui.both_sides(study, say)
    answer = ui.gaps_of(study)

topic = ui.choose_topic(answer, say)
label = views.labels(study, say.language).get(topic, topic)
sentence = verdict_sentence(answer, topic, say)
st.title(ui.plain(label))
st.markdown(f"**{sentence}**")
ui.people_switch(panel, say)

row = answer.row(topic)
with st.grid(3, key="facts"):
    gap = answer.fact(topic)
    ui.fact(gap, say("Gap"), say.times(gap.value), ui.gap_meaning(gap, say), say)
    search = answer.fact(topic, "share_of_search")
    ui.fact(
        search,
        say("Share of search"),
        say.percent(search.value),
        say("Of all searches for the topics of this panel."),
        say,
    )
    voice = answer.fact(topic, "share_of_voice")
    spoken = say("Of all people who speak of the topics of this panel, period by period.")
    counted = spoken if answer.corrected else say("Of all posts on the topics of this panel.")
    ui.fact(voice, say("Share of voice"), say.percent(voice.value), counted, say)
st.caption(ui.reason(row, say))
ui.volume(study, panel, topic, say)

st.subheader(say("Searched and spoken of, each against its own first year"))
both = views.indexed_pair(panel, topic, corrected=answer.corrected)
if both.empty:
    st.info(say("Neither side has a first year to compare with."))
else:
    told = say("Search and posts on {topic} over time, first year = 100.", topic=label)
    ui.draw(ui.chart(charts.indexed, both, say), told, both, say, key="indexed")

st.subheader(say("Who moves first"))
with ui.answering(say):
    for told in timing.mover_sentences(ui.movers_of(study), topic, say):
        st.write(ui.plain(told))
    st.write(timing.trend_sentence(ui.trends_of(study), topic, say))

st.subheader(say("How the gap has moved"))
with ui.answering(say):
    path = ui.path_of(study)
own = path[path["topic"] == topic].rename(columns={"period": "date"})
if own.empty:
    st.info(say("Too few periods to follow the gap through time."))
else:
    ui.draw(ui.chart(charts.gap_band, own, say), sentence, own.drop(columns="topic"), say, key="band")
    st.caption(
        say("Each point is measured on the periods before it; above the line it is searched more than spoken of.")
    )

shifted = ui.topic_movers_of(study, topic)
if len(shifted):
    st.subheader(say("Who moves it"))
    st.markdown(voice_views.movers_sentence(shifted, say))
    told = say("People who speak of {topic} by community, now and before.", topic=label)
    st.dataframe(voice_views.movers_table(shifted, say), hide_index=True, key="movers", alt=told)
    ui.link("voices", say("See the communities"), icon=":material/groups:")

with ui.answering(say):
    ui.conversation(study, answer, topic, say)

ui.explained(study, topic, say)

ui.asked_about(study, topic, label, say)

ui.coming_back(study, topic, say)

posts = ui.sample_of(study, topic)
if len(posts):
    st.subheader(say("Posts that many people met"))
    for post in posts.itertuples():
        with st.container(border=True):
            st.caption(f"{say.date(post.created_at)} · {ui.plain(post.platform)}")
            st.text(post.text)

with st.container(horizontal=True, key="next"):
    ui.link("plan", say("Plan for {topic}", topic=label), icon=":material/event:", topic=topic)
    ui.export_gaps(answer, say)
