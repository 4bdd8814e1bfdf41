"""Charts of what a series is made of: its trend with the bends, and the week or the year around it."""

from __future__ import annotations

import altair as alt
import pandas as pd

from explorer.charts.dress import GREY, SEARCH, dressed, time_axis
from explorer.words import Words

#: Bends drawn; the smaller ones would only crowd the line.
BENDS = 5


def trend(path: pd.DataFrame, changepoints: pd.DataFrame, words: Words, *, title: str) -> alt.LayerChart:
    """Values as dots, the trend through them, a rule where it bends.

    Parameters
    ----------
    path : `ds`, `actual`, `trend`. changepoints : `ds`, `change`, strongest first.
    """
    frame = path.rename(columns={"ds": "date"})
    y = alt.Y("trend:Q", title=title, scale=alt.Scale(zero=False))
    dots = alt.Chart(frame.dropna(subset="actual")).mark_circle(color=GREY, size=10).encode(x=time_axis(), y="actual:Q")
    tips = [
        alt.Tooltip("date:T", title=words("Date")),
        alt.Tooltip("trend:Q", title=words("Trend"), format=".2f"),
    ]
    line = alt.Chart(frame).mark_line(color=SEARCH, strokeWidth=2.2).encode(x=time_axis(), y=y, tooltip=tips)
    bends = changepoints.head(BENDS).rename(columns={"ds": "date"})
    rules = alt.Chart(bends).mark_rule(color=GREY, strokeDash=[4, 3]).encode(x="date:T")
    return dressed(alt.layer(dots, line, rules).properties(height=220), words)


def season(cycle: pd.DataFrame, words: Words, *, title: str, factors: bool) -> alt.LayerChart:
    """One season, from the start of its cycle to the end, around what is usual.

    Parameters
    ----------
    cycle : `position` [days], `effect` (a factor, or an amount).
    """
    effect = alt.Y("effect:Q", title=title, scale=alt.Scale(zero=False))
    tips = [alt.Tooltip("position:Q", title=words("Day"), format=".0f"), alt.Tooltip("effect:Q", format=".2f")]
    line = (
        alt.Chart(cycle)
        .mark_line(color=SEARCH, point=len(cycle) < 30)
        .encode(x=alt.X("position:Q", title=words("Day")), y=effect, tooltip=tips)
    )
    usual = (
        alt.Chart(pd.DataFrame({"y": [1.0 if factors else 0.0]}))
        .mark_rule(color=GREY, strokeDash=[4, 3])
        .encode(y="y:Q")
    )
    return dressed(alt.layer(usual, line).properties(height=180), words)
