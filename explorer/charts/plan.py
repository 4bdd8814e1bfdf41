"""Charts of time ahead: fan, months of the year, coverage of the past."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

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

#: What is marked in time, and its colour; each is named too.
KINDS = {"campaign": "#CC79A7", "window": GAP, "event": "#E69F00", "holiday": GREY}
_DAY = pd.Timedelta(days=1)


def fan(
    history: pd.DataFrame,
    future: pd.DataFrame,
    words: Words,
    *,
    colour: str,
    title: str,
    factor: bool = False,
    marks: pd.DataFrame | None = None,
) -> alt.LayerChart:
    """History solid, projection dashed in bands of 80 and 95 %, a rule where the projection starts.

    Parameters
    ----------
    history : `date`, `value`. future : `date`, `median`, `lo80`, `hi80`, `lo95`, `hi95`.
    factor : write the axis as factors, for a gap in doublings.
    marks : days to mark, `name`, `kind` ("holiday" | "event" | "campaign"), `start`, `end` (last day).
    """
    axis = alt.Axis(labelExpr=FACTOR, tickCount=5) if factor else alt.Axis(tickCount=5)
    zero = not factor
    y = alt.Y("value:Q", title=title, axis=axis, scale=alt.Scale(zero=zero))
    past = alt.Chart(history).mark_line(color=colour, strokeWidth=1.8).encode(x=time_axis(), y=y)
    base = alt.Chart(future).encode(x=time_axis())
    tips = [
        alt.Tooltip("date:T", title=words("Date")),
        alt.Tooltip("median:Q", title=words("Median"), format=".2f"),
        alt.Tooltip("lo80:Q", title=words("80% from"), format=".2f"),
        alt.Tooltip("hi80:Q", title=words("80% to"), format=".2f"),
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
        .encode(x="date:T", y="hi80:Q", text=alt.value(words.percent(0.8, 0))),
        alt.Chart(last)
        .mark_text(align="right", dx=-2, dy=-6, fontSize=10, color=GREY)
        .encode(x="date:T", y="hi95:Q", text=alt.value(words.percent(0.95, 0))),
    ]
    layers = [*bands, past, today, *labels]
    if factor:
        layers.insert(0, alt.Chart(pd.DataFrame({"y": [0.0]})).mark_rule(strokeDash=[4, 3], color=GREY).encode(y="y:Q"))
    if marks is not None and len(marks):
        layers = [*_marked(marks, words), *layers]
    return dressed(alt.layer(*layers).properties(height=200), words)


def plan(rows: pd.DataFrame, words: Words, *, dragged: tuple[date, date] | None = None) -> alt.LayerChart:
    """Campaigns, windows to act, own events and holidays as bars over time; a span of time can be dragged across (`when`).

    Parameters
    ----------
    rows : `row`, `name`, `kind` ("campaign" | "window" | "event" | "holiday"), `start`, `end` (first instant no longer in).
    dragged : the span that is marked from the start.
    """
    given: dict[str, Any] = {}
    if dragged is not None:
        edges = (dragged[0], dragged[1] + timedelta(days=1))
        given["value"] = {"x": [alt.DateTime(year=d.year, month=d.month, date=d.day) for d in edges]}
    when = alt.selection_interval(name="when", encodings=["x"], **given)
    order = list(dict.fromkeys(rows["row"]))
    base = alt.Chart(rows.rename(columns={"start": "date"})).encode(
        x=alt.X("date:T", title=None, axis=alt.Axis(tickCount=8, labelFlush=True, format="%d %b", grid=True)),
        x2="end:T",
        y=alt.Y("row:N", sort=order, title=None, axis=alt.Axis(labelLimit=220, labelOverlap=False)),
        color=alt.Color("kind:N", legend=None, scale=alt.Scale(domain=list(KINDS), range=list(KINDS.values()))),
        tooltip=[
            alt.Tooltip("row:N", title=words("Row")),
            alt.Tooltip("name:N", title=words("Name")),
            alt.Tooltip("date:T", title=words("From")),
        ],
    )
    bars = base.mark_bar(height=14, cornerRadius=2).add_params(when)
    named = rows[rows["kind"].isin(["campaign", "event"])].rename(columns={"start": "date"})
    names = (
        alt.Chart(named)
        .mark_text(align="left", baseline="middle", dx=4, fontSize=11)
        .encode(x="date:T", y=alt.Y("row:N", sort=order), text="name:N")
    )
    # However few the rows are, there must be room to drag in. Drawn on a canvas: as SVG the span that is dragged would be a
    # graphic without a name to a screen reader, which has the table below and the fields instead.
    drawn = alt.layer(bars, names).properties(height=max(26 * len(order) + 40, 96))
    return dressed(drawn.properties(usermeta={"embedOptions": {"renderer": "canvas"}}), words)


def _marked(marks: pd.DataFrame, words: Words) -> list[alt.Chart]:
    """Campaigns and own events as bands named at the top, holidays as ticks at the foot."""
    tips = [
        alt.Tooltip("name:N", title=words("Name")),
        alt.Tooltip("start:T", title=words("From")),
        alt.Tooltip("end:T", title=words("To")),
    ]
    spans = marks[marks["kind"] != "holiday"].assign(date=lambda m: m["start"], until=lambda m: m["end"] + _DAY)
    days = marks[marks["kind"] == "holiday"].assign(date=lambda m: m["start"])
    drawn = []
    if len(spans):
        shade = alt.Color("kind:N", legend=None, scale=alt.Scale(domain=list(KINDS), range=list(KINDS.values())))
        span = alt.Chart(spans).encode(x=time_axis(), x2="until:T", y=alt.value(0), y2=alt.value("height"), color=shade)
        drawn.append(span.mark_rect(opacity=0.2).encode(tooltip=tips))
        name = alt.Chart(spans).encode(x="date:T", y=alt.value(7), text="name:N")
        drawn.append(name.mark_text(align="left", dx=2, fontSize=10, color=GREY))
    if len(days):
        foot = {"x": time_axis(), "y": alt.value({"expr": "height - 8"}), "y2": alt.value("height"), "tooltip": tips}
        drawn.append(alt.Chart(days).mark_rule(color=GREY, strokeWidth=2).encode(**foot))
    return drawn


def months(values: pd.DataFrame, words: Words, *, title: str, planned: pd.DataFrame | None = None) -> alt.LayerChart:
    """Months x topics, each topic against its own year mean: when it is searched more than usual.

    Parameters
    ----------
    values : `label`, `month` (1..12), `month_name`, `deviation` (doublings from the topic's mean).
    planned : `label`, `month`, `names` of the months that hold a campaign: they are marked.
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
    layers: list[alt.Chart] = [cells]
    if planned is not None and len(planned):
        named = planned.merge(values[["label", "month", "month_name"]], on=["label", "month"])
        tips = [alt.Tooltip("names:N", title=words("Campaign"))]
        spot = alt.Chart(named).encode(x=alt.X("month_name:N", sort=order), y="label:N", tooltip=tips)
        layers.append(
            spot.mark_point(shape="diamond", size=70, filled=True, color="#14181B", stroke="white", opacity=1)
        )
    return dressed(alt.layer(*layers).properties(height=alt.Step(26)), words)


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
