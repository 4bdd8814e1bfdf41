"""The plan: a campaign is dragged into a window, or typed, and kept beside the study."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from explorer import charts
from explorer.answers import Outlook
from explorer.campaign_views import campaign_table, days_known, plan_rows, prospect_sentences
from explorer.campaigns import Campaign, drop_campaign, keep_campaign
from explorer.proposals import slug
from explorer.study import Study
from explorer.ui.drawing import chart
from explorer.ui.session import folder_of
from explorer.ui.text import plain
from explorer.views import labels
from explorer.words import Words
from sources.errors import SourceError

_CHOICE, _SAID, _CHANGED = "campaign_choice", "campaign_said", "campaign_changed"
_FIELDS = ("name", "dates", "topics", "channel", "note")


@st.fragment
def campaigns(opened: Study, outlook: Outlook, planned: Sequence[Campaign], topic: str, say: Words) -> None:
    """Draw the plan: its chart to drag on, the fields of one campaign, and what is planned as a table.

    A drag reruns only this part; keeping or removing a campaign reruns the page, whose charts show it.
    """
    if st.session_state.pop(_CHANGED, False):
        st.rerun()
    names = labels(opened, say.language)
    known = {c.id: c for c in planned}
    if st.session_state.get(_CHOICE, "") not in known:
        st.session_state[_CHOICE] = ""
    if "campaign_name" not in st.session_state:
        _fill(known, topic, outlook)
    st.caption(
        say(
            "Drag across the chart, best inside a window to act: the span becomes the dates of your campaign, and can be "
            "dragged along. The fields below do the same by keyboard."
        )
    )
    chosen = _choose(known, topic, outlook, say)
    _drag(opened, outlook, planned, known.get(chosen), say)
    _fields(opened, names, say)
    draft = _draft(chosen)
    if draft is not None:
        for told in prospect_sentences(outlook, draft, say):
            st.markdown("- " + plain(told))
    with st.container(horizontal=True, key="campaign_buttons"):
        label = say("Keep the changes") if chosen else say("Keep this campaign")
        st.button(
            label, icon=":material/save:", type="primary", key="campaign_keep", disabled=draft is None,
            on_click=_keep, args=(folder_of(opened), draft, topic, outlook),
        )  # fmt: skip
        if chosen:
            st.button(
                say("Remove it"), icon=":material/delete:", key="campaign_remove",
                on_click=_remove, args=(folder_of(opened), chosen, topic, outlook),
            )  # fmt: skip
    if error := st.session_state.pop(_SAID, ""):
        st.error(plain(error), icon=":material/error:")
    if opened.simulated:
        st.caption(say("What is planned on the example lasts as long as this session: make a study to keep a plan."))
    if planned:
        told = say("What is planned, topic by topic, with the chance that the gap is open at its lowest.")
        table = campaign_table(outlook, planned, say)
        st.dataframe(table, hide_index=True, key="campaign_table", alt=told, column_config=_formats(table))


def _choose(known: dict[str, Campaign], topic: str, outlook: Outlook, say: Words) -> str:
    """Draw which campaign is worked on; '' for a new one."""
    if not known:
        return ""
    names = {"": say("A new one")} | {i: campaign.name for i, campaign in known.items()}
    chosen = st.selectbox(
        say("Campaign"), list(names), format_func=lambda i: names[i],
        key=_CHOICE, on_change=_fill, args=(known, topic, outlook),
    )  # fmt: skip
    return str(chosen)


def _drag(opened: Study, outlook: Outlook, planned: Sequence[Campaign], edited: Campaign | None, say: Words) -> None:
    """Draw the chart of the plan; a span dragged on it becomes the dates."""
    first, last = outlook.projection.now, outlook.projection.gap["ds"].max()
    rows = plan_rows(outlook, planned, days_known(opened, first, last, say), say)
    if rows.empty:
        st.info(say("Nowhere ahead is a window to act, and no day ahead is known: type the dates below."))
        return
    key = f"plan_{edited.id if edited else ''}_{len(planned)}"
    drawn = chart(charts.plan, rows, say, dragged=(edited.start, edited.end) if edited else None)
    told = say("Campaigns, windows to act in, own events and public holidays over the time that is projected.")
    st.vega_lite_chart(drawn, key=key, alt=told, on_select=lambda: _dragged(key), selection_mode="when")
    with st.expander(say("The same as a table")):
        st.dataframe(rows.drop(columns="kind"), hide_index=True, key="plan_table", alt=told)


def _dragged(key: str) -> None:
    """Take the dates of the span that was dragged, to the nearest day."""
    picked = st.session_state[key]["selection"].get("when") or {}
    edges = picked.get("date")
    if not edges:
        return
    # The browser counts in its own time zone: the nearest midnight in UTC is the day that was meant.
    first, last = (pd.Timestamp(e, unit="ms").round("D").date() for e in (min(edges), max(edges)))
    st.session_state["campaign_dates"] = (first, max(first, last - timedelta(days=1)))


def _fields(opened: Study, names: dict[str, str], say: Words) -> None:
    left, right = st.columns(2)
    with left:
        st.text_input(say("Name of the campaign"), key="campaign_name", max_chars=80)
        style = "DD/MM/YYYY"
        st.date_input(say("First and last day"), key="campaign_dates", format=style)
        st.text_input(say("Channel"), key="campaign_channel", max_chars=80)
    with right:
        st.multiselect(
            say("Topics"), [t.id for t in opened.topics], format_func=lambda t: names[t], key="campaign_topics"
        )
        st.text_area(say("Note"), key="campaign_note", max_chars=1000, height=100)


def _draft(chosen: str) -> Campaign | None:
    """Return the campaign that the fields describe; None while a name, a last day or a topic is missing."""
    given: dict[str, Any] = {f: st.session_state.get(f"campaign_{f}") for f in _FIELDS}
    days = given["dates"]
    if not str(given["name"] or "").strip() or not given["topics"] or not isinstance(days, tuple) or len(days) != 2:
        return None
    name = str(given["name"]).strip()
    return Campaign(
        chosen, name, days[0], days[1], tuple(given["topics"]), str(given["channel"] or ""), str(given["note"] or "")
    )


def _fill(known: dict[str, Campaign], topic: str, outlook: Outlook) -> None:
    """Put a campaign, or the beginning of a new one, into the fields."""
    campaign = known.get(st.session_state.get(_CHOICE, ""))
    now = outlook.projection.now.date()
    first = max(now, datetime.now(UTC).date()) if _near(now) else now
    given = campaign or Campaign("", "", first + timedelta(days=7), first + timedelta(days=20), (topic,))
    values = (given.name, (given.start, given.end), list(given.topics), given.channel, given.note)
    for field, value in zip(_FIELDS, values, strict=True):
        st.session_state[f"campaign_{field}"] = value


def _near(now: date) -> bool:
    return (datetime.now(UTC).date() - now).days < 60


def _keep(folder: Path, draft: Campaign, topic: str, outlook: Outlook) -> None:
    if not draft.id:  # a name can be given twice, an identity cannot
        draft = Campaign(f"{slug(draft.name)}-{secrets.token_hex(3)}", *list(vars(draft).values())[1:])
    _change(lambda: keep_campaign(folder, draft), topic, outlook)


def _remove(folder: Path, chosen: str, topic: str, outlook: Outlook) -> None:
    _change(lambda: drop_campaign(folder, chosen), topic, outlook)


def _change(write: Callable[[], None], topic: str, outlook: Outlook) -> None:
    """Change the plan and empty the fields; what was refused is said, and the fields stay as they are."""
    try:
        write()
    except SourceError as error:
        st.session_state[_SAID] = str(error)
        return
    st.session_state[_CHOICE], st.session_state[_CHANGED] = "", True
    _fill({}, topic, outlook)


def _formats(table: pd.DataFrame) -> dict[str, Any]:
    formats: dict[str, Any] = {}
    for column in table.columns:
        if pd.api.types.is_datetime64_any_dtype(table[column]):
            formats[column] = st.column_config.DateColumn(column, format="YYYY-MM-DD")
        elif pd.api.types.is_float_dtype(table[column]):
            formats[column] = st.column_config.NumberColumn(column, format="percent")
    return formats
