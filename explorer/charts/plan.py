"""Charts of time ahead: fan, months of the year, coverage of the past."""

from __future__ import annotations

import altair as alt
import pandas as pd

from explorer.charts.dress import (
    FACTOR,
    GAP,
    GREY,
    dressed,
    time_axis,
)
from explorer.words import Words


def fan(
    history: pd.DataFrame, future: pd.DataFrame, words: Words, *, colour: str, title: str, factor: bool = False
) -> alt.LayerChart:
    """History solid, projection dashed in bands of 80 and 95 %, a rule where the projection starts.

    Parameters
    ----------
    history : `date`, `value`. future : `date`, `median`, `lo80`, `hi80`, `lo95`, `hi95`.
    factor : write the axis as factors, for a gap in doublings.
    """
    axis = alt.Axis(labelExpr=FACTOR, tickCount=5) if factor else alt.Axis(tickCount=5)
    zero = not factor
    y = alt.Y("value:Q", title=title, axis=axis, scale=alt.Scale(zero=zero))
    past = alt.Chart(history).mark_line(color=colour, strokeWidth=1.8).encode(x=time_axis(), y=y)
    base = alt.Chart(future).encode(x=time_axis())
    tips = [
        alt.Tooltip("date:T", title=words("Date")),
        alt.Tooltip("median:Q", title=words("Median"), format=".2f"),
        alt.Tooltip("lo80:Q", title=words("80 % from"), format=".2f"),
        alt.Tooltip("hi80:Q", title=words("80 % to"), format=".2f"),
    ]
    bands = [
        base.mark_area(opacity=0.16, color=colour).encode(y=alt.Y("lo95:Q", title=title), y2="hi95:Q"),
        base.mark_area(opacity=0.28, color=colour).encode(y="lo80:Q", y2="hi80:Q"),
        base.mark_line(color=colour, strokeDash=[5, 3], strokeWidth=2).encode(y="median:Q", tooltip=tips),
    ]
    today = alt.Chart(future.head(1)).mark_rule(color=GREY, strokeDash=[2, 2]).encode(x="date:T")
    last = future.tail(1)
    labels = [
        alt.Chart(last)
        .mark_text(align="right", dx=-2, dy=-6, fontSize=10, color=GREY)
        .encode(x="date:T", y="hi80:Q", text=alt.value("80 %")),
        alt.Chart(last)
        .mark_text(align="right", dx=-2, dy=-6, fontSize=10, color=GREY)
        .encode(x="date:T", y="hi95:Q", text=alt.value("95 %")),
    ]
    layers = [*bands, past, today, *labels]
    if factor:
        layers.insert(0, alt.Chart(pd.DataFrame({"y": [0.0]})).mark_rule(strokeDash=[4, 3], color=GREY).encode(y="y:Q"))
    return dressed(alt.layer(*layers).properties(height=200), words)


def months(values: pd.DataFrame, words: Words, *, title: str) -> alt.LayerChart:
    """Months x topics, each topic against its own year mean: when it is searched more than usual.

    Parameters
    ----------
    values : `label`, `month` (1..12), `month_name`, `deviation` (doublings from the topic's mean).
    """
    order = list(dict.fromkeys(values.sort_values("month")["month_name"]))
    reach = max(0.5, float(values["deviation"].abs().max()))
    base = alt.Chart(values).encode(
        x=alt.X("month_name:N", sort=order, title=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("label:N", title=None, sort=list(dict.fromkeys(values["label"])), axis=alt.Axis(labelLimit=220)),
    )
    cells = base.mark_rect().encode(
        color=alt.Color(
            "deviation:Q",
            title=title,
            scale=alt.Scale(scheme="blueorange", domain=[-reach, 0, reach], reverse=True),
            legend=alt.Legend(orient="top", labelExpr=FACTOR, tickCount=3),
        ),
        tooltip=[
            alt.Tooltip("label:N", title=words("Topic")),
            alt.Tooltip("month_name:N", title=words("Month")),
            alt.Tooltip("deviation:Q", title=words("Against its mean (doublings)"), format="+.2f"),
        ],
    )
    return dressed(alt.layer(cells).properties(height=alt.Step(26)), words)


def coverage_strip(coverage: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Source x period: complete, partial or missing; what is not complete is never read as silence.

    Parameters
    ----------
    coverage : `name`, `start`, `end`, `status`, `status_words`, `rows`.
    """
    states = {"complete": GAP, "partial": "#E69F00", "capped": "#CC79A7", "missing": GREY}
    named = dict(zip(coverage["status"], coverage["status_words"], strict=True))
    shown = [s for s in states if s in named]
    chart = (
        alt.Chart(coverage)
        .mark_bar(height=18)
        .encode(
            x=alt.X("start:T", title=None, axis=alt.Axis(tickCount=6, format="%b %y", labelFlush=True)),
            x2="end:T",
            y=alt.Y("name:N", title=None, axis=alt.Axis(labelLimit=220)),
            color=alt.Color(
                "status_words:N",
                title=None,
                scale=alt.Scale(domain=[named[s] for s in shown], range=[states[s] for s in shown]),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=[
                alt.Tooltip("name:N", title=words("Source")),
                alt.Tooltip("start:T", title=words("From")),
                alt.Tooltip("end:T", title=words("To")),
                alt.Tooltip("status_words:N", title=words("State")),
                alt.Tooltip("rows:Q", title=words("Values"), format=",.0f"),
            ],
        )
    )
    return dressed(alt.layer(chart).properties(height=alt.Step(34)), words)
