"""Every chart, in Altair; one function a chart, frames in, chart out. Search is blue, posts are vermilion, everywhere."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

from explorer.words import Words

#: Okabe & Ito (2008). The pair keeps a distance of 92 or more (Delta-E 76) under every kind of colour vision.
SEARCH, POSTS, GAP, GREY = "#0072B2", "#D55E00", "#009E73", "#8A949C"
VERDICT_COLOURS = {"silent": SEARCH, "loud": POSTS, "balanced": GAP, "cannot tell": GREY}
VERDICT_SHAPES = {"silent": "triangle-right", "loud": "triangle-left", "balanced": "diamond", "cannot tell": "circle"}

#: Vega expression that writes a number of doublings as a factor: 1 -> x2.
_FACTOR = (
    "datum.value == 0 ? '=' : '×' + format(pow(2, abs(datum.value)), pow(2, abs(datum.value)) < 10 ? '.2~r' : '.0f')"
)


def forest(table: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Rank topics by gap: thick bar 80 %, thin bar 95 %, point, zero rule.

    Parameters
    ----------
    table : `topic`, `label`, `gap`, `lo80`, `hi80`, `lo95`, `hi95`, `verdict`, `verdict_words`.
    """
    order = list(table["label"])
    pick = alt.selection_point(name="pick", fields=["topic"], on="click", clear=False)
    reach = max(1.0, float(table[["lo95", "hi95"]].abs().max().max()))
    y = alt.Y("label:N", sort=order, title=None, axis=alt.Axis(labelLimit=220, ticks=False, domain=False))
    x_axis = alt.Axis(labelExpr=_FACTOR, tickCount=6, grid=True)
    x = alt.X("gap:Q", title=_sides(words), axis=x_axis, scale=alt.Scale(domain=[-reach * 1.05, reach * 1.05]))
    colour = alt.Color(
        "verdict:N",
        scale=alt.Scale(domain=list(VERDICT_COLOURS), range=list(VERDICT_COLOURS.values())),
        legend=None,
    )
    shape = alt.Shape(
        "verdict:N", scale=alt.Scale(domain=list(VERDICT_SHAPES), range=list(VERDICT_SHAPES.values())), legend=None
    )
    tips = [
        alt.Tooltip("label:N", title=words("Topic")),
        alt.Tooltip("verdict_words:N", title=words("Verdict")),
        alt.Tooltip("gap:Q", title=words("Gap (doublings)"), format="+.2f"),
        alt.Tooltip("lo95:Q", title=words("95 % from"), format="+.2f"),
        alt.Tooltip("hi95:Q", title=words("95 % to"), format="+.2f"),
    ]
    base = alt.Chart(table).encode(y=y)
    thin = base.mark_rule(strokeWidth=1.5).encode(x=alt.X("lo95:Q"), x2="hi95:Q", color=colour)
    thick = base.mark_rule(strokeWidth=6, opacity=0.45, strokeCap="round").encode(x="lo80:Q", x2="hi80:Q", color=colour)
    points = (
        base.mark_point(filled=True, size=130, opacity=1, cursor="pointer")
        .encode(
            x=x,
            color=colour,
            shape=shape,
            tooltip=tips,
            size=alt.condition(pick, alt.value(260), alt.value(130), empty=False),
        )
        .add_params(pick)
    )
    zero = (
        alt.Chart(pd.DataFrame({"zero": [0.0]}))
        .mark_rule(strokeDash=[4, 3], strokeWidth=1.5, color=GREY)
        .encode(x="zero:Q")
    )
    return _dressed(alt.layer(zero, thin, thick, points).properties(height=alt.Step(30)), words)


def quadrant(table: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Share of search against share of voice on equal logarithmic scales; above the diagonal is silent.

    Parameters
    ----------
    table : `topic`, `label`, `share_of_search`, `share_of_voice` [0..1], `verdict`.
    """
    shares = table[["share_of_search", "share_of_voice"]].to_numpy()
    low, high = max(float(shares.min()) * 0.7, 1e-4), min(float(shares.max()) * 1.4, 1.0)
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    percent = alt.Axis(format=".1~%", tickCount=5, grid=True)
    colour = alt.Color(
        "verdict:N", scale=alt.Scale(domain=list(VERDICT_COLOURS), range=list(VERDICT_COLOURS.values())), legend=None
    )
    base = alt.Chart(table).encode(
        x=alt.X("share_of_voice:Q", scale=scale, axis=percent, title=words("Share of voice →")),
        y=alt.Y("share_of_search:Q", scale=scale, axis=percent, title=words("Share of search →")),
    )
    diagonal = (
        alt.Chart(pd.DataFrame({"x": [low, high], "y": [low, high]}))
        .mark_line(strokeDash=[4, 3], color=GREY)
        .encode(x=alt.X("x:Q", scale=scale), y=alt.Y("y:Q", scale=scale))
    )
    points = base.mark_point(filled=True, size=110, opacity=0.95).encode(
        color=colour,
        shape=alt.Shape(
            "verdict:N", scale=alt.Scale(domain=list(VERDICT_SHAPES), range=list(VERDICT_SHAPES.values())), legend=None
        ),
        tooltip=[
            alt.Tooltip("label:N", title=words("Topic")),
            alt.Tooltip("share_of_search:Q", title=words("Share of search"), format=".1%"),
            alt.Tooltip("share_of_voice:Q", title=words("Share of voice"), format=".1%"),
        ],
    )
    names = base.mark_text(align="left", dx=9, dy=-3, fontSize=11).encode(text="label:N")
    corner = alt.Chart(pd.DataFrame({"x": [low * 1.05], "y": [high * 0.95], "text": [words("searched more")]}))
    other = alt.Chart(pd.DataFrame({"x": [high * 0.95], "y": [low * 1.05], "text": [words("spoken of more")]}))
    place = {"x": alt.X("x:Q", scale=scale), "y": alt.Y("y:Q", scale=scale), "text": "text:N"}
    notes = corner.mark_text(align="left", fontStyle="italic", color=SEARCH).encode(**place) + other.mark_text(
        align="right", fontStyle="italic", color=POSTS
    ).encode(**place)
    layers = [diagonal, points, notes] + ([names] if len(table) <= 25 else [])
    return _dressed(alt.layer(*layers).properties(height=460), words)


def indexed(both: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Search and posts of one topic, each as an index of its own first year (no second axis).

    Parameters
    ----------
    both : `date`, `series` ('search' | 'posts'), `index` (base = 100).
    """
    names = {"search": words("Search"), "posts": words("Posts")}
    frame = both.assign(name=both["series"].map(names))
    line = (
        alt.Chart(frame)
        .mark_line(strokeWidth=1.8)
        .encode(
            x=_time(words),
            y=alt.Y("index:Q", title=words("Index, first year = 100"), scale=alt.Scale(zero=True)),
            color=alt.Color(
                "name:N",
                scale=alt.Scale(domain=list(names.values()), range=[SEARCH, POSTS]),
                title=None,
                legend=alt.Legend(orient="top"),
            ),
            strokeDash=alt.StrokeDash(
                "name:N", scale=alt.Scale(domain=list(names.values()), range=[[1, 0], [5, 3]]), legend=None
            ),
            tooltip=[
                alt.Tooltip("date:T", title=words("Date")),
                alt.Tooltip("name:N", title=words("Series")),
                alt.Tooltip("index:Q", title=words("Index"), format=".0f"),
            ],
        )
    )
    base = alt.Chart(pd.DataFrame({"y": [100.0]})).mark_rule(strokeDash=[4, 3], color=GREY).encode(y="y:Q")
    return _dressed(alt.layer(base, line).properties(height=230), words)


def gap_band(path: pd.DataFrame, words: Words) -> alt.LayerChart:
    """The gap of one topic over time with its bands; above zero it is searched more than spoken of.

    Parameters
    ----------
    path : `date`, `gap`, `lo80`, `hi80`, `lo95`, `hi95` [doublings].
    """
    base = alt.Chart(path).encode(x=_time(words))
    axis = alt.Axis(labelExpr=_FACTOR, tickCount=5)
    outer = base.mark_area(opacity=0.18, color=GAP).encode(
        y=alt.Y("lo95:Q", axis=axis, title=words("Gap")), y2="hi95:Q"
    )
    inner = base.mark_area(opacity=0.3, color=GAP).encode(y="lo80:Q", y2="hi80:Q")
    line = base.mark_line(color=GAP, strokeWidth=2).encode(
        y="gap:Q",
        tooltip=[
            alt.Tooltip("date:T", title=words("Date")),
            alt.Tooltip("gap:Q", title=words("Gap (doublings)"), format="+.2f"),
        ],
    )
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(strokeDash=[4, 3], color=GREY).encode(y="zero:Q")
    return _dressed(alt.layer(outer, inner, zero, line).properties(height=190), words)


def fan(
    history: pd.DataFrame, future: pd.DataFrame, words: Words, *, colour: str, title: str, factor: bool = False
) -> alt.LayerChart:
    """History solid, projection dashed in bands of 80 and 95 %, a rule where the projection starts.

    Parameters
    ----------
    history : `date`, `value`. future : `date`, `median`, `lo80`, `hi80`, `lo95`, `hi95`.
    factor : write the axis as factors, for a gap in doublings.
    """
    axis = alt.Axis(labelExpr=_FACTOR, tickCount=5) if factor else alt.Axis(tickCount=5)
    zero = not factor
    y = alt.Y("value:Q", title=title, axis=axis, scale=alt.Scale(zero=zero))
    past = alt.Chart(history).mark_line(color=colour, strokeWidth=1.8).encode(x=_time(words), y=y)
    base = alt.Chart(future).encode(x=_time(words))
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
    return _dressed(alt.layer(*layers).properties(height=200), words)


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
            legend=alt.Legend(orient="top", labelExpr=_FACTOR, tickCount=3),
        ),
        tooltip=[
            alt.Tooltip("label:N", title=words("Topic")),
            alt.Tooltip("month_name:N", title=words("Month")),
            alt.Tooltip("deviation:Q", title=words("Against its mean (doublings)"), format="+.2f"),
        ],
    )
    return _dressed(alt.layer(cells).properties(height=alt.Step(26)), words)


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
    return _dressed(alt.layer(chart).properties(height=alt.Step(34)), words)


def _time(words: Words) -> alt.X:
    return alt.X("date:T", title=None, axis=alt.Axis(tickCount=6, labelFlush=True, format="%b %y"))


def _sides(words: Words) -> str:
    return "← " + words("spoken of more") + "     |     " + words("searched more") + " →"


def _dressed(chart: alt.LayerChart, words: Words) -> alt.LayerChart:
    return (
        chart.configure_view(strokeWidth=0)
        .configure(locale=_locale(words.locale))
        .configure_axis(labelFontSize=12, titleFontSize=12)
    )


@lru_cache(maxsize=4)
def _locale(name: str) -> Any:
    tag: Any = name.replace("_", "-")
    numbers, times = vl_convert.get_format_locale(tag), vl_convert.get_time_format_locale(tag)
    return alt.Locale(number=alt.NumberLocale(**numbers), time=alt.TimeLocale(**times))


def to_svg(chart: alt.LayerChart, words: Words) -> str:
    """Return a chart as SVG with numbers and dates of the language; drawn without a browser."""
    tag: Any = words.locale.replace("_", "-")
    return str(vl_convert.vegalite_to_svg(chart.to_dict(), format_locale=tag, time_format_locale=tag))


def to_png(chart: alt.LayerChart, words: Words, *, scale: float = 2.0) -> bytes:
    """Return a chart as PNG at `scale` times its size on screen; drawn without a browser."""
    tag: Any = words.locale.replace("_", "-")
    drawn: bytes = vl_convert.vegalite_to_png(chart.to_dict(), scale=scale, format_locale=tag, time_format_locale=tag)
    return drawn
