"""Gaps: where do people search but not speak?"""

import streamlit as st

from explorer import charts, ui, views
from explorer.sentences import headline, verdict_sentence
from explorer.words import Words

say: Words = ui.words()
study = ui.study()
ui.page_head(study, say)
with ui.answering(say, say("Gaps")):
    panel = ui.both_sides(study, say)
    answer = ui.gaps_of(study)

st.title(headline(answer, say))
st.markdown(
    say("To the right of the line a topic is searched more than people speak of it; to the left, the other way round.")
)
ui.people_switch(panel, say)
ui.show_notes(study, panel, say)

counts = {
    "silent": (say("Clearly searched more"), ":material/visibility_off:"),
    "loud": (say("Clearly spoken of more"), ":material/campaign:"),
    "balanced": (say("Balanced"), ":material/balance:"),
    "cannot tell": (say("Cannot tell"), ":material/help:"),
}
with st.container(horizontal=True, key="verdicts"):
    for verdict, (label, icon) in counts.items():
        st.badge(f"{label}: {say.number(len(answer.of(verdict)), 0)}", icon=icon, color="gray")

table = views.ranking(answer, say)
finding = headline(answer, say)
shown = table.assign(
    **{
        say("Topic"): table["label"],
        say("Verdict"): table["verdict_words"],
        say("Gap (doublings)"): table["gap"].round(2),
        say("From"): table["lo"].round(2),
        say("To"): table["hi"].round(2),
        say("Share of search"): table["share_of_search"].map(lambda x: say.percent(x)),
        say("Share of voice"): table["share_of_voice"].map(lambda x: say.percent(x)),
    }
).iloc[:, -7:]

ranked, mapped = st.tabs([say("Ranking"), say("Map")], key="view", bind="query-params", on_change="rerun")
chosen: list[str] = []
if ranked.open:
    with ranked:
        chosen = ui.draw(ui.chart(charts.forest, table, say), finding, shown, say, key="forest", select=True)
        st.caption(
            say("Thick: 80% interval. Thin: 95%. Triangles point to the side that is clear; a circle cannot tell.")
        )
if mapped.open:
    with mapped:
        ui.draw(ui.chart(charts.quadrant, table, say), finding, shown, say, key="quadrant")
        st.caption(say("On the diagonal a topic holds the same share of searches and of voices."))

first = chosen[0] if chosen else (answer.of("silent") or list(table["topic"]))[0]
label = views.labels(study, say.language).get(first, first)
st.subheader(ui.plain(label))
st.markdown(verdict_sentence(answer, first, say))
with st.container(horizontal=True, key="next"):
    ui.link("topic", say("Look into {topic}", topic=label), icon=":material/arrow_forward:", topic=first)
    ui.link("data", say("Use my own data"), icon=":material/upload_file:")
    ui.export_gaps(answer, say)
