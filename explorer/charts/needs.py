"""Charts of needs: how sure it is that nothing answers them, with what each is worth."""

from __future__ import annotations

import altair as alt
import pandas as pd

from explorer.charts.dress import FACTOR, GREY, POSTS, SEARCH, VERDICT_COLOURS, VERDICT_SHAPES, dressed, sides
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


def places(table: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Draw the gap of every place as a dot with its interval, widest gap first; the rule stands where both sides are alike.

    Parameters
    ----------
    table : `place`, `gap`, `lo`, `hi` [doublings], `verdict` ("silent" | "loud" | "cannot tell"), `verdict_words`, `people`.
    """
    # Where nobody speaks the interval has no end that can be drawn: it is cut at the edge of the scale.
    edge = 4.0
    table = table.assign(**{f"{c}_shown": table[c].clip(-edge, edge) for c in ("gap", "lo", "hi")})
    y = alt.Y("place:N", sort=list(table["place"]), title=None, axis=alt.Axis(labelLimit=170))
    names = list(VERDICT_COLOURS)
    colour = alt.Color("verdict:N", scale=alt.Scale(domain=names, range=list(VERDICT_COLOURS.values())), legend=None)
    shape = alt.Shape("verdict:N", scale=alt.Scale(domain=names, range=list(VERDICT_SHAPES.values())), legend=None)
    tips = [
        alt.Tooltip("place:N", title=words("Place")),
        alt.Tooltip("verdict_words:N", title=words("Verdict")),
        alt.Tooltip("people:N", title=words("People")),
        alt.Tooltip("gap:Q", title=words("Gap in doublings"), format=".1f"),
        alt.Tooltip("lo:Q", title=words("From"), format=".1f"),
        alt.Tooltip("hi:Q", title=words("To"), format=".1f"),
    ]
    x = alt.X(
        "gap_shown:Q",
        title=sides(words),
        scale=alt.Scale(domain=[-edge, edge]),
        axis=alt.Axis(labelExpr=FACTOR, tickCount=5),
    )
    base = alt.Chart(table).encode(y=y)
    span = base.mark_rule(strokeWidth=4, opacity=0.4, strokeCap="round").encode(
        x="lo_shown:Q", x2="hi_shown:Q", color=colour
    )
    point = base.mark_point(filled=True, size=110, opacity=1).encode(x=x, color=colour, shape=shape, tooltip=tips)
    zero = alt.Chart(pd.DataFrame({"x": [0.0]})).mark_rule(strokeDash=[4, 3], color=GREY).encode(x="x:Q")
    return dressed(alt.layer(zero, span, point).properties(height=alt.Step(24)), words)
