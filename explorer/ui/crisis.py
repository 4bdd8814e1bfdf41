"""The parts of a crisis on the Alerts page: its numbers, its timeline to edit and take away, how it spread, what to weigh."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from explorer import aftermath_views, alert_views, charts, spread_views
from explorer.alert_phrases import BY_SAID, LEVELS_SAID, STAGES_SAID, WHAT_SAID
from explorer.crisis import WHAT, Crisis
from explorer.early_warning import EarlyWarning
from explorer.outputs.timeline import QUOTED, timeline_files, timeline_provenance
from explorer.study import Study
from explorer.timelines import edited, keep, named, restore
from explorer.ui.drawing import chart, draw
from explorer.ui.exports import offer
from explorer.ui.facts import fact
from explorer.ui.session import folder_of
from explorer.ui.states import answering
from explorer.ui.text import plain
from explorer.words import Words


def show_numbers(crisis: Crisis, warned: EarlyWarning, say: Words) -> None:
    """Show severity, doubling time, half-life and the part of small accounts."""
    severe, double, life, small = (
        alert_views.severity_fact(crisis, warned),
        aftermath_views.doubling_fact(crisis, warned),
        alert_views.half_life_fact(crisis, warned),
        alert_views.small_fact(crisis, warned),
    )
    with st.grid(4, key="facts", min_column_width=150):
        level = say(LEVELS_SAID[crisis.severity.level])
        meaning = say("Against the topic's own past year; 40 is an alert, 70 a crisis.")
        parts = alert_views.severity_parts(crisis, say)
        fact(severe, say("Severity: {level}", level=level), say.number(severe.value, 0), f"{meaning}\n\n{parts}", say)
        hours = "–" if double.value is None else say("{n} h", n=say.number(double.value, 0))
        fact(double, say("Doubling time"), hours, say("While it grew, until two periods after the alert."), say)
        hours = "–" if life.value is None else say("{n} h", n=say.number(life.value, 0))
        fact(life, say("Half-life"), hours, say("From the peak until half of what came after it was spent."), say)
        told = say("Share of what was passed on that goes back to accounts below 10,000 followers.")
        fact(small, say("Due to small accounts"), say.percent(small.value, 0), told, say)


def told_of(opened: Study, crisis: Crisis, say: Words) -> pd.DataFrame:
    """Return the timeline of a crisis as people left it."""
    return named(edited(crisis.timeline, folder_of(opened), str(crisis.event["id"])), opened, say.language)


def show_timeline(opened: Study, crisis: Crisis, told: pd.DataFrame, say: Words) -> None:
    """Show the numbered events in words, with a way to change them and to take them away."""
    lines = []
    for row in told.itertuples():
        quoted = f" – {plain(row.text[:QUOTED])}" if row.text else ""
        by = "" if row.by == "computed" else f" *({say(BY_SAID[row.by])})*"
        lines.append(f"{row.n}. {say.date(row.at)} {row.at:%H:%M} · **{say(WHAT_SAID[row.what])}**{quoted}{by}")
    st.markdown("\n".join(lines))
    st.caption(say("Times are UTC. The numbers are those of the flags in the chart."))
    event, now = str(crisis.event["id"]), datetime.now(UTC)
    with st.container(horizontal=True, key="timeline_tools"):
        with st.popover(say("Change the timeline"), icon=":material/edit:"):
            changed = len(told) != len(crisis.timeline) or bool((told["by"] != "computed").any())
            _change(opened, event, told, say, changed=changed)
        words = Words(say.language)
        files = timeline_files(told, opened, event, words, now)
        offer(files, timeline_provenance(opened, event, words, now).command, say)


def _change(opened: Study, event: str, told: pd.DataFrame, say: Words, *, changed: bool) -> None:
    """Draw the editor; what is changed is appended to the file beside the study."""
    names = {say(WHAT_SAID[what]): what for what in WHAT}
    shown = told[["at", "what", "text", "key"]].assign(what=told["what"].map(lambda w: say(WHAT_SAID[w])))
    shown["at"] = shown["at"].dt.tz_localize(None)
    # After a change the editor begins anew with what was kept.
    turn = st.session_state.setdefault("timeline_turn", 0)
    with st.form(f"timeline form {turn}", border=False):
        after = st.data_editor(
            shown, hide_index=True, num_rows="dynamic", key=f"timeline {event} {turn}", column_order=["at", "what", "text"],
            column_config={
                "at": st.column_config.DatetimeColumn(say("When"), format="YYYY-MM-DD HH:mm", required=True),
                "what": st.column_config.SelectboxColumn(say("Event"), options=list(names), required=True),
                "text": st.column_config.TextColumn(say("In words")),
            },
            alt=say("The timeline, to edit: add, change or delete rows."),
        )  # fmt: skip
        st.caption(say("Times are UTC. Changes are kept beside the study; what was computed stays below them."))
        if st.form_submit_button(say("Keep the changes"), icon=":material/save:", type="primary"):
            with answering(say):
                after = after.assign(what=after["what"].map(names))
                keep(folder_of(opened), event, told, after, datetime.now(UTC))
                st.session_state["timeline_turn"] = turn + 1
                st.rerun()
    label = say("Back to what was computed")
    if changed and st.button(label, icon=":material/undo:", key="timeline_restore"):
        with answering(say):
            restore(folder_of(opened), event, datetime.now(UTC))
            st.session_state["timeline_turn"] = turn + 1
            st.rerun()


def show_spread(crisis: Crisis, say: Words) -> None:
    """Show from which post it went, through whom, from where, and by which communities."""
    st.markdown(alert_views.spread_sentence(crisis, say))
    nodes, links = alert_views.tree_frames(crisis, say)
    if len(links):
        told = say("The largest cascade as a tree: each point a post, each line to the post it was taken from.")
        draw(chart(charts.tree, nodes, links, say), told, nodes.drop(columns=["y", "size"]), say, key="tree")
    sizes = alert_views.tiers_said(crisis, say)
    if sizes["credit"].notna().any():
        told = say("Who carried it: the spread due to accounts of each size, beside their share of posts.")
        draw(chart(charts.carried, sizes, say), told, sizes.drop(columns="group"), say, key="carried")
    if len(crisis.countries):
        where = spread_views.countries_frame(crisis, say)
        told = spread_views.countries_told(crisis, say)
        st.markdown(told)
        st.vega_lite_chart(chart(charts.country_map, where, say), key="country_map", alt=told)
        table = where.drop(columns=["country"]).head(spread_views.COUNTRIES)
        draw(chart(charts.country_dots, table, say), told, table, say, key="country_dots")
    else:
        st.caption(say("No source of these posts tells a country, so there is no map."))
    groups = aftermath_views.communities_said(crisis, say)
    if len(groups):
        told = say(
            "Communities as their sources name them. Amplification: share of what was passed on, over share of posts."
        )
        st.table(groups.map(lambda cell: plain(str(cell))), hide_index=True, alt=told)
        st.caption(told)
    else:
        st.caption(say("No source of these posts names a community, so none can be compared."))


def show_course(crisis: Crisis, warned: EarlyWarning, say: Words) -> None:
    """Say at which stage it is, whether its level is back, and what became of the followers."""
    st.caption(say("Stage now: {stage}.", stage=say(STAGES_SAID[crisis.stage])))
    st.markdown(f"{aftermath_views.after_said(crisis, say)} {aftermath_views.followers_said(crisis, warned, say)}")


def weigh(crisis: Crisis, say: Words) -> None:
    """Show what speaks for answering and for watching, and what followed each answer."""
    st.caption(say("What speaks for each. It is evidence, not an order: an answer can itself spread the matter."))
    weighed = alert_views.evidence_said(crisis, say)
    st.table(weighed, hide_index=True, alt=say("What speaks for answering and for watching."))
    for sentence in alert_views.answers_said(crisis, say):
        st.markdown("- " + sentence)
