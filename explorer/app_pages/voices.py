"""Voices: who is speaking, and does it stand for more?"""

import streamlit as st

from explorer import charts, ui, voice_views
from explorer.voice_phrases import NOT_MEASURED, TIES
from explorer.words import Words

say: Words = ui.words()
study = ui.study()
ui.page_head(study, say)
with ui.answering(say, say("Voices")), st.spinner(say("Counting who speaks")):
    ui.both_sides(study, say)
    answer = ui.speakers_of(study)

st.title(voice_views.voices_headline(answer, say))
st.markdown(
    say(
        "A few accounts can sound like a crowd. Every topic is shown raw, as dashboards count, beside one person, one voice."
    )
)

with st.grid(3, key="facts"):
    number = answer.fact("voices2")
    meaning = say("As many people writing equally much would be as diverse as those who wrote.")
    span = voice_views.interval(answer, "voices2", say)
    ui.fact(number, say("Effective number of voices"), say.number(number.value, 0), meaning, say, interval=span)
    number = answer.fact("top10")
    meaning = say("Of all posts on these topics, the part that the most active tenth of people wrote.")
    span = voice_views.interval(answer, "top10", say)
    ui.fact(number, say("Written by the most active 10%"), say.percent(number.value, 0), meaning, say, interval=span)
    number = answer.fact("repeated")
    meaning = say(
        "Posts with the same words or the same link by several accounts within minutes; each group counts as one voice."
    )
    ui.fact(number, say("Coordinated repetition"), say.percent(number.value, 2), meaning, say)

st.subheader(say("Every topic, raw and corrected"))
finding = voice_views.inflated_sentence(answer, say)
st.markdown(finding)
shares = voice_views.shares(answer, say)
table = voice_views.voices_table(answer, say)
ui.draw(ui.chart(charts.dumbbell, shares, say), finding, table, say, key="dumbbell")
st.caption(
    say(
        "Square: share of all posts. Circle: share of people, with its 90% interval. The longer the line, the louder a few."
    )
)

st.subheader(say("How the posts are spread over people"))
if answer.spread is None:
    st.info(say("Too few people speak to say how the voices are spread."))
else:
    told = voice_views.voices_headline(answer, say)
    ui.draw(ui.chart(charts.concentration_curve, answer.curve, say), told, answer.curve, say, key="curve")
    st.caption(say("On the dashed line everyone writes as much; the further above, the fewer speak for the rest."))

st.subheader(say("Coordinated repetition"))
bursts = voice_views.bursts_table(answer, say)
if bursts.empty:
    st.info(say("No accounts were found repeating the same words or links within minutes."))
else:
    told = say("Bursts found: {n}. Groups behind them: {groups}.", n=len(bursts), groups=len(answer.repetition.groups))
    st.markdown(told)
    st.dataframe(bursts, hide_index=True, key="bursts", alt=told)

st.subheader(say("Communities"))
tie = st.segmented_control(
    say("What ties people"),
    list(TIES),
    default="answers",
    required=True,
    format_func=lambda t: say(TIES[t]),
    key="ties",
    bind="query-params",
)
with ui.answering(say), st.spinner(say("Looking for communities")):
    circles = ui.circles_of(study, links=tie == "links")
if circles.found is not None and circles.conflict is not None:
    told = voice_views.circles_headline(circles, say)
    st.markdown(told)
    st.dataframe(voice_views.circles_table(circles, say), hide_index=True, key="circles", alt=told)
    known = say.percent(circles.known, 0)
    st.caption(say("Rests on {people} people; {known} of their ties lead to somebody whose posts were collected.",
                   people=say.number(circles.people, 0), known=known))  # fmt: skip
    st.subheader(say("What people around one make believe"))
    told = say("Share of people most of whose contacts speak of a topic, beside the share who speak of it.")
    st.markdown(told)
    st.dataframe(voice_views.illusions_table(circles, say), hide_index=True, key="illusions", alt=told)
consensus = voice_views.consensus_table(circles, say)
if len(consensus):
    st.subheader(say("What the top posts make believe"))
    told = say("Tone of the 30 posts with most likes beside the tone of people, as labelled by the source.")
    st.markdown(told)
    st.dataframe(consensus, hide_index=True, key="consensus", alt=told)
for note in circles.notes:
    st.caption(say(NOT_MEASURED[note]))

with ui.answering(say):
    ui.audiences(study, say)
ui.who_they_are(study, answer, say)

with st.container(horizontal=True, key="next"):
    ui.link("gaps", say("See the gaps"), icon=":material/compare_arrows:")
    ui.link("method", say("How it is made"), icon=":material/menu_book:", m="voices")
    ui.export_voices(answer, say)
