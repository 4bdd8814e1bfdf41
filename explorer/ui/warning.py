"""Alerts on their page: cached alerts and crises, the choice of event, verdicts, what each sensitivity gave."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from explorer.alert_card import Card, explain
from explorer.alert_phrases import TRIGGER_WHY
from explorer.alert_views import events_table, strongest
from explorer.crisis import Crisis, crisis_of
from explorer.drill import drill
from explorer.early_warning import STUDY_BUDGET, EarlyWarning, measured_days, warnings_of
from explorer.fact import Fact
from explorer.kept import kept
from explorer.study import Study, read_study
from explorer.tallies import Tallies
from explorer.ui.answers import key_of
from explorer.ui.facts import fact
from explorer.ui.session import folder_of
from explorer.verdicts import precision, say_verdict, verdicts
from explorer.words import Words

_SENSITIVITIES = ("fewer", "balanced", "more")


@st.cache_data(max_entries=12, ttl="2h", show_spinner=False)
@kept
def _warned(path: str, version: str, study_text: str, *, sensitivity: str) -> EarlyWarning:
    return warnings_of(read_study(path), sensitivity=sensitivity)


@st.cache_data(max_entries=24, ttl="2h", show_spinner=False)
@kept
def _explained(
    path: str, version: str, study_text: str, *, sensitivity: str, event: str, side: str
) -> tuple[Card, Crisis | None, pd.DataFrame]:
    warned = _warned(path, version, study_text, sensitivity=sensitivity)
    tallies = Tallies.of(warned.study)
    card = explain(warned, event, tallies)
    known = side == "posts" and len(card.posts) > 0
    own = warned.study.brand.get("accounts", ())
    if not known:
        return card, None, pd.DataFrame()
    return card, crisis_of(warned, event, tallies, own=own), drill(warned, tallies, event=event)


@st.cache_data(max_entries=24, ttl="2h", show_spinner=False)
@kept
def _measured(path: str, version: str, study_text: str, *, sensitivity: str) -> tuple[float, float]:
    return measured_days(_warned(path, version, study_text, sensitivity="balanced"), sensitivity)


def first_look(opened: Study) -> None:
    """Work out what the page shows before anything is chosen on it."""
    warned = _warned(*key_of(opened), sensitivity="balanced")
    _measured(*key_of(opened), sensitivity="balanced")
    if (event := strongest(warned)) is not None:
        explained(opened, warned, event)


def choose_sensitivity(opened: Study, say: Words) -> EarlyWarning:
    """Draw the three words, and return the alerts of the one chosen."""
    names = {"fewer": say("Fewer"), "balanced": say("Balanced"), "more": say("More")}
    chosen = st.segmented_control(
        say("How many alerts"), _SENSITIVITIES, format_func=lambda s: names[s], default="balanced", key="sensitivity",
        bind="query-params", required=True,
    )  # fmt: skip
    word = str(chosen or "balanced")
    found = _warned(*key_of(opened), sensitivity=word)
    seen, announced = _measured(*key_of(opened), sensitivity=word)
    rate = 30.4 / STUDY_BUDGET[word]
    said = say("{rate} false alarms a month are announced for the whole study", rate=say.number(rate, 1))
    if announced:
        measured = say.number(rate * seen / announced, 1)
        said += say("; quiet copies of its own series gave {measured}", measured=measured)
    st.caption(said + ".")
    return found


def show_sensitivities(opened: Study, say: Words) -> None:
    """Show for each of the three words what it announces, and what quiet copies of these very series gave."""
    names = {"fewer": say("Fewer"), "balanced": say("Balanced"), "more": say("More")}
    rows = []
    for word in _SENSITIVITIES:
        seen, announced = _measured(*key_of(opened), sensitivity=word)
        rate = 30.4 / STUDY_BUDGET[word]
        rows.append(
            {
                say("How many alerts"): names[word],
                say("False alarms a month, announced"): round(rate, 2),
                say("Measured on quiet copies"): round(rate * seen / announced, 2) if announced else None,
                say("False alarms seen"): int(seen),
                say("False alarms expected"): round(announced, 1),
            }
        )
    told = say("False alarms of the whole study a month, announced and measured on quiet copies of its own series.")
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="sensitivities", alt=told)
    st.caption(told)


def choose_event(warned: EarlyWarning, say: Words) -> str:
    """Draw the choice of event, bound to the URL; the one that stands out most comes first."""
    ids = list(warned.events["id"])
    names = {
        r.id: f"{say.date(r.at)} · {warned.study.named(r.label, say.language)} · "
        + (say("Search") if r.side == "search" else say("Posts"))
        for r in warned.events.itertuples()
    }
    asked = st.query_params.get("event", "")
    first = asked if asked in ids else strongest(warned)
    index = ids.index(first) if first in ids else 0
    chosen = st.selectbox(say("Alert"), ids, format_func=lambda i: names[i], index=index, key="event_choice")
    st.query_params["event"] = chosen
    return str(chosen)


def explained(opened: Study, warned: EarlyWarning, event: str) -> tuple[Card, Crisis | None, pd.DataFrame]:
    """Return the card of an event and, on the side of posts, its crisis and what told of it how soon."""
    side = str(warned.events.loc[warned.events["id"] == event, "side"].iloc[0])
    word = next(w for w, days in STUDY_BUDGET.items() if days == warned.days_per_false_alarm)
    return _explained(*key_of(opened), sensitivity=word, event=event, side=side)


def judge(opened: Study, warned: EarlyWarning, event: str, say: Words) -> None:
    """Ask whether an alert was worth it, keep the answer, and show the precision of all that were judged."""
    folder = folder_of(opened)
    given = verdicts(folder)
    names = {"real": say("Worth it"), "false": say("False alarm"), "unsure": say("Unsure")}
    chosen = st.segmented_control(
        say("Was this alert worth it?"), list(names), format_func=lambda v: names[v], default=given.get(event),
        key=f"verdict {event}",
    )  # fmt: skip
    if chosen and chosen != given.get(event):
        say_verdict(folder, event, str(chosen), datetime.now(UTC))
        given = verdicts(folder)
    found = precision({e: v for e, v in given.items() if e in set(warned.events["id"])})
    if found.value is None:
        st.caption(say("No alert has been judged yet: with your verdicts, the share of real ones stands here."))
    else:
        number = Fact(
            found.value, "share", method="alerts", lo=found.lo, hi=found.hi, level=found.level, n=found.judged,
            n_of="verdicts", simulated=opened.simulated,
        )  # fmt: skip
        fact(
            number,
            say("Alerts that were worth it"),
            say.percent(found.value, 0),
            say("Of those that were judged."),
            say,
        )


def list_events(opened: Study, warned: EarlyWarning, say: Words) -> None:
    """Show every event and every scenario that fired, as tables."""
    table = events_table(warned, verdicts(folder_of(opened)), say)
    st.dataframe(table, hide_index=True, key="all_events", alt=say("All alerts, newest first."))
    fired = warned.triggers
    if len(fired):
        st.subheader(say("Scenarios that fired"))
        shown = pd.DataFrame(
            {
                say("When"): fired["at"].dt.strftime("%Y-%m-%d %H:%M"),
                say("Scenario"): fired["scenario"],
                say("Why"): fired["why"].map(lambda w: say(TRIGGER_WHY[w])),
                say("People"): fired["authors"],
                say("Severity"): fired["severity"],
                say("Owner"): fired["owner"],
            }
        )
        st.dataframe(shown, hide_index=True, key="scenarios", alt=say("Scenarios that fired, newest first."))
