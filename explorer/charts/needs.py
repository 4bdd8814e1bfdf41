"""Charts of needs: how sure it is that nothing answers them, with what each is worth."""

from __future__ import annotations

import altair as alt
import pandas as pd

from explorer.charts.dress import GREY, POSTS, SEARCH, dressed
from explorer.words import Words

#: Nothing answers it: the colour of search, which stands alone there. Something does: the colour of posts.
_COLOURS = {"unanswered": SEARCH, "unspoken": SEARCH, "answered": POSTS, "spoken": POSTS, "cannot tell": GREY}
_SHAPES = {
    "unanswered": "triangle-left",
    "unspoken": "triangle-left",
    "answered": "triangle-right",
    "spoken": "triangle-right",
    "cannot tell": "circle",
}


def chances(table: pd.DataFrame, words: Words, *, title: str) -> alt.LayerChart:
    """Rank needs with the chance that something answers them: point, interval, rule at one half.

    Parameters
    ----------
    table : `name`, `p`, `lo`, `hi` [0..1], `verdict`, `verdict_words`, `volume_words`; in order, one row a need.
    title : what the axis counts.
    """
    order = list(table["name"])
    asked = [f"{n} · {v}" if v != "–" else n for n, v in zip(table["name"], table["volume_words"], strict=True)]
    table = table.assign(label=asked)
    y = alt.Y("name:N", sort=order, title=None, axis=None)
    axis = alt.Axis(format=".0%", values=[0, 0.5, 1])
    x = alt.X("p:Q", title=title, scale=alt.Scale(domain=[0, 1]), axis=axis)
    colour = alt.Color("verdict:N", scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())), legend=None)
    shape = alt.Shape("verdict:N", scale=alt.Scale(domain=list(_SHAPES), range=list(_SHAPES.values())), legend=None)
    tips = [
        alt.Tooltip("name:N", title=words("Need")),
        alt.Tooltip("verdict_words:N", title=words("Verdict")),
        alt.Tooltip("volume_words:N", title=words("Searches a month")),
        alt.Tooltip("p:Q", title=words("Chance of an answer"), format=".0%"),
        alt.Tooltip("lo:Q", title=words("From"), format=".0%"),
        alt.Tooltip("hi:Q", title=words("To"), format=".0%"),
    ]
    base = alt.Chart(table).encode(y=y)
    span = base.mark_rule(strokeWidth=5, opacity=0.4, strokeCap="round").encode(x="lo:Q", x2="hi:Q", color=colour)
    point = base.mark_point(filled=True, size=110, opacity=1).encode(x=x, color=colour, shape=shape, tooltip=tips)
    # The name stands over its bar: beside it, a long one would leave a phone no room for the bar.
    name = base.mark_text(align="left", dy=-13, fontSize=12, color=GREY).encode(x=alt.value(0), text="label:N")
    half = alt.Chart(pd.DataFrame({"x": [0.5]})).mark_rule(strokeDash=[4, 3], color=GREY).encode(x="x:Q")
    return dressed(alt.layer(half, span, point, name).properties(height=alt.Step(38)), words)
