"""Numbers that explain themselves."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from explorer.answers import Outlook
from explorer.fact import Fact
from explorer.phrases import MEANINGS, REASONS, WARNINGS
from explorer.ui.links import link
from explorer.ui.text import plain
from explorer.words import Words


def fact(number: Fact, label: str, shown: str, meaning: str, say: Words, *, interval: str = "") -> None:
    """Show one number with its interval, and behind a button all that is needed to trust or to doubt it.

    `interval`: lo … hi as the reader sees them; if left out, they are doublings.
    """
    with st.container(border=True, height="stretch"):
        st.metric(label, shown)
        if number.lo is not None and number.hi is not None and number.level is not None:
            span = interval or _span(number, say)
            st.caption(say("{level} interval: {span}", level=say.percent(number.level, 0), span=span))
        with st.popover(say("How is this known?"), type="tertiary", icon=":material/help:"):
            st.markdown(meaning)
            for name, text in _evidence(number, say):
                st.markdown(f"**{name}** {plain(text)}")
            for code in number.warnings:
                st.markdown(":material/warning: " + say(WARNINGS[code]))
            link("method", say("How it is made"), icon=":material/menu_book:", m=number.method)


def _span(number: Fact, say: Words) -> str:
    """Return the interval of a number in its own unit."""
    if number.unit == "doublings":
        return say.span(number.lo, number.hi)
    shown = say.percent if number.unit == "share" else say.number
    return f"{shown(number.lo, 0)} … {shown(number.hi, 0)}"


def _evidence(number: Fact, say: Words) -> list[tuple[str, str]]:
    lines = []
    if number.n is not None:
        counted = {
            "people": say("people, counted once a period"),
            "voices": say("people"),
            "posts": say("posts"),
            "weeks": say("weeks"),
            "days": say("days"),
            "periods": say("periods"),
            "verdicts": say("verdicts"),
            "needs": say("needs"),
        }
        lines.append((say("Rests on"), f"{say.number(number.n, 0)} {counted.get(number.n_of, number.n_of)}"))
    if number.period is not None:
        lines.append((say("From … to"), f"{say.date(number.period[0])} … {say.date(number.period[1])}"))
    if number.sources:
        lines.append((say("Sources"), ", ".join(number.sources)))
    if number.fetched_at is not None:
        lines.append((say("Fetched"), say.date(number.fetched_at)))
    if number.corrected is not None:
        lines.append(
            (
                say("Counts"),
                say("people, loud accounts once") if number.corrected else say("every post, loud accounts too"),
            )
        )
    if number.simulated:
        lines.append((say("Data"), say("Example data, simulated")))
    return lines


def gap_meaning(number: Fact, say: Words) -> str:
    """Return what a gap means in plain words."""
    if number.value is None:
        return say(MEANINGS["cannot tell"])
    if number.value >= 0:
        return say(
            "This topic holds {factor} times the share of searches that it holds of people speaking.",
            factor=say.factor(number.value),
        )
    return say(
        "This topic holds {factor} times the share of people speaking that it holds of searches.",
        factor=say.factor(number.value),
    )


def reason(row: pd.Series, say: Words) -> str:
    """Return why the verdict is what it is."""
    return say(REASONS[row["reason"]])


def record(outlook: Outlook, topic: str, say: Words) -> None:
    """Show how well such projections did on the past of this topic: what is promised beside what was kept."""
    rows = []
    sides = ((outlook.projection.search, say("Search")), (outlook.projection.social, say("Posts")))
    for side, name in sides:
        own = side[side["topic"] == topic]
        if len(own):
            first = own.iloc[0]
            rows.append(
                {
                    say("Series"): name,
                    say("Models and their weights"): first["members"],
                    say("80% range held"): say.percent(first.get("coverage-80"), 0),
                    say("95% range held"): say.percent(first.get("coverage-95"), 0),
                    say("Past tests"): int(first["origins"]),
                }
            )
    if rows:
        with st.expander(say("How well this did on the past")):
            st.dataframe(
                pd.DataFrame(rows), hide_index=True, key="record", alt=say("Realised coverage of past projections.")
            )
