"""Charts of a crisis: the series with its alerts and numbered events, the tree of who took it from whom, who carried it."""

from __future__ import annotations

import altair as alt
import pandas as pd

from explorer.charts.dress import GREY, POSTS, SEARCH, dressed
from explorer.words import Words

#: Okabe & Ito, smallest accounts first.
_SIZES = ["#56B4E9", SEARCH, "#009E73", POSTS, "#CC79A7", "#E69F00", GREY]
_TIME = alt.X("date:T", title=None, axis=alt.Axis(tickCount=6, labelFlush=True, labelOverlap=True))


def timeline(path: pd.DataFrame, events: pd.DataFrame, words: Words, *, title: str) -> alt.LayerChart:
    """Draw what was seen against what is ordinary, alerts as diamonds, events as numbered flags.

    Parameters
    ----------
    path : `date`, `y`, `expected`, `lo`, `hi`, `alert`. events : `date`, `n`, `what`, `level` (height of the flag, in y).
    """
    base = alt.Chart(path).encode(x=_TIME)
    y = alt.Y("y:Q", title=title, axis=alt.Axis(tickCount=5))
    tips = [
        alt.Tooltip("date:T", title=words("Date")),
        alt.Tooltip("y:Q", title=title, format=".0f"),
        alt.Tooltip("expected:Q", title=words("Usual"), format=".1f"),
    ]
    layers = [
        base.mark_area(opacity=0.25, color=GREY).encode(y=alt.Y("lo:Q", title=title), y2="hi:Q"),
        base.mark_line(color=GREY, strokeDash=[4, 3]).encode(y="expected:Q"),
        base.mark_line(color=POSTS, strokeWidth=2, point={"color": POSTS, "size": 18}).encode(y=y, tooltip=tips),
        alt.Chart(path[path["alert"]])
        .mark_point(shape="diamond", filled=True, size=150, color=SEARCH, opacity=1)
        .encode(x=_TIME, y="y:Q", tooltip=tips),
    ]
    flag = alt.Chart(events).encode(x=_TIME, y="level:Q")
    named = [
        alt.Tooltip("n:O", title="n°"),
        alt.Tooltip("what:N", title=words("Event")),
        alt.Tooltip("date:T", title=words("Date")),
    ]
    layers += [
        alt.Chart(events).mark_rule(color=GREY, strokeDash=[2, 3]).encode(x=_TIME),
        flag.mark_circle(size=330, color=SEARCH, opacity=1).encode(tooltip=named),
        flag.mark_text(color="white", fontSize=11, fontWeight="bold").encode(text="n:O", tooltip=named),
    ]
    return dressed(alt.layer(*layers).properties(height=340), words)


def tree(nodes: pd.DataFrame, links: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Draw a cascade: time to the right, each branch on lines of its own, size and colour by followers.

    Parameters
    ----------
    nodes : `date`, `y`, `tier`, `tier_words`, `size`, `followers`. links : `date`, `y`, `date2`, `y2`.
    """
    hidden = alt.Axis(labels=False, ticks=False, domain=False, grid=False, title=None)
    lines = (
        alt.Chart(links)
        .mark_rule(color=GREY, opacity=0.45)
        .encode(x=_TIME, y=alt.Y("y:Q", axis=hidden), x2="date2:T", y2="y2:Q")
    )
    tiers = list(dict.fromkeys(nodes.sort_values("size")["tier_words"]))
    points = (
        alt.Chart(nodes)
        .mark_circle(opacity=0.9)
        .encode(
            x=_TIME,
            y=alt.Y("y:Q", axis=hidden),
            size=alt.Size("size:Q", legend=None, scale=alt.Scale(range=[18, 320])),
            color=alt.Color(
                "tier_words:N",
                title=None,
                sort=tiers,
                scale=alt.Scale(domain=tiers, range=_SIZES[: len(tiers)]),
                legend=alt.Legend(orient="bottom", columns=2),
            ),
            tooltip=[
                alt.Tooltip("date:T", title=words("Date"), format="%d %b %H:%M"),
                alt.Tooltip("tier_words:N", title=words("Account")),
                alt.Tooltip("followers:Q", title=words("Followers"), format=",.0f"),
            ],
        )
    )
    return dressed(alt.layer(lines, points).properties(height=420), words)


def carried(table: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Draw, for each group of accounts, its share of what was passed on with its interval beside its share of posts.

    Parameters
    ----------
    table : `group_words`, `credit`, `credit_lo`, `credit_hi`, `share_of_posts`.
    """
    order = list(table["group_words"])
    y = alt.Y("group_words:N", sort=order, title=None, axis=alt.Axis(labelLimit=200, ticks=False, domain=False))
    percent = alt.Axis(format=".0%", tickCount=5)
    base = alt.Chart(table).encode(y=y)
    tips = [
        alt.Tooltip("group_words:N", title=words("Account")),
        alt.Tooltip("credit:Q", title=words("Share of the spread"), format=".0%"),
        alt.Tooltip("share_of_posts:Q", title=words("Share of posts"), format=".0%"),
    ]
    layers = [
        base.mark_bar(color=GREY, opacity=0.35, height=18).encode(
            x=alt.X(
                "share_of_posts:Q",
                axis=percent,
                title=words("Grey: share of posts. Point: share of the spread due to them.").split(". "),
            )
        ),
        base.mark_rule(color=POSTS, strokeWidth=2).encode(x="credit_lo:Q", x2="credit_hi:Q"),
        base.mark_point(filled=True, size=110, color=POSTS, opacity=1).encode(x="credit:Q", tooltip=tips),
    ]
    return dressed(alt.layer(*layers).properties(height=alt.Step(34)), words)
