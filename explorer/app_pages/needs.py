"""Needs: what do people ask that nobody says, and that we do not answer?"""

import streamlit as st

from explorer import charts, need_views, ui
from explorer.words import Words

SHOWN = 15

say: Words = ui.words()
study = ui.study()
ui.page_head(study, say)
heading = st.empty()
names: dict[need_views.By, str] = {"unserved": say("Our pages"), "unspoken": say("Posts")}
by: need_views.By = (
    st.segmented_control(
        say("Looked for in"), list(names), default="unserved", format_func=lambda b: names[b], key="by",
        bind="query-params", required=True,
    )
    or "unserved"
)  # fmt: skip
with ui.answering(say, say("Needs")), st.spinner(say("Finding the needs")):
    if by == "unserved":  # pages answer before the posts are read
        heading.title(need_views.headline(ui.needs_of(study, posts=False), by, say))
    answer = ui.needs_of(study)
finding = need_views.headline(answer, by, say)
heading.title(finding)
st.markdown(
    say(
        "What people type, gathered into needs. Left of the line nothing answers them, most likely; right of it something does."
    )
)
table = need_views.ranked(answer, by, say)

with st.grid(2, key="facts"):
    number = need_views.lost(answer, by)
    told = (
        say("Searches expected to find no page of yours: volume times the chance that nothing answers.")
        if by == "unserved"
        else say("Searches on needs that no post is expected to speak of: volume times the chance that nothing does.")
    )
    ui.fact(number, say("Searches a month without an answer"), say.number(number.value, 0), told, say)
    share = need_views.sure(answer, by)
    told = say("Mean over all needs of the chance that nothing answers them.")
    ui.fact(share, say("Needs without an answer"), say.percent(share.value, 0), told, say)

for warning in dict.fromkeys(w for w in table["warning"] if w):
    st.warning(warning, icon=":material/warning:")
if not answer.judged[need_views.SIDES[by][0]]:
    st.info(
        say("The chance is the default of another collection until you confirm matches: order first, then look."),
        icon=":material/tune:",
    )

if table.empty:
    st.info(say("Nothing could be looked through: import your pages, or collect posts."))
else:
    first = table.head(SHOWN)
    st.subheader(say("The first {n} of {all}", n=len(first), all=len(table)))
    title = say("Chance of an answer")
    ui.draw(
        ui.chart(charts.chances, first, say, title=title), finding, need_views.shown(table, say), say, key="chances"
    )
    st.caption(
        say(
            "Searches a month after each name. Triangle left: nothing answers it; right: something does; circle: cannot tell. "
            "Bar: 90% interval."
        )
    )

    st.subheader(say("Is this an answer?"))
    places = list(table.index)
    chosen = st.selectbox(say("Need"), places, format_func=lambda i: str(table.at[i, "name"]), key="need")
    picked = table.loc[chosen]
    st.markdown(
        say("{volume} searches a month · {about} · {verdict} ({sure})",
            volume=picked["volume_words"], about=picked["about"], verdict=picked["verdict_words"], sure=picked["sure_words"])
    )  # fmt: skip
    st.caption(say("When: {when} · Where: {where}", when=picked["when"], where=picked["where"]))
    ui.confirm(study, answer, picked, by, say)

ui.further(study, answer, say)

with st.container(horizontal=True, key="next"):
    ui.link("gaps", say("See the gaps"), icon=":material/compare_arrows:")
    ui.link("method", say("How it is made"), icon=":material/menu_book:", m="needs")
    ui.export_needs(answer, say)
