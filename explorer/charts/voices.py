"""Charts of voices: shares raw beside corrected, and how posts are spread over people."""

from __future__ import annotations

import altair as alt
import pandas as pd

from explorer.charts.dress import GREY, POSTS, SEARCH, dressed
from explorer.words import Words


def dumbbell(shares: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Every topic's share of posts (square) joined to its share of people (circle, with its interval).

    Parameters
    ----------
    shares : `label`, `raw`, `corrected`, `lo`, `hi` [0..1], in the order to draw.
    """
    posts, people = words("Share of posts"), words("Share of people")
    long = pd.concat(
        [
            shares[["label"]].assign(kind=posts, share=shares["raw"]),
            shares[["label"]].assign(kind=people, share=shares["corrected"]),
        ],
        ignore_index=True,
    )
    order = list(shares["label"])
    y = alt.Y("label:N", sort=order, title=None, axis=alt.Axis(labelLimit=220, ticks=False, domain=False))
    x = alt.X("share:Q", title=None, axis=alt.Axis(format=".0%", tickCount=5, grid=True))
    scale = {"domain": [posts, people]}
    tips = [
        alt.Tooltip("label:N", title=words("Topic")),
        alt.Tooltip("kind:N", title=words("What is counted")),
        alt.Tooltip("share:Q", title=words("Share"), format=".1%"),
    ]
    joined = alt.Chart(shares).mark_rule(strokeWidth=2, color=GREY).encode(y=y, x="raw:Q", x2="corrected:Q")
    spans = alt.Chart(shares).mark_rule(strokeWidth=6, opacity=0.35, color=SEARCH).encode(y=y, x="lo:Q", x2="hi:Q")
    points = (
        alt.Chart(long)
        .mark_point(filled=True, size=110, opacity=1)
        .encode(
            y=y,
            x=x,
            color=alt.Color("kind:N", scale=alt.Scale(**scale, range=[POSTS, SEARCH]), title=None, legend=_legend()),
            shape=alt.Shape(
                "kind:N", scale=alt.Scale(**scale, range=["square", "circle"]), title=None, legend=_legend()
            ),
            tooltip=tips,
        )
    )
    return dressed(alt.layer(joined, spans, points).properties(height=alt.Step(28)), words)


def concentration_curve(curve: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Share of posts written by the most active share of people; on the diagonal everyone writes as much.

    Parameters
    ----------
    curve : `authors`, `posts`, cumulated shares [0..1] from the most active on.
    """
    percent = alt.Axis(format=".0%", tickCount=5)
    x = alt.X("authors:Q", title=words("Most active people →"), axis=percent, scale=alt.Scale(domain=[0, 1]))
    y = alt.Y("posts:Q", title=words("Posts they wrote"), axis=percent, scale=alt.Scale(domain=[0, 1]))
    even = pd.DataFrame({"authors": [0.0, 1.0], "posts": [0.0, 1.0]})
    diagonal = alt.Chart(even).mark_line(strokeDash=[4, 3], color=GREY).encode(x=x, y=y)
    line = (
        alt.Chart(curve)
        .mark_line(color=POSTS, strokeWidth=2.5, interpolate="linear")
        .encode(
            x=x,
            y=y,
            tooltip=[
                alt.Tooltip("authors:Q", title=words("Most active people"), format=".1%"),
                alt.Tooltip("posts:Q", title=words("Posts they wrote"), format=".1%"),
            ],
        )
    )
    return dressed(alt.layer(diagonal, line).properties(height=280), words)


def _legend() -> alt.Legend:
    return alt.Legend(orient="top", columns=1, labelLimit=260)
