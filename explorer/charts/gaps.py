"""Charts of the gap: which topics are silent, and how a gap moves."""

from __future__ import annotations

import altair as alt
import pandas as pd

from explorer.charts.dress import (
    FACTOR,
    GAP,
    GREY,
    POSTS,
    SEARCH,
    VERDICT_COLOURS,
    VERDICT_SHAPES,
    dressed,
    sides,
    time_axis,
)
from explorer.words import Words


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
    x_axis = alt.Axis(labelExpr=FACTOR, tickCount=6, grid=True)
    x = alt.X("gap:Q", title=sides(words), axis=x_axis, scale=alt.Scale(domain=[-reach * 1.05, reach * 1.05]))
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
        alt.Tooltip("lo95:Q", title=words("95% from"), format="+.2f"),
        alt.Tooltip("hi95:Q", title=words("95% to"), format="+.2f"),
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
    return dressed(alt.layer(zero, thin, thick, points).properties(height=alt.Step(30)), words)


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
    return dressed(alt.layer(*layers).properties(height=460), words)


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
            x=time_axis(),
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
    return dressed(alt.layer(base, line).properties(height=230), words)


def gap_band(path: pd.DataFrame, words: Words) -> alt.LayerChart:
    """The gap of one topic over time with its bands; above zero it is searched more than spoken of.

    Parameters
    ----------
    path : `date`, `gap`, `lo80`, `hi80`, `lo95`, `hi95` [doublings].
    """
    base = alt.Chart(path).encode(x=time_axis())
    axis = alt.Axis(labelExpr=FACTOR, tickCount=5)
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
    return dressed(alt.layer(outer, inner, zero, line).properties(height=190), words)
