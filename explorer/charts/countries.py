"""Where the people of a spread are: a map of their countries, and each country's share against that of the whole topic."""

from __future__ import annotations

import copy
import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

import altair as alt
import pandas as pd

from explorer.charts.dress import GREY, POSTS, SEARCH, dressed
from explorer.words import Words

#: Light to dark, told apart by brightness alone, the darkest still to be seen on a dark page.
_SHADES = ["#CFE3F1", "#6BAAD3", SEARCH]


def country_map(table: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Draw the world with the share of people in each country; countries that nobody is known to speak from stay grey.

    Parameters
    ----------
    table : `country` (ISO 3166-1 alpha-2), `country_words`, `people`, `share` [0..1].
    """
    world = copy.deepcopy(_world())
    known = table.set_index("country")
    for shape in world["objects"]["countries"]["geometries"]:
        row = known.loc[shape["id"]] if shape.get("id") in known.index else None
        shape["properties"] = (
            {}
            if row is None
            else {"name": str(row["country_words"]), "share": float(row["share"]), "people": int(row["people"])}
        )
    shapes = alt.Data(values=world, format=alt.TopoDataFormat(type="topojson", feature="countries"))
    ground = alt.Chart(shapes).mark_geoshape(aria=False, fill=GREY, fillOpacity=0.25, stroke=GREY, strokeWidth=0.4)
    lived = (
        alt.Chart(shapes)
        .transform_filter("isValid(datum.properties.share)")
        .mark_geoshape(stroke=GREY, strokeWidth=0.4)
        .encode(
            color=alt.Color(
                "properties.share:Q",
                title=words("Share of the people in it"),
                # Most countries hold little: the root of the share tells them apart.
                scale=alt.Scale(type="sqrt", range=_SHADES, domainMin=0),
                legend=alt.Legend(
                    orient="bottom", format=".0%", direction="horizontal", gradientLength=180, tickCount=3
                ),
            ),
            tooltip=[
                alt.Tooltip("properties.name:N", title=words("Country")),
                alt.Tooltip("properties.share:Q", title=words("Share"), format=".0%"),
                alt.Tooltip("properties.people:Q", title=words("People")),
            ],
        )
    )
    projected = alt.layer(ground, lived).project(type="equalEarth").properties(height=320)
    return dressed(projected, words)


def gap_map(table: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Draw the world with the gap between search and speech in each country; countries that nothing is known of stay grey.

    Parameters
    ----------
    table : `code` (ISO 3166-1 alpha-2), `place`, `gap` [doublings], `verdict_words`.
    """
    world = copy.deepcopy(_world())
    known = table.set_index("code")
    for shape in world["objects"]["countries"]["geometries"]:
        row = known.loc[shape["id"]] if shape.get("id") in known.index else None
        shape["properties"] = (
            {}
            if row is None
            else {"name": str(row["place"]), "gap": float(row["gap"]), "verdict": str(row["verdict_words"])}
        )
    shapes = alt.Data(values=world, format=alt.TopoDataFormat(type="topojson", feature="countries"))
    ground = alt.Chart(shapes).mark_geoshape(aria=False, fill=GREY, fillOpacity=0.25, stroke=GREY, strokeWidth=0.4)
    reach = max(1.0, float(table["gap"].abs().max()))
    told = (
        alt.Chart(shapes)
        .transform_filter("isValid(datum.properties.gap)")
        .mark_geoshape(stroke=GREY, strokeWidth=0.4)
        .encode(
            color=alt.Color(
                "properties.gap:Q",
                title=words("Searched more than spoken of, in doublings"),
                scale=alt.Scale(domain=[-reach, 0, reach], range=[POSTS, "#E6E6E6", SEARCH]),
                legend=alt.Legend(
                    orient="bottom", format=".1f", direction="horizontal", gradientLength=180, tickCount=3
                ),
            ),
            tooltip=[
                alt.Tooltip("properties.name:N", title=words("Country")),
                alt.Tooltip("properties.gap:Q", title=words("Gap in doublings"), format=".2f"),
                alt.Tooltip("properties.verdict:N", title=words("Verdict")),
            ],
        )
    )
    return dressed(alt.layer(ground, told).project(type="equalEarth").properties(height=320), words)


def country_dots(table: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Draw each country's share of the people in a spread with its interval, beside its share in the whole topic.

    Parameters
    ----------
    table : `country_words`, `share`, `lo`, `hi`, `usual` (share in the whole topic) [0..1].
    """
    order = list(table["country_words"])
    y = alt.Y("country_words:N", sort=order, title=None, axis=alt.Axis(labelLimit=150, ticks=False, domain=False))
    title = words("Point: share of the people in it. Mark: in the whole topic.").split(". ")
    x = alt.X(
        "share:Q",
        title=title,
        axis=alt.Axis(format=".0%", tickCount=4, labelOverlap=True),
        scale=alt.Scale(type="sqrt", domainMin=0),
    )
    tips = [
        alt.Tooltip("country_words:N", title=words("Country")),
        alt.Tooltip("share:Q", title=words("Share"), format=".1%"),
        alt.Tooltip("usual:Q", title=words("Share in the whole topic"), format=".1%"),
    ]
    base = alt.Chart(table).encode(y=y)
    layers = [
        base.mark_tick(color=GREY, thickness=4, size=22).encode(x=alt.X("usual:Q", title=title), tooltip=tips),
        base.mark_rule(color=POSTS, strokeWidth=2).encode(x=alt.X("lo:Q", title=title), x2="hi:Q"),
        base.mark_point(filled=True, size=90, color=POSTS, opacity=1).encode(x=x, tooltip=tips),
    ]
    return dressed(alt.layer(*layers).properties(height=alt.Step(30)), words)


def on_the_map(countries: pd.Series) -> pd.Series:
    """Return which countries are large enough to be on the map."""
    shapes = _world()["objects"]["countries"]["geometries"]
    return countries.isin([shape["id"] for shape in shapes if "id" in shape])


@lru_cache(maxsize=1)
def _world() -> dict[str, Any]:
    """Natural Earth, 1:110m (public domain), by way of world-atlas (ISC)."""
    found: dict[str, Any] = json.loads(files("explorer").joinpath("assets/countries.json").read_text("utf-8"))
    return found
